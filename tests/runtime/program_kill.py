"""The workflows that the kill tests run: every activity leaves a line in a journal, fsync'd."""

import os
import random
import time

from perdure import activity, sleep, workflow


@activity
def note(journal: str, run: str, step: int) -> int:
    """Write down that this step was executed, by whom, and give a result nobody else gives."""
    token = random.getrandbits(60)
    line = f"{run} {step} {token} {os.getpid()}\n"
    handle = os.open(journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(handle, line.encode())  # one write of a short line is atomic with O_APPEND
    finally:
        os.close(handle)
    time.sleep(0.0005)
    return token


def pair(journal: str, run: str, step: int, seen: list[int]) -> int:
    """A helper with activities of its own: its frame is part of the checkpoint."""
    first = note(journal, run, step)
    seen.append(first)
    second = note(journal, run, step + 1)
    return first ^ second


@workflow
def journey(journal: str, run: str, rounds: int) -> list[int]:
    """Take many steps through loops, handlers and helpers, and return every result seen."""
    seen: list[int] = []
    total = 0
    for turn in range(rounds):
        try:
            total ^= pair(journal, run, 3 * turn, seen)
            seen.append(total ^ seen[-1])
            if turn % 3 == 2:
                raise ValueError(turn)
        except ValueError:
            seen.append(note(journal, run, 3 * turn + 2))
            total ^= seen[-1]
        else:
            if turn % 7 == 3:
                sleep(0.001)
    return seen
