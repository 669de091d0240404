"""Decision records: numbered without gaps, four parts each, all in the list."""

from __future__ import annotations

import re

from tests.docs.pages import ROOT

FOLDER = ROOT / "docs" / "decisions"
RECORDS = sorted(FOLDER.glob("[0-9]*.md"))


def test_records_are_numbered_without_gaps() -> None:
    assert [r.name[:4] for r in RECORDS] == [f"{n + 1:04d}" for n in range(len(RECORDS))]


def test_records_have_the_same_parts() -> None:
    for record in RECORDS:
        text = record.read_text("utf-8")
        assert text.startswith(f"# {record.name[:4]}: "), record.name
        parts = re.findall(r"^## (.+)$", text, re.MULTILINE)
        assert parts == ["Context", "Decision", "Why", "What it costs"], record.name


def test_the_list_has_every_record() -> None:
    listed = set(re.findall(r"\]\((\d[^)]+\.md)\)", (FOLDER / "README.md").read_text("utf-8")))
    assert listed == {r.name for r in RECORDS}
