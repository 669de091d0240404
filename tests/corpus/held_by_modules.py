"""Locks, semaphores, events and queues that modules and classes hold: their state is the run's."""

import asyncio

from perdure import activity, workflow

LOCK = asyncio.Lock()
LIMIT = asyncio.Semaphore(2)
QUEUE = asyncio.Queue()
CHANGED = asyncio.Condition()


class Service:
    ready = asyncio.Event()


class Client:
    def __init__(self):
        self.limit = asyncio.Semaphore(1)
        self.log = []

    async def get(self, x):
        async with self.limit:
            return await later(x), self.limit.locked()


CLIENT = Client()
LOCKS = {"a": asyncio.Lock(), "b": [asyncio.Lock()]}


@activity
async def later(x):
    return x


async def guarded(log, name):
    async with LOCK:
        log.append(f"{name} in")
        await later(name)
        log.append(f"{name} out")
    async with LIMIT:
        log.append((name, await later(1), LIMIT.locked()))


@workflow
async def locked():
    log = []
    await asyncio.gather(*(guarded(log, name) for name in "abc"))
    kept = LOCK
    await later(1)
    return log, LOCK.locked(), kept is LOCK, LIMIT.locked()


@workflow
async def handed_over():
    log = []

    async def worker():
        await Service.ready.wait()
        while (item := await QUEUE.get()) is not None:
            log.append(await later(item))
            QUEUE.task_done()
        async with CHANGED:
            CHANGED.notify_all()
        QUEUE.task_done()

    task = asyncio.create_task(worker())
    for item in (1, 2):
        await QUEUE.put(await later(item))
    Service.ready.set()
    await later(0)
    async with CHANGED:
        await QUEUE.put(None)
        await CHANGED.wait()
    await QUEUE.join()
    await task
    Service.ready.clear()
    return log, QUEUE.empty()


@workflow
async def in_tables_and_objects():
    log = await asyncio.gather(*(CLIENT.get(n) for n in range(3)))
    async with LOCKS["a"], LOCKS["b"][0]:
        log.append((await later(5), LOCKS["a"].locked(), LOCKS["b"][0].locked()))
    return [*log, LOCKS["a"].locked(), CLIENT.limit.locked()]


def cases():
    return [
        ("in_tables_and_objects", ()),
        ("in_tables_and_objects", ()),
        ("locked", ()),
        ("locked", ()),
        ("handed_over", ()),
    ]
