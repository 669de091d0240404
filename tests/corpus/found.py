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


CASES = [
    (task_after_a_call_without_await, ()),
    (naked_exception_in_a_group, ()),
    (naked_exception_raised_again, ()),
    (group_put_together_again, ()),
]
