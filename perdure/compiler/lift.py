"""The expression half of normalize: take suspensions out of expressions (A-normal form).

`lift(e)` emits statements that evaluate everything in `e` up to and including its last suspension,
and returns what is left of `e`, to be evaluated right after them::

    f(a) + act(b) * g(c)    =>    _t1 = f(a)
                                  _t2 = act(b)
                                  … _t1 + _t2 * g(c)

Python's order of evaluation is kept to the letter: an operand that stands before a suspension is
evaluated into a temporary first (constants and names that cannot change are left in place); one
that stands after it stays where it is. Short circuits, conditional expressions, chained comparisons
and comprehensions become statements, only where a suspension is inside.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from perdure.compiler.core import (
    Body,
    If,
    Simple,
    SiteKind,
    Statement,
    Suspension,
    suspends,
)
from perdure.compiler.operators import operations_of
from perdure.compiler.scopes import FunctionNode, defaults, runs_as_function
from perdure.compiler.trees import children, copy_place

if TYPE_CHECKING:
    from collections.abc import Iterator


# From Python 3.13 `f"{x!r:{y}}"` asks for the text of x before it evaluates y.
_CONVERTS_FIRST = sys.version_info >= (3, 13)
# Python 3.11 goes from `a` past both operators of `(a and b) or c`; later ones ask it again.
_ASKS_ONCE = sys.version_info < (3, 12)

Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


class Names:
    """Fresh names for temporaries. `taken` holds every identifier of the user's function."""

    def __init__(self, taken: set[str]) -> None:
        self.taken = taken
        self.made: set[str] = set()
        self.counts: dict[str, int] = {}

    def fresh(self, stem: str) -> str:
        """A name no one uses: `_stem1`, `_stem2`, …"""
        while True:
            self.counts[stem] = self.counts.get(stem, 0) + 1
            name = f"_{stem}{self.counts[stem]}"
            if name not in self.taken:
                self.made.add(name)
                return name


def load(name: str, at: ast.AST) -> ast.Name:
    """A read of `name`, placed at `at`."""
    return copy_place(ast.Name(name, ast.Load()), at)


def store(name: str, value: ast.expr, at: ast.AST) -> Simple:
    """`name = value`, placed at `at`."""
    target = copy_place(ast.Name(name, ast.Store()), at)
    return Simple(copy_place(ast.Assign([target], value), at))


def call(name: str, args: Sequence[ast.expr], at: ast.AST) -> ast.Call:
    """`name(*args)`, placed at `at`."""
    return copy_place(ast.Call(load(name, at), list(args), []), at)


