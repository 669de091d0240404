"""Objects of subclasses of builtins, kept as they are.

Pickle makes an object with its class's `__new__`, asks `items` or `__iter__` for what is in it, and
puts that back with `__setitem__`, `extend` or `__init__`. Code that a class overrides these with
for ends of its own would run again at each restart, on an object that is half made::

    class Lower(dict):                          class Celsius(float):
        def __setitem__(self, key, value):          def __new__(cls, fahrenheit):
            self.log(key) ...                           return super().__new__(cls, ...)

Here such objects are made, read and filled with the builtin's own methods. What a class says itself
(`__reduce__`, `__getnewargs__`, `__getstate__`, `__setstate__`) holds as ever.
"""

from __future__ import annotations

import copyreg
import dataclasses
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from collections.abc import Callable, Set
from enum import Enum
from sys import getrefcount
from types import (
    BuiltinMethodType,
    CodeType,
    FunctionType,
    GetSetDescriptorType,
    MethodDescriptorType,
)
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

Reducer = Callable[[Any, Any], Any]
State = tuple[dict[str, Any], dict[str, Any]]


class _Container(NamedTuple):
    """A builtin container: what pickle calls of its class, how to read it, and how to fill it."""

    base: Any
    called: tuple[str, ...]
    read: Callable[[Any], Any]
    fill: Callable[[Any, Any], Any]


def _put_in_turn(ordered: Any, pairs: Any) -> None:
    for key, value in pairs:
        OrderedDict.__setitem__(ordered, key, value)


# Those that pickle makes by a call of their class would run an `__init__` of the user's again, and
# of some of them it leaves out the attributes.
_CONTAINERS = (
    _Container(
        OrderedDict,
        ("__init__", "__setitem__", "items"),
        lambda own: list(OrderedDict.items(own)),
        _put_in_turn,
    ),
    _Container(
        defaultdict,
        (),
        lambda own: (own.default_factory, list(dict.items(own))),
        lambda own, contents: defaultdict.__init__(own, *contents),
    ),
    _Container(Counter, (), lambda own: list(dict.items(own)), dict.update),
    _Container(dict, ("__setitem__", "items"), lambda own: list(dict.items(own)), dict.update),
    _Container(list, ("__iter__", "append", "extend"), list.copy, list.extend),
    _Container(
        set, ("__iter__", "__init__", "__new__"), lambda own: set.union(set(), own), set.update
    ),
    _Container(
        deque,
        ("__init__", "__iter__", "append", "extend"),
        lambda own: (list(deque.__iter__(own)), own.maxlen),
        lambda own, contents: deque.__init__(own, *contents),
    ),
    _Container(
        bytearray, ("__init__", "__new__"), lambda own: bytes(memoryview(own)), bytearray.__init__
    ),
)


def container_reducer(kind: Any, *, by_value: bool) -> Reducer | None:
    """The reducer for dicts, lists, sets and deques of a class, if pickle's own way is not theirs.

    One whose class is kept `by_value` is filled afterwards: its class may lead to it.
    """
    if _tells_arguments(kind):
        return None
    if issubclass(kind, frozenset) and kind is not frozenset:
        return reduce_frozenset if kind.__reduce__ is frozenset.__reduce__ else None
    found = _container(kind)
    if found is None or kind is found.base or kind.__reduce__ is not found.base.__reduce__:
        return None
    if kind.__reduce_ex__ not in (object.__reduce_ex__, found.base.__reduce_ex__):
        return None
    base, called, *_ = found
    overridden = any(getattr(kind, name) is not getattr(base, name) for name in called)
    needed = by_value or overridden or not called or is_made_bare(kind)
    return reduce_container if needed else None


def _container(kind: Any) -> _Container | None:
    return next((c for c in _CONTAINERS if issubclass(kind, c.base)), None)


def reduce_container(value: Any, pickler: Any) -> Any:
    """A dict, list, set or deque: empty, then with all that is in it."""
    kind = type(value)
    if issubclass(kind, dict) and _is_its_own_dict(value):
        return reduce_dict(value, pickler)
    found = _container(kind)
    assert found is not None
    return (bare, (kind,), (value.__getstate__(), found.read(value)), None, None, set_contents)


