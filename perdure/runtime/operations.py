"""The functions that do what operators do, as compiled code asks for them: `_Op0.add(a, b)`."""

from __future__ import annotations

import builtins
import functools
import math
import operator
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from perdure.compiler.operators import BUILTINS, MATH, OPERATIONS, Operation


class Says:
    """Gives a builtin what a method gave, so that the builtin says what is wrong with it."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def _given(self) -> Any:
        return self.value

    __len__ = __int__ = __index__ = __hash__ = __repr__ = __bool__ = _given


def formatted(value: Any, conversion: str, spec: str, /) -> str:
    """A part of an f-string; `conversion` is the letter after the `!`, or empty."""
    if conversion:
        value = _CONVERSIONS[conversion](value)
    return format(value, spec)


def percent(left: Any, right: Any, /) -> Any:
    """`left % right`, where the left may be a text; `operator.mod` is for what is none."""
    return left % right


def mapping(value: Any, /) -> Any:
    """What is about to be merged by `**`: as it is, unless the run may stop meanwhile."""
    return value


def class_pattern(subject: Any, kind: Any, places: int, /, *names: str) -> Any:
    """The values of the sub-patterns of a class pattern; None if the subject does not match."""
    return _matching().class_pattern_(subject, kind, places, *names)


def mapping_pattern(subject: Any, keys: tuple[Any, ...], /) -> Any:
    """The values that a subject has for the keys of a mapping pattern; None if one is not there."""
    return _matching().mapping_pattern_(subject, keys)


def is_sequence(subject: Any, /) -> bool:
    """Whether a sequence pattern may match a subject."""
    match subject:
        case [*_]:
            return True
    return False


def is_mapping(subject: Any, /) -> bool:
    """Whether a mapping pattern may match a subject."""
    match subject:
        case {}:
            return True
    return False


@functools.cache
def _matching() -> Any:
    from perdure.library import matching

    return matching


_CONVERSIONS: dict[str, Callable[[Any], str]] = {"s": str, "r": repr, "a": ascii}


def _functions() -> dict[str, Any]:
    others = {
        "formatted": formatted,
        "percent": percent,
        "mapping": mapping,
        "class_pattern": class_pattern,
        "mapping_pattern": mapping_pattern,
        "len": len,
        "setattr": setattr,
        "delattr": delattr,
    }
    return {name: others.get(name) or getattr(operator, name) for name in OPERATIONS}


OPERATORS = SimpleNamespace(**_functions(), is_sequence=is_sequence, is_mapping=is_mapping)


def by_callee() -> dict[Any, Operation]:
    """Every function that is such an operation, and the operation."""
    found = {getattr(OPERATORS, name): operation for name, operation in OPERATIONS.items()}
    found |= {getattr(builtins, name): operation for name, operation in BUILTINS.items()}
    return found | {getattr(math, name): operation for name, operation in MATH.items()}
