"""The dict of an object's attributes, held by others than the object."""

import dataclasses

from perdure import workflow
from tests.corpus.acts import echo


class Held:
    """Others may hold the dict of its attributes."""

    limit = 3

    def __init__(self, **attributes):
        self.__dict__.update({name: echo(value) for name, value in attributes.items()})

    def more(self):
        self.__dict__["n"] += echo(1)
        vars(self).update(m=echo(2))


class Slotted(Held):
    __slots__ = ("side",)


@dataclasses.dataclass(frozen=True)
class FrozenPoint:
    x: int = 0


@workflow
def dicts_held():
    """The dict of an object's attributes stays that one, whoever holds it across a suspension."""
    one, empty = Held(n=1), Held()
    one.more()
    slotted = Slotted(n=1)
    slotted.side = 4
    point = FrozenPoint()
    held = [vars(one), vars(empty), vars(slotted), vars(point)]
    echo(1)
    for n, attributes in enumerate(held):
        attributes["x"] = echo(n)
    slotted.more()
    found = [one.n, one.m, one.x, empty.x, slotted.n, slotted.x, slotted.side, point.x]
    return found, held, vars(slotted) is held[2], vars(empty) is held[1]


class Borg:
    """Its objects have one dict between them."""

    shared = {"n": 1}

    def __init__(self):
        self.__dict__ = self.shared


@workflow
def one_dict_for_two():
    """Two objects with one dict of attributes."""
    first, second = Held(n=1), Held()
    second.__dict__ = first.__dict__
    first.a = echo(2)
    found = [second.a, second.n]
    second.n = echo(3)
    borg = [Borg(), Borg()]
    echo(1)
    borg[0].fresh = echo(4)
    return found, first.n, borg[1].fresh, borg[0].n


def cases():
    return [
        ("dicts_held", ()),
        ("one_dict_for_two", ()),
    ]
