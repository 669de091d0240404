"""What a graph says about a statement: the user's words, not the core language's.

Normalize splits `s += rate(item.country) * item.price` into four core statements with temporaries.
People know one: the line they wrote. Every core node keeps the position of what it came from, so
the user's own statement or expression is found again by position, and its text is shown once, where
the last of its parts runs. Calls that suspend have a node of their own: elsewhere their arguments
are left out, as in `s += rate(...) * item.price`.
"""

from __future__ import annotations

import ast
from typing import Any

from perdure.compiler.core import (
    Case,
    CoreFunction,
    For,
    Handler,
    If,
    Raise,
    Simple,
    SiteKind,
    Statement,
    Suspension,
    Try,
    While,
    With,
    released,
    walk,
)

# Longer texts are cut: a label is a reminder, and the line number leads to the rest.
LONGEST = 120

_Place = tuple[int, int, int, int]
# How a lowered `finally` or `with` was left (see normalize).
_LEFT_BY: dict[object, str] = {1: "after return", 2: "after break", 3: "after continue"}


class Captions:
    """Texts for the statements of one function."""

    def __init__(self, core: CoreFunction) -> None:
        self._statements: dict[int, list[ast.stmt]] = {}
        self._expressions: dict[_Place, ast.expr] = {}
        self._handlers: dict[_Place, ast.ExceptHandler] = {}
        self._own: set[ast.AST] = set()
        self._temporaries = core.temporaries
        for node in ast.walk(core.node):
            self._own.add(node)
            if isinstance(node, ast.stmt) and node is not core.node:
                for line in range(node.lineno, _header_end(node) + 1):
                    self._statements.setdefault(line, []).append(node)
            elif isinstance(node, ast.ExceptHandler):
                self._handlers[_place(node)] = node
            elif isinstance(node, ast.expr):
                self._expressions.setdefault(_place(node), node)
        self._steps = _steps(core)
        self._calls = {
            _place(s.origin)
            for s in walk(core.body)
            if isinstance(s, Suspension) and s not in self._steps
        }
        # A comprehension that became a function takes its first iterable as a parameter.
        made_up = core.node.name.startswith("<") and core.node.name != "<lambda>"
        self._given = frozenset(core.parameters if made_up else ())

    # Statements -------------------------------------------------------------------------------

    def owner(self, statement: Statement) -> ast.stmt | None:
        """The statement of the user's that a core statement is a part of."""
        if released(statement):
            return None  # the one before it says it
        at = statement.origin if isinstance(statement, Suspension) else statement.node
        line, column = getattr(at, "lineno", 0), getattr(at, "col_offset", 0)
        around = [s for s in self._statements.get(line, ()) if _holds(s, line, column)]
        return max(around, key=lambda s: (s.lineno, s.col_offset), default=None)

    def written(self, statement: ast.AST) -> bool:
        """Whether a node is the user's own; what lowering made up is not."""
        return statement in self._own

    def code(self, statement: ast.stmt) -> str:
        """One line for a statement that runs inside a block; "" for what says nothing."""
        if isinstance(statement, ast.Pass | ast.Break | ast.Continue | ast.Global | ast.Nonlocal):
            return ""
        value = getattr(statement, "value", None)
        if isinstance(statement, ast.Expr) and isinstance(value, ast.Constant):
            return ""  # a docstring
        if _is_made_up(statement):
            return ""  # the result of a comprehension, which its title says
        if isinstance(statement, ast.Expr | ast.Assign | ast.AnnAssign) and self._suspends(value):
            return ""  # the suspension's own node says it
        return self._first_line(statement)

    def _suspends(self, value: ast.expr | None) -> bool:
        return value is not None and _place(value) in self._calls

    def _first_line(self, statement: ast.stmt) -> str:
        lines = ast.unparse(self._short(statement)).split("\n")
        if len(lines) == 1:
            return shorten(lines[0])
        if len(lines) == 2 and len(lines[0]) + len(lines[1].strip()) < 60:
            return f"{lines[0]} {lines[1].strip()}"
        return shorten(lines[0]) + " …"

    def suspension(self, statement: Suspension) -> str:
        """The call as the user wrote it, with the variable that takes its result."""
        if step := self._steps.get(statement):
            return shorten(f"{step} {self._source(statement)}")
        if statement.kind is SiteKind.YIELD and not statement.label.startswith("yield"):
            return shorten(f"yield {_in_one_line(statement.label)}")  # of a generator expression
        owner = self.owner(statement)
        if isinstance(owner, ast.Assign) and _place(owner.value) == _place(statement.origin):
            targets = " = ".join(_bare(t) for t in owner.targets)
            return shorten(f"{targets} = {_in_one_line(statement.label)}")
        return shorten(_in_one_line(statement.label))

    def _source(self, statement: Suspension) -> str:
        """The iterable or the context manager of a suspension that is no call of the user's."""
        return _in_one_line(statement.label) or self._text(statement.origin)

    def _short(self, node: Any) -> Any:
        """A copy in which calls that suspend have `...` for arguments."""
        if isinstance(node, list):
            return [self._short(item) for item in node]
        if not isinstance(node, ast.AST):
            return node
        if isinstance(node, ast.Name) and node.id in self._given:
            return ast.copy_location(ast.Name("…", node.ctx), node)
        if isinstance(node, ast.Call) and _name(node.func) == "_super0":
            return ast.copy_location(ast.Call(ast.Name("super", ast.Load()), [], []), node)
        fields = {name: self._short(value) for name, value in ast.iter_fields(node)}
        known = isinstance(node, ast.Call) and _place(node) in self._calls
        if known and (fields["args"] or fields["keywords"]):
            fields |= {"args": [ast.Constant(...)], "keywords": []}
        return ast.copy_location(type(node)(**fields), node)

    def raised(self, statement: Raise) -> str | None:
        """The name of the class that `raise` raises, if it is written there."""
        exc = statement.node.exc
        exc = exc.func if isinstance(exc, ast.Call) else exc
        return ast.unparse(exc) if isinstance(exc, ast.Name | ast.Attribute) else None

    # Conditions -------------------------------------------------------------------------------

    def condition(self, statement: If) -> tuple[str, str]:
        """What to write on the edges to the body and past it."""
        made_up = self._lowered_condition(statement)
        if made_up is not None:
            return made_up
        asked, negated = self._asked(statement)
        yes, no = f"if {self._text(asked)}", self._text(ast.UnaryOp(ast.Not(), asked))
        if isinstance(asked, ast.UnaryOp) and isinstance(asked.op, ast.Not):
            no = f"if {self._text(asked.operand)}"
        return (shorten(no), shorten(yes)) if negated else (shorten(yes), shorten(no))

    def _lowered_condition(self, statement: If) -> tuple[str, str] | None:
        """Words for a test that lowering made up."""
        node, test = statement.node, statement.test
        if isinstance(node, ast.If) and (handler := self._handlers.get(_place(node))):
            return _except(handler), "other exceptions"
        if isinstance(node, ast.Assert):
            return "assertion holds", "assertion fails"
        if isinstance(node, ast.pattern):
            words = shorten(f"case {ast.unparse(node)}"), "otherwise"
            return words[::-1] if isinstance(test, ast.UnaryOp) else words
        if isinstance(test, ast.Compare) and (marker := _MARKERS.get(_compared(test))):
            return marker
        if isinstance(test, ast.Compare) and isinstance(node, _CLEANED):
            way = test.comparators[0]
            assert isinstance(way, ast.Constant)
            return _LEFT_BY[way.value], "otherwise"
        if isinstance(node, ast.For | ast.AsyncFor | ast.While) and self._user(test) is None:
            return "leaving", "otherwise"
        if isinstance(test, ast.UnaryOp) and self.is_temporary(test.operand):
            if isinstance(node, ast.Match):
                return "otherwise", "handled"
            if isinstance(node, ast.With | ast.AsyncWith):
                return "exception goes on", "exception suppressed"
        return None

    def is_temporary(self, expr: ast.expr) -> bool:
        """Whether an expression is a variable of the compiler's."""
        return isinstance(expr, ast.Name) and expr.id in self._temporaries

    def _asked(self, statement: If) -> tuple[ast.expr, bool]:
        """The user's expression behind a test, and whether the test is its negation."""
        node, test = statement.node, statement.test
        if isinstance(node, ast.BoolOp) and _place(node) != _place(test):
            head = self._decided(node)
            made = head[0] if len(head) == 1 else ast.BoolOp(node.op, head)
            return self._user(made) or made, isinstance(node.op, ast.Or)
        if isinstance(node, ast.Compare) and _continues(statement):
            return self._link(node), False
        return self._user(test) or test, False

    def _link(self, rest: ast.Compare) -> ast.expr:
        """The first comparison in what is left of a chain, in the user's operands."""
        whole = self._user(rest)
        assert isinstance(whole, ast.Compare)
        done = len(whole.ops) - len(rest.ops)
        left = whole.comparators[done - 1] if done else whole.left
        return ast.Compare(left, rest.ops[:1], whole.comparators[done : done + 1])

    def _decided(self, node: ast.BoolOp) -> list[ast.expr]:
        """The operands of `and`/`or` that come before the first one to suspend."""
        for index, value in enumerate(node.values):
            parts = (n for n in ast.walk(value) if isinstance(n, ast.Call))
            if index and any(_place(n) in self._calls for n in parts):
                return node.values[:index]
        return node.values[:1]

    def _user(self, expr: ast.expr) -> ast.expr | None:
        return expr if expr in self._own else self._expressions.get(_place(expr))

    def _text(self, expr: ast.expr) -> str:
        return ast.unparse(self._short(expr))

    def case(self, case: Case) -> str:
        """`case pattern if guard`."""
        guard = f" if {self._text(case.node.guard)}" if case.node.guard else ""
        return shorten(f"case {ast.unparse(case.node.pattern)}{guard}")

    # Compounds --------------------------------------------------------------------------------

    def loop(self, loop: For | While) -> tuple[str, str, str]:
        """A loop's title, and what to write on the edges into its body and past it."""
        if isinstance(loop, While) and isinstance(loop.test, ast.UnaryOp) and _is_async(loop.node):
            return self._async_loop(loop)
        if isinstance(loop, While):
            test = loop.node.test if isinstance(loop.node, ast.While) else loop.test
            title = shorten(f"while {self._text(test)}")
            if isinstance(test, ast.Constant) and test.value:
                return title, "", ""
            negated = ast.UnaryOp(ast.Not(), test)
            return title, shorten(self._text(test)), shorten(self._text(negated))
        target, items = self._iteration(loop)
        return (
            shorten(f"for {target} in {items}"),
            shorten(f"each {target} of {items}"),
            "exhausted",
        )

    def _async_loop(self, loop: While) -> tuple[str, str, str]:
        waits = (s for s in walk(loop.body) if isinstance(s, Suspension))
        place = _place(next(waits).origin)
        node: Any = loop.node
        parts = [node] if isinstance(node, ast.AsyncFor) else node.generators
        part = next((p for p in parts if _place(p.iter) == place), parts[0])
        target, items = _bare(part.target), self._text(part.iter)
        return shorten(f"async for {target} in {items}"), f"each {target}", "exhausted"

    def _iteration(self, loop: For) -> tuple[str, str]:
        """The target and the iterable of a loop or of a comprehension's `for`."""
        node: Any = loop.node
        if isinstance(node, ast.For):
            return _bare(node.target), self._text(node.iter)
        place = _place(loop.iterable)
        for part in node.generators:
            if _place(part.iter) == place:
                return _bare(part.target), self._text(part.iter)
        return ast.unparse(loop.target), ast.unparse(loop.iterable)

    def context(self, node: ast.With | ast.AsyncWith, *, lowered: bool) -> str:
        """`with a as b`; lowering takes the managers one by one."""
        items = node.items[:1] if lowered else node.items
        word = "with " if isinstance(node, ast.With) else "async with "
        return shorten(word + ", ".join(ast.unparse(self._short(i)) for i in items))

    def handler(self, handler: Handler, around: Try | With) -> tuple[str, str]:
        """A handler's title, and what to write on the edge to it."""
        if isinstance(handler.node, ast.ExceptHandler):
            name = f" as {handler.node.name}" if handler.node.name else ""
            text = _except(handler.node)
            return shorten(text + name), text
        if isinstance(around.node, ast.With | ast.AsyncWith):
            return "after an exception", "any exception"
        title = "finally, after an exception" if _has_finally(around) else "except …"
        return title, "any exception"


