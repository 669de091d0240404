"""Asynchronous iteration by methods that are no coroutines: plain `__aiter__` and `__anext__`."""

import asyncio
import contextlib

from perdure import activity, workflow
from tests.corpus.acts import echo


@activity
async def later(value):
    return value


async def numbers(n=2):
    for number in range(n):
        yield await later(number)


class Walked:
    async def walk(self):
        yield await later(1)
        yield echo(2)

    def __aiter__(self):
        return self.walk()


class Given:
    def __aiter__(self):
        return numbers()


class Filtered:
    def __aiter__(self):
        return (await later(number) async for number in numbers(3) if number)


@workflow
async def generators_given():
    """An `__aiter__` that is no generator function itself, and gives a generator."""
    log = [number async for number in Walked()]
    async for number in Given():
        log.append(number)
        if number == 1:
            break
    else:
        log.append("else")
    async for number in Filtered():
        log.append(number)
    async with contextlib.aclosing(Given().__aiter__()) as given:
        async for number in given:
            log.append(number)
    log += [number async for number in (one async for one in Walked())]
    return log


class Source:
    def __init__(self, n=2):
        self.left = n

    def __aiter__(self):
        echo("aiter")
        return self


class ByMethod(Source):
    def __anext__(self):
        return self.following()

    async def following(self):
        self.left -= await later(1)
        if self.left < 0:
            raise StopAsyncIteration
        return self.left


class ByTask(ByMethod):
    def __anext__(self):
        return asyncio.ensure_future(self.following())


class Slow:
    def __init__(self, value):
        self.value = value

    def __await__(self):
        echo("await")
        return later(self.value).__await__()


class BySlow(Source):
    def __anext__(self):
        self.left -= echo(1)
        if self.left < 0:
            raise StopAsyncIteration
        return Slow(self.left)


class ByFuture(Source):
    def __anext__(self):
        if not self.left:
            raise StopAsyncIteration
        self.left -= 1
        future = asyncio.get_running_loop().create_future()
        future.set_result(self.left)
        return future


@workflow
async def items_given():
    """An `__anext__` that gives something to wait for: the end may come before that, or in it."""
    log = []
    for kind in (ByMethod, ByTask, BySlow, ByFuture):
        async for number in kind():
            log.append((kind.__name__, await later(number)))
        log.append([number async for number in kind()])
        log.append({n: m async for n in kind() if n async for m in kind()})
        log.append([number async for number in (one async for one in kind())])
    return log


class NoIterator:
    def __aiter__(self):
        return echo(3)


class NoAwaitable(Source):
    def __anext__(self):
        return echo(4)


class Failing(Source):
    def __anext__(self):
        raise ValueError(echo("in anext"))


@workflow
async def wrong_ones():
    log = []
    for kind in (NoIterator, NoAwaitable, Failing):
        try:
            async for _ in kind():
                log.append("never")
        except Exception as error:
            log.append((type(error).__name__, str(error), repr(error.__cause__)))
        try:
            log.append([number async for number in kind()])
        except Exception as error:
            log.append((type(error).__name__, str(error), repr(error.__cause__)))
    return log


class FailingWait:
    def __await__(self):
        raise ValueError(echo("in await"))


class WrongWait:
    def __await__(self):
        return echo(7)


class ByFailing(Source):
    def __anext__(self):
        echo(1)
        return FailingWait()


class ByWrong(Source):
    def __anext__(self):
        return WrongWait()


@workflow
async def wrong_waits():
    log = []
    for kind in (ByFailing, ByWrong):
        try:
            async for _ in kind():
                log.append("never")
        except TypeError as error:
            log.append((str(error), repr(error.__cause__), repr(error.__context__)))
    return log


@workflow
async def messages_of_cancellations():
    """The message of a cancellation that is still to come is kept."""
    log = []

    async def waiting():
        await asyncio.sleep(1)

    async def cancelling_itself():
        try:
            asyncio.current_task().cancel("itself")
            echo(1)
            await asyncio.sleep(0)
        except asyncio.CancelledError as error:
            log.append(error.args)
            raise

    task = asyncio.create_task(waiting())
    task.cancel("before it began")
    echo(1)
    for one in (task, asyncio.create_task(cancelling_itself())):
        try:
            await one
        except asyncio.CancelledError as error:
            log.append(error.args)
    return log


class Ordered:
    def __init__(self, rank):
        self.rank = rank

    def __lt__(self, other):
        return echo(self.rank) < echo(other.rank)


@workflow
async def queues_by_priority():
    queue = asyncio.PriorityQueue()
    for rank in (5, 2, 7):
        await queue.put(Ordered(rank))
    return [(await queue.get()).rank for _ in range(2)]


def cases():
    return [
        ("generators_given", ()),
        ("items_given", ()),
        ("wrong_ones", ()),
        ("wrong_waits", ()),
        ("messages_of_cancellations", ()),
        ("queues_by_priority", ()),
    ]
