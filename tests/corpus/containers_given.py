"""Containers whose methods are given what suspends, or compare by an `__eq__` that does."""

import heapq
import io
import itertools
import operator
import sys
from array import array
from collections import Counter, deque
from heapq import heappush as push

from perdure import workflow
from tests.corpus.acts import echo
from tests.corpus.attempts import failing

LOG = []


def gen(*items):
    for item in items:
        LOG.append(item)
        yield echo(item)


class Same:
    """Equal by an activity."""

    def __init__(self, n):
        self.n = n

    def __eq__(self, other):
        return echo(self.n) == getattr(other, "n", other)

    __hash__ = None

    def __lt__(self, other):
        return echo(self.n) < other.n

    def __repr__(self):
        return echo(f"Same({self.n})")


class Number:
    def __init__(self, n):
        self.n = n

    def __index__(self):
        return echo(self.n)


class Power:
    def __pow__(self, other, mod=None):
        return NotImplemented if other is None else echo([other, mod])

    def __rpow__(self, other):
        return echo(["r", other])


class Rows:
    """Items and attributes come out of an activity."""

    def __getitem__(self, key):
        return echo(key * 2)

    @property
    def first(self):
        return echo(self)

    @property
    def name(self):
        return echo("row")


class Lines(io.StringIO):
    def write(self, text):
        return super().write(echo(text).upper())


@workflow
def sets():
    """Methods of sets and frozensets that go over generators, and those that stop early."""
    LOG.clear()
    found, frozen = {1, 2}, frozenset([1, 2])
    out = [
        found.union(gen(3), [4], gen(5)),
        found.intersection(gen(2, 3)),
        found.intersection(gen(2, 1, 3), gen(2, 8, 9)),
        found.difference(gen(1), {2}),
        found.symmetric_difference(gen(1, 5)),
        found.issubset(gen(1, 2, 3)),
        found.issuperset(gen(1, 7, 2)),
        found.isdisjoint(gen(8, 1, 9)),
        frozen.union(gen(3)),
        frozen.issuperset(gen(1)),
        frozen.isdisjoint(gen(3)),
        frozenset().union(*map(gen, [1, 2])),
        set.union(set(), [1]),
    ]
    found.intersection_update(gen(2, 1))
    found.difference_update(gen(1))
    found.symmetric_difference_update(gen(2, 7))
    out.append(found)
    out += failing(
        [
            lambda: found.union(gen(1, [], 2)),
            lambda: found.issuperset(gen(7, [])),
            lambda: found.isdisjoint(gen({})),
            lambda: found.issubset(gen(1), gen(2)),
        ]
    )
    return out, LOG


class Words(Counter):
    def top(self):
        return self.most_common(1)[0][0]


@workflow
def counters_of_their_own():
    words = Words(map(echo, "aab"), c=4)
    words.update(echo(x) for x in "bbb")
    return words.top(), sorted(words.items()), Words({"x": 2}), Words(), Words(None, y=1), type(words).__name__


@workflow
def counters():
    """`Counter.update` and `subtract`: of items, of mappings, with keywords."""
    counts, fresh = Counter("ab"), Counter()
    counts.update(gen("a", "c"))
    counts.update(gen("x"), y=2)
    counts.subtract(gen("a", "q"), b=1)
    counts.subtract(None)
    counts.update({"a": echo(5)})
    fresh.update(gen("z"))
    fresh.update(Counter(z=1))
    return counts, fresh


@workflow
def sequences():
    """deque.extendleft, arrays, writelines, joins of bytes, zip of one iterator twice."""
    row = deque([1], maxlen=4)
    row.extendleft(gen(2, 3))
    numbers = array("i", gen(1, 2))
    numbers.extend(gen(3))
    out = io.StringIO()
    out.writelines(gen("a", "b"))
    shout = Lines()
    shout.writelines(gen("c", "d"))
    pairs = gen(1, 2, 3, 4, 5)
    return (
        (row, numbers, out.getvalue(), shout.getvalue()),
        (b",".join(gen(b"a", b"b")), bytearray(b"-").join(gen(b"a", b"b"))),
        list(zip(*[pairs] * 2)),
        list(zip(*[gen(1, 2), gen(3, 4)])),
        failing([lambda: array("i", gen(1, "x")), lambda: array("?", gen(1))]),
    )


