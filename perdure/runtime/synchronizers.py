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

if TYPE_CHECKING:
    from perdure.runtime.instances import Reducer
    from perdure.runtime.program import Program

KINDS = (
    asyncio.Lock,
    asyncio.Event,
    asyncio.Condition,
    asyncio.Semaphore,
    asyncio.Barrier,
    asyncio.Queue,
)
# (the module's name, the path in it)
Name = tuple[str, str]


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
        for variable, value in [*vars(module).items()]:
            if isinstance(value, KINDS):
                self._add((name, variable), value)
            elif isinstance(value, type) and value.__module__ == vars(module).get("__name__"):
                for attribute, held in [*vars(value).items()]:
                    if isinstance(held, KINDS):
                        self._add((name, f"{value.__qualname__}.{attribute}"), held)

    def _add(self, name: Name, value: Any) -> None:
        if id(value) in self.named:
            return
        # To what loop it was bound is of no concern to a run.
        first = {key: held for key, held in vars(value).items() if key != "_loop"}
        self.named[id(value)] = name
        self.begun[name] = value, first

    @contextmanager
    def state_of(self, run: Any) -> Iterator[None]:
        """Let them be as a run has left them, for a transition; `run.synchronizers` is set anew."""
        self.look()
        for name, (value, first) in self.begun.items():
            _put(value, run.synchronizers.get(name) or copy.deepcopy(first))
        try:
            yield
        finally:
            self.look()  # the state of those that are new is this run's
            states = {name: dict(vars(value)) for name, (value, _) in self.begun.items()}
            run.synchronizers = {n: s for n, s in states.items() if s != self.begun[n][1]}
            for value, first in self.begun.values():
                _put(value, copy.deepcopy(first))


def _put(value: Any, state: dict[str, Any]) -> None:
    space = vars(value)
    space.clear()
    space |= state


def named(other: Reducer | None) -> Reducer:
    """The reducer of such a class: one of a module is kept by its name, all others as they were."""
    from perdure.runtime.functions import by_name

    def reduce(value: Any, pickler: Any) -> Any:
        program = pickler.codec.program
        name = program and program.synchronizers.named.get(id(value))
        if name:
            return (by_name, name)
        if type(value) in _QUEUES:
            return (new_queue, (type(value),), vars(value), None, None, set_queue)
        return NotImplemented if other is None else other(value, pickler)

    return reduce


_QUEUES = (asyncio.Queue, asyncio.PriorityQueue, asyncio.LifoQueue)


def new_queue(kind: type[asyncio.Queue[Any]]) -> asyncio.Queue[Any]:
    """A queue without its state."""
    return kind.__new__(kind)


def set_queue(queue: asyncio.Queue[Any], state: dict[str, Any]) -> None:
    """Put it in its state; that of Python 3.12 has not all that 3.13 asks for."""
    vars(queue).update({"_is_shutdown": False, **state})
