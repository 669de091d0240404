"""The pure core: a continuation and the events that have arrived give a transition.

`advance` has no clock, does no I/O and starts no threads: what it does is a function of its
arguments. It folds in all the events at once, and runs each fiber they wake until it waits again.
Recovery is not a mode: after a crash the same call is made with the same values read back.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import CellType, CodeType, FunctionType, MethodType
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
from perdure.runtime.ops import UNBOUND, Enter, Jump, Raised, Returned, Suspend, handling
from perdure.runtime.program import LoadedFunction, Program


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


# What a fiber does next: take what a call came back with, make a call, or (None) wait.
Action = Returned | Raised | Suspend | None


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
    token = running_block.set(context)
    try:
        run = _Run(program, continuation, result, context)
        if continuation.start is not None:
            run.start()
        if events:
            waiting = {f.wait[1]: f for f in continuation.fibers.values() if f.wait is not None}
            for event in events:
                fiber = waiting.get(event.seq)
                if fiber is not None and fiber.wait is not None and fiber.wait[1] == event.seq:
                    fiber.wait = None
                    done = Returned(event.value) if event.error is None else Raised(event.error)
                    run.run(fiber, done)
    finally:
        running_block.reset(token)
    return result


class _Run:
    """One call of `advance`."""

    __slots__ = ("context", "continuation", "program", "result")

    def __init__(
        self,
        program: Program,
        continuation: Continuation,
        result: Advance,
        context: BlockContext,
    ) -> None:
        self.program = program
        self.continuation = continuation
        self.result = result
        self.context = context

    def start(self) -> None:
        begun = self.continuation.start
        assert begun is not None
        self.continuation.start = None
        fiber = self.continuation.fibers[0] = Fiber(0, [])
        loaded = self.program.functions[begun.function]
        done = self._enter(fiber, loaded, loaded.original, begun.args, begun.kwargs)
        self._settle(fiber, done)

    def run(self, fiber: Fiber, resume: Returned | Raised) -> None:
        """Run a fiber from the value it waited for until it waits again or ends."""
        self._settle(fiber, resume)

    def _settle(self, fiber: Fiber, action: Action) -> None:
        """Go on until the fiber waits; an empty stack is its end.

        Calls between durable functions come back to this loop, so they may nest as deep as memory
        allows.
        """
        while action is not None:
            if isinstance(action, Suspend):
                action = self._call(fiber, action.callee, action.args, action.kwargs or {})
            elif fiber.stack:
                action = self._step(fiber, action)
            else:
                self._end(fiber, action)
                return

    def _step(self, fiber: Fiber, resume: Returned | Raised) -> Action:
        """Run the block on top of the stack."""
        function, number, live, cells, handled = fiber.stack[-1]
        loaded = self.program.functions[function]
        block = loaded.blocks[number] if not cells else loaded.bind(number, cells)
        try:
            if handled is None:
                result = block(resume, *live)
            else:
                result = _while_handling(handled, block, (resume, *live), {})
        except KeyboardInterrupt:
            raise  # a person stops the worker; the run stays where it was
        except BaseException as error:
            return self._raised(fiber, error)
        return self._after(fiber, loaded, cells, result)

    @staticmethod
    def _handled(
        loaded: LoadedFunction, then: int, live: tuple[Any, ...], inherited: BaseException | None
    ) -> BaseException | None:
        """The exception being handled in a frame: its own, or the one it was called under."""
        index = loaded.table.blocks[then].handling
        error: BaseException | None = live[index] if index >= 0 else inherited
        return error

    def _raised(self, fiber: Fiber, error: BaseException) -> Raised:
        failures.tidy(error, _HIDDEN)
        fiber.stack.pop()
        return Raised(error)

    def _after(
        self, fiber: Fiber, loaded: LoadedFunction, cells: tuple[CellType, ...], result: Any
    ) -> Action:
        """Do what a block asked for when it ended."""
        handled = fiber.stack[-1][4]
        while True:
            kind = type(result)
            if isinstance(result, Suspend):
                fiber.stack[-1] = (loaded.index, result.then, result.live, cells, handled)
                return result
            if kind is Jump:
                live = result.live
            elif kind is Enter:
                cells = tuple(CellType() if c is UNBOUND else CellType(c) for c in result.contents)
                live = result.live
            else:
                fiber.stack.pop()
                return Returned(result)
            fiber.stack[-1] = (loaded.index, result.then, live, cells, handled)
            block = loaded.blocks[result.then] if not cells else loaded.bind(result.then, cells)
            try:
                if handled is None:
                    result = block(*live)
                else:
                    result = _while_handling(handled, block, live, {})
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                return self._raised(fiber, error)

    def _enter(
        self,
        fiber: Fiber,
        loaded: LoadedFunction,
        function: FunctionType,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Action:
        """Call a durable function: a new frame, and its entry block."""
        entry = self.program.entry_of(function, loaded)
        handled: BaseException | None = None
        if fiber.stack:
            caller, then, live, _, inherited = fiber.stack[-1]
            handled = self._handled(self.program.functions[caller], then, live, inherited)
        fiber.stack.append((loaded.index, 0, (), (), handled))
        try:
            if handled is None:
                result = entry(*args, **kwargs)
            else:
                result = _while_handling(handled, entry, args, kwargs)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            return self._raised(fiber, error)
        return self._after(fiber, loaded, (), result)

    def _call(
        self, fiber: Fiber, callee: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Action:
        """Make the call a block suspended for: activity, timer, durable or plain function."""
        kind = type(callee)
        if kind is FunctionType:
            options = activity_options(callee)
            if options is not None:
                self._schedule(fiber, callee, options, args, kwargs)
                return None
            loaded = self.program.by_code.get(callee.__code__)
            if loaded is not None:
                return self._enter(fiber, loaded, callee, args, kwargs)
            if callee is sleep:
                return self._sleep(fiber, args, kwargs)
        elif kind is MethodType:
            return self._call(fiber, callee.__func__, (callee.__self__, *args), kwargs)
        elif kind is functools.partial:
            return self._call(
                fiber, callee.func, (*callee.args, *args), {**callee.keywords, **kwargs}
            )
        else:
            method = getattr(kind, "__call__", None)  # noqa: B004  (the method itself is wanted)
            if type(method) is FunctionType and self.program.suspends(method):
                return self._call(fiber, method, (callee, *args), kwargs)
        return self._plain(callee, args, kwargs)

    def _plain(
        self, callee: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Returned | Raised:
        try:
            return Returned(callee(*args, **kwargs))
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            failures.tidy(error, _HIDDEN)
            return Raised(error)

    def _schedule(
        self,
        fiber: Fiber,
        function: Any,
        options: ActivityOptions,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        seq = self._wait(fiber, ACTIVITY, 0.0)
        names = self.program.names
        name = names.get(function) or names.setdefault(function, self.activity_name(function))
        self.result.calls.append(
            Call(seq, name, function, options, args, kwargs, self._line(fiber))
        )

    def activity_name(self, function: Any) -> str:
        """`module:qualname`, by which any worker finds the activity in the program."""
        module = function.__module__
        if module == "__main__":
            for name, loaded in self.program.modules.items():
                if loaded.__name__ == "__main__":
                    module = name
        return f"{module}:{function.__qualname__}"

    def _sleep(self, fiber: Fiber, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Action:
        try:
            seconds = _sleep_seconds(*args, **kwargs)
        except (TypeError, ValueError) as error:
            failures.tidy(error, _HIDDEN)
            return Raised(error)
        due = self.context.now + seconds
        self.result.timers.append((due, self._wait(fiber, TIMER, due)))
        return None

    def _wait(self, fiber: Fiber, kind: str, due: float) -> int:
        seq = self.continuation.next_seq
        self.continuation.next_seq = seq + 1
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


def _while_handling(
    error: BaseException, block: FunctionType, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Run a block of a function that was called from an exception handler."""
    restore = handling(error)
    try:
        raise error
    except BaseException:
        restore()
        return block(*args, **kwargs)


def _sleep_seconds(seconds: Any) -> float:
    return seconds_of(seconds)


_sleep_seconds.__qualname__ = _sleep_seconds.__name__ = "sleep"

# The runtime's own frames, which no user wants to see in a traceback.
_HIDDEN: frozenset[CodeType] = frozenset(
    function.__code__
    for function in (
        _Run._step,
        _Run._after,
        _Run._enter,
        _Run._plain,
        Raised.__call__,
        _while_handling,
    )
)
