"""Which variables a tree reads, binds and deletes, as seen from the function it stands in."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any, NamedTuple

from perdure.compiler.scopes import (
    COMPREHENSIONS,
    SCOPES,
    TYPE_ALIAS,
    annotation_exprs,
    defaults,
    lazily,
    parameters,
)
from perdure.compiler.trees import CHILDREN, LEAVES, STATEMENTS, children, nodes


class Access(NamedTuple):
    """Names read, bound and deleted by one tree, nested scopes counted by their free names.

    `perhaps` are names that evaluating the tree may or may not bind: by `:=` behind a short
    circuit, say.
    """

    reads: set[str]
    binds: set[str]
    deletes: set[str]
    perhaps: set[str]


def nothing() -> Access:
    """No access at all, to be added to."""
    return Access(set(), set(), set(), set())


_NONE: frozenset[str] = frozenset()


def access(tree: ast.AST) -> Access:
    """Collect what evaluating `tree` reads, binds and deletes."""
    found = nothing()
    _visit(tree, found, frozenset())
    return found


def add_access(tree: ast.AST, found: Access, known: dict[ast.AST, Access]) -> None:
    """Add what executing or evaluating `tree` reads, binds and deletes to `found`.

    `known` keeps what is found for each statement and its parts: most stand in several trees.
    """
    if type(tree) in LEAVES:
        _visit(tree, found, _NONE)
        return
    own = known.get(tree)
    if own is None:
        own = known[tree] = nothing()
        if type(tree) in _COMPOUND:
            if isinstance(tree, ast.ExceptHandler) and tree.name:
                own.binds.add(tree.name)
            for child in children(tree):
                add_access(child, own, known)
        else:
            _visit(tree, own, _NONE)
    for names, more in zip(found, own, strict=True):
        if more:
            names |= more


# The kinds of node that have statements in them, of the scope that they stand in.
_COMPOUND: set[type[ast.AST]] = {ast.ExceptHandler, ast.match_case}
_COMPOUND |= {kind for kind in STATEMENTS if {"body", "cases"} & {*kind._fields}} - {*SCOPES}
_COMPOUND -= {ast.TryStar}  # one without a suspension stays whole

# The kinds of node that `_visit_special` has a case for.
_SPECIAL = frozenset(COMPREHENSIONS) | {
    ast.AugAssign,
    ast.AnnAssign,
    ast.BoolOp,
    ast.IfExp,
    ast.Compare,
    ast.Assert,
    ast.NamedExpr,
    ast.Lambda,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Import,
    ast.ImportFrom,
    ast.Match,
    ast.TryStar,
    ast.MatchAs,
    ast.MatchStar,
    ast.MatchMapping,
    ast.ExceptHandler,
}


def _visit(tree: ast.AST, found: Access, own: frozenset[str]) -> None:
    """Walk `tree`; names in `own` belong to a comprehension or function further in."""
    stack: list[Any] = [tree]
    reads, binds, deletes, _ = found
    while stack:
        node = stack.pop()
        kind = type(node)
        if kind is ast.Name:
            name = node.id
            if name not in own:
                use = type(node.ctx)
                if use is ast.Store:
                    binds.add(name)
                else:
                    reads.add(name)  # deleting an unbound name is an error: it is looked at
                    if use is ast.Del:
                        deletes.add(name)
        elif kind in _SPECIAL:  # most are not, and asking each case takes long
            _visit_special(node, found, own)
        elif kind is not ast.Constant:
            stack += CHILDREN[kind](node)


def _visit_special(node: ast.AST, found: Access, own: frozenset[str]) -> None:
    match node:
        case ast.AugAssign(target=ast.Name(id=name)):
            found.reads.add(name)
            found.binds.add(name)
            _visit(node.value, found, own)
        case ast.AnnAssign():
            for part in (node.value, node.target if node.value or not node.simple else None):
                if part is not None:
                    _visit(part, found, own)
        case ast.BoolOp(values=[first, *others]):
            _visit(first, found, own)
            _visit_perhaps(others, found, own)
        case ast.IfExp():
            _visit(node.test, found, own)
            _visit_perhaps([node.body, node.orelse], found, own)
        case ast.Compare(comparators=[first, *others]):
            _visit(node.left, found, own)
            _visit(first, found, own)
            _visit_perhaps(others, found, own)
        case ast.Assert():
            _visit(node.test, found, own)
            _visit_perhaps([node.msg] if node.msg else [], found, own)
        case ast.NamedExpr():
            _visit(node.value, found, own)
            found.binds.add(node.target.id)
        case ast.Lambda():
            for expr in defaults(node.args):
                _visit(expr, found, own)
            _visit_nested([node.body], found, own | set(parameters(node.args)))
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            found.binds.add(node.name)
            _visit_definition(node, found, own)
        case _ if type(node) is TYPE_ALIAS:
            alias: Any = node
            found.binds.add(alias.name.id)
            later = lazily(alias, alias.value)
            _visit_nested([later.body], found, own | set(parameters(later.args)))
        case _ if isinstance(node, COMPREHENSIONS):
            _visit_comprehension(node, found, own)
        case ast.Import() | ast.ImportFrom():
            found.binds.update((a.asname or a.name.partition(".")[0]) for a in node.names)
        case ast.Match():
            _visit(node.subject, found, own)
            _visit_perhaps(node.cases, found, own)
        case ast.TryStar():  # any part may be left out; a handler deletes the name it has bound
            _visit_perhaps(children(node), found, own)
            caught = {handler.name for handler in node.handlers if handler.name}
            found.reads.update(caught)  # where no handler runs, it stays what it was
            found.deletes.update(caught)
        case ast.MatchAs() | ast.MatchStar():
            if node.name:
                found.binds.add(node.name)
            _children(node, found, own)
        case ast.MatchMapping():
            if node.rest:
                found.binds.add(node.rest)
            _children(node, found, own)
        case ast.ExceptHandler():
            if node.name:
                found.binds.add(node.name)
            _children(node, found, own)
        case _:  # a plain `a < b`, say
            _children(node, found, own)


def _children(node: ast.AST, found: Access, own: frozenset[str]) -> None:
    for child in children(node):
        _visit(child, found, own)


def _visit_perhaps(trees: Sequence[ast.AST], found: Access, own: frozenset[str]) -> None:
    """What is evaluated under a condition: it reads, and what it binds is not certain."""
    inner = nothing()
    for tree in trees:
        _visit(tree, inner, own)
    found.reads.update(inner.reads)  # with what is deleted: where it is not, it stays what it was
    found.deletes.update(inner.deletes)
    found.perhaps.update(inner.binds, inner.perhaps)


def _visit_nested(trees: list[ast.AST], found: Access, own: frozenset[str]) -> None:
    """Code of a nested function: it may read outer names; what it binds is its own."""
    inner = nothing()
    for tree in trees:
        _visit(tree, inner, own)
    found.reads.update(inner.reads - inner.binds | (inner.reads & inner.binds & _outer(trees)))


def _outer(trees: list[ast.AST]) -> set[str]:
    """Names declared `nonlocal` in the nested function."""
    return {
        n for tree in trees for x in nodes(tree) if isinstance(x, ast.Nonlocal) for n in x.names
    }


def _visit_definition(
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, found: Access, own: frozenset[str]
) -> None:
    for decorator in node.decorator_list:
        _visit(decorator, found, own)
    if isinstance(node, ast.ClassDef):
        for expr in [*node.bases, *(k.value for k in node.keywords)]:
            _visit(expr, found, own)
        # A class body runs at once and may read a name before it binds its own.
        inner = nothing()
        for statement in node.body:
            _visit(statement, inner, own)
        found.reads.update(inner.reads)
        return
    for expr in [*defaults(node.args), *annotation_exprs(node)]:
        _visit(expr, found, own)
    _visit_nested(list(node.body), found, own | set(parameters(node.args)))


def _visit_comprehension(node: ast.AST, found: Access, own: frozenset[str]) -> None:
    generators: list[ast.comprehension] = node.generators  # type: ignore[attr-defined]
    _visit(generators[0].iter, found, own)
    targets = {
        n.id
        for g in generators
        for n in nodes(g.target)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    # What a comprehension binds by `:=` is bound outside it, if there is a round at all.
    parts: list[ast.AST] = [*(g.iter for g in generators[1:]), *(g.target for g in generators)]
    parts += [test for g in generators for test in g.ifs]
    parts += [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]  # type: ignore[attr-defined]
    _visit_perhaps(parts, found, own | targets)
