"""Objects that are made through an alias: `Box[int](1)`."""

import dataclasses
import types
from typing import Generic, TypeVar

from perdure import workflow
from tests.corpus.acts import echo

T = TypeVar("T")


class Box(Generic[T]):
    def __init__(self, value):
        self.value = echo(value)

    @classmethod
    def of(cls, value):
        return cls[int](value)


IntBox = Box[int]


class Parcel(IntBox):
    def weigh(self):
        return echo(self.value) * 2


class Closed:
    """It cannot be told what it was made as."""

    __slots__ = ("value",)
    __class_getitem__ = classmethod(types.GenericAlias)

    def __init__(self, value):
        self.value = echo(value)


@workflow
def aliases():
    """An alias calls its class, and the object knows what it was made as."""
    box = Box[int](1)
    found = [box.value, box.__orig_class__ == Box[int], IntBox(2).value, Box.of(3).__orig_class__]
    return found, Closed[int](4).value, [Box[str](n).value for n in range(2)]


@workflow
def heirs():
    """An alias is a base like its class."""
    return Parcel(4).weigh(), isinstance(Parcel(5), Box), list[int](echo(n) for n in range(2))


class Counting(type):
    def __call__(cls, *args):
        made = super().__call__(*args)
        made.number = echo(len(args))
        return made


class Counted(Generic[T], metaclass=Counting):
    def __init__(self, value):
        self.value = value


@dataclasses.dataclass
class Order(Generic[T]):
    lines: list = dataclasses.field(default_factory=lambda: [echo(7)])


class Express(Order[int]):
    pass


@workflow
def metaclasses_and_factories():
    """A metaclass's `__call__`, and default factories, behind an alias."""
    found = [Counted[int](2).number, Counted(1).value, Order[int]().lines, Express().lines]
    return found, Express([3]).lines


@workflow
def refused():
    """What cannot be made says so."""
    found = []
    for alias in (list, Box[int]):
        try:
            alias(1, echo(2), 3)
        except TypeError as error:
            found.append(str(error))
    return found


def cases():
    return [
        ("aliases", ()),
        ("heirs", ()),
        ("metaclasses_and_factories", ()),
        ("refused", ()),
    ]
