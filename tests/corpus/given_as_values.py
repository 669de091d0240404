"""Builtins as values: in tables, defaults, attributes and arguments, called with what suspends."""

import asyncio
import collections
import dataclasses
import re
from collections import *  # noqa: F403
from functools import *  # noqa: F403
from itertools import *  # noqa: F403

from perdure import workflow
from tests.corpus.acts import echo

FOLDS = {"sum": sum, "max": max}


def folded(rows, fold=sum):
    return fold(echo(row) for row in rows)


class Metric:
    def __init__(self, fold):
        self.fold = fold

    def of(self, rows):
        return self.fold(echo(row) for row in rows)


@dataclasses.dataclass
class Measure:
    name: str
    fold: object = min

    def of(self, rows):
        return self.fold(echo(row) for row in rows)


class Whether:
    fold = staticmethod(any)

    @classmethod
    def of(cls, rows):
        return cls.fold(echo(row) for row in rows)


@workflow
def functions_given():
    log = [FOLDS["sum"](echo(n) for n in (1, 2)), folded([1, 2]), folded([1, 2], max)]
    log += [Metric(max).of([1, 2]), Measure("least").of([1, 2])]
    return [*log, Measure("all", sorted).of([2, 1]), Whether.of([0, 1])]


def collected(rows, into):
    return into(echo(row) for row in rows)


@workflow
def types_given():
    log = [collected("ab", kind) for kind in (set, frozenset, collections.deque)]
    log += [collected("aab", collections.Counter), collected([(1, 2)], dict)]
    return [*log, collected([1, 2], bytes), isinstance(log, list)]


class Other:
    def __iter__(self):
        return iter([echo(1)])


@workflow
def matches_beside_iterators():
    """Some class has an `__iter__` that suspends: the matches are kept all the same."""
    log = []
    for match in re.finditer(r"\d", "1a2"):
        log.append(echo(match[0]))
    return log + list(Other())


class Cached:
    @cached_property  # noqa: F405
    def once(self):
        return echo(1)


@workflow
def imported_with_a_star():
    log = [Cached().once, reduce(lambda a, b: echo(a + b), [1, 2, 3])]  # noqa: F405
    return [*log, list(chain(echo(x) for x in "ab")), deque(map(echo, "c"))]  # noqa: F405


class Counting(collections.defaultdict):
    pass


@workflow
def dicts_with_factories():
    log = [collections.defaultdict(list, ((key, echo(key)) for key in "ab"))]
    log += [Counting(int, zip("ab", map(echo, [1, 2]), strict=True))]
    return [*log, collections.defaultdict(lambda: echo(5), {"x": 1})["q"]]


class Noted(asyncio.Future):
    def set_result(self, value):
        super().set_result(echo(value))


class Doubling(list):
    def append(self, item):
        super().append(echo(item))


class Ordered(collections.OrderedDict):
    def move_to_end(self, key):
        super().move_to_end(echo(key))


@workflow
async def methods_above():
    """`super().append` is held while its argument is waited for, and stays what it is."""
    noted, doubling, ordered = Noted(), Doubling(), Ordered(a=1, b=2)
    noted.set_result(4)
    doubling.append(1)
    ordered.move_to_end("a")
    return await noted, doubling, ordered


def cases():
    return [
        ("functions_given", ()),
        ("types_given", ()),
        ("matches_beside_iterators", ()),
        ("imported_with_a_star", ()),
        ("dicts_with_factories", ()),
        ("methods_above", ()),
    ]
