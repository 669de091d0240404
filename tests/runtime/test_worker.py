"""Client and worker over the real SQLite store, in one process."""

from __future__ import annotations

import importlib.util
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

import perdure
from perdure.runtime import worker as worker_module
from perdure.runtime.client import RunConflictError, RunNotFoundError
from perdure.runtime.compiling import NotAWorkflowError, SourceChangedError, image_of
from perdure.runtime.held import Held
from perdure.store.protocol import Transition
from tests.runtime import program_basic as basic


@pytest.fixture
def client(tmp_path: Path) -> Iterator[perdure.Client]:
    basic.gate.clear()
    basic.entered.clear()
    basic.attempts.clear()
    with perdure.connect(f"sqlite:///{tmp_path / 'test.db'}") as made:
        yield made
        basic.gate.set()


def test_run_returns_the_result(client: perdure.Client) -> None:
    assert client.run(basic.doubled, 5) == 40
    assert client.run(basic.doubled, 5, times=1) == 10


def test_values_are_of_the_callers_own_classes(client: perdure.Client) -> None:
    order = basic.Order(7, ["a", "b"])
    given, price = client.run(basic.priced, order)
    assert type(given) is basic.Order
    assert (given, price) == (order, 20)
    assert given is not order


def test_an_iterator_without_a_copy_goes_on_from_the_checkpoint(client: perdure.Client) -> None:
    assert client.run(basic.doubled_numbers, "1 2 3 4 5") == [2, 4, 6, 8, 10]


def test_the_same_id_is_the_same_run(client: perdure.Client) -> None:
    first = client.start(basic.doubled, 1, id="order-42")
    second = client.start(basic.doubled, 1000, id="order-42")
    assert first.id == second.id
    assert len(client.list()) == 1
    assert client.run(basic.doubled, 5, id="order-42") == 8, "the arguments of the first start"
    with pytest.raises(RunConflictError, match=r"'order-42' is a run of .*:doubled, not of .*naps"):
        client.start(basic.naps, 0.1, id="order-42")


def test_history_tells_each_activity(client: perdure.Client) -> None:
    client.run(basic.doubled, 5, id="r")
    history = client.get("r").history()
    assert [(e.args, e.value, e.status, e.attempt) for e in history] == [
        ((5,), 10, "succeeded", 1),
        ((10,), 20, "succeeded", 1),
        ((20,), 40, "succeeded", 1),
    ]
    assert {e.name for e in history} == {"tests.runtime.program_basic:double"}
    source = Path(basic.__file__).read_text().splitlines()
    assert {source[e.line - 1].strip() for e in history} == {"x = double(x)"}


def test_retries_until_it_works(client: perdure.Client) -> None:
    assert client.run(basic.retried, 2, "value", id="r") == 3
    (entry,) = client.get("r").history()
    assert entry.attempt == 3


def test_attempts_are_counted(client: perdure.Client) -> None:
    with pytest.raises(ValueError, match="attempt 4"):
        client.run(basic.retried, 99, "value", id="r")
    assert len(basic.attempts) == 4
    (entry,) = client.get("r").history()
    assert (entry.status, entry.attempt) == ("failed", 4)


def test_non_retryable_types_end_the_attempts(client: perdure.Client) -> None:
    with pytest.raises(KeyError, match="attempt 1"):
        client.run(basic.retried, 99, "key")
    assert len(basic.attempts) == 1


def test_backoff_grows_and_is_bounded() -> None:
    retry = perdure.Retry(attempts=0, initial=0.5, backoff=3, maximum=10)
    assert [retry.delay(n) for n in (1, 2, 3, 4, 5000)] == [0.5, 1.5, 4.5, 10, 10]
    assert retry.again(10**6, ValueError())
    assert not retry.again(1, SystemExit())


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: perdure.Retry(attempts=-1), "attempts=-1"),
        (lambda: perdure.Retry(initial=-0.1), "initial=-0.1"),
        (lambda: perdure.Retry(non_retryable=("x",)), "'x' is not an exception type"),  # type: ignore[arg-type]
        (lambda: perdure.activity(timeout=0), "timeout=0"),
        (lambda: perdure.activity(3), "@activity marks a function, not int"),  # type: ignore[call-overload]
        (lambda: perdure.sleep(-1), "sleep(-1)"),
        (lambda: perdure.sleep("1"), "not str"),  # type: ignore[arg-type]
    ],
)
def test_wrong_options_are_explained(make: object, text: str) -> None:
    with pytest.raises((ValueError, TypeError)) as caught:
        make()  # type: ignore[operator]
    assert text in str(caught.value)


def test_a_timeout_ends_the_attempt(client: perdure.Client) -> None:
    text = client.run(basic.timed_out)
    assert text.startswith("ActivityTimeout: ")
    assert "slow took longer than its timeout of 0.05 s (attempt 1)" in text


