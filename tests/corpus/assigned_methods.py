"""Special methods and properties that no `def` in a class body has written."""

import dataclasses

from perdure import workflow
from tests.corpus.acts import echo


def sized(cls):
    cls.__len__ = lambda self: echo(3)
    cls.__repr__ = lambda self: f"sized {echo(1)}"
    return cls


def timed(cls):
    original = cls.__getitem__
    cls.__getitem__ = lambda self, key: (echo("timed"), original(self, key))
    return cls


def wrapped(*names):
    def decorate(cls):
        for name in names:
            method = getattr(cls, name)
            setattr(cls, name, (lambda m: lambda self: (echo("before"), m(self)))(method))
        return cls

    return decorate


@sized
@timed
@wrapped("load")
class Table:
    def __getitem__(self, key):
        return key

    def load(self):
        return 1


@workflow
def by_class_decorators():
    table = Table()
    return len(table), repr(table), f"{table!r}", table["a"], table.load()


def operation(name):
    def call(self, *args):
        return echo((name, *args))

    return call


class Made:
    __add__ = operation("+")
    __call__ = operation("call")
    __getattr__ = operation("attribute")
    __contains__ = operation("in")
    named = operation("named")


@workflow
def by_factories():
    made = Made()
    return made + 1, made(2), made.unknown, made.named(3), 4 in made


Typed = type(
    "Typed",
    (),
    {
        "__sub__": lambda self, other: echo(other),
        "total": property(lambda self: echo("total")),
        "plain": lambda self, x: echo(x),
    },
)


@workflow
def by_type():
    Inner = type("Inner", (Typed,), {"__neg__": lambda self: echo("neg"), "kind": echo("kind")})
    Data = dataclasses.make_dataclass(
        "Data", ["x"], namespace={"twice": lambda self: echo(self.x) * 2}
    )
    typed, inner = Typed(), Inner()
    return typed - 1, typed.total, typed.plain(2), -inner, inner.total, inner.kind, Data(4).twice()


class Shown:
    @property
    def value(self):
        return echo(1)


class Aliases(Shown):
    other = Shown.value
    again = property(Shown.value.fget)


class Open:
    pass


@workflow
def properties():
    Open.size = property(lambda self: echo("size"))
    setattr(Open, "place", property(lambda self: echo("place")))  # noqa: B010
    shown = Aliases()
    return shown.other, shown.again, Open().size, Open().place


def cases():
    return [
        ("by_class_decorators", ()),
        ("by_factories", ()),
        ("by_type", ()),
        ("properties", ()),
    ]
