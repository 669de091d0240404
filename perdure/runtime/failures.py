"""Exceptions as values: all that belongs to one survives a checkpoint.

Beside type and `args` these are the attributes, `__cause__`, `__context__`,
`__suppress_context__`, `__notes__` and the traceback, which is rebuilt from file, line and function
so that it prints as before. An exception class whose `__init__` does not fit its `args` is not
called again: the object is made as `BaseException.__reduce__` would, and its attributes are set.
"""

from __future__ import annotations

import dis
import functools
import os
import types
from itertools import islice
from pathlib import Path
from sys import getrefcount
from types import CodeType, FrameType, FunctionType, TracebackType
from typing import Any

# First and last line, first and last column in bytes: as in `code.co_positions()`.
Place = tuple[int, int, int, int] | None
# One entry of a traceback: file, line, function name, and what of the line is underlined.
Entry = tuple[str, int, str, Place]


class ActivityTimeout(Exception):
    """An attempt of an activity took longer than its `timeout` and counts as failed."""


# Sets an attribute past any `__setattr__` of an exception's class: a frozen dataclass has one.
put_on: Any = object.__setattr__


class UnpicklableError(TypeError):
    """A value that must be kept across a suspension cannot be pickled."""


def reduce(error: BaseException, subject: bool = True) -> tuple[Any, ...]:
    """What pickle needs to make an exception again, with everything that hangs on it.

    `subject`: with the object that an AttributeError is about.
    """
    kind = type(error)
    defined = _defined(kind)
    own: Any = None
    if defined & {"__reduce__", "__reduce_ex__", "__getstate__"}:
        reduced: Any = error.__reduce_ex__(5)
        function, args, *rest = reduced
        own = rest[0] if rest else None
    elif isinstance(error, BaseExceptionGroup):
        function, args = make_group, (kind, error.message, list(error.exceptions))
    elif any(type(arg) not in _ATOMS for arg in error.args):
        function, args = make, (kind, ())  # an argument may lead back to the exception
    elif (
        defined & {"__init__", "__new__"}
        or type(error.args) is not tuple
        or issubclass(kind, UnicodeError)  # its subclasses take five arguments, if they had any
    ):
        function, args = make, (kind, error.args)
    else:
        function, args = kind, error.args
    fields = _fields(error)
    if not subject:
        fields.pop("obj", None)
    state = (
        own,
        error.__dict__ if own is None else {},
        fields,
        None if args is error.args else error.args,
        error.__cause__,
        error.__context__,
        error.__suppress_context__,
        error.__traceback__,  # reduced to its lines, and still itself where it is held elsewhere
    )
    return (function, args, state, None, None, restore)


_ATOMS = frozenset({int, float, str, bytes, bool, type(None)})


def _fields(error: BaseException) -> dict[str, Any]:
    """What an exception holds beside its `__dict__`: slots, and what built-in classes define."""
    kind: Any = type(error)
    names = _all_members(kind) if not _is_python(kind) else [*_slots(kind), *_members_above(kind)]
    found: dict[str, Any] = {}
    for name in names:
        try:
            value = getattr(error, name, None)
        except TypeError:
            continue  # a UnicodeError that was never given its arguments
        if value is not None:
            found[name] = value
    return found


def _members_above(kind: type) -> list[str]:
    return [name for base in kind.__mro__ for name in _members(base)]


@functools.cache
def _all_members(kind: type) -> list[str]:
    """Of a built-in class: others may go, and are not remembered."""
    return _members_above(kind)


@functools.cache
def _built_in_members(kind: type) -> tuple[str, ...]:
    kinds = (types.MemberDescriptorType, types.GetSetDescriptorType)
    return tuple(name for name, value in vars(kind).items() if isinstance(value, kinds))


def _members(kind: type) -> tuple[str, ...]:
    """The attributes that a built-in exception has beside its arguments."""
    if _is_python(kind) or kind in (object, BaseException, BaseExceptionGroup):
        return ()
    return tuple(name for name in _built_in_members(kind) if name != "__dict__")


