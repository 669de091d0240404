"""Names: what each scope binds, and what a dotted name in it stands for.

`qualify` turns the expression in front of a call into a fully qualified name, through import
aliases, re-exports, assignment aliases and local shadowing, without importing anything::

    from time import time as t        t()            -> time.time
    import datetime as dt             dt.datetime.now -> datetime.datetime.now
    now = dt.datetime.now             now()          -> datetime.datetime.now
    from shop import rate             rate(x)        -> shop.rates.rate   (re-exported by shop)

Scoping is Python's: a name bound anywhere in a function is local to it all through, class bodies
are not seen from the functions in them, comprehensions have a scope of their own.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import import_module
from typing import Any

from perdure.compiler import bases
from perdure.compiler.imports import Loads, absolute, import_names, loads, prefixes
from perdure.compiler.mangle import type_variables
from perdure.compiler.source import ASYNCIO, Project, Source
from perdure.compiler.stored import PUTTING, STORING, properties_stored, stored_by
from perdure.compiler.trees import CHILDREN, LEAVES, blocks_of, children, copy_place, nodes

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
ScopeNode = (
    ast.FunctionDef
    | ast.AsyncFunctionDef
    | ast.Lambda
    | ast.ClassDef
    | ast.ListComp
    | ast.SetComp
    | ast.DictComp
    | ast.GeneratorExp
)
SCOPES = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.Lambda,
    ast.ClassDef,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
)
# Those whose code runs later than where they stand.
# From Python 3.12: evaluated when somebody asks for the alias's value.
TYPE_ALIAS: Any = getattr(ast, "TypeAlias", None)
_NESTED = {*SCOPES, TYPE_ALIAS}
_LATER = _NESTED - {ast.ListComp, ast.SetComp, ast.DictComp}
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
BUILTINS = frozenset(dir(builtins))


@dataclass(frozen=True)
class Function:
    """A `def` of the project: `module:qualname`, its tree, and the class it is a method of."""

    source: Source
    qualname: str
    node: FunctionNode
    owner: str | None = None  # qualname of the class, for methods

    @property
    def module(self) -> str:
        """The importable name of the module it is defined in."""
        return self.source.module

    @property
    def name(self) -> str:
        """`package.module:qualname`: the name by which it is found again."""
        return f"{self.source.module}:{self.qualname}"

    @property
    def dotted(self) -> str:
        """`package.module.qualname`, as `qualify` gives it."""
        return f"{self.source.module}.{self.qualname}"


@dataclass
class Module:
    """A module's top-level names. Built by `Modules`; the tree is only read."""

    source: Source
    imports: dict[str, str] = field(default_factory=dict)  # local name -> dotted name
    # Of names that several imports bind: what they may be, the likeliest first.
    choices: dict[str, list[str]] = field(default_factory=dict)
    aliases: dict[str, ast.expr] = field(default_factory=dict)  # bound once, to an expression
    functions: dict[str, Function] = field(default_factory=dict)  # by qualname, methods too
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)  # by qualname
    bound: dict[str, int] = field(default_factory=dict)  # top-level name -> number of bindings
    stars: list[str] = field(default_factory=list)  # modules imported with *
    imported: set[str] = field(default_factory=set)  # every module that any import names
    import_statements: list[ast.Import | ast.ImportFrom] = field(default_factory=list)
    loads: Loads = field(default_factory=Loads)  # what it imports by names it makes
    rebound: set[str] = field(default_factory=set)  # names that some function declares `global`
    # Attributes that its code assigns to, and the fields that its classes declare.
    stored: set[str] = field(default_factory=set)
    properties: set[str] = field(default_factory=set)  # under which it puts some into classes
    stores_anything = False  # `setattr(owner, name, value)`, with names made when it runs
    stores: list[ast.AST] = field(default_factory=list)  # the nodes that do


