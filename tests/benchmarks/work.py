"""The workflow that is measured: a chain of trivial activities, so that only the runtime costs.

The activity looks at two hooks. They are environment variables and a module global, and not
arguments, so that what is recorded is the same with and without them.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from perdure import activity, workflow

# `lone` measures plain sqlite3 in here, every so many steps, so that both see the same disk.
pause: Callable[[int], None] | None = None

# `resume`: the step at which this process kills itself, or writes down when it began.
DIE_AT = int(os.environ.get("BENCH_DIE_AT", "-1"))
STAMP_AT = int(os.environ.get("BENCH_STAMP_AT", "-1"))
STAMP_FILE = os.environ.get("BENCH_STAMP_FILE", "")


@activity
def add(total: int, i: int) -> int:
    if i == DIE_AT:
        os.kill(os.getpid(), signal.SIGKILL)
    if i == STAMP_AT:
        Path(STAMP_FILE).write_text(repr(time.time()))
    if pause is not None:
        pause(i)
    return total + i


@workflow
def chain(steps: int) -> int:
    total = 0
    for i in range(steps):
        total = add(total, i)
    return total


def expected(steps: int) -> int:
    return steps * (steps - 1) // 2
