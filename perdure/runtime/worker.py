"""A worker: claims runs, executes activities in threads, commits transitions in groups.

There is no dispatcher thread on the hot path. Whichever thread has just finished an activity takes
the commit lock if it is free, and then steps *every* run that has something to fold in and commits
all their transitions at once (group commit); then it takes the next ready activity itself. A lone
run therefore goes from activity to commit to activity in one thread, without a hand-over; many runs
share each fsync. While one thread commits, the others execute.

    activity ends -> inbox -> [commit lock: step runs, one commit] -> ready -> next activity

The thread that called `run()` keeps house: it claims runs, fires timers and timeouts, and wakes
more threads while activities wait. Another one renews the lease.

Invariants:
* a run is stepped only under the commit lock;
* an activity becomes ready only after the transition that schedules it was committed;
* a refused transition drops its run: another worker has it.
"""

from __future__ import annotations

import gc
import heapq
import inspect
import itertools
import logging
import os
import socket
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from perdure.compiler.image import Image
from perdure.runtime import failures
from perdure.runtime.codec import Codec
from perdure.runtime.held import Held, Outcome, Step, Task, encode_error
from perdure.runtime.program import Program, load_cached
from perdure.store.protocol import ClaimedRun, Store, StoreError, Transition, WorkerRecord

log = logging.getLogger("perdure.worker")

# A run that waits longer than this many seconds is given up, so that it costs no memory.
PARK_AFTER = 2.0
# How often an idle worker looks for runs, in seconds.
POLL = 0.05
# After this many seconds in which activities waited, one more thread is woken.
WAKE_EVERY = 0.001
# An activity that last took less than this is quick: the one before it waits for it, and both share
# a commit.
QUICK = 0.0005
# A run whose blocks have gone on for this many seconds gives way to others at its next safepoint.
SLICE = 0.05
# New objects after which the garbage collector looks, while a worker works.
COLLECT_AFTER = 50_000
# A run whose program does not load here is left to others for this long.
RETRY_LOAD = 5.0


