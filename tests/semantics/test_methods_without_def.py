"""Special methods that no `def` in a class body has written, where builtins call them.

Each program is a module of its own: in a larger one another class may have such a method.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.semantics.texts import assert_means_the_same

HEAD = """
import functools
import heapq
import operator
from perdure import activity, workflow


@activity
def echo(value):
    return value


class Base:
    def __init__(self, n):
        self.n = n


"""

# How `Item` comes by its `__lt__`.
WRITTEN = {
    "a lambda": """
class Item(Base):
    __lt__ = lambda self, other: echo(self.n < other.n)
""",
    "another name": """
class Item(Base):
    def less(self, other):
        return echo(self.n < other.n)
    __lt__ = less
""",
    "a call": """
def compared(by):
    return lambda self, other: echo(by(self.n, other.n))

class Item(Base):
    __lt__ = compared(operator.lt)
""",
    "a class decorator": """
def ordered(cls):
    cls.__lt__ = lambda self, other: echo(self.n < other.n)
    return functools.total_ordering(cls)

@ordered
class Item(Base):
    pass
""",
    "an assignment": """
class Item(Base):
    pass

def less(self, other):
    return echo(self.n < other.n)

Item.__lt__ = less
""",
    "type": """
Item = type("Item", (Base,), {"__lt__": lambda self, other: echo(self.n < other.n)})
""",
    "a decorator": """
def traced(function):
    @functools.wraps(function)
    def inner(*args):
        return echo(function(*args))
    return inner

class Item(Base):
    @traced
    def __lt__(self, other):
        return self.n < other.n
""",
}
ORDERED = """
@workflow
def flow():
    items = [Item(2), Item(3), Item(1)]
    heap = []
    for item in items:
        heapq.heappush(heap, item)
    found = [heap[0], *sorted(items), min(items), max(items)]
    return [item.n for item in found], (1, Item(1)) < (1, Item(2)), [Item(2)] < [Item(1)]
"""

# What asks a method that is a lambda.
ASKED = {
    "comparisons of what is in containers": """
class Item(Base):
    __eq__ = lambda self, other: echo(self.n == getattr(other, "n", other))

@workflow
def flow():
    items = [Item(1), Item(2)]
    found = [[Item(3)] == [3], (1, Item(2)) == (1, Item(3)), {"a": Item(1)} == {"a": Item(1)}]
    return found, Item(2) in items, items.index(2), items.count(2)
""",
    "hashes": """
class Item(Base):
    __hash__ = lambda self: echo(self.n)

@workflow
def flow():
    return hash(Item(1)), hash((1, Item(3))) == hash((1, 3))
""",
    "truth": """
class Item(Base):
    __bool__ = lambda self: echo(self.n > 1)

@workflow
def flow():
    items = [Item(1), Item(2)]
    return any(items), all(items), [item.n for item in filter(None, items)]
""",
    "sums": """
class Item(Base):
    __add__ = lambda self, other: Item(echo(self.n + other.n))
    __radd__ = lambda self, other: Item(echo(self.n + other))

@workflow
def flow():
    return sum([Item(1), Item(2)]).n
""",
    "making": """
class Item:
    __init__ = lambda self, n: setattr(self, "n", echo(n))

@workflow
def flow():
    return [item.n for item in map(Item, [1, 2])]
""",
    "texts": """
class Item(Base):
    __repr__ = lambda self: echo(f"<{self.n}>")

@workflow
def flow():
    return str([Item(1)]), f"{(Item(2),)}", "{}".format({"a": Item(3)}), "%s" % [Item(4)]
""",
    "lengths": """
class Item(Base):
    __len__ = lambda self: echo(self.n)
    __getitem__ = lambda self, place: echo(range(self.n)[place])

@workflow
def flow():
    return list(Item(2)), [*Item(1)], list(reversed(Item(3))), len(Item(2))
""",
}


@pytest.mark.parametrize("way", WRITTEN)
def test_an_order_that_no_def_has_written(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = f"ordered_{list(WRITTEN).index(way)}"
    text = HEAD + WRITTEN[way] + ORDERED
    assert_means_the_same(text, module, "flow", tmp_path, monkeypatch)


@pytest.mark.parametrize("what", ASKED)
def test_a_method_that_is_a_lambda_is_asked(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = f"asked_{list(ASKED).index(what)}"
    assert_means_the_same(HEAD + ASKED[what], module, "flow", tmp_path, monkeypatch)
