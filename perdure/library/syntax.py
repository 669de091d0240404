"""What Python's own syntax comes to where an iterator, or the making of an object, suspends.

Loops, unpacking, `[*xs]`, `in`, `yield from`, `Kind(…)`, the end of a generator that nobody
holds. And the marks that the other modules share.
"""

from __future__ import annotations

import dataclasses
import operator
import sys
from inspect import isawaitable
from types import CoroutineType, FunctionType
from typing import Any

from perdure.runtime.callables import refusing_alias
from perdure.runtime.dataclass_fields import (
    NO_VALUE,
    bound,
    fields_of,
    filler_of,
    is_for_init_only,
    slots_of,
)
from perdure.runtime.generators import unraisable
from perdure.runtime.iterators import by_number
from perdure.runtime.operations import Says
from perdure.runtime.ops import lookup, said, special


class MISSING:
    """What stands for an argument that was not given. A class: it keeps its identity."""


class END:
    """What stands for the end of an iterator."""


class Once:
    """An iterator that a loop is to go over as it is, without asking it for its iterator again."""

    def __init__(self, iterator: Any) -> None:
        self.iterator = iterator

    def __iter__(self) -> Any:
        return self.iterator


def list_(iterable: Any = (), /) -> Any:
    return [item for item in hinted(iterable)]  # noqa: C416  (compiled, the loop may suspend)


def hinted(iterable: Any) -> Any:
    """What a list is made of: CPython asks it for its length, to know how much room to take."""
    kind = type(iterable)
    asked = lookup(kind, "__len__"), lookup(kind, "__length_hint__")
    if FunctionType not in map(type, asked):
        return iterable
    iterator = iter(iterable)
    length_hint_(iterable)
    return Once(iterator)


def length_hint_(operand: Any, default: Any = 0, /) -> Any:
    if not isinstance(default, int):
        return operator.length_hint(operand, default)  # says what is wrong
    method = special(operand, "__len__")
    if method is not None:
        try:
            return len(Says(method()))
        except TypeError:
            pass
    method = special(operand, "__length_hint__")
    found: Any = NotImplemented
    if method is not None:
        try:
            found = method()
        except TypeError:
            pass
    if found is NotImplemented:
        return default
    if not isinstance(found, int):
        raise TypeError(f"__length_hint__ must be an integer, not {type(found).__name__}")
    if found < 0:
        raise ValueError("__length_hint__() should return >= 0")
    return found


def iter_(source: Any, sentinel: Any = MISSING, /) -> Any:
    if sentinel is not MISSING:
        if not callable(source):
            raise TypeError("iter(v, w): v must be callable")
        return CallIterator(source, sentinel)
    if lookup(type(source), "__iter__") is None:
        refused = said(type(source), "__iter__")
        numbered = None if refused else special(source, "__getitem__")
        own = type(getattr(numbered, "__func__", None)) is FunctionType
        return SequenceIterator(source) if own else by_number(source)
    method: Any = special(source, "__iter__")
    made = method()
    if not hasattr(type(made), "__next__"):
        raise TypeError(f"iter() returned non-iterator of type {type(made).__name__!r}")
    return made


class CallIterator:
    """`iter(function, sentinel)`: calls until the sentinel comes back, even through itself."""

    def __init__(self, function: Any, sentinel: Any) -> None:
        self.function = function
        self.sentinel = sentinel
        self.ended = False

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> Any:
        if not self.ended:
            function = self.function  # a method of that name would be another's
            value = None
            try:
                value = function()
            except StopIteration:  # it is not the context of the one that is raised below
                self.ended = True
            if not self.ended:
                if not (value is self.sentinel or self.sentinel == value):
                    return value
                self.ended = True
        raise StopIteration


class SequenceIterator:
    """The iterator over what has a `__getitem__` and no `__iter__`."""

    def __init__(self, source: Any, index: int = 0) -> None:
        self.source = source
        self.index = index

    def __reduce__(self) -> Any:
        return SequenceIterator, (self.source, self.index)

    def __setstate__(self, index: int) -> None:
        if self.source is not None:
            self.index = max(index, 0)

    def __length_hint__(self) -> Any:
        if self.source is None:
            return 0
        if not hasattr(type(self.source), "__len__"):
            return NotImplemented
        return max(len(self.source) - self.index, 0)

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> Any:
        if self.source is None:
            raise StopIteration
        if self.index == sys.maxsize:
            raise OverflowError("iter index too large")
        value, ended = None, False
        try:
            value = self.source[self.index]
        except (IndexError, StopIteration):  # not the context of the one that is raised below
            ended = True
        if ended:
            self.source = None
            raise StopIteration
        self.index += 1
        return value


def extension_(target: Any, items: Any, /) -> Any:
    if isinstance(target, dict) and hasattr(items, "keys"):
        keys = [key for key in items.keys()]  # noqa: C416, SIM118  (listed first, as C does)
        return [(key, items[key]) for key in keys]
    if isinstance(target, dict):
        return _pairs(items)
    if not isinstance(target, list):
        return list_(items)
    found: list[Any] = []
    try:
        for item in hinted(items):
            found.append(item)
    except BaseException:
        list.extend(target, found)  # what came before the error stays
        raise
    return found


def _pairs(items: Any) -> list[Any]:
    """What a dict takes over: the pairs up to the first that is none, which it tells of."""
    found: list[Any] = []
    for item in items:
        found.append(item)
        try:
            dict([item])
        except (TypeError, ValueError):
            break
    return found


