"""What every store must do. Each test is one promise of the protocol."""

from __future__ import annotations

import threading

import pytest

from perdure.store import Store, StoreError, open_store
from perdure.store.protocol import (
    ActivityRecord,
    ActivityStatus,
    ClaimedRun,
    PendingActivity,
    RunFilter,
    RunRecord,
    RunStatus,
    Transition,
    WorkerRecord,
)

from .makers import finished, new_run, retried, scheduled, worker

Q = ["default"]


def ids(runs: list[ClaimedRun]) -> list[str]:
    return [run.id for run in runs]


def held(store: Store, *runs: str, by: str = "w") -> Store:
    """A store in which worker `by` holds new runs."""
    store.register_worker(worker(by))
    for id in runs:
        store.create_run(new_run(id))
    assert ids(store.claim_runs(by, Q, 100, now=20.0)) == list(runs)
    return store


def step(
    run: str, version: int, by: str = "w", checkpoint: bytes | None = b"c", **more: object
) -> Transition:
    return Transition(run, by, version, checkpoint, at=20.0, **more)  # type: ignore[arg-type]


def run_of(store: Store, id: str) -> RunRecord:
    record = store.get_run(id)
    assert record is not None
    return record


# -- images ---------------------------------------------------------------------------------------


def test_an_image_is_kept_under_its_hash_and_never_changed(store: Store) -> None:
    assert store.get_image("h") is None
    store.put_image("h", b"program")
    store.put_image("h", b"another")
    store.put_image("empty", b"")
    assert store.get_image("h") == b"program"
    assert store.get_image("empty") == b""


# -- runs -----------------------------------------------------------------------------------------


def test_a_new_run_is_running_at_version_0_and_nobodys(store: Store) -> None:
    assert store.get_run("r") is None
    assert store.create_run(new_run("r")) is True
    assert store.get_run("r") == RunRecord(
        id="r",
        workflow="shop:checkout",
        image="img",
        queue="default",
        status=RunStatus.RUNNING,
        version=0,
        created_at=10.0,
        updated_at=10.0,
        outcome=None,
        worker=None,
        wake_at=None,
        checkpoint=b"start",
    )


def test_the_same_id_is_the_same_run(store: Store) -> None:
    store.create_run(new_run("r"))
    assert store.create_run(new_run("r", checkpoint=b"other", created_at=99.0)) is False
    assert run_of(store, "r").checkpoint == b"start"
    assert len(store.list_runs(RunFilter())) == 1


def test_runs_are_listed_newest_first_and_filtered(store: Store) -> None:
    held(store, "a", "b", "c", "d")
    store.create_run(new_run("e", workflow="shop:refund"))
    store.commit(
        [
            step("a", 0, status=RunStatus.FAILED),
            step("b", 0, status=RunStatus.SUCCEEDED),
            step("c", 0, status=RunStatus.CANCELLED),
        ]
    )

    def listed(**which: object) -> list[str]:
        return [run.id for run in store.list_runs(RunFilter(**which))]  # type: ignore[arg-type]

    assert listed() == ["e", "d", "c", "b", "a"]
    assert listed(limit=2) == ["e", "d"]
    assert listed(limit=0) == []
    assert listed(workflow="shop:refund") == ["e"]
    assert listed(workflow="no:such") == []
    assert listed(status=RunStatus.RUNNING) == ["e", "d"]
    assert listed(status=RunStatus.RUNNING, workflow="shop:checkout") == ["d"]
    assert listed(status=RunStatus.FAILED) == ["a"]
    assert listed(status=RunStatus.SUCCEEDED) == ["b"]
    assert listed(status=RunStatus.CANCELLED) == ["c"]
    assert store.list_runs(RunFilter(limit=1)) == [run_of(store, "e")]


# -- workers and leases ---------------------------------------------------------------------------


def test_workers_are_listed_newest_first_until_they_retire(store: Store) -> None:
    first = WorkerRecord("w1", "alpha", 11, 1.0, 50.0, ("default", "big"))
    second = WorkerRecord("w2", "beta", 12, 2.0, 60.0, ())
    store.register_worker(first)
    store.register_worker(second)
    assert store.workers() == [second, first]
    store.retire_worker("w2")
    assert store.workers() == [first]


