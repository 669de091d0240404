"""The benchmarks: which side does what, in which order, and what is taken down.

In each round every side has its turn, so that a noisy neighbour meets them all, and ratios are
taken within rounds.
"""

from __future__ import annotations

import itertools
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from . import dbos_home
from .kernels import NAMES, SHAPES
from .report import Aim, Report, median_ratio
from .side import Measured, SideFailed, ask, ask_and_see_it_die

PERDURE = [sys.executable, "-m", "tests.benchmarks.perdure_side"]
COMPILE = [sys.executable, "-m", "tests.benchmarks.compile_side"]
KERNELS = [sys.executable, "-m", "tests.benchmarks.kernels_side"]
RAW = [sys.executable, "-m", "tests.benchmarks.raw_side"]

# A killed worker's lease, in seconds: long enough to be renewed on a busy machine.
LEASE = 2.0
# Without --full, DBOS is not asked to resume a run that takes longer than this to build or replay.
PATIENCE = 60.0


@dataclass(frozen=True)
class Size:
    """How much work there is."""

    runs: int = 200
    steps: int = 20
    lone: int = 1000
    resume: tuple[int, ...] = (10, 100, 1_000, 10_000)
    lines: tuple[int, int] = (500, 4_000)
    activities: tuple[int, int] = (10, 1_000)
    kernel: float = 0.05  # about 15 ms each
    pairs: int = 80  # of a compiled and a plain execution in one process


QUICK = Size(
    runs=20,
    steps=5,
    lone=100,
    resume=(10, 50),
    lines=(100, 200),
    activities=(10, 50),
    kernel=0.01,
    pairs=1,
)


@dataclass
class Bench:
    """One run of the benchmarks."""

    report: Report
    folder: Path
    size: Size
    rounds: int
    dbos: bool
    full: bool
    say: Callable[[str], None]
    skip_dbos_from: int = sys.maxsize  # a resume of so many steps takes DBOS too long
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """A new folder on the disk under test, gone afterwards."""
        path = self.folder / str(next(self._numbers))
        path.mkdir()
        try:
            yield str(path)
        finally:
            shutil.rmtree(path)

    def note(self, bench: str, work: str, side: str, unit: str, value: float) -> None:
        self.report.figure(bench, work, side, unit).rounds.append(value)

    @property
    def many(self) -> str:
        return f"{self.size.runs} runs x {self.size.steps} steps"

    @property
    def one(self) -> str:
        return f"1 run x {self.size.lone:,} steps"


def throughput(bench: Bench, only_bytes: bool = False) -> None:
    """Durable steps per second of many concurrent runs in one worker process."""
    work: dict[str, Any] = {"runs": bench.size.runs, "steps": bench.size.steps}
    for number in range(1 if only_bytes else bench.rounds):
        bench.say(f"throughput, round {number + 1}: Perdure")
        with bench.fresh() as folder:
            ours = ask(PERDURE, "throughput", folder=folder, **work)
        bench.say(f"throughput, round {number + 1}: plain sqlite3")
        with bench.fresh() as folder:
            raw = ask(RAW, "throughput", folder=folder, sizes=ours["sizes"], **work)
        theirs: Measured = {}
        if bench.dbos:
            bench.say(f"throughput, round {number + 1}: DBOS")
            with bench.fresh() as folder:
                theirs = ask(dbos_home.COMMAND, "throughput", folder=folder, **work)
        if not only_bytes:
            _note_throughput(bench, ours, raw, theirs)
        _note_bytes(bench, bench.many, ours, raw["bytes_per_step"], theirs)


def _note_throughput(bench: Bench, ours: Measured, raw: Measured, theirs: Measured) -> None:
    rows = [
        ("perdure", ours["steps_per_s"]),
        ("raw, batches", median(raw["batch"])),
        ("raw, one row a step", median(raw["row"])),
    ]
    rows += [("dbos", theirs["steps_per_s"])] if theirs else []
    for side, value in rows:
        bench.note("throughput", bench.many, side, "steps/s", value)
    bench.report.machine["bytes_of_a_step"] = dict(
        zip(("checkpoint", "arguments", "result"), ours["sizes"], strict=True)
    )


