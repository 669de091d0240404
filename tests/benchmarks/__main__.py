"""`make bench`: measure, print a table, write JSON. `--help` names the options."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from . import benches, dbos_home, machine
from .report import Report, show
from .side import ROOT, SideFailed

BENCHES = ("throughput", "lone", "resume", "bytes", "compile", "kernels")


def _arguments(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description="Measure Perdure beside DBOS and plain sqlite3, all fsync'd, on one disk.",
        epilog="example: python -m tests.benchmarks --only throughput,lone --rounds 5",
    )
    parser.add_argument(
        "--only",
        default=",".join(BENCHES),
        type=_names,
        metavar="NAMES",
        help=f"a comma-separated choice of {', '.join(BENCHES)} (default: all)",
    )
    parser.add_argument("--rounds", type=int, default=3, help="rounds to take medians of (3)")
    parser.add_argument("--quick", action="store_true", help="little work: does it run at all?")
    parser.add_argument("--full", action="store_true", help="wait for DBOS however long it takes")
    parser.add_argument("--no-dbos", action="store_true", help="leave DBOS out")
    parser.add_argument(
        "--out",
        type=Path,
        default=ROOT / "bench-results",
        help="folder for the JSON and, meanwhile, for the databases: its disk is measured "
        "(default: bench-results)",
    )
    options = parser.parse_args(given)
    if options.rounds < 1:
        parser.error(f"--rounds {options.rounds}: give 1 or more")
    return options


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in BENCHES:
            raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(BENCHES)}")
    return names


def main(given: list[str]) -> int:
    options = _arguments(given)
    console = Console(width=None if sys.stdout.isatty() else 120)
    err = Console(stderr=True)
    options.out.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="work-", dir=options.out)).resolve()
    try:
        with err.status("a look at the machine") as status:
            report = _measure(options, folder, status.update)
    except SideFailed as error:
        err.print(f"[red]a benchmark failed:[/red] {error}", highlight=False)
        return 1
    except KeyboardInterrupt:
        err.print("stopped; nothing was written")
        return 130
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    show(report, console)
    console.print(f"written to {report.write(options.out)}", highlight=False)
    return 0


def _measure(options: argparse.Namespace, folder: Path, say: Callable[[str], None]) -> Report:
    now = datetime.now(UTC).replace(microsecond=0, tzinfo=None)
    chosen = {key: getattr(options, key) for key in ("only", "rounds", "quick", "full")}
    report = Report(f"{now.isoformat()}Z", machine.facts(folder), chosen)
    version, why = (None, "left out by --no-dbos") if options.no_dbos else _dbos(say)
    report.machine["dbos"] = version
    if version is None:
        report.notes.append(f"DBOS was not measured: {why}")
    size = benches.QUICK if options.quick else benches.Size()
    bench = benches.Bench(
        report, folder, size, options.rounds, version is not None, options.full, say
    )
    if "throughput" in options.only or "bytes" in options.only:
        benches.throughput(bench, only_bytes="throughput" not in options.only)
    if "lone" in options.only or "bytes" in options.only:
        benches.lone(bench, only_bytes="lone" not in options.only)
    if "resume" in options.only:
        benches.resume(bench)
    if "compile" in options.only:
        benches.compile(bench)
    if "kernels" in options.only:
        benches.kernels(bench)
    report.sort(BENCHES)
    report.aims = benches.judge(bench)
    report.machine["fsync_ms_after"] = machine.fsync_ms(folder)
    _warn_of_noise(report)
    return report


def _dbos(say: Callable[[str], None]) -> tuple[str | None, str]:
    say("DBOS's environment (made on first use)")
    return dbos_home.prepare()


def _warn_of_noise(report: Report) -> None:
    """A figure whose rounds differ twofold says more of the neighbours than of the software."""
    wild = [f for f in report.figures if f.rounds and max(f.rounds) > 2 * min(f.rounds)]
    if wild:
        names = ", ".join(f"{f.bench} {f.work} ({f.side})" for f in wild)
        report.notes.append(
            f"Noisy: rounds differ by more than 2x in {names}. Others use this machine; trust the "
            "ratios, which are taken within rounds, more than the figures."
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
