"""What a run's event loop cannot do: the error says why, and what to write. What it logs."""

from __future__ import annotations

from typing import Any

import pytest

import perdure
from perdure.testing import drive
from tests.runtime import program_loop as program


@pytest.mark.parametrize(
    ("name", "why", "instead"),
    [
        ("to_thread", "run_in_executor() runs code in a thread of this process", "an @activity"),
        ("run_in_executor", "run_in_executor() runs code in a thread", "an @activity"),
        ("add_signal_handler", "signals, which come to a process", "where the worker is started"),
        ("open_connection", "create_connection() needs a connection", "inside an @activity"),
        ("subprocess", "subprocess_exec() starts a child of this process", "inside an @activity"),
        ("task_factory", "set_task_factory() has tasks made that", "asyncio.create_task()"),
        ("stop", "stop() ends the event loop", "return from the workflow"),
        ("get_stack", "get_stack() gives Python's frames", "repr(task)"),
        ("task_made_directly", "asyncio.Task() makes a task that", "asyncio.create_task()"),
        ("activity_in_the_handler", "activity double was called inside a run", "Call it directly"),
    ],
)
def test_what_only_one_process_has_is_refused(name: str, why: str, instead: str) -> None:
    error = drive(program.asks_for, name).error
    assert isinstance(error, perdure.DurabilityError)
    assert why in str(error)
    assert instead in str(error)


@pytest.mark.parametrize("restart", ["every", "never"])
def test_what_ends_the_process_ends_the_run(restart: Any) -> None:
    error = drive(program.exits_in_a_callback, restart=restart).error
    assert isinstance(error, SystemExit)
    assert error.code == 3


def test_a_state_that_is_given_up_is_silent(caplog: pytest.LogCaptureFixture) -> None:
    """Futures and tasks that go with it have not been dropped by the program."""
    assert drive(program.holds_failures).value == ["ValueError(1)", "ValueError(2)"]
    assert caplog.records == []


def test_what_nobody_asked_for_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    drive(program.forgets_failures)
    messages = [record.getMessage().splitlines()[0] for record in caplog.records]
    assert messages[0] == "Future exception was never retrieved"
    assert messages[1].startswith("Exception in callback bad() at ")
    assert len(messages) == 2


@pytest.mark.parametrize("restart", ["never", "every"])
def test_an_error_that_an_activity_gave_goes_when_it_is_handled(restart: Any) -> None:
    """With all that only its traceback leads to: a lease is back before the next statement."""
    assert drive(program.goes_with_the_error, restart=restart).value == ["lent", "no", 2, "handled"]
