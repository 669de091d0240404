"""The table of Python's grammar in docs/language.md: written here, checked by test_language.py.

    python -m tests.docs.nodes --update      add what is missing, take out what is no more

A row says of one kind of node whether it is compiled, and names a function that shows it. The node
kinds come from the running Python and from `NEWER`; whether they are compiled, from the compiler's
whitelist. References that still hold are kept as they are; for others the smallest workflow of the
corpus is chosen in which the node holds an activity's call.
"""

from __future__ import annotations

import _ast
import ast
import importlib
import pkgutil
import re
import sys
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import tests.corpus
from perdure.compiler import language
from tests.docs.pages import ROOT

PAGE = ROOT / "docs" / "language.md"
BEGIN, END = "<!-- nodes: begin -->", "<!-- nodes: end -->"
HEAD = "| node | kind | | shown by |\n|---|---|---|---|"

# Node kinds of newer Pythons than the oldest that Perdure runs under: (kind, since, shown by).
NEWER = {
    "TypeAlias": ("stmt", "3.12", "tests/compiler/test_syntax.py:test_type_aliases"),
    "TypeVar": ("type_param", "3.12", "tests/compiler/test_syntax.py:test_type_parameters"),
    "ParamSpec": ("type_param", "3.12", "tests/compiler/test_syntax.py:test_type_parameters"),
    "TypeVarTuple": ("type_param", "3.12", "tests/compiler/test_syntax.py:test_type_parameters"),
}
# What a parser is asked for, and comments: none of them stands in a function.
OUTSIDE = frozenset({"Module", "Interactive", "Expression", "FunctionType", "TypeIgnore"})
KINDS = {
    "mod": "whole text",
    "stmt": "statement",
    "expr": "expression",
    "expr_context": "context of a name",
    "boolop": "operator",
    "operator": "operator",
    "unaryop": "operator",
    "cmpop": "operator",
    "excepthandler": "part of `try`",
    "pattern": "pattern",
    "type_param": "type parameter",
    "type_ignore": "comment",
}


class Row(NamedTuple):
    """One line of the table."""

    node: str
    kind: str
    state: str
    shown: str

    def __str__(self) -> str:
        shown = f"`{self.shown}`" if self.shown else ""
        return f"| `{self.node}` | {self.kind} | {self.state} | {shown} |"


def grammar() -> dict[str, str]:
    """The kinds of nodes of this Python, each with the kind of thing it is.

    `_ast` has the classes of the grammar and no others: the deprecated ones (Num, Index, Param, …)
    are Python, in `ast`. A class that others of the grammar derive from is a sum, not a node.
    """
    kinds = [k for k in vars(_ast).values() if isinstance(k, type) and issubclass(k, ast.AST)]
    kinds = [k for k in kinds if k is not ast.AST]
    sums = {base for k in kinds for base in k.__mro__[1:]}
    return {k.__name__: _thing(k) for k in kinds if k not in sums}


def _thing(kind: type[ast.AST]) -> str:
    base = kind.__mro__[1]
    return KINDS.get(base.__name__, "part" if base is ast.AST else base.__name__)


def every_node() -> dict[str, str]:
    """The nodes of this Python and of the others that Perdure runs under."""
    newer = {name: KINDS[base] for name, (base, _, _) in NEWER.items()}
    found = grammar() | newer
    order = list(KINDS.values())
    place = {name: (order.index(k) if k in order else len(order)) for name, k in found.items()}
    return {name: found[name] for name in sorted(found, key=lambda n: (place[n], n))}


def state(node: str) -> str:
    """What the compiler does with a node, in the words of the table."""
    since = f", from {NEWER[node][1]}" if node in NEWER else ""
    if node in OUTSIDE:
        return "not in a function"
    if node in language.COMPILED:
        return f"compiled{since}"
    if node in language.WITH_CARE:
        code = language.WITH_CARE[node]
        return f"compiled{since}" + (f"; see [{code}](#{code.lower()})" if code else "")
    code = language.REFUSED[node][0] if node in language.REFUSED else "PD199"
    return f"refused: [{code}](#{code.lower()})"


