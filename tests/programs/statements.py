"""Choices -> the text of a module with one workflow `main(a, b, c)`, and helpers that suspend too.

Loops end because each counts (`w1 += 1`) or goes over something cut; names come from a small pool,
so that they are bound again, deleted, or never bound; `log` and `box` show order and sharing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tests.programs.chooser import Chooser, HypothesisChooser, RandomChooser
from tests.programs.expressions import LOCALS, PARAMETERS, TABLE, Expressions
from tests.programs.prelude import prelude

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

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
]

# (weight, construct, method), the simplest first.
SIMPLE: list[tuple[int, str, str]] = [
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
LEAVING: list[tuple[int, str, str]] = [
    (3, "return", "return_"),
    (4, "raise", "raise_"),
    (2, "reraise", "reraise"),
    (1, "stray_raise", "stray_raise"),
    (4, "break", "break_"),
    (4, "continue", "continue_"),
]
COMPOUND: list[tuple[int, str, str]] = [
    (6, "if", "if_"),
    (5, "for", "for_"),
    (3, "while", "while_"),
    (8, "try", "try_"),
    (3, "with", "with_"),
    (2, "match", "match_"),
]
CONSTRUCTS = sorted(
    {row[1] for rows in (SIMPLE, LEAVING, COMPOUND, *TABLE.values()) for row in rows}
    | {"star_args", "keywords", "double_star", "star_display", "comprehension_walrus"}
    | {"else_loop", "finally", "else_try", "raise_from", "dict_iter", "mutated_iter", "helper_def"}
    | {"leave_in_finally", "with_targets", "nested_handlers", "match_guard"}
)


@dataclass(frozen=True)
class Place:
    """What stands around a statement."""

    loop: bool = False  # break and continue are legal
    loops: int = 0  # loops around; they multiply
    handler: bool = False
    final: bool = False  # in a finally
    depth: int = 0


@dataclass(frozen=True)
class Program:
    """A generated module: its text, the arguments for `main`, and what it is made of."""

    text: str
    args: tuple[object, ...]
    constructs: frozenset[str]
    choices: tuple[int, ...]  # what to shrink, and to make it again with a ReplayChooser

    def __str__(self) -> str:
        return f"{self.text}\n# main(*{self.args!r})"


def indented(lines: Iterable[str]) -> Lines:
    return [f"    {line}" for line in lines]


def spread(rows: list[tuple[int, str, str]], without: frozenset[str]) -> list[tuple[str, str]]:
    return [(c, m) for weight, c, m in rows if c not in without for _ in range(weight)]


class Generator(Expressions):
    """One program in the making."""

    def __init__(self, choose: Chooser, without: frozenset[str] = frozenset()) -> None:
        super().__init__(choose, without)
        self.budget = 0  # compound and leaving statements still to be written
        self.counters = 0
        self._simple = spread(SIMPLE, without)
        self._leaving = spread(LEAVING, without)
        self._compound = spread(COMPOUND, without)

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
        return [f"{self.local('int')}: int = {self.stored('int')}"]

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
            return self.use("leave_in_finally")
        return True

    def return_(self, place: Place) -> Lines | None:
        if not self.leaves(place):
            return None
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

    def counter(self) -> str:
        self.counters += 1
        return f"w{self.counters}"

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
        inside = self.under(place)
        if self.chance(3) and "boom" not in self.without:
            self.use("boom")
            lead = [f"    {self.local('int')} = {self.leaf_boom('int', 0)}"]
        else:
            lead = []
        lines = ["try:", *lead, *self.body(inside, 3)]
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
            lines += ["finally:", *self.body(self.under(place, final=True))]
            if self.chance(4):
                lines += indented(self.table_statement(self._leaving, replace(place, final=True)))
        return lines

    def handler(self, place: Place) -> Lines:
        if place.handler:
            self.used.add("nested_handlers")
        name = self.pick(["", " as x", " as err", " as e"])
        lines = [f"except {self.pick(EXCEPTIONS)}{name}:"]
        if name and self.chance(2):
            lines += [f"    log.append({name[4:]})"]
        if name == " as e" and self.chance(2):
            lines += ["    err = e"]
        return lines + self.body(self.under(place, handler=True))

    def with_(self, place: Place) -> Lines:
        items = []
        for _ in range(1 + self.choose.below(2)):
            mode = self.pick(["plain", "plain", "swallow", "swallow", "pair", "enter", "exit"])
            item = f"Scope(log, {self.expr('int', 1)}, '{mode}')"
            if self.chance(2) and self.use("with_targets"):
                item += (
                    " as (i, j)"
                    if mode == "pair"
                    else f" as {self.pick(['x', 'box.v', 'i', 'd[key(0)]'])}"
                )
            items.append(item)
        return [f"with {', '.join(items)}:", *self.body(self.under(place), 3)]

    def match_(self, place: Place) -> Lines:
        inside = self.under(place)
        lines = [f"match {self.expr('any', 2)}:"]
        for _ in range(1 + self.choose.below(3)):
            pattern = self.pick(
                [
                    "int(i)",
                    "[i, *ys]",
                    "{'p': i, **t}",
                    "str() as s",
                    "(0 | 1 | 2) as j",
                    "[]",
                    "None",
                    "Box(v=i)",
                    "[i, [j, *_]]",
                ]
            )
            guard = ""
            if self.chance(3) and self.use("match_guard"):
                self.quiet += 1  # a guard may not suspend
                self.no_walrus += 1
                guard = f" if {self.expr('bool', 2)}"
                self.no_walrus -= 1
                self.quiet -= 1
            lines += [f"    case {pattern}{guard}:", *indented(self.body(inside))]
        if self.chance(2):
            lines += ["    case _:", *indented(self.body(inside))]
        return lines

    # -- functions ---------------------------------------------------------------------------------

    def prologue(self, odds: int) -> Lines:
        """Bind most names, so that most programs get somewhere."""
        self.known = set()
        lines = []
        for kind in ("int", "list", "dict", "str", "any"):
            for name in LOCALS[kind]:
                if self.choose.below(odds) > 0:  # 0, unbound, is the shorter program
                    self.growing = 0
                    value = self.leaf_call(kind, 0) if self.chance(2) else self.stored(kind, 1)
                    lines.append(f"{name} = {value}")
                    self.known.add(name)
        self.known = None
        return lines if self.choose.below(odds) == 0 else [*lines, "err = Low('err')"]

    def helper(self, number: int) -> Lines:
        self.budget = 1 + self.choose.below(2)
        inside = Place(loops=1)
        body = [*self.prologue(8), *self.block(inside, 3)]
        name = f"h{number}"
        lines = [f"def {name}(log, box, a, b, c):", *indented(self.declared(body))]
        lines += [
            "    log.append(('" + name + "', measure(b)))",
            f"    return {self.expr('any', 2)}",
        ]
        self.helpers.append(name)
        return [*lines, "", ""]

    def declared(self, body: Lines) -> Lines:
        writes = any(line.lstrip().startswith("G ") for line in body)
        return ["global G", *body] if writes else body

    def main(self) -> Lines:
        self.budget = 2 + self.choose.below(5)
        body = [*self.prologue(15), *self.block(Place(), 7)]
        ending = (0, 2, 1, 2, 3, 1)[self.choose.below(6)]
        if ending == 0:
            body += ["return log, box.v, box.items, G"]
        elif ending == 1:
            body = ["try:", *indented(body), "finally:", f"    num({self.site()}, log, box.items)"]
        elif ending == 2:
            body = ["try:", *indented(body), "except Exception as last:", "    log.append(last)"]
            body += ["return log, a, b, c, box.v, box.items, G"]
        else:
            body += [f"return {self.expr('any', 2)}, log"]
        start = ["global G", "G = 0", "log = []", "box = Box(a)"]
        return ["@workflow", "def main(a, b, c):", *indented([*start, *body])]

    def module(self) -> Program:
        lines: Lines = ["", ""]
        if "helper" not in self.without:
            for number in range(self.choose.below(3)):
                lines += self.helper(number)
                self.used.add("helper_def")
        self.helper_calls = 3
        lines += self.main()
        args = (
            self.choose.below(6),
            [0, 1, 2, 3][self.choose.below(2) : 4 - self.choose.below(3)],
            {"p": 1, "q": 2},
        )
        body = "\n".join(lines) + "\n"
        return Program(prelude(body) + body, args, frozenset(self.used), tuple(self.choose.made))


def generate(choose: Chooser, without: Iterable[str] = ()) -> Program:
    """Make a program out of choices, using no construct named in `without`."""
    return Generator(choose, frozenset(without)).module()


def seeded(seed: int, without: Iterable[str] = ()) -> Program:
    """The program of a seed."""
    return generate(RandomChooser(seed), without)


def programs(without: Iterable[str] = ()) -> SearchStrategy[Program]:
    """A Hypothesis strategy of programs.

    Hypothesis can shrink them, but takes minutes; `shrink.smaller` takes seconds.
    """
    from hypothesis.strategies import SearchStrategy

    banned = frozenset(without)

    class Programs(SearchStrategy):  # type: ignore[type-arg]
        def do_draw(self, data: object) -> Program:
            return generate(HypothesisChooser(data), banned)

        def __repr__(self) -> str:
            return "programs()"

    return Programs()


__all__ = ["CONSTRUCTS", "Program", "generate", "programs", "seeded"]
