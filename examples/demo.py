"""The demo: a workflow whose worker is killed in the middle, and goes on in another process.

    make demo          or: python examples/demo.py [--files N]

It starts `index_sources` (beside this file), lets a real worker process carry it out, kills that
with SIGKILL, starts another, and shows what the store and the index say afterwards. It is a check
too: the exit code is 1 when a fact it shows is not so. Its files are under `.demo/`.
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

import perdure
from perdure.cli.standing import Place, stands
from perdure.store.protocol import ActivityRecord

HOME = Path(".demo")
STORE = f"sqlite:///{HOME}/store.db"
INDEX = HOME / "sources.db"
SVG = HOME / "resumed.svg"
TARGET = f"{Path(__file__).parent / 'index_sources.py'}:index_sources"
RUN = "demo"
LEASE = 2.0  # seconds
PATIENCE = 120.0  # seconds for any one thing to happen

ONCE = """
SELECT (SELECT count(*) FROM sources), (SELECT count(DISTINCT path) FROM sources),
       (SELECT count(*) FROM files)
"""


@dataclass
class Story:
    """Tells what happens, and remembers whether all of it was as it should be."""

    console: Console = field(default_factory=lambda: Console(highlight=False, soft_wrap=True))
    false: list[str] = field(default_factory=list)

    def chapter(self, title: str) -> None:
        """Begin a part of the story."""
        self.console.print(Text(f"\n{title}", "bold"))

    def say(self, text: str, style: str = "") -> None:
        """Tell something."""
        self.console.print(Text(f"  {text}", style))

    def fact(self, text: str, holds: bool) -> None:
        """State something that must be so."""
        mark, style = ("yes", "green") if holds else ("NO ", "bold red")
        self.console.print(Text(f"  {mark}  ", style) + Text(text))
        if not holds:
            self.false.append(text)


def main() -> int:
    """Tell the story; 0 when every fact in it is true."""
    options = argparse.ArgumentParser(description="Kill a worker, and see its run go on.")
    options.add_argument("--files", type=int, default=300, help="how many files to index")
    limit = options.parse_args().files
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir()
    story = Story()
    with perdure.connect(STORE) as client:
        demo = Demo(client, story, limit)
        demo.begin()
        demo.first_worker()
        demo.look()
        demo.second_worker()
        demo.facts()
    if story.false:
        story.say(f"\n{len(story.false)} of these facts are false", "bold red")
    return int(bool(story.false))


class Demo:
    """The story, chapter by chapter; each leaves what the next ones need."""

    def __init__(self, client: perdure.Client, story: Story, limit: int) -> None:
        self.client = client
        self.story = story
        self.limit = limit
        self.names: dict[str, str] = {}  # worker id -> what the story calls it
        self.lease_until = 0.0
        self.before: list[ActivityRecord] = []
        self.place: Place | None = None
        self.woken_at = 0.0
        self.announced = ""

    def begin(self) -> None:
        """Start the run: from now on it is in the store, and nowhere else."""
        self.story.chapter("1. A workflow is started")
        run: perdure.Run[Any] = self.client.start(
            TARGET, None, str(INDEX.resolve()), self.limit, id=RUN
        )
        self.story.say(f"{TARGET} has been compiled, and run {run.id!r} created in {STORE}.")
        self.story.say(f"It will index {self.limit} files of Python's own library, one by one.")

    def first_worker(self) -> None:
        """Let a process work up to the middle, and kill it."""
        self.story.chapter("2. A worker process carries it out, and is killed")
        with worker_process() as process:
            self.say_worker("first", process)
            until = int(0.4 * self.limit) + 2
            wait_for(lambda: len(self.done()) >= until, process)
            process.kill()
            process.wait()
        self.before = self.done()
        dead = self.names["first"]
        self.lease_until = next(w.lease_until for w in self.client.store.workers() if w.id == dead)
        self.story.say(
            f"kill -9 {process.pid}: it had no chance to say goodbye. "
            f"{len(self.before)} activities have been recorded.",
            "yellow",
        )

    def look(self) -> None:
        """Read from the store where the run stands, and draw it."""
        self.story.chapter("3. What is left: the store")
        record = self.client.record(RUN)
        standing = stands(self.client, record)
        place = self.place = standing.fibers[0][1][-1]
        self.story.say(f"Run {RUN!r} is {record.status}, at version {record.version}. It stands at")
        self.story.say(f"{place.file}:{place.line}, before task block {place.block}:")
        self.story.say(f"    {place.source}", "cyan")
        live = {v.name: v.value for v in place.live if not v.name.startswith("_")}
        shown = {name: live[name] for name in ("path", "functions", "classes", "skipped")}
        words = ", ".join(f"{name} = {value!r}" for name, value in shown.items())
        self.story.say(f"with these live variables, among others: {words}.")
        from perdure.compiler.svg import render_svg

        SVG.write_text(render_svg(standing.image, place.function, standing.mark), "utf-8")

    def second_worker(self) -> None:
        """Start another process, which takes the run over when the dead one's lease is out."""
        self.story.chapter("4. Another worker process is started")
        self.woken_at = time.time()
        with worker_process() as process:
            self.say_worker("second", process)
            wait_for(lambda: self.client.record(RUN).status != "running", process)
            process.terminate()
            self.announced = process.communicate(timeout=PATIENCE)[0].strip()
        self.story.say(f"it was asked to end (SIGTERM), and said: {self.announced}")

    def facts(self) -> None:
        """Say what must be so now, and whether it is."""
        self.story.chapter("5. What the store and the index say")
        record = self.client.record(RUN)
        self.story.fact(f"the run has {record.status}", record.status == "succeeded")
        if record.status != "succeeded":
            return
        result = self.client.outcome(record)
        after = self.client.store.activities(RUN)
        self.facts_of_history(after)
        self.facts_of_index(result, after)
        self.facts_of_time(after)
        self.story.chapter("6. The picture")
        self.story.say(f"{SVG} shows the program; the block where the run went on is marked.")
        self.story.fact("it is there", SVG.stat().st_size > 0)

    def facts_of_history(self, after: list[ActivityRecord]) -> None:
        """Which process recorded what."""
        counts = Counter(row.worker for row in after)
        for name, worker in self.names.items():
            self.story.say(f"{counts[worker]:5d} activities recorded by the {name} ({worker})")
        first, second = (counts[worker] for worker in self.names.values())
        self.story.fact(
            "both processes had a part in it, and nobody else",
            first > 0 < second and first + second == len(after),
        )
        kept = [(a.seq, a.worker, a.result) for a in self.before]
        self.story.fact(
            f"the {len(kept)} results recorded before the kill were kept, none was made again",
            kept == [(a.seq, a.worker, a.result) for a in after[: len(kept)]],
        )
        self.story.fact(
            f"the second process executed {second} activities, as many as it recorded: "
            f"it began with number {after[first].seq}, at the block where the first one fell",
            f": {second} activities" in self.announced and after[first].seq == first,
        )

    def facts_of_index(self, result: dict[str, Any], after: list[ActivityRecord]) -> None:
        """Each file is in the index exactly once."""
        with closing(sqlite3.connect(INDEX)) as index:
            entries, paths, files = index.execute(ONCE).fetchone()
        self.story.say(f"the index has {entries} entries, of {paths} different files")
        listed = result["files"] + len(result["skipped"])
        tried = sum(row.name.endswith(":index_file") for row in after)
        self.story.fact(
            f"each of the {result['files']} files is in the index exactly once",
            entries == paths == files == result["files"] and listed == tried == self.limit,
        )
        self.story.say(
            f"{result['functions']} functions and {result['classes']} classes; "
            f"most often defined: {', '.join(result['most often defined'])}"
        )

    def facts_of_time(self, after: list[ActivityRecord]) -> None:
        """How long it took to go on."""
        mine = [a.finished_at for a in after if a.worker == self.names["second"]]
        first_result = min(at for at in mine if at is not None)
        free_at = max(self.lease_until, self.woken_at)
        self.story.say(
            f"from the second process's start to its first result: "
            f"{first_result - self.woken_at:.2f} s, most of it the rest of the dead worker's lease"
        )
        self.story.say(
            f"from the end of that lease to the first result: {first_result - free_at:.3f} s"
        )
        self.story.fact(
            "nothing was taken from the first worker before its lease ran out",
            first_result > self.lease_until,
        )

    def done(self) -> list[ActivityRecord]:
        """The activities whose results are recorded."""
        return [a for a in self.client.store.activities(RUN) if a.status != "scheduled"]

    def say_worker(self, name: str, process: subprocess.Popen[str]) -> None:
        """Wait for a worker's first line, and tell who it is."""
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"the {name} worker ended with exit code {process.wait()}")
        self.names[name] = line.split()[1]
        self.story.say(f"$ perdure worker --lease {LEASE:g} --store {STORE}")
        self.story.say(f"process {process.pid}: {line.strip()}")


@contextmanager
def worker_process() -> Iterator[subprocess.Popen[str]]:
    """A real `perdure worker`; it does not outlive the block."""
    command = [sys.executable, "-m", "perdure.cli", "worker"]
    command += ["--lease", str(LEASE), "--store", STORE]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def wait_for(happened: Any, process: subprocess.Popen[str]) -> None:
    """Look at the store until it has happened."""
    give_up = time.monotonic() + PATIENCE
    while not happened():
        if process.poll() is not None:
            raise RuntimeError(f"the worker ended with exit code {process.returncode}")
        if time.monotonic() > give_up:
            raise TimeoutError(f"nothing came of it within {PATIENCE:g} s")
        time.sleep(0.01)


if __name__ == "__main__":
    sys.exit(main())
