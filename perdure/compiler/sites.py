"""Which generators live across a suspension, and so must be compiled ones.

A generator that is made and used up in one place, with no suspension before it is, may be Python's
own, at Python's speed::

    sum(x.price for x in items)          for line in parsed(text): total += line.value

Any other may be alive when the run stops.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from perdure.compiler.core import SiteKind
from perdure.compiler.definitions import Definition
from perdure.compiler.trees import children

# Builtins that use up what they are given before they return.
_CONSUMERS = frozenset(
    "sum any all list tuple set frozenset dict sorted min max bytes bytearray".split()
)

# The kinds of node that may use something up.
_USERS = {ast.Call, ast.For, ast.ListComp, ast.SetComp, ast.DictComp, ast.Starred}


def in_place(
    users: dict[ast.AST, ast.AST],
    sites: dict[ast.AST, SiteKind],
    makers: dict[ast.AST, SiteKind],
) -> dict[ast.AST, SiteKind]:
    """Of the `makers` of generators in a function, those whose generator may outlive a block.

    `users` are what `users_of` found in the function.
    """
    kept: dict[ast.AST, SiteKind] = {}
    changed = True
    while changed:
        changed = False
        every = {*sites, *kept}
        for maker, kind in makers.items():
            user = users.get(maker)
            if maker not in kept and (user is None or _any_inside(user, every)):
                kept[maker] = kind
                changed = True
    return kept


def users_of(function: Definition) -> dict[ast.AST, ast.AST]:
    """For expressions that are used up where they stand: the tree in which that happens."""
    found: dict[ast.AST, ast.AST] = {}
    for node in function.own:
        if type(node) not in _USERS:
            continue
        match node:
            case ast.Call(func=ast.Name(id=name), args=[first, *_]) if name in _CONSUMERS:
                found[first] = node
            case ast.Call(func=ast.Attribute(value=ast.Constant(), attr="join"), args=[only]):
                found[only] = node
            case ast.For():
                found[node.iter] = node
            case ast.ListComp() | ast.SetComp() | ast.DictComp():
                for generator in node.generators:
                    found[generator.iter] = node
            case ast.Starred():
                found[node.value] = node
    return found


def _any_inside(tree: ast.AST, sites: Iterable[ast.AST]) -> bool:
    wanted = set(sites)
    stack = [tree]
    while stack:
        node = stack.pop()
        if node in wanted:
            return True
        if not isinstance(node, ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef):
            stack += children(node)
    return False
