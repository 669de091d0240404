"""What a process has one of: its standard streams and its environment.

A variable that holds one means that of the process which the run is in, as a module by its name.
What a run has put in the place of a stream is the run's: it is there while the run's code is.
"""

from __future__ import annotations

import io
import os
import sys
import threading
from typing import Any

from perdure.runtime.functions import by_name
from perdure.runtime.instances import Reducer

_STANDARD = ("stdout", "stderr", "stdin")


def reduce_stream(stream: Any, pickler: Any) -> Any:
    """A standard stream, or the bytes under it, by its name in `sys`; no other file can be kept."""
    for name in _STANDARD:
        standard = getattr(sys, name, None)
        if standard is stream:
            return (by_name, ("sys", name))
        if getattr(standard, "buffer", None) is stream:
            return (by_name, ("sys", f"{name}.buffer"))
    return NotImplemented


def stands_for_streams(kind: type) -> bool:
    """Whether the process has an object of another class in the place of a standard stream."""
    return any(type(getattr(sys, name, None)) is kind for name in _STANDARD)


def stream_or(other: Reducer | None) -> Reducer:
    """The reducer of such a class: a standard stream by its name, all else as it was."""

    def reduce(value: Any, pickler: Any) -> Any:
        found = reduce_stream(value, pickler)
        if found is NotImplemented and other is not None:
            found = other(value, pickler)
        return found

    return reduce


class streams_of:
    """Let `sys` have what a run has put in the place of standard streams, for a transition.

    `run.redirected` says what that is, by the streams' names, and is set anew. Threads take turns:
    one that came meanwhile would take a run's streams for the process's.
    """

    __slots__ = ("before", "run")

    def __init__(self, run: Any) -> None:
        self.run = run

    def __enter__(self) -> None:
        _turn.acquire()
        self.before = (sys.stdout, sys.stderr, sys.stdin)
        for name, stream in self.run.redirected.items():
            setattr(sys, name, stream)

    def __exit__(self, *error: object) -> None:
        try:
            run, before, now = self.run, self.before, (sys.stdout, sys.stderr, sys.stdin)
            if now != before or run.redirected:
                sys.stdout, sys.stderr, sys.stdin = before
                each = zip(_STANDARD, now, before, strict=True)
                run.redirected = {name: new for name, new, old in each if new is not old}
        finally:
            _turn.release()


_turn = threading.RLock()


def reduce_environment(environment: Any, pickler: Any) -> Any:
    """`os.environ`, whatever the process calls it by."""
    for name in ("environ", "environb"):
        if getattr(os, name, None) is environment:
            return (by_name, ("os", name))
    return NotImplemented


_STREAMS = (io.TextIOWrapper, io.BufferedWriter, io.BufferedReader, io.FileIO)


def reducer_of(kind: type) -> Reducer | None:
    """The reducer of a type whose objects may be the process's own."""
    if issubclass(kind, _STREAMS):
        return reduce_stream
    return reduce_environment if kind is type(os.environ) else None
