"""DBOS's own environment, `.venv-dbos` at the repository's root, made when first needed."""

from __future__ import annotations

import subprocess
import sys

from .side import ROOT, SideFailed, ask

HOME = ROOT / ".venv-dbos"
PYTHON = HOME / "bin" / "python"
COMMAND = [str(PYTHON), str(ROOT / "tests" / "benchmarks" / "dbos_side.py")]


def prepare() -> tuple[str | None, str]:
    """DBOS's version and "", or None and why there is none."""
    try:
        return ask(COMMAND, "installed")["version"], ""
    except (SideFailed, OSError):
        pass  # not there yet, or a half-made one: make it
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(HOME)],
        [str(PYTHON), "-m", "pip", "install", "--quiet", "dbos>=3"],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            said = (done.stderr or done.stdout).strip().splitlines()
            return None, f"{' '.join(command)} failed: {said[-1] if said else done.returncode}"
    try:
        return ask(COMMAND, "installed")["version"], ""
    except SideFailed as error:
        return None, f"DBOS was installed but does not start: {str(error).splitlines()[-1]}"
