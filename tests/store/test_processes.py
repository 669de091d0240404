"""Promises between processes: claims never overlap; what was acknowledged survives `kill -9`."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

import perdure
from perdure.store import open_store
from perdure.store.protocol import RunFilter

from .makers import new_run, worker

ROOT = str(Path(next(iter(perdure.__path__))).parent)

# Waits for the starting line, so that both contend, then claims until nothing is left.
CLAIMER = """
import sys
from perdure.store import open_store
url, me = sys.argv[1:]
with open_store(url) as store:
    print("ready", flush=True)
    sys.stdin.readline()
    while runs := store.claim_runs(me, ["default"], 3, now=20.0):
        for run in runs:
            print(run.id, flush=True)
"""

# Commits for ever; prints a line after each acknowledgement and none before.
COMMITTER = """
import sys
from perdure.store import open_store
from perdure.store.protocol import FinishedActivity, ScheduledActivity, Transition
url = sys.argv[1]
with open_store(url) as store:
    runs = [run.id for run in store.claim_runs("w", ["default"], 100, now=20.0)]
    version = 0
    while True:
        batch = [
            Transition(
                id, "w", version, b"%d" % (version + 1),
                scheduled=[ScheduledActivity(version, "a:b", b"x" * 50, 1)],
                finished=[FinishedActivity(version - 1, True, b"%d" % version, 1, 1.0, 2.0)]
                if version else [],
            )
            for id in runs
        ]
        assert all(store.commit(batch))
        version += 1
        print(version, flush=True)
"""


def start(script: str, *args: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", script, *args],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def test_two_processes_never_claim_the_same_run(url: str) -> None:
    with open_store(url) as store:
        for n in range(150):
            store.create_run(new_run(str(n)))
        for me in ("w1", "w2"):
            store.register_worker(worker(me))
        with start(CLAIMER, url, "w1") as one, start(CLAIMER, url, "w2") as two:
            for process in (one, two):
                assert process.stdout is not None
                assert process.stdout.readline() == "ready\n"
            for process in (one, two):
                assert process.stdin is not None
                process.stdin.write("go\n")
                process.stdin.flush()
            claims = {
                me: process.communicate()[0].split() for me, process in (("w1", one), ("w2", two))
            }
        assert one.returncode == two.returncode == 0
        assert sorted(claims["w1"] + claims["w2"]) == sorted(map(str, range(150)))
        owners = {run.id: run.worker for run in store.list_runs(RunFilter(limit=1000))}
        assert owners == {id: me for me, ids in claims.items() for id in ids}


def test_processes_that_create_one_store_together_share_it(url: str) -> None:
    script = "import sys; from perdure.store import open_store; s = open_store(sys.argv[1])\n"
    script += "s.put_image(sys.argv[2], b'x'); s.close()"
    processes = [start(script, url, str(n)) for n in range(6)]
    for process in processes:
        process.communicate()
    assert [process.returncode for process in processes] == [0] * 6
    with open_store(url, create=False) as store:
        assert [store.get_image(str(n)) for n in range(6)] == [b"x"] * 6


@pytest.mark.parametrize("lines", [1, 7, 40])
def test_every_acknowledged_commit_survives_kill_9(url: str, lines: int) -> None:
    with open_store(url) as store:
        store.register_worker(worker())
        for n in range(20):
            store.create_run(new_run(str(n)))
    acknowledged = killed_after(lines, url)
    with open_store(url, create=False) as store:
        store.check()
        runs = store.list_runs(RunFilter())
        versions = {run.version for run in runs}
        assert len(versions) == 1, "a batch is one atomic commit"
        version = versions.pop()
        assert version in (acknowledged, acknowledged + 1)  # the last line may not have got out
        for run in runs:
            assert run.checkpoint == b"%d" % version
            assert [a.seq for a in store.activities(run.id)] == list(range(version))


def killed_after(lines: int, url: str) -> int:
    """Let a process commit until it has printed so many lines, kill it; its last line."""
    with start(COMMITTER, url) as process:
        assert process.stdout is not None
        printed = [process.stdout.readline() for _ in range(lines)]
        process.send_signal(signal.SIGKILL)
        printed += process.stdout.readlines()
    assert process.returncode == -signal.SIGKILL
    return int([line for line in printed if line.endswith("\n")][-1])
