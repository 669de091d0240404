"""Pass 3, cfg: the control-flow graph of a function in core form.

Nodes are basic blocks: ops that run one after the other. Edges carry a `kind`: `next`, `true`,
`false`, `back` (to a loop's head), `exception` (from any op of a block in a `try` to its handlers),
and a `label` that people read. Every statement is in the graph, native ones too, so that the
analyses see through them; only where the compiler writes code does `native` matter.

    while n:              B0 ──> B1: n ──true──> B2: n = n - 1 ──back──> B1
        n = n - 1                 └──false──> B3: return n
    return n

Invariants: block 0 is the entry; every other block has a predecessor or is unreachable code that
was never built; `position` knows every statement that can be reached.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

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
    Statement,
    Suspension,
    Try,
    While,
    With,
)
from perdure.compiler.names import Access, access, nothing

ENTRY = 0


@dataclass(slots=True)
class Op:
    """One step: it reads `reads`, then binds `binds` and unbinds `deletes`.

    A set of variables is an `int` with a bit for each (see `Flow.variables`).
    """

    reads: int
    binds: int
    deletes: int
    statement: Statement | None = None
    text: str = ""


@dataclass(slots=True)
class Block:
    """A basic block. `handler` is the block that an exception in it goes to."""

    ops: list[Op] = field(default_factory=list)
    handler: int | None = None


class Label(NamedTuple):
    """What people read on an edge; made only when they do."""

    form: str
    tree: ast.AST

    def __str__(self) -> str:
        return self.form.format(ast.unparse(self.tree))


class Edge(NamedTuple):
    """A way from one block to another."""

    kind: str
    label: str | Label


@dataclass
class Flow:
    """A function's control-flow graph. `position[s]` is (block, op) just before statement `s`."""

    function: CoreFunction
    blocks: dict[int, Block]
    after: dict[int, dict[int, Edge]]  # for each block: those that it leads to
    before: dict[int, list[int]]  # for each block: those that lead to it
    position: dict[Statement, tuple[int, int]]
    resume: dict[Suspension, tuple[int, int]]  # (block, op) at which control comes back
    exit: int
    bits: dict[str, int]  # the bit that stands for each variable
    accesses: dict[ast.AST, Access] = field(default_factory=dict)  # of statements and their parts

    def variables(self, bits: int) -> list[str]:
        """The names of a set of variables, in order."""
        found = []
        while bits:  # one round for each variable in it, not for each that there is
            lowest = bits & -bits
            found.append(self._order[lowest.bit_length() - 1])
            bits ^= lowest
        return found

    @cached_property
    def _order(self) -> list[str]:
        return list(self.bits)

    def set_of(self, names: Iterable[str]) -> int:
        """A set of variables, from names; those that are no variables do not count."""
        found = 0
        for name in names:
            found |= self.bits.get(name, 0)
        return found

    @cached_property
    def postorder(self) -> list[int]:
        """The blocks, each after those that it leads to, loops aside; then those not reached."""
        found: dict[int, None] = {}
        seen = {ENTRY}
        stack = [(ENTRY, iter(self.after[ENTRY]))]
        while stack:
            block, following = stack[-1]
            after = next((b for b in following if b not in seen), None)
            if after is None:
                found[block] = None
                stack.pop()
            else:
                seen.add(after)
                stack.append((after, iter(self.after[after])))
        return [*found, *(block for block in self.blocks if block not in found)]


def build(function: CoreFunction) -> Flow:
    """Build the control-flow graph of a function."""
    return _Builder(function).run()


@dataclass
class _Target:
    """Where `break` and `continue` go."""

    after: int
    head: int


@dataclass
class _Finally:
    """A native `finally` that jumps pass through; `leads` are the blocks it goes on to."""

    entry: int
    leads: set[int] = field(default_factory=set)


