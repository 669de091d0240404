"""The half of normalize for compound statements: loops, `try`, `with`, and jumps.

What cannot be re-entered natively is lowered:

`while act(): body`  =>  the test becomes statements at the head of the body::

    _done1 = False
    while not _done1:
        _t1 = act()
        if _t1: body
        else: _done1 = True

`finally` and `with` around a suspension: a suspension is a `return` in the compiled code, so native
ones would fire. The completion (how the body was left) is saved by name, and the cleanup stands
twice, once for an exception in flight and once for every other way of leaving, as CPython itself
compiles it::

    try:                       =>     _left1 = 0
        return act()                  try:
    finally:                              for _ in _ONCE0:
        cleanup()                             _t1 = act()
                                              _value1 = _t1
                                              _left1 = 1          # by return
                                              break
                                      except BaseException:
                                          cleanup()
                                          raise
                                      cleanup()
                                      if _left1 == 1: return _value1

Loops between the `return` and the `try` are left one by one: after each stands
`if _left1: break`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from perdure.compiler.core import (
    Body,
    For,
    Handler,
    If,
    Jump,
    Match,
    Raise,
    Return,
    Simple,
    SiteKind,
    Suspension,
    Try,
    While,
    With,
    bodies,
    suspends,
)
from perdure.compiler.lift import call, load, store
from perdure.compiler.loops import Loops
from perdure.compiler.operators import TRUTH
from perdure.compiler.trees import children, copy_place, nodes

# How a body with a cleanup around it was left; kept in `_left`.
BY_RETURN, BY_BREAK, BY_CONTINUE = 1, 2, 3


@dataclass
class Cleanup:
    """A lowered `finally` or `with` around the statement that is being normalized."""

    left: str
    value: str
    used: set[int]  # the ways of leaving that occur


@dataclass
class Loop:
    """A loop of the user's around the statement that is being normalized."""

    crossed: bool = False  # a jump to a cleanup further out leaves it


