"""Comparisons and hashes of containers and dataclasses, by those of what is in them."""

from collections import deque
from dataclasses import dataclass, field

from perdure import workflow
from tests.corpus.acts import echo


class Amount:
    def __init__(self, amount):
        self.amount = amount

    def __eq__(self, other):
        if not isinstance(other, Amount):
            return NotImplemented
        return echo(self.amount == other.amount)

    def __lt__(self, other):
        return echo(self.amount < other.amount)

    def __hash__(self):
        return hash(echo(self.amount))


class Heir(Amount):
    pass


@dataclass(order=True)
class Line:
    price: object
    note: object = field(default="", compare=False)
    count: int = 1


class Longer(Line):
    pass


@dataclass(frozen=True, slots=True)
class Fixed:
    price: object
    note: str = field(default="", hash=False)


def lists(*numbers):
    return [Amount(n) for n in numbers]


@workflow
def sequences():
    one = Amount(1)
    found = [lists(1, 2) == lists(1, 2), lists(1) == lists(1, 2), lists(1) != lists(2)]
    found += [(one, 2) == (one, 3), (Amount(1),) < (Amount(2),), lists(1) < lists(1, 2)]
    found += [[lists(1)] == [lists(1)], {"a": one} == {"a": Amount(1)}, {"a": one} != {"b": one}]
    found += [deque(lists(1)) == deque(lists(1)), lists(1) == tuple(lists(1)), [one, 3] < [one, 4]]
    found += [lists(1) in [lists(2), lists(1)], [lists(1), lists(2)].index(lists(2))]
    pairs = sorted([(Amount(2), "b"), (Amount(1), "a"), (Amount(1), "A")])
    found += [[text for _, text in pairs], min(pairs)[1], max(lists(1, 3), lists(2))[0].amount]
    try:
        found.append((one,) > (None,))
    except TypeError as error:
        found.append(str(error))
    return found


@workflow
def dataclasses_compared():
    one, same, two = Line(Amount(1), "a"), Line(Amount(1), "b"), Line(Amount(2))
    found = [one == same, one == two, one != same, one != two, one == 3, one == Longer(Amount(1))]
    found += [one < two, two > one, Line(Amount(1), count=0) < one, max(one, two) is two]
    found += [one == one, Line([Amount(1)]) == Line([Amount(1)]), Longer(Amount(1)) == Longer(Amount(1))]
    found += [Fixed(Amount(1)) == Fixed(Amount(1)), Line(1) < Line(2), [one] == [same]]
    try:
        found.append(one < 3)
    except TypeError as error:
        found.append(str(error))
    return found


@workflow
def hashed():
    found = [hash(Amount(1)) == hash(1), hash((Amount(1), 2)) == hash((1, 2))]
    found += [hash(Fixed(Amount(1), "a")) == hash((1,)), hash(Fixed(3)) == hash((3,))]
    try:
        hash((Amount(1), []))
    except TypeError as error:
        found.append(str(error))
    return found


@workflow
def unequal():
    one, two = Amount(1), Amount(2)
    found = [object.__ne__(one, two), one.__ne__(two), one.__ne__(3), object.__ne__(one, 3)]
    found += [Amount.__ne__(one, two), super(Heir, Heir(1)).__ne__(one), one != two, one != 1]
    try:
        object.__ne__(one)
    except TypeError as error:
        found.append(type(error))
    return found


class Emptying(Amount):
    """Empties lists when it is compared."""

    def __init__(self, *lists):
        self.lists = lists

    def __eq__(self, other):
        for given in self.lists:
            given.clear()
            given += echo([])
        return False

    __hash__ = None


@workflow
def emptied():
    """A list that is emptied while it is compared is compared by what is left."""
    found = []
    for shared in ((), (9,)):
        one, two = [], []
        one += [Emptying(one, two), 3]
        two += [1, *shared]
        found.append((one == two, one < [2], one, two))
    return found


class Ranked:
    def __init__(self, place, rank, log):
        self.place, self.rank, self.log = place, rank, log

    def __lt__(self, other):
        self.log.append((self.place, other.place))
        return echo(self.rank < other.rank)


def ranked(ranks):
    log = []
    items = [Ranked(place, rank, log) for place, rank in enumerate(ranks)]
    return [item.place for item in sorted(items)], log


@workflow
def runs():
    """Which are compared, and in what order: equal ones in runs that go up or down."""
    ranks = ["111", "2210", "33221", "3211402", "12", "1120", "21", "3221123", "132", "54433210"]
    return [ranked(text) for text in ranks]


def cases():
    return [
        ("runs", ()),
        ("emptied", ()),
        ("sequences", ()),
        ("dataclasses_compared", ()),
        ("hashed", ()),
        ("unequal", ()),
    ]