class Lifter:
    """Lifts expressions of one function; statements go to the list on top of `output`."""

    special_methods: frozenset[str]  # of the program, those that may suspend
    lends: bool  # whether the program has generators whose end suspends
    holding: tuple[str, ...]  # the variables that hold one

    def __init__(
        self,
        sites: dict[ast.AST, SiteKind],
        names: Names,
        stable: Callable[[str], bool],
        of_module: Callable[[str], bool],
        segment: Callable[[ast.AST], str],
        generator_function: Callable[[ast.AST], FunctionNode],
        meeting: frozenset[ast.AST],
        operations: frozenset[ast.AST],
        tested: frozenset[ast.AST],
        beginning: frozenset[str],
    ) -> None:
        self.sites = sites
        self.origins: dict[ast.AST, ast.expr] = {}  # renamed copy -> what the user wrote
        self.names = names
        self.stable = stable
        self.of_module = of_module
        self.segment = segment
        self.generator_function = generator_function
        self.meeting = meeting
        self.operations = {*operations}
        self.tested = {*tested}
        self.beginning = beginning
        self.output: list[Body] = []
        self.releases = False  # whether it has written statements after which a block ends
        self._inside: dict[ast.AST, bool] = {}

    # Bookkeeping ------------------------------------------------------------------------------

    def emit(self, statement: Statement) -> None:
        """Append a statement to the list being written."""
        self.output[-1].append(statement)

    def emit_all(self, statements: Body) -> None:
        """Append statements to the list being written."""
        self.output[-1] += statements

    def release(self, node: ast.AST, text: str = "") -> None:
        """End the block: what a statement lets go of is held by nobody then.

        A block's arguments are held by whoever called it, as long as it runs.
        """
        self.releases = True
        label = text or self.segment(node)
        self.emit(Simple(copy_place(ast.Pass(), node), releases=label))

    @contextmanager
    def block(self) -> Iterator[Body]:
        """Write to a new statement list for a while."""
        body: Body = []
        self.output.append(body)
        try:
            yield body
        finally:
            self.output.pop()

    def has(self, node: ast.AST | None) -> bool:
        """Whether a suspension site is inside `node` (functions defined in it do not count)."""
        if node is None:
            return False
        known = self._inside.get(node)
        if known is None:
            known = node in self.sites or node in self.operations or node in self.tested
            known = self._inside[node] = known or any(map(self.has, _inner(node)))
        return known

    def save(self, expr: ast.expr) -> ast.expr:
        """Evaluate `expr` now; give what reads its value later."""
        if isinstance(expr, ast.Constant):
            return expr
        if isinstance(expr, ast.Name) and (expr.id in self.names.made or self.stable(expr.id)):
            return expr
        if isinstance(expr, ast.Starred):
            copy = copy_place(ast.List([expr], ast.Load()), expr)
            return copy_place(ast.Starred(self.save(copy), ast.Load()), expr)
        if isinstance(expr, ast.Slice):
            parts = [part or ast.Constant(None) for part in (expr.lower, expr.upper, expr.step)]
            return self.save(call("_slice0", parts, expr))
        name = self.names.fresh("t")
        self.emit(store(name, expr, expr))
        return load(name, expr)

    def save_owner(self, expr: ast.expr) -> ast.expr:
        """The same of what an item or an attribute is stored in: a module's table stays that."""
        if isinstance(expr, ast.Name) and self.of_module(expr.id):
            return expr
        return self.save(expr)

    def sequence(self, exprs: Sequence[ast.expr]) -> list[ast.expr]:
        """Lift operands that Python evaluates from left to right."""
        last = max((i for i, e in enumerate(exprs) if self.has(e)), default=-1)
        out = []
        for index, expr in enumerate(exprs):
            if index > last:
                out.append(expr)
            elif index == last:
                out.append(self.lift(expr))
            else:
                out.append(self.save(self.lift(expr)))
        return out

    def _same(self, old: Any, new: Any) -> None:
        """What is known of a node holds for a copy of it."""
        if old in self.sites:
            self.sites[new] = self.sites[old]
        if old in self.operations:
            self.operations.add(new)
        if old in self.tested:
            self.tested.add(new)
        if old in self.sites or old in self.operations or old in self.tested:
            self.origins[new] = self.origins.get(old, old)

    # Expressions ------------------------------------------------------------------------------

    def lift(self, expr: ast.expr) -> ast.expr:
        """Emit `expr` up to its last suspension; return the rest of it."""
        if not self.has(expr):
            return expr
        if isinstance(expr, ast.Starred) and expr in self.sites:
            items = self.listed(self.lift(expr.value), expr.value)
            return copy_place(ast.Starred(items, expr.ctx), expr)
        if isinstance(expr, ast.Compare) and self._looks_for_item(expr):
            return self._contained(expr)
        if self.is_suspension(expr):
            target = self.names.fresh("t")
            self.suspend(expr, target)
            return load(target, expr)
        if expr in self.tested and not any(map(self.has, _inner(expr))):
            return expr  # it is asked for its truth, no more
        special = getattr(self, f"_lift_{type(expr).__name__}", None)
        result = special(expr) if special else self._rebuild(expr)
        return copy_place(result, expr)

    def is_suspension(self, expr: ast.expr) -> bool:
        """Whether an expression is one suspension as a whole (`in` and `*` only contain one)."""
        if isinstance(expr, ast.Compare):
            return expr in self.operations and self._is_one_operation(expr)
        if expr in self.operations:
            return not isinstance(expr, ast.FormattedValue | ast.Dict)
        return expr in self.sites and not isinstance(expr, ast.Starred)

    @staticmethod
    def _is_one_operation(node: ast.Compare) -> bool:
        inert = ast.In | ast.NotIn | ast.Is | ast.IsNot
        return len(node.ops) == 1 and not isinstance(node.ops[0], inert)

    def _looks_for_item(self, node: ast.Compare) -> bool:
        found = len(node.ops) == 1 and isinstance(node.ops[0], ast.In | ast.NotIn)
        return found and (node in self.sites or node in self.operations)

    def suspend(self, site: ast.expr, target: str | None) -> None:
        """Emit the suspension for a site, its operands first."""
        match site:
            case ast.Call() if self.sites[site] is SiteKind.FRAME:
                self.read_frame(site, target)
            case ast.Call():
                self._suspend_call(site, target)
            case ast.Attribute():
                self._suspend_property(site, target)
            case ast.BinOp() | ast.UnaryOp() | ast.Compare() | ast.Subscript():
                self._suspend_operation(site, target)
            case ast.Yield():
                value = site.value or copy_place(ast.Constant(None), site)
                self.stop(site, "_Yield0", self.lift(value), target)
            case ast.YieldFrom():
                self._delegate(site, target)
            case ast.Await():
                self._await(site, target)
            case ast.GeneratorExp() | ast.ListComp() | ast.SetComp() | ast.DictComp():
                self._suspend_generator(site, target)
            case _:
                raise NotImplementedError(type(site).__name__)

    def _delegate(self, site: ast.YieldFrom, target: str | None) -> None:
        """`yield from xs`; what gives the iterator of `xs` may suspend, before any `yield`."""
        source = self.lift(site.value)
        if "__iter__" in self.beginning and not isinstance(source, ast.GeneratorExp):
            given = load(self._begun(source, site.value, "_delegating0"), site)
            inner = call("_delegated_to0", [given], site)
        else:
            inner = call("_delegated0", [source], site)
        self.stop(site, "_Delegate0", inner, target)

    def _await(self, site: ast.Await, target: str | None) -> None:
        """`await x`; an `__await__` that is no generator may suspend before it returns."""
        awaitable = self.lift(site.value)
        if "__await__" in self.beginning:
            awaitable = self.save(awaitable)
            given = load(self._begun(awaitable, site.value, "_awaiting0"), site)
            inner = call("_awaited_to0", [given, awaitable], site)
        else:
            inner = call("_await0", [awaitable], site)
        self.stop(site, "_Delegate0", inner, target)

    def _begun(self, iterable: ast.expr, at: ast.expr, getter: str = "_iterating0") -> str:
        """Emit the call of what gives the iterator, which may suspend; the iterator's name."""
        given = self.names.fresh("t")
        callee = self._named_callee(call(getter, [iterable], at))
        made = copy_place(ast.Call(callee, [], []), at)
        origin = self.origins.get(at, at)
        self.emit(Simple(copy_place(ast.Pass(), at)))
        self.emit(Suspension(made, SiteKind.DYNAMIC, given, origin, self.segment(origin)))
        return given

    def async_iterator(self, iterable: ast.expr, at: ast.expr) -> ast.expr:
        """What an asynchronous loop goes over; an `__aiter__` may suspend before it returns."""
        if "__aiter__" not in self.beginning:
            return call("_aiter0", [iterable], at)
        given = self._begun(iterable, at, "_aiterating0")
        return call("_aiterated0", [load(given, at)], at)

    def _suspend_property(self, site: ast.Attribute, target: str | None) -> None:
        """`order.total`, where some class of the program has a property `total` that suspends."""
        origin = self.origins.get(site, site)
        parts = [self.lift(site.value), ast.Constant(site.attr)]
        getter = self._named_callee(call("_getter0", parts, site))
        made = copy_place(ast.Call(getter, [], []), site)
        self.emit(Simple(copy_place(ast.Pass(), site)))
        label = self.segment(origin)
        self.emit(Suspension(made, self.sites[site], target, origin, label))

    def read_frame(self, site: ast.Call, target: str | None) -> None:
        """Emit `target = locals()`, or another call that reads the frame."""
        raise NotImplementedError

    def extension(self, target: str, value: ast.expr, at: ast.AugAssign) -> ast.expr:
        """Emit the listing of what is added to `target`, if that is a list and the run may stop."""
        items = self.names.fresh("t")
        args = [load(target, at), self._held_by_name(value)]
        self._meeting_call("_extension0", args, items, at.value)
        return load(items, at)

    def listed(self, value: ast.expr, at: ast.expr, most: int | None = None) -> ast.expr:
        """Emit the listing of what is about to be unpacked, if the run may stop meanwhile.

        With `most`, of no more items than tell that there are too many.
        """
        items = self.names.fresh("t")
        args = [self._held_by_name(value)]
        args += [] if most is None else [ast.Constant(most)]
        name = "_listed0" if most is None else "_taken0"
        self._meeting_call(name, args, items, at, inert=most is not None)
        return load(items, at)

    # Operations that special methods stand behind

    def _suspend_operation(self, site: ast.expr, target: str | None) -> None:
        """`a + b`, `-a`, `a < b` and `a[b]`, where a special method of the program may suspend."""
        match site:
            case ast.BinOp():
                operands = self.sequence([site.left, site.right])
            case ast.UnaryOp():
                operands = [self.lift(site.operand)]
            case ast.Compare():
                operands = self.sequence([site.left, site.comparators[0]])
            case _:
                assert isinstance(site, ast.Subscript)
                operands = self.item(site)
        self.operate(operations_of(site)[0], operands, target, site)

    def operate(
        self, name: str, operands: Sequence[ast.expr], target: str | None, at: ast.expr
    ) -> None:
        """Emit `target = _Op0.name(*operands)`."""
        place = copy_place(ast.Attribute(load("_Op0", at), name, ast.Load()), at)
        function = self._named_callee(place)
        assert isinstance(function, ast.Name)
        self._meeting_call(function.id, self._held(operands), target, at)

    def _held(self, operands: Sequence[ast.expr]) -> list[ast.expr]:
        """Operands that are looked at twice: whether they suspend, and to be passed on."""
        if all(isinstance(operand, ast.Constant | ast.Name) for operand in operands):
            return list(operands)
        return [self.save(operand) for operand in operands]

    def item(self, node: ast.Subscript) -> list[ast.expr]:
        """Lift the operands of a subscript; its index as a value."""
        value, index = self.subscript(node)
        return [value, _as_value(index)]

    def truth(self, value: ast.expr, at: ast.expr) -> ast.expr:
        """Emit `bool(value)`, which may suspend."""
        found = self.names.fresh("t")
        self.operate("truth", [value], found, at)
        return load(found, at)

    def test(self, expr: ast.expr) -> ast.expr:
        """Lift an expression that is tested for truth."""
        if not self.has(expr):
            return expr
        if isinstance(expr, ast.UnaryOp) and isinstance(expr.op, ast.Not):
            return copy_place(ast.UnaryOp(expr.op, self.test(expr.operand)), expr)
        if isinstance(expr, ast.BoolOp) and any(map(self._is_tested, expr.values)):
            return self._tested_one_by_one(expr)
        value = self.lift(expr)
        return self.truth(value, expr) if expr in self.tested else value

    def _is_tested(self, expr: ast.expr) -> bool:
        if isinstance(expr, ast.BoolOp):
            return any(map(self._is_tested, expr.values))
        if isinstance(expr, ast.UnaryOp) and isinstance(expr.op, ast.Not):
            return self._is_tested(expr.operand)
        return expr in self.tested

    def _tested_one_by_one(self, node: ast.BoolOp) -> ast.expr:
        """`a and b` as a test: no value is tested twice."""
        result = self.names.fresh("t")
        self.emit(store(result, self.test(node.values[0]), node))
        self._test_rest(node, result, node.values[1:])
        return load(result, node)

    def _test_rest(self, node: ast.BoolOp, result: str, values: list[ast.expr]) -> None:
        if not values:
            return
        with self.block() as body:
            self.emit(store(result, self.test(values[0]), values[0]))
            self._test_rest(node, result, values[1:])
        test: ast.expr = load(result, node)
        if isinstance(node.op, ast.Or):
            test = copy_place(ast.UnaryOp(ast.Not(), test), test)
        self.emit(If(node, test, body, [], suspends=any(map(suspends, body))))

    def _contained(self, node: ast.Compare) -> ast.expr:
        """`x in xs`, where the run may stop between the items of `xs`."""
        left, over = self.sequence([node.left, node.comparators[0]])
        # It is asked for second, but read first: it may be unbound.
        left = left if isinstance(left, ast.Constant) else self.save(left)
        over = self._held_by_name(over)
        found = self.names.fresh("t")
        inert = self.special_methods.isdisjoint(("__contains__", "__eq__"))
        self._meeting_call("_contains0", [over, left], found, node, inert=inert)
        if isinstance(node.ops[0], ast.NotIn):
            return copy_place(ast.UnaryOp(ast.Not(), load(found, node)), node)
        return load(found, node)

    def _held_by_name(self, value: ast.expr) -> ast.expr:
        if isinstance(value, ast.Constant | ast.Name):
            return value
        return self.save(value)

    def _meeting_call(
        self,
        name: str,
        args: list[ast.expr],
        target: str | None,
        at: ast.expr,
        *,
        inert: bool = False,
    ) -> None:
        """Emit `target = name(*args)`, which suspends if an argument stops the run."""
        made = call(name, args, at)
        origin = self.origins.get(at, at)
        self.emit(Simple(copy_place(ast.Pass(), at)))
        label = self.segment(origin)
        kind = SiteKind.DYNAMIC
        self.emit(Suspension(made, kind, target, origin, label, meets=True, inert=inert))

    def stop(self, site: ast.expr, how: str, value: ast.expr, target: str | None) -> None:
        """Emit a suspension that is no call: the generator or coroutine stops here."""
        origin = self.origins.get(site, site)
        made = call(how, [value], site)
        self.emit(Suspension(made, self.sites[site], target, origin, self.segment(origin)))

    def _suspend_generator(self, site: Comprehension, target: str | None) -> None:
        """`(f(x) for x in xs)`  =>  `def _genexpr1(_items): …` and `_genexpr1(iter(xs))`."""
        first = site.generators[0]
        iterable = self.lift(first.iter)
        if "__iter__" in self.beginning and not first.is_async:
            given = load(self._begun(iterable, first.iter), first.iter)
            iterable = call("_begun0", [given], first.iter)
        elif first.is_async:
            iterable = self.async_iterator(iterable, first.iter)
        else:
            iterable = call("_keeping0", [iterable], first.iter)
        definition = self.generator_function(self.origins.get(site, site))
        name = self.names.fresh(definition.name.strip("<>"))
        fields = dict(ast.iter_fields(definition)) | {"name": name}
        self.emit(Simple(copy_place(type(definition)(**fields), site)))
        origin = self.origins.get(site, site)
        label = self.segment(origin)
        made = call(name, [iterable], site)
        waits = isinstance(definition, ast.AsyncFunctionDef)
        if not waits or isinstance(site, ast.GeneratorExp):
            self.emit(Suspension(made, self.sites[site], target, origin, label))
            return
        coroutine = self.names.fresh("t")
        self.emit(Suspension(made, self.sites[site], coroutine, origin, label))
        waiting = call("_Delegate0", [call("_await0", [load(coroutine, site)], site)], site)
        self.emit(Suspension(waiting, SiteKind.AWAIT, target, origin, label))

    def _suspend_call(self, site: ast.Call, target: str | None) -> None:
        origin = self.origins.get(site, site)
        func, args, keywords = self._operands(site)
        meets = origin in self.meeting
        if meets:
            # They are looked at twice: whether they suspend, and to be passed on.
            func, args = self._callee_and_arguments(func, args)
            for keyword in keywords:
                keyword.value = self.save(keyword.value)
        if keywords and any(k.arg is None for k in keywords):
            func = self._named_callee(func)
            keywords = [self._merged(func, keywords, site)]
        made = copy_place(ast.Call(func, args, keywords), site)
        kind = self.sites[site]
        label = self.segment(origin)
        if kind is SiteKind.DYNAMIC:
            # Control may pass it without stopping, so what follows is shared: a place to cut.
            self.emit(Simple(copy_place(ast.Pass(), site)))
        self.emit(Suspension(made, kind, target, origin, label, meets))

    def _callee_and_arguments(
        self, func: ast.expr, args: list[ast.expr]
    ) -> tuple[ast.expr, list[ast.expr]]:
        func = self.save(func)
        return func, [self.save(arg) for arg in args]

    def _operands(self, node: ast.Call) -> tuple[ast.expr, list[ast.expr], list[ast.keyword]]:
        if any(k.arg is None for k in node.keywords) and any(map(self.has, node.keywords)):
            return self._merging_operands(node)
        values = [k.value for k in node.keywords]
        func, *rest = self.sequence([node.func, *self._positional(node), *values])
        args, after = self._restored(node, rest[: len(node.args)]), rest[len(node.args) :]
        keywords = [
            copy_place(ast.keyword(k.arg, v), k) for k, v in zip(node.keywords, after, strict=True)
        ]
        return self._with_star(node, func, args, keywords)

    def _merging_operands(
        self, node: ast.Call
    ) -> tuple[ast.expr, list[ast.expr], list[ast.keyword]]:
        """Keywords with `**m` among them and a suspension: each `**m` is merged in its turn."""
        last = max(i for i, k in enumerate(node.keywords) if self.has(k))
        # The stand-in is evaluated after them, so the callee and the positionals are saved.
        func, *args = [self.save(self.lift(e)) for e in [node.func, *self._positional(node)]]
        func = self._named_callee(func)
        ready: list[ast.keyword] = []
        for index, keyword in enumerate(node.keywords):
            value = self.lift(keyword.value)
            if keyword in self.operations:
                value = self._mapping(value, keyword.value)
            if keyword.arg is not None and index < last:
                value = self.save(value)
            ready.append(copy_place(ast.keyword(keyword.arg, value), keyword))
            if keyword.arg is None and index < last:
                merged = self._merged(func, ready, keyword)
                ready = [ast.keyword(None, self.save(merged.value))]
        keywords = [self._merged(func, ready, node)]
        return self._with_star(node, func, self._restored(node, args), keywords)

    def _with_star(
        self,
        node: ast.Call,
        func: ast.expr,
        args: list[ast.expr],
        keywords: list[ast.keyword],
    ) -> tuple[ast.expr, list[ast.expr], list[ast.keyword]]:
        """The operands of `f(*x, k=v)`; if the run may stop in `x`, it is listed after the rest."""
        only = self._only_star(node)
        if only is None or only not in self.sites:
            return func, args, keywords
        assert isinstance(args[0], ast.Starred)
        func, items = self._named_callee(self.save(func)), self._held_by_name(args[0].value)
        if any(k.arg is None for k in keywords):
            keywords = [self._merged(func, keywords, node)]
        for keyword in keywords:
            keyword.value = self.save(keyword.value)
        listed = ast.Starred(self.listed(items, only.value), ast.Load())
        return func, [copy_place(listed, only)], keywords

    def _only_star(self, node: ast.Call) -> ast.Starred | None:
        only = node.args[0] if len(node.args) == 1 else None
        return only if isinstance(only, ast.Starred) else None

    def _positional(self, node: ast.Call) -> list[ast.expr]:
        """The positional operands. In `f(*x)`, with nothing beside it, Python looks at `x` last."""
        only = self._only_star(node)
        return list(node.args) if only is None else [only.value]

    def _restored(self, node: ast.Call, args: list[ast.expr]) -> list[ast.expr]:
        only = self._only_star(node)
        if only is None:
            return args
        return [copy_place(ast.Starred(args[0], ast.Load()), only)]

    def _merged(self, func: ast.expr, keywords: Sequence[ast.keyword], at: ast.AST) -> ast.keyword:
        """`**_merge0(callee, {...}, m, {...})`: one dict, with Python's errors for what clashes."""
        parts: list[ast.expr] = []
        for keyword in keywords:
            if keyword.arg is None:
                parts.append(keyword.value)
                continue
            if not parts or not isinstance(parts[-1], _Display):
                parts.append(_Display([], []))
            display = parts[-1]
            assert isinstance(display, _Display)
            display.keys.append(ast.Constant(keyword.arg))
            display.values.append(keyword.value)
        plain = [ast.Dict(p.keys, p.values) if isinstance(p, _Display) else p for p in parts]
        return copy_place(ast.keyword(None, call("_merge0", [func, *plain], at)), at)

    def _named_callee(self, func: ast.expr) -> ast.expr:
        """The callee under a name, to be read more than once."""
        if isinstance(func, ast.Name):
            return func
        name = self.names.fresh("t")
        self.emit(store(name, func, func))
        return load(name, func)

    def _lift_Call(self, node: ast.Call) -> ast.expr:
        return ast.Call(*self._operands(node))

    def _rebuild(self, expr: ast.expr) -> ast.expr:
        """The general case: operands in the order of the node's fields, then the node anew."""
        operands = [child for child in ast.iter_child_nodes(expr) if isinstance(child, ast.expr)]
        lifted = dict(zip(operands, self.sequence(operands), strict=True))
        fields: dict[str, Any] = {}
        for name, value in ast.iter_fields(expr):
            if isinstance(value, list):
                fields[name] = [lifted.get(v, v) for v in value]
            else:
                fields[name] = lifted.get(value, value)
        return type(expr)(**fields)

    def _lift_Dict(self, node: ast.Dict) -> ast.expr:
        """Key, value, key, value; before a `**m` Python makes a dict of what there is so far."""
        pairs = list(zip(node.keys, node.values, strict=True))
        asks = node in self.operations
        last = max(
            i for i, (k, v) in enumerate(pairs) if self.has(k) or self.has(v) or (asks and not k)
        )
        ready: list[tuple[ast.expr | None, ast.expr]] = []
        for index, (key, value) in enumerate(pairs):
            if index > last:
                ready.append((key, value))
            elif key is not None:
                key, value = self.sequence([key, value])
                ready.append((self.save(key), self.save(value)) if index < last else (key, value))
            else:
                if ready:
                    made = copy_place(_dict_of(ready), value)
                    ready = [(None, self.save(made))]
                value = self.lift(value)
                if asks:
                    value = self._mapping(value, value)
                if index < last:
                    # It is merged, and refused if it is no mapping, in its turn.
                    value = self.save(copy_place(_dict_of([(None, value)]), value))
                ready.append((None, value))
        return _dict_of(ready)

    def _mapping(self, value: ast.expr, at: ast.expr) -> ast.expr:
        """Emit the copy of what is merged by `**`, if its methods may suspend."""
        found = self.names.fresh("t")
        self.operate("mapping", [value], found, at)
        return load(found, at)

    def _lift_Subscript(self, node: ast.Subscript) -> ast.expr:
        value, index = self.subscript(node)
        return ast.Subscript(value, index, node.ctx)

    def subscript(self, node: ast.Subscript) -> tuple[ast.expr, ast.expr]:
        """Lift the object and the index of a subscript; a slice's parts are operands."""
        value = self.lift(node.value)
        if self.has(node.slice):
            value = self.save_owner(value)
        return value, self.lift(node.slice)

    def _lift_Slice(self, node: ast.Slice) -> ast.expr:
        parts = [node.lower, node.upper, node.step]
        rest = iter(self.sequence([p for p in parts if p is not None]))
        return ast.Slice(*(None if p is None else next(rest) for p in parts))

    def _lift_NamedExpr(self, node: ast.NamedExpr) -> ast.expr:
        if self.is_suspension(node.value):
            self.suspend(node.value, node.target.id)
            return load(node.target.id, node)
        return ast.NamedExpr(node.target, self.lift(node.value))

    def _lift_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        lifted = self.test(node.operand) if isinstance(node.op, ast.Not) else None
        return ast.UnaryOp(node.op, lifted or self.lift(node.operand))

    def _lift_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        """`a and act(b)`  =>  `_t1 = a; if _t1: _t1 = act(b)`."""
        inner = [value for value in node.values[:-1] if isinstance(value, ast.BoolOp)]
        if _ASKS_ONCE and any(map(self._is_tested, inner)):
            return self._asked_once(node)
        first = next(i for i, value in enumerate(node.values) if self.has(value))
        cut = max(first, 1)
        head, tail = node.values[:cut], node.values[cut:]
        start = self.lift(head[0]) if len(head) == 1 else ast.BoolOp(node.op, head)
        if not any(map(self.has, tail)) and not self._is_tested(head[-1]):
            return ast.BoolOp(node.op, [start, *tail])
        result = self.names.fresh("t")
        self.emit(store(result, start, head[0]))
        rest = tail[0] if len(tail) == 1 else copy_place(ast.BoolOp(node.op, tail), tail[0])
        test: ast.expr = load(result, head[0])
        if self._is_tested(head[-1]):
            test = self.truth(test, head[-1])
        if isinstance(node.op, ast.Or):
            test = copy_place(ast.UnaryOp(ast.Not(), test), test)
        self._branch(node, test, result, rest, None)
        return load(result, node)

    def _asked_once(self, node: ast.BoolOp) -> ast.expr:
        """`(a and b) or c`: a value that decides for both is asked once whether it is true."""
        result, known = self.names.fresh("t"), self.names.fresh("t")
        self._known(node, result, known, wanted=False)
        return load(result, node)

    def _known(self, node: ast.expr, result: str, known: str, *, wanted: bool) -> None:
        """Emit `result = node`, and `known = bool(node)` if that is wanted."""
        if isinstance(node, ast.BoolOp):
            self._known(node.values[0], result, known, wanted=True)
            self._known_rest(node, node.values[1:], result, known, wanted=wanted)
            return
        self.assign(result, node)
        if wanted:
            found: ast.expr = load(result, node)
            found = self.truth(found, node) if self._is_tested(node) else found
            self.emit(store(known, found, node))

    def _known_rest(
        self, node: ast.BoolOp, values: list[ast.expr], result: str, known: str, *, wanted: bool
    ) -> None:
        with self.block() as body:
            self._known(values[0], result, known, wanted=wanted or len(values) > 1)
            if values[1:]:
                self._known_rest(node, values[1:], result, known, wanted=wanted)
        test: ast.expr = load(known, node)
        if isinstance(node.op, ast.Or):
            test = copy_place(ast.UnaryOp(ast.Not(), test), test)
        self.emit(If(node, test, body, [], suspends=any(map(suspends, body))))

    def _lift_IfExp(self, node: ast.IfExp) -> ast.expr:
        test = self.test(node.test)
        if not self.has(node.body) and not self.has(node.orelse):
            return ast.IfExp(test, node.body, node.orelse)
        result = self.names.fresh("t")
        self._branch(node, test, result, node.body, node.orelse)
        return load(result, node)

    def _branch(
        self, at: ast.AST, test: ast.expr, result: str, yes: ast.expr, no: ast.expr | None
    ) -> None:
        """Emit `if test: result = yes else: result = no`."""
        with self.block() as body:
            self.assign(result, yes)
        with self.block() as orelse:
            if no is not None:
                self.assign(result, no)
        held = any(map(suspends, [*body, *orelse]))
        self.emit(If(at, test, body, orelse, suspends=held))

    def assign(self, name: str, value: ast.expr) -> None:
        """Emit `name = value`; a call that suspends delivers straight into `name`."""
        if self.is_suspension(value):
            self.suspend(value, name)
        else:
            self.emit(store(name, self.lift(value), value))

    def _lift_Compare(self, node: ast.Compare) -> ast.expr:
        """`a < act(b) < c`  =>  each link only if the one before held."""
        left, right = self.sequence([node.left, node.comparators[0]])
        split = len(node.ops) > 1 and (node in self.operations or node in self.sites)
        if not split and not any(map(self.has, node.comparators[1:])):
            return ast.Compare(left, node.ops, [right, *node.comparators[1:]])
        left, right = self.save(left), self.save(right)
        result = self.names.fresh("t")
        link = copy_place(ast.Compare(left, node.ops[:1], [right]), node)
        rest = copy_place(ast.Compare(right, node.ops[1:], node.comparators[1:]), node)
        for part in (link, rest):
            self._same(node, part)
        self.assign(result, link)
        self._branch(node, load(result, node), result, rest, None)
        return load(result, node)

    def _lift_JoinedStr(self, node: ast.JoinedStr) -> ast.expr:
        """Each part of an f-string is formatted before the next is evaluated."""
        last = max(i for i, part in enumerate(node.values) if self.has(part))
        out: list[ast.expr] = []
        for index, part in enumerate(node.values):
            if index > last or not isinstance(part, ast.FormattedValue):
                out.append(part)
                continue
            lifted = self._formatted(part)
            if part in self.operations:
                out.append(self._operated_format(part, lifted))
                continue
            if index < last:
                text = copy_place(ast.JoinedStr([lifted]), part)
                lifted = ast.FormattedValue(self.save(text), -1, None)
            out.append(copy_place(lifted, part))
        return ast.JoinedStr(out)

    def _formatted(self, part: ast.FormattedValue) -> ast.FormattedValue:
        operands = [part.value, *([part.format_spec] if part.format_spec else [])]
        if _CONVERTS_FIRST and part.conversion > 0 and self.has(part.format_spec):
            text = self._converted(part)
            made = ast.FormattedValue(text, -1, self.sequence(operands[1:])[0])
            return copy_place(made, part)
        lifted = self.sequence(operands)
        spec = lifted[1] if part.format_spec else None
        made = ast.FormattedValue(lifted[0], part.conversion, spec)
        return copy_place(made, part)

    def _converted(self, part: ast.FormattedValue) -> ast.expr:
        """What the letter after the `!` makes of a value, before the specification is evaluated."""
        value = self.lift(part.value)
        if part not in self.operations:
            bare = copy_place(ast.FormattedValue(value, part.conversion, None), part)
            return self.save(copy_place(ast.JoinedStr([bare]), part))
        text = self.names.fresh("t")
        given = [value, ast.Constant(chr(part.conversion)), copy_place(ast.Constant(""), part)]
        self.operate("formatted", given, text, part)
        return load(text, part)

    def _operated_format(
        self, part: ast.FormattedValue, lifted: ast.FormattedValue
    ) -> ast.FormattedValue:
        """A part of an f-string whose `__format__` may suspend: its text."""
        text = self.names.fresh("t")
        spec = lifted.format_spec or copy_place(ast.Constant(""), part)
        conversion = ast.Constant(chr(lifted.conversion) if lifted.conversion > 0 else "")
        operands = [lifted.value, conversion, spec]
        self.operate("formatted", operands, text, part)
        made = ast.FormattedValue(load(text, part), -1, None)
        return copy_place(made, part)

    def _lift_GeneratorExp(self, node: ast.GeneratorExp) -> ast.expr:
        # One that is used up in place; only the first iterable belongs to this scope.
        return ast.GeneratorExp(node.elt, self._first_iterable(node.generators))

    def _lift_Lambda(self, node: ast.Lambda) -> ast.expr:
        given = defaults(node.args)
        lifted = dict(zip(given, self.sequence(given), strict=True))
        return ast.Lambda(with_parts(node.args, lifted), node.body)

    def _first_iterable(self, generators: list[ast.comprehension]) -> list[ast.comprehension]:
        first = generators[0]
        made = ast.comprehension(first.target, self.lift(first.iter), first.ifs, first.is_async)
        return [made, *generators[1:]]


