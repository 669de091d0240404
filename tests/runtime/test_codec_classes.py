"""Classes that no name leads to: kept by value, in one pickle with all that refers to them."""

# ruff: noqa: RUF012, RUF023, PIE796, E742, B019  (classes as users write them)
from __future__ import annotations

import abc
import contextlib
import dataclasses
import datetime
import enum
import functools
import gc
import typing
from collections import namedtuple
from collections.abc import Sequence
from typing import Any, Generic, NamedTuple, Protocol, TypedDict, TypeVar

import pytest

from perdure.runtime.codec import Codec

CODEC = Codec()
T = TypeVar("T")


def again(value: Any) -> Any:
    """Through the codec twice: what was read can be written as what was made."""
    return CODEC.decode(CODEC.encode(CODEC.decode(CODEC.encode(value))))


def test_a_class_and_its_objects_stay_one_class() -> None:
    class Point:
        "A point."

        kind = "point"
        made: list[Any] = []

        def __init__(self, x: int) -> None:
            self.x = x
            self.made.append(self)

        def who(self) -> str:
            return f"{__class__.__name__}{self.x}"  # type: ignore[name-defined]

        @property
        def double(self) -> int:
            return self.x * 2

        @classmethod
        def new(cls) -> Any:
            return cls(9)

        @staticmethod
        def plain() -> int:
            return 5

        @functools.cached_property
        def cached(self) -> int:
            return self.x + 100

    class Sub(Point):
        def who(self) -> str:
            return "sub " + super().who()

    Point.me = Point  # type: ignore[attr-defined]
    p, s = Point(1), Sub(2)
    p.cached
    copied, cls, sub, own, sups, method = again((p, Point, Sub, s, super(Sub, s), s.who))
    assert type(copied) is cls is cls.me
    assert sub.__mro__ == (sub, cls, object)
    assert (copied.who(), own.who(), copied.double, cls.plain()) == ("Point1", "sub Point2", 2, 5)
    assert cls.made == [copied, own]
    assert cls.made[1] is own
    assert (cls.__name__, cls.__qualname__, cls.__module__, cls.__doc__) == (
        "Point",
        Point.__qualname__,
        __name__,
        "A point.",
    )
    assert type(cls.new()) is cls
    assert type(sub.new()) is sub
    assert copied.cached == 101
    assert own.cached == 102
    assert sups.who() == "Point2"
    assert method.__self__ is own
    assert method() == "sub Point2"
    assert [k for k in vars(cls) if not k.startswith("__")] == [
        k for k in vars(Point) if not k.startswith("__")
    ]
    gc.collect()
    assert cls.__subclasses__() == [sub]
    assert cls is not Point


@pytest.mark.parametrize("order", ["class", "object", "method", "subclass", "registry"])
def test_whatever_of_a_cycle_is_read_first(order: str) -> None:
    class Base:
        registry: list[Any] = []
        table: dict[Any, Any] = {}

        def __init_subclass__(cls, **options: Any) -> None:
            Base.registry.append(cls)

        def __hash__(self) -> int:
            return hash(self.name)

        def __eq__(self, other: object) -> bool:
            return self is other

        def base(self) -> type:
            return __class__  # type: ignore[name-defined]

    class Sub(Base, option=1):  # type: ignore[call-arg]
        def __init__(self) -> None:
            self.name = "sub"

        def own(self) -> Any:
            return __class__, super().base()  # type: ignore[name-defined]

    one = Sub()
    Base.one = one  # type: ignore[attr-defined]
    Base.table[one] = Sub
    first = {
        "class": Base,
        "object": one,
        "method": Sub.own,
        "subclass": Sub,
        "registry": Base.registry,
    }
    _, base, sub, copied = again((first[order], Base, Sub, one))
    assert base.registry == [sub]
    assert base.one is copied
    assert base.table == {copied: sub}
    assert copied.own() == (sub, base)
    gc.collect()
    assert base.__subclasses__() == [sub]

    class Another(base):  # type: ignore[misc, valid-type]
        pass

    assert base.registry == [sub, Another]


