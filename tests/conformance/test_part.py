"""A fixed part of the conformance run; `make conformance` runs it all.

Every test in `part.txt` must pass under every Python that has it.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.conformance import selection
from tests.conformance.__main__ import run_file
from tests.conformance.doctests import Group, _example
from tests.conformance.running import PASSED, SKIPPED, Options
from tests.conformance.transform import Transformer, cut

HERE = Path(__file__).parent


def _part() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in sorted(selection.names(HERE / "part.txt")):
        file, _, pattern = name.partition("::")
        if selection.exists(file):
            found.setdefault(file, []).append(pattern)
    return found


@pytest.mark.parametrize(("file", "patterns"), _part().items(), ids=list(_part()))
def test_conforms(file: str, patterns: list[str]) -> None:
    results = run_file(file, patterns, Options(timeout=60.0))
    assert results
    bad = [r for r in results if r.status not in (PASSED, SKIPPED)]
    assert not bad, "\n\n".join(f"{r.name}: {r.status} [{r.kind}]\n{r.text}" for r in bad)
    # If nothing was cut the test would say nothing.
    assert all(r.cuts > 1 for r in results if r.status == PASSED)


def test_skips_can_be_read() -> None:
    assert selection.skips()
    assert all("*" != skip.pattern for skip in selection.skips())


def _ticked(source: str, ticks: str) -> str:
    return ast.unparse(ast.fix_missing_locations(Transformer(ticks).visit(ast.parse(source))))


def test_statements_get_ticks_at_every_level() -> None:
    source = "def f():\n    'doc'\n    for x in y:\n        g(x)\n    else:\n        pass"
    assert _ticked(source, "statements").splitlines() == [
        "def f():",
        '    """doc"""',
        "    tick_()",
        "    for x in y:",
        "        tick_()",
        "        g(x)",
        "    else:",
        "        tick_()",
        "        pass",
    ]


def test_arguments_go_through() -> None:
    source = "def f():\n    g(x, 1, *a, k=b, **c)\n    h(1)\n    super(A)"
    assert _ticked(source, "calls").splitlines()[1:] == [
        "    g(through_(x), 1, *through_(a), k=through_(b), **through_(c))",
        "    h(through_(1))",
        "    super(A)",
    ]


def test_module_level_and_class_bodies_stay_as_they_are() -> None:
    source = "x = f(y)\nclass C:\n    z = f(y)"
    assert _ticked(source, "both") == source.replace("\nclass", "\n\nclass")


def test_cut_keeps_what_is_reached() -> None:
    tree = ast.parse(
        "import a, b\ndef h(): return a\ndef unused(): return b\n"
        "class T:\n    def test_x(self): h()\n    def test_y(self): unused()"
    )
    kept = ast.unparse(ast.Module(cut(tree, ["T"], ("T", "test_x")), []))
    assert "test_x" in kept
    assert "def h" in kept
    assert "unused" not in kept


def test_examples_take_what_they_need() -> None:
    import doctest

    parse = doctest.DocTestParser().get_examples
    group = Group("g", parse(">>> y\n1\n"), parse(">>> x = 0\n>>> y = 1\n>>> y + x\n1\n"))
    assert [e.source for e in group.examples(False)] == ["y = 1\n", "y\n"]
    assert len(group.examples(True)) == 4
    made = ast.unparse(ast.Module(_example(0, group.own[0], []), []))
    assert made == "show_(y)\nself.check_(0)"
