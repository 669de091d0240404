"""Exceptions thrown into generators and coroutines: their contexts; and KeyboardInterrupt."""

import asyncio
import contextlib

from perdure import activity, workflow
from tests.corpus.acts import echo


def chain(error):
    found = []
    while error is not None:
        found.append(repr(error))
        error = error.__context__
    return found


def sees(log):
    try:
        yield echo(1)
    except ValueError as error:
        log.append(chain(error))
        yield 2


def through(source):
    yield from source


@workflow
def while_the_caller_handles():
    """What the caller handles is not the context of what it throws."""
    log = []
    for source in (sees(log), through(sees(log))):
        next(source)
        try:
            raise KeyError("caller")
        except KeyError:
            source.throw(ValueError("thrown"))
    fresh = ValueError("fresh")
    try:
        raise KeyError("caller")
    except KeyError:
        with contextlib.suppress(ValueError):
            sees(log).throw(fresh)

    @contextlib.contextmanager
    def managed():
        try:
            yield echo(1)
        except ValueError as error:
            log.append(chain(error))

    manager = managed()
    manager.__enter__()
    try:
        raise KeyError("caller")
    except KeyError:
        manager.__exit__(ValueError, ValueError("by hand"), None)
    return log, chain(fresh)


@workflow
def while_it_handles_itself():
    """What the generator handles is, in the place of the context that there was."""
    log = []

    def handles():
        try:
            raise KeyError("own")
        except KeyError:
            try:
                yield echo(1)
            except ValueError as error:
                log.append(chain(error))
                yield echo(2)

    source = handles()
    next(source)
    error = ValueError("thrown")
    error.__context__ = OSError("before")
    source.throw(error)

    def translates():
        try:
            yield echo(1)
        except ValueError:
            echo(2)
            raise OSError("translated")  # noqa: B904

    def outer():
        try:
            raise KeyError("outer")
        except KeyError:
            yield from translates()

    source = outer()
    next(source)
    try:
        source.throw(ValueError("v"))
    except OSError as error:
        log.append(chain(error))
    return log


@workflow
async def into_coroutines():
    log = []

    async def pages():
        try:
            yield echo(1)
        except ValueError as error:
            log.append(chain(error))
            yield 2

    source = pages()
    await anext(source)
    try:
        raise KeyError("caller")
    except KeyError:
        await source.athrow(ValueError("thrown"))
    await source.aclose()
    return log


@activity
def interrupted():
    raise KeyboardInterrupt("activity")


def interrupts(value):
    echo(value)
    raise KeyboardInterrupt(value)


@workflow
def interrupts_that_are_raised():
    """A KeyboardInterrupt of the program's own is an exception like any other."""
    log = []
    for call in (interrupted, lambda: interrupts("helper")):
        try:
            call()
        except KeyboardInterrupt as error:
            log.append(error.args)
    try:
        try:
            interrupts("finally")
        finally:
            log.append(echo("finally"))
    except BaseException as error:
        log.append(repr(error))

    @contextlib.contextmanager
    def managed():
        try:
            yield
        except KeyboardInterrupt:
            log.append(echo("managed"))
            raise

    source = sees(log)
    next(source)
    try:
        source.throw(KeyboardInterrupt("thrown"))
    except KeyboardInterrupt as error:
        log.append(error.args)
    try:
        with managed():
            interrupts("managed")
    except KeyboardInterrupt as error:
        log.append(error.args)
    return log


@workflow
def interrupts_itself():
    echo(1)
    raise KeyboardInterrupt("out")


def seen_inside(log):
    try:
        yield echo(1)
    except KeyError as error:
        log.append(repr(error.__context__))
    try:
        raise LookupError
    except LookupError as error:
        log.append(repr(error.__context__))
    yield 2
    try:
        raise LookupError
    except LookupError as error:
        log.append(repr(error.__context__))


def delegates_in_a_handler(log):
    try:
        raise ValueError("outer")
    except ValueError:
        yield from seen_inside(log)


async def fails():
    await asyncio.sleep(0)
    raise KeyError("task")


async def cleans_up(log):
    try:
        await asyncio.create_task(fails())
    except KeyError as error:
        log.append(repr(error.__context__))
    try:
        raise LookupError
    except LookupError as error:
        log.append(repr(error.__context__))
    await asyncio.sleep(0)
    try:
        raise LookupError
    except LookupError as error:
        log.append(repr(error.__context__))


@workflow
def past_those_that_delegate():
    """What a generator handles that delegates is not seen where something is thrown in."""
    log = []
    source = delegates_in_a_handler(log)
    next(source)
    try:
        raise OSError("thrower")
    except OSError:
        source.throw(KeyError(1))
    log.append(list(source))
    return log


@workflow
async def past_those_that_await():
    log = []
    try:
        raise ValueError("outer")
    except ValueError:
        await cleans_up(log)
    return log


# Those that are to end with an error.
RAISES = {"interrupts_itself"}


def cases():
    return [
        ("while_the_caller_handles", ()),
        ("while_it_handles_itself", ()),
        ("into_coroutines", ()),
        ("interrupts_that_are_raised", ()),
        ("interrupts_itself", ()),
        ("past_those_that_delegate", ()),
        ("past_those_that_await", ()),
    ]
