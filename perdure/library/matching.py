"""What patterns ask of a subject whose attributes, or whose `get`, may suspend (PEP 634).

As the interpreter does it (`match_class` and `match_keys` in Python/ceval.c of CPython).
"""

from __future__ import annotations

from typing import Any

from perdure.library.attributes import read_attribute

# Flags of a type: made by a class statement; a subject of it is its own first sub-pattern's.
_MADE_BY_CLASS, _MATCHES_ITSELF = 1 << 9, 1 << 22


def class_pattern_(subject: Any, kind: Any, places: int, /, *names: str) -> Any:
    """The values for the sub-patterns of `kind(…)`; None if the subject does not match."""
    match subject:
        case kind():  # says what is wrong if that is no class
            pass
        case _:
            return None
    found: list[Any] = []
    wanted: list[Any] = []
    if places:
        itself = False
        by_place: Any = ()
        try:
            by_place = read_attribute(kind, "__match_args__")
        except AttributeError:
            itself = bool(kind.__flags__ & _MATCHES_ITSELF)
        if type(by_place) is not tuple:
            made = type(by_place).__name__
            raise TypeError(f"{_name(kind)}.__match_args__ must be a tuple (got {made})")
        allowed = 1 if itself else len(by_place)
        if allowed < places:
            plural = "" if allowed == 1 else "s"
            said = f"accepts {allowed} positional sub-pattern{plural} ({places} given)"
            raise TypeError(f"{_name(kind)}() {said}")
        if itself:
            found.append(subject)
        else:
            wanted += by_place[:places]
    for place, name in enumerate((*wanted, *names)):
        if type(name) is not str:
            made = type(name).__name__
            raise TypeError(f"__match_args__ elements must be strings (got {made})")
        if name in wanted[:place] or name in names[: max(place - len(wanted), 0)]:
            said = f"got multiple sub-patterns for attribute {name!r}"
            raise TypeError(f"{_name(kind)}() {said}")
        try:
            found.append(read_attribute(subject, name))
        except AttributeError:
            return None
    return tuple(found)


def _name(kind: Any) -> str:
    """The name by which C knows a type."""
    made = kind.__flags__ & _MADE_BY_CLASS or kind.__module__ == "builtins"
    name: str = kind.__name__
    return name if made else f"{kind.__module__}.{name}"


# What stands for a key that a mapping does not have.
_NOTHING = object()


def mapping_pattern_(subject: Any, keys: Any, /) -> Any:
    """The values of the keys; None if the subject does not have one of them."""
    get = read_attribute(subject, "get")
    seen = set()
    found: list[Any] = []
    for key in keys:
        if key in seen:
            raise ValueError(f"mapping pattern checks duplicate key ({key!r})")
        seen.add(key)
        value = get(key, _NOTHING)
        if value is _NOTHING:
            return None
        found.append(value)
    return tuple(found)
