"""What random programs found: the smallest example of each."""

import asyncio

from perdure import activity, workflow
from tests.corpus.acts import echo


@activity
async def later(value):
    return value


@workflow
def naked_exception_in_a_group():
    """`except*` wraps it in a group whose `args` hold a tuple."""
    try:
        raise ValueError(1)
    except* ValueError as group:
        args = group.args
        echo(1)
    return args


@workflow
def naked_exception_raised_again():
    """It comes out as the group that the handler was given; one that nothing matched, as it was."""
    seen = []
    for kind in (ValueError, KeyError):
        try:
            try:
                raise ValueError(1)
            except* kind:
                echo(kind.__name__)
                raise
        except BaseException as error:
            seen.append((type(error).__name__, error.args))
    return seen


@workflow
def group_put_together_again():
    """What is raised after the handlers is another group, even when nothing is missing."""
    seen = []
    inner = ExceptionGroup("h", [KeyError(2)])
    group = ExceptionGroup("g", [ValueError(1), inner])
    for kinds in (ValueError, TypeError, (ValueError, KeyError)):
        try:
            try:
                raise group
            except* kinds:
                echo(1)
                raise
        except BaseExceptionGroup as error:
            same = error is group, error.exceptions[1] is inner
            seen.append((same, error.__suppress_context__, error))
    return seen


@workflow
async def task_after_a_call_without_await():
    """The task that called is still the current one."""
    echo(1)
    named = asyncio.current_task() is not None
    async with asyncio.timeout(9):
        return named, echo(2)


def two():
    yield echo(1)
    yield echo(2)


@workflow
def contained_anywhere():
    """`x in xs` where it may suspend, as a whole value, an operand, a statement, a test."""
    xs = [1, echo(2)]
    either = (echo(3) > 2 and echo(2) in xs) or all(True for _ in [])
    direct = 1 in two()
    bound = (kept := 2 in two())
    2 in two()  # noqa: B015
    chosen = [1, *two()] if 1 not in two() else "no"
    return either, direct, bound, kept, chosen


@workflow
def unbound_and_shared():
    """A variable that a function shares with one inside it is still its own local."""
    try:
        value = value  # noqa: F821, PLW0127
    except NameError as error:
        kind = type(error).__name__, str(error), error.__context__
        value = echo(1)

    def raise_it():
        nonlocal value
        value = echo(value + 1)

    raise_it()
    try:
        try:
            raise KeyError(1)
        except KeyError:
            echo(later)
            raise
    except UnboundLocalError as error:
        kinds = str(error), type(error.__context__).__name__
    if echo(0):
        later = 1
    return kind, value, kinds, [(lambda: later) is None for _ in "a"]


@workflow
def unbound_and_raised():
    """The same where nothing handles it."""
    kept = [(lambda: later) for _ in "a"]
    echo(kept[0] is None)
    echo(later)
    later = 1


@workflow
def unbound_in_a_native_try():
    """The same where no suspension is in the `try`."""
    try:
        found = early
    except UnboundLocalError as error:
        found = str(error)
    early = echo(2)
    return found, [(lambda: early)() for _ in "a"]


class Steps:
    """An iterator whose methods suspend, `__iter__` too."""

    def __init__(self, stop):
        self.at = 0
        self.stop = stop

    def __iter__(self):
        echo(("begin", self.stop))
        return self

    def __next__(self):
        if self.at >= self.stop:
            raise StopIteration
        self.at += 1
        return echo(self.at)


@workflow
def steps_given_to_builtins():
    """Its `__iter__` is called once, wherever it is gone over."""
    a, b = Steps(2)
    pairs = tuple(enumerate(Steps(2), 5)), dict(zip("ab", Steps(2), strict=True))
    return a, b, pairs, [*Steps(2)], 2 in Steps(2), min(Steps(2), key=echo), [x for x in Steps(1)]


def noted(*args, **named):
    echo("called")
    return args, named


@workflow
def lone_star_is_last():
    """In `f(*x, k=v)` it is gone over when the keywords are there; beside others, in its turn."""
    seen = [noted(*two(), k=echo(3)), noted(*two(), **{"k": echo(3)}), noted(*two())]
    seen.append(noted(0, *two(), k=echo(3)))
    for call in (
        lambda: noted(*echo(4), k=echo(5)),
        lambda: noted(*two(), **echo(6)),
        lambda: noted(*two(), a=echo(6), **{"a": echo(7)}),
        lambda: noted(*echo(8), **echo(9)),
        lambda: max(*two(), key=echo(1)),
        lambda: noted(0, *echo(4), k=echo(5)),
    ):
        try:
            seen.append(call())
        except TypeError as error:
            seen.append(str(error))
    return seen


class Talking:
    """An iterator whose every method suspends."""

    def __init__(self, stop):
        self.at = 0
        self.stop = stop

    def __iter__(self):
        echo("begin")
        return self

    def __next__(self):
        return self.send(None)

    def send(self, value):
        self.at += 1
        if self.at > self.stop:
            raise StopIteration(("end", echo(self.at)))
        return echo(self.at), value

    def throw(self, error):
        if echo(repr(error)) == "KeyError(0)":
            raise StopIteration("thrown")
        raise ValueError("other") if isinstance(error, KeyError) else error

    def close(self):
        echo("closed")


