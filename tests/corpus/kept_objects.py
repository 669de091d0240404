"""What is live across a suspension may be of a class, or run code, that no name leads to."""

import contextlib
import collections
import dataclasses
import enum
import importlib.util
import itertools
import re
import string
import types
import weakref

from perdure import workflow
from tests.corpus.acts import add, echo, fail

_MISSING = object()


def once_more(name):
    """A module of its own that `import` does not lead to."""
    spec = importlib.util.find_spec(name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_string = once_more("string")


def multiplier(n):
    """A factory: its functions are made outside of any workflow."""
    return lambda x: x * n


def tally():
    """Two functions over one variable."""
    count = 0

    def up():
        nonlocal count
        count += 1
        return count

    return up, lambda: count


class Measured(list):
    """A list whose methods do more than the list's own, which `super()` means."""

    def __init__(self, items, unit):
        super().__init__(echo(items))
        self.unit = unit

    def append(self, item):
        super().append(echo((item, self.unit)))


class Money(float):
    """A float with a currency, made of both."""

    def __new__(cls, amount, currency):
        made = super().__new__(cls, amount)
        made.currency = currency
        return made

    def plus(self, other):
        return type(self)(super().__add__(echo(other)), self.currency)


class Celsius(float):
    """A float that is made of another one than it is."""

    def __new__(cls, fahrenheit):
        return super().__new__(cls, (fahrenheit - 32) / 1.8)


class Handle:
    """An object whose `__new__` must be told more than its class."""

    def __new__(cls, name, *, kind):
        self = super().__new__(cls)
        self.name, self.kind = name, kind
        return self


class Stack(dict):
    """A dict of the same sort."""

    def __new__(cls, name):
        self = super().__new__(cls)
        self.name = name
        return self

    def __init__(self, name):
        self["name"] = name


class Lower(dict):
    """A dict that is particular about how it is filled and read."""

    def __init__(self, log):
        self.log = log

    def __setitem__(self, key, value):
        self.log.append(key)
        super().__setitem__(key.lower(), value)

    def items(self):
        return [(key.upper(), value) for key, value in super().items()]


class Doubled(list):
    """The same of a list."""

    def __iter__(self):
        return iter([2 * x for x in super().__iter__()])

    def extend(self, items):
        super().extend(items + [0])


class Tags(set):
    """The same of a set."""

    def __init__(self, name, *tags):
        super().__init__(tags)
        self.name = name

    def __iter__(self):
        return iter(sorted(super().__iter__()))


@workflow
def containers_with_a_will():
    """What a class makes of being filled and read happens when the program says so, only."""

    class Local(Lower):
        pass

    log = []
    lower, doubled, tags, local = Lower(log), Doubled(), Tags("t", "b", "a"), Local(log)
    lower["A"] = local["B"] = lower
    doubled.extend([1, 2])
    Local.own = local
    echo(1)
    tags.add("c")
    echo(2)
    return (
        (log, lower.log is log, list(lower), lower["a"] is lower, lower.items()[0][0]),
        (list(doubled), len(doubled), doubled[0]),
        (list(tags), tags.name, "a" in tags, type(tags) is Tags),
        (list(local), local.log is log, Local.own is local, local["b"] is lower),
    )


@workflow
def builtin_methods_of_super():
    """`super().append` in the middle of a call is the base's method, not the override."""
    xs = Measured([1, 2], "m")
    xs.append(3)
    amount = Money(1.5, "EUR").plus(2)
    base = super(Measured, xs).append
    count = xs.count
    echo(None)
    base(4)
    return list(xs), xs.unit, amount, amount.currency, count(4), base == super(Measured, xs).append


@workflow
def made_with_arguments():
    """Objects whose `__new__` needs arguments that no `__getnewargs__` tells."""

    class Local(list):
        def __new__(cls, items, extra):
            self = super().__new__(cls, items)
            self.extra = extra
            return self

        def __init__(self, items, extra):
            super().__init__(items)

    handle, stack, local = Handle("h", kind="k"), Stack("s"), Local([1], "e")
    pair, degrees = [handle, handle], Celsius(212)
    local.append(local)
    stack["self"] = stack
    echo(None)
    return (
        (handle.name, handle.kind, type(handle) is Handle, pair[0] is pair[1]),
        (sorted(stack), stack.name, stack["self"] is stack, type(stack) is Stack),
        (float(degrees), type(degrees) is Celsius),
        (local[0], local[1] is local, local.extra, type(local) is Local),
    )


@workflow
def module_in_a_variable():
    """A module that only a variable leads to, and what belongs to it."""
    module, words, kind = _string, _string.capwords, _string.Template
    template = kind("$x")
    echo(1)
    return (
        (module is _string, module is string, words is _string.capwords, words("a b")),
        (kind is _string.Template, type(template) is kind, template.substitute(x=1)),
    )


@workflow
def local_class():
    """A class made in the workflow, with super(), a property and objects of it."""

    class Base:
        made = []

        def __init_subclass__(cls):
            Base.made.append(cls.__name__)

        def __init__(self, n):
            self.n = n

        def value(self):
            return self.n

        @property
        def double(self):
            return self.value() * 2

    class Sub(Base):
        def value(self):
            return super().value() + 100

    x, y = Base(1), Sub(2)
    n = echo(3)
    z = Sub(n)
    m = echo(4)
    same = type(x) is Base, type(z) is type(y) is Sub, isinstance(z, Base)
    return same, [x.double, y.double, z.double, m], Base.made, Base.__subclasses__() == [Sub]


@workflow
def local_dataclass():
    """Dataclasses that are equal, frozen, with slots, and with a default factory."""

    @dataclasses.dataclass(frozen=True, slots=True)
    class Point:
        x: int
        y: int = 2

    @dataclasses.dataclass
    class Line:
        start: Point
        ends: list = dataclasses.field(default_factory=list)

    p = Point(1)
    line = Line(p)
    n = echo(5)
    line.ends.append(Point(n))
    n = echo(6)
    other = Line(p, [Point(5)])
    return line == other, line.start is p, dataclasses.asdict(line), hash(p) == hash(Point(1)), n


@workflow
def local_enum():
    """Members keep their identity."""

    class Color(enum.Enum):
        RED = enum.auto()
        BLUE = enum.auto()

    class Flags(enum.Flag):
        A = 1
        B = 2

    color, both = Color.BLUE, Flags.A | Flags.B
    table = {Color.RED: echo(1), Color.BLUE: echo(2)}
    echo(3)
    return color is Color.BLUE, Color(1) is Color.RED, table[color], both is Flags(3), list(Color)[0].name


@workflow
def local_error():
    """An exception class of the workflow's own is caught by its class."""

    class Odd(Exception):
        def __init__(self, *, code):
            super().__init__(f"odd {code}")
            self.code = code

    held = Odd(code=1)
    try:
        try:
            fail(ValueError, "x")
        except ValueError as error:
            raise Odd(code=echo(7)) from error
    except Odd as error:
        n = echo(error.code)
        return n, str(error), type(error) is type(held) is Odd, type(error.__cause__).__name__
    return None


@workflow
def named_tuples():
    """Of a class that is made while the workflow runs."""
    Pair = collections.namedtuple("Pair", "a b")
    p = Pair(echo(1), echo(2))
    echo(3)
    return p, p._replace(a=5), type(p) is Pair


@workflow
def functions_of_factories():
    """Functions made by functions of the module, and the variable that two of them share."""
    triple = multiplier(3)
    up, get = tally()
    up()
    n = echo(4)
    up()
    n = triple(n) + echo(1)
    return n, up(), get()


@workflow
def sentinels():
    """A module's sentinel is itself; a sentinel made in the workflow is one object."""
    own, found = object(), _MISSING
    box = {"a": own, "b": found}
    echo(1)
    return found is _MISSING, box["a"] is own, box["b"] is _MISSING


@workflow
def iterators():
    """Iterators over iterators, where they stand."""
    source = iter(range(20))
    pairs = itertools.pairwise(source)
    chunks = itertools.chain.from_iterable([[1, 2], [3]])
    counted = itertools.count(10, 5)
    groups = itertools.groupby("aabccc")
    out = []
    for first, second in zip(pairs, chunks):
        out.append((first, add(second, next(counted))))
        out.append(echo(next(source)))
    for key, group in groups:
        next(group)
        out.append((echo(key), len(list(group))))
    return out


@workflow
def views():
    """Views, matches, weak references and descriptors."""
    table = collections.OrderedDict(a=1)
    keys, proxy = table.keys(), types.MappingProxyType(table)
    match = re.search(r"(?P<n>\d+)", "a 12 b")
    holder = Handle("table", kind=table)
    ref = weakref.ref(holder)
    prop = property(lambda self: 7)
    n = echo(int(match["n"]))
    table["b"] = n
    return list(keys), proxy["b"], ref() is holder, match.span(), prop.fget(0)


@workflow
def masks():
    """Classes with variables of which `type` or a metaclass has its own."""

    class Meta(type):
        @property
        def label(cls):
            return f"Meta's {vars(cls)['label']}"

    class Proxy:
        def __init__(self, behind):
            self.behind = behind

        def like(self):
            return echo(type(self.behind))

        __class__ = property(lambda self: type(self.behind))

    class Odd:
        def bases(self):
            return (int,)

        __bases__ = property(bases)
        __class__ = 413

    class Labelled(metaclass=Meta):
        label = "own"
        other = 1

    proxy, odd = Proxy([1]), Odd()
    n = echo(1)
    kinds = isinstance(proxy, list), type(proxy) is Proxy, proxy.like()
    shown = odd.__class__, odd.__bases__, issubclass(odd, int), Odd.__bases__
    return n, kinds, shown, Labelled.label, [n for n in vars(Labelled) if n[0] != "_"]


class Documented(property):
    """A property's own class."""


class Elusive(property):
    """A property whose class makes something else."""

    def __new__(cls, *args, **kwargs):
        return "nothing"


@workflow
def documents_of_properties():
    """A docstring that came from a getter makes way for another getter's; one that was given does not."""

    class Local:
        @Documented
        def spam(self):
            """first"""
            return self._spam

        plain = property(lambda self: 1)
        given = property(lambda self: 1, doc="given")

    elusive = property.__new__(Elusive)

    def other(self):
        """second"""
        return echo(9)

    n = echo(1)
    again = Local.spam.setter(lambda self, value: setattr(self, "_spam", value))
    docs = [again.__doc__, Local.spam.getter(other).__doc__]
    n = echo(2)
    docs += [Local.plain.getter(other).__doc__, Local.given.getter(other).__doc__, again.__doc__]
    return n, docs, type(elusive) is Elusive


@workflow
def odd_errors():
    """Errors that were never given the arguments which their classes ask for."""
    bare = [k.__new__(k) for k in (UnicodeEncodeError, UnicodeDecodeError, UnicodeTranslateError)]
    full = UnicodeDecodeError("utf-8", b"abc", 1, 2, "reason")
    full.start = 0
    full.args = (1,)
    n = echo(1)
    return n, [str(e) for e in bare], bare[0].args, str(full), full.args


@workflow
def attributes_of_functions():
    """Functions may have one dictionary for their attributes."""

    def one():
        return echo(1)

    def two():
        return echo(2)

    shared = {"a": 7}
    one.__dict__ = shared
    two.__dict__ = shared
    one.b = one() + two()
    return one.__dict__ is two.__dict__ is shared, two.b, shared


class Machine:
    State = enum.Enum("State", "ON OFF")
    Place = collections.namedtuple("Place", "x y")

    class Part:
        Size = dataclasses.make_dataclass("Size", ["n"], eq=True)
        Kind = type("Kind", (), {"label": "k"})


@workflow
def made_in_class_bodies():
    """Classes that a call in a class body has made are found there."""
    state, place = Machine.State.ON, Machine.Place(1, echo(2))
    size, kind = Machine.Part.Size(3), Machine.Part.Kind()
    echo(4)
    found = [state is Machine.State.ON, state == Machine.State.ON, type(place) is Machine.Place]
    return found, type(size) is Machine.Part.Size, size == Machine.Part.Size(3), kind.label


def container(base, *given, **named):
    """A subclass whose objects are made otherwise, and know something more."""

    class Container(base):
        def __init__(self, size):
            super().__init__(*given, **named)
            self.size = size

    Container.__name__ = Container.__qualname__ = f"My{base.__name__}"
    return Container


MyOrderedDict = container(collections.OrderedDict, b=1, a=2)
Mydefaultdict = container(collections.defaultdict, list)
MyCounter = container(collections.Counter, "aab")
Mydeque = container(collections.deque, [1, 2], 5)
MyUserDict = container(collections.UserDict, a=1)
MyChainMap = container(collections.ChainMap, {1: 2})
Mydict = container(dict, a=1)
Myset = container(set, [1])
Mybytearray = container(bytearray, b"x")


class MyFrozen(frozenset):
    def __new__(cls, size):
        made = super().__new__(cls, [size, 0])
        made.size = size
        return made


class Plain(collections.defaultdict):
    pass


@workflow
def containers_made_otherwise():
    """Subclasses of containers whose `__init__` takes something else, with attributes."""
    kinds = [MyOrderedDict, Mydefaultdict, MyCounter, Mydeque, MyUserDict, MyChainMap, Mydict]
    made = [kind(n) for n, kind in enumerate([*kinds, Myset, Mybytearray, MyFrozen])]
    made[0]["self"] = made[0]
    made[0].move_to_end("b")
    made[1]["z"].append(1)
    plain = Plain(list)
    plain.label = "kept"
    found = [echo(each.size) for each in made]
    found += [list(made[0]), made[0]["self"] is made[0], made[1]["q"], made[3].maxlen]
    return found, made[1:], plain["w"], plain.label, [type(each).__name__ for each in made]


class Record:
    """Its attributes are what is in a dictionary: reading one before there is any never ends."""

    def __init__(self, **known):
        self.known = known

    def __getattr__(self, name):
        assert not name.startswith("__")
        return self.known[name]


class SlottedRecord(list):
    """The same with slots, and elements."""

    __slots__ = ("known",)

    def __init__(self, items, **known):
        super().__init__(items)
        object.__setattr__(self, "known", known)

    def __getattr__(self, name):
        return self.known[name]

    def __setattr__(self, name, value):
        raise TypeError("frozen")


@workflow
def answers_for_missing():
    """Objects with a __getattr__ that needs what they hold."""
    record, slotted = Record(a=1, b=[2]), SlottedRecord("xy", c=3)
    record.more = record
    n = echo(1)
    return n, record.a, record.b, record.more is record, slotted.c, slotted


def lines(first, *rest):
    yield first.upper()
    yield from rest


@workflow
async def made_in_a_class_body():
    """A generator that the body of a class makes is Python's own, and is kept before it begins."""
    log, makers = [], {"lines": lines}

    @contextlib.asynccontextmanager
    async def scope(log, *names, last="z", **more):
        log.append(("enter", names, last, more, echo("in")))
        yield
        log.append(echo("out"))

    class Holder:
        source = makers["lines"]("a", "b")

        @scope(log, "x", "y", last="w", more=1)
        async def method(self, a, b=2):
            return a, b, echo("method")

    echo("between")
    out = [await Holder().method(1), await Holder().method(3, b=4)]
    out.append(list(Holder.source))
    return out, log


def cases():
    return [
        ("containers_made_otherwise", ()),
        ("made_in_class_bodies", ()),
        ("answers_for_missing", ()),
        ("documents_of_properties", ()),
        ("odd_errors", ()),
        ("attributes_of_functions", ()),
        ("masks", ()),
        ("local_class", ()),
        ("local_dataclass", ()),
        ("local_enum", ()),
        ("local_error", ()),
        ("named_tuples", ()),
        ("module_in_a_variable", ()),
        ("containers_with_a_will", ()),
        ("builtin_methods_of_super", ()),
        ("made_with_arguments", ()),
        ("functions_of_factories", ()),
        ("sentinels", ()),
        ("iterators", ()),
        ("views", ()),
        ("made_in_a_class_body", ()),
    ]
