"""A side is a program that carries out one piece of work and prints what it measured as JSON.

Each piece of work gets a fresh process, so that no side inherits another's heap, threads or page
cache inside SQLite. `python -m tests.benchmarks.perdure_side lone '{"steps": 1000, ...}'`.

This file imports nothing beyond the standard library: DBOS's environment has no Perdure in it.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
Measured = dict[str, Any]


class SideFailed(RuntimeError):
    """A side's process ended badly; the message holds the end of what it said."""


def serve(pieces: Mapping[str, Callable[..., Measured]]) -> None:
    """Carry out the piece of work that the command line names. Its result is the last line."""
    piece, parameters = sys.argv[1], json.loads(sys.argv[2])
    result = pieces[piece](**parameters)
    sys.stdout.flush()
    print(json.dumps(result), flush=True)
    # Threads that a side's library keeps should not delay or spoil the end.
    os._exit(0)


def ask(
    command: list[str], piece: str, env: Mapping[str, str] | None = None, **parameters: Any
) -> Measured:
    """Have a side do a piece of work; raises `SideFailed`."""
    done = _run(command, piece, env, parameters)
    if done.returncode != 0:
        end = (done.stderr + done.stdout)[-2000:]
        raise SideFailed(f"{' '.join(command)} {piece} {parameters}: {done.returncode}\n{end}")
    measured: Measured = json.loads(done.stdout.splitlines()[-1])
    return measured


def ask_and_see_it_die(
    command: list[str], piece: str, env: Mapping[str, str], **parameters: Any
) -> None:
    """Have a side do a piece of work in which it kills itself; raises `SideFailed` if it lives."""
    done = _run(command, piece, env, parameters)
    if done.returncode != -9:
        end = (done.stderr + done.stdout)[-2000:]
        raise SideFailed(f"{' '.join(command)} {piece} {parameters} should have died:\n{end}")


def _run(
    command: list[str], piece: str, env: Mapping[str, str] | None, parameters: dict[str, Any]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*command, piece, json.dumps(parameters)],
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
    )


def bytes_on_disk(path: Path) -> int:
    """What a database takes once its log is folded in: the file, and what is left of the log."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.close()
    files = [path, path.with_name(path.name + "-wal")]
    return sum(file.stat().st_size for file in files if file.exists())
