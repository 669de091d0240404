"""Objects that pickle would not give back as they were: their classes have code of their own."""

import collections
import dataclasses
import datetime
import enum
import functools
import operator
import types
import typing
import weakref

from perdure import workflow
from tests.corpus.acts import echo


class Money:
    """Sets no attribute in the usual way."""

    __slots__ = ("amount", "note")

    def __init__(self, amount):
        object.__setattr__(self, "amount", amount)

    def __setattr__(self, name, value):
        raise AttributeError("immutable")


class Counting:
    __slots__ = ("__dict__", "first")

    def __setattr__(self, name, value):
        super().__setattr__(name, f"{value}!")


@workflow
def with_their_own_setattr():
    money, counting = Money(3), Counting()
    counting.first, counting.second = "a", "b"
    echo(1)
    echo(2)
    return money.amount, hasattr(money, "note"), counting.first, counting.second


class Person:
    def __init__(self, name):
        self.knows = set()
        self.name = name
        self.boss = None

    def __hash__(self):
        return hash(self.name)

    def __eq__(self, other):
        return self.name == other.name


class Level(enum.Enum):
    LOW = 1


@dataclasses.dataclass(frozen=True, eq=True)
class Key:
    number: int
    level: Level = Level.LOW
    since: datetime.date = datetime.date(2020, 1, 2)


@dataclasses.dataclass(frozen=True)
class Order:
    key: Key
    parts: tuple[str, ...]
    lines: dict = dataclasses.field(default_factory=dict, compare=False)


@dataclasses.dataclass(frozen=True, slots=True)
class Slotted:
    name: str
    found: set = dataclasses.field(default_factory=set, compare=False)


@workflow
def hashed_by_what_they_hold():
    """They lead to themselves by sets and keys: those are filled while they are only begun."""
    ann, bob = Person("ann"), Person("bob")
    ann.knows |= {bob, ann}
    bob.knows.add(ann)
    bob.boss = ann
    order = Order(Key(1), ("a", "b"))
    order.lines[order] = Order(Key(2), (), {order: "first"})
    slotted = Slotted("s")
    slotted.found.add(slotted)
    echo(1)
    inner = order.lines[order]
    found = bob in ann.knows, ann in bob.knows, len(ann.knows), bob.boss is ann, [*vars(bob)]
    return found, inner.lines[order], next(iter(inner.lines)) is order, slotted in slotted.found


class Target:
    def __init__(self, number):
        self.number = number


class Standing:
    """Asked for anything, it gives that of what it stands for."""

    __slots__ = ("__dict__", "_target")

    def __init__(self, target):
        object.__setattr__(self, "_target", target)

    def __getattribute__(self, name):
        return getattr(object.__getattribute__(self, "_target"), name)


@workflow
def standing_for_others():
    target = Target(1)
    first, second = Standing(target), Standing(Target(2))
    echo(1)
    target.number = 3
    return first.number, second.number, type(first) is Standing


class Department:
    def __init__(self, name):
        self.name = name
        self.people = set()

    def __hash__(self):
        return hash(self.name)

    def __eq__(self, other):
        return isinstance(other, Department) and self.name == other.name


class Employee:
    def __init__(self, number, department):
        self.number = number
        self.department = department
        department.people.add(self)

    def __hash__(self):
        return hash((self.number, self.department))

    def __eq__(self, other):
        return (self.number, self.department) == (other.number, other.department)


@dataclasses.dataclass(frozen=True)
class Edge:
    start: object
    end: object


class Typed:
    """Hashed by an attribute that is called like a builtin."""

    def __init__(self, kind):
        self.type = kind
        kind.found.add(self)

    def __hash__(self):
        return hash(self.type)


class Type:
    def __init__(self, name):
        self.name = name
        self.found = set()

    def __hash__(self):
        return hash(self.name)


@workflow
def hashed_by_builtin_names():
    typed = Typed(Type("a"))
    nan = float("nan")
    kept, again = {nan: typed}, [nan]
    echo(1)
    return typed in typed.type.found, kept[again[0]] is typed, again[0] in kept, again == [*kept]


class Node:
    def __init__(self, name):
        self.held = {"name": name}
        self.edges = {}
        self.seen = collections.defaultdict(set)

    @property
    def name(self):
        return self.held["name"]

    def __hash__(self):
        return hash(self.name)

    def __eq__(self, other):
        return self.name == other.name