class Compound(Loops):
    """Brings compound statements into core form; statements go where expressions' do."""

    own_cells: set[str]  # locals that functions inside share
    shared: set[str]  # names that other functions can read: globals, and those in cells

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.context: list[Cleanup | Loop] = []
        self.stepped_loops: list[str] = []
        self.sealed = 0  # native cleanups around the statement
        self.rewritten = 0  # how many statements had to change; tells what may stay native

    # Statements -------------------------------------------------------------------------------

    def statements(self, nodes: list[ast.stmt]) -> None:
        """Normalize a statement list; what stands behind a jump can never run and is dropped."""
        for node in nodes:
            self.statement(node)

    def body(self, nodes: list[ast.stmt]) -> Body:
        """Normalize a statement list into a list of its own."""
        with self.block() as body:
            self.statements(nodes)
        return body

    def statement(self, node: ast.stmt) -> None:
        """Normalize one statement."""
        visit = getattr(self, f"_{type(node).__name__}", None)
        if visit is not None:
            visit(node)
        elif not self.has(node):
            self.emit(Simple(node))
        else:
            raise NotImplementedError(f"a suspension in {type(node).__name__}")  # language.check

    # Jumps ------------------------------------------------------------------------------------

    def _Return(self, node: ast.Return) -> None:
        value = self.lift(node.value) if node.value is not None else None
        cleanup = next((c for c in reversed(self.context) if isinstance(c, Cleanup)), None)
        if cleanup is None:
            self.emit(Return(copy_place(ast.Return(value), node)))
            return
        self.emit(store(cleanup.value, value or ast.Constant(None), node))
        self._leave(cleanup, BY_RETURN, node)

    def _Break(self, node: ast.Break) -> None:
        self._jump(node, BY_BREAK)

    def _Continue(self, node: ast.Continue) -> None:
        self.rewritten += 1  # it may end a turn with a safepoint, which a native one would not have
        self._jump(node, BY_CONTINUE)

    def _jump(self, node: ast.Break | ast.Continue, way: int) -> None:
        if self.context and isinstance(self.context[-1], Cleanup):
            self._leave(self.context[-1], way, node)
        else:
            self.emit(Jump(node))

    def _leave(self, cleanup: Cleanup, way: int, node: ast.AST) -> None:
        """Go to a cleanup: note how, and leave the loops in between one by one."""
        self.rewritten += 1
        cleanup.used.add(way)
        for frame in reversed(self.context):
            if frame is cleanup:
                break
            assert isinstance(frame, Loop)
            frame.crossed = True
        self.emit(store(cleanup.left, ast.Constant(way), node))
        self.emit(Jump(copy_place(ast.Break(), node)))

    # Compound statements ----------------------------------------------------------------------

    def _If(self, node: ast.If) -> None:
        before = self.rewritten
        test = self.test(node.test)
        made = If(node, test, self.body(node.body), self.body(node.orelse))
        self._finish(made, node, before)

    def _finish(
        self, made: If | While | For | Try | With | Match, node: ast.stmt, before: int
    ) -> None:
        """Emit a compound statement; keep the user's own tree where nothing in it changed."""
        if self.has(node) or self.rewritten > before:
            made.suspends = any(suspends(s) for b in bodies(made) for s in b)
        else:
            made.native = node
        self.emit(made)

    def _has_safepoint(self, node: ast.For | ast.While) -> bool:
        """Whether a loop may turn for long, and can be stopped at the end of a turn.

        Not where a native cleanup would fire, and not where each turn suspends anyway.
        """
        if self.sealed or (isinstance(node, ast.For) and _is_short(node.iter)):
            return False
        return not any(self._surely_suspends(statement) for statement in node.body)

    def _surely_suspends(self, node: ast.stmt) -> bool:
        """Whether a statement suspends whenever control comes to it."""
        match node:
            case ast.Expr() | ast.Assign() | ast.AugAssign() | ast.AnnAssign() | ast.Return():
                first = node.value
            case ast.If() | ast.Assert():
                first = node.test
            case ast.For():
                first = node.iter
            case _:
                return False
        return first is not None and self._certain(first)

    def _certain(self, expr: ast.AST) -> bool:
        """Whether evaluating an expression certainly suspends."""
        if not self.has(expr):
            return False
        if self.sites.get(expr, SiteKind.FRAME) not in (SiteKind.DYNAMIC, SiteKind.FRAME):
            return True
        match expr:
            case ast.BoolOp():
                parts: Sequence[ast.AST] = [expr.values[0]]
            case ast.IfExp():
                parts = [expr.test]
            case ast.Compare():
                parts = [expr.left, expr.comparators[0]]
            case (
                ast.Lambda() | ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp()
            ):
                return False
            case _:
                parts = children(expr)
        return any(map(self._certain, parts))

    @contextmanager
    def seal(self, sealed: bool = True) -> Iterator[None]:
        """No safepoints for a while."""
        self.sealed += sealed
        try:
            yield
        finally:
            self.sealed -= sealed

    def _While(self, node: ast.While) -> None:
        before = self.rewritten
        loop = Loop()
        safepoint = self._has_safepoint(node)
        self.rewritten += safepoint
        self.context.append(loop)
        if self.has(node.test):
            done = self.names.fresh("done")
            body = self._tested_body(node, done)
            test: ast.expr = copy_place(ast.UnaryOp(ast.Not(), load(done, node)), node.test)
        else:
            body, test = self.body(node.body), node.test
        self.context.pop()
        made = While(node, test, body, self.body(node.orelse), safepoint=safepoint)
        self._finish(made, node, before)
        self._leave_on(loop, node)

    def _tested_body(self, node: ast.While, done: str) -> Body:
        """The body of a `while` whose test suspends: the test is its first part."""
        self.emit(store(done, ast.Constant(False), node))
        with self.block() as body:
            test = self.test(node.test)
            inner = self.body(node.body)
            stop: Body = [store(done, ast.Constant(True), node)]
            self.emit(If(node, test, inner, stop, suspends=any(map(suspends, inner))))
        return body

    def _For(self, node: ast.For) -> None:
        before = self.rewritten
        iterable: ast.expr = node.iter
        loop, stepped = Loop(), ""
        safepoint = self._has_safepoint(node)
        self.rewritten += safepoint
        if self.has(node) or safepoint:
            # Its iterator outlives a block: it needs a name.
            iterable = load(self.iterator(node), node.iter)
            stepped = iterable.id if node in self.sites else ""
        self.context.append(loop)
        with self.block() as body:
            target = self.loop_target(node, getattr(iterable, "id", ""))
            self.statements(node.body)
        self.context.pop()
        made = For(node, target, iterable, body, self.body(node.orelse), safepoint=safepoint)
        self._finish(made, node, before)
        if stepped:
            self._let_go(stepped, node)
        elif getattr(node.target, "id", None) in self.holding:
            self.release(node, f"the loop over {self.segment(node.iter)}")  # a list of generators
        self._leave_on(loop, node)

    def _let_go(self, iterator: str, loop: ast.For | ast.AsyncFor) -> None:
        """After a loop: let go of what it went over; what that closes is closed at once."""
        self.emit_all(self._left([iterator], loop))
        if self.lends:
            self.release(loop, f"the loop over {self.segment(loop.iter)}")

    def _left(self, iterators: list[str], node: ast.AST) -> Body:
        """Let go of what stepped loops went over, when they are left: a generator may close."""
        calls = [ast.Expr(call("_left0", [load(name, node)], node)) for name in iterators]
        return [Simple(copy_place(made, node)) for made in calls]

    def _leaving(self, mark: int, node: ast.AST) -> Body:
        """The same for what handles an exception, of the loops that have been met since `mark`.

        Which of them had begun is not known.
        """
        iterators = self.stepped_loops[mark:]
        for name in iterators:
            self.emit(store(name, ast.Constant(None), node))
        return self._left(iterators[::-1], node)

    def _leave_on(self, loop: Loop, node: ast.stmt) -> None:
        """After a loop that a jump to a cleanup crosses: go on leaving."""
        if not loop.crossed:
            return
        cleanup = next(c for c in reversed(self.context) if isinstance(c, Cleanup))
        for frame in reversed(self.context):
            if isinstance(frame, Loop):
                frame.crossed = True
            else:
                break
        on: Body = [Jump(copy_place(ast.Break(), node))]
        self.emit(If(node, load(cleanup.left, node), on, []))

    def _AsyncFor(self, node: ast.AsyncFor) -> None:
        """`async for x in xs: body`, its end told by a flag, so that `else` keeps its meaning::

        _it1 = _aiter0(xs)
        _done1 = False
        while not _done1:
            _t1 = await the next one, or _DONE0
            if _t1 is _DONE0: _done1 = True
            else: x = _t1; body
        """
        self.rewritten += 1
        iterator, done = self.names.fresh("it"), self.names.fresh("done")
        begun = self.async_iterator(self.lift(node.iter), node.iter)
        self.emit(store(iterator, begun, node.iter))
        self.emit(store(done, ast.Constant(False), node))
        self.stepped_loops.append(iterator)
        loop = Loop()
        self.context.append(loop)
        with self.block() as body:
            item = self.next_item(node, iterator)
            with self.block() as inner:
                self.assign_to(node.target, load(item, node.target))
                self.statements(node.body)
            stop: Body = [store(done, ast.Constant(True), node)]
            self.emit(If(node, self.is_done(item, node), stop, inner, suspends=any_suspends(inner)))
        self.context.pop()
        test = copy_place(ast.UnaryOp(ast.Not(), load(done, node)), node)
        made = While(node, test, body, self.body(node.orelse), suspends=True)
        self.emit(made)
        self._let_go(iterator, node)
        self._leave_on(loop, node)

    def _Try(self, node: ast.Try) -> None:
        if node.finalbody and self._must_lower(node):
            self._lower_finally(node)
            return
        self._try(node, node.finalbody)

    def _try(self, node: ast.Try, finalbody: list[ast.stmt]) -> None:
        before, mark = self.rewritten, len(self.stepped_loops)
        with self.seal(bool(finalbody)):
            body = self.body(node.body)
            left = self._leaving(mark, node)
            if self.own_cells and node.handlers:
                self.rewritten += 1
                body = [self._localising(node, body)]
            with self.seal():
                if any(h.type is not None and self.has(h.type) for h in node.handlers):
                    handlers = [self._testing_handler(node)]
                else:
                    handlers = [self._handler(h) for h in node.handlers]
                for handler in handlers:
                    handler.body[:0] = left
                final = self.body(finalbody)
                final[:0] = left if finalbody else []
            made = Try(node, body, handlers, self.body(node.orelse), final)
        if self.has(node):
            for handler in handlers:
                handler.saved = handler.saved or self.names.fresh("exc")
        self._finish(made, node, before)
        if handlers and self.lends and self.has(node):
            self.release(node, "the handlers of a try")  # the exception has gone

    def _localised(
        self, node: ast.Try | ast.TryStar | ast.With | ast.AsyncWith, body: Body
    ) -> Body:
        """The body of a statement whose cleanup sees the exception, if it may be such an error."""
        read = (n for s in node.body for n in nodes(s) if isinstance(n, ast.Name))
        if any(n.id in self.own_cells and not isinstance(n.ctx, ast.Store) for n in read):
            return [self._localising(node, body)]
        return body

    def _localising(self, node: ast.stmt, body: Body) -> Try:
        """Around a `try`'s body: a variable that is shared by cell is a local when it is unbound.

        To a block the cell is another function's, and Python says so in a NameError; to the user,
        and to the handlers, it is an UnboundLocalError.
        """
        names = [ast.Constant(name) for name in sorted(self.own_cells)]
        listed = copy_place(ast.Tuple(list(names), ast.Load()), node)
        again = ast.Expr(call("_localise0", [call("_exception0", [], node), listed], node))
        handling: Body = [Simple(copy_place(again, node))]
        handling.append(Raise(copy_place(ast.Raise(None, None), node)))
        handler = self._named(Handler(node, load("_NameError0", node), None, handling))
        made = Try(node, body, [handler], [], [])
        made.suspends = any_suspends(body)
        if made.suspends:
            handler.saved = self.names.fresh("exc")
        return made

    def _handler(self, node: ast.ExceptHandler) -> Handler:
        if not self._is_watched(node):
            return self._named(Handler(node, node.type, node.name, self.body(node.body)))
        error = self.names.fresh("e")
        with self.block() as made:
            self.emit(store(error, call("_exception0", [], node), node))
            self.statements(_binding_body(node, error))
        return self._named(Handler(node, node.type, None, made))

    def _is_watched(self, node: ast.ExceptHandler) -> bool:
        """Whether others can read a handler's name, and the run may stop in the handler.

        Python unbinds the name wherever a handler is left, at a suspension too.
        """
        return node.name in self.shared and any(map(self.has, node.body))

    def _testing_handler(self, node: ast.Try) -> Handler:
        """Handlers whose types suspend become one that tries the types in order::

        except act() as e: body   =>   except BaseException:
                                           _e1 = _exception0()
                                           if _matches0(_e1, act()):
                                               e = _e1
                                               try: body
                                               finally: e = None; del e
                                           else: raise
        """
        error = self.names.fresh("e")
        again: list[ast.stmt] = [copy_place(ast.Raise(None, None), node)]
        for handler in reversed(node.handlers):
            body = _binding_body(handler, error)
            if handler.type is None:
                again = body
                continue
            test = call("_matches0", [load(error, handler), handler.type], handler)
            again = [copy_place(ast.If(test, body, again), handler)]
        with self.block() as made:
            self.emit(store(error, call("_exception0", [], node), node))
            self.statements(again)
        return self._named(Handler(node, None, None, made))

    def _named(self, handler: Handler) -> Handler:
        handler.suspends = any(map(suspends, handler.body))
        if handler.suspends:
            handler.saved = self.names.fresh("exc")
        return handler

    def _must_lower(self, node: ast.Try | ast.With) -> bool:
        """Whether a cleanup cannot stay native: it spans a suspension, or a jump that changes."""
        inside_cleanup = any(isinstance(c, Cleanup) for c in self.context)
        return self.has(node) or (inside_cleanup and _jumps_out(node))

    def _cleaned(self, node: ast.stmt, body: list[ast.stmt] | ast.Try) -> tuple[Body, Cleanup]:
        """Normalize the body of a lowered `finally` or `with`; jumps out of it are recorded."""
        names = self.names
        cleanup = Cleanup(names.fresh("left"), names.fresh("value"), set())
        self.context.append(cleanup)
        with self.block() as inner:
            if isinstance(body, ast.Try):
                self._try(body, [])
            else:
                self.statements(body)
        self.context.pop()
        if cleanup.used:
            self.emit(store(cleanup.left, ast.Constant(0), node))
            if BY_RETURN in cleanup.used:
                self.emit(store(cleanup.value, ast.Constant(None), node))
            once = While(node, ast.Constant(True), inner, [], once=True)
            once.suspends = any(map(suspends, inner))
            inner = [once]
        return inner, cleanup

    def _lower_finally(self, node: ast.Try) -> None:
        self.rewritten += 1
        mark = len(self.stepped_loops)
        inner, cleanup = self._cleaned(node, node if node.handlers else node.body)
        left = self._leaving(mark, node)
        if not node.handlers:
            inner = self._localised(node, inner)
        with self.block() as failing, self.seal():
            self.emit_all(left)
            self.statements(node.finalbody)
            self.emit(Raise(copy_place(ast.Raise(None, None), node.finalbody[-1])))
        handler = self._named(Handler(node, None, None, failing))
        self._emit_try(node, inner, handler, [])
        self.statements(node.finalbody)
        self._dispatch(cleanup, node)

    def _emit_try(self, node: ast.AST, body: Body, handler: Handler, orelse: Body) -> None:
        made = Try(node, body, [handler], orelse, [])
        made.suspends = any(map(suspends, [*body, *handler.body, *orelse]))
        self.emit(made)

    def _dispatch(self, cleanup: Cleanup, node: ast.stmt) -> None:
        """After a cleanup: go on the way the body was left."""
        for way in sorted(cleanup.used):
            test = ast.Compare(load(cleanup.left, node), [ast.Eq()], [ast.Constant(way)])
            jump: ast.stmt = {
                BY_RETURN: ast.Return(load(cleanup.value, node)),
                BY_BREAK: ast.Break(),
                BY_CONTINUE: ast.Continue(),
            }[way]
            with self.block() as body:
                self.statement(copy_place(jump, node))
            self.emit(If(node, copy_place(test, node), body, []))

    def _AsyncWith(self, node: ast.AsyncWith) -> None:
        self._lower_with(node, node.items)

    def _With(self, node: ast.With) -> None:
        if not self._must_lower(node):
            before = self.rewritten
            with self.seal():
                body = self.body(node.body)
                localised = self._localised(node, body)
                self.rewritten += localised is not body
                self._finish(With(node, localised), node, before)
            return
        self._lower_with(node, node.items)

    def _lower_with(self, node: ast.With | ast.AsyncWith, items: list[ast.withitem]) -> None:
        """One item at a time: `with a, b: body` is `with a: with b: body`."""
        self.rewritten += 1
        item, rest = items[0], items[1:]
        leave, value = self.names.fresh("exit"), self.names.fresh("t")
        context = item.context_expr
        wait = isinstance(node, ast.AsyncWith)
        entered = call("_aentered0" if wait else "_entered0", [self.lift(context)], context)
        pair = [ast.Name(leave, ast.Store()), ast.Name(value, ast.Store())]
        target = copy_place(ast.Tuple(list(pair), ast.Store()), context)
        self.emit(Simple(copy_place(ast.Assign([target], entered), context)))
        self._called(load(value, context), [], context, value, wait="__aenter__" if wait else "")
        body: list[ast.stmt] = []
        if item.optional_vars is not None:
            given = ast.Assign([item.optional_vars], load(value, context))
            body.append(copy_place(given, item.optional_vars))
        if rest:
            body.append(copy_place(type(node)(rest, node.body), node))
            self._inside[body[-1]] = True  # lowered too, whether or not it suspends itself
        else:
            body += node.body
        mark = len(self.stepped_loops)
        inner, cleanup = self._cleaned(node, body)
        inner = self._localised(node, inner)
        left = self._leaving(mark, node)
        leaves = "__aexit__" if wait else ""
        with self.block() as leaving:
            self._exit(leave, context, wait=leaves)
        failing = self._exit_failing(leave, node, context, wait=leaves)
        failing.body[:0] = left
        self._emit_try(node, inner, failing, leaving)
        self._dispatch(cleanup, node)

    def _exit(self, leave: str, place: ast.expr, *, wait: str) -> None:
        nothing: list[ast.expr] = [ast.Constant(None) for _ in range(3)]
        self._called(load(leave, place), nothing, place, None, wait=wait)

    def _exit_failing(self, leave: str, node: ast.AST, place: ast.expr, *, wait: str) -> Handler:
        """`except BaseException: if not exit(*exc_info()): raise`."""
        info = copy_place(ast.Starred(call("_exc_info0", [], place), ast.Load()), place)
        swallowed = self.names.fresh("t")
        with self.block() as body:
            self._called(load(leave, place), [info], place, swallowed, wait=wait)
            asked: ast.expr = load(swallowed, place)
            if not self.special_methods.isdisjoint(TRUTH):
                asked = self.truth(asked, place)
            test = copy_place(ast.UnaryOp(ast.Not(), asked), place)
            again = Raise(copy_place(ast.Raise(None, None), place))
            self.emit(If(node, test, [again], []))
        return self._named(Handler(node, None, None, body))

    def _called(
        self,
        func: ast.expr,
        args: list[ast.expr],
        place: ast.expr,
        target: str | None,
        *,
        wait: str,
    ) -> None:
        """Emit a call of a context manager's method, which may suspend.

        With `wait` (the method's name, for messages) what it gives is awaited.
        """
        made = copy_place(ast.Call(func, args, []), place)
        label = self.segment(place)
        if not wait:
            if not self.special_methods & {"__enter__", "__exit__"}:
                self._plainly(made, place, target)
                return
            self.emit(Simple(copy_place(ast.Pass(), place)))
            self.emit(Suspension(made, SiteKind.DYNAMIC, target, place, label))
            return
        awaitable = self.names.fresh("t")
        self.emit(Simple(copy_place(ast.Pass(), place)))
        self.emit(Suspension(made, SiteKind.DYNAMIC, awaitable, place, label))
        given: list[ast.expr] = [load(awaitable, place), ast.Constant(wait)]
        waiting = call("_Delegate0", [call("_await_of0", given, place)], place)
        self.emit(Suspension(waiting, SiteKind.AWAIT, target, place, label))

    def _plainly(self, made: ast.Call, place: ast.expr, target: str | None) -> None:
        if target is None:
            self.emit(Simple(copy_place(ast.Expr(made), place)))
        else:
            self.emit(store(target, made, place))

    def _TryStar(self, node: ast.TryStar) -> None:
        """`except*` around a suspension (PEP 654), with what is left to handle kept by name::

        try: body                    try: body
        except* T as e: handler      except BaseException:
                                         _star1 = _star0(_exception0())
                                         _t1 = _split0(_star1, T)
                                         if _t1 is not None:
                                             _restore1 = _handling0(_t1)
                                             try: raise _t1
                                             except BaseException as e: _restore1(); handler
                                                 (what it raises is kept in _star1)
                                         _t2 = _left_of0(_star1)
                                         if _t2 is not None:
                                             _restore2 = _handling0(_t2)
                                             try: raise _t2
                                             except BaseException: _restore2(); raise
        """
        if not self.has(node):
            self.emit(Simple(node))
            return
        self.rewritten += 1
        if node.finalbody:
            inner = copy_place(ast.TryStar(node.body, node.handlers, node.orelse, []), node)
            self._inside[inner] = True
            whole = copy_place(ast.Try([inner], [], [], node.finalbody), node)
            self._inside[whole] = True
            self._Try(whole)
            return
        star, at = self.names.fresh("star"), node
        body = self._localised(node, self.body(node.body))
        with self.block() as failing:
            self.emit(store(star, call("_star0", [call("_exception0", [], at)], at), at))
            for handler in node.handlers:
                self._star_handler(star, handler)
            self._raise_what_is_left(star, at)
        made = Try(node, body, [self._named(Handler(node, None, None, failing))], [], [])
        made.orelse = self.body(node.orelse)
        made.suspends = any(map(any_suspends, [body, failing, made.orelse]))
        for one in made.handlers:
            one.saved = one.saved or self.names.fresh("exc")
        self.emit(made)

    def _raise_what_is_left(self, star: str, at: ast.TryStar) -> None:
        """By a bare `raise`: it leaves no trace of its own, like the end of Python's `except*`."""
        left, restore = self.names.fresh("t"), self.names.fresh("restore")
        self.emit(store(left, call("_left_of0", [load(star, at)], at), at))
        again = Simple(copy_place(ast.Expr(call(restore, [], at)), at))
        bare = Raise(copy_place(ast.Raise(None, None), at))
        raised = Raise(copy_place(ast.Raise(load(left, at), None), at))
        body: Body = [
            store(restore, call("_handling0", [load(left, at)], at), at),
            Try(at, [raised], [Handler(at, None, None, [again, bare])], [], []),
        ]
        test = ast.Compare(load(left, at), [ast.IsNot()], [ast.Constant(None)])
        self.emit(If(at, copy_place(test, at), body, [], suspends=False))

    def _star_handler(self, star: str, node: ast.ExceptHandler) -> None:
        assert node.type is not None
        part = self.names.fresh("t")
        split = call("_split0", [load(star, node), self.lift(node.type)], node)
        self.emit(store(part, split, node))
        with self.block() as handling:
            restore = self.names.fresh("restore")
            self.emit(store(restore, call("_handling0", [load(part, node)], node), node))
            raised: Body = [Raise(copy_place(ast.Raise(load(part, node), None), node))]
            watched = self._is_watched(node)
            name = None if watched else node.name
            kind = load("_BaseException0", node) if name else None
            with self.block() as handled:
                again = ast.Expr(call(restore, [], node))
                self.emit(Simple(copy_place(again, node)))
                self.statements(_binding_body(node, part) if watched else node.body)
            caught = Handler(node, kind, name, handled)
            self._named(caught)
            caught.saved = caught.saved or self.names.fresh("exc")
            inner = Try(node, raised, [caught], [], [])
            inner.suspends = caught.suspends
            keep = ast.Expr(
                call(
                    "_raised0",
                    [load(star, node), load(part, node), call("_exception0", [], node)],
                    node,
                )
            )
            other = Handler(node, None, None, [Simple(copy_place(keep, node))])
            outer = Try(node, [inner], [other], [], [])
            outer.suspends = inner.suspends
            if outer.suspends:
                other.saved = self.names.fresh("exc")
            self.emit(outer)
        test = ast.Compare(load(part, node), [ast.IsNot()], [ast.Constant(None)])
        made = If(node, copy_place(test, node), handling, [], suspends=any_suspends(handling))
        self.emit(made)


