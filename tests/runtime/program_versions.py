"""A run that dies under one Python and goes on under another."""

import os
import sys

from perdure import activity, workflow


@activity
def add(x: int, y: int) -> tuple[int, tuple[int, int]]:
    return x + y, sys.version_info[:2]


@activity
def die(marker: str) -> str:
    """Kill the process, the first time."""
    if not os.path.exists(marker):
        with open(marker, "w"):
            pass
        os.kill(os.getpid(), 9)
    return "survived"


@workflow
def journey(marker: str) -> list[object]:
    seen: list[object] = []
    k = 5
    shifted = lambda y: y + k  # noqa: E731  (a function made before the crash, called after it)
    for key, value in {"a": 1, "b": 2}.items():
        try:
            seen.append((key, add(shifted(value), 1)))
            if key == "a":
                k = 50
                seen.append(die(marker))
        finally:
            seen.append(f"{key!r:>5}")
    return seen