class Modules:
    """The first-party modules of a project, read on demand, and qualified names across them."""

    compiles_libraries = True  # parts of Python's own count as the project's
    extends = False  # so do classes of it that the project's derive from (see reach.py)

    def __init__(self, project: Project) -> None:
        self.project = project
        self._modules: dict[str, Module | None] = {}
        # Names whose meaning is being worked out now: `a = b; b = a` and modules that import *
        # from each other must come to an end.
        self._following: set[tuple[int, str]] = set()

    def get(self, name: str) -> Module | None:
        """The first-party module of that name, or None."""
        if name not in self._modules:
            source = self.project.source(name)
            self._modules[name] = read_module(source) if source else None
        return self._modules[name]

    def put(self, name: str, module: Module | None) -> None:
        """Take what a name stands for: a part of a module of the library, or nothing."""
        self._modules[name] = module

    def function(self, dotted: str) -> Function | None:
        """The first-party function or method of that canonical dotted name, or None."""
        for module, rest in self._splits(dotted):
            return module.functions.get(rest)
        return None

    def class_of(self, dotted: str) -> tuple[Module, str, ast.ClassDef] | None:
        """The first-party class of that canonical dotted name, or None."""
        for module, rest in self._splits(dotted):
            if rest in module.classes:
                return module, rest, module.classes[rest]
        return None

    def bases_of(self, module: Module, node: ast.ClassDef) -> list[str | None]:
        """The dotted names of a class's bases; None for what is made when the program runs."""
        origins = [b.value if isinstance(b, ast.Subscript) else b for b in node.bases]  # `Box[int]`
        return [self.qualify(origin, module) for origin in origins]

    def canonical(self, dotted: str, depth: int = 0) -> str:
        """Follow re-exports and module-level aliases to where the thing is defined."""
        if self.compiles_libraries and dotted.startswith("asyncio."):
            return self._in_asyncio(dotted)
        if self.extends and (place := bases.home(dotted)) is not None:
            dotted = ".".join(place)
        if depth > 20:  # an import circle that only passes a name round
            return dotted
        for module, rest in self._splits(dotted):
            head, _, tail = rest.partition(".")
            target = self._global(module, head)
            if target is None or target == f"{module.source.module}.{head}":
                return dotted
            return self.canonical(f"{target}.{tail}" if tail else target, depth + 1)
        return dotted

    def _in_asyncio(self, dotted: str) -> str:
        """`asyncio.sleep` is `asyncio.tasks.sleep`: the package only gathers its modules' names."""
        head = dotted.removeprefix("asyncio.").partition(".")[0]
        for part in ASYNCIO:
            module = self.get(part)
            if module is not None and (head in module.functions or head in module.classes):
                return f"{part}.{dotted.removeprefix('asyncio.')}"
        return dotted

    def qualify(self, expr: ast.expr, module: Module, scopes: Iterable[Scope] = ()) -> str | None:
        """The dotted name `expr` stands for, canonical; None when it is not a known global thing.

        `scopes` are the scopes around `expr`, innermost first, without the module. Builtins come
        back as `builtins.NAME`.
        """
        if isinstance(expr, ast.Attribute):
            base = self.qualify(expr.value, module, scopes)
            return self.canonical(f"{base}.{expr.attr}") if base else None
        if not isinstance(expr, ast.Name):
            return None
        name = expr.id
        rest = list(scopes)
        while rest:
            scope = rest.pop(0)
            if name in scope.globals:
                break
            if name in scope.locals:
                return self._local(name, scope, module, rest)
        target = self._global(module, name)
        return self.canonical(target) if target else None

    def may_be_own(self, expr: ast.expr, module: Module, scopes: Iterable[Scope] = ()) -> bool:
        """Whether what an expression names is of the program, or may be."""
        dotted = self.qualify(expr, module, scopes)
        return dotted is None or self.get(dotted.partition(".")[0]) is not None

    def _local(self, name: str, scope: Scope, module: Module, outer: list[Scope]) -> str | None:
        """A local name is known when it is bound once: by an import, or to something known."""
        if scope.bindings.get(name) != 1 or name in scope.rebound_inside:
            return None
        if name in scope.imports:
            return self.canonical(scope.imports[name])
        if name in scope.aliases:
            value = scope.aliases[name]
            if not _dotted(value):
                return None
            # `time = time` in a class body: the right side is the name outside the class.
            inner = isinstance(scope.node, ast.ClassDef) and _root(value) == name
            around = outer if inner else [scope, *outer]
            return self._follow(scope, name, lambda: self.qualify(value, module, around))
        return None

    def _follow(self, where: object, name: str, step: Callable[[], str | None]) -> str | None:
        """Do `step`, unless it is being done already: then the name only stands for itself."""
        key = (id(where), name)
        if key in self._following:
            return None
        self._following.add(key)
        try:
            return step()
        finally:
            self._following.discard(key)

    def _global(self, module: Module, name: str) -> str | None:
        return self._follow(module, name, lambda: self._look_up(module, name))

    def _look_up(self, module: Module, name: str) -> str | None:
        own = f"{module.source.module}.{name}"
        if name in module.functions or name in module.classes:
            return own
        if name in module.imports and name not in module.aliases:
            # Else it is what `try: from fast import f` has come to.
            among = module.choices.get(name, [])
            return next(filter(self._is_there, among), module.imports[name])
        if name in module.aliases and module.bound.get(name) == 1 and _dotted(module.aliases[name]):
            root = _root(module.aliases[name])
            return own if root == name else self.qualify(module.aliases[name], module)
        if name in module.bound:
            value = module.aliases.get(name)
            if isinstance(value, ast.Subscript) and module.bound.get(name) == 1:
                # `Prices = Table[int]` makes what `Table` makes.
                origin = self.qualify(value.value, module)
                return origin if origin and self.class_of(origin) is not None else own
            return own
        for star in module.stars:
            exporter = self.get(star)
            if exporter is not None and (found := self._global(exporter, name)):
                if not found.startswith("builtins."):
                    return found
            elif exporter is None and name in _exported(star):
                return f"{star}.{name}"
        return f"builtins.{name}" if name in BUILTINS else None

    def _is_there(self, dotted: str) -> bool:
        """Whether a name, or the module it says, is one of the project's."""
        return self.get(dotted) is not None or any(self._splits(dotted))

    def _splits(self, dotted: str) -> Iterator[tuple[Module, str]]:
        """Split at the longest prefix that is a first-party module (at most one result)."""
        parts = dotted.split(".")
        for cut in range(len(parts) - 1, 0, -1):
            module = self.get(".".join(parts[:cut]))
            if module is not None:
                yield module, ".".join(parts[cut:])
                return