def test_a_workers_id_serves_once(store: Store) -> None:
    store.register_worker(worker("w"))
    with pytest.raises(StoreError, match="'w' is known here already"):
        store.register_worker(worker("w"))
    store.retire_worker("w")
    with pytest.raises(StoreError, match="new id"):
        store.register_worker(worker("w"))


def test_a_heartbeat_renews_a_lease_that_still_holds(store: Store) -> None:
    store.register_worker(worker("w", lease_until=100.0))
    assert store.heartbeat("w", now=100.0, lease_until=130.0) is True  # at its very end
    assert store.workers()[0].lease_until == 130.0
    assert store.heartbeat("w", now=129.0, lease_until=160.0) is True


def test_a_heartbeat_never_revives_a_lapsed_a_retired_or_an_unknown_worker(store: Store) -> None:
    store.register_worker(worker("w", lease_until=100.0))
    assert store.heartbeat("w", now=100.5, lease_until=200.0) is False
    assert store.workers()[0].lease_until == 100.0
    store.register_worker(worker("gone", lease_until=100.0))
    store.retire_worker("gone")
    assert store.heartbeat("gone", now=20.0, lease_until=200.0) is False
    assert store.heartbeat("nobody", now=20.0, lease_until=200.0) is False


def test_retiring_frees_what_the_worker_holds_and_nothing_else(store: Store) -> None:
    held(store, "a", "b")
    held(store, "c", by="other")
    store.commit([step("a", 0, status=RunStatus.FAILED)])
    store.retire_worker("w")
    assert run_of(store, "b").worker is None
    assert run_of(store, "c").worker == "other"
    assert store.commit([step("b", 0)]) == [False]
    assert ids(store.claim_runs("other", Q, 10, now=20.0)) == ["b"]
    store.retire_worker("nobody")


# -- claims ---------------------------------------------------------------------------------------


def test_a_claim_hands_over_the_run_and_its_pending_activities(store: Store) -> None:
    held(store, "r")
    store.commit(
        [
            step(
                "r",
                0,
                checkpoint=b"one",
                scheduled=[scheduled(0), scheduled(1, b"x"), scheduled(2)],
            )
        ]
    )
    store.commit(
        [step("r", 1, checkpoint=b"two", finished=[finished(0)], retried=[retried(2, 2, 30.0)])]
    )
    store.retire_worker("w")
    store.register_worker(worker("v"))
    assert store.claim_runs("v", Q, 10, now=20.0) == [
        ClaimedRun(
            "r",
            "shop:checkout",
            "img",
            2,
            b"two",
            (
                PendingActivity(1, "shop:charge", b"x", 1, 20.0),
                PendingActivity(2, "shop:charge", b"args", 2, 30.0),
            ),
        )
    ]
    assert run_of(store, "r").worker == "v"


def test_claims_take_the_oldest_first_up_to_the_limit(store: Store) -> None:
    store.register_worker(worker())
    for id in ("c", "a", "b"):
        store.create_run(new_run(id))
    assert store.claim_runs("w", Q, 0, now=20.0) == []
    assert ids(store.claim_runs("w", Q, 2, now=20.0)) == ["c", "a"]
    assert ids(store.claim_runs("w", Q, 2, now=20.0)) == ["b"]
    assert store.claim_runs("w", Q, 2, now=20.0) == []


def test_claims_keep_to_their_queues(store: Store) -> None:
    store.register_worker(worker())
    for id, queue in (("a", "small"), ("b", "big"), ("c", "small"), ("d", "third")):
        store.create_run(new_run(id, queue=queue))
    assert store.claim_runs("w", [], 10, now=20.0) == []
    assert store.claim_runs("w", ["no-such"], 10, now=20.0) == []
    assert ids(store.claim_runs("w", ["big", "small", "big"], 10, now=20.0)) == ["a", "b", "c"]
    assert run_of(store, "d").worker is None