class Worker:
    """Executes runs from a store.

    `queues` names the queues it serves, `concurrency` the most activities it executes at a time
    (each in a thread), `lease` the seconds after which its runs are taken over when it dies.

    >>> with perdure.connect() as client:
    ...     perdure.Worker(client).run()
    """

    def __init__(
        self,
        client: Any,
        queues: Sequence[str] = ("default",),
        *,
        concurrency: int = 100,
        lease: float = 10.0,
        only_run: str | None = None,
    ) -> None:
        if concurrency < 1:
            raise ValueError(f"Worker(concurrency={concurrency}): give 1 or more")
        if lease <= 0:
            raise ValueError(f"Worker(lease={lease}): give a number of seconds above 0")
        if isinstance(queues, str):
            raise TypeError(f"Worker(queues={queues!r}): give a list of names, as in [{queues!r}]")
        self.store: Store = client.store
        self._announce: Callable[[], None] = client.endings.announce
        self.queues = tuple(queues)
        self.concurrency = concurrency
        self.lease = lease
        self.only_run = only_run
        self.id = ""
        self.executed = 0  # attempts of activities that this worker has made
        self.claimed = 0  # runs that this worker has taken up
        self._held: dict[str, Held] = {}
        self._codecs: dict[str, Codec] = {}  # by image; a codec keeps its picklers
        self._inbox: deque[Held] = deque()  # runs with something to fold in
        self._ready: deque[Task] = deque()
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._commit = threading.Lock()
        self._lock = threading.Lock()
        self._work = threading.Condition(self._lock)  # a task is ready, or the worker stops
        self._house = threading.Event()  # something for the housekeeper
        self._idle = 0
        self._took: dict[str, float] = {}  # seconds, by activity, of its last attempt
        self._seen = 0  # activities executed when the housekeeper last looked
        self._threads: list[threading.Thread] = []
        self._stopping = threading.Event()
        self._over = threading.Event()  # it has stopped
        self._failure: BaseException | None = None
        self._lost = False  # the lease ran out before it was renewed
        self._stepping: tuple[Program, float] | None = None  # since when

    # Life -------------------------------------------------------------------------------------

    def run(self, until: Callable[[], bool] | None = None) -> None:
        """Work in this thread (and in threads of its own) until `stop()`, or `until()` is true.

        Runs held at the end are given back to the store at once.
        """
        self._register()
        threading.Thread(target=self._keep_lease, name="perdure-lease", daemon=True).start()
        threading.Thread(target=self._slice_time, name="perdure-slices", daemon=True).start()
        try:
            with _calm_collector():
                self._keep_house(until or (lambda: False))
        finally:
            self._shut_down()
            self._over.set()
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Ask the worker to end; callable from any thread.

        A signal handler had better set a flag that `until` reads: it interrupts this very code.
        """
        self._stopping.set()
        self._house.set()

    def start(self) -> Self:
        """Work in a thread of its own: `with Worker(client).start(): …`."""
        thread = threading.Thread(target=self.run, name="perdure-worker", daemon=True)
        thread.start()
        self._main = thread
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
        self._main.join()

    def _register(self) -> None:
        now = time.time()
        self.id = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        record = WorkerRecord(
            self.id, socket.gethostname(), os.getpid(), now, now + self.lease, self.queues
        )
        self.store.register_worker(record)
        self._lost = False

    def _shut_down(self) -> None:
        self._stopping.set()
        with self._lock:
            self._work.notify_all()
        with self._commit:
            for held in self._held.values():
                held.dropped = True
            self._held.clear()
        self.store.retire_worker(self.id)

    # Housekeeping -----------------------------------------------------------------------------

    def _keep_house(self, until: Callable[[], bool]) -> None:
        poll_at = 0.0
        while not self._stopping.is_set() and not until():
            now = time.time()
            if self._lost:
                self._begin_anew()
            if now >= poll_at or self._house.is_set():
                poll_at = now + (0.0 if self._claim(now) else POLL)
            self._house.clear()
            self._fire_timers(now)
            if not self._another_soon():
                self._pump()
            self._house.wait(self._pause(poll_at))

    def _pause(self, poll_at: float) -> float:
        """Seconds until the housekeeper is needed again, if nothing calls it before."""
        with self._lock:
            if self._ready:
                # Where activities come through quickly, or a thread that is stepping runs will take
                # them next, more threads would only be in the way.
                if self.executed - self._seen < 4 and not self._commit.locked():
                    self._wake_one()
                self._seen = self.executed
                return WAKE_EVERY
            if self._inbox:
                return WAKE_EVERY
            due = self._timers[0][0] if self._timers else poll_at
        return max(0.0, min(due, poll_at) - time.time())

    def _keep_lease(self) -> None:
        """Renew the lease, in a thread of its own: a block may take longer than the lease."""
        while not self._stopping.wait(self.lease / 3):
            now = time.time()
            try:
                kept = self.store.heartbeat(self.id, now=now, lease_until=now + self.lease)
            except StoreError as error:
                log.warning("worker %s could not renew its lease: %s", self.id, error)
                continue
            if not kept and not self._stopping.is_set():
                self._lost = True
                self._house.set()

    def _begin_anew(self) -> None:
        """This process was away for longer than its lease (suspended, perhaps)."""
        log.warning("worker %s lost its lease; its runs may be elsewhere by now", self.id)
        with self._commit:
            for held in self._held.values():
                held.dropped = True
            self._held.clear()
            with self._lock:
                self._ready.clear()
            self._register()

    def _claim(self, now: float) -> bool:
        """Take up runs that wait for a worker; whether there may be more of them."""
        room = 2 * self.concurrency - len(self._held)
        if room <= 0 or (self.only_run is not None and self._held):
            return False
        if self.only_run is None:
            wake = self.store.next_wake(self.queues, now=now)
            if wake is None or wake > now:
                return False
        claimed = self.store.claim_runs(self.id, self.queues, room, now=now, run_id=self.only_run)
        for run in claimed:
            self._take_up(run)
        return len(claimed) == room

    def _take_up(self, claimed: ClaimedRun) -> None:
        try:
            program = load_cached(claimed.image, lambda: self._image(claimed.image))
            codec = self._codecs.setdefault(claimed.image, Codec(program))
            held = Held(claimed, program, codec, self.id)
            tasks, timers = held.adopt(claimed)
        except Exception as error:
            self._leave_to_others(claimed, error)
            return
        self.claimed += 1
        self._held[claimed.id] = held
        if held.fresh:
            self._inbox.append(held)
        self._make_ready(self._follow(held, tasks, timers, time.time()))

    def _image(self, hash: str) -> Image:
        data = self.store.get_image(hash)
        if data is None:
            raise StoreError(f"the store {self.store.url} has no image {hash}, which a run needs")
        return Image.from_bytes(data)

    def _leave_to_others(self, claimed: ClaimedRun, error: Exception) -> None:
        """A run whose program does not load here may do so elsewhere."""
        log.error("run %s cannot go on here: %s", claimed.id, error)
        self._leave(claimed.id, claimed.version)
        if self.only_run == claimed.id:
            self._failure = error
            self.stop()

    def _leave(self, run_id: str, version: int) -> None:
        """Give a run up unchanged, for a while."""
        now = time.time()
        wake_at = now + RETRY_LOAD
        later = Transition(run_id, self.id, version, None, wake_at=wake_at, release=True, at=now)
        self.store.commit([later])

    def _at(self, due: float, action: Callable[[], None]) -> None:
        """Do something at a time (the lock is not held)."""
        with self._lock:
            heapq.heappush(self._timers, (due, next(self._order), action))
            first = self._timers[0][0] == due
        if first:
            self._house.set()

    def _fire_timers(self, now: float) -> None:
        due = []
        with self._lock:
            while self._timers and self._timers[0][0] <= now:
                due.append(heapq.heappop(self._timers)[2])
        for action in due:
            action()

    # Stepping runs ----------------------------------------------------------------------------

    def _pump(self) -> None:
        """Step every run with something to fold in, unless another thread is doing so."""
        while self._inbox and self._commit.acquire(blocking=False):
            try:
                self._step_all()
            except BaseException as error:
                self._failure = error
                self.stop()
                raise
            finally:
                self._commit.release()
            if self._another_soon():
                return

    def _another_soon(self) -> bool:
        """Whether the next activity is a quick one, so that its outcome can share the commit.

        The thread that executes it (or, should it take long after all, the housekeeper) commits.
        """
        try:
            return self._took.get(self._ready[0].name, QUICK) < QUICK
        except IndexError:
            return False

    def _step_all(self) -> None:
        runs: dict[str, Held] = {}
        while self._inbox:
            held = self._inbox.popleft()
            if not held.dropped:
                runs[held.id] = held
        if not runs:
            return
        now = time.time()
        steps = [step for held in runs.values() if (step := self._step(held, now)) is not None]
        done = self.store.commit([step.transition for step in steps])
        ready: list[Task] = []
        for step, written in zip(steps, done, strict=True):
            held = step.held
            if not written or step.ended or step.released:
                held.dropped = True
                self._held.pop(held.id, None)
                if not written:
                    log.warning("run %s has been taken over by another worker", held.id)
            if written:
                ready += self._follow(held, step.tasks, step.timers, now)
        self._make_ready(ready)
        if any(step.ended or step.released for step in steps):
            self._house.set()
            self._announce()

    def _step(self, held: Held, now: float) -> Step | None:
        """Step one run. A fault of ours in it stops that run here, not the worker."""
        held.program.due = False  # one that came after the end of a step is nobody's
        self._stepping = (held.program, time.monotonic())
        try:
            return held.step(now, PARK_AFTER)
        except Exception as error:
            log.exception("run %s cannot be advanced; it is left to others", held.id)
            held.dropped = True
            self._held.pop(held.id, None)
            self._leave(held.id, held.version)
            if self.only_run == held.id:
                self._failure = error
                self.stop()
            return None
        finally:
            self._stepping = None

    def _slice_time(self) -> None:
        """In a thread of its own: a run that has been stepped for long gives way at a safepoint."""
        while not self._over.wait(SLICE / 2):
            stepping = self._stepping
            if stepping is not None and time.monotonic() - stepping[1] > SLICE:
                stepping[0].due = True

    def _follow(
        self, held: Held, tasks: list[Task], timers: list[tuple[float, int]], now: float
    ) -> list[Task]:
        """After a commit (or a claim): what the run waits for may begin. Gives what is ready."""
        ready: list[Task] = []
        for task in tasks:
            if task.due_at <= now:
                ready.append(task)
            else:
                self._at(task.due_at, lambda task=task: self._make_ready([task]))  # type: ignore[misc]
        for due, seq in timers:
            self._at(due, lambda seq=seq: self._timer_due(held, seq))  # type: ignore[misc]
        return ready

    def _timer_due(self, held: Held, seq: int) -> None:
        held.due.append(seq)
        self._inbox.append(held)

    def _make_ready(self, tasks: list[Task]) -> None:
        if not tasks:
            return
        with self._lock:
            self._ready.extend(tasks)
            mine = threading.current_thread() in self._threads
            if not mine:
                self._wake_one()
            elif len(self._ready) > 1:
                self._house.set()

    # Executing activities ---------------------------------------------------------------------

    def _wake_one(self) -> None:
        """One more thread for ready tasks (the lock is held)."""
        if self._idle:
            self._work.notify()
        elif len(self._threads) < self.concurrency:
            name = f"perdure-activity-{len(self._threads)}"
            thread = threading.Thread(target=self._execute_all, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def _execute_all(self) -> None:
        while (task := self._next()) is not None:
            outcome = self._execute(task)
            if outcome is not None:
                self._settle(outcome)
                self._took[task.name] = outcome.finished_at - task.started_at
                if not self._another_soon():
                    self._pump()

    def _next(self) -> Task | None:
        with self._lock:
            while not self._ready:
                if self._stopping.is_set():
                    return None
                self._idle += 1
                self._work.wait()
                self._idle -= 1
            if self._stopping.is_set():
                return None
            return self._ready.popleft()

    def _settle(self, outcome: Outcome) -> None:
        """Take an attempt's outcome, unless one was taken before (its timeout, say)."""
        task = outcome.task
        with self._lock:
            if task.settled or task.held.dropped:
                return
            task.settled = True
            task.held.outcomes.append(outcome)
        self._inbox.append(task.held)

    def _execute(self, task: Task) -> Outcome | None:
        if task.held.dropped:
            return None
        task.started_at = time.time()
        self.executed += 1
        limit = task.options.timeout
        if limit is not None:
            self._at(task.started_at + limit, lambda: self._time_out(task, limit))
        codec = task.held.codec
        task.held.program.show()
        try:
            args, kwargs = codec.decode(task.args)
            value = task.options.call(*args, **kwargs)
            if inspect.iscoroutine(value):
                value = _awaited(task, value, limit)
            try:
                result = codec.encode(value)
            except Exception as error:
                raise failures.UnpicklableError(_unfit(task, value, error)) from None
        except BaseException as error:
            failures.tidy(error)
            return Outcome(task, encode_error(codec, error), error, time.time())
        return Outcome(task, result, None, time.time())

    def _time_out(self, task: Task, limit: float) -> None:
        if task.settled:
            return
        error = _timeout(task, limit)
        result = encode_error(task.held.codec, error)
        self._settle(Outcome(task, result, error, time.time()))