@cache
def _exported(module: str) -> frozenset[str]:
    """What `from X import *` gives, for the modules whose names matter to audit and compiler."""
    if module in _KNOWN_BY_IMPORT:  # of Python's library; to import them does nothing else
        found = import_module(module)
        return frozenset(getattr(found, "__all__", [n for n in vars(found) if n[0] != "_"]))
    return frozenset(_STAR_EXPORTS.get(module, ()))


_KNOWN_BY_IMPORT = frozenset(
    "asyncio bisect collections collections.abc contextlib dataclasses enum functools heapq"
    " itertools math operator re statistics typing".split()
)
_STAR_EXPORTS = {
    "time": {"time", "sleep", "monotonic", "perf_counter", "time_ns", "localtime", "gmtime"},
    "random": {"random", "randint", "choice", "shuffle", "uniform", "randrange", "sample"},
    "os": {"getenv", "environ", "system", "getpid", "urandom", "listdir"},
    "perdure": {"workflow", "activity", "sleep", "now", "uuid4", "random"}
    | {"gather", "spawn", "race"},
}


@dataclass
class Scope:
    """What one function, lambda, class or comprehension binds and uses (not what is nested)."""

    node: ScopeNode
    locals: set[str] = field(default_factory=set)
    globals: set[str] = field(default_factory=set)  # by `global`
    nonlocals: set[str] = field(default_factory=set)  # by `nonlocal`
    loads: set[str] = field(default_factory=set)
    bindings: dict[str, int] = field(default_factory=dict)  # how often each local is bound
    imports: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, ast.expr] = field(default_factory=dict)
    children: list[Scope] = field(default_factory=list)

    @cached_property
    def mentioned(self) -> set[str]:
        """The names that stand in this scope or in one nested in it."""
        own = self.loads | self.locals | self.bindings.keys() | self.globals
        return own.union(*(child.mentioned for child in self.children))

    @cached_property
    def rebound_inside(self) -> set[str]:
        """Names that functions in this scope declare `nonlocal`."""
        return set().union(*(child.nonlocals | child.rebound_inside for child in self.children))

    @cached_property
    def free(self) -> set[str]:
        """Names this scope, or one nested in it, takes from scopes around it (or from globals)."""
        used = (self.loads | self.nonlocals) - self.globals
        for child in self.children:
            inner = child.free
            # A class body's names are not visible to the functions in it.
            used |= inner
        if isinstance(self.node, ast.ClassDef):
            return used - (self.locals - {n for c in self.children for n in c.free})
        return used - (self.locals - self.nonlocals)