def test_a_claim_by_id_is_for_that_run_alone_whatever_its_queue(store: Store) -> None:
    store.register_worker(worker())
    store.register_worker(worker("v"))
    store.create_run(new_run("a"))
    store.create_run(new_run("b", queue="elsewhere"))
    assert store.claim_runs("w", Q, 0, now=20.0, run_id="b") == []
    assert ids(store.claim_runs("w", Q, 10, now=20.0, run_id="b")) == ["b"]
    assert store.claim_runs("v", Q, 10, now=20.0, run_id="b") == []  # w lives and holds it
    assert store.claim_runs("v", Q, 10, now=20.0, run_id="no-such") == []
    assert ids(store.claim_runs("v", Q, 10, now=100.5, run_id="b")) == []  # v's own lease ran out
    store.register_worker(worker("u", lease_until=200.0))
    assert ids(store.claim_runs("u", Q, 10, now=100.5, run_id="b")) == ["b"]


def test_a_run_can_be_taken_over_only_after_its_owners_lease(store: Store) -> None:
    held(store, "a", "b")
    store.register_worker(worker("v", lease_until=300.0))
    assert store.claim_runs("v", Q, 10, now=100.0) == []  # the lease's last moment
    store.heartbeat("w", now=100.0, lease_until=150.0)
    assert store.claim_runs("v", Q, 10, now=100.5) == []
    store.create_run(new_run("c"))
    assert ids(store.claim_runs("v", Q, 1, now=150.5)) == ["a"]  # the oldest, held or not
    assert ids(store.claim_runs("v", Q, 9, now=150.5)) == ["b", "c"]
    assert store.commit([step("a", 0, by="w"), step("a", 0, by="v")]) == [False, True]


def test_a_late_owner_whose_runs_nobody_took_may_still_commit(store: Store) -> None:
    held(store, "r")
    assert store.heartbeat("w", now=500.0, lease_until=600.0) is False
    assert store.commit([step("r", 0)]) == [True]


def test_a_worker_without_a_lease_claims_nothing(store: Store) -> None:
    store.create_run(new_run("r"))
    store.register_worker(worker("late", lease_until=100.0))
    assert store.claim_runs("late", Q, 10, now=100.5) == []
    store.retire_worker("late")
    assert store.claim_runs("late", Q, 10, now=20.0) == []
    with pytest.raises(StoreError, match="no worker 'nobody' is known here; register it first"):
        store.claim_runs("nobody", Q, 10, now=20.0)
    assert run_of(store, "r").worker is None


def test_finished_runs_are_not_claimable(store: Store) -> None:
    held(store, "a", "b", "c")
    ends = [RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED]
    store.commit([step(id, 0, status=end) for id, end in zip("abc", ends, strict=True)])
    assert store.claim_runs("w", Q, 10, now=20.0) == []
    assert store.claim_runs("w", Q, 10, now=20.0, run_id="a") == []


def test_a_released_run_is_as_it_was_and_claimable_at_once(store: Store) -> None:
    held(store, "r")
    before = run_of(store, "r")
    store.release_run("other", "r")  # not its owner
    assert run_of(store, "r") == before
    store.release_run("w", "r")
    store.release_run("w", "no-such")
    after = run_of(store, "r")
    assert (after.worker, after.version, after.checkpoint) == (None, 0, b"start")
    assert ids(store.claim_runs("w", Q, 10, now=20.0)) == ["r"]


# -- transitions ----------------------------------------------------------------------------------


def test_a_step_moves_the_run_one_version_on_and_keeps_its_owner(store: Store) -> None:
    held(store, "r")
    assert store.commit([Transition("r", "w", 0, b"next", at=33.0)]) == [True]
    run = run_of(store, "r")
    assert (run.version, run.checkpoint, run.worker, run.updated_at) == (1, b"next", "w", 33.0)
    assert (run.status, run.outcome, run.wake_at, run.created_at) == (
        RunStatus.RUNNING,
        None,
        None,
        10.0,
    )


def test_an_empty_batch_is_nothing(store: Store) -> None:
    assert store.commit([]) == []