# Tests of the compiled loops: what an iterator gave, instead of an item.
_MARKERS = {"_PENDING0": ("not there yet", "there"), "_DONE0": ("exhausted", "an item")}
_CLEANED = (ast.Try, ast.TryStar, ast.With, ast.AsyncWith)


def _steps(core: CoreFunction) -> dict[Statement, str]:
    """Suspensions that stand for no call of the user's, and what each of them does.

    A `with` enters and exits; a loop takes the next item of what it loops over.
    """
    found: dict[Statement, str] = {}
    verbs: dict[str, str] = {}
    for statement in walk(core.body):
        if isinstance(statement, Suspension):
            name = _subject(statement.call)
            if name in ("_advance0", "_anext0"):
                found[statement] = "next of"
            elif name in verbs:
                found[statement] = verbs[name]
                if statement.target and statement.kind is SiteKind.DYNAMIC:
                    verbs[statement.target] = f"await {verbs[name].removeprefix('await ')}"
        elif isinstance(statement, Simple) and isinstance(statement.node, ast.Assign):
            target, value = statement.node.targets[0], statement.node.value
            if isinstance(target, ast.Tuple) and _subject(value) in ("_entered0", "_aentered0"):
                leave, enter = target.elts
                verbs[_name(enter)], verbs[_name(leave)] = "enter", "exit"
    return found


