"""Under which names a program stores what may be called: attributes, and fields of classes.

`order.send = post` and `setattr(order, name, post)` make `order.send()` a call of anything. Told
from the text of a module, node by node.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from perdure.compiler.trees import blocks_of, nodes

# The kinds of node that may store something.
STORING = {ast.Attribute, ast.Call, ast.Subscript, ast.ClassDef}
# Kinds of expression whose values are nothing to call.
_TEXTS_AND_NUMBERS = (ast.Constant, ast.JoinedStr, ast.Compare, ast.BinOp, ast.UnaryOp)
_CONTAINERS = (ast.List, ast.Set, ast.Dict, ast.ListComp, ast.SetComp, ast.DictComp)
_NO_FUNCTION = (*_TEXTS_AND_NUMBERS, *_CONTAINERS)


def stored_by(node: ast.AST) -> Iterator[str | None]:
    """The names of attributes that a node assigns to; None for one that is made when it runs."""
    match node:
        case ast.Attribute(ctx=ast.Store()):
            yield node.attr
        case ast.Call(func=ast.Name("setattr"), args=[_, name, *_]):
            yield _written(name)
        case ast.Call(func=ast.Attribute(attr="update", value=owner)) if is_namespace(owner):
            yield from (keyword.arg for keyword in node.keywords)
            for arg in node.args:
                keys = arg.keys if isinstance(arg, ast.Dict) else [None]
                yield from map(_written, keys)
        case ast.Call(func=ast.Attribute(attr="namedtuple") | ast.Name("namedtuple")):
            for part in (part for arg in node.args[1:] for part in nodes(arg)):
                yield from (_written(part) or "").replace(",", " ").split()
        case ast.Subscript(ctx=ast.Store(), value=owner, slice=key) if is_namespace(owner):
            yield _written(key)
        case ast.Call(keywords=[_, *_]):  # SimpleNamespace(send=post)
            for keyword in node.keywords:
                if keyword.arg and not isinstance(keyword.value, _NO_FUNCTION):
                    yield keyword.arg
        case ast.ClassDef():
            yield from _fields(node.body)


def is_namespace(owner: ast.expr) -> bool:
    """Whether it is the dict of an object's attributes, or of variables: `vars(x)`, `globals()`."""
    match owner:
        case ast.Attribute(attr="__dict__") | ast.Call(func=ast.Name("vars" | "globals")):
            return True
    return False


def _written(name: Any) -> str | None:
    """A name that is written out."""
    found = name.value if isinstance(name, ast.Constant) else None
    return found if isinstance(found, str) else None


def _fields(body: list[ast.stmt]) -> Iterator[str]:
    """Class attributes that may be something to call: `alias = method`, `partialmethod(…)`."""
    for statement in body:
        targets: list[ast.expr] = []
        match statement:
            case ast.AnnAssign() | ast.For():
                targets = [statement.target]
            case ast.Assign() if not isinstance(statement.value, _NO_FUNCTION):
                targets = statement.targets
        for target in targets:
            yield from (node.id for node in nodes(target) if isinstance(node, ast.Name))
        if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for inner in blocks_of(statement):
                yield from _fields(inner)
