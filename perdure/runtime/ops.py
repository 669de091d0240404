"""What generated code says to the interpreter: the runtime's half of the vocabulary.

A task block is a plain function. It ends in one of four ways::

    return value                                    the function returns
    raise …                                         the function raises
    return _Suspend0(callee, args, then=3, live=…)   call this, then go on at block 3 with its value
    return _Jump0(4, live)                           go on at block 4, now
    return _Release0(4, live)                        the same, when what this one held has gone

The names without a class behind them are Python's own, under names that user code cannot shadow.
"""

from __future__ import annotations

import functools
import operator
import re
import sys
from collections.abc import Callable
from types import CellType, DynamicClassAttribute, TracebackType
from typing import Any, Final

from perdure.compiler.image import VOCABULARY
from perdure.runtime import operations, stars
from perdure.runtime.failures import link_to, passed_on, put_on
from perdure.runtime.packages import kept


class Suspend:
    """Call `callee`; its value or exception is `resume()`d in block `then`, with `live`."""

    __slots__ = ("args", "callee", "kwargs", "live", "then")

    def __init__(
        self,
        callee: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any] | None = None,
        *,
        then: int,
        live: tuple[Any, ...],
    ) -> None:
        self.callee = callee
        self.args = args
        self.kwargs = kwargs
        self.then = then
        self.live = live


class Jump:
    """Go on at block `then` with `live`; nothing leaves the program."""

    __slots__ = ("live", "then")

    def __init__(self, then: int, live: tuple[Any, ...]) -> None:
        self.then = then
        self.live = live


class Safe(Jump):
    """Go on at block `then` with `live`; the run may be stopped here (a safepoint)."""

    __slots__ = ()


class Release(Jump):
    """Go on at block `then` with `live`, when nobody holds any more what the last block held."""

    __slots__ = ()


class Again:
    """Go on with the block on top of the stack, which takes no value."""

    __slots__ = ()


class Enter:
    """The entry of a function with cells: make them, then go on at block `then` with `live`."""

    __slots__ = ("contents", "live", "then")

    def __init__(self, then: int, live: tuple[Any, ...], contents: tuple[Any, ...]) -> None:
        self.then = then
        self.live = live
        self.contents = contents


class Yield:
    """A generator gives `value`; what it is sent is `resume()`d in block `then`."""

    __slots__ = ("live", "then", "value")

    def __init__(self, value: Any, then: int, live: tuple[Any, ...]) -> None:
        self.value = value
        self.then = then
        self.live = live


class Delegate:
    """A generator gives what `iterator` gives; its end is `resume()`d in block `then`.

    With `looping`, the iterator is a step of an asynchronous loop, and that loop's end is `DONE`.
    """

    __slots__ = ("iterator", "live", "looping", "then")

    def __init__(self, iterator: Any, then: int, live: tuple[Any, ...]) -> None:
        self.looping = type(iterator) is NextStep
        self.iterator = iterator.awaited if type(iterator) is NextStep else iterator
        self.then = then
        self.live = live


class NextStep:
    """What `async for` waits for."""

    __slots__ = ("awaited",)

    def __init__(self, awaited: Any) -> None:
        self.awaited = awaited


class _Unbound:
    """The value of a variable that has none. There is one; it survives pickling as itself."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNBOUND"

    def __reduce__(self) -> str:
        return "UNBOUND"


UNBOUND: Final = _Unbound()


# Iterating over one of these runs nothing of the program's.
INERT = frozenset({list, tuple, dict, set, str, int, float, bytes, bool, type(None), range})


def entered(manager: Any) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The bound `__exit__` and `__enter__` of a context manager, as `with` finds them."""
    return _managing(kept(manager), "__enter__", "__exit__", "the context manager protocol")


def aentered(manager: Any) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The bound `__aexit__` and `__aenter__`, as `async with` finds them."""
    problem = "the asynchronous context manager protocol"
    return _managing(manager, "__aenter__", "__aexit__", problem)


def _managing(
    manager: Any, begin: str, end: str, problem: str
) -> tuple[Callable[..., Any], Callable[..., Any]]:
    enter = special(manager, begin)
    leave = special(manager, end)
    if enter is None or leave is None:
        missed = "" if enter is None else f" (missed {end} method)"
        raise TypeError(f"{type(manager).__name__!r} object does not support {problem}{missed}")
    return leave, enter


def special(obj: Any, name: str) -> Callable[..., Any] | None:
    """Look a method up as the interpreter does: on the type, not on the object."""
    for base in type(obj).__mro__:
        if name in base.__dict__:
            found = base.__dict__[name]
            if found is None:
                return _blocked
            if obj is None:  # to bind it to None is to ask the class for it
                return functools.partial(found, None)
            bind = getattr(type(found), "__get__", None)
            bound: Callable[..., Any] = bind(found, obj, type(obj)) if bind else found
            return bound
    return None


def _blocked(*operands: Any) -> Any:
    """What `__bool__ = None` in a class says that it cannot do."""
    raise TypeError("'NoneType' object is not callable")


def lookup(kind: type, name: str) -> Any:
    """An attribute of a type's instances as it stands in the class, not bound; None if none."""
    for base in kind.__mro__:
        if name in base.__dict__:
            return base.__dict__[name]
    return None