@contextmanager
def _calm_collector() -> Iterator[None]:
    """Let Python's cyclic garbage collector look less often while a worker works.

    A batch of steps makes tens of thousands of objects that live until its commit. By default the
    collector would go through them dozens of times to find nothing; measured, a tenth of the time.
    """
    before = gc.get_threshold()
    gc.set_threshold(max(before[0], COLLECT_AFTER), *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _awaited(task: Task, coroutine: Any, limit: float | None) -> Any:
    """Run an `async def` activity in an event loop of its own; its timeout cancels it."""
    import asyncio

    async def within() -> Any:
        async with asyncio.timeout(limit) as scope:
            value = await coroutine
        return value if not scope.expired() else None

    try:
        return asyncio.run(within())
    except TimeoutError:
        if limit is None or time.time() - task.started_at < limit:
            raise  # the activity's own
        raise _timeout(task, limit) from None


def _timeout(task: Task, limit: float) -> failures.ActivityTimeout:
    return failures.ActivityTimeout(
        f"{task.name} took longer than its timeout of {limit:g} s (attempt {task.attempt})"
    )


def _unfit(task: Task, value: Any, error: Exception) -> str:
    return (
        f"the result of activity {task.name}, of type {type(value).__qualname__}, cannot be "
        f"pickled: {error}. Return plain data instead, such as a dict, a list or a dataclass."
    )
