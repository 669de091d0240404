"""Kernels of plain Python inside workflows, beside the very same functions under CPython.

One process for each kernel: the compiled workflow and the plain function take turns, the order
changes, and each pair gives a ratio. A turn is short, for a shared machine is faster and slower
from second to second; there are many. What begins and ends a turn is measured with no work, and
taken off. The interpreter is driven directly, with no codec and no store: what is measured is the
code, and what it takes to enter it again.
"""

from __future__ import annotations

import gc
import importlib
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from perdure.runtime.compiling import image_of, program_of
from perdure.runtime.interpreter import Event, advance, begin
from perdure.runtime.program import Program

from .kernels import SHAPES
from .side import Measured, serve


def kernel(name: str, scale: float, pairs: int) -> Measured:
    """For each shape: CPU seconds compiled and plain, and the median of the pairs' ratios."""
    module = importlib.import_module(f"tests.benchmarks.kernels.{name}")
    work = max(1, int(module.WORK * scale))
    return {shape: _shape(getattr(module, shape), work, pairs) for shape in SHAPES}


def _shape(workflow: Callable[[int], Any], work: int, pairs: int) -> dict[str, float]:
    program = program_of(image_of(workflow), workflow)
    _compiled(program, 1)  # loaded, and warm, before anything is timed
    for _ in range(2):
        _compiled(program, work)
        workflow(work)
    gc.collect()
    gc.freeze()  # what is here already need not be looked through before each turn

    def turn(run: Callable[[int], Any], amount: int) -> tuple[float, Any]:
        gc.collect()
        began = time.process_time()
        value = run(amount)
        return time.process_time() - began, value

    def compiled(amount: int) -> Any:
        return _compiled(program, amount)

    order = [(compiled, work), (compiled, 0), (workflow, 0), (workflow, work)]
    ours, theirs = [], []
    for _ in range(pairs):
        took = {(run, amount): turn(run, amount) for run, amount in order}
        assert took[compiled, work][1] == took[workflow, work][1]
        ours.append(took[compiled, work][0] - took[compiled, 0][0])
        theirs.append(took[workflow, work][0] - took[workflow, 0][0])
        order.reverse()
    gc.unfreeze()
    ratio = median(a / b for a, b in zip(ours, theirs, strict=True))
    return {"perdure": median(ours), "cpython": median(theirs), "ratio": ratio}


def _compiled(program: Program, work: int) -> Any:
    state = begin(program, (work,), {})
    events: list[Event] = []
    while True:
        done = advance(program, state, events, now=0.0)
        if done.error is not None:
            raise done.error
        if done.ended:
            return done.value
        events = [Event(c.seq, c.options.call(*c.args, **c.kwargs)) for c in done.calls]


if __name__ == "__main__":
    serve({"kernel": kernel})