def test_metaclasses_and_set_name_do_not_run_again() -> None:
    log: list[str] = []

    class Meta(type):
        def __new__(meta, name: str, bases: Any, space: Any, **options: Any) -> Any:
            log.append("new")
            return super().__new__(meta, name, bases, space)

        @classmethod
        def __prepare__(meta, name: str, bases: Any, **options: Any) -> Any:
            log.append("prepare")
            return {}

        def __init__(cls, name: str, bases: Any, space: Any, **options: Any) -> None:
            log.append("init")
            super().__init__(name, bases, space)

        def __call__(cls, *args: Any) -> Any:
            log.append("call")
            return super().__call__(*args)

        def __setattr__(cls, name: str, value: Any) -> None:
            log.append("set")
            super().__setattr__(name, value)

        def __len__(cls) -> int:
            return 7

    class Field:
        def __set_name__(self, owner: Any, name: str) -> None:
            log.append("name")
            self.name, self.owner = name, owner

        def __get__(self, instance: Any, owner: Any = None) -> Any:
            return self if instance is None else (self.name, instance)

    class Model(metaclass=Meta, x=1):  # type: ignore[call-arg]
        field = Field()

    one = Model()
    ran = list(log)
    model, copied, meta, kept = again((Model, one, Meta, log))
    assert kept == ran
    assert type(model) is meta
    assert len(model) == 7
    assert type(copied) is model
    assert copied.field == ("field", copied)
    assert model.field.owner is model


def test_slots() -> None:
    class A:
        __slots__ = ("x", "__hidden", "__weakref__")

        def __init__(self) -> None:
            self.x = 1
            self.__hidden = 2

        def hidden(self) -> int:
            return self.__hidden

    class B(A):
        __slots__ = {"y": "documented"}

    class C(B):
        pass

    class D:
        __slots__ = iter(["p", "q"])

    c = C()
    c.y, c.z = 3, 4  # type: ignore[attr-defined]
    b = B()
    a2, b2, c2, one, d = again((A, B, c, b, D))
    assert (c2.x, c2.hidden(), c2.y, c2.z) == (1, 2, 3, 4)
    assert b2.__slots__ == {"y": "documented"}
    assert not hasattr(one, "__dict__")
    assert not hasattr(one, "y")
    with pytest.raises(AttributeError):
        one.other = 1
    assert a2.__basicsize__ == A.__basicsize__
    instance = d()
    instance.p = 1
    with pytest.raises(AttributeError):
        instance.r = 1


def test_dataclasses() -> None:
    @dataclasses.dataclass
    class Plain:
        a: int
        b: list[int] = dataclasses.field(default_factory=list)
        c: str = dataclasses.field(default="c", metadata={"k": 1}, compare=False)

    @dataclasses.dataclass(frozen=True, order=True)
    class Frozen:
        a: int

        def __post_init__(self) -> None:
            object.__setattr__(self, "more", 1)

    @dataclasses.dataclass(frozen=True, slots=True)
    class Slots:
        a: int
        b: int = 2

    @dataclasses.dataclass(kw_only=True)
    class Sub(Plain):
        d: dataclasses.InitVar[int] = 7
        e: typing.ClassVar[int] = 8

    values = (Plain(1), Frozen(2), Slots(3), Sub(a=4))
    (plain, frozen, slots, sub), classes = again((values, [type(v) for v in values]))
    assert [type(v) for v in (plain, frozen, slots, sub)] == classes
    assert (plain, plain.b) == (classes[0](1), [])
    assert classes[0](5).b is not classes[0](5).b
    assert dataclasses.fields(plain)[2].metadata["k"] == 1
    assert repr(sub) == repr(values[3])
    assert dataclasses.replace(slots, a=9) == classes[2](9)
    assert [f.name for f in dataclasses.fields(sub)] == ["a", "b", "c"]
    assert classes[1](1) < frozen
    assert hash(frozen) == hash(values[1])
    assert frozen.more == 1
    for value in (frozen, slots):
        with pytest.raises(dataclasses.FrozenInstanceError):
            value.a = 1
    assert dataclasses.asdict(plain) == {"a": 1, "b": [], "c": "c"}