def test_async_activities_run_in_a_loop(client: perdure.Client) -> None:
    assert client.run(basic.async_activity, 4) == 5


def test_a_short_sleep_keeps_the_run(client: perdure.Client) -> None:
    assert client.run(basic.naps, 0.01) == 6


def test_a_long_sleep_costs_no_memory(
    client: perdure.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "PARK_AFTER", 0.05)
    run = client.start(basic.naps, 0.3)
    worker = perdure.Worker(client)
    parked = []

    def until() -> bool:
        record = client.record(run.id)
        if record.wake_at is not None:
            parked.append((record.worker, dict(worker._held)))
        return run.status != "running"

    worker.run(until)
    assert run.result() == 6
    assert (None, {}) in parked
    assert worker.claimed == 2


def test_an_exception_comes_back_whole(client: perdure.Client) -> None:
    with pytest.raises(basic.Declined) as caught:
        client.run(basic.declined, 51)
    assert (caught.value.code, caught.value.hint) == (51, "try another card")
    lines = [(f.name, f.line) for f in traceback.extract_tb(caught.value.__traceback__)]
    assert ("declined", "decline(code)") in lines
    assert ("decline", 'raise Declined(code, hint="try another card")') in lines


def test_an_unpicklable_variable_is_named(client: perdure.Client) -> None:
    with pytest.raises(perdure.UnpicklableError) as caught:
        client.run(basic.holds_its_own, id="r")
    text = str(caught.value)
    assert "the variable 'mine' in holds_its_own (line 142) is of type _thread._local" in text
    assert "still needed after double(1) (program_basic.py:" in text or (
        "still needed after double(1) (tests/runtime/program_basic.py:" in text
    )
    assert client.get("r").status == "failed"


def test_a_dead_value_need_not_be_picklable(client: perdure.Client) -> None:
    assert client.run(basic.drops_its_own) == 2


@pytest.mark.parametrize(
    ("workflow", "text"),
    [
        (basic.passes_its_own, "an argument of tests.runtime.program_basic:double (line "),
        (basic.returns_its_own, "the workflow's result, of type _thread._local, cannot be pickled"),
        (basic.gets_its_own, "the result of activity tests.runtime.program_basic:give_local"),
    ],
)
def test_what_crosses_a_border_must_be_picklable(
    client: perdure.Client, workflow: object, text: str
) -> None:
    with pytest.raises(perdure.UnpicklableError) as caught:
        client.run(workflow)  # type: ignore[arg-type]
    assert text in str(caught.value)


def test_an_activity_past_the_compiler_does_not_run(client: perdure.Client) -> None:
    with pytest.raises(perdure.DurabilityError, match="activity double was called inside a run"):
        client.run(basic.past_the_compiler, [1, 2])
    assert client.list(status="failed")


def test_now_uuid_and_random_are_kept(client: perdure.Client) -> None:
    when, identity, number, whole = client.run(basic.the_usual_suspects)
    assert abs(when.timestamp() - client.list()[0].created_at) < 60
    assert identity.version == 4
    assert 0 <= number < 1
    assert 1 <= whole <= 10**9


def test_only_workflows_can_be_started(client: perdure.Client) -> None:
    with pytest.raises(NotAWorkflowError, match="double is an activity"):
        client.start(basic.double, 1)
    with pytest.raises(NotAWorkflowError, match=r"is not a workflow"):
        client.start(len, [])
    assert client.list() == []


def test_arguments_are_checked_before_anything_is_written(client: perdure.Client) -> None:
    with pytest.raises(perdure.ArgumentsError) as caught:
        client.start(basic.doubled)
    wanted = "doubled(x: int, times: int=3)"
    problem = "missing a required argument: 'x'"
    assert str(caught.value) == f"the arguments do not fit {wanted}: {problem}"
    with pytest.raises(perdure.UnpicklableError, match=r"an argument of .*:doubled cannot be"):
        client.start(basic.doubled, threading.local())  # type: ignore[arg-type]
    assert client.list() == []


def test_an_unknown_run_is_said_to_be_unknown(client: perdure.Client) -> None:
    with pytest.raises(RunNotFoundError, match=r"there is no run 'nobody' in sqlite:///"):
        client.get("nobody")


def test_result_waits_and_gives_up(client: perdure.Client) -> None:
    run = client.start(basic.doubled, 1)
    with pytest.raises(TimeoutError, match=r"still running after 0\.01 s; is a worker serving"):
        run.result(timeout=0.01)


