"""Choices -> functions and classes: helpers of the module, functions in functions, methods.

A function's body is made like `main`'s. It calls only functions that stand before it, or itself
with a smaller `k`, so every program ends. In a function within a function the names `a`, `b`, `c`,
`log` and `box` are those of the function around it, and what it binds of them is `nonlocal`.
"""

from __future__ import annotations

import symtable
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from tests.programs.chooser import Chooser
from tests.programs.expressions import LOCALS, PARAMETERS, Rows
from tests.programs.statements import Lines, Place, Statements, indented

OPEN = "log, box, a, b, c"  # the parameters of what stands at module level
FREE = ("a", "b", "c", "log", "box")


@dataclass
class Callee:
    """A function or class that may be called."""

    name: str
    kind: str  # "plain", "generator", "coroutine", "async_generator" or "class"
    open: bool  # takes OPEN; else an int, and things by keyword
    keyword: str = ""
    guarded: bool = False  # a generator: to close it shows, so it may not be abandoned
    left: int = 2  # how many more calls may be written


class Functions(Statements):
    """Adds functions and classes."""

    expressions: ClassVar[dict[str, Rows]] = {
        "int": [(2, "nested_call", "call_plain")],
        "list": [(1, "nested_call", "call_plain")],
        "any": [(2, "nested_call", "call_plain")],
    }
    simple: ClassVar[Rows] = [
        (1, "class", "object_made"),
        (1, "context_variable", "set_context"),
        (1, "lambda", "lambda_kept"),
    ]
    compound: ClassVar[Rows] = [(4, "nested", "nested"), (1, "nested_class", "nested_class")]

    def __init__(self, choose: Chooser, without: frozenset[str] = frozenset()) -> None:
        super().__init__(choose, without)
        self.arguments_of: list[str] = []  # parameters of the function, besides those of all
        self.callees: list[Callee] = []
        self.calls = 4  # how many more calls may be written in this function: they multiply
        self.level = 0  # functions around this one
        self.asynchronous = False  # the function being written is `async def`

    # -- calls -------------------------------------------------------------------------------------

    def callee(self, *kinds: str, abandoned: bool = False) -> Callee | None:
        """Choose something to call, if there is anything left; the last defined comes first."""
        fit = [
            callee
            for callee in reversed(self.callees)
            if callee.kind in kinds and callee.left > 0 and not (abandoned and callee.guarded)
        ]
        if not fit or self.calls <= 0:
            return None
        self.calls -= 1
        chosen = fit[self.choose.below(len(fit))]
        chosen.left -= 1
        return chosen

    def call(self, callee: Callee, depth: int = 1, name: str = "") -> str:
        """The call of a function or class, or of a method of the same parameters.

        It may stand in a comprehension's iterable.
        """
        with self.having(no_walrus=1):
            return self._call(callee, depth, name or callee.name)

    def _call(self, callee: Callee, depth: int, name: str) -> str:
        if callee.open:
            parts = [self.expr(kind, depth) for kind in ("int", "list", "dict")]
            if self.chance(3) and self.use("keywords"):
                parts[2] = f"c={parts[2]}"
            return f"{name}(log, box, {', '.join(parts)})"
        text = self.expr("int", depth)
        if callee.keyword and self.chance(2):
            text += f", {callee.keyword}={self.expr('int', depth)}"
        return f"{name}({text})"

    def call_plain(self, kind: str, depth: int) -> str | None:
        callee = self.callee("plain")
        return f"cut({self.call(callee, depth)})" if callee else None

    def names(self, kind: str) -> list[str]:
        return super().names(kind) + (self.arguments_of if kind in ("int", "any") else [])

    # -- bodies ------------------------------------------------------------------------------------

    def prologue(self, odds: int) -> Lines:
        """Bind most names, so that most programs get somewhere."""
        known: set[str] = set()
        lines = []
        with self.having(known=known):
            for kind in ("int", "list", "dict", "str", "any"):
                for name in LOCALS[kind]:
                    if self.choose.below(odds) > 0:  # 0, unbound, is the shorter program
                        self.growing = 0
                        value = self.leaf_call(kind, 0) if self.chance(2) else self.stored(kind, 1)
                        lines.append(f"{name} = {value}")
                        known.add(name)
        return lines if self.choose.below(odds) == 0 else [*lines, "err = Low('err')"]

    def opening(self) -> Lines:
        """Bind a few names; those that are not bound are not read."""
        assert self.known is not None
        lines = []
        for kind, name in (("int", "i"), ("list", "xs"), ("dict", "d"), ("any", "x")):
            if self.chance(3):
                lines.append(f"{name} = {self.stored(kind, 1)}")
                self.known.add(name)
        return lines

    def inside(self, kind: str, **more: Any) -> dict[str, Any]:
        """What is other in a function's body than around it."""
        return {
            "inner": [],
            "no_walrus": 0,
            "growing": 0,
            "awaits": kind in ("coroutine", "async_generator"),
            "asynchronous": kind in ("coroutine", "async_generator"),
            "yields": False,
            "guard": False,
            "guarded": False,
            "level": self.level + 1,
            "calls": 3,
            "callees": list(self.callees),
            "arguments_of": [],
            **more,
        }

    def place(self, kind: str) -> Place:
        yields = kind in ("generator", "async_generator")
        return Place(
            loops=1, depth=1, generator=yields, yields=yields, values=kind != "async_generator"
        )

    def body_of(self, kind: str, arguments: list[str], most: int = 3) -> tuple[Lines, bool]:
        """A body without its declarations; and is it a generator that may not be abandoned?"""
        changes = self.inside(
            kind, arguments_of=arguments, known=set(), budget=self.choose.below(3)
        )
        with self.having(**changes):
            place = self.place(kind)
            lines = self.opening()
            if place.yields:
                lines += self.yielding(place)
            lines += self.block(place, most)
            if place.yields and self.chance(2):
                lines += self.yielding(place)
            if place.values and not self.chance(4):
                self.yields = False
                lines.append(f"return {self.stored('any', 1)}")
            return lines, self.guarded

    def yielding(self, place: Place) -> Lines:
        """A statement that yields (for a subclass)."""
        raise NotImplementedError

    def declared(self, body: Lines, parameters: Iterable[str] = (), nested: bool = False) -> Lines:
        """A body with its declarations in front."""
        bound = bound_names(body)
        lines: Lines = []
        if "G" in bound:
            lines.append("global G")
        if nested and (outer := sorted(bound & set(FREE) - set(parameters))):
            lines.append(f"nonlocal {', '.join(outer)}")
        return [*lines, *body]

    # -- functions at module level -----------------------------------------------------------------

    def helper(self, kind: str) -> Lines:
        """A function of the module."""
        name = self.counter({"plain": "h", "generator": "g", "coroutine": "co"}.get(kind, "ag"))
        changes = self.inside(kind, known=None, budget=1 + self.choose.below(2))
        with self.having(**changes):
            place = self.place(kind)
            body = [*self.prologue(8), *(self.yielding(place) if place.yields else [])]
            body += self.block(place, 3)
            body += [f"log.append(('{name}', measure(b)))"]
            if place.yields:
                body += self.yielding(place)
            if place.values:
                self.yields = False
                body.append(f"return {self.expr('any', 2)}")
            guarded = self.guarded
        head = "async def" if kind in ("coroutine", "async_generator") else "def"
        lines = [f"{head} {name}({OPEN}):", *indented(self.declared(body)), "", ""]
        if kind == "plain" and self.chance(5) and self.use("decorator"):
            lines.insert(0, "@again")
        self.callees.append(Callee(name, kind, True, guarded=guarded))
        return lines

    # -- functions in functions --------------------------------------------------------------------

    def kinds(self) -> list[str]:
        found = ["plain", "plain", "generator"]
        if self.asynchronous:
            found += ["coroutine", "coroutine", "async_generator"]
        return [k for k in found if k == "plain" or k not in self.without]

    def nested(self, place: Place) -> Lines | None:
        """A function that shares the variables around it, and a use of it."""
        if self.level > 2:
            return None
        kind, name = self.pick(self.kinds()), self.counter("f")
        self.used |= {kind} - {"plain"}
        parameters, arguments, keyword = self.signature()
        own = ["a", "b"] if parameters.startswith("a") else ["u", "v"]
        again: Lines = []
        if kind in ("plain", "coroutine") and self.chance(4) and self.use("nested_recursion"):
            parameters, arguments, keyword, own = "u, k=2", ["u", "k"], "", []
            awaited = "await " if kind == "coroutine" else ""
            again = ["if k > 0:", f"    x = {awaited}{name}({self.leaf_literal('int', 0)}, k - 1)"]
        body, guarded = self.body_of(kind, arguments)
        shared: Lines = []
        if not again and self.chance(3) and self.use("nonlocal"):
            shared, body = [f"x = {self.stored('any', 1)}"], ["nonlocal x", *body]
        lines = self.decorators() if kind == "plain" else []
        head = "async def" if kind in ("coroutine", "async_generator") else "def"
        body = self.declared([*again, *body], own, nested=True)
        lines += [f"{head} {name}{self.generic()}({parameters}):", *indented(body)]
        callee = Callee(name, kind, False, keyword, guarded, left=3)
        self.callees.append(callee)
        return [*shared, *lines, *self.usage(callee, place)]

    def generic(self) -> str:
        """Type parameters, where Python has them; the choice is made everywhere."""
        found = self.pick(["", "", "", "", "[T]", "[T: int, *Ts, **P]"])
        return (
            found if sys.version_info >= (3, 12) and "type_parameters" not in self.without else ""
        )

    def signature(self) -> tuple[str, list[str], str]:
        """Parameters; those that hold ints; one that may be given by keyword."""
        match self.choose.below(5):
            case 1:
                return f"u, v={self.expr('int', 1)}", ["u", "v"], "v"
            case 2:
                return f"u, *more, v={self.expr('int', 1)}", ["u", "v"], "v"
            case 3:
                return "u, /, **named", ["u"], "v"
            case 4:
                return f"a, b={self.expr('list', 1)}", [], ""
        return "u", ["u"], ""

    def decorators(self) -> Lines:
        if not self.chance(4) or not self.use("decorator"):
            return []
        forms = ["@again", f"@tagged({self.expr('int', 1)})"]
        return [self.pick([*forms, *["@Counted"] * self.use("function_attribute")])]

    def usage(self, callee: Callee, place: Place) -> Lines:
        """Use what was just defined."""
        return [f"log.append(cut({self.call(callee)}))"]

    def lambda_kept(self, place: Place) -> Lines:
        """A lambda that suspends, is alive across suspensions, and is called more than once."""
        name = self.counter("k")
        parameters = self.pick(["u", "u, v=a", "u, *v", "u=3"])
        inner = ["u"] + ["v"] * ("v=" in parameters)
        lines = [f"{name} = lambda {parameters}: {self.lambda_body(','.join(inner), 'int', 2)}"]
        if self.chance(2):
            lines.append(f"a = {self.flat('int')}")
        one, two = self.expr("int", 1), self.expr("int", 0)
        return [*lines, f"log.append(({name}({one}), {name}({two})))"]

    def set_context(self, place: Place) -> Lines:
        return [f"VAR.set({self.flat('int')})"]

    # -- classes -----------------------------------------------------------------------------------

    def methods(self, is_open: bool) -> Lines:
        """A class's methods; `__init__` and those that Python calls suspend too."""
        parameters = OPEN if is_open else "u"
        arguments = [] if is_open else ["u"]
        own = OPEN.split(", ") if is_open else ["u"]
        one = "a" if is_open else "u"
        lines: Lines = []
        before = (f"super().__init__({one})", f"self.__own = {one}")
        for name, first, last in (
            ("__init__", before, ()),
            ("step", (), (f"return super().step({one}), self.__own",)),
            ("__call__", (f"self.__own = super().__call__({one})",), ("return self.__own",)),
        ):
            if name != "__init__" and self.chance(3):
                continue
            changes = self.inside("plain", arguments_of=arguments, known=set(), budget=1)
            with self.having(**changes):
                place = Place(loops=1, depth=1, values=name != "__init__")
                body = [*first, *self.opening(), *self.block(place, 2), *last]
            body = self.declared(body, own, nested=not is_open)
            lines += [f"def {name}(self, {parameters}):", *indented(body), ""]
        return lines

    def a_class(self, is_open: bool) -> tuple[Lines, Callee]:
        name = self.counter("K")
        lines = [f"class {name}{self.generic()}(Made):", *indented(self.methods(is_open))]
        callee = Callee(name, "class", is_open, left=2)
        self.callees.append(callee)
        return lines, callee

    def nested_class(self, place: Place) -> Lines | None:
        if self.level > 1:
            return None
        lines, callee = self.a_class(False)
        return [*lines, *self.object_(callee, place)]

    def object_made(self, place: Place) -> Lines | None:
        known = self.callee("class")
        return self.object_(known, place) if known else None

    def object_(self, callee: Callee, place: Place) -> Lines:
        """Make an object and use it."""
        name = self.counter("o")
        lines = [f"{name} = {self.call(callee)}"]
        for _ in range(1 + self.choose.below(3)):
            match self.choose.below(4):
                case 0:
                    lines.append(f"log.append({self.call(callee, 1, f'{name}.step')})")
                case 1:
                    method = f"{name}.__call__" if self.chance(4) else name
                    lines.append(f"log.append({self.call(callee, 1, method)})")
                case 2:
                    lines.append(f"log.append({self.collected(name)})")
                case 3:
                    lines.append(f"log.append({name}.fixed({self.expr('int', 1)}))")
        return lines


def bound_names(body: Lines) -> set[str]:
    """The names that a function's body makes local."""
    text = "\n".join(["async def f():", *indented(line for line in body if not _declares(line))])
    names = [*FREE, *(n for part in (LOCALS, PARAMETERS) for kind in part.values() for n in kind)]
    around = "\n".join([f"def f({', '.join(dict.fromkeys(names))}):", *indented(text.split("\n"))])
    table = symtable.symtable(around, "<body>", "exec").get_children()[0].get_children()[0]
    return {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned()}


def _declares(line: str) -> bool:
    return line.startswith(("nonlocal x", "global "))