def set_contents(value: Any, state: tuple[Any, Any]) -> None:
    """What is in a container, and its attributes."""
    attributes, contents = state
    found = _container(type(value))
    assert found is not None
    found.fill(value, contents)
    if attributes is None:
        return
    if hasattr(type(value), "__setstate__"):
        value.__setstate__(attributes)
    else:
        set_object(value, attributes)


def reduce_frozenset(value: Any, pickler: Any) -> Any:
    """A frozen set of a class: made with what is in it, and not by the class's own `__new__`."""
    contents = tuple(frozenset.__iter__(value))
    return (bare, (type(value), contents), value.__getstate__(), None, None, set_object)


def reduce_dict(value: dict[Any, Any], pickler: Any) -> Any:
    """An object of a dict's subclass: one whose items are its attributes keeps it so."""
    if not _is_its_own_dict(value):
        return NotImplemented
    return (bare, (type(value),), list(dict.items(value)), None, None, set_items_and_attributes)


def _is_its_own_dict(value: Any) -> bool:
    own: Any = getattr(value, "__dict__", None)
    return own is value


def set_items_and_attributes(value: Any, items: list[tuple[Any, Any]]) -> None:
    """Put items back, and make them the attributes."""
    dict.update(value, items)
    object.__setattr__(value, "__dict__", value)


def reduce_masked(value: Any, pickler: Any) -> Any:
    """An object that does not show what it is: its class makes it, and it is not asked again.

    Pickle insists that `__class__` is the class, and asks the empty object for `__setstate__`,
    which a `__getattr__` that reads attributes does not survive.
    """
    kind: Any = type(value)
    if _answers_for_another(kind):
        make = bare if is_made_bare(kind) else new_object
        return (make, (kind,), own_state(value), None, None, set_object)
    reduced: Any = object.__reduce_ex__(value, 5)
    made_by, args, *rest = reduced
    if made_by not in _UNMASKED:
        return reduced
    state, items, pairs = (*rest, None, None, None)[:3]
    settled = hasattr(type(value), "__setstate__")
    setter = None if settled or state is None else set_object
    make = bare if is_made_bare(type(value)) else _UNMASKED[made_by]
    return (make, args, state, items, pairs, setter)


def _answers_for_another(kind: Any) -> bool:
    """Whether objects of a class, asked for their state, may give that of what they stand for."""
    usual = kind.__getstate__ is object.__getstate__ and not _tells_arguments(kind)
    return usual and type(kind.__getattribute__) is FunctionType and _container(kind) is None


def own_state(value: Any) -> State:
    """An object's attributes, and those in slots, past what it says of them."""
    found = {}
    for name in ("__dict__", *copyreg._slotnames(type(value))):  # type: ignore[attr-defined]
        try:
            found[name] = object.__getattribute__(value, name)
        except AttributeError:
            pass  # it is not set
    return found.pop("__dict__", {}), found


def set_object(value: Any, state: Any) -> None:
    """Put attributes back as pickle does, past what the object makes of it."""
    attributes, slots = state if isinstance(state, tuple) and len(state) == 2 else (state, None)
    if attributes:
        object.__getattribute__(value, "__dict__").update(attributes)
    for name, content in (slots or {}).items():
        object.__setattr__(value, name, content)


def sets_otherwise(kind: Any) -> bool:
    """Whether pickle would put attributes back by a `__setattr__` of the class: those in slots."""
    return type(kind.__setattr__) is FunctionType and bool(copyreg._slotnames(kind))  # type: ignore[attr-defined]


def has_written_state(kind: Any) -> bool:
    """Whether `dataclass(frozen=True, slots=True)` wrote how objects of a class are pickled.

    It insists on every field: an object whose `__post_init__` is at work has not got all.
    """
    written: Any = dataclasses._dataclass_getstate  # type: ignore[attr-defined]
    return kind.__getstate__ is written


def reduce_with_slots(value: Any, pickler: Any) -> Any:
    """An object of such a class, with those of its slots that are set."""
    return (bare, (type(value),), object.__getstate__(value), None, None, set_object)


