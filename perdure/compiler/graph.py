"""The program as people see it: task blocks and suspensions, and the ways between them.

Compiled code copies shared tails into every block that reaches them; the graph shows each place of
the source once. It is read off the core tree, in the user's own words (captions.py). An image does
not carry it: it carries its modules, and they are compiled again when somebody wants to look, which
works for a program that this machine has never seen.

    graph: nodes and edges of one function, and groups (loops, `try` and their parts)
    node:  [kind, group, line, block, text, callees]
    edge:  [from, to, kind, text, group]       kind: flow, back, raise
    group: [parent, kind, line, text]          kind: loop, try, body, handler, cleanup, with

Nodes and groups are named by their index; -1 stands for none. A block's node comes right after the
suspension whose value it resumes with, and shows the code up to where ways part or meet.

Invariants: every task block has exactly one `block` node, every suspension exactly one node; edges
of kind `raise` may leave a whole group (`group`), as anything in a `try` may fail. No text shows a
variable of the compiler's.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from perdure.compiler.captions import Captions
from perdure.compiler.codegen import FunctionCode
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
    Statement,
    Suspension,
    Try,
    While,
    With,
    bodies,
    walk,
)
from perdure.compiler.scopes import FunctionNode

NONE = -1
Way = Literal["return", "break", "continue"]


@dataclass(slots=True)
class Node:
    """A place in the program. `kind` is start, end, raised, block, code, choice or a SiteKind's."""

    kind: str
    group: int
    line: int
    block: int = NONE  # which task block this is, or which one resumes after this suspension
    text: str = ""  # several lines for code
    callees: list[int] = field(default_factory=list)  # functions that a call may lead to


@dataclass(slots=True)
class Edge:
    """A way from one node to another, or, with `group`, from anywhere in a group."""

    tail: int
    head: int
    kind: str
    text: str = ""
    group: int = NONE


@dataclass(slots=True)
class Group:
    """A loop, a `try`, or a part of one."""

    parent: int
    kind: str
    line: int
    text: str


@dataclass
class Chart:
    """The graph of one function."""

    name: str
    title: str
    line: int
    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)


def charts(functions: Iterable[FunctionCode]) -> list[Chart]:
    """The graph of each function of a program, in their order."""
    every = list(functions)
    names = [code.core.name for code in every]
    return [_Builder(code, names).run() for code in every]


@dataclass(slots=True)
class _End:
    """An edge whose head is not known yet."""

    node: int
    text: str = ""
    kind: str = "flow"
    group: int = NONE


@dataclass
class _Loop:
    """A loop around the statement; `break` goes to `breaks`, `continue` to `head`."""

    head: int
    at: ast.AST
    breaks: list[_End] = field(default_factory=list)
    done: list[_End] = field(default_factory=list)  # the test, in the body, has failed


@dataclass
class _Finally:
    """A native `finally` around the statement: jumps go through it."""

    jumps: dict[Way, list[_End]] = field(default_factory=dict)


@dataclass
class _Handled:
    """A `try` body around the statement; `raises` are its explicit `raise` statements."""

    raises: list[tuple[int, str | None]] = field(default_factory=list)


