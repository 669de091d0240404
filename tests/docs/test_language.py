"""The page about the language says all that the compiler's whitelist and its refusals say."""

from __future__ import annotations

import ast
import re

import pytest

from perdure.compiler import language
from tests.docs.pages import ROOT

TEXT = (ROOT / "docs" / "language.md").read_text("utf-8")

# Nodes that never stand in a function: what a parser is asked for, and names kept for old programs.
NOT_IN_A_FUNCTION = {"Module", "Interactive", "Expression", "FunctionType", "TypeIgnore"}
_GONE = {"Num", "Str", "Bytes", "NameConstant", "Ellipsis", "Index", "ExtSlice"}
_GONE |= {"Suite", "AugLoad", "AugStore", "Param"}


def grammar() -> set[str]:
    """Every kind of node that this Python's parser makes inside a function."""
    found = set()
    public = {name for name in dir(ast) if not name.startswith("_")}
    for name in public - _GONE - NOT_IN_A_FUNCTION:
        kind = getattr(ast, name)
        if isinstance(kind, type) and issubclass(kind, ast.AST) and not kind.__subclasses__():
            found.add(name)
    return found - {"slice", "AST"}


def codes(text: str) -> set[str]:
    return set(re.findall(r"\bPD1\d\d\b", text))


def test_every_node_has_a_heading_or_falls_to_the_catch_all() -> None:
    known = language.COMPILED | language.WITH_CARE.keys() | language.REFUSED.keys()
    unknown = grammar() - known
    listed = set(re.findall(r"`(\w+)`", TEXT.partition("## Node by node")[2]))
    assert unknown - listed == set(), "this Python has nodes that neither code nor page names"


@pytest.mark.parametrize(
    ("heading", "nodes"),
    [
        ("### Compiled", language.COMPILED),
        ("### Compiled with care", language.WITH_CARE.keys()),
        ("### Refused", language.REFUSED.keys()),
    ],
    ids=["compiled", "with-care", "refused"],
)
def test_the_page_lists_the_nodes_of_each_heading(heading: str, nodes: frozenset[str]) -> None:
    section = re.split(r"^#", TEXT.partition(f"{heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    assert set(re.findall(r"`(\w+)`", section)) == set(nodes)


def test_the_page_has_every_code_of_the_compiler_and_no_other() -> None:
    sources = (ROOT / "perdure" / "compiler").glob("*.py")
    # A docstring may use a code as an example; one that is used is written as a string.
    used = {
        code for file in sources for code in re.findall(r'"(PD1\d\d)"', file.read_text("utf-8"))
    }
    assert codes(TEXT) == used


def test_every_code_that_can_be_shown_has_an_example_that_is_refused() -> None:
    shown = {code for note in re.findall(r"<!-- refused: (.+?) -->", TEXT) for code in codes(note)}
    # PD199 needs a newer Python than there is; PD100 is no workflow at all.
    assert codes(TEXT) - shown == {"PD100", "PD199"}


def test_the_page_gives_each_refusal_in_the_compilers_words() -> None:
    """The whitelist's refusals, workaround and all; those in resolve are run as examples."""
    plain = " ".join(TEXT.split())
    for _, _, _, instead in language.REFUSED.values():
        assert instead in plain
