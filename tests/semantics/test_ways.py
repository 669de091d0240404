"""Each way to come by a function that suspends, and each use of one, in a program of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.semantics.ways import USES, WAYS, compare

# Each way with one use, so that each use has its turn.
PAIRS = [(way, list(USES)[place % len(USES)]) for place, way in enumerate(WAYS)]


@pytest.mark.parametrize(("way", "use"), PAIRS)
def test_a_way_and_a_use(
    way: str, use: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare(way, use, tmp_path, monkeypatch)


@pytest.mark.parametrize("way", WAYS)
def test_a_way_in_another_module(way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compare(way, "called", tmp_path, monkeypatch, apart=True)


def test_each_use_has_its_turn() -> None:
    assert {use for _, use in PAIRS} == set(USES)
