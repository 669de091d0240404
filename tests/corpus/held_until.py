"""How long variables hold what was put into them: a generator is closed when Python closes it."""

import asyncio
import gc
import threading
import weakref

from perdure import activity, workflow
from tests.corpus.acts import echo


def lent(log, name="it"):
    try:
        yield echo(name)
        yield None
    finally:
        log.append(f"returning {name}")
        log.append(echo(f"{name} is back"))


@workflow
def held_to_the_end():
    """Not read again, and open all the same while the workflow goes on."""
    log = []
    borrowed = lent(log)
    log.append(next(borrowed))
    log.append(echo("used"))
    return log


@workflow
def given_up_in_between():
    log = []
    borrowed = lent(log)
    next(borrowed)
    log.append(echo("used"))
    borrowed = None
    log.append("given up")
    log.append(echo("used without"))
    return log, len(log)


@workflow
def replaced():
    log = []
    gc.disable()  # which might come to the rescue
    for name in ("a", "b", "c"):
        borrowed = lent(log, name)
        log.append(next(borrowed))
        log.append(echo(f"{name} used"))
    gc.enable()
    return log


def helper(log):
    borrowed = lent(log)
    second = lent(log, "second")
    next(borrowed), next(second)
    log.append(echo("in the helper"))
    if echo(True):
        return len(log)
    return log


@workflow
def held_by_a_helper():
    log = []
    before = helper(log)
    return before, log, len(log)


@workflow
def deleted():
    log = []
    borrowed = lent(log)
    next(borrowed)
    echo("used")
    del borrowed
    return log, len(log)


class Table:
    pass


@workflow
def deleted_with_its_object():
    log = []
    table = Table()
    table.borrowed = lent(log)
    next(table.borrowed)
    echo("used")
    del table.borrowed
    log.append("deleted")
    table.borrowed = lent(log, "other")
    next(table.borrowed)
    echo("used too")
    del table
    return log, len(log)


@workflow
def maybe_held(flag):
    log = []
    echo("before")
    if flag:
        borrowed = lent(log)
        next(borrowed)
    echo("after")
    try:
        return next(borrowed, "spent"), log
    except UnboundLocalError as error:
        return str(error)


@workflow
def weakly():
    table, other = Table(), Table()
    seen = weakref.ref(table), weakref.ref(other)
    echo("used")
    del table
    found = seen[0]()
    other = None
    return found, echo(1), seen[1]()


@workflow
def what_an_activity_gave():
    table = echo(Table())
    seen = weakref.ref(table)
    del table
    return seen()


def used_up(table, seen):
    del table
    return seen()


@workflow
def given_away():
    table = Table()
    seen = weakref.ref(table)
    given = [table]
    del table
    return used_up(given.pop(), seen), echo(1)


@workflow
def by_a_comprehension():
    log = []
    numbers = (echo(n) for n in (1, 2))
    first = next(numbers)
    log.append(echo("used"))
    return first, log


def words():
    with open(__file__, encoding="utf-8") as file:
        for line in file:
            yield line.split()[0]


@workflow
def that_hold_a_file():
    """Closed before, as nothing but the file is given back."""
    lines = words()
    first = next(lines)
    return echo(first)


class Shelf:
    def __init__(self, log):
        self.log = log
        self.kept = {}

    def lend(self, name):
        yield from lent(self.log, name)

    def __iter__(self):
        return self.lend("from the shelf")


def chosen(shelf, name):
    return shelf.lend(name) if name else None


@workflow
def however_it_comes():
    log = []
    shelf = Shelf(log)
    one, (two, three) = shelf.lend("one"), (lent(log, "two"), chosen(shelf, "three"))
    four = iter(shelf)
    more = [lent(log, name) for name in ("five", "six")]
    held = [next(one), next(two), next(three), next(four), *map(next, more)]
    log.append(echo(held))
    return log