class _Builder:
    def __init__(self, function: CoreFunction) -> None:
        self.function = function
        bits = {name: 1 << n for n, name in enumerate(sorted(function.locals))}
        self.flow = Flow(function, {}, {}, {}, {}, {}, -1, bits)
        self.holding = self.flow.set_of(function.holding)
        self.handler: int | None = None
        self.context: list[_Target | _Finally] = []
        self.saved: list[str] = []  # exceptions in flight around the statement
        self.here: int | None = None

    def run(self) -> Flow:
        self.here = self.block()
        self.flow.exit = self.block()
        self.body(self.function.body)
        if self.here is not None:
            self.edge(self.here, self.flow.exit)
        return self.flow

    # Small steps ------------------------------------------------------------------------------

    def block(self) -> int:
        number = len(self.flow.blocks)
        self.flow.blocks[number] = Block(handler=self.handler)
        self.flow.after[number] = {}
        self.flow.before[number] = []
        if self.handler is not None:
            self.edge(number, self.handler, "exception")
        return number

    def edge(self, a: int, b: int, kind: str = "next", label: str | Label = "") -> None:
        leads = self.flow.after[a]
        if b not in leads:
            self.flow.before[b].append(a)
        leads[b] = Edge(kind, label)

    def start(self, *, kind: str = "next", label: str | Label = "") -> int:
        """Begin a new block that control falls into from here."""
        made = self.block()
        if self.here is not None:
            self.edge(self.here, made, kind, label)
        self.here = made
        return made

    def op(self, found: Access, statement: Statement | None = None, text: str = "") -> None:
        assert self.here is not None
        reads, binds, deletes = map(self.flow.set_of, found[:3])
        reads |= binds & self.holding  # what a variable holds goes when it is bound again
        self.flow.blocks[self.here].ops.append(Op(reads, binds, deletes, statement, text))

    def mark(self, statement: Statement) -> None:
        """Remember where a statement begins."""
        assert self.here is not None
        self.flow.position[statement] = (self.here, len(self.flow.blocks[self.here].ops))

    def leave(self, to: int, frames: list[_Target | _Finally]) -> None:
        """Jump to `to`, through the native `finally` bodies in `frames` (innermost last)."""
        assert self.here is not None
        cleanups = [f for f in reversed(frames) if isinstance(f, _Finally)]
        for index, cleanup in enumerate(cleanups):
            following = cleanups[index + 1].entry if index + 1 < len(cleanups) else to
            cleanup.leads.add(following)
        self.edge(self.here, cleanups[0].entry if cleanups else to)
        self.here = None

    # Statements -------------------------------------------------------------------------------

    def body(self, body: Body) -> None:
        for statement in body:
            if self.here is None:
                return  # unreachable: it is not built, and codegen drops it
            self.statement(statement)

    def statement(self, statement: Statement) -> None:
        match statement:
            case Simple():
                self.mark(statement)
                self.op(self.access(statement.node), statement)
            case Suspension():
                self.suspension(statement)
            case Return():
                self.mark(statement)
                self.op(self.access(statement.node), statement)
                self.leave(self.flow.exit, self.context)
            case Raise():
                self.raising(statement)
            case Jump():
                self.jump(statement)
            case If():
                self.branch(statement)
            case While():
                self.while_(statement)
            case For():
                self.for_(statement)
            case Try():
                self.try_(statement)
            case With():
                self.with_(statement)
            case Match():
                self.match(statement)

    def suspension(self, statement: Suspension) -> None:
        self.mark(statement)
        self.op(self.access(statement.call), statement)
        assert self.here is not None
        self.start()
        self.flow.resume[statement] = (self.here, 0)
        # The exceptions being handled around it are raised again when control comes back.
        target = {statement.target} if statement.target else set()
        self.op(Access(set(self.saved), target, set(), set()), None, "resume")

    def access(self, node: ast.AST) -> Access:
        """What a statement or a part of one reads and binds; kept, for codegen asks again."""
        found = self.flow.accesses[node] = access(node)
        return found

    def raising(self, statement: Raise) -> None:
        self.mark(statement)
        self.op(self.access(statement.node), statement)
        assert self.here is not None
        self.edge(self.here, self.flow.exit if self.handler is None else self.handler, "exception")
        self.here = None

    def jump(self, statement: Jump) -> None:
        self.mark(statement)
        index = max(i for i, f in enumerate(self.context) if isinstance(f, _Target))
        target = self.context[index]
        assert isinstance(target, _Target)
        stop = isinstance(statement.node, ast.Break)
        self.leave(target.after if stop else target.head, self.context[index + 1 :])

    def branch(self, statement: If) -> None:
        self.mark(statement)
        self.op(self.access(statement.test), statement)
        fork = self.here
        assert fork is not None
        after = self.block()
        ways = (("true", "{}", statement.body), ("false", "not ({})", statement.orelse))
        for kind, form, body in ways:
            self.here = fork
            self.start(kind=kind, label=Label(form, statement.test) if statement.suspends else "")
            self.body(body)
            if self.here is not None:
                self.edge(self.here, after)
        self._go_on(after)

    def _go_on(self, after: int) -> None:
        """Continue at `after`, if anything leads there."""
        self.here = after if self.flow.before[after] else None

    def while_(self, statement: While) -> None:
        if statement.once:
            self.once(statement)
            return
        head = self.start()
        self.mark(statement)
        self.op(self.access(statement.test), statement)
        after = self.block()
        self.loop(statement, head, after, set())
        self.here = head
        forever = isinstance(statement.test, ast.Constant) and bool(statement.test.value)
        if not forever:
            self.start(kind="false")
            self.body(statement.orelse)
            if self.here is not None:
                self.edge(self.here, after)
        self._go_on(after)

    def once(self, statement: While) -> None:
        self.mark(statement)
        after = self.block()
        self.context.append(_Target(after, after))
        self.start()
        self.body(statement.body)
        self.context.pop()
        if self.here is not None:
            self.edge(self.here, after)
        self._go_on(after)

    def for_(self, statement: For) -> None:
        held = statement.suspends or statement.safepoint
        if not held:
            # The iterable is evaluated once; only an iterator with a name is read at each turn.
            self.mark(statement)
            self.op(self.access(statement.iterable), statement)
        head = self.start()
        if held:
            self.mark(statement)
            self.op(self.access(statement.iterable), statement)
        after = self.block()
        self.loop(statement, head, after, self.access(statement.target))
        self.here = head
        self.start(kind="false", label="exhausted")
        self.body(statement.orelse)
        if self.here is not None:
            self.edge(self.here, after)
        self._go_on(after)

    def loop(self, loop: While | For, head: int, after: int, target: Access | set[str]) -> None:
        self.context.append(_Target(after, head))
        self.here = head
        self.start(kind="true", label="")
        if isinstance(target, Access):
            self.op(target)
        self.body(loop.body)
        self.context.pop()
        if self.here is not None:
            self.edge(self.here, head, "back")

    def try_(self, statement: Try) -> None:
        self.mark(statement)
        outer = self.handler
        after = self.block()
        cleanup = self._finally(statement)
        ends: list[int] = []
        inner = self.handler  # the finally's entry, if there is one
        dispatch = self.block() if statement.handlers else inner
        self.handler = dispatch
        self.start()
        self.body(statement.body)
        self.handler = inner
        if self.here is not None:
            if statement.orelse:
                self.start()
                self.body(statement.orelse)
            ends += [self.here] if self.here is not None else []
        self.here = dispatch
        for handler in statement.handlers:
            ends += self.except_(handler)
        if statement.handlers and self.here is not None:
            # no handler matched
            self.edge(self.here, self.flow.exit if inner is None else inner, "exception")
        self.handler = outer
        self._close_finally(statement, cleanup, ends, after)
        self._go_on(after)

    def _finally(self, statement: Try) -> _Finally | None:
        if not statement.finalbody:
            return None
        cleanup = _Finally(self.block())
        self.context.append(cleanup)
        self.handler = cleanup.entry
        return cleanup

    def _close_finally(
        self, statement: Try, cleanup: _Finally | None, ends: list[int], after: int
    ) -> None:
        """Join the ends of the parts; a native `finally` stands once and leads everywhere."""
        if cleanup is None:
            for end in ends:
                self.edge(end, after)
            return
        self.context.remove(cleanup)
        for end in ends:
            self.edge(end, cleanup.entry)
        self.here = cleanup.entry
        self.body(statement.finalbody)
        self._lead_on(cleanup.leads | ({after} if ends else set()))

    def _lead_on(self, leads: set[int]) -> None:
        """From the end of a native `finally`, on to everything that was left through it."""
        if self.here is None:
            return
        outward = self.flow.exit if self.handler is None else self.handler
        self.edge(self.here, outward, "exception")
        for lead in sorted(leads):
            self.edge(self.here, lead)

    def except_(self, handler: Handler) -> list[int]:
        """Build one handler from its test on; `here` is left at the next handler's test."""
        test = self.here
        assert test is not None
        found = self.access(handler.type) if handler.type else nothing()
        self.op(found)
        label = Label("{}", handler.type) if handler.type else "any exception"
        self.start(kind="true", label=label)
        bound = {name for name in (handler.name, handler.saved) if name}
        self.op(Access(set(), bound, set(), set()))
        self.saved += [handler.saved] if handler.saved else []
        self.body(handler.body)
        if handler.saved:
            self.saved.pop()
        ends = []
        if self.here is not None:
            if handler.name:
                self.op(Access(set(), set(), {handler.name}, set()))
            ends.append(self.here)
        self.here = test if handler.type is not None else None
        if self.here is not None:
            self.start(kind="false")
        return ends

    def with_(self, statement: With) -> None:
        self.mark(statement)
        outer, after = self.handler, self.block()
        swallowed = self.block()  # where an exception goes: on, if __exit__ says so
        for item in statement.node.items:
            self.op(self.access(item.context_expr), statement)
            self.handler = swallowed
            self.start()
            if item.optional_vars is not None:
                self.op(self.access(item.optional_vars))
        if self.handler is not swallowed:
            self.handler = swallowed
            self.start()
        self.body(statement.body)
        self.handler = outer
        if self.here is not None:
            self.edge(self.here, after)
        self.edge(swallowed, after)
        self.edge(swallowed, self.flow.exit if outer is None else outer, "exception")
        self.here = after

    def match(self, statement: Match) -> None:
        self.mark(statement)
        self.op(self.access(statement.subject), statement)
        after = self.block()
        for case in statement.cases:
            if self.here is None:
                break
            found = self.access(case.node.pattern)
            self.op(Access(found.reads, set(), set(), set()))
            test = self.here
            self.start(kind="true", label=Label("case {}", case.node.pattern))
            self.op(Access(set(), found.binds, set(), set()))
            if case.node.guard is not None:
                self.op(self.access(case.node.guard))
            guard = self.here
            self.start(kind="true")
            self.body(case.body)
            if self.here is not None:
                self.edge(self.here, after)
            self.here = None if _irrefutable(case.node) else test
            if self.here is not None:
                following = self.start(kind="false")
                if case.node.guard is not None:
                    self.edge(guard, following, "false")
            elif case.node.guard is not None:
                self.here = guard
                self.start(kind="false")
        if self.here is not None:
            self.edge(self.here, after)
        self._go_on(after)


def _irrefutable(case: ast.match_case) -> bool:
    return isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None
