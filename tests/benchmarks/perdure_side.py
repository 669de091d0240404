"""Perdure's side, through its public names only."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import perdure

from . import work
from .raw_side import Raw
from .side import Measured, bytes_on_disk, serve

# After so many steps of a lone run, as many commits of plain sqlite3 are measured.
INTERLEAVE = 50


def throughput(folder: str, runs: int, steps: int, concurrency: int = 200) -> Measured:
    """Steps per second of many runs, from the worker's start to the last run's end."""
    path = Path(folder) / "perdure.db"
    with perdure.connect(f"sqlite:///{path}") as client:
        handles = [client.start(work.chain, steps, id=f"run-{n}") for n in range(runs)]
        worker = perdure.Worker(client, concurrency=concurrency)
        began = time.perf_counter()
        with worker.start():
            while worker.executed < runs * steps:  # cheaper than to ask the store
                time.sleep(0.002)
            results = [handle.result(timeout=60) for handle in handles]
            took = time.perf_counter() - began
        assert results == [work.expected(steps)] * runs
        sizes = _sizes(client, handles[-1])
    return {
        "steps_per_s": runs * steps / took,
        "sizes": sizes,
        "bytes_per_step": bytes_on_disk(path) / (runs * steps),
    }


def _sizes(client: Any, run: Any) -> tuple[int, int, int]:
    """Mean bytes that one step of a run wrote: checkpoint, arguments, result."""
    rows = client.store.activities(run.id)
    mean = [round(sum(len(getattr(row, key)) for row in rows) / len(rows)) for key in _BLOBS]
    return len(run.record.checkpoint), mean[0], mean[1]


_BLOBS = ("args", "result")


class _Yardstick:
    """Plain sqlite3, one commit a step, measured in the midst of a run by one of its activities."""

    def __init__(self, path: Path, sizes: tuple[int, int, int]) -> None:
        self.raw = Raw(path, 1, sizes)
        self.steps = 0
        self.seconds = 0.0

    def __call__(self, i: int) -> None:
        if i % INTERLEAVE != INTERLEAVE - 1:
            return
        began = time.perf_counter()
        for step in range(self.steps, self.steps + INTERLEAVE):
            self.raw.commit(step)
        self.seconds += time.perf_counter() - began
        self.steps += INTERLEAVE


def lone(folder: str, steps: int) -> Measured:
    """Milliseconds per step of one run, and per commit of plain sqlite3 meanwhile."""
    path = Path(folder) / "perdure.db"
    with perdure.connect(f"sqlite:///{path}") as client:
        client.run(work.chain, INTERLEAVE, id="warm")  # compiles, too
        sizes = _sizes(client, client.get("warm"))
    path = Path(folder) / "lone.db"
    work.pause = yardstick = _Yardstick(Path(folder) / "raw.db", sizes)
    with perdure.connect(f"sqlite:///{path}") as client:
        client.start(work.chain, steps, id="lone")
        began = time.perf_counter()
        result = client.run(work.chain, steps, id="lone")
        took = time.perf_counter() - began - yardstick.seconds
        assert result == work.expected(steps)
    assert yardstick.steps == steps - steps % INTERLEAVE, "the activity did not see its hook"
    yardstick.raw.db.close()
    return {
        "ms_per_step": took / steps * 1e3,
        "raw_ms_per_step": yardstick.seconds / yardstick.steps * 1e3,
        "bytes_per_step": bytes_on_disk(path) / steps,
        "raw_bytes_per_step": bytes_on_disk(Path(folder) / "raw.db") / yardstick.steps,
    }


def build(path: str, steps: int, lease: float) -> Measured:
    """Begin a run; one of its activities is told to kill this process."""
    with perdure.connect(f"sqlite:///{path}") as client:
        client.start(work.chain, steps, id="run")
        client.work_on("run", lease=lease)
    return {}


def recorded(path: str) -> Measured:
    """How many steps of the run have a result."""
    with perdure.connect(f"sqlite:///{path}") as client:
        return {"steps": sum(row.result is not None for row in client.store.activities("run"))}


def resume(path: str, steps: int, launched_at: float) -> Measured:
    """Seconds until the first new activity of the run begins: from the claim, from the launch."""
    with perdure.connect(f"sqlite:///{path}") as client:
        claims: list[float] = []
        claim_runs = client.store.claim_runs

        def note(*args: Any, **kwargs: Any) -> Any:
            at = time.time()
            claimed = claim_runs(*args, **kwargs)
            claims.extend([at] * bool(claimed))
            return claimed

        client.store.claim_runs = note  # type: ignore[method-assign]
        result = client.work_on("run")
        assert result == work.expected(steps)
    began = float(Path(work.STAMP_FILE).read_text())
    return {"from_claim": began - claims[0], "from_launch": began - launched_at, "pid": os.getpid()}


if __name__ == "__main__":
    serve(
        {
            "throughput": throughput,
            "lone": lone,
            "build": build,
            "recorded": recorded,
            "resume": resume,
        }
    )
