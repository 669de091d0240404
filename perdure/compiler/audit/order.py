"""Where the order of a set gets out (hazard 28).

A set's order is harmless until something keeps it. So two questions are asked of every place that
goes over a set: does the place itself ask for an order (a loop, `list(s)`, `",".join(s)`, `*s`),
and does what becomes of the result still care (`sorted(list(s))` does not)::

    for tag in tags: send(tag)        an order                  reported
    for tag in tags: total += 1       none: a sum               quiet
    [t.upper() for t in tags]         an order, if it is kept   reported
    sorted(t.upper() for t in tags)   sorted forgets it         quiet
    names = list(tags); names.sort()  forgotten in the end      quiet

Integers hash to themselves, so sets of them (as far as types tell) are quiet too.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from perdure.compiler.audit import catalog
from perdure.compiler.audit.bindings import children, own_nodes
from perdure.compiler.audit.callees import Kind, callee
from perdure.compiler.audit.types import BOOL, INT, Type, Types
from perdure.compiler.audit.world import Place
from perdure.compiler.scopes import COMPREHENSIONS, Function

# They make something with an order out of what they are given, in that order.
_KEEPERS = frozenset({
    "builtins.list", "builtins.tuple", "builtins.iter", "builtins.enumerate", "builtins.zip",
    "builtins.map", "builtins.filter", "builtins.next", "builtins.dict.fromkeys",
    "collections.deque", "collections.OrderedDict.fromkeys", "functools.reduce",
    "itertools.chain", "itertools.chain.from_iterable", "itertools.islice", "itertools.product",
    "itertools.cycle", "itertools.accumulate", "itertools.batched", "itertools.pairwise",
    "itertools.zip_longest", "itertools.groupby", "itertools.permutations",
    "itertools.combinations", "itertools.starmap", "itertools.takewhile", "itertools.dropwhile",
})  # fmt: skip

# They give the same whatever order they are given.
_FORGETTERS = frozenset({
    "builtins.sorted", "builtins.set", "builtins.frozenset", "builtins.len", "builtins.sum",
    "builtins.any", "builtins.all", "builtins.min", "builtins.max", "builtins.dict",
    "math.fsum", "math.prod", "collections.Counter", "statistics.mean", "statistics.median",
    "statistics.fmean", "builtins.bool", "builtins.isinstance",
})  # fmt: skip

# Methods that do: of sets, and of dicts (nobody looks at the order in which those were filled).
_FORGETTING_METHODS = frozenset({
    "union", "intersection", "difference", "symmetric_difference", "update", "add", "discard",
    "remove", "difference_update", "intersection_update", "symmetric_difference_update",
    "issubset", "issuperset", "isdisjoint",
})  # fmt: skip

Report = Callable[[str, ast.AST, str], None]


class Order:
    """The check over one unit's code. `report` takes what is found."""

    def __init__(self, unit: ast.AST, place: Place, types: Types, report: Report) -> None:
        self.unit = unit
        self.place = place
        self.types = types
        self.report = report
        self._parents: dict[ast.AST, ast.AST] | None = None

    def visit(self, node: ast.AST) -> None:
        """Look at one node of the unit."""
        match node:
            case ast.For():
                if self._unordered(node.iter) and not self._harmless_loop(node):
                    self._tell(node.iter, "iterating over")
            case ast.ListComp() | ast.GeneratorExp() | ast.SetComp() | ast.DictComp():
                for generator in node.generators:
                    if self._unordered(generator.iter) and self._shows(node):
                        self._tell(generator.iter, "iterating over")
            case ast.Call():
                self._call(node)
            case ast.Starred(ctx=ast.Load()):
                around = self.parent(node)
                keeps = isinstance(around, ast.List | ast.Tuple | ast.Call)
                if keeps and self._unordered(node.value) and self._star_escapes(node):
                    self._tell(node.value, "unpacking")
            case ast.Assign(targets=[ast.Tuple() | ast.List()]):
                if self._unordered(node.value):
                    self._tell(node.value, "unpacking")
            case _:
                pass

    def _tell(self, expr: ast.expr, doing: str) -> None:
        shown = ast.unparse(expr)
        self.report("PD224", expr, f"{doing} {shown if len(shown) < 40 else 'a set'}")

    def _unordered(self, expr: ast.expr) -> bool:
        made = self.types.of(expr, self._place(expr))
        return made is not None and made.is_set and not self._integers(made)

    @staticmethod
    def _integers(made: Type) -> bool:
        element = made.element
        return element in (INT, BOOL)

    def _shows(self, node: ast.expr) -> bool:
        """Whether a comprehension lets out its order: by its result, or by what it does."""
        kept = isinstance(node, ast.ListComp | ast.GeneratorExp) and self._escapes(node)
        return kept or not self._calm(node)

    def _call(self, node: ast.Call) -> None:
        func = node.func
        if isinstance(func, ast.Attribute):
            if func.attr == "pop" and not node.args and self._unordered(func.value):
                self._tell(func.value, "popping from")
            if func.attr == "join" and node.args and self._unordered(node.args[0]):
                self._tell(node.args[0], "joining")
            extends = func.attr == "extend" and self._list_escapes(func.value)
            if extends and node.args and self._unordered(node.args[0]):
                self._tell(node.args[0], "extending a list by")
        name = self._external(node)
        if name in ("builtins.min", "builtins.max"):
            # Elements that tie under `key` are told apart by their order.
            ties = any(k.arg == "key" for k in node.keywords)
            if ties and node.args and self._unordered(node.args[0]):
                self._tell(node.args[0], f"{name[9:]}() with a key, of")
        elif name in _KEEPERS:
            for arg in node.args:
                if self._unordered(arg) and self._escapes(node):
                    self._tell(arg, f"{name.removeprefix('builtins.')}() of")

    def _external(self, node: ast.Call) -> str:
        found = callee(node.func, self._place(node), self.types)
        return found.name if found.kind is Kind.EXTERNAL else ""

    # What becomes of something ordered

    def _escapes(self, node: ast.AST) -> bool:
        """Whether anybody keeps the order of what `node` gives."""
        parent = self.parent(node)
        match parent:
            case ast.Call():
                return self._argument_escapes(node, parent)
            case ast.Starred():
                return self._star_escapes(parent)
            case ast.For() if parent.iter is node:
                return not self._harmless_loop(parent)
            case ast.comprehension() if parent.iter is node:
                around = self.parent(parent)
                if isinstance(around, ast.SetComp | ast.DictComp):
                    return False
                return around is None or self._escapes(around)
            case ast.Compare():
                # `x in list(s)`; but list(s) == list(t) compares orders.
                return not all(isinstance(op, ast.In | ast.NotIn) for op in parent.ops)
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                return self._name_escapes(name)
            case ast.Expr() | ast.Assert():
                return False
            case ast.If() | ast.While() | ast.IfExp():
                return parent.test is not node and self._escapes_further(parent)
            case ast.UnaryOp(op=ast.Not()):
                return False
            case ast.keyword() | ast.IfExp() | ast.BoolOp() | ast.NamedExpr() | ast.Await():
                return self._escapes_further(parent)
            case _:
                return True

    def _escapes_further(self, node: ast.AST) -> bool:
        return not isinstance(node, ast.expr | ast.keyword) or self._escapes(node)

    def _argument_escapes(self, node: ast.AST, call: ast.Call) -> bool:
        if node is call.func:
            return True
        if isinstance(call.func, ast.Attribute) and call.func.attr in _FORGETTING_METHODS:
            return False
        name = self._external(call)
        if catalog.of_call(name, 1) == "PD240":
            return False  # a line of output
        if name in _FORGETTERS:
            return name in ("builtins.min", "builtins.max") and bool(call.keywords)
        return name not in _KEEPERS or self._escapes(call)

    def _star_escapes(self, node: ast.AST) -> bool:
        around = self.parent(node)
        if isinstance(around, ast.Call):
            return self._argument_escapes(node, around)
        if isinstance(around, ast.Set):
            return False
        return around is None or self._escapes(around)

    def _list_escapes(self, target: ast.expr) -> bool:
        return not isinstance(target, ast.Name) or self._name_escapes(target.id)

    def _name_escapes(self, name: str) -> bool:
        """Whether a local list's order matters: not when it is sorted, or only used as a bag."""
        uses = [
            n
            for n in ast.walk(self.unit)
            if isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load)
        ]
        parents = [(use, self.parent(use)) for use in uses]
        if any(isinstance(p, ast.Attribute) and p.attr == "sort" for _, p in parents):
            return False
        return any(self._use_escapes(use, parent) for use, parent in parents)

    def _use_escapes(self, use: ast.Name, parent: ast.AST | None) -> bool:
        if isinstance(parent, ast.Attribute):
            return parent.attr not in ("append", "extend", "clear", "count", "copy")
        if isinstance(parent, ast.Assign | ast.AnnAssign):
            return True  # under another name; this one is not followed
        return self._escapes(use)

    # Loops

    def _harmless_loop(self, loop: ast.For) -> bool:
        """Whether the loop comes to the same in every order."""
        inside = {n for s in loop.body for n in ast.walk(s)}
        after = {
            n.id
            for n in own_nodes(self.unit)
            if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load) and n not in inside
        }
        elements = {n.id for n in ast.walk(loop.target) if isinstance(n, ast.Name)}
        return all(self._commutes(s, after, elements) for s in loop.body)

    def _commutes(self, s: ast.stmt, after: set[str], elements: set[str]) -> bool:
        """Whether a statement of a loop's body leaves the same, whichever element comes first."""
        match s:
            case ast.Pass() | ast.Continue():
                return True
            case ast.Assert() | ast.Raise():
                return self._calm(s)
            case ast.If():
                both = [*s.body, *s.orelse]
                calm = self._calm(s.test)
                return calm and all(self._commutes(b, after, elements) for b in both)
            case ast.Return():
                names = {n.id for n in ast.walk(s) if isinstance(n, ast.Name)}
                return not names & elements and self._calm(s)
            case ast.AugAssign(op=ast.Add() | ast.Sub() | ast.Mult() | ast.BitOr() | ast.BitAnd()):
                made = self.types.of(s.target, self._place(s.target))
                listlike = made is not None and made.name in ("builtins.list", "builtins.str")
                return not listlike and self._calm(s.value)
            case ast.Assign(targets=[ast.Subscript() as target]):
                return self._calm(target) and self._calm(s.value)
            case ast.Assign(targets=[ast.Name(id=name)]):
                return name not in after and self._calm(s.value)
            case ast.Delete():
                return True
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr=attr)) as call):
                return attr in _FORGETTING_METHODS and self._calm(call)
            case _:
                return False

    def _calm(self, node: ast.AST) -> bool:
        """Whether evaluating `node` calls nothing that anybody could notice."""
        return all(self._quiet_call(call) for call in _calls(node))

    def _quiet_call(self, call: ast.Call) -> bool:
        found = callee(call.func, self._place(call), self.types)
        if found.kind is Kind.FUNCTION:
            return found.function is None or not self._is_durable(found.function)
        return found.kind is not Kind.ENGINE

    def _is_durable(self, function: Function) -> bool:
        """Whether calls of it are seen from outside, in the order in which they are made."""
        roles = ("perdure.activity", "perdure.workflow")
        return any(name in roles for name in self.types.classes.decorators(function))

    def parent(self, node: ast.AST) -> ast.AST | None:
        """The node around a node."""
        if self._parents is None:
            self._parents = {}
            stack = [self.unit]
            while stack:
                around = stack.pop()
                inside = children(around)
                self._parents.update(dict.fromkeys(inside, around))
                stack += inside
        return self._parents.get(node)

    def _place(self, node: ast.AST) -> Place:
        """Where a node stands: in the unit, or in a lambda or comprehension of it."""
        before: ast.AST = node
        around = self.parent(node)
        while around is not None and around is not self.unit:
            if isinstance(around, ast.comprehension) and before is around.iter:
                # The first iterable of a comprehension is evaluated outside of it.
                whole = self.parent(around)
                if isinstance(whole, COMPREHENSIONS) and whole.generators[0] is around:
                    before, around = whole, self.parent(whole)
                    continue
            if isinstance(around, (ast.Lambda, *COMPREHENSIONS)):
                module = self.place.module
                scopes = self.types.modules.scopes(module, around)
                return Place(module, scopes or self.place.scopes, self.place.owner)
            before, around = around, self.parent(around)
        return self.place


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    return (n for n in ast.walk(node) if isinstance(n, ast.Call))