class _Builder:
    """Walks a core tree; `ends` are the edges that lead to the place it has come to."""

    def __init__(self, code: FunctionCode, names: list[str]) -> None:
        self.core, self.flow, self.parts = code.core, code.facts.flow, code.partition
        self.names = names
        self.captions = Captions(code.core)
        self.chart = Chart(self.core.name, _title(self.core.node), self.core.node.lineno)
        self.ends: list[_End] = []
        self.group = NONE
        self.context: list[_Loop | _Finally] = []
        self.handled: list[_Handled] = []
        self.returns: list[_End] = []
        self.raises: list[_End] = []
        self.quiet = 0  # inside what lowering made of one expression

    def run(self) -> Chart:
        self.node("start", self.core.node.lineno)
        self.node("block", _first_line(self.core.node), 0)
        self.body(self.core.body)
        self.ends += self.returns
        last = self.core.node.end_lineno or self.core.node.lineno
        if self.ends:
            self.node("end", last)
        if self.raises:
            self.ends = self.raises
            self.node("raised", last)
        return _simplified(self.chart)

    # Small steps ------------------------------------------------------------------------------

    def node(self, kind: str, line: int, block: int = NONE, text: str = "") -> int:
        """Add a node where the walk stands, and go on from it."""
        self.chart.nodes.append(Node(kind, self.group, line, block, text))
        made = len(self.chart.nodes) - 1
        self.lead(self.ends, made)
        self.ends = [_End(made)]
        return made

    def lead(self, ends: list[_End], head: int, back: bool = False) -> None:
        """Let open edges lead to a node."""
        for end in ends:
            kind = "back" if back and end.kind == "flow" else end.kind
            self.chart.edges.append(Edge(end.node, head, kind, end.text, end.group))

    def open(self) -> int | None:
        """The node that the walk stands in, if code can be added to it."""
        if len(self.ends) != 1:
            return None
        end = self.ends[0]
        node = self.chart.nodes[end.node]
        fits = node.kind in ("block", "code") and node.group == self.group
        return end.node if fits and end.kind == "flow" and not end.text else None

    def code(self, text: str, line: int) -> None:
        """Show a line of code where the walk stands."""
        here = self.open()
        if here is None:
            self.node("code", line, text=text)
            return
        node = self.chart.nodes[here]
        node.line = line if not node.text else node.line
        node.text = f"{node.text}\n{text}" if node.text else text

    def fork(self, line: int) -> int:
        """The node at which ways part."""
        here = self.open()
        return self.node("choice", line) if here is None else here

    @contextmanager
    def inside(self, kind: str, at: ast.AST, text: str) -> Iterator[int]:
        """Put what follows into a group."""
        line = getattr(at, "lineno", 0)
        self.chart.groups.append(Group(self.group, kind, line, text))
        outer, self.group = self.group, len(self.chart.groups) - 1
        yield self.group
        self.group = outer

    # Statements -------------------------------------------------------------------------------

    def body(self, body: Body) -> None:
        """Walk a statement list. What stands after a jump is in no position and is not shown."""
        index = 0
        while index < len(body):
            statement = body[index]
            if statement not in self.flow.position or not self.ends:
                return
            following = body[index + 1] if index + 1 < len(body) else None
            self.statement(statement, following)
            index += 1
            if isinstance(statement, Match) and self.rest_of_match(statement, following):
                index += 1  # shown with it
            if isinstance(statement, Try) and self.is_lowered_finally(statement):
                index = self.cleanup(statement, body, index)

    def statement(self, statement: Statement, following: Statement | None) -> None:
        if not _is_loop(statement):
            self.cut(statement)
        if getattr(statement, "native", None) is not None and not self.unfolds(statement):
            self.leaf(statement, following)
            return
        match statement:
            case Suspension():
                self.suspension(statement)
            case Simple():
                self.leaf(statement, following)
            case Return():
                self.leaf(statement, following)
                shown = self.open() is not None or self.is_made_up(statement)
                self.jump("return", "" if shown else "return")
            case Jump():
                self.leaf(statement, following)
                self.leave(statement)
            case Raise():
                self.raise_(statement, following)
            case If():
                self.if_(statement, self.fork(_line(statement)))
            case While(once=True):
                self.once(statement)
            case While() | For():
                self.loop(statement)
            case Try():
                self.try_(statement)
            case With():
                self.with_(statement)
            case Match() if any(self.notes_taken(case.body) for case in statement.cases):
                self.guarded(statement, self.rest_of_match(statement, following))
            case Match():
                self.match(statement)

    def cut(self, statement: Statement) -> None:
        """Begin a block, if one begins before the statement."""
        if self.parts.is_cut(statement):
            self.node("block", _line(statement), self.parts.number(statement))

    def unfolds(self, statement: Statement) -> bool:
        """Whether a native statement is shown by its parts: control may leave it midway."""
        made_up = isinstance(statement, Try) and not self.captions.written(statement.node)
        return made_up or _leaves(statement)

    def leaf(self, statement: Statement, following: Statement | None) -> None:
        """Show the user's statement that ends here, if one does."""
        owner = self.captions.owner(statement)
        if owner is None or self.quiet:
            return
        if following is not None and self.captions.owner(following) is owner:
            return
        compound = isinstance(owner, ast.Match) or hasattr(owner, "body")
        if getattr(statement, "native", None) is None and compound:
            return  # a part of lowering a compound statement, whose title says it
        if text := self.captions.code(owner):
            self.code(text, owner.lineno)

    def suspension(self, statement: Suspension) -> None:
        number, line = self.parts.number(statement), statement.origin.lineno
        made = self.node(statement.kind.value, line, number, self.captions.suspension(statement))
        self.chart.nodes[made].callees = self.callees(statement)
        self.node("block", line, number)

    def callees(self, statement: Suspension) -> list[int]:
        """The functions of the program that the call may lead to, by the callee's last name."""
        callee = statement.origin.func if isinstance(statement.origin, ast.Call) else None
        name = getattr(callee, "attr", getattr(callee, "id", None))
        method = isinstance(callee, ast.Attribute)
        if statement.kind not in (SiteKind.DURABLE, SiteKind.DYNAMIC) or name is None:
            return []
        if statement.kind is SiteKind.DYNAMIC and not method:
            return []
        found = [i for i, n in enumerate(self.names) if n.replace(":", ".").split(".")[-1] == name]
        module = self.core.name.partition(":")[0]
        own = [i for i in found if self.names[i] == f"{module}:{name}"]
        return own if own and not method else found

    def is_made_up(self, statement: Statement) -> bool:
        """Whether lowering a compound statement made this jump."""
        return hasattr(self.captions.owner(statement), "body")

    # Leaving ----------------------------------------------------------------------------------

    def leave(self, statement: Jump) -> None:
        """`break` or `continue`; lowering also leaves its own `once` loops by `break`."""
        way: Way = "break" if isinstance(statement.node, ast.Break) else "continue"
        owner = self.captions.owner(statement)
        texts: dict[type, str] = {ast.Break: "break", ast.Continue: "continue", ast.Return: ""}
        if isinstance(owner, ast.Return) and self.open() is None:
            texts[ast.Return] = "return"
        self.jump(way, texts.get(type(owner), ""))

    def jump(self, way: Way, text: str) -> None:
        """Leave by `way`, through the innermost native `finally` between, if there is one."""
        ends, self.ends = [_with_text(end, text) for end in self.ends], []
        for frame in reversed(self.context):
            if isinstance(frame, _Finally):
                frame.jumps.setdefault(way, []).extend(ends)
                return
            if way == "break":
                frame.breaks += ends
                return
            if way == "continue":
                self.lead(ends, frame.head, back=True)
                return
        self.returns += ends

    def raise_(self, statement: Raise, following: Statement | None) -> None:
        self.leaf(statement, following)
        ends, self.ends = self.ends, []
        again = statement.node.exc is None and not self.captions.written(statement.node)
        for end in ends:
            end.kind, end.text = "raise", end.text or ("raised again" if again else "")
            if self.handled:
                self.handled[-1].raises.append((end.node, self.captions.raised(statement)))
            else:
                self.raises.append(end)

    # Compound statements ----------------------------------------------------------------------

    def if_(self, statement: If, fork: int, elif_: bool = False) -> None:
        """Branch at `fork`; an `elif` branches at the same node."""
        yes, no = self.captions.condition(statement)
        if elif_ and yes.startswith("if "):
            yes, no = f"el{yes}", "else"
        if isinstance(statement.node, ast.expr):
            self.quiet += 1
        self.ends = [_End(fork, yes)]
        self.body(statement.body)
        after, self.ends = self.ends, [_End(fork, no)]
        if self._is_at_end(statement):
            self.context[-1].done += after  # type: ignore[union-attr]
            after = []
        if self.context and self._is_failed_test(statement, self.context[-1]):
            self.context[-1].done += self.ends  # type: ignore[union-attr]
            self.ends = []
        elif (inner := self._elif(statement)) is not None:
            self.if_(inner, fork, elif_=True)
        elif statement.orelse:
            self.body(statement.orelse)
        if isinstance(statement.node, ast.expr):
            self.quiet -= 1
        self.ends = after + self.ends

    def _elif(self, statement: If) -> If | None:
        inner = statement.orelse[0] if len(statement.orelse) == 1 else None
        if not isinstance(inner, If) or self.parts.is_cut(inner):
            return None
        shown = inner.native is None or _leaves(inner)
        return inner if shown and isinstance(inner.node, ast.If) else None

    @staticmethod
    def _is_failed_test(statement: If, frame: _Loop | _Finally) -> bool:
        """Whether this is the test of a `while` that suspends, which stands in its body."""
        same = isinstance(frame, _Loop) and frame.at is statement.node and bool(statement.orelse)
        return same and not _asks(statement, "_DONE0")

    def _is_at_end(self, statement: If) -> bool:
        """Whether this stands in an `async for`, and asks whether its iterator is at its end."""
        frame = self.context[-1] if self.context else None
        same = isinstance(frame, _Loop) and frame.at is statement.node
        return same and _asks(statement, "_DONE0")

    def once(self, statement: While) -> None:
        """Not the user's loop: only its `break`s matter."""
        frame = _Loop(NONE, ast.Pass())
        self.context.append(frame)
        self.body(statement.body)
        self.context.pop()
        self.ends += frame.breaks

    def loop(self, loop: While | For) -> None:
        title, each, exhausted = self.captions.loop(loop)
        expression = isinstance(loop.node, ast.expr)
        self.quiet += expression
        with self.inside("loop", loop.node, title):
            kind, number = "choice", NONE
            if self.parts.heads_block(loop):
                kind, number = "block", self.parts.number(loop)
            head = self.node(kind, _line(loop), number)
            tested = isinstance(loop, While) and _has_own_test(loop)
            self.ends = [_End(head, "" if tested else each)]
            frame = _Loop(head, loop.node)
            self.context.append(frame)
            self.body(loop.body)
            self.context.pop()
            self.lead(self.ends, head, back=True)
        self.ends = frame.done if tested else [_End(head, exhausted)] if exhausted else []
        if loop.orelse and self.ends:
            self.body(loop.orelse)
        self.ends += frame.breaks
        self.quiet -= expression

    def guarded(self, statement: Match, rest: If | None) -> None:
        """A match with guards that suspend: the cases after such a guard stand in `rest`."""
        fork = self.fork(_line(statement))
        taken: list[_End] = []
        others: list[_End] = []
        for case in statement.cases:
            self.ends = [_End(fork, self.captions.case(case))]
            test = case.body[-1] if case.body else None
            if isinstance(test, If) and self.is_flag(test.body):
                self.body(case.body[:-1])
                self.cut(test)
                at = self.fork(_line(test))
                yes, no = self.captions.condition(test)
                others.append(_End(at, no))
                self.ends = [_End(at, yes)]
                self.body(test.body)
            else:
                self.body(case.body)
            taken += self.ends
        if not any(_matches_all(case.node) for case in statement.cases):
            others.append(_End(fork, "no case" if rest is None else "otherwise"))
        self.ends = others
        if rest is not None:
            self.body(rest.body)
        self.ends += taken

    def is_flag(self, body: Body) -> bool:
        """Whether a body begins by noting that a case was taken (see normalize)."""
        first = body[0].node if body and isinstance(body[0], Simple) else None
        value = getattr(first, "value", None)
        return (
            isinstance(first, ast.Assign)
            and self.captions.is_temporary(first.targets[0])
            and isinstance(value, ast.Constant)
            and value.value is True
        )

    def notes_taken(self, body: Body) -> bool:
        """Whether an arm belongs to a match that was taken apart."""
        last = body[-1] if body else None
        return self.is_flag(body) or (isinstance(last, If) and self.is_flag(last.body))

    def rest_of_match(self, statement: Match, following: Statement | None) -> If | None:
        """The cases after one whose guard suspends."""
        same = isinstance(following, If) and following.node is statement.node
        return following if same and not self.parts.is_cut(following) else None  # type: ignore[arg-type, return-value]

    def match(self, statement: Match) -> None:
        fork = self.fork(_line(statement))
        after: list[_End] = []
        rest = True
        for case in statement.cases:
            self.ends = [_End(fork, self.captions.case(case))]
            self.body(case.body)
            after += self.ends
            rest = rest and not _matches_all(case.node)
        self.ends = after + ([_End(fork, "no case")] if rest else [])

    def with_(self, statement: With) -> None:
        """A native `with`, shown because a jump leaves it."""
        title = self.captions.context(statement.node, lowered=False)
        with self.inside("with", statement.node, title):
            self.body(statement.body)

    def try_(self, statement: Try) -> None:
        if statement.handlers and _name(statement.handlers[0].type) == "_NameError0":
            self.body(statement.body)  # made up by lowering, for a variable that is unbound
        elif isinstance(statement.node, ast.With | ast.AsyncWith):
            self.lowered_with(statement)
        elif isinstance(statement.node, ast.TryStar):
            self.try_star(statement)
        elif not self.captions.written(statement.node) and not self.is_lowered_finally(statement):
            self.body(statement.body)  # made up by lowering, for `except … as name`
        elif statement.finalbody:
            self.try_finally(statement)
        else:
            title = "try … finally" if self.is_lowered_finally(statement) else "try"
            with self.inside("try", statement.node, title):
                self.try_parts(statement)

    def lowered_with(self, statement: Try) -> None:
        assert isinstance(statement.node, ast.With | ast.AsyncWith)
        title = self.captions.context(statement.node, lowered=True)
        if statement.handlers[0].suspends:
            with self.inside("with", statement.node, title):
                self.try_parts(statement)
            return
        first = len(self.chart.nodes)
        with self.inside("with", statement.node, title) as group:
            self.handled.append(_Handled())
            self.body(statement.body)
            raises = self.handled.pop().raises
        self.pass_on(raises)
        if first < len(self.chart.nodes):
            self.ends.append(_End(self.tail(first), "exception suppressed", "raise", group))

    def is_lowered_finally(self, statement: Try) -> bool:
        """Whether the `finally` of this `try` stands after it and in its one handler."""
        if not isinstance(statement.node, ast.Try):
            return False
        if isinstance(statement.node.body[0], ast.TryStar) and not statement.finalbody:
            return statement.handlers[0].node is statement.node
        own = any(isinstance(h.node, ast.ExceptHandler) for h in statement.handlers)
        lowered = bool(statement.node.finalbody) and not statement.finalbody and not own
        return lowered and self.captions.written(statement.node)

    def try_parts(self, statement: Try) -> None:
        """The body and the handlers of a `try`; its `else` is the end of its body."""
        first = len(self.chart.nodes)
        failing = [_End(end.node) for end in self.ends]  # if the body holds nothing
        with self.inside("body", statement.node, "") as group:
            self.handled.append(_Handled())
            self.body(statement.body)
            raises = self.handled.pop().raises
        if first < len(self.chart.nodes):
            failing = [_End(self.tail(first), group=group)]
        if self.ends and statement.orelse:
            self.body(statement.orelse)
        after = self.ends
        for handler in statement.handlers:
            after += self.handler(statement, handler, failing, raises)
        if not any(_catches_all(h) for h in statement.handlers):
            named = {_name(h.type) for h in statement.handlers}
            self.pass_on([r for r in raises if r[1] not in named])
        self.ends = after

    def try_star(self, statement: Try) -> None:
        """`except*`: the handlers of what the group holds, one after the other (see normalize)."""
        first = len(self.chart.nodes)
        failing = [_End(end.node) for end in self.ends]
        with self.inside("try", statement.node, "try"):
            with self.inside("body", statement.node, "") as group:
                self.handled.append(_Handled())
                self.body(statement.body)
                raises = self.handled.pop().raises
            if first < len(self.chart.nodes):
                failing = [_End(self.tail(first), group=group)]
            if self.ends and statement.orelse:
                self.body(statement.orelse)
            after = self.ends
            self.ends = [_End(e.node, "any exception", "raise", e.group) for e in failing]
            self.ends += [_End(node, "", "raise") for node, _ in raises]
            self.node("choice", _line(statement))
            *parts, _ = statement.handlers[0].body  # the last one raises what is left
            for part in parts:
                if isinstance(part, If) and isinstance(part.node, ast.ExceptHandler):
                    self.star_handler(part, part.node)
                else:
                    self.statement(part, None)  # the type of a handler may suspend
            self.raise_on()
        self.ends += after

    def star_handler(self, part: If, handler: ast.ExceptHandler) -> None:
        """One `except*`: run for what fits, passed otherwise; what it raises joins the group."""
        outer = part.body[-1]
        inner = outer.body[0] if isinstance(outer, Try) else None
        assert isinstance(inner, Try)
        self.cut(part)
        fork = self.fork(_line(part))
        name = f" as {handler.name}" if handler.name else ""
        title = f"except* {ast.unparse(handler.type)}" if handler.type else "except*"
        self.ends = [_End(fork, title)]
        with self.inside("handler", handler, title + name):
            self.handled.append(_Handled())
            first = len(self.chart.nodes)
            self.body(inner.handlers[0].body)
            raises = self.handled.pop().raises
        after = [*self.ends, *(_End(node, "", "raise") for node, _ in raises)]
        self.ends = [_End(fork, "otherwise"), *after]
        if len(self.chart.nodes) == first:  # an empty handler
            self.ends = [_End(fork)]
        else:
            self.node("choice", _line(part))

    def raise_on(self) -> None:
        """What no handler took is raised again, with what the handlers raised."""
        fork = self.fork(0)
        if self.handled:
            self.handled[-1].raises.append((fork, None))
        else:
            self.raises.append(_End(fork, "what is left", "raise"))
        self.ends = [_End(fork, "nothing left")]

    def handler(
        self,
        statement: Try,
        handler: Handler,
        failing: list[_End],
        raises: list[tuple[int, str | None]],
    ) -> list[_End]:
        """One handler: reached from anywhere in the body, and from each `raise` that may fit."""
        title, label = self.captions.handler(handler, statement)
        kind = "handler" if isinstance(handler.node, ast.ExceptHandler) else "cleanup"
        self.ends = [_End(end.node, label, "raise", end.group) for end in failing]
        names = {_name(h.type) for h in statement.handlers}
        for node, raised in raises:
            fits = raised == _name(handler.type) or raised not in names
            if fits and all(node != end.node for end in failing):
                self.ends.append(_End(node, "", "raise"))
        with self.inside(kind, handler.node, title):
            self.body(handler.body)
        return self.ends

    def pass_on(self, raises: list[tuple[int, str | None]]) -> None:
        """Hand `raise` statements to the `try` further out, or out of the function."""
        if self.handled:
            self.handled[-1].raises += raises
        else:
            self.raises += [_End(node, "", "raise") for node, _ in raises]

    def tail(self, first: int) -> int:
        """The node that stands for a group: the last suspension made since `first`, if any."""
        made = range(first, len(self.chart.nodes))
        sites = {kind.value for kind in SiteKind}
        return max((i for i in made if self.chart.nodes[i].kind in sites), default=made[-1])

    def cleanup(self, statement: Try, body: Body, index: int) -> int:
        """The other copy of a lowered `finally`: the statements after it that are its lines."""
        assert isinstance(statement.node, ast.Try)
        lines = statement.node.finalbody
        stop = index
        while stop < len(body) and _among(body[stop], lines):
            stop += 1
        if self.ends and stop > index:
            with self.inside("cleanup", lines[0], "finally"):
                self.body(body[index:stop])
        return stop

    def try_finally(self, statement: Try) -> None:
        """A native `try … finally`, shown because a jump leaves it."""
        frame = _Finally()
        with self.inside("try", statement.node, "try … finally"):
            self.context.append(frame)
            self.handled.append(_Handled())
            self.try_parts(statement)
            raises = self.handled.pop().raises
            self.context.pop()
            normal = bool(self.ends)
            self.ends += [end for ends in frame.jumps.values() for end in ends]
            only_raises = not self.ends
            if only_raises:
                self.ends = [_End(node, "", "raise") for node, _ in raises]
            else:
                self.pass_on(raises)
            with self.inside("cleanup", statement.node, "finally"):
                if len(self.ends) != 1 or self.open() is None:
                    self.node("code", _line(statement.finalbody[0]))
                self.body(statement.finalbody)
        ends = self.ends
        if only_raises:
            self.pass_on([(end.node, None) for end in ends])
            ends = []
        for way in frame.jumps if ends else ():
            self.ends = [_End(end.node, end.text, end.kind, end.group) for end in ends]
            self.jump(way, f"after {way}")
        self.ends = [_with_text(e, "otherwise" if frame.jumps else "") for e in ends if normal]


