"""Facts about the machine, without which no figure means anything."""

from __future__ import annotations

import os
import platform
import sqlite3
import statistics
import subprocess
import sysconfig
import time
from pathlib import Path
from typing import Any

from .side import ROOT


def facts(folder: Path) -> dict[str, Any]:
    return {
        "cpus": os.cpu_count(),
        "cpus_usable": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "load_average": os.getloadavg()[0],
        "system": platform.platform(),
        "python": platform.python_version(),
        "python_optimized": _is_optimized(),
        "sqlite": sqlite3.sqlite_version,
        "revision": _revision(),
        "fsync_ms": fsync_ms(folder),
    }


def _is_optimized() -> bool | None:
    """Whether this Python was built by its own profile (`--enable-optimizations`); None: not known.

    Distributions do so; who compiles one with pyenv, as a rule, does not: it is 1.4 times slower.
    """
    options = sysconfig.get_config_var("CONFIG_ARGS")
    return None if options is None else "--enable-optimizations" in options


def fsync_ms(folder: Path, count: int = 200) -> float:
    """Median milliseconds to make 4 KB durable at the end of a file on the disk that is used."""
    path = folder / "fsync-probe"
    sync = getattr(os, "fdatasync", os.fsync)
    times = []
    with path.open("wb", buffering=0) as file:
        for _ in range(count):
            file.write(bytes(4096))
            began = time.perf_counter()
            sync(file.fileno())
            times.append(time.perf_counter() - began)
    path.unlink()
    return statistics.median(times) * 1e3


def _revision() -> str:
    """The commit that is measured; "+" when the tree differs from it."""

    def git(*args: str) -> str:
        done = subprocess.run(["git", *args], cwd=ROOT, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    try:
        return (git("rev-parse", "--short", "HEAD") or "unknown") + (
            "+" if git("status", "--porcelain", "perdure") else ""
        )
    except OSError:
        return "unknown"
