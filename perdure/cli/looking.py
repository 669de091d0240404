"""`perdure list` and `show`: how runs stand. They change nothing."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from perdure.cli import options
from perdure.cli.output import (
    clock_time,
    duration,
    heading,
    jsonable,
    note,
    print_json,
    short_repr,
    shorten,
    table,
)
from perdure.cli.stores import connect

if TYPE_CHECKING:
    from collections.abc import Callable

    from perdure.cli.standing import Place, Standing, Wait
    from perdure.runtime.client import Client
    from perdure.store.protocol import ActivityRecord, RunRecord


# The compiler's names for what has none in the user's code.
_TEMPORARIES = {
    "it": "(iterator of a for loop)",
    "exit": "(exit of a with statement)",
    "exc": "(exception being handled)",
    "t": "(part of an expression)",
}


class Status(StrEnum):
    """What `--status` takes."""

    running = "running"
    succeeded = "succeeded"
    failed = "failed"
    cancelled = "cancelled"


def list_(
    status: Annotated[Status | None, typer.Option(help="Only these.", show_default=False)] = None,
    workflow: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Only runs of module:function.", show_default=False),
    ] = None,
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="The most to list.")] = 100,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """List the runs of a store, newest first.

    \b
    perdure list --status running --limit 10
    """
    with connect(store) as client:
        runs = client.list(status=status and status.value, workflow=workflow, limit=limit)
    if as_json:
        print_json([_run(record) for record in runs])
    elif not runs:
        note("no runs")
    else:
        rows = [
            [
                record.id,
                record.workflow,
                record.standing,
                str(record.version),
                clock_time(record.created_at),
                clock_time(record.updated_at),
            ]
            for record in runs
        ]
        table(["run", "workflow", "status", "version", "created", "updated"], rows)


def show(
    run_id: options.RunId,
    svg: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Also draw its program, its block marked.", show_default=False
        ),
    ] = None,
    store: options.Store = None,
    as_json: options.Json = False,
) -> None:
    """Show where a run stands: its functions, lines, live variables, and its history.

    Needs nothing of the user's code: the program is in the store.

    \b
    perdure show my-index --svg where.svg
    """
    from perdure.cli.standing import decoder, stands

    with connect(store) as client:
        record = client.record(run_id)
        seen = _Seen(client, record, stands(client, record), decoder(client, record.image))
    if svg is not None:
        from perdure.cli.drawing import write_svg

        write_svg(svg, seen.standing.image, None, seen.standing.mark)
    if as_json:
        print_json(seen.to_json())
    else:
        seen.print()


def _run(record: RunRecord) -> dict[str, Any]:
    """A run's record as JSON has it. Times are seconds since the epoch."""
    return {
        "id": record.id,
        "workflow": record.workflow,
        "status": record.standing,
        "version": record.version,
        "image": record.image,
        "queue": record.queue,
        "created_at": record.created_at,
        "updated_at": record.updated_at,
        "worker": record.worker,
        "wake_at": record.wake_at,
    }


