"""The client: start runs, work on them here, ask how they stand."""

from __future__ import annotations

import ast
import inspect
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Generic, ParamSpec, Self, TypeVar

from perdure.compiler.image import Image
from perdure.compiler.scopes import read_module
from perdure.compiler.source import Source
from perdure.runtime.codec import Codec
from perdure.runtime.compiling import image_of, program_of
from perdure.runtime.declare import workflow_options
from perdure.runtime.failures import UnpicklableError
from perdure.runtime.interpreter import begin
from perdure.runtime.program import Program, load_cached
from perdure.runtime.worker import Worker
from perdure.store import Store, open_store
from perdure.store.protocol import ActivityRecord, NewRun, RunFilter, RunRecord, RunStatus

P = ParamSpec("P")
R = TypeVar("R")

DEFAULT_STORE = "sqlite:///perdure.db"


class RunNotFoundError(LookupError):
    """The store has no run of that id."""


class RunCancelledError(RuntimeError):
    """A run was cancelled and has no result."""


class RunConflictError(ValueError):
    """The id belongs to a run of another workflow."""


class ArgumentsError(TypeError):
    """The arguments do not fit the workflow's parameters."""


@dataclass(frozen=True)
class HistoryEntry:
    """One activity of a run: what was called, with what, and what came of it."""

    seq: int
    name: str
    line: int
    status: str  # scheduled, succeeded or failed
    attempt: int
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    value: Any
    error: BaseException | None
    scheduled_at: float
    started_at: float | None
    finished_at: float | None
    worker: str | None


class Run(Generic[R]):
    """A handle on one run. It holds no resources; many may exist for one run."""

    def __init__(self, client: Client, id: str) -> None:
        self.client = client
        self.id = id

    def __repr__(self) -> str:
        return f"<Run {self.id!r} in {self.client.store.url}>"

    @property
    def record(self) -> RunRecord:
        """The run as the store has it now; raises `RunNotFoundError`."""
        return self.client.record(self.id)

    @property
    def status(self) -> str:
        """running, paused, succeeded, failed or cancelled."""
        return self.record.standing

    def result(self, timeout: float | None = None) -> R:
        """Wait for the run's end and return its value, or raise the exception it ended with.

        One that was cancelled has none: `RunCancelledError`.

        `timeout` is in seconds; `TimeoutError` when it passes first. Some worker must be at work.
        """
        give_up = None if timeout is None else time.monotonic() + timeout
        pause = 0.001
        while True:
            seen = self.client.endings.count
            record = self.record
            if record.status is not RunStatus.RUNNING:
                break
            if give_up is not None and time.monotonic() >= give_up:
                asked = f"is a worker serving the queue {record.queue!r}?"
                if record.paused:
                    asked = "Run.resume() lets it go on"
                raise TimeoutError(
                    f"run {self.id} is still {record.standing} after {timeout:g} s; {asked}"
                )
            self.client.endings.wait(seen, pause)
            pause = min(pause * 1.5, 0.05)
        value: R = self.client.outcome(record)
        return value

    def cancel(self) -> bool:
        """End the run where it stands; False if it has ended.

        A worker that holds it lets go at its next step: when an activity ends, or a long loop comes
        to the end of a turn. An activity that is being executed is not interrupted.
        """
        done = self.client.store.cancel_run(self.id, now=time.time())
        self.client.endings.announce()
        return done

    def pause(self) -> bool:
        """Let nobody go on with the run until `resume()`; False if it has ended."""
        return self.client.store.pause_run(self.id, now=time.time())

    def resume(self) -> bool:
        """Let a paused run go on; False if it is not paused."""
        return self.client.store.unpause_run(self.id, now=time.time())

    def history(self) -> list[HistoryEntry]:
        """The run's activities in the order in which they were scheduled."""
        return list(self.client.history(self.id))


