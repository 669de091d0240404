"""Operators, subscripts, truth tests and builtins behind which special methods suspend."""

from collections import defaultdict

from perdure import workflow
from tests.corpus.acts import echo, fail_if

LOG = []


class Money:
    def __init__(self, amount):
        self.amount = amount

    def __repr__(self):
        return f"Money({self.amount})"

    def __add__(self, other):
        if isinstance(other, Money):
            return Money(echo(self.amount) + other.amount)
        if isinstance(other, int):
            return Money(self.amount + echo(other))
        return NotImplemented

    def __radd__(self, other):
        if isinstance(other, int):
            return Money(echo(other) - self.amount)
        return NotImplemented

    def __iadd__(self, other):
        if other == "odd":
            return NotImplemented
        self.amount = echo(self.amount) + getattr(other, "amount", other)
        return self

    def __mul__(self, other):
        return echo("mul"), self.amount, other

    def __rmul__(self, other):
        return echo("rmul"), other, self.amount

    def __neg__(self):
        return Money(-echo(self.amount))

    def __invert__(self):
        return echo(~self.amount)

    def __divmod__(self, other):
        return echo(divmod(self.amount, other))

    def __rpow__(self, other):
        return echo(other**self.amount)

    def __matmul__(self, other):
        return echo(["matmul", self.amount, other])

    def __lt__(self, other):
        return echo(self.amount) < other.amount

    def __eq__(self, other):
        if not isinstance(other, Money):
            return NotImplemented
        return echo(self.amount) == other.amount

    def __hash__(self):
        return hash(self.amount)


class Cents(Money):
    """A subclass: it is asked first where it overrides."""

    def __radd__(self, other):
        return echo("cents"), other.amount, self.amount

    def __gt__(self, other):
        return echo(["gt", other.amount])


@workflow
def arithmetic():
    """Binary operators, reflected ones, a subclass on the right, and what is not supported."""
    one, two = Money(1), Money(2)
    found = [one + two, one + 5, 5 + one, one + Cents(7), one * 3, 3 * one, [0] * one, 2 ** two]
    found += [-one, ~two, divmod(Money(7), 2), one @ "x"]
    for attempt in (lambda: one + "x", lambda: "x" + one, lambda: [] + one, lambda: one - two):
        try:
            found.append(attempt())
        except TypeError as error:
            found.append(str(error))
    return found


@workflow
def operands_in_order():
    """Operands are evaluated from left to right, each once, also around a walrus."""
    LOG.clear()

    def made(n):
        LOG.append(n)
        return Money(n)

    total = made(1) + made(echo(2)) + made(3)
    x = Money(10)
    pair = x + (x := Money(20)), x
    return total, pair, LOG


@workflow
def in_place():
    """`+=` on a name, an attribute, an item, and with a method that declines."""

    class Box:
        pass

    box, items, keep = Box(), [Money(1), Money(2)], Money(3)
    box.money = same = Money(4)
    keep += 5
    box.money += keep
    items[0] += items[1]
    number = 1
    number += Money(9)
    try:
        keep += "odd"
    except TypeError as error:
        return keep, same is box.money, same, items, number, str(error)


@workflow
def comparisons():
    """Comparisons, chained ones, reflected ones, identity for `==`, and what cannot be ordered."""
    one, two = Money(1), Money(2)
    found = [one < two, two < one, two > one, one < two < Money(3), two < one < Money(3)]
    found += [one == Money(1), one != Money(1), one != two, one == 1, 1 != one, one == one]
    found += [one < Cents(5), Cents(5) > one]
    try:
        one <= two
    except TypeError as error:
        found.append(str(error))
    try:
        one < "x" < fail_if(True, KeyError)
    except AttributeError as error:
        found.append(str(error))
    return found, [m for m in (one, two) if m < Money(2)], one in [two, one]


class Shelf:
    def __init__(self, **books):
        self.books = books

    def __getitem__(self, key):
        if isinstance(key, slice):
            return echo(["slice", key.start, key.stop, key.step])
        if isinstance(key, tuple):
            return echo([repr(part) for part in key])
        return self.books[echo(key)]

    def __setitem__(self, key, value):
        self.books[echo(key)] = value

    def __delitem__(self, key):
        del self.books[echo(key)]

    def __contains__(self, key):
        return echo(key) in self.books

    def __len__(self):
        return echo(len(self.books))


