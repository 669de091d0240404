"""Makers of the records that stores are given, with defaults for what a test does not mind."""

from __future__ import annotations

from collections.abc import Sequence

from perdure.store.protocol import (
    FinishedActivity,
    NewRun,
    RetriedActivity,
    ScheduledActivity,
    WorkerRecord,
)


def new_run(id: str = "r", **changes: object) -> NewRun:
    fields = {
        "id": id,
        "workflow": "shop:checkout",
        "image": "img",
        "queue": "default",
        "checkpoint": b"start",
        "created_at": 10.0,
    }
    return NewRun(**(fields | changes))  # type: ignore[arg-type]


def worker(
    id: str = "w", lease_until: float = 100.0, queues: Sequence[str] = ("default",)
) -> WorkerRecord:
    return WorkerRecord(id, "host", 1, 10.0, lease_until, tuple(queues))


def scheduled(seq: int, args: bytes = b"args") -> ScheduledActivity:
    return ScheduledActivity(seq, "shop:charge", args, 42)


def finished(seq: int, result: bytes = b"result", succeeded: bool = True) -> FinishedActivity:
    return FinishedActivity(seq, succeeded, result, 1, 21.0, 22.0)


def retried(seq: int, attempt: int, due_at: float, error: bytes = b"error") -> RetriedActivity:
    return RetriedActivity(seq, attempt, due_at, error)
