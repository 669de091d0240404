"""Methods of objects that modules hold, as values: under another name, given on, deep inside.

Each program is a module of its own: in a larger one another call may lead to the same method.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.semantics.texts import assert_means_the_same

HEAD = """
import asyncio
import contextlib
import enum
import itertools
from perdure import activity, workflow


@activity
def echo(value):
    return value


class Carrier:
    def __init__(self):
        self.kept = lambda order: echo(order)

    def ship(self, order):
        return echo(order) * 2

    async def fetch(self, order):
        return echo(order)

    @property
    def given(self):
        return lambda order: echo(order)

    written = staticmethod(lambda order: echo(order))

    @contextlib.contextmanager
    def on_the_way(self, order):
        echo(order)
        yield order
        echo(-order)


carrier = Carrier()


class Depot:
    carrier = Carrier()


depot = Depot()


"""
ANSWERING = """
class Answering:
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return echo(name)


"""

PROGRAMS = {
    "a variable": """
@workflow
def flow():
    ship = carrier.ship
    return ship(1)
""",
    "a variable of the module": """
ship = carrier.ship

@workflow
def flow():
    return ship(1)
""",
    "a variable with an annotation, in a closure": """
@workflow
def flow():
    ship: object = carrier.ship
    def twice(order):
        return ship(order) + ship(order)
    return twice(1)
""",
    "another name of the object": """
@workflow
def flow():
    by = carrier
    ship = by.ship
    return ship(1)
""",
    "map and filter": """
@workflow
def flow():
    shipped = map(carrier.ship, [1]), filter(carrier.ship, [0, 1])
    return [list(found) for found in shipped], [*itertools.starmap(carrier.ship, [(2,)])]
""",
    "keys": """
@workflow
def flow():
    return sorted([2, 1], key=carrier.ship), max([1, 2], key=carrier.ship)
""",
    "what its attributes hold": """
@workflow
def flow():
    given, kept, written = carrier.given, carrier.kept, carrier.written
    return given(1), kept(2), written(3)
""",
    "an attribute in a variable": """
@workflow
def flow():
    given = carrier.given
    kept = carrier.kept
    return given(1), kept(2)
""",
    "an object in an object": """
@workflow
def flow():
    ship = depot.carrier.ship
    return ship(1), list(map(Depot.carrier.ship, [2]))
""",
    "a member of an enumeration": """
class Size(enum.Enum):
    SMALL = 1

    def pack(self, order):
        return echo((self.name, order))

@workflow
def flow():
    pack = Size.SMALL.pack
    return pack(1)
""",
    "coroutines": """
@workflow
async def flow():
    fetch = carrier.fetch
    return await asyncio.gather(*map(fetch, [1, 2]))
""",
    "context managers": """
outside = carrier.on_the_way

@workflow
def flow():
    inside = carrier.on_the_way
    with outside(1) as one, inside(2) as two:
        return one, two
""",
    "attributes of an object in an object": ANSWERING
    + """
class Holder:
    held = Answering()

    class Inner:
        held = Answering()

holder = Holder()

def function():
    pass

function.held = Answering()

@workflow
def flow():
    return holder.held.a, Holder.held.b, Holder.Inner.held.c, function.held.d
""",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_modules_hold_is_found(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = f"held_{list(PROGRAMS).index(name)}"
    assert_means_the_same(HEAD + PROGRAMS[name], module, "flow", tmp_path, monkeypatch)
