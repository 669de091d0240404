"""Read one unit's own code into `Facts`: its hazards, its calls, the module variables it touches.

The reader walks statements and expressions with the scopes around them. What is nested and has its
own name (a `def`) is another unit, reached when it is mentioned; a lambda is read where it stands.
Callables that are handed to an activity run inside it, so they are free.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from perdure.compiler.audit import catalog
from perdure.compiler.audit.bindings import body_of
from perdure.compiler.audit.callees import Callee, Kind, callee
from perdure.compiler.audit.facts import Edge, Facts, Hazard
from perdure.compiler.audit.identity import Identity
from perdure.compiler.audit.order import Order
from perdure.compiler.audit.rules import VALUES
from perdure.compiler.audit.shared import variable
from perdure.compiler.audit.types import Types
from perdure.compiler.audit.units import Units
from perdure.compiler.audit.world import Place
from perdure.compiler.roles import Role
from perdure.compiler.scopes import COMPREHENSIONS, FunctionNode, defaults

# Calls whose callee is fetched under a name that is only known when the program runs.
_DYNAMIC = frozenset({"getattr", "globals", "locals", "vars"})


def read_code(
    unit_node: ast.AST,
    place: Place,
    types: Types,
    units: Units,
    body: Sequence[ast.AST] | None = None,
) -> Facts:
    """Read the body of `unit_node`, or only the given parts of it, as code in `place`."""
    reader = _Reader(unit_node, place, types, units)
    for part in body_of(unit_node) if body is None else body:
        reader.visit(part)
    return reader.facts


class _Reader(ast.NodeVisitor):
    """Fills `facts` while it goes; `place` is where it stands at the moment."""

    def __init__(self, unit_node: ast.AST, place: Place, types: Types, units: Units) -> None:
        self.unit_node = unit_node
        self.place = place
        self.types = types
        self.units = units
        self.facts = Facts()
        self.order = Order(unit_node, place, types, self.facts.add)
        self.identity = Identity(unit_node, self.order.parent)

    # Calls

    def visit_Call(self, node: ast.Call) -> None:
        found = callee(node.func, self.place, self.types)
        self._judge(node, found)
        self.order.visit(node)
        if isinstance(node.func, ast.Attribute):
            self.visit(node.func.value)
        elif not isinstance(node.func, ast.Name):
            self.visit(node.func)
        free = self._is_activity(found)
        passes_on = found.kind is Kind.EXTERNAL and found.name in ("functools.partial",)
        for arg in [*node.args, *(k.value for k in node.keywords)]:
            self._argument(arg, free=free, passed_on=passes_on)

    def _judge(self, node: ast.Call, found: Callee) -> None:
        """Note what a call of `found` means."""
        match found.kind:
            case Kind.FUNCTION if found.function is not None:
                self._edge(found, node, "calls")
            case Kind.CLASS:
                self._edge(found, node, "makes")
            case Kind.EXTERNAL:
                self._external(node, found.name)
            case Kind.UNKNOWN:
                self._unknown(node)
            case _:
                pass

    def _external(self, node: ast.Call, name: str) -> None:
        code = catalog.of_call(name, _arguments(node))
        if code in ("PD225", "PD226"):
            if not self.identity.is_harmless(node, self.types, self.place):
                self.facts.add(code, node, f"{_short(name)}()")
        elif code == "PD291":
            self.facts.unknown.append(Hazard(code, node, f"{_short(name)}()"))
        elif code is not None:
            self.facts.add(code, node, f"{_short(name)}()")
        elif not catalog.is_known(name):
            self.facts.unknown.append(Hazard("PD290", node, f"the call of {name}"))

    def _unknown(self, node: ast.Call) -> None:
        func = node.func
        if isinstance(func, ast.Attribute):
            if (code := catalog.UNMISTAKABLE.get(func.attr)) is not None:
                self.facts.add(code, node, f"{func.attr}()")
                return
            if func.attr == "astimezone" and not _arguments(node):
                self.facts.add("PD203", node, "astimezone() without a zone")
                return
        dynamic = isinstance(func, ast.Call | ast.Subscript) and _root_name(func) in _DYNAMIC
        what = ast.unparse(func)
        what = what if len(what) <= 40 else f"{what[:37]}..."
        self.facts.unknown.append(
            Hazard("PD291" if dynamic else "PD290", node, f"the call of {what}")
        )

    def _is_activity(self, found: Callee) -> bool:
        return found.function is not None and self.units.role(found.function) is Role.ACTIVITY

    def _edge(self, found: Callee, node: ast.AST, verb: str) -> None:
        for unit in self.units.reached_by(found, node):
            self.facts.edges.append(Edge(unit, node, verb))

    def _argument(self, arg: ast.expr, *, free: bool, passed_on: bool = False) -> None:
        """Read an argument. A function that is handed over counts as called, unless it is free."""
        bare = arg.value if isinstance(arg, ast.Starred) else arg
        if free and self._is_callable(bare):
            return
        if not free and isinstance(bare, ast.Name | ast.Attribute):
            self._handed_over(bare)
        if free and passed_on:
            return
        self.visit(arg)

    def _is_callable(self, expr: ast.expr) -> bool:
        if isinstance(expr, ast.Lambda):
            return True
        if isinstance(expr, ast.Call):  # partial(f, x), given to an activity
            inner = callee(expr.func, self.place, self.types)
            return inner.name == "functools.partial"
        if isinstance(expr, ast.Name | ast.Attribute):
            found = callee(expr, self.place, self.types)
            return found.kind in (Kind.FUNCTION, Kind.CLASS)
        return False

    def _handed_over(self, expr: ast.expr) -> None:
        """`sorted(xs, key=random.random)`, `Thing(clock=time.time)`: as good as a call."""
        found = callee(expr, self.place, self.types)
        if found.kind is not Kind.EXTERNAL:
            return
        code = catalog.of_value(found.name)
        if code in VALUES or code in ("PD225", "PD226"):
            self.facts.add(code, expr, _short(found.name))

    # Names

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self._mention(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.ctx, ast.Load):
            self._mention(node)
        self.visit(node.value)

    def _mention(self, node: ast.Name | ast.Attribute) -> None:
        """A name that is read: a function as a value, a property, the environment, a variable."""
        found = callee(node, self.place, self.types)
        if found.kind is Kind.FUNCTION and found.function is not None:
            as_value = not self.types.classes.is_property(found.function)
            self._edge(found, node, "uses" if as_value else "reads")
            return
        if found.kind is Kind.EXTERNAL:
            code = catalog.of_read(found.name)
            if code is not None and not self._is_local_alias(node):
                self.facts.add(code, node, found.name)
        if found.kind in (Kind.UNKNOWN, Kind.EXTERNAL, Kind.HARMLESS):
            dotted = variable(node, self.place, self.types)
            if dotted is not None and self.types.modules.get(dotted) is None:
                self.facts.reads.setdefault(dotted, node)

    def _is_local_alias(self, node: ast.expr) -> bool:
        """`env = os.environ` was reported where it stands; the uses of env are the same finding."""
        return isinstance(node, ast.Name) and any(
            node.id in scope.aliases and node.id in scope.locals for scope in self.place.scopes
        )

    # Statements and scopes

    def visit_For(self, node: ast.For) -> None:
        self.order.visit(node)
        self._protocol(node.iter, ("__iter__", "__next__"), node.iter)
        self.generic_visit(node)

    def visit_With(self, node: ast.With) -> None:
        for item in node.items:
            self._protocol(item.context_expr, ("__enter__", "__exit__"), item.context_expr)
        self.generic_visit(node)

    def visit_AsyncWith(self, node: ast.AsyncWith) -> None:
        for item in node.items:
            self._protocol(item.context_expr, ("__aenter__", "__aexit__"), item.context_expr)
        self.generic_visit(node)

    def _protocol(self, expr: ast.expr, names: tuple[str, ...], node: ast.AST) -> None:
        """`with thing:` and `for x in thing:` call methods that are not spelled out."""
        made = self.types.of(expr, self.place)
        if made is None or self.types.modules.class_of(made.name) is None:
            return
        for name in names:
            if (method := self.types.classes.method(made.name, name)) is not None:
                self._edge(Callee(Kind.FUNCTION, method.dotted, method), node, "calls")

    def visit_Assign(self, node: ast.Assign) -> None:
        self.order.visit(node)
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.visit(node.target)
        if node.value is not None:
            self.visit(node.value)

    def visit_Starred(self, node: ast.Starred) -> None:
        self.order.visit(node)
        self.generic_visit(node)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        for statement in node.body:  # the types it catches are not used, only compared
            self.visit(statement)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._nested_definition(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._nested_definition(node)

    def _nested_definition(self, node: FunctionNode) -> None:
        for expr in [*node.decorator_list, *defaults(node.args)]:
            self.visit(expr)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """A class inside a function: its body runs here; its methods count as used."""
        outer, scopes = self.place, self.types.modules.scopes(self.place.module, node)
        self.place = Place(outer.module, scopes or outer.scopes, outer.owner)
        for statement in node.body:
            self.visit(statement)
            method = self.types.classes.function_at(outer.module, statement)
            if method is not None:
                self._edge(Callee(Kind.FUNCTION, method.dotted, method), statement, "defines")
        self.place = outer

    def visit_Lambda(self, node: ast.Lambda) -> None:
        for default in defaults(node.args):
            self.visit(default)
        self._inside(node, [node.body])

    def generic_visit(self, node: ast.AST) -> None:
        if isinstance(node, COMPREHENSIONS):
            self._comprehension(node)
        else:
            super().generic_visit(node)

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
    ) -> None:
        self.order.visit(node)
        first, *_ = node.generators
        self.visit(first.iter)
        rest: list[ast.AST] = []
        for index, generator in enumerate(node.generators):
            rest += [generator.iter] if index else []
            rest += generator.ifs
        rest += [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        self._inside(node, rest)

    def _inside(self, node: ast.AST, parts: Sequence[ast.AST]) -> None:
        """Read parts of a lambda or comprehension with its own scope in front."""
        outer, scopes = self.place, self.types.modules.scopes(self.place.module, node)
        self.place = Place(outer.module, scopes or outer.scopes, outer.owner)
        for part in parts:
            self.visit(part)
        self.place = outer


def _arguments(node: ast.Call) -> int:
    """How many arguments a call gives; a star may give any number, so it counts for many."""
    stars = sum(isinstance(a, ast.Starred) for a in node.args)
    stars += sum(k.arg is None for k in node.keywords)
    return len(node.args) + len(node.keywords) + 9 * stars


def _short(name: str) -> str:
    return name.removeprefix("builtins.")


def _root_name(expr: ast.expr) -> str:
    while not isinstance(expr, ast.Name):
        if isinstance(expr, ast.Call):
            expr = expr.func
        elif isinstance(expr, ast.Subscript | ast.Attribute):
            expr = expr.value
        else:
            return ""
    return expr.id
