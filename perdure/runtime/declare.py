"""The decorators, and the durable forms of everyday calls: what user code imports.

`@workflow` and `@activity` only mark: outside a run both are the plain functions they were, so a
workflow can be called, tested and debugged as ordinary Python. Inside a run an activity must be
called from compiled code; if it is reached past the compiler (through `map`, say), it refuses to
run rather than run unrecorded.
"""

from __future__ import annotations

import datetime as _datetime
import functools
import inspect
import random as _random
import sys
import threading
import time
import uuid as _uuid
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, ParamSpec, TypeVar, cast, overload

from perdure.runtime import native

P = ParamSpec("P")
R = TypeVar("R")

_ACTIVITY = "__perdure_activity__"
_WORKFLOW = "__perdure_workflow__"


class DurabilityError(RuntimeError):
    """What a run could not stop in, record or keep: something durable that was called past the
    compiler, or something that only an event loop of one process has.
    """


@dataclass(frozen=True)
class Retry:
    """How often, and how patiently, a failing activity is tried again.

    `attempts` counts all tries, the first one too; 0 means without end. The n-th wait is
    `initial * backoff**(n-1)` seconds, at most `maximum`. An exception that is an instance of one
    of the `non_retryable` types ends the tries at once.
    """

    attempts: int = 3
    initial: float = 1.0
    backoff: float = 2.0
    maximum: float = 60.0
    non_retryable: tuple[type[BaseException], ...] = ()

    def __post_init__(self) -> None:
        if self.attempts < 0:
            raise ValueError(f"Retry(attempts={self.attempts}): give 1 or more, or 0 for no end")
        for name in ("initial", "backoff", "maximum"):
            if getattr(self, name) < 0:
                raise ValueError(f"Retry({name}={getattr(self, name)}): give 0 or more")
        given: object = self.non_retryable
        kinds = (given,) if isinstance(given, type) else tuple(self.non_retryable)
        object.__setattr__(self, "non_retryable", kinds)
        for kind in kinds:
            if not (isinstance(kind, type) and issubclass(kind, BaseException)):
                raise TypeError(f"Retry(non_retryable=…): {kind!r} is not an exception type")

    def delay(self, attempt: int) -> float:
        """Seconds to wait after the failure of attempt number `attempt` (from 1)."""
        try:
            wait = self.initial * self.backoff ** (attempt - 1)
        except OverflowError:
            wait = self.maximum
        return float(min(wait, self.maximum))

    def again(self, attempt: int, error: BaseException) -> bool:
        """Whether to try again after attempt number `attempt` failed with `error`."""
        if not isinstance(error, Exception) or isinstance(error, self.non_retryable):
            return False
        return self.attempts == 0 or attempt < self.attempts


@dataclass(frozen=True)
class ActivityOptions:
    """What `@activity` was given. `timeout` is in seconds, for each attempt."""

    call: Callable[..., Any]
    retry: Retry
    timeout: float | None
    # What is called as the activity. What `functools.wraps` makes of that has the same attributes.
    marked: Any = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class WorkflowOptions:
    """What `@workflow` was given."""

    queue: str


class BlockContext:
    """What a task block may ask for while it runs: the transition's time, and seeded randomness.

    `seed` is the same each time the block is executed, so an execution that was lost in a crash and
    the one that replaces it see the same numbers.
    """

    __slots__ = ("_random", "now", "run", "seed")

    def __init__(self, now: float, seed: tuple[str, str, int]) -> None:
        self.now = now
        self.seed = seed
        self.run: Any = None  # the interpreter at work
        self._random: _random.Random | None = None

    @property
    def random(self) -> _random.Random:
        """The transition's source of random numbers, made when first asked for."""
        if self._random is None:
            self._random = _random.Random(":".join(map(str, self.seed)))
        return self._random


# Called with each activity that is called as a plain function: the tests' way to note calls.
native_call: ContextVar[Callable[[Any, tuple[Any, ...], dict[str, Any]], None] | None] = ContextVar(
    "native_call", default=None
)


