"""Programs in which there is one way to an activity, and the compiler must see that one.

In a larger program another function leads to the same place, and hides that this one does not.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.semantics.texts import assert_means_the_same

HEAD = """
import functools
import itertools
import operator
from collections import defaultdict
from dataclasses import dataclass, field, replace
from perdure import activity, workflow


@activity
def echo(value=1):
    return value


"""

PROPERTIES = {
    "a property that is named like a builtin": """
class Order:
    @property
    def id(self):
        return self.number

    @id.setter
    def id(self, number):
        self.number = echo(number)

@workflow
def flow():
    order = Order()
    order.id = 4
    return order.id
""",
    "a decorator under a property": """
def logged(getter):
    def inner(self):
        return echo("get"), getter(self)
    return inner

class Order:
    @property
    @logged
    def total(self):
        return 1

    @functools.cached_property
    @logged
    def tax(self):
        return 2

@workflow
def flow():
    order = Order()
    return order.total, order.tax, order.tax
""",
}

DISPATCHED = {
    "a generic method": """
class Show:
    @functools.singledispatchmethod
    def show(self, value):
        return [self.show(part) for part in value]

    @show.register
    def _(self, value: int):
        return echo(value)

@workflow
def flow():
    return Show().show([1, [2]])
""",
    "a generic method that is named like a builtin": """
class Show:
    @functools.singledispatchmethod
    def eval(self, value):
        raise TypeError(value)

    @eval.register
    def _(self, value: int):
        return echo(value)

    @eval.register(list)
    def _list(self, value):
        return [*map(self.eval, value)]

@workflow
def flow():
    return Show().eval([1, 2])
""",
    "cmp_to_key as a decorator": """
@functools.cmp_to_key
def by(a, b):
    return echo(a) - echo(b)

@workflow
def flow():
    return sorted([3, 1, 2], key=by)
""",
}

MADE = {
    "an activity as a factory": """
@dataclass
class Order:
    number: int = field(default_factory=echo)

@workflow
def flow():
    return Order().number
""",
    "a lambda as a factory": """
@dataclass
class Base:
    lines: list = field(default_factory=lambda: [echo(1)])
    others: list = field(default_factory=list)

class Order(Base):
    def __init__(self):
        super().__init__()

@workflow
def flow():
    return Base().lines, Order().lines, Order().others
""",
    "a class given to builtins": """
class Order:
    def __init__(self, number, more=0):
        self.number = echo(number)

    def __lt__(self, other):
        return self.number < other.number

@workflow
def flow():
    found = [*map(Order, [1, 2]), *itertools.starmap(Order, [(3, 4)])]
    return [order.number for order in found], sorted([2, 1], key=Order)
""",
    "a class whose __new__ suspends": """
class Order:
    def __new__(cls, number):
        made = object.__new__(cls)
        made.number = echo(number)
        return made

@workflow
def flow():
    return [order.number for order in map(Order, [1])]
""",
    "a dataclass given to builtins": """
@dataclass
class Order:
    number: int

    def __post_init__(self):
        self.number = echo(self.number)

@workflow
def flow():
    return list(map(Order, [1, 2]))
""",
    "a class that reduces": """
class Pair:
    def __init__(self, left, right):
        self.left, self.right = left, echo(right)

@workflow
def flow():
    made = functools.reduce(Pair, [1, 2, 3])
    return made.left.left, made.left.right, made.right
""",
    "a class as the factory of a dict": """
class Node:
    def __init__(self):
        self.number = echo(1)
        self.inner = defaultdict(Node)

@workflow
def flow():
    nodes = defaultdict(Node)
    return nodes["a"].inner["b"].number
""",
    "the dict with a factory of a module": """
made = defaultdict(lambda: echo(5))

def found(key):
    return made[key]

@workflow
def flow():
    made.clear()
    return found("a")
""",
    "an exception that is raised by its class": """
class Refused(Exception):
    def __init__(self, why="none"):
        super().__init__(echo(why))

