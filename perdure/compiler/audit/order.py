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

from perdure.compiler.audit.bindings import own_nodes
from perdure.compiler.audit.callees import Kind, callee
from perdure.compiler.audit.types import BOOL, INT, Type, Types
from perdure.compiler.audit.world import Place
from perdure.compiler.scopes import Function

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

    def __init__(self, unit: ast.AST, types: Types, report: Report) -> None:
        self.unit = unit
        self.types = types
        self.report = report
        self._parents: dict[ast.AST, ast.AST] | None = None

    def visit(self, node: ast.AST, place: Place) -> None:
        """Look at one node, which stands in `place`."""
        match node:
            case ast.For():
                if self._unordered(node.iter, place) and not self._harmless_loop(node, place):
                    self._tell(node.iter, "iterating over")
            case ast.ListComp() | ast.GeneratorExp():
                for generator in node.generators:
                    if self._unordered(generator.iter, place) and self._escapes(node, place):
                        self._tell(generator.iter, "iterating over")
            case ast.Call():
                self._call(node, place)
            case ast.Starred(ctx=ast.Load()):
                around = self.parent(node)
                keeps = isinstance(around, ast.List | ast.Tuple | ast.Call)
                if keeps and self._unordered(node.value, place) and self._star_escapes(node, place):
                    self._tell(node.value, "unpacking")
            case ast.Assign(targets=[ast.Tuple() | ast.List()]):
                if self._unordered(node.value, place):
                    self._tell(node.value, "unpacking")
            case _:
                pass

    def _tell(self, expr: ast.expr, doing: str) -> None:
        shown = ast.unparse(expr)
        self.report("PD224", expr, f"{doing} {shown if len(shown) < 40 else 'a set'}")

    def _unordered(self, expr: ast.expr, place: Place) -> bool:
        made = self.types.of(expr, place)
        return made is not None and made.is_set and not self._integers(made)

    @staticmethod
    def _integers(made: Type) -> bool:
        element = made.element
        return element in (INT, BOOL)

    def _call(self, node: ast.Call, place: Place) -> None:
        func = node.func
        if isinstance(func, ast.Attribute):
            if func.attr == "pop" and not node.args and self._unordered(func.value, place):
                self._tell(func.value, "popping from")
            if func.attr == "join" and node.args and self._unordered(node.args[0], place):
                self._tell(node.args[0], "joining")
            extends = func.attr == "extend" and self._list_escapes(func.value, place)
            if extends and node.args and self._unordered(node.args[0], place):
                self._tell(node.args[0], "extending a list by")
        name = self._external(node, place)
        if name in ("builtins.min", "builtins.max"):
            # Elements that tie under `key` are told apart by their order.
            ties = any(k.arg == "key" for k in node.keywords)
            if ties and node.args and self._unordered(node.args[0], place):
                self._tell(node.args[0], f"{name[9:]}() with a key, of")
        elif name in _KEEPERS:
            for arg in node.args:
                if self._unordered(arg, place) and self._escapes(node, place):
                    self._tell(arg, f"{name.removeprefix('builtins.')}() of")

    def _external(self, node: ast.Call, place: Place) -> str:
        found = callee(node.func, place, self.types)
        return found.name if found.kind is Kind.EXTERNAL else ""

    # What becomes of something ordered

    def _escapes(self, node: ast.AST, place: Place) -> bool:
        """Whether anybody keeps the order of what `node` gives."""
        parent = self.parent(node)
        match parent:
            case ast.Call():
                return self._argument_escapes(node, parent, place)
            case ast.Starred():
                return self._star_escapes(parent, place)
            case ast.For() if parent.iter is node:
                return not self._harmless_loop(parent, place)
            case ast.comprehension() if parent.iter is node:
                around = self.parent(parent)
                if isinstance(around, ast.SetComp | ast.DictComp):
                    return False
                return around is None or self._escapes(around, place)
            case ast.Compare():
                # `x in list(s)`; but list(s) == list(t) compares orders.
                return not all(isinstance(op, ast.In | ast.NotIn) for op in parent.ops)
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                return self._name_escapes(name, place)
            case ast.Expr() | ast.Assert():
                return False
            case ast.If() | ast.While() | ast.IfExp():
                return parent.test is not node and self._escapes_further(parent, place)
            case ast.UnaryOp(op=ast.Not()):
                return False
            case ast.keyword() | ast.IfExp() | ast.BoolOp() | ast.NamedExpr() | ast.Await():
                return self._escapes_further(parent, place)
            case _:
                return True

    def _escapes_further(self, node: ast.AST, place: Place) -> bool:
        return not isinstance(node, ast.expr | ast.keyword) or self._escapes(node, place)

    def _argument_escapes(self, node: ast.AST, call: ast.Call, place: Place) -> bool:
        if node is call.func:
            return True
        if isinstance(call.func, ast.Attribute) and call.func.attr in _FORGETTING_METHODS:
            return False
        name = self._external(call, place)
        if name in _FORGETTERS:
            return name in ("builtins.min", "builtins.max") and bool(call.keywords)
        return name not in _KEEPERS or self._escapes(call, place)

    def _star_escapes(self, node: ast.AST, place: Place) -> bool:
        around = self.parent(node)
        if isinstance(around, ast.Call):
            return self._argument_escapes(node, around, place)
        if isinstance(around, ast.Set):
            return False
        return around is None or self._escapes(around, place)

    def _list_escapes(self, target: ast.expr, place: Place) -> bool:
        return not isinstance(target, ast.Name) or self._name_escapes(target.id, place)

    def _name_escapes(self, name: str, place: Place) -> bool:
        """Whether a local list's order matters: not when it is sorted, or only used as a bag."""
        uses = [
            n
            for n in ast.walk(self.unit)
            if isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load)
        ]
        parents = [(use, self.parent(use)) for use in uses]
        if any(isinstance(p, ast.Attribute) and p.attr == "sort" for _, p in parents):
            return False
        return any(self._use_escapes(use, parent, place) for use, parent in parents)

    def _use_escapes(self, use: ast.Name, parent: ast.AST | None, place: Place) -> bool:
        if isinstance(parent, ast.Attribute):
            return parent.attr not in ("append", "extend", "clear", "count", "copy")
        if isinstance(parent, ast.Assign | ast.AnnAssign):
            return True  # under another name; this one is not followed
        return self._escapes(use, place)

    # Loops

    def _harmless_loop(self, loop: ast.For, place: Place) -> bool:
        """Whether the loop comes to the same in every order."""
        inside = {n for s in loop.body for n in ast.walk(s)}
        after = {
            n.id
            for n in own_nodes(self.unit)
            if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load) and n not in inside
        }
        elements = {n.id for n in ast.walk(loop.target) if isinstance(n, ast.Name)}
        return all(self._commutes(s, place, after, elements) for s in loop.body)

    def _commutes(self, s: ast.stmt, place: Place, after: set[str], elements: set[str]) -> bool:
        """Whether a statement of a loop's body leaves the same, whichever element comes first."""
        match s:
            case ast.Pass() | ast.Continue():
                return True
            case ast.Assert() | ast.Raise():
                return self._calm(s, place)
            case ast.If():
                both = [*s.body, *s.orelse]
                calm = self._calm(s.test, place)
                return calm and all(self._commutes(b, place, after, elements) for b in both)
            case ast.Return():
                names = {n.id for n in ast.walk(s) if isinstance(n, ast.Name)}
                return not names & elements and self._calm(s, place)
            case ast.AugAssign(op=ast.Add() | ast.Sub() | ast.Mult() | ast.BitOr() | ast.BitAnd()):
                made = self.types.of(s.target, place)
                listlike = made is not None and made.name in ("builtins.list", "builtins.str")
                return not listlike and self._calm(s.value, place)
            case ast.Assign(targets=[ast.Subscript() as target]):
                return self._calm(target, place) and self._calm(s.value, place)
            case ast.Assign(targets=[ast.Name(id=name)]):
                return name not in after and self._calm(s.value, place)
            case ast.Delete():
                return True
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr=attr)) as call):
                return attr in _FORGETTING_METHODS and self._calm(call, place)
            case _:
                return False

    def _calm(self, node: ast.AST, place: Place) -> bool:
        """Whether evaluating `node` calls nothing that anybody could notice."""
        return all(self._quiet_call(call, place) for call in _calls(node))

    def _quiet_call(self, call: ast.Call, place: Place) -> bool:
        found = callee(call.func, place, self.types)
        if found.kind is Kind.FUNCTION:
            return _is_plain(found.function)
        return found.kind is not Kind.ENGINE

    def parent(self, node: ast.AST) -> ast.AST | None:
        """The node around a node."""
        if self._parents is None:
            self._parents = {
                child: node for node in ast.walk(self.unit) for child in ast.iter_child_nodes(node)
            }
        return self._parents.get(node)


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    return (n for n in ast.walk(node) if isinstance(n, ast.Call))


def _is_plain(function: Function | None) -> bool:
    """Whether a helper is undecorated and computes: no `await`, nothing that is an activity."""
    return (
        function is not None
        and not function.node.decorator_list
        and isinstance(function.node, ast.FunctionDef)
    )
