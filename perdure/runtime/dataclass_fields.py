"""What `dataclass` knows of a class, for making its objects without the `__init__` it wrote.

That function has no source, so it cannot be compiled; what it does is done in Python where a
default factory, or `__post_init__`, suspends (`dataclasses._process_class` of CPython).
"""

from __future__ import annotations

import contextlib
import dataclasses
import inspect
import sys
from types import FunctionType
from typing import Any

# What stands in a generated signature for the default of a field that has a factory.
NO_VALUE: Any = dataclasses._HAS_DEFAULT_FACTORY  # type: ignore[attr-defined]
_INIT_ONLY: Any = dataclasses._FIELD_INITVAR  # type: ignore[attr-defined]
_OF_THE_CLASS: Any = dataclasses._FIELD_CLASSVAR  # type: ignore[attr-defined]


def is_method_written(function: Any) -> bool:
    """Whether something is a function that `dataclass` wrote (or that came out of `exec`)."""
    return type(function) is FunctionType and function.__code__.co_filename == "<string>"


def is_written(function: Any) -> bool:
    """Whether something is an `__init__` that `dataclass` wrote."""
    return is_method_written(function) and function.__code__.co_name == "__init__"


def filler_of(kind: type, written: Any = None) -> type | None:
    """The class whose `__init__`, for objects of `kind`, `dataclass` wrote; None if it did not.

    That is the first `__init__` in the order of classes, or the one that is given.
    """
    for base in kind.__mro__:
        found = base.__dict__.get("__init__")
        if found is None or (written is not None and found is not written):
            continue
        return base if is_written(found) and "__dataclass_fields__" in base.__dict__ else None
    return None


def fields_of(owner: Any) -> list[Any]:
    """The fields that the `__init__` of a dataclass sets."""
    fields = owner.__dataclass_fields__.values()
    return [field for field in fields if field._field_type is not _OF_THE_CLASS]


def is_for_init_only(field: dataclasses.Field[Any]) -> bool:
    """Whether a field is an `InitVar`: it is handed to `__post_init__`."""
    return field._field_type is _INIT_ONLY  # type: ignore[attr-defined]


def bound(written: Any, made: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a generated `__init__` by name; raises what a call of it raises."""
    found: inspect.BoundArguments | None = None
    with contextlib.suppress(TypeError):
        found = inspect.signature(written).bind(made, *args, **kwargs)
    if found is None:
        written(made, *args, **kwargs)  # says it as Python does, and sets nothing
    assert found is not None
    found.apply_defaults()
    return found.arguments


# What `dataclasses.replace` raises.
_REPLACE_ERROR = TypeError if sys.version_info >= (3, 13) else ValueError


def changes_for(obj: Any, changes: dict[str, Any]) -> dict[str, Any]:
    """What `dataclasses.replace` makes an object of again; raises what it raises."""
    found = dict(changes)
    for field in type(obj).__dataclass_fields__.values():
        if field._field_type is _OF_THE_CLASS:
            continue
        if not field.init:
            if field.name in changes:
                raise _REPLACE_ERROR(
                    f"field {field.name} is declared with init=False, "
                    "it cannot be specified with replace()"
                )
        elif field.name not in changes:
            if is_for_init_only(field) and field.default is dataclasses.MISSING:
                raise _REPLACE_ERROR(f"InitVar {field.name!r} must be specified with replace()")
            found[field.name] = getattr(obj, field.name)
    return found


def slots_of(kind: type) -> frozenset[str]:
    """The names of the slots of a class of its own."""
    slots = kind.__dict__.get("__slots__", ())
    return frozenset([slots] if isinstance(slots, str) else slots)
