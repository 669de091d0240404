"""A test file's tree -> the tree of one small module that runs one of its tests durably.

    cut     keeps the test, and what its names lead to; other tests go
    ticks   puts a suspension before every statement and around arguments of calls

    for x in f(a):          tick_()
        g(x, k=b)     =>    for x in f(through_(a)):
                                tick_()
                                g(through_(x), k=through_(b))

Class bodies and module level stay as they are; the functions in them do not.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterable, Iterator
from typing import TypeVar

_F = TypeVar("_F", ast.FunctionDef, ast.AsyncFunctionDef)
TICKS = ("statements", "calls", "both", "none")

# Decorators that only decide whether a test runs, or run it: the harness does that.
_DECIDING = re.compile(
    r"^(unittest\.skip|unittest\.expectedFailure|(\w+\.)?(support|os_helper|import_helper|threading_helper)\."
    r"(cpython_only|impl_detail|requires_|skip_|refcount_test|no_tracing|bigmemtest)"
    r"|cpython_only|impl_detail|requires_|skip_|skipIf|skipUnless|no_tracing|refcount_test"
    r"|force_not_colorized|(test\.)?support\.force_not_colorized|_async_test$)"
)
# Context managers over state of the whole process.
_PROCESS_WIDE = re.compile(
    r"^((warnings\.)?catch_warnings|((test\.)?support\.)?(captured_\w+|swap_attr|swap_item"
    r"|catch_unraisable_exception|catch_threading_exception|disable_gc|infinite_recursion"
    r"|set_recursion_limit|adjust_int_max_str_digits)|(import_helper\.)?ready_to_import"
    r"|((test\.support\.)?warnings_helper\.)?(check_\w+_warnings?|check_warnings|save_restore_\w+)"
    r"|self\.check_no_warnings)$"
)


def cut(tree: ast.Module, roots: Iterable[str], test: tuple[str, str] | None) -> list[ast.stmt]:
    """The statements of a module that `roots` (names) need, without the tests that are not `test`.

    Over-careful on purpose: any mention of a name counts, in text too.
    """
    owners: dict[str, list[ast.stmt]] = {}
    wanted: list[ast.stmt] = []
    body = [_without_tests(s, test) for s in tree.body if not _is_main_guard(s)]
    for statement in body:
        names = _bound(statement)
        for name in names:
            owners.setdefault(name, []).append(statement)
        if "__future__" == getattr(statement, "module", "") or "*" in names:
            wanted.append(statement)
        elif not names and not _is_docstring(statement):
            wanted.append(statement)
    queue = [s for s in wanted for s in mentions(s)]
    queue += roots
    kept = {id(s) for s in wanted}
    seen: set[str] = set()
    while queue:
        name = queue.pop()
        if name in seen:
            continue
        seen.add(name)
        for statement in owners.get(name, []):
            if id(statement) not in kept:
                kept.add(id(statement))
                queue += mentions(statement)
    return [s for s in body if id(s) in kept]


def whole(tree: ast.Module, test: tuple[str, str] | None) -> list[ast.stmt]:
    """All statements of a module but the other tests."""
    return [_without_tests(s, test) for s in tree.body if not _is_main_guard(s)]


def _without_tests(statement: ast.stmt, test: tuple[str, str] | None) -> ast.stmt:
    if not isinstance(statement, ast.ClassDef):
        return statement
    mentioned = _used_in(statement)
    body = [
        s
        for s in statement.body
        if not isinstance(s, ast.FunctionDef | ast.AsyncFunctionDef)
        or not s.name.startswith("test")
        or (test is not None and s.name == test[1])
        or s.name in mentioned
    ]
    new = ast.ClassDef(**{f: getattr(statement, f) for f in statement._fields})
    new.body = body or [ast.Pass()]
    return ast.copy_location(new, statement)


@functools.cache
def _used_in(cls: ast.ClassDef) -> frozenset[str]:
    """The names that a class's code uses, other than those that it binds."""
    nodes = [n for s in cls.body for n in ast.walk(s)]
    attributes = {n.attr for n in nodes if isinstance(n, ast.Attribute)}
    return frozenset(attributes | {n.id for n in nodes if isinstance(n, ast.Name)})


