"""Templates of texts, taken apart: `"%-5s"`, `"{0.name!r:>{width}}"`.

What is wrong with a template, the builtin says when it comes to that place: what stands before it
is still done. So these give what there is up to there.
"""

from __future__ import annotations

import re
from _string import (  # type: ignore[import-not-found]
    formatter_field_name_split,
    formatter_parser,
)
from collections.abc import Iterable
from typing import Any, NamedTuple


class Conversion(NamedTuple):
    """A `%` in a template."""

    key: Any  # None if it has none
    stars: int  # how many arguments say its width and precision
    kind: str


# Flags, width, precision, a length that means nothing, and the kind.
_CONVERSION = re.compile(r"[#0\- +]*(\*|\d+)?(?:\.(\*|\d*))?[hlL]?([diouxXeEfFgGcrsab%])")


def conversions(template: str | bytes | bytearray) -> list[Conversion]:
    """The conversions of a `%` template, up to the first that is none."""
    text = template if isinstance(template, str) else template.decode("latin-1")
    found = []
    place = text.find("%")
    while place >= 0:
        place += 1
        key: Any = None
        if text.startswith("(", place):
            end = _end_of_key(text, place)
            key, place = text[place + 1 : end - 1], end
            key = key if isinstance(template, str) else key.encode("latin-1")
        match = _CONVERSION.match(text, place)
        if match is None:
            break
        stars = (match[1] == "*") + (match[2] == "*")
        found.append(Conversion(key, stars, match[3]))
        place = text.find("%", match.end())
    return found


def _end_of_key(text: str, place: int) -> int:
    """Where the parenthesis that opens at a place has been closed."""
    depth = 0
    for end in range(place, len(text)):
        depth += {"(": 1, ")": -1}.get(text[end], 0)
        if not depth:
            return end + 1
    return len(text) + 1


class Given:
    """A mapping that gives a template its values in the order in which it asks for them."""

    def __init__(self, values: Iterable[Any]) -> None:
        self.values = iter(values)

    def __getitem__(self, key: Any) -> Any:
        return next(self.values)


def filled(template: Any, given: Any) -> Any:
    """The text that a `%` template becomes."""
    return template % given


class Field(NamedTuple):
    """A part of a template with braces: some text, and the field that follows it."""

    literal: str
    name: str | None  # None if no field follows
    spec: str | None
    conversion: str | None


def fields(template: str) -> list[Field]:
    """The parts of a template with braces, up to the first that is broken."""
    return [Field(*parts) for parts in _unbroken(formatter_parser(template))]


def check_fields(template: str) -> None:
    """Raise what is wrong with a template, if anything is."""
    for _ in formatter_parser(template):
        pass


def check_conversion(letter: str | None) -> None:
    """Raise what is wrong with what follows a `!`, if anything is."""
    if letter is not None:
        f"{{!{letter}}}".format("")


def steps_to(name: str) -> list[tuple[bool, Any]]:
    """What follows the first name in that of a field: whether it is an attribute, and its name."""
    return [*_unbroken(formatter_field_name_split(name)[1])]


def check_steps(name: str) -> None:
    """Raise what is wrong with the name of a field, if anything is."""
    for _ in formatter_field_name_split(name)[1]:
        pass


def _unbroken(parts: Iterable[Any]) -> Iterable[Any]:
    try:
        yield from parts
    except ValueError:
        return


class Numbering:
    """How the fields of a template are numbered: by themselves, or by the template."""

    def __init__(self) -> None:
        self.number = 0
        self.automatic: bool | None = None

    def first_of(self, name: str) -> Any:
        """The position or the keyword that the name of a field begins with."""
        first = formatter_field_name_split(name)[0]
        if first and isinstance(first, str):
            return first
        automatic = first == ""
        if self.automatic is None:
            self.automatic = automatic
        if self.automatic is not automatic:
            ways = ["manual field specification", "automatic field numbering"]
            was, now = ways if automatic else reversed(ways)
            raise ValueError(f"cannot switch from {was} to {now}")
        if automatic:
            first, self.number = self.number, self.number + 1
        return first