def lone(bench: Bench, only_bytes: bool = False) -> None:
    """Milliseconds per step of one run."""
    for number in range(1 if only_bytes else bench.rounds):
        bench.say(f"lone run, round {number + 1}: Perdure, with plain sqlite3 in between")
        with bench.fresh() as folder:
            ours = ask(PERDURE, "lone", folder=folder, steps=bench.size.lone)
        theirs: Measured = {}
        if bench.dbos:
            bench.say(f"lone run, round {number + 1}: DBOS")
            with bench.fresh() as folder:
                theirs = ask(dbos_home.COMMAND, "lone", folder=folder, steps=bench.size.lone)
        if not only_bytes:
            rows = [("perdure", ours["ms_per_step"]), ("raw, commits", ours["raw_ms_per_step"])]
            rows += [("dbos", theirs["ms_per_step"])] if theirs else []
            for side, value in rows:
                bench.note("lone", bench.one, side, "ms/step", value)
        _note_bytes(bench, bench.one, ours, ours["raw_bytes_per_step"], theirs)


def _note_bytes(bench: Bench, work: str, ours: Measured, raw: float, theirs: Measured) -> None:
    if "bytes" not in bench.report.options["only"]:
        return
    rows = [("perdure", ours["bytes_per_step"]), ("raw", raw)]
    rows += [("dbos", theirs["bytes_per_step"])] if theirs else []
    for side, value in rows:
        bench.note("bytes", work, side, "bytes/step", value)


def resume(bench: Bench) -> None:
    """Time from taking a run over to its first new activity, after so many recorded ones."""
    for steps in bench.size.resume:
        _resume_after(bench, "perdure", PERDURE, steps, lease=LEASE)
        if not bench.dbos:
            continue
        if steps >= bench.skip_dbos_from:
            figure = bench.report.figure("resume", _after(steps), "dbos", "ms")
            figure.note = f"skipped: over {PATIENCE:.0f} s (--full measures it)"
            continue
        took = _resume_after(bench, "dbos", dbos_home.COMMAND, steps)
        # Both the building and the replay grow with the steps, at least tenfold for the next size.
        if took * 10 > PATIENCE and not bench.full:
            bench.skip_dbos_from = steps * 10


def _after(steps: int) -> str:
    return f"after {steps:,} steps"


def _resume_after(
    bench: Bench, side: str, command: list[str], steps: int, **options: float
) -> float:
    """Build the half-done run once, resume a copy of it in each round. Seconds that the longest
    part took."""
    total = steps + 5  # a few more, to see that it truly goes on
    with bench.fresh() as folder:
        template = Path(folder) / "template"
        template.mkdir()
        path = str(template / "run.db")
        bench.say(f"resume: {side} builds a run and is killed after {steps:,} steps")
        began = time.monotonic()
        ask_and_see_it_die(
            command, "build", {"BENCH_DIE_AT": str(steps)}, path=path, steps=total, **options
        )
        took = time.monotonic() - began
        dead_at = time.time()
        copies = [Path(folder) / f"round{number}" for number in range(bench.rounds)]
        for copy in copies:
            shutil.copytree(template, copy)
        found = ask(command, "recorded", path=path)["steps"]
        if found != steps:
            raise SideFailed(f"{side}: {found} steps are recorded, and not {steps}")
        time.sleep(max(0.0, dead_at + options.get("lease", 0.0) + 0.2 - time.time()))
        for copy in copies:
            bench.say(f"resume: {side} goes on after {steps:,} steps")
            env = {"BENCH_STAMP_AT": str(steps), "BENCH_STAMP_FILE": str(copy / "stamp")}
            launched = time.time()
            found = ask(
                command,
                "resume",
                env,
                path=str(copy / "run.db"),
                steps=total,
                launched_at=launched,
            )
            bench.note("resume", _after(steps), side, "ms", found["from_claim"] * 1e3)
            launch = f"{_after(steps)}, from launch"
            bench.note("resume", launch, side, "ms", found["from_launch"] * 1e3)
            took = max(took, found["from_launch"])
    return took


def compile(bench: Bench) -> None:
    """The compiler's speed and growth at two sizes, and a start with and without its cache."""
    programs = [(kind, n) for kind in ("ordinary", "dense") for n in bench.size.lines]
    programs += [("straight", n) for n in bench.size.activities]
    for number in range(bench.rounds):
        for kind, amount in programs:
            bench.say(f"compile, round {number + 1}: {kind}, {amount:,}")
            with bench.fresh() as folder:
                found = ask(COMPILE, "compile", folder=folder, kind=kind, amount=amount)
            if kind == "straight":
                bench.note("compile", _calls(amount), "growth", "bytes/byte", found["growth"])
            else:
                work = _program(kind, amount)
                bench.note("compile", work, "perdure", "lines/s", found["lines_per_s"])
                bench.note("compile", work, "cpython", "lines/s", found["cpython_lines_per_s"])
        _start(bench)


