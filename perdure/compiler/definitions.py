"""Every function of a module: `def`s at any depth, methods, lambdas, generator expressions.

Each is brought into the form of a `def`, so that later passes know one kind only::

    lambda x: act(x)            def <lambda>(x): return act(x)
    (act(x) for x in xs if x)   def <genexpr>(_items):
                                    for x in _items:
                                        if x: yield act(x)

and knows the scopes around it, the names it shares with them by cell, and the class that its
private names and its `super()` belong to. Nothing is copied: the trees are the user's own.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any

from perdure.compiler.mangle import type_variables
from perdure.compiler.scopes import (
    COMPREHENSIONS,
    SCOPES,
    Function,
    FunctionNode,
    Module,
    Scope,
    own_nodes,
    scope_table,
)
from perdure.compiler.trees import CHILDREN, LEAVES, children, copy_place


class Kind(Enum):
    """What calling a function gives."""

    FUNCTION = "function"  # its value
    GENERATOR = "generator"
    COROUTINE = "coroutine"
    ASYNC_GENERATOR = "async generator"


@dataclass(eq=False)
class Definition:
    """A function of the module; `function.qualname` is unique in it (`f`, `f#2`, …)."""

    function: Function
    origin: ast.AST  # where it stands in the user's tree: a def, a lambda, a generator expression
    scopes: tuple[Scope, ...]  # its own first, then those around it that its code sees
    code_name: str  # `co_name` of its code
    in_class: bool  # whether `super()` and `__class__` mean something in it
    type_params: frozenset[str] = frozenset()  # of it and what is around it (from Python 3.12)
    is_nested: bool = False  # whether it stands in another function
    body: Scope | None = None  # of the class that it stands in
    nested: list[Definition] = field(default_factory=list)

    @property
    def scope(self) -> Scope:
        """What the function itself binds and uses."""
        return self.scopes[0]

    @property
    def outer(self) -> tuple[Scope, ...]:
        """The scopes that its decorators and defaults see, innermost first."""
        return self.scopes[1:] if self.body is None else (self.body, *self.scopes[1:])

    @property
    def name(self) -> str:
        """`package.module:qualname`."""
        return self.function.name

    @property
    def node(self) -> FunctionNode:
        """The function as a `def`."""
        return self.function.node

    @cached_property
    def own(self) -> list[Any]:
        """The nodes of its own code, as `own_nodes` gives them; the passes before normalize ask."""
        return own_nodes(self.node, self.around)

    @cached_property
    def around(self) -> dict[ast.AST, ast.AST]:
        """For each of `own`: the node that it stands in."""
        return {}

    @cached_property
    def kinds(self) -> set[type]:
        """What kinds of node its own code has."""
        return set(map(type, self.own))

    @cached_property
    def kind(self) -> Kind:
        """What calling it gives."""
        yields = bool(self.kinds & {ast.Yield, ast.YieldFrom})
        if isinstance(self.node, ast.AsyncFunctionDef):
            return Kind.ASYNC_GENERATOR if yields else Kind.COROUTINE
        return Kind.GENERATOR if yields else Kind.FUNCTION

    @cached_property
    def free(self) -> tuple[str, ...]:
        """Names shared with a function around it, by cell."""
        found = {name for name in self.scope.free if self._is_shared(name)}
        found |= self.scope.free & self.type_params
        if self.in_class and _needs_class(self.scope):
            found.add("__class__")
        return tuple(sorted(found))

    def _is_shared(self, name: str) -> bool:
        for scope in self.scopes[1:]:
            if name in scope.globals:
                return False
            if name in scope.locals and name not in scope.nonlocals:
                return True
        return False


def mark_of(definition: Definition) -> tuple[str, int, int, int, int, int]:
    """How code made from a definition is known, wherever it was compiled.

    (`co_name`, `co_firstlineno`, line, column, end line, end column of what it executes).
    """
    origin = definition.origin
    first = min([origin, *getattr(origin, "decorator_list", [])], key=lambda n: n.lineno)
    place = [origin]
    if not isinstance(origin, COMPREHENSIONS):
        place = _inside(origin)
    last: ast.AST = place[-1]
    return (
        definition.code_name,
        first.lineno,
        place[0].lineno,  # type: ignore[attr-defined]
        place[0].col_offset,  # type: ignore[attr-defined]
        last.end_lineno,  # type: ignore[attr-defined]
        last.end_col_offset,  # type: ignore[attr-defined]
    )


def definitions(module: Module) -> list[Definition]:
    """Every function of a module, outer before inner, in source order."""
    return _Collector(module).run()


_SCOPES = frozenset(SCOPES)


class _Collector:
    def __init__(self, module: Module) -> None:
        self.module = module
        self.scopes = scope_table(module)
        self.found: list[Definition] = []
        self.bodies: dict[str, Scope] = {}  # of classes, by what the names in them begin with
        self.taken: set[str] = set()

    def run(self) -> list[Definition]:
        none: frozenset[str] = frozenset()
        self._visit_all(iter(self.module.source.tree.body), "", None, None, False, none)
        return self.found

    def _visit_all(
        self,
        nodes: Iterator[ast.AST],
        prefix: str,
        owner: str | None,
        parent: Definition | None,
        in_class: bool,
        params: frozenset[str],
    ) -> None:
        stack = list(nodes)[::-1]
        while stack:
            node = stack.pop()
            kind = type(node)
            if kind in LEAVES:
                continue
            if kind not in _SCOPES:  # most are not, and asking for each kind takes long
                stack += CHILDREN[kind](node)[::-1]
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                stack += list(_outside(node))[::-1]
                self._add(node, node, node.name, prefix, owner, parent, in_class, params)
            elif isinstance(node, ast.Lambda):
                stack += list(_outside(node))[::-1]
                self._add(
                    _of_lambda(node), node, "<lambda>", prefix, None, parent, in_class, params
                )
            elif isinstance(node, ast.GeneratorExp):
                stack.append(node.generators[0].iter)
                made = _of_generator(node)
                self._add(made, node, "<genexpr>", prefix, None, parent, in_class, params)
            elif self._outlives(node):
                node.runs_as_function = True  # type: ignore[attr-defined]
                stack.append(node.generators[0].iter)  # type: ignore[attr-defined]
                made, name = _of_comprehension(node)
                self._add(made, node, name, prefix, None, parent, in_class, params)
            elif isinstance(node, ast.ClassDef):
                stack += [*node.keywords, *node.bases, *node.decorator_list]
                name = f"{prefix}{node.name}"
                self.bodies[f"{name}."] = self.scopes[node][0]
                inner = params.union(type_variables(node))
                self._visit_all(iter(node.body), f"{name}.", name, parent, True, inner)
            else:
                stack += children(node)[::-1]

    def _add(
        self,
        node: FunctionNode,
        origin: ast.AST,
        name: str,
        prefix: str,
        owner: str | None,
        parent: Definition | None,
        in_class: bool,
        params: frozenset[str],
    ) -> None:
        qualname = self._unique(f"{prefix}{name}")
        scopes = self.scopes[origin]
        if isinstance(origin, COMPREHENSIONS):
            scopes[0].locals |= set(filter(None, map(_own_name, ast.walk(node))))
            scopes[0].locals.add(node.args.args[0].arg)
        function = Function(self.module.source, qualname, node, owner)
        if origin is node:
            # The module's table may know it already: one object for one function.
            known = self.module.functions.get(qualname)
            function = known if known is not None and known.node is node else function
        params = params.union(type_variables(origin))
        body = self.bodies.get(prefix) if owner is not None else None
        nested = parent is not None
        made = Definition(function, origin, scopes, name, in_class, params, nested, body)
        if isinstance(origin, COMPREHENSIONS):
            node.body[:0] = _declared(made)
        self.found.append(made)
        if parent is not None:
            parent.nested.append(made)
        inside = _inside(origin)
        self._visit_all(iter(inside), f"{prefix}{name}.<locals>.", None, made, in_class, params)

    def _outlives(self, node: ast.AST) -> bool:
        """Whether functions made in a comprehension share its variables: then it is one itself."""
        if not isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp):
            return False
        scope = self.scopes[node][0]
        return any(_lasting_use(child) & scope.locals for child in scope.children)

    def _unique(self, qualname: str) -> str:
        name, number = qualname, 1
        while name in self.taken:
            number += 1
            name = f"{qualname}#{number}"
        self.taken.add(name)
        return name


def _needs_class(scope: Scope) -> bool:
    """Whether `super()` or `__class__` in a function mean the class around that function."""
    if scope.loads & {"super", "__class__"}:
        return True
    if isinstance(scope.node, ast.ClassDef):
        return False  # its methods mean this one
    return any(map(_needs_class, scope.children))


def _declared(made: Definition) -> list[ast.stmt]:
    """What `:=` in a comprehension binds belongs to the function around it."""
    shared: list[str] = []
    wide: list[str] = []
    for name in sorted(made.scope.nonlocals):
        around = (s for s in made.scopes[1:] if name not in s.nonlocals)
        owner = next((s for s in around if name in s.globals | s.locals), None)
        is_global = owner is None or name in owner.globals
        (wide if is_global else shared).append(name)
    made.scope.globals |= set(wide)
    found: list[ast.stmt] = [ast.Nonlocal(shared)] if shared else []
    found += [ast.Global(wide)] if wide else []
    return [copy_place(statement, made.origin) for statement in found]


def _outside(node: FunctionNode | ast.Lambda) -> Iterator[ast.AST]:
    """What of a function is evaluated where it is made."""
    if not isinstance(node, ast.Lambda):
        yield from node.decorator_list
        if node.returns is not None:
            yield node.returns
    yield node.args


def _inside(origin: ast.AST) -> list[ast.AST]:
    """What of a function runs when it is called."""
    if isinstance(origin, COMPREHENSIONS):
        first, *others = origin.generators
        results = [origin.key, origin.value] if isinstance(origin, ast.DictComp) else [origin.elt]
        return [first.target, *first.ifs, *others, *results]
    body = getattr(origin, "body", [])
    return list(body) if isinstance(body, list) else [body]


def _of_lambda(node: ast.Lambda) -> FunctionNode:
    result = copy_place(ast.Return(node.body), node.body)
    return _definition(node, "<lambda>", node.args, [result])


def _lasting_use(scope: Scope) -> set[str]:
    """Names that functions in a scope, which may outlive it, take from around it."""
    if isinstance(scope.node, ast.ListComp | ast.SetComp | ast.DictComp):
        inner: set[str] = set()
        for child in scope.children:
            inner |= _lasting_use(child)
        return inner - scope.locals
    return scope.free


def _own_name(node: ast.AST) -> str | None:
    """The name that is made here for a comprehension's result."""
    return node.id if isinstance(node, ast.Name) and hasattr(node, "made") else None


