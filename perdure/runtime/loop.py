"""The event loop of an `async def` workflow: tasks and callbacks that a checkpoint can keep.

It is asyncio's loop as far as code inside one run can tell: `asyncio.get_running_loop()` gives it,
and asyncio's own futures, locks, queues, timeouts and task groups work on it, for they are written
in terms of `create_future`, `call_soon`, `call_later` and `create_task`. What differs: it does no
I/O, its clock is the time of the transition, and the interpreter steps its tasks one at a time, so
the order in which they wake is part of the continuation.

Futures and handles are asyncio's own objects. A task is one too, but what asyncio's task does in C
with its coroutine is here in Python (after `Lib/asyncio/tasks.py`), for there it can be kept.
"""

from __future__ import annotations

import asyncio
import asyncio.tasks
import contextvars
import gc
import heapq
import inspect
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from perdure.runtime.continuation import ACTIVITY, TIMER, Wait
from perdure.runtime.declare import DurabilityError
from perdure.runtime.library import future_state, set_outcome
from perdure.runtime.ops import Raised, Returned

# Since then a request to cancel that is taken back before it was carried out is forgotten.
_FORGETTING = sys.version_info >= (3, 13)
# The type of the callback by which asyncio's task in C asks for its first step.
_C_STEP = "TaskStepMethWrapper"


class FutureSteps:
    """What awaiting a task goes through, or a future: it yields that once."""

    def __init__(self, future: Any) -> None:
        self.future = future  # None at the end

    def __iter__(self) -> FutureSteps:
        return self

    def __next__(self) -> Any:
        return self.send(None)

    def send(self, value: Any, /) -> Any:
        future = self.future
        if future is None:
            raise StopIteration
        if not future.done():
            if future._asyncio_future_blocking:
                raise RuntimeError("await wasn't used with future")
            future._asyncio_future_blocking = True
            return future
        self.future = None
        raise StopIteration(future.result())

    def throw(self, kind: Any, value: Any = None, traceback: Any = None, /) -> Any:
        from perdure.runtime.steps import thrown

        self.future = None
        raise thrown(kind, value, traceback)

    def close(self) -> None:
        """Give up waiting."""
        self.future = None


