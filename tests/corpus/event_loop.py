"""The event loop itself: its callbacks, its exception handler, and asyncio's futures and tasks."""

import asyncio
import collections
import contextvars

from perdure import activity, workflow
from tests.corpus.acts import echo
from tests.corpus.coroutines import fails, helper, later

current = contextvars.ContextVar("current", default="none")


@workflow
async def callbacks_in_contexts():
    """call_soon, call_later and create_task run what they are given in the context they are given."""
    loop = asyncio.get_running_loop()
    log = []

    def note(name):
        log.append((name, current.get()))
        current.set(f"set by {name}")

    async def noting(name):
        note(name)
        await asyncio.sleep(2)
        return current.get()

    empty, other = contextvars.Context(), contextvars.copy_context()
    other.run(current.set, "other")
    current.set("mine")
    loop.call_soon(note, "soon")
    loop.call_soon(note, "soon, empty", context=empty)
    loop.call_soon(note, "soon, other", context=other)
    loop.call_later(1, note, "later, other", context=other)
    loop.call_soon_threadsafe(note, "from a thread")
    task = asyncio.create_task(noting("task"), context=other)
    copied = loop.create_task(noting("copied"))
    future = loop.create_future()
    future.add_done_callback(lambda f: note(f"done {f.result()}"), context=empty)
    future.set_result("empty")
    await later("between")
    seen = await task, await copied
    return log, seen, current.get(), other[current], empty[current]


@workflow
async def all_tasks():
    """The tasks that are not done, and the one that runs, in a callback too."""
    names, log = [], []

    async def work(name):
        names.append(asyncio.current_task().get_name())
        await later(name)
        names.append(asyncio.current_task().get_name())

    def note():
        log.append((asyncio.current_task(), len(asyncio.all_tasks())))

    asyncio.current_task().set_name("main")
    made = [asyncio.create_task(work(name), name=name) for name in "ab"]
    log.append(sorted(task.get_name() for task in asyncio.all_tasks()))
    asyncio.get_running_loop().call_soon(note)
    await later("between")
    note_again = {task.get_name() for task in asyncio.all_tasks()}
    log.append(asyncio.current_task().get_name())
    await asyncio.gather(*made)
    log.append(sorted(task.get_name() for task in asyncio.all_tasks()))
    log.append(made[0] in asyncio.all_tasks())
    return sorted(names), log, "main" in note_again


@workflow
async def what_they_are():
    """Futures and tasks are asyncio's, after a restart as before."""
    loop = asyncio.get_running_loop()
    future, task = loop.create_future(), asyncio.create_task(helper("t"), name="mine")
    gathered = asyncio.gather(asyncio.sleep(3, "s"), task)
    handle, timer = loop.call_soon(echo), loop.call_later(9, echo)
    seen = []
    for _ in range(2):
        for awaitable in (future, task, gathered):
            seen.append((isinstance(awaitable, asyncio.Future), isinstance(awaitable, asyncio.Task)))
            seen.append((asyncio.isfuture(awaitable), asyncio.iscoroutine(awaitable)))
            seen.append((awaitable.get_loop() is loop, issubclass(type(awaitable), asyncio.Future)))
        seen.append((asyncio.ensure_future(task) is task, asyncio.ensure_future(future) is future))
        seen.append((asyncio.Task.get_name(task), asyncio.Future.done(task)))
        seen.append((isinstance(loop, asyncio.AbstractEventLoop), type(future) is asyncio.Future))
        seen.append((isinstance(handle, asyncio.Handle), isinstance(timer, asyncio.TimerHandle)))
        seen.append((asyncio.iscoroutine(task.get_coro()), task.get_coro().__name__))
        match task:
            case asyncio.Task():
                seen.append("matched")
        handle.cancel()
        await later("between")
    timer.cancel()
    seen.append((handle.cancelled(), timer.cancelled()))
    future.set_result("f")
    return seen, await future, await gathered


@workflow
async def made_directly():
    """asyncio.Future() is a future of the running loop, and a subclass of it is too."""

    class Noted(asyncio.Future):
        def __init__(self, note):
            super().__init__()
            self.note = note

    made = [asyncio.Future(), asyncio.Future(loop=asyncio.get_running_loop()), Noted("n")]

    async def complete():
        for number, future in enumerate(made):
            future.set_result(await later(number))

    task = asyncio.create_task(complete())
    out = [await future for future in made]
    await task
    return out, made[2].note, made[2].result(), [f.get_loop() is task.get_loop() for f in made]


def told(call, *args):
    try:
        return call(*args)
    except (Exception, asyncio.CancelledError) as error:
        return type(error).__name__, error.args


@workflow
async def states_of_futures():
    """What a future that is pending, finished, failed or cancelled answers, and how it looks."""
    loop = asyncio.get_running_loop()
    futures = {name: loop.create_future() for name in ("pending", "result", "error", "cancelled")}
    futures["result"].set_result([1, 2])
    futures["error"].set_exception(KeyError)
    futures["cancelled"].cancel("why")
    seen = []
    for name, future in futures.items():
        seen.append(await later(name))
        seen.append((repr(future), future.done(), future.cancelled()))
        for call in (future.result, future.exception):
            seen.append(told(call))
        if name != "pending":
            seen.append(told(future.set_result, 1))
            seen.append(told(future.set_exception, ValueError(1)))
        else:
            seen.append(told(future.set_exception, 5))
            seen.append(told(future.set_exception, int))
        seen.append(future.cancel())
    return seen


