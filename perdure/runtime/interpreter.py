"""The pure core: a continuation and the events that have arrived give a transition.

`advance` has no clock, does no I/O and starts no threads: what it does is a function of its
arguments. It folds in all the events at once, and runs each fiber they wake until it waits again.
Recovery is not a mode: after a crash the same call is made with the same values read back.
"""

from __future__ import annotations

import contextvars
import inspect
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

from perdure.runtime import failures, fibers
from perdure.runtime.activity_calls import ActivityCall
from perdure.runtime.continuation import ACTIVITY, SAFEPOINT, TIMER, Continuation, Fiber, Start
from perdure.runtime.declare import (
    ActivityOptions,
    BlockContext,
    DurabilityError,
    activity_options,
    running_block,
    seconds_of,
)
from perdure.runtime.frames import Action
from perdure.runtime.generators import World
from perdure.runtime.loop import Loop, Task
from perdure.runtime.machine import Machine
from perdure.runtime.ops import Again, Raised, Returned, Suspend
from perdure.runtime.process import streams_of
from perdure.runtime.program import Program


@dataclass(slots=True)
class Event:
    """Something a run waited for has come: the outcome of an activity, or a timer is due."""

    seq: int
    value: Any = None
    error: BaseException | None = None


@dataclass(slots=True)
class Call:
    """An activity to schedule."""

    seq: int
    name: str
    function: Any  # the marked function
    options: ActivityOptions
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    line: int


@dataclass(slots=True)
class Advance:
    """What came of it: activities and timers to start, and the outcome if the run has ended."""

    calls: list[Call] = field(default_factory=list)
    timers: list[tuple[float, int]] = field(default_factory=list)  # (due, seq)
    stopped: bool = False  # at a safepoint, to go on when its timer says so: now
    ended: bool = False
    value: Any = None
    error: BaseException | None = None


def begin(
    program: Program, args: tuple[Any, ...], kwargs: dict[str, Any], *, salt: str = ""
) -> Continuation:
    """The continuation of a run that has not started: its entry is to be called.

    `salt` makes the run's random numbers its own; give something nobody else gives.
    """
    index = program.entry.index
    return Continuation({}, 0, Start(index, args, kwargs), salt)


def advance(
    program: Program,
    continuation: Continuation,
    events: Sequence[Event],
    *,
    now: float,
    seed: str = "",
) -> Advance:
    """Take the events in and run every fiber they wake until it waits. Changes `continuation`.

    Events for which nothing waits are ignored: they were answered before.
    """
    result = Advance()
    program.show()
    program.leads.look()
    if continuation.from_afar:
        running = (frame[0] for f in continuation.fibers.values() for frame in f.stack)
        program.bring_all(continuation.imported, running)
        continuation.from_afar = False
    context = BlockContext(now, (continuation.salt, seed, continuation.next_seq))
    run = _Run(program, continuation, result, context)
    before = running_block.context
    running_block.context = context
    context.run = run
    try:
        with streams_of(continuation):
            if continuation.start is not None:
                run.start()
            if continuation.loop is not None:
                state = program.synchronizers.state_of(continuation)
                with state, continuation.loop.current(now):
                    run.loop(continuation.loop, events)
            else:
                run.take(events)
    finally:
        running_block.context = before
    continuation.imported = program.imported()
    return result


def _came_back(event: Event, fiber: Fiber) -> Returned | Raised | Again:
    if fiber.wait is not None and fiber.wait[0] == SAFEPOINT:
        return Again()
    value, error = event.value, event.error
    event.value = event.error = None  # who made it holds it, and the run may let go of that
    return Returned(value) if error is None else Raised(error)


