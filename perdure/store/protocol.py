"""What the runtime asks of a store: the words both sides share, and nothing of either's insides.

A store keeps *images* (compiled programs), *runs* (one row each: the newest checkpoint and its
version), *activities* (one row per scheduled call: its arguments, then its result) and *workers*
(one lease each). Everything a run does reaches the store as a `Transition`: one atomic change
from version n to n+1. Values are opaque bytes here; the runtime's codec made them.

The life of a run, in store terms::

    create_run ──> running, version 0, no owner
    claim_runs ──> owner = worker W                      (W's lease is W's heartbeat)
    commit     ──> version n -> n+1, refused unless the row still says (n, W)
       ...
    commit(status=succeeded|failed|cancelled)  ──> done, no owner
    W dies     ──> its lease runs out; claim_runs hands the run, at its last version, to another

The life of an activity::

    commit(scheduled=[a]) ──> scheduled: nothing has run yet, arguments are durable
    commit(retried=[a])   ──> scheduled again, one attempt later, not before `due_at`
    commit(finished=[a])  ──> finished: the result and the checkpoint that used it, in one write

What is made at every step is a NamedTuple: immutable, and made five times as fast as a frozen
dataclass.

Times are seconds since the epoch (`time.time()`), as floats, always given by the caller, so that
a test can fake the clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType
from typing import NamedTuple, Protocol, Self


class StoreError(Exception):
    """The store cannot do what was asked; the message says what, where, why and what instead."""


class NotAStoreError(StoreError):
    """The file or database at the address is something else than a Perdure store."""


class DamagedStoreError(StoreError):
    """The store's content fails its own integrity checks."""


class StoreVersionError(StoreError):
    """The store's schema was written by a newer Perdure than this one."""


# The `wake_at` of a paused run: the end of the year 9999, in seconds since the epoch.
PAUSED = 253402300799.0


class RunStatus(StrEnum):
    """Where a run stands. All but `RUNNING` are final (a failed run can be reopened)."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ActivityStatus(StrEnum):
    """Where a scheduled activity stands."""

    SCHEDULED = "scheduled"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run to create: its first checkpoint waits at the entry block."""

    id: str
    workflow: str  # "package.module:function"
    image: str  # the image's hash
    queue: str
    checkpoint: bytes
    created_at: float


class ScheduledActivity(NamedTuple):
    """An activity that a transition schedules. `seq` is unique within its run, counting from 0."""

    seq: int
    name: str  # "package.module:function"
    args: bytes  # encoded (args, kwargs)
    line: int  # where in the user's source the call stands


class RetriedActivity(NamedTuple):
    """A failed attempt that will be made again. `attempt` is the number of the *next* attempt."""

    seq: int
    attempt: int
    due_at: float
    error: bytes  # the encoded exception of the attempt that failed


class FinishedActivity(NamedTuple):
    """The recorded outcome of an activity, consumed by the transition that carries it."""

    seq: int
    succeeded: bool
    result: bytes  # the encoded value, or the encoded exception
    attempt: int  # the attempt that gave this outcome, from 1
    started_at: float
    finished_at: float


class Transition(NamedTuple):
    """One atomic change of one run. Fenced by (`run_id`, `version`, `worker`).

    Invariant: nothing named here is visible to anyone before `Store.commit` returned it as done.
    """

    run_id: str
    worker: str  # the worker whose lease must hold the run
    version: int  # the version this extends; the run is at version + 1 afterwards
    checkpoint: bytes | None  # None: keep the present one (used when a run ends, for `reopen`)
    status: RunStatus = RunStatus.RUNNING
    outcome: bytes | None = None  # the encoded result or exception when status is final
    wake_at: float | None = None  # with `release`: not claimable before this; None: at once
    release: bool = False  # give the run up, so that it costs no worker any memory
    scheduled: Sequence[ScheduledActivity] = ()
    retried: Sequence[RetriedActivity] = ()
    finished: Sequence[FinishedActivity] = ()
    at: float = 0.0  # when, for the records


class PendingActivity(NamedTuple):
    """A scheduled activity without a result, as a claim hands it to the new owner."""

    seq: int
    name: str
    args: bytes
    attempt: int  # the attempt to make now, from 1
    due_at: float