class Endings:
    """How often workers of this process have seen runs end, so that nobody need poll for it."""

    def __init__(self) -> None:
        self.count = 0
        self._changed = threading.Condition()

    def announce(self) -> None:
        """Some runs have ended."""
        with self._changed:
            self.count += 1
            self._changed.notify_all()

    def wait(self, seen: int, timeout: float) -> None:
        """Wait until there are more than `seen`, at most `timeout` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self.count != seen, timeout)


class Client:
    """A connection to a store. Close it, or use it as a context manager."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.endings = Endings()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the store."""
        self.store.close()

    def start(
        self,
        workflow: Callable[P, R] | str | Image,
        /,
        *args: Any,
        id: str | None = None,
        queue: str | None = None,
        **kwargs: Any,
    ) -> Run[R]:
        """Create a run and return at once; a worker carries it out.

        `workflow` is a function marked with `@workflow`, a target such as "shop.py:checkout", or
        an image that was compiled before.
        The same `id` again is the same run: nothing is created, and its handle is returned.
        Raises `CompileError` or `ArgumentsError` before anything is written.
        """
        image = image_of(workflow)
        arguments = check_arguments(image, args, kwargs)
        program = program_of(image, workflow)
        run_id = id if id is not None else uuid.uuid4().hex
        if not run_id:
            raise ValueError("a run's id must not be empty")
        present = self.store.get_run(run_id)
        if present is None:
            checkpoint = _first_checkpoint(program, *arguments)
            self.store.put_image(image.hash, image.to_bytes())
            place = queue or _queue_of(program)
            new = NewRun(run_id, image.entry, image.hash, place, checkpoint, time.time())
            if self.store.create_run(new):
                return Run(self, run_id)
            present = self.record(run_id)
        if present.workflow != image.entry:
            raise RunConflictError(
                f"run {run_id!r} is a run of {present.workflow}, not of {image.entry}: "
                f"give this one another id"
            )
        return Run(self, run_id)

    def run(
        self,
        workflow: Callable[P, R] | str,
        /,
        *args: Any,
        id: str | None = None,
        **kwargs: Any,
    ) -> R:
        """Start a run, work on it in this process until it ends, and return its result.

        With the `id` of a run that was begun before, goes on where it stopped.
        """
        run: Run[R] = self.start(workflow, *args, id=id, **kwargs)
        value: R = self.work_on(run.id)
        return value

    def work_on(self, run_id: str, *, lease: float = 10.0, concurrency: int = 100) -> Any:
        """Work on one run in this process until it ends; return its result or raise its error."""
        if self.record(run_id).status is RunStatus.RUNNING:
            worker = Worker(self, concurrency=concurrency, lease=lease, only_run=run_id)
            check = _Ended(self, run_id, worker)
            worker.run(until=check)
        return self.outcome(self.record(run_id))

    def get(self, run_id: str) -> Run[Any]:
        """The handle of an existing run; raises `RunNotFoundError`."""
        self.record(run_id)
        return Run(self, run_id)

    def list(
        self, *, status: str | None = None, workflow: str | None = None, limit: int = 100
    ) -> list[RunRecord]:
        """Runs, newest first."""
        chosen = RunStatus(status) if status is not None else None
        return self.store.list_runs(RunFilter(chosen, workflow, limit))

    def reopen(self, run_id: str) -> bool:
        """Set a failed run going again from its last checkpoint; False if it is not failed."""
        self.record(run_id)
        return self.store.reopen_run(run_id, now=time.time())

    def record(self, run_id: str) -> RunRecord:
        """The run's record; raises `RunNotFoundError`."""
        found = self.store.get_run(run_id)
        if found is None:
            raise RunNotFoundError(f"there is no run {run_id!r} in {self.store.url}")
        return found

    def image(self, hash: str) -> Image:
        """An image of the store."""
        data = self.store.get_image(hash)
        if data is None:
            raise RunNotFoundError(f"there is no image {hash} in {self.store.url}")
        return Image.from_bytes(data)

    def codec(self, hash: str) -> Codec:
        """The codec of a program in the store; loads the program."""
        return Codec(load_cached(hash, lambda: self.image(hash)))

    def outcome(self, record: RunRecord) -> Any:
        """The value of a run that has ended, or its exception, raised."""
        if record.status is RunStatus.CANCELLED:
            raise RunCancelledError(f"run {record.id} was cancelled")
        if record.outcome is None:
            return None
        value = self.codec(record.image).decode(record.outcome)
        if record.status is RunStatus.FAILED:
            raise value
        return value

    def history(self, run_id: str) -> Iterator[HistoryEntry]:
        """The run's activities, decoded."""
        codec = self.codec(self.record(run_id).image)
        return (_entry(codec, row) for row in self.store.activities(run_id))