@workflow
def subscripts():
    """Items are read, written, deleted, sliced and updated in place."""
    shelf = Shelf(a=1, b=2)
    shelf["c"] = shelf["a"] + shelf["b"]
    shelf["a"] += 10
    del shelf["b"]
    shelf["d"], (shelf["e"], *shelf["f"]) = 4, (5, 6, 7)
    for shelf["loop"] in (1, 2):
        pass
    found = [shelf[1:2], shelf[::-1], shelf[1:2, ..., "x"], "a" in shelf, "z" not in shelf]
    with_walrus = [shelf[key] for key in "acdf" if (key in shelf)]
    try:
        shelf["missing"]
    except KeyError as error:
        found.append(error.args)
    return shelf.books, found, with_walrus, len(shelf)


class Numbered:
    def __init__(self, *items):
        self.items = items

    def __getitem__(self, index):
        return echo(self.items[index])


@workflow
def iterated_by_number():
    """Loops, unpacking, `in`, iter() and next() over what has a `__getitem__` and no `__iter__`."""
    numbered, found = Numbered(1, 2, 3), []
    for item in numbered:
        found.append(echo(item))
    iterator = iter(numbered)
    found += [next(iterator), list(iterator), next(iterator, "end"), 2 in numbered, 7 in numbered]
    first, *rest = numbered
    return found, first, rest, [*map(str, numbered)], {n: n for n in numbered}, sum(numbered)


class Lazy(dict):
    def __missing__(self, key):
        self[key] = echo(key) * 2
        return self[key]


@workflow
def missing_keys():
    """`__missing__`, and a `defaultdict` whose factory suspends."""
    lazy, counts = Lazy(a=1), defaultdict(lambda: echo([]))
    counts["x"].append(1)
    counts["x"].append(lazy["ab"])
    counts["y"] += [2]
    plain = defaultdict(None)
    try:
        plain["z"]
    except KeyError as error:
        return lazy["a"], lazy, dict(counts), error.args


class Account:
    def __init__(self, money):
        self.money = money

    def __bool__(self):
        LOG.append(self.money)
        return echo(self.money) > 0


class Flag:
    def __init__(self, name):
        self.name = name

    def __bool__(self):
        LOG.append(self.name)
        return echo(self.name == "yes")


@workflow
def asked_for_truth():
    """How often a value is asked whether it is true, where operators stand in each other."""
    LOG.clear()
    yes, no = Flag("yes"), Flag("no")
    out = [(no and 1) or 2, (yes and yes) or 3, (yes or 1) and 2, (yes or no) or yes]
    out += [(no and yes) and yes, not (yes and no), 1 if (yes and no) or yes else 2]
    out += [(no and no) or no, ((no or no) and yes) or no, (yes and (no or yes)) or no]
    out += [(not yes) or no, 1 if ((no and yes) or (no or yes)) and yes else 3]
    out += [no or (yes and no) or no, ((no or echo(0)) and yes) or echo(5)]
    return [getattr(each, "name", each) for each in out], LOG


@workflow
def none_on_the_left():
    """`None` has its methods like any other object, although it cannot be bound to them."""
    return None == Money(1), None != Money(1), None in [Money(1)], f"{None} {[None]}", Money(1) == None


@workflow
def truth():
    """Tests: `if`, `while`, `and`, `or`, `not`, conditions, `assert`, filters, and guards."""
    LOG.clear()
    rich, poor, empty = Account(1), Account(0), Shelf()
    found = [
        1 if rich else 2,
        1 if poor else 2,
        not rich,
        not not empty,
        (rich and poor) is poor,
        (poor or empty or 5),
        (poor and 1 / 0) is poor,
        [a.money for a in (rich, poor) if a],
        bool(rich),
        any([poor, rich, 1 / 2]),
        all([rich, poor, 0]),
        ({} or poor) is poor,
        [] or {**{}} or () or f"" or echo("last"),
        1 if {} else 2 if "text" else 3,
        bool(Shelf(a=1)),
    ]
    if rich and not poor:
        found.append("if")
    if poor or (empty and rich) or not rich:
        found.append("wrong")
    elif not (poor or empty):
        found.append("elif")
    turns = 0
    while rich:
        turns += 1
        rich.money -= 1
    try:
        assert rich, "broke"
    except AssertionError as error:
        found.append(str(error))
    match turns:
        case 1 if poor:
            found.append("poor")
        case 1 if not poor:
            found.append("guard")
    return found, turns, LOG


