"""The core language: what `normalize` makes and every later pass reads.

In it a suspension stands only as a statement of its own, `target = call(...)`, with its operands
already evaluated into temporaries. Expressions are Python's own (`ast.expr`) and contain no
suspension. Compound statements that contain none keep their original tree in `native`: they are
compiled as they were written, at the speed they were written for; their core form beneath is only
read by the dataflow analyses.

Nodes compare by identity: the same text twice is two places.

Invariants (checked by `verify`):
* no `ast.expr` in a core statement contains a suspension site;
* a statement with `native` set has no `Suspension` beneath it;
* a `For` that suspends names its iterator, a `Handler` that suspends names its exception;
* a `Try` that suspends has no `finalbody`, and no `With` suspends: both have been lowered.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property

from perdure.compiler.definitions import Kind
from perdure.compiler.scopes import FunctionNode


class SiteKind(Enum):
    """What a call that may suspend is known to be."""

    ACTIVITY = "activity"  # always suspends: an activity of the program
    DURABLE = "durable"  # always suspends: a function of the program that reaches a suspension
    TIMER = "timer"  # always suspends: perdure.sleep
    DYNAMIC = "dynamic"  # known at run time: suspends, or is called in place
    YIELD = "yield"  # a generator gives a value
    DELEGATE = "yield from"  # a generator gives what another one gives
    AWAIT = "await"  # a coroutine waits
    FRAME = "frame"  # no suspension: locals() and its like, which read the function's frame


@dataclass(eq=False, slots=True)
class Simple:
    """A statement without control flow of its own: assignment, expression, del, import, pass …"""

    node: ast.stmt
    # Of a `pass`, the text of the statement before it: a block begins here, when what the last one
    # held has gone.
    releases: str = ""


@dataclass(eq=False, slots=True)
class Suspension:
    """`target = call(...)`: control may leave the program here, and comes back with a value."""

    call: ast.Call  # for yield and await: what is left to do with the value, as a call
    kind: SiteKind
    target: str | None
    origin: ast.expr  # the call as the user wrote it, for labels and lines
    label: str = ""
    meets: bool = False  # a builtin: it suspends if one of its arguments does
    inert: bool = False  # and not where the first one is a container of Python's own


@dataclass(eq=False, slots=True)
class Return:
    """`return value`."""

    node: ast.Return


@dataclass(eq=False, slots=True)
class Raise:
    """`raise …`."""

    node: ast.Raise


@dataclass(eq=False, slots=True)
class Jump:
    """`break` or `continue`."""

    node: ast.Break | ast.Continue


@dataclass(eq=False, slots=True)
class If:
    """`if test: body else: orelse`."""

    node: ast.AST
    test: ast.expr
    body: Body
    orelse: Body
    native: ast.stmt | None = None
    suspends: bool = False


@dataclass(eq=False, slots=True)
class While:
    """`while test: body else: orelse`."""

    node: ast.AST
    test: ast.expr
    body: Body
    orelse: Body
    native: ast.stmt | None = None
    suspends: bool = False
    safepoint: bool = False  # the run may be stopped at the end of a turn
    once: bool = False  # not the user's loop: runs once, so that `break` can leave it


@dataclass(eq=False, slots=True)
class For:
    """`for target in iterable: body else: orelse`; the saved iterator if it suspends."""

    node: ast.AST
    target: ast.expr
    iterable: ast.expr
    body: Body
    orelse: Body
    native: ast.stmt | None = None
    suspends: bool = False
    safepoint: bool = False  # the run may be stopped at the end of a turn


@dataclass(eq=False, slots=True)
class Handler:
    """`except type as name: body`. `saved` names the exception in flight when the body suspends."""

    node: ast.AST
    type: ast.expr | None
    name: str | None
    body: Body
    saved: str | None = None
    suspends: bool = False


@dataclass(eq=False, slots=True)
class Try:
    """`try: body except …: else: orelse finally: finalbody`."""

    node: ast.AST
    body: Body
    handlers: list[Handler]
    orelse: Body
    finalbody: Body
    native: ast.stmt | None = None
    suspends: bool = False


@dataclass(eq=False, slots=True)
class With:
    """`with items: body`; never suspends (normalize lowers those that do)."""

    node: ast.With
    body: Body
    native: ast.stmt | None = None
    suspends: bool = False


@dataclass(eq=False, slots=True)
class Case:
    """`case pattern if guard: body`."""

    node: ast.match_case
    body: Body


@dataclass(eq=False, slots=True)
class Match:
    """`match subject: cases`. Patterns and guards do not suspend; arms may."""

    node: ast.AST
    subject: ast.expr
    cases: list[Case]
    native: ast.stmt | None = None
    suspends: bool = False


Compound = If | While | For | Try | With | Match
Statement = Simple | Suspension | Return | Raise | Jump | Compound
Body = list[Statement]


@dataclass(eq=False)
class CoreFunction:
    """A function in core form."""

    name: str  # package.module:qualname
    kind: Kind
    node: FunctionNode
    body: Body
    parameters: list[str]
    locals: frozenset[str]  # parameters, local variables and temporaries, cells not included
    cells: tuple[str, ...]  # locals shared with functions defined inside
    free: tuple[str, ...]  # names shared with functions around it, by cell
    globals: frozenset[str]  # declared `global`
    file: str
    temporaries: frozenset[str] = field(default_factory=frozenset)
    taken: frozenset[str] = field(default_factory=frozenset)  # identifiers of the user's own
    holding: tuple[str, ...] = ()  # that hold a generator, read or not
    releases: bool = False  # whether it has such statements (see Simple)

    @cached_property
    def statements(self) -> list[Statement]:
        """Every statement of it, outer before inner, in source order."""
        return list(walk(self.body))

    @property
    def only_enters(self) -> bool:
        """Whether the entry block only makes cells, or the generator; the body is the next one."""
        return bool(self.cells) or self.kind is not Kind.FUNCTION


def released(statement: Statement) -> str:
    """The text of the statement before this one, if it lets what that has let go of go."""
    return statement.releases if isinstance(statement, Simple) else ""


def suspends(statement: Statement) -> bool:
    """Whether a suspension stands in or beneath the statement."""
    match statement:
        case Suspension():
            return True
        case If() | While() | For() | Try() | With() | Match():
            return statement.suspends
        case _:
            return False


_PLAIN = frozenset({Simple, Return, Raise, Jump, Suspension})


def bodies(statement: Statement | Handler | Case) -> list[Body]:
    """The statement lists directly inside a statement, in source order."""
    if type(statement) in _PLAIN:  # most are
        return []
    match statement:
        case If() | While() | For():
            return [statement.body, statement.orelse]
        case Try():
            handlers = [handler.body for handler in statement.handlers]
            return [statement.body, *handlers, statement.orelse, statement.finalbody]
        case With() | Handler() | Case():
            return [statement.body]
        case Match():
            return [case.body for case in statement.cases]
        case _:
            return []


def walk(body: Body) -> Iterator[Statement]:
    """Every statement in `body`, outer before inner, in source order."""
    for statement in body:
        yield statement
        for inner in bodies(statement):
            yield from walk(inner)


def expressions(statement: Statement | Handler) -> list[ast.AST]:
    """The Python trees that a statement evaluates itself (not those of statements beneath)."""
    match statement:
        case Simple() | Return() | Raise() | Jump():
            return [statement.node]
        case Suspension():
            return [statement.call]
        case If() | While():
            return [statement.test]
        case For():
            return [statement.iterable, statement.target]
        case Handler():
            return [statement.type] if statement.type else []
        case Match():
            return [statement.subject, *(p for c in statement.cases for p in _case(c))]
        case With():
            return [part for item in statement.node.items for part in _item(item)]
        case Try():
            return [h.type for h in statement.handlers if h.type]


def _case(case: Case) -> list[ast.AST]:
    return [case.node.pattern, *([case.node.guard] if case.node.guard else [])]


def _item(item: ast.withitem) -> list[ast.AST]:
    return [item.context_expr, *([item.optional_vars] if item.optional_vars else [])]


class CoreError(AssertionError):
    """A pass broke an invariant of the core language: a fault of the compiler, not of the user."""


def verify(function: CoreFunction) -> None:
    """Check the invariants at the head of this module; raise `CoreError` with the fault marked."""
    from perdure.compiler.dump import core_text

    for statement in walk(function.body):
        fault = _fault(statement)
        if fault:
            text = core_text(function, marked=statement)
            raise CoreError(f"{function.name}: {fault}\n{text}")


def _fault(statement: Statement) -> str | None:
    beneath = any(isinstance(s, Suspension) for b in bodies(statement) for s in walk(b))
    match statement:
        case With(suspends=True):
            return "a `with` that suspends must be lowered"
        case Try(suspends=True) if statement.finalbody:
            return "a `finally` around a suspension must be lowered"
        case For(suspends=True) if not isinstance(statement.iterable, ast.Name):
            return "the iterator of a loop that suspends must have a name"
        case Try() if any(h.suspends and not h.saved for h in statement.handlers):
            return "the exception of a handler that suspends must have a name"
        case If() | While() | For() | Try() | With() | Match():
            if statement.suspends != beneath:
                return f"`suspends` is {statement.suspends} but the body says {beneath}"
            if statement.native is not None and beneath:
                return "a native statement holds a suspension"
    return None
