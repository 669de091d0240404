"""Pass 2, normalize: from Python's tree to the core language.

Statements that contain no suspension keep their tree. In the others, suspensions come out of the
expressions (see lift.py), and what cannot be re-entered natively is lowered (see compound.py).
Here stand the simple statements, and the function as a whole: its locals, its cells, its class.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable

from perdure.compiler.core import (
    Body,
    CoreFunction,
    If,
    Raise,
    Simple,
    SiteKind,
    Suspension,
    expressions,
    suspends,
    walk,
)
from perdure.compiler.definitions import Definition, Kind
from perdure.compiler.diagnostics import CompileError, Diagnostic
from perdure.compiler.image import VOCABULARY
from perdure.compiler.lift import Names, call, load, store, with_parts
from perdure.compiler.operators import operations_of
from perdure.compiler.patterns import Patterns
from perdure.compiler.resolve import Resolved
from perdure.compiler.scopes import (
    BUILTINS,
    TYPE_ALIAS,
    Function,
    FunctionNode,
    Modules,
    Scope,
    analyse,
    annotation_exprs,
    defaults,
    lazily,
    own_nodes,
    parameters,
)
from perdure.compiler.source import Source
from perdure.compiler.targets import wanted
from perdure.compiler.trees import blocks_of, children, copy_place, nodes


def normalize(resolved: Resolved, modules: Modules) -> CoreFunction:
    """Bring one durable function into core form."""
    return _Normalizer(resolved, modules).run()


class _Normalizer(Patterns):
    def __init__(self, resolved: Resolved, modules: Modules) -> None:
        definition = resolved.definition
        function, scope = definition.function, definition.scope
        module = modules.get(function.module)
        assert module is not None
        taken = scope.mentioned | set(definition.free) | set(module.bound)

        def of_module(name: str) -> bool:
            """A name that the module binds once, or a builtin."""
            if name in scope.locals or name in module.rebound or module.stars:
                return False
            if name in definition.free:
                return False
            return module.bound[name] == 1 if name in module.bound else name in BUILTINS

        def stable(name: str) -> bool:
            """A function, class or import of the module, or a builtin: it does not change."""
            fixed = name in module.functions or name in module.classes or name in module.imports
            return of_module(name) and (fixed or name not in module.bound)

        if clash := sorted(taken & VOCABULARY):
            raise CompileError([_reserved(function, clash[0])])
        made = {d.origin: d.node for d in definition.nested}
        super().__init__(
            dict(resolved.sites),
            Names(taken),
            stable,
            of_module,
            function.source.segment,
            made.__getitem__,
            resolved.meeting,
            resolved.operations,
            resolved.tested,
            resolved.beginning,
        )
        stopping = (*resolved.sites, *resolved.operations, *resolved.tested)
        self._inside |= dict.fromkeys(definition.own, False)
        self._inside |= dict.fromkeys(_with_all_around(stopping, definition), True)
        self.decorating = resolved.decorating
        self.definition = definition
        self.source = function.source
        self.scope = scope
        self.special_methods = resolved.special_methods
        self.holding = resolved.holding
        self.lends = resolved.lends
        around = {*scope.locals, *definition.free, *module.bound, *module.rebound}
        self.knows_super = "super" not in around  # else it is the program's own
        lasting: set[str] = set()
        for child in filter(_lasting, scope.children):
            lasting |= child.free
        self.own_cells = (lasting & scope.locals) - set(definition.free)
        self.shared = {*scope.globals, *definition.free}.union(*(c.free for c in scope.children))

    def run(self) -> CoreFunction:
        definition, node = self.definition, self.definition.node
        _drop_annotations(node)
        if "__class__" in definition.free and self.knows_super:
            _name_class(node)
        with self.block() as body:
            self.statements(node.body)
        cells = self._cells(body)
        if cells or definition.kind is not Kind.FUNCTION:
            body.insert(0, Simple(copy_place(ast.Pass(), node.body[0])))
        free = set(definition.free)
        local = (self.scope.locals - self.scope.nonlocals - free) | self.names.made
        return CoreFunction(
            name=definition.name,
            kind=definition.kind,
            node=node,
            body=body,
            parameters=parameters(node.args),
            locals=frozenset(local - set(cells)),
            cells=cells,
            free=definition.free,
            globals=frozenset(self.scope.globals),
            file=self.source.path,
            temporaries=frozenset(self.names.made),
            taken=frozenset(self.names.taken),
            holding=self.holding,
            releases=self.releases,
        )

    def _cells(self, body: Body) -> tuple[str, ...]:
        """Locals used by functions that may outlive a block: they are shared by cell."""
        if not any(_lasting(child) for child in self.scope.children):
            return ()
        own = self.definition.own
        makers = _with_all_around((n for n in own if type(n) in _MAKERS), self.definition)
        others = {*own} - makers
        scopes = _beneath(self.scope)
        found: set[str] = set()
        local = (self.scope.locals | self.names.made) - set(self.definition.free)
        for statement in walk(body):
            for node in expressions(statement):
                if node not in others:
                    found |= _captured(node, scopes, self.source)
        return tuple(sorted(found & local))

    def read_frame(self, site: ast.Call, target: str | None) -> None:
        """`locals()` as a dict that is filled name by name; a block has a frame of its own::

        _t1 = {}
        try: _t1["x"] = x
        except NameError: pass
        …
        """
        callee = ast.unparse(site.func).rpartition(".")[2]
        args = [self.save(self.lift(arg)) for arg in site.args]
        space = self.names.fresh("t")
        self.emit(store(space, copy_place(ast.Dict([], []), site), site))
        own = parameters(self.definition.node.args)
        names = (self.scope.locals | set(self.definition.free)) - {"__class__"}
        for name in sorted(names, key=lambda n: (n not in own, own.index(n) if n in own else 0, n)):
            place = ast.Subscript(load(space, site), ast.Constant(name), ast.Store())
            keep = ast.Assign([place], load(name, site))
            unbound = ast.ExceptHandler(load("_NameError0", site), None, [ast.Pass()])
            whole = copy_place(ast.Try([keep], [unbound], [], []), site)
            self._Try(ast.fix_missing_locations(whole))
        value: ast.expr = load(space, site)
        if callee == "dir":
            value = call("_sorted0", [value], site)
        elif callee in ("eval", "exec"):
            args += [call("_globals0", [], site), value]
            value = copy_place(ast.Call(site.func, args, []), site)
        self._plainly_expr(value, target, site)

    def _plainly_expr(self, value: ast.expr, target: str | None, at: ast.AST) -> None:
        if target is not None:
            self.emit(store(target, value, at))
        elif isinstance(value, ast.Call):
            self.emit(Simple(copy_place(ast.Expr(value), at)))

    # Simple statements ------------------------------------------------------------------------

    def _Expr(self, node: ast.Expr) -> None:
        self._express(node)
        called = node.value.func if self.lends and isinstance(node.value, ast.Call) else None
        if getattr(called, "attr", "") in _TAKING_OUT:
            self.release(node)

    def _express(self, node: ast.Expr) -> None:
        if self.is_suspension(node.value):
            self.suspend(node.value, None)
            return
        if not self.has(node):
            self.emit(Simple(node))
            return
        value = self.lift(node.value)
        if not isinstance(value, ast.Name | ast.Constant):
            self.emit(Simple(copy_place(ast.Expr(value), node)))

    def _Assign(self, node: ast.Assign) -> None:
        self._assign_all(node)
        if self.lends and any(map(self._may_let_go, node.targets)):
            self.release(node)

    def _may_let_go(self, target: ast.expr) -> bool:
        """Whether to assign to a target may take a generator away whose end suspends."""
        if isinstance(target, ast.Name):
            return target.id in self.holding
        return isinstance(target, ast.Attribute | ast.Subscript)

    def _assign_all(self, node: ast.Assign) -> None:
        if not self.has(node):
            self.emit(Simple(node))
            return
        only = node.targets[0]
        if (
            len(node.targets) == 1
            and isinstance(only, ast.Name)
            and only.id not in (self.scope.globals)
        ):
            self.assign(only.id, node.value)
            return
        value = self.lift(node.value)
        if node in self.sites and isinstance(only, ast.Subscript) and len(node.targets) == 1:
            self.sites[only] = self.sites[node]  # gone over by what fills the slice
        elif node in self.sites:
            value = self.listed(value, node.value, wanted(only))
        if only not in self.sites and not any(map(self.has, node.targets)):
            self.emit(Simple(copy_place(ast.Assign(node.targets, value), node)))
            return
        value = self.save(value)
        for target in node.targets:
            self.assign_to(target, value)

    def _AnnAssign(self, node: ast.AnnAssign) -> None:
        if not self.has(node):
            self.emit(Simple(node))
        elif node.value is not None:
            # In a function annotations of variables are not evaluated.
            self._Assign(copy_place(ast.Assign([node.target], node.value), node))
        elif not isinstance(node.target, ast.Name):
            # `d[act()]: int` evaluates the target's parts and stores nothing.
            self.place(node.target)

    def _AugAssign(self, node: ast.AugAssign) -> None:
        if not self.has(node):
            self.emit(Simple(node))
            return
        place: ast.expr = node.target
        stops = self.has(node.value) or node in self.sites or node in self.operations
        if not isinstance(place, ast.Name):
            place = self._saved_place(place) if stops else self.place(place)
            self._same(node.target, place)
        if not stops:
            assert isinstance(place, ast.Name | ast.Attribute | ast.Subscript)
            made = ast.AugAssign(place, node.op, node.value)
            self.emit(Simple(copy_place(made, node)))
            return
        current = self.names.fresh("t")
        read = _as_load(place)
        if node in self.operations and not isinstance(place, ast.Name):
            self.operations.add(place)
            self.origins[read] = node.target
            if isinstance(read, ast.Subscript):
                self.operations.add(read)
            else:
                self.sites[read] = SiteKind.DYNAMIC
        self.assign(current, read)
        value = self.lift(node.value)
        if node in self.sites:
            value = self.extension(current, value, node)
        if node in self.operations:
            self.operate(operations_of(node)[0], [load(current, node), value], current, node.target)
        else:
            running = copy_place(ast.Name(current, ast.Store()), node)
            self.emit(Simple(copy_place(ast.AugAssign(running, node.op, value), node)))
        self.assign_to(place, load(current, node))

    def _saved_place(self, target: ast.expr) -> ast.expr:
        """The target of `+=`, with its parts in temporaries: it is read, and later written."""
        if isinstance(target, ast.Attribute):
            made: ast.expr = ast.Attribute(
                self.save_owner(self.lift(target.value)), target.attr, ast.Store()
            )
        else:
            assert isinstance(target, ast.Subscript)
            value, index = self.subscript(target)
            value = self.save_owner(value)
            made = ast.Subscript(value, self.save(index), ast.Store())
        return copy_place(made, target)

    def _Delete(self, node: ast.Delete) -> None:
        if self.has(node):
            for target in node.targets:
                self._delete(target)
        else:
            self.emit(Simple(node))
        if self.lends or not all(isinstance(target, ast.Subscript) for target in node.targets):
            self.release(node)

    def _delete(self, target: ast.expr) -> None:
        if isinstance(target, ast.Tuple | ast.List):
            for element in target.elts:
                self._delete(element)
            return
        if target in self.operations:
            self.operate_on(target, [])
            return
        place = self.place(target) if self.has(target) else target
        self.emit(Simple(copy_place(ast.Delete([place]), target)))

    def _Assert(self, node: ast.Assert) -> None:
        if not self.has(node):
            self.emit(Simple(node))
            return
        test = self.test(node.test)
        with self.block() as failed:
            args = [self.lift(node.msg)] if node.msg else []
            made = ast.Raise(call("_AssertionError0", args, node), None)
            self.emit(Raise(copy_place(made, node)))
        self.emit(If(node, test, [], failed, suspends=any(map(suspends, failed))))

    def _Raise(self, node: ast.Raise) -> None:
        if self.has(node):
            parts = [p for p in (node.exc, node.cause) if p is not None]
            node = copy_place(ast.Raise(*self.sequence(parts)), node)
        self.emit(Raise(node))

    def _FunctionDef(self, node: FunctionNode) -> None:
        if any(call in self.sites for call in self.decorating.get(node, ())):
            self._decorate(node)
            return
        if self.has(node):
            node = self._defined(node)
        self.emit(Simple(node))

    _AsyncFunctionDef = _FunctionDef

    def _defined(self, node: FunctionNode) -> FunctionNode:
        """A definition with what it evaluates lifted: decorators, defaults, annotations."""
        annotations = [] if getattr(node, "type_params", None) else annotation_exprs(node)
        count = len(node.decorator_list)
        given = [*defaults(node.args), *annotations]
        lifted = self.sequence([*node.decorator_list, *given])
        rest = dict(zip(given, lifted[count:], strict=True))
        fields = dict(ast.iter_fields(node))
        fields |= {"decorator_list": lifted[:count], "args": with_parts(node.args, rest)}
        fields["returns"] = rest.get(node.returns, node.returns) if node.returns else None
        return copy_place(type(node)(**fields), node)

    def _Global(self, node: ast.Global | ast.Nonlocal) -> None:
        """Each block declares its own globals and cells (see codegen)."""

    _Nonlocal = _Global

    def _decorate(self, node: FunctionNode | ast.ClassDef) -> None:
        """`@act def f(): …`  =>  `_t1 = act`, `def f(): …`, `f = _t1(f)`."""
        decorators = []
        for decorator in node.decorator_list:
            value, name = self.lift(decorator), self.names.fresh("t")
            self.emit(store(name, value, decorator))
            decorators.append(name)
        calls = self.decorating[node]
        fields = dict(ast.iter_fields(node)) | {"decorator_list": []}
        bare = copy_place(type(node)(**fields), node)
        bare.lineno = min(d.lineno for d in node.decorator_list)  # where Python says it begins
        self._same(node, bare)
        self._inside[bare] = any(map(self.has, ast.iter_child_nodes(bare)))
        self.statement(bare)
        for name, call_ in reversed([*zip(decorators, calls, strict=True)]):
            at, made = call_.func, self.names.fresh("t")
            called = copy_place(ast.Call(load(name, at), [load(node.name, at)], []), at)
            kind = self.sites.get(call_)
            if kind is None:
                self.emit(store(made, called, at))
            else:
                self.emit(Simple(copy_place(ast.Pass(), at)))
                self.emit(Suspension(called, kind, made, at, self.segment(at)))
            self.emit(store(node.name, load(made, at), at))

    def _ClassDef(self, node: ast.ClassDef) -> None:
        if any(call in self.sites for call in self.decorating.get(node, ())):
            self._decorate(node)
            return
        if self.has(node):
            parts = [*node.decorator_list, *node.bases, *(k.value for k in node.keywords)]
            rest = iter(self.sequence(parts))
            fields = dict(ast.iter_fields(node))
            fields |= {
                "decorator_list": [next(rest) for _ in node.decorator_list],
                "bases": [next(rest) for _ in node.bases],
                "keywords": [ast.keyword(k.arg, next(rest)) for k in node.keywords],
            }
            node = copy_place(ast.ClassDef(**fields), node)
        self.emit(Simple(node))


def _name_class(function: FunctionNode) -> None:
    """`super()` reads the method's frame; written out it is `super(__class__, self)`. In place.

    Where one of the two may be missing, `_super0(lambda: __class__, lambda: self)` says which.
    """
    names = ["__class__", *(arg.arg for arg in function.args.posonlyargs + function.args.args)][:2]
    deleted = {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and _deletes(n)}
    own = list(own_nodes(function))
    plain = {n.value for n in own if isinstance(n, ast.Attribute)} if _READS_PLAINLY else set()
    for node in own:
        if not isinstance(node, ast.Call) or node.args or node.keywords:
            continue
        if isinstance(node.func, ast.Name) and node.func.id == "super":
            node.args = [load(name, node) for name in names]
            if len(names) < 2 or (node not in plain and deleted.intersection(names)):
                node.func = load("_super0", node)
                node.args = [_later(value) for value in node.args]


# From Python 3.12 `super().x` reads the two like other variables.
_READS_PLAINLY = sys.version_info >= (3, 12)


def _deletes(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Del)


def _later(value: ast.expr) -> ast.expr:
    nothing = ast.arguments([], [], None, [], [], None, [])
    return copy_place(ast.Lambda(nothing, value), value)


def _drop_annotations(function: FunctionNode) -> None:
    """`x: int = 1` becomes `x = 1`, in place: annotations of locals are not evaluated anyway.

    Where a block shares `x` by cell, Python would refuse the annotation.
    """
    stack: list[ast.AST] = [function]
    while stack:
        node = stack.pop()
        for block in blocks_of(node):  # type: ignore[arg-type]
            for index, statement in enumerate(block):
                if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                    bare: ast.stmt = ast.Pass()
                    if statement.value is not None:
                        bare = ast.Assign([statement.target], statement.value)
                    block[index] = copy_place(bare, statement)
                elif not isinstance(
                    statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
                ):
                    stack.append(statement)


def _reserved(function: Function, name: str) -> Diagnostic:
    every = nodes(function.node)
    node = next((n for n in every if isinstance(n, ast.Name) and n.id == name), function.node)
    return function.source.diagnostic(
        "PD115",
        node,
        f"the name {name} is reserved in functions that suspend",
        why="compiled code uses it for Perdure's own helpers",
        instead=f"give it another name, such as {name}_",
    )


def _as_load(place: ast.expr) -> ast.expr:
    """The target of an assignment, as an expression that reads it."""
    match place:
        case ast.Name():
            made: ast.expr = ast.Name(place.id, ast.Load())
        case ast.Attribute():
            made = ast.Attribute(place.value, place.attr, ast.Load())
        case ast.Subscript():
            made = ast.Subscript(place.value, place.slice, ast.Load())
        case _:
            raise TypeError(place)
    return copy_place(made, place)


def _lasting(scope: Scope) -> bool:
    """Whether a nested scope may be called after the block that made it has ended."""
    comprehension = isinstance(scope.node, ast.ListComp | ast.SetComp | ast.DictComp)
    return not comprehension or any(map(_lasting, scope.children))


def _beneath(scope: Scope) -> dict[ast.AST, Scope]:
    """The scopes in a scope, by their nodes."""
    found: dict[ast.AST, Scope] = {}
    for child in scope.children:
        found |= {child.node: child} | _beneath(child)
    return found


def _captured(tree: ast.AST, scopes: dict[ast.AST, Scope], source: Source) -> set[str]:
    """Names that functions defined in `tree` take from around it."""
    found: set[str] = set()
    stack = [tree]
    while stack:
        node = stack.pop()
        if type(node) in _MAKERS:
            if type(node) is TYPE_ALIAS:
                found |= analyse(lazily(node, node.value), source).free  # type: ignore[attr-defined]
            else:
                scope = scopes.get(node) or analyse(node, source)  # type: ignore[arg-type]
                found |= scope.free
            if getattr(node, "type_params", ()):
                found |= analyse(lazily(node), source).free
        stack += children(node)
    return found


# The kinds of node that make functions which may be called later.
# Methods that take things out of a container.
_TAKING_OUT = frozenset("clear pop popitem popleft remove discard".split())
_MAKERS = {ast.Lambda, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.GeneratorExp}
_MAKERS |= {TYPE_ALIAS}


def _with_all_around(nodes: Iterable[ast.AST], definition: Definition) -> set[ast.AST]:
    """Nodes of a function's own code, and those that they stand in."""
    found: set[ast.AST] = set()
    for node in nodes:
        here: ast.AST | None = node
        while here is not None and here not in found:
            found.add(here)
            here = definition.around.get(here)
    return found