class _Run(Machine):
    """One call of `advance`: the machine, with effects."""

    def __init__(
        self,
        program: Program,
        continuation: Continuation,
        result: Advance,
        context: BlockContext,
    ) -> None:
        super().__init__(program)
        self.continuation = continuation
        self.result = result
        self.context = context
        self.ready: deque[tuple[Fiber, Action]] = deque()
        if continuation.world is not None:
            self.dropped = continuation.world.dropped

    @property
    def world(self) -> Any:
        """What the generators of this state belong to."""
        return self.continuation.world

    def begin_world(self) -> World:
        """The same, made when the first generator is."""
        world: World | None = self.continuation.world
        if world is None:
            world = self.continuation.world = World(self.dropped)
        return world

    def start(self) -> None:
        begun = self.continuation.start
        assert begun is not None
        self.continuation.start = None
        fiber = self.continuation.fibers[0] = Fiber(0, [])
        loaded = self.program.functions[begun.function]
        original = self.program.by_name[self.program.image.entry].original
        assert original is not None
        if loaded.table.kind == "coroutine":
            self.continuation.loop = Loop()
            done = self.make(original, loaded, begun.args, begun.kwargs)
            if isinstance(done, Returned):
                self.continuation.loop.begin(done.value)
                return
            self._end(fiber, done)
            return
        entry = Suspend(original, begun.args, begun.kwargs, then=0, live=())
        self.ready.append((fiber, entry))

    def take(self, events: Sequence[Event]) -> None:
        """Take the events in, and run the fibers they wake, one after the other.

        One that was stopped at a safepoint goes on first: no suspension parts what it does.
        """
        continuation = self.continuation
        for stopped in continuation.fibers.values():
            if stopped.wait is not None and stopped.wait[0] == SAFEPOINT:
                stopped.wait = None
                self.ready.append((stopped, Again()))
        if continuation.ready:
            self.ready += [(continuation.fibers[number], a) for number, a in continuation.ready]
            continuation.ready = []
        if events:
            waiting = {f.wait[1]: f for f in continuation.fibers.values() if f.wait is not None}
            for event in events:
                fiber = waiting.get(event.seq)
                if fiber is not None and fiber.wait is not None and fiber.wait[1] == event.seq:
                    self.ready.append((fiber, _came_back(event, fiber)))
                    fiber.wait = None
        while self.ready and not self.result.ended and not self.result.stopped:
            self.run(*self.ready.popleft())
        if self.ready:
            continuation.ready = [(fiber.id, action) for fiber, action in self.ready]

    def run(self, fiber: Fiber, action: Action) -> None:
        """Run a fiber from the value it waited for until it waits again or ends."""
        if fiber.context is None:
            fiber.context = contextvars.Context()
        outcome = fiber.context.run(self.settle, fiber, action)
        if outcome is None:
            return
        assert isinstance(outcome, Returned | Raised)
        if fiber.handle is None:
            self._end(fiber, outcome)
            return
        del self.continuation.fibers[fiber.id]
        if isinstance(outcome, Raised):
            fiber.handle.settle(None, outcome.error)
        else:
            fiber.handle.settle(outcome.value, None)
        self._wake()

    def _wake(self) -> None:
        """Fibers that waited for others which have ended by now go on."""
        for fiber in self.continuation.fibers.values():
            if fiber.joins is not None and fibers.is_over(*fiber.joins):
                fiber.joins = None
                action: Action = Returned(None)
                if fiber.then is not None:
                    callee, args, kwargs = fiber.then
                    fiber.then = None
                    action = Suspend(callee, args, kwargs, then=0, live=())
                self.ready.append((fiber, action))

    # Fibers -----------------------------------------------------------------------------------

    def spawn(self, fiber: Fiber, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Action:
        if self.continuation.loop is not None:
            return Raised(
                DurabilityError(
                    "spawn(), gather() and race() are for plain functions: in a coroutine use "
                    "asyncio.create_task(), asyncio.gather() and asyncio.wait()"
                )
            )
        if not args or not callable(args[0]):
            return Raised(TypeError("spawn() takes a function, and then its arguments"))
        number = self.continuation.next_fiber
        self.continuation.next_fiber = number + 1
        handle: fibers.Fiber[Any] = fibers.Fiber(number)
        made = self.continuation.fibers[number] = Fiber(number, [], handle=handle)
        made.context = contextvars.copy_context()
        self.ready.append((made, Suspend(args[0], args[1:], kwargs, then=0, live=())))
        return Returned(handle)

    def wait(self, fiber: Fiber, handles: list[Any], until: str) -> Action:
        if fibers.is_over(handles, until):
            return Returned(None)
        fiber.joins = (list(handles), until)
        return None

    def cancel(self, handle: fibers.Fiber[Any]) -> None:
        """Raise `Cancelled` where a fiber waits."""
        fiber = self.continuation.fibers.get(handle.id)
        if fiber is None or fiber.handle is not handle:
            return
        error = fibers.Cancelled()
        begun = [entry for entry in self.ready if entry[0] is fiber]
        for entry in begun:
            self.ready.remove(entry)
        if begun and not fiber.stack and isinstance(begun[0][1], Suspend):
            del self.continuation.fibers[fiber.id]  # it has not begun
            handle.settle(None, error)
            self._wake()
        elif begun or fiber.wait is not None or fiber.joins is not None:
            fiber.wait = fiber.joins = fiber.then = None
            self.ready.append((fiber, Raised(error)))

    # Coroutines -------------------------------------------------------------------------------

    def loop(self, loop: Loop, events: Sequence[Event]) -> None:
        """Run the tasks of an `async def` workflow until all of them wait."""
        fiber = self.continuation.fibers[0]
        for event in events:
            if fiber.wait is not None and fiber.wait[1] == event.seq:
                action = _came_back(event, fiber)
                fiber.wait = None
                self._stepped(loop, loop.context.run(self.settle, fiber, action))
            else:
                value, error = event.value, event.error
                event.value = event.error = None  # as in _came_back
                loop.settle(event.seq, value, error)
                del value, error
        while fiber.wait is None and not loop.finished:
            step: Any = loop.next_step(self.program.suspending.suspends)
            if step is None:
                break
            if loop.calling is not None:
                self._stepped(loop, step._context.run(self.make_callback, fiber, step))
                continue
            task, *actions = step
            del step
            loop.enter(task)
            self._stepped(loop, task.context.run(self.step_task, fiber, task, actions))
        if loop.finished:
            self._end(fiber, loop.outcome())
        elif fiber.wait is None:
            due = loop.next_timer()
            if due is not None and (loop.timer is None or due < loop.timer[2] or not loop.armed):
                loop.arm(self._number(), due)
                assert loop.timer is not None
                self.result.timers.append((due, loop.timer[1]))

    def step_task(self, fiber: Fiber, task: Task, actions: list[Returned | Raised]) -> Any:
        """One step of a task's coroutine; what it goes on with is nobody else's any more."""
        return self.settle(fiber, self.resume_root(fiber, task.get_coro(), actions.pop()))

    def make_callback(self, fiber: Fiber, handle: Any) -> Any:
        """A callback of the program's: like a task's step it may wait, and all others with it."""
        return self.settle(fiber, self.call(fiber, handle._callback, handle._args, {}))

    def _stepped(self, loop: Loop, outcome: Any) -> None:
        """After a step: unless a call of the step waits, the task takes what came of it."""
        if outcome is None:
            return
        if loop.calling is not None:
            loop.called(outcome)
        else:
            loop.leave(outcome)

    # Effects ----------------------------------------------------------------------------------

    def schedule(
        self,
        fiber: Fiber,
        function: Any,
        options: ActivityOptions,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Action:
        if kwargs and not all(isinstance(name, str) for name in kwargs):
            return Raised(TypeError("keywords must be strings"))
        if self._is_awaited(fiber, options):
            return Returned(ActivityCall(function, args, kwargs))
        seq = self._wait(fiber, ACTIVITY, 0.0)
        self._schedule(seq, function, options, args, kwargs, self._line(fiber))
        return None

    def placed(self, fiber: Fiber, call: Suspend) -> Suspend:
        options = activity_options(call.callee) if type(call.callee) is FunctionType else None
        if options is None or not self._is_awaited(fiber, options):
            return call
        args = (call.callee, call.args, call.kwargs or {})
        return Suspend(ActivityCall, args, then=call.then, live=call.live)

    def _is_awaited(self, fiber: Fiber, options: ActivityOptions) -> bool:
        """Whether calling an activity only gives something to await, whoever calls it."""
        if self.continuation.loop is None or not fiber.stack:
            return False
        return inspect.iscoroutinefunction(options.call)

    def begin_call(self, call: ActivityCall) -> Any:
        """Schedule an activity that a coroutine awaits; the future of its result."""
        loop = self.continuation.loop
        assert loop is not None
        options = activity_options(call.function)
        assert options is not None
        seq = self._number()
        fiber = self.continuation.fibers[0]
        line = self._line(fiber)
        self._schedule(seq, call.function, options, call.args, call.kwargs, line)
        return loop.wait_for(seq)

    def _schedule(
        self,
        seq: int,
        function: Any,
        options: ActivityOptions,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        line: int,
    ) -> None:
        names = self.program.names
        name = names.get(function) or names.setdefault(function, self.activity_name(function))
        self.result.calls.append(Call(seq, name, function, options, args, kwargs, line))

    def activity_name(self, function: Any) -> str:
        """`module:qualname`, by which any worker finds the activity in the program."""
        module = function.__module__
        if module == "__main__":
            for name, loaded in self.program.modules.items():
                if loaded.__name__ == "__main__":
                    module = name
        return f"{module}:{function.__qualname__}"

    def sleep(self, fiber: Fiber, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Action:
        try:
            seconds = _sleep_seconds(*args, **kwargs)
        except (TypeError, ValueError) as error:
            failures.tidy(error)
            return Raised(error)
        due = self.context.now + seconds
        self.result.timers.append((due, self._wait(fiber, TIMER, due)))
        return None

    def stops_at_safepoint(self, fiber: Fiber) -> bool:
        """Give way if this has gone on for long: others have a turn, and a checkpoint is made."""
        if not self.program.due:
            return False
        self.program.due = False
        self.result.stopped = True
        seq = self._number()
        fiber.wait = (SAFEPOINT, seq, self.context.now)
        self.result.timers.append((self.context.now, seq))
        return True

    def _number(self) -> int:
        seq = self.continuation.next_seq
        self.continuation.next_seq = seq + 1
        return seq

    def _wait(self, fiber: Fiber, kind: str, due: float) -> int:
        seq = self._number()
        fiber.wait = (kind, seq, due)
        return seq

    def _line(self, fiber: Fiber) -> int:
        if not fiber.stack:
            return 0  # an activity that was spawned itself
        function, number, *_ = fiber.stack[-1]
        return self.program.functions[function].table.blocks[number].line

    def _end(self, fiber: Fiber, outcome: Returned | Raised) -> None:
        del self.continuation.fibers[fiber.id]
        self.result.ended = True
        if isinstance(outcome, Raised):
            self.result.error = outcome.error
        else:
            self.result.value = outcome.value


def _sleep_seconds(seconds: Any) -> float:
    return seconds_of(seconds)


_sleep_seconds.__qualname__ = _sleep_seconds.__name__ = "sleep"
