"""Copy an expression with some of its variables renamed, scopes minded."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from perdure.compiler.scopes import parameters
from perdure.compiler.trees import copy_place


def rename(
    node: ast.expr, fresh: dict[str, str], copied: Callable[[ast.AST, ast.AST], None]
) -> Any:
    """Copy a comprehension with its variables renamed by `fresh`.

    The first iterable is evaluated outside the comprehension, so it is left alone. A nested lambda
    or comprehension that binds the same name again keeps its own. `copied(old, new)` hears of every
    node that is copied, so that facts about it can follow.
    """
    copier = _Copier(fresh, copied)
    first = node.generators[0].iter  # type: ignore[attr-defined]
    return copier.fields(node, skip=first)


class _Copier:
    def __init__(self, fresh: dict[str, str], copied: Callable[[ast.AST, ast.AST], None]) -> None:
        self.fresh = fresh
        self.copied = copied

    def copy(self, node: Any, skip: ast.AST | None = None) -> Any:
        if isinstance(node, list):
            return [self.copy(item, skip) for item in node]
        if not isinstance(node, ast.AST) or node is skip:
            return node
        if isinstance(node, ast.Name):
            name = ast.Name(self.fresh.get(node.id, node.id), node.ctx)
            self.copied(node, name)
            return copy_place(name, node)
        if isinstance(node, ast.Lambda):
            return self._shadowed(node, parameters(node.args), node.args)
        if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            bound = [
                n.id
                for g in node.generators
                for n in ast.walk(g.target)
                if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
            ]
            return self._shadowed(node, bound, node.generators[0].iter)
        return self.fields(node, skip)

    def fields(self, node: ast.AST, skip: ast.AST | None = None) -> Any:
        made: Any = type(node)(**{k: self.copy(v, skip) for k, v in ast.iter_fields(node)})
        self.copied(node, made)
        return copy_place(made, node)

    def _shadowed(self, node: ast.AST, bound: list[str], outside: ast.AST) -> Any:
        """Copy a nested scope: the names it binds are its own, all but in `outside`."""
        inner = _Copier({k: v for k, v in self.fresh.items() if k not in bound}, self.copied)
        made = inner.fields(node, skip=outside)
        moved = self.copy(outside)
        if isinstance(made, ast.Lambda):
            made.args = moved
        else:
            made.generators[0].iter = moved
        return made
