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


async def pages():
    try:
        yield echo("page")
    finally:
        echo("closed")


@workflow
async def left_in_a_loop():
    """What a task goes over is closed when the task has been cancelled."""
    seen = []

    async def reading():
        async for page in pages():
            seen.append(page)
            await asyncio.sleep(10)

    tasks = [asyncio.create_task(reading()) for _ in range(2)]
    await asyncio.sleep(0)
    await later("meanwhile")
    return seen, [task.done() for task in tasks]


@workflow
async def told_when_they_are_done():
    """Callbacks of a task that is left are called; what it made has its first step."""

    async def next_one():
        echo("begun")
        await asyncio.sleep(10)
        echo("never")

    async def worker():
        try:
            await asyncio.sleep(10)
        finally:
            asyncio.create_task(next_one())

    def stopped(task):
        echo(f"cancelled: {task.cancelled()}")
        asyncio.get_running_loop().call_soon(echo, "soon after")

    task = asyncio.create_task(worker())
    task.add_done_callback(stopped)
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_soon(asyncio.get_running_loop().call_soon, echo, "last")


async def tidies(name, after):
    try:
        await asyncio.sleep(after)
    finally:
        echo(f"{name} is tidy")


def exits(status):
    raise SystemExit(echo(status))


@workflow
async def one_exits():
    """All tasks are cancelled, that of the workflow too; their cleanup runs."""

    async def working():
        await later(1)
        exits(3)

    left = asyncio.create_task(tidies("other", 10))
    try:
        await asyncio.create_task(working())
    finally:
        echo("the workflow is tidy")
    return left


@workflow
async def what_is_ready_when_one_exits():
    """It is cancelled before it has its turn."""

    async def first():
        exits(6)

    async def second():
        echo("not begun")

    tasks = [asyncio.create_task(first()), asyncio.create_task(second())]
    await asyncio.wait(tasks)


@workflow
async def a_callback_exits():
    left = asyncio.create_task(tidies("other", 10))
    asyncio.get_running_loop().call_later(1, exits, 4)
    await left


@workflow
async def it_exits_itself():
    task = asyncio.create_task(tidies("other", 10))
    await later(1)
    exits(task.done())


# Those that are to end with an error.
RAISES = {
    *("after_an_error", "one_exits", "a_callback_exits", "it_exits_itself"),
    "what_is_ready_when_one_exits",
}


def cases():
    return [
        ("cleaned_up", ()),
        ("after_an_error", ()),
        ("failing_meanwhile", ()),
        ("the_last_turn", ()),
        ("tasks_made_in_the_end", ()),
        ("left_in_a_loop", ()),
        ("told_when_they_are_done", ()),
        ("one_exits", ()),
        ("what_is_ready_when_one_exits", ()),
        ("a_callback_exits", ()),
        ("it_exits_itself", ()),
    ]
