"""What tests of several folders share."""

from __future__ import annotations

import os

import pytest

from perdure.compiler import cache


@pytest.fixture
def kept_images(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the compiler's cache be on, in a folder that the processes of this run of pytest share.

    A workflow that one test looks into and another one runs is compiled once.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    monkeypatch.setenv("PERDURE_CACHE", str(shared / "images"))
    monkeypatch.setattr(cache, "LIMIT", 10_000)
