"""Annotations that Python leaves unevaluated: those of `from __future__ import annotations`.

In the functions of such a module they become the strings that Python makes of them, so that no pass
takes what stands in them for something that runs. Compiled blocks know no `__future__`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from perdure.compiler.trees import CHILDREN, copy_place, nodes

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
# Where an annotation stands in a node that has one.
_FIELDS = {
    ast.arg: "annotation",
    ast.AnnAssign: "annotation",
    ast.FunctionDef: "returns",
    ast.AsyncFunctionDef: "returns",
}


def leave_unevaluated(tree: ast.Module) -> None:
    """Put strings in the place of annotations inside functions, where the module asks for it."""
    if not any(map(_is_asked_for, tree.body)):
        return
    found = [
        (node, _FIELDS[type(node)], annotation)
        for function in _outermost(tree)
        for statement in function.body
        for node in nodes(statement)
        if type(node) in _FIELDS and (annotation := getattr(node, _FIELDS[type(node)])) is not None
    ]
    texts = _as_python_writes([annotation for _, _, annotation in found])
    for (node, field, annotation), text in zip(found, texts, strict=True):
        setattr(node, field, copy_place(ast.Constant(text), annotation))


def _is_asked_for(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.ImportFrom)
        and statement.module == "__future__"
        and any(alias.name == "annotations" for alias in statement.names)
    )


def _outermost(tree: ast.Module) -> Iterator[Any]:
    """The functions of a module and its classes, without those inside them."""
    stack: list[Any] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, _FUNCTIONS):
            yield node
        else:
            stack += CHILDREN[type(node)](node)


def _as_python_writes(annotations: list[ast.expr]) -> list[str]:
    """The strings that Python's compiler makes of annotations."""
    if not annotations:
        return []
    body: list[ast.stmt] = ast.parse("from __future__ import annotations").body
    for number, annotation in enumerate(annotations):
        name = copy_place(ast.Name(f"_{number}", ast.Store()), annotation)
        body.append(copy_place(ast.AnnAssign(name, annotation, None, 1), annotation))
    space: dict[str, Any] = {}
    exec(compile(ast.Module(body, []), "<annotations>", "exec", dont_inherit=True), space)
    return list(space["__annotations__"].values())
