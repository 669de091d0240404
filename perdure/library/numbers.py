"""What builtins that want a number ask of what they are given: `__index__`, `__float__`, …

The answers are asked for in the builtin's order, and the builtin is given them.
"""

from __future__ import annotations

import math
import operator
from types import FunctionType
from typing import Any

from perdure.compiler.library import NUMBERED
from perdure.library.operators import float_, has_index, index_
from perdure.library.syntax import list_
from perdure.runtime.ops import lookup, special


def numbered(method: Any, /, *args: Any, **kwargs: Any) -> Any:
    """A method that wants numbers at some places."""
    owner = getattr(method, "__self__", None)
    first = 1 if owner is None else 0
    wanted = [first + place for place in NUMBERED[method.__name__]]
    given = [_as_index(value, place in wanted) for place, value in enumerate(args)]
    if isinstance(owner, slice):
        step, start, stop = [_as_index(x, True) for x in (owner.step, owner.start, owner.stop)]
        return slice(start, stop, step).indices(*given)
    return operator.call(method, *given, **kwargs)


def _as_index(value: Any, wanted: bool) -> Any:
    return index_(value) if wanted and has_index(value) else value


def counted(name: str, /, *args: Any) -> Any:
    """A function of `math` that wants integers."""
    return getattr(math, name)(*[_as_index(value, True) for value in args])


def floated(name: str, /, *args: Any, **kwargs: Any) -> Any:
    """A function of `math` that wants floats."""
    return getattr(math, name)(*[_as_float(value) for value in args], **kwargs)


def _as_float(value: Any) -> Any:
    if isinstance(value, float):
        return value  # C asks none
    methods = lookup(type(value), "__float__"), lookup(type(value), "__index__")
    return float_(value) if FunctionType in map(type, methods) else value


def rounded(name: str, function: str, value: Any, /) -> Any:
    """`math.floor`, `ceil` and `trunc`, by the method of that name."""
    if type(lookup(type(value), name)) is FunctionType:
        return special(value, name)()  # type: ignore[misc]  # there is one
    return getattr(math, function)(value if function == "trunc" else _as_float(value))


class _SaysComplex:
    """Gives `complex` what a method gave, so that it says what is wrong with it."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __complex__(self) -> Any:
        return self.value


def complex_(*args: Any, **kwargs: Any) -> complex:
    given: list[Any] = []
    for value in args:
        if not given and type(lookup(type(value), "__complex__")) is FunctionType:
            given.append(_SaysComplex(special(value, "__complex__")()))  # type: ignore[misc]
        else:
            given.append(_as_float(value))
    return complex(*given, **kwargs)


def bytes_(kind: Any, source: Any, /, *args: Any, **kwargs: Any) -> Any:
    """`bytes` and `bytearray` of an object that has its own way, of a length, or of items."""
    if kind is bytes and type(lookup(type(source), "__bytes__")) is FunctionType:
        found = special(source, "__bytes__")()  # type: ignore[misc]  # there is one
        if not isinstance(found, bytes):
            said = f"__bytes__ returned non-bytes (type {type(found).__name__})"
            raise TypeError(said)
        return operator.call(kind, found, *args, **kwargs)
    if has_index(source):
        return operator.call(kind, index_(source), *args, **kwargs)
    if isinstance(source, int):
        return operator.call(kind, int.__int__(source), *args, **kwargs)
    given = list_(source) if kind is bytes else source  # a bytearray does not ask how long it is
    items = [_as_index(item, True) for item in given]
    return operator.call(kind, items, *args, **kwargs)
