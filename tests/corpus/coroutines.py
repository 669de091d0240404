"""Coroutines: await, tasks, groups, timeouts, locks and queues of asyncio; async iteration."""

import asyncio
import contextvars

from perdure import activity, workflow
from tests.corpus.acts import echo, fail

current = contextvars.ContextVar("current", default="none")


@activity
async def later(x):
    return x


@activity
async def fails(kind, *args):
    raise kind(*args)


async def helper(x, log=None):
    got = await later(x)
    if log is not None:
        log.append(got)
    return got


@workflow
async def awaits():
    """Activities and helpers, awaited in place; an activity that is no coroutine, called."""
    first = await later(1)
    second = await helper(first + 1)
    return first, second, echo(3), [await later(x) for x in range(3)], await helper(await later(4))


@workflow
async def awaited_later():
    """A coroutine object that is made now and awaited after another suspension."""
    made = helper("made")
    first = await later("first")
    echo("between")
    return first, await made


@workflow
async def errors():
    """Exceptions of awaited activities and helpers, with finally around."""
    log = []

    async def careful(x):
        try:
            return await fails(ValueError, x)
        finally:
            log.append(await later("finally"))

    try:
        await careful("v")
    except ValueError as error:
        log.append(str(error))
    try:
        await fails(KeyError, "k")
    except KeyError as error:
        log.append(repr(error))
    return log


@workflow
async def gathers():
    """gather: results in the order of the arguments; nested; of nothing."""
    a, b = await asyncio.gather(later(1), helper(2))
    many = await asyncio.gather(*(helper(x) for x in range(4)))
    nested = await asyncio.gather(asyncio.gather(later("x"), later("y")), helper("z"))
    return a, b, many, nested, await asyncio.gather()


@workflow
async def gathers_from_a_generator():
    """The arguments of gather out of a generator expression over a function that is no activity."""

    async def worker(n):
        await asyncio.sleep(1)
        return n

    return await asyncio.gather(*(worker(n) for n in "ab"))


@workflow
async def gathers_fail():
    """The first failure leaves gather; with return_exceptions each stands in its place."""
    log = []
    try:
        await asyncio.gather(later(1), fails(ValueError, "v"), helper(2))
    except ValueError as error:
        log.append(str(error))
    results = await asyncio.gather(
        fails(KeyError, "k"), later(3), fails(OSError, "o"), return_exceptions=True
    )
    return log, [repr(r) for r in results]


async def sleeper(name, seconds, log):
    log.append(("begin", name))
    await asyncio.sleep(seconds)
    log.append(("end", name))
    return name


@workflow
async def sleep_ordering():
    """Tasks that sleep end in the order of their times, whatever order they began in."""
    log = []
    await asyncio.gather(sleeper("c", 3, log), sleeper("a", 1, log), sleeper("b", 2, log))
    return log, await asyncio.sleep(1, "value")


@workflow
async def sleep_of_nothing():
    """sleep(0) lets the other tasks go on."""
    log = []

    async def worker(name):
        log.append((name, 1))
        await asyncio.sleep(0)
        log.append((name, await later(2)))

    await asyncio.gather(worker("a"), worker("b"))
    return log


@workflow
async def tasks():
    """create_task: begun at the next await, with a name, done, result, callbacks."""
    log = []
    task = asyncio.create_task(sleeper("t", 1, log), name="mine")
    before = task.done(), list(log)
    other = asyncio.create_task(helper("h"))
    await asyncio.sleep(0.5)
    log.append("main")
    result = await task
    return before, result, task.done(), task.result(), task.get_name(), await other, log


@workflow
async def task_groups():
    """TaskGroup waits for all of its tasks and gives their results."""
    log = []
    async with asyncio.TaskGroup() as group:
        one = group.create_task(sleeper("one", 2, log))
        two = group.create_task(helper("two"))
        log.append(await later("body"))
    return one.result(), two.result(), log


@workflow
async def task_group_fails():
    """A failure cancels the group's other tasks, and comes out in an ExceptionGroup."""
    log = []

    async def slow():
        try:
            await asyncio.sleep(100)
        except asyncio.CancelledError:
            log.append("cancelled")
            raise
        finally:
            log.append(await later("cleaned"))

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(slow())
            group.create_task(fails_soon())
            await asyncio.sleep(50)
            log.append("never")
    except* ValueError as error:
        log.append([str(e) for e in error.exceptions])
    return log


