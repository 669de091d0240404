"""Choices -> the text of an expression, usually of a wanted kind, with suspensions anywhere in it.

Three rules keep programs small and comparable:

* What grows is cut: an expression that reads two or more names, or multiplies, counts as growing,
  and the statement that stores it wraps it in `cut(...)`.
* A comprehension or lambda reads only names that are always bound (an unbound free variable has
  another text, and another class, from one Python version to the next).
* No literal is subscripted, called or compared by `is` (SyntaxWarning).

What a subclass adds to the tables it lists in class attributes of the same names (`rows`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

from tests.programs.chooser import Chooser

KINDS = ("int", "list", "dict", "str", "bool", "any")

# Which names usually hold which kind. Parameters are always bound; the rest may not be.
PARAMETERS = {
    "int": ["a"],
    "list": ["b"],
    "dict": ["c"],
    "str": [],
    "bool": [],
    "any": ["a", "b", "c"],
}
LOCALS = {
    "int": ["i", "j"],
    "list": ["xs", "ys"],
    "dict": ["d", "t"],
    "str": ["s"],
    "bool": ["i"],
    "any": ["x", "y"],
}
# Activities that are `async def` too, under their name with an `a` in front.
AWAITABLE = frozenset({"num", "seq", "flag", "boom"})
SUSPENDING = {"int": "num", "list": "seq", "dict": "tab", "str": "txt", "bool": "flag"}

# kind -> (weight, construct, method), the simplest first; `leaf_` methods also end the recursion.
Rows = list[tuple[int, str, str]]
TABLE: dict[str, Rows] = {
    "int": [
        (2, "literal", "leaf_literal"),
        (5, "name", "leaf_name"),
        (8, "activity", "leaf_call"),
        (4, "operator", "int_operator"),
        (1, "unary", "int_unary"),
        (1, "boom", "leaf_boom"),
        (3, "subscript", "int_subscript"),
        (1, "attribute", "int_attribute"),
        (2, "plain_call", "int_plain"),
        (1, "recursion", "leaf_fib"),
        (1, "method", "int_method"),
        (2, "conditional", "conditional"),
        (2, "walrus", "walrus"),
        (2, "short_circuit", "short_circuit"),
        (1, "lambda", "int_lambda"),
        (4, "activity", "rich_call"),
    ],
    "list": [
        (3, "literal", "leaf_literal"),
        (5, "name", "leaf_name"),
        (5, "activity", "leaf_call"),
        (4, "display", "list_display"),
        (2, "operator", "list_operator"),
        (2, "slice", "list_slice"),
        (3, "comprehension", "list_comprehension"),
        (1, "set_display", "list_sorted_set"),
        (1, "nested_comprehension", "list_nested_comprehension"),
        (1, "attribute", "list_attribute"),
        (1, "recursion", "list_twice"),
        (1, "walrus", "walrus"),
        (1, "conditional", "conditional"),
        (2, "activity", "rich_call"),
        (1, "plain_call", "list_ident"),
    ],
    "dict": [
        (3, "literal", "leaf_literal"),
        (5, "name", "leaf_name"),
        (4, "activity", "leaf_call"),
        (4, "display", "dict_display"),
        (2, "comprehension", "dict_comprehension"),
        (1, "conditional", "conditional"),
        (1, "walrus", "walrus"),
    ],
    "str": [
        (3, "literal", "leaf_literal"),
        (3, "name", "leaf_name"),
        (4, "activity", "leaf_call"),
        (5, "fstring", "str_fstring"),
        (2, "operator", "str_operator"),
        (2, "activity", "leaf_key"),
    ],
    "bool": [
        (1, "literal", "leaf_literal"),
        (6, "activity", "leaf_call"),
        (3, "comparison", "bool_comparison"),
        (4, "chained_comparison", "bool_chained"),
        (3, "short_circuit", "short_circuit"),
        (2, "unary", "bool_not"),
        (2, "membership", "bool_membership"),
        (1, "identity", "bool_identity"),
        (2, "walrus", "walrus"),
        (1, "comprehension", "bool_comprehension"),
    ],
    "any": [
        (2, "name", "leaf_name"),
        (3, "activity", "leaf_call"),
        (4, "operator", "any_other"),
        (2, "display", "any_tuple"),
        (1, "plain_call", "any_current"),
    ],
}


@dataclass
class Expressions:
    """The expression part of the generator; subclasses add statements, functions and so on."""

    expressions: ClassVar[dict[str, Rows]] = TABLE

    choose: Chooser
    without: frozenset[str] = frozenset()
    used: set[str] = field(default_factory=set)
    sites: int = 0  # activity calls written so far; each has its number, so that order shows
    growing: int = 0  # see the module's head; reset by each statement
    inner: list[str] = field(default_factory=list)  # names bound by comprehensions around
    awaits: bool = False  # `await` may stand here
    yields: bool = False  # `yield` may stand here
    guard: bool = False  # ... within a `try` or `with`, so that closing the generator shows
    guarded: bool = False  # such a yield was written
    no_walrus: int = 0  # > 0: in a comprehension's iterable, or a lambda
    known: set[str] | None = None  # if given, the only local names that may be read yet

    def __post_init__(self) -> None:
        self._all: dict[str, list[str]] = {}
        self._leaves: dict[str, list[str]] = {}
        self._owner: dict[str, str] = {}
        for kind in KINDS:
            rows = [row for row in self.rows("expressions", kind) if row[1] not in self.without]
            self._all[kind] = [m for weight, _, m in rows for _ in range(weight)]
            leaves = [(w, m) for w, _, m in rows if m.startswith("leaf_")]
            self._leaves[kind] = [m for weight, m in leaves for _ in range(weight)]
            self._owner.update((method, construct) for _, construct, method in rows)

    @classmethod
    def rows(cls, table: str, kind: str | None = None) -> Rows:
        """A table's rows, those of the base classes first."""
        found: Rows = []
        for base in reversed(cls.__mro__):
            part: Any = vars(base).get(table, ())
            found += part if kind is None else dict(part).get(kind, ())
        return found

    @contextmanager
    def having(self, **attributes: Any) -> Iterator[None]:
        """Other attributes for a while: within a lambda, a function, a comprehension."""
        before = {name: getattr(self, name) for name in attributes}
        vars(self).update(attributes)
        try:
            yield
        finally:
            vars(self).update(before)

    # -- choosing ----------------------------------------------------------------------------------

    def chance(self, one_in: int) -> bool:
        return self.choose.below(one_in) == one_in - 1

    def pick(self, options: Iterable[str] | list[str]) -> str:
        options = list(options)
        return options[self.choose.below(len(options))]

    def use(self, construct: str) -> bool:
        """May this construct be written? Counts it as used."""
        if construct in self.without:
            return False
        self.used.add(construct)
        return True

    def site(self) -> int:
        self.sites += 1
        return self.sites

    # -- entry -------------------------------------------------------------------------------------

    def expr(self, kind: str, depth: int = 2, *, strict: bool = False) -> str:
        """The text of an expression, safe as an operand; at times of another kind if not strict."""
        self.choose.opens()
        text = self._expr(kind, depth, strict)
        self.choose.closes()
        return text

    def _expr(self, kind: str, depth: int, strict: bool) -> str:
        if not strict and self.chance(60):
            kind = KINDS[self.choose.below(len(KINDS))]
        methods = (self._all if depth > 0 else self._leaves)[kind]
        method = methods[self.choose.below(len(methods))]
        text = getattr(self, method)(kind, depth - 1)
        if text is None:
            return self.leaf_literal(kind, 0)
        self.used.add(self._owner[method])
        return text

    def stored(self, kind: str, depth: int = 2) -> str:
        """An expression to keep in a name: cut if it could grow."""
        before, self.growing = self.growing, 0
        text = self.expr(kind, depth)
        text = f"cut({text})" if self.growing > 1 else text
        self.growing = before
        return text

    # -- leaves ------------------------------------------------------------------------------------

    def leaf_literal(self, kind: str, depth: int) -> str:
        match kind:
            case "int":
                return str(self.choose.below(5))
            case "list":
                return self.pick(["[]", "[1, 2]", "[3]", "[0, 1, 2]"])
            case "dict":
                return self.pick(["{}", "{'p': 1}", "{'q': 2, 'p': 0}"])
            case "str":
                return self.pick(["'p'", "'q'", "'r'", "''", "'uvw'"])
            case "bool":
                return self.pick(["False", "True"])
        return "None"

    def names(self, kind: str) -> list[str]:
        if self.inner:
            return PARAMETERS[kind] + (self.inner if kind in ("int", "any") else [])
        if self.known is not None:
            return PARAMETERS[kind] + [name for name in LOCALS[kind] if name in self.known]
        return PARAMETERS[kind] + LOCALS[kind]

    def leaf_name(self, kind: str, depth: int) -> str | None:
        names = self.names(kind)
        self.growing += 1
        return self.pick(names) if names else None

    def suspending(self, kind: str) -> str:
        return SUSPENDING.get(kind) or SUSPENDING[self.pick(SUSPENDING)]

    def leaf_call(self, kind: str, depth: int) -> str | None:
        name, grown = self.suspending(kind), self.growing
        site = self.site()
        seen = self.pick(["", *self.names("int"), *self.names("list"), *self.names("any")])
        self.growing = grown
        return self.act(name, f"{site}, {seen}" if seen else f"{site}")

    def act(self, name: str, arguments: str) -> str:
        """The call of an activity; where `await` may stand, at times of its `async def` twin."""
        if self.awaits and name in AWAITABLE and self.chance(2) and self.use("await"):
            return f"(await a{name}({arguments}))"
        return f"{name}({arguments})"

    def leaf_boom(self, kind: str, depth: int) -> str | None:
        return self.act("boom", f"{self.site()}, {self.pick(self.names('int'))}")

    def leaf_key(self, kind: str, depth: int) -> str | None:
        return f"key({self.site()}, {self.pick(self.names('int'))})"

    def leaf_fib(self, kind: str, depth: int) -> str | None:
        return f"fib({self.site()}, {self.choose.below(4)})"

    # -- calls -------------------------------------------------------------------------------------

    def arguments(self, depth: int) -> str:
        """Positional, starred, keyword and double-starred arguments, in an order Python allows."""
        parts = []
        for _ in range(self.choose.below(3)):
            if self.chance(3) and self.use("star_args"):
                parts.append(f"*{self.expr('list', depth)}")
            else:
                parts.append(self.expr("any" if self.chance(2) else "int", depth))
        keywords = ["k", "m"]
        while keywords and self.chance(3) and self.use("keywords"):
            parts.append(f"{keywords.pop(0)}={self.expr('int', depth)}")
            if self.chance(4) and self.use("star_args"):
                parts.append(f"*{self.expr('list', depth)}")
        if self.chance(5) and self.use("double_star"):
            parts.append(f"**{self.expr('dict', depth)}")
        return ", ".join(parts)

    def rich_call(self, kind: str, depth: int) -> str | None:
        grown, name, site = self.growing, self.suspending(kind), self.site()
        text = self.act(name, f"{site}, {self.arguments(depth)}")
        self.growing = grown
        return text

    def int_plain(self, kind: str, depth: int) -> str:
        function, kind = self.pick(["measure", "len"]), self.pick(["list", "str", "dict"])
        return f"{function}({self.expr(kind, depth)})"

    def list_ident(self, kind: str, depth: int) -> str:
        return f"ident({self.arguments(depth)})"

    def list_twice(self, kind: str, depth: int) -> str | None:
        return f"twice({self.site()}, {self.arguments(depth)})"

    def int_method(self, kind: str, depth: int) -> str | None:
        if self.chance(3):
            return f"box.chain({self.site()}, {self.choose.below(3)}).v"
        return f"box.bump({self.site()}, {self.expr('int', depth)})"

    def int_lambda(self, kind: str, depth: int) -> str:
        """A closure made before a suspension and called after it."""
        body = self.lambda_body("u", "int", depth)
        return f"(lambda u, v={self.expr('int', 0)}: ({body}, u, v))({self.expr('int', depth)})[1]"

    def lambda_body(self, parameters: str, kind: str, depth: int) -> str:
        """What a lambda gives; it may suspend."""
        inner = [*self.inner, *parameters.replace(",", " ").split()]
        with self.having(inner=inner, no_walrus=1, awaits=False, yields=False):
            return self.expr(kind, depth)

    # -- operators ---------------------------------------------------------------------------------

    def int_operator(self, kind: str, depth: int) -> str:
        operator = self.pick(["+", "-", "*", "+", "-", "&", "^", "//", "%"])
        self.growing += operator == "*"
        right = self.expr("int", depth)
        if operator in ("//", "%") and not self.chance(4):
            right = f"({right} or 7)"
        return f"({self.expr('int', depth)} {operator} {right})"

    def int_unary(self, kind: str, depth: int) -> str:
        if self.chance(3):
            return f"(~measure({self.expr('int', depth)}))"  # `~` on a bool warns from 3.12 on
        return f"({self.pick('-+')}{self.expr('int', depth)})"

    def list_operator(self, kind: str, depth: int) -> str:
        if self.chance(4):
            self.growing += 2
            return f"({self.expr('list', depth)} * {self.expr('int', 0)})"
        return f"({self.expr('list', depth)} + {self.expr('list', depth)})"

    def str_operator(self, kind: str, depth: int) -> str:
        return f"({self.expr('str', depth)} + {self.expr('str', depth)})"

    def any_other(self, kind: str, depth: int) -> str:
        return self.expr(self.pick(["int", "list", "dict", "str", "bool"]), depth)

    def any_tuple(self, kind: str, depth: int) -> str:
        parts = [self.item(depth) for _ in range(self.choose.below(3))]
        return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"

    def any_current(self, kind: str, depth: int) -> str:
        return "current()"

    def conditional(self, kind: str, depth: int) -> str:
        chosen, test = self.expr(kind, depth), self.expr("bool", depth)
        return f"({chosen} if {test} else {self.expr(kind, depth)})"

    def short_circuit(self, kind: str, depth: int) -> str:
        operands = [self.expr(kind, depth) for _ in range(2 + self.choose.below(2))]
        words = [self.pick(["and", "or"]) for _ in operands[1:]]
        rest = "".join(
            f" {word} {operand}" for word, operand in zip(words, operands[1:], strict=True)
        )
        return f"({operands[0]}{rest})"

    def walrus(self, kind: str, depth: int) -> str | None:
        if self.no_walrus:
            return None
        if self.inner and not self.use("comprehension_walrus"):
            return None
        targets = (PARAMETERS[kind] if self.chance(4) else []) or LOCALS[kind]
        return f"({self.pick(targets)} := {self.stored(kind, depth)})"

    def bool_not(self, kind: str, depth: int) -> str:
        return f"(not {self.expr('bool', depth)})"

    def bool_comparison(self, kind: str, depth: int) -> str:
        operator = self.pick(["<", ">=", "==", "!=", "<="])
        return f"({self.expr('int', depth)} {operator} {self.expr('int', depth)})"

    def bool_chained(self, kind: str, depth: int) -> str:
        text = self.expr("int", depth)
        for _ in range(2 + self.choose.below(2)):
            text += f" {self.pick(['<', '<=', '!=', '>', '=='])} {self.expr('int', depth)}"
        return f"({text})"

    def bool_membership(self, kind: str, depth: int) -> str:
        word = self.pick(["in", "not in"])
        if self.chance(2):
            return f"({self.expr('str', depth)} {word} {self.expr('dict', depth)})"
        return f"({self.expr('int', depth)} {word} {self.expr('list', depth)})"

    def bool_identity(self, kind: str, depth: int) -> str:
        if self.chance(2):
            return f"({self.pick(self.names('any'))} is not None)"
        return f"same({self.pick(self.names('list'))}, {self.pick(self.names('list'))})"

    # -- parts of things ---------------------------------------------------------------------------

    def int_subscript(self, kind: str, depth: int) -> str | None:
        if self.chance(2):
            container, index = self.container("dict"), self.key(depth)
        else:
            container, index = self.container("list"), self.index(depth)
        return f"{container}[{index}]" if container else None

    def container(self, kind: str) -> str | None:
        """Something that may be subscripted without a SyntaxWarning."""
        if kind == "list" and self.chance(5):
            return "box.items"
        return self.leaf_call(kind, 0) if self.chance(4) else self.leaf_name(kind, 0)

    def key(self, depth: int) -> str:
        """A key that dicts often have."""
        if self.chance(6):
            return self.expr("str", depth)
        return self.pick(["'p'", "'q'"]) if self.chance(4) else f"key({self.site()})"

    def index(self, depth: int) -> str:
        if self.chance(3):
            return self.pick(["0", "-1", "1", "0", "-1", "3"])
        return f"{self.expr('int', depth)} % 3"

    def slice(self, depth: int) -> str:
        parts = [self.expr("int", depth) if self.chance(2) else "" for _ in range(2)]
        step = f":{self.pick(['1', '-1', '2'])}" if self.chance(4) else ""
        return f"{parts[0]}:{parts[1]}{step}"

    def list_slice(self, kind: str, depth: int) -> str | None:
        container = self.container("list")
        return f"{container}[{self.slice(depth)}]" if container else None

    def int_attribute(self, kind: str, depth: int) -> str:
        return "box.v"

    def list_attribute(self, kind: str, depth: int) -> str:
        self.growing += 1
        return "box.items"

    # -- displays ----------------------------------------------------------------------------------

    def item(self, depth: int) -> str:
        if self.chance(5) and self.use("star_display"):
            return f"*{self.expr('list', depth)}"
        return self.expr(self.pick(["int", "int", "any"]), depth)

    def list_display(self, kind: str, depth: int) -> str:
        return f"[{', '.join(self.item(depth) for _ in range(1 + self.choose.below(3)))}]"

    def list_sorted_set(self, kind: str, depth: int) -> str:
        if self.chance(2) and self.use("comprehension"):
            return f"sorted({{{self.comprehension('int', depth)}}})"
        parts = [self.expr("int", depth) for _ in range(1 + self.choose.below(3))]
        if self.chance(3) and self.use("star_display"):
            parts.append(f"*{self.expr('list', depth)}")
        return f"sorted({{{', '.join(parts)}}})"

    def dict_display(self, kind: str, depth: int) -> str:
        parts = []
        for _ in range(1 + self.choose.below(3)):
            if self.chance(5) and self.use("star_display"):
                parts.append(f"**{self.expr('dict', depth)}")
            else:
                parts.append(f"{self.expr('str', depth)}: {self.expr('int', depth)}")
        return f"{{{', '.join(parts)}}}"

    # -- comprehensions ----------------------------------------------------------------------------

    def clause(self, depth: int) -> tuple[str, str]:
        """` for q in iterable if condition` and the name it binds."""
        name = next(n for n in ("q", "r", "o", "l", "m") if n not in self.inner)
        self.no_walrus += 1
        text = (
            f" for {name} in cut({self.expr('list', depth)})[:3]"  # a copy: the body may change it
        )
        self.no_walrus -= 1
        return name, text

    def comprehension(self, kind: str, depth: int, second: bool = False) -> str:
        with self.having(yields=False):
            return self._comprehension(kind, depth, second)

    def _comprehension(self, kind: str, depth: int, second: bool) -> str:
        name, text = self.clause(depth)
        bound = [name]
        self.inner.append(name)
        if self.chance(2):
            text += f" if {self.expr('bool', depth)}"
        if second:
            name, more = self.clause(depth)
            self.inner.append(name)
            bound.append(name)
            text += more
            if self.chance(3):
                text += f" if {self.expr('bool', depth)}"
        if kind == "dict":
            element = f"{self.expr('str', depth)}: {self.expr('int', depth)}"
        else:
            element = self.expr(kind, depth)
        del self.inner[-len(bound) :]
        self.growing += 1
        return element + text

    def list_comprehension(self, kind: str, depth: int) -> str:
        return f"[{self.comprehension(self.pick(['int', 'any']), depth)}]"

    def list_nested_comprehension(self, kind: str, depth: int) -> str:
        return f"[{self.comprehension('int', depth, second=True)}]"

    def dict_comprehension(self, kind: str, depth: int) -> str:
        return f"{{{self.comprehension('dict', depth)}}}"

    def bool_comprehension(self, kind: str, depth: int) -> str:
        return f"any([{self.comprehension('bool', depth)}])"

    # -- f-strings ---------------------------------------------------------------------------------

    def str_fstring(self, kind: str, depth: int) -> str:
        """Single quotes inside, double outside, and none within another (Python 3.11)."""
        text = ""
        for _ in range(1 + self.choose.below(2)):
            kind = self.pick(["int", "any", "str"])
            value = self.expr(kind, depth)
            if '"' in value:
                value = "s"
            form = self.pick(["", "!r", ":>4", "!s:<{w}", ":{w}"])
            if "{w}" in form:
                width = self.expr("int", depth)
                form = form.replace("{w}", "3" if '"' in width else f"{{({width}) % 9}}")
            text += f"{self.pick(['', '-', '{{'])}{{({value}){form}}}"
        return f'f"{text}"'
