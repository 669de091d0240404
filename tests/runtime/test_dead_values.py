"""Only what is live is kept: a value used before a suspension and not after it costs nothing."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import perdure
from perdure.runtime.codec import Codec
from perdure.runtime.failures import UnpicklableError
from perdure.testing import drive
from tests.runtime import program_dead as program

FEW = 4_000  # bytes
NAMES = [workflow.__name__ for workflow in program.DEAD]


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of everything that is encoded."""
    found: list[int] = []
    encode = Codec.encode

    def noted(self: Codec, value: Any) -> bytes:
        data = encode(self, value)
        found.append(len(data))
        return data

    monkeypatch.setattr(Codec, "encode", noted)
    return found


@pytest.mark.parametrize("kind", program.VALUES)
@pytest.mark.parametrize("workflow", program.DEAD, ids=NAMES)
def test_a_dead_value_is_not_encoded(
    workflow: Callable[..., Any], kind: str, sizes: list[int]
) -> None:
    outcome = drive(workflow, kind)
    assert outcome.error is None
    assert outcome.checkpoints > 1
    assert max(sizes) < FEW


@pytest.mark.parametrize("kind", ["dict", "local"])
@pytest.mark.parametrize("workflow", program.DEAD, ids=NAMES)
def test_a_dead_value_is_not_in_the_store(
    workflow: Callable[..., Any], kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No checkpoint at a safepoint, while the value is being made and alive.
    monkeypatch.setattr("perdure.runtime.worker.SLICE", 3600)
    with perdure.connect(f"sqlite:///{tmp_path / 'test.db'}") as client:
        run = client.start(workflow, kind)
        client.run(workflow, kind, id=run.id)
        assert len(client.record(run.id).checkpoint) < FEW
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 1_000_000


def test_an_argument_is_kept_until_its_last_use(sizes: list[int]) -> None:
    value = program.make("bytes")
    assert drive(program.an_argument, value).error is None
    big = [size for size in sizes if size > FEW]
    assert len(big) == 1, "the checkpoint at the entry, before the first block has run"


def test_a_dead_value_is_freed(monkeypatch: pytest.MonkeyPatch) -> None:
    """It costs no memory either, while the run waits in its worker."""

    class Value:
        pass

    made: list[weakref.ref[Value]] = []

    def make() -> Value:
        value = Value()
        made.append(weakref.ref(value))
        return value

    alive: list[bool] = []
    monkeypatch.setitem(program.VALUES, "seen", make)
    monkeypatch.setattr(program, "when_called", [lambda: alive.append(made[-1]() is not None)])
    assert drive(program.straight, "seen", restart="never").error is None
    assert alive == [False, False]


def test_what_a_closure_shares_stays(sizes: list[int]) -> None:
    """Who else holds a cell is not known, so its content is live as long as the frame is."""
    assert drive(program.in_a_cell, "bytes").error is None
    assert max(sizes) >= len(program.RANDOM)
    assert isinstance(drive(program.in_a_cell, "local").error, UnpicklableError)


@pytest.mark.parametrize("kind", program.VALUES)
def test_del_takes_a_value_out_of_its_cell(kind: str, sizes: list[int]) -> None:
    assert drive(program.out_of_the_cell, kind).error is None
    assert max(sizes) < FEW