def _simplified(chart: Chart) -> Chart:
    """Drop forks with one way out, and join edges that lead the same way."""
    gone: dict[int, int] = {}
    while True:
        chart.edges = _joined(chart.edges)
        fork = _needless(chart)
        if not fork:
            return _renumbered(chart, gone)
        gone |= fork
        chart.edges = [_redirected(e, gone) for e in chart.edges if e.tail not in fork]


def _needless(chart: Chart) -> dict[int, int]:
    """Forks that only pass control on, and where to."""
    out: dict[int, list[Edge]] = {}
    for edge in chart.edges:
        out.setdefault(edge.tail, []).append(edge)
    return {
        tail: edges[0].head
        for tail, edges in out.items()
        if len(edges) == 1
        and chart.nodes[tail].kind == "choice"
        and edges[0].kind != "raise"
        and not edges[0].text
        and edges[0].head != tail
    }


def _redirected(edge: Edge, gone: dict[int, int]) -> Edge:
    """The edge, past the forks in `gone`; nodes are in source order, so `back` can be told."""
    head = _final(edge.head, gone)
    back = edge.kind == "flow" and head <= edge.tail
    return Edge(edge.tail, head, "back" if back else edge.kind, edge.text, edge.group)


def _final(node: int, gone: dict[int, int]) -> int:
    while node in gone:
        node = gone[node]
    return node


