"""Functions that come to a class or an object from outside, and what is made of properties."""

import collections
import dataclasses
import enum
import types

from perdure import workflow
from tests.corpus.acts import echo


def opened(cls):
    """Put methods into a class."""

    def __init__(self, value):
        self.value = echo(value)

    def hello(self):
        return echo(("hello", self.value))

    cls.__init__ = __init__
    cls.hello = hello
    return cls


def replaced(cls):
    """Put another class in its place."""

    class Louder(cls):
        def shout(self):
            return echo(self.value) * 2

    return Louder


@opened
class Account:
    pass


@replaced
@opened
class Loud:
    pass


class Base:
    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)

        def run(self):
            return echo(cls.__name__)

        cls.run = run


class Sub(Base):
    pass


@workflow
def by_decorators():
    """By a class decorator, and by `__init_subclass__`."""
    return Account(4).value, Account(5).hello(), Loud(3).shout(), Sub().run()


class Late:
    pass


def named(x):
    return echo(x)


Late.hook = staticmethod(named)
Late.method = lambda self, x: echo((1, x))
for _name, _function in {"first": named, "second": lambda x: echo(-x)}.items():
    setattr(Late, _name, staticmethod(_function))


def made_base():
    class Made:
        def __init__(self):
            self.n = echo(3)

        def more(self):
            return echo(self.n) + 1

    return Made


Again = made_base()


class Below(made_base()):
    pass


class Further(Again):
    pass


@workflow
def at_module_level():
    """By assignments of the module; by a base that a call gives."""
    found = [Late.hook(3), Late().hook(4), Late().method(5), Late.first(6), Late().second(7)]
    return found, Below().more(), Further().n


class Holder:
    def __init__(self, send):
        self.send = send


class Open:
    def __init__(self, **attributes):
        vars(self).update(attributes)


holder = Holder(echo)
space = types.SimpleNamespace(post=echo)
Pair = collections.namedtuple("Pair", "left right")
pair = Pair(echo, echo)
TABLE = {"act": echo}
free = Open(**TABLE)


@workflow
def in_attributes():
    """Activities that objects of the module hold."""
    return holder.send(1), space.post(2), pair.left(3), Pair(abs, echo).right(4), free.act(5)


class Kind:
    def __init__(self):
        self.n = echo(3)


class Factory:
    kind = Kind
    call = staticmethod(lambda x: echo(x))
    bound = classmethod(lambda cls, x: echo((cls.__name__, x)))

    class Part:
        def __init__(self):
            self.n = echo(5)


class Rate(enum.Enum):
    LOW = 1
    HIGH = 2

    def __call__(self, x):
        return echo((self.value, x))


@workflow
def in_classes():
    """What the body of a class holds, called on the class."""
    found = [Factory.kind().n, Factory.call(2), Factory.bound(2), Factory.Part().n]
    return found, Factory().kind().n, Rate.LOW(3), Rate["HIGH"](4)


@dataclasses.dataclass
class Point:
    x: int
    y: int = 2
    tags: list = dataclasses.field(default_factory=lambda: [echo(0)])

    def __post_init__(self):
        self.sum = echo(self.x + self.y)


class Pixel(Point):
    def __init__(self, x):
        super().__init__(x)
        self.colour = "red"


class Dot(Point):
    def __init__(self, x):
        Point.__init__(self, x, y=5)


@dataclasses.dataclass
class Labelled(Point):
    label: str = "?"

    def __post_init__(self):
        super().__post_init__()
        self.shown = echo(self.label)


@workflow
def written_constructors():
    """The `__init__` that `dataclass` wrote, called by that of a heir."""
    try:
        Point.__init__(Pixel(1))
    except TypeError as error:
        wrong = str(error)
    return vars(Pixel(1)), vars(Dot(2)), vars(Labelled(3)), wrong


class Shown:
    @property
    def total(self):
        return echo(1)

    @staticmethod
    def rate(x):
        return echo(x)

    def plain(self):
        return echo(3)


@workflow
def unwrapped():
    """Functions taken out of properties, static methods and bound methods."""
    found = [Shown.total.__get__(Shown()), Shown.total.fget(Shown()), Shown.__dict__["rate"](3)]
    found += [vars(Shown)["rate"].__get__(None, Shown)(5), Shown().plain.__func__(Shown())]
    found += [Shown.plain.__call__(Shown()), Shown.plain.__get__(Shown())(), named.__call__(6)]
    return found, staticmethod(echo)(7), types.MethodType(named, 8)()


def cases():
    return [
        ("by_decorators", ()),
        ("at_module_level", ()),
        ("in_attributes", ()),
        ("in_classes", ()),
        ("written_constructors", ()),
        ("unwrapped", ()),
    ]