@workflow
def hashed_by_what_others_hold():
    department = Department("it")
    people = [Employee(number, department) for number in range(3)]
    one, two = Node("one"), Node("two")
    edge = Edge(one, two)
    one.edges[edge] = two.edges[edge] = (one, two)
    two.edges[edge, 1] = edge
    one.seen[two].add(one)
    first, nan = people[0], {float("nan")}
    weakly = weakref.WeakKeyDictionary({one: two})
    echo(1)
    same = first in department.people, len(department.people), first.department is department
    same += edge in two.edges, two.edges[edge, 1] is edge, [*one.edges] == [edge]
    echo(2)
    return same, one.seen[two] == {one}, weakly[one] is two, len(nan), [*map(len, [two.edges])]


class Rate:
    def __init__(self, percent):
        self.percent = percent


class Operator(enum.Enum):
    ADD = ("+", lambda a, b: a + b)
    TAX = Rate(7)
    NOTHING = float("nan")
    SUM = "+"
    ALSO = SUM


class Mode(enum.Flag):
    READ = enum.auto()
    WRITE = enum.auto()


@workflow
def members_by_their_names():
    add, tax, nothing = Operator.ADD, {Operator.TAX: 1}, [Operator.NOTHING, Operator.ALSO]
    both = Mode.READ | Mode.WRITE
    echo(1)
    found = [member.name for member in Operator if echo(True)]
    same = add is Operator.ADD, nothing == [Operator.NOTHING, Operator.SUM], both is Mode(3)
    return found, same, add.value[1](1, 2), tax[Operator.TAX], [*tax][0].value.percent


def barks(self):
    return echo(f"{self.name} barks")


class Dog:
    def __init__(self, name, speaks=None):
        self.name = name
        if speaks is not None:
            self.speak = types.MethodType(speaks, self)

    def speak(self):
        return echo(f"{self.name} is silent")


def speak(self):
    return echo(f"{self.name} speaks")


@workflow
def with_methods_of_their_own():
    rex, max_, tim = Dog("rex", speak), Dog("max", barks), Dog("tim")
    tim.runs = tim.speak
    kept = rex.speak
    echo(1)
    return rex.speak(), max_.speak(), tim.speak(), tim.runs(), kept()


@dataclasses.dataclass(frozen=True)
class Failed(Exception):
    code: int


def fails(code):
    raise Failed(echo(code))


@workflow
def frozen_exceptions():
    found = []
    try:
        try:
            fails(1)
        finally:
            found.append(echo("finally"))
    except Failed as error:
        found.append(echo(error.code))
        try:
            raise Failed(2) from error
        except Failed as other:
            found.append((echo(other.code), other.__cause__ is error, other.__context__ is error))
    return found


class Unset:
    def __init__(self, why):
        self.why = why


UNSET = Unset("nobody said")


@dataclasses.dataclass(frozen=True)
class Price:
    amount: int
    currency: str = "EUR"


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    name: str
    after: tuple = ()


class Prices:
    FREE = Price(0)
    BY_NAME = {"book": Price(5), "all": [Price(6)]}

    @property
    def total(self):
        return 11


FIRST = Step("first", ("none", 1))


def given(value=UNSET):
    echo(0)
    return value is UNSET


@workflow
def objects_of_the_module(value=UNSET):
    """Those that lead nowhere stay the module's own, as long as they are like it."""
    unset, free, first = UNSET, Prices.FREE, FIRST
    listed, named = Prices.BY_NAME["all"][0], Prices.BY_NAME["book"]
    another = Price(0)
    echo(1)
    kept = [unset is UNSET, value is UNSET, free is Prices.FREE, first is FIRST]
    kept += [listed is Prices.BY_NAME["all"][0], named is Prices.BY_NAME["book"]]
    return kept, another is free, another == free, given(), given(3)


class Item(collections.namedtuple("Item", "price vat")):
    __slots__ = ()

    def __new__(cls, price, vat=0.2):
        return super().__new__(cls, price * (1 + vat), vat)


class Vector(collections.namedtuple("Vector", "x y norm")):
    def __new__(cls, x, y):
        return super().__new__(cls, x, y, x * x + y * y)


class Color:
    known = {}

    def __new__(cls, name="none"):
        if name not in cls.known:
            made = super().__new__(cls)
            made.name = name
            cls.known[name] = made
        return cls.known[name]


class Pool:
    pools = weakref.WeakValueDictionary()

    def __new__(cls, host="localhost"):
        pool = cls.pools.get(host)
        if pool is None:
            pool = cls.pools[host] = object.__new__(cls)
            pool.jobs = []
        return pool

    def __init__(self, host="localhost"):
        self.host = host


class Single:
    one = None

    def __new__(cls, *args):
        if cls.one is None:
            cls.one = super().__new__(cls)
            cls.one.hits = []
        return cls.one


