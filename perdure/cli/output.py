"""What commands print: text for people, JSON for programs.

Invariant: with --json, stdout carries one JSON document (or a line of JSON for each event of a
worker) and nothing else. On a terminal tables are Rich's; elsewhere they are plain columns, whole
however long, so that grep and cut can be used on them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, datetime
from typing import Any


def print_json(value: Any) -> None:
    """Print one JSON document."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def note(text: str) -> None:
    """Say something that is not the answer: on stderr."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def prints_to_stderr(wanted: bool) -> Iterator[None]:
    """Keep what a user's program prints out of a JSON answer on stdout."""
    if not wanted:
        yield
        return
    with redirect_stdout(sys.stderr):
        yield


def jsonable(value: Any) -> Any:
    """A value as JSON has it, or its `repr` if JSON has no such value."""
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        return short_repr(value, 10_000)


def heading(text: str) -> None:
    """Print a line that stands above others."""
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.text import Text

        Console().print(Text(text, "bold"))
    else:
        print(text)


def table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under headers."""
    if sys.stdout.isatty():
        _rich_table(headers, rows)
        return
    widths = [max(map(len, column)) for column in zip(headers, *rows, strict=True)]
    for row in (headers, *rows):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        print("  ".join(cells).rstrip())


def _rich_table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    made = Table(box=SIMPLE_HEAD, pad_edge=False)
    for header in headers:
        made.add_column(header, overflow="fold")
    for row in rows:
        made.add_row(*(Text(cell) for cell in row))
    Console().print(made)


def python_code(text: str) -> None:
    """Print Python source, coloured on a terminal."""
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.syntax import Syntax

        Console().print(Syntax(text, "python", background_color="default", word_wrap=True))
    else:
        print(text)


def shorten(text: str, width: int = 60) -> str:
    """At most `width` characters on one line; what is left out is marked."""
    line = " ".join(text.split())
    return line if len(line) <= width else f"{line[: width - 1]}…"


def short_repr(value: Any, width: int = 60) -> str:
    """A value in a few words, whatever it is and however large."""
    import reprlib

    brief = reprlib.Repr()
    brief.maxstring = brief.maxother = width
    try:
        return shorten(brief.repr(value), width)
    except Exception as error:  # noqa: BLE001 - a repr is the user's code and may do anything
        return f"<{type(value).__qualname__}, whose repr fails: {type(error).__name__}>"


def clock_time(stamp: float | None) -> str:
    """A time for people: local, to the second, with its date."""
    if stamp is None:
        return "-"
    return datetime.fromtimestamp(stamp, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def duration(seconds: float | None) -> str:
    """A stretch of time in its own unit."""
    if seconds is None:
        return "-"
    if seconds < 1:
        return f"{seconds * 1000:.1f} ms"
    return f"{seconds:.2f} s" if seconds < 120 else f"{seconds / 60:.1f} min"


def count(number: int, one: str, many: str = "") -> str:
    """`1 file`, `2 files`."""
    return f"{number} {one if number == 1 else many or one + 's'}"
