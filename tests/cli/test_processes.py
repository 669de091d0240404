"""Commands as processes: signals, death, and the demo."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from perdure.cli.boundary import Exit

ROOT = Path(__file__).parents[2]
TIMEOUT = 120


def until(happened, process):
    """Wait for something that a process that is at work brings about."""
    give_up = time.monotonic() + TIMEOUT
    while not happened():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < give_up
        time.sleep(0.005)  # between two looks at a file or a store


def hangs(process):
    """Wait until the activity of `hanging` is being executed."""
    until(Path("begun").exists, process)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_worker_says_what_it_does_and_ends_when_asked(shop, number):
    for i in range(3):
        shop("start", "shop.py:checkout", str(i), "--id", str(i), "--queue", "mine")
    with shop.process("worker", "--queue", "mine", "--json") as process:
        started = json.loads(process.stdout.readline())
        with shop.process("resume", "2") as other:
            other.communicate(timeout=TIMEOUT)
        until(lambda: {r["status"] for r in shop.json("list")} == {"succeeded"}, process)
        process.send_signal(number)
        rest, errors = process.communicate(timeout=TIMEOUT)
    stopped = json.loads(rest)
    assert (process.returncode, errors) == (0, "shop is imported\n")
    assert started["event"] == "started"
    assert started["queues"] == ["mine"]
    assert stopped["event"] == "stopped"
    assert stopped["worker"] == started["worker"]
    assert stopped["executed"] <= 3


def test_a_worker_serves_its_queues_only(shop):
    shop("start", "shop.py:checkout", "1", "--id", "x", "--queue", "others")
    shop("start", "shop.py:checkout", "1", "--id", "y")
    with shop.process("worker", "--concurrency", "1") as process:
        line = process.stdout.readline()
        until(lambda: shop.json("show", "y")["status"] != "running", process)
        process.terminate()
        rest, _ = process.communicate(timeout=TIMEOUT)
    assert re.fullmatch(r"worker \S+ serves default of sqlite:///perdure\.db\n", line)
    assert re.fullmatch(r"(shop is imported\n)?worker \S+ stopped: 1 activity executed\n", rest)
    assert shop.json("show", "x")["status"] == "running"


def test_what_a_stopped_worker_was_executing_is_executed_again(shop):
    shop("start", "shop.py:hanging", "begun", "--id", "x")
    with shop.process("worker") as process:
        hangs(process)
        process.terminate()
        process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0
    found = shop.json("show", "x")
    assert (found["status"], found["worker"]) == ("running", None)
    Path("begun").unlink()
    with shop.process("worker") as process:
        hangs(process)
        process.kill()
        process.communicate(timeout=TIMEOUT)


def test_ctrl_c_keeps_the_run(shop):
    with shop.process("run", "shop.py:hanging", "begun", "--id", "x") as process:
        hangs(process)
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, out) == (Exit.INTERRUPTED, "")
    assert errors.endswith("run x is kept; go on with: perdure resume x\ninterrupted\n")
    assert shop.json("show", "x")["worker"] is None


def test_resume_takes_over_from_a_dead_process(shop):
    shop("start", "shop.py:hanging", "begun", "--id", "x")
    with shop.process("worker", "--lease", "2") as process:
        hangs(process)
        dead = shop.json("show", "x")["worker"]
        process.kill()
    Path("begun").unlink()
    with shop.process("resume", "x") as process:
        hangs(process)
        assert shop.json("show", "x")["worker"] not in (dead, None)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=TIMEOUT)
    assert errors.endswith("run x is kept; go on with: perdure resume x\ninterrupted\n")


def test_the_demo_tells_true_facts(tmp_path):
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples/demo.py"), "--files", "40"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("\n  yes  ") == 7
    assert "NO " not in done.stdout
    assert "each of the 40 files is in the index exactly once" in done.stdout
    assert "<svg" in (tmp_path / ".demo/resumed.svg").read_text()


def test_the_example_is_a_script_too(tmp_path):
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "good.py").write_text("def one(): pass\nclass Two: pass\n")
    (folder / "bad.py").write_text("def one(:\n")
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples/index_sources.py"), str(folder)],
        cwd=tmp_path,
        env={**os.environ, "PERDURE_STORE": "sqlite:///here.db"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=True,
    )
    assert "'files': 1, 'skipped': ['bad.py'], 'functions': 1, 'classes': 1" in done.stdout
    assert (tmp_path / "here.db").exists()
