"""Long loops give way at the end of a turn: to other runs, to a crash, to a pause, to the end."""

from __future__ import annotations

import dis
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

import perdure
from perdure.runtime.codec import Codec
from perdure.runtime.compiling import image_of, program_of
from perdure.runtime.continuation import Continuation
from perdure.runtime.interpreter import Event, advance, begin
from perdure.store.protocol import WorkerRecord
from perdure.testing import drive
from tests.runtime import program_safepoints as programs

ROOT = Path(__file__).parents[2]
LONG = 200_000_000  # turns: far more than a test waits for


def until(holds: Callable[[], Any], what: str) -> Any:
    """What `holds` gives, once it gives something; the deadline is only for a broken program."""
    give_up = time.monotonic() + 60
    while not (found := holds()):
        assert time.monotonic() < give_up, f"never happened: {what}"
        time.sleep(0.005)
    return found


def test_each_turn_may_be_the_last_before_a_restart() -> None:
    for turns in (0, 1, 6):
        outcome = drive(programs.nested, turns, restart="safepoints")
        assert outcome.value == programs.nested(turns)
    assert outcome.checkpoints > 20
    assert drive(programs.nested, 6, restart="every").checkpoints == 1


def test_what_cannot_be_kept_goes_on_in_memory() -> None:
    outcome = drive(programs.holds_its_own, 5, restart="safepoints")
    assert (outcome.value, outcome.error) == (10, None)


def test_a_loop_that_is_entered_once_is_specialized() -> None:
    """Python 3.11 counts calls and jumps back, and not the jump that a safepoint ends in."""
    assert drive(programs.counts_once, 50, restart="never").value == sum(range(50))
    code = first_block(programs.counts_once)
    assert "BINARY_OP_ADD_INT" in {i.opname for i in dis.get_instructions(code, adaptive=True)}


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="newer Pythons have no such instruction")
def test_a_turn_ends_in_one_instruction() -> None:
    names = [i.opname for i in dis.get_instructions(first_block(programs.counts_once))]
    assert "POP_JUMP_BACKWARD_IF_NONE" in names
    assert names.count("JUMP_BACKWARD") == 1  # of the turns that warm it up


def first_block(workflow: Callable[..., Any]) -> CodeType:
    return program_of(image_of(workflow), workflow).entry.codes[0]


def test_who_asks_for_a_stop_gets_one() -> None:
    """A loop that cannot be kept goes on at once, and not to its next safepoint only."""
    program = program_of(image_of(programs.counts), programs.counts)
    state = begin(program, (50,), {})
    program.due = True
    stopped = advance(program, state, [], now=0.0)
    assert stopped.stopped
    ((_, seq),) = stopped.timers
    assert not advance(program, state, [Event(seq)], now=0.0).stopped


def test_nothing_of_the_run_comes_between_two_turns() -> None:
    """A loop without a suspension is not parted by fibers that are ready meanwhile."""
    whole = drive(programs.counts_beside_others, 4, restart="never").value
    assert [entry for entry in whole if isinstance(entry, int)] == whole[:4] == [0, 1, 2, 3]
    assert drive(programs.counts_beside_others, 4, restart="every").value == whole
    parted = drive(programs.counts_beside_others, 4, restart="safepoints")
    assert parted.value == whole
    assert parted.checkpoints > 6


def test_other_runs_have_their_turn(tmp_path: Path) -> None:
    with perdure.connect(f"sqlite:///{tmp_path / 'runs.db'}") as client:
        long = client.start(programs.counts, LONG)
        quick = client.start(programs.quick)
        with perdure.Worker(client).start():
            assert quick.result(timeout=60) == "quick"
            assert long.status == "running"
            assert long.cancel()
            assert not long.cancel()
        assert long.status == "cancelled"


def turn(client: perdure.Client, run: perdure.Run[Any]) -> int:
    """How far the loop of the last checkpoint has come: the live iterator says."""
    name = f"looker-{run.record.version}"
    looker = WorkerRecord(name, "here", 0, time.time(), time.time() + 3600, ("default",))
    client.store.register_worker(looker)
    (claimed,) = client.store.claim_runs(name, ["default"], 1, now=time.time() + 60, run_id=run.id)
    program = program_of(image_of(programs.counts), programs.counts)
    state = Continuation.unpack(Codec(program).decode(claimed.checkpoint))
    client.store.retire_worker(name)
    (fiber,) = state.fibers.values()
    live = fiber.stack[-1][2]
    iterator = next(value for value in live if type(value) is type(iter(range(1))))
    return LONG - iterator.__length_hint__()


def test_a_run_killed_in_a_loop_goes_on_in_the_loop(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'runs.db'}"
    command = [sys.executable, "-m", "tests.runtime.worker_process", url, "0.6"]
    with perdure.connect(url) as client:
        run = client.start(programs.counts, LONG)
        reached = []
        for _ in range(2):
            wanted = run.record.version + 3
            with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as worker:
                until(lambda w=wanted: run.record.version >= w, "three checkpoints in the loop")
                os.kill(worker.pid, signal.SIGKILL)
            reached.append(turn(client, run))
        assert 0 < reached[0] < reached[1]


def test_a_paused_run_stands_still_until_it_is_resumed(tmp_path: Path) -> None:
    with perdure.connect(f"sqlite:///{tmp_path / 'runs.db'}") as client:
        run = client.start(programs.counts, LONG)
        assert not run.resume()
        with perdure.Worker(client, concurrency=1).start() as worker:
            until(lambda: run.record.version > 2, "checkpoints in the loop")
            assert run.pause()
            # The worker is told at its next commit; then it has nothing to do.
            until(lambda: not worker._held, "the worker lets go")
            stands = run.record.version
            assert client.start(programs.quick).result(timeout=60) == "quick"
            assert run.record.version == stands
            assert run.status == "paused"
            assert run.resume()
            until(lambda: run.record.version > stands, "it goes on")
            assert run.cancel()
