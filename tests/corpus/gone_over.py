"""What goes over iterators, or asks for items, in places that few programs have."""

import collections
import csv
import heapq
import io
import itertools
import operator
import typing
from collections import namedtuple

from collections import OrderedDict

from perdure import workflow
from tests.corpus.acts import echo

Point = namedtuple("Point", "x y")


class Size(typing.NamedTuple):
    width: int
    height: int = 2


@workflow
def tuples_made():
    log = [Point._make(echo(n) for n in range(2)), Size._make(map(echo, [1, 2]))]
    try:
        Point._make(echo(n) for n in range(3))
    except TypeError as error:
        log.append(str(error))
    return log + [Point._make(map(echo, row)) for row in ([1, 2], [3, 4])]


class Flag:
    def __init__(self, on):
        self.on = on

    def __bool__(self):
        return echo(self.on)

    def __eq__(self, other):
        return echo(self.on == other)

    __hash__ = None


@workflow
def operators_called():
    flags = [Flag(True), Flag(False), Flag(True)]
    log = [operator.not_(flags[0]), list(map(operator.not_, flags))]
    log += [operator.indexOf(flags, False), operator.countOf(flags, True)]
    log += [operator.indexOf((echo(n) for n in range(5)), 3)]
    log += [operator.countOf((echo(n % 2) for n in range(5)), 1)]
    try:
        operator.indexOf((echo(n) for n in range(3)), 9)
    except ValueError as error:
        log.append(str(error))
    return log


class Numbered:
    """Gone over by numbers, with a length that is asked for."""

    def __init__(self, items):
        self.items = items
        self.log = []

    def __len__(self):
        self.log.append("len")
        return echo(len(self.items))

    def __getitem__(self, place):
        self.log.append(place)
        return echo(self.items[place])


@workflow
def turned_round():
    numbers = Numbered([1, 2, 3])
    log = []
    for number in reversed(numbers):
        log.append(number)
        if number == 2:
            numbers.log.append("two")
    left = reversed(numbers)
    log += [next(left), list(left), operator.length_hint(left), [*reversed(numbers)]]
    return log, numbers.log


@workflow
def lengths_of_the_rest():
    numbers = Numbered([1, 2, 3])
    left = iter(numbers)
    return next(left), list(left), numbers.log


class Counted:
    def __init__(self, size):
        self.size = size
        self.log = []

    def __len__(self):
        self.log.append("len")
        return echo(self.size)

    def __iter__(self):
        self.log.append("iter")
        return iter(range(self.size))


@workflow
def lengths_asked_by_itertools():
    counted = Counted(3)
    log = [list(itertools.combinations(counted, 2)), list(itertools.permutations(counted, 2))]
    log += [list(itertools.product(counted, counted))]
    log += [list(itertools.combinations_with_replacement(counted, 2))]
    return log, counted.log


class Marking(collections.deque):
    def append(self, item):
        super().append(("marked", item))

    def appendleft(self, item):
        super().appendleft(("marked", item))


class MarkingList(list):
    def append(self, item):
        super().append(("marked", item))


@workflow
def extended_past_append():
    """`extend` and its like put the items in themselves."""
    marking, plain = Marking(), MarkingList()
    marking.extend(echo(n) for n in range(2))
    marking.append(5)
    marking.extendleft(map(echo, "ab"))
    plain.extend(echo(n) for n in range(2))
    plain.append(5)
    plain += map(echo, "ab")
    users = collections.UserList()
    users.extend(echo(n) for n in range(2))
    users += (echo(n) for n in range(2))
    return list(marking), list(plain), list(users)


class Doubling:
    def keys(self):
        return (echo(key) for key in "xy")

    def __getitem__(self, key):
        return echo(key * 2)


@workflow
def merged_in_place():
    """A dict takes pairs by `|=`; a set takes sets only."""
    plain, ordered, lists = {}, collections.OrderedDict(), collections.defaultdict(list)
    plain |= ((key, echo(key)) for key in "ab")
    ordered |= ((key, echo(key)) for key in "ab")
    lists |= Doubling()
    lists |= {"z": echo(1)}
    bits, found = 0, {1}
    bits |= echo(4)
    found |= {echo(2)}
    log = [plain, dict(ordered), dict(lists), bits]
    try:
        found |= (echo(n) for n in range(3))
    except TypeError as error:
        log.append(str(error))
    try:
        plain |= (echo(n) for n in range(3))
    except TypeError as error:
        log.append(str(error))
    return log