def _of_generator(node: ast.GeneratorExp) -> FunctionNode:
    element = copy_place(ast.Yield(node.elt), node.elt)
    body: list[ast.stmt] = [copy_place(ast.Expr(element), node.elt)]
    kind = ast.AsyncFunctionDef if _is_async(node) else ast.FunctionDef
    items = _free_name("_items", node)
    return _definition(node, "<genexpr>", _one(items, node), _loops(node, items, body), kind)


def _of_comprehension(node: ast.AST) -> tuple[FunctionNode, str]:
    """`[f(x) for x in xs]` as a function that fills its result and returns it."""
    assert isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp)
    items, result = _free_name("_items", node), _free_name("_result", node)

    def made(ctx: ast.expr_context) -> ast.expr:
        name = copy_place(ast.Name(result, ctx), node)
        name.made = True  # type: ignore[attr-defined]
        return name

    empty: ast.expr
    if isinstance(node, ast.DictComp):
        kind, empty = "<dictcomp>", ast.Dict([], [])
        # Key before value, as in a comprehension: an assignment would look at the value first.
        pair = ast.Dict([node.key], [node.value])
        add = ast.Attribute(made(ast.Load()), "update", ast.Load())
        step: ast.stmt = ast.Expr(ast.Call(add, [pair], []))
    elif isinstance(node, ast.ListComp):
        kind, empty = "<listcomp>", ast.List([], ast.Load())
        add = ast.Attribute(made(ast.Load()), "append", ast.Load())
        step = ast.Expr(ast.Call(add, [node.elt], []))
    else:
        nothing = ast.Starred(ast.Tuple([], ast.Load()), ast.Load())
        kind, empty = "<setcomp>", ast.Set([nothing])  # `{*()}`: no name that could be another's
        add = ast.Attribute(made(ast.Load()), "add", ast.Load())
        step = ast.Expr(ast.Call(add, [node.elt], []))
    body = _loops(node, items, [ast.fix_missing_locations(copy_place(step, node))])
    begin = copy_place(ast.Assign([made(ast.Store())], empty), node)
    end = copy_place(ast.Return(made(ast.Load())), node)
    whole = [ast.fix_missing_locations(s) for s in (begin, *body, end)]
    form = ast.AsyncFunctionDef if _is_async(node) else ast.FunctionDef
    return _definition(node, kind, _one(items, node), whole, form), kind