def _start(bench: Bench) -> None:
    lines = bench.size.lines[1]
    with bench.fresh() as folder:
        for side, cache in (("no cache", "off"), ("first", folder), ("second", folder)):
            found = ask(COMPILE, "start", folder=folder, amount=lines, cache=cache)
            bench.note("compile", f"start, {lines:,} lines", side, "ms", found["ms"])


def _program(kind: str, lines: int) -> str:
    return f"{kind}, {lines:,} lines"


def _calls(activities: int) -> str:
    return f"{activities:,} activities in a row"


def kernels(bench: Bench) -> None:
    """Python that does not suspend, and loops that rarely do, beside CPython itself."""
    size = bench.size
    for number in range(bench.rounds):
        for name in NAMES:
            bench.say(f"kernels, round {number + 1}: {name}")
            found = ask(KERNELS, "kernel", name=name, scale=size.kernel, pairs=size.pairs)
            for shape in SHAPES:
                work, took = f"{name}, {shape}", found[shape]
                bench.note("kernels", work, "perdure", "s", took["perdure"])
                bench.note("kernels", work, "cpython", "s", took["cpython"])
                bench.note("kernels", work, "ratio", "times", took["ratio"])


def judge(bench: Bench) -> list[Aim]:
    """What was promised, against what was measured."""
    report, aims = bench.report, []
    ours = report.find("throughput", bench.many, "perdure")
    raw = report.find("throughput", bench.many, "raw, batches")
    if ours and raw:
        value = median_ratio(ours, raw)
        text = f"{median(ours):,.0f} of {median(raw):,.0f} steps/s = 1/{1 / value:.1f}"
        aim = "at least 10,000 steps/s where raw gives 70,000: 1/7"
        aims.append(Aim("throughput", aim, text, value, value >= 1 / 7))
    ours = report.find("lone", bench.one, "perdure")
    raw = report.find("lone", bench.one, "raw, commits")
    if ours and raw:
        value = median_ratio(ours, raw)
        aim = "a lone step within 1.5 raw commits"
        aims.append(Aim("lone", aim, f"{value:.2f} raw commits", value, value <= 1.5))
    short, long = min(bench.size.resume), max(bench.size.resume)
    few = report.find("resume", _after(short), "perdure")
    many = report.find("resume", _after(long), "perdure")
    if few and many:
        value = median(many) / median(few)
        aim = f"resuming after {long:,} steps within 1.5 times that after {short:,}"
        aims.append(Aim("resume", aim, f"{value:.2f} times", value, value <= 1.5))
    return aims + _judge_compiler(bench) + _judge_kernels(bench)


def _judge_compiler(bench: Bench) -> list[Aim]:
    report, aims = bench.report, []
    for kind in ("ordinary", "dense"):
        short, long = (
            report.find("compile", _program(kind, n), "perdure") for n in bench.size.lines
        )
        if not short or not long:
            continue
        if kind == "ordinary":
            value = median(long)
            text = f"{value:,.0f} lines/s"
            aim = "at least 5,000 lines/s of ordinary code"
            aims.append(Aim("compile", aim, text, value, value >= 5_000))
        value = median_ratio(short, long)
        few, many = bench.size.lines
        aim = f"a line of {many:,} {kind} ones within 1.5 times one of {few:,}"
        aims.append(Aim("compile", aim, f"{value:.2f} times", value, value <= 1.5))
    few, many = (report.find("compile", _calls(n), "growth") for n in bench.size.activities)
    if few and many:
        value = median(many) / median(few)
        aim = "generated bytes a byte of source within 2 times, few activities or many"
        aims.append(Aim("compile", aim, f"{value:.2f} times", value, value <= 2))
    return aims


def _judge_kernels(bench: Bench) -> list[Aim]:
    """The worst kernel of each shape; a ratio is taken within a pair of executions.

    What is called runs as it was written. A loop in a workflow's own body has a safepoint.
    """
    aims = []
    for shape, limit in zip(SHAPES, (1.02, 1.05, 1.05), strict=True):
        ratios = {n: bench.report.find("kernels", f"{n}, {shape}", "ratio") for n in NAMES}
        found = [(median(rounds), name) for name, rounds in ratios.items() if rounds]
        if found:
            value, name = max(found)
            aim = f"kernels, {shape}: within {limit} times CPython"
            text = f"{value:.3f} times ({name})"
            aims.append(Aim("kernels", aim, text, value, value <= limit))
    return aims
