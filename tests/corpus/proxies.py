"""Objects and classes that give an attribute of any name."""

import functools

from perdure import workflow
from tests.corpus.acts import echo


class Api:
    """Its methods are made when they are asked for."""

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)

        def call(*args):
            return echo((name, args))

        return call


class Table:
    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return functools.partial(echo, name)


class Query:
    def __init__(self):
        self.steps = []

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)

        def add(*args):
            self.steps.append((name, args))
            return self

        return add

    def run(self):
        return [echo(step) for step in self.steps]


@workflow
def methods_of_any_name():
    """Closures, partials and bound methods that `__getattr__` gives."""
    found = [Api().users(1), getattr(Api(), "get")(3), Api().update(4), Table().rows()]
    return found, [Table().rows() for _ in range(2)], Query().where(1).order("x").limit(5).run()


class Open(type):
    def __getattr__(cls, name):
        return echo((cls.__name__, name))

    @property
    def size(cls):
        return echo(len(cls.__name__))


class Settings(metaclass=Open):
    known = 1


class Field:
    def __set_name__(self, owner, name):
        self.name = name

    def __get__(self, owner, kind=None):
        return echo((self.name, owner is None, kind.__name__))


class Form:
    title = Field()


class Letter(Form):
    pass


@workflow
def attributes_of_classes():
    """A metaclass's `__getattr__` and properties, and descriptors read on the class."""
    found = [Settings.colour, getattr(Settings, "font"), hasattr(Settings, "x"), Settings.known]
    return found, Settings.size, Form.title, Letter.title, getattr(Form, "title"), Form().title


def cases():
    return [
        ("methods_of_any_name", ()),
        ("attributes_of_classes", ()),
    ]
