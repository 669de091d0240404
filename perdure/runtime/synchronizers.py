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

from perdure.runtime.leads import Name, Steps, follow

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


class Synchronizers:
    """Those of one program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.begun: dict[Name, tuple[Any, dict[str, Any]]] = {}  # each, and its first state
        self._taken = 0  # of what modules lead to

    def look(self) -> None:
        """Take those of modules that have been imported since."""
        leads = self.program.leads
        leads.look()
        for name, value in leads.found[self._taken :]:
            _unbind(value)
            self.begun[name] = value, copy.deepcopy(vars(value))
        self._taken = len(leads.found)

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
        name = program and program.leads.name_of(value)
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
    return follow(names.module(module), steps)


_QUEUES = (asyncio.Queue, asyncio.PriorityQueue, asyncio.LifoQueue)


def new_queue(kind: type[asyncio.Queue[Any]]) -> asyncio.Queue[Any]:
    """A queue without its state."""
    return kind.__new__(kind)


def set_queue(queue: asyncio.Queue[Any], state: dict[str, Any]) -> None:
    """Put it in its state; that of Python 3.12 has not all that 3.13 asks for."""
    vars(queue).update({"_is_shutdown": False, **state})
