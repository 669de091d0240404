"""The tour of the code misses no file and names none that does not exist."""

from __future__ import annotations

import re

from tests.docs.pages import ROOT

PAGE = ROOT / "docs" / "architecture.md"


def test_the_tour_names_every_file_of_the_package() -> None:
    named = set(re.findall(r"\]\(\.\./(perdure/[^)#]+)\)", PAGE.read_text("utf-8")))
    present = {
        file.relative_to(ROOT).as_posix()
        for file in (ROOT / "perdure").rglob("*")
        if file.is_file() and file.suffix != ".pyc"
        # An empty __init__.py only makes its folder a package.
        if file.name != "__init__.py" or file.stat().st_size
    }
    assert named - present == set(), "named, but not there"
    assert present - named == set(), "there, but not named"


def test_a_link_says_where_it_leads() -> None:
    for text, target in re.findall(
        r"\[`([^`]+)`\]\(\.\./perdure/([^)#]+)\)", PAGE.read_text("utf-8")
    ):
        assert target.endswith(text), f"[{text}] leads to {target}"
