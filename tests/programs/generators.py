"""Choices -> generators: bodies that yield, and what is done with them.

A generator that is abandoned has its `finally` run by Python's garbage collector, at a time of its
own. So one in which closing shows (`guarded`: it yields within `try` or `with`) is always closed or
gone through to its end; and closing ends it: it neither yields in a `finally` nor catches
GeneratorExit.
"""

from __future__ import annotations

from typing import ClassVar

from tests.programs.expressions import Rows
from tests.programs.functions import Callee, Functions
from tests.programs.statements import Lines, Place, indented


class Generators(Functions):
    """Adds generators."""

    expressions: ClassVar[dict[str, Rows]] = {
        "int": [(1, "yield", "yield_expression")],
        "any": [(3, "yield", "yield_expression")],
        "list": [(1, "generator", "list_of_generator")],
    }
    simple: ClassVar[Rows] = [
        (2, "yield", "yield_statement"),
        (2, "generator", "generator_use"),
        (2, "generator_expression", "genexp_kept"),
    ]
    compound: ClassVar[Rows] = [(2, "generator", "generator_loop")]

    # -- in a generator ----------------------------------------------------------------------------

    def yield_expression(self, kind: str, depth: int) -> str | None:
        """Text of a `yield`; what it gives is what was sent."""
        if not self.yields:
            return None
        self.guarded |= self.guard
        return f"(yield {self.stored('any', depth)})"

    def yield_statement(self, place: Place) -> Lines | None:
        return self.yielding(place) if place.yields else None

    def yielding(self, place: Place) -> Lines:
        self.guarded |= place.guard
        form = self.choose.below(5)
        if form == 4 and not self.asynchronous and self.use("yield_from"):
            target = self.pick(["", "x = ", "log.append"])
            text = f"yield from {self.delegated()}"
            return [f"{target}(({text}))" if target == "log.append" else f"{target}{text}"]
        text = f"yield {self.stored('any', 2)}"
        self.used.add("yield")
        return [(text, f"x = {text}", f"log.append(({text}))", text, text)[form]]

    def delegated(self) -> str:
        """What `yield from` goes through."""
        callee = self.callee("generator")
        if callee is None:
            return self.few(1)
        self.guarded |= callee.guarded
        return self.call(callee)

    # -- uses --------------------------------------------------------------------------------------

    def generated(self, depth: int) -> str | None:
        callee = self.callee("generator", abandoned=True)
        return self.call(callee, depth) if callee else None

    def list_of_generator(self, kind: str, depth: int) -> str | None:
        callee = self.callee("generator")
        if callee is None:
            return None
        self.growing += 1
        return self.collected(self.call(callee, depth))

    def usage(self, callee: Callee, place: Place) -> Lines:
        if callee.kind != "generator":
            return super().usage(callee, place)
        match self.choose.below(5):
            case 4 if self.use("star_iterator"):
                return [f"x, *xs = {self.call(callee)}"]
            case 1:
                return self.stepped(callee, place)
            case 2:
                return self.loop_over(callee, place)
            case 3 if place.yields and not self.asynchronous:
                self.guarded |= callee.guarded or place.guard
                return [f"log.append((yield from {self.call(callee)}))"]
        return [f"log.append(list({self.call(callee)}))"]

    def generator_use(self, place: Place) -> Lines | None:
        callee = self.callee("generator")
        return self.usage(callee, place) if callee else None

    def closing(self, callee: Callee) -> tuple[Lines, str, Lines]:
        """Lines that bind a name to the generator; the name; the head of what closes it."""
        name = self.counter("it")
        if callee.guarded or self.chance(6):
            manager = self.pick(["Closing", "Closing", "contextlib.closing"])
            return [], name, [f"with {manager}({self.call(callee)}) as {name}:"]
        return [f"{name} = {self.call(callee)}"], name, []

    def stepped(self, callee: Callee, place: Place) -> Lines:
        """Take it step by step, and do other things in between."""
        lines, name, head = self.closing(callee)
        self.guard |= bool(head)
        steps: Lines = []
        for _ in range(1 + self.choose.below(4)):
            match self.choose.below(8):
                case 0 | 1 | 2:
                    default = ", 'end'" if self.chance(2) else ""
                    steps.append(f"log.append(next({name}{default}))")
                case 3:
                    steps.append(f"x = {name}.send({self.stored('any', 1)})")
                case 4:
                    steps.append(f"log.append({name}.throw({self.raised()}))")
                case 5:
                    steps.append(f"{name}.close()")
                case 6:
                    steps += [f"for i in {name}:", "    log.append(i)", "    break"]
                case 7:
                    steps.append(f"log.append({self.list_of(name)})")
            if self.chance(3):
                steps.append(f"{self.pick(['', 'x = '])}{self.leaf_call('int', 0)}")
        return [*lines, *head, *(indented(steps) if head else steps)]

    def list_of(self, name: str) -> str:
        texts = ["list(%s)", "sorted(map(measure, %s))", "list(zip('pq', %s))"]
        texts += ["dict(enumerate(%s))", "list(itertools.islice(%s, 2))", "sum(map(measure, %s))"]
        return self.pick(texts) % name if self.chance(2) else self.collected(name)

    def generator_loop(self, place: Place) -> Lines | None:
        callee = self.callee("generator")
        return self.loop_over(callee, place) if callee else None

    def loop_over(self, callee: Callee, place: Place) -> Lines | None:
        """A `for` over it, left half way at times."""
        if place.loops >= 2:
            return [f"log.append({self.collected(self.call(callee))})"]
        lines, name, head = self.closing(callee)
        guard = place.guard or bool(head)
        inside = self.under(place, loop=True, loops=place.loops + 1, guard=guard)
        loop = [f"for {self.target()} in {name}:", *self.body(inside, 2)]
        loop += self.loop_else(self.under(place, guard=guard))
        return [*lines, *head, *(indented(loop) if head else loop)]

    # -- generator expressions ---------------------------------------------------------------------

    def genexp_kept(self, place: Place) -> Lines:
        """A generator expression that is alive across suspensions."""
        name = self.counter("gx")
        self.yields = False
        lines = [f"{name} = ({self.genexp('int', 2)})"]
        if self.chance(2):
            lines.append(f"log.append(next({name}, 'end'))")
        if self.chance(2):
            lines.append(f"{self.pick(['a', 'i'])} = {self.flat('int')}")
        if self.chance(2):
            lines.append(f"log.append({self.list_of(name)})")
        return [*lines, f"log.append(list({name}))"]
