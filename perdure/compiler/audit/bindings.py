"""What a scope's local names are bound to: the raw material of type inference.

One pass over a function's own body (nothing nested) collects, for every local name, the places that
bind it. Types are worked out later, and only for the names somebody asks about.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from perdure.compiler.scopes import COMPREHENSIONS, SCOPES, ScopeNode

Kind = Literal["value", "element", "annotation", "entered", "unknown"]


@dataclass(frozen=True, slots=True)
class Binding:
    """One place that binds a name: what of `expr` it gets, and where in it when it is unpacked.

    `for i, x in enumerate(xs)` binds x to an *element* of `enumerate(xs)`, at path (1,).
    """

    kind: Kind
    expr: ast.expr | None = None
    path: tuple[int, ...] = ()


_UNKNOWN = Binding("unknown")

Bindings = dict[str, list[Binding]]


def bindings_of(node: ScopeNode | ast.Module) -> Bindings:
    """The bindings of every local name of a function, comprehension, class or module."""
    found: Bindings = {}
    if isinstance(node, COMPREHENSIONS):
        for generator in node.generators:
            _target(found, generator.target, "element", generator.iter)
        return found
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        _parameters(found, node.args)
    for child in own_nodes(node):
        _collect(found, child)
    return found


def own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes of a scope's body but those of nested functions, lambdas and classes.

    Comprehensions are gone into: what stands in them runs here and now.
    """
    stack: list[ast.AST] = list(reversed(body_of(node)))
    while stack:
        here = stack.pop()
        yield here
        if isinstance(here, SCOPES) and not isinstance(here, COMPREHENSIONS):
            continue
        stack += reversed(children(here))


def children(node: ast.AST) -> list[ast.AST]:
    """The nodes right below a node, as `ast.iter_child_nodes` gives them, but faster."""
    found: list[ast.AST] = []
    for value in node.__dict__.values():
        if isinstance(value, list):
            found += [item for item in value if isinstance(item, ast.AST)]
        elif isinstance(value, ast.AST) and not isinstance(value, ast.expr_context):
            found.append(value)
    return found


def body_of(node: ast.AST) -> list[ast.AST]:
    """The statements (or the one expression) of a scope."""
    if isinstance(node, COMPREHENSIONS):
        return list(ast.iter_child_nodes(node))
    body = getattr(node, "body", [])
    return list(body) if isinstance(body, list) else [body]


def _collect(found: Bindings, node: ast.AST) -> None:
    match node:
        case ast.Assign():
            for target in node.targets:
                _target(found, target, "value", node.value)
        case ast.AnnAssign():
            _target(found, node.target, "annotation", node.annotation)
        case ast.NamedExpr():
            _target(found, node.target, "value", node.value)
        case ast.For() | ast.AsyncFor():
            _target(found, node.target, "element", node.iter)
        case ast.withitem() if node.optional_vars is not None:
            _target(found, node.optional_vars, "entered", node.context_expr)
        case ast.ExceptHandler() if node.name:
            _bind(found, node.name, _UNKNOWN)
        case ast.MatchAs() | ast.MatchStar() if node.name:
            _bind(found, node.name, _UNKNOWN)
        case ast.MatchMapping() if node.rest:
            _bind(found, node.rest, _UNKNOWN)
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            _bind(found, node.name, _UNKNOWN)
        case ast.Import() | ast.ImportFrom():
            for alias in node.names:
                _bind(found, alias.asname or alias.name.partition(".")[0], _UNKNOWN)
        case _:
            pass  # augmented assignment keeps the type of what it changes, near enough


def _target(
    found: Bindings, target: ast.expr, kind: Kind, expr: ast.expr, path: tuple[int, ...] = ()
) -> None:
    if isinstance(target, ast.Name):
        _bind(found, target.id, Binding(kind, expr, path))
    elif isinstance(target, ast.Tuple | ast.List):
        for index, part in enumerate(target.elts):
            if isinstance(part, ast.Starred):
                for name in ast.walk(part):
                    if isinstance(name, ast.Name):
                        _bind(found, name.id, _UNKNOWN)
                return
            _target(found, part, kind, expr, (*path, index))


def _parameters(found: Bindings, args: ast.arguments) -> None:
    for arg in [*args.posonlyargs, *args.args, *args.kwonlyargs]:
        known = arg.annotation is not None
        _bind(found, arg.arg, Binding("annotation", arg.annotation) if known else _UNKNOWN)
    for rest in (args.vararg, args.kwarg):
        if rest is not None:
            _bind(found, rest.arg, _UNKNOWN)


def _bind(found: Bindings, name: str, binding: Binding) -> None:
    found.setdefault(name, []).append(binding)
