"""Workflows that ask their event loop for what only one of a process has, and some that fail."""

import asyncio
import signal
import sys

from perdure import activity, workflow
from tests.runtime.activities import double, later


def bad():
    raise ValueError("bad")


async def to_thread(loop):
    return await asyncio.to_thread(len, "abc")


async def run_in_executor(loop):
    return await loop.run_in_executor(None, len, "abc")


async def add_signal_handler(loop):
    loop.add_signal_handler(signal.SIGTERM, print)


async def open_connection(loop):
    return await asyncio.open_connection("localhost", 80)


async def subprocess(loop):
    return await asyncio.create_subprocess_exec("true")


async def task_factory(loop):
    loop.set_task_factory(lambda loop, coroutine: None)


async def stop(loop):
    loop.stop()


async def get_stack(loop):
    return asyncio.current_task().get_stack()


async def task_made_directly(loop):
    return await asyncio.Task(stop(loop))


async def activity_in_the_handler(loop):
    loop.set_exception_handler(lambda loop, context: list(map(double, [1])))
    loop.call_later(1, bad)
    await asyncio.sleep(2)


WAYS = {
    way.__name__: way
    for way in (
        to_thread,
        run_in_executor,
        add_signal_handler,
        open_connection,
        subprocess,
        task_factory,
        stop,
        get_stack,
        task_made_directly,
        activity_in_the_handler,
    )
}


@workflow
async def asks_for(name):
    await later(1)
    return await WAYS[name](asyncio.get_running_loop())


@workflow
async def exits_in_a_callback():
    asyncio.get_running_loop().call_soon(sys.exit, 3)
    await later(1)
    return "never"


async def fails(x):
    raise ValueError(x)


@workflow
async def holds_failures():
    future = asyncio.get_running_loop().create_future()
    future.set_exception(ValueError(1))
    task = asyncio.create_task(fails(2))
    await later(1)
    await later(2)
    return [repr(future.exception()), repr(task.exception())]


@workflow
async def forgets_failures():
    asyncio.get_running_loop().create_future().set_exception(ValueError(1))
    asyncio.get_running_loop().call_later(1, bad)
    await asyncio.sleep(2)


@activity
async def refuses(name):
    raise LookupError(name)


def lent(log):
    try:
        yield "lent"
    finally:
        log.append(double(1))


async def fails_with_a_lease(log):
    lease = lent(log)
    log.append(next(lease))
    await refuses("no")


@workflow
async def goes_with_the_error():
    log = []
    try:
        await fails_with_a_lease(log)
    except LookupError as error:
        log.append(str(error))
    log.append("handled")
    return log