@pytest.mark.parametrize("end", [RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED])
def test_an_end_records_the_outcome_frees_the_run_and_may_keep_the_checkpoint(
    store: Store, end: RunStatus
) -> None:
    held(store, "a", "b")
    done = store.commit(
        [
            step("a", 0, checkpoint=None, status=end, outcome=b"out", wake_at=99.0),
            step("b", 0, checkpoint=b"last", status=end, outcome=b"", release=True),
        ]
    )
    assert done == [True, True]
    a, b = run_of(store, "a"), run_of(store, "b")
    assert (a.status, a.outcome, a.checkpoint, a.version) == (end, b"out", b"start", 1)
    assert (b.status, b.outcome, b.checkpoint, b.version) == (end, b"", b"last", 1)
    assert (a.worker, a.wake_at, b.worker) == (None, None, None)
    assert store.commit([step("a", 1)]) == [False]


def test_a_parked_run_wakes_at_its_time(store: Store) -> None:
    held(store, "a", "b")
    store.commit([step("a", 0, release=True, wake_at=50.0), step("b", 0, release=True)])
    a = run_of(store, "a")
    assert (a.worker, a.wake_at, a.status) == (None, 50.0, RunStatus.RUNNING)
    assert store.commit([step("a", 1)]) == [False]  # given up is given up
    assert ids(store.claim_runs("w", Q, 10, now=49.9)) == ["b"]
    assert store.claim_runs("w", Q, 10, now=49.9, run_id="a") == []
    assert ids(store.claim_runs("w", Q, 10, now=50.0)) == ["a"]
    assert run_of(store, "a").wake_at is None


def test_wake_at_binds_nobody_while_the_run_is_held(store: Store) -> None:
    held(store, "r")
    store.commit([step("r", 0, wake_at=1e9)])
    store.register_worker(worker("v", lease_until=300.0))
    assert ids(store.claim_runs("v", Q, 10, now=150.0)) == ["r"]


def test_at_once_is_at_once_even_when_the_callers_clock_goes_backwards(store: Store) -> None:
    held(store, "r")
    store.commit([Transition("r", "w", 0, b"c", release=True, at=70.0)])
    assert ids(store.claim_runs("w", Q, 10, now=60.0)) == ["r"]


def test_the_life_of_an_activity(store: Store) -> None:
    held(store, "r", "s")
    store.commit([Transition("r", "w", 0, b"c", at=20.0, scheduled=[scheduled(0), scheduled(1)])])
    assert store.activities("r") == [
        ActivityRecord(
            seq=seq,
            name="shop:charge",
            status=ActivityStatus.SCHEDULED,
            attempt=1,
            args=b"args",
            result=None,
            line=42,
            scheduled_at=20.0,
            started_at=None,
            finished_at=None,
            due_at=20.0,
            worker=None,
        )
        for seq in (0, 1)
    ]
    store.commit([step("r", 1, retried=[retried(1, 2, 35.0, b"boom")])])
    again = store.activities("r")[1]
    assert (again.status, again.attempt, again.due_at) == (ActivityStatus.SCHEDULED, 2, 35.0)
    assert (again.result, again.scheduled_at, again.args) == (b"boom", 20.0, b"args")

    store.commit([step("r", 2, finished=[finished(1, b"no", succeeded=False), finished(0)])])
    zero, one = store.activities("r")
    assert (zero.seq, zero.status, zero.result) == (0, ActivityStatus.SUCCEEDED, b"result")
    assert (one.seq, one.status, one.result) == (1, ActivityStatus.FAILED, b"no")
    assert (one.started_at, one.finished_at, one.attempt, one.worker) == (21.0, 22.0, 1, "w")
    assert (one.args, one.line, one.scheduled_at, one.due_at) == (b"args", 42, 20.0, 35.0)
    assert store.activities("s") == []
    assert store.activities("no-such") == []


def test_a_step_that_finishes_nothing_keeps_the_history(store: Store) -> None:
    held(store, "r")
    store.commit([step("r", 0, scheduled=[scheduled(0)])])
    store.commit([step("r", 1, finished=[finished(0)])])
    before = store.activities("r")
    store.commit([step("r", 2)])
    assert store.activities("r") == before
    store.commit([step("r", 3, release=True)])
    assert store.activities("r") == before


