"""Generated functions as text: `ast.unparse`, where a tree that stands in many blocks is met once.

A task block is its user's statements, rearranged, and most of them stand in several blocks. So
their text is made once, and only set further in or out:

    Writer().function(tree)  ==  ast.unparse(tree), but for the layout of docstrings

What has no statements beneath it is `ast.unparse`'s work, and so is the head of what has. A logical
line may hold line breaks, in a string: those are part of the program and are not set further in.
"""

from __future__ import annotations

import ast
from typing import Any

_INDENT = "    "


class Writer:
    """Writes the functions of one program."""

    def __init__(self) -> None:
        self._known: dict[ast.AST, list[str]] = {}

    def function(self, tree: ast.stmt) -> str:
        """The text of a generated function."""
        return "\n".join(self._lines(tree))

    def _lines(self, node: ast.stmt) -> list[str]:
        """The logical lines of a statement, from the margin."""
        found = self._known.get(node)
        if found is None:
            write = _WAYS.get(type(node))
            found = [ast.unparse(node)] if write is None else write(self, node)
            self._known[node] = found
        return found

    def body(self, statements: list[ast.stmt]) -> list[str]:
        """The lines of a statement list, set in."""
        return [_INDENT + line for statement in statements for line in self._lines(statement)]

    def _definition(self, node: Any) -> list[str]:
        decorators = [f"@{ast.unparse(decorator)}" for decorator in node.decorator_list]
        return [*decorators, head(node), *self.body(node.body)]

    def _if(self, node: ast.If) -> list[str]:
        found = [head(node), *self.body(node.body)]
        match node.orelse:
            case [ast.If() as other]:
                first, *rest = self._lines(other)
                return [*found, f"el{first}", *rest]
            case orelse:
                return [*found, *self._else(orelse)]

    def _loop(self, node: ast.For | ast.AsyncFor | ast.While) -> list[str]:
        return [head(node), *self.body(node.body), *self._else(node.orelse)]

    def _else(self, orelse: list[ast.stmt], word: str = "else") -> list[str]:
        return [f"{word}:", *self.body(orelse)] if orelse else []

    def _with(self, node: ast.With | ast.AsyncWith) -> list[str]:
        return [head(node), *self.body(node.body)]

    def _try(self, node: Any) -> list[str]:
        found = ["try:", *self.body(node.body)]
        word = "except*" if isinstance(node, ast.TryStar) else "except"
        for handler in node.handlers:
            kind = f" {ast.unparse(handler.type)}" if handler.type else ""
            name = f" as {handler.name}" if handler.name else ""
            found += [f"{word}{kind}{name}:", *self.body(handler.body)]
        return [*found, *self._else(node.orelse), *self._else(node.finalbody, "finally")]

    def _match(self, node: ast.Match) -> list[str]:
        found = [head(node)]
        for case in node.cases:
            first = ast.unparse(ast.match_case(case.pattern, case.guard, [])).strip()
            found += [_INDENT + line for line in (first, *self.body(case.body))]
        return found


def head(node: Any) -> str:
    """The first line of a compound statement: `for x in xs:`; an expression as it is."""
    if not isinstance(node, ast.stmt | ast.match_case | ast.ExceptHandler):
        return ast.unparse(node)
    empty: dict[str, list[Any]] = {name: [] for name in _BENEATH if hasattr(node, name)}
    bare = type(node)(**(dict(ast.iter_fields(node)) | empty))
    return ast.unparse(ast.copy_location(bare, node)).strip()


# What is no part of the first line.
_BENEATH = ("body", "orelse", "handlers", "finalbody", "cases", "decorator_list")

_WAYS: dict[type, Any] = {
    ast.FunctionDef: Writer._definition,
    ast.AsyncFunctionDef: Writer._definition,
    ast.ClassDef: Writer._definition,
    ast.If: Writer._if,
    ast.For: Writer._loop,
    ast.AsyncFor: Writer._loop,
    ast.While: Writer._loop,
    ast.With: Writer._with,
    ast.AsyncWith: Writer._with,
    ast.Try: Writer._try,
    ast.TryStar: Writer._try,
    ast.Match: Writer._match,
}
