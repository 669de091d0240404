"""The page about the language says all that the compiler's whitelist and its refusals say."""

from __future__ import annotations

import re

import pytest

from perdure.compiler import language
from tests.docs import nodes
from tests.docs.pages import ROOT

TEXT = (ROOT / "docs" / "language.md").read_text("utf-8")
UPDATE = "run `python -m tests.docs.nodes --update` and read the difference"

# Refused once, compiled now. A code is for ever: none of these may be given to another refusal.
RETIRED = {"PD101", "PD102", "PD103", "PD104", "PD106", "PD107", "PD108", "PD109", "PD110", "PD112"}


def codes(text: str) -> set[str]:
    return set(re.findall(r"\bPD1\d\d\b", text))


def used() -> set[str]:
    """The codes of the compiler. A docstring may have one as an example; these are strings."""
    sources = [file.read_text("utf-8") for file in (ROOT / "perdure" / "compiler").glob("*.py")]
    return {code for text in sources for code in re.findall(r'"(PD1\d\d)"', text)}


def test_every_node_of_this_python_is_known() -> None:
    known = language.COMPILED | language.WITH_CARE.keys() | language.REFUSED.keys() | nodes.OUTSIDE
    unknown = nodes.grammar().keys() - known
    assert not unknown, (
        f"this Python's grammar has {sorted(unknown)}, which perdure/compiler/language.py does not "
        f"name. Until it is compiled it is refused (PD199). To compile it: teach normalize.py, put "
        f"it under COMPILED, add a workflow to tests/corpus (to tests/compiler/test_syntax.py "
        f"if older Pythons cannot read it), name it in NEWER of tests/docs/nodes.py, then {UPDATE}"
    )


def test_every_node_of_this_python_has_a_row() -> None:
    missing = nodes.grammar().keys() - {row.node for row in nodes.listed()}
    assert not missing, f"docs/language.md has no row for {sorted(missing)}: {UPDATE}"


def test_the_table_says_what_the_compiler_does() -> None:
    assert nodes.rows() == nodes.listed(), f"the table of nodes is not up to date: {UPDATE}"


def test_no_name_of_the_whitelist_is_misspelt() -> None:
    assert language.COMPILED | language.WITH_CARE.keys() <= nodes.every_node().keys()


@pytest.mark.parametrize("row", nodes.listed(), ids=lambda row: row.node)
def test_a_row_names_what_shows_it(row: nodes.Row) -> None:
    if row.node in nodes.OUTSIDE:
        assert row.shown == ""
    else:
        assert nodes.shows(row.shown, row.node), (
            f"{row.shown or 'nothing'} does not show {row.node}: add a workflow to tests/corpus, "
            f"then {UPDATE}"
        )


def test_everything_that_the_page_names_exists() -> None:
    assert [name for name in nodes.references() if not nodes.exists(name)] == []


def test_the_page_has_every_code_of_the_compiler_and_no_other() -> None:
    assert codes(TEXT) == used()


def test_no_retired_code_is_used_again() -> None:
    assert used() & RETIRED == set()


def test_every_code_that_can_be_shown_has_an_example_that_is_refused() -> None:
    shown = {code for note in re.findall(r"<!-- refused: (.+?) -->", TEXT) for code in codes(note)}
    # PD199 needs a newer Python than there is; PD100 is no workflow at all.
    assert codes(TEXT) - shown == {"PD100", "PD199"}