def test_enumerations() -> None:
    class Color(enum.Enum):
        RED = 1
        GREEN = [2]
        ROUGE = 1

        def __init__(self, value: Any) -> None:
            self.extra = {"of": self}

        @property
        def shout(self) -> str:
            return self.name + "!"

    class Number(enum.IntEnum):
        ONE = enum.auto()
        TWO = enum.auto()

    class Text(enum.StrEnum):
        A = enum.auto()

    class Right(enum.Flag):
        READ = 1
        WRITE = 2
        BOTH = 3

    class Mode(enum.IntFlag):
        X = 1
        Y = 4

    class Day(datetime.date, enum.Enum):
        FIRST = 2020, 1, 1

    day, first_day = again((Day, Day.FIRST))
    assert first_day is day.FIRST
    assert first_day.isoformat() == "2020-01-01"

    mixed = Mode.X | Mode.Y
    for first in (Color.RED, Color, {"k": Color.GREEN}):
        _, color, red, green = again((first, Color, Color.RED, Color.GREEN))
        assert red is color.RED is color(1) is color.ROUGE is color["RED"]
        assert list(color) == [red, green]
        assert green.value == [2]
        assert red.extra["of"] is red
        assert red.shout == "RED!"
        assert repr(red) == "<Color.RED: 1>"
        assert {red: 1}[color.RED] == 1
        assert red in color
    number, two, text, a = again((Number, Number.TWO, Text, Text.A))
    assert two is number.TWO is number(2)
    assert two + 1 == 3
    assert type(two) is number
    assert a is text.A
    assert a == "a"
    assert isinstance(a, str)
    right, both, none, mode, xy = again((Right, Right.BOTH, Right(0), Mode, mixed))
    assert both is right.BOTH is right.READ | right.WRITE
    assert list(both) == list(right)
    assert none is right(0)
    assert xy is mode.X | mode.Y
    assert xy == 5
    assert ~right.READ is right.WRITE
    with pytest.raises(AttributeError):
        red.name = "x"
    with pytest.raises(TypeError, match="annot extend"):

        class More(color):  # type: ignore[misc, valid-type]
            pass


def test_typing() -> None:
    Old = namedtuple("Old", "x y", defaults=[2])

    class New(NamedTuple):
        x: int
        y: list[int] = []

        def total(self) -> int:
            return self.x + len(self.y)

    class Shape(TypedDict, total=False):
        name: str

    class Sized(Protocol):
        def size(self) -> int: ...

    @typing.runtime_checkable
    class Checked(Protocol):
        def size(self) -> int: ...

    S = TypeVar("S", bound=int)

    class Box(Generic[S]):
        item: S

        def size(self) -> int:
            return 1

    class IntBox(Box[int], Sized):
        pass

    old, new, oldie, newer = again((Old(1), New(1, [5]), Old, New))
    assert old == (1, 2)
    assert old.y == 2
    assert type(old) is oldie
    assert old._replace(x=3) == (3, 2)
    assert new.total() == 2
    assert newer._fields == ("x", "y")
    assert repr(new) == "New(x=1, y=[5])"
    assert oldie._make([1, 2]) == (1, 2)
    assert newer(1).y is newer(2).y
    shape, sized, checked, box, intbox, alias, s = again(
        (Shape, Sized, Checked, Box, IntBox(), Box[int], S)
    )
    assert shape(name="a") == {"name": "a"}
    assert not shape.__total__
    assert isinstance(intbox, checked)
    assert isinstance(intbox, box)
    assert not isinstance(1, checked)
    assert alias.__origin__ is box
    assert box.__parameters__ == (s,)
    assert s.__bound__ is int
    assert type(box[int]()) is box
    with pytest.raises(TypeError, match="Protocols cannot be instantiated"):
        sized()


