"""The limit: plain sqlite3 writes the bytes that Perdure wrote, and does nothing else.

A transition is one update of a run's row (fenced by its version) and one insert of a step's row.
The row-only variant is the ceiling above that: one insert per step with all its bytes.
"""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

from .side import Measured, bytes_on_disk, serve

_TABLES = """
CREATE TABLE runs (n INTEGER PRIMARY KEY, version INTEGER NOT NULL, checkpoint BLOB NOT NULL);
CREATE TABLE steps (n INTEGER PRIMARY KEY, run INTEGER NOT NULL, seq INTEGER NOT NULL,
                    args BLOB NOT NULL, result BLOB NOT NULL);
"""
_UPDATE = "UPDATE runs SET version = version + 1, checkpoint = ? WHERE n = ? AND version = ?"
_INSERT = "INSERT INTO steps (run, seq, args, result) VALUES (?, ?, ?, ?)"


class Raw:
    """A plain database that takes transitions of the given sizes: checkpoint, args, result."""

    def __init__(self, path: Path, runs: int, sizes: tuple[int, int, int]) -> None:
        self.checkpoint, self.args, self.result = (os.urandom(size) for size in sizes)
        self.runs = runs
        self.db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.db.execute("PRAGMA journal_mode = WAL").fetchone()
        self.db.execute("PRAGMA synchronous = FULL")
        self.db.executescript(_TABLES)
        self.db.execute("BEGIN")
        rows = ((run, self.checkpoint) for run in range(runs))
        self.db.executemany("INSERT INTO runs VALUES (?, 0, ?)", rows)
        self.db.execute("COMMIT")

    def commit(self, step: int) -> None:
        """One step of every run, in one commit."""
        db, runs = self.db, range(self.runs)
        db.execute("BEGIN IMMEDIATE")
        db.executemany(_UPDATE, [(self.checkpoint, run, step) for run in runs])
        db.executemany(_INSERT, [(run, step, self.args, self.result) for run in runs])
        db.execute("COMMIT")

    def commit_rows(self, step: int) -> None:
        """One row for one step of every run, in one commit."""
        data = self.checkpoint + self.args
        self.db.execute("BEGIN IMMEDIATE")
        rows = [(run, step, data, self.result) for run in range(self.runs)]
        self.db.executemany(_INSERT, rows)
        self.db.execute("COMMIT")


def throughput(
    folder: str, runs: int, steps: int, sizes: tuple[int, int, int], repeat: int = 3
) -> Measured:
    """Steps per second with one commit for a step of all runs; each repeat in a new database."""
    figures: dict[str, list[float]] = {"batch": [], "row": []}
    for number in range(repeat):
        for kind, times in figures.items():
            raw = Raw(Path(folder) / f"{kind}{number}.db", runs, sizes)
            commit = raw.commit if kind == "batch" else raw.commit_rows
            began = time.perf_counter()
            for step in range(steps):
                commit(step)
            times.append(runs * steps / (time.perf_counter() - began))
            raw.db.close()
    size = bytes_on_disk(Path(folder) / "batch0.db") / (runs * steps)
    return {**figures, "bytes_per_step": size}


if __name__ == "__main__":
    serve({"throughput": throughput})