# Attributes that others hold ---------------------------------------------------------------------


def has_usual_dict(kind: Any) -> bool:
    """Whether a class leaves to Python where its objects' attributes are, and pickles them so."""
    return (
        bool(kind.__dictoffset__)
        and type(_found(kind, "__dict__")) is GetSetDescriptorType
        and kind.__getstate__ is object.__getstate__
        and not hasattr(kind, "__setstate__")
    )


def _found(kind: type, name: str) -> Any:
    return next((vars(base)[name] for base in kind.__mro__ if name in vars(base)), None)


def sharing(otherwise: Reducer | None, *, masked: bool) -> Reducer:
    """The reducer of a class where something else may hold the dict of an object's attributes.

    `held = vars(order)`, `order.__dict__.update(n=fetch())`, objects that have one dict between
    them: the dict is written as such then, and is the object's own again when it is read.
    """
    read = object.__getattribute__ if masked else None

    def reduce_sharing(value: Any, pickler: Any) -> Any:
        own = read(value, "__dict__") if read else value.__dict__
        if getrefcount(own) == 3 and type(own) is dict:  # its object, `own`, and the argument
            return otherwise(value, pickler) if otherwise else NotImplemented
        reduced: Any = object.__reduce_ex__(value, 5)
        make, args, state, *rest = reduced
        slots = state[1] if isinstance(state, tuple) else None
        if is_made_bare(type(value)):
            make, args = bare, _bare_arguments(value, args)
        items, pairs = (*rest, None, None)[:2]
        return (_UNMASKED.get(make, make), args, (own, slots), items, pairs, set_dict)

    return reduce_sharing


def set_dict(value: Any, state: tuple[dict[str, Any], dict[str, Any] | None]) -> None:
    """Make a dict that of an object's attributes, and fill its slots."""
    attributes, slots = state
    object.__setattr__(value, "__dict__", attributes)
    set_object(value, (None, slots))


# What goes into sets and dicts -------------------------------------------------------------------


def is_hashed_by_code(kind: Any) -> bool:
    """Whether a class says how its objects are hashed, and leaves to Python how they are kept."""
    if type(kind.__hash__) is not FunctionType:
        return False
    usual = kind.__getstate__ is object.__getstate__ and not hasattr(kind, "__setstate__")
    return usual or has_written_state(kind)


def hashed(otherwise: Reducer | None) -> Reducer:
    """The reducer of such a class: what an object is hashed by is there before others lead to it.

    `boss.team.add(worker)` and `worker.boss`: the set is filled while one of them is only begun.
    """

    def reduce_hashed(value: Any, pickler: Any) -> Any:
        known = otherwise(value, pickler) if otherwise else NotImplemented
        reduced: Any = object.__reduce_ex__(value, 5) if known is NotImplemented else known
        make, args, state, *rest = reduced
        if not state or set_dict in rest:
            return known
        attributes, slots = state if isinstance(state, tuple) else (state, None)
        every = {**(attributes or {}), **(slots or {})}
        early = {name: content for name, content in every.items() if _is_settled(content)}
        if len(early) == len(every):
            return known
        pickler.met_hashed |= not _needs_only(type(value).__hash__, early.keys(), every.keys())
        items, pairs = (*rest, None, None)[:2]
        return (begun, (_UNMASKED.get(make, make), args, early), state, items, pairs, set_in_order)

    return reduce_hashed


def _needs_only(hashes: Any, early: Set[str], every: Set[str]) -> bool:
    """Whether a `__hash__` looks at nothing of all that its object has but what is early."""
    code = hashes.__code__
    if any(isinstance(const, CodeType) for const in code.co_consts):
        return False
    names = set(code.co_names)
    return names & every <= early and names - every <= _OF_HASHES


_OF_HASHES = {"hash", "type", "__class__", "__name__", "str", "int", "tuple", "frozenset", "lower"}


def begun(make: Any, args: Any, attributes: dict[str, Any]) -> Any:
    """An object with those of its attributes that lead to no other."""
    made = make(*args)
    for name, content in attributes.items():
        object.__setattr__(made, name, content)
    return made


