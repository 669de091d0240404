"""How generators end: dropped half way, closed; steps of asynchronous ones, made by hand."""

import asyncio
import types

from perdure import workflow
from tests.corpus.acts import echo


def pages(n, log):
    try:
        for i in range(n):
            yield echo(i)
    finally:
        log.append(echo(("closed", n)))


@workflow
def dropped():
    """What stands in the finally of a generator that nobody holds any more may suspend."""
    log = []
    source = pages(3, log)
    log.append(next(source))
    del source
    echo("after del")
    for page in pages(4, log):
        if page == 2:
            break
    echo("after break")
    held = [pages(5, log)]
    log.append(next(held[0]))
    held.clear()
    echo("after clear")
    return log


@workflow
def dropped_at_the_end():
    """The same where nothing is called after it."""
    log = []
    source = pages(3, log)
    next(source)
    return log


def takes(source):
    return next(source)


def forgets(log):
    source = pages(2, log)
    return takes(source)


@workflow
def dropped_with_a_frame():
    """The same where it was an argument, a local of a function that returns, in a cell, in a list."""
    log = []
    log.append(takes(pages(3, log)))
    log.append(forgets(log))
    log.append(echo("forgotten"))

    def holds():
        source = pages(4, log)
        return (lambda: next(source)), echo("held")

    log.append(holds()[0]())
    log.append(echo("let go"))
    return log


@workflow
def dropped_at_an_exception():
    """The same where the workflow fails."""
    log = []
    source = pages(3, log)
    next(source)
    del source
    raise ValueError(log)


async def items(log):
    try:
        yield echo(1)
        yield 2
    finally:
        log.append(echo("closed"))


@workflow
async def loop_closes():
    """An asynchronous generator that a loop left half way is closed by the event loop, soon."""
    log = []
    async for item in items(log):
        log.append(item)
        break
    await asyncio.sleep(1)
    log.append(echo("later"))
    return log


@types.coroutine
def pause(x):
    try:
        return (yield x)
    except BaseException as error:
        echo(("pause", type(error).__name__))
        raise


async def counting(log, n=3):
    try:
        for i in range(n):
            await pause(echo(("before", i)))
            log.append((yield i))
    except BaseException as error:
        log.append((echo("caught"), repr(error)))
        raise
    finally:
        log.append("end")


def step(out, call, *args):
    try:
        out.append(call(*args))
    except BaseException as error:
        out.append((repr(error), repr(error.__context__), repr(error.__cause__)))


def drain(out, awaitable):
    while len(out) < 100:
        before = len(out)
        step(out, awaitable.send, None)
        if type(out[before]) is tuple and "(" in str(out[before][0]):
            break


@workflow
def steps_by_hand():
    """Steps of an asynchronous generator that a plain function makes."""
    log, out = [], []
    source = counting(log)
    first = source.__anext__()
    step(out, first.send, None)
    out.append(source.ag_running)
    step(out, first.send, "x")
    step(out, first.send, None)
    step(out, first.throw, ValueError("reused"))
    out.append(source.ag_running)
    second = source.asend("sent")
    step(out, second.__next__)
    step(out, next, second)
    step(out, source.asend(None).throw, KeyError("thrown"))
    drain(out, source.__anext__())
    drain(out, source.aclose())
    drain(out, source.athrow(ValueError))
    return out, log


@workflow
def steps_that_overlap():
    """While one step is awaited no other may begin."""
    log, out = [], []
    source = counting(log)
    first = source.__anext__()
    step(out, first.send, None)
    for other in (source.__anext__(), source.asend(1), source.aclose(), source.athrow(KeyError)):
        step(out, other.send, None)
        step(out, other.send, None)
    step(out, first.send, None)
    drain(out, source.aclose())
    drain(out, source.__anext__())
    return out, log


@workflow
def first_steps():
    """What may not be sent to begin with; thrown in before the first step."""
    out = []
    source = counting([])
    wrong = source.asend(1)
    step(out, wrong.send, None)
    step(out, wrong.send, None)
    closing = source.aclose()
    step(out, closing.send, 5)
    step(out, closing.send, None)
    drain(out, source.__anext__())
    source = counting([])
    thrower = source.athrow(ValueError("v"))
    step(out, thrower.send, 5)
    step(out, thrower.send, None)
    step(out, counting([]).athrow(1).send, None)
    step(out, counting([]).__anext__().throw, KeyError("k"))
    return out


async def stubborn(log):
    for _ in range(4):
        try:
            yield len(log)
        except BaseException as error:
            log.append(repr(error))
            await pause(echo("stubborn"))


@workflow
def ignores_its_end():
    """A generator that goes on after GeneratorExit."""
    log, out = [], []
    source = stubborn(log)
    drain(out, source.__anext__())
    closing = source.aclose()
    for _ in range(3):
        step(out, closing.send, None)
    drain(out, source.__anext__())
    thrower = source.athrow(ValueError("n"))
    for _ in range(2):
        step(out, thrower.send, None)
    out.append((source.ag_running, list(log)))
    for _ in range(3):
        drain(out, source.__anext__())
    return out, log


