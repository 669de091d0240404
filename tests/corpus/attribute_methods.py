"""Properties with setters, descriptors, and the methods that every attribute goes through."""

from functools import cached_property
from operator import attrgetter

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


class Vague:
    """Raises errors that do not say of which object and attribute they speak."""

    def __init__(self, given):
        self.given = given

    def __getattr__(self, name):
        echo(name)
        raise self.given

    @property
    def shown(self):
        echo("shown")
        raise self.given


class Closed:
    @property
    def shown(self):
        echo("shown")
        raise AttributeError


@workflow
def named_errors():
    """An AttributeError that leaves an attribute's method is told the object and the name."""
    found = []
    told = AttributeError("told", name="else", obj=3)
    for read in (lambda o: o.shown, lambda o: o.missing, lambda o: getattr(o, "given_")):
        for owner in (Vague(AttributeError()), Vague(told), Vague(AttributeError("no")), Closed()):
            try:
                read(owner)
            except AttributeError as error:
                found.append((error.args, error.name, error.obj is owner))
    try:
        Vague(KeyError("other")).missing
    except KeyError as error:
        found.append(repr(error))
    return found


class Priced:
    def __init__(self, price):
        self.price = price

    @property
    def gross(self):
        return echo(self.price) * 2

    @property
    def broken(self):
        raise AttributeError(echo("broken"))

    @cached_property
    def rate(self):
        return echo(self.price) / 10


@workflow
def looked_up(field):
    """getattr(), hasattr() and attrgetter of what suspends; defaults; what they refuse."""
    found, items, record = [], [Priced(n) for n in (3, 1, 2)], Record()
    found += [getattr(items[0], field), getattr(items[0], "gross", 0), getattr(items[1], "rate")]
    found += [getattr(items[0], name, "none") for name in ("broken", "missing", "price", "rate")]
    found += [hasattr(items[0], name) for name in ("broken", "missing", "price", "gross", "rate")]
    found += [hasattr(record, "anything"), hasattr(record, "_hidden"), getattr(record, "_no", 5)]
    found += [item.price for item in sorted(items, key=attrgetter("gross"))]
    found += list(map(attrgetter("rate"), items)) + list(map(attrgetter("price"), items))
    found += [attrgetter("__class__.__name__")(record), attrgetter("price", "price")(items[0])]
    for wrong in (
        lambda: getattr(record, 3),
        lambda: getattr(items[0], "broken"),
        lambda: hasattr(record, 1),
    ):
        try:
            wrong()
        except (TypeError, AttributeError) as error:
            found.append(repr(error))
    return found


FAST = False


class Idioms:
    """Methods and properties that no `def` of that name makes."""

    def get(self):
        return echo("get")

    def put(self, value):
        self.value = echo(value)

    both = property(get, put)
    read = property(fget=get, doc="read")
    of_lambda = property(lambda self: echo("lambda"))
    __len__ = lambda self: echo(3)
    __getitem__ = lambda self, key: echo(key)
    __call__ = get
    chosen = (lambda self: echo("fast")) if FAST else get
    first, second = get, put
    if FAST:
        other = None
    else:
        other = get
    for each in (get, put):
        pass


@workflow
def made_otherwise():
    """property() as a function, lambdas and aliases as methods, chosen where the class is made."""
    here = Idioms()
    here.both = 4
    here.each(5)
    setattr(Idioms, "set_late", lambda self: echo("late"))
    return (
        [here.both, here.value, here.read, here.of_lambda, len(here), here["k"], here()],
        [here.chosen(), here.first(), here.second(6), here.other(), here.set_late()],
    )


def logged(function):
    def wrapper(self):
        echo(function.__name__)
        return function(self)

    return wrapper


class Area:
    @logged
    def area(self):
        return 2

    @property
    @logged
    def size(self):
        return 3

    @logged
    def __len__(self):
        return 4

    @property
    def name(self):
        return echo("area")

    @classmethod
    def kind(cls):
        return echo(cls.__name__)


class Square(Area):
    @property
    def name(self):
        return super().name + "!"

    @classmethod
    def kind(cls):
        return super().kind(), type(super().name).__name__


@workflow
def decorated_methods():
    """A decorator that suspends around methods that do not; properties read through super()."""
    square = Square()
    return square.area(), square.size, len(square), square.name, Square.kind()


class Cell:
    """A descriptor that keeps its value by activities."""

    def __get__(self, owner, kind):
        return owner if owner is None else echo(owner.__dict__.get("kept", "none"))

    def __set__(self, owner, value):
        owner.__dict__["kept"] = echo(value)

    def __delete__(self, owner):
        owner.__dict__["kept"] = echo("deleted")


class Passing:
    """Its own methods pass on what is asked of them."""

    cell = Cell()

    def __init__(self):
        object.__setattr__(self, "seen", [])

    @property
    def price(self):
        return echo(self._price)

    @price.setter
    def price(self, value):
        self._price = echo(value)

    @price.deleter
    def price(self):
        self._price = echo(0)

    def __setattr__(self, name, value):
        self.seen.append(name)
        super().__setattr__(name, value)

    def __delattr__(self, name):
        self.seen.append(f"-{name}")
        super().__delattr__(name)

    def __getattribute__(self, name):
        if name == "double":
            return super().__getattribute__("price") * 2
        return object.__getattribute__(self, name)


@workflow
def passed_on():
    """`super().__setattr__` and its like, in front of properties and descriptors that suspend."""
    item = Passing()
    item.price = 3
    item.cell = "a"
    item.plain = 1
    out = [item.price, item.double, item.cell, item.plain]
    object.__setattr__(item, "price", 5)
    out += [item.price, object.__getattribute__(item, "cell")]
    del item.price
    del item.cell
    del item.plain
    out += [item.price, item.cell, item.seen]
    for attempt in (lambda: item.plain, lambda: object.__setattr__(item, 1, 2)):
        try:
            attempt()
        except (AttributeError, TypeError) as error:
            out.append(str(error))
    return out


class Lazy:
    """Computes once: what it stores in the object comes before it."""

    def __init__(self, function):
        self.function = function

    def __get__(self, owner, kind):
        if owner is None:
            return self
        value = owner.__dict__[self.function.__name__] = self.function(owner)
        return value


class Lazily:
    @Lazy
    def value(self):
        return echo(7)


@workflow
def shadowed_descriptors():
    """A descriptor without `__set__` gives way to the object's own attributes."""
    thing = Lazily()
    return thing.value, thing.value, vars(thing), getattr(thing, "value")


def cases():
    return [
        ("shadowed_descriptors", ()),
        ("passed_on", ()),
        ("decorated_methods", ()),
        ("made_otherwise", ()),
        ("property_setters", ()),
        ("attributes", ()),
        ("named_errors", ()),
        ("looked_up", ("gross",)),
    ]
