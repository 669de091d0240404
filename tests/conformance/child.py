"""The process that runs one file's tests; it prints one JSON line for each.

`{"start": name}` comes before a test, so that the parent knows which one a crash belongs to.
"""

from __future__ import annotations

import fnmatch
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.conformance.cases import Case, TestFile
from tests.conformance.running import SKIPPED, Options, Result, Runner
from tests.conformance.selection import skips


def run_cases(file: str, patterns: list[str], done: set[str], options: Options) -> Any:
    """The tests of a file that match a pattern, each with its result when that is asked for."""
    listed = skips()
    loaded = TestFile.load(file)
    with tempfile.TemporaryDirectory() as folder:
        # Some tests write files where they stand.
        before = os.getcwd()
        runner = Runner(loaded, Path(folder).resolve(), options)
        os.chdir(folder)
        try:
            for case in loaded.cases():
                if case.name in done or not _wanted(case, patterns):
                    continue
                yield case.name, None
                skip = next((s for s in listed if s.applies(case.name)), None)
                if skip is not None:
                    yield case.name, Result(case.name, SKIPPED, skip.reason)
                    continue
                started = time.perf_counter()
                result = runner.run(case)
                result.seconds = round(time.perf_counter() - started, 3)
                yield case.name, result
        finally:
            os.chdir(before)


def _wanted(case: Case, patterns: list[str]) -> bool:
    short = case.name.partition("::")[2]
    return not patterns or any(fnmatch.fnmatchcase(short, p) for p in patterns)


def main() -> None:
    request = json.loads(sys.argv[1])
    out = os.fdopen(os.dup(1), "w")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    options = Options(**request["options"])
    for name, result in run_cases(
        request["file"], request["patterns"], set(request["done"]), options
    ):
        line = {"start": name} if result is None else result.as_dict()
        out.write(json.dumps(line) + "\n")
        out.flush()
    out.write('{"end": true}\n')
    out.flush()
    os._exit(0)  # whatever threads and loops the tests left behind


if __name__ == "__main__":
    main()
