"""Workers are killed with SIGKILL at random moments; nothing is lost, doubled or mixed up."""

from __future__ import annotations

import itertools
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import perdure
from perdure.runtime.client import HistoryEntry
from tests.runtime import program_kill

KILLS = 60
RUNS = 40
ROUNDS = 60
LEASE = 0.6


class Fleet:
    """Two worker processes, kept alive; `kill_one` ends one of them the hard way."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.workers: list[subprocess.Popen[str]] = []
        self.kills = 0

    def fill(self) -> None:
        while len(self.workers) < 2:
            command = [sys.executable, "-m", "tests.runtime.worker_process", self.url, str(LEASE)]
            root = Path(__file__).parents[2]
            worker = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root)
            assert worker.stdout is not None
            assert worker.stdout.readline() == "up\n"
            self.workers.append(worker)

    def kill_one(self, choose: random.Random) -> None:
        victim = self.workers.pop(choose.randrange(len(self.workers)))
        assert victim.poll() is None, "a worker ended by itself"
        os.kill(victim.pid, signal.SIGKILL)
        victim.wait()
        assert victim.stdout is not None
        victim.stdout.close()
        self.kills += 1

    def close(self) -> None:
        for worker in self.workers:
            worker.kill()
            worker.wait()
            assert worker.stdout is not None
            worker.stdout.close()


@contextmanager
def fleet(url: str) -> Iterator[Fleet]:
    made = Fleet(url)
    try:
        yield made
    finally:
        made.close()


def test_workers_die_and_runs_do_not(tmp_path: Path) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    choose = random.Random(seed)
    url = f"sqlite:///{tmp_path / 'kill.db'}"
    journal = str(tmp_path / "journal")
    with perdure.connect(url) as client, fleet(url) as workers:
        ids = [f"run-{n}" for n in range(RUNS)]
        waves = itertools.count()

        def add_wave() -> None:
            """More runs, so that there is always work to be killed in."""
            wave = next(waves)
            for id in ids:
                name = f"{id}-{wave}"
                client.start(program_kill.journey, journal, name, ROUNDS, id=name)

        add_wave()
        while workers.kills < KILLS:
            workers.fill()
            busy = len(client.list(status="running", limit=RUNS * 2))
            if busy < RUNS // 2:
                add_wave()
            threading.Event().wait(choose.uniform(0.005, 0.25))  # the moment is the test's point
            workers.kill_one(choose)
        workers.fill()
        give_up = time.monotonic() + 120
        for record in client.list(limit=10**6):
            client.get(record.id).result(timeout=give_up - time.monotonic())
        check(client, journal)
    print(f"{workers.kills} kills")


def check(client: perdure.Client, journal: str) -> None:
    """Every run ended well, from results that were each recorded and used once."""
    written = Path(journal).read_text().splitlines()
    executed = {tuple(line.split()[:3]) for line in written}
    records = client.list(limit=10**6)
    assert {record.status for record in records} == {"succeeded"}
    repeated = len(written) - sum(len(client.get(r.id).history()) for r in records)
    assert repeated >= 0, "a result was recorded for an activity that never ran"
    for record in records:
        run = client.get(record.id)
        history = run.history()
        numbers = [entry.seq for entry in history]
        assert numbers == sorted(set(numbers))
        assert Counter(entry.args[2] for entry in history).most_common(1)[0][1] == 1
        for entry in history:
            assert (record.id, str(entry.args[2]), str(entry.value)) in executed
        assert run.result() == replayed(record.id, journal, history)


def replayed(run: str, journal: str, history: list[HistoryEntry]) -> list[int]:
    """What the plain function returns when its activities give the recorded results in order."""
    results = iter(history)

    def recorded(journal: str, run: str, step: int) -> int:
        entry = next(results)
        assert entry.args == (journal, run, step)
        assert isinstance(entry.value, int)
        return entry.value

    space: dict[str, Any] = {}
    exec(Path(program_kill.__file__).read_text(), space)
    space |= {"note": recorded, "sleep": lambda seconds: None}
    seen: list[int] = space["journey"](journal, run, ROUNDS)
    assert next(results, None) is None, "the history has results that the run did not use"
    return seen
