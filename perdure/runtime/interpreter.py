"""The pure core: a continuation and the events that have arrived give a transition.

`advance` has no clock, does no I/O and starts no threads: what it does is a function of its
arguments. It folds in all the events at once, and runs each fiber they wake until it waits again.
Recovery is not a mode: after a crash the same call is made with the same values read back.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from perdure.runtime import failures
from perdure.runtime.continuation import ACTIVITY, TIMER, Continuation, Fiber, Start
from perdure.runtime.declare import (
    ActivityOptions,
    BlockContext,
    activity_options,
    running_block,
    seconds_of,
    sleep,
)
from perdure.runtime.loop import ActivityCall, Loop, Task
from perdure.runtime.machine import Action, Machine, hidden
from perdure.runtime.ops import Raised, Returned
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
    ended: bool = False
    value: Any = None
    error: BaseException | None = None


def begin(
    program: Program, args: tuple[Any, ...], kwargs: dict[str, Any], *, salt: str = ""
) -> Continuation:
    """The continuation of a run that has not started: its entry is to be called.

    `salt` makes the run's random numbers its own; give something nobody else gives.
    """
    index = program.by_name[program.image.entry].index
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
    context = BlockContext(now, (continuation.salt, seed, continuation.next_seq))
    run = _Run(program, continuation, result, context)
    before = running_block.get()
    running_block.set(context)
    context.run = run
    try:
        if continuation.start is not None:
            run.start()
        if continuation.loop is not None:
            with continuation.loop.current(now):
                run.loop(continuation.loop, events)
        elif events:
            waiting = {f.wait[1]: f for f in continuation.fibers.values() if f.wait is not None}
            for event in events:
                fiber = waiting.get(event.seq)
                if fiber is not None and fiber.wait is not None and fiber.wait[1] == event.seq:
                    fiber.wait = None
                    run.run(fiber, _came_back(event))
    finally:
        running_block.set(before)
    return result


def _came_back(event: Event) -> Returned | Raised:
    return Returned(event.value) if event.error is None else Raised(event.error)


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

    def start(self) -> None:
        begun = self.continuation.start
        assert begun is not None
        self.continuation.start = None
        fiber = self.continuation.fibers[0] = Fiber(0, [])
        loaded = self.program.functions[begun.function]
        if loaded.table.kind == "coroutine":
            self.continuation.loop = Loop()
            done = self.make(loaded.original, loaded, begun.args, begun.kwargs)
            if isinstance(done, Returned):
                self.continuation.loop.begin(done.value)
                return
            self._end(fiber, done)
            return
        self.run(fiber, self.enter(fiber, loaded, loaded.original, begun.args, begun.kwargs))

    def run(self, fiber: Fiber, action: Action) -> None:
        """Run a fiber from the value it waited for until it waits again or ends."""
        outcome = self.settle(fiber, action)
        if outcome is not None:
            assert isinstance(outcome, Returned | Raised)
            self._end(fiber, outcome)

    # Coroutines -------------------------------------------------------------------------------

    def loop(self, loop: Loop, events: Sequence[Event]) -> None:
        """Run the tasks of an `async def` workflow until all of them wait."""
        fiber = self.continuation.fibers[0]
        for event in events:
            if fiber.wait is not None and fiber.wait[1] == event.seq:
                fiber.wait = None
                self._stepped(loop, fiber, self.settle(fiber, _came_back(event)))
            else:
                loop.settle(event.seq, event.value, event.error)
        while fiber.wait is None and not loop.finished:
            step = loop.next_step()
            if step is None:
                break
            task, action = step
            loop.enter(task)
            done = task.context.run(self.step_task, fiber, task, action)
            self._stepped(loop, fiber, done)
        if loop.finished:
            self._end(fiber, loop.outcome())
        elif fiber.wait is None:
            due = loop.next_timer()
            if due is not None and (loop.timer is None or due < loop.timer[2] or not loop.armed):
                loop.arm(self._number(), due)
                assert loop.timer is not None
                self.result.timers.append((due, loop.timer[1]))

    def step_task(self, fiber: Fiber, task: Task, action: Returned | Raised) -> Any:
        """One step of a task's coroutine."""
        return self.settle(fiber, self.resume_root(fiber, task.coroutine, action))

    def _stepped(self, loop: Loop, fiber: Fiber, outcome: Any) -> None:
        """After a step: unless a call of the step waits, the task takes what came of it."""
        if outcome is not None:
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
        if fiber.stack and self.continuation.loop is not None:
            caller = self.program.functions[fiber.stack[-1][0]]
            if caller.is_async and inspect.iscoroutinefunction(options.call):
                return Returned(ActivityCall(function, args, kwargs))
        seq = self._wait(fiber, ACTIVITY, 0.0)
        self._schedule(seq, function, options, args, kwargs, self._line(fiber))
        return None

    def begin_call(self, call: ActivityCall) -> Any:
        """Schedule an activity that a coroutine awaits; the future of its result."""
        loop = self.continuation.loop
        assert loop is not None
        options = activity_options(call.function)
        assert options is not None
        seq = self._number()
        fiber = self.continuation.fibers[0]
        line = self._line(fiber) if fiber.stack else 0
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
            failures.tidy(error, hidden())
            return Raised(error)
        due = self.context.now + seconds
        self.result.timers.append((due, self._wait(fiber, TIMER, due)))
        return None

    def _number(self) -> int:
        seq = self.continuation.next_seq
        self.continuation.next_seq = seq + 1
        return seq

    def _wait(self, fiber: Fiber, kind: str, due: float) -> int:
        seq = self._number()
        fiber.wait = (kind, seq, due)
        return seq

    def _line(self, fiber: Fiber) -> int:
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
