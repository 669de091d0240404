"""Pass 6, codegen: for each task block, the *continuation* of its head as a plain function.

A block's code is found by one-hole contexts: from the head to the end of its statement list, then
whatever re-enters the statement around it, then the rest of that list, up to the function's top.

    around the head            re-entered as
    ---------------            -------------
    arm of if / match / else   the rest of the arm
    body of for / while        for _ in _ONCE0: rest …  else: the loop again, on its saved iterator
    body of try                try: rest …  with the same handlers
    body of except             try: raise saved  except BaseException: rest …

`break`, `continue`, `return` and exceptions keep their native meaning in all of them. Emission
stops at a suspension, which is a `return _Suspend0(...)`, and at a cut, a `return _Jump0(...)`.
(`finally` and `with` around a suspension were lowered by normalize.)

Every node keeps the position of the user's code it came from, so tracebacks show the user's lines.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache

from perdure.compiler.core import (
    Body,
    CoreFunction,
    For,
    Handler,
    If,
    Jump,
    Match,
    Raise,
    Return,
    Simple,
    SiteKind,
    Statement,
    Suspension,
    Try,
    While,
    With,
    bodies,
    expressions,
    released,
    walk,
)
from perdure.compiler.dataflow import Facts
from perdure.compiler.lift import Names, call, load
from perdure.compiler.names import add_access, nothing
from perdure.compiler.partition import Partition
from perdure.compiler.trees import children, copy_place, is_simple, nodes
from perdure.compiler.writing import head as first_line

# No line of the user's.
_NOWHERE = ast.Name("", lineno=-1, col_offset=-1, end_lineno=-1, end_col_offset=-1)


@dataclass
class BlockCode:
    """One task block: the function that runs it, and what a frame that waits for it holds."""

    number: int
    head: Statement | None
    live: tuple[str, ...]  # the values that come after `resume`, in order
    function: ast.FunctionDef
    line: int
    label: str
    handling: int = -1  # which live value is the innermost exception being handled; -1: none


@dataclass
class FunctionCode:
    """The task blocks of one function."""

    core: CoreFunction
    facts: Facts
    partition: Partition
    blocks: list[BlockCode] = field(default_factory=list)


@dataclass(slots=True)
class _Place:
    """Where a statement stands: its list, its index, and the context of that list."""

    body: Body
    index: int
    parent: _Context | None


@dataclass(slots=True)
class _Context:
    """A statement list inside `owner`; `handler` when the list is a handler's."""

    owner: Statement
    part: str  # body, orelse, handler, case
    handler: Handler | None = None


def generate(core: CoreFunction, facts: Facts, parts: Partition) -> FunctionCode:
    """Write the task blocks of a function."""
    code = FunctionCode(core, facts, parts)
    writer = _Writer(core, facts, parts)
    code.blocks = [writer.block(number, head) for number, head in enumerate(parts.heads)]
    return code