def test_history_stays_whole_and_in_order_over_many_interleaved_runs(store: Store) -> None:
    runs = ["a", "b", "c"]
    held(store, *runs)
    store.commit([step(id, 0, scheduled=[scheduled(0), scheduled(1)]) for id in runs])
    pending = [0, 1]
    for version in range(1, 40):
        # Out of order, so that the order of history is not that of `seq`.
        seq = pending.pop(version * 7 % len(pending))
        pending.append(version + 1)
        batch = [
            step(
                id,
                version,
                finished=[finished(seq, b"%s %d" % (id.encode(), seq))],
                scheduled=[scheduled(version + 1)],
            )
            for id in runs
        ]
        assert store.commit(batch) == [True] * 3
    for id in runs:
        history = store.activities(id)
        assert [a.seq for a in history] == list(range(41))
        results = [None if a.seq in pending else b"%s %d" % (id.encode(), a.seq) for a in history]
        assert [a.result for a in history] == results


# -- fences ---------------------------------------------------------------------------------------


def test_a_stale_version_or_owner_writes_nothing_of_its_parts(store: Store) -> None:
    held(store, "r")
    store.commit([step("r", 0, scheduled=[scheduled(0)])])
    before = (run_of(store, "r"), store.activities("r"))
    parts = {
        "checkpoint": b"bad",
        "scheduled": [scheduled(7)],
        "retried": [retried(0, 2, 50.0)],
        "status": RunStatus.FAILED,
        "outcome": b"bad",
    }
    assert store.commit([step("r", 0, **parts)]) == [False]  # type: ignore[arg-type]
    assert store.commit([step("r", 2, **parts)]) == [False]  # type: ignore[arg-type]
    store.register_worker(worker("v"))
    assert store.commit([step("r", 1, by="v", **parts)]) == [False]  # type: ignore[arg-type]
    assert store.commit([step("r", 1, by="nobody", finished=[finished(0)])]) == [False]
    assert store.commit([step("no-such", 1, finished=[finished(0)])]) == [False]
    assert (run_of(store, "r"), store.activities("r")) == before


def test_a_mixed_batch_writes_exactly_what_its_fences_let_through(store: Store) -> None:
    held(store, "a", "b", "c", "d")
    store.commit([step(id, 0, scheduled=[scheduled(0)]) for id in "abcd"])
    batch = [
        step("a", 1, checkpoint=b"A", finished=[finished(0)], scheduled=[scheduled(1)]),
        step("b", 0, checkpoint=b"B", finished=[finished(0)], scheduled=[scheduled(1)]),
        step("c", 1, checkpoint=b"C", finished=[finished(0)], status=RunStatus.SUCCEEDED),
        step("d", 1, checkpoint=b"D", by="v", retried=[retried(0, 2, 9.0)]),
        step("no-such", 0),
    ]
    assert store.commit(batch) == [True, False, True, False, False]
    assert [run_of(store, id).checkpoint for id in "abcd"] == [b"A", b"c", b"C", b"c"]
    assert [run_of(store, id).version for id in "abcd"] == [2, 1, 2, 1]
    statuses = [[a.status.value for a in store.activities(id)] for id in "abcd"]
    assert statuses == [["succeeded", "scheduled"], ["scheduled"], ["succeeded"], ["scheduled"]]
    assert store.activities("d")[0].attempt == 1


def test_a_stale_worker_that_repeats_what_the_new_owner_did_is_refused_not_an_error(
    store: Store,
) -> None:
    held(store, "r", "s")
    store.commit([step("r", 0, scheduled=[scheduled(0)])])
    store.register_worker(worker("v", lease_until=300.0))
    store.claim_runs("v", Q, 10, now=150.0)
    same = {"finished": [finished(0)], "scheduled": [scheduled(1)]}
    assert store.commit([step("r", 1, by="v", **same)]) == [True]  # type: ignore[arg-type]
    batch = [step("r", 1, by="w", **same), step("s", 0, by="v")]  # type: ignore[arg-type]
    assert store.commit(batch) == [False, True]
    assert [a.worker for a in store.activities("r")] == ["v", None]


