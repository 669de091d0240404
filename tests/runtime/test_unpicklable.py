"""The error of a value that cannot be kept names the variable and the call, wherever it is held."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import perdure
from perdure.testing import drive
from tests.runtime import program_unpicklable as program

IN_A_COROUTINE = ("the variable 'mine' in holds_its_own (line ", "after await later(x) (tests/")


@pytest.mark.parametrize(
    ("workflow", "texts"),
    [
        (program.in_itself, ("the variable 'mine' in in_itself (line ", "after await later(1) (")),
        (program.in_what_it_awaits, IN_A_COROUTINE),
        (program.in_a_task, IN_A_COROUTINE),
        (program.in_a_group, IN_A_COROUTINE),
        (
            program.across_a_plain_activity,
            ("'mine' in across_a_plain_activity.<locals>.inner", "after double(1) ("),
        ),
        (
            program.in_a_container,
            ("'mine' in in_a_container.<locals>.stream", "after await later(1) ("),
        ),
        (
            program.in_a_closure,
            ("'mine' in in_a_closure.<locals>.inner", "after await later(1) ("),
        ),
        (program.in_a_result, ("the variable 'task' in in_a_result (line ", "cannot pickle")),
        (program.in_a_queue, ("the variable 'queue' in in_a_queue", "cannot pickle")),
        (program.in_a_callback, ("the call of print that the event loop is to make cannot be",)),
        (
            program.in_a_callback_of_a_future,
            ("the call of functools.partial that the event loop is to make cannot be",),
        ),
        (
            program.in_a_lock_of_a_module,
            (
                "tests.runtime.program_unpicklable.OF_ALL_RUNS, a lock of a module, is held across",
                "all other runs of this process would wait for it; release it before the call",
            ),
        ),
        (
            program.in_a_lock_of_a_table,
            ("tests.runtime.program_unpicklable.LOCKS['orders'].lock, a lock of a module, is",),
        ),
        (
            program.in_a_context,
            (
                "the context variable 'current' holds a _thread._local",
                "and it is set across await later(1) in in_a_context (tests/",
            ),
        ),
        (
            program.in_the_context_of_a_plain_one,
            ("the context variable 'current' holds a _thread._local",),
        ),
        (
            program.in_what_is_not_compiled,
            ("await Waits() (tests/", "in in_what_is_not_compiled waits in a tests."),
        ),
        (
            program.in_a_generator_of_a_generator,
            ("'mine' in in_a_generator_of_a_generator.<locals>.inner", "after double(1) ("),
        ),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_it_is_named(workflow: Callable[..., Any], texts: tuple[str, ...]) -> None:
    error = drive(workflow).error
    assert isinstance(error, perdure.UnpicklableError)
    for text in texts:
        assert text in str(error)