def _defined(kind: type) -> set[str]:
    """Names that Python classes (not the built-in exceptions) in the hierarchy define."""
    return {name for base in kind.__mro__ if _is_python(base) for name in base.__dict__}


def _slots(kind: type) -> list[str]:
    """The `__slots__` of Python classes in the hierarchy."""
    found: list[str] = []
    for base in kind.__mro__:
        slots = base.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            hidden = name.startswith("__") and not name.endswith("__")
            found.append(f"_{base.__name__.lstrip('_')}{name}" if hidden else name)
    return [name for name in found if name not in ("__dict__", "__weakref__")]


def _is_python(kind: type) -> bool:
    return bool(kind.__flags__ & (1 << 9))  # Py_TPFLAGS_HEAPTYPE


def make(kind: type[BaseException], args: tuple[Any, ...]) -> BaseException:
    """An exception of `kind` with these `args`, without calling the class's own `__init__`."""
    base = next(b for b in kind.__mro__ if not _is_python(b))
    error: BaseException = base.__new__(kind, *args)
    try:
        base.__init__(error, *args)  # type: ignore[misc]
    except TypeError:
        error.args = args
    return error


def make_group(
    kind: type[BaseExceptionGroup[Any]], message: str, inside: list[BaseException]
) -> BaseException:
    """A group of exceptions, without calling the class's own `__new__` and `__init__`."""
    return BaseExceptionGroup.__new__(kind, message, inside)


def restore(error: BaseException, state: tuple[Any, ...]) -> None:
    """Put back what hangs on an exception, past any `__setattr__` of its class."""
    own, attributes, fields, args, cause, context, suppress, stack = state
    error.__dict__.update(attributes)
    if own is not None:
        error.__setstate__(own)
    if args is not None:
        put_on(error, "args", args)
    for name, value in fields.items():
        try:
            put_on(error, name, value)
        except (AttributeError, TypeError):
            pass  # one that follows from the arguments
    put_on(error, "__cause__", cause)
    put_on(error, "__context__", context)
    put_on(error, "__suppress_context__", suppress)
    put_on(error, "__traceback__", stack)


def link_to(error: BaseException, handled: BaseException | None) -> BaseException | None:
    """What has `error` as its context, of those that `handled` leads to.

    To raise `error` while `handled` is being handled takes that context away, lest the two lead to
    each other. An exception that is only raised anew, because a run goes on, needs it put back.
    """
    seen: set[int] = set()
    while handled is not None and handled is not error and id(handled) not in seen:
        if handled.__context__ is error:
            return handled
        seen.add(id(handled))
        handled = handled.__context__
    return None


def entries(traceback: TracebackType | None) -> tuple[Entry, ...]:
    """A traceback as plain values, outermost first."""
    found: list[Entry] = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        name = code.co_qualname.rpartition(".")[2]
        place = _place(code, traceback.tb_lasti)
        found.append((code.co_filename, traceback.tb_lineno, name, place))
        traceback = traceback.tb_next
    return tuple(found)


