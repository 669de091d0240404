"""What random programs found: the smallest example of each."""

import asyncio

from perdure import workflow
from tests.corpus.acts import echo


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


CASES = [
    (steps_given_to_builtins, ()),
    (contained_anywhere, ()),
    (unbound_and_shared, ()),
    (unbound_in_a_native_try, ()),
    (task_after_a_call_without_await, ()),
    (naked_exception_in_a_group, ()),
    (naked_exception_raised_again, ()),
    (group_put_together_again, ()),
]
