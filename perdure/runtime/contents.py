"""What a container's text is made of: its parts, and how their texts are put together.

`repr([a, b])` is C that asks `a` and `b` for theirs. Here it is known of each such container which
values it asks; Perdure's library asks them one by one, and the runtime looks whether one suspends.
"""

from __future__ import annotations

import dataclasses
import sys
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any, NamedTuple

from perdure.runtime.dataclass_fields import is_method_written
from perdure.runtime.ops import lookup

# Values that have no parts, and say what they are without any help.
PLAIN = frozenset({str, int, float, complex, bytes, bytearray, bool, type(None), range, type})


class Form(NamedTuple):
    """How the text of one kind of container is made."""

    parts: Callable[[Any], Iterable[Any]]
    text: Callable[[Any, list[str]], str]  # of the container, from the texts of its parts
    cut: Callable[[Any], str]  # what it says of itself inside itself


def form_of(value: Any) -> Form | None:
    """How the text of a value is made of those of its parts; None if it is no such container."""
    kind = type(value)
    function = lookup(kind, "__repr__")
    if type(function) is FunctionType:
        if function.__code__ is _OF_NAMED_TUPLES:
            return _NAMED_TUPLE
        written = getattr(function, "__wrapped__", function)
        if is_method_written(written) and hasattr(kind, "__dataclass_fields__"):
            return _DATACLASS
    return _FORMS.get(function)


def parts_of(value: Any) -> Iterable[Any]:
    """The values whose texts stand in that of a container."""
    form = form_of(value)
    return () if form is None else form.parts(value)


def _pairs(texts: list[str]) -> str:
    return ", ".join(f"{k}: {v}" for k, v in zip(texts[::2], texts[1::2], strict=True))


def _items(value: dict[Any, Any]) -> Iterable[Any]:
    return [part for item in dict.items(value) for part in item]


def _common_first(value: Counter[Any]) -> Iterable[Any]:
    try:
        pairs = value.most_common()
    except TypeError:  # counts that cannot be ordered
        pairs = [*dict.items(value)]
    return [part for pair in pairs for part in pair]


def _name(value: Any) -> str:
    return type(value).__name__


def _list(value: Any, texts: list[str]) -> str:
    return f"[{', '.join(texts)}]"


def _tuple(value: Any, texts: list[str]) -> str:
    return f"({texts[0]},)" if len(texts) == 1 else f"({', '.join(texts)})"


def _set(value: Any, texts: list[str]) -> str:
    if not texts:
        return f"{_name(value)}()"
    inside = f"{{{', '.join(texts)}}}"
    return inside if type(value) is set else f"{_name(value)}({inside})"


def _deque(value: Any, texts: list[str]) -> str:
    most = "" if value.maxlen is None else f", maxlen={value.maxlen}"
    return f"{_name(value)}([{', '.join(texts)}]{most})"


def _dict(value: Any, texts: list[str]) -> str:
    return f"{{{_pairs(texts)}}}"


def _ordered(value: Any, texts: list[str]) -> str:
    if not texts:
        return f"{_name(value)}()"
    if sys.version_info >= (3, 12):
        return f"{_name(value)}({{{_pairs(texts)}}})"
    pairs = zip(texts[::2], texts[1::2], strict=True)
    return f"{_name(value)}([{', '.join(f'({k}, {v})' for k, v in pairs)}])"


def _counter(value: Any, texts: list[str]) -> str:
    return f"{_name(value)}({{{_pairs(texts)}}})" if texts else f"{_name(value)}()"


def _defaultdict(value: Any, texts: list[str]) -> str:
    return f"{_name(value)}({texts[0]}, {{{_pairs(texts[1:])}}})"


def _error(value: Any, texts: list[str]) -> str:
    return f"{_name(value)}({', '.join(texts)})"


def _view(value: Any, texts: list[str]) -> str:
    return f"{_name(value)}([{', '.join(texts)}])"


def _named_tuple(value: Any, texts: list[str]) -> str:
    parts = zip(type(value)._fields, texts, strict=True)
    return f"{value.__class__.__name__}({', '.join(f'{n}={t}' for n, t in parts)})"


def _shown_fields(value: Any) -> list[str]:
    """The names of the fields that the `__repr__` which an object has shows."""
    kind = next(k for k in type(value).__mro__ if "__repr__" in k.__dict__)
    return [field.name for field in dataclasses.fields(kind) if field.repr]


def _dataclass(value: Any, texts: list[str]) -> str:
    parts = zip(_shown_fields(value), texts, strict=True)
    return f"{value.__class__.__qualname__}({', '.join(f'{n}={t}' for n, t in parts)})"


_NAMED_TUPLE = Form(tuple.__iter__, _named_tuple, lambda _: "(...)")
_DATACLASS = Form(
    lambda value: [getattr(value, name) for name in _shown_fields(value)],
    _dataclass,
    lambda _: "...",
)
_OF_NAMED_TUPLES = namedtuple("_", "")().__repr__.__func__.__code__  # type: ignore[attr-defined]
# By the `__repr__` that their classes have or inherit.
_FORMS: dict[Any, Form] = {
    list.__repr__: Form(list.__iter__, _list, lambda _: "[...]"),
    tuple.__repr__: Form(tuple.__iter__, _tuple, lambda _: "(...)"),
    set.__repr__: Form(set.__iter__, _set, lambda value: f"{_name(value)}(...)"),
    frozenset.__repr__: Form(frozenset.__iter__, _set, lambda value: f"{_name(value)}(...)"),
    deque.__repr__: Form(deque.__iter__, _deque, lambda _: "[...]"),
    dict.__repr__: Form(_items, _dict, lambda _: "{...}"),
    OrderedDict.__repr__: Form(_items, _ordered, lambda _: "..."),
    Counter.__repr__: Form(_common_first, _counter, lambda value: f"{_name(value)}(...)"),
    defaultdict.__repr__: Form(
        lambda value: [value.default_factory, *_items(value)], _defaultdict, lambda _: "{...}"
    ),
    BaseException.__repr__: Form(lambda error: error.args, _error, _name),
}
_FORMS |= {
    view.__repr__: Form(view.__iter__, _view, lambda _: "...")
    for view in (type(getattr({}, name)()) for name in ("keys", "values", "items"))
}
