"""Callbacks of the event loop that make coroutines, or suspend."""

import asyncio

from perdure import workflow
from tests.corpus.acts import echo, fail


async def job(log, name):
    await asyncio.sleep(0)
    log.append(echo(name))
    return name


@workflow
async def tasks_made_in_callbacks():
    log, tasks = [], []
    loop = asyncio.get_running_loop()
    loop.call_soon(lambda: tasks.append(asyncio.create_task(job(log, "soon"))))
    loop.call_later(0.01, lambda: tasks.append(loop.create_task(job(log, "later"))))
    first = asyncio.create_task(job(log, "first"))
    first.add_done_callback(
        lambda task: tasks.append(asyncio.ensure_future(job(log, task.result() + " done")))
    )
    loop.call_soon(lambda: tasks.append(asyncio.gather(job(log, "a"), job(log, "b"))))
    await asyncio.sleep(0.1)
    return await asyncio.gather(*tasks), log


@workflow
async def callbacks_that_suspend():
    """They hold up the loop, as they do in Python."""
    log = []
    loop = asyncio.get_running_loop()
    loop.call_soon(lambda: log.append(echo("called")))
    loop.call_soon(log.append, "next")
    task = asyncio.create_task(job(log, "task"))
    task.add_done_callback(lambda done: log.append(echo(("done", done.result()))))
    await asyncio.sleep(0.1)
    loop.set_exception_handler(lambda loop, context: log.append(context["message"].split(" <")[0]))
    loop.call_soon(lambda: fail(ValueError, "bad"))
    loop.call_soon(lambda: log.append("after"))
    await asyncio.sleep(0.1)
    return log


def cases():
    return [("tasks_made_in_callbacks", ()), ("callbacks_that_suspend", ())]