def listed() -> list[Row]:
    """The rows as they stand in the page."""
    text = PAGE.read_text("utf-8").partition(BEGIN)[2].partition(END)[0]
    found = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \| (?:`(.+?)`)? *\|$", text, re.MULTILINE)
    return [Row(*parts) for parts in found]


def rows() -> list[Row]:
    """The rows as they should stand there."""
    kept = {row.node: row.shown for row in listed()}
    made = []
    for node, kind in every_node().items():
        shown = kept.get(node, "")
        if node not in OUTSIDE and not (shown and shows(shown, node)):
            shown = NEWER[node][2] if node in NEWER else _choice(node)
        made.append(Row(node, kind, state(node), shown))
    return made


# Functions that show something --------------------------------------------------------------------


@cache
def functions(file: str) -> dict[str, ast.AST]:
    """The functions at the top of a file of the project, by name."""
    path = ROOT / file
    tree = ast.parse(path.read_text("utf-8")) if path.is_file() else ast.Module([], [])
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name: node for node in tree.body if isinstance(node, kinds)}


def exists(reference: str) -> bool:
    """Whether `file.py:function` is a test, or a workflow of the corpus that a case runs."""
    file, _, name = reference.partition(":")
    if name not in functions(file):
        return False
    return name in cases().get(file, ()) if file.startswith("tests/corpus/") else "test_" in name


def shows(reference: str, node: str) -> bool:
    """Whether a function exists and, if it is one of the corpus, has such a node."""
    file, _, name = reference.partition(":")
    if not exists(reference):
        return False
    if not file.startswith("tests/corpus/"):
        return True
    return any(type(n).__name__ == node for n in ast.walk(functions(file)[name]))


@cache
def cases() -> dict[str, frozenset[str]]:
    """The workflows of the corpus that cases run, by file."""
    found = {}
    for info in pkgutil.iter_modules(tests.corpus.__path__):
        module = importlib.import_module(f"tests.corpus.{info.name}")
        named = frozenset(flow for flow, _ in getattr(module, "cases", list)())
        found[f"tests/corpus/{info.name}.py"] = named
    return found


def _choice(node: str) -> str:
    """The smallest workflow with such a node, before all with an activity's call in it."""
    found = []
    for file, names in cases().items():
        for name in names & functions(file).keys():
            tree = functions(file)[name]
            if here := list(_holders(tree, node)):
                size = sum(1 for _ in ast.walk(tree))
                found.append((not any(map(_suspends, here)), size, f"{file}:{name}"))
    return min(found)[2] if found else ""


def _holders(tree: ast.AST, node: str) -> Iterator[ast.AST]:
    """The nodes of a kind beneath `tree`; for one that has no parts, what it is in."""
    for parent in ast.walk(tree):
        for child in ast.iter_child_nodes(parent):
            if type(child).__name__ == node:
                yield child if child._fields else parent


def _suspends(node: ast.AST) -> bool:
    return any(
        isinstance(n, ast.Call)
        and isinstance(n.func, ast.Name)
        and n.func.id in ("echo", "add", "less", "fail", "numbers", "collect", "later")
        for n in ast.walk(node)
    )


def references() -> Iterator[str]:
    """Every `tests/….py:function` that the page names."""
    yield from re.findall(r"`(tests/[\w/]+\.py:\w+)`", PAGE.read_text("utf-8"))


def main() -> None:
    """Write the table anew."""
    if sys.argv[1:] != ["--update"]:
        raise SystemExit(__doc__)
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    table = "\n".join([BEGIN, HEAD, *map(str, rows()), END])
    PAGE.write_text(before + table + after, "utf-8")


if __name__ == "__main__":
    main()