class _Writer:
    def __init__(self, core: CoreFunction, facts: Facts, parts: Partition) -> None:
        self.core = core
        self.facts = facts
        self.parts = parts
        self.names = Names({*core.taken, *core.locals})
        self.places: dict[Statement, _Place] = {}
        self.order = _order(core)
        self._locate(core.body, None)
        self.own: Statement | None = None
        self.live: dict[Statement, list[str]] = {}
        self.uncertain: dict[Statement, list[str]] = {}
        self.rebinding: dict[Handler, bool] = {}
        self.written: dict[Statement, tuple[list[ast.stmt], bool]] = {}
        self.resume = "_resume" if "_resume" not in self.names.taken else self.names.fresh("resume")

    def _locate(self, body: Body, parent: _Context | None) -> None:
        for index, statement in enumerate(body):
            self.places[statement] = _Place(body, index, parent)
            for part, inner, handler in _parts(statement):
                self._locate(inner, _Context(statement, part, handler))

    # One block --------------------------------------------------------------------------------

    def block(self, number: int, head: Statement | None) -> BlockCode:
        self.own = head
        name = f"{_flat(self.core.name)}_{number}"
        if head is None:
            return self._entry(name)
        live = self._live(head)
        place = self.places[head]
        if isinstance(head, Suspension):
            code = self._resumed(head)
            rest, falls = self.emit(place.body[place.index + 1 :])
            code += rest
            params, line = [self.resume, *live], getattr(head.origin, "lineno", 0)
        else:
            code, falls = self.emit(place.body[place.index :])
            params, line = list(live), _line(head)
        code, falls = self._outward(place, code, falls)
        code = self._unbound(head, live) + self._declare(code, params)
        function = self._function(name, _plain_arguments(params), code, line)
        saved = next((h.saved for h in self._handlers(head)), None)
        handling = live.index(saved) if saved else -1
        return BlockCode(number, head, tuple(live), function, line, _label(head), handling)

    def _entry(self, name: str) -> BlockCode:
        core = self.core
        arguments = _bare_arguments(core.node.args)
        if core.only_enters:
            first = core.body[0]
            empty = [
                load(c if c in core.parameters else "_UNBOUND0", core.node) for c in core.cells
            ]
            live = [
                load(n if n in core.parameters else "_UNBOUND0", core.node)
                for n in self._live(first)
            ]
            leave = call("_Enter0", [_number(self.parts.number(first)), _tuple(live)], core.node)
            leave.args.append(_tuple(empty))
            code: list[ast.stmt] = [ast.Return(leave)]
        else:
            code, _ = self.emit(core.body)
            code = self._declare(code, core.parameters)
        function = self._function(name, arguments, code, core.node.lineno)
        return BlockCode(0, None, tuple(core.parameters), function, core.node.lineno, "entry")

    def _function(
        self, name: str, arguments: ast.arguments, code: list[ast.stmt], line: int
    ) -> ast.FunctionDef:
        made = ast.FunctionDef(name, arguments, code or [ast.Pass()], [])
        made.lineno, made.col_offset = line, 0
        made.end_lineno, made.end_col_offset = line, 0
        if "type_params" in ast.FunctionDef._fields:
            made.type_params = []  # type: ignore[attr-defined]
        return made

    def _declare(self, code: list[ast.stmt], params: Sequence[str]) -> list[ast.stmt]:
        """Make every name what it is in the user's function: global, nonlocal or local."""
        every = nothing()
        for statement in code:
            add_access(statement, every, self.facts.flow.accesses)
        bound = every.binds | every.deletes | every.perhaps
        found: list[ast.stmt] = []
        if shared := sorted(bound & self.core.globals):
            found.append(ast.Global(shared))
        if shared := sorted(bound & {*self.core.cells, *self.core.free}):
            found.append(ast.Nonlocal(shared))
        for name in sorted((every.reads & self.core.locals) - bound - set(params)):
            # Certainly unbound here: without a binding in the block it would count as a global.
            unbound = ast.Assign([ast.Name(name, ast.Store())], ast.Constant(None))
            found.append(ast.If(ast.Constant(0), [unbound], []))
        if "_due0" in every.reads:
            found.append(self._warm_up(code[0]))
        return found + code

    def _warm_up(self, at: ast.AST) -> ast.stmt:
        """`for turn in _cold0: pass`, at the start of a block with a safepoint in it.

        Python 3.11 specializes code that has been called or has gone back by a JUMP_BACKWARD eight
        times. A loop that ends with its safepoint goes back by another instruction, and might run
        for hours in a block that is entered once. The runtime gives the turns, once for each block.
        """
        turn = ast.Name(self.names.fresh("turn"), ast.Store())
        return _at(ast.For(turn, load("_cold0", at), [ast.Pass()], []), at)

    def _live(self, head: Statement) -> list[str]:
        """The variables a frame at `head` holds, the user's own first."""
        if head not in self.live:
            self.live[head] = self._find_live(head)
        return self.live[head]

    def _find_live(self, head: Statement) -> list[str]:
        if isinstance(head, Suspension):
            live = self.facts.live_after(head)
        else:
            live = self.facts.live_before(head)
        for handler in self._handlers(head):
            live |= {handler.saved} if handler.saved else set()
            if handler.name and not self._rebinds(handler):
                live.discard(handler.name)  # re-entering the handler binds it
        return sorted(live, key=self.order)

    def _rebinds(self, handler: Handler) -> bool:
        if handler not in self.rebinding:
            self.rebinding[handler] = _rebinds(handler)
        return self.rebinding[handler]

    def _handlers(self, statement: Statement) -> list[Handler]:
        """The handlers around a statement, innermost first."""
        found = []
        context = self.places[statement].parent
        while context is not None:
            if context.handler is not None:
                found.append(context.handler)
            context = self.places[context.owner].parent
        return found

    def _uncertain(self, head: Statement) -> list[str]:
        """Live variables that may be unbound at `head`."""
        if head not in self.uncertain:
            self.uncertain[head] = self._find_uncertain(head)
        return self.uncertain[head]

    def _find_uncertain(self, head: Statement) -> list[str]:
        certain = self.facts.assigned_before(head)
        held = {h.saved for h in self._handlers(head)}
        return [n for n in self._live(head) if n not in certain and n not in held]

    def _unbound(self, head: Statement, live: Sequence[str]) -> list[ast.stmt]:
        """At the start of a block: unbind again what was unbound when the frame was left."""
        uncertain = set(self._uncertain(head)) & set(live)
        return [
            ast.If(
                ast.Compare(
                    load(name, self.core.node), [ast.Is()], [load("_UNBOUND0", self.core.node)]
                ),
                [ast.Delete([ast.Name(name, ast.Del())])],
                [],
            )
            for name in sorted(uncertain, key=self.order)
        ]

    def _resumed(self, head: Suspension) -> list[ast.stmt]:
        """Take the value that comes back, or raise the exception that does."""
        value = call(self.resume, [], head.origin)
        made: ast.stmt = ast.Expr(value)
        if head.target is not None:
            made = ast.Assign([ast.Name(head.target, ast.Store())], value)
        return [copy_place(made, head.origin)]

    # Contexts ---------------------------------------------------------------------------------

    def _outward(
        self, place: _Place, code: list[ast.stmt], falls: bool
    ) -> tuple[list[ast.stmt], bool]:
        """Wrap `code` in what re-enters each statement around it, up to the function's top."""
        context = place.parent
        while context is not None:
            code, falls = self._reenter(context, code, falls)
            outer = self.places[context.owner]
            if falls:
                rest, falls = self.emit(outer.body[outer.index + 1 :])
                code = code + rest
            context = outer.parent
        return code, falls

    def _reenter(
        self, context: _Context, code: list[ast.stmt], falls: bool
    ) -> tuple[list[ast.stmt], bool]:
        owner = context.owner
        match owner:
            case While(once=True):
                return self._once(owner, code, falls)
            case While() | For() if context.part == "body":
                return self._reenter_loop(owner, code, falls)
            case Try() if context.part == "body":
                return self._try(owner, code, falls)
            case Try() if context.handler is not None:
                return self._reenter_handler(context.handler, code), falls
            case _:
                return code, falls

    def _reenter_loop(
        self, loop: While | For, code: list[ast.stmt], falls: bool
    ) -> tuple[list[ast.stmt], bool]:
        stops, goes_on = _jumps(code)
        if not stops and not goes_on:
            if not falls:
                return code, False
            again, falls = self.emit([loop])
            return code + again, falls
        again, after = self.emit([loop]) if falls or goes_on else ([], False)
        return [self._for_once(loop.node, code, again)], stops or after

    def _for_once(self, at: ast.AST, code: list[ast.stmt], orelse: list[ast.stmt]) -> ast.stmt:
        made = ast.For(
            ast.Name(self.names.fresh("turn"), ast.Store()),
            load("_ONCE0", at),
            code or [ast.Pass()],
            orelse,
        )
        return _at(made, at)

    def _once(self, once: While, code: list[ast.stmt], falls: bool) -> tuple[list[ast.stmt], bool]:
        stops, _ = _jumps(code)
        if not stops:
            return code, falls
        return [self._for_once(once.node, code, [])], True

    def _try(
        self, statement: Try, code: list[ast.stmt], falls: bool
    ) -> tuple[list[ast.stmt], bool]:
        orelse, after = self.emit(statement.orelse) if falls else ([], False)
        handlers = []
        for handler in statement.handlers:
            made, out = self._handler(handler)
            handlers.append(made)
            after = after or out
        final, _ = self.emit(statement.finalbody)
        made_try = ast.Try(code or [ast.Pass()], handlers, orelse, final)
        return [_at(made_try, statement.node)], after

    def _handler(self, handler: Handler) -> tuple[ast.ExceptHandler, bool]:
        code, falls = self.emit(handler.body)
        if handler.saved and _names(code, handler.saved):
            source = (
                load(handler.name, handler.node)
                if handler.name
                else call("_exception0", [], handler.node)
            )
            keep = ast.Assign([ast.Name(handler.saved, ast.Store())], source)
            code = [_at(keep, handler.node), *code]
            if falls:  # the exception leads to this frame: it would keep itself alive
                forget = ast.Assign([ast.Name(handler.saved, ast.Store())], ast.Constant(None))
                code.append(_at(forget, handler.node))
        made = ast.ExceptHandler(handler.type, handler.name, code or [ast.Pass()])
        return copy_place(made, handler.node), falls

    def _reenter_handler(self, handler: Handler, code: list[ast.stmt]) -> list[ast.stmt]:
        """Handle the saved exception again; its traceback and context are put back."""
        assert handler.saved is not None
        restore, at = self.names.fresh("restore"), handler.node
        begin = ast.Assign(
            [ast.Name(restore, ast.Store())], call("_handling0", [load(handler.saved, at)], at)
        )
        name = handler.name
        if name and self._rebinds(handler):
            # The name's present value came with the frame; at the end it is unbound all the same.
            unbind: list[ast.stmt] = [
                ast.Assign([ast.Name(name, ast.Store())], ast.Constant(None)),
                ast.Delete([ast.Name(name, ast.Del())]),
            ]
            code, name = [ast.Try(code or [ast.Pass()], [], [], unbind)], None
        again = ast.Expr(call(restore, [], at))
        kind = load("_BaseException0", at)
        caught = ast.ExceptHandler(kind, name, [again, *code])
        raising = ast.Raise(load(handler.saved, at), None)
        return [_at(begin, at), _at(ast.Try([raising], [caught], [], []), at)]

    # Statements -------------------------------------------------------------------------------

    def emit(self, body: Body) -> tuple[list[ast.stmt], bool]:
        """Write a statement list; also say whether control can come to its end."""
        out: list[ast.stmt] = []
        for statement in body:
            if statement not in self.facts.flow.position:
                return out, False  # the control-flow graph says that nothing leads here
            if self.parts.is_cut(statement) and statement is not self.own:
                out += self._jump(statement)
                return out, False
            if statement is self.own:
                self.own = None  # the second time round a loop, it is a cut like any other
            code, falls = self.statement(statement)
            out += code
            if not falls:
                return out, False
        return out, True

    def statement(self, statement: Statement) -> tuple[list[ast.stmt], bool]:
        """Write a statement; blocks share the trees, unless there are names of its own in it."""
        known = self.written.get(statement)
        if known is None:
            before = len(self.names.made)
            known = self._statement(statement)
            if len(self.names.made) == before:
                self.written[statement] = known
        return known

    def _statement(self, statement: Statement) -> tuple[list[ast.stmt], bool]:
        native = getattr(statement, "native", None)
        if native is not None:
            return [native], True
        match statement:
            case Simple():
                return [] if isinstance(statement.node, ast.Pass) else [statement.node], True
            case Jump():
                return [*self._safepoint_before(statement), statement.node], False
            case Return() | Raise():
                return [statement.node], False
            case Suspension():
                return self._suspend(statement)
            case If():
                return self._if(statement)
            case While() | For():
                return self._loop(statement)
            case Try():
                code, falls = self.emit(statement.body)
                return self._try(statement, code, falls)
            case With():
                code, falls = self.emit(statement.body)
                made = ast.With(statement.node.items, code or [ast.Pass()])
                return [_at(made, statement.node)], True
            case Match():
                return self._match(statement)

    def _if(self, statement: If) -> tuple[list[ast.stmt], bool]:
        body, one = self.emit(statement.body)
        orelse, other = self.emit(statement.orelse)
        test = statement.test
        if not body and orelse:
            test, body, orelse = _at_expr(ast.UnaryOp(ast.Not(), test), test), orelse, []
        made = ast.If(test, body or [ast.Pass()], orelse)
        return [_at(made, statement.node)], one or other

    def _loop(self, statement: While | For) -> tuple[list[ast.stmt], bool]:
        code, falls = self.emit(statement.body)
        if isinstance(statement, While) and statement.once:
            return self._once(statement, code, falls)
        if falls and statement.safepoint:
            code += self._safepoint_at_end(statement)
        orelse, _ = self.emit(statement.orelse)
        made: ast.stmt
        if isinstance(statement, While):
            made = ast.While(statement.test, code or [ast.Pass()], orelse)
            forever = isinstance(statement.test, ast.Constant) and bool(statement.test.value)
            if forever and not _jumps(code)[0]:
                return [_at(made, statement.node)], False
        else:
            made = ast.For(statement.target, statement.iterable, code or [ast.Pass()], orelse)
        return [_at(made, statement.node)], True

    def _match(self, statement: Match) -> tuple[list[ast.stmt], bool]:
        cases = []
        for case in statement.cases:
            code, _ = self.emit(case.body)
            cases.append(ast.match_case(case.node.pattern, case.node.guard, code or [ast.Pass()]))
        return [_at(ast.Match(statement.subject, cases), statement.node)], True

    def _safepoint(self, loop: While | For, at: ast.AST | None = None) -> list[ast.stmt]:
        """`if _due0 is not None: return _Safe0(then, live)`: here the run may be stopped."""
        at = at or loop.node
        due = ast.Compare(load("_due0", at), [ast.IsNot()], [_at_expr(ast.Constant(None), at)])
        return [_at(ast.If(_at_expr(due, at), self._stop_at(loop), []), at)]

    def _stop_at(self, loop: While | For) -> list[ast.stmt]:
        at = loop.node
        code, live = self._capture(loop)
        stop = call("_Safe0", [_number(self.parts.number(loop)), _tuple(live)], at)
        return [*code, _at(ast.Return(stop), at)]

    def _safepoint_at_end(self, loop: While | For) -> list[ast.stmt]:
        """The same as the last of a turn.

        In a `for` it stands at no line, as the jump back to the loop does: Python 3.11 makes one
        jump of two on the same line, where the safepoint is then one instruction.
        """
        return self._safepoint(loop, _NOWHERE if isinstance(loop, For) else None)

    def _safepoint_before(self, jump: Jump) -> list[ast.stmt]:
        """`continue` ends a turn too."""
        if not isinstance(jump.node, ast.Continue):
            return []
        context = self.places[jump].parent
        while context is not None and not (
            isinstance(context.owner, While | For) and context.part == "body"
        ):  # in a loop's `else` it goes on with the loop around that
            owner = context.owner
            cleanup = isinstance(owner, With) or (isinstance(owner, Try) and owner.finalbody)
            if cleanup or context.handler is not None:
                return []  # it would fire, or the handler would have to be entered again
            context = self.places[owner].parent
        if context is None or not getattr(context.owner, "safepoint", False):
            return []
        assert isinstance(context.owner, While | For)
        return self._safepoint(context.owner)

    # Leaving ----------------------------------------------------------------------------------

    def _suspend(self, statement: Suspension) -> tuple[list[ast.stmt], bool]:
        if statement.kind is not SiteKind.DYNAMIC:
            return self._leave(statement, statement.call), False
        at = statement.origin
        code: list[ast.stmt] = []
        callee = statement.call.func
        if not isinstance(callee, ast.Name):
            name = self.names.fresh("f")
            code.append(_at(ast.Assign([ast.Name(name, ast.Store())], callee), at))
            callee = load(name, at)
        made = copy_place(ast.Call(callee, statement.call.args, statement.call.keywords), at)
        test = call("_suspends0", [callee], at)
        if statement.meets:
            test = call("_meets0", [callee, *made.args], at)
            test.keywords = made.keywords
        stops = _at(ast.If(test, self._leave(statement, made), []), at)
        plain = _at(_given_to(statement.target, made), at)
        if not statement.inert:
            return [*code, stops, plain], True
        # Most of what is unpacked or looked into: it costs no more than a look at its type.
        kind = ast.Compare(call("_type0", made.args[:1], at), [ast.In()], [load("_INERT0", at)])
        quick = plain
        if callee.id == "_taken0":
            quick = _at(_given_to(statement.target, made.args[0]), at)
        return [*code, _at(ast.If(copy_place(kind, at), [quick], [stops, plain]), at)], True

    def _leave(self, statement: Suspension, made: ast.Call) -> list[ast.stmt]:
        """`return _Suspend0(callee, args, kwargs, then=…, live=…)`."""
        at = statement.origin
        if statement.kind in (SiteKind.YIELD, SiteKind.DELEGATE, SiteKind.AWAIT):
            return self._stop(statement)
        parts: list[ast.expr] = [made.func, _tuple(made.args)]
        if len(made.args) == 1 and isinstance(made.args[0], ast.Starred):
            parts[1] = call("_spread0", [made.func, made.args[0].value], at)
        if made.keywords and made.keywords[0].arg is None:
            parts.append(made.keywords[0].value)  # normalize has merged them into one dict
        elif made.keywords:
            keys = [ast.Constant(k.arg) for k in made.keywords]
            parts.append(ast.Dict(list(keys), [k.value for k in made.keywords]))
        code, live = self._capture(statement)
        if code:
            # The operands come first: a name they read must not be looked at as unbound before.
            name = self.names.fresh("call")
            keep = ast.Assign([ast.Name(name, ast.Store())], _tuple(parts))
            code = [_at(keep, at), *code]
            parts = [ast.Starred(load(name, at), ast.Load())]
        leave = call("_Suspend0", parts, at)
        leave.keywords = [
            ast.keyword("then", _number(self.parts.number(statement))),
            ast.keyword("live", _tuple(live)),
        ]
        return [*code, _at(ast.Return(leave), at)]

    def _stop(self, statement: Suspension) -> list[ast.stmt]:
        """`return _Yield0(value, then, live)`, or `_Delegate0`."""
        at = statement.origin
        assert isinstance(statement.call.func, ast.Name)
        parts = list(statement.call.args)
        code, live = self._capture(statement)
        if code:
            name = self.names.fresh("value")
            code = [_at(ast.Assign([ast.Name(name, ast.Store())], parts[0]), at), *code]
            parts[0] = load(name, at)
        parts += [_number(self.parts.number(statement)), _tuple(live)]
        return [*code, _at(ast.Return(call(statement.call.func.id, parts, at)), at)]

    def _jump(self, statement: Statement) -> list[ast.stmt]:
        """`return _Jump0(then, live)`: go on in a block of its own, at once.

        After `del x`, `_Release0`: when nothing of the last block is held any more.
        """
        at = _node(statement)
        code, live = self._capture(statement)
        way = "_Release0" if released(statement) else "_Jump0"
        leave = call(way, [_number(self.parts.number(statement)), _tuple(live)], at)
        return [*code, _at(ast.Return(leave), at)]

    def _capture(self, head: Statement) -> tuple[list[ast.stmt], list[ast.expr]]:
        """The live values of a frame; those that may be unbound are looked at with care."""
        at = _node(head)
        code: list[ast.stmt] = []
        for name in self._uncertain(head):
            unbound = ast.Assign([ast.Name(name, ast.Store())], load("_UNBOUND0", at))
            caught = ast.ExceptHandler(load("_NameError0", at), None, [unbound])
            code.append(_at(ast.Try([ast.Expr(load(name, at))], [caught], [], []), at))
        return code, [load(name, at) for name in self._live(head)]


