"""Programs that stand in a test as text: each a module of its own."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from perdure.testing import drive, native
from tests.semantics.sameness import assert_same


def assert_means_the_same(
    text: str, module: str, flow: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Compile the workflow `flow` of a text, and compare what it does with plain Python."""
    (folder / f"{module}.py").write_text(text)
    if str(folder) not in sys.path:
        monkeypatch.syspath_prepend(str(folder))
    importlib.invalidate_caches()
    workflow = getattr(importlib.import_module(module), flow)
    outcomes = {"native": native(workflow)}
    assert outcomes["native"].error is None
    for restart in ("never", "every"):
        outcomes[restart] = drive(workflow, restart=restart)
    assert_same(outcomes)
