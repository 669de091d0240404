"""When `hash()` and `id()` do no harm (hazards 26 and 27).

Integers hash to themselves, and a `__hash__` method only serves the dict or set of the moment. An
address may be compared for equality, or be a key of a table that lives no longer than the block
(a guard against circles); it must not be ordered, stored, sent or returned.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from perdure.compiler.audit.types import BOOL, INT, Type, Types
from perdure.compiler.audit.world import Place

_KEY_METHODS = frozenset({"add", "discard", "remove", "get", "setdefault", "pop", "__contains__"})

Parent = Callable[[ast.AST], ast.AST | None]


class Identity:
    """The check over one unit's code."""

    def __init__(self, unit: ast.AST, parent: Parent) -> None:
        self.unit = unit
        self.parent = parent

    def is_harmless(self, node: ast.Call, types: Types, place: Place) -> bool:
        """Whether this call of hash() or id() stays within bounds."""
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if getattr(self.unit, "name", "") in ("__hash__", "__eq__"):
            return True
        if types.modules.qualify(node.func, place.module, place.scopes) == "builtins.hash":
            made = types.of(node.args[0], place) if node.args else None
            return _hashes_to_itself(made)
        return name != "" and not self._escapes(node)

    def _escapes(self, node: ast.AST) -> bool:
        parent = self.parent(node)
        match parent:
            case ast.Compare():
                same = (ast.Eq, ast.NotEq, ast.In, ast.NotIn, ast.Is, ast.IsNot)
                return not all(isinstance(op, same) for op in parent.ops)
            case ast.Subscript():
                return parent.slice is not node
            case ast.Call(func=ast.Attribute(attr=attr)):
                return attr not in _KEY_METHODS
            case ast.Set() | ast.SetComp() | ast.Expr():
                return False
            case ast.Dict():
                return node not in parent.keys
            case ast.DictComp():
                return parent.key is not node
            case ast.Tuple():
                return self._escapes(parent)
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.NamedExpr(target=ast.Name(id=name)):
                return any(self._escapes(use) for use in self._uses(name))
            case _:
                return True

    def _uses(self, name: str) -> list[ast.Name]:
        return [
            n
            for n in ast.walk(self.unit)
            if isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load)
        ]


def _hashes_to_itself(made: Type | None) -> bool:
    """Whether hash() of such a value is the same in every process."""
    if made is None:
        return False
    if made.name == "builtins.tuple":
        return bool(made.args) and all(_hashes_to_itself(arg) for arg in made.args)
    return made in (INT, BOOL, Type("builtins.float"))
