"""What builtins ask of items, of keys, and of what a function gives for them."""

import bisect
import collections.abc
import functools
import heapq
import itertools

from perdure import workflow
from tests.corpus.acts import echo, less


@functools.total_ordering
class Rank:
    def __init__(self, value):
        self.value = value

    def __lt__(self, other):
        return less(self.value, other.value)

    def __eq__(self, other):
        return echo(self.value) == other.value

    __hash__ = None


class Truth:
    def __init__(self, value):
        self.value = value

    def __bool__(self):
        return echo(bool(self.value))


class Sum:
    def __init__(self, value):
        self.value = value

    def __add__(self, other):
        return Sum(echo(self.value + other.value))


@workflow
def keys():
    """Keys that a function makes are compared by their own methods."""
    found = [sorted([2, 3, 1], key=Rank), sorted([1, 2], key=lambda x: (0, Rank(x)), reverse=True)]
    found += [min([2, 1], key=Rank), max(2, 1, key=lambda x: Rank(x))]
    numbers = [3, 1, 2]
    numbers.sort(key=Rank)
    found += [numbers, list(heapq.merge([3], [1, 2], key=Rank))]
    found += [bisect.bisect([Rank(1), Rank(3)], Rank(2))]
    found += [bisect.bisect_left([1, 3], Rank(2), key=Rank)]
    return found, [(k.value, list(group)) for k, group in itertools.groupby([1, 1, 2], key=Rank)]


@workflow
def truths():
    """The values of predicates, selectors and `__exit__` are asked whether they are true."""
    values = [0, 1, 2]
    found = [list(filter(Truth, values)), [t.value for t in filter(None, map(Truth, values))]]
    found += [list(itertools.takewhile(lambda x: Truth(x < 2), values))]
    found += [list(itertools.dropwhile(lambda x: Truth(x < 1), values))]
    found += [list(itertools.filterfalse(Truth, values))]
    found += [list(itertools.compress("abc", map(Truth, values)))]
    found += [list(itertools.compress("abc", [Truth(1), Truth(0), Truth(1)]))]

    class Manager:
        def __init__(self, swallows):
            self.swallows = Truth(swallows)

        def __enter__(self):
            return self

        def __exit__(self, *error):
            return self.swallows

    with Manager(True):
        raise KeyError
    try:
        with Manager(False):
            raise KeyError(1)
    except KeyError as error:
        found.append(error.args)
    return found


@workflow
def sums_and_sentinels():
    numbers = iter([Rank(1), Rank(2), Rank(3)])
    found = [rank.value for rank in iter(lambda: next(numbers), Rank(3))]
    return found, [s.value for s in itertools.accumulate(map(Sum, [1, 2, 3]))]


class Own(list):
    def __iter__(self):
        return map(echo, super().__iter__())


class Held(collections.abc.Mapping):
    def __getitem__(self, key):
        return echo(key)

    def __iter__(self):
        return iter("ab")

    def __len__(self):
        return 2


@workflow
def lists_of_their_own():
    """To look whether a list's items suspend does not go over it, if it says how that is done."""
    return sorted(Own([2, 1])), max(Own([1, 2])), dict(Held()), sorted(Own([1]), key=Rank)


def cases():
    return [
        ("keys", ()),
        ("truths", ()),
        ("sums_and_sentinels", ()),
        ("lists_of_their_own", ()),
    ]
