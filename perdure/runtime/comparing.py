"""What a comparison, or a hash, that C makes of a container asks of what is in it.

`[a] == [b]` asks `a == b`, and so does the `__eq__` that `dataclass` writes. Here it is known of
each such container what it asks; Perdure's library asks in its stead.
"""

from __future__ import annotations

import dataclasses
import operator
from collections import deque
from collections.abc import Iterable
from types import FunctionType, MemberDescriptorType
from typing import Any

from perdure.runtime.dataclass_fields import is_method_written
from perdure.runtime.ops import lookup, own_dict

# Comparisons by method: the one that is asked the other way round, and how it is written.
COMPARISONS = {
    "__lt__": ("__gt__", "<"),
    "__le__": ("__ge__", "<="),
    "__eq__": ("__eq__", "=="),
    "__ne__": ("__ne__", "!="),
    "__gt__": ("__lt__", ">"),
    "__ge__": ("__le__", ">="),
}
OF_LENGTHS = {name: getattr(operator, name) for name in COMPARISONS}
_SEQUENCES: dict[Any, type] = {
    lookup(kind, name): kind for kind in (list, tuple, deque) for name in COMPARISONS
}
_SEQUENCES[tuple.__hash__] = tuple
_MAPPINGS: tuple[Any, ...] = (dict.__eq__, dict.__ne__)


def sequence_of(method: Any) -> Any:
    """The list, tuple or deque whose comparison (or hash) a method is; None of another's."""
    return None if type(method) is FunctionType else _SEQUENCES.get(method)


def is_of_mappings(method: Any) -> bool:
    """Whether a method compares dicts."""
    return any(method is known for known in _MAPPINGS)


def fields_asked(kind: type, name: str) -> list[str]:
    """The fields that a method which `dataclass` has written asks."""
    owner = next(base for base in kind.__mro__ if name in base.__dict__)
    if "__dataclass_fields__" not in owner.__dict__:
        return []  # written by somebody else
    fields = dataclasses.fields(owner)
    if name == "__hash__":
        return [f.name for f in fields if (f.compare if f.hash is None else f.hash)]
    return [f.name for f in fields if f.compare]


def parts_asked(value: Any, name: str) -> Iterable[Any]:
    """The values in a container that one of its methods asks the same."""
    kind = type(value)
    method = lookup(kind, name)
    if method is object.__ne__:
        return parts_asked(value, "__eq__")
    if is_of_mappings(method):
        return dict.values(value)
    if is_method_written(method):
        own = own_dict(value) or {}
        return [_field(value, own, field) for field in fields_asked(kind, name)]
    try:
        sequence = sequence_of(method)
    except TypeError:
        return ()  # unhashable: no method
    return () if sequence is None else sequence.__iter__(value)


def in_plain_order(keys: list[Any], reverse: Any) -> list[int]:
    """The places of plain values, from the least to the greatest."""
    return sorted(range(len(keys)), key=keys.__getitem__, reverse=reverse)


def all_plain(keys: list[Any]) -> bool:
    """Whether to compare some values runs no code of the program's."""
    kinds = {type(key) for key in keys}
    if not kinds <= _KEYS:
        return False
    inside = (part for key in keys if type(key) in (tuple, list) for part in key)
    return kinds <= _PLAIN or all(type(part) in _PLAIN for part in inside)


_PLAIN = {int, float, bool, str, bytes, type(None)}
_KEYS = {*_PLAIN, tuple, list}


def _field(value: Any, own: dict[str, Any], name: str) -> Any:
    """The value of a field, without running code of the program's."""
    if type(lookup(type(value), name)) is MemberDescriptorType:
        return getattr(value, name, None)
    return own.get(name)