class OnlyOne(type):
    made = {}

    def __call__(cls, *args):
        if (cls, args) not in OnlyOne.made:
            OnlyOne.made[cls, args] = super().__call__(*args)
        return OnlyOne.made[cls, args]


class Config(metaclass=OnlyOne):
    def __init__(self, name="main"):
        self.name = name


class Job:
    count = 0

    def __new__(cls, *args):
        cls.count += 1
        return super().__new__(cls)

    def __init__(self, name):
        self.name = name
        self.id = Job.count


class Guarded:
    def __new__(cls, *args, **more):
        if not more.get("allowed"):
            raise TypeError("use make()")
        return super().__new__(cls)

    @classmethod
    def make(cls):
        return cls(allowed=True)

    def __init__(self, allowed):
        self.allowed = allowed


@workflow
def made_once():
    """A `__new__` is not called again, be it for the same value, another, or none."""
    Color.known.clear()
    Pool.pools.clear()
    OnlyOne.made.clear()
    Job.count, Single.one = 0, None
    item, vector = Item(10.0), Vector(1, 2)
    vector.note = "kept"
    red, blue = Color("red"), Color("blue")
    left, right = Pool("a"), Pool("b")
    left.jobs.append(echo(1))
    right.jobs.append(echo(2))
    single = Single(1)
    single.hits.append(echo(3))
    jobs = []
    for name in "abc":
        jobs.append(Job(name))
        echo(name)
    guarded, main, other = Guarded.make(), Config(), Config("other")
    echo(4)
    found = [round(item.price, 3), tuple(vector), vector.note, type(vector).__name__]
    found += [red.name, blue.name, red is Color("red"), left.host, left.jobs, right.host]
    found += [right.jobs, Pool("a") is left, single.hits, Single() is single]
    found += [main.name, main is Config(), other.name, other is Config("other"), other is main]
    return found, [(job.name, job.id) for job in jobs], guarded.allowed


@workflow
def made_once_locally():
    log = []

    class Noted:
        def __new__(cls, *args):
            log.append("new")
            return super().__new__(cls)

    class Single:
        one = None

        def __new__(cls):
            if cls.one is None:
                cls.one = super().__new__(cls)
            return cls.one

    noted, single = Noted(1), Single()
    single.hits = [echo(1)]
    echo(2)
    return log, type(noted).__name__, single.hits, single is Single()


def marked(args, mark=(object(),), *, other=(object(),)):
    return (*args, *mark, *other)


def marking():
    mark = object()

    def key(args):
        return (*args, mark)

    return key


keyed = marking()


@workflow
def marks_of_functions():
    """A mark to which only a default or a variable of a function leads."""
    cache = {marked((1,)): "by default", keyed((1,)): "by variable"}
    echo(1)
    return cache.get(marked((1,))), cache.get(keyed((1,)))


class Leaf:
    pass


class Registry(weakref.WeakValueDictionary):
    def __init__(self, name):
        super().__init__()
        self.name = name

    def __setitem__(self, key, value):
        super().__setitem__(key, value)
        self.last = key


class Watchers(weakref.WeakSet):
    def __init__(self, items, name):
        super().__init__(items)
        self.name = name


@workflow
def weak_containers():
    node, other = Leaf(), Leaf()
    registry, watchers, plain = Registry("r"), Watchers([node], "w"), weakref.WeakSet([other])
    registry["a"], registry["b"] = node, other
    plain.note = "kept"
    echo(1)
    found = [registry.name, registry["a"] is node, registry.last, len(registry), watchers.name]
    return found, [*watchers] == [node], plain.note, other in plain, node in plain


Json = typing.Union[str, typing.List["Json"]]  # noqa: UP006, UP007
ADDED = functools.lru_cache(functools.partial(operator.add, 1))


class Parsed:
    value: Json


@workflow
def by_their_names():
    """A property, an evaluated reference to a type, a cache of what has no name."""
    area, hints, added = Prices.total, typing.get_type_hints(Parsed), ADDED
    echo(1)
    return area is Prices.total, len(hints), added(2)


def cases():
    return [
        ("by_their_names", ()),
        ("weak_containers", ()),
        ("made_once", ()),
        ("made_once_locally", ()),
        ("marks_of_functions", ()),
        ("with_their_own_setattr", ()),
        ("hashed_by_what_they_hold", ()),
        ("standing_for_others", ()),
        ("hashed_by_what_others_hold", ()),
        ("hashed_by_builtin_names", ()),
        ("members_by_their_names", ()),
        ("with_methods_of_their_own", ()),
        ("frozen_exceptions", ()),
        ("objects_of_the_module", ()),
    ]
