"""Workflows with a variable that no checkpoint can keep: in coroutines, in tasks, in generators."""

import asyncio
import contextvars
import functools
import threading

from perdure import workflow
from tests.runtime.activities import double, later

current = contextvars.ContextVar("current")


async def holds_its_own(x):
    mine = threading.local()
    got = await later(x)
    return got, mine


@workflow
async def in_itself():
    mine = threading.local()
    await later(1)
    return mine


@workflow
async def in_what_it_awaits():
    return await holds_its_own(1)


@workflow
async def in_a_task():
    me = asyncio.current_task()
    task = asyncio.create_task(holds_its_own(1))
    await asyncio.sleep(1)
    return me, await task


@workflow
async def in_a_group():
    first = later(1)
    return await asyncio.gather(first, holds_its_own(2))


@workflow
async def across_a_plain_activity():
    async def inner():
        mine = threading.local()
        double(1)
        return mine

    return await asyncio.create_task(inner())


@workflow
async def in_a_container():
    steps = {"a": [holds_its_own(1)]}
    await later(1)

    async def stream():
        mine = threading.local()
        yield await later(1)
        yield mine

    steps["b"] = stream()
    async for item in steps["b"]:
        await later(item)
        break
    return steps


@workflow
async def in_a_closure():
    mine = threading.local()

    async def inner():
        await later(1)
        return mine

    return await inner()


@workflow
async def in_a_result():
    async def made():
        return threading.local()

    task = asyncio.create_task(made())
    await later(1)
    return await task


@workflow
async def in_a_callback():
    asyncio.get_running_loop().call_later(5, print, threading.local())
    await later(1)


@workflow
async def in_a_context():
    current.set(threading.local())
    await later(1)


@workflow
def in_the_context_of_a_plain_one():
    current.set(threading.local())
    double(1)


class Steps:
    """An iterator of no generator: Python steps it."""

    def __init__(self):
        self.mine = threading.local()
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
        mine = threading.local()
        yield double(1)
        yield mine

    def outer():
        yield from inner()

    box = [outer()]
    next(box[0])
    double(2)
    return list(box[0])


@workflow
async def in_a_queue():
    queue = asyncio.Queue()
    queue.put_nowait(threading.local())

    async def take():
        await asyncio.sleep(1)
        return await queue.get()

    return await asyncio.gather(take(), queue.join())


@workflow
async def in_a_callback_of_a_future():
    future = asyncio.get_running_loop().create_future()
    future.add_done_callback(functools.partial(print, threading.local()))
    await asyncio.gather(later(1), future)


OF_ALL_RUNS = threading.Lock()


@workflow
def in_a_lock_of_a_module():
    with OF_ALL_RUNS:
        double(1)


class Guarded:
    def __init__(self):
        self.lock = threading.Lock()


LOCKS = {"orders": Guarded()}


@workflow
def in_a_lock_of_a_table():
    with LOCKS["orders"].lock:
        double(1)