def with_parts(args: ast.arguments, parts: dict[ast.expr, ast.expr]) -> ast.arguments:
    """Parameters with other defaults and annotations."""

    def with_annotation(arg: ast.arg) -> ast.arg:
        if arg.annotation not in parts:
            return arg
        return copy_place(ast.arg(arg.arg, parts[arg.annotation]), arg)

    return ast.arguments(
        list(map(with_annotation, args.posonlyargs)),
        list(map(with_annotation, args.args)),
        args.vararg and with_annotation(args.vararg),
        list(map(with_annotation, args.kwonlyargs)),
        defaults=[parts.get(d, d) for d in args.defaults],
        kw_defaults=[d and parts.get(d, d) for d in args.kw_defaults],
        kwarg=args.kwarg and with_annotation(args.kwarg),
    )


def _as_value(index: ast.expr) -> ast.expr:
    """The index of a subscript as an expression of its own: slices are written out."""
    if isinstance(index, ast.Slice):
        parts = [part or ast.Constant(None) for part in (index.lower, index.upper, index.step)]
        return call("_slice0", parts, index)
    if isinstance(index, ast.Tuple):
        made = ast.Tuple([_as_value(part) for part in index.elts], ast.Load())
        return copy_place(made, index)
    return index


def _dict_of(pairs: Sequence[tuple[ast.expr | None, ast.expr]]) -> ast.Dict:
    return ast.Dict([key for key, _ in pairs], [value for _, value in pairs])


class _Display(ast.Dict):
    """A dict display under construction."""


def _inner(node: ast.AST) -> Sequence[ast.AST]:
    """Where suspensions of this scope may stand beneath `node`."""
    match node:
        case ast.Lambda():
            return [*node.args.defaults, *(d for d in node.args.kw_defaults if d)]
        case ast.GeneratorExp():
            return [node.generators[0].iter]
        case ast.ListComp() | ast.SetComp() | ast.DictComp() if runs_as_function(node):
            return [node.generators[0].iter]
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            args = node.args
            return [*node.decorator_list, *args.defaults, *(d for d in args.kw_defaults if d)]
        case ast.ClassDef():
            return [*node.decorator_list, *node.bases, *(k.value for k in node.keywords)]
        case _:
            return children(node)