class Measured(list):
    def __len__(self):
        return echo(super().__len__())


@workflow
def looking():
    """index, count and remove of lists, tuples and deques by an `__eq__` that suspends."""
    items = [Same(1), Same(2), Same(2), 3]
    row = deque(items)
    out = [items.index(Same(2)), items.index(Same(2), 2), items.index(3), items.count(Same(2))]
    out += [items.index(Same(2), -3, -1), tuple(items).index(Same(2)), tuple(items).count(3)]
    out += [row.index(Same(2)), row.count(Same(2)), items.index(items[2]), [1, 2].index(2)]
    out += [Measured(items).index(Same(2), -3), Measured(items).count(Same(2))]
    items.remove(Same(2))
    row.remove(Same(1))
    out += [len(items), len(row), "abcb".index("b"), "abcb".count("b")]
    return out + failing(
        [
            lambda: items.index(Same(9)),
            lambda: items.index(Same(1), 1),
            lambda: items.remove(Same(9)),
            lambda: tuple(items).index(Same(9)),
            lambda: row.remove(Same(9)),
        ]
    )


@workflow
def heaps():
    """Heaps of what is ordered by a `__lt__` that suspends."""
    heap = [Same(5), Same(3), Same(8), Same(1), Same(9), Same(2)]
    heapq.heapify(heap)
    push(heap, Same(4))
    out = [heapq.heappushpop(heap, Same(0)).n, heapq.heappushpop(heap, Same(6)).n]
    out.append(heapq.heapreplace(heap, Same(7)).n)
    while heap:
        out.append(heapq.heappop(heap).n)
    return out, failing([lambda: heapq.heappop(heap), lambda: heapq.heappushpop([], Same(1)).n])


@workflow
def merges():
    """heapq.merge: lazily, by key, reversed, of what compares by activities, of nothing."""
    LOG.clear()
    lazy = heapq.merge(gen(1, 4), gen(2, 3))
    first = next(lazy), list(LOG)
    return (
        first,
        list(lazy),
        list(heapq.merge([3, 1], gen(2), key=lambda x: -echo(x))),
        list(heapq.merge(gen(3, 1), [2], reverse=True)),
        [same.n for same in heapq.merge([Same(1), Same(3)], [Same(1), Same(2)])],
        list(heapq.merge()),
        list(heapq.merge(gen())),
    )


@workflow
def indices():
    """Subscripts, slices, `range`, repetition and `hex` by an `__index__` that suspends."""
    one, two = Number(1), Number(2)
    items = [1, 2, 3, 4]
    items[one] = 9
    items[one:two] = [7, 8]
    del items[two]
    table = {one: "key"}
    return (
        (items, items[one], "abc"[two], (1, 2, 3)[one:Number(3)], items[::two], b"abc"[one]),
        (list(range(two)), range(one, 9, two), [0] * two, two * [1], "ab" * two, table[one]),
        (hex(two), bin(two), chr(Number(65)), operator.index(two), deque([5, 6])[one]),
        failing([lambda: items[Number(9)], lambda: items[Number("x")], lambda: [] * Number(2.0)]),
    )


@workflow
def powers():
    """`pow` with two and with three arguments."""
    return pow(Power(), 2), pow(Power(), 2, 3), pow(2, Power()), pow(2, 3, 5), failing(
        [lambda: pow(Power(), None, 3), lambda: pow(Power(), None)]
    )


@workflow
def getters():
    """operator.attrgetter and itemgetter of one name, of several, of a path."""
    rows = Rows()
    return (
        operator.attrgetter("name", "first.name")(rows),
        operator.attrgetter("first.first.name")(rows),
        operator.itemgetter("a", "b")(rows),
        operator.itemgetter("a")(rows),
        sorted("ba", key=operator.itemgetter(0)),
        list(map(operator.itemgetter(1), [rows, "xy"])),
        failing([lambda: operator.attrgetter("none", "name")(rows)]),
    )


@workflow
def batches():
    """itertools.batched, where Python has it."""
    if sys.version_info < (3, 12):
        return None
    batched = itertools.batched
    wrong = failing([lambda: batched(gen(1), 0)])
    return list(batched(gen(1, 2, 3), 2)), list(batched(gen(), 2)), wrong