async def fails_soon():
    await asyncio.sleep(1)
    await fails(ValueError, "soon")


@workflow
async def waits():
    """wait() for the first, for the first exception, and with a timeout."""
    log = []
    named = {
        asyncio.create_task(sleeper(name, seconds, log), name=name)
        for name, seconds in (("a", 1), ("b", 2), ("c", 3))
    }
    done, pending = await asyncio.wait(named, return_when=asyncio.FIRST_COMPLETED)
    out = [sorted(t.get_name() for t in done), sorted(t.get_name() for t in pending)]
    done, pending = await asyncio.wait(pending, timeout=1.5)
    out.append([sorted(t.get_name() for t in done), sorted(t.get_name() for t in pending)])
    pending.add(asyncio.create_task(fails_soon(), name="bad"))
    done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_EXCEPTION)
    out.append(sorted((t.get_name(), repr(t.exception())) for t in done))
    return out, len(pending), log


@workflow
async def timeouts():
    """wait_for and timeout(): in time, too late, and what is cancelled then."""
    log = []
    out = [await asyncio.wait_for(sleeper("fast", 1, log), 2)]
    try:
        await asyncio.wait_for(sleeper("slow", 5, log), 2)
    except TimeoutError as error:
        out.append(type(error).__name__)
    try:
        async with asyncio.timeout(1):
            await sleeper("inside", 3, log)
    except TimeoutError:
        out.append("timeout")
    async with asyncio.timeout(10) as scope:
        await later("quick")
    return out, log, scope.expired()


@workflow
async def as_completed():
    """as_completed gives results in the order in which they are there."""
    log = []
    work = [sleeper("c", 3, log), sleeper("a", 1, log), sleeper("b", 2, log)]
    return [await first for first in asyncio.as_completed(work)]


@workflow
async def locks():
    """A Lock lets one task in at a time, in the order in which they came."""
    log = []
    lock = asyncio.Lock()

    async def worker(name):
        async with lock:
            log.append((name, "in"))
            await asyncio.sleep(1)
            log.append((name, await later("out")))

    await asyncio.gather(*(worker(n) for n in "abc"))
    return log, lock.locked()


@workflow
async def semaphores():
    """A Semaphore of two."""
    log, inside = [], 0
    gate = asyncio.Semaphore(2)

    async def worker(name):
        nonlocal inside
        async with gate:
            inside += 1
            log.append((name, inside))
            await asyncio.sleep(1)
            inside -= 1

    await asyncio.gather(*[worker(n) for n in "abcd"])
    return log, inside


@workflow
async def events():
    """An Event that tasks wait for."""
    log = []
    ready = asyncio.Event()

    async def waiter(name):
        await ready.wait()
        log.append((name, await later(name)))

    waiting = [asyncio.create_task(waiter(n)) for n in "ab"]
    await asyncio.sleep(1)
    log.append("set")
    ready.set()
    await asyncio.gather(*waiting)
    return log, ready.is_set()


@workflow
async def queues():
    """A producer and two consumers over a Queue with a bound; join and task_done."""
    log = []
    queue = asyncio.Queue(maxsize=2)

    async def produce():
        for i in range(5):
            await queue.put(i)
            log.append(("put", i))

    async def consume(name):
        while True:
            item = await queue.get()
            log.append((name, await later(item)))
            queue.task_done()

    consumers = [asyncio.create_task(consume(n)) for n in "xy"]
    await produce()
    await queue.join()
    for consumer in consumers:
        consumer.cancel()
    ends = await asyncio.gather(*consumers, return_exceptions=True)
    return sorted(item for kind, item in log if kind != "put"), [type(e).__name__ for e in ends]


@workflow
async def other_queues():
    """Last in first out, and by priority."""
    stack, heap = asyncio.LifoQueue(), asyncio.PriorityQueue()
    for n in (2, 3, 1):
        await stack.put(await later(n))
        heap.put_nowait(n)
    first = [await stack.get() for _ in range(3)]
    second = [await heap.get() for _ in range(3)]
    try:
        heap.get_nowait()
    except asyncio.QueueEmpty:
        return first, second, "empty"


