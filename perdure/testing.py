"""Run workflows in tests: as they are, and compiled with a restart at every suspension.

>>> native(checkout, order)                  # the plain function, activities called directly
>>> drive(checkout, order)                   # compiled; state encoded, dropped, decoded each time
>>> drive(checkout, order, restart="never")  # compiled, state kept in memory

All three give an `Outcome`; for a workflow that survives its suspensions they are alike in value,
error and calls. No store, no clock, no waiting: durable sleeps end at once.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from perdure.runtime import declare, failures
from perdure.runtime import native as native_runtime
from perdure.runtime.codec import Codec
from perdure.runtime.compiling import image_of, program_of
from perdure.runtime.continuation import ACTIVITY, Continuation
from perdure.runtime.interpreter import Advance, Event, advance, begin
from perdure.runtime.interpreter import Call as _Scheduled
from perdure.runtime.iterators import Spent
from perdure.runtime.modules import Living
from perdure.runtime.program import Program
from perdure.runtime.stuck import deadlock
from perdure.runtime.unpicklable import explain

# So many checkpoints, and loops run through: a long loop over a large state would never end.
SAFEPOINTS = 100

Restart = Literal["every", "never", "safepoints"]

__all__ = ["Call", "Outcome", "drive", "native"]


class Call(NamedTuple):
    """An activity that was called. `name` is its qualified name; arguments as they were then."""

    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """How a run ended: `value` or `error`; the activities it called; how many checkpoints.

    To the calls belong those that were still to begin when it ended; they are not executed.
    """

    value: Any
    error: BaseException | None
    calls: tuple[Call, ...]
    checkpoints: int


def drive(
    workflow: Callable[..., Any],
    *args: Any,
    restart: Restart = "every",
    **kwargs: Any,
) -> Outcome:
    """Compile `workflow` and run it to its end in this thread.

    With `restart="every"` each suspension encodes the continuation, drops it, and goes on from the
    decoded bytes, as after a crash. Activities run once each: retries and timeouts are a worker's.
    With `restart="safepoints"` it is stopped at the end of a loop's turn as well, for the first
    hundred checkpoints.
    A live variable that cannot be kept ends the run with `UnpicklableError`, as in a worker.
    """
    if restart not in ("every", "never", "safepoints"):
        raise ValueError(f"drive(restart={restart!r}): give 'every', 'safepoints' or 'never'")
    program = program_of(image_of(workflow), workflow)
    return _Driver(program, restart).run(args, kwargs)


class _Driver:
    def __init__(self, program: Program, restart: Restart) -> None:
        self.program = program
        self.codec = Codec(program)
        self.restart = restart != "never"
        self.safepoints = SAFEPOINTS if restart == "safepoints" else 0
        self.calls: list[Call] = []
        self.checkpoints = 0
        self.ended: list[Event] = []  # of activities, not yet told

    def run(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Outcome:
        state = self.checkpoint(begin(self.program, args, kwargs))
        events: list[Event] = []
        now = 0.0
        while True:
            self.program.due = self.checkpoints < self.safepoints
            done = advance(self.program, state, events, now=now, seed=str(self.checkpoints))
            if done.ended:
                for call in done.calls:
                    self.note(call)
                return self.outcome(done)
            if not done.calls and (done_for := deadlock(self.program, state)) is not None:
                done.error = done_for
                return self.outcome(done)
            try:
                state = self.checkpoint(state)
            except Exception as error:
                if done.stopped and not done.calls and not isinstance(error, Spent):
                    events, now = self.answer(state, done, now)
                    continue  # at a safepoint it does no harm
                done.error = explain(self.program, state, error)
                return self.outcome(done)
            events, now = self.answer(state, done, now)

    def checkpoint(self, state: Continuation) -> Continuation:
        """Encode and decode the continuation, if asked to."""
        self.checkpoints += 1
        if not self.restart:
            return state
        data, _ = self.codec.keep(state.pack())
        return Continuation.unpack(self.codec.decode(data))

    def answer(self, state: Continuation, done: Advance, now: float) -> tuple[list[Event], float]:
        """Run what was scheduled; with nothing to run, the clock goes to the next timer.

        Where a coroutine calls a plain activity, its loop stands still: that one ends first.
        """
        self.ended += [self.call(call) for call in done.calls]
        held = state.fibers[0].wait if state.loop is not None else None
        if held is not None:
            own = [event for event in self.ended if event.seq == held[1]]
            self.ended = [event for event in self.ended if event.seq != held[1]]
            return (own, now) if own else ([Event(held[1])], max(now, held[2]))
        if self.ended:
            events, self.ended = self.ended, []
            return events, now
        timers = sorted((due, seq) for kind, seq, due in state.waits().values() if kind != ACTIVITY)
        due, seq = timers[0]
        return [Event(seq)], due

    def call(self, call: _Scheduled) -> Event:
        """Run an activity on copies of its arguments, and pass a copy of its result on."""
        codec = self.codec
        try:
            args, kwargs = self.note(call)
            value = native_runtime.finished(call.options.call(*args, **kwargs))
            return Event(call.seq, codec.decode(codec.encode(value)))
        except BaseException as error:
            if failures.is_interrupt(error):
                raise
            failures.tidy(error)
            return Event(call.seq, error=codec.decode(codec.encode(error, subjects=False)))

    def note(self, call: _Scheduled) -> tuple[Any, Any]:
        """Note a call; the copies of its arguments that the activity is given."""
        args, kwargs = self.codec.decode(self.codec.encode((call.args, call.kwargs)))
        name = call.name.rpartition(":")[2]
        self.calls.append(Call(name, *_kept(self.codec, args, kwargs)))
        return args, kwargs

    def outcome(self, done: Advance) -> Outcome:
        value = done.value
        return Outcome(value, done.error, tuple(self.calls), self.checkpoints)


def _kept(codec: Codec, args: Any, kwargs: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments as they are now; the activity may change the objects it is given."""
    kept: tuple[tuple[Any, ...], dict[str, Any]] = codec.decode(codec.encode((args, kwargs)))
    return kept


def native(workflow: Callable[..., Any], *args: Any, **kwargs: Any) -> Outcome:
    """Run the plain function in this thread, its activities called directly and noted."""
    calls: list[Call] = []
    # The same copier as in a run: copy.deepcopy loses an exception's cause and context.
    codec = Codec(modules={workflow.__module__: Living(getattr(workflow, "__globals__", {}))})

    def note(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        calls.append(Call(function.__qualname__, *_kept(codec, args, kwargs)))

    hook = declare.native_call.set(note)
    try:
        try:
            value = workflow(*args, **kwargs)
            if inspect.iscoroutine(value):
                value = native_runtime.run(value)
        except BaseException as error:
            if failures.is_interrupt(error):
                raise
            failures.tidy(error)
            return Outcome(None, error, tuple(calls), 0)
        return Outcome(value, None, tuple(calls), 0)
    finally:
        declare.native_call.reset(hook)
