"""Functions that are found when the program runs: registries, generic functions, names, aliases."""

import functools
import operator

from perdure import workflow
from tests.corpus.acts import echo

ROUTES = {}


def route(name):
    def decorate(function):
        ROUTES[name] = function
        return function

    return decorate


@route("a")
def handle_a(x):
    return echo(x) + 1


@route("b")
def handle_b(x):
    return echo(x) + 2


@workflow
def registries():
    """A decorator of one's own puts functions into a table."""
    return [ROUTES[name](1) for name in "ab"]


@functools.singledispatch
def show(value):
    return "object"


@show.register
def _(value: int):
    return echo(value) + 1


@show.register(str)
def show_text(value):
    return echo(value) + "!"


@show.register(list)
def show_list(value):
    return [show(item) for item in value]


@show.register
def show_flag(value: bool):
    return echo("flag")


class Proxy:
    """Says that it is of the class of what it stands for."""

    @property
    def __class__(self):
        return bool


@workflow
def generic_functions():
    """functools.singledispatch, by annotation and by argument, in a call and as a value."""
    try:
        show()
    except TypeError as error:
        message = str(error)
    return show(1), show("a"), show(2.5), show([1, ["b"]]), list(map(show, [1, "c"])), message, show(Proxy())


class Visitor:
    def visit(self, node):
        return getattr(self, f"visit_{type(node).__name__}", self.generic)(node)

    def visit_int(self, node):
        return echo(node) * 2

    def visit_str(self, node):
        return echo(node) * 2

    def generic(self, node):
        return echo(None)

    @functools.singledispatchmethod
    def accept(self, node):
        return echo("object")

    @accept.register
    def _(self, node: int):
        return echo(node), self.visit(node)

    @accept.register
    @classmethod
    def _(cls, node: str):
        return cls.__name__, echo(node)

    def charge(self, kind, n=1):
        return echo([kind, n])

    charge_card = functools.partialmethod(charge, "card", n=3)
    alias = charge
    table = {"charge": charge}
    short = lambda self: echo("short")


@workflow
def methods_found():
    """getattr() with a name that is put together, generic methods, partialmethod and aliases."""
    visitor = Visitor()
    found = [visitor.visit(1), visitor.visit("x"), visitor.visit(2.5)]
    found += [visitor.accept(1), visitor.accept("x"), visitor.accept(2.5)]
    found += [visitor.charge_card(), visitor.alias("z"), visitor.short()]
    return found, Visitor.table["charge"](visitor, "t"), getattr(visitor, "ali" + "as")("y")


class Reading:
    @functools.singledispatchmethod
    @classmethod
    def of(cls, text):
        return cls.__name__, echo(text)

    @of.register
    @classmethod
    def _(cls, text: int):
        return cls.__name__, echo(text) + 1

    @functools.singledispatchmethod
    @staticmethod
    def plainly(text):
        return echo(text)

    @plainly.register
    @staticmethod
    def _(text: int):
        return echo(text) + 1


@workflow
def generic_class_methods():
    found = [Reading.of(1), Reading.of("x"), Reading().of(2)]
    return found, Reading.plainly(3), Reading().plainly(4), Reading.plainly("y")


@workflow
def method_callers():
    """operator.methodcaller, called and given to map()."""
    visitors = [Visitor(), Visitor()]
    charge = operator.methodcaller("charge", "m", n=2)
    try:
        charge()
    except TypeError as error:
        message = str(error)
    return [charge(v) for v in visitors], list(map(operator.methodcaller("visit_int", 3), visitors)), message


RATES = []


@functools.cache
def rate(currency):
    RATES.append(currency)
    return echo(currency) + "!"


@functools.lru_cache(maxsize=2, typed=True)
def amount(number, *, scale=1):
    RATES.append((number, scale))
    return echo(number) * scale


class Shop:
    def __init__(self, name):
        self.name = name

    def __eq__(self, other):
        return self.name == other.name

    def __hash__(self):
        return hash(self.name)

    @functools.cache
    def price(self, item):
        return echo(self.name + item)

    @functools.cached_property
    def total(self):
        return echo(len(self.name))


@workflow
def caches():
    """functools.cache and lru_cache around functions and methods that suspend."""
    rate.cache_clear()
    amount.cache_clear()
    Shop.price.cache_clear()
    RATES.clear()
    found = [rate("x"), rate("y"), rate("x"), rate(currency="x")]
    found += [amount(1), amount(1.0), amount(1), amount(2), amount(1.0), amount(1, scale=3)]
    first, second = Shop("one"), Shop("two")
    found += [first.price("a"), second.price("a"), first.price("a"), first.price("b")]
    info = rate.cache_info(), amount.cache_info()
    rate.cache_clear()
    return found, [*map(rate, "xyx")], RATES, info, rate.cache_info()


class Catalogue:
    def __init__(self):
        self.find = functools.lru_cache(maxsize=2)(self._find)

    def _find(self, item):
        return echo(item)


@workflow
def caches_made_by_calls():
    """A cache for each object, and one in a variable."""
    catalogue = Catalogue()
    cached = functools.cache(rate.__wrapped__)
    found = [catalogue.find("a"), catalogue.find("b"), cached("z"), cached("z")]
    return found, Catalogue().find("a")


@workflow
def cached_properties():
    """functools.cached_property is computed once, and can be forgotten."""
    shop = Shop("abc")
    found = [shop.total, shop.total, dict(vars(shop))]
    shop.name = "abcd"
    del shop.total
    return found, shop.total, shop.__dict__["total"]


def with_default(function, pause=lambda n: echo(n)):
    return function() + pause(1)


def checked(holds):
    def decorate(function):
        return lambda x: function(x) if holds(x) else None

    return decorate


@checked(lambda x: echo(x))
def double(x):
    return 2 * x


class Vector:
    def __init__(self, *parts):
        self.parts = parts

    def __iter__(self):
        for part in self.parts:
            yield echo(part)

    def __add__(self, other):
        return Vector(*self.parts, *other.parts)


@workflow
def given_in_passing():
    """Lambdas as defaults and as arguments of decorators; `+=` of objects and of lists."""
    vector, items = Vector(1), [0]
    vector += Vector(2)
    items += Vector(3)
    return with_default(lambda: 1), double(4), double(0), vector.parts, items


def cases():
    return [
        ("given_in_passing", ()),
        ("registries", ()),
        ("generic_functions", ()),
        ("methods_found", ()),
        ("generic_class_methods", ()),
        ("method_callers", ()),
        ("caches", ()),
        ("caches_made_by_calls", ()),
        ("cached_properties", ()),
    ]