class _Seen:
    """Everything about one run, read at one time."""

    def __init__(
        self,
        client: Client,
        record: RunRecord,
        standing: Standing,
        decode: Callable[[bytes], Any],
    ) -> None:
        self.record = record
        self.standing = standing
        self.decode = decode
        self.activities = client.store.activities(record.id)
        self.outcome = None if record.outcome is None else decode(record.outcome)

    # As JSON ----------------------------------------------------------------------------------

    def to_json(self) -> dict[str, Any]:
        found = _run(self.record)
        if str(self.record.status) == "succeeded":
            found["result"] = jsonable(self.outcome)
        if str(self.record.status) == "failed":
            found["error"] = _error(self.outcome)
        found["fibers"] = [self._fiber(*fiber) for fiber in self.standing.fibers]
        found["history"] = [self._activity(row) for row in self.activities]
        return found

    def _fiber(self, number: int, places: tuple[Place, ...], wait: Wait | None) -> dict[str, Any]:
        waits = None
        if wait is not None:
            waits = {
                "kind": wait.kind,
                "seq": wait.seq,
                "name": wait.name or None,
                "attempt": wait.attempt,
                "due_at": wait.due_at,
            }
        return {"id": number, "waits_for": waits, "frames": [_frame(place) for place in places]}

    def _activity(self, row: ActivityRecord) -> dict[str, Any]:
        error = self._error_of(row)
        return {
            "seq": row.seq,
            "name": row.name,
            "line": row.line,
            "status": str(row.status),
            "attempt": row.attempt,
            "arguments": self._call(row),
            "error": None if error is None else _error(error),
            "scheduled_at": row.scheduled_at,
            "started_at": row.started_at,
            "finished_at": row.finished_at,
            "seconds": _seconds(row),
            "worker": row.worker,
        }

    def _error_of(self, row: ActivityRecord) -> Any:
        """The exception of a failed attempt, if the row holds one."""
        if row.result is None or str(row.status) == "succeeded":
            return None
        return self.decode(row.result)

    def _call(self, row: ActivityRecord) -> str:
        args, kwargs = self.decode(row.args)
        words = [short_repr(a, 40) for a in args]
        words += [f"{name}={short_repr(value, 40)}" for name, value in kwargs.items()]
        return ", ".join(words)

    # As text ----------------------------------------------------------------------------------

    def print(self) -> None:
        record = self.record
        heading(f"run {record.id}: {record.standing}")
        print(f"workflow  {record.workflow} (image {record.image})")
        print(f"version   {record.version}, queue {record.queue}")
        print(f"created   {clock_time(record.created_at)}")
        print(f"updated   {clock_time(record.updated_at)}")
        if record.worker is not None:
            print(f"worker    {record.worker}")
        if record.paused:
            print(f"paused    until: perdure resume {record.id}")
        elif record.wake_at is not None:
            print(f"wakes     {clock_time(record.wake_at)}")
        if str(record.status) == "succeeded":
            print(f"result    {short_repr(self.outcome, 300)}")
        if str(record.status) == "failed":
            print(f"error     {_error_text(self.outcome)}")
        if not self.standing.ended:
            self._print_standing()
        self._print_history()

    def _print_standing(self) -> None:
        print()
        if self.standing.arguments is not None:
            heading("not begun; called with")
            args, kwargs = self.standing.arguments
            print(f"  {short_repr(args)} {short_repr(kwargs)}")
        for number, places, wait in self.standing.fibers:
            verb = "waits for" if self.record.standing == "running" else "would go on after"
            heading(f"fiber {number} {verb} {_wait_text(wait)}")
            for place in places:
                _print_place(place)

    def _print_history(self) -> None:
        print()
        if not self.activities:
            print("no activities so far")
            return
        rows = []
        for row in self.activities:
            error = self._error_of(row)
            rows.append(
                [
                    str(row.seq),
                    f"{row.name.partition(':')[2]}({shorten(self._call(row), 50)})",
                    str(row.line),
                    str(row.status),
                    str(row.attempt),
                    duration(_seconds(row)),
                    row.worker or "-",
                    "" if error is None else shorten(_error_text(error), 60),
                ]
            )
        table(["seq", "activity", "line", "status", "attempt", "took", "worker", "error"], rows)


def _frame(place: Place) -> dict[str, Any]:
    return {
        "function": place.function,
        "block": place.block,
        "file": place.file,
        "line": place.line,
        "source": place.source,
        "live": [
            {"name": v.name, "type": type(v.value).__qualname__, "repr": short_repr(v.value)}
            for v in place.live
        ],
    }


def _print_place(place: Place) -> None:
    print(f"  {place.file}:{place.line} in {place.function.partition(':')[2]}, block {place.block}")
    print(f"    {place.source}")
    names = [_variable_name(v.name) for v in place.live]
    width = max(map(len, names), default=0)
    for name, variable in zip(names, place.live, strict=True):
        print(f"      {name.ljust(width)} = {short_repr(variable.value)}")


def _variable_name(name: str) -> str:
    """A variable's name; of a temporary of the compiler, what it is to the user."""
    temporary = re.fullmatch(r"_([a-z]+)\d+", name)
    return _TEMPORARIES.get(temporary[1], name) if temporary is not None else name


def _wait_text(wait: Wait | None) -> str:
    from perdure.cli.standing import OTHERS

    if wait is None:
        return "nothing"
    if wait.kind == "timer":
        return f"a timer due {clock_time(wait.due_at)}"
    if wait.kind == OTHERS:
        return OTHERS
    attempt = f", attempt {wait.attempt}" if wait.attempt > 1 else ""
    return f"activity {wait.seq}: {wait.name.partition(':')[2]}{attempt}"


def _error(error: Any) -> dict[str, str]:
    kind, message = _error_parts(error)
    return {"type": kind, "message": message}


def _error_text(error: Any) -> str:
    kind, message = _error_parts(error)
    return f"{kind}: {message}" if message else kind


def _error_parts(error: Any) -> tuple[str, str]:
    try:
        return type(error).__qualname__, str(error)
    except Exception:  # noqa: BLE001 - __str__ is the user's code
        return type(error).__qualname__, ""


def _seconds(row: ActivityRecord) -> float | None:
    if row.started_at is None or row.finished_at is None:
        return None
    return row.finished_at - row.started_at