class Task(asyncio.Task):  # type: ignore[type-arg]
    """A coroutine that the interpreter steps, when the loop says so."""

    _loop: Loop
    # They hide those of the C class, which only its own step can set.
    _fut_waiter: Any = None
    _must_cancel = False
    _num_cancels_requested = 0
    _cancelled_exc: BaseException | None = None  # what ended it when it was cancelled: raised once

    def __init__(
        self,
        coroutine: Any,
        *,
        loop: Loop,
        name: Any = None,
        context: contextvars.Context | None = None,
    ) -> None:
        self.context = contextvars.copy_context() if context is None else context
        self._begin(coroutine, loop, "" if name is None else name)
        if name is None:
            self.set_name(loop.name_of_task())
        loop.tasks[self] = None
        asyncio._register_task(self)
        loop.call_soon(self.step, context=self.context)

    def _begin(self, coroutine: Any, loop: Loop, name: Any) -> None:
        """Be a task of a coroutine; neither is its step asked for, nor does asyncio know it yet."""
        super().__init__(coroutine, loop=loop, name=name, context=self.context)
        self._log_destroy_pending = False  # it may live on in a checkpoint
        asyncio._unregister_task(self)

    def result(self) -> Any:
        """Its result; raises its exception, CancelledError, or InvalidStateError."""
        if self.cancelled():
            raise self._make_cancelled_error()
        return super().result()

    def exception(self) -> BaseException | None:
        """Its exception, if it has one; raises CancelledError or InvalidStateError."""
        if self.cancelled():
            raise self._make_cancelled_error()
        return super().exception()

    def _make_cancelled_error(self) -> asyncio.CancelledError:
        error, self._cancelled_exc = self._cancelled_exc, None
        if error is None:
            error = super()._make_cancelled_error()  # type: ignore[misc]
        assert isinstance(error, asyncio.CancelledError)
        return error

    def __await__(self) -> Any:
        return FutureSteps(self)

    __iter__ = __await__

    def cancel(self, msg: Any = None) -> bool:
        """Have CancelledError raised where the coroutine waits; False if it was done."""
        self._log_traceback = False
        if self.done():
            return False
        self._num_cancels_requested += 1
        if self._fut_waiter is not None and self._fut_waiter.cancel(msg=msg):
            return True
        self._must_cancel = True
        self._cancel_message = msg
        return True

    def cancelling(self) -> int:
        """How many requests to cancel it are open."""
        return self._num_cancels_requested

    def uncancel(self) -> int:
        """Take one request to cancel back; how many are left."""
        if self._num_cancels_requested > 0:
            self._num_cancels_requested -= 1
            if self._num_cancels_requested == 0 and _FORGETTING:
                self._must_cancel = False
        return self._num_cancels_requested

    def get_stack(self, *, limit: int | None = None) -> Any:
        """Refused: Python's frames cannot be kept."""
        raise _refused("get_stack", _FRAMES)

    def print_stack(self, *, limit: int | None = None, file: Any = None) -> Any:
        """Refused, as `get_stack` is."""
        raise _refused("print_stack", _FRAMES)

    def step(self, error: BaseException | None = None) -> None:
        """Ask the interpreter to step the coroutine."""
        if self.done():
            raise asyncio.InvalidStateError(f"step(): already done: {self!r}, {error!r}")
        if self._must_cancel:
            if not isinstance(error, asyncio.CancelledError):
                error = self._make_cancelled_error()
            self._must_cancel = False
        self._fut_waiter = None
        self._loop.next = (self, Returned(None) if error is None else Raised(error))

    def task_wakeup(self, future: Any) -> None:
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
                asyncio.Future.cancel(self, msg=self._cancel_message)
            else:
                asyncio.Future.set_result(self, outcome.value)
        elif isinstance(outcome, Raised):
            self._failed(outcome.error)
        else:
            self._wait(outcome.value)

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, asyncio.CancelledError):
            self._cancelled_exc = error
            asyncio.Future.cancel(self)
        else:
            asyncio.Future.set_exception(self, error)
            if isinstance(error, KeyboardInterrupt | SystemExit):
                self._loop.stop_by(error)

    def _wait(self, awaited: Any) -> None:
        blocking = getattr(awaited, "_asyncio_future_blocking", None)
        problem: str | None = None
        if blocking is None:
            if awaited is None:
                self._loop.call_soon(self.step, context=self.context)
                return
            problem = f"Task got bad yield: {awaited!r}"
            if inspect.isgenerator(awaited):
                problem = f"yield was used instead of yield from for generator in task {self!r}"
                problem += f" with {awaited!r}"
        elif awaited.get_loop() is not self._loop:
            problem = f"Task {self!r} got Future {awaited!r} attached to a different loop"
        elif not blocking:
            problem = f"yield was used instead of yield from in task {self!r} with {awaited!r}"
        elif awaited is self:
            problem = f"Task cannot await on itself: {self!r}"
        if problem is not None:
            self._loop.call_soon(self.step, RuntimeError(problem), context=self.context)
            return
        awaited._asyncio_future_blocking = False
        awaited.add_done_callback(self.task_wakeup, context=self.context)
        self._fut_waiter = awaited
        if self._must_cancel and awaited.cancel(msg=self._cancel_message):
            self._must_cancel = False


_AbstractLoop: Any = asyncio.AbstractEventLoop  # whose methods have types that only C could meet


