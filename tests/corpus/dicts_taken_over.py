"""What is in a dict of a class of the program, taken over by builtins: C asks the class, or not."""

import collections
import collections.abc
import copy
import operator

from perdure import workflow
from tests.corpus.acts import echo


class Asking(dict):
    def __getitem__(self, key):
        return echo(super().__getitem__(key)) + 1

    def __call__(self, key):
        return self[key]


class GoneOver(Asking):
    def __iter__(self):
        return iter(sorted(dict.keys(self)))


def keywords(**given):
    return given


@workflow
def without_asking():
    into, ordered = {"z": 0}, collections.defaultdict(int, Asking(a=1))
    into.update(Asking(b=2), c=3)
    into |= Asking(d=4)
    ordered.update(Asking(e=5))
    found = dict(Asking(a=1)), dict(Asking(a=1), b=2), {**Asking(f=6)}, Asking(a=1) | Asking(b=2)
    found += collections.Counter(Asking(a=1)), keywords(**Asking(g=7)), Asking(a=1)("a")
    return found, into, ordered


@workflow
def by_asking():
    into = {}
    into.update(GoneOver(b=1, a=2))
    ordered = collections.OrderedDict(Asking(a=1), z=2)
    ordered.update(Asking(b=1))
    return dict(GoneOver(a=1)), into, ordered, {**GoneOver(c=1)}


@workflow
def into_an_ordered_dict():
    ordered = collections.OrderedDict(z=0)
    ordered.update((key, echo(key)) for key in "ba")
    ordered.update({"q": 1}, c=3)
    ordered.move_to_end("b")
    found = [*ordered.items()], [*reversed(ordered)], ordered.popitem(last=False), len(ordered)
    try:
        ordered.update(echo(pair) for pair in [("d", 4), (1, 2, 3)])
    except ValueError as error:
        return found, str(error), ordered


class Walked(dict):
    def __iter__(self):
        for key in super().__iter__():
            yield echo(key)

    def __len__(self):
        return echo(super().__len__())

    def texts(self):
        return [echo(f"{key}: {value}") for key, value in super().items()]


class Fetched(dict):
    def __missing__(self, key):
        return echo(key)


class Read(collections.abc.Mapping):
    def __init__(self):
        self.held = {"a": 1}

    def __getitem__(self, key):
        return echo(self.held[key])

    def __iter__(self):
        return iter(self.held)

    def __len__(self):
        return len(self.held)


@workflow
def gone_over_by_views():
    walked = Walked(b=1, a=2)
    found = walked.texts(), [echo(value) for value in walked.values()], dict(walked), {**walked}
    keys = [echo(key) for key in walked.keys()]
    fetched = Fetched(x=1)
    items = operator.itemgetter("x", "y")(fetched), [*map(operator.itemgetter("z"), [fetched])]
    try:
        reversed(Read())
    except TypeError as error:
        return found, keys, list(walked), items, str(error)


class Noting(dict):
    def __setitem__(self, key, value):
        super().__setitem__(key, echo(value))


class Listed(list):
    def extend(self, items):
        super().extend(echo(item) for item in items)


@workflow
def copied():
    noting, listed = Noting(), Listed()
    noting["a"] = 1
    listed.extend([2])
    again, more = copy.copy(noting), copy.copy(listed)
    return type(again) is Noting, dict.copy(again), type(more) is Listed, list.copy(more)


def cases():
    return [
        ("without_asking", ()),
        ("by_asking", ()),
        ("into_an_ordered_dict", ()),
        ("gone_over_by_views", ()),
        ("copied", ()),
    ]
