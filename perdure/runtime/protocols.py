"""Python's protocols as compiled code asks for them: iterate, await, iterate asynchronously.

Where the special method is a compiled generator function, or a compiled coroutine function, calling
it natively would give an object of Python's own, which no checkpoint can keep. So these look the
method up as the interpreter does, and make the program's object of it.
"""

from __future__ import annotations

import asyncio
import functools
import re
import types
from collections.abc import Iterator
from types import FunctionType
from typing import Any

from perdure.runtime.activity_calls import ActivityCall
from perdure.runtime.generators import (
    DONE,
    PENDING,
    AsyncItems,
    Coroutine,
    Generator,
    Items,
    Stepper,
    SyncGenerator,
    advance,
    leave,
)
from perdure.runtime.iterators import ahead
from perdure.runtime.loop import Task
from perdure.runtime.ops import NextStep, Returned
from perdure.runtime.program import Program
from perdure.runtime.steps import AsyncStep

_NATIVE: frozenset[type] = frozenset(
    {list, tuple, dict, set, str, range, type(iter([])), type({}.items())}
)


class Protocols:
    """The protocols, for one program."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def meaning(self) -> dict[str, Any]:
        """The part of the vocabulary that depends on the program."""
        return {
            "_suspends0": self.program.suspending.suspends,
            "_iter0": self.looped if self.program.suspending.defines_iteration() else iter,
            "_keeping0": self.kept,
            "_begun0": self.begun,
            "_await0": self.awaited,
            "_await_of0": self.awaited_of,
            "_awaiting0": self.awaiting,
            "_awaited_to0": self.awaited_to,
            "_delegated0": self.delegated,
            "_delegated_to0": self.delegated_to,
            "_delegating0": self.delegating,
            "_aiter0": self.aiterate,
            "_aiterating0": self.aiterating,
            "_aiterated0": self.aiterated,
            "_anext0": self.anext,
            "_DONE0": DONE,
            "_PENDING0": PENDING,
            "_meets0": self.program.suspending.meets,
            "_stepping0": self.stepping,
            "_iterating0": self.iterating,
            "_stepped0": self.stepped,
            "_left0": leave,
            "_getter0": self.getter,
            "_advance0": advance,
        }

    def call(self, method: Any, *args: Any) -> Any:
        """Call a special method; one that is a generator function gives the program's object."""
        if type(method) is FunctionType:
            loaded = self.program.loaded_of(method)
            if loaded is not None and loaded.makes is not None:
                made = self.program.make(method, loaded, args)
                if isinstance(made, Returned):
                    return made.value
                raise made.error
        return method(*args)

    def iterate(self, source: Any) -> Iterator[Any]:
        """`iter(source)`."""
        kind = type(source)
        if kind in _NATIVE:
            return iter(source)
        method = getattr(kind, "__iter__", None)
        if method is None and self.program.suspending.by_number(kind):
            by_number: Iterator[Any] = self.program.library("SequenceIterator")(source)
            return by_number
        if type(method) is not FunctionType:
            return iter(source)
        return _iterator(self.call(method, source))

    def looped(self, source: Any) -> Iterator[Any]:
        """`iter(source)`, for a loop that is entered again where it was stopped."""
        if type(source) in _plain_kinds:
            return iter(source)
        return _reentrant(self.iterate(source))

    def kept(self, source: Any) -> Iterator[Any]:
        """The same, for a loop that surely stops: as an iterator that a checkpoint can keep."""
        if type(source) in _kept_kinds:
            return iter(source)
        return ahead(source) or _reentrant(self.iterate(source))

    def begun(self, made: Any) -> Iterator[Any]:
        """The same, of what the user's own `__iter__` has returned."""
        return _reentrant(_iterator(made))

    def getter(self, owner: Any, name: str) -> Any:
        """What reads an attribute: Python of the library, if the run may stop in that."""
        if self.program.suspending.in_reading(owner, name):
            return functools.partial(self.program.library("read_attribute"), owner, name)
        return functools.partial(getattr, owner, name)

    def iterating(self, source: Any) -> Any:
        """What gives the iterator of a loop: the user's `__iter__`, if that suspends."""
        if (method := self._plain(source, "__iter__")) is not None:
            return functools.partial(method, source)
        return functools.partial(self._iterated, source)

    def _iterated(self, source: Any) -> Iterator[Any]:
        return ahead(source) or self.iterate(source)

    def _plain(self, owner: Any, name: str) -> Any:
        """A special method that is compiled and no generator function; None if it is not so."""
        method = getattr(type(owner), name, None)
        if type(method) is not FunctionType:
            return None
        loaded = self.program.loaded_of(method)
        return method if loaded is not None and loaded.makes is None else None

    def stepping(self, source: Any) -> Iterator[Any]:
        """`iter(source)`, as a `Stepper` if the run may stop between its items."""
        return ahead(source) or self.stepped(self.iterate(source))

    def stepped(self, made: Any) -> Iterator[Any]:
        """An iterator, as a `Stepper` if the run may stop between its items."""
        if isinstance(made, SyncGenerator):
            return Stepper(made) if made.loaded.table.suspends else Items(made)
        source = made.source if type(made) is Items else made
        method = getattr(type(source), "__next__", None)
        if self.program.suspending.method(method):
            return Stepper(source)
        return self.begun(made)

    def awaited(self, awaitable: Any) -> Any:
        """The iterator that `await` steps."""
        if type(awaitable) is ActivityCall:
            return awaitable.begin()
        if isinstance(awaitable, Coroutine | AsyncStep):
            if isinstance(awaitable, Coroutine) and awaitable.delegate is not None:
                raise RuntimeError("coroutine is being awaited already")
            return awaitable
        kind = type(awaitable)
        if kind is asyncio.Future or kind is Task:
            return awaitable.__await__()
        if kind is SyncGenerator and awaitable.iterable:
            return awaitable
        if isinstance(awaitable, types.GeneratorType) and (
            awaitable.gi_code.co_flags & 0x100  # CO_ITERABLE_COROUTINE
        ):
            return awaitable
        method = getattr(kind, "__await__", None)
        if method is None:
            raise TypeError(f"object {kind.__name__} can't be used in 'await' expression")
        return _checked(self.call(method, awaitable))

    def awaiting(self, awaitable: Any) -> Any:
        """What gives that: the user's `__await__`, if it suspends before it returns."""
        if (method := self._plain(awaitable, "__await__")) is not None:
            return functools.partial(method, awaitable)
        return functools.partial(self.awaited, awaitable)

    def awaited_to(self, made: Any, awaitable: Any) -> Any:
        """The same, of what that has given."""
        return made if self._plain(awaitable, "__await__") is None else _checked(made)

    def awaited_of(self, awaitable: Any, method: str) -> Any:
        """The same, with the messages of `async with`."""
        kind = type(awaitable)
        if not isinstance(awaitable, Coroutine | SyncGenerator) and not hasattr(kind, "__await__"):
            raise TypeError(
                f"'async with' received an object from {method} "
                f"that does not implement __await__: {kind.__name__}"
            )
        return self.awaited(awaitable)

    def delegated(self, source: Any) -> Any:
        """What `yield from` steps; whether a coroutine is allowed, the machine knows."""
        if type(source) is Coroutine or isinstance(source, types.CoroutineType):
            return source
        return self.delegated_to(ahead(source) or self.iterate(source))

    def delegated_to(self, made: Any) -> Any:
        """The same, of the iterator."""
        if type(made) is Coroutine or isinstance(made, types.CoroutineType):
            return made
        made = _iterator(made)
        if not isinstance(made, Generator) and any(
            self.program.suspending.method(method)
            for name in ("__next__", "send", "throw", "close")
            if (method := getattr(type(made), name, None)) is not None
        ):
            return self.call(self.program.library("delegate"), made)
        return made

    def delegating(self, source: Any) -> Any:
        """What gives that: the user's `__iter__`, if it suspends."""
        if type(source) is Coroutine or isinstance(source, types.CoroutineType):
            return functools.partial(self.delegated_to, source)
        return self.iterating(source)

    def aiterate(self, source: Any) -> AsyncItems:
        """`aiter(source)`, with the messages of `async for`."""
        if type(source) is AsyncItems:
            return AsyncItems(source.source)
        kind = type(source)
        method = getattr(kind, "__aiter__", None)
        if method is None:
            name = kind.__name__
            raise TypeError(f"'async for' requires an object with __aiter__ method, got {name}")
        return self.aiterated(self.call(method, source))

    def aiterating(self, source: Any) -> Any:
        """What gives that: the user's `__aiter__`, if it is compiled and no generator function."""
        if (method := self._plain(source, "__aiter__")) is not None:
            return functools.partial(method, source)
        return functools.partial(self.aiterate, source)

    def aiterated(self, made: Any) -> AsyncItems:
        """The same, of what it has given."""
        if type(made) is AsyncItems:
            return made
        if not hasattr(type(made), "__anext__"):
            name = type(made).__name__
            raise TypeError(
                "'async for' received an object from __aiter__ "
                f"that does not implement __anext__: {name}"
            )
        return AsyncItems(made)

    def anext(self, items: AsyncItems) -> NextStep:
        """What `async for` waits for next."""
        iterator = items.source
        if self._plain(iterator, "__anext__") is not None:
            return NextStep(self.call(self.program.library("next_of"), iterator))
        method = type(iterator).__anext__
        try:
            found = self.call(method, iterator)
        except StopAsyncIteration as error:
            return NextStep(_Raising(error))
        if self._plain(found, "__await__") is not None:
            return NextStep(self.call(self.program.library("waited_for"), found))
        try:
            return NextStep(self.awaited(found))
        except Exception as error:
            kind = type(found).__name__
            raise TypeError(
                f"'async for' received an invalid object from __anext__: {kind}"
            ) from error


