"""What an `async def` activity gives when it is called: a coroutine, as far as a program can tell."""

import asyncio
import collections.abc
import inspect
import types

from perdure import activity, workflow
from tests.corpus.acts import echo


@activity
async def later(x):
    return x


async def helper(x):
    return echo(x)


@workflow
async def looked_at():
    log = []
    for function in (later, helper):
        made = function(1)
        log += [inspect.iscoroutine(made), asyncio.iscoroutine(made), inspect.isawaitable(made)]
        log += [isinstance(made, types.CoroutineType | collections.abc.Awaitable)]
        log += [type(made).__name__, made.__name__, made.__qualname__]
        log += [inspect.getcoroutinestate(made), echo(1), await made]
        log += [inspect.getcoroutinestate(made)]
        try:
            await made
        except RuntimeError as error:
            log.append(str(error))
    return log


@workflow
async def closed():
    made = later(1)
    made.close()
    log = []
    for _ in range(2):
        try:
            log.append(await made)
        except RuntimeError as error:
            log.append(str(error))
    return log


@workflow
async def waited_for_twice():
    made = later(1)

    async def waiting():
        try:
            return await made
        except RuntimeError as error:
            return str(error)

    return await asyncio.gather(waiting(), waiting())


@workflow
async def forgotten():
    """Without `await` it is no iterable, no number and no mapping, and the workflow can tell."""
    log = []
    made = later(1)
    uses = [lambda: [x for x in made], lambda: made["key"], lambda: made + 1]
    uses += [lambda: made.value, lambda: list(made), lambda: {**made}]
    for use in uses:
        try:
            use()
        except Exception as error:
            log.append((type(error).__name__, str(error)))
    try:
        a, b = made
    except TypeError as error:
        log.append(str(error))
    return log, await made


@workflow
async def in_many_ways():
    log = [await asyncio.wait_for(later(1), 5), await asyncio.shield(later(2))]
    task = asyncio.create_task(later(3), name="third")
    log += [task.get_name(), await task, type(task.get_coro()).__name__]
    log += await asyncio.gather(later(4), *[later(n) for n in (5, 6)])
    made = later(7)
    echo(0)
    log.append(await made)
    stopped = asyncio.ensure_future(later(9))
    stopped.cancel()
    try:
        await stopped
    except asyncio.CancelledError:
        log.append("cancelled")
    kept = {"made": later(10)}
    await asyncio.sleep(0.1)
    return [*log, await kept["made"]]


def cases():
    return [
        ("looked_at", ()),
        ("closed", ()),
        ("waited_for_twice", ()),
        ("forgotten", ()),
        ("in_many_ways", ()),
    ]
