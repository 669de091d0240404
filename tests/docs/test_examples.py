"""Every example of every page runs, and prints what the page says."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, blocks, fits, run

WITH_EXAMPLES = [page for page in PAGES if blocks(page)]


@pytest.mark.parametrize("page", WITH_EXAMPLES)
def test_the_examples_of_a_page_run(page: str, tmp_path: Path) -> None:
    (tmp_path / "examples").mkdir()
    for file in ROOT.glob("examples/*.py"):
        shutil.copy(file, tmp_path / "examples")
    for block in blocks(page):
        run(block, tmp_path)


@pytest.mark.parametrize("page", PAGES)
def test_code_is_fenced_with_its_language(page: str) -> None:
    """A fence without a language would be passed by in silence."""
    fences = [line.strip() for line in (ROOT / page).read_text("utf-8").splitlines()]
    opening = [f for f in fences if f.startswith("```")][::2]
    assert set(opening) <= {"```python", "```sh", "```text", "```json"}


@pytest.mark.parametrize(
    ("pattern", "text", "same"),
    [
        ("a … c\n", "a b c\n", True),
        ("a … c\n", "a b\nc\n", False),
        ("a\n…\nd\n", "a\nb\nc\nd\n", True),
        ("a\n…\nd\n", "a\nd\n", True),
        ("a\n", "a\nb\n", False),
    ],
)
def test_what_a_pattern_fits(pattern: str, text: str, same: bool) -> None:
    assert fits(pattern, text) is same
