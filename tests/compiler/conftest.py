"""Goldens, and programs that are compiled from text."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from perdure.compiler.pipeline import Stages, compile_target

GOLDENS = Path(__file__).parent / "goldens"
PRELUDE = """\
    from perdure import activity, sleep, workflow

    @activity
    def act(*args): ...

    @workflow
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-goldens", action="store_true", help="write tests/compiler/goldens anew"
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Check a text against the golden of that name (a path below goldens/, without `.txt`)."""

    def check(name: str, text: str) -> None:
        path = GOLDENS / f"{name}.txt"
        if request.config.getoption("--update-goldens", default=False):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        assert path.exists(), f"no golden {path}: run pytest tests/compiler --update-goldens"
        assert text == path.read_text()

    return check


Compiler = Callable[..., Stages]


@pytest.fixture
def compiled(tmp_path: Path) -> Compiler:
    """Compile a source text; its first `def` after the prelude is the workflow `flow`."""

    def compile_text(text: str, *, prelude: bool = True, name: str = "flow") -> Stages:
        text = textwrap.dedent(text).strip("\n") + "\n"
        whole = textwrap.dedent(PRELUDE) + text if prelude else text
        (tmp_path / "shop.py").write_text(whole)
        return compile_target(f"shop.py:{name}", cwd=tmp_path, verify=True)

    return compile_text