# Of made-up calls that wait: which argument says for what.
_WAITING = {"_Delegate0": 0, "_await0": 0, "_await_of0": 0, "_awaited_to0": 1}


def _subject(node: ast.AST) -> str:
    """The name that a made-up call is about: its function, or what is waited for."""
    while isinstance(node, ast.Call):
        place = _WAITING.get(_name(node.func))
        inner = node.func if place is None else node.args[place]
        if inner is node.func:
            return _name(inner)
        if isinstance(inner, ast.Call) and _name(inner.func) == "_anext0":
            return "_anext0"
        node = inner
    return _name(node)


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _compared(test: ast.Compare) -> str:
    return _name(test.comparators[0])


def _is_made_up(statement: ast.stmt) -> bool:
    return any(getattr(node, "made", False) for node in ast.walk(statement))


def _is_async(node: ast.AST) -> bool:
    parts = getattr(node, "generators", ())
    return isinstance(node, ast.AsyncFor) or any(part.is_async for part in parts)


def _bare(target: ast.expr) -> str:
    """A target as one writes it: a tuple without parentheses."""
    if isinstance(target, ast.Tuple) and target.elts:
        return ", ".join(map(ast.unparse, target.elts)) + ("," if len(target.elts) == 1 else "")
    return ast.unparse(target)


