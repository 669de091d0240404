"""The same work on DBOS. Runs in DBOS's own environment (see dbos_home.py), without Perdure.

DBOS keeps its records in SQLite, as Perdure does. Out of the box it leaves SQLite on the rollback
journal; here its file is put into WAL mode first (with synchronous=FULL, SQLite's default), which
is faster and is what Perdure uses, so that the two differ in what they write, not in a setting.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
import threading
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from dbos import DBOS, SetWorkflowID
from side import Measured, bytes_on_disk, serve

# As in work.py.
DIE_AT = int(os.environ.get("BENCH_DIE_AT", "-1"))
STAMP_AT = int(os.environ.get("BENCH_STAMP_AT", "-1"))
STAMP_FILE = os.environ.get("BENCH_STAMP_FILE", "")

_gate = threading.Event()


@DBOS.step()
def add(total: int, i: int) -> int:
    if i == DIE_AT:
        os.kill(os.getpid(), signal.SIGKILL)
    if i == STAMP_AT:
        Path(STAMP_FILE).write_text(repr(time.time()))
    return total + i


@DBOS.workflow()
def chain(steps: int) -> int:
    _gate.wait()  # all runs are there before the first step of any: starting them is not measured
    total = 0
    for i in range(steps):
        total = add(total, i)
    return total


def _expected(steps: int) -> int:
    return steps * (steps - 1) // 2


def _launch(path: Path, threads: int = 16) -> None:
    sqlite3.connect(path).execute("PRAGMA journal_mode = WAL").fetchone()
    config: Any = {
        "name": "bench",
        "system_database_url": f"sqlite:///{path}",
        "application_version": "1",
        "log_level": "ERROR",
        "max_executor_threads": threads,
    }
    DBOS(config=config)
    DBOS.launch()


def installed() -> Measured:
    return {"version": version("dbos")}


def throughput(folder: str, runs: int, steps: int) -> Measured:
    """Steps per second of many workflows, from their first steps to the last one's end."""
    path = Path(folder) / "dbos.db"
    _launch(path, threads=runs + 16)
    handles = [DBOS.start_workflow(chain, steps) for _ in range(runs)]
    began = time.perf_counter()
    _gate.set()
    results = [handle.get_result() for handle in handles]
    took = time.perf_counter() - began
    assert results == [_expected(steps)] * runs
    DBOS.destroy()
    return {
        "steps_per_s": runs * steps / took,
        "bytes_per_step": bytes_on_disk(path) / (runs * steps),
    }


def lone(folder: str, steps: int) -> Measured:
    """Milliseconds per step of one workflow."""
    path = Path(folder) / "dbos.db"
    _launch(path)
    _gate.set()
    chain(10)
    began = time.perf_counter()
    result = chain(steps)
    took = time.perf_counter() - began
    assert result == _expected(steps)
    DBOS.destroy()
    return {"ms_per_step": took / steps * 1e3, "bytes_per_step": bytes_on_disk(path) / (steps + 10)}


def build(path: str, steps: int) -> Measured:
    """Begin a workflow; one of its steps is told to kill this process."""
    _launch(Path(path))
    _gate.set()
    with SetWorkflowID("run"):
        chain(steps)
    return {}


def recorded(path: str) -> Measured:
    """How many steps of the workflow have a result."""
    query = "SELECT count(*) FROM operation_outputs WHERE workflow_uuid = 'run'"
    return {"steps": sqlite3.connect(path).execute(query).fetchone()[0]}


def resume(path: str, steps: int, launched_at: float) -> Measured:
    """Seconds until the first new step begins: from DBOS.launch(), from the process's launch."""
    _gate.set()
    launch = time.time()
    _launch(Path(path))
    assert DBOS.retrieve_workflow("run").get_result() == _expected(steps)
    began = float(Path(STAMP_FILE).read_text())
    return {"from_claim": began - launch, "from_launch": began - launched_at, "pid": os.getpid()}


if __name__ == "__main__":
    serve(
        {
            "installed": installed,
            "throughput": throughput,
            "lone": lone,
            "build": build,
            "recorded": recorded,
            "resume": resume,
        }
    )
