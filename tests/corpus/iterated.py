"""Where the method stands that iteration calls: in the class, and nowhere else."""

import sys
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


class Failing:
    """It can be asked for what it has, and for nothing else."""

    def __iter__(self):
        return self

    def __next__(self):
        return echo(1)

    def __getattr__(self, name):
        raise ArithmeticError(echo(name))


def from_failing():
    yield from Failing()


def heard(told):
    """What nobody can catch is not printed."""


@workflow
def asked_for_close():
    """A generator is closed although what it delegates to fails when it is asked for `close`."""
    out, hook = [], sys.unraisablehook
    for name, args in (("send", (1,)), ("close", ())):
        made = from_failing()
        out.append(next(made))
        sys.unraisablehook = heard
        try:
            out.append(getattr(made, name)(*args))
        except ArithmeticError as error:
            out.append(error.args)
        finally:
            sys.unraisablehook = hook
    return out


def cases():
    return [
        ("asked_for_close", ()),
        ("found_in_the_class", ()),
    ]
