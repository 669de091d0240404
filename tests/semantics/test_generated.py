"""Generated programs: plainly, compiled, and compiled with a restart at every suspension.

The examples are split over shards, so that pytest-xdist can spread them, and are the same on every
run; `make fuzz` (python -m tests.programs) looks for new ones.
"""

from __future__ import annotations

import copy
import time
import traceback
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from perdure.testing import drive, native
from tests.programs.loading import loaded
from tests.programs.modules import Program, programs, seeded
from tests.programs.shrink import smaller
from tests.semantics.sameness import difference

# A program may fail between making a coroutine and awaiting it; Python warns, and so it should.
pytestmark = pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")

SHARDS = 20
EXAMPLES = 200


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("programs")


def trouble(program: Program, folder: Path) -> str | None:
    """How the program's outcomes differ, or what the compiler or the runtime raised itself."""
    with loaded(program.text, folder) as module:
        expected = native(module.main, *copy.deepcopy(program.args))
        for restart in ("never", "every", "safepoints"):
            try:
                actual = drive(module.main, *copy.deepcopy(program.args), restart=restart)
            except Exception:
                return f"restart={restart} failed:\n{traceback.format_exc(limit=-4)}"
            if found := difference(expected, actual):
                return f"restart={restart} is not as native: {found}"
    return None


@pytest.mark.parametrize("shard", range(SHARDS))
def test_same_meaning(shard: int, folder: Path) -> None:
    bad: list[Program] = []

    @seed(shard)  # as reproducible as derandomize=True, and another sample in each shard
    @settings(
        max_examples=EXAMPLES // SHARDS,
        phases=[Phase.generate],  # shrunk below, in seconds instead of minutes
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(programs())
    def check(program: Program) -> None:
        if not bad and trouble(program, folder):
            bad.append(program)
        assert not bad

    with suppress(AssertionError):
        check()
    if bad:  # not in the handler: what programs raise would have its exception as their context
        small = smaller(bad[0], lambda program: trouble(program, folder) is not None)
        pytest.fail(f"{trouble(small, folder)}\n\n{small}", pytrace=False)


@pytest.mark.parametrize("shard", range(4))
def test_programs_are_sound(shard: int, folder: Path) -> None:
    """The generator itself: programs compile, end soon, are deterministic, call activities."""
    calls = []
    for number in range(shard * 250, shard * 250 + 250):
        program = seeded(number)
        with loaded(program.text, folder) as module:
            start = time.process_time()
            once = native(module.main, *copy.deepcopy(program.args))
            assert time.process_time() - start < 2, program
            again = native(module.main, *copy.deepcopy(program.args))
            assert difference(once, again) is None, program
        calls.append(len(once.calls))
    assert sum(n >= 3 for n in calls) / len(calls) > 0.9
    assert 8 <= sum(calls) / len(calls) <= 30
    assert max(calls) < 2_000