def delegating(source, seen):
    seen.append((yield from source))
    seen.append((yield from Steps(1)))


@workflow
def delegation_to_an_object():
    """`yield from` an object whose `__iter__`, `__next__`, `send`, `throw` and `close` suspend."""
    seen = []
    sent = delegating(Talking(2), seen)
    seen += [next(sent), sent.send(5), next(sent)]
    for error in (KeyError(0), KeyError(1), IndexError(2)):
        given = delegating(Talking(2), seen)
        next(given)
        try:
            seen.append(given.throw(error))
            given.close()
        except (LookupError, ValueError) as raised:
            seen.append((raised is error, raised, raised.__context__))
    left = delegating(Talking(1), seen)
    next(left)
    left.close()
    return seen, [*delegating(Steps(2), seen)]


class Begins:
    """Only its `__iter__` suspends."""

    def __init__(self, *items):
        self.items = items

    def __iter__(self):
        return iter([echo(item) for item in self.items])


@workflow
def only_iter_suspends():
    """Loops, comprehensions, generator expressions and builtins call it; and once each."""
    looped = [echo(item) for item in Begins(1)]
    for item in Begins(1, 2):
        looped.append(item)
    later = (echo(item) for item in Begins(3))
    looped.append(echo(0))
    return looped, list(later), sum(Begins(4)), [item for item in Begins(5)]  # noqa: C416


@workflow
def iter_gives_no_iterator():
    """One that suspends and gives something else."""

    class Wrong:
        def __iter__(self):
            return echo(1)

    said = []
    for use in (lambda: [*Wrong()], lambda: [x for x in Wrong()], lambda: sum(Wrong())):  # noqa: C416
        try:
            use()
        except TypeError as error:
            said.append(str(error))
    return said


class Counted:
    """An iterator that notes each call of its `__iter__`."""

    def __init__(self, noted):
        self.left = 2
        self.noted = noted

    def __iter__(self):
        self.noted.append("iter")
        return self

    def __next__(self):
        if not self.left:
            raise StopIteration
        self.left -= 1
        return self.left


class Bare:
    """An iterator without `__iter__`, and what gives it."""

    def __init__(self):
        self.left = 2

    def __next__(self):
        return Counted.__next__(self)


class GivesBare:
    def __iter__(self):
        return Bare()


@workflow
def iter_is_called_once():
    """Also where the loop is left at a suspension and gone on with."""
    noted = []
    for item in Counted(noted):
        echo(item)
    noted += [echo(item) for item in Counted(noted)]
    noted += (echo(item) for item in Counted(noted))
    for item in GivesBare():
        noted.append(echo(item))
    noted += (echo(item) for item in GivesBare())
    return noted


class AsyncCounted:
    """The same for `async for`."""

    def __init__(self, noted):
        self.inner = Counted(noted)

    def __aiter__(self):
        self.inner.noted.append("aiter")
        return self

    async def __anext__(self):
        for item in self.inner:
            return item
        raise StopAsyncIteration


@workflow
async def aiter_is_called_once():
    """Where a comprehension is a function of its own too."""
    noted = []
    async for item in AsyncCounted(noted):
        echo(item)
    later = (echo(item) async for item in AsyncCounted(noted))
    noted.append([item async for item in later])
    noted.append([make() async for item in AsyncCounted(noted) for make in [lambda: echo(item)]])  # noqa: B023
    return noted


@workflow
async def awaited_comprehension():
    """One that is a function of its own, and has an `await` in it."""
    made = [
        (lambda: echo(item))()
        for item in [1, 2]
        for _ in sorted([1, 2], key=lambda other: echo(item) + other, reverse=await later(0))  # noqa: B023
    ]
    return len({make() + await later(1) for item in [1, 2] for make in [lambda: item]}), made  # noqa: B023


@workflow
def where_an_enumeration_begins():
    """`enumerate` looks at the number before it asks for an iterator."""
    try:
        return list(enumerate(Steps(1), "1"))
    except TypeError as error:
        return str(error)


# Those that are to end with an error.
RAISES = {"unbound_and_raised"}


def cases():
    return [
        ("where_an_enumeration_begins", ()),
        ("delegation_to_an_object", ()),
        ("lone_star_is_last", ()),
        ("only_iter_suspends", ()),
        ("iter_gives_no_iterator", ()),
        ("iter_is_called_once", ()),
        ("aiter_is_called_once", ()),
        ("awaited_comprehension", ()),
        ("steps_given_to_builtins", ()),
        ("contained_anywhere", ()),
        ("unbound_and_shared", ()),
        ("unbound_and_raised", ()),
        ("unbound_in_a_native_try", ()),
        ("task_after_a_call_without_await", ()),
        ("naked_exception_in_a_group", ()),
        ("naked_exception_raised_again", ()),
        ("group_put_together_again", ()),
    ]