class ClaimedRun(NamedTuple):
    """A run as its new owner needs it."""

    id: str
    workflow: str
    image: str
    version: int
    checkpoint: bytes
    pending: Sequence[PendingActivity] = ()


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run as people see it."""

    id: str
    workflow: str
    image: str
    queue: str
    status: RunStatus
    version: int
    created_at: float
    updated_at: float
    outcome: bytes | None
    worker: str | None  # who holds it now
    wake_at: float | None
    checkpoint: bytes

    @property
    def paused(self) -> bool:
        """Whether nobody is to go on with it until it is let go."""
        return self.status is RunStatus.RUNNING and self.wake_at == PAUSED

    @property
    def standing(self) -> str:
        """Its status in a word, `paused` included."""
        return "paused" if self.paused else str(self.status)


@dataclass(frozen=True, slots=True)
class ActivityRecord:
    """An activity as people see it: one line of a run's history."""

    seq: int
    name: str
    status: ActivityStatus
    attempt: int
    args: bytes
    result: bytes | None  # value or exception; while scheduled, that of the last failed attempt
    line: int
    scheduled_at: float
    started_at: float | None
    finished_at: float | None
    due_at: float
    worker: str | None  # the worker that recorded the result


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs `list_runs` returns. Empty fields do not restrict."""

    status: RunStatus | None = None
    workflow: str | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class WorkerRecord:
    """A worker as people see it."""

    id: str
    host: str
    pid: int
    started_at: float
    lease_until: float
    queues: Sequence[str] = field(default_factory=tuple)


class Store(Protocol):
    """A home for runs. Methods may be called from any thread; each is one atomic operation.

    Invariant: when a method that writes returns, what it wrote survives the death of the process
    and of the machine's power (fsync'd, or committed by the server).
    """

    url: str

    def put_image(self, hash: str, data: bytes) -> None:
        """Keep an image under its hash. Again with the same hash: nothing happens."""
        ...

    def get_image(self, hash: str) -> bytes | None:
        """The image's bytes, or None when the store has none of that hash."""
        ...

    def create_run(self, run: NewRun) -> bool:
        """Create a run; False (and no change) when a run of that id is there already."""
        ...

    def get_run(self, run_id: str) -> RunRecord | None:
        """The run's present record, or None."""
        ...

    def list_runs(self, which: RunFilter) -> list[RunRecord]:
        """Runs, newest first."""
        ...

    def activities(self, run_id: str) -> list[ActivityRecord]:
        """The run's activities in the order in which they were scheduled."""
        ...

    def register_worker(self, worker: WorkerRecord) -> None:
        """Make a worker known, with its first lease."""
        ...

    def heartbeat(self, worker: str, *, now: float, lease_until: float) -> bool:
        """Renew the lease on everything the worker holds.

        False when the lease had run out or the worker is unknown: what it held may be another's
        now, so it must drop everything and register anew under a new id.
        """
        ...

    def retire_worker(self, worker: str) -> None:
        """End a worker's lease at once and free the runs it holds (a clean shutdown)."""
        ...

    def workers(self) -> list[WorkerRecord]:
        """Workers whose lease has not been retired, newest first."""
        ...

    def claim_runs(
        self,
        worker: str,
        queues: Sequence[str],
        limit: int,
        *,
        now: float,
        run_id: str | None = None,
    ) -> list[ClaimedRun]:
        """Take over up to `limit` runs that are due and that no living worker holds.

        A run is claimable when it is running, on one of `queues`, its `wake_at` is not after
        `now`, and it has no owner or its owner's lease ran out before `now`. With `run_id`, only
        that run is considered, whatever its queue. Oldest first. A claim does not change
        versions: the old owner's commits are refused because the owner differs.
        """
        ...

    def release_run(self, worker: str, run_id: str) -> None:
        """Give up a claimed run unchanged, claimable at once. Nothing happens if it is not held."""
        ...

    def commit(self, batch: Sequence[Transition]) -> list[bool]:
        """Make many runs' transitions durable in one commit (group commit).

        Per transition: True when it is done, False when its fence refused it (another owner or
        version), in which case nothing of it is written; the rest of the batch is not affected.
        """
        ...

    def reopen_run(self, run_id: str, *, now: float) -> bool:
        """Set a *failed* run going again from its last checkpoint.

        The activities that the failing transition consumed are scheduled again, from attempt 1,
        with no result; the others stay as they are. False when the run is not failed.
        """
        ...

    def cancel_run(self, run_id: str, *, now: float) -> bool:
        """End a running run where it stands, as CANCELLED; False when it is not running.

        Whoever holds it is refused at its next commit.
        """
        ...

    def pause_run(self, run_id: str, *, now: float) -> bool:
        """Take a running run from whoever holds it: `wake_at` is `PAUSED`, and nobody claims it.

        False when it is not running.
        """
        ...

    def unpause_run(self, run_id: str, *, now: float) -> bool:
        """Let a paused run be claimed again; False when it is not paused."""
        ...

    def next_wake(self, queues: Sequence[str], *, now: float) -> float | None:
        """When the next unowned run on `queues` becomes claimable; None when there is none.

        A time not after `now` means: one is claimable already.
        """
        ...

    def check(self) -> None:
        """Verify the store's integrity; raise `DamagedStoreError` with the first fault."""
        ...

    def close(self) -> None:
        """Release connections. The store cannot be used afterwards."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...
