"""Decorators around activities: what `functools.wraps` makes of one is a function of the program."""

import asyncio
import functools

from perdure import activity, workflow
from tests.corpus.acts import echo

LOG = []


def logged(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        LOG.append(function.__name__)
        return ["wrapped", function(*args, **kwargs)]

    return wrapper


def logged_later(function):
    @functools.wraps(function)
    async def wrapper(*args, **kwargs):
        return ["wrapped", await function(*args, **kwargs)]

    return wrapper


@logged
@activity
def tool(x):
    return x


@activity
async def later(x):
    return x


@logged_later
@activity
async def tool_later(x):
    return x


TOOLS = {"echo": logged(echo), "later": logged_later(later)}


@workflow
def wrapped():
    LOG.clear()
    mine, held = logged(echo), tool
    found = [tool(1), TOOLS["echo"](2), mine(3), list(map(tool, [4])), held(5)]
    return found, list(LOG)


@workflow
async def wrapped_later():
    found = [await TOOLS["later"](1), await tool_later(2)]
    return found + await asyncio.gather(tool_later(3), logged_later(later)(4))


def retried(times):
    def around(function):
        @functools.wraps(function)
        def wrapper(*args):
            for number in range(times):
                try:
                    return function(*args), number
                except ValueError:
                    if number == times - 1:
                        raise

        return wrapper

    return around


@retried(3)
@activity
def failing(text):
    raise ValueError(text)


class Client:
    @staticmethod
    @retried(2)
    @activity
    def get(x):
        return x


@workflow
def tried_again():
    found = [Client.get(1)]
    try:
        failing("no")
    except ValueError as error:
        found.append(str(error))
    return found


@functools.lru_cache
@activity
def cached(x):
    return x


@workflow
def kept_in_a_cache():
    cached.cache_clear()
    mine = functools.cache(echo)
    return [cached(1), cached(1), cached(2), mine(3), mine(3)]


def cases():
    return [
        ("wrapped", ()),
        ("wrapped_later", ()),
        ("tried_again", ()),
        ("kept_in_a_cache", ()),
    ]
