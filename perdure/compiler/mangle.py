"""Private names: `__x` inside `class C` is `_C__x` (Python's language reference, 6.2.1).

Compiled code stands outside the class it was written in, so the names are written out in the tree
before any pass reads it. The names of methods and nested classes stay: the class body binds them.
So do those of type parameters, which say them: `type_variables` has the names of the variables.
"""

from __future__ import annotations

import ast
from typing import Any

from perdure.compiler.trees import children

_IDENTIFIERS: dict[type[ast.AST], str] = {
    ast.Name: "id",
    ast.Attribute: "attr",
    ast.arg: "arg",
    ast.ExceptHandler: "name",
    ast.MatchAs: "name",
    ast.MatchStar: "name",
    ast.MatchMapping: "rest",
}


def mangled(owner: str, name: str) -> str:
    """What `name` is inside the class `owner` (its last name)."""
    stem = owner.lstrip("_")
    if not stem or not name.startswith("__") or name.endswith("__") or "." in name:
        return name
    return f"_{stem}{name}"


def mangle(tree: ast.AST) -> None:
    """Write out the private names in all classes of a tree, in place."""
    stack: list[ast.AST] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.ClassDef):
            _mangle_parameters(node, node.name)
            for statement in node.body:
                _mangle(statement, node.name, definition=True)
            stack += [*node.decorator_list, *node.bases, *node.keywords]
        else:
            stack += children(node)


def _mangle(node: ast.AST, owner: str, *, definition: bool = False) -> None:
    _mangle_parameters(node, node.name if isinstance(node, ast.ClassDef) else owner)
    if isinstance(node, ast.ClassDef):
        given = [*node.bases, *node.keywords, *getattr(node, "type_params", ())]
        for part in [*node.decorator_list, *given]:
            _mangle(part, owner)
        for statement in node.body:
            _mangle(statement, node.name, definition=True)
        if not definition:
            node.name = mangled(owner, node.name)
        return
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not definition:
        node.name = mangled(owner, node.name)
    elif isinstance(node, ast.Global | ast.Nonlocal):
        node.names = [mangled(owner, name) for name in node.names]
    elif isinstance(node, ast.alias):
        if node.asname or node.name.startswith("__"):
            private = mangled(owner, node.asname or node.name)
            node.asname = private if private != node.name else node.asname
    elif (field := _IDENTIFIERS.get(type(node))) and (name := getattr(node, field)):
        setattr(node, field, mangled(owner, name))
    for child in children(node):
        _mangle(child, owner)


def _mangle_parameters(node: ast.AST, owner: str) -> None:
    for param in getattr(node, "type_params", ()):
        param.variable = mangled(owner, param.name)


def type_variables(node: Any) -> list[str]:
    """The variables that the type parameters of a definition are."""
    params = getattr(node, "type_params", ())
    return [getattr(param, "variable", param.name) for param in params]