def _parts(statement: Statement) -> list[tuple[str, Body, Handler | None]]:
    """The statement lists inside a statement, with the part they are."""
    match statement:
        case If() | While() | For():
            return [("body", statement.body, None), ("orelse", statement.orelse, None)]
        case Try():
            handlers = [("handler", h.body, h) for h in statement.handlers]
            rest = [("orelse", statement.orelse, None), ("finalbody", statement.finalbody, None)]
            return [("body", statement.body, None), *handlers, *rest]
        case _:
            return [("case", body, None) for body in bodies(statement)]


def _order(core: CoreFunction) -> Callable[[str], tuple[int, int, str, int]]:
    """Sort key for live variables: parameters, then the user's own names, then temporaries.

    Those that hold generators come last, backwards: a function's variables go in order when it
    ends, the items of a tuple from its end.
    """
    rank = {name: i for i, name in enumerate(core.parameters)}
    last = {name: i for i, name in enumerate(reversed(core.holding))}

    @cache
    def key(name: str) -> tuple[int, int, str, int]:
        if name in last:
            return 3, last[name], "", 0
        if name in rank:
            return 0, rank[name], "", 0
        stem = re.match(r"(.*?)(\d*)$", name)
        assert stem is not None
        return 1 + (name in core.temporaries), 0, stem[1], int(stem[2] or 0)

    return key