def taken_(iterable: Any, most: int, /) -> Any:
    """The first items, or all if `most` is none: what an unpacking looks at."""
    items: list[Any] = []
    for item in iterable:
        items.append(item)
        if len(items) == most:
            break
    return items


def contains_(iterable: Any, value: Any, /) -> bool:
    kind = type(iterable)
    if hasattr(kind, "__contains__"):
        contains = kind.__contains__
        if contains is None:
            raise TypeError(f"{kind.__name__!r} object is not a container")
        if kind is not list and kind is not tuple:
            return bool(contains(iterable, value))
    for item in iterable:  # noqa: SIM110
        if item is value or item == value:
            return True
    return False


def construct(kind: Any, args: Any, kwargs: Any) -> Any:
    """`kind(*args, **kwargs)` where `__init__`, or the `__post_init__` of a dataclass, suspends."""
    made = kind.__new__(kind, *args, **kwargs)
    if isinstance(made, kind):
        filler = filler_of(type(made))
        if filler is not None:
            fill(made, filler, args, kwargs)
            return made
        given = type(made).__init__(made, *args, **kwargs)
        if given is not None:
            name = type(given).__name__
            raise TypeError(f"__init__() should return None, not {name!r}")
    return made


def fill(made: Any, owner: Any, args: Any, kwargs: Any) -> None:
    """The `__init__` that `dataclass` writes: code without a source, which is not compiled."""
    given = bound(owner.__init__, made, args, kwargs)
    later = []
    for field in fields_of(owner):
        name, factory = field.name, field.default_factory
        if field.init:
            value = given[name]
            if value is NO_VALUE:
                value = factory()
        elif factory is not dataclasses.MISSING:
            value = factory()
        elif field.default is not dataclasses.MISSING and name in slots_of(owner):
            value = field.default
        else:
            continue
        if is_for_init_only(field):
            later.append(value)
        elif owner.__dataclass_params__.frozen:
            object.__setattr__(made, name, value)
        else:
            setattr(made, name, value)
    if hasattr(owner, "__post_init__"):
        made.__post_init__(*later)


def call_alias(alias: Any, args: Any, kwargs: Any) -> Any:
    """`Box[int](…)`: an object of the class, which knows what it was made as."""
    origin = alias.__origin__
    made = origin(*args, **kwargs)
    try:
        made.__orig_class__ = alias
    except refusing_alias(alias):
        pass
    return made


def step_of(stepper: Any, done: Any) -> Any:
    """The next item of an iterator whose `__next__` suspends, or `done`."""
    kind = type(stepper.source)
    if not hasattr(kind, "__next__"):  # taken away meanwhile
        raise TypeError(f"{kind.__name__!r} object is not an iterator")
    try:
        return stepper.source.__next__()
    except StopIteration:
        stepper.done = True
        return done


async def next_of(iterator: Any) -> Any:
    """What `async for` waits for, where the iterator's `__anext__` may suspend in the call."""
    method = type(iterator).__anext__
    found = method(iterator)
    return await waited_for(found)


async def waited_for(found: Any) -> Any:
    """What an `__anext__` has given, where `__await__` may suspend in the call."""
    kind = type(found).__name__
    if type(lookup(type(found), "__await__")) is not FunctionType:
        if not isawaitable(found):
            raise _invalid(kind, TypeError(f"object {kind} can't be used in 'await' expression"))
        return await found
    steps = failed = None
    method: Any = special(found, "__await__")
    try:
        steps = method()
    except Exception as error:  # noqa: BLE001  (it is told of)
        failed = error
    if failed is None and isinstance(steps, CoroutineType):
        failed = TypeError("__await__() returned a coroutine")
    if failed is None and not hasattr(type(steps), "__next__"):
        failed = TypeError(f"__await__() returned non-iterator of type {type(steps).__name__!r}")
    if failed is not None:
        raise _invalid(kind, failed)
    return await Begun(steps)


def _invalid(kind: str, cause: Exception) -> TypeError:
    error = TypeError(f"'async for' received an invalid object from __anext__: {kind}")
    error.__cause__ = error.__context__ = cause
    return error


class Begun:
    """What is waited for, where its `__await__` has been called."""

    def __init__(self, steps: Any) -> None:
        self.steps = steps

    def __await__(self) -> Any:
        return self.steps


def close_dropped(generators: Any, call: Any, args: Any, kwargs: Any) -> Any:
    """Close generators that nobody holds any more; then make a call."""
    for generator in generators:
        try:
            generator.close()
        except BaseException as error:  # noqa: BLE001  (nobody is there to catch it)
            unraisable(error, generator)
    del generators
    return call(*args, **kwargs)


def delegate(iterator: Any) -> Any:
    """`yield from iterator`, where a method of the iterator suspends (PEP 380)."""
    sent = thrown = None
    throw: Any = None
    while True:
        try:
            if thrown is not None:
                item = throw(thrown)
            elif sent is None:
                item = iterator.__next__()
            else:
                item = iterator.send(sent)
        except StopIteration as stop:
            return stop.value
        sent = thrown = None
        try:
            sent = yield item
        except BaseException as error:  # noqa: BLE001  (it is passed on)
            thrown = error
        if isinstance(thrown, GeneratorExit):
            close = None
            try:
                close = getattr(iterator, "close", None)
            except Exception as error:  # noqa: BLE001  (nobody gets it)
                unraisable(error, iterator)
            if close is not None:
                close()
            raise thrown
        if thrown is not None:
            throw = getattr(iterator, "throw", None)
            if throw is None:
                raise thrown
