"""What texts are made of: `str`, `repr`, `format`, `"%s" % x`, `"{}".format(x)`, `print`.

Where `__str__`, `__repr__` or `__format__` of the user's suspends, also for a value deep inside a
list or a dict. What the methods said is then given to the builtin, which makes the text.
"""

from __future__ import annotations

import sys
from contextvars import ContextVar
from enum import Enum
from types import FunctionType
from typing import Any

from perdure.library.attributes import getattr_
from perdure.library.operators import binary, float_, index_, int_, item_of
from perdure.runtime.contents import PLAIN, form_of
from perdure.runtime.operations import Says
from perdure.runtime.ops import lookup, special
from perdure.runtime.templates import (
    Given,
    Numbering,
    check_conversion,
    check_fields,
    check_steps,
    conversions,
    fields,
    filled,
    steps_to,
)

# The containers whose texts are being made: one that is inside itself is cut short.
_SHOWING: ContextVar[tuple[Any, ...]] = ContextVar("_SHOWING", default=())
# With an empty specification these leave it to `str`.
_SAY_STR = (
    object.__format__,
    str.__format__,
    int.__format__,
    float.__format__,
    complex.__format__,
)


def str_(operand: Any = "", /, *rest: Any, **more: Any) -> str:
    if rest or more:
        return str(operand, *rest, **more)
    if type(operand) in PLAIN:
        return str(operand)
    method = lookup(type(operand), "__str__")
    if method is object.__str__:
        shows = form_of(operand) is not None
        text = repr_(operand) if shows else special(operand, "__repr__")()  # type: ignore[misc]
    elif method is BaseException.__str__ or method is KeyError.__str__:
        text = _message(operand, method)
    else:
        text = special(operand, "__str__")()  # type: ignore[misc]  # every object has it
    if not isinstance(text, str):
        raise TypeError(f"__str__ returned non-string (type {type(text).__name__})")
    return text


def _message(error: Any, method: Any) -> str:
    if len(error.args) != 1:
        return repr_(error.args) if error.args else ""
    return repr_(error.args[0]) if method is KeyError.__str__ else str_(error.args[0])


def repr_(operand: Any, /) -> str:
    if type(operand) in PLAIN:
        return repr(operand)
    form = form_of(operand)
    if form is None:
        return repr(Says(special(operand, "__repr__")()))  # type: ignore[misc]  # every object has
    showing = _SHOWING.get()
    for outer in showing:
        if outer is operand:
            return form.cut(operand)
    _SHOWING.set((*showing, operand))
    try:
        texts = [repr_(part) for part in [*form.parts(operand)]]
    finally:
        _SHOWING.set(showing)
    return form_of(operand).text(operand, texts)  # type: ignore[union-attr]  # as before


def ascii_(operand: Any, /) -> str:
    return ascii(Says(repr_(operand)))


def format_(operand: Any, spec: Any = "", /) -> str:
    if type(operand) in PLAIN:
        return format(operand, spec)
    method = lookup(type(operand), "__format__")
    if spec == "" and method in _SAY_STR:
        return str_(operand)
    if method is Enum.__format__:
        return format(str_(operand), spec)
    text = special(operand, "__format__")(spec)  # type: ignore[misc]  # every object has it
    if not isinstance(text, str):
        raise TypeError(f"__format__ must return a str, not {type(text).__name__}")
    return text


def formatted_(operand: Any, conversion: str, spec: Any, /) -> str:
    return format_(_said(operand, conversion), spec)


def _said(operand: Any, conversion: Any) -> Any:
    """A value, and what is made of it by the letter after a `!`."""
    if conversion == "s":
        return str_(operand)
    if conversion == "r":
        return repr_(operand)
    return ascii_(operand) if conversion == "a" else operand


# "%s" % x -------------------------------------------------------------------------------------


def modulo(left: Any, right: Any, /) -> Any:
    if not isinstance(left, _TEMPLATES) or not _formats(left, right):
        return binary("__mod__", "__rmod__", "%", left, right)
    return filled(left, _converted(left, right))


def modulo_in_place(left: Any, right: Any, /) -> Any:
    method = special(left, "__imod__")
    if method is not None:
        found = method(right)
        if found is not NotImplemented:
            return found
    return modulo(left, right)


_TEMPLATES = (str, bytes, bytearray)


def _formats(left: Any, right: Any) -> bool:
    """Whether `%` is that of texts: the right operand is asked first if it is a text as well."""
    own = lookup(type(left), "__mod__")
    reflected = lookup(type(right), "__rmod__") if isinstance(right, type(left)) else None
    return type(own) is not FunctionType and type(reflected) is not FunctionType