def _joined(edges: list[Edge]) -> list[Edge]:
    """One edge for those with the same ends; without words if they are all the ways there are."""
    found: dict[tuple[int, int, str, int], list[Edge]] = {}
    ways: dict[int, int] = {}
    for edge in edges:
        found.setdefault((edge.tail, edge.head, edge.kind, edge.group), []).append(edge)
        ways[edge.tail] = ways.get(edge.tail, 0) + (edge.kind != "raise")
    made = []
    for (tail, head, kind, group), same in found.items():
        text = " or ".join(e.text for e in same if e.text)
        if len(same) > 1 and kind != "raise" and len(same) == ways[tail]:
            text = ""
        made.append(Edge(tail, head, kind, text, group))
    return made


def _renumbered(chart: Chart, gone: dict[int, int]) -> Chart:
    """Close the gaps that the nodes in `gone` leave."""
    kept = [i for i in range(len(chart.nodes)) if i not in gone]
    number = {old: new for new, old in enumerate(kept)}
    chart.nodes = [chart.nodes[i] for i in kept]
    for edge in chart.edges:
        edge.tail, edge.head = number[edge.tail], number[edge.head]
    return chart


def _title(node: FunctionNode) -> str:
    if node.name.startswith("<") and node.name != "<lambda>":
        return node.name  # a comprehension: its parameter is the compiler's
    names = [a.arg for a in [*node.args.posonlyargs, *node.args.args]]
    names += [f"*{node.args.vararg.arg}"] if node.args.vararg else []
    names += [a.arg for a in node.args.kwonlyargs]
    names += [f"**{node.args.kwarg.arg}"] if node.args.kwarg else []
    return f"{node.name}({', '.join(names)})"