def super_of(*parts: Callable[[], Any]) -> Any:
    """`super()` in a method whose class, or whose object, may be missing."""
    missing = "" if len(parts) > 1 else "no arguments"
    found: list[Any] = []
    for part, what in zip(parts, ("empty __class__ cell", "arg[0] deleted"), strict=False):
        try:
            found.append(part())
        except NameError:
            missing = what
    if missing:
        raise RuntimeError(f"super(): {missing}")
    return super(*found)


def said(kind: type, name: str) -> bool:
    """Whether a type says something of an attribute of its instances, be it None."""
    return any(name in base.__dict__ for base in kind.__mro__)


def found_in(owner: Any, name: str) -> tuple[Any, Any]:
    """An attribute as it stands in the class, and whose it is read for: past `super()`, too."""
    kind = type(owner)
    if kind is not super or owner.__self__ is owner.__self_class__:
        return owner, lookup(kind, name)
    order = owner.__self_class__.__mro__
    above = order[order.index(owner.__thisclass__) + 1 :]
    return owner.__self__, next((k.__dict__[name] for k in above if name in k.__dict__), None)


def is_property(found: Any) -> bool:
    """Whether an attribute of a class calls a function of its own: `property`, `enum.property`."""
    return issubclass(type(found), property | DynamicClassAttribute)


def own_dict(owner: Any) -> dict[str, Any] | None:
    """An object's `__dict__`, asked past its own `__getattribute__`; None if it has none."""
    try:
        found: dict[str, Any] = object.__getattribute__(owner, "__dict__")
    except AttributeError:
        return None
    return found


class handling:
    """Raising a saved exception again changes its traceback and context; calling this puts back."""

    __slots__ = ("context", "error", "link", "traceback")

    def __init__(self, error: BaseException) -> None:
        self.error = error
        self.context: BaseException | None = error.__context__
        self.traceback: TracebackType | None = error.__traceback__
        self.link = link_to(error, sys.exception())

    def __call__(self) -> None:
        """Put traceback and context back, now that the exception is being handled."""
        put_on(self.error, "__traceback__", self.traceback)
        put_on(self.error, "__context__", self.context)
        if self.link is not None:
            put_on(self.link, "__context__", self.error)


class Returned:
    """The value that a suspended call came back with; calling it gives the value, once.

    Callers hold this while the block runs, which may let go of the value.
    """

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __call__(self) -> Any:
        """The value."""
        value = self.value
        del self.value
        return value


class Raised:
    """The exception that a suspended call came back with; calling it raises the exception.

    `settled`: it was raised while what is being handled here was, and only passes through.
    """

    __slots__ = ("error", "settled")

    def __init__(self, error: BaseException, *, settled: bool = False) -> None:
        self.error = error
        self.settled = settled

    def __call__(self) -> Any:
        """Raise the exception, where the call stood; once, or its traceback would hold itself."""
        error, settled = self.error, self.settled
        del self.error
        if isinstance(error, KeyboardInterrupt):
            passed_on[:] = [error]
        context, handled, link = error.__context__, None, None
        traceback = error.__traceback__
        try:
            if settled or context is not None:
                handled = sys.exception()
                if not settled:
                    _extend(error, handled)
                link = link_to(error, handled)
            raise error
        finally:
            # Without this frame, which is none of the user's.
            put_on(error, "__traceback__", traceback)
            if settled or context is not None:
                put_on(error, "__context__", context)
            if link is not None:
                put_on(link, "__context__", error)
            # The exception's traceback must not keep itself alive through this frame.
            del self, error, context, handled, link, traceback


def _extend(error: BaseException, handled: BaseException | None) -> None:
    """Hang what is being handled here under the last of an exception's contexts.

    Where the exception was first raised nothing was being handled; natively this would have been.
    """
    seen = {id(error)}
    last = error
    while last.__context__ is not None and id(last.__context__) not in seen:
        last = last.__context__
        seen.add(id(last))
        if last is handled:
            return
    if handled is not None and id(handled) not in seen:
        put_on(last, "__context__", handled)


def listed(items: Any) -> Any:
    """What is about to be unpacked: as it is, unless the run may stop meanwhile."""
    return items


