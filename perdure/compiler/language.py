"""The whitelist: every kind of node in Python's grammar, under one of three headings.

A node is compiled, compiled with care (some positions of a suspension in it are refused, by the
diagnostic named), or refused wherever a suspension is in reach. `check` visits every node of a
function that will be compiled; what stands under no heading is refused too (PD199), so that a new
Python's new syntax is never passed by in silence.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from perdure.compiler.definitions import Definition
from perdure.compiler.diagnostics import Diagnostic
from perdure.compiler.trees import operators

COMPILED: frozenset[str] = frozenset(
    # statements
    "FunctionDef AsyncFunctionDef Return Delete Assign AugAssign AnnAssign For AsyncFor While If"
    " With AsyncWith Raise Try TryStar Assert Import ImportFrom Global Nonlocal Expr Pass Break"
    " Continue"
    # expressions
    " BoolOp NamedExpr BinOp UnaryOp IfExp Dict Set ListComp SetComp DictComp Compare Call"
    " FormattedValue JoinedStr Constant Attribute Subscript Starred Name List Tuple Slice"
    " Lambda GeneratorExp Match match_case Await Yield YieldFrom"
    # parts of them
    " Load Store Del And Or Add Sub Mult MatMult Div Mod Pow LShift RShift BitOr BitXor BitAnd"
    " FloorDiv Invert Not UAdd USub Eq NotEq Lt LtE Gt GtE Is IsNot In NotIn comprehension"
    " ExceptHandler arguments arg keyword alias withitem"
    " MatchValue MatchSingleton MatchSequence MatchMapping MatchClass MatchStar MatchAs"
    " MatchOr".split()
)

WITH_CARE: dict[str, str] = {
    "ClassDef": "PD105",  # methods may suspend, the body itself may not
    # From 3.12; a type alias is a value like others, which a checkpoint across it cannot keep.
    "TypeAlias": "",
    "TypeVar": "",
    "ParamSpec": "",
    "TypeVarTuple": "",
}

REFUSED: dict[str, tuple[str, str, str, str]] = {
    # node: (code, what, why, instead)
}


def check(definition: Definition) -> list[Diagnostic]:
    """Refuse what the compiler does not take in a function, nested functions left aside."""
    kinds = {kind.__name__ for kind in definition.kinds | operators(definition.own)}
    if not kinds - COMPILED - WITH_CARE.keys():
        return []
    function = definition.function
    found: list[Diagnostic] = []
    for node in _own_nodes(function.node):
        kind = type(node).__name__
        if kind in REFUSED:
            code, what, why, instead = REFUSED[kind]
            found.append(function.source.diagnostic(code, node, what, why=why, instead=instead))
        elif kind not in COMPILED and kind not in WITH_CARE:
            found.append(
                function.source.diagnostic(
                    "PD199",
                    node,
                    f"this kind of syntax ({kind}) is not known to the compiler",
                    why="this Python has syntax that this release of Perdure was not taught",
                    instead="move it into an activity or into a function that calls none",
                )
            )
    return found


def _own_nodes(function: ast.AST) -> Iterable[ast.AST]:
    """The nodes of a function's own code; a nested function, lambda or class is one node."""
    stack: list[ast.AST] = list(getattr(function, "body", []))
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(
            node,
            ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef | ast.GeneratorExp,
        ):
            stack += ast.iter_child_nodes(node)