def set_in_order(value: Any, state: Any) -> None:
    """All attributes, in their order."""
    attributes, slots = state if isinstance(state, tuple) else (state, None)
    if attributes:
        object.__getattribute__(value, "__dict__").clear()
    set_object(value, (attributes, slots))


_SCALARS = frozenset({int, str, bytes, bool, float, complex, type(None)})
_IMMUTABLE = {("datetime", name) for name in ("date", "datetime", "time", "timedelta", "timezone")}
_IMMUTABLE |= {("decimal", "Decimal"), ("uuid", "UUID"), ("fractions", "Fraction")}


def _is_settled(value: Any, depth: int = 4) -> bool:
    """Whether a value surely does not lead to an object that is in the making."""
    kind: Any = type(value)
    if kind in _SCALARS or (kind.__module__, kind.__name__) in _IMMUTABLE:
        return True
    if issubclass(kind, Enum):
        return True
    if depth and kind in (tuple, frozenset):
        return all(_is_settled(item, depth - 1) for item in value)
    if not depth or not is_hashed_by_code(kind):
        return False
    state = object.__getstate__(value)
    parts = state if isinstance(state, tuple) else (state,)
    return all(_is_settled(v, depth - 1) for part in parts if part for v in part.values())


# Objects of modules that lead nowhere ------------------------------------------------------------


def leaves_state_to_python(kind: Any) -> bool:
    """Whether attributes are all that objects of a class have, kept by pickle as they are."""
    if not all(base is object or base.__flags__ & _HEAP for base in kind.__mro__):
        return False
    usual: Any = object
    if kind.__reduce_ex__ is not usual.__reduce_ex__ or kind.__reduce__ is not usual.__reduce__:
        return False
    if kind.__getstate__ is object.__getstate__:
        return not hasattr(kind, "__setstate__") and not _tells_arguments(kind)
    return has_written_state(kind)


_HEAP = 1 << 9  # Py_TPFLAGS_HEAPTYPE


def settled_state(value: Any) -> State | None:
    """An object's attributes and slots; None if one of those is more than a number or a text.

    Or if its class is kept otherwise.
    """
    if not leaves_state_to_python(type(value)):
        return None
    attributes, slots = own_state(value)
    settled = all(map(is_value, (*attributes.values(), *slots.values())))
    return (attributes, slots) if settled else None


def is_frozen(kind: Any) -> bool:
    """Whether nobody changes objects of a class."""
    params = getattr(kind, "__dataclass_params__", None)
    return params is not None and bool(params.frozen)


def is_value(value: Any) -> bool:
    """Whether of something only the value matters."""
    kind: Any = type(value)
    if kind is tuple or kind is frozenset:
        return all(map(is_value, value))
    return kind in _SCALARS or (kind.__module__, kind.__name__) in _IMMUTABLE


def is_same(one: Any, other: Any) -> bool:
    """Whether two values, or two states, are equal and of the same types."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(is_same(one[key], other[key]) for key in one)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(is_same, one, other))
    return bool(one == other)


def new_object(kind: Any, *args: Any) -> Any:
    """An object as `copyreg.__newobj__` makes it."""
    return kind.__new__(kind, *args)


def new_object_ex(kind: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """An object as `copyreg.__newobj_ex__` makes it."""
    return kind.__new__(kind, *args, **kwargs)


# Pickle knows `copyreg`'s by their names.
_UNMASKED: dict[Any, Any] = {
    copyreg.__newobj__: new_object,  # type: ignore[attr-defined]
    copyreg.__newobj_ex__: new_object_ex,  # type: ignore[attr-defined]
}


def reduce_bare(value: Any, pickler: Any) -> Any:
    """An object whose class has a `__new__`: that has made it once.

    Pickle would call it again with what it tells of itself, or with nothing: another value, another
    count, or an object that was made before. One that its class holds (a singleton) stays that.
    """
    kind: Any = type(value)
    reduced: Any = value.__reduce_ex__(5)
    maker: Any = copyreg.__newobj__  # type: ignore[attr-defined]
    if reduced[0] is not maker:
        return reduced
    if len(reduced[1]) == 1 and (place := _place_in_class(value, pickler)) is not None:
        return (held_or_bare, (kind, *place), *reduced[2:])
    return (bare, _bare_arguments(value, reduced[1]), *reduced[2:])


def _bare_arguments(value: Any, told: tuple[Any, ...]) -> tuple[Any, ...]:
    """What makes an object again, from what pickle would give to the `__new__` of its class."""
    if _is_named_tuple(type(value)):
        return (type(value), tuple.__getitem__(value, slice(None)))
    return told


def is_made_bare(kind: Any) -> bool:
    """Whether pickle would call a `__new__` of the class's own, with what was not meant for it."""
    if type(kind.__new__) is not FunctionType:
        return False
    if _is_named_tuple(kind):  # that told what its own `__new__` is given
        return _definer(kind, "__new__") is not _definer(kind, "__getnewargs__")
    return not _tells_arguments(kind)


