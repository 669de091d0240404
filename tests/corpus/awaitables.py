"""Objects that can be awaited, by an `__await__` that is no generator."""

import asyncio

from perdure import activity, workflow
from tests.corpus.acts import echo


@activity
async def later(value):
    return value


class Waiting:
    def __await__(self):
        return later(1).__await__()


class Wrapped:
    def __await__(self):
        echo(1)
        return Waiting().__await__()


class Wrong:
    def __await__(self):
        return echo(5)


@workflow
async def awaited_in_plain_methods():
    """An `__await__` that is no generator, and suspends before it returns."""
    found = [await Waiting(), await Wrapped(), await asyncio.gather(Waiting(), Wrapped())]
    try:
        await Wrong()
    except TypeError as error:
        found.append(str(error))
    return found


def cases():
    return [
        ("awaited_in_plain_methods", ()),
    ]
