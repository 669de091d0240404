"""Generated functions as text: where a tree that stands in many blocks is written once.

A task block is its user's statements, rearranged, and most of them stand in several blocks. So
their text is made once, and only set further in or out:

    Writer().function(tree)  ==  ast.unparse(tree), but for the layout of docstrings

Here stand the statements that have others beneath them; for the others see unparse.py. A logical
line may hold line breaks, in a string: those are part of the program and are not set further in.
"""

from __future__ import annotations

import ast
from typing import Any

from perdure.compiler.unparse import arguments, listed, target, text

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
            found = [text(node)] if write is None else write(self, node)
            self._known[node] = found
        return found

    def body(self, statements: list[ast.stmt]) -> list[str]:
        """The lines of a statement list, set in."""
        return [_INDENT + line for statement in statements for line in self._lines(statement)]

    def _definition(self, node: Any) -> list[str]:
        decorators = [f"@{text(decorator)}" for decorator in node.decorator_list]
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
            found += [f"{_handler_head(handler, word)}:", *self.body(handler.body)]
        return [*found, *self._else(node.orelse), *self._else(node.finalbody, "finally")]

    def _match(self, node: ast.Match) -> list[str]:
        found = [head(node)]
        for case in node.cases:
            found += [_INDENT + line for line in (head(case), *self.body(case.body))]
        return found


def head(node: Any) -> str:
    """The first line of a compound statement: `for x in xs:`; other trees as they are."""
    write = _HEADS.get(type(node))
    return text(node) if write is None else f"{write(node)}:"


def _if_head(node: ast.If) -> str:
    return f"if {text(node.test)}"


def _while_head(node: ast.While) -> str:
    return f"while {text(node.test)}"


def _for_head(node: ast.For | ast.AsyncFor) -> str:
    word = "for" if isinstance(node, ast.For) else "async for"
    return f"{word} {target(node.target)} in {text(node.iter)}"


def _with_head(node: ast.With | ast.AsyncWith) -> str:
    word = "with" if isinstance(node, ast.With) else "async with"
    return f"{word} {listed(node.items)}"


def _try_head(node: ast.Try | ast.TryStar) -> str:
    return "try"


def _handler_head(node: ast.ExceptHandler, word: str = "except") -> str:
    kind = f" {text(node.type)}" if node.type else ""
    name = f" as {node.name}" if node.name else ""
    return f"{word}{kind}{name}"


def _match_head(node: ast.Match) -> str:
    return f"match {text(node.subject)}"


def _case_head(node: ast.match_case) -> str:
    guard = f" if {text(node.guard)}" if node.guard else ""
    return f"case {text(node.pattern)}{guard}"


def _function_head(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    word = "def" if isinstance(node, ast.FunctionDef) else "async def"
    given = f" -> {text(node.returns)}" if node.returns else ""
    return f"{word} {_named(node)}({arguments(node.args)}){given}"


def _class_head(node: ast.ClassDef) -> str:
    bases = listed([*node.bases, *node.keywords])
    return f"class {_named(node)}({bases})" if bases else f"class {_named(node)}"


def _named(node: Any) -> str:
    """The name of a function or class, with its type parameters (from Python 3.12)."""
    parameters = getattr(node, "type_params", None)
    return f"{node.name}[{listed(parameters)}]" if parameters else str(node.name)


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
_HEADS: dict[type, Any] = {
    ast.FunctionDef: _function_head,
    ast.AsyncFunctionDef: _function_head,
    ast.ClassDef: _class_head,
    ast.If: _if_head,
    ast.For: _for_head,
    ast.AsyncFor: _for_head,
    ast.While: _while_head,
    ast.With: _with_head,
    ast.AsyncWith: _with_head,
    ast.Try: _try_head,
    ast.TryStar: _try_head,
    ast.ExceptHandler: _handler_head,
    ast.Match: _match_head,
    ast.match_case: _case_head,
}
