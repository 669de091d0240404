"""Where the method stands that iteration calls: in the class, and nowhere else."""

import types

from perdure import workflow
from tests.corpus.acts import echo


class Both:
    """What the object itself says of iteration counts for nothing."""

    def __init__(self):
        self.__iter__ = lambda: iter("object")

    def __iter__(self):
        return iter(["class", echo(1)])


class Refusing:
    """It has items, and refuses to be gone over."""

    __iter__ = None

    def __getitem__(self, index):
        if index > 2:
            raise IndexError
        return echo(index)


class Meta(type):
    def __iter__(cls):
        return iter([echo(2)])


class Of(metaclass=Meta):
    def __iter__(self):
        return iter([echo(3)])


class OnlyMeta(metaclass=Meta):
    pass


class PassingOn:
    """Iteration asks no `__getattr__`."""

    def __getattr__(self, name):
        return getattr([1, 2], name)


class Many:
    """An alias hands on what it is asked to its class."""

    __class_getitem__ = classmethod(types.GenericAlias)

    def __iter__(self):
        return iter([echo(4)])


def unpacked(*items):
    return items


def tried(function, value):
    try:
        return function(value)
    except TypeError as error:
        return str(error)


@workflow
def found_in_the_class():
    """`iter()`, loops and unpacking look past the object; None is a refusal."""
    values = [Both(), Refusing(), Of(), Of, OnlyMeta(), OnlyMeta, PassingOn(), Many[int], list[int], 5]
    ways = [
        lambda value: list(iter(value)),
        lambda value: next(iter(value)),
        list,
        lambda value: [echo(item) for item in value],
        lambda value: unpacked(*value),
    ]
    return [[str(tried(way, value)) for way in ways] for value in values]


CASES = [
    (found_in_the_class, ()),
]