def _is_main_guard(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and ast.unparse(statement.test).startswith("__name__ ==")


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


@functools.cache
def _bound(statement: ast.stmt) -> frozenset[str]:
    """The module-level names that a statement binds or changes."""
    return frozenset(_binds(statement))


def _binds(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield statement.name
        return
    for node in ast.walk(statement):
        if isinstance(node, ast.alias):
            yield (node.asname or node.name.partition(".")[0])
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
            inner: ast.expr = node
            while isinstance(inner, ast.Attribute | ast.Subscript):
                inner = inner.value
            if isinstance(inner, ast.Name):
                yield inner.id


@functools.cache
def mentions(tree: ast.AST) -> frozenset[str]:
    """Every identifier that a tree mentions."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            found.update(node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.update(re.findall(r"[A-Za-z_]\w*", node.value))
    return frozenset(found)


class Transformer(ast.NodeTransformer):
    """Adds ticks in every function; leads `unittest` to the prelude. Call it on copies."""

    def __init__(self, ticks: str, package: str = "test") -> None:
        self.statements = ticks in ("statements", "both")
        self.calls = ticks in ("calls", "both")
        self.inside = False  # in the code of a function
        self.decorating = False
        self.package = package

    # names that lead elsewhere

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if isinstance(node.value, ast.Name) and node.value.id == "unittest":
            if node.attr == "TestCase":
                return ast.Name("TestCase_", ast.Load())
            if node.attr == "IsolatedAsyncioTestCase":
                return ast.Name("AsyncTestCase_", ast.Load())
        self.generic_visit(node)
        return node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.ImportFrom:
        if node.level:
            module = f"{self.package}.{node.module}" if node.module else self.package
            return ast.ImportFrom(module, node.names, 0)
        if node.module == "unittest":
            renamed = {"TestCase": "TestCase", "IsolatedAsyncioTestCase": "AsyncTestCase"}
            names = [a for a in node.names if a.name in renamed]
            if names and len(names) == len(node.names):
                aliases = [ast.alias(renamed[a.name], a.asname or a.name) for a in names]
                awaits = any(a.name == "IsolatedAsyncioTestCase" for a in names)
                prelude = "conformance_prelude_async" if awaits else "conformance_prelude"
                return ast.ImportFrom(prelude, aliases, 0)
        return node

    # functions

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        return self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AsyncFunctionDef:
        return self._function(node)

    def _function(self, node: _F) -> _F:
        kept = [d for d in node.decorator_list if not _DECIDING.match(ast.unparse(d))]
        self._decorators(node, kept)
        self._defaults(node.args)
        outer, self.inside = self.inside, True
        node.body = self._body(node.body)
        self.inside = outer
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.Lambda:
        self._defaults(node.args)
        outer, self.inside = self.inside, True
        node.body = self.visit(node.body)
        self.inside = outer
        return node

    def _decorators(self, node: _F | ast.ClassDef, kept: list[ast.expr]) -> None:
        outer, self.decorating = self.decorating, True
        node.decorator_list = [self.visit(d) for d in kept]
        self.decorating = outer

    def _defaults(self, args: ast.arguments) -> None:
        args.defaults = [self.visit(d) for d in args.defaults]
        args.kw_defaults = [d and self.visit(d) for d in args.kw_defaults]

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        kept = [d for d in node.decorator_list if not _DECIDING.match(ast.unparse(d))]
        self._decorators(node, kept)
        node.bases = [self.visit(b) for b in node.bases]
        node.keywords = [self.visit(k) for k in node.keywords]
        outer, self.inside = self.inside, False
        node.body = [self.visit(s) for s in node.body]
        self.inside = outer
        return node

    # statements

    def generic_visit(self, node: ast.AST) -> ast.AST:
        for field, value in ast.iter_fields(node):
            if field in ("annotation", "returns", "type_comment", "type_params"):
                continue
            if isinstance(value, list):
                if value and isinstance(value[0], ast.stmt):
                    setattr(node, field, self._body(value))
                else:
                    new = [self.visit(v) if isinstance(v, ast.AST) else v for v in value]
                    setattr(node, field, new)
            elif isinstance(value, ast.AST):
                setattr(node, field, self.visit(value))
        return node

    def _body(self, body: list[ast.stmt]) -> list[ast.stmt]:
        new: list[ast.stmt] = []
        for number, statement in enumerate(body):
            unmoved = isinstance(statement, ast.Global | ast.Nonlocal) or (
                number == 0 and _is_docstring(statement)
            )
            if self.inside and self.statements and not unmoved:
                new.append(ast.Expr(_call("tick_")))
            new.append(self.visit(statement))
        return new

    # calls

    def visit_Call(self, node: ast.Call) -> ast.Call:
        name = ast.unparse(node.func)
        self.generic_visit(node)
        if self.inside and self.calls and name not in ("super", "tick_", "through_"):
            self._wrap(node)
        keep = self.inside and not self.decorating and _PROCESS_WIDE.match(name)
        return _call("held_", node) if keep else node

    @staticmethod
    def _wrap(node: ast.Call) -> None:
        values = [a.value if isinstance(a, ast.Starred) else a for a in node.args]
        values += [k.value for k in node.keywords]
        # A constant has nothing to keep; one is enough to stop in the middle of a call.
        chosen = [v for v in values if not isinstance(v, ast.Constant)] or values[:1]
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                argument.value = _through(argument.value, chosen)
        node.args = [a if isinstance(a, ast.Starred) else _through(a, chosen) for a in node.args]
        for keyword in node.keywords:
            keyword.value = _through(keyword.value, chosen)


def _through(value: ast.expr, chosen: list[ast.expr]) -> ast.expr:
    return _call("through_", value) if any(value is c for c in chosen) else value


def _call(name: str, *args: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(args), [])