def scope_table(module: Module) -> dict[ast.AST, tuple[Scope, ...]]:
    """For every scope in a module, by its node: the scopes its code sees, innermost first."""
    # A class is the one scope whose body is read in order and not seen from inside: as a module's.
    whole = ast.ClassDef(
        name="", bases=[], keywords=[], body=module.source.tree.body, decorator_list=[]
    )
    table: dict[ast.AST, tuple[Scope, ...]] = {}
    stack: list[tuple[Scope, tuple[Scope, ...]]] = [
        (child, ()) for child in analyse(whole, module.source).children
    ]
    while stack:
        scope, outer = stack.pop()
        table[scope.node] = (scope, *outer)
        seen_inside = outer if isinstance(scope.node, ast.ClassDef) else (scope, *outer)
        stack += [(child, seen_inside) for child in scope.children]
    return table


def read_module(source: Source) -> Module:
    """Collect a module's top-level names, functions (methods and nested too) and imports."""
    module = Module(source)
    puts = PUTTING if "property" in source.text else ()
    for node in nodes(source.tree):
        if type(node) in _TOLD:
            _read_anywhere(module, node)
        if type(node) in puts:
            module.properties |= set(properties_stored(node))
    _read_body(module, source.tree.body, "", None, top=True)
    module.loads = loads(source, module.imports)
    module.imported |= module.loads.named
    return module


# The kinds of node that say something of a module wherever they stand in it.
_TOLD = {ast.Import, ast.ImportFrom, ast.Global, *STORING}


def _read_anywhere(module: Module, node: ast.AST) -> None:
    if isinstance(node, ast.Import | ast.ImportFrom):
        module.import_statements.append(node)
    match node:
        case ast.Import():
            for alias in node.names:
                module.imported |= set(prefixes(alias.name))
        case ast.ImportFrom():
            base = absolute(node, module.source)
            module.imported |= set(prefixes(base))
            module.imported |= {f"{base}.{alias.name}" for alias in node.names}
        case ast.Global():
            module.rebound |= set(node.names)
    if type(node) in STORING:
        for name in stored_by(node):
            if name is None:
                module.stores_anything = True
                module.stores.append(node)
            else:
                module.stored.add(name)