def test_a_batch_may_hold_two_transitions_of_one_run(store: Store) -> None:
    held(store, "r")
    done = store.commit(
        [
            step("r", 0, scheduled=[scheduled(0)]),
            step("r", 0, checkpoint=b"twice"),
            step("r", 1, checkpoint=b"second", finished=[finished(0)]),
        ]
    )
    assert done == [True, False, True]
    assert (run_of(store, "r").version, run_of(store, "r").checkpoint) == (2, b"second")


def test_two_transitions_of_one_run_in_a_batch_both_keep_their_results(store: Store) -> None:
    held(store, "r")
    store.commit([step("r", 0, scheduled=[scheduled(0), scheduled(1)])])
    pair = [step("r", 1, finished=[finished(0)]), step("r", 2, finished=[finished(1)])]
    assert store.commit(pair) == [True, True]
    assert [a.status for a in store.activities("r")] == [ActivityStatus.SUCCEEDED] * 2


@pytest.mark.parametrize(
    "parts",
    [
        {"finished": [finished(5)]},
        {"retried": [retried(5, 2, 30.0)]},
        {"scheduled": [scheduled(0)]},
        {"finished": [finished(0), finished(0)]},
    ],
)
def test_impossible_activities_are_an_error_and_nothing_of_the_batch_is_written(
    store: Store, parts: dict[str, object]
) -> None:
    held(store, "r", "s")
    store.commit([step("r", 0, scheduled=[scheduled(0)])])
    with pytest.raises(StoreError, match="run 'r' from version 1 does not fit its activities"):
        store.commit([step("s", 0), step("r", 1, **parts)])  # type: ignore[arg-type]
    assert (run_of(store, "s").version, run_of(store, "r").version) == (0, 1)
    assert [a.status for a in store.activities("r")] == [ActivityStatus.SCHEDULED]
    assert store.commit([step("s", 0)]) == [True]


# -- reopening ------------------------------------------------------------------------------------


def test_a_failed_run_reopens_before_what_its_failure_consumed(store: Store) -> None:
    held(store, "r")
    store.commit([step("r", 0, scheduled=[scheduled(i) for i in range(5)])])
    store.commit(
        [step("r", 1, checkpoint=b"good", finished=[finished(1)], retried=[retried(4, 3, 40.0)])]
    )
    failing = [finished(3, b"bad", succeeded=False), finished(0)]
    store.commit(
        [step("r", 2, checkpoint=None, finished=failing, status=RunStatus.FAILED, outcome=b"E")]
    )
    assert store.reopen_run("r", now=60.0) is True

    run = run_of(store, "r")
    assert (run.status, run.outcome, run.worker, run.wake_at) == (
        RunStatus.RUNNING,
        None,
        None,
        None,
    )
    assert (run.checkpoint, run.updated_at) == (b"good", 60.0)
    history = store.activities("r")
    assert [a.status.value for a in history] == ["scheduled", "succeeded", *["scheduled"] * 3]
    assert [a.attempt for a in history] == [1, 1, 1, 1, 3]
    assert (history[3].result, history[3].worker, history[3].finished_at) == (None, None, None)
    assert (history[4].result, history[4].due_at) == (b"error", 40.0)

    (claimed,) = store.claim_runs("w", Q, 10, now=60.0)
    assert (claimed.checkpoint, [p.seq for p in claimed.pending]) == (b"good", [0, 2, 3, 4])
    assert store.commit([step("r", claimed.version, finished=[finished(0), finished(3)])]) == [True]


def test_a_run_may_fail_and_reopen_again_and_again(store: Store) -> None:
    held(store, "r")
    store.commit([step("r", 0, scheduled=[scheduled(0), scheduled(1)])])
    store.commit([step("r", 1, finished=[finished(1)])])
    for _ in range(3):
        version = run_of(store, "r").version
        bad = [finished(0, b"bad", succeeded=False)]
        assert store.commit([step("r", version, finished=bad, status=RunStatus.FAILED)]) == [True]
        assert store.reopen_run("r", now=60.0) is True
        assert [a.status.value for a in store.activities("r")] == ["scheduled", "succeeded"]
        assert ids(store.claim_runs("w", Q, 10, now=60.0)) == ["r"]


