"""Context variables, and the tokens that undo what was set."""

import asyncio
import contextlib
import contextvars

from perdure import activity, workflow
from tests.corpus.acts import echo, fail

user = contextvars.ContextVar("user")
depth = contextvars.ContextVar("depth", default=0)
left_over = contextvars.ContextVar("left_over")


@activity
async def later(x):
    return x


def seen(variable):
    try:
        return variable.get()
    except LookupError:
        return "unset"


@workflow
def undone_in_order():
    """What `reset` gives back: the value before, or none at all."""
    outer = user.set("a")
    log = [echo(seen(user))]
    inner = user.set("b")
    log.append(echo(seen(user)))
    user.reset(inner)
    log.append(echo(seen(user)))
    user.reset(outer)
    log.append(echo(seen(user)))
    return log, outer.var is user, inner.old_value, outer.old_value is contextvars.Token.MISSING


@workflow
def undone_twice():
    outer = user.set("a")
    echo(1)
    inner = user.set("b")
    user.reset(inner)
    echo(2)
    try:
        user.reset(inner)
    except RuntimeError as error:
        found = str(error).rpartition(" has ")[2]
    user.reset(outer)
    keeper = depth.set(1)
    echo(3)
    try:
        user.reset(outer)
    except RuntimeError as error:
        return found, str(error).rpartition(" has ")[2], seen(user), depth.reset(keeper)


@workflow
def undone_out_of_order():
    """The later change is undone last, when nothing is set any more."""
    first = left_over.set([1])
    second = left_over.set([2])
    left_over.reset(first)
    log = [echo(seen(left_over))]
    left_over.reset(second)
    return log, echo(seen(left_over)), second.old_value is seen(left_over)


@workflow
def undone_elsewhere():
    token = user.set("a")
    elsewhere = contextvars.copy_context()
    echo(1)
    try:
        elsewhere.run(user.reset, token)
    except ValueError as error:
        found = str(error).rpartition(" was ")[2]
    inside = elsewhere.run(user.set, "b")
    echo(2)
    elsewhere.run(user.reset, inside)
    user.reset(token)
    return found, elsewhere[user], seen(user), inside.old_value


@contextlib.contextmanager
def acting_as(name):
    token = user.set(name)
    try:
        yield echo(name)
    finally:
        user.reset(token)


@workflow
def undone_by_a_manager():
    log = []
    with acting_as("a"):
        log.append(echo(seen(user)))
        try:
            with acting_as("b"):
                log.append(seen(user))
                fail(ValueError)
        except ValueError:
            log.append(seen(user))
    return log, seen(user)


def nested(n):
    token = depth.set(depth.get() + 1)
    found = [echo(depth.get())] + (nested(n - 1) if n else [])
    depth.reset(token)
    return [*found, depth.get()]


@workflow
def undone_by_each_caller():
    return nested(3), depth.get()


@workflow
async def undone_in_tasks():
    async def work(name):
        token = user.set(name)
        first = await later(seen(user))
        inner = user.set(name * 2)
        second = await later(seen(user))
        user.reset(inner)
        third = await later(seen(user))
        user.reset(token)
        return first, second, third, seen(user)

    token = user.set("outer")
    found = await asyncio.gather(work("a"), work("b"))
    user.reset(token)
    return found, seen(user)


def cases():
    return [
        ("undone_in_order", ()),
        ("undone_twice", ()),
        ("undone_out_of_order", ()),
        ("undone_elsewhere", ()),
        ("undone_by_a_manager", ()),
        ("undone_by_each_caller", ()),
        ("undone_in_tasks", ()),
    ]
