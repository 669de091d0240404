"""Workflows with long loops, for test_safepoints."""

from __future__ import annotations

import threading
from typing import Any

from perdure import activity, sleep, spawn, workflow


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
def counts_once(turns: int) -> int:
    total = 0
    for number in range(turns):
        total += number
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
def holds_its_own(turns: int) -> int:
    mine = threading.local()
    mine.total = 0
    for number in range(turns):
        mine.total += number
    total = mine.total
    del mine
    return echo(total)


@workflow
def quick() -> str:
    return echo("quick")


@workflow
def counts_beside_others(turns: int) -> list[Any]:
    """While it counts, others become ready, and one is cancelled: they wait for its suspension."""
    log: list[Any] = []

    def waiting(name: str) -> None:
        try:
            sleep(100)
        finally:
            log.append((name, "ends"))

    def calling(name: str) -> None:
        log.append((name, echo(name)))

    handles = [spawn(waiting, name) for name in "ab"]
    sleep(1)
    spawn(calling, "c")
    for number in range(turns):
        if number < len(handles):
            handles[number].cancel()
        log.append(number)
    sleep(1)
    return log
