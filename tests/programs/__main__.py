"""Fuzz without Hypothesis: `python -m tests.programs --seed 7 --count 10000`.

Each seed makes one program, which is run plainly, compiled, and compiled with a restart at every
suspension, and at every safepoint too. A seed that fails is shrunk and reported; failures with the
same symptom are shown once.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import copy
import functools
import re
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tests.programs.chooser import RandomChooser
from tests.programs.loading import loaded
from tests.programs.modules import CONSTRUCTS, Program, generate
from tests.programs.shrink import smaller

Symptom = tuple[str, str]  # what it has in common with others like it, and the whole story


def failure(program: Program, folder: Path, native_only: bool) -> Symptom | None:
    """Run a program all ways; say how they differ, if they do."""
    from perdure.testing import drive, native
    from tests.semantics.sameness import difference

    with loaded(program.text, folder) as module:
        expected = native(module.main, *copy.deepcopy(program.args))
        for restart in () if native_only else ("never", "every", "safepoints"):
            try:
                actual = drive(module.main, *copy.deepcopy(program.args), restart=restart)
            except Exception as error:
                last = traceback.extract_tb(error.__traceback__)[-1]
                place = f"{Path(last.filename).name}:{last.name}"
                kind = f"restart={restart}: {type(error).__name__} at {place}"
                return kind, f"{kind}\n{traceback.format_exc(limit=-6)}"
            found = difference(expected, actual)
            if found is not None:
                ended = type(actual.error).__name__ if actual.error else "value"
                wanted = type(expected.error).__name__ if expected.error else "value"
                what = re.sub(r"\d+", "N", found.partition(":")[0])
                return (
                    f"restart={restart}: {what}; {wanted} became {ended}",
                    f"restart={restart}: {found}",
                )
    return None


def same_symptom(program: Program, folder: Path, symptom: str) -> bool:
    """Does it fail in this way? What goes wrong natively does not count."""
    try:
        found = failure(program, folder, native_only=False)
    except Exception:
        return False
    return found is not None and found[0] == symptom


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.programs", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--count", type=int, default=1000, help="how many seeds")
    parser.add_argument("--without", default="", help="constructs to leave out, comma-separated")
    parser.add_argument(
        "--only", default="", help="leave out all constructs but these and the plainest"
    )
    parser.add_argument("--constructs", action="store_true", help="list the constructs")
    parser.add_argument(
        "--print", action="store_true", help="print the first seed's program and stop"
    )
    parser.add_argument(
        "--native", action="store_true", help="run natively only, to check the generator"
    )
    parser.add_argument("--most", type=int, default=5, help="stop after so many different symptoms")
    parser.add_argument(
        "--shrink", type=float, default=20, help="seconds to spend on shrinking each"
    )
    options = parser.parse_args()
    if options.constructs:
        print(*CONSTRUCTS)
        return 0
    without = frozenset(options.without.split(",")) - {""}
    if options.only:
        plainest = {"activity", "assign", "literal", "name", "log", "operator"}
        without = frozenset(CONSTRUCTS) - plainest - set(options.only.split(","))
    if unknown := without - set(CONSTRUCTS):
        parser.error(f"no such constructs: {', '.join(sorted(unknown))} (see --constructs)")
    if options.print:
        print(generate(RandomChooser(options.seed), without))
        return 0
    return fuzz(options, without)


def fuzz(options: argparse.Namespace, without: frozenset[str]) -> int:
    symptoms: dict[str, list[int]] = collections.defaultdict(list)
    start, ran = time.monotonic(), 0
    # Ctrl-C ends it early, and what was found until then is told.
    with contextlib.suppress(KeyboardInterrupt), tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for seed in range(options.seed, options.seed + options.count):
            program = generate(RandomChooser(seed), without)
            found = failure(program, folder, options.native)
            ran += 1
            if found is None:
                continue
            symptom, story = found
            symptoms[symptom].append(seed)
            if len(symptoms[symptom]) > 1:
                continue
            print(f"=== seed {seed}: {story}\n")
            fails = functools.partial(same_symptom, folder=folder, symptom=symptom)
            print(smaller(program, fails, without=without, seconds=options.shrink), flush=True)
            if len(symptoms) >= options.most:
                break
    seconds = time.monotonic() - start
    print(f"\n{ran} programs in {seconds:.0f} s, {sum(map(len, symptoms.values()))} failed")
    for symptom, seeds in sorted(symptoms.items(), key=lambda item: -len(item[1])):
        print(f"  {len(seeds):5} {symptom}  (seeds {', '.join(map(str, seeds[:8]))})")
    return 1 if symptoms else 0


if __name__ == "__main__":
    sys.exit(main())