class Loop(_AbstractLoop):  # type: ignore[misc]
    """The loop of one run. The interpreter steps its tasks, and tells it what has arrived."""

    # Of asyncio.BaseEventLoop, for those of its methods that are taken as they are.
    _exception_handler: Any = None
    _current_handle = None
    _debug = False

    def __init__(self) -> None:
        self.ready: deque[asyncio.Handle] = deque()
        self.turn = 0  # how many of them are called before timers are looked at again
        self.scheduled: list[tuple[float, int, asyncio.TimerHandle]] = []
        self.order = 0
        self.now = 0.0
        self.pending: dict[int, asyncio.Future[Any]] = {}  # of activities, by sequence number
        self.timer: Wait | None = None  # what the run waits for on behalf of `scheduled`
        self.armed = False
        self.tasks: dict[Task, None] = {}
        self.names = 0
        self.main: Task | None = None
        self.task: Task | None = None  # being stepped
        self.calling: asyncio.Handle | None = None  # of a callback that the program makes
        self.next: tuple[Task, Returned | Raised] | None = None
        self.stopped_by: BaseException | None = None
        # What closes asynchronous generators that were dropped.
        self.closers: list[asyncio.Task[Any]] = []
        # When the workflow's own task has ended, or something has stopped the loop:
        self.last_turn = False
        self.left: list[Task] | None = None  # the other tasks, which are cancelled then
        self.final_turns = 0
        self.over = False

    # For the interpreter ----------------------------------------------------------------------

    def begin(self, coroutine: Any) -> None:
        """Make the task of the workflow itself."""
        self.main = Task(coroutine, loop=self, context=contextvars.copy_context())

    @property
    def finished(self) -> bool:
        """Whether the workflow has ended, and all its tasks with it."""
        return self.over

    def stop_by(self, error: BaseException) -> None:
        """A SystemExit or KeyboardInterrupt leaves a task or a callback, and so the loop.

        As in `asyncio.run`, all tasks are cancelled then, and what their cleanup raises goes first.
        """
        self.stopped_by = error
        self.turn = 0
        self.over = self.left is not None

    def _ends(self) -> bool:
        """Between two turns: whether all is over. What is left is cancelled, and waited for.

        As in `asyncio.run`: the turn after that in which the workflow's own task ends is made, and
        then all other tasks are cancelled.
        """
        if self.stopped_by is None and (self.main is None or not self.main.done()):
            return False
        if self.left is None:
            if self.stopped_by is None and not self.last_turn:
                self.last_turn = True
                return False
            self.left = [task for task in self.tasks if not task.done()]
            self.final_turns = 6 if self.left else 4
            for task in self.left:
                task.cancel()
        if not all(task.done() for task in (*self.left, *self.closers)):
            return False
        if any(handle._callback == self.close_generator for handle in self.ready):  # type: ignore[attr-defined]
            return False
        # What is ready by now is called, and what that makes ready: `asyncio.run` makes as many
        # turns until it has closed its loop.
        self.final_turns -= 1
        if self.ready and self.final_turns >= 0:
            return False
        for task in self.left:
            error = None if task.cancelled() else task.exception()
            if error is not None:
                message = "unhandled exception during asyncio.run() shutdown"
                context = {"message": message, "exception": error, "task": task}
                self.call_exception_handler(context)
        self.over = True
        return True

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
        """Be the running loop of this thread, at time `now`.

        Only meanwhile does asyncio know its tasks: `asyncio.run`, in any thread, looks at each that
        it knows.
        """
        before = asyncio._get_running_loop()
        for task in self.tasks:
            asyncio._register_task(task)
        self.now = max(now, self.now)
        asyncio._set_running_loop(self)
        if self.task is not None:  # it waits in the middle of a step, for what it did not await
            asyncio.tasks._enter_task(self, self.task)
        try:
            yield
        finally:
            if self.task is not None:
                _forget_current(self, self.task)
            for task in self.tasks:
                asyncio._unregister_task(task)
            asyncio._set_running_loop(before)

    def next_step(
        self, is_programs: Callable[[Any], bool]
    ) -> tuple[Task, Returned | Raised] | asyncio.Handle | None:
        """Make callbacks until a task is to be stepped, or a callback is the program's to make.

        None when nothing is ready.
        """
        while True:
            if self.next is not None:
                step, self.next = self.next, None
                return step
            if not self.turn:
                if self._ends():
                    return None
                self._move_due()
                self.turn = len(self.ready)
                if not self.turn and self.last_turn and self.left is None:
                    continue
                if not self.turn:
                    return None
            self.turn -= 1
            handle = self.ready.popleft()
            if handle.cancelled():
                continue
            if is_programs(handle._callback):  # type: ignore[attr-defined]
                self.calling = handle
                return handle
            self._run(handle)
            if self.over:
                return None

    def _run(self, handle: asyncio.Handle) -> None:
        try:
            handle._run()
        except SystemExit as error:
            self.stop_by(error)

    def close_generator(self, closing: Any) -> None:
        """Close an asynchronous generator that was dropped; at the end this is waited for."""
        self.closers = [task for task in self.closers if not task.done()]
        self.closers.append(self.create_task(closing))

    @property
    def context(self) -> contextvars.Context:
        """Of the step or the callback in which the run waits."""
        waits: Any = self.calling or self.task
        found: contextvars.Context = waits._context if self.calling else waits.context
        return found

    def enter(self, task: Task) -> None:
        """A task's step begins."""
        self.task = task
        asyncio.tasks._enter_task(self, task)

    def leave(self, outcome: Any) -> None:
        """A task's step has ended."""
        task = self.task
        assert task is not None
        self.task = None
        _forget_current(self, task)
        task.context.run(task.stepped, outcome)
        if task.done():
            self.tasks.pop(task, None)
            asyncio._unregister_task(task)

    def called(self, outcome: Returned | Raised) -> None:
        """A callback that the program made has ended."""
        handle: Any = self.calling
        self.calling = None
        if isinstance(outcome, Raised):
            made, error = handle._callback, outcome.error

            def raise_again(*args: Any) -> None:
                handle._callback = made  # what the handle says of itself
                raise error

            handle._callback = raise_again
            self._run(handle)

    def wait_for(self, seq: int) -> asyncio.Future[Any]:
        """The future of an activity's result."""
        future = self.pending[seq] = asyncio.Future(loop=self)
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
        if type(callback).__name__ == _C_STEP:
            return _not_in_c(callback)
        handle = asyncio.Handle(callback, args, self, context)
        self.ready.append(handle)
        return handle

    call_soon_threadsafe = call_soon  # a run is one thread of control

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
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        self.order += 1
        heapq.heappush(self.scheduled, (when, self.order, handle))
        return handle

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """It is dropped when it would be due."""

    def create_future(self) -> Any:
        """A future of this loop."""
        return asyncio.Future(loop=self)

    def create_task(self, coro: Any, *, name: Any = None, context: Any = None) -> Any:
        """A task of this loop."""
        return Task(coro, loop=self, name=name, context=context)

    def get_task_factory(self) -> None:
        """None: its tasks are its own."""

    def set_task_factory(self, factory: Any) -> None:
        """Only None, for the factory that it has."""
        if factory is not None:
            raise _refused("set_task_factory", _FACTORY)

    def is_running(self) -> bool:
        """It is, as seen from what it runs."""
        return True

    def is_closed(self) -> bool:
        """Never."""
        return False

    def run_forever(self) -> None:
        """It runs."""
        raise RuntimeError("This event loop is already running")

    def run_until_complete(self, future: Any) -> Any:
        """It runs."""
        raise RuntimeError("This event loop is already running")

    def close(self) -> None:
        """It runs."""
        raise RuntimeError("Cannot close a running event loop")

    def get_debug(self) -> bool:
        """What `set_debug` was given last."""
        return self._debug

    def set_debug(self, enabled: bool) -> None:
        """Note where handles, futures and tasks are made."""
        self._debug = bool(enabled)

    set_exception_handler = asyncio.BaseEventLoop.set_exception_handler
    get_exception_handler = asyncio.BaseEventLoop.get_exception_handler

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Tell the exception handler what nobody can be told by an exception."""
        if asyncio._get_running_loop() is not self:
            return  # the state that it belongs to was given up, and goes
        if not self._is_stopped_by(context):
            asyncio.BaseEventLoop.call_exception_handler(self, context)

    def default_exception_handler(self, context: dict[str, Any]) -> None:
        """Log it."""
        if not self._is_stopped_by(context):
            asyncio.BaseEventLoop.default_exception_handler(self, context)

    def _is_stopped_by(self, context: dict[str, Any]) -> bool:
        """Whether a callback called what could not be recorded: nobody may take that for done."""
        error = context.get("exception")
        if not isinstance(error, DurabilityError) or "future" in context:
            return False
        self.stopped_by = error
        return True


def _forget_current(loop: Loop, task: Task) -> None:
    if asyncio.current_task(loop) is task:
        asyncio.tasks._leave_task(loop, task)


# What a loop that is an object of one process does: why a run cannot, and what to write instead.
_FRAMES = (
    "gives Python's frames, which no checkpoint can keep",
    "log where a task is, or look at repr(task)",
)
_FACTORY = (
    "has tasks made that the run does not step itself, and could not keep",
    "pass what they need to the coroutines, or wrap asyncio.create_task() in a function of yours",
)
_THREADS = (
    "runs code in a thread of this process, which no checkpoint can keep (asyncio.to_thread() does "
    "so too)",
    "make it an @activity, and call or await that",
)
_CONNECTIONS = (
    "needs a connection or a file of this process, which no checkpoint can keep",
    "open, use and close it inside an @activity, and await that",
)
_SUBPROCESSES = (
    "starts a child of this process, which no checkpoint can keep",
    "start it and wait for it inside an @activity, and await that",
)
_SIGNALS = (
    "is about signals, which come to a process and not to a run",
    "handle them where the worker is started; Run.cancel() ends a run",
)
_ENDS = (
    "ends the event loop, which ends with the workflow",
    "return from the workflow, or raise an exception",
)
_REFUSED = {
    name: why
    for why, names in {
        _THREADS: "run_in_executor set_default_executor",
        _CONNECTIONS: "add_reader add_writer connect_accepted_socket connect_read_pipe"
        " connect_write_pipe create_connection create_datagram_endpoint create_server"
        " create_unix_connection create_unix_server getaddrinfo getnameinfo remove_reader"
        " remove_writer sendfile sock_accept sock_connect sock_recv sock_recv_into sock_recvfrom"
        " sock_recvfrom_into sock_sendall sock_sendfile sock_sendto start_tls",
        _SUBPROCESSES: "subprocess_exec subprocess_shell",
        _SIGNALS: "add_signal_handler remove_signal_handler",
        _ENDS: "shutdown_asyncgens shutdown_default_executor stop",
    }.items()
    for name in names.split()
}


def _refused(name: str, why: tuple[str, str]) -> DurabilityError:
    return DurabilityError(f"{name}() {why[0]}. Instead, {why[1]}.")


def _refusing(name: str, why: tuple[str, str]) -> Callable[..., Any]:
    def refuse(self: Loop, *args: Any, **kwargs: Any) -> Any:
        raise _refused(name, why)

    refuse.__name__, refuse.__qualname__ = name, f"Loop.{name}"
    refuse.__doc__ = f"Refused: it {why[0]}."
    return refuse


for _name, _why in _REFUSED.items():
    setattr(Loop, _name, _refusing(_name, _why))


def _not_in_c(step: Any) -> None:
    """A task asks for the step that C would make of it; a task of ours has asked for its own."""
    if not isinstance(step.__self__, Task):
        raise DurabilityError(
            "asyncio.Task() makes a task that asyncio steps itself, past what a run can keep. "
            "Instead, write asyncio.create_task()."
        )


# Checkpoints ----------------------------------------------------------------------------------


def reduce_task(task: Task, _: Any) -> tuple[Any, ...]:
    """A task with its outcome, or with all that its next step needs."""
    own = object.__getstate__(task)  # it has no `__dict__` to ask for
    state = (task._loop, task.get_coro(), task.get_name(), task.context, future_state(task), own)
    return (new_task, (), state, None, None, set_task)


def new_task() -> Task:
    """A task that has no coroutine yet."""
    return Task.__new__(Task)


def set_task(task: Task, state: tuple[Any, ...]) -> None:
    """Put a task in its state."""
    loop, coroutine, name, task.context, outcome, own = state
    task._begin(coroutine, loop, name)
    set_outcome(task, outcome)
    for attribute, value in own.items():
        object.__setattr__(task, attribute, value)


def reduce_steps_in_c(steps: Any, _: Any) -> tuple[Any, ...]:
    """What awaiting a future goes through has no state but the future's, and that only."""
    future = next((x for x in gc.get_referents(steps) if isinstance(x, asyncio.Future)), None)
    return (FutureSteps, (None,), {"future": future})


REDUCERS: dict[type, Any] = {
    Task: reduce_task,
    type(asyncio.Future(loop=Loop()).__await__()): reduce_steps_in_c,
}

__all__ = ["Loop", "Task"]
