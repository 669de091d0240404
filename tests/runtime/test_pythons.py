"""Runs that go on under another Python: what is compiled of its library differs there."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = """
import asyncio, contextlib, os
from perdure import activity, workflow

@activity
def act(value):
    if os.environ.get("DIE") == str(value):
        os.kill(os.getpid(), 9)
    return value

@activity
async def later(value):
    return act.__wrapped__(value)

@contextlib.contextmanager
def noted(log, name):
    log.append(act(f"begin {name}"))
    try:
        yield act(name)
    except ValueError as error:
        log.append(act(f"failed {error}"))
    log.append(act(f"end {name}"))

@workflow
def managers():
    log = []
    with noted(log, "one"), contextlib.ExitStack() as stack:
        stack.callback(lambda: log.append(act("called back")))
        stack.enter_context(noted(log, "two"))
        log.append(act("inside"))
        raise ValueError("so")
    return log

@workflow
async def tasks():
    log, queue, limit = [], asyncio.Queue(maxsize=2), asyncio.Semaphore(2)

    async def take():
        while (item := await queue.get()) is not None:
            async with limit:
                log.append(await later(item))

    taking = asyncio.create_task(take())
    for item in (1, 2, 3, 4):
        await queue.put(item)
    log.append(act("inside"))
    await queue.put(None)
    await asyncio.wait_for(taking, 100)
    async with asyncio.timeout(100):
        log.append(await later(5))
    return log
"""


def other_python() -> str | None:
    """A Python of another version that has what Perdure needs, in a folder of this checkout."""
    for folder in sorted(ROOT.glob(".venv*")):
        python = folder / "bin" / "python"
        asked = "import sys, perdure; print(sys.version_info[1])"
        if python.exists() and (folder / ".dev").exists():
            done = subprocess.run([python, "-c", asked], capture_output=True, text=True, cwd=ROOT)
            if done.returncode == 0 and int(done.stdout) != sys.version_info[1]:
                return str(python)
    return None


def perdure(python: str, *args: str, cwd: Path, die: str = "") -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PERDURE_CACHE": "off", "PYTHONPATH": str(ROOT), "DIE": die}
    command = [python, "-m", "perdure", *args, "--store", "sqlite:///runs.db"]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize("way", ["from here", "to here"])
@pytest.mark.parametrize("workflow", ["managers", "tasks"])
def test_a_run_goes_on_under_another_python(workflow: str, way: str, tmp_path: Path) -> None:
    other = other_python()
    if other is None:
        pytest.skip("there is no virtual environment of another Python in this checkout")
    first, second = (sys.executable, other) if way == "from here" else (other, sys.executable)
    (tmp_path / "program.py").write_text(PROGRAM)
    run = ("run", f"program.py:{workflow}")
    expected = perdure(first, *run, "--id", "whole", cwd=tmp_path)
    assert expected.returncode == 0, expected.stderr
    died = perdure(first, *run, "--id", "r", "--lease", "0.5", cwd=tmp_path, die="inside")
    assert died.returncode == -9, died.stderr
    done = perdure(second, "resume", "r", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert ast.literal_eval(done.stdout) == ast.literal_eval(expected.stdout)
    # Not begun by the first, it is all the second's.
    begun = perdure(first, "start", f"program.py:{workflow}", "--id", "s", cwd=tmp_path)
    assert begun.returncode == 0, begun.stderr
    done = perdure(second, "resume", "s", cwd=tmp_path)
    assert ast.literal_eval(done.stdout) == ast.literal_eval(expected.stdout)
