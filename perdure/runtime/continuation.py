"""The state of a run between two transitions: frames, fibers, and what they wait for.

A frame is (function, next task block, its live values, its cells). A fiber is a stack of frames:
one thread of control. A continuation is all fibers of a run and what each waits for. Frames and
waits are plain tuples, so that the C pickler writes a continuation without calling back.

Invariants:
* a fiber that waits has a frame on top whose block takes the value it waits for;
* `next_seq` is above the number of every activity and timer that the run ever started.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import CellType
from typing import Any, TypeAlias

from perdure.runtime.contexts import is_needed

# (index of the function in the image, number of the next block, live values, cells,
#  the exception that was being handled where the function was called,
#  the generator whose frame this is while it is being stepped)
Frame: TypeAlias = tuple[
    int | str, int, tuple[Any, ...], tuple[CellType, ...], BaseException | None, Any
]
# (ACTIVITY, seq, 0.0), or (TIMER, seq, when it is due in seconds since the epoch), or
# (SAFEPOINT, seq, when it was stopped): it goes on when the others have had a turn
Wait: TypeAlias = tuple[str, int, float]

ACTIVITY, TIMER, SAFEPOINT = "activity", "timer", "safepoint"


@dataclass(slots=True)
class Fiber:
    """One thread of control: its frames, outermost first, and what it waits for."""

    id: int
    stack: list[Frame]
    wait: Wait | None = None
    handle: Any = None  # what `spawn` gave for it; None for the workflow's own
    joins: tuple[list[Any], str] | None = None  # other fibers it waits for, and until when
    then: Any = None  # the call to make when they are there
    context: Any = None  # its contextvars.Context


@dataclass(slots=True)
class Start:
    """The run's first call, before any block has run: the entry's index and its arguments."""

    function: int | str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


@dataclass(slots=True)
class Continuation:
    """All that a run needs to go on. `start` is set until the entry block has been called."""

    fibers: dict[int, Fiber] = field(default_factory=dict)
    next_seq: int = 0
    start: Start | None = None
    salt: str = ""  # part of the seed of the run's random numbers
    loop: Any = None  # the event loop of an `async def` workflow
    next_fiber: int = 1
    world: Any = None  # set when the first generator is made (see generators.py)
    # Fibers that are to go on, after one that was stopped at a safepoint, and with what.
    ready: list[tuple[int, Any]] = field(default_factory=list)
    imported: tuple[str, ...] = ()  # modules of the program that its imports have brought
    redirected: dict[str, Any] = field(default_factory=dict)  # standard streams, by name
    # Attributes of locks and the like that modules hold, by the names of those.
    synchronizers: dict[Any, dict[str, Any]] = field(default_factory=dict)
    from_afar: bool = True  # it was not advanced in this process: modules may have to be imported

    def pack(self) -> tuple[Any, ...]:
        """As plain values, for the codec."""
        start = self.start
        entry = None if start is None else (start.function, start.args, start.kwargs)
        fibers = [_packed(f) for f in self.fibers.values()]
        run = (self.salt, self.loop, self.next_fiber, self.world, self.ready)
        return (self.next_seq, fibers, entry, *run, *self._of_modules())

    def _of_modules(self) -> tuple[Any, ...]:
        return (self.imported, self.redirected, self.synchronizers)

    @classmethod
    def unpack(cls, packed: tuple[Any, ...]) -> Continuation:
        """The inverse of `pack`."""
        next_seq, fibers, entry, *run = packed
        made = {number: Fiber(number, *rest) for number, *rest in fibers}
        return cls(made, next_seq, None if entry is None else Start(*entry), *run)

    def is_waiting(self) -> bool:
        """Whether the run waits for an activity or a timer."""
        loop = self.loop
        if loop is not None and (loop.pending or loop.timer is not None):
            return True
        return any(fiber.wait is not None for fiber in self.fibers.values())

    def waits(self) -> dict[int, Wait]:
        """What the run waits for, by sequence number."""
        found = {f.wait[1]: f.wait for f in self.fibers.values() if f.wait is not None}
        if self.loop is not None:
            found |= self.loop.waits()
        return found


def _packed(fiber: Fiber) -> tuple[Any, ...]:
    """A fiber as plain values; the common one is short."""
    if fiber.handle is None and fiber.joins is None and not is_needed(fiber.context):
        return (fiber.id, fiber.stack, fiber.wait)
    return (
        fiber.id,
        fiber.stack,
        fiber.wait,
        fiber.handle,
        fiber.joins,
        fiber.then,
        fiber.context if is_needed(fiber.context) else None,
    )
