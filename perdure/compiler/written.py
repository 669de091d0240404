"""What a piece of a program's text says of itself: questions about single nodes."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import TypeGuard

from perdure.compiler.scopes import defaults, simple_alias
from perdure.compiler.trees import last_name, nodes

PROPERTIES = frozenset("property cached_property abstractproperty DynamicClassAttribute".split())
TYPES = frozenset("list tuple set frozenset dict deque bytes bytearray array".split())


def makes_property(decorator: ast.expr) -> bool:
    """Whether it is `property` or one of its kind, or a call of one."""
    return last_name(decorator) in PROPERTIES


def called_to_decorate(decorator: ast.expr) -> ast.expr:
    """What a decorator names, its arguments left out; `@partial(traced, "x")` names `traced`."""
    if not isinstance(decorator, ast.Call):
        return decorator
    if decorator.args and last_name(decorator) == "partial":
        return decorator.args[0]
    return decorator.func


def registered_with(decorator: ast.expr) -> str | None:
    """The last name of the generic function for which `@show.register` gives a case."""
    bare = decorator.func if isinstance(decorator, ast.Call) else decorator
    if not isinstance(bare, ast.Attribute) or bare.attr != "register":
        return None
    generic = bare.value
    if isinstance(generic, ast.Attribute):
        return generic.attr
    return generic.id if isinstance(generic, ast.Name) else None


def root_name(expr: ast.expr) -> str:
    """The name that an expression such as `a.b.c` begins with; "" for others."""
    while isinstance(expr, ast.Attribute):
        expr = expr.value
    return expr.id if isinstance(expr, ast.Name) else ""


def outside_functions(body: list[ast.stmt], owner: str) -> Iterator[tuple[str, ast.AST]]:
    """What a module and its classes evaluate when they are made; `Class.` it stands in.

    Statements that define no function, and the defaults and decorators of those that do.
    """
    parts: Iterable[ast.AST]
    for statement in body:
        if isinstance(statement, ast.ClassDef):
            parts = (*statement.decorator_list, *statement.bases, *statement.keywords)
            yield from ((owner, part) for part in parts)
            yield from outside_functions(statement.body, f"{owner}{statement.name}.")
        elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            parts = [part for d in statement.decorator_list for part in _given_to(d)]
            yield from ((owner, part) for part in (*parts, *defaults(statement.args)))
        else:
            yield owner, statement


def _given_to(decorator: ast.expr) -> Iterator[ast.AST]:
    """The arguments of a decorator, and of what makes it: `@Step(first).then(second)`."""
    while isinstance(decorator, ast.Call | ast.Attribute | ast.Subscript):
        if isinstance(decorator, ast.Call):
            yield from (*decorator.args, *decorator.keywords)
            decorator = decorator.func
        else:
            decorator = decorator.value


def types_tested(own: Iterable[ast.AST]) -> set[ast.expr]:
    """Names of types that are only tested for, or stand in annotations: nobody calls them there."""
    found: set[ast.expr] = set()
    for node in own:
        match node:
            case ast.Call(func=ast.Name(id=name), args=[*args]) if name in _TESTING:
                found.update(n for arg in args for n in nodes(arg) if _is_type_name(n))
            case ast.AnnAssign(annotation=annotation):
                found.update(n for n in nodes(annotation) if _is_type_name(n))
            case ast.Subscript(value=ast.Name() as name_of_type):
                if name_of_type.id in TYPES:
                    found.add(name_of_type)
    return found


def _is_type_name(node: ast.AST) -> TypeGuard[ast.expr]:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in TYPES or name[:1].isupper()
    return False


_TESTING = frozenset({"isinstance", "issubclass", "cast", "defaultdict"})


def gives_tuples(over: ast.expr) -> bool:
    """Whether the items of what a loop goes over are tuples, as the text has it."""
    match over:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name in ("items", "enumerate", "zip")
    return False


def factories(node: ast.ClassDef) -> list[ast.expr]:
    """What fields of a class have as their `default_factory`."""
    return [
        keyword.value
        for statement in node.body
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.value, ast.Call)
        for keyword in statement.value.keywords
        if keyword.arg == "default_factory"
    ]


def is_generic(node: ast.ClassDef) -> bool:
    """Whether a class has aliases: `Box[int]`."""
    named = (getattr(statement, "name", "") for statement in node.body)
    alone = (alias[0] for statement in node.body if (alias := simple_alias(statement)))
    return (
        bool(getattr(node, "type_params", ()))
        or any(isinstance(base, ast.Subscript) for base in node.bases)
        or "__class_getitem__" in (*named, *alone)
    )
