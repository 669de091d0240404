"""Functions that a program finds by a name: `getattr(order, "ship")`, `vars(Order)["ship"]`.

They leave no name of a function in the text. How the text of the name begins and ends is often
written out, and says which functions it may be; the ends ("", "") stand for any name.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from perdure.compiler.scopes import Module, Modules, Scope
from perdure.compiler.stored import is_namespace

# Calls that find something by a name, and those whose names say what, by the name's argument.
LOOKUPS = frozenset(
    {f"builtins.{name}" for name in ("getattr", "globals", "vars", "eval", "exec", "__import__")}
    | {"importlib.import_module", "operator.attrgetter", "operator.methodcaller"}
    | {"inspect.getmembers"}
)
_NAMED_BY = {"builtins.getattr": 1, "operator.methodcaller": 0, "operator.attrgetter": 0}
# Those whose first argument is asked.
_ASKING = frozenset({"builtins.getattr", "builtins.vars", "inspect.getmembers"})

Ends = tuple[str, str]


def looks_into_own(
    dotted: str, call: ast.Call, modules: Modules, module: Module, scopes: Iterable[Scope] = ()
) -> bool:
    """Whether a call of one of `LOOKUPS` may find something of the program.

    `getattr(sys, "frozen", False)` does not.
    """
    owner = call.args[0] if dotted in _ASKING and call.args else None
    if not isinstance(owner, ast.Name | ast.Attribute):
        return True
    return modules.may_be_own(owner, module, scopes)


def looked_up(dotted: str, call: ast.Call) -> Ends | None:
    """The ends of what a call of one of `LOOKUPS` looks up, or begins to, by itself."""
    if dotted == "inspect.getmembers":
        return ("", "")
    place = _NAMED_BY.get(dotted, len(call.args))
    return known_ends(call.args[place]) if place < len(call.args) else None


def looked_up_in_namespace(node: ast.AST) -> Ends | None:
    """The ends of what a node takes out of a dict of names: `globals().get(name)`."""
    match node:
        case ast.Subscript(value=owner, slice=key, ctx=ast.Load()):
            found = known_ends(key)
        case ast.Call(func=ast.Attribute(value=owner, attr="get" | "pop"), args=[key, *_]):
            found = known_ends(key)
        case ast.Call(func=ast.Attribute(value=owner, attr="values" | "items")):
            found = ("", "")
        case _:
            return None
    return found if is_namespace(owner) else None


def known_ends(name: ast.expr) -> Ends:
    """How the text that an expression makes begins and ends, as far as it is written out."""
    match name:
        case ast.Constant(value=str(text)):
            return text, text
        case ast.JoinedStr(values=[first, *_] as parts):
            return known_ends(first)[0], known_ends(parts[-1])[1]
        case ast.BinOp(op=ast.Add()):
            return known_ends(name.left)[0], known_ends(name.right)[1]
    return "", ""