def _first_line(node: FunctionNode) -> int:
    return node.body[0].lineno


def _line(statement: Statement) -> int:
    at = statement.origin if isinstance(statement, Suspension) else statement.node
    return getattr(at, "lineno", 0)


def _with_text(end: _End, text: str) -> _End:
    joined = f"{end.text}: {text}" if end.text and text else end.text or text
    return _End(end.node, joined, end.kind, end.group)


def _is_loop(statement: Statement) -> bool:
    return isinstance(statement, For) or (isinstance(statement, While) and not statement.once)


def _has_own_test(loop: While) -> bool:
    """Whether the loop's test suspends, so that it stands in the body (see normalize)."""
    return loop.test is not getattr(loop.node, "test", None)


def _leaves(statement: Statement) -> bool:
    """Whether control may leave a native statement other than by its end."""
    for inner in walk([statement]):
        if isinstance(inner, Return | Raise):
            return True
    return _jumps([statement])


def _jumps(body: Body) -> bool:
    """Whether a `break` or `continue` in `body` belongs to a loop further out."""
    for statement in body:
        if isinstance(statement, Jump):
            return True
        if isinstance(statement, For | While):
            if _jumps(statement.orelse):
                return True
        elif any(_jumps(inner) for inner in bodies(statement)):
            return True
    return False


def _asks(statement: If, marker: str) -> bool:
    """Whether a test is `_t1 is marker`."""
    test = statement.test
    other = test.comparators[0] if isinstance(test, ast.Compare) else None
    return isinstance(other, ast.Name) and other.id == marker


def _matches_all(case: ast.match_case) -> bool:
    pattern = case.pattern
    return case.guard is None and isinstance(pattern, ast.MatchAs) and pattern.pattern is None


def _catches_all(handler: Handler) -> bool:
    return handler.type is None or _name(handler.type) == "BaseException"


def _name(node: ast.expr | None) -> str | None:
    return ast.unparse(node) if isinstance(node, ast.Name | ast.Attribute) else None


def _among(statement: Statement, lines: list[ast.stmt]) -> bool:
    """Whether a core statement comes from one of the user's statements `lines`."""
    at = statement.origin if isinstance(statement, Suspension) else statement.node
    place = (getattr(at, "lineno", 0), getattr(at, "col_offset", 0))
    end = (lines[-1].end_lineno or 0, lines[-1].end_col_offset or 0)
    return (lines[0].lineno, lines[0].col_offset) <= place < end