@workflow
def flow():
    try:
        try:
            raise Refused
        except Refused as error:
            raise KeyError(error.args) from Refused
    except KeyError as error:
        return error.args, error.__cause__.args
""",
    "an error in what makes an object": """
@dataclass
class Order:
    number: int

    def __post_init__(self):
        echo(self.number)

@workflow
def flow():
    try:
        replace(Order(1), size=2)
    except TypeError as error:
        return str(error), error.__context__
""",
    "a class made by a function": """
def made(name, **values):
    return type(name, (), {key: (lambda self, v=v: echo(v)) for key, v in values.items()})

Order = made("Order", number=1)

@workflow
def flow():
    return Order().number()
""",
}

DECORATED = {
    "an __init__": """
def traced(function):
    @functools.wraps(function)
    def inner(self, *args):
        echo("made")
        function(self, *args)
    return inner

class Order:
    @traced
    def __init__(self, number):
        self.number = number

@workflow
def flow():
    return Order(1).number
""",
    "by a function of the class": """
class Order:
    def passed_on(method):
        def inner(self, number):
            return method(self, number)
        return inner

    def filter(method):
        def inner(self, number):
            return echo(method(self, number))
        return inner

    @passed_on
    def ship(self, number):
        return echo(number)

    @filter
    def pack(self, number):
        return number

@workflow
def flow():
    return Order().ship(1), Order().pack(2)
""",
    "by a lambda in a variable": """
traced = lambda function: lambda *args: echo(function(*args))

class Order:
    @traced
    def ship(self, number):
        return number

@workflow
def flow():
    return Order().ship(2)
""",
    "by a lambda in place": """
@lambda function: lambda *args: echo(function(*args))
def ship(number):
    return number

@workflow
def flow():
    return ship(2)
""",
    "what loops go over": """
def traced(function):
    @functools.wraps(function)
    def inner(*args):
        echo(function.__name__)
        return function(*args)
    return inner

class Lines:
    @traced
    def __iter__(self):
        return iter([1, 2])

@workflow
def flow():
    return list(Lines()), sum(Lines()), [line for line in Lines()]
""",
}

HELD = {
    "an attrgetter": """
class Order:
    def __getattr__(self, name):
        return echo(name)

TABLE = [operator.attrgetter("tags")]

@workflow
def flow():
    return TABLE[0](Order())
""",
    "an itemgetter": """
class Order:
    def __getitem__(self, key):
        return echo(key)

get = operator.itemgetter("a", "b")

@workflow
def flow():
    return get(Order())
""",
    "a method of a text": """
join = ", ".join
TABLE = {"join": "-".join}

@workflow
def flow():
    return join(echo(part) for part in "ab"), TABLE["join"](echo(part) for part in "ab")
""",
    "an __iter__ from outside": """
class Lines:
    pass

Lines.__iter__ = lambda self: iter([echo(1)])

@workflow
def flow():
    return sum(Lines()), [*Lines()], [line for line in Lines()], 1 in Lines()
""",
    "a length that bytes asks for": """
class Lines:
    def __len__(self):
        return echo(2)

    def __iter__(self):
        return iter([1, 2])

@workflow
def flow():
    return bytes(Lines()), bytearray(Lines())
""",
}

FOUND = {
    "a method that makes a function": """
class Order:
    def make_ship(self):
        def ship(number):
            return echo(number)
        return ship

    def run(self, kind):
        return getattr(self, "make_" + kind)()(1)

@workflow
def flow():
    return Order().run("ship")
""",
    "a function that makes a function": """
def make():
    return lambda number: echo(number)

@workflow
def flow():
    return globals()["make"]()(1)
""",
}


@pytest.mark.parametrize("name", [*PROPERTIES, *DISPATCHED, *MADE, *DECORATED, *HELD, *FOUND])
def test_the_one_way_is_seen(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = PROPERTIES | DISPATCHED | MADE | DECORATED | HELD | FOUND
    module = f"one_way_{list(programs).index(name)}"
    assert_means_the_same(HEAD + programs[name], module, "flow", tmp_path, monkeypatch)