@workflow
def rows_written():
    plain, named = io.StringIO(), io.StringIO()
    csv.writer(plain).writerows([echo(n), n] for n in range(2))
    writer = csv.DictWriter(named, ["a", "b"])
    writer.writeheader()
    writer.writerows({"a": echo(n), "b": n} for n in range(2))
    return plain.getvalue(), named.getvalue()


LOG = []


class Ranked:
    def __init__(self, rank):
        self.rank = rank

    def __lt__(self, other):
        LOG.append((self.rank, other.rank))
        return echo(self.rank < other.rank)

    def __eq__(self, other):
        LOG.append(("same", self.rank, other.rank))
        return echo(self.rank == other.rank)

    def __repr__(self):
        return f"Ranked {self.rank}"


@workflow
def best_ones():
    """With the comparisons that `heapq` makes, in its order."""
    LOG.clear()
    ranked = [Ranked(rank) for rank in (5, 3, 8, 1, 9, 2, 7, 3)]
    found = [repr(heapq.nsmallest(n, ranked)) for n in (0, 1, 3, 20)]
    found += [repr(heapq.nlargest(n, ranked)) for n in (0, 1, 3, 20)]
    found += [repr(heapq.nsmallest(3, iter(ranked)))]
    found += [repr(heapq.nlargest(3, ranked, key=lambda one: -echo(one.rank)))]
    found += [heapq.nsmallest(2, (echo(n) for n in (3, 1, 2)))]
    found += [heapq.nlargest(2, [3, 1, 2], key=echo), heapq.nsmallest(2, {}, key=echo)]
    found += [heapq.nlargest(1, [], key=echo)]
    return found, list(LOG)


@workflow
def merged_while_stopped():
    """What `heapq.merge` gives of plain lists is alive while the run is stopped."""
    found = []
    for number in heapq.merge([1, 4], [2, 3], reverse=False):
        found.append(echo(number))
    merged = heapq.merge(["b", "ccc"], ["aa"], key=len)
    found += [next(merged), echo(0), *merged]
    return found


class Vector:
    def __init__(self, *items):
        self.items = items

    def __iter__(self):
        for item in self.items:
            yield echo(item)

    def __add__(self, number):
        return Vector(*(item + number for item in self.items))

    def __mul__(self, number):
        return Vector(*(item * number for item in self.items))

    __rmul__ = __mul__

    def __gt__(self, number):
        return Vector(*(item > number for item in self.items))


@workflow
def results_of_operators():
    vector = Vector(1, 2)
    log = [[*(vector + 1)], list(vector * 2), {*(2 * vector)}, [x for x in vector > 1]]
    log.extend(vector + 5)
    log += vector * 3
    first, second = vector + 7
    return [*log, first, second, next(iter(vector + 9))]


@workflow
def keywords_that_are_no_texts():
    number = echo(2)
    try:
        echo(**{"x": 1, number: echo(3)})
    except TypeError as error:
        return str(error)
    return None


@workflow
def ordered_and_changed():
    """An OrderedDict that is changed while it is gone over, in what it has or in its order."""
    found = []
    for change in ("value", "more", "less"):
        ordered = OrderedDict(a=1, b=2, c=3)
        for ways in (iter, OrderedDict.values, OrderedDict.items, reversed):
            try:
                for item in ways(ordered):
                    found.append(echo(item))
                    if change == "value":
                        ordered["c"] = len(found)
                    elif change == "more":
                        ordered[len(found)] = 0
                    else:
                        ordered.popitem()
            except RuntimeError as error:
                found.append(str(error))
    used_up = iter(ordered)
    found.append((len(list(used_up)), echo(0)))
    ordered["z"] = 1
    return found, list(used_up)


def cases():
    return [
        ("ordered_and_changed", ()),
        ("results_of_operators", ()),
        ("keywords_that_are_no_texts", ()),
        ("tuples_made", ()),
        ("operators_called", ()),
        ("turned_round", ()),
        ("lengths_of_the_rest", ()),
        ("lengths_asked_by_itertools", ()),
        ("extended_past_append", ()),
        ("merged_in_place", ()),
        ("rows_written", ()),
        ("best_ones", ()),
        ("merged_while_stopped", ()),
    ]
