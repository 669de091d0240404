"""A run that a worker holds: its decoded state, and the next transition made from it.

Nothing here touches the store, a thread or the clock: `Held` turns outcomes that have arrived into
one `Transition` and says what to start once that is durable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from perdure.runtime import failures
from perdure.runtime.codec import Codec, describe
from perdure.runtime.continuation import ACTIVITY, Continuation
from perdure.runtime.declare import ActivityOptions, activity_options, unwrapped
from perdure.runtime.interpreter import Advance, Call, Event, advance
from perdure.runtime.iterators import Spent
from perdure.runtime.program import Program
from perdure.runtime.stuck import deadlock
from perdure.runtime.unpicklable import explain
from perdure.store.protocol import (
    ClaimedRun,
    FinishedActivity,
    RetriedActivity,
    RunStatus,
    ScheduledActivity,
    Transition,
)


@dataclass(slots=True)
class Task:
    """An attempt of an activity, to be executed by a thread of the worker."""

    held: Held
    seq: int
    name: str
    args: bytes
    attempt: int
    due_at: float
    options: ActivityOptions
    started_at: float = 0.0
    settled: bool = False  # an outcome has been taken; a later one is dropped


@dataclass(slots=True)
class Outcome:
    """How an attempt ended: the encoded value, or the exception and its encoding."""

    task: Task
    result: bytes
    error: BaseException | None
    finished_at: float


@dataclass(slots=True)
class Step:
    """A transition to commit, and what follows once it is durable."""

    held: Held
    transition: Transition
    tasks: list[Task] = field(default_factory=list)
    timers: list[tuple[float, int]] = field(default_factory=list)  # (due, seq)
    ended: bool = False
    released: bool = False


class Held:
    """One run in a worker's memory.

    Invariant: `version` and `state` are those of the last transition that was committed, or of one
    that is being committed now; if that is refused the run is dropped.
    """

    def __init__(self, claimed: ClaimedRun, program: Program, codec: Codec, worker: str) -> None:
        self.id = claimed.id
        self.version = claimed.version
        self.program = program
        self.codec = codec
        self.worker = worker
        self.state = Continuation.unpack(codec.decode(claimed.checkpoint))
        self.pending: dict[int, Task] = {}
        self.outcomes: list[Outcome] = []
        self.due: list[int] = []  # timers that have come
        self.dropped = False

    @property
    def fresh(self) -> bool:
        """Whether the run has never been advanced."""
        return self.state.start is not None

    def adopt(self, claimed: ClaimedRun) -> tuple[list[Task], list[tuple[float, int]]]:
        """Take over what the run was waiting for: activities to execute (again), timers."""
        tasks = [
            self._task(p.seq, p.name, self._options(p.name), p.args, p.attempt, p.due_at)
            for p in claimed.pending
        ]
        timers = [(due, seq) for kind, seq, due in self.state.waits().values() if kind != ACTIVITY]
        return tasks, timers

    def _options(self, name: str) -> ActivityOptions:
        options = activity_options(unwrapped(self.program.find(name)))
        if options is None:
            raise LookupError(f"{name} is not an activity of the program any more")
        return options

    def _task(
        self,
        seq: int,
        name: str,
        options: ActivityOptions,
        args: bytes,
        attempt: int,
        due_at: float,
    ) -> Task:
        task = self.pending[seq] = Task(self, seq, name, args, attempt, due_at, options)
        return task

    def step(self, now: float, park_after: float) -> Step:
        """Fold in all that has arrived and make the next transition."""
        outcomes, self.outcomes = self.outcomes, []
        due, self.due = self.due, []
        events: list[Event] = [Event(seq) for seq in due]
        finished: list[FinishedActivity] = []
        retried: list[Task] = []
        errors: list[RetriedActivity] = []
        for outcome in outcomes:
            task = outcome.task
            if outcome.error is not None and task.options.retry.again(task.attempt, outcome.error):
                again = outcome.finished_at + task.options.retry.delay(task.attempt)
                errors.append(RetriedActivity(task.seq, task.attempt + 1, again, outcome.result))
                retried.append(self._again(task, again))
                continue
            del self.pending[task.seq]
            events.append(self._event(task.seq, outcome))
            finished.append(
                FinishedActivity(
                    task.seq,
                    outcome.error is None,
                    outcome.result,
                    task.attempt,
                    task.started_at,
                    outcome.finished_at,
                )
            )
        step = self._advance(events, finished, errors, now)
        step.tasks += retried
        if not step.ended:
            self._park(step, now, park_after)
        self.version += 1
        return step

    def _again(self, task: Task, due_at: float) -> Task:
        return self._task(task.seq, task.name, task.options, task.args, task.attempt + 1, due_at)

    def _event(self, seq: int, outcome: Outcome) -> Event:
        """The workflow gets a copy of what was recorded, the same that a restart would give it."""
        value = self.codec.decode(outcome.result)
        return Event(seq, value) if outcome.error is None else Event(seq, error=value)

    def _advance(
        self,
        events: list[Event],
        finished: list[FinishedActivity],
        errors: list[RetriedActivity],
        now: float,
    ) -> Step:
        if not events and self.state.start is None:
            # Only attempts to be made again: the state is what it was.
            return self._keep(errors, now)
        seed = str(self.version)
        scheduled: list[ScheduledActivity] = []
        tasks: list[Task] = []
        timers: list[tuple[float, int]] = []
        while events or self.state.start is not None:
            done = advance(self.program, self.state, events, now=now, seed=seed)
            if done.ended:
                return self._ended(done, finished, errors, now)
            events = []
            timers += done.timers
            for call in done.calls:
                args = self._encode_arguments(call)
                if isinstance(args, bytes):
                    seq, name = call.seq, call.name
                    scheduled.append(ScheduledActivity(seq, name, args, call.line))
                    tasks.append(self._task(seq, name, call.options, args, 1, now))
                else:
                    events.append(Event(call.seq, error=args))
            try:
                if done.stopped and not self._can_be_kept():
                    # At a safepoint what cannot be kept does no harm: the loop goes on in memory.
                    events.append(Event(timers.pop()[1]))
            except Spent as error:
                return self._failed(error, finished, errors, now)
        if (stuck := deadlock(self.program, self.state)) is not None:
            return self._failed(stuck, finished, errors, now)
        try:
            checkpoint = self._checkpoint()
        except KeyboardInterrupt:
            raise
        except Exception as error:
            return self._failed(explain(self.program, self.state, error), finished, errors, now)
        transition = self._transition(checkpoint, scheduled, errors, finished, now)
        return Step(self, transition, tasks, timers)

    def _checkpoint(self) -> bytes:
        """The encoded state. The run goes on from that where memory does not hold all of it now."""
        data, moved = self.codec.keep(self.state.pack())
        if moved:
            self.state = Continuation.unpack(self.codec.decode(data))
        return data

    def _can_be_kept(self) -> bool:
        """Whether nothing in the state prevents a checkpoint."""
        try:
            self._checkpoint()
        except (KeyboardInterrupt, Spent):
            raise
        except Exception:
            return False
        return True

    def _transition(
        self,
        checkpoint: bytes | None,
        scheduled: Sequence[ScheduledActivity],
        retried: Sequence[RetriedActivity],
        finished: Sequence[FinishedActivity],
        now: float,
    ) -> Transition:
        running = RunStatus.RUNNING
        place = (self.id, self.worker, self.version, checkpoint, running, None, None, False)
        return Transition(*place, scheduled, retried, finished, now)

    def _keep(self, errors: Sequence[RetriedActivity], now: float) -> Step:
        return Step(self, self._transition(None, (), errors, (), now), [], [])

    def _encode_arguments(self, call: Call) -> bytes | BaseException:
        try:
            return self.codec.encode((call.args, call.kwargs))
        except Exception as error:
            return failures.UnpicklableError(
                f"an argument of {call.name} (line {call.line}) cannot be pickled: {error}. "
                f"Activities get copies of their arguments; pass what the copy can be made from "
                f"(a path, a key, a URL) and open it inside the activity."
            )

    def _ended(
        self,
        done: Advance,
        finished: Sequence[FinishedActivity],
        errors: Sequence[RetriedActivity],
        now: float,
    ) -> Step:
        if done.error is not None:
            return self._failed(done.error, finished, errors, now)
        try:
            outcome = self.codec.encode(done.value)
        except KeyboardInterrupt:
            raise
        except Exception as error:
            kind = describe(done.value)
            unfit = failures.UnpicklableError(
                f"the workflow's result, of type {kind}, cannot be pickled: {error}. Return plain "
                f"data instead, such as a dict, a list or a dataclass."
            )
            return self._failed(unfit, finished, errors, now)
        return self._final(RunStatus.SUCCEEDED, outcome, finished, errors, now)

    def _failed(
        self,
        error: BaseException,
        finished: Sequence[FinishedActivity],
        errors: Sequence[RetriedActivity],
        now: float,
    ) -> Step:
        outcome = encode_error(self.codec, error)
        return self._final(RunStatus.FAILED, outcome, finished, errors, now)

    def _final(
        self,
        status: RunStatus,
        outcome: bytes,
        finished: Sequence[FinishedActivity],
        errors: Sequence[RetriedActivity],
        now: float,
    ) -> Step:
        # The last checkpoint stays: a failed run can be resumed from it.
        transition = Transition(
            self.id,
            self.worker,
            self.version,
            None,
            status=status,
            outcome=outcome,
            finished=finished,
            at=now,
        )
        return Step(self, transition, ended=True)

    def _park(self, step: Step, now: float, park_after: float) -> None:
        """Give up a run that only waits, if it waits long: then it costs no memory."""
        for task in step.tasks:
            if task.due_at <= now:
                return
        times = [task.due_at for task in self.pending.values()]
        times += [due for kind, _, due in self.state.waits().values() if kind != ACTIVITY]
        if not times or min(times) - now < park_after or self.outcomes or self.due:
            return
        if any(task.started_at and not task.settled for task in self.pending.values()):
            return
        step.transition = step.transition._replace(wake_at=min(times), release=True)
        step.tasks, step.timers, step.released = [], [], True


def encode_error(codec: Codec, error: BaseException) -> bytes:
    """Encode an exception that leaves its process; by its text if it cannot be pickled.

    Without the object that an AttributeError is about, as when Python pickles it.
    """
    try:
        return codec.encode(error, subjects=False)
    except KeyboardInterrupt:
        raise
    except Exception as problem:
        stand_in = failures.UnpicklableError(
            f"{describe(error)}: {error} (the exception itself cannot be pickled: {problem})"
        )
        stand_in.__traceback__ = error.__traceback__
        return codec.encode(stand_in)