class _RunningBlock(threading.local):
    """Set while a task block runs in this thread, and only then.

    Not a context variable: a workflow has contexts of its own, and they are kept.
    """

    context: BlockContext | None = None


running_block = _RunningBlock()


@overload
def activity(function: Callable[P, R], /) -> Callable[P, R]: ...
@overload
def activity(
    *, retry: Retry | None = None, timeout: float | None = None
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
def activity(
    function: Callable[P, R] | None = None,
    /,
    *,
    retry: Retry | None = None,
    timeout: float | None = None,
) -> Callable[P, R] | Callable[[Callable[P, R]], Callable[P, R]]:
    """Mark a function with effects: in a run it is called at least once and its result recorded.

    `retry` says what happens when it raises; without it an exception goes straight to the workflow.
    `timeout` is the number of seconds one attempt may take; later it counts as failed with
    `ActivityTimeout`. Arguments and result must be picklable; the activity gets copies.
    """
    if retry is not None and not isinstance(retry, Retry):
        raise TypeError(f"activity(retry={retry!r}): give a Retry, as in Retry(attempts=3)")
    if timeout is not None and not isinstance(timeout, int | float):
        raise TypeError(f"activity(timeout={timeout!r}): give a number of seconds")
    if timeout is not None and timeout <= 0:
        raise ValueError(f"activity(timeout={timeout}): give a number of seconds above 0")

    def mark(function: Callable[P, R]) -> Callable[P, R]:
        _must_be_function(function, "activity")
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError(
                f"@activity {function.__qualname__} is a generator function: its code would run "
                f"in the workflow, item by item, and nothing of it be recorded; return a list"
            )

        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            if running_block.context is not None:
                raise bypassed("activity", function)
            if (note := native_call.get()) is not None:
                if asyncio_runs() and inspect.iscoroutinefunction(function):
                    later: Any = native.ends_later(
                        lambda: note(function, args, kwargs), lambda: function(*args, **kwargs)
                    )
                    later.__name__, later.__qualname__ = function.__name__, function.__qualname__
                    return cast(R, later)
                note(function, args, kwargs)
                value: R = native.finished(function(*args, **kwargs))
                return value
            return function(*args, **kwargs)

        options = ActivityOptions(function, retry or Retry(attempts=1), timeout, call)
        setattr(call, _ACTIVITY, options)
        return call

    return mark if function is None else mark(function)


@overload
def workflow(function: Callable[P, R], /) -> Callable[P, R]: ...
@overload
def workflow(*, queue: str = "default") -> Callable[[Callable[P, R]], Callable[P, R]]: ...
def workflow(
    function: Callable[P, R] | None = None, /, *, queue: str = "default"
) -> Callable[P, R] | Callable[[Callable[P, R]], Callable[P, R]]:
    """Mark a function whose runs are durable. `queue` is where its runs wait for a worker."""

    def mark(function: Callable[P, R]) -> Callable[P, R]:
        _must_be_function(function, "workflow")
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError(
                f"@workflow {function.__qualname__} is a generator function: a run ends with one "
                f"value; return a list, or call a generator from a workflow"
            )
        setattr(function, _WORKFLOW, WorkflowOptions(queue))
        return function

    return mark if function is None else mark(function)


def asyncio_runs() -> bool:
    """Whether an event loop runs in this thread (asyncio is not imported to find out)."""
    asyncio = sys.modules.get("asyncio")
    return asyncio is not None and asyncio._get_running_loop() is not None


def _must_be_function(function: Any, role: str) -> None:
    if not callable(function) or not hasattr(function, "__code__"):
        raise TypeError(
            f"@{role} marks a function, not {type(function).__name__} ({function!r}); "
            f"options go by name, as in @{role}(…)"
        )


def bypassed(role: str, function: Any) -> DurabilityError:
    """The error of an activity, or of a function of perdure, that is called past the compiler."""
    name = getattr(function, "__qualname__", repr(function))
    return DurabilityError(
        f"{role} {name} was called inside a run by code that is not compiled{_callers()}. What led "
        f"to it there is a builtin, another package, or something that the compiler took for a "
        f"plain call. It has not run: its result could not be recorded. Call it directly from the "
        f"workflow or from a function of your project, in a loop or a list comprehension."
    )


def _callers() -> str:
    """Where the code that has called stands, and the compiled code from which that was called."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and (_is_ours(frame, "") or frame.f_code.co_filename.startswith("<")):
        frame = frame.f_back
    if frame is None:
        return ""
    block = frame
    while block.f_back is not None and not _is_ours(block.f_back, "runtime."):
        block = block.f_back
    if block is frame or block.f_back is None or _is_ours(block, ""):
        return f", in {_place(frame)}"
    return f", in {_place(frame)}, called from {_place(block)}"


def _is_ours(frame: FrameType, part: str) -> bool:
    name = frame.f_globals.get("__name__")
    return isinstance(name, str) and name.startswith(f"perdure.{part}")


def _place(frame: FrameType) -> str:
    return f"{frame.f_code.co_qualname} ({frame.f_code.co_filename}:{frame.f_lineno})"


def activity_options(function: Any) -> ActivityOptions | None:
    """What an activity was marked with; None for everything else."""
    found = getattr(function, _ACTIVITY, None)
    return found if isinstance(found, ActivityOptions) and found.marked is function else None


def unwrapped(found: Any) -> Any:
    """The activity under the decorators that its name leads to."""
    while activity_options(found) is None and hasattr(found, "__wrapped__"):
        found = found.__wrapped__
    return found


def workflow_options(function: Any) -> WorkflowOptions | None:
    """What a workflow was marked with; None for everything else."""
    found = getattr(function, _WORKFLOW, None)
    return found if isinstance(found, WorkflowOptions) else None


def sleep(seconds: float | _datetime.timedelta) -> None:
    """Wait. In a run the wait is durable: it survives crashes and holds no thread and no memory.

    `seconds` is a number (0 or more) or a timedelta. Outside a run this is `time.sleep`.
    """
    if running_block.context is not None:
        raise bypassed("perdure's", sleep)
    wait = seconds_of(seconds)
    if native_call.get() is None:
        time.sleep(wait)


def seconds_of(seconds: float | _datetime.timedelta) -> float:
    """The number of seconds that `sleep` was given; ValueError below 0, TypeError for the rest."""
    value = seconds.total_seconds() if isinstance(seconds, _datetime.timedelta) else seconds
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"sleep() takes seconds or a timedelta, not {type(value).__name__}")
    if not value >= 0:
        raise ValueError(f"sleep({value}): give 0 seconds or more")
    return float(value)


def now() -> _datetime.datetime:
    """The time, in UTC. In a run: the time of the present transition, kept with its checkpoint."""
    context = running_block.context
    stamp = time.time() if context is None else context.now
    return _datetime.datetime.fromtimestamp(stamp, _datetime.UTC)


def uuid4() -> _uuid.UUID:
    """A random UUID; in a run it is the same however often its block is executed again."""
    context = running_block.context
    if context is None:
        return _uuid.uuid4()
    return _uuid.UUID(int=context.random.getrandbits(128), version=4)


class DurableRandom(_random.Random):
    """`random()` and the methods of `random.Random`, seeded by the run when used inside one."""

    def __call__(self) -> float:
        """A float in [0, 1), as `random.random()`."""
        return self.random()

    def random(self) -> float:
        """A float in [0, 1)."""
        context = running_block.context
        return super().random() if context is None else context.random.random()

    def getrandbits(self, k: int, /) -> int:
        """An int of `k` random bits."""
        context = running_block.context
        return super().getrandbits(k) if context is None else context.random.getrandbits(k)

    def gauss(self, mu: float = 0.0, sigma: float = 1.0) -> float:
        """A normally distributed float; the pair's second number stays with the transition."""
        context = running_block.context
        return super().gauss(mu, sigma) if context is None else context.random.gauss(mu, sigma)


random = DurableRandom()
