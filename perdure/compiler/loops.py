"""The part of normalize for what goes over an iterable: comprehensions, and the heads of loops.

`[act(x) for x in xs if x]` becomes a loop that appends. The iterator of a loop that stops has a
name, so that the loop can go on with it; where the run may stop between two items, the loop is
stepped in its body.
"""

from __future__ import annotations

import ast
from typing import Any

from perdure.compiler.core import Body, For, If, Jump, Simple, SiteKind, Suspension, While, suspends
from perdure.compiler.lift import call, load, store
from perdure.compiler.rename import rename
from perdure.compiler.targets import Targets
from perdure.compiler.trees import copy_place


class Loops(Targets):
    """Brings comprehensions into core form, and gives loops their iterators."""

    stepped_loops: list[str]  # the iterators of loops that may stop between two items

    def _lift_comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp) -> ast.expr:
        """`[act(x) for x in xs if x]`  =>  a loop that appends; its variables get fresh names."""
        results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        others = [*(g.iter for g in node.generators[1:]), *results]
        others += [g.target for g in node.generators]
        others += [test for g in node.generators for test in g.ifs]
        if not any(map(self.has, others)) and not any(g in self.sites for g in node.generators):
            generators = self._first_iterable(node.generators)
            if isinstance(node, ast.DictComp):
                return ast.DictComp(node.key, node.value, generators)
            return type(node)(node.elt, generators)
        result = self.names.fresh("t")
        first = self.iterator(node.generators[0])
        empty: ast.expr = {
            ast.ListComp: ast.List([], ast.Load()),
            ast.DictComp: ast.Dict([], []),
        }.get(type(node), call("_set0", [], node))
        self.emit(store(result, copy_place(empty, node), node))
        self._loop(node, self._rename_variables(node), 0, first, result)
        return load(result, node)

    _lift_ListComp = _lift_SetComp = _lift_DictComp = _lift_comprehension

    def _rename_variables(self, node: Any) -> Any:
        """A copy of the comprehension whose own variables cannot meet the function's."""
        targets = {
            n.id
            for g in node.generators
            for n in ast.walk(g.target)
            if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
        }
        fresh = {name: self.names.fresh(f"{name.lstrip('_')}_") for name in sorted(targets)}

        return rename(node, fresh, self._same)

    def next_item(self, at: ast.AST, iterator: str) -> str:
        """Emit the wait for the next item of an asynchronous iterator; its name."""
        item = self.names.fresh("t")
        waiting = call("_Delegate0", [call("_anext0", [load(iterator, at)], at)], at)
        origin: Any = getattr(at, "iter", at)
        self.emit(Suspension(waiting, SiteKind.AWAIT, item, origin, self.segment(origin)))
        return item

    def is_done(self, item: str, at: ast.AST) -> ast.expr:
        """`item is _DONE0`."""
        test = ast.Compare(load(item, at), [ast.Is()], [load("_DONE0", at)])
        return copy_place(test, at)

    def _async_loop(self, node: Any, renamed: Any, depth: int, iterator: str, result: str) -> None:
        generator: ast.comprehension = renamed.generators[depth]
        done = self.names.fresh("done")
        self.emit(store(done, ast.Constant(False), node))
        with self.block() as body:
            item = self.next_item(generator.iter, iterator)
            with self.block() as inner:
                self.assign_to(generator.target, load(item, generator.target))
                self._conditions(node, renamed, depth, list(generator.ifs), result)
            stop: Body = [store(done, ast.Constant(True), node)]
            held = any(map(suspends, inner))
            self.emit(If(node, self.is_done(item, node), stop, inner, suspends=held))
        test = copy_place(ast.UnaryOp(ast.Not(), load(done, node)), node)
        self.emit(While(node, test, body, [], suspends=True))

    def _loop(self, node: Any, renamed: Any, depth: int, iterator: str, result: str) -> None:
        generator: ast.comprehension = renamed.generators[depth]
        if generator.is_async:
            self._async_loop(node, renamed, depth, iterator, result)
            return
        with self.block() as body:
            target = self.loop_target(generator, iterator)
            self._conditions(node, renamed, depth, list(generator.ifs), result)
        loop = For(node, target, load(iterator, generator.iter), body, [])
        loop.suspends = any(map(suspends, body))
        self.emit(loop)

    def loop_target(self, loop: ast.For | ast.comprehension, iterator: str) -> ast.expr:
        """The target of a loop, to be written in the loop's head.

        One that suspends is assigned at the start of the body. So is that of a loop whose iterator
        may suspend, which gives `_PENDING0` then, and is stepped in the body::

            for _t1 in _it1:
                if _t1 is _PENDING0:
                    _t1 = _advance0(_it1)        # a suspension
                    if _t1 is _DONE0: continue   # the iterator is at its end and will say so
                x = _t1
        """
        target = loop.target
        stepped = loop in self.sites
        if not stepped and not self.has(target):
            return target
        item = self.names.fresh("t")
        if stepped:
            at = loop.iter
            with self.block() as waiting:
                made = call("_advance0", [load(iterator, at)], at)
                origin = self.origins.get(at, at)
                stop = Suspension(made, SiteKind.DURABLE, item, origin, self.segment(origin))
                self.emit(stop)
                again: Body = [Jump(copy_place(ast.Continue(), at))]
                self.emit(If(at, self.is_done(item, at), again, []))
            test = ast.Compare(load(item, at), [ast.Is()], [load("_PENDING0", at)])
            self.emit(If(at, copy_place(test, at), waiting, [], suspends=True))
        self.assign_to(target, load(item, target))
        return copy_place(ast.Name(item, ast.Store()), target)

    def iterator(self, loop: ast.AsyncFor | ast.For | ast.comprehension) -> str:
        """Emit what makes the iterator of a loop; its name."""
        name = self.names.fresh("it")
        at = loop.iter
        iterable = self.lift(at)
        begin = self.begin_loop(loop)
        if begin in ("_stepping0", "_aiter0"):
            self.stepped_loops.append(name)
        if begin == "_aiter0":
            self.emit(store(name, self.async_iterator(iterable, at), at))
            return name
        if "__iter__" in self.beginning and begin == "_stepping0":
            given = self._begun(iterable, at)
            self.emit(store(name, call("_stepped0", [load(given, at)], at), at))
            return name
        self.emit(store(name, call(begin, [iterable], at), at))
        return name

    def begin_loop(self, loop: ast.AsyncFor | ast.For | ast.comprehension) -> str:
        """The function that gives the iterator of a loop."""
        if isinstance(loop, ast.AsyncFor) or getattr(loop, "is_async", False):
            return "_aiter0"
        if loop in self.sites:
            return "_stepping0"
        stops = isinstance(loop, ast.comprehension) or self.has(loop)
        return "_keeping0" if stops else "_iter0"

    def _conditions(
        self, node: Any, renamed: Any, depth: int, tests: list[ast.expr], result: str
    ) -> None:
        if tests:
            test = self.test(tests[0])
            with self.block() as body:
                self._conditions(node, renamed, depth, tests[1:], result)
            self.emit(If(tests[0], test, body, [], suspends=any(map(suspends, body))))
        elif depth + 1 < len(renamed.generators):
            iterator = self.iterator(renamed.generators[depth + 1])
            self._loop(node, renamed, depth + 1, iterator, result)
        else:
            self._collect(renamed, result)

    def _collect(self, node: Any, result: str) -> None:
        """Emit what one round of a comprehension adds to its result."""
        into = load(result, node)
        if isinstance(node, ast.DictComp):
            key, value = self.sequence([node.key, node.value])
            if not isinstance(value, ast.Constant | ast.Name):
                # `d[k] = v` would evaluate v before k.
                key = self.save(key)
            place = copy_place(ast.Subscript(into, key, ast.Store()), node)
            self.emit(Simple(copy_place(ast.Assign([place], value), node)))
            return
        method = "append" if isinstance(node, ast.ListComp) else "add"
        add = copy_place(ast.Attribute(into, method, ast.Load()), node)
        done = copy_place(ast.Call(add, [self.lift(node.elt)], []), node)
        self.emit(Simple(copy_place(ast.Expr(done), node)))
