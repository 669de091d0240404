"""Choices -> coroutines: tasks, groups, timeouts, locks, queues, asynchronous generators.

No task is left running: what starts one waits for it, whatever happens. Nothing waits for ever:
where it could, a timeout stands around it. Tasks stand in lists, never in sets.
"""

from __future__ import annotations

from typing import ClassVar

from tests.programs.expressions import Rows
from tests.programs.functions import Callee
from tests.programs.generators import Generators
from tests.programs.statements import Lines, Place, indented

_ASYNC = "coroutine"


class Coroutines(Generators):
    """Adds what stands in `async def`."""

    expressions: ClassVar[dict[str, Rows]] = {
        "int": [(1, _ASYNC, "call_coroutine")],
        "any": [(3, _ASYNC, "call_coroutine"), (1, "gather", "gathered")],
        "list": [(2, "gather", "gathered"), (1, "async_generator", "list_of_async")],
    }
    simple: ClassVar[Rows] = [
        (1, "sleep", "sleep"),
        (1, "async_generator", "async_generator_use"),
    ]
    compound: ClassVar[Rows] = [
        (2, "task", "task"),
        (2, "gather", "gather_all"),
        (2, "task_group", "task_group"),
        (2, "timeout", "timeout"),
        (1, "lock", "locked"),
        (1, "queue", "queued"),
        (1, "condition", "conditioned"),
        (1, "wait", "waited"),
        (1, "as_completed", "completed"),
        (1, "event", "signalled"),
        (2, "async_with", "async_with"),
        (2, "async_generator", "async_loop"),
    ]

    # -- awaitables --------------------------------------------------------------------------------

    def awaitable(self, depth: int = 1) -> str:
        """Something to await or to make a task of."""
        callee = self.callee("coroutine")
        if callee is not None and not self.chance(4):
            return self.call(callee, depth)
        if self.chance(4):
            return f"asyncio.sleep({self.delay()}, {self.expr('int', depth)})"
        name = self.pick(["anum", "aseq", "aboom", "aflag"])
        return f"{name}({self.site()}, {self.expr('int', depth)})"

    def delay(self) -> str:
        return self.pick(["0", "1", "0.3", "2.1"])

    def call_coroutine(self, kind: str, depth: int) -> str | None:
        callee = self.callee("coroutine") if self.awaits else None
        return f"cut(await {self.call(callee, depth)})" if callee else None

    def gathered(self, kind: str, depth: int) -> str | None:
        if not self.awaits:
            return None
        some = ", ".join(self.awaitable(depth) for _ in range(1 + self.choose.below(3)))
        return f"(await asyncio.gather({some}, return_exceptions=True))"

    def list_of_async(self, kind: str, depth: int) -> str | None:
        if not self.awaits:
            return None
        callee = self.callee("async_generator")
        if callee is None:
            return None
        self.growing += 1
        return f"[q async for q in {self.call(callee, depth)}]"

    # -- statements --------------------------------------------------------------------------------

    def sleep(self, place: Place) -> Lines:
        if self.awaits:
            return [f"await asyncio.sleep({self.delay()})"]
        return [f"sleep({self.delay()})"] if not self.some_await else []

    def task(self, place: Place) -> Lines | None:
        """A task that is asked, cancelled, awaited."""
        if not self.awaits:
            return None
        name = self.counter("t")
        lines = [f"{name} = asyncio.create_task({self.awaitable()})", "try:"]
        for _ in range(1 + self.choose.below(3)):
            match self.choose.below(6):
                case 0:
                    lines.append(f"    x = await {name}")
                case 1:
                    lines.append("    await asyncio.sleep(0)")
                case 2:
                    lines.append(f"    log.append({name}.cancel({self.pick(['', repr('why')])}))")
                case 3:
                    lines.append(f"    log.append(({name}.done(), {name}.cancelled()))")
                case 4:
                    lines.append(f"    log.append(await asyncio.shield({name}))")
                case 5:
                    lines += indented(self.block(self.under(place, guard=True), 1))
        return [*lines, "finally:", *indented(self.ended(f"asyncio.gather({name}"))]

    def ended(self, gather: str) -> Lines:
        return [f"log.append(await {gather}, return_exceptions=True))"]

    def started(self, adds: str) -> Lines:
        return [adds % self.awaitable() for _ in range(1 + self.choose.below(3))]

    def gather_all(self, place: Place) -> Lines | None:
        """Tasks that go on when the first of them fails."""
        if not self.awaits:
            return None
        name = self.counter("ts")
        lines = self.started(f"{name}.append(asyncio.create_task(%s))")
        lines.append(f"log.append(await asyncio.gather(*{name}))")
        lines += self.block(self.under(place, guard=True), 1)
        final = self.ended(f"asyncio.gather(*{name}")
        return [f"{name} = []", "try:", *indented(lines), "finally:", *indented(final)]

    def task_group(self, place: Place) -> Lines | None:
        if not self.awaits:
            return None
        group, name = self.counter("tg"), self.counter("ts")
        lines = self.started(f"{name}.append({group}.create_task(%s))")
        lines += self.block(self.under(place, guard=True), 2)
        return [
            f"{name} = []",
            f"async with asyncio.TaskGroup() as {group}:",
            *indented(lines),
            f"log.append([t.result() for t in {name}])",
        ]

    def timeout(self, place: Place) -> Lines | None:
        if not self.awaits:
            return None
        if self.chance(3):
            return [f"log.append(await asyncio.wait_for({self.awaitable()}, {self.delay()}))"]
        body = [f"await asyncio.sleep({self.delay()})"] if self.chance(2) else []
        body += self.block(self.under(place, guard=True), 2)
        return [f"async with asyncio.timeout({self.delay()}):", *indented(body)]

    def waited(self, place: Place) -> Lines | None:
        """Tasks of which the first is waited for, or the first that fails, or for some time."""
        if not self.awaits:
            return None
        name, done = self.counter("ts"), self.counter("dn")
        when = self.pick(["ALL_COMPLETED", "FIRST_COMPLETED", "FIRST_EXCEPTION"])
        more = f", timeout={self.delay()}" if self.chance(3) else ""
        lines = self.started(f"{name}.append(asyncio.create_task(%s))")
        lines += [
            f"{done}, _ = await asyncio.wait({name}, return_when=asyncio.{when}{more})",
            f"log.append([t in {done} for t in {name}])",
        ]
        lines += self.block(self.under(place, guard=True), 1)
        final = self.ended(f"asyncio.gather(*{name}")
        return [f"{name} = []", "try:", *indented(lines), "finally:", *indented(final)]

    def completed(self, place: Place) -> Lines | None:
        """Tasks in the order in which they end; the loop may be left early."""
        if not self.awaits or place.loops >= 2:
            return None
        name, one = self.counter("ts"), self.counter("t")
        more = f", timeout={self.delay()}" if self.chance(3) else ""
        inside = self.under(place, loop=True, loops=place.loops + 1, guard=True)
        lines = self.started(f"{name}.append(asyncio.create_task(%s))")
        lines.append(f"for {one} in asyncio.as_completed({name}{more}):")
        lines += indented([f"log.append(await {one})", *self.block(inside, 2)])
        final = self.ended(f"asyncio.gather(*{name}")
        return [f"{name} = []", "try:", *indented(lines), "finally:", *indented(final)]

    def workers(self, place: Place, head: str, bodies: list[Lines]) -> Lines | None:
        """Coroutines that share something, all at once; none may wait for ever."""
        lines, calls = [head], []
        for given in bodies:
            name = self.counter("f")
            body, _ = self.body_of("coroutine", ["u"], 1)
            body = self.declared([*given, *indented(body)], ["u"], nested=True)
            lines += [f"async def {name}(u):", *indented(body)]
            calls += [f"{name}({n})" for n in range(1 + self.choose.below(2))]
        return [
            *lines,
            f"async with asyncio.timeout({self.pick(['9', '9', '0.5'])}):",
            f"    log.append(await asyncio.gather({', '.join(calls)}, return_exceptions=True))",
        ]

    def locked(self, place: Place) -> Lines | None:
        if not self.awaits or self.level > 1:
            return None
        name = self.counter("lk")
        kind = self.pick(["Lock()", "Semaphore(1)", "Lock()", "Semaphore(2)"])
        bodies = [[f"async with {name}:"] for _ in range(1 + self.choose.below(2))]
        return self.workers(place, f"{name} = asyncio.{kind}", bodies)

    def queued(self, place: Place) -> Lines | None:
        if not self.awaits or self.level > 1:
            return None
        name = self.counter("qu")
        put = [f"for i in {self.few(1)}:", f"    await {name}.put(i)", "else:"]
        put.append(f"    await {name}.put(None)")
        take = [f"while (x := await {name}.get()) is not None:", "    log.append(x)"]
        head = f"{name} = asyncio.Queue({self.choose.below(3)})"
        return self.workers(place, head, [put, take])

    def conditioned(self, place: Place) -> Lines | None:
        if not self.awaits or self.level > 1:
            return None
        name = self.counter("cd")
        wait = [f"async with {name}:", f"    log.append(await {name}.wait())"]
        if self.chance(2):
            wait[1] = f"    log.append(await {name}.wait_for(lambda: box.items))"
        tell = [f"async with {name}:", f"    {name}.notify_all()"]
        return self.workers(place, f"{name} = asyncio.Condition()", [wait, tell])

    def signalled(self, place: Place) -> Lines | None:
        if not self.awaits or self.level > 1:
            return None
        name = self.counter("ev")
        wait = [f"if await {name}.wait():"]
        tell = [f"log.append({name}.is_set())", f"{name}.set()", "if u:"]
        return self.workers(place, f"{name} = asyncio.Event()", [wait, tell])

    def async_with(self, place: Place) -> Lines | None:
        if not self.awaits:
            return None
        modes = ["plain", "plain", "pair", "enter", "exit", "swallow", "swallow"]
        mode = self.pick(modes[:5] if place.yields else modes)
        item = f"{self.pick(['ASlow', 'amanaged'])}(log, {self.expr('int', 1)}, '{mode}')"
        if self.chance(2):
            item += " as (i, j)" if mode == "pair" else " as x"
        return [f"async with {item}:", *self.body(self.under(place, guard=True), 3)]

    # -- asynchronous generators -------------------------------------------------------------------

    def usage(self, callee: Callee, place: Place) -> Lines:
        if callee.kind == "coroutine":
            if self.chance(3):
                more = f"{self.call(callee)}, {self.awaitable()}, return_exceptions=True"
                return [f"log.append(await asyncio.gather({more}))"]
            return [f"log.append(cut(await {self.call(callee)}))"]
        if callee.kind == "async_generator":
            return self.async_usage(callee, place)
        return super().usage(callee, place)

    def async_generator_use(self, place: Place) -> Lines | None:
        callee = self.callee("async_generator") if self.awaits else None
        return self.async_usage(callee, place) if callee else None

    def async_usage(self, callee: Callee, place: Place) -> Lines:
        match self.choose.below(3):
            case 1:
                return self.async_stepped(callee, place)
            case 2:
                return self.async_over(callee, place)
        return [f"log.append([q async for q in {self.call(callee)}])"]

    def async_closing(self, callee: Callee) -> tuple[Lines, str, Lines]:
        name = self.counter("it")
        if callee.guarded or self.chance(6):
            return [], name, [f"async with contextlib.aclosing({self.call(callee)}) as {name}:"]
        return [f"{name} = {self.call(callee)}"], name, []

    def async_stepped(self, callee: Callee, place: Place) -> Lines:
        lines, name, head = self.async_closing(callee)
        self.guard |= bool(head)
        steps: Lines = []
        for _ in range(1 + self.choose.below(4)):
            match self.choose.below(6):
                case 0 | 1:
                    default = ", 'end'" if self.chance(2) else ""
                    steps.append(f"log.append(await anext({name}{default}))")
                case 2:
                    steps.append(f"x = await {name}.asend({self.stored('any', 1)})")
                case 3:
                    steps.append(f"log.append(await {name}.athrow({self.raised()}))")
                case 4:
                    steps.append(f"await {name}.aclose()")
                case 5:
                    steps.append(f"log.append([q async for q in {name}])")
            if self.chance(3):
                steps.append(f"{self.pick(['', 'x = '])}{self.leaf_call('int', 0)}")
        return [*lines, *head, *(indented(steps) if head else steps)]

    def async_loop(self, place: Place) -> Lines | None:
        callee = self.callee("async_generator") if self.awaits else None
        return self.async_over(callee, place) if callee else None

    def async_over(self, callee: Callee, place: Place) -> Lines:
        if place.loops >= 2:
            return [f"log.append([q async for q in {self.call(callee)}])"]
        lines, name, head = self.async_closing(callee)
        guard = place.guard or bool(head)
        inside = self.under(place, loop=True, loops=place.loops + 1, guard=guard)
        loop = [f"async for {self.target()} in {name}:", *self.body(inside, 2)]
        loop += self.loop_else(self.under(place, guard=guard))
        return [*lines, *head, *(indented(loop) if head else loop)]
