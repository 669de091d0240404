"""Classes that no name leads to: made in a function, deleted, replaced.

A class is written in two parts. Its *shell* is what `type.__new__` needs: metaclass, name, bases,
slots. It holds no values, so no cycle goes through it. All else is set on the shell afterwards,
functions before values, so that objects of the class find their methods when they are read.
Nothing that ran when the class statement ran runs again: neither the metaclass's `__new__` and
`__prepare__` nor `__init_subclass__` nor `__set_name__`.
"""

from __future__ import annotations

import _abc  # type: ignore[import-not-found]
import gc
import threading
import types
from abc import ABCMeta
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, EnumType
from types import FunctionType, GetSetDescriptorType, MemberDescriptorType
from typing import Any

from perdure.runtime import functions, generators, iterators
from perdure.runtime.failures import UnpicklableError

_METHODS = (FunctionType, staticmethod, classmethod, property, type(None))
_MADE_ANEW = frozenset({"__dict__", "__weakref__"})
# Given to the shell; made by ABCMeta; noted by pickle itself.
_NOT_WRITTEN = frozenset({"__module__", "_abc_impl", "__slotnames__"})
# Classes that have no name, by an object of theirs.
_UNNAMED = {type(sample): sample for sample in iterators.SAMPLES}
_NAMES_IN_TYPES = {v: n for n, v in vars(types).items() if isinstance(v, type)}
# Pickle knows the classes of these.
_SINGLETONS = (type(None), type(...), type(NotImplemented))


def reduce_class(cls: type, pickler: Any) -> Any:
    """A class by its name; one without a name by value."""
    if (found := generators.reduce_type(cls)) is not None:
        return found
    names = pickler.codec.names
    if names.plain(cls) or cls in _SINGLETONS:
        return NotImplemented
    name = names.own(cls)
    if name is not None:
        return (functions.by_name, name)
    if not cls.__flags__ & _HEAP:
        return _reduce_builtin(cls)
    shell = pickler.shells.get(id(cls)) or pickler.shells.setdefault(id(cls), Shell(cls))
    return (itself, (shell,), _state(cls, shell), None, None, set_contents)


_HEAP = 1 << 9  # Py_TPFLAGS_HEAPTYPE


def _reduce_builtin(cls: type) -> Any:
    if cls in _NAMES_IN_TYPES:
        return (getattr, (types, _NAMES_IN_TYPES[cls]))
    if cls in _UNNAMED:
        return (type, (_UNNAMED[cls],))
    raise UnpicklableError(f"no name leads to the class {cls.__qualname__} of {cls.__module__}")


# The shell ------------------------------------------------------------------------------------


class Shell:
    """Stands for a class while it is written, and is the class when it is read."""

    def __init__(self, cls: type) -> None:
        self.cls = cls


def reduce_shell(shell: Shell, pickler: Any) -> Any:
    """What `type.__new__` needs to make the class."""
    cls = shell.cls

    def shell_of(other: type) -> Any:
        """Bases without their contents, which may lead here."""
        if pickler.codec.names.has(other) or not other.__flags__ & _HEAP:
            return other
        return pickler.shells.get(id(other)) or pickler.shells.setdefault(id(other), Shell(other))

    bases = tuple(shell_of(base) for base in _BASES(cls))
    space: dict[str, Any] = {"__module__": cls.__module__, "__qualname__": cls.__qualname__}
    if "__slots__" in vars(cls):
        space["__slots__"] = tuple(_own_slots(cls))
    members = _member_shells(cls) if isinstance(cls, EnumType) else None
    return (make_shell, (shell_of(type(cls)), _NAME(cls), bases, space, members))


# As `type` has them: a metaclass may have attributes of these names.
_NAME = vars(type)["__name__"].__get__
_BASES = vars(type)["__bases__"].__get__


def _own_slots(cls: type) -> Iterator[str]:
    """The slots that a class adds: their descriptors say so, whatever became of `__slots__`."""
    for name, value in vars(cls).items():
        own = getattr(value, "__objclass__", None) is cls
        if own and type(value) is MemberDescriptorType:
            yield value.__name__
        elif own and type(value) is GetSetDescriptorType and name in _MADE_ANEW:
            yield name


def make_shell(
    meta: type,
    name: str,
    bases: tuple[type, ...],
    space: dict[str, Any],
    members: list[tuple[Any, ...]] | None,
) -> type:
    """An empty class; stands for `make_shell_in`."""
    raise UnpicklableError("read values with Codec.decode")


