"""Choices -> the text of statements.

Loops end because each counts (`w1 += 1`) or goes over something cut; names come from a small pool,
so that they are bound again, deleted, or never bound; `log` and `box` show order and sharing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar

from tests.programs.chooser import Chooser
from tests.programs.expressions import LOCALS, PARAMETERS, Rows
from tests.programs.iteration import Iteration

Lines = list[str]

EXCEPTIONS = [
    "Exception",
    "ValueError",
    "KeyError",
    "LookupError",
    "(ValueError, KeyError)",
    "Low",
    "Odd",
    "(TypeError, ZeroDivisionError)",
    "ArithmeticError",
    "BaseException",
    "NameError",
]
RAISED = [
    "ValueError({int})",
    "KeyError({str})",
    "Odd({int}, hint={any})",
    "Low({int}, {list})",
    "ZeroDivisionError",
    "RuntimeError({str})",
    "ExceptionGroup('g', [ValueError({int}), KeyError({str})])",
    "ExceptionGroup('h', [Low({int}), ExceptionGroup('g', [ValueError(1), Odd(2, hint={int})])])",
]

# Every kind of pattern. What a subject is cannot be known: there are some for each kind of value.
PATTERNS = [
    "int(i)",
    "[i, *ys]",
    "{'p': i, **t}",
    "str() as s",
    "(0 | 1 | 2) as j",
    "[]",
    "None",
    "Box(v=i)",
    "[i, [j, *_]]",
    "True | False as x",
    "-1 | Box.one | 3",
    "'p' | 'q' | ''",
    "Box(i) | Box(v=i, items=[])",
    "list([i, *_]) | tuple((_, i, *_))",
    "(list() | dict()) as x",
    "{'p': int() as i, 'q': (0 | 1 | 2) as j} | {'q': i, 'p': j}",
    "[*_, int(i), str() | int() | None as x]",
    "Exception(args=[i, *_])",
]

# (weight, construct, method), the simplest first.
SIMPLE: Rows = [
    (4, "activity", "expression"),
    (9, "assign", "assign"),
    (6, "log", "log"),
    (5, "augmented", "augmented"),
    (4, "store", "store"),
    (3, "unpack", "unpack"),
    (2, "chained_targets", "chained_targets"),
    (2, "del", "delete"),
    (2, "assert", "assertion"),
    (2, "mutate", "mutate"),
    (1, "annotated", "annotated"),
    (1, "global", "global_"),
    (1, "recursion", "recursion"),
    (1, "closure", "closure"),
    (1, "alias", "alias"),
]
LEAVING: Rows = [
    (3, "return", "return_"),
    (4, "raise", "raise_"),
    (2, "reraise", "reraise"),
    (1, "stray_raise", "stray_raise"),
    (4, "break", "break_"),
    (4, "continue", "continue_"),
]
COMPOUND: Rows = [
    (6, "if", "if_"),
    (5, "for", "for_"),
    (3, "while", "while_"),
    (8, "try", "try_"),
    (2, "except_star", "try_star"),
    (3, "with", "with_"),
    (1, "exit_stack", "exit_stack"),
    (2, "fibers", "fibers"),
    (2, "match", "match_"),
]


@dataclass(frozen=True)
class Place:
    """What stands around a statement."""

    loop: bool = False  # break and continue are legal
    loops: int = 0  # loops around; they multiply
    handler: bool = False
    final: bool = False  # in a finally
    depth: int = 0
    generator: bool = False  # of a generator: closing it must show nothing after it, and end it
    yields: bool = False  # `yield` may stand here
    guard: bool = False  # closing a generator that stands here shows
    star: bool = False  # in an `except*`
    values: bool = True  # `return` may have a value


def indented(lines: Iterable[str]) -> Lines:
    return [f"    {line}" for line in lines]


def spread(rows: Rows, without: frozenset[str]) -> list[tuple[str, str]]:
    return [(c, m) for weight, c, m in rows if c not in without for _ in range(weight)]


class Statements(Iteration):
    """The statement part of the generator."""

    simple: ClassVar[Rows] = SIMPLE
    compound: ClassVar[Rows] = COMPOUND

    def __init__(self, choose: Chooser, without: frozenset[str] = frozenset()) -> None:
        super().__init__(choose, without)
        self.budget = 0  # compound and leaving statements still to be written
        self.counters = 0
        self._simple = spread(self.rows("simple"), without)
        self._leaving = spread(LEAVING, without)
        self._compound = spread(self.rows("compound"), without)

    # -- blocks ------------------------------------------------------------------------------------

    def block(self, place: Place, most: int = 4) -> Lines:
        lines: Lines = []
        for _ in range(1 + self.choose.below(most)):
            lines += self.statement(place)
        if self.chance(3) and place.depth:
            lines += self.table_statement(self._leaving, place)
        return lines or ["pass"]

    def statement(self, place: Place) -> Lines:
        self.choose.opens()
        lines = self.any_statement(place)
        self.choose.closes()
        return lines

    def any_statement(self, place: Place) -> Lines:
        self.yields, self.guard = place.yields, place.guard
        if self.budget > 0 and place.depth < 4 and self.chance(2):
            self.budget -= 1
            return self.table_statement(self._compound, place)
        return self.table_statement(self._simple, place)

    def table_statement(self, table: list[tuple[str, str]], place: Place) -> Lines:
        if not table:
            return ["pass"]
        construct, method = table[self.choose.below(len(table))]
        self.growing = 0
        lines: Lines = getattr(self, method)(place)
        if not lines:
            return self.expression(place)
        self.used.add(construct)
        return lines

    # -- simple statements -------------------------------------------------------------------------

    def expression(self, place: Place) -> Lines:
        return [self.expr("any", 2)]

    def kind(self) -> str:
        return self.pick(["int", "list", "int", "dict", "str", "any"])

    def local(self, kind: str) -> str:
        names = LOCALS[kind] + (PARAMETERS[kind] if self.chance(3) else [])
        return self.pick(names)

    def assign(self, place: Place) -> Lines:
        kind = self.kind()
        if self.chance(12):
            return [f"err = {self.raised()}"]
        return [f"{self.local(kind)} = {self.stored(kind, 2)}"]

    def annotated(self, place: Place) -> Lines:
        return [f"{self.pick(LOCALS['int'])}: int = {self.stored('int')}"]

    def log(self, place: Place) -> Lines:
        return [f"log.append({self.stored('any', 2)})"]

    def alias(self, place: Place) -> Lines:
        kind = self.pick(["list", "dict"])
        return [f"{self.local(kind)} = {self.pick(self.names(kind))}"]

    def part(self) -> str:
        """A target that is no name: its container and index may suspend."""
        which = self.choose.below(4)
        if which == 0:
            return f"{self.pick(self.names('dict'))}[{self.key(1)}]"
        if which == 1:
            return f"{self.pick(self.names('list'))}[{self.index(1)}]"
        if which == 2:
            return self.pick(["box.v", "box.items[-1]"])
        return f"{self.container('dict')}[{self.key(1)}]"

    def store(self, place: Place) -> Lines:
        if self.chance(4) and self.use("slice"):
            return [f"{self.pick(self.names('list'))}[{self.slice(1)}] = {self.flat('list')}"]
        return [f"{self.part()} = {self.flat('int')}"]

    def flat(self, kind: str) -> str:
        """A value that may go into a container: no container can come to hold itself."""
        text = self.expr(kind, 2)
        return f"measure({text})" if kind == "int" else f"[measure({text})]"

    def target(self, depth: int = 1) -> str:
        """A target of any shape."""
        which = self.choose.below(6)
        if which < 3 or not depth:
            return self.local("int")
        if which == 3:
            return self.part()
        if which == 4:
            return f"({self.target(0)}, {self.target(0)})"
        return f"[{self.target(0)}, *{self.pick(LOCALS['list'])}]"

    def unpack(self, place: Place) -> Lines:
        count = 1 + self.choose.below(3)
        targets = [self.target() for _ in range(count)]
        values = [self.flat("list") if t[0] in "([" else self.flat("int") for t in targets]
        if self.chance(2):
            targets[self.choose.below(count)] = f"*{self.pick(LOCALS['list'])}"
        right = f"({', '.join(values)},)" if self.chance(2) else self.stored("list")
        return [f"{', '.join(targets)}{',' if count == 1 else ''} = {right}"]

    def chained_targets(self, place: Place) -> Lines:
        targets = [self.target(0) if self.chance(2) else self.part() for _ in range(2)]
        return [f"{' = '.join(targets)} = {self.flat('int')}"]

    def augmented(self, place: Place) -> Lines:
        if self.chance(4):
            return [f"{self.local('list')} += {self.flat('list')}"]
        target = self.part() if self.chance(2) else self.local("int")
        return [f"{target} {self.pick(['+=', '-=', '^=', '+=', '//='])} {self.flat('int')}"]

    def delete(self, place: Place) -> Lines:
        if self.chance(2):
            return [f"del {self.part()}"]
        names = [self.pick(LOCALS[self.pick(["int", "any", "list", "str"])]) for _ in range(2)]
        return [f"del {', '.join(names[: 1 + self.choose.below(2)])}"]

    def assertion(self, place: Place) -> Lines:
        message = f", {self.expr('any', 1)}" if self.chance(2) else ""
        return [f"assert {self.expr('bool', 2, strict=True)}{message}"]

    def mutate(self, place: Place) -> Lines:
        if self.chance(3):
            return [f"{self.pick(self.names('dict'))}.pop({self.expr('str', 1)}, None)"]
        return [
            f"{self.pick(self.names('list'))}.{self.pick(['append', 'remove'])}({self.flat('int')})"
        ]

    def global_(self, place: Place) -> Lines:
        if self.chance(2):
            return [f"G += {self.flat('int')}"]
        return [f"G = {self.flat('int')}", "log.append(G)"]

    def recursion(self, place: Place) -> Lines:
        if self.chance(2):
            return [f"{self.local('int')} = ping({self.site()}, {self.choose.below(4)}, log)"]
        return [f"{self.local('int')} = pong({self.site()}, {self.choose.below(4)}, log=log)"]

    def closure(self, place: Place) -> Lines:
        """Made before a suspension, called after it, sees what its variable holds then."""
        make = self.pick(
            [
                "f = lambda: (a, measure(b))",
                "f = lambda u=a: [u, a]",
                "f = lambda: [a + u for u in [1, 2]]",
            ]
        )
        return [make, f"a = {self.flat('int')}", "log.append(f())"]

    # -- leaving -----------------------------------------------------------------------------------

    def leaves(self, place: Place) -> bool:
        if place.final:
            return not place.generator and self.use("leave_in_finally")
        return True

    def return_(self, place: Place) -> Lines | None:
        if not self.leaves(place) or place.star:
            return None
        if not place.values:
            return ["return"]
        return [f"return {self.expr('any', 2)}"] if not self.chance(6) else ["return"]

    def raised(self) -> str:
        form = self.pick(RAISED)
        for kind in ("int", "str", "any", "list"):
            if "{" + kind + "}" in form:
                form = form.replace("{" + kind + "}", self.expr(kind, 1))
        return form

    def raise_(self, place: Place) -> Lines:
        if self.chance(6):
            return ["raise err"]
        cause = ""
        if self.chance(3) and self.use("raise_from"):
            cause = f" from {self.pick(['None', 'err', self.raised()])}"
        return [f"raise {self.raised()}{cause}"]

    def reraise(self, place: Place) -> Lines | None:
        return ["raise"] if place.handler else None

    def stray_raise(self, place: Place) -> Lines:
        return ["raise"]

    def break_(self, place: Place) -> Lines | None:
        return ["break"] if place.loop and self.leaves(place) else None

    def continue_(self, place: Place) -> Lines | None:
        return ["continue"] if place.loop and self.leaves(place) else None

    # -- compound statements -----------------------------------------------------------------------

    def under(self, place: Place, **changes: object) -> Place:
        return replace(place, depth=place.depth + 1, **changes)  # type: ignore[arg-type]

    def body(self, place: Place, most: int = 2) -> Lines:
        return indented(self.block(place, most))

    def if_(self, place: Place) -> Lines:
        inside = self.under(place)
        lines = [f"if {self.expr('bool', 2)}:", *self.body(inside)]
        while self.chance(4):
            lines += [f"elif {self.expr('bool', 2)}:", *self.body(inside)]
        if self.chance(2):
            lines += ["else:", *self.body(inside)]
        return lines

    def counter(self, letter: str = "w") -> str:
        self.counters += 1
        return f"{letter}{self.counters}"

    def loop_else(self, place: Place) -> Lines:
        if self.chance(3) and self.use("else_loop"):
            return ["else:", *self.body(self.under(place))]
        return []

    def while_(self, place: Place) -> Lines | None:
        if place.loops >= 2:
            return None
        inside = self.under(place, loop=True, loops=place.loops + 1)
        name, limit = self.counter(), 1 + self.choose.below(3)
        test = self.expr("bool", 2)
        if self.chance(3) and self.use("walrus"):
            head = [f"while {test} and ({name} := {name} + 1) <= {limit}:"]
        elif self.chance(3):
            head = ["while True:", f"    {name} += 1", f"    if {name} > {limit}:", "        break"]
        else:
            head = [f"while {name} < {limit} and {test}:", f"    {name} += 1"]
        return [f"{name} = 0", *head, *self.body(inside), *self.loop_else(place)]

    def for_(self, place: Place) -> Lines | None:
        if place.loops >= 2:
            return None
        inside = self.under(place, loop=True, loops=place.loops + 1)
        target, iterable, bounded = self.iteration()
        lines: Lines = []
        if not bounded:  # the body may change what the loop goes over
            name = self.counter()
            lines = [f"{name} += 1", f"if {name} > 4:", "    break"]
        head = [f"for {target} in {iterable}:", *indented(lines), *self.body(inside, 3)]
        return [*([] if bounded else [f"{name} = 0"]), *head, *self.loop_else(place)]

    def iteration(self) -> tuple[str, str, bool]:
        """A `for`'s target and iterable; and is it bounded whatever the body does?"""
        match self.choose.below(9):
            case 0:
                return self.local("int"), f"range({self.expr('int', 1)} % 4)", True
            case 1:
                return self.target(), f"cut({self.expr('list', 2)})[:3]", True
            case 2 if self.use("mutated_iter"):
                return self.local("int"), self.pick(self.names("list")), False
            case 3:
                return "i, x", f"enumerate({self.expr('list', 1)}, {self.expr('int', 1)})", False
            case 4:
                return "i, j", f"zip({self.expr('list', 1)}, {self.expr('list', 1)})", False
            case 5 if self.use("dict_iter"):
                view = self.pick(["", ".values()", ".keys()"])
                return "x", f"{self.pick(self.names('dict'))}{view}", False
            case 6 if self.use("dict_iter"):
                return "s, i", f"{self.pick(self.names('dict'))}.items()", False
            case 7:
                return "s", self.expr("str", 1), False
            case 8:
                return self.local("int"), f"reversed({self.expr('list', 1)})", False
        return self.local("int"), f"({self.expr('int', 1)}, {self.expr('int', 1)})", True

    def try_(self, place: Place) -> Lines:
        inside = self.under(place, guard=True)
        lines = ["try:", *self.trouble(), *self.body(inside, 3)]
        handlers = self.choose.below(3)
        for _ in range(handlers):
            lines += self.handler(place)
        if (not handlers and not self.chance(3)) or ("finally" in self.without and not handlers):
            lines += self.handler(place)
            handlers = 1
        if handlers and self.chance(3) and self.use("else_try"):
            lines += ["else:", *self.body(inside)]
        if "finally" not in self.without and (not handlers or self.chance(3)):
            self.use("finally")
            final = self.under(place, final=True, yields=False)
            lines += ["finally:", *self.body(final)]
            if self.chance(4):
                lines += indented(self.table_statement(self._leaving, replace(final, depth=0)))
        return lines

    def trouble(self) -> Lines:
        """The first statement of a `try`: at times one that likely raises."""
        if self.chance(3) and "boom" not in self.without:
            self.use("boom")
            return [f"    {self.local('int')} = {self.leaf_boom('int', 0)}"]
        return []

    def try_star(self, place: Place) -> Lines:
        """No `break`, `continue` or `return` may stand in an `except*`."""
        inside = self.under(place, guard=True)
        lines = ["try:", *self.trouble(), *self.body(inside, 2)]
        if self.chance(2):
            lines += [f"    raise {self.raised()}"]
        handled = self.under(place, guard=True, star=True, handler=True, loop=False)
        for _ in range(1 + self.choose.below(2)):
            name = self.pick(["", " as x", " as e"])
            lines += [f"except* {self.pick(EXCEPTIONS[: 9 if place.generator else 10])}{name}:"]
            if name and self.chance(2):
                lines += [f"    log.append({name[4:]})"]
            lines += self.body(handled)
        if self.chance(4):
            lines += ["finally:", *self.body(self.under(place, final=True, yields=False))]
        return lines

    def handler(self, place: Place) -> Lines:
        if place.handler:
            self.used.add("nested_handlers")
        name = self.pick(["", " as x", " as err", " as e"])
        caught = [e for e in EXCEPTIONS if not (place.generator and e == "BaseException")]
        lines = [f"except {self.pick(caught)}{name}:"]
        if name and self.chance(2):
            lines += [f"    log.append({name[4:]})"]
        if name == " as e" and self.chance(2):
            lines += ["    err = e"]
        return lines + self.body(self.under(place, handler=True, guard=True))

    def with_(self, place: Place) -> Lines:
        items = []
        for _ in range(1 + self.choose.below(2)):
            item, mode = self.manager(place)
            if self.chance(2) and self.use("with_targets"):
                item += (
                    " as (i, j)"
                    if mode == "pair"
                    else f" as {self.pick(['x', 'box.v', 'i', 'd[key(0)]'])}"
                )
            items.append(item)
        return [f"with {', '.join(items)}:", *self.body(self.under(place, guard=True), 3)]

    def manager(self, place: Place) -> tuple[str, str]:
        """A context manager and its mode; one that swallows may stand around no `yield`."""
        modes = ["plain", "plain", "pair", "enter", "exit", "swallow", "swallow"]
        mode = self.pick(modes[:5] if place.yields else modes)
        number = self.expr("int", 1)
        managers = ["Scope"]
        managers += ["Slow"] * self.use("slow_with") + ["managed"] * self.use("managed")
        return f"{self.pick(managers)}(log, {number}, '{mode}')", mode

    def exit_stack(self, place: Place) -> Lines:
        """Managers and callbacks that are entered one by one; most suspend when it is left."""
        if self.chance(4) and not place.yields:
            head = f"with contextlib.suppress({self.pick(EXCEPTIONS[:9])}):"
            return [head, *self.body(self.under(place, guard=True), 3)]
        name = self.counter("st")
        inside = self.under(place, guard=True)
        lines: Lines = []
        for _ in range(1 + self.choose.below(3)):
            match self.choose.below(4):
                case 0:
                    lines.append(f"x = {name}.enter_context({self.manager(place)[0]})")
                case 1:
                    lines.append(f"{name}.callback({self.suspending('int')}, {self.site()}, k=a)")
                case 2:
                    called = self.pick(["log.append", "measure", "ident"])
                    lines.append(f"{name}.callback({called}, {self.expr('any', 1)})")
                case 3:
                    lines += self.block(inside, 1)
        lines += self.block(inside, 2)
        return [f"with contextlib.ExitStack() as {name}:", *indented(lines)]

    some_await = False  # the program is one of coroutines, which have ways of their own

    def fibers(self, place: Place) -> Lines | None:
        """Calls beside each other, each of one activity: outside a run they are made in turn."""
        if self.some_await:
            return None
        self.yields = False
        count = 1 + self.choose.below(3)
        if self.chance(2):
            names = [self.counter("fi") for _ in range(count)]
            lines = [f"{name} = spawn({self.spawned()})" for name in names]
        else:
            names, lines = [f"lambda: {self.site_call()}" for _ in range(count)], []
        kept = ", ".join(names)
        match self.choose.below(4):
            case 0:
                lines.append(f"log.append(gather({kept}, return_exceptions=True))")
            case 1:
                lines.append(f"log.append(gather({kept}))")
            case 2:
                lines.append(f"log.append(race({kept}))")
            case 3 if lines:
                ends = [self.pick(["%s.result()", "%s.exception()"]) % name for name in names]
                lines.append(f"log.append(({', '.join(ends)}, {names[0]}.done()))")
            case _:
                lines.append(f"x, *ys = gather({kept})")
        return lines

    def spawned(self) -> str:
        """A function of one activity, and its arguments."""
        name = self.pick(["num", "boom", "seq", "fib"])
        more = "1" if name == "fib" else self.expr("int", 1)
        return f"{name}, {self.site()}, {more}"

    def site_call(self) -> str:
        """The call of one activity on what does not suspend."""
        return f"{self.pick(['num', 'boom', 'seq'])}({self.site()}, a)"

    def match_(self, place: Place) -> Lines:
        inside = self.under(place)
        lines = [f"match {self.expr('any', 2)}:"]
        for _ in range(1 + self.choose.below(3)):
            pattern = self.pick(PATTERNS)
            guard = ""
            if self.chance(3) and self.use("match_guard"):
                guard = f" if {self.expr('bool', 2)}"
            lines += [f"    case {pattern}{guard}:", *indented(self.body(inside))]
        if self.chance(2):
            lines += ["    case _:", *indented(self.body(inside))]
        return lines
