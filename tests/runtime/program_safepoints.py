"""Workflows with long loops, for test_safepoints."""

from __future__ import annotations

import threading
from typing import Any

from perdure import activity, workflow


@activity
def echo(value: Any) -> Any:
    return value


@workflow
def counts(turns: int) -> int:
    total = 0
    for number in range(turns):
        total += number % 7
    return echo(total)


@workflow
def nested(turns: int) -> list[int]:
    found = []
    row = 0
    while row < turns:
        row += 1
        if row % 5 == 0:
            continue
        for column in range(turns):
            if column > row:
                break
            found.append(row * column)
        else:
            found.append(-row)
    return found


@workflow
def holds_a_lock(turns: int) -> int:
    lock = threading.Lock()
    total = 0
    for number in range(turns):
        with lock:
            total += number
    del lock
    return echo(total)


@workflow
def quick() -> str:
    return echo("quick")