@workflow
async def stop_iteration_in_a_future():
    """It cannot be raised into one."""
    future = asyncio.get_running_loop().create_future()
    seen = [told(future.set_exception, StopIteration(1))]
    seen.append((future.done(), await later(2)))
    if future.done():
        seen.append((type(future.exception()), future.exception().args))
    return seen


async def waits_for(awaitable):
    return await awaitable


@workflow
async def states_of_tasks():
    """The same of tasks; their coroutines are shown with the line that they wait at."""
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    task = loop.create_task(waits_for(future), name="waiting")
    seen = [repr(task).replace(waits_for.__code__.co_filename, "FILE")]
    await later("between")
    seen.append(repr(task).replace(waits_for.__code__.co_filename, "FILE"))
    seen.append(repr(future))
    for call in (task.result, task.exception, task.cancelling, task.uncancel):
        seen.append(told(call))
    seen.append((told(task.set_result, 1), told(task.set_exception, ValueError(1))))
    future.set_result("done")
    await task
    seen.append(repr(task).replace(waits_for.__code__.co_filename, "FILE"))
    failing = loop.create_task(fails(KeyError, "k"), name="failing")
    ending = loop.create_task(asyncio.sleep(9), name="ending")
    await asyncio.sleep(1)
    ending.cancel("why")
    seen.append(repr(ending).startswith("<Task cancelling name='ending' coro=<sleep() running at "))
    await asyncio.wait([failing, ending])
    seen.append(repr(failing.exception()))
    seen.append(repr(ending).startswith("<Task cancelled name='ending' coro=<sleep() done, defined"))
    seen.append((told(ending.result), await later("again"), told(ending.exception)))
    return seen


@workflow
async def no_tasks():
    """What a task cannot be made of, and what it cannot wait for."""
    seen = [told(asyncio.create_task, 5), told(asyncio.create_task, later)]

    class Yields:
        def __init__(self, *items):
            self.items = items

        def __await__(self):
            return iter(self.items)

    async def wait_for(*items):
        await Yields(*items)
        return "went on"

    for items in ((5,), (None, None), (asyncio.Event,)):
        try:
            seen.append(await asyncio.create_task(wait_for(*items)))
        except RuntimeError as error:
            seen.append(str(error))
    return seen


@workflow
async def exception_handlers():
    """A callback's exception goes to the loop's handler, and the loop goes on."""
    loop = asyncio.get_running_loop()
    log = [loop.get_exception_handler(), told(loop.set_exception_handler, 5)]

    def note(loop, context):
        log.append((sorted(context), type(context.get("exception")).__name__))

    def bad():
        raise ValueError("bad")

    loop.set_exception_handler(note)
    loop.call_soon(bad)
    loop.call_later(1, bad)
    await later("between")
    log.append(loop.get_exception_handler() is note)
    await asyncio.sleep(2)
    loop.call_exception_handler({"message": "mine"})
    loop.set_exception_handler(None)
    return log, loop.get_exception_handler()


@workflow
async def how_the_loop_stands():
    """What can be asked of the loop, and what a loop that runs does not do."""
    loop = asyncio.get_running_loop()
    seen = [loop.is_running(), loop.is_closed(), loop.get_debug(), loop.get_task_factory()]
    seen.append((loop.set_task_factory(None), loop is asyncio.get_event_loop()))
    before = loop.time()
    await asyncio.sleep(3)
    seen.append((loop.time() - before, loop is asyncio.get_running_loop()))
    seen.append(told(loop.close))
    seen.append(told(loop.run_until_complete, loop.create_future()))
    made = helper(1)
    seen.append(told(asyncio.run, made))
    made.close()
    seen.append([told(loop.call_later, None, echo)[0], told(loop.call_at, None, echo)[0]])
    return seen


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


@workflow
async def attributes_of_tasks():
    """What a program puts on a task stays there."""
    task = asyncio.create_task(helper(1))
    task.note = ["kept"]
    alias = task.note
    await later("between")
    alias.append("more")
    return task.note, await task


@workflow
async def steps_of_futures():
    """What awaiting a future goes through, made by hand and passed on."""

    class Through:
        def __init__(self, future):
            self.future = future

        def __await__(self):
            got = yield from self.future.__await__()
            return echo(got)

    loop = asyncio.get_running_loop()
    future = loop.create_future()
    loop.call_later(1, future.set_result, "r")
    first = await Through(future)
    task = asyncio.create_task(helper("t"))
    return first, await Through(task), await Through(task), await Through(future)


# Those that are to end with an error.
RAISES = {"contexts_of_errors"}


def cases():
    return [
        ("callbacks_in_contexts", ()),
        ("all_tasks", ()),
        ("what_they_are", ()),
        ("made_directly", ()),
        ("states_of_futures", ()),
        ("stop_iteration_in_a_future", ()),
        ("states_of_tasks", ()),
        ("no_tasks", ()),
        ("exception_handlers", ()),
        ("how_the_loop_stands", ()),
        ("timers_at_one_time", ()),
        ("contexts_of_errors", ()),
        ("loops_over_what_waits", ()),
        ("attributes_of_tasks", ()),
        ("steps_of_futures", ()),
    ]
