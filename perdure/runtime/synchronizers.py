"""What modules hold of asyncio's locks, events, semaphores and queues: each run has its own state.

`LIMIT = asyncio.Semaphore(5)` at the top of a module is one object in a process, and many runs go
through it, each on an event loop of its own. So its state is part of a run's: it is put in before
the run's code runs, and taken out afterwards. The object is kept by its name.
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from perdure.runtime.ops import own_dict

if TYPE_CHECKING:
    from perdure.runtime.instances import Reducer
    from perdure.runtime.names import Names
    from perdure.runtime.program import Program

KINDS = (
    asyncio.Lock,
    asyncio.Event,
    asyncio.Condition,
    asyncio.Semaphore,
    asyncio.Barrier,
    asyncio.Queue,
)
# How to come by what something holds: ("attribute", its name) or ("item", its key).
Step = tuple[str, Any]
Steps = tuple[Step, ...]
# The module's name, and the way from there.
Name = tuple[str, Steps]
_KEYS = frozenset({str, int, bytes, float, bool, type(None)})
_MOST = 10_000  # objects to look into


class Synchronizers:
    """Those of one program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.named: dict[int, Name] = {}
        self.begun: dict[Name, tuple[Any, dict[str, Any]]] = {}  # each, and its first state
        self._seen: set[str] = set()  # modules

    def look(self) -> None:
        """Find those of modules that have been imported since."""
        if len(self._seen) < len(self.program.modules):
            for name, module in self.program.modules.items():
                if name not in self._seen:
                    self._seen.add(name)
                    self._look_in(name, module)

    def _look_in(self, name: str, module: Any) -> None:
        """Those that a module's variables lead to: in classes, tables and objects of its own."""
        seen: set[int] = set()
        queue: list[tuple[Any, Steps]] = [(module, ())]
        for value, steps in queue:  # it grows meanwhile
            if isinstance(value, KINDS):
                self._add((name, steps), value)
            elif id(value) not in seen and len(seen) < _MOST:
                seen.add(id(value))
                queue += ((held, (*steps, step)) for step, held in self._held(value, module))

    def _held(self, value: Any, module: Any) -> Iterator[tuple[Step, Any]]:
        kind = type(value)
        if value is module or (kind is type and value.__module__ == module.__name__):
            yield from ((("attribute", name), held) for name, held in [*vars(value).items()])
        elif issubclass(kind, dict):
            items = [*dict.items(value)]
            yield from ((("item", key), held) for key, held in items if type(key) in _KEYS)
        elif kind is list or kind is tuple:
            yield from ((("item", place), held) for place, held in enumerate(value))
        elif kind.__module__ in self.program.modules or kind.__module__ == module.__name__:
            space = own_dict(value) or {}
            yield from ((("attribute", name), held) for name, held in [*space.items()])

    def _add(self, name: Name, value: Any) -> None:
        if id(value) not in self.named:
            self.named[id(value)] = name
            _unbind(value)
            self.begun[name] = value, copy.deepcopy(vars(value))

    @contextmanager
    def state_of(self, run: Any) -> Iterator[None]:
        """Let them be as a run has left them, for a transition; `run.synchronizers` is set anew.

        All others are as they were at first. Threads take turns before (`process.streams_of`).
        """
        self.look()
        if not self.begun:
            yield
            return
        self._lend(run)
        try:
            yield
        finally:
            self._take(run)

    def _lend(self, run: Any) -> None:
        for value, _ in self.begun.values():
            _unbind(value)
        for name, state in run.synchronizers.items():
            if name in self.begun:
                _put(self.begun[name][0], state)

    def _take(self, run: Any) -> None:
        self.look()  # the state of those that are new is this run's
        run.synchronizers = {}
        for name, (value, first) in self.begun.items():
            if not _alike(_state(value), first):
                run.synchronizers[name] = dict(vars(value))
                _put(value, copy.deepcopy(first))


def _unbind(value: Any) -> None:
    """Let another loop use it, and what it is made of."""
    vars(value).pop("_loop", None)
    for held in vars(value).values():
        if isinstance(held, KINDS):
            _unbind(held)


def _state(value: Any) -> dict[str, Any]:
    """Its attributes; to what loop it was bound is of no concern to another run."""
    return {name: held for name, held in vars(value).items() if name != "_loop"}


def _alike(one: dict[str, Any], other: dict[str, Any]) -> bool:
    if one.keys() != other.keys():
        return False
    for name, held in one.items():
        there = other[name]
        if isinstance(held, KINDS) and type(held) is type(there):
            if not _alike(_state(held), _state(there)):
                return False
        elif held != there:
            return False
    return True


def _put(value: Any, state: dict[str, Any]) -> None:
    space = vars(value)
    space.clear()
    space |= state


def named(other: Reducer | None) -> Reducer:
    """The reducer of such a class: one of a module is kept by its name, all others as they were."""

    def reduce(value: Any, pickler: Any) -> Any:
        program = pickler.codec.program
        name = program and program.synchronizers.named.get(id(value))
        if name:
            return (held_at, name)
        if type(value) in _QUEUES:
            return (new_queue, (type(value),), vars(value), None, None, set_queue)
        return NotImplemented if other is None else other(value, pickler)

    return reduce


def held_at(module: str, steps: Steps) -> Any:
    """One of a module; the codec supplies the names."""
    raise TypeError("read values with Codec.decode")


def held_in(names: Names, module: str, steps: Steps) -> Any:
    """One of a module, by the way that leads to it."""
    value: Any = names.module(module)
    for how, key in steps:
        value = getattr(value, key) if how == "attribute" else value[key]
    return value


_QUEUES = (asyncio.Queue, asyncio.PriorityQueue, asyncio.LifoQueue)


def new_queue(kind: type[asyncio.Queue[Any]]) -> asyncio.Queue[Any]:
    """A queue without its state."""
    return kind.__new__(kind)


def set_queue(queue: asyncio.Queue[Any], state: dict[str, Any]) -> None:
    """Put it in its state; that of Python 3.12 has not all that 3.13 asks for."""
    vars(queue).update({"_is_shutdown": False, **state})
