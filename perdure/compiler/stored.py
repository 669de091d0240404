"""Under which names a program stores what may be called: attributes, and fields of classes.

`order.send = post` and `setattr(order, name, post)` make `order.send()` a call of anything. Told
from the text of a module, node by node.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from perdure.compiler.trees import blocks_of, last_name, nodes

# The kinds of node that may store something.
STORING = {ast.Attribute, ast.Call, ast.Subscript, ast.ClassDef}
# Those that may put a property into a class.
PUTTING = {ast.Assign, ast.Call, ast.Dict, ast.ClassDef}
# Kinds of expression whose values are nothing to call.
_TEXTS_AND_NUMBERS = (ast.Constant, ast.JoinedStr, ast.Compare, ast.BinOp, ast.UnaryOp)
_CONTAINERS = (ast.List, ast.Set, ast.Dict, ast.ListComp, ast.SetComp, ast.DictComp)
_NO_FUNCTION = (*_TEXTS_AND_NUMBERS, *_CONTAINERS)


def stored_by(node: ast.AST) -> Iterator[str | None]:
    """The names of attributes that a node assigns to; None for one that is made when it runs."""
    match node:
        case ast.Attribute(ctx=ast.Store()):
            yield None if node.attr == "__dict__" else node.attr
        case ast.Call(func=ast.Name("setattr"), args=[_, name, *_]):
            yield _written(name)
        case ast.Call(func=ast.Attribute(attr="update", value=owner)) if is_namespace(owner):
            yield from (keyword.arg for keyword in node.keywords)
            for arg in node.args:
                keys = arg.keys if isinstance(arg, ast.Dict) else [None]
                yield from map(_written, keys)
        case ast.Call(func=ast.Name("type"), args=[_, _, ast.Dict(keys=keys)]):
            yield from map(_written, keys)
        case ast.Call(func=ast.Name("type"), args=[_, _, _]):
            yield None
        case ast.Call(keywords=given) if (space := _given(given, "namespace")) is not None:
            yield from map(_written, space.keys)  # make_dataclass()
        case ast.Call(func=ast.Attribute(attr="namedtuple") | ast.Name("namedtuple")):
            for part in (part for arg in node.args[1:] for part in nodes(arg)):
                yield from (_written(part) or "").replace(",", " ").split()
        case ast.Subscript(ctx=ast.Store(), value=owner, slice=key) if is_namespace(owner):
            yield _written(key)
        case ast.Call(keywords=[_, *_]):  # SimpleNamespace(send=post)
            for keyword in node.keywords:
                if keyword.arg is None and isinstance(keyword.value, ast.Dict):
                    yield from filter(None, map(_written, keyword.value.keys))
                if keyword.arg and not isinstance(keyword.value, _NO_FUNCTION):
                    yield keyword.arg
        case ast.ClassDef():
            yield from _fields(node.body)


def _given(keywords: list[ast.keyword], name: str) -> ast.Dict | None:
    found = [k.value for k in keywords if k.arg == name and isinstance(k.value, ast.Dict)]
    return found[0] if found else None


def properties_stored(node: ast.AST) -> Iterator[str]:
    """The names under which a node puts a property into a class."""
    match node:
        case ast.Assign(targets=targets, value=value) if _is_property(value):
            for target in targets:
                match target:
                    case ast.Name(id=name) | ast.Attribute(attr=name):
                        yield name
        case ast.Call(func=ast.Name("setattr"), args=[_, ast.Constant(str(name)), value]):
            if _is_property(value):
                yield name
        case ast.Dict(keys=keys, values=values):
            for key, value in zip(keys, values, strict=True):
                if _is_property(value) and (written := _written(key)) is not None:
                    yield written
        case ast.ClassDef(body=body):
            for statement in body:  # `total = Order.total` may be one that the other class has
                match statement:
                    case ast.Assign(targets=[ast.Name(id=name)], value=ast.Attribute()):
                        yield name


# What may make a property elsewhere than by a decorator in a class body.
_MAKES_PROPERTIES = re.compile(
    r"(?<!@)\b(?:cached_)?property\s*\("  # `property(get)`
    r"|\(\s*(?:\w+\.)?(?:cached_)?property\s*[,)]"  # `class Checked(property)`
)


def properties_made(text: str, tree: ast.Module, *, elsewhere: bool) -> Iterator[str]:
    """The names of what may be a property that a call makes, if anything makes properties so.

    With `elsewhere`, another module does. A name that is made when the program runs is any name
    that is read.
    """
    here = _MAKES_PROPERTIES.search(text) is not None
    if not here and not elsewhere:
        return
    computed = False
    for node in nodes(tree):
        match node:
            case ast.ClassDef():
                yield from _called_for(node.body)
            case ast.Call(func=ast.Name("setattr"), args=[_, name, value]) if here:
                computed = computed or (_written(name) is None and _is_property(value))
            case ast.Assign(targets=[ast.Subscript(slice=key)], value=value) if here:
                computed = computed or (_written(key) is None and _is_property(value))
    if computed:
        yield ANY


ANY = "*"


def _called_for(body: list[ast.stmt]) -> Iterator[str]:
    """Names in a class body that a call gives its value, or a decorator."""
    for statement in body:
        match statement:
            case ast.FunctionDef(name=name, decorator_list=[_, *_] as decorators):
                if any(last_name(each) not in _PLAINLY for each in decorators):
                    yield name
            case ast.Assign(targets=targets, value=ast.Call() | ast.Tuple()):
                for target in targets:
                    yield from (part.id for part in nodes(target) if isinstance(part, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.Call()):
                yield name


_PLAINLY = frozenset("staticmethod classmethod abstractmethod override overload final".split())


def _is_property(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and last_name(value) in ("property", "cached_property")


def stores_function(node: ast.AST, functions: set[str]) -> bool:
    """Whether a node stores a function under a name that is made when the program runs.

    `functions`: the names of all that the module defines.
    """
    match node:
        case ast.Call(func=ast.Name("setattr"), args=[_, name, value]) if _written(name) is None:
            match value:
                case ast.Lambda() | ast.Call(func=ast.Lambda()):
                    return True
                case ast.Name(id=made) | ast.Call(func=ast.Name(id=made)):
                    return made in functions
    return False


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