@workflow
def thrown_into_a_step():
    """An exception thrown into a step that is awaited comes out where the generator waits."""
    log, out = [], []
    for kind in (ValueError, GeneratorExit, StopAsyncIteration, StopIteration):
        source = counting(log)
        first = source.__anext__()
        step(out, first.send, None)
        step(out, first.throw, kind)
        out.append(source.ag_running)
        drain(out, source.__anext__())
    return out, log


@workflow
def step_closed():
    """A step that is closed while the generator waits in it."""
    log, out = [], []
    source = counting(log)
    first = source.__anext__()
    step(out, first.send, None)
    step(out, first.close)
    step(out, first.close)
    out.append(source.ag_running)
    drain(out, source.__anext__())
    out.append(list(log))
    del source, first
    echo("dropped")
    out.append(list(log))
    source = counting(log)
    drain(out, source.__anext__())
    closing = source.aclose()
    step(out, closing.close)
    step(out, closing.send, None)
    for _ in range(3):
        drain(out, source.__anext__())
    return out


async def user(awaitable, log):
    try:
        return await awaitable
    except BaseException as error:
        log.append(("user", echo("user"), repr(error)))
        raise


@workflow
def coroutine_closed_around_a_step():
    """A coroutine that awaits a step is closed, or has GeneratorExit thrown in."""
    log, out = [], []
    for end in ("close", "throw"):
        source = counting(log)
        outer = user(source.__anext__(), log)
        step(out, outer.send, None)
        if end == "close":
            step(out, outer.close)
        else:
            step(out, outer.throw, GeneratorExit)
        out.append(source.ag_running)
        drain(out, source.__anext__())
        out.append(list(log))
        del source, outer
        echo("dropped")
        out.append(list(log))
    return out


class Wrapper:
    def __init__(self, coroutine):
        self.coroutine = coroutine

    def __await__(self):
        return self.coroutine.__await__()


@workflow
def wrapped_coroutine():
    """A coroutine's own `__await__` as that of another object."""
    log, out = [], []
    outer = user(Wrapper(user(pause(echo(1)), log)), log)
    step(out, outer.send, None)
    step(out, outer.send, "spam")
    outer = user(Wrapper(user(pause(echo(1)), log)), log)
    step(out, outer.send, None)
    step(out, outer.throw, ZeroDivisionError("z"))
    outer = user(Wrapper(user(pause(echo(1)), log)), log)
    step(out, outer.send, None)
    step(out, outer.close)
    return out, log


async def clings(log):
    try:
        await pause(1)
    finally:
        log.append(echo("clings"))
        await pause("again")


@workflow
def coroutine_ignores_its_end():
    """A coroutine that awaits in its finally cannot be closed, directly or through another."""
    log, out = [], []
    inner = clings(log)
    step(out, inner.send, None)
    step(out, inner.close)
    step(out, inner.close)
    inner_of = [clings(log)]
    outer = user(inner_of[0], log)
    step(out, outer.send, None)
    step(out, outer.close)
    step(out, inner_of[0].close)
    return out, log


def returns_at_its_end():
    try:
        yield echo(1)
    except GeneratorExit:
        return echo("value")


@workflow
def value_of_close():
    """What close() gives: since Python 3.13 what the generator returned."""
    source = returns_at_its_end()
    next(source)
    return source.close(), source.close(), returns_at_its_end().close()


def raises_at_its_end(errors):
    try:
        yield echo(1)
    finally:
        echo("finally")
        raise errors[0]


def delegates(errors):
    return (yield from raises_at_its_end(errors))


@workflow
def exit_thrown_into_a_delegate():
    """What is delegated to is closed: with an exception of its own, and what it raises is one too.

    The one that was thrown in comes out, and has no part in that.
    """
    out = []
    for raised in (GeneratorExit("raised"), KeyError("raised"), StopIteration("raised")):
        source, thrown = delegates([raised]), GeneratorExit("thrown")
        next(source)
        try:
            source.throw(thrown)
        except BaseException as error:
            out.append((repr(error), error is thrown, repr(error.__context__)))
            out.append(repr(error.__cause__))
        out.append(next(source, "end"))
        source = delegates([raised])
        next(source)
        step(out, source.close)
    return out


# Those that are to end with an error.
RAISES = {"dropped_at_an_exception"}


def cases():
    return [
        ("dropped", ()),
        ("dropped_at_the_end", ()),
        ("dropped_at_an_exception", ()),
        ("dropped_with_a_frame", ()),
        ("loop_closes", ()),
        ("steps_by_hand", ()),
        ("steps_that_overlap", ()),
        ("first_steps", ()),
        ("ignores_its_end", ()),
        ("thrown_into_a_step", ()),
        ("step_closed", ()),
        ("coroutine_closed_around_a_step", ()),
        ("wrapped_coroutine", ()),
        ("coroutine_ignores_its_end", ()),
        ("value_of_close", ()),
        ("exit_thrown_into_a_delegate", ()),
    ]