def test_abstract_classes() -> None:
    class Store(abc.ABC):
        @abc.abstractmethod
        def get(self) -> int: ...

        @property
        @abc.abstractmethod
        def size(self) -> int: ...

    class Memory(Store):
        def get(self) -> int:
            return 1

        @property
        def size(self) -> int:
            return 2

    class Other:
        pass

    class Items(Sequence[int]):
        def __getitem__(self, i: Any) -> Any:
            return [1, 2, 3][i]

        def __len__(self) -> int:
            return 3

    Store.register(Other)
    store, memory, other, items = again((Store, Memory(), Other(), Items()))
    assert memory.size == 2
    assert isinstance(memory, store)
    assert isinstance(other, store)
    assert not isinstance(1, store)
    assert store.__abstractmethods__ == {"get", "size"}
    with pytest.raises(TypeError, match="abstract"):
        store()
    assert list(reversed(items)) == [3, 2, 1]
    assert isinstance(items, Sequence)
    match items:
        case [first, *_]:
            assert first == 1
        case _:
            pytest.fail("no sequence any more")


def test_exception_classes() -> None:
    class Bad(Exception):
        def __init__(self, code: int, *, hint: str) -> None:
            super().__init__(f"bad {code}")
            self.code, self.hint = code, hint

    class Worse(Bad, KeyError):
        __slots__ = ("extra",)

    error = Worse(1, hint="h")
    error.extra = [error]
    error.__cause__ = Bad(2, hint="g")
    bad, copied = again((Bad, error))
    assert isinstance(copied, bad)
    assert (copied.code, copied.hint) == (1, "h")
    assert copied.extra[0] is copied
    assert type(copied.__cause__) is bad
    with pytest.raises(bad, match="bad 3"):
        raise bad(3, hint="")


def test_subclasses_of_builtins() -> None:
    class L(list[Any]):
        pass

    class D(dict[Any, Any]):
        def __missing__(self, key: Any) -> Any:
            return key

    class S(str):
        pass

    class I(int):
        __hash__ = None  # type: ignore[assignment]

    class Tu(tuple[Any, ...]):
        pass

    items = L([1, 2])
    items.name = "n"  # type: ignore[attr-defined]
    L.one = items  # type: ignore[attr-defined]
    xs, d, s, i, t, kind = again((items, D(a=1), S("s"), I(4), Tu([1]), L))
    assert xs == [1, 2]
    assert xs.name == "n"
    assert kind.one is xs
    assert type(xs) is kind
    assert d == {"a": 1}
    assert d["b"] == "b"
    assert s == "s"
    assert i == 4
    assert t == (1,)
    with pytest.raises(TypeError, match="unhashable"):
        hash(i)


def test_nested_classes_decorators_and_class_getitem() -> None:
    @functools.total_ordering
    class Outer:
        class Inner:
            class Innermost:
                x = 1

        def __init__(self, n: int) -> None:
            self.n = n

        def __eq__(self, other: object) -> bool:
            return self.n == typing.cast(Any, other).n

        def __lt__(self, other: Any) -> bool:
            return self.n < other.n

        def __class_getitem__(cls, item: Any) -> Any:
            return cls, item

        @functools.singledispatchmethod
        def take(self, x: Any) -> str:
            return "any"

        @take.register
        def _(self, x: int) -> str:
            return "int"

        @functools.lru_cache
        def cached(self, x: Any) -> Any:
            return [x]

        later = functools.partialmethod(cached, 8)
        __hash__ = object.__hash__

        @contextlib.contextmanager
        def context(self) -> Any:
            yield self.n

    one, outer = again((Outer(1), Outer))
    assert outer.Inner.Innermost.x == 1
    assert outer[5] == (outer, 5)
    assert one >= outer(0)
    assert (one.take(1), one.take("")) == ("int", "any")
    assert one.cached(7) is one.cached(7)
    assert one.later() == [8]
    with one.context() as n:
        assert n == 1
