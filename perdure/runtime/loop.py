"""The event loop of an `async def` workflow: futures and tasks that a checkpoint can keep.

It is asyncio's loop as far as code inside one run can tell: `asyncio.get_running_loop()` gives it,
and asyncio's own locks, queues, timeouts and task groups work on it, for they are written in terms
of `create_future`, `call_soon`, `call_later` and `create_task`. What differs: it does no I/O, its
clock is the time of the transition, and the interpreter steps its tasks one at a time, so the
order in which they wake is part of the continuation.

Future and Task follow asyncio's (`Lib/asyncio/futures.py`, `tasks.py`), without their links to a
live process.
"""

from __future__ import annotations

import asyncio
import asyncio.events
import asyncio.tasks
import contextvars
import heapq
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from perdure.runtime.continuation import ACTIVITY, TIMER, Wait
from perdure.runtime.declare import running_block
from perdure.runtime.ops import Raised, Returned

PENDING, CANCELLED, FINISHED = "PENDING", "CANCELLED", "FINISHED"


class Future:
    """A result that is not there yet (asyncio.Future)."""

    _asyncio_future_blocking = False
    _cancelled_exc: BaseException | None = None  # what ended a cancelled task: raised once

    def __init__(self, *, loop: Loop | None = None) -> None:
        self._loop = loop if loop is not None else _running()
        self._state = PENDING
        self._result: Any = None
        self._exception: BaseException | None = None
        self._callbacks: list[tuple[Callable[[Any], Any], contextvars.Context]] = []
        self._cancel_message: Any = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._state.lower()}>"

    __class_getitem__ = classmethod(lambda cls, item: cls)

    def get_loop(self) -> Loop:
        """The loop it belongs to."""
        return self._loop

    def done(self) -> bool:
        """Whether it has a result or an exception, or was cancelled."""
        return self._state != PENDING

    def cancelled(self) -> bool:
        """Whether it was cancelled."""
        return self._state == CANCELLED

    def result(self) -> Any:
        """Its result; raises its exception, CancelledError, or InvalidStateError."""
        if self._state == CANCELLED:
            raise self._make_cancelled_error()
        if self._state != FINISHED:
            raise asyncio.InvalidStateError("Result is not ready.")
        if self._exception is not None:
            raise self._exception.with_traceback(self._exception.__traceback__)
        return self._result

    def exception(self) -> BaseException | None:
        """Its exception, if it has one; raises CancelledError or InvalidStateError."""
        if self._state == CANCELLED:
            raise self._make_cancelled_error()
        if self._state != FINISHED:
            raise asyncio.InvalidStateError("Exception is not set.")
        return self._exception

    def set_result(self, result: Any) -> None:
        """Finish it with a result."""
        if self._state != PENDING:
            raise asyncio.InvalidStateError(f"{self._state}: {self!r}")
        self._result = result
        self._finish(FINISHED)

    def set_exception(self, exception: Any) -> None:
        """Finish it with an exception (an instance or a class)."""
        if self._state != PENDING:
            raise asyncio.InvalidStateError(f"{self._state}: {self!r}")
        if isinstance(exception, type):
            exception = exception()
        if isinstance(exception, StopIteration):
            wrapped = RuntimeError(
                "StopIteration interacts badly with generators and cannot be raised into a Future"
            )
            wrapped.__cause__ = wrapped.__context__ = exception
            exception = wrapped
        self._exception = exception
        self._finish(FINISHED)

    def cancel(self, msg: Any = None) -> bool:
        """Cancel it; False if it was done."""
        if self._state != PENDING:
            return False
        self._cancel_message = msg
        self._finish(CANCELLED)
        return True

    def _make_cancelled_error(self) -> asyncio.CancelledError:
        if self._cancelled_exc is not None:
            error, self._cancelled_exc = self._cancelled_exc, None
            assert isinstance(error, asyncio.CancelledError)
            return error
        if self._cancel_message is None:
            return asyncio.CancelledError()
        return asyncio.CancelledError(self._cancel_message)

    def add_done_callback(
        self, callback: Callable[[Any], Any], *, context: contextvars.Context | None = None
    ) -> None:
        """Call `callback(self)` soon after it is done."""
        if context is None:
            context = contextvars.copy_context()
        if self._state == PENDING:
            self._callbacks.append((callback, context))
        else:
            self._loop.call_soon(callback, self, context=context)

    def remove_done_callback(self, callback: Callable[[Any], Any]) -> int:
        """Take a callback back; how many were removed."""
        kept = [(f, c) for f, c in self._callbacks if f != callback]
        removed = len(self._callbacks) - len(kept)
        self._callbacks[:] = kept
        return removed

    def _finish(self, state: str) -> None:
        self._state = state
        callbacks, self._callbacks = self._callbacks, []
        for callback, context in callbacks:
            self._loop.call_soon(callback, self, context=context)

    def __await__(self) -> FutureSteps:
        return FutureSteps(self)

    __iter__ = __await__


