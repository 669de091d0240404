"""What a call calls: a function or class of the project, something outside it, or nobody knows.

Names come first (imports, aliases, nested functions), then the receiver's type. The first answer
wins; "unknown" is an answer too, which is counted and never reported as a fault.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from perdure.compiler.audit.world import Place
from perdure.compiler.scopes import Function

if TYPE_CHECKING:
    from perdure.compiler.audit.types import Types


class Kind(Enum):
    """What sort of thing is called."""

    FUNCTION = "function"  # of the project
    CLASS = "class"  # of the project
    EXTERNAL = "external"  # by dotted name
    ENGINE = "engine"  # perdure's own
    HARMLESS = "harmless"  # a method of a container, an attribute of an activity
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Callee:
    """What is called. `name` is canonical and dotted; `function` is set for the project's own."""

    kind: Kind
    name: str = ""
    function: Function | None = None


UNKNOWN = Callee(Kind.UNKNOWN)
HARMLESS = Callee(Kind.HARMLESS)

# Methods of Python's own values. On a receiver of unknown type they are taken for what they look
# like: `order.lines.append(x)` is not worth a line in the list of what is not known.
_OF_BUILTINS = frozenset(
    name
    for kind in (str, bytes, list, dict, set, frozenset, tuple, int, float)
    for name in dir(kind)
    if not name.startswith("_")
)


def callee(func: ast.expr, place: Place, types: Types) -> Callee:
    """What `func`, standing in front of a call (or alone, as a value), leads to."""
    if func in types.callees:
        return types.callees[func]
    found = _find(func, place, types)
    if types.settled:
        types.callees[func] = found
    return found


def _find(func: ast.expr, place: Place, types: Types) -> Callee:
    if (nested := nested_function(func, place, types)) is not None:
        return Callee(Kind.FUNCTION, nested.dotted, nested)
    found = UNKNOWN
    if (dotted := types.modules.qualify(func, place.module, place.scopes)) is not None:
        if dotted not in types.named:
            types.named[dotted] = _by_name(dotted, types)
        found = types.named[dotted]
    if found.kind is not Kind.UNKNOWN:
        return found
    if isinstance(func, ast.Attribute):
        return _by_receiver(func, place, types)
    if isinstance(func, ast.Name) and (made := types.of(func, place)) is not None:
        return _of_object(made, "__call__", types)
    return UNKNOWN


def nested_function(func: ast.expr, place: Place, types: Types) -> Function | None:
    """A function that is defined inside the function around, by its plain name."""
    if not isinstance(func, ast.Name):
        return None
    for scope in place.scopes:
        if func.id in scope.globals:
            return None
        if func.id in scope.locals and func.id not in scope.nonlocals:
            if scope.bindings.get(func.id) != 1:
                return None
            nodes = [c.node for c in scope.children if getattr(c.node, "name", "") == func.id]
            return types.classes.function_at(place.module, nodes[0]) if nodes else None
    return None


def _by_name(dotted: str, types: Types) -> Callee:
    modules = types.modules
    if dotted == "perdure" or dotted.startswith("perdure."):
        return Callee(Kind.ENGINE, dotted)
    if (function := modules.function(dotted)) is not None:
        return Callee(Kind.FUNCTION, dotted, function)
    if modules.class_of(dotted) is not None:
        return Callee(Kind.CLASS, dotted)
    base, _, last = dotted.rpartition(".")
    if base and modules.function(base) is not None:
        return HARMLESS  # `charge.options(...)`, `helper.cache_clear()`
    if base and modules.class_of(base) is not None:
        return _of_object(types.instance(base), last, types)
    return UNKNOWN if first_party(dotted, types) else Callee(Kind.EXTERNAL, dotted)


def first_party(dotted: str, types: Types) -> bool:
    """Whether a name belongs to a module of the project."""
    parts = dotted.split(".")
    return any(types.modules.get(".".join(parts[:n])) for n in range(len(parts), 0, -1))


def _by_receiver(func: ast.Attribute, place: Place, types: Types) -> Callee:
    if (owner := _super_owner(func.value, place, types)) is not None:
        method = types.classes.method(owner, func.attr, after=owner)
        if method is not None:
            return Callee(Kind.FUNCTION, method.dotted, method)
        return HARMLESS  # object's own, or a base of another package that was chosen by the class
    receiver = types.of(func.value, place)
    if receiver is not None:
        return _of_object(receiver, func.attr, types)
    return HARMLESS if func.attr in _OF_BUILTINS else UNKNOWN


def _super_owner(expr: ast.expr, place: Place, types: Types) -> str | None:
    if not isinstance(expr, ast.Call) or not isinstance(expr.func, ast.Name):
        return None
    return place.owner if expr.func.id == "super" else None


def _of_object(receiver: object, name: str, types: Types) -> Callee:
    """The method that an object of a known type has under a name."""
    type_name, is_class = types.describe(receiver)
    if type_name.startswith("builtins.") and types.modules.class_of(type_name) is None:
        return HARMLESS
    if types.modules.class_of(type_name) is None:
        return Callee(Kind.EXTERNAL, f"{type_name}.{name}")
    if is_class and name == "__call__":
        return Callee(Kind.CLASS, type_name)
    if (method := types.classes.method(type_name, name)) is not None:
        return Callee(Kind.FUNCTION, method.dotted, method)
    for base, module, _ in types.classes.lineage(type_name):
        if module is None and not base.startswith("builtins."):
            return Callee(Kind.EXTERNAL, f"{base}.{name}")
    value = types.field(type_name, name)
    if value is not None and types.describe(value)[1]:
        return Callee(Kind.CLASS, types.describe(value)[0])
    return UNKNOWN
