"""Properties that functions, decorators and loops of the program make, and classes of properties."""

import abc
import enum
import functools
import types

from perdure import workflow
from tests.corpus.acts import echo


def typed(name):
    slot = "_" + name

    @property
    def read(self):
        return echo(getattr(self, slot))

    @read.setter
    def read(self, value):
        setattr(self, slot, value)

    return read


def kept(function):
    @property
    @functools.wraps(function)
    def get(self):
        name = "_" + function.__name__
        if name not in self.__dict__:
            self.__dict__[name] = function(self)
        return self.__dict__[name]

    return get


def made_once(n):
    return functools.cached_property(lambda self: echo(n))


class Registry:
    def __init__(self):
        self.functions = {}

    def keep(self, function):
        self.functions[function.__name__] = function
        return property(function)


REGISTRY = Registry()


class Plain(property):
    pass


class Checked(property):
    def __set__(self, owner, value):
        super().__set__(owner, echo(value) + 1)


class Person:
    title = typed("title")
    once = made_once(5)
    left, right = property(lambda self: echo(1)), property(lambda self: echo(2))

    @kept
    def age(self):
        return echo(40)

    @REGISTRY.keep
    def height(self):
        return echo(180)

    @Plain
    def weight(self):
        return echo(70)

    @Checked
    def shoe(self):
        return self._shoe

    @shoe.setter
    def shoe(self, value):
        self._shoe = value


@workflow
def made():
    person = Person()
    person.title = "a"
    person.shoe = 41
    log = [person.title, person.once, person.once, person.left, person.right]
    return [*log, person.age, person.age, person.height, person.weight, person.shoe]


def fields(*names):
    def around(cls):
        for name in names:
            setattr(cls, name, property(lambda self, name=name: echo(self.raw[name])))
        return cls

    return around


@fields("a", "b")
class Row:
    def __init__(self, raw):
        self.raw = raw


class Table:
    def __init_subclass__(cls, **columns):
        for place, (name, convert) in enumerate(columns.items()):
            read = property(lambda self, i=place, convert=convert: convert(self.raw[i]))
            setattr(cls, name, read)

    def __init__(self, raw):
        self.raw = raw


class Sale(Table, sku=str, count=lambda text: echo(int(text))):
    pass


@workflow
def put_into_classes():
    row, sale = Row({"a": 1, "b": 2}), Sale(["x", "3"])
    return row.a, row.b, sale.sku, sale.count


class Planet(enum.Enum):
    EARTH = 1
    MARS = 2

    @enum.property
    def label(self):
        return echo(self.name.title())


class Lazy:
    @types.DynamicClassAttribute
    def found(self):
        return echo("found")

    @found.setter
    def found(self, value):
        self.value = echo(value)


class Shape(abc.ABC):
    @abc.abstractproperty
    def area(self):
        return echo(1)

    @abc.abstractclassmethod
    def unit(cls):
        return echo("m")

    @abc.abstractstaticmethod
    def about():
        return echo("a shape")


class Square(Shape):
    @property
    def area(self):
        return super().area * echo(4)

    @classmethod
    def unit(cls):
        return super().unit() + "2"

    @staticmethod
    def about():
        return Shape.about() + ", square"


@workflow
def of_other_kinds():
    lazy, square = Lazy(), Square()
    lazy.found = 5
    found = [Planet.EARTH.label, *[planet.label for planet in Planet], lazy.found, lazy.value]
    return found, square.area, square.unit(), square.about()


def cases():
    return [
        ("of_other_kinds", ()),
        ("made", ()),
        ("put_into_classes", ()),
    ]
