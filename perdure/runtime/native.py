"""An `async def` workflow as plain Python, for tests: asyncio's own tasks on a clock that jumps.

The activities of all tasks end when every task waits, and the clock moves only when no activity is
left to end: the order that `perdure.testing.drive` keeps too.
"""

from __future__ import annotations

import asyncio
import heapq
import inspect
from collections.abc import Callable
from typing import Any

from perdure.runtime.ops import Raised, Returned

_AnyLoop: Any = asyncio.SelectorEventLoop  # with attributes that typeshed does not know


class JumpingLoop(_AnyLoop):  # type: ignore[misc]
    """An event loop whose time passes only when nothing else can happen."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.asked = 0  # timers, so far
        self.ending: list[tuple[asyncio.Future[Any], Callable[[], Any]]] = []

    def time(self) -> float:
        """Seconds since the beginning."""
        return self.now

    def call_at(self, when: float, callback: Any, *args: Any, context: Any = None) -> Any:
        """The same; what is due at one time is done in the order in which it was asked for."""
        if when is None:
            raise TypeError("when cannot be None")
        self.asked += 1
        timer = Timer(self.asked, when, callback, args, self, context)
        heapq.heappush(self._scheduled, timer)
        timer._scheduled = True
        return timer

    def _run_once(self) -> None:
        if not self._ready:
            ending, self.ending = self.ending, []
            for future, call in ending:
                if not future.cancelled():
                    _end(future, call)
        while self._scheduled and self._scheduled[0].cancelled():
            self._timer_cancelled_count -= 1
            heapq.heappop(self._scheduled)._scheduled = False
        if not self._ready and not self.ending and self._scheduled:
            self.now = max(self.now, self._scheduled[0]._when)
        super()._run_once()


class Timer(asyncio.TimerHandle):
    """A timer that knows how many were made before it."""

    __slots__ = ("number",)
    _when: float
    _scheduled: bool

    def __init__(self, number: int, *given: Any) -> None:
        super().__init__(*given)
        self.number = number

    def __lt__(self, other: Any) -> bool:
        return (self._when, self.number) < (other._when, other.number)


def _end(future: asyncio.Future[Any], call: Callable[[], Any]) -> None:
    try:
        future.set_result(Returned(call()))
    except BaseException as error:
        future.set_result(Raised(error))


async def ends_later(begin: Callable[[], None], call: Callable[[], Any]) -> Any:
    """An activity that is awaited: it begins now and ends when every task waits."""
    loop = asyncio.get_running_loop()
    begin()
    if not isinstance(loop, JumpingLoop):
        return await call()
    future: asyncio.Future[Any] = loop.create_future()
    loop.ending.append((future, lambda: finished(call())))
    outcome = await future
    return outcome()  # an error is raised here: what is being handled here belongs to its contexts


def finished(value: Any) -> Any:
    """What a coroutine gives; other values are themselves."""
    if not inspect.iscoroutine(value):
        return value
    running = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    code = value.cr_code
    try:
        return asyncio.run(value)
    except BaseException as error:
        link = error.__traceback__
        while link is not None and link.tb_frame.f_code is not code:
            link = link.tb_next  # frames of asyncio: they hold the task, and that the error
        error.__traceback__ = link
        raise
    finally:
        asyncio._set_running_loop(running)


def run(coroutine: Any) -> Any:
    """Run a coroutine to its end on a clock that jumps."""
    running = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    loop = JumpingLoop()
    try:
        return loop.run_until_complete(coroutine)
    finally:
        asyncio.runners._cancel_all_tasks(loop)  # type: ignore[attr-defined]
        loop.close()
        asyncio._set_running_loop(running)