def _converted(template: Any, given: Any) -> Any:
    """What a template is given, as what the methods of the user's have said."""
    wanted = conversions(template)
    keyed = [conversion for conversion in wanted if conversion.key is not None]
    if keyed:
        if len(keyed) < len(wanted) or not _is_mapping(given):
            return given
        values = []
        for key, _, kind in keyed:
            values.append(_argument(template, kind, item_of(given, key)))
        return Given(values)
    if not wanted:
        return given
    values = [*tuple.__iter__(given)] if isinstance(given, tuple) else [given]
    place = 0
    for _, stars, kind in wanted:
        if not all(isinstance(width, int) for width in values[place : place + stars]):
            break
        place += stars
        if kind != "%" and place < len(values):
            values[place] = _argument(template, kind, values[place])
            place += 1
    return tuple(values)


def _is_mapping(given: Any) -> bool:
    return hasattr(type(given), "__getitem__") and not isinstance(given, (tuple, *_TEMPLATES))


def _argument(template: Any, kind: str, value: Any) -> Any:
    """One value, as the conversion of a kind asks for it."""
    if kind == "s" and isinstance(template, str):
        return str_(value)
    if kind in "ra":
        return Says(repr_(value))
    if kind in "diu":
        return _number(value, kind, "a real number", int_, ("__int__", "__index__"))
    if kind in "oxX":
        return _number(value, kind, "an integer", index_, ("__index__",))
    if kind in "eEfFgG":
        return float_(value) if _has_own(value, ("__float__", "__index__")) else value
    if kind == "c" and _has_own(value, ("__index__",)):
        return index_(value)
    return value


def _number(value: Any, kind: str, wanted: str, convert: Any, methods: Any) -> Any:
    if not _has_own(value, methods) or isinstance(value, int):
        return value
    try:
        return convert(value)
    except TypeError:
        pass
    raise TypeError(f"%{kind} format: {wanted} is required, not {type(value).__name__}")


def _has_own(value: Any, methods: Any) -> bool:
    return any(type(lookup(type(value), name)) is FunctionType for name in methods)


# "{}".format(x) -------------------------------------------------------------------------------


def format_text(template: Any, /, *args: Any, **kwargs: Any) -> str:
    return _filled(template, args, kwargs, Numbering(), 2)


def format_map(template: Any, mapping: Any, /) -> str:
    return _filled(template, None, mapping, Numbering(), 2)


def _filled(template: str, args: Any, mapping: Any, numbering: Any, depth: int) -> str:
    if not depth:
        raise ValueError("Max string recursion exceeded")
    texts = []
    for literal, name, spec, conversion in fields(template):
        texts.append(literal)
        if name is None:
            continue
        value = _field(name, args, mapping, numbering)
        check_conversion(conversion)
        value = _said(value, conversion)
        if spec and "{" in spec:
            spec = _filled(spec, args, mapping, numbering, depth - 1)
        texts.append(format_(value, spec or ""))
    check_fields(template)
    return "".join(texts)


def _field(name: str, args: Any, mapping: Any, numbering: Any) -> Any:
    """The value that a field names."""
    first = numbering.first_of(name)
    if isinstance(first, str):
        value = item_of(mapping, first)
    elif args is None:
        raise ValueError("Format string contains positional fields")
    elif first >= len(args):
        raise IndexError(f"Replacement index {first} out of range for positional args tuple")
    else:
        value = args[first]
    for is_attribute, key in steps_to(name):
        value = getattr_(value, key) if is_attribute else item_of(value, key)
    check_steps(name)
    return value


# print ----------------------------------------------------------------------------------------


def print_(
    *values: Any, sep: Any = " ", end: Any = "\n", file: Any = None, flush: Any = False
) -> None:
    if not isinstance(sep, str | None) or not isinstance(end, str | None):
        print(sep=sep, end=end)  # says what is wrong
    if file is None or file is sys.stdout or file is sys.stderr:
        if file is None and sys.stdout is None:
            return
        file = Standard(file is not None and file is sys.stderr)
    for number, value in enumerate(values):
        if number:
            file.write(" " if sep is None else sep)
        file.write(str_(value))
    file.write("\n" if end is None else end)
    if flush:
        file.flush()


class Standard:
    """`sys.stdout` or `sys.stderr`: it is the process's, and not held while the run stops."""

    def __init__(self, for_errors: bool) -> None:
        self.for_errors = for_errors

    def write(self, text: str) -> None:
        """Write a text to it."""
        self._stream().write(text)

    def flush(self) -> None:
        """Flush it."""
        self._stream().flush()

    def _stream(self) -> Any:
        return sys.stderr if self.for_errors else sys.stdout
