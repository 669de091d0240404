"""Choices -> expressions that go over things: generator expressions, and builtins given functions.

The functions are lambdas, activities and `functools.partial`; most of them suspend. What a lazy one
goes over is a copy, or a generator.
"""

from __future__ import annotations

from typing import ClassVar

from tests.programs.expressions import Expressions, Rows


class Iteration(Expressions):
    """Adds generator expressions and builtins."""

    expressions: ClassVar[dict[str, Rows]] = {
        "int": [(2, "builtin", "int_builtin"), (1, "context_variable", "int_context")],
        "list": [
            (3, "builtin", "list_builtin"),
            (2, "generator_expression", "list_generated"),
            (1, "lambda", "list_lambdas"),
        ],
        "dict": [(1, "generator_expression", "dict_generated")],
        "bool": [(2, "builtin", "bool_builtin")],
        "str": [(1, "join", "str_generated")],
    }

    def genexp(self, kind: str, depth: int) -> str:
        """A generator expression, without parentheses; `await` would make it another kind."""
        with self.having(awaits=False, no_walrus=1):
            return self.comprehension(kind, depth, second=self.chance(6))

    def few(self, depth: int) -> str:
        """Something short to go over."""
        match self.choose.below(7):
            case 3 if self.use("generator_expression"):
                return f"({self.genexp('int', depth)})"
            case 4:
                return f"map({self.function('q', depth)}, {self.copied(depth)})"
            case 5:
                return self.generated(depth) or self.copied(depth)
            case 6 if self.use("iterator"):
                return f"Steps({self.expr('int', depth)} % 4)"
        return self.copied(depth)

    def copied(self, depth: int) -> str:
        return f"cut({self.expr('list', depth)})[:3]"

    def generated(self, depth: int) -> str | None:
        """The call of a generator function that may be abandoned (for a subclass to say)."""
        return None

    def function(self, parameters: str, depth: int, kind: str = "int") -> str:
        """A function of so many parameters, that suspends as a rule."""
        which = self.choose.below(5)
        if which == 3:
            return f"functools.partial({self.suspending(kind)}, {self.site()})"
        if which == 4 and self.use("activity_value"):
            return self.suspending(kind)
        named = self.fresh(len(parameters.split(",")))
        return f"lambda {', '.join(named)}: {self.lambda_body(','.join(named), kind, depth)}"

    def fresh(self, count: int) -> list[str]:
        return [n for n in ("q", "r", "o", "l", "m", "n") if n not in self.inner][:count]

    # -- builtins ----------------------------------------------------------------------------------

    def int_builtin(self, kind: str, depth: int) -> str:
        self.growing += 1
        match self.choose.below(5):
            case 0:
                return f"sum(map(measure, {self.few(depth)}))"
            case 1:
                name = self.pick(["min", "max"])
                function = self.function("q", depth)
                return f"measure({name}({self.few(depth)}, key={function}, default=None))"
            case 2:
                function = self.function("q, r", depth)
                start = f", {self.expr('int', depth)}" if self.chance(2) else ""
                return f"functools.reduce({function}, {self.few(depth)}{start})"
            case 3:
                return f"next(({self.genexp('int', depth)}), {self.expr('int', depth)})"
        return f"max({self.expr('int', depth)}, {self.expr('int', depth)})"

    def list_builtin(self, kind: str, depth: int) -> str:
        self.growing += 1
        with self.having(no_walrus=1):
            return self._list_builtin(depth)

    def _list_builtin(self, depth: int) -> str:
        match self.choose.below(12):
            case 0:
                text = f"map({self.function('q', depth)}, {self.few(depth)})"
            case 1:
                text = f"map({self.function('q, r', depth)}, {self.few(depth)}, {self.few(depth)})"
            case 2:
                text = f"filter({self.function('q', depth, 'bool')}, {self.few(depth)})"
            case 3:
                reverse = f", reverse={self.expr('bool', depth)}" if self.chance(3) else ""
                return f"sorted({self.few(depth)}, key={self.function('q', depth)}{reverse})"
            case 4:
                text = f"zip({self.few(depth)}, {self.few(depth)})"
            case 5:
                text = f"enumerate({self.few(depth)}, {self.expr('int', depth)})"
            case 6:
                text = f"itertools.chain({self.few(depth)}, {self.few(depth)})"
            case 7:
                text = f"itertools.islice({self.few(depth)}, {self.pick(['2', '1, 3', '0'])})"
            case 8:
                name = self.pick(["takewhile", "dropwhile", "filterfalse"])
                function = self.function("q", depth, "bool")
                text = f"itertools.{name}({function}, {self.few(depth)})"
            case 9:
                start = f", initial={self.expr('int', depth)}" if self.chance(3) else ""
                function = self.function("q, r", depth)
                text = f"itertools.accumulate({self.few(depth)}, {function}{start})"
            case 10:
                pairs = f"zip({self.few(depth)}, {self.few(depth)})"
                text = f"itertools.starmap({self.function('q, r', depth)}, {pairs})"
            case _:
                text = f"itertools.pairwise({self.few(depth)})"
        return self.collected(text)

    def collected(self, text: str) -> str:
        """What an iterator gives, which may suspend, in a list or tuple."""
        forms = ["list(%s)", "tuple(%s)", "[q for q in %s]"]
        if self.chance(2) and self.use("star_iterator"):
            forms = ["[*%s]", "(*%s, 0)", "[0, *%s]", "ident(*%s)"]
        return self.pick(forms) % text

    def bool_builtin(self, kind: str, depth: int) -> str:
        name = self.pick(["any", "all"])
        if self.chance(2):
            return f"{name}({self.genexp('bool', depth)})"
        return f"{name}(map({self.function('q', depth, 'bool')}, {self.few(depth)}))"

    # -- generator expressions ---------------------------------------------------------------------

    def list_generated(self, kind: str, depth: int) -> str:
        name = self.pick(["list", "sorted", "tuple", "list"])
        return f"{name}({self.genexp('int', depth)})"

    def dict_generated(self, kind: str, depth: int) -> str:
        with self.having(yields=False, awaits=False, no_walrus=1):
            name, text = self.clause(depth)
            with self.having(inner=[*self.inner, name]):
                return f"dict(({self.expr('str', depth)}, {self.expr('int', depth)}){text})"

    def str_generated(self, kind: str, depth: int) -> str:
        return f"'-'.join({self.genexp('str', depth)})"

    def list_lambdas(self, kind: str, depth: int) -> str:
        """Lambdas that share a comprehension's variable, called when it has its last value."""
        with self.having(yields=False, awaits=False, no_walrus=1):
            name, text = self.clause(depth)
            with self.having(inner=[*self.inner, name]):
                body = self.lambda_body("", "int", depth)
                share = self.pick([f"({name}, {body})", body])
        return f"[k() for k in [lambda: {share}{text}]]"

    def int_context(self, kind: str, depth: int) -> str:
        return "VAR.get()"
