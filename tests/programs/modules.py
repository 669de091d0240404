"""Choices -> the text of a module: one workflow `main(a, b, c)`, and helpers that suspend too."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.programs.chooser import Chooser, HypothesisChooser, RandomChooser
from tests.programs.coroutines import Coroutines
from tests.programs.expressions import KINDS
from tests.programs.prelude import prelude
from tests.programs.statements import LEAVING, Lines, Place, indented

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


@dataclass(frozen=True)
class Program:
    """A generated module: its text, the arguments for `main`, and what it is made of."""

    text: str
    args: tuple[object, ...]
    constructs: frozenset[str]
    choices: tuple[int, ...]  # what to shrink, and to make it again with a ReplayChooser

    def __str__(self) -> str:
        return f"{self.text}\n# main(*{self.args!r})"


class Generator(Coroutines):
    """One program in the making."""

    def main(self) -> Lines:
        kind = "coroutine" if self.some_await else "plain"
        budget = 2 + self.choose.below(5)
        with self.having(**self.inside(kind, level=1, calls=4, known=None, budget=budget)):
            body = [*self.prologue(15), *self.block(Place(), 7)]
            ending = (0, 2, 1, 2, 3, 1)[self.choose.below(6)]
            if ending == 0:
                body += ["return log, box.v, box.items, G"]
            elif ending == 1:
                final = f"    num({self.site()}, log, box.items)"
                body = ["try:", *indented(body), "finally:", final]
            elif ending == 2:
                body = ["try:", *indented(body), "except Exception as last:"]
                body += ["    log.append(last)", "return log, a, b, c, box.v, box.items, G"]
            else:
                body += [f"return {self.expr('any', 2)}, log"]
        start = ["global G", "G = 0", "log = []", "box = Box(a)"]
        if any("VAR" in line for line in body):
            start.append("VAR.set(0)")
        head = "async def" if self.some_await else "def"
        return ["@workflow", f"{head} main(a, b, c):", *indented([*start, *body])]

    def module(self) -> Program:
        lines: Lines = ["", ""]
        self.some_await = "coroutine" not in self.without and self.chance(3)
        kinds = ["plain", "plain", "generator"]
        if self.some_await:
            self.used.add("coroutine")
            kinds += ["coroutine", "coroutine", "async_generator"]
        kinds = [kind for kind in kinds if kind == "plain" or kind not in self.without]
        if "helper" not in self.without:
            for _ in range(self.choose.below(3)):
                lines += self.helper(self.pick(kinds))
                self.used.add("helper")
        if "class" not in self.without and self.chance(4):
            lines += [*self.a_class(True)[0], "", ""]
        lines += self.main()
        args = (
            self.choose.below(6),
            [0, 1, 2, 3][self.choose.below(2) : 4 - self.choose.below(3)],
            {"p": 1, "q": 2},
        )
        body = "\n".join(lines) + "\n"
        return Program(prelude(body) + body, args, frozenset(self.used), tuple(self.choose.made))


CONSTRUCTS = sorted(
    {row[1] for kind in KINDS for row in Generator.rows("expressions", kind)}
    | {row[1] for row in [*Generator.rows("simple"), *Generator.rows("compound"), *LEAVING]}
    | {"star_args", "keywords", "double_star", "star_display", "comprehension_walrus"}
    | {"else_loop", "finally", "else_try", "raise_from", "dict_iter", "mutated_iter", "helper"}
    | {"leave_in_finally", "with_targets", "nested_handlers", "match_guard", "slice", "await"}
    | {"slow_with", "managed", "activity_value", "nested_recursion", "nonlocal", "decorator"}
    | {"yield_from", "iterator", "star_iterator", "type_parameters", "function_attribute"}
)


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
