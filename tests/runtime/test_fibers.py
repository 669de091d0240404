"""`spawn`, `gather` and `race` in plain code: order, errors, cancellation, contexts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest

import perdure
from perdure.testing import drive, native
from tests.runtime import program_fibers as programs

Restart = Literal["every", "never"]
RESTARTS: tuple[Restart, ...] = ("never", "every")


@pytest.mark.parametrize("restart", RESTARTS)
@pytest.mark.parametrize(
    ("workflow", "value"),
    [
        (programs.interleaved, (["a", "b"], ["a0", "b0", "a1", "b1", "b2"])),
        (programs.spawned, ("c", "direct", "direct", True)),
        (programs.first_error, (("early",), False, "s", ["s0", "s1", "s2", "s3"])),
        (programs.raced, ("quick", ["cleaned up"])),
        (programs.cancelled, (True, True, "Cancelled", False)),
        (programs.contexts, ([("outer", "x"), ("outer", "y")], "outer")),
    ],
)
def test_fibers(workflow: Callable[..., Any], value: Any, restart: Restart) -> None:
    outcome = drive(workflow, restart=restart)
    assert outcome.error is None
    assert outcome.value == value


def test_errors_are_results_if_asked_for() -> None:
    kept, error = drive(programs.errors_kept).value
    assert kept == ["ValueError(1)", "2"]
    assert isinstance(error, ValueError)
    assert error.args == (3,)


def test_outside_a_run_calls_are_made_where_they_are_spawned() -> None:
    assert native(programs.interleaved).value == (["a", "b"], ["a0", "a1", "b0", "b1", "b2"])
    assert native(programs.spawned).value == ("c", "direct", "direct", True)


def test_a_fiber_has_no_part_in_its_callers_handler() -> None:
    expected = ("ValueError('inner')", None)
    assert native(programs.spawned_in_a_handler).value == expected
    assert drive(programs.spawned_in_a_handler).value == expected


def test_what_is_given_wrongly_is_said() -> None:
    error = drive(programs.nothing_to_race).error
    assert isinstance(error, ValueError)
    assert str(error) == "race() takes one call or more"
    error = drive(programs.not_callable).error
    assert isinstance(error, TypeError)
    assert str(error) == "spawn() takes a function, and then its arguments"


def test_fibers_in_a_worker(tmp_path: Path) -> None:
    with perdure.connect(f"sqlite:///{tmp_path / 'runs.db'}") as client:
        assert client.run(programs.interleaved)[0] == ["a", "b"]
        assert client.run(programs.contexts) == ([("outer", "x"), ("outer", "y")], "outer")