@workflow
async def conditions():
    """A Condition with wait_for and notify_all."""
    log, items = [], []
    condition = asyncio.Condition()

    async def taker(name):
        async with condition:
            await condition.wait_for(lambda: items)
            log.append((name, items.pop(), await later("took")))

    takers = [asyncio.create_task(taker(n)) for n in "ab"]
    for i in range(2):
        await asyncio.sleep(1)
        async with condition:
            items.append(i)
            condition.notify_all()
    await asyncio.gather(*takers)
    return log


@workflow
async def cancellation():
    """cancel(): raised where the task waits; finally runs, and may await."""
    log = []

    async def work():
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError as error:
            log.append(("cancelled", error.args))
            raise
        finally:
            log.append(await later("finally"))

    task = asyncio.create_task(work())
    await asyncio.sleep(1)
    asked = task.cancel("enough")
    try:
        await task
    except asyncio.CancelledError:
        log.append("seen")
    return log, asked, task.cancelled(), task.cancel()


@workflow
async def cancelled_before_start():
    """A task that is cancelled before it began runs none of its code."""
    log = []
    task = asyncio.create_task(sleeper("x", 1, log))
    task.cancel()
    results = await asyncio.gather(task, return_exceptions=True)
    return log, [type(r).__name__ for r in results]


@workflow
async def cancellation_refused():
    """A task that catches its cancellation and goes on; uncancel takes the request back."""
    log = []

    async def stubborn():
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            me = asyncio.current_task()
            log.append((me.cancelling(), me.uncancel(), me.cancelling()))
        return await later("done all the same")

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(1)
    task.cancel()
    return await task, task.cancelled(), log