def _jumps(code: Sequence[ast.stmt]) -> tuple[bool, bool]:
    """Whether a `break` and a `continue` of the loop around `code` stand in it."""
    stops = goes_on = False
    stack: list[ast.AST] = list(code)
    while stack:
        node = stack.pop()
        match node:
            case ast.Break():
                stops = True
            case ast.Continue():
                goes_on = True
            case ast.For() | ast.While() | ast.AsyncFor():
                stack += node.orelse
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.expr():
                pass
            case _:
                stack += children(node)
    return stops, goes_on


def _names(code: Sequence[ast.stmt], name: str) -> bool:
    """Whether code reads a variable."""
    return any(isinstance(n, ast.Name) and n.id == name for part in code for n in nodes(part))


def _rebinds(handler: Handler) -> bool:
    """Whether the handler's own name is bound or deleted again in its body."""
    for statement in walk(handler.body):
        if isinstance(statement, Suspension) and statement.target == handler.name:
            return True
        if isinstance(statement, Try) and any(h.name == handler.name for h in statement.handlers):
            return True
        for tree in expressions(statement):
            for node in nodes(tree):
                if not isinstance(node, ast.Name) or node.id != handler.name:
                    continue
                if not isinstance(node.ctx, ast.Load):
                    return True
    return False