def _place(code: CodeType, last: int) -> Place:
    """Where an instruction stands in the source; None where nothing says it."""
    if last < 0:
        return None
    line, end_line, column, end_column = next(islice(code.co_positions(), last // 2, None))
    if line is None or end_line is None or column is None or end_column is None:
        return None
    return line, end_line, column, end_column


def traceback_of(stack: tuple[Entry, ...]) -> TracebackType | None:
    """A real traceback with these entries; its frames are empty stand-ins."""
    made: TracebackType | None = None
    for file, line, name, place in reversed(stack):
        made = _entry(made, file, line, name, place)
    return made


def detach(error: BaseException) -> None:
    """Let an exception, and what it leads to, keep no frames alive: it prints as before.

    But for a traceback that something else holds as well, which stays one object.
    """
    seen: set[int] = set()
    queue: list[BaseException | None] = [error]
    while queue:
        one = queue.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        queue += [one.__context__, one.__cause__]
        if isinstance(one, BaseExceptionGroup):
            queue += one.exceptions
        tidy(one)
        traceback = one.__traceback__
        # Held by the exception, by `traceback`, and by the call.
        if traceback is not None and not _is_made(traceback) and getrefcount(traceback) == 3:
            put_on(one, "__traceback__", traceback_of(entries(traceback)))


def _is_made(traceback: TracebackType) -> bool:
    """Whether a traceback is one of `traceback_of`: all but its first entry may be another's."""
    return traceback.tb_frame.f_code.co_code == _TEMPLATE.co_code


def _entry(
    rest: TracebackType | None, file: str, line: int, name: str, place: Place = None
) -> TracebackType:
    # A last instruction of -1 has no column, so no caret is drawn under the line.
    return TracebackType(rest, _frame(file, name, place), 0 if place else -1, max(line, 1))


def passed_through(error: BaseException, code: CodeType) -> None:
    """Put an entry before an exception's traceback: the first line of a function."""
    rest = error.__traceback__
    entry = _entry(rest, code.co_filename, code.co_firstlineno, code.co_name)
    put_on(error, "__traceback__", entry)


_TEMPLATE: CodeType = next(
    const
    for const in compile("def frame(): yield", "<frame>", "exec").co_consts
    if isinstance(const, CodeType)
)


@functools.lru_cache(maxsize=1024)
def _frame(file: str, name: str, place: Place) -> FrameType:
    """A frame that says it belongs to function `name` of `file` (the way of the tblib package).

    That of a generator which never began: it leads to no caller, which it would keep alive.
    """
    code = _TEMPLATE.replace(co_filename=file, co_name=name, co_qualname=name)
    if place is not None:
        code = code.replace(co_firstlineno=place[0], co_linetable=_line_table(*place))
    generator: Any = FunctionType(code, {"__file__": file, "__name__": name})()
    frame: FrameType = generator.gi_frame
    return frame


def _line_table(line: int, end_line: int, column: int, end_column: int) -> bytes:
    """A table for the template's code whose first instructions stand at a place, the rest nowhere.

    In the long form of CPython's Objects/locations.md.
    """
    units = len(_TEMPLATE.co_code) // 2
    first = min(units, 8)
    table = [0x80 | 14 << 3 | first - 1, 0]
    for number in (end_line - line, column + 1, end_column + 1):
        while number >= 0x40:
            table.append(number & 0x3F | 0x40)
            number >>= 6
        table.append(number)
    for done in range(first, units, 8):
        table.append(0x80 | 15 << 3 | min(units - done, 8) - 1)
    return bytes(table)


def is_interrupt(error: BaseException) -> bool:
    """Whether a person has interrupted the process: a KeyboardInterrupt that no `raise` raised."""
    traceback = error.__traceback__
    if not isinstance(error, KeyboardInterrupt) or traceback is None or error in passed_on:
        return False
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    code = traceback.tb_frame.f_code.co_code
    if code == _TEMPLATE.co_code:
        return False  # it comes out of a checkpoint
    return code[traceback.tb_lasti] not in _RAISING


# The last KeyboardInterrupt that came out of a call of the program, not from a person.
passed_on: list[KeyboardInterrupt] = []
_RAISING = frozenset(map(dis.opmap.__getitem__, ("RAISE_VARARGS", "RERAISE")))


# So many frames, at most, does an exception gain on its way from one block to its caller's.
GAINED = 8


def tidy(error: BaseException, *, again: bool = False) -> None:
    """Take Perdure's own frames out of a traceback; users see their lines only.

    `again`: that has been done when it left the block before, for all but the newest frames.
    """
    clean = 0
    head = error.__traceback__
    while head is not None and _is_ours(head):
        head = head.tb_next
    link = head
    while link is not None and not (again and clean >= GAINED):
        following = link.tb_next
        while following is not None and _is_ours(following):
            following = following.tb_next
        if following is not link.tb_next:
            link.tb_next = following
        link = following
        clean += 1
    put_on(error, "__traceback__", head)


def _is_ours(entry: TracebackType) -> bool:
    return entry.tb_frame.f_code.co_filename.startswith(_OURS)


_HERE = Path(__file__).parents[1]
_OURS = (
    f"{_HERE / 'runtime'}{os.sep}",
    f"{_HERE / 'library'}{os.sep}",
    str(_HERE / "testing.py"),
)