@workflow
async def shields():
    """shield: the outer await is cancelled, the task inside goes on."""
    log = []
    inner = asyncio.create_task(sleeper("inner", 3, log))

    async def outer():
        try:
            return await asyncio.shield(inner)
        except asyncio.CancelledError:
            log.append("outer cancelled")
            raise

    task = asyncio.create_task(outer())
    await asyncio.sleep(1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return await inner, log


@workflow
async def cancelled_with_activity():
    """A task that is cancelled while it waits for tasks of its own."""
    log = []

    async def parent():
        try:
            await asyncio.gather(sleeper("a", 5, log), sleeper("b", 6, log))
        except asyncio.CancelledError:
            log.append("parent")
            raise

    task = asyncio.create_task(parent())
    await asyncio.sleep(1)
    task.cancel()
    results = await asyncio.gather(task, return_exceptions=True)
    return log, [type(r).__name__ for r in results]


async def countdown(n, log=None):
    try:
        while n:
            yield await later(n)
            n -= 1
    finally:
        if log is not None:
            log.append(await later("closed"))


class Ticker:
    def __init__(self, n):
        self.n = n

    def __aiter__(self):
        return self

    async def __anext__(self):
        if not self.n:
            raise StopAsyncIteration
        self.n -= 1
        return await later(self.n)


@workflow
async def async_loops():
    """async for with break, continue and else, over generators and classes."""
    out = []
    async for n in countdown(4):
        if n == 3:
            continue
        out.append(n)
    else:
        out.append("else")
    async for n in Ticker(3):
        if n == 1:
            break
        out.append((n, echo(n)))
    else:
        out.append("never")
    return out


@workflow
async def async_comprehensions():
    """Comprehensions with async for and with await, of every kind."""
    return (
        [n async for n in countdown(3) if n != 2],
        {n % 2 async for n in countdown(3)},
        {n: await later(n) async for n in Ticker(2)},
        [(a, b) async for a in countdown(2) for b in range(a)],
        [await later(n) for n in range(2) if await later(n)],
        [n async for n in (await later(x) for x in range(3))],
    )


@workflow
async def async_generators():
    """asend, athrow and aclose; anext with a default."""
    log = []

    async def echoing():
        got = "begin"
        try:
            while True:
                try:
                    got = yield await later(got)
                except ValueError as error:
                    got = ("caught", str(error))
        finally:
            log.append(await later("finally"))

    source = echoing()
    out = [await anext(source), await source.asend("a"), await source.athrow(ValueError("v"))]
    await source.aclose()
    out.append(await anext(source, "end"))
    return out, log


@workflow
async def abandoned_async_generator():
    """aclose of a generator that was left half way runs its finally."""
    log = []
    source = countdown(5, log)
    async for n in source:
        if n == 4:
            break
    await source.aclose()
    return log, [n async for n in source]


class Resource:
    def __init__(self, log, name, swallow=False):
        self.log, self.name, self.swallow = log, name, swallow

    async def __aenter__(self):
        self.log.append(("enter", await later(self.name)))
        return self

    async def __aexit__(self, kind, error, trace):
        self.log.append(("exit", await later(self.name), None if kind is None else kind.__name__))
        return self.swallow


@workflow
async def async_managers():
    """async with: nested, swallowing, left by return and by exceptions."""
    log = []

    async def leave():
        async with Resource(log, "r"):
            return await later("returned")

    async with Resource(log, "a") as a, Resource(log, "b"):
        log.append(await later(a.name))
    async with Resource(log, "c", swallow=True):
        await fails(ValueError, "gone")
    try:
        async with Resource(log, "d"):
            fail(KeyError, "stays")
    except KeyError as error:
        log.append(repr(error))
    return await leave(), log


@workflow
async def context_variables():
    """Each task has a copy of the context it was made in."""
    log = []

    async def task(name):
        before = current.get()
        current.set(name)
        await asyncio.sleep(1)
        log.append((before, current.get(), await later(name)))

    current.set("main")
    await asyncio.gather(task("a"), task("b"))
    before = current.get()
    current.set("changed")  # its token would have to be kept, and cannot be
    await later("between")
    changed = current.get()
    current.set(before)
    return log, changed, current.get()


@workflow
async def plain_activities_inside():
    """Activities that are not async, in tasks that run side by side."""
    log = []

    async def worker(name):
        log.append((name, echo(1)))
        await asyncio.sleep(1)
        log.append((name, echo(2)))

    await asyncio.gather(worker("a"), worker("b"))
    return sorted(log)


@workflow
async def futures():
    """A Future that one task completes and another awaits."""
    loop = asyncio.get_running_loop()
    future = loop.create_future()

    async def complete():
        await asyncio.sleep(1)
        future.set_result(await later("value"))

    task = asyncio.create_task(complete())
    return await future, future.done(), await task


@workflow
async def closures_over_tasks():
    """Lambdas, generators and closures inside coroutines."""
    total = 0

    async def more(n):
        nonlocal total
        total += await later(n)
        return total

    makers = [lambda n=n: more(n) for n in (1, 2, 3)]
    out = [await make() for make in makers]
    return out, total, sum(echo(x) for x in out)


async def drawn(items):
    for item in items:
        yield await later(item)


@workflow
async def nested_async_comprehensions():
    """A comprehension is asynchronous when one inside it is, as a generator expression too."""
    rows = ([i + j async for i in drawn([1, 2])] for j in [10, 20])
    kept = echo(0)
    return kept, [row async for row in rows], [{i async for i in drawn([j])} for j in [1, 2]]


class OneAwait:
    def __await__(self):
        return (yield "waiting")


async def by_hand(kept):
    kept.append(echo("before"))
    got = await OneAwait()
    kept.append(echo(got))
    return len(kept)


@workflow
def sent_by_hand():
    """A coroutine that stops, stepped with send() and throw() in a program without generators."""
    kept = []
    steps = by_hand(kept)
    kept.append(steps.send(None))
    try:
        steps.send(echo("sent"))
    except StopIteration as end:
        kept.append(end.value)
    other = by_hand(kept)
    other.send(None)
    try:
        other.throw(KeyError(echo(1)))
    except KeyError as error:
        kept.append(str(error))
    return kept


@workflow
async def context_after_a_plain_activity():
    """What a coroutine does after one is done in its task's context too."""
    current.set(1)
    echo(2)
    seen = [current.get()]
    current.set(3)
    task = asyncio.create_task(reads_variable())
    echo(4)
    current.set(5)
    await later(6)
    return *seen, current.get(), await task, echo(current.get())


async def gives(value):
    yield await later(value)


@workflow
async def steps_after_the_end():
    """athrow() on an asynchronous generator that has ended raises nothing."""
    seen = []
    closed, thrown, used = gives(1), gives(2), gives(3)
    await closed.aclose()
    seen.append([item async for item in used])
    for source in (closed, thrown, used):
        for step in (source.athrow, source.asend, source.athrow):
            try:
                seen.append(await step(ValueError(1) if step.__name__ == "athrow" else None))
            except (ValueError, StopAsyncIteration) as error:
                seen.append(error)
        seen.append(await source.aclose())
    return seen


async def waits_then_echoes(seen):
    seen.append(await later("waited"))
    echo("waited")


async def echoes_then_makes(seen):
    echo("held")
    task = asyncio.create_task(later("made"))
    echo("held again")
    seen.append(await task)


@workflow
async def plain_activity_among_tasks():
    """Its loop stands still meanwhile."""
    seen = []
    await asyncio.gather(waits_then_echoes(seen), echoes_then_makes(seen))
    return seen


async def reads_variable():
    before = current.get()
    echo(before)
    current.set(8)
    return before, await later(current.get())


@workflow
async def cancelled_with_a_message():
    """The exception that ended the task is raised once; what is made after it has no message."""
    seen = []
    for begun in (True, False):
        task = asyncio.create_task(asyncio.sleep(9))
        if begun:
            await later(0)
        task.cancel("why")
        seen.append(await asyncio.gather(task, return_exceptions=True))
        for _ in range(2):
            try:
                await task
            except asyncio.CancelledError as error:
                seen.append(error.args)
                await later(1)
    future = asyncio.get_running_loop().create_future()
    future.cancel("why")
    seen.append(await asyncio.gather(future, return_exceptions=True))
    return seen


@workflow
async def cancelled_before_it_begins():
    """An activity that is called and cancelled where the run ends."""
    async with asyncio.timeout(0):
        await later(0)


@workflow
async def dropped_before_an_await():
    log = []

    def steps():
        try:
            yield echo(1)
            yield echo(2)
        finally:
            log.append(echo("closed"))

    made = steps()
    for item in made:
        log.append(item)
        break
    made = None
    x = await later(4)
    log.append(x)
    return log, await later(5)


@workflow
async def called_from_plain_code():
    """Asynchronous activities called by what is not: they give something to await."""
    go = lambda n: later(n)
    found = await asyncio.gather(*(later(n) for n in range(2)))
    found += await asyncio.gather(*map(later, range(2)))
    return found, await go(3)


@workflow
async def due_at_once():
    """A timer that is due joins what is ready: it is not kept for when nothing is."""
    log = []

    async def steps(name):
        for n in range(3):
            log.append((name, n))
            await asyncio.sleep(0)
        return await later(name)

    loop = asyncio.get_running_loop()
    tasks = [asyncio.create_task(steps(name)) for name in "ab"]
    loop.call_later(0, log.append, "timer")
    loop.call_soon(log.append, "soon")
    for found in asyncio.as_completed(tasks, timeout=0):
        try:
            log.append(await found)
        except TimeoutError:
            log.append("late")
    return log, await asyncio.gather(*tasks)


# Those that are to end with an error.
RAISES = {"cancelled_before_it_begins"}


def cases():
    return [
        ("due_at_once", ()),
        ("called_from_plain_code", ()),
        ("dropped_before_an_await", ()),
        ("context_after_a_plain_activity", ()),
        ("steps_after_the_end", ()),
        ("plain_activity_among_tasks", ()),
        ("cancelled_with_a_message", ()),
        ("cancelled_before_it_begins", ()),
        ("awaits", ()),
        ("awaited_later", ()),
        ("errors", ()),
        ("gathers", ()),
        ("gathers_fail", ()),
        ("sleep_ordering", ()),
        ("tasks", ()),
        ("task_groups", ()),
        ("task_group_fails", ()),
        ("waits", ()),
        ("timeouts", ()),
        ("as_completed", ()),
        ("locks", ()),
        ("semaphores", ()),
        ("events", ()),
        ("queues", ()),
        ("other_queues", ()),
        ("conditions", ()),
        ("cancellation", ()),
        ("cancelled_before_start", ()),
        ("cancellation_refused", ()),
        ("shields", ()),
        ("cancelled_with_activity", ()),
        ("async_loops", ()),
        ("async_comprehensions", ()),
        ("async_generators", ()),
        ("abandoned_async_generator", ()),
        ("async_managers", ()),
        ("context_variables", ()),
        ("plain_activities_inside", ()),
        ("futures", ()),
        ("closures_over_tasks", ()),
        ("nested_async_comprehensions", ()),
        ("sent_by_hand", ()),
        ("sleep_of_nothing", ()),
        ("gathers_from_a_generator", ()),
    ]
