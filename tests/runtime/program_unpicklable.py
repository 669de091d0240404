"""Workflows with a variable that no checkpoint can keep: in coroutines, in tasks, in generators."""

import asyncio
import contextvars
import functools
import threading

from perdure import workflow
from tests.runtime.activities import double, later

current = contextvars.ContextVar("current")


async def holds_a_lock(x):
    lock = threading.Lock()
    got = await later(x)
    return got, lock


@workflow
async def in_itself():
    lock = threading.Lock()
    await later(1)
    return lock


@workflow
async def in_what_it_awaits():
    return await holds_a_lock(1)


@workflow
async def in_a_task():
    me = asyncio.current_task()
    task = asyncio.create_task(holds_a_lock(1))
    await asyncio.sleep(1)
    return me, await task


@workflow
async def in_a_group():
    first = later(1)
    return await asyncio.gather(first, holds_a_lock(2))


@workflow
async def across_a_plain_activity():
    async def inner():
        lock = threading.Lock()
        double(1)
        return lock

    return await asyncio.create_task(inner())


@workflow
async def in_a_container():
    steps = {"a": [holds_a_lock(1)]}
    await later(1)

    async def stream():
        lock = threading.Lock()
        yield await later(1)
        yield lock

    steps["b"] = stream()
    async for item in steps["b"]:
        await later(item)
        break
    return steps


@workflow
async def in_a_closure():
    lock = threading.Lock()

    async def inner():
        await later(1)
        return lock

    return await inner()


@workflow
async def in_a_result():
    async def made():
        return threading.Lock()

    task = asyncio.create_task(made())
    await later(1)
    return await task


@workflow
async def in_a_callback():
    asyncio.get_running_loop().call_later(5, print, threading.Lock())
    await later(1)


@workflow
async def in_a_context():
    current.set(threading.Lock())
    await later(1)


@workflow
def in_the_context_of_a_plain_one():
    current.set(threading.Lock())
    double(1)


class Steps:
    """An iterator of no generator: Python steps it."""

    def __init__(self):
        self.lock = threading.Lock()
        self.waiting = None

    def __iter__(self):
        return self

    def __next__(self):
        if self.waiting is None:
            loop = asyncio.get_running_loop()
            future = loop.create_future()
            loop.call_later(1, future.set_result, None)
            self.waiting = future.__await__()
        return next(self.waiting)


class Waits:
    def __await__(self):
        return Steps()


@workflow
async def in_what_is_not_compiled():
    await Waits()
    return await later(1)


@workflow
def in_a_generator_of_a_generator():
    def inner():
        lock = threading.Lock()
        yield double(1)
        yield lock

    def outer():
        yield from inner()

    box = [outer()]
    next(box[0])
    double(2)
    return list(box[0])


@workflow
async def in_a_queue():
    queue = asyncio.Queue()
    queue.put_nowait(threading.Lock())

    async def take():
        await asyncio.sleep(1)
        return await queue.get()

    return await asyncio.gather(take(), queue.join())


@workflow
async def in_a_callback_of_a_future():
    future = asyncio.get_running_loop().create_future()
    future.add_done_callback(functools.partial(print, threading.Lock()))
    await asyncio.gather(later(1), future)


@workflow
async def in_an_answer_to_a_thread():
    asyncio.run_coroutine_threadsafe(later(1), asyncio.get_running_loop())
    await asyncio.sleep(1)
    await later(2)