def make_shell_in(
    shells: dict[type, list[Any]],
    meta: type,
    name: str,
    bases: tuple[type, ...],
    space: dict[str, Any],
    members: list[tuple[Any, ...]] | None,
) -> type:
    """An empty class, and the empty members of an enumeration in `shells`."""
    with _quiet(bases):
        cls: type = type.__new__(meta, name, bases, dict(space))
    if isinstance(cls, ABCMeta):
        _abc._abc_init(cls)
    if members is not None:
        shells[cls] = [_make_member(cls, *member) for member in members]
    return cls


_patching = threading.RLock()


@contextmanager
def _quiet(bases: tuple[type, ...]) -> Iterator[None]:
    """Keep `type.__new__` of this thread from calling the `__init_subclass__` of the bases.

    It has run, when the class statement did. There is no way to make a class without that call, so
    the methods step aside for the moment; to other threads they are what they were.
    """
    owners = {c: None for base in bases for c in base.__mro__ if "__init_subclass__" in vars(c)}
    with _patching:
        real = {c: vars(c)["__init_subclass__"] for c in owners if c.__flags__ & _HEAP}
        for owner, method in real.items():
            type.__setattr__(owner, "__init_subclass__", _aside(method))
        try:
            yield
        finally:
            for owner, method in real.items():
                type.__setattr__(owner, "__init_subclass__", method)


def _aside(method: Any) -> Any:
    here = threading.get_ident()

    def __init_subclass__(cls: Any, /, **options: Any) -> None:
        if threading.get_ident() != here:
            method.__get__(None, cls)(**options)

    return classmethod(__init_subclass__)


# The contents ---------------------------------------------------------------------------------


def _state(cls: type, shell: Shell) -> tuple[Any, ...]:
    """What is set on a shell: the bases' contents first, then methods, then all else."""
    methods: dict[str, Any] = {}
    values: dict[str, Any] = {}
    for name, value in vars(cls).items():
        own = getattr(value, "__objclass__", None) is cls
        if own and type(value) in (MemberDescriptorType, GetSetDescriptorType):
            if name not in _MADE_ANEW and name != value.__name__:
                values[name] = _Slot(shell, value.__name__)  # another name for a slot
        elif name in _NOT_WRITTEN:
            pass
        elif name == "__slots__" and not isinstance(value, str | tuple | list | dict):
            values[name] = tuple(_own_slots(cls))  # an iterator that type.__new__ has emptied
        elif type(value) in _METHODS:
            methods[name] = value
        else:
            values[name] = value
    registered = ()
    if isinstance(cls, ABCMeta):
        known = (link() for link in _abc._get_dump(cls)[0])
        registered = tuple(sorted((c for c in known if c), key=lambda c: c.__qualname__))
    members = [vars(m) for m in members_of(cls)] if isinstance(cls, EnumType) else []
    early = (type(cls), _BASES(cls), _Methods(shell, methods))
    order = [name for name in vars(cls) if name not in _NOT_WRITTEN]
    return (early, members, values, order, registered)


class _Methods:
    """The methods of a class: set as soon as they are read."""

    def __init__(self, shell: Shell, methods: dict[str, Any]) -> None:
        self.shell = shell
        self.methods = methods

    def __reduce__(self) -> Any:
        return (set_methods, (self.shell, self.methods))


class _Slot:
    """The descriptor of a slot, under a name that is not the slot's."""

    def __init__(self, shell: Shell, name: str) -> None:
        self.shell = shell
        self.name = name

    def __reduce__(self) -> Any:
        return (slot, (self.shell, self.name))


def slot(cls: type, name: str) -> Any:
    """The descriptor of a slot."""
    return vars(cls)[name]


def set_methods(cls: type, methods: dict[str, Any]) -> None:
    """Put the methods on a shell."""
    for name, value in methods.items():
        _set(cls, name, value)


# Setting these puts them among a class's variables, though `type` has descriptors for them.
_OWN_OF_TYPE = frozenset(
    {"__doc__", "__module__", "__annotations__", "__abstractmethods__", "__type_params__"}
)


def _set(cls: type, name: str, value: Any) -> None:
    """Put a variable on a class, even one that the metaclass guards.

    `__class__ = property(…)` in the body of a class is one of its variables, though `cls.__class__`
    is something else, which to set would change. So are those that share their names with a
    property of the metaclass.
    """
    if name in _OWN_OF_TYPE or not _is_guarded(type(cls), name):
        type.__setattr__(cls, name, value)
        return
    gc.get_referents(vars(cls))[0][name] = value
    # What Python has noted of the class's attributes does not hold any more.
    type.__setattr__(cls, _PROBE, None)
    type.__delattr__(cls, _PROBE)