class _Raising:
    """What raises an error as soon as it is waited for."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __next__(self) -> Any:
        raise self.error


def _checked(made: Any) -> Any:
    """What an `__await__` has returned, if it is an iterator."""
    if isinstance(made, Coroutine | types.CoroutineType):
        raise TypeError("__await__() returned a coroutine")
    if not hasattr(type(made), "__next__"):
        raise TypeError(f"__await__() returned non-iterator of type {type(made).__name__!r}")
    return made


def _iterator(made: Any) -> Iterator[Any]:
    """What an `__iter__` has returned, if it is an iterator."""
    if not hasattr(type(made), "__next__"):
        raise TypeError(f"iter() returned non-iterator of type {type(made).__name__!r}")
    iterator: Iterator[Any] = made
    return iterator


# What iterators over these are, C alone decides: nothing of them needs to be looked at.
_kept_kinds = _NATIVE | {zip, map, filter, enumerate, reversed, frozenset, bytes, bytearray}
_VIEWS = {type({}.keys()), type({}.values()), type({}.items())}
_plain_kinds = _kept_kinds | _VIEWS | {type(re.compile("").finditer(""))}
_kept_kinds -= _VIEWS  # of a class's dict, they are listed


def _reentrant(iterator: Iterator[Any]) -> Iterator[Any]:
    """An iterator that a native `for` may be given again: no code of the user's notices."""
    if isinstance(iterator, Generator | Stepper | Items):
        return iterator
    method = getattr(type(iterator), "__iter__", None)
    if type(method) in (types.WrapperDescriptorType, types.MethodDescriptorType):
        return iterator
    return Items(iterator)