def _is_named_tuple(kind: Any) -> bool:
    told = getattr(kind, "__getnewargs__", None)
    return issubclass(kind, tuple) and getattr(told, "__code__", None) is _TELLING


_TELLING = namedtuple("_TELLING", ()).__getnewargs__.__code__  # type: ignore[attr-defined]


def _definer(kind: Any, name: str) -> Any:
    return next(base for base in kind.__mro__ if name in vars(base))


def _tells_arguments(kind: Any) -> bool:
    """Whether a class says what its `__new__` is to be given; its builtin base may say a value."""
    told = getattr(kind, "__getnewargs__", None)
    return hasattr(kind, "__getnewargs_ex__") or not (
        told is None or type(told) is MethodDescriptorType
    )


def bare(kind: Any, *args: Any) -> Any:
    """An object of a class, as the builtin makes it that the class is derived from."""
    for base in kind.__mro__:
        new = vars(base).get("__new__")
        if type(new) is BuiltinMethodType:
            return new(kind, *args)
    raise TypeError(f"no base of {kind!r} makes objects")


# Objects that their classes hold, or those of their classes: singletons, flyweights ----------


def _place_in_class(value: Any, pickler: Any) -> tuple[Any, str, tuple[Any, ...]] | None:
    """The class, the attribute and the key, if that is a table, that lead to an object of it."""
    kind: Any = type(value)
    if not pickler.codec.names.has(kind):
        return None  # what it holds comes along
    for base in (*kind.__mro__, *type(kind).__mro__):
        for name, held in vars(base).items() if base.__flags__ & _HEAP else ():
            if held is value:
                return base, name, ()
            if isinstance(held, dict | WeakValueDictionary) and held:
                keys = pickler.tables.get(id(held))
                if keys is None:
                    keys = pickler.tables[id(held)] = {id(v): key for key, v in [*held.items()]}
                key = keys.get(id(value), held)  # a table is no key
                if key is not held and _is_key(key, kind):
                    return base, name, (key,)
    return None


def _is_key(key: Any, kind: type) -> bool:
    """Whether a key is found again in another process."""
    if type(key) is tuple:
        return all(_is_key(part, kind) for part in key)
    return key is kind or is_value(key)


def is_called_by_metaclass(kind: Any) -> bool:
    """Whether a metaclass of the program makes the objects of a class: singletons, it may be."""
    call = next((vars(m)["__call__"] for m in type(kind).__mro__ if "__call__" in vars(m)), None)
    return type(call) is FunctionType


def held_or_bare(kind: Any, base: Any, name: str, keys: tuple[Any, ...]) -> Any:
    """What a class holds at that place in this process; if nothing is there, a new object."""
    held = vars(base).get(name)
    found = held.get(keys[0]) if keys and isinstance(held, dict | WeakValueDictionary) else held
    if type(found) is kind:
        return found
    made = bare(kind)
    if not keys and found is None:
        type.__setattr__(base, name, made)  # past what a metaclass makes of it
    elif keys and found is None and held is not None:
        held[keys[0]] = made
    return made
