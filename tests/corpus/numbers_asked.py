"""Builtins that want a number, of objects whose `__index__` or `__float__` and the like suspend."""

import itertools
import math
import operator
from collections import deque

from perdure import workflow
from tests.corpus.acts import echo


class Whole:
    def __init__(self, number):
        self.number = number

    def __index__(self):
        return echo(self.number)


class Real:
    def __init__(self, number):
        self.number = number

    def __float__(self):
        return echo(float(self.number))

    def __floor__(self):
        return echo("floor")

    def __trunc__(self):
        return echo(7)

    def __round__(self, digits=None):
        return echo(["round", digits])


class Both(Real):
    def __complex__(self):
        return echo(complex(self.number, 1))

    def __bytes__(self):
        return echo(b"both")

    def __ceil__(self):
        return echo("ceil")


class Wrong:
    def __complex__(self):
        return echo(1)

    def __bytes__(self):
        return echo("text")


@workflow
def indices():
    items = [1, 2, 3]
    found = [complex(Whole(2)), complex(1, Whole(2)), bytes(Whole(2)), bytearray(Whole(1))]
    found += [bytes([Whole(65), 66]), slice(Whole(1), Whole(3)).indices(Whole(2))]
    found += [items.pop(Whole(1)), items.insert(Whole(0), Whole), [*range(Whole(2))], chr(Whole(65))]
    found += [hex(Whole(10)), round(3.14159, Whole(2)), int("11", Whole(2)), float(Whole(3))]
    found += [[0, 1, 2].index(2, Whole(1)), [*itertools.islice("abc", Whole(2))], len(items)]
    queue = deque(items)
    queue.rotate(Whole(1))
    found += [queue[0], bytearray(b"ab").pop(Whole(0)), (5).to_bytes(Whole(2), "big")]
    return found


@workflow
def texts():
    found = ["ab".center(Whole(6)), "ab".ljust(Whole(4), "."), "ab".rjust(Whole(3)), "7".zfill(Whole(3))]
    found += ["a.b.c".split(".", Whole(1)), "a.b.c".rsplit(".", Whole(1)), "xox".replace("x", "-", Whole(1))]
    found += ["abcabc".find("c", Whole(3)), "abc".startswith("b", Whole(1)), "a\tb".expandtabs(Whole(4))]
    found += [b"abab".rfind(b"a", Whole(0), Whole(2)), str.center("ab", Whole(4)), {1: 2}.pop(1)]
    return found


@workflow
def functions_of_math():
    found = [math.floor(Real(2)), math.ceil(Real(2.5)), math.ceil(Both(2)), math.trunc(Real(2))]
    found += [math.sqrt(Real(4)), math.hypot(Real(3), Whole(4)), math.isclose(Real(4), 4.0, abs_tol=0.1)]
    found += [math.factorial(Whole(4)), math.gcd(Whole(4), 6), math.comb(Whole(4), 2), math.floor(2.5)]
    found += [math.floor(Whole(3)), [*map(math.floor, [Real(1)])], round(Real(2)), round(Real(2), 1)]
    try:
        math.sqrt("4")
    except TypeError as error:
        found.append(str(error))
    return found


@workflow
def made_of():
    found = [complex(Both(2)), complex(Real(2)), complex(1, Real(2)), complex("1"), bytes(Both(1))]
    for make in (complex, bytes):
        try:
            found.append(make(Wrong()))
        except TypeError as error:
            found.append(str(error))
    return found


class Times:
    """Multiplies numbers only."""

    def __mul__(self, other):
        return echo(other) if isinstance(other, int) else NotImplemented

    __rmul__ = __mul__


class Index:
    def __init__(self, index):
        self.index = index

    def __index__(self):
        return echo(self.index)


class Tripled(list):
    def __mul__(self, other):
        return echo("tripled")


@workflow
def sequences_times():
    found, listed = [], [1]
    for times in (
        lambda: "s" * Times(),
        lambda: Times() * [1],
        lambda: (2 * Times(), Times() * 3),
        lambda: "s" * Index(2) + Index(1) * "t",
        lambda: Tripled() * Times(),
        lambda: int(Index(2)) + int(Index("no number")),
        lambda: Times() * None,
    ):
        try:
            found.append(times())
        except TypeError as error:
            found.append(str(error))
    try:
        listed *= Times()
    except TypeError as error:
        return found, str(error), listed


class Level(float):
    def __float__(self):
        return echo(16.0)


class Rank(int):
    def __index__(self):
        return echo(8)


@workflow
def values_of_their_own():
    """C takes the value of a float or an int of a class as it is, and asks no method."""
    real, whole = Level(1), Rank(1)
    found = [math.sqrt(real), math.floor(real), math.ceil(real), math.fmod(real, 3)]
    return found, operator.index(whole) + 0, [5, 6][whole], echo(1)


class Third:
    def __index__(self):
        return echo(3)


@workflow
def numbers_in_the_wrong_place():
    found = ["a b c d".split(None, Third()), "abc".center(Third())]
    for call in (lambda: "a b".split(Third()), lambda: "a b".replace(Third(), "c")):
        try:
            found.append(call())
        except TypeError as error:
            found.append(str(error))
    return found


def cases():
    return [
        ("values_of_their_own", ()),
        ("numbers_in_the_wrong_place", ()),
        ("indices", ()),
        ("texts", ()),
        ("functions_of_math", ()),
        ("made_of", ()),
        ("sequences_times", ()),
    ]
