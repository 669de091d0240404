"""What generated modules of asynchronous tests import; apart from prelude.py, because a module that
imports asyncio brings asyncio's own code into the program.
"""

import asyncio

from conformance_prelude import TestCase


class AsyncTestCase(TestCase):
    """`IsolatedAsyncioTestCase`, with a loop that the workflow starts itself."""

    async def asyncSetUp(self):
        pass

    async def asyncTearDown(self):
        pass

    def addAsyncCleanup(self, function, /, *args, **kwargs):
        self.addCleanup(function, *args, **kwargs)

    async def enterAsyncContext(self, context):
        result = await context.__aenter__()
        self.addAsyncCleanup(context.__aexit__, None, None, None)
        return result


async def set_up_async_(case):
    if isinstance(case, AsyncTestCase):
        await case.asyncSetUp()


async def tear_down_async_(case):
    if isinstance(case, AsyncTestCase):
        await case.asyncTearDown()


async def clean_up_async_(case):
    while case._cleanups:
        function, args, kwargs = case._cleanups.pop()
        done = function(*args, **kwargs)
        if asyncio.iscoroutine(done):
            await done