def _read_body(
    module: Module,
    body: list[ast.stmt],
    prefix: str,
    owner: str | None,
    *,
    top: bool,
    instead: bool = False,
) -> None:
    """Read statements; `instead`: they are in a handler, such as that of an ImportError."""
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            name = f"{prefix}{statement.name}"
            module.functions[name] = Function(module.source, name, statement, owner)
            if top:
                _bind(module, statement.name)
            _read_body(module, statement.body, f"{name}.<locals>.", None, top=False)
        elif isinstance(statement, ast.ClassDef):
            name = f"{prefix}{statement.name}"
            module.classes[name] = statement
            if top:
                _bind(module, statement.name)
            _read_body(module, statement.body, f"{name}.", name, top=False)
        else:
            if top:
                _read_simple(module, statement, instead)
            handled = [h.body for h in getattr(statement, "handlers", ())]
            for inner in blocks_of(statement):
                within = instead or any(inner is body for body in handled)
                _read_body(module, inner, prefix, owner, top=top, instead=within)


def _read_simple(module: Module, statement: ast.stmt, instead: bool) -> None:
    if isinstance(statement, ast.Import | ast.ImportFrom):
        for local, dotted in import_names(statement, module.source):
            if local == "*":
                module.stars.append(dotted)
            else:
                if local in module.imports:
                    among = module.choices.setdefault(local, [module.imports[local]])
                    among.insert(len(among) if instead else 0, dotted)
                module.imports[local] = dotted
                _bind(module, local)
        return
    for name in bound_names(statement):
        _bind(module, name)
    if (alias := simple_alias(statement)) is not None:
        module.aliases[alias[0]] = alias[1]


def _bind(module: Module, name: str) -> None:
    module.bound[name] = module.bound.get(name, 0) + 1


def lazily(node: Any, *values: ast.expr) -> ast.Lambda:
    """What Python evaluates when it is asked for, as the function that it makes of it.

    The value of an alias, and the bounds, constraints and defaults of type parameters.
    """
    names = list(map(ast.arg, type_variables(node)))
    parts = [getattr(param, part, None) for param in node.type_params for part in _LAZY_PARTS]
    body = ast.Tuple([*values, *filter(None, parts)], ast.Load())
    args = ast.arguments([], names, None, [], [], None, [])
    return copy_place(ast.Lambda(args, copy_place(body, node)), node)


_LAZY_PARTS = ("bound", "default_value")


def analyse(node: ScopeNode, source: Source) -> Scope:
    """Compute the scope tree of a function, lambda, class or comprehension."""
    return _ScopeReader(source).read(node)


