"""Walking Python's syntax trees: `ast.walk`, four times as fast.

The compiler visits every node a dozen times, so the walk is written out where `ast` goes through
generators, and asks each kind of node only for the fields that can hold nodes.
"""

from __future__ import annotations

import ast
from typing import Any

# Fields that hold names, numbers, contexts and operators. The last two are nodes without children
# and without a place; they are never asked about.
_PLAIN = frozenset(
    "ctx op ops id attr arg asname module level conversion is_async simple rest"
    " kwd_attrs kind type_comment tag".split()
)


# Lists in which None stands for what is not there: `{**m}`, `*, a, b=1`.
_WITH_GAPS = ("keys", "kw_defaults")


class _Fields(dict[type, tuple[str, ...]]):
    """For each kind of node, the fields beneath which other nodes may stand, in order."""

    def __missing__(self, kind: type[ast.AST]) -> tuple[str, ...]:
        found = tuple(name for name in kind._fields if name not in _PLAIN)
        if issubclass(kind, ast.Constant | ast.Global | ast.Nonlocal | ast.MatchSingleton):
            found = ()
        self[kind] = found
        return found


_FIELDS = _Fields()

# Kinds of node with one operator or context.
_CONTEXT = {ast.Attribute, ast.Subscript, ast.Starred, ast.Name, ast.List, ast.Tuple}
_ONE_OPERATOR = {ast.BoolOp, ast.BinOp, ast.UnaryOp, ast.AugAssign}
_OPERATED = _CONTEXT | _ONE_OPERATOR

_SIMPLE = {kind for kind in ast.stmt.__subclasses__() if not {"body", "cases"} & {*kind._fields}}
_PLACED = frozenset(
    kind
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.AST) and "lineno" in kind._attributes
)


def children(node: ast.AST) -> list[Any]:
    """The nodes directly beneath `node`, in the order of its fields, operators left out."""
    names = _FIELDS[type(node)]
    found: list[Any] = []
    if not names:  # most are names and constants
        return found
    for name in names:
        value = getattr(node, name, None)
        if value is None:
            continue
        if type(value) is list:
            found += filter(None, value) if name in _WITH_GAPS else value
        elif isinstance(value, ast.AST):
            found.append(value)
    return found


def nodes(tree: ast.AST) -> list[Any]:
    """`tree` and all nodes beneath it, breadth first, operators left out."""
    found: list[Any] = [tree]
    for node in found:  # grows while it is walked
        found += children(node)
    return found


def with_operators(found: list[Any]) -> list[Any]:
    """Nodes that `nodes` found, and their operators."""
    operators = [node.op for node in found if type(node) in _ONE_OPERATOR]
    for node in found:
        if type(node) is ast.Compare:
            operators += node.ops
    return found + operators


def size(tree: ast.AST) -> int:
    """How many nodes `ast.walk` finds in `tree`, operators included."""
    found = nodes(tree)
    operators = sum(len(node.ops) for node in found if type(node) is ast.Compare)
    return len(found) + operators + sum(type(node) in _OPERATED for node in found)


def has_place(node: ast.AST) -> bool:
    """Whether a node is of a kind that has a line and a column."""
    return type(node) in _PLACED


def is_simple(node: ast.AST) -> bool:
    """Whether a node is a statement without statements beneath it."""
    return type(node) in _SIMPLE


def place(tree: ast.AST, placed: set[Any]) -> None:
    """`ast.fix_missing_locations`, past the statements in `placed`: nothing is missing there.

    A statement without statements in it is added to `placed`: blocks share most of them.
    """
    # Each node, and the node above it whose place it takes if it has none.
    stack: list[tuple[Any, Any]] = [(tree, tree)]
    while stack:
        node, above = stack.pop()
        if node in placed:
            continue
        if type(node) in _PLACED:
            if not hasattr(node, "lineno"):
                node.lineno, node.col_offset = above.lineno, above.col_offset
                node.end_lineno, node.end_col_offset = above.end_lineno, above.end_col_offset
            above = node
        if type(node) in _SIMPLE:
            placed.add(node)
        stack += [(child, above) for child in children(node)]