_PROBE = "_perdure_probe_"


def _is_guarded(meta: type, name: str) -> bool:
    for base in meta.__mro__:
        if name in vars(base):
            found = type(vars(base)[name])
            return hasattr(found, "__set__") or hasattr(found, "__delete__")
    return False


def itself(cls: type) -> type:
    """What a shell is once it is read."""
    return cls


def set_contents(cls: type, state: tuple[Any, ...]) -> None:
    """Put all else on a shell; stands for `set_contents_in`."""
    raise UnpicklableError("read values with Codec.decode")


def set_contents_in(shells: dict[type, list[Any]], cls: type, state: tuple[Any, ...]) -> None:
    """What makes a shell the class that was written."""
    _, members, values, order, registered = state
    for member, attributes in zip(shells.get(cls, ()), members, strict=True):
        member.__dict__.update(attributes)
    for name, value in values.items():
        _set(cls, name, value)
    _put_in_order(cls, order)
    for other in registered:
        _abc._abc_register(cls, other)


def _put_in_order(cls: type, order: list[str]) -> None:
    """Let `vars(cls)` list the attributes as before; methods were set before values."""
    special = {name for name in order if name.startswith("__") and name.endswith("__")}
    for name in order:
        if name in special or type(value := vars(cls).get(name)) is MemberDescriptorType:
            continue
        if _is_guarded(type(cls), name):
            variables = gc.get_referents(vars(cls))[0]
            variables[name] = variables.pop(name)
        else:
            type.__delattr__(cls, name)
            type.__setattr__(cls, name, value)


# Enumerations ---------------------------------------------------------------------------------


def members_of(cls: Any) -> list[Any]:
    """All objects that an enumeration has made: members, and the combinations of a flag."""
    known = [*cls._member_map_.values(), *cls._value2member_map_.values()]
    return list({id(member): member for member in known}.values())


def are_kept_by_name(kind: Any) -> bool:
    """Whether a class leaves to Python how members of the enumeration are pickled.

    Python does it by their values, which may be functions, or objects that are equal to none.
    """
    return kind.__reduce_ex__ is Enum.__reduce_ex__ and kind.__reduce__ is object.__reduce__


def reduce_named_member(member: Any, pickler: Any) -> Any:
    """A member of an enumeration by its name; what flags make of each other by its value."""
    if type(member).__members__.get(member._name_) is not member:
        return NotImplemented
    return (named_member, (type(member), member._name_))


def named_member(kind: Any, name: str) -> Any:
    """A member of an enumeration."""
    return kind.__members__[name]


def reduce_member(member: Enum, pickler: Any) -> Any:
    """A member of an enumeration that is kept by value: by its number."""
    cls = type(member)
    numbers = pickler.members.get(id(cls))
    if numbers is None:
        numbers = {id(m): number for number, m in enumerate(members_of(cls))}
        pickler.members[id(cls)] = numbers
    number = numbers.get(id(member))
    return (cls, (member.value,)) if number is None else (member_of, (cls, number))


def member_of(cls: type, number: int) -> Enum:
    """A member by its number; stands for a look into the shells."""
    raise UnpicklableError("read values with Codec.decode")


def _member_shells(cls: Any) -> list[tuple[str | None, type, tuple[Any, ...]]]:
    """Of each member its name, and what makes a plain value of the type that is mixed in."""
    return [(m._name_, *_plain_value(m)) for m in members_of(cls)]


_MIXINS: dict[type, Any] = {
    int: int.__int__,
    str: str.__str__,
    float: float.__float__,
    bytes: bytes.__bytes__,
    tuple: lambda m: tuple.__getitem__(m, slice(None)),
}


def _plain_value(member: Any) -> tuple[type, tuple[Any, ...]]:
    kind: Any = next(base for base in type(member).__mro__ if not base.__flags__ & _HEAP)
    if kind is object:
        return object, ()
    if kind in _MIXINS:
        return kind, (_MIXINS[kind](member),)
    try:
        return kind, kind.__reduce__(member)[1]
    except TypeError:
        raise UnpicklableError(
            f"{type(member).__qualname__} is an enumeration made in a function, and its members "
            f"are of type {kind.__name__}, which cannot be kept; define it at the top of its module"
        ) from None


def _make_member(cls: Any, name: str | None, kind: Any, args: tuple[Any, ...]) -> Any:
    member = kind.__new__(cls, *args)
    member.__dict__["_name_"] = name  # its hash
    return member