class Table:
    """A mapping of the program's own."""

    def keys(self):
        return echo(["a", "b"])

    def __getitem__(self, key):
        return echo(key * 2)


class Named:
    def keys(self):
        yield echo("x")

    def __getitem__(self, key):
        return key


class Hidden(dict):
    """What merges a dict does not ask its `__getitem__`, unless it has an `__iter__` of its own."""

    def __getitem__(self, key):
        return echo("hidden")


class Turned(Hidden):
    def __iter__(self):
        return iter(["q"])


@workflow
def merged():
    """`**` of mappings whose `keys` or `__getitem__` suspends, in dicts and in calls."""

    def given(*args, **kwargs):
        return args, kwargs

    return (
        {**Table()},
        {"a": 1, **Table(), "c": echo(2), **Named()},
        ({**Hidden(a=1)}, {**Turned(q=1)}, {**{"k": echo(1)}}),
        given(**Table()),
        dict(**Table()),
        given(1, *[2], z=3, **Table(), **Named(), y=echo(1)),
        [{**Table(), "i": i} for i in range(2)],
        failing(
            [
                lambda: given(**3),
                lambda: {**3},
                lambda: {**Table(), **echo(3)},
                lambda: given(a=1, **{"a": echo(1)}),
            ]
        ),
    )


class Point(tuple):
    """Makes its objects as a tuple does."""


class Doubled(tuple):
    def __new__(cls, items, factor=2):
        made = super().__new__(cls, items)
        return super().__new__(cls, (item * factor for item in made))


class Marked(list):
    def __init__(self, items=(), mark="?"):
        super().__init__(items)
        self.mark = echo(mark)


class Kinds(Point):
    pass


class Pile(deque):
    pass


class Bag(set):
    pass


class Frozen(frozenset):
    pass


class Record(dict):
    pass


class Filled(dict):
    def __init__(self, given, **more):
        super().__init__(given, **more)


@workflow
def subclasses():
    """Subclasses of builtins that are given what suspends, with a constructor of their own too."""
    local = type("Local", (list,), {})
    made = [Point(gen(1, 2)), Doubled(gen(1, 2)), Doubled([3], 3), Kinds(gen(4)), Pile(gen(5), 1)]
    made += [Marked(gen(1), "!"), Marked(), Bag(gen(1, 1)), Frozen(gen(2)), Point()]
    made += [Record(gen(("a", 1))), Filled(gen(("b", 2)), c=3), Record(Table()), Record(k=1)]
    made += [Filled({"d": echo(4)}), local(gen(6)), Point("ab")]
    wrong = failing([lambda: Record(gen(1)), lambda: Bag(gen([])), lambda: Record(gen(), f=echo)])
    return [(type(each).__name__, each) for each in made], made[5].mark, wrong


@workflow
def on_types():
    """Methods that are called on the type."""
    items, found = [2, 1, 3], {1, 2}
    list.sort(items, key=lambda x: -echo(x))
    list.extend(items, gen(9))
    set.update(found, gen(5))
    table = {}
    dict.update(table, gen(("a", 1)))
    return (
        (items, found, table, str.join("-", gen("a", "b")), bytes.join(b"", gen(b"c"))),
        (set.union(found, gen(7)), set.intersection(found, gen(2, 1, 5, 3)), set.union(found)),
        (set.issubset({1}, gen(1, 2)), frozenset.issuperset(frozenset(), gen(1))),
        (str.format("{} {}", *gen(1, 2)), list.index([Same(1)], Same(1)), tuple.count((), Same(1))),
        failing([lambda: set.union([1], gen(2)), lambda: set.issubset(found, gen(), gen())]),
    )


def cases():
    return [
        ("on_types", ()),
        ("subclasses", ()),
        ("merged", ()),
        ("sets", ()),
        ("counters", ()),
        ("counters_of_their_own", ()),
        ("sequences", ()),
        ("looking", ()),
        ("heaps", ()),
        ("merges", ()),
        ("indices", ()),
        ("powers", ()),
        ("getters", ()),
        ("batches", ()),
    ]