def _free_name(stem: str, node: ast.AST) -> str:
    names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    while stem in names:
        stem += "_"
    return stem


def _one(name: str, node: ast.AST) -> ast.arguments:
    argument = copy_place(ast.arg(name), node)
    return ast.arguments([], [argument], None, [], [], None, [])


def _loops(
    node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp,
    items: str,
    body: list[ast.stmt],
) -> list[ast.stmt]:
    """The `for`s and `if`s of a comprehension, around `body`."""
    for index, generator in reversed(list(enumerate(node.generators))):
        for test in reversed(generator.ifs):
            body = [copy_place(ast.If(test, body, []), test)]
        source = generator.iter
        if index == 0:
            source = copy_place(ast.Name(items, ast.Load()), source)
        loop = ast.AsyncFor if generator.is_async else ast.For
        body = [copy_place(loop(generator.target, source, body, []), node)]
    return body


def _is_async(node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> bool:
    """Whether a comprehension is asynchronous: `async for`, or `await` past its head."""
    if any(generator.is_async for generator in node.generators):
        return True
    stack = _inside(node)
    while stack:
        here = stack.pop()
        if isinstance(here, ast.Await):
            return True
        if isinstance(here, ast.ListComp | ast.SetComp | ast.DictComp):
            if _is_async(here):
                return True
            stack.append(here.generators[0].iter)
        elif isinstance(here, ast.GeneratorExp):
            stack.append(here.generators[0].iter)
        elif not isinstance(here, ast.Lambda):
            stack += ast.iter_child_nodes(here)
    return False


def _definition(
    at: ast.AST,
    name: str,
    arguments: ast.arguments,
    body: list[ast.stmt],
    kind: type[ast.FunctionDef] | type[ast.AsyncFunctionDef] = ast.FunctionDef,
) -> FunctionNode:
    made = kind(name, arguments, body, [])
    if "type_params" in kind._fields:
        made.type_params = []  # type: ignore[union-attr]
    return copy_place(made, at)