class _ScopeReader:
    """Fill one `Scope` at a time; nested scopes become children."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.scope: Scope

    def visit(self, node: ast.AST) -> None:
        """Read one node; as `ast.NodeVisitor`, three times as fast."""
        kind = type(node)
        visit = _VISITS.get(kind)
        if visit is not None:
            visit(self, node)
        elif kind is not ast.Constant:
            for child in CHILDREN[kind](node):
                self.visit(child)

    def generic_visit(self, node: ast.AST) -> None:
        """Read what is beneath a node."""
        for child in children(node):
            self.visit(child)

    def read(self, node: ScopeNode) -> Scope:
        outer = getattr(self, "scope", None)
        scope = self.scope = Scope(node)
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._parameters(node.args)
                for statement in node.body:
                    self.visit(statement)
            case ast.Lambda():
                self._parameters(node.args)
                self.visit(node.body)
            case ast.ClassDef():
                for statement in node.body:
                    self.visit(statement)
            case ast.DictComp():
                self._comprehension(node.generators, [node.key, node.value])
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
                self._comprehension(node.generators, [node.elt])
        scope.locals -= scope.globals
        scope.locals |= scope.nonlocals
        if outer is not None:
            self.scope = outer
        return scope

    def bind(self, name: str) -> None:
        self.scope.locals.add(name)
        self.scope.bindings[name] = self.scope.bindings.get(name, 0) + 1

    def _parameters(self, args: ast.arguments) -> None:
        for arg in parameters(args):
            self.bind(arg)

    def _comprehension(self, generators: list[ast.comprehension], results: list[ast.expr]) -> None:
        # The first iterable is evaluated outside; the caller has visited it there.
        for index, generator in enumerate(generators):
            self.visit(generator.target)
            if index:
                self.visit(generator.iter)
            for condition in generator.ifs:
                self.visit(condition)
        for result in results:
            self.visit(result)

    def _nested(self, node: ScopeNode) -> None:
        self.scope.children.append(self.read(node))

    def visit_TypeAlias(self, node: Any) -> None:
        self.bind(node.name.id)
        self._nested(lazily(node, node.value))

    def _type_params(self, node: ast.AST) -> None:
        """The bounds of a function's or class's type parameters."""
        if getattr(node, "type_params", ()):
            self._nested(lazily(node))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._definition(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._definition(node)

    def _definition(self, node: FunctionNode) -> None:
        self.bind(node.name)
        for expr in [*node.decorator_list, *defaults(node.args), *annotation_exprs(node)]:
            self.visit(expr)
        self._type_params(node)
        self._nested(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.bind(node.name)
        for expr in [*node.decorator_list, *node.bases, *(k.value for k in node.keywords)]:
            self.visit(expr)
        self._type_params(node)
        self._nested(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        for expr in defaults(node.args):
            self.visit(expr)
        self._nested(node)

    def _visit_comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
    ) -> None:
        self.visit(node.generators[0].iter)
        self._nested(node)
        # A walrus in a comprehension binds in the function around it.
        for name in walrus_names(node):
            if isinstance(self.scope.node, COMPREHENSIONS):
                self.scope.nonlocals.add(name)
            self.bind(name)

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _visit_comprehension

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        if isinstance(self.scope.node, COMPREHENSIONS):
            self.scope.nonlocals.add(node.target.id)
        else:
            self.bind(node.target.id)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.scope.loads.add(node.id)
        else:
            self.bind(node.id)

    def visit_Global(self, node: ast.Global) -> None:
        self.scope.globals |= set(node.names)

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        self.scope.nonlocals |= set(node.names)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self.bind(node.name)
        self.generic_visit(node)

    def visit_MatchAs(self, node: ast.MatchAs) -> None:
        if node.name:
            self.bind(node.name)
        self.generic_visit(node)

    def visit_MatchStar(self, node: ast.MatchStar) -> None:
        if node.name:
            self.bind(node.name)

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        if node.rest:
            self.bind(node.rest)
        self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        self._import(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self._import(node)

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        for local, dotted in import_names(node, self.source):
            if local != "*":
                self.bind(local)
                self.scope.imports[local] = dotted

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            self.visit(target)
        if (alias := simple_alias(node)) is not None:
            self.scope.aliases[alias[0]] = alias[1]

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if isinstance(node.target, ast.Name) and not node.simple and node.value is None:
            self.visit(node.annotation)  # `(x): int` does not make x a local
            return
        self.generic_visit(node)
        if (alias := simple_alias(node)) is not None:
            self.scope.aliases[alias[0]] = alias[1]


_VISITS: dict[type, Callable[[_ScopeReader, Any], None]] = {
    getattr(ast, name.removeprefix("visit_")): visit
    for name, visit in vars(_ScopeReader).items()
    if name.startswith("visit_") and hasattr(ast, name.removeprefix("visit_"))
}


def bound_names(node: ast.AST) -> set[str]:
    """Names that executing `node` may bind in the scope it stands in (deletions count too)."""
    reader = _ScopeReader(Source("", "", ""))
    reader.scope = Scope(ast.Lambda(ast.arguments([], [], None, [], [], None, []), ast.Constant(0)))
    reader.visit(node)
    return reader.scope.locals


def parameters(args: ast.arguments) -> list[str]:
    """The names of a function's parameters, in order."""
    found = [*args.posonlyargs, *args.args]
    found += [args.vararg] if args.vararg else []
    found += args.kwonlyargs
    found += [args.kwarg] if args.kwarg else []
    return [arg.arg for arg in found]


