"""When two outcomes are the same: values by structure, type and sharing; errors with their chains.

`picture(value)` is plain data (tuples of strings and numbers) that is equal for values a program
cannot tell apart: mutable objects get numbers in the order in which they are met, and stand as that
number afterwards, so two names for one list differ from two equal lists, and cycles end.
"""

from __future__ import annotations

import pprint
import types
from collections.abc import Mapping
from typing import Any

from perdure.testing import Outcome

PLAIN = (int, float, complex, str, bytes, bool, type(None), type(...), range, slice)
BY_NAME = (type, types.FunctionType, types.BuiltinFunctionType, types.ModuleType)


class _Painter:
    def __init__(self) -> None:
        self._numbers: dict[int, int] = {}
        self._alive: list[Any] = []  # no id may be used again meanwhile

    def paint(self, value: Any) -> Any:
        kind = type(value)
        if kind in PLAIN:
            return (kind.__name__, repr(value))
        if kind is tuple:
            return ("tuple", *map(self.paint, value))
        if isinstance(value, BY_NAME):
            return (kind.__name__, getattr(value, "__qualname__", value.__name__))
        if id(value) in self._numbers:
            return ("seen", self._numbers[id(value)])
        self._alive.append(value)
        number = self._numbers[id(value)] = len(self._numbers)
        return (
            f"{kind.__module__.rpartition('.')[2]}.{kind.__qualname__}",
            number,
            *self._parts(value),
        )

    def _parts(self, value: Any) -> tuple[Any, ...]:
        if isinstance(value, BaseException):
            return self._exception(value)
        if isinstance(value, list):
            return tuple(map(self.paint, value))
        if isinstance(value, Mapping):
            return tuple((self.paint(k), self.paint(v)) for k, v in value.items())
        if isinstance(value, (set, frozenset)):
            return tuple(sorted(map(self.paint, value), key=repr))
        if hasattr(value, "__dict__"):
            return tuple((name, self.paint(part)) for name, part in vars(value).items())
        return (repr(value),)

    def _exception(self, error: BaseException) -> tuple[Any, ...]:
        attributes = {k: v for k, v in vars(error).items() if k != "__notes__"}
        parts = {
            "args": error.args,
            "text": str(error),
            "notes": getattr(error, "__notes__", None),
            "attributes": attributes,
            "cause": error.__cause__,
            "context": error.__context__,
            "suppress_context": error.__suppress_context__,
        }
        if isinstance(error, BaseExceptionGroup):
            parts["exceptions"] = list(error.exceptions)
        # args and attributes are containers made just now: their own identity says nothing
        return tuple(
            (
                name,
                tuple((k, self.paint(v)) for k, v in part.items())
                if name == "attributes"
                else self.paint(part),
            )
            for name, part in parts.items()
        )


def picture(value: Any) -> Any:
    """Plain data that is equal for values that a program cannot tell apart."""
    return _Painter().paint(value)


def pictures(outcome: Outcome) -> dict[str, Any]:
    """An outcome as plain data; each call by itself, for calls do not share recorded arguments."""
    return {
        "calls": [
            (call.name, picture(tuple(call.args)), picture(dict(call.kwargs)))
            for call in outcome.calls
        ],
        "error": picture(outcome.error),
        "value": picture(outcome.value),
    }


def difference(expected: Outcome, actual: Outcome) -> str | None:
    """Say in what two outcomes differ, if they do."""
    want, have = pictures(expected), pictures(actual)
    if want == have:
        return None
    for index, (one, other) in enumerate(zip(want["calls"], have["calls"], strict=False)):
        if one != other:
            return f"call {index} differs:\n  expected {one}\n  actual   {other}"
    made, needed = len(have["calls"]), len(want["calls"])
    if made != needed:
        extra = max(want["calls"], have["calls"], key=len)[min(made, needed)]
        ending = f"; it ended with {actual.error!r}" if actual.error else ""
        return f"{needed} calls expected, {made} made; first extra: {extra}{ending}"
    part = "error" if want["error"] != have["error"] else "value"
    expect, got = pprint.pformat(want[part]), pprint.pformat(have[part])
    return f"{part} differs:\n  expected {expect}\n  actual   {got}"


def assert_same(outcomes: Mapping[str, Outcome]) -> None:
    """The outcomes, by the name of who made them, are the same; the first is what is expected."""
    (first, expected), *others = outcomes.items()
    for name, outcome in others:
        found = difference(expected, outcome)
        assert found is None, f"{name} is not as {first}: {found}"
