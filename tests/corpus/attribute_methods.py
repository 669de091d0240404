"""Properties with setters, descriptors, and the methods that every attribute goes through."""

from perdure import workflow
from tests.corpus.acts import echo


class Thermostat:
    def __init__(self):
        self.celsius = 20

    @property
    def fahrenheit(self):
        return echo(self.celsius) * 9 / 5 + 32

    @fahrenheit.setter
    def fahrenheit(self, value):
        self.celsius = echo((value - 32) * 5 / 9)

    @fahrenheit.deleter
    def fahrenheit(self):
        self.celsius = echo(None)

    @property
    def fixed(self):
        return echo(1)


@workflow
def property_setters():
    """Properties whose setter and deleter suspend; one without them; setattr() and delattr()."""
    here, found = Thermostat(), []
    here.fahrenheit = 212
    found.append(here.celsius)
    here.fahrenheit += 9
    found.append(here.celsius)
    here.fahrenheit, other = 50, 1
    found.append(here.celsius)
    setattr(here, "fahrenheit", 32)
    found.append(here.celsius)
    del here.fahrenheit
    found.append(here.celsius)
    try:
        here.fixed = 5
    except AttributeError as error:
        found.append(str(error))
    try:
        del here.fixed
    except AttributeError as error:
        found.append(str(error))
    here.celsius = 3
    delattr(here, "fahrenheit")
    return found, here.celsius


class Field:
    def __set_name__(self, owner, name):
        self.name = name

    def __get__(self, owner, kind):
        if owner is None:
            return self
        return echo(owner.__dict__.get(self.name, "unset"))

    def __set__(self, owner, value):
        owner.__dict__[self.name] = echo(value)

    def __delete__(self, owner):
        name = echo(self.name)
        del owner.__dict__[name]


class Record:
    title = Field()
    plain = 1

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(echo(name))
        return echo(f"made {name}")

    def method(self):
        return echo(self.title)


class Guarded:

    def __setattr__(self, name, value):
        object.__setattr__(self, name, echo(value) * 2)

    def __delattr__(self, name):
        object.__delattr__(self, echo(name))

    def __getattribute__(self, name):
        if name.startswith("_"):
            return object.__getattribute__(self, name)
        return echo(name), object.__getattribute__(self, name)


@workflow
def attributes():
    """Descriptors, `__getattr__`, `__getattribute__`, `__setattr__` and `__delattr__`."""
    record, guarded, found = Record(), Guarded(), []
    found.append(record.title)
    record.title = "moby"
    record.title += " dick"
    found += [record.title, record.method(), record.other, record.plain]
    del record.title
    found.append(record.title)
    for attempt in (lambda: record._hidden, lambda: guarded.missing):
        try:
            found.append(attempt())
        except AttributeError as error:
            found.append(str(error))
    guarded.size = 3
    found.append(guarded.size)
    del guarded.size
    try:
        guarded.size
    except AttributeError as error:
        found.append(str(error))
    return found, Record.title is Record.__dict__["title"]


CASES = [
    (property_setters, ()),
    (attributes, ()),
]