class FutureSteps:
    """What awaiting a future goes through: it yields the future once."""

    def __init__(self, future: Any) -> None:
        self.future = future
        self.yielded = False

    def __iter__(self) -> FutureSteps:
        return self

    def __next__(self) -> Any:
        return self.send(None)

    def send(self, value: Any, /) -> Any:
        if not self.future.done():
            if self.yielded:
                raise RuntimeError("await wasn't used with future")
            self.yielded = True
            self.future._asyncio_future_blocking = True
            return self.future
        raise StopIteration(self.future.result())

    def throw(self, kind: Any, value: Any = None, traceback: Any = None, /) -> Any:
        from perdure.runtime.steps import thrown

        raise thrown(kind, value, traceback)

    def close(self) -> None:
        """Nothing is held."""


class Task(Future):
    """A coroutine that the loop steps (asyncio.Task)."""

    def __init__(
        self,
        coroutine: Any,
        *,
        loop: Loop | None = None,
        name: Any = None,
        context: contextvars.Context | None = None,
    ) -> None:
        super().__init__(loop=loop)
        if not hasattr(coroutine, "send"):
            raise TypeError(f"a coroutine was expected, got {coroutine!r}")
        self.coroutine = coroutine
        self._name = self._loop.name_of_task() if name is None else str(name)
        self.context = contextvars.copy_context() if context is None else context
        self._waiter: Any = None
        self._must_cancel = False
        self._requests = 0
        self._loop.tasks[self] = None
        self._loop.call_soon(self.step, context=self.context)

    def get_coro(self) -> Any:
        """The coroutine."""
        return self.coroutine

    def get_context(self) -> contextvars.Context:
        """Its context."""
        return self.context

    def get_name(self) -> str:
        """Its name."""
        return self._name

    def set_name(self, value: object) -> None:
        """Give it another name."""
        self._name = str(value)

    def set_result(self, result: Any) -> None:
        """Only the loop does that."""
        raise RuntimeError("Task does not support set_result operation")

    def set_exception(self, exception: Any) -> None:
        """Only the loop does that."""
        raise RuntimeError("Task does not support set_exception operation")

    def cancel(self, msg: Any = None) -> bool:
        """Have CancelledError raised where the coroutine waits; False if it was done."""
        if self.done():
            return False
        self._requests += 1
        if self._waiter is not None and self._waiter.cancel(msg=msg):
            return True
        self._must_cancel = True
        self._cancel_message = msg
        return True

    def cancelling(self) -> int:
        """How many requests to cancel it are open."""
        return self._requests

    def uncancel(self) -> int:
        """Take one request to cancel back; how many are left."""
        if self._requests > 0:
            self._requests -= 1
            if self._requests == 0:
                self._must_cancel = False
        return self._requests

    def step(self, error: BaseException | None = None) -> None:
        """Ask the interpreter to step the coroutine."""
        if self.done():
            raise asyncio.InvalidStateError(f"step(): already done: {self!r}, {error!r}")
        if self._must_cancel:
            if not isinstance(error, asyncio.CancelledError):
                error = self._make_cancelled_error()
            self._must_cancel = False
        self._waiter = None
        self._loop.next = (self, Returned(None) if error is None else Raised(error))

    def wake(self, future: Any) -> None:
        """What it waited for is done."""
        try:
            future.result()
        except BaseException as error:
            self.step(error)
        else:
            self.step()

    def stepped(self, outcome: Any) -> None:
        """Take what came of a step: a yield (of a future, as a rule), a result, an exception."""
        if isinstance(outcome, Returned):
            if self._must_cancel:
                self._must_cancel = False
                super().cancel(msg=self._cancel_message)
            else:
                super().set_result(outcome.value)
        elif isinstance(outcome, Raised):
            self._failed(outcome.error)
        else:
            self._wait(outcome.value)

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, asyncio.CancelledError):
            self._cancelled_exc = error
            super().cancel()
        else:
            super().set_exception(error)
            if isinstance(error, KeyboardInterrupt | SystemExit):
                self._loop.stopped_by = error

    def _wait(self, awaited: Any) -> None:
        blocking = getattr(awaited, "_asyncio_future_blocking", None)
        problem: str | None = None
        if blocking is None:
            if awaited is None:
                self._loop.call_soon(self.step, context=self.context)
                return
            problem = f"Task got bad yield: {awaited!r}"
        elif not blocking:
            problem = f"yield was used instead of yield from in task {self!r} with {awaited!r}"
        elif awaited is self:
            problem = f"Task cannot await on itself: {self!r}"
        elif awaited.get_loop() is not self._loop:
            problem = f"Task {self!r} got Future {awaited!r} attached to a different loop"
        if problem is not None:
            self._loop.call_soon(self.step, RuntimeError(problem), context=self.context)
            return
        awaited._asyncio_future_blocking = False
        awaited.add_done_callback(self.wake, context=self.context)
        self._waiter = awaited
        if self._must_cancel and awaited.cancel(msg=self._cancel_message):
            self._must_cancel = False