def extension(target: Any, items: Any) -> Any:
    """What `target += items` adds: as it is, unless a list is extended by what stops meanwhile."""
    return items


def taken(items: Any, most: int) -> Any:
    """The same, where no more than `most` items are looked at."""
    return items


_UNBOUND_CELL = re.compile(r"cannot access free variable '(.+)' where it is not associated")


def as_local(error: BaseException, own: tuple[str, ...]) -> BaseException:
    """A function's own cell that is unbound: to a block it is another's, to the user a local."""
    if type(error) is not NameError:
        return error
    found = _UNBOUND_CELL.match(str(error))
    link = error.__traceback__
    if found is None or found[1] not in own or link is None or link.tb_next is not None:
        return error
    message = f"cannot access local variable {found[1]!r} where it is not associated with a value"
    made = UnboundLocalError(message)
    made.__cause__, made.__context__ = error.__cause__, error.__context__
    made.__suppress_context__ = error.__suppress_context__  # to set a cause has set it
    return made.with_traceback(link)


def localise(error: BaseException, own: tuple[str, ...]) -> None:
    """Raise in the place of an error about a cell what it is to the user; else do nothing."""
    made = as_local(error, own)
    if made is error:
        return
    context = made.__context__
    try:
        raise made
    finally:
        made.__context__ = context
        del made, error, context


def matches(error: BaseException, kinds: Any) -> bool:
    """Whether `except kinds` would catch `error`; raises what Python raises for other kinds."""
    for kind in kinds if isinstance(kinds, tuple) else (kinds,):
        if not (isinstance(kind, type) and issubclass(kind, BaseException)):
            raise TypeError(
                "catching classes that do not inherit from BaseException is not allowed"
            )
    return isinstance(error, kinds)


def merge(callee: Any, *mappings: Any) -> dict[str, Any]:
    """The keyword arguments of a call with `**`, with the errors that Python has for them."""
    merged: dict[str, Any] = {}
    for mapping in mappings:
        if not hasattr(mapping, "keys"):
            kind = type(mapping).__name__
            raise TypeError(f"{_call_name(callee)} argument after ** must be a mapping, not {kind}")
        for key in mapping.keys():  # noqa: SIM118  (a mapping may iterate over something else)
            if key in merged:
                raise TypeError(
                    f"{_call_name(callee)} got multiple values for keyword argument '{key}'"
                )
            merged[key] = mapping[key]
    return merged


def spread(callee: Any, items: Any) -> tuple[Any, ...]:
    """The positional arguments of `callee(*items)`, with the error that Python has for it."""
    if hasattr(type(items), "__iter__") or hasattr(type(items), "__getitem__"):
        return tuple(items)
    kind = type(items).__name__
    raise TypeError(f"{_call_name(callee)} argument after * must be an iterable, not {kind}")


def _call_name(callee: Any) -> str:
    """A callee as Python's messages about its arguments name it."""
    name = getattr(callee, "__qualname__", None)
    if name is None:
        return str(callee)
    module = getattr(callee, "__module__", None)
    return f"{name}()" if module in (None, "builtins") else f"{module}.{name}()"


def cells(bound: dict[str, Any]) -> dict[str, CellType]:
    """The vocabulary as cells, for the free variables of generated code.

    `bound` is what depends on the program (see protocols.py).
    """
    meaning: dict[str, Any] = {
        **bound,
        "_Suspend0": Suspend,
        "_Jump0": Jump,
        "_Release0": Release,
        "_Enter0": Enter,
        "_UNBOUND0": UNBOUND,
        "_ONCE0": (None,),
        "_Yield0": Yield,
        "_Safe0": Safe,
        "_due0": None,
        "_cold0": (),  # of each block its own
        "_Delegate0": Delegate,
        "_star0": stars.Star,
        "_split0": stars.Star.split,
        "_raised0": stars.Star.raised,
        "_left_of0": stars.Star.to_raise,
        "_aentered0": aentered,
        "_set0": set,
        "_sorted0": sorted,
        "_localise0": localise,
        "_listed0": listed,
        "_taken0": taken,
        "_type0": type,
        "_INERT0": INERT,
        "_extension0": extension,
        "_contains0": operator.contains,
        "_Op0": operations.OPERATORS,
        "_globals0": globals,
        "_slice0": slice,
        "_super0": super_of,
        "_entered0": entered,
        "_exc_info0": sys.exc_info,
        "_exception0": sys.exception,
        "_handling0": handling,
        "_matches0": matches,
        "_merge0": merge,
        "_spread0": spread,
        "_AssertionError0": AssertionError,
        "_BaseException0": BaseException,
        "_NameError0": NameError,
    }
    assert meaning.keys() == VOCABULARY
    return {name: CellType(value) for name, value in meaning.items()}