class Blocked:
    __bool__ = __len__ = __add__ = __getitem__ = __str__ = None


class HalfBlocked:
    __bool__ = None

    def __len__(self):
        return echo(10)


class Wrong:
    def __init__(self, value):
        self.value = value

    def __bool__(self):
        return echo(self.value)

    def __len__(self):
        return echo(self.value)

    def __repr__(self):
        return echo(self.value)

    def __format__(self, spec):
        return echo(self.value)

    def __int__(self):
        return echo(self.value)

    def __float__(self):
        return echo(self.value)

    def __hash__(self):
        return echo(self.value)


@workflow
def wrong_results():
    """What the methods must not return is refused with Python's own words."""
    found, blocked = [], Blocked()
    for attempt in (
        lambda: 1 if blocked else 2,
        lambda: len(blocked),
        lambda: blocked + 1,
        lambda: blocked[0],
        lambda: str(blocked),
        lambda: not blocked,
        lambda: 1 if HalfBlocked() else 2,
    ):
        try:
            found.append(attempt())
        except TypeError as error:
            found.append(str(error))
    for value in ("text", -1, 2.5, None):
        wrong = Wrong(value)
        for attempt in (
            lambda: bool(wrong),
            lambda: len(wrong),
            lambda: repr(wrong),
            lambda: str(wrong),
            lambda: f"{wrong}",
            lambda: f"{wrong!r:>8}",
            lambda: format(wrong, "x"),
            lambda: int(wrong),
            lambda: float(wrong),
            lambda: hash(wrong),
        ):
            try:
                found.append(attempt())
            except (TypeError, ValueError) as error:
                found.append((type(error).__name__, str(error)))
    return found


class Named:
    def __init__(self, name):
        self.name = name

    def __str__(self):
        return f"<{echo(self.name)}>"

    def __repr__(self):
        return f"Named({echo(self.name)!r})"

    def __format__(self, spec):
        return echo(self.name).center(int(spec or 0), "*")

    def __abs__(self):
        return echo(len(self.name))

    def __round__(self, digits=None):
        return echo([self.name, digits])

    def __reversed__(self):
        yield from echo(self.name)[::-1]

    def __int__(self):
        return echo(7)

    def __index__(self):
        return echo(2)


class Shown:
    def __repr__(self):
        return echo("snowman \N{SNOWMAN}")


@workflow
def texts():
    """f-strings, str(), repr(), format() and the other builtins that call special methods."""
    named, shown = Named("ann"), Shown()
    found = [f"{named} {named!s:>8} {named!r} {named:{len(named.name) + 4}}|{echo(1)}"]
    found += [str(named), repr(named), format(named, "9"), f"{shown} {shown!a}", str(shown)]
    found += [abs(named), round(named), round(named, 2), list(reversed(named)), int(named)]
    found += [float(Named("index")) if False else 0, str(b"x", "ascii"), str(), int("11", 2)]
    return found, f"{Plain()}".startswith("<"), f"{3:>4}"


class Plain:
    pass


@workflow
def operators_in_functions():
    """In helpers, lambdas, comprehensions, generators, and as the operator module's functions."""
    import functools
    import operator

    def total(items):
        result = Money(0)
        for item in items:
            result = result + item
        return result

    def doubled(items):
        for item in items:
            yield item + item

    money = [Money(n) for n in (1, 2, 3)]
    least = min(money, key=lambda m: m + 1 and -m.amount)
    summed = functools.reduce(lambda a, b: a + b, money)
    folded = functools.reduce(operator.add, money)
    whole = sum(money, start=Money(0)), sum([Money(1), Money(2)], 10), sum([1, 2], 3)
    return total(money), [*doubled(money)], {m.amount: -m for m in money}, least, summed, folded, whole


def cases():
    return [
        ("arithmetic", ()),
        ("operands_in_order", ()),
        ("in_place", ()),
        ("comparisons", ()),
        ("none_on_the_left", ()),
        ("asked_for_truth", ()),
        ("subscripts", ()),
        ("missing_keys", ()),
        ("iterated_by_number", ()),
        ("truth", ()),
        ("wrong_results", ()),
        ("texts", ()),
        ("operators_in_functions", ()),
    ]
