"""The embedded store: one SQLite file, several processes on one host.

How a transition reaches the disk: `commit` writes a whole batch in one `BEGIN IMMEDIATE ...
COMMIT`, statement by statement over all of the batch (`executemany` with one prepared shape each)
and counts the rows. If the counts are as they must be, every fence held, and that was all. If not,
it rolls back and goes transition by transition, asking each fence before it writes. So the usual
batch pays nothing for the exact answer, and the answer is exact.

Invariants:

* `_writer` is used under `_write_lock` only, `_reader` under `_read_lock` only.
* Every write is in a transaction that began with BEGIN IMMEDIATE, so it waits for other processes'
  writes at its beginning or not at all, and never fails in its middle because of them.
* The caches (`_names`, `_runs`, `_workers`) hold only numbers that were read or written by a
  transaction that is committed; such numbers never change.

The statements and what they are for: queries.sql. The tables and why: schema.sql.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from perdure.store.protocol import (
    PAUSED,
    ActivityRecord,
    ActivityStatus,
    ClaimedRun,
    NewRun,
    PendingActivity,
    RunFilter,
    RunRecord,
    RunStatus,
    StoreError,
    Transition,
    WorkerRecord,
)
from perdure.store.sqlite_file import connect, damaged, disconnect, plain_errors

Row = tuple[Any, ...]

# A cache that reaches this many entries is emptied: a worker holds fewer runs than that, and
# 100,000 short strings take some 10 MB.
_CACHE_LIMIT = 100_000

# `list_runs`' condition on the status; literals, so that partial indexes apply.
_STATUS_IS = {None: "TRUE"} | {status: f"r.status = '{status.value}'" for status in RunStatus}


def load_queries(text: str) -> dict[str, str]:
    """The statements of a queries.sql by name, without their comments."""
    queries: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        if line.startswith("-- name: "):
            name = line.removeprefix("-- name: ").strip()
            queries[name] = ""
        elif not line.startswith("--") and line.strip():
            queries[name] += line + "\n"
    return {name: sql.rstrip().removesuffix(";") for name, sql in queries.items()}


_folder = files("perdure.store")
SQL = load_queries((_folder / "queries.sql").read_text("utf-8"))
SCHEMA = (_folder / "schema.sql").read_text("utf-8")


class SqliteStore:
    """A `Store` in one SQLite file. See the protocol for what each method promises."""

    def __init__(self, path: Path, *, url: str | None = None, create: bool = True) -> None:
        self.url = url or f"sqlite:///{path}"
        # Absolute, because the process may change its folder and the errors should still be true.
        self._path = path.absolute()
        self._write_lock = threading.Lock()
        self._read_lock = threading.Lock()
        self._closed = False
        self._names: dict[str, int] = {}
        self._runs: dict[str, int] = {}
        self._workers: dict[str, int] = {}
        self._file = connect(self._path, SCHEMA, create=create)
        self._writer, self._reader = self._file.writer, self._file.reader

    # -- plumbing ---------------------------------------------------------------------------------

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        """One durable transaction; when the block raises, nothing of it was written.

        BEGIN may wait for other processes, with our lock held: our other threads would want the
        very same write lock, and would only crowd at SQLite's door, which is not a fair one.
        """
        with self._write_lock, plain_errors(self._path):
            db = self._writer
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise

    def _read(self, name: str, *args: object, **named: object) -> list[Row]:
        """All rows of one named query. One statement sees one moment, so no transaction is "
        "needed."""
        with self._read_lock, plain_errors(self._path):
            return self._reader.execute(SQL[name], named or args).fetchall()

    def _number_of_names(self, texts: Iterable[str]) -> dict[str, int]:
        """The numbers of all these names. New ones are added in a transaction of their own.

        That costs a commit once per name and process, and keeps the cache free of numbers
        that a rollback took back.
        """
        known = self._names
        wanted = set(texts)
        if not known.keys() >= wanted:
            with self._write() as db:
                db.executemany(SQL["add_name"], [(text,) for text in wanted])
                found = {
                    text: db.execute(SQL["find_name"], (text,)).fetchone()[0] for text in wanted
                }
            known = self._names = found | (known if len(known) < _CACHE_LIMIT else {})
        return known

    # -- images and runs --------------------------------------------------------------------------

    def put_image(self, hash: str, data: bytes) -> None:
        """Keep an image under its hash. Again with the same hash: nothing happens."""
        if not self._read("has_image", hash):
            with self._write() as db:
                db.execute(SQL["put_image"], (hash, data))

    def get_image(self, hash: str) -> bytes | None:
        """The image's bytes, or None when the store has none of that hash."""
        rows = self._read("get_image", hash)
        return rows[0][0] if rows else None

    def create_run(self, run: NewRun) -> bool:
        """Create a run; False (and no change) when a run of that id is there already."""
        names = self._number_of_names((run.workflow, run.image, run.queue))
        numbers = names[run.workflow], names[run.image], names[run.queue]
        row = (run.id, *numbers, run.created_at, run.created_at, run.checkpoint)
        with self._write() as db:
            return db.execute(SQL["create_run"], row).rowcount == 1

    def get_run(self, run_id: str) -> RunRecord | None:
        """The run's present record, or None."""
        rows = self._read("get_run", run_id)
        return _run_record(rows[0]) if rows else None

    def list_runs(self, which: RunFilter) -> list[RunRecord]:
        """Runs, newest (latest created in this store) first."""
        sql = SQL["list_runs"].format(status=_STATUS_IS[which.status])
        values = {"workflow": which.workflow or None, "limit": max(which.limit, 0)}
        with self._read_lock, plain_errors(self._path):
            rows = self._reader.execute(sql, values).fetchall()
        return [_run_record(row) for row in rows]

    def activities(self, run_id: str) -> list[ActivityRecord]:
        """The run's activities in the order in which they were scheduled."""
        return [_activity_record(row) for row in self._read("activities", id=run_id)]

    # -- workers ----------------------------------------------------------------------------------

    def register_worker(self, worker: WorkerRecord) -> None:
        """Make a worker known, with its first lease. An id serves once, for one life of one "
        "worker."""
        row = (worker.id, worker.host, worker.pid, worker.started_at, worker.lease_until)
        with self._write() as db:
            try:
                db.execute(SQL["register_worker"], (*row, json.dumps(list(worker.queues))))
            except sqlite3.IntegrityError as error:
                raise StoreError(
                    f"{self._path}: a worker {worker.id!r} is known here already. A worker takes a "
                    "new id each time it registers, so that its former self cannot be mistaken for "
                    "it."
                ) from error

    def heartbeat(self, worker: str, *, now: float, lease_until: float) -> bool:
        """Renew the lease on everything the worker holds; False when it had run out."""
        with self._write() as db:
            values = {"id": worker, "now": now, "lease_until": lease_until}
            return db.execute(SQL["renew_lease"], values).rowcount == 1

    def retire_worker(self, worker: str) -> None:
        """End a worker's lease at once and free the runs it holds (a clean shutdown)."""
        with self._write() as db:
            db.execute(SQL["retire_worker"], (worker,))
            db.execute(SQL["free_runs"], (worker,))

    def workers(self) -> list[WorkerRecord]:
        """Workers whose lease has not been retired, newest first."""
        return [
            WorkerRecord(id, host, pid, started_at, lease_until, tuple(json.loads(queues)))
            for id, host, pid, started_at, lease_until, queues in self._read("workers")
        ]

    # -- claims -----------------------------------------------------------------------------------

    def claim_runs(
        self,
        worker: str,
        queues: Sequence[str],
        limit: int,
        *,
        now: float,
        run_id: str | None = None,
    ) -> list[ClaimedRun]:
        """Take over up to `limit` runs that are due and that no living worker holds, oldest first.

        A worker whose own lease ran out gets none: its heartbeat will tell it. One that never
        registered is an error.
        """
        # Idle workers ask many times a second. A look that finds nothing costs no write lock.
        with self._read_lock, plain_errors(self._path):
            if not self._claimable(self._reader, queues, limit, now, run_id):
                return []
        with self._write() as db:
            found = db.execute(SQL["claimant"], {"id": worker, "now": now}).fetchone()
            if found is None:
                raise StoreError(
                    f"{self._path}: no worker {worker!r} is known here; register it first."
                )
            number, alive = found
            if not alive:
                return []
            runs = self._claimable(db, queues, limit, now, run_id)
            db.executemany(SQL["take_run"], [(number, run) for run in runs])
            return [_claimed_run(db, run) for run in runs]

    def _claimable(
        self,
        db: sqlite3.Connection,
        queues: Sequence[str],
        limit: int,
        now: float,
        run_id: str | None,
    ) -> list[int]:
        """The numbers of up to `limit` claimable runs, oldest first."""
        if limit <= 0:
            return []
        if run_id is not None:
            return [n for (n,) in db.execute(SQL["claimable_run"], {"id": run_id, "now": now})]
        found = {
            n
            for owner, queue in self._places(db, queues, now)
            for (n,) in db.execute(
                SQL["claimable"], {"owner": owner, "queue": queue, "now": now, "limit": limit}
            )
        }
        return sorted(found)[:limit]

    def _places(
        self, db: sqlite3.Connection, queues: Sequence[str], now: float
    ) -> list[tuple[int | None, int]]:
        """Where claimable runs are found: (no owner or a dead one, queue)."""
        owners = [None, *(n for (n,) in db.execute(SQL["lapsed_holders"], {"now": now}))]
        rows = [db.execute(SQL["find_name"], (queue,)).fetchone() for queue in queues]
        return [(owner, row[0]) for owner in owners for row in rows if row]

    def release_run(self, worker: str, run_id: str) -> None:
        """Give up a claimed run unchanged, claimable at once. Nothing happens if it is not held."""
        with self._write() as db:
            db.execute(SQL["release_run"], (run_id, worker))

    def next_wake(self, queues: Sequence[str], *, now: float) -> float | None:
        """When the next unowned run on `queues` becomes claimable; None when there is none.

        Runs whose owner's lease ran out count as unowned.
        """
        with self._read_lock, plain_errors(self._path):
            db = self._reader
            times = [
                db.execute(SQL["next_wake"], {"owner": owner, "queue": queue}).fetchone()[0]
                for owner, queue in self._places(db, queues, now)
            ]
        return min((time for time in times if time is not None), default=None)

    # -- transitions ------------------------------------------------------------------------------

    def commit(self, batch: Sequence[Transition]) -> list[bool]:
        """Make many runs' transitions durable in one commit; False where the fence refused.

        A transition that holds its fence but names activities that cannot be (finishing one that
        is not pending, scheduling a `seq` twice) is a fault of the caller: `StoreError`, and
        nothing of the batch is written.
        """
        if not batch:
            return []
        names = self._number_of_names({a.name for t in batch for a in t.scheduled})
        with self._write() as db:
            fences = [self._fence(db, t) for t in batch]
            if self._commit_all(db, batch, fences, names):
                return [True] * len(batch)
            db.execute("ROLLBACK")
            db.execute("BEGIN IMMEDIATE")
            return [
                self._commit_one(db, transition, fence, names)
                for transition, fence in zip(batch, fences, strict=True)
            ]

    def _fence(self, db: sqlite3.Connection, transition: Transition) -> tuple[int, int] | None:
        """The numbers of the transition's run and worker; None when the store knows no such."""
        run = self._runs.get(transition.run_id)
        if run is None:
            run = self._number(db, "find_run", self._runs, transition.run_id)
        worker = self._workers.get(transition.worker)
        if worker is None:
            worker = self._number(db, "find_worker", self._workers, transition.worker)
        return None if run is None or worker is None else (run, worker)

    def _number(
        self, db: sqlite3.Connection, query: str, cache: dict[str, int], id: str
    ) -> int | None:
        """A run's or worker's number, read and kept; None when there is none."""
        row = db.execute(SQL[query], (id,)).fetchone()
        if row is None:
            return None
        if len(cache) >= _CACHE_LIMIT:
            cache.clear()
        number: int = row[0]
        cache[id] = number
        return number

    def _commit_all(
        self,
        db: sqlite3.Connection,
        batch: Sequence[Transition],
        fences: Sequence[tuple[int, int] | None],
        names: dict[str, int],
    ) -> bool:
        """Write the whole batch; False when any part did not go as it must (and nothing counts)."""
        rows = _Rows(db.execute(SQL["last_link"]).fetchone()[0], names)
        runs = set()
        for transition, fence in zip(batch, fences, strict=True):
            if fence is None or fence[0] in runs:  # a run's second transition builds on its first
                return False
            runs.add(fence[0])
            rows.add(transition, *fence)
        try:
            return rows.write(db)
        except sqlite3.IntegrityError:
            return False

    def _commit_one(
        self,
        db: sqlite3.Connection,
        transition: Transition,
        fence: tuple[int, int] | None,
        names: dict[str, int],
    ) -> bool:
        """Write one transition if its fence holds."""
        if fence is None:
            return False
        run, worker = fence
        if not db.execute(SQL["holds"], (run, transition.version, worker)).fetchone():
            return False
        if not self._commit_all(db, [transition], [fence], names):
            used = [f.seq for f in transition.finished] + [r.seq for r in transition.retried]
            new = [s.seq for s in transition.scheduled]
            raise StoreError(
                f"{self._path}: the transition of run {transition.run_id!r} from version "
                f"{transition.version} does not fit its activities: it finishes or retries one "
                "that is not pending "
                f"({used}), or schedules a "
                f"number that is taken ({new}). Nothing of the "
                "batch was written. This is a fault in Perdure; please report it."
            )
        return True

    def reopen_run(self, run_id: str, *, now: float) -> bool:
        """Set a *failed* run going again from its last checkpoint."""
        with self._write() as db:
            row = db.execute(SQL["find_failed"], (run_id,)).fetchone()
            if row is None:
                return False
            for link, _ in db.execute(SQL["links_to_undo"], {"run": row[0]}).fetchall():
                db.execute(SQL["reschedule"], (now, link))
                db.execute(SQL["unlink"], row)
                db.execute(SQL["forget_link"], (link,))
            db.execute(SQL["reopen"], (now, *row))
            return True

    def cancel_run(self, run_id: str, *, now: float) -> bool:
        """End a running run where it stands; whoever holds it is refused at its next commit."""
        with self._write() as db:
            return bool(db.execute(SQL["cancel"], (now, run_id)).rowcount)

    def pause_run(self, run_id: str, *, now: float) -> bool:
        """Take a running run from whoever holds it; nobody claims it until `unpause_run`."""
        with self._write() as db:
            return bool(db.execute(SQL["pause"], (PAUSED, now, run_id)).rowcount)

    def unpause_run(self, run_id: str, *, now: float) -> bool:
        """Let a paused run be claimed again."""
        with self._write() as db:
            return bool(db.execute(SQL["unpause"], (now, run_id, PAUSED)).rowcount)

    # -- the store itself -------------------------------------------------------------------------

    def check(self) -> None:
        """Verify the store's integrity; raise `DamagedStoreError` with the first fault."""
        ((verdict,),) = self._read("pages")
        if verdict != "ok":
            raise damaged(self._path, str(verdict))
        for query, fault in (
            ("strays", "a row of {0!r} refers to a row of {2!r} that is not there"),
            ("broken_chains", "history entry {0} leads to another run's"),
            ("impossible_runs", "run {0!r} is in a state that no run can be in"),
        ):
            for row in self._read(query):
                raise damaged(self._path, fault.format(*row))

    def close(self) -> None:
        """Release connections. The store cannot be used afterwards."""
        with self._write_lock, self._read_lock:
            if not self._closed:
                self._closed = True
                disconnect(self._path, self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class _Rows:
    """A batch's transitions, sorted into rows for each statement.

    Invariant: at most one transition per run, so the order among runs does not matter.
    """

    def __init__(self, last_link: int, names: dict[str, int]) -> None:
        self.link = last_link
        self.names = names
        self.finish: list[Row] = []
        self.unschedule: list[Row] = []
        self.retry: list[Row] = []
        self.schedule: list[Row] = []
        self.step: list[Row] = []
        self.leave: list[Row] = []

    def add(self, t: Transition, run: int, worker: int) -> None:
        """Sort one transition in; `run` and `worker` are its fence in the store's numbers."""
        head = None
        for f in t.finished:
            self.link += 1
            times = (f.started_at, f.finished_at)
            outcome = (f.attempt, f.succeeded, *times, f.result)
            self.finish.append((self.link, head, t.version + 1, worker, *outcome, run, f.seq))
            self.unschedule.append((run, f.seq))
            head = self.link
        for r in t.retried:
            self.retry.append((r.attempt, r.due_at, r.error, run, r.seq))
        for s in t.scheduled:
            self.schedule.append((run, s.seq, self.names[s.name], s.line, t.at, s.args))
        change = (t.at, head, t.checkpoint)
        fence = (run, t.version, worker)
        if t.status is RunStatus.RUNNING and not t.release:
            self.step.append((*change, *fence))
        else:
            wake_at = t.wake_at if t.status is RunStatus.RUNNING else None
            self.leave.append((*change, t.status.value, t.outcome, wake_at, *fence))

    def write(self, db: sqlite3.Connection) -> bool:
        """Write them all; False as soon as a statement changed fewer rows than it was given.

        History goes first, because it links to the run's head as it was; the runs, whose
        UPDATE is the fence, go last.
        """
        for name in ("finish", "unschedule", "retry", "schedule", "step", "leave"):
            rows: list[Row] = getattr(self, name)
            if rows and db.executemany(SQL[name], rows).rowcount != len(rows):
                return False
        return True


def _run_record(row: Row) -> RunRecord:
    id, workflow, image, queue, status, version, created, updated, outcome, owner, wake, point = row
    return RunRecord(
        id=id,
        workflow=workflow,
        image=image,
        queue=queue,
        status=RunStatus(status),
        version=version,
        created_at=created,
        updated_at=updated,
        outcome=outcome,
        worker=owner,
        wake_at=wake,
        checkpoint=point,
    )


def _activity_record(row: Row) -> ActivityRecord:
    seq, name, status, attempt, args, result, line, scheduled, started, finished, due, worker = row
    return ActivityRecord(
        seq=seq,
        name=name,
        status=ActivityStatus(status),
        attempt=attempt,
        args=args,
        result=result,
        line=line,
        scheduled_at=scheduled,
        started_at=started,
        finished_at=finished,
        due_at=due,
        worker=worker,
    )


def _claimed_run(db: sqlite3.Connection, run: int) -> ClaimedRun:
    id, workflow, image, version, checkpoint = db.execute(SQL["claimed_run"], (run,)).fetchone()
    pending = tuple(PendingActivity(*row) for row in db.execute(SQL["pending"], (run,)))
    return ClaimedRun(id, workflow, image, version, checkpoint, pending)