def _in_one_line(text: str) -> str:
    return " ".join(text.split())


def shorten(text: str) -> str:
    """Cut a text that is too long for a label."""
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…"


def _continues(statement: If) -> bool:
    """Whether this links a chained comparison: the body gives the tested variable a new value."""
    test, last = statement.test, statement.body[-1]
    if isinstance(last, Suspension):
        return isinstance(test, ast.Name) and last.target == test.id
    node = last.node
    target = node.targets[0] if isinstance(node, ast.Assign) else None
    return isinstance(test, ast.Name) and isinstance(target, ast.Name) and target.id == test.id


def _has_finally(around: Try | With) -> bool:
    return isinstance(around.node, ast.Try) and bool(around.node.finalbody)


def _except(node: ast.ExceptHandler) -> str:
    return shorten(f"except {ast.unparse(node.type)}") if node.type else "any exception"


def _place(node: ast.AST) -> _Place:
    return (
        getattr(node, "lineno", 0),
        getattr(node, "col_offset", 0),
        getattr(node, "end_lineno", None) or 0,
        getattr(node, "end_col_offset", None) or 0,
    )


def _header_end(node: ast.stmt) -> int:
    """The last line of a statement, or of a compound statement's header."""
    inner: list[ast.AST] = [*getattr(node, "body", ()), *getattr(node, "cases", ())]
    if not inner:
        return node.end_lineno or node.lineno
    first = inner[0].pattern if isinstance(inner[0], ast.match_case) else inner[0]
    return max(node.lineno, getattr(first, "lineno", node.lineno))


def _holds(node: ast.stmt, line: int, column: int) -> bool:
    start = (node.lineno, node.col_offset)
    end = (node.end_lineno or node.lineno, node.end_col_offset or node.col_offset)
    return start <= (line, column) < end
