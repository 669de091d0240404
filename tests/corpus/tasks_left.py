"""Tasks that are left when a workflow ends are cancelled and waited for, as `asyncio.run` does it."""

import asyncio

from perdure import activity, workflow
from tests.corpus.acts import echo


@activity
async def later(x):
    return x


async def working(log, name):
    try:
        while True:
            await later(("works", name))
            await asyncio.sleep(10)
    except asyncio.CancelledError:
        log.append("cancelled")
        await later(("cleans up", name))
        await asyncio.sleep(1)
        log.append(await later(("has cleaned up", name)))
        raise
    finally:
        echo("finally")


@workflow
async def cleaned_up():
    log = []
    task = asyncio.create_task(working(log, "one"))
    await asyncio.sleep(15)
    log.append(task.done())
    return log


@workflow
async def after_an_error():
    async def waiting():
        try:
            await asyncio.Event().wait()
        finally:
            await later("bye")

    task = asyncio.create_task(waiting())
    await asyncio.sleep(0)
    raise ValueError(echo("so"), task.done())


@workflow
async def failing_meanwhile():
    log = []

    def handler(loop, context):
        log.append((context["message"], repr(context["exception"])))

    async def waiting():
        try:
            await asyncio.Event().wait()
        finally:
            raise KeyError("in the end")

    asyncio.get_running_loop().set_exception_handler(handler)
    log.append(asyncio.create_task(waiting()).done())
    await asyncio.sleep(0)
    return log


async def counting(log, name):
    try:
        for number in range(5):
            log.append((name, number))
            await asyncio.sleep(0)
    finally:
        log.append((name, "end"))


@workflow
async def the_last_turn():
    """What is ready is called once more before tasks are cancelled; one may not have begun."""
    log = []
    task = asyncio.create_task(counting(log, "a"))
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_soon(log.append, "soon")
    other = asyncio.create_task(counting(log, "b"))
    log.append((echo(1), task.done(), other.done()))
    return log


@workflow
async def tasks_made_in_the_end():
    log = []

    async def waiting():
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.create_task(counting(log, "late"))
            log.append(await later("waited"))

    task = asyncio.create_task(waiting())
    await asyncio.sleep(0)
    log.append(task.done())
    return log


# Those that are to end with an error.
RAISES = {"after_an_error"}


def cases():
    return [
        ("cleaned_up", ()),
        ("after_an_error", ()),
        ("failing_meanwhile", ()),
        ("the_last_turn", ()),
        ("tasks_made_in_the_end", ()),
    ]