class Handle:
    """A callback that the loop will make (asyncio.Handle, asyncio.TimerHandle)."""

    def __init__(
        self,
        callback: Callable[..., Any],
        args: tuple[Any, ...],
        context: contextvars.Context,
        when: float | None = None,
    ) -> None:
        self.callback = callback
        self.args = args
        self.context = context
        self._when = when
        self._cancelled = False

    def cancel(self) -> None:
        """Do not make it."""
        self._cancelled = True

    def cancelled(self) -> bool:
        """Whether it was cancelled."""
        return self._cancelled

    def when(self) -> float | None:
        """When it is due, in the loop's time."""
        return self._when

    def run(self) -> None:
        """Make the call."""
        if not self._cancelled:
            self.context.run(self.callback, *self.args)


class ActivityCall:
    """An activity that is `async def`, called in a coroutine: it is scheduled when awaited."""

    def __init__(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.function = function
        self.args = args
        self.kwargs = kwargs
        self.steps: FutureSteps | None = None
        self.__name__ = function.__name__
        self.__qualname__ = function.__qualname__

    def __await__(self) -> ActivityCall:
        return self

    def __iter__(self) -> ActivityCall:
        return self

    def __next__(self) -> Any:
        return self.send(None)

    def send(self, value: Any, /) -> Any:
        """Go on: first it is scheduled."""
        if self.steps is None:
            context = running_block.get()
            assert context is not None
            self.steps = FutureSteps(context.run.begin_call(self))
        return self.steps.send(value)

    def throw(self, kind: Any, value: Any = None, traceback: Any = None, /) -> Any:
        """Give up waiting, with an exception."""
        from perdure.runtime.steps import thrown

        raise thrown(kind, value, traceback)

    def close(self) -> None:
        """Give up waiting."""


class Loop:
    """The loop of one run. The interpreter steps its tasks, and tells it what has arrived."""

    def __init__(self) -> None:
        self.ready: deque[Handle] = deque()
        self.turn = 0  # how many of them are called before timers are looked at again
        self.scheduled: list[tuple[float, int, Handle]] = []
        self.order = 0
        self.now = 0.0
        self.pending: dict[int, Future] = {}  # of activities, by sequence number
        self.timer: Wait | None = None  # what the run waits for on behalf of `scheduled`
        self.armed = False
        self.tasks: dict[Task, None] = {}
        self.names = 0
        self.main: Task | None = None
        self.task: Task | None = None  # being stepped
        self.next: tuple[Task, Returned | Raised] | None = None
        self.stopped_by: BaseException | None = None

    # For the interpreter ----------------------------------------------------------------------

    def begin(self, coroutine: Any) -> None:
        """Make the task of the workflow itself."""
        self.main = Task(coroutine, loop=self, context=contextvars.copy_context())

    @property
    def finished(self) -> bool:
        """Whether the workflow has ended."""
        return self.stopped_by is not None or (self.main is not None and self.main.done())

    def outcome(self) -> Returned | Raised:
        """How the workflow ended."""
        if self.stopped_by is not None:
            return Raised(self.stopped_by)
        assert self.main is not None
        try:
            return Returned(self.main.result())
        except BaseException as error:
            return Raised(error)

    @contextmanager
    def current(self, now: float) -> Iterator[None]:
        """Be the running loop of this thread, at time `now`."""
        before = asyncio._get_running_loop()
        self.now = max(now, self.now)
        asyncio._set_running_loop(self)  # type: ignore[arg-type]
        if self.task is not None:  # it waits in the middle of a step, for what it did not await
            asyncio.tasks._enter_task(self, self.task)  # type: ignore[arg-type]
        try:
            yield
        finally:
            if self.task is not None:
                _forget_current(self, self.task)
            asyncio._set_running_loop(before)

    def next_step(self) -> tuple[Task, Returned | Raised] | None:
        """Make callbacks until a task is to be stepped; None when nothing is ready."""
        while True:
            if self.next is not None:
                step, self.next = self.next, None
                return step
            if not self.turn:
                self._move_due()
                self.turn = len(self.ready)
                if not self.turn:
                    return None
            self.turn -= 1
            self.ready.popleft().run()

    def enter(self, task: Task) -> None:
        """A task's step begins."""
        self.task = task
        asyncio.tasks._enter_task(self, task)  # type: ignore[arg-type]

    def leave(self, outcome: Any) -> None:
        """A task's step has ended."""
        task = self.task
        assert task is not None
        self.task = None
        _forget_current(self, task)
        task.context.run(task.stepped, outcome)
        if task.done():
            self.tasks.pop(task, None)

    def wait_for(self, seq: int) -> Future:
        """The future of an activity's result."""
        future = self.pending[seq] = Future(loop=self)
        return future

    def settle(self, seq: int, value: Any, error: BaseException | None) -> None:
        """An activity has ended, or the timer is due."""
        if self.timer is not None and seq == self.timer[1]:
            self.now = max(self.now, self.timer[2])
            self.timer, self.armed = None, False
            return
        future = self.pending.pop(seq, None)
        if future is None or future.done():
            return  # it was cancelled meanwhile
        if error is None:
            future.set_result(value)
        else:
            future.set_exception(error)

    def next_timer(self) -> float | None:
        """When the first scheduled callback is due."""
        while self.scheduled and self.scheduled[0][2].cancelled():
            heapq.heappop(self.scheduled)
        return self.scheduled[0][0] if self.scheduled else None

    def arm(self, seq: int, due: float) -> None:
        """The run waits for a timer on the loop's behalf."""
        self.timer, self.armed = (TIMER, seq, due), True

    def waits(self) -> dict[int, Wait]:
        """What the run waits for, by sequence number."""
        found: dict[int, Wait] = {seq: (ACTIVITY, seq, 0.0) for seq in self.pending}
        if self.timer is not None:
            found[self.timer[1]] = self.timer
        return found

    def _move_due(self) -> None:
        while self.scheduled and self.scheduled[0][0] <= self.now:
            handle = heapq.heappop(self.scheduled)[2]
            if not handle.cancelled():
                self.ready.append(handle)

    def name_of_task(self) -> str:
        """A name for a task that was given none."""
        self.names += 1
        return f"Task-{self.names}"

    # asyncio's interface ----------------------------------------------------------------------

    def time(self) -> float:
        """The time of the present transition, in seconds since the epoch."""
        return self.now

    def call_soon(
        self, callback: Callable[..., Any], *args: Any, context: contextvars.Context | None = None
    ) -> Any:
        """Call it when what is ready now has been called."""
        handle = Handle(callback, args, context or contextvars.copy_context())
        self.ready.append(handle)
        return handle

    def call_later(
        self,
        delay: float,
        callback: Callable[..., Any],
        *args: Any,
        context: contextvars.Context | None = None,
    ) -> Any:
        """Call it `delay` seconds from now."""
        if delay is None:
            raise TypeError("delay must not be None")
        return self.call_at(self.now + delay, callback, *args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[..., Any],
        *args: Any,
        context: contextvars.Context | None = None,
    ) -> Any:
        """Call it at a time."""
        if when is None:
            raise TypeError("when cannot be None")
        handle = Handle(callback, args, context or contextvars.copy_context(), when)
        self.order += 1
        heapq.heappush(self.scheduled, (when, self.order, handle))
        return handle

    def create_future(self) -> Any:
        """A future of this loop."""
        return Future(loop=self)

    def create_task(self, coro: Any, *, name: Any = None, context: Any = None, **rest: Any) -> Any:
        """A task of this loop."""
        return Task(coro, loop=self, name=name, context=context)

    def is_running(self) -> bool:
        """It is, as seen from what it runs."""
        return True

    def is_closed(self) -> bool:
        """Never."""
        return False

    def get_debug(self) -> bool:
        """Never."""
        return False

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """A callback's failure, or a forgotten exception: it is in the program's hands."""


def _running() -> Loop:
    loop: Any = asyncio.get_running_loop()
    assert isinstance(loop, Loop)
    return loop


def _forget_current(loop: Loop, task: Task) -> None:
    if asyncio.tasks._current_tasks.get(loop) is task:  # type: ignore[attr-defined]
        asyncio.tasks._leave_task(loop, task)  # type: ignore[arg-type]


__all__ = ["ActivityCall", "Future", "Handle", "Loop", "Task"]