def test_a_failed_run_resumes_at_its_last_checkpoint(
    client: perdure.Client, tmp_path: Path
) -> None:
    path = tmp_path / "number"
    with pytest.raises(FileNotFoundError):
        client.run(basic.fails_late, str(path), id="r")
    path.write_text("4")
    assert client.reopen("r")
    assert client.work_on("r") == 14
    assert not client.reopen("r")


def test_a_worker_without_the_lease_is_refused(client: perdure.Client) -> None:
    """Another worker takes the run while an activity runs; the first one's commit does nothing."""
    run = client.start(basic.gated)
    first = perdure.Worker(client)
    with first.start():
        assert basic.entered.wait(10)
        held = first._held[run.id]
        record = client.record(run.id)
        # What a taker-over does once the lease has run out, at some time in the future.
        thief = perdure.Worker(client)
        thief._register()
        later = record.updated_at + 10**6
        client.store.heartbeat(thief.id, now=later - 10**6, lease_until=later + 60)
        (claimed,) = client.store.claim_runs(thief.id, ["default"], 1, now=later)
        assert (claimed.id, claimed.version) == (run.id, record.version)
        basic.gate.set()
        while first._held.get(run.id) is held:
            threading.Event().wait(0.001)
        assert client.record(run.id).version == record.version
        assert run.status == "running"
        mine = Transition(run.id, thief.id, claimed.version, claimed.checkpoint, release=True)
        assert client.store.commit([mine]) == [True]
        assert run.result(timeout=30) == "passed"


def test_many_runs_share_a_worker(client: perdure.Client) -> None:
    runs = [client.start(basic.steps, n % 7) for n in range(60)]
    with perdure.Worker(client, concurrency=4).start():
        assert [run.result(timeout=60) for run in runs] == [2 * (n % 7) for n in range(60)]


def test_a_stopped_worker_gives_its_runs_back(client: perdure.Client) -> None:
    run = client.start(basic.gated)
    with perdure.Worker(client).start():
        assert basic.entered.wait(10)
    basic.gate.set()
    record = client.record(run.id)
    assert (record.worker, str(record.status)) == (None, "running")
    assert client.work_on(run.id) == "passed"


def test_the_workflows_queue_counts_for_targets_too(client: perdure.Client) -> None:
    target = f"{basic.__file__}:elsewhere"
    assert client.record(client.start(target).id).queue == "special"
    assert client.record(client.start(basic.elsewhere).id).queue == "special"
    assert client.record(client.start(basic.elsewhere, queue="third").id).queue == "third"


def test_recursion_is_bounded_by_memory_only(client: perdure.Client) -> None:
    assert client.run(basic.deep, 100_000) == (True, [2])


def test_a_run_that_breaks_the_runtime_stops_alone(
    client: perdure.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = client.start(basic.doubled, 666, id="bad")
    step = Held.step

    def broken(held: Held, now: float, park_after: float) -> object:
        if held.id == "bad":
            raise RecursionError("a fault of ours")
        return step(held, now, park_after)

    monkeypatch.setattr(Held, "step", broken)
    good = client.start(basic.doubled, 1)
    with perdure.Worker(client).start():
        assert good.result(timeout=30) == 8
    assert bad.status == "running"
    assert bad.record.wake_at is not None


def test_working_on_a_run_says_what_breaks_it(
    client: perdure.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(held: Held, now: float, park_after: float) -> object:
        raise RecursionError("a fault of ours")

    monkeypatch.setattr(Held, "step", broken)
    with pytest.raises(RecursionError, match="a fault of ours"):
        client.run(basic.doubled, 1)


def test_a_block_may_take_longer_than_the_lease(client: perdure.Client) -> None:
    run = client.start(basic.long_block, 1.0)
    workers = [perdure.Worker(client, lease=0.3) for _ in range(2)]
    with workers[0].start(), workers[1].start():
        assert run.result(timeout=30) == 2
    assert sum(worker.claimed for worker in workers) == 1


def test_a_timeout_cancels_a_coroutine(client: perdure.Client) -> None:
    text = client.run(basic.timed_out_in_a_loop)
    assert text.startswith("ActivityTimeout: ")


def test_numbers_are_not_given_twice(client: perdure.Client) -> None:
    first, second = client.run(basic.two_in_one_transition)
    assert first != second
    assert client.run(basic.numbers) != client.run(basic.numbers)


def test_an_edited_file_is_not_mixed_with_what_was_imported(tmp_path: Path) -> None:
    path = tmp_path / "edited.py"
    lines = ["from perdure import activity, workflow", "@workflow", "def flow():", "    return 1"]
    path.write_text("\n".join(lines))
    spec = importlib.util.spec_from_file_location("edited", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    path.write_text("\n".join([*lines[:3], "    return 2"]))
    with pytest.raises(SourceChangedError, match=r"edited\.py has changed since this process"):
        image_of(module.flow)
