"""Loops over generators that are left half way: what they go over is closed there and then."""

import asyncio
import contextlib
import gc

from perdure import workflow
from tests.corpus.acts import echo


def noted(log, name, n=3):
    """Stops the run at each item, and not when it is closed."""
    try:
        for number in range(n):
            yield echo(number)
    finally:
        log.append(f"{name} closed")


@workflow
def by_break():
    """Before the statement after the loop runs, and before an outer loop goes on."""
    log = []
    for _ in noted(log, "first"):
        break
    log.append("after")
    for outer in noted(log, "outer", 2):
        for inner in noted(log, "inner"):
            if echo(inner):
                break
        else:
            log.append("never")
        log.append(outer)
    for _ in noted(log, "in finally"):
        try:
            break
        finally:
            log.append("finally")
    log.append("end")
    return log


def found(log, wanted):
    for number in noted(log, "searched", 5):
        if echo(number) == wanted:
            return log.append("hit") or number
    return None


@workflow
def by_return():
    """After the value is there, and before the caller goes on."""
    log = []
    log.append(found(log, 2))
    log.append(found(log, 9))

    def guarded():
        try:
            for number in noted(log, "guarded"):
                return echo(number)
        finally:
            log.append("finally")

    log.append(guarded())

    def nested():
        for outer in noted(log, "outer"):
            for inner in noted(log, "inner"):
                if echo(inner):
                    return outer, inner
        return None

    log.append(nested())
    return log


@workflow
def by_exceptions():
    """Before a handler, a finally, an `__exit__` of the same function sees the exception."""
    log = []
    try:
        for _ in noted(log, "outer"):
            for number in noted(log, "inner"):
                if number:
                    raise KeyError(number)
    except KeyError as error:
        log.append(repr(error))
    try:
        try:
            for _ in noted(log, "in try"):
                raise ValueError
        finally:
            log.append("finally")
    except ValueError:
        log.append("caught")
    with contextlib.suppress(LookupError):
        for _ in noted(log, "in with"):
            raise LookupError
    try:
        [1 // number for number in noted(log, "comprehension")]
    except ZeroDivisionError:
        pass  # up to Python 3.11 the comprehension's own frame keeps it, until the handler ends

    def failing():
        for number in noted(log, "in a call"):
            raise KeyError(number)

    try:
        failing()
    except KeyError as error:
        log.append(error.args)
        error = None
    return log


@workflow
def held_elsewhere():
    """A generator that a variable holds goes on in the next loop."""
    log = []
    source = noted(log, "held", 4)
    for number in source:
        log.append(number)
        break
    log.append("between")
    for number in source:
        log.append(echo(number))
        break
    log.extend(source)
    numbers = iter([1, 2, 3])
    for number in numbers:
        echo(number)
        break
    return log, list(numbers)


def tree(log, name, depth):
    try:
        yield echo(name)
        if depth:
            yield from tree(log, name + "l", depth - 1)
            yield from tree(log, name + "r", depth - 1)
    finally:
        log.append(name)


@workflow
def inner_generators():
    """One that is closed closes those that it goes over, or delegates to."""
    log = []

    def through(source):
        for item in source:
            yield item

    for name in tree(log, "t", 2):
        if name == "tlr":
            break
    log.append("after")
    held = through(through(noted(log, "innermost")))
    log.append(next(held))
    held.close()
    log.append(any(number == 1 for number in noted(log, "any")))
    log.append(next((number for number in noted(log, "next") if number), None))
    items = (number for number in noted(log, "items"))
    log.append(next(items))
    items.close()
    return log


@workflow
def closed_by_the_collector():
    """Generators that hold each other go when Python's collector finds them: between any two steps."""

    def star(parse):
        def some(text, at):
            for after in parse(text, at):
                yield from some(text, after)
            yield at

        return some

    def char(wanted):
        def one(text, at):
            if text[at : at + 1] == echo(wanted):
                yield at + 1

        return one

    def both(first, second):
        return lambda text, at: (end for mid in first(text, at) for end in second(text, mid))

    before = gc.get_threshold()
    gc.set_threshold(10)
    try:
        whole = both(star(char("a")), star(char("d")))
        texts = ("aadd", "c", "ad", "aad", "") * 2
        return [next((True for end in whole(t, 0) if echo(end) == len(t)), False) for t in texts]
    finally:
        gc.set_threshold(*before)


async def later(value):
    await asyncio.sleep(0)
    return echo(value)


async def awaited(log, name):
    try:
        for number in range(3):
            yield await later(number)
    finally:
        log.append(f"{name} closed")


@workflow
async def asynchronous():
    """A loop closes what an `async for` has left, in a turn of its own."""
    log = []

    async def fails():
        async for number in awaited(log, "failed"):
            raise KeyError(number)

    async def waits():
        async for _ in awaited(log, "cancelled"):
            await asyncio.sleep(5)

    log.append(repr(await asyncio.gather(fails(), return_exceptions=True)))
    await asyncio.sleep(0.1)
    task = asyncio.create_task(waits())
    await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.wait([task])
    await asyncio.sleep(0.1)

    async def outer():
        async for number in awaited(log, "inner"):
            yield number

    source = outer()
    await anext(source)
    try:
        await source.athrow(ValueError("thrown"))
    except ValueError:
        log.append("caught")
    await asyncio.sleep(0.1)
    return log


def cases():
    return [
        ("by_break", ()),
        ("by_return", ()),
        ("by_exceptions", ()),
        ("held_elsewhere", ()),
        ("inner_generators", ()),
        ("closed_by_the_collector", ()),
        ("asynchronous", ()),
    ]
