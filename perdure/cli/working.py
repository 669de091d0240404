"""`perdure run`, `start`, `worker`, `resume`: the commands that carry runs out."""

from __future__ import annotations

import json
import logging
import pprint
import signal
import sys
import time
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from perdure.cli import options
from perdure.cli.arguments import read_arguments
from perdure.cli.boundary import OptionsError, RunFailedError
from perdure.cli.output import count, jsonable, note, print_json, prints_to_stderr, short_repr
from perdure.cli.stores import connect

if TYPE_CHECKING:
    from perdure.compiler.image import Image
    from perdure.runtime.client import Client, Run
    from perdure.runtime.worker import Worker

Given = tuple[tuple[Any, ...], dict[str, Any]]


def run(
    target: options.Target,
    args: options.Arguments = None,
    keywords: options.Keywords = None,
    file: options.InputFile = None,
    run_id: options.ChosenId = None,
    lease: options.Lease = 10.0,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Start a workflow, work on it here until it ends, and print its result.

    With the id of a run that was begun before, goes on where that run stands; the arguments are
    then checked, but not used.

    Each of ARGS is read as a Python literal, and taken as a string when it is none: 3 is a number,
    '[1, 2]' a list, hello a string, '"3"' the string 3. Put -- before arguments that begin with a
    dash. Exits with 1 when the run fails; its traceback is on stderr.

    \b
    perdure run examples/index_sources.py:index_sources examples --arg limit=3 --id my-index
    """
    image, given = checked(target, read_arguments(args or [], keywords or [], file))
    with connect(store, create=True) as client, prints_to_stderr(as_json):
        begun = begin(client, image, given, run_id)
        note(f"run {begun.id}")
        value = finish(client, begun.id, lease)
    print_result(begun.id, value, as_json)


def start(
    target: options.Target,
    args: options.Arguments = None,
    keywords: options.Keywords = None,
    file: options.InputFile = None,
    run_id: options.ChosenId = None,
    queue: Annotated[
        str | None,
        typer.Option(help="The queue it waits in. Default: the workflow's.", show_default=False),
    ] = None,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Start a workflow and print the run's id; a worker carries it out.

    The id of a run that is there already starts nothing, and is printed too. Arguments are read as
    `perdure run --help` says.

    \b
    perdure start examples/index_sources.py:index_sources examples --arg limit=3 --id my-index
    """
    image, given = checked(target, read_arguments(args or [], keywords or [], file))
    with connect(store, create=True) as client:
        with prints_to_stderr(True):
            begun = begin(client, image, given, run_id, queue)
        if as_json:
            print_json({"id": begun.id, "status": begun.status})
        else:
            print(begun.id)


def resume(
    run_id: options.RunId,
    lease: options.Lease = 10.0,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Go on with a run here until it ends, and print its result.

    A paused run is let go; a failed one is set going again from its last checkpoint. A run whose
    worker died is taken over when that worker's lease has run out; one whose worker lives is waited
    for. Of a run that has succeeded the result is printed.

    \b
    perdure resume my-index
    """
    with connect(store) as client, prints_to_stderr(as_json):
        if client.reopen(run_id):
            note(f"run {run_id} had failed; it goes on from its last checkpoint")
        if client.store.unpause_run(run_id, now=time.time()):
            note(f"run {run_id} was paused; it goes on")
        _say_who_holds(client, run_id)
        value = finish(client, run_id, lease)
    print_result(run_id, value, as_json)


def worker(
    queues: Annotated[
        list[str] | None,
        typer.Option(
            "--queue", metavar="NAME", help="A queue to serve; may be repeated. Default: default."
        ),
    ] = None,
    concurrency: Annotated[
        int, typer.Option(metavar="N", min=1, help="The most activities at a time.")
    ] = 100,
    lease: options.Lease = 10.0,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Carry out the runs of a store, until SIGINT or SIGTERM.

    Several workers may serve one store. At the end the runs it holds are given back at once; what
    activities that are still being executed would return is dropped, and another worker executes
    them again.

    \b
    perdure worker --queue default --concurrency 20
    """
    from perdure.runtime.worker import Worker

    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    with connect(store, create=True) as client, prints_to_stderr(as_json):
        made = Worker(client, queues or ["default"], concurrency=concurrency, lease=lease)
        _Serving(made, client.store.url, as_json).run()


class _Serving:
    """A worker process from its first line to its last.

    The signal handlers only set a flag, which the worker looks at many times a second: a handler
    that took the worker's locks could meet itself.
    """

    def __init__(self, worker: Worker, url: str, as_json: bool) -> None:
        self.worker = worker
        self.url = url
        self.as_json = as_json
        self.out = sys.__stdout__ or sys.stdout
        self.announced = ""
        self.stopped = False

    def run(self) -> None:
        before = {s: signal.signal(s, self._stop) for s in (signal.SIGINT, signal.SIGTERM)}
        try:
            self.worker.run(until=self._until)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        made = self.worker.executed
        self._say(
            f"worker {self.worker.id} stopped: {count(made, 'activity', 'activities')} executed",
            {"event": "stopped", "executed": made, "runs": self.worker.claimed},
        )

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopped = True

    def _until(self) -> bool:
        """Whether to end; the first call comes when the worker is known to the store."""
        if not self.announced:
            self.announced = self.worker.id
            queues = list(self.worker.queues)
            self._say(
                f"worker {self.worker.id} serves {', '.join(queues)} of {self.url}",
                {"event": "started", "queues": queues, "store": self.url},
            )
        return self.stopped

    def _say(self, text: str, event: dict[str, Any]) -> None:
        line = json.dumps(event | {"worker": self.worker.id}) if self.as_json else text
        print(line, file=self.out, flush=True)


# What they share ------------------------------------------------------------------------------


def checked(target: str, given: Given) -> tuple[Image, Given]:
    """Compile, load, and see that the arguments fit: before a store is made or touched."""
    from perdure.runtime.client import check_arguments
    from perdure.runtime.compiling import image_of, program_of

    image = image_of(target)
    arguments = check_arguments(image, *given)
    with prints_to_stderr(True):
        program_of(image)
    return image, arguments


def begin(
    client: Client, image: Image, given: Given, run_id: str | None, queue: str | None = None
) -> Run[Any]:
    """Create the run, unless it is there."""
    args, kwargs = given
    if run_id == "":
        raise OptionsError("--id must not be empty; leave it out to get a new id")
    if not {"id", "queue"}.isdisjoint(kwargs):
        raise OptionsError(
            "parameters named `id` or `queue` cannot be given by --arg; give them by position"
        )
    return client.start(image, *args, id=run_id, queue=queue, **kwargs)


def finish(client: Client, run_id: str, lease: float) -> Any:
    """Work on a run until it ends; its value, or `RunFailedError`, `RunCancelledError`."""
    from perdure.store.protocol import RunStatus

    if client.record(run_id).paused:
        raise OptionsError(f"run {run_id} is paused; let it go on with: perdure resume {run_id}")
    try:
        value = client.work_on(run_id, lease=lease)
    except BaseException as error:
        record = client.record(run_id)
        if record.status is RunStatus.FAILED and record.outcome is not None:
            # Read anew: raising it has put frames of Perdure into its traceback.
            raise RunFailedError(
                run_id, client.codec(record.image).decode(record.outcome)
            ) from None
        if isinstance(error, KeyboardInterrupt):
            note(f"run {run_id} is kept; go on with: perdure resume {run_id}")
        raise
    return value


def print_result(run_id: str, value: Any, as_json: bool) -> None:
    """Print what a run returned."""
    if as_json:
        print_json({"id": run_id, "status": "succeeded", "result": jsonable(value)})
    else:
        print(_written(value))


def _written(value: Any) -> str:
    """A value as text; its `repr` is the user's code and may do anything."""
    try:
        return pprint.pformat(value, width=100, sort_dicts=False)
    except Exception:  # noqa: BLE001
        return short_repr(value, 1000)


def _say_who_holds(client: Client, run_id: str) -> None:
    """Say whom this command is waiting for, if a worker holds the run."""
    holder = client.record(run_id).worker
    lease = next((w.lease_until for w in client.store.workers() if w.id == holder), None)
    if lease is None:
        return
    left = lease - time.time()
    if left > 0:
        note(
            f"run {run_id} is held by worker {holder}; if that is dead, this goes on in "
            f"{left:.1f} s, and if it lives, this waits for the run's end"
        )