def defaults(args: ast.arguments) -> list[ast.expr]:
    """The default expressions of a function, which are evaluated where it is defined."""
    return [*args.defaults, *(d for d in args.kw_defaults if d is not None)]


def annotated(node: FunctionNode) -> list[ast.arg]:
    """The parameters of a function that have annotations, in the order of their evaluation."""
    args = node.args
    every = [*args.args, *args.posonlyargs, args.vararg, *args.kwonlyargs, args.kwarg]
    return [arg for arg in every if arg is not None and arg.annotation is not None]


def annotation_exprs(node: FunctionNode) -> list[ast.expr]:
    """The annotations of a function, which are evaluated where it is defined."""
    found = [arg.annotation for arg in annotated(node) if arg.annotation is not None]
    return [*found, *([node.returns] if node.returns else [])]


def walrus_names(node: ast.AST) -> set[str]:
    """Names bound by `:=` inside `node`, not counting lambdas."""
    found: set[str] = set()
    stack: list[ast.AST] = [node]
    while stack:
        here = stack.pop()
        if isinstance(here, ast.NamedExpr):
            found.add(here.target.id)
        if not isinstance(here, ast.Lambda):
            stack += children(here)
    return found


def unpacked(target: ast.expr) -> Iterator[ast.expr]:
    """The parts of an assignment's target that go over what they are given, outer before inner."""
    match target:
        case ast.Tuple() | ast.List():
            yield target
            for element in target.elts:
                yield from unpacked(element)
        case ast.Starred():
            yield from unpacked(target.value)
        case ast.Subscript(slice=ast.Slice()):
            yield target


def simple_alias(statement: ast.stmt) -> tuple[str, ast.expr] | None:
    """`name = expression` as a pair; None for every other statement."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target, value = statement.targets[0], statement.value
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
        target, value = statement.target, statement.value
    else:
        return None
    return (target.id, value) if isinstance(target, ast.Name) else None


def _dotted(expr: ast.expr) -> bool:
    while isinstance(expr, ast.Attribute):
        expr = expr.value
    return isinstance(expr, ast.Name)


def _root(expr: ast.expr) -> str:
    while isinstance(expr, ast.Attribute):
        expr = expr.value
    return expr.id if isinstance(expr, ast.Name) else ""


def own_nodes(
    function: FunctionNode, around: dict[ast.AST, ast.AST] | None = None
) -> list[ast.AST]:
    """The nodes of a function's own code, in order; nested scopes that run later are not entered.

    List, set and dict comprehensions run in place and are entered. `around` is told for each node
    which one it stands in.
    """
    found: list[ast.AST] = []
    around = {} if around is None else around
    stack: list[ast.AST] = function.body[::-1]  # type: ignore[assignment]
    while stack:
        node = stack.pop()
        found.append(node)
        kind = type(node)
        if kind in LEAVES:
            continue
        if kind in _NESTED and (kind in _LATER or runs_as_function(node)):
            inside = _evaluated_at_once(node)
        else:
            inside = CHILDREN[kind](node)[::-1]
        if inside:
            around.update(dict.fromkeys(inside, node))
            stack += inside
    return found


def _evaluated_at_once(node: ast.AST) -> Sequence[ast.AST]:
    """What of a nested scope is evaluated where it stands."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return [*node.decorator_list, *defaults(node.args), *annotation_exprs(node)]
        case ast.Lambda():
            return defaults(node.args)
        case ast.ClassDef():
            return [*node.decorator_list, *node.bases, *(k.value for k in node.keywords)]
        case ast.GeneratorExp() | ast.ListComp() | ast.SetComp() | ast.DictComp():
            return [node.generators[0].iter]
        case _:  # a type alias
            return ()


def runs_as_function(node: ast.AST) -> bool:
    """Whether a comprehension has been made a function of its own (see definitions.py)."""
    return hasattr(node, "runs_as_function")