def _is_short(iterable: ast.expr) -> bool:
    """Whether a loop over an expression has few turns."""
    match iterable:
        case ast.List() | ast.Tuple() | ast.Set() | ast.Dict() | ast.Constant():
            return True
        case ast.Call(func=ast.Name(id="range"), args=args):
            return all(isinstance(a, ast.Constant) for a in args) and all(
                isinstance(a.value, int) and abs(a.value) <= 1000  # type: ignore[attr-defined]
                for a in args
            )
    return False


def any_suspends(body: Body) -> bool:
    """Whether a suspension stands in a statement list, or beneath it."""
    return any(map(suspends, body))


def _binding_body(handler: ast.ExceptHandler, error: str) -> list[ast.stmt]:
    """The body of `except … as name`, with the name's binding and unbinding written out."""
    if handler.name is None:
        return handler.body
    bind = ast.Assign([ast.Name(handler.name, ast.Store())], load(error, handler))
    unbind: list[ast.stmt] = [
        ast.Assign([ast.Name(handler.name, ast.Store())], ast.Constant(None)),
        ast.Delete([ast.Name(handler.name, ast.Del())]),
    ]
    made: list[ast.stmt] = [bind, ast.Try(handler.body, [], [], unbind)]
    return [ast.fix_missing_locations(copy_place(s, handler)) for s in made]


def _jumps_out(node: ast.stmt) -> bool:
    """Whether a `return`, or a `break`/`continue` of a loop further out, stands in `node`."""
    stack: list[tuple[ast.AST, bool]] = [(child, False) for child in ast.iter_child_nodes(node)]
    while stack:
        here, in_loop = stack.pop()
        match here:
            case ast.Return():
                return True
            case ast.Break() | ast.Continue():
                if not in_loop:
                    return True
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.expr():
                pass
            case ast.For() | ast.While():
                stack += [(child, True) for child in here.body]
                stack += [(child, in_loop) for child in here.orelse]
            case _:
                stack += [(child, in_loop) for child in ast.iter_child_nodes(here)]
    return False