@workflow
def dropped_from_objects():
    log = []
    shelf = Shelf(log)
    kept, listed = {"a": lent(log, "a"), "b": lent(log, "b")}, [lent(log, "c"), lent(log, "d")]
    shelf.own = lent(log, "own")
    held = [*map(next, [*kept.values(), *listed, shelf.own])]
    log.append(echo(held))
    shelf.own = None
    log.append("own has gone")
    del kept["a"]
    log.append("a has gone")
    kept.clear()
    log.append("b has gone")
    listed.pop()
    log.append("d has gone")
    listed[0] = None
    log.append("c has gone")
    return log, len(log)


@workflow
def left_by_break():
    log = []
    for name in lent(log, "first"):
        log.append(name)
        break
    log.append("after the loop")
    for name in lent(log, "second"):
        if echo(name):
            break
    return log, len(log)


def fails(log, how):
    borrowed = lent(log, how)
    log.append(next(borrowed))
    raise LookupError(how)


@workflow
def held_by_a_traceback():
    log = []
    try:
        fails(log, "once")
    except LookupError as error:
        log.append(str(error))
    log.append("handled")
    gc.disable()
    try:
        fails(log, "again")
    except LookupError:
        log.append("caught")
        if not log:
            echo("never")
    gc.enable()
    return log, len(log)


def noted(closed, name):
    try:
        yield echo(name)
        yield None
    finally:
        closed.add(name)


def fails_with_it(closed, name):
    borrowed = noted(closed, name)
    if next(borrowed):
        raise LookupError(name)
    return next(borrowed)


@workflow
def goes_with_the_frames():
    """Nothing but the traceback of what is handled leads to it, and a suspension comes between."""
    closed = set()
    gc.disable()
    try:
        fails_with_it(closed, "it")
    except LookupError:
        echo("handling")
    first = sorted(closed)
    try:
        fails_with_it(closed, "another")
    except LookupError as error:
        echo(str(error))
    gc.enable()
    return first, sorted(closed)


def first_of(function):
    def wrapper(*args):
        first = next(function(*args))
        mine = threading.local()
        mine.first = first
        return mine

    return wrapper


@first_of
def lent_once(log):
    try:
        yield echo("once")
    finally:
        log.append(echo("once is back"))


@workflow
def decorated():
    """What a decorator makes of a call is no generator, and need not be kept."""
    log = []
    made = lent_once(log)
    first = made.first
    return first, echo(2), log


@activity
def refuses(name):
    raise LookupError(name)


async def fails_later(log, name):
    borrowed = lent(log, name)
    log.append(next(borrowed))
    refuses(name)


@workflow
async def held_by_a_traceback_of_a_coroutine():
    log = []
    try:
        await fails_later(log, "it")
    except LookupError as error:
        log.append(str(error))
    log.append("handled")
    echo(0)
    return log


class Lent:
    def __init__(self, log, name):
        self.log = log
        self.name = name

    def __enter__(self):
        return echo(self.name)

    def __exit__(self, *error):
        self.log.append(echo(f"{self.name} is back"))


def in_a_with(log):
    with Lent(log, "book") as book:
        yield book


def until_it_goes(log):
    try:
        yield 1
    except GeneratorExit:
        log.append(echo("gone"))
        raise


@workflow
def held_for_other_ends():
    log = []
    book: object = in_a_with(log)
    log.append((number := until_it_goes(log)) is None)
    log += [next(book), next(number)]
    log.append(echo("used"))
    return log


@workflow
async def held_by_a_task():
    log = []

    async def lent_too():
        try:
            yield 1
            yield 2
        finally:
            log.append("closed")

    borrowed = lent_too()
    log.append(await anext(borrowed))
    await asyncio.sleep(0)
    log.append(echo("used"))
    await borrowed.aclose()
    return log


def uses(page, log):
    log.append(next(page))
    log.append("used")


class Desk:
    def __init__(self, log, *pages):
        self.log = log
        self.pages = pages

    def __enter__(self):
        return [next(page) for page in self.pages]

    def __exit__(self, *error):
        self.log.append(echo("left"))

    def read(self, page, *rest, last=None):
        self.log.append([next(page), *map(next, rest)])
        self.log.append(echo("read"))
        self.log.append(next(last))
        echo(1)
        page = None
        self.log.append("the first has gone")
        echo(2)
        del last
        self.log.append("the last has gone")
        return echo(page)