class _Ended:
    """Whether a run has ended; asks the store only after the worker has let go of it."""

    def __init__(self, client: Client, run_id: str, worker: Worker) -> None:
        self.client = client
        self.run_id = run_id
        self.worker = worker

    def __call__(self) -> bool:
        if self.run_id in self.worker._held:
            return False
        return self.client.record(self.run_id).status is not RunStatus.RUNNING


def connect(url: str | None = None, *, create: bool = True) -> Client:
    """Open a store: `sqlite:///shop.db`. Without a URL: `PERDURE_STORE`, or ./perdure.db.

    Raises `perdure.store.StoreError` saying what is wrong with it.
    """
    return Client(
        open_store(url or os.environ.get("PERDURE_STORE") or DEFAULT_STORE, create=create)
    )


def check_arguments(
    image: Image, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Check arguments against the workflow's parameters, without running the module."""
    module, _, qualname = image.entry.partition(":")
    text = next(m for m in image.modules if m.name == module)
    node = read_module(Source(text.path, module, text.text)).functions[qualname].node
    signature = _signature(node)
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        wanted = f"{node.name}({ast.unparse(node.args)})"
        raise ArgumentsError(f"the arguments do not fit {wanted}: {error}") from None
    return args, kwargs


def _signature(node: Any) -> inspect.Signature:
    """The signature of a `def`, with placeholders for its defaults."""
    kinds = inspect.Parameter
    args = node.args
    plain = [*args.posonlyargs, *args.args]
    free = len(plain) - len(args.defaults)
    found = [
        kinds(
            a.arg,
            kinds.POSITIONAL_ONLY if i < len(args.posonlyargs) else kinds.POSITIONAL_OR_KEYWORD,
            default=kinds.empty if i < free else None,
        )
        for i, a in enumerate(plain)
    ]
    if args.vararg:
        found.append(kinds(args.vararg.arg, kinds.VAR_POSITIONAL))
    for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        given = kinds.empty if default is None else None
        found.append(kinds(arg.arg, kinds.KEYWORD_ONLY, default=given))
    if args.kwarg:
        found.append(kinds(args.kwarg.arg, kinds.VAR_KEYWORD))
    return inspect.Signature(found)


def _queue_of(program: Program) -> str:
    options = workflow_options(program.by_name[program.image.entry].original)
    return options.queue if options is not None else "default"


def _first_checkpoint(program: Program, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bytes:
    codec = Codec(program)
    try:
        return codec.encode(begin(program, args, kwargs, salt=uuid.uuid4().hex[:8]).pack())
    except Exception as error:
        raise UnpicklableError(
            f"an argument of {program.image.entry} cannot be pickled: {error}. A run may go on in "
            f"another process, so pass what the argument can be made from (a path, a key, a URL)."
        ) from None


def _entry(codec: Codec, row: ActivityRecord) -> HistoryEntry:
    args, kwargs = codec.decode(row.args)
    outcome = codec.decode(row.result) if row.result is not None else None
    failed = isinstance(outcome, BaseException) and str(row.status) != "succeeded"
    return HistoryEntry(
        row.seq,
        row.name,
        row.line,
        str(row.status),
        row.attempt,
        args,
        kwargs,
        None if failed else outcome,
        outcome if failed else None,
        row.scheduled_at,
        row.started_at,
        row.finished_at,
        row.worker,
    )
