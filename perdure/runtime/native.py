"""An `async def` workflow as plain Python, for tests: asyncio's own tasks on a clock that jumps.

The activities of all tasks end when every task waits, and the clock moves only when no activity is
left to end: the order that `perdure.testing.drive` keeps too.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any


class JumpingLoop(asyncio.SelectorEventLoop):
    """An event loop whose time passes only when nothing else can happen."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.ending: list[tuple[asyncio.Future[Any], Callable[[], Any]]] = []

    def time(self) -> float:
        """Seconds since the beginning."""
        return self.now

    def _run_once(self) -> None:
        if not self._ready:  # type: ignore[attr-defined]
            ending, self.ending = self.ending, []
            for future, call in ending:
                if not future.cancelled():
                    _end(future, call)
        if not self._ready and not self.ending and self._scheduled:  # type: ignore[attr-defined]
            self.now = max(self.now, self._scheduled[0]._when)  # type: ignore[attr-defined]
        super()._run_once()  # type: ignore[misc]


def _end(future: asyncio.Future[Any], call: Callable[[], Any]) -> None:
    try:
        value = call()
    except BaseException as error:
        future.set_exception(error)
    else:
        future.set_result(value)


async def ends_later(begin: Callable[[], None], call: Callable[[], Any]) -> Any:
    """An activity that is awaited: it begins now and ends when every task waits."""
    loop = asyncio.get_running_loop()
    begin()
    if not isinstance(loop, JumpingLoop):
        return await call()
    future: asyncio.Future[Any] = loop.create_future()
    loop.ending.append((future, lambda: finished(call())))
    return await future


def finished(value: Any) -> Any:
    """What a coroutine gives; other values are themselves."""
    if not inspect.iscoroutine(value):
        return value
    running = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    try:
        return asyncio.run(value)
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
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
        asyncio._set_running_loop(running)