def test_a_failure_that_consumed_nothing_reopens_too(store: Store) -> None:
    held(store, "r")
    store.commit([step("r", 0, scheduled=[scheduled(0)])])
    store.commit([step("r", 1, finished=[finished(0)])])
    store.commit([step("r", 2, checkpoint=None, status=RunStatus.FAILED)])
    assert store.reopen_run("r", now=60.0) is True
    assert [a.status.value for a in store.activities("r")] == ["succeeded"]


def test_only_failed_runs_reopen(store: Store) -> None:
    held(store, "a", "b", "c")
    store.commit(
        [step("a", 0, status=RunStatus.SUCCEEDED), step("b", 0, status=RunStatus.CANCELLED)]
    )
    before = store.list_runs(RunFilter())
    assert [store.reopen_run(id, now=60.0) for id in ("a", "b", "c", "no-such")] == [False] * 4
    assert store.list_runs(RunFilter()) == before


# -- next_wake ------------------------------------------------------------------------------------


def test_next_wake_is_the_earliest_time_of_the_unowned(store: Store) -> None:
    assert store.next_wake(Q, now=20.0) is None
    held(store, "a", "b", "c")
    assert store.next_wake(Q, now=20.0) is None  # all are held
    store.commit(
        [step("a", 0, release=True, wake_at=70.0), step("b", 0, release=True, wake_at=50.0)]
    )
    assert store.next_wake(Q, now=20.0) == 50.0
    assert store.next_wake(Q, now=60.0) == 50.0
    assert store.next_wake(["elsewhere", *Q], now=20.0) == 50.0
    assert store.next_wake(["elsewhere"], now=20.0) is None
    assert store.next_wake([], now=20.0) is None


def test_next_wake_is_now_when_a_run_is_claimable(store: Store) -> None:
    held(store, "a")
    store.commit([step("a", 0, release=True, wake_at=70.0)])
    store.create_run(new_run("b", created_at=1e9))
    wake = store.next_wake(Q, now=20.0)
    assert wake is not None
    assert wake <= 20.0
    store.claim_runs("w", Q, 10, now=20.0)
    assert store.next_wake(Q, now=20.0) == 70.0
    lapsed = store.next_wake(Q, now=100.5)  # b's owner is dead by then
    assert lapsed is not None
    assert lapsed <= 100.5


# -- the store itself -----------------------------------------------------------------------------


def test_what_was_written_is_there_when_the_store_is_opened_again(url: str) -> None:
    with open_store(url) as store:
        held(store, "r")
        store.commit([step("r", 0, checkpoint=b"kept", scheduled=[scheduled(0)])])
        before = (run_of(store, "r"), store.activities("r"), store.workers())
    with open_store(url, create=False) as store:
        assert (run_of(store, "r"), store.activities("r"), store.workers()) == before
        assert store.url == url


def test_two_openings_see_each_others_writes_at_once(store: Store, url: str) -> None:
    with open_store(url) as other:
        held(store, "r")
        assert run_of(other, "r").worker == "w"
        assert other.commit([step("r", 0)]) == [True]
        assert store.commit([step("r", 0)]) == [False]
        assert run_of(store, "r").version == 1


def test_a_closed_store_says_so_and_closes_twice(url: str) -> None:
    store = open_store(url)
    store.close()
    store.close()
    for use in (lambda: store.get_run("r"), lambda: store.create_run(new_run())):
        with pytest.raises(StoreError, match="this store object was closed"):
            use()


def test_threads_may_use_one_store_together(store: Store) -> None:
    names = [str(n) for n in range(8)]
    held(store, *names)
    refused: list[str] = []

    def work(id: str) -> None:
        for version in range(20):
            done = [finished(version - 1)] if version else []
            if store.commit([step(id, version, finished=done, scheduled=[scheduled(version)])]) != [
                True
            ]:
                refused.append(id)
            if run_of(store, id).version != version + 1:
                refused.append(id)

    threads = [threading.Thread(target=work, args=(id,)) for id in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == []
    assert [len(store.activities(id)) for id in names] == [20] * 8
