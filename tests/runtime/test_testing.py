"""perdure.testing: the three ways of running agree, and say what cannot be kept."""

from __future__ import annotations

import re
import traceback
from pathlib import Path

import pytest

import perdure
from perdure.runtime.declare import bypassed
from perdure.testing import Call, Outcome, drive, native
from tests.runtime import program_basic as basic


def test_the_three_ways_agree_but_for_the_checkpoints() -> None:
    plain = native(basic.doubled, 5, times=2)
    calls = (Call("double", (5,), {}), Call("double", (10,), {}))
    assert plain == Outcome(20, None, calls, 0)
    assert drive(basic.doubled, 5, times=2) == Outcome(20, None, calls, 3)
    assert drive(basic.doubled, 5, times=2, restart="never") == Outcome(20, None, calls, 3)


def test_async_activities_are_run() -> None:
    for outcome in (native(basic.async_activity, 1), drive(basic.async_activity, 1)):
        assert (outcome.value, outcome.error) == (2, None)


def test_sleeps_end_at_once() -> None:
    assert drive(basic.naps, 10**6).value == native(basic.naps, 10**6).value == 6


def test_an_endless_recursion_comes_to_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("perdure.runtime.machine.DEEPEST", 300)
    assert drive(basic.too_deep).value == "maximum recursion depth exceeded"


def test_an_exception_passes_through_many_calls() -> None:
    error = drive(basic.fails_deep, 20_000, restart="never").error
    assert isinstance(error, LookupError)
    lines = traceback.extract_tb(error.__traceback__)
    assert [line.name for line in lines] == ["fails_deep", *["down"] * 20_001]


def test_what_waits_for_nobody_is_told(tmp_path: Path) -> None:
    place = r"await asyncio\.Event\(\)\.wait\(\) in waits_for_nobody \(.*program_basic\.py:\d+\)"
    error = drive(basic.waits_for_nobody).error
    assert isinstance(error, perdure.DurabilityError)
    assert re.search(rf"no timer is set\. It stands at {place}$", str(error))
    assert "result() in waits_for_itself.<locals>.joins" in str(drive(basic.waits_for_itself).error)
    with (
        perdure.connect(f"sqlite:///{tmp_path / 's.db'}") as client,
        pytest.raises(perdure.DurabilityError, match=place),
    ):
        client.run(basic.waits_for_nobody)


def test_an_activity_gets_a_copy_of_what_a_module_holds() -> None:
    assert drive(basic.sends_what_a_module_holds).value == (2, 1)
    assert basic.LIMITS.most == 1


def test_a_context_manager_is_named_by_its_own_type() -> None:
    text = str(drive(basic.scans).error)
    assert "the context manager of a with statement in scans is of type _io.TextIOWrapper" in text


def test_what_cannot_be_kept_is_named() -> None:
    error = drive(basic.holds_its_own).error
    assert isinstance(error, perdure.UnpicklableError)
    assert "the variable 'mine' in holds_its_own" in str(error)
    iterator = drive(basic.loops_over_a_file, __file__).error
    assert isinstance(iterator, perdure.UnpicklableError)
    basic.Opened.files.pop().close()
    text = str(iterator)
    assert "in loops_over_a_file" in text
    assert "cannot be pickled" in text


def test_an_activity_that_is_bypassed_says_where_it_was_called() -> None:
    error = drive(basic.hashes).error
    assert isinstance(error, perdure.DurabilityError)
    line = basic.Hashed.__hash__.__code__.co_firstlineno + 1
    assert f"in Hashed.__hash__ ({basic.__file__}:{line}), called from hashes (" in str(error)
    line = basic.hashes.__code__.co_firstlineno + 2
    assert f"called from hashes ({basic.__file__}:{line})" in str(error)


def test_code_without_a_file_may_bypass_too() -> None:
    space = {"bypassed": bypassed, "double": basic.double}
    exec(compile("def call():\n    return bypassed('activity', double)", "", "exec"), space)
    assert "not compiled, in call (:2)" in str(space["call"]())  # type: ignore[operator]


def test_what_gives_item_by_item_is_no_activity_and_no_workflow() -> None:
    def items():  # type: ignore[no-untyped-def]
        yield 1

    with pytest.raises(TypeError, match=r"@activity .*items is a generator function: .* a list"):
        perdure.activity(items)
    with pytest.raises(TypeError, match=r"@workflow .*items is a generator function: .* one value"):
        perdure.workflow(items)


def test_options_of_activities_are_looked_at() -> None:
    with pytest.raises(TypeError, match=r"activity\(retry=3\): give a Retry, as in Retry\("):
        perdure.activity(retry=3)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match=r"activity\(timeout='5'\): give a number of seconds"):
        perdure.activity(timeout="5")  # type: ignore[call-overload]


def test_a_wrong_restart_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r"drive\(restart='sometimes'\): give 'every', 'safepoints' or 'never'"
    ):
        drive(basic.doubled, 1, restart="sometimes")  # type: ignore[arg-type]


def test_what_is_not_a_workflow_is_refused() -> None:
    with pytest.raises(TypeError, match="double is an activity"):
        drive(basic.double, 1)