def at_a_desk(log):
    desk = Desk(log, lent(log, "map"))
    with desk as maps:
        log.append(maps)
        echo(3)
    log.append("away")


@workflow
def given_to_others():
    """To functions and methods as arguments, and to what makes an object of them."""
    log = []
    uses(lent(log, "it"), log)
    log.append("after")
    Desk(log).read(lent(log, "a"), lent(log, "b"), last=lent(log, "c"))
    log.append("after that")
    at_a_desk(log)
    log.append("after all")
    return log


def one_by_one(*pages):
    for page in pages:
        yield next(page)
        echo("next")


def in_a_list(log):
    for page in [lent(log, "a"), lent(log, "b")]:
        log.append(next(page))
        echo(1)
    log.append("all read")
    echo(2)


def in_a_variable(log):
    pages = [lent(log, name) for name in "abc"]
    for page in pages:
        log.append(next(page))
        echo(1)
    log.append("all read")
    echo(2)
    pages = None
    log.append("one is left")
    return echo(pages)


@workflow
def gone_over_in_lists():
    log = []
    for name in one_by_one(lent(log, "x"), lent(log, "y")):
        log.append(name)
    log.append("after")
    in_a_list(log)
    log.append("after that")
    in_a_variable(log)
    log.append("after all")
    return log


class Cabinet:
    def __init__(self, log):
        self.page = lent(log, "shelf")

    def read(self):
        return next(self.page)


class Later:
    def __init__(self, log):
        self.log = log

    def open(self):
        self.page = lent(self.log, "later")
        return self

    def read(self):
        return next(self.page)


def shelves(log):
    made = {}
    made["one"] = Desk(log, lent(log, "in a table"))
    return made


def at_a_shelf(log):
    shelf = Cabinet(log)
    log.append(shelf.read())
    echo(1)
    log.append("read")


@workflow
def kept_in_objects():
    """In an attribute of an object that this function has made, or another gave it."""
    log = []
    at_a_shelf(log)
    log.append("after")
    later = Later(log)
    later.open()
    log.append(later.read())
    echo(2)
    again = Later(log).open()
    log.append(again.read())
    echo(3)
    again = None
    log.append("one has gone")
    tables = shelves(log)
    log.append([next(page) for page in tables["one"].pages])
    echo(4)
    del tables
    log.append("two have gone")
    return log, echo(again)


async def waits_with(page, log):
    log.append(next(page))
    await asyncio.sleep(1)
    log.append(echo("waited"))


@workflow
async def given_to_tasks():
    log = []
    await waits_with(lent(log, "a"), log)
    log.append("after")
    await asyncio.create_task(waits_with(lent(log, "b"), log))
    log.append("after that")
    await asyncio.gather(waits_with(lent(log, "c"), log), waits_with(lent(log, "d"), log))
    return log


def cases():
    return [
        ("given_to_others", ()),
        ("gone_over_in_lists", ()),
        ("given_to_tasks", ()),
        ("kept_in_objects", ()),
        ("held_to_the_end", ()),
        ("given_up_in_between", ()),
        ("replaced", ()),
        ("held_by_a_helper", ()),
        ("deleted", ()),
        ("deleted_with_its_object", ()),
        ("maybe_held", (True,)),
        ("maybe_held", (False,)),
        ("weakly", ()),
        ("what_an_activity_gave", ()),
        ("given_away", ()),
        ("by_a_comprehension", ()),
        ("however_it_comes", ()),
        ("dropped_from_objects", ()),
        ("left_by_break", ()),
        ("held_by_a_traceback", ()),
        ("goes_with_the_frames", ()),
        ("decorated", ()),
        ("held_by_a_traceback_of_a_coroutine", ()),
        ("that_hold_a_file", ()),
        ("held_for_other_ends", ()),
        ("held_by_a_task", ()),
    ]
