"""Ways to make objects: dataclasses, enumerations, named tuples, metaclasses and `__new__`."""

import abc
import copy
import dataclasses
import enum
import typing

from perdure import workflow
from tests.corpus.acts import echo


def fresh():
    return echo(["fresh"])


@dataclasses.dataclass(slots=True, order=True)
class Slotted:
    a: int
    made: list = dataclasses.field(default_factory=fresh)
    c: int = dataclasses.field(init=False, default=0)

    def __post_init__(self):
        self.c += echo(self.a) + 1


@dataclasses.dataclass
class Open:
    a: int
    scale: dataclasses.InitVar[int] = 2
    b: int = 5
    later: list = dataclasses.field(default_factory=list, kw_only=True)

    def __post_init__(self, scale):
        self.b = echo(self.a) * scale + self.b


@dataclasses.dataclass(frozen=True)
class Frozen:
    a: int
    items: tuple = dataclasses.field(default_factory=lambda: tuple(echo([1, 2])))
    hidden: dict = dataclasses.field(init=False, default_factory=dict, compare=False)

    def total(self):
        return echo(self.a) + sum(self.items)


@dataclasses.dataclass
class Below(Open):
    extra: str = "e"


@workflow
def dataclasses_made():
    """Slots, factories that suspend, InitVar, frozen ones, inheritance, replace() and errors."""
    one, two = Open(1), Open(1, 3, later=[4])
    found = [Slotted(1), Slotted(2, []), one, two, Frozen(3), Frozen(4, ()), Below(1, extra="x")]
    found += [dataclasses.replace(two, a=7, scale=1), copy.copy(one), Frozen(1).total()]
    found += [dataclasses.asdict(one), Slotted(1) < Slotted(2)]
    for attempt in (
        lambda: Open(),
        lambda: Open(1, 2, 3, 4),
        lambda: Slotted(1, other=2),
        lambda: dataclasses.replace(Slotted(1), c=3),
        lambda: dataclasses.replace(1, c=3),
    ):
        try:
            attempt()
        except (TypeError, ValueError) as error:
            found.append((type(error).__name__, str(error)))
    return found


class Color(enum.Enum):
    RED = 1
    BLUE = 2

    def paint(self):
        return echo(self.name)

    @property
    def shade(self):
        return echo(self.value)

    @classmethod
    def pick(cls, number):
        return cls(echo(number))


class Access(enum.Flag):
    READ = enum.auto()
    WRITE = enum.auto()


@workflow
def enumerations():
    """Methods and properties of members, iteration over an enumeration and over flags."""
    found = [Color.RED.paint(), Color.BLUE.shade, Color.pick(2), Color["RED"].paint()]
    for color in Color:
        found.append(echo(color))
    for access in Access.READ | Access.WRITE:
        found.append(echo(access.name))
    return found, [color.paint() for color in Color], echo(Color.RED) is Color.RED


class Point(typing.NamedTuple):
    x: int
    y: int = 2

    def norm(self):
        return echo(self.x) + self.y


@workflow
def named_tuples():
    """Methods of a named tuple."""
    point = Point(1)
    return point.norm(), point._replace(x=5).norm(), [*point], Point(*echo([3, 4])).norm()


class Meta(type):
    def __call__(cls, *args):
        made = super().__call__(*args)
        made.extra = echo("meta")
        return made


class WithMeta(metaclass=Meta):
    def __init__(self, x):
        self.x = echo(x)


class Plainly(type):
    def __call__(cls, *args, **kwargs):
        return super().__call__(*args, **kwargs)


class Through(metaclass=Plainly):
    def __init__(self, x):
        self.x = echo(x)


class Counting(Meta):
    pass


class Counted(metaclass=Counting):
    pass


class Once:
    made = None

    def __new__(cls, x):
        if cls.made is None:
            cls.made = super().__new__(cls)
            cls.made.tag = echo("new")
        return cls.made

    def __init__(self, x):
        self.x = x


class Elsewhere:
    def __new__(cls, x):
        return [echo(x)]


@workflow
def metaclasses():
    """`__call__` of a metaclass, and `__new__` that suspends or gives something else."""
    Once.made = None
    first, second = Once(4), Once(5)
    try:
        Through()
    except TypeError as error:
        message = str(error)
    meta, through = WithMeta(3), Through(x=6)
    counted = Counted().extra
    return counted, first is second, first.tag, first.x, Elsewhere(1), meta.x, meta.extra, through.x, message


class Keeping(type):
    def __new__(cls, name, bases, space, **given):
        made = super().__new__(cls, name, bases, space)
        made.given = given
        return made

    def __init__(cls, name, bases, space, **given):
        super().__init__(name, bases, space)


def base():
    return echo(None)


@workflow
def class_statements():
    """Suspensions in the bases and the keywords of a class, and its methods called."""

    def marked(text):
        def mark(cls):
            cls.mark = echo(text)
            return cls

        return mark

    @marked(echo("mark"))
    class Made(base() or object, metaclass=Keeping, flag=echo(1), **{"more": echo(2)}):
        def method(self):
            return echo(self.given), __class__.__name__

    return Made().method(), Made.mark, Made.given


class Base(abc.ABC):
    @abc.abstractmethod
    def run(self): ...

    def go(self):
        return self.run()


class Implementation(Base):
    def run(self):
        return echo("implementation")


@workflow
def abstract_classes():
    """A template method, and what an abstract class says."""
    try:
        Base()
    except TypeError as error:
        message = str(error)
    return Implementation().go(), [made.go() for made in (Implementation(), Implementation())], message


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    x: int
    y: int = 2
    weight: dataclasses.InitVar[int] = 0
    total: int = dataclasses.field(init=False)

    def __post_init__(self, weight):
        object.__setattr__(self, "total", echo(self.x + weight))

    def moved(self, **changes):
        return dataclasses.replace(self, **{"weight": 1, **changes})


@workflow
def sealed_dataclasses():
    """Frozen, with slots, and half made while `__post_init__` suspends."""
    first = Sealed(x=1, weight=3)
    second = first.moved(x=5)
    try:
        first.x = echo(3)
    except dataclasses.FrozenInstanceError as error:
        refused = str(error)
    return first, second, refused, dataclasses.asdict(second), first == Sealed(x=1, weight=3)


def cases():
    return [
        ("sealed_dataclasses", ()),
        ("dataclasses_made", ()),
        ("enumerations", ()),
        ("named_tuples", ()),
        ("metaclasses", ()),
        ("abstract_classes", ()),
        ("class_statements", ()),
    ]
