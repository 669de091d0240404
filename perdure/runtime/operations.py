"""The functions that do what operators do, as compiled code asks for them: `_Op.add(a, b)`."""

from __future__ import annotations

import builtins
import operator
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from perdure.compiler.operators import BUILTINS, OPERATIONS, Operation


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


_CONVERSIONS: dict[str, Callable[[Any], str]] = {"s": str, "r": repr, "a": ascii}


def _functions() -> dict[str, Any]:
    others = {
        "formatted": formatted,
        "percent": percent,
        "mapping": mapping,
        "setattr": setattr,
        "delattr": delattr,
    }
    return {name: others.get(name) or getattr(operator, name) for name in OPERATIONS}


OPERATORS = SimpleNamespace(**_functions())


def by_callee() -> dict[Any, Operation]:
    """Every function that is such an operation, and the operation."""
    found = {getattr(OPERATORS, name): operation for name, operation in OPERATIONS.items()}
    return found | {getattr(builtins, name): operation for name, operation in BUILTINS.items()}