def _plain_arguments(names: Sequence[str]) -> ast.arguments:
    return ast.arguments([], [ast.arg(n) for n in names], None, [], [], None, [])


def _bare_arguments(args: ast.arguments) -> ast.arguments:
    """The user's parameters without annotations and defaults (the function object has those)."""

    def bare(arg: ast.arg) -> ast.arg:
        return copy_place(ast.arg(arg.arg), arg)

    return ast.arguments(
        [bare(a) for a in args.posonlyargs],
        [bare(a) for a in args.args],
        bare(args.vararg) if args.vararg else None,
        [bare(a) for a in args.kwonlyargs],
        [None for _ in args.kwonlyargs],
        bare(args.kwarg) if args.kwarg else None,
        [],
    )


def _given_to(target: str | None, value: ast.expr) -> ast.stmt:
    """`target = value`, or the value alone."""
    if target is None:
        return ast.Expr(value)
    return ast.Assign([ast.Name(target, ast.Store())], value)


def _tuple(items: Sequence[ast.expr]) -> ast.expr:
    return ast.Tuple(list(items), ast.Load())


def _number(value: int) -> ast.expr:
    return ast.Constant(value)


def _at(made: ast.stmt, node: ast.AST) -> ast.stmt:
    """Place a new statement where `node` stands; the nodes beneath it follow (see image.py)."""
    return copy_place(made, node)


def _at_expr(made: ast.expr, node: ast.AST) -> ast.expr:
    return copy_place(made, node)


def _flat(name: str) -> str:
    """A name as an identifier: `C.f.<locals>.<lambda>#2` is `C_f_lambda_2`."""
    own = name.rpartition(":")[2].replace(".<locals>", "")
    return re.sub(r"\W+", "_", own.replace("<", "").replace(">", ""))


def _node(statement: Statement) -> ast.AST:
    return statement.origin if isinstance(statement, Suspension) else statement.node


def _line(statement: Statement) -> int:
    return getattr(_node(statement), "lineno", 0)


def _label(head: Statement) -> str:
    if isinstance(head, Suspension):
        return head.label
    if label := released(head):
        return label
    node = _node(head)
    line = ast.unparse(node) if is_simple(node) else first_line(node)
    return line.split("\n", 1)[0].rstrip(":")
