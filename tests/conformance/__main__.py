"""`python -m tests.conformance`: CPython's tests, restarted at every statement and call."""

from __future__ import annotations

import argparse
import json
import selectors
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from tests.conformance import selection
from tests.conformance.running import FAILED, NATIVE, PASSED, REFUSED, SKIPPED, Options, Result
from tests.conformance.transform import TICKS

ROOT = Path(__file__).resolve().parents[2]


def main(argv: list[str] | None = None) -> int:
    args = _arguments().parse_args(argv)
    options = Options(args.ticks, args.timeout, args.strict, not args.no_restart)
    wanted = _wanted(args.only)
    results: list[Result] = []
    with ThreadPoolExecutor(args.jobs) as pool:
        for made in pool.map(lambda f: run_file(f, wanted[f], options), wanted):
            results += made
            if made:
                print(_line(made[0].name.partition("::")[0], made), flush=True)
    if args.list_failures:
        _print_failures(results, args.verbose)
    _print_summary(results)
    if args.json:
        Path(args.json).write_text(json.dumps([r.as_dict() for r in results], indent=1))
    known = selection.names(Path(args.known)) if args.known else set()
    return _verdict(results, known, args.threshold)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("--only", action="append", default=[], metavar="FILE[::Class.method]")
    parser.add_argument("--ticks", choices=TICKS, default="both", help="where suspensions go")
    parser.add_argument("--jobs", type=int, default=1, help="files at a time")
    parser.add_argument("--timeout", type=float, default=60.0, help="seconds a test may take")
    parser.add_argument("--strict", action="store_true", help="every tick must be a suspension")
    parser.add_argument("--no-restart", action="store_true", help="keep the state in memory")
    parser.add_argument("--list-failures", action="store_true")
    parser.add_argument("--verbose", action="store_true", help="failures with their whole text")
    parser.add_argument("--json", metavar="OUT", help="write every result to this file")
    parser.add_argument("--known", metavar="FILE", help="tests that may fail, one a line")
    parser.add_argument("--threshold", type=float, help="per cent that must pass, else exit 1")
    return parser


def _wanted(only: list[str]) -> dict[str, list[str]]:
    """Files, each with patterns for its tests; no pattern stands for all of them."""
    if not only:
        return {name: [] for name in selection.FILES if selection.exists(name)}
    wanted: dict[str, list[str]] = {}
    for item in only:
        file, _, pattern = item.partition("::")
        patterns = wanted.setdefault(file, [])
        if pattern:
            patterns.append(pattern)
    return wanted


def run_file(file: str, patterns: list[str], options: Options) -> list[Result]:
    """Run a file's tests in a process of their own; a new one after each crash."""
    results: list[Result] = []
    while True:
        running = None
        done = [r.name for r in results]
        for line in _lines(file, patterns, done, options):
            if "start" in line:
                running = str(line["start"])
            elif "end" in line:
                return results
            else:
                results.append(Result(**line))  # type: ignore[arg-type]
                running = None
        if running is None:
            text = "the process ended before its first test"
            return [*results, Result(f"{file}::*", NATIVE, "crash", text)]
        results.append(Result(running, FAILED, "crash or hang"))


def _lines(
    file: str, patterns: list[str], done: list[str], options: Options
) -> Iterator[dict[str, object]]:
    """What the child says, until it ends or says nothing for too long."""
    request = {"file": file, "patterns": patterns, "done": done, "options": asdict(options)}
    command = [sys.executable, "-m", "tests.conformance.child", json.dumps(request)]
    with tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, start_new_session=True
        )
        assert child.stdout is not None
        try:
            yield from _read(child, options.timeout * 6 + 20)
        finally:
            child.kill()
            child.wait()
            child.stdout.close()


def _read(child: subprocess.Popen[bytes], patience: float) -> Iterator[dict[str, object]]:
    assert child.stdout is not None
    selector = selectors.DefaultSelector()
    selector.register(child.stdout, selectors.EVENT_READ)
    rest = b""
    while selector.select(patience):
        data = child.stdout.read1(65536)  # type: ignore[attr-defined]
        if not data:
            break
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            yield json.loads(line)


def _line(title: str, results: list[Result]) -> str:
    count = Counter(r.status for r in results)
    tried = len(results) - count[SKIPPED]
    share = f"{100 * count[PASSED] / tried:5.1f} %" if tried else "     – "
    seconds = sum(r.seconds for r in results)
    return (
        f"{title:28} {tried:4} tried {count[PASSED]:4} passed {count[FAILED]:4} failed "
        f"{count[REFUSED]:4} refused {count[NATIVE]:3} native {count[SKIPPED]:3} skipped "
        f"{share} {seconds:6.1f} s"
    )


def _print_failures(results: list[Result], verbose: bool) -> None:
    for result in results:
        if result.status in (FAILED, REFUSED, NATIVE):
            lines = result.text.strip().splitlines()
            first = lines[0 if result.status == REFUSED else -1] if lines else ""
            print(f"{result.status:8} {result.name}  [{result.kind}] {first[:160]}")
            if verbose:
                print("    " + "\n    ".join(lines))


def _print_summary(results: list[Result]) -> None:
    print(_line("all", results))
    passed = [r for r in results if r.status == PASSED]
    print(
        f"suspensions in tests that passed: {sum(r.cuts for r in passed)}; "
        f"{sum(1 for r in passed if r.uncut)} of these tests also ran ticks that could not be cut"
    )
    for status in (REFUSED, FAILED, NATIVE, SKIPPED):
        kinds = Counter(r.kind for r in results if r.status == status)
        for kind, number in kinds.most_common():
            print(f"  {status:8} {number:5}  {kind}")


def _verdict(results: list[Result], known: set[str], threshold: float | None) -> int:
    tried = [r for r in results if r.status != SKIPPED]
    bad = [r for r in tried if r.status != PASSED and r.name not in known]
    if threshold is not None:
        passed = sum(r.status == PASSED for r in tried)
        return int(not tried or 100 * passed / len(tried) < threshold)
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
