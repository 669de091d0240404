"""Programs that stand in a test as text: each a module of its own."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from perdure.testing import drive, native
from tests.semantics.sameness import assert_same


def assert_means_the_same(
    text: str, module: str, flow: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Compile the workflow `flow` of a text, and compare what it does with plain Python."""
    (folder / f"{module}.py").write_text(text)
    monkeypatch.syspath_prepend(str(folder))
    workflow = getattr(importlib.import_module(module), flow)
    outcomes = {"native": native(workflow)}
    assert outcomes["native"].error is None
    for restart in ("never", "every"):
        outcomes[restart] = drive(workflow, restart=restart)
    assert_same(outcomes)
