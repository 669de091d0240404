"""Runs that wait for what cannot come: their tasks, or fibers, wait for each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from perdure.runtime.continuation import Continuation
from perdure.runtime.declare import DurabilityError
from perdure.runtime.program import Program


def deadlock(program: Program, state: Continuation) -> DurabilityError | None:
    """What is wrong with a run that has gone on as far as it could, and waits; None if nothing.

    A run hears of nothing but its activities and its timers. Python itself would wait for ever.
    """
    if state.start is not None or state.is_waiting():
        return None
    places = list(dict.fromkeys(_places(program, state)))
    more = f"; and {len(places) - 5} more" if len(places) > 5 else ""
    return DurabilityError(
        "the run waits for what cannot come: no activity of it is executing and no timer is set. "
        f"It stands at {'; '.join(places[:5]) or 'no place of its own'}{more}"
    )


def _places(program: Program, state: Continuation) -> Iterator[str]:
    for fiber in state.fibers.values():
        yield from _place(program, fiber.stack)
    for task in getattr(state.loop, "tasks", ()):
        frames = []
        coroutine = task.get_coro()
        while coroutine is not None:
            coroutine = getattr(coroutine, "generator", coroutine)  # a step of an async generator
            if (frame := getattr(coroutine, "frame", None)) is None:
                break
            frames.append(frame)
            coroutine = coroutine.delegate
        yield from _place(program, frames)


def _place(program: Program, frames: list[Any]) -> Iterator[str]:
    """The innermost place in code of the project's."""
    files = {module.name: module.path for module in program.image.modules}
    for index, number, *_ in reversed(frames):
        table = program.functions[index].table
        module, _, qualname = table.name.partition(":")
        if module in files:
            block = table.blocks[number]
            yield f"{block.label} in {qualname} ({files[module]}:{block.line})"
            return
