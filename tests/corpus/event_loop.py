"""The event loop itself: the order of its timers, the contexts of errors that are awaited."""

import asyncio

from perdure import activity, workflow
from tests.corpus.acts import echo
from tests.corpus.coroutines import fails, later


@workflow
async def timers_at_one_time():
    """Timers that are due at the same time, in the order in which they were made."""
    log = []
    loop = asyncio.get_running_loop()

    async def sleeps(name):
        await asyncio.sleep(1)
        log.append(name)

    handles = [loop.call_later(1, log.append, number) for number in range(7)]
    handles[3].cancel()
    loop.call_at(loop.time() + 0.5, log.append, "first")
    await asyncio.gather(*(sleeps(name) for name in "abcdefg"))
    loop.call_later(4, log.append, "never").cancel()
    await asyncio.sleep(100)
    return log, [handle.when() - handles[0].when() for handle in handles]


@activity
async def fails_while_handling(kind, *args):
    try:
        raise KeyError("in the activity")
    except KeyError:
        raise kind(*args)


def chain(error):
    found = []
    while error is not None:
        found.append(repr(error))
        error = error.__context__
    return found


async def told_later(error):
    try:
        await later("told")
        raise error
    except KeyError:
        return "never"


@workflow
async def contexts_of_errors():
    """What was handled where something is awaited, and what was where its error was raised."""
    ways = [
        lambda: fails(ValueError, 1),
        lambda: fails_while_handling(ValueError, 2),
        lambda: asyncio.create_task(fails_while_handling(ValueError, 3)),
        lambda: asyncio.gather(fails_while_handling(ValueError, 4)),
        lambda: asyncio.wait_for(fails_while_handling(ValueError, 5), 9),
        lambda: told_later(ValueError(6)),
        lambda: asyncio.create_task(told_later(ValueError(7))),
    ]
    seen = []
    for way in ways:
        try:
            try:
                raise LookupError("outside")
            except LookupError:
                await way()
        except ValueError as error:
            seen.append(chain(error))
        try:
            await way()
        except ValueError as error:
            seen.append(chain(error))
            await later("between")
    future = asyncio.get_running_loop().create_future()
    future.set_exception(ValueError(8))
    for _ in range(2):
        try:
            try:
                await fails(OSError, "before")
            finally:
                await future
        except ValueError as error:
            seen.append(chain(error))
    try:
        await fails_while_handling(OSError, "last")
    finally:
        raise LookupError(echo("from it"))


CASES = [
    (timers_at_one_time, ()),
    (contexts_of_errors, ()),
]
