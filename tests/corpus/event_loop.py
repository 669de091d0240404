"""The event loop itself: the order of its timers, the contexts of errors, loops over futures."""

import asyncio
import collections

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


@workflow
async def loops_over_what_waits():
    """Loops over lists and dicts of futures and tasks, which lead back to who waits for them."""
    loop = asyncio.get_running_loop()
    out = []

    async def sets(futures):
        for number, future in enumerate(futures):
            future.set_result(await later(number))

    def made(n):
        futures = [loop.create_future() for _ in range(n)]
        loop.create_task(sets(list(futures)))
        return futures

    for future in made(3):
        out.append(await future)
    for future in reversed(made(2)):
        out.append(await future)
    out.append([await future for future in made(2)])
    for name, future in dict(zip("abc", made(3), strict=True)).items():
        out.append((name, await future))
    for future in dict(zip("ab", made(2), strict=True)).values():
        out.append(await future)
    for number, future in enumerate(made(2)):
        out.append((number, await future))
    for future in tuple(made(2)):
        out.append(await future)
    for future in collections.deque(made(2)):
        out.append(await future)
    table = dict.fromkeys("ab")
    table.update(zip("ab", made(2), strict=True))
    try:
        for future in table.values():
            out.append(await future)
            table["c"] = echo("c")
    except RuntimeError as error:
        out.append(str(error))
    growing = made(2)
    for future in growing:
        out.append(await future)
        if len(growing) < 4:
            growing += made(1)
    return out


CASES = [
    (timers_at_one_time, ()),
    (contexts_of_errors, ()),
    (loops_over_what_waits, ()),
]
