"""`perdure.gather` and `perdure.race`, in a run."""

from __future__ import annotations

from typing import Any

from perdure.runtime.fibers import ALL, FIRST, FIRST_ERROR, Fiber, spawn, wait_for_fibers


def gather_(*calls: Any, return_exceptions: bool = False) -> Any:
    """perdure.gather, in a run."""
    fibers = [c if isinstance(c, Fiber) else spawn(c) for c in calls]
    wait_for_fibers(fibers, ALL if return_exceptions else FIRST_ERROR)
    if return_exceptions:
        return [fiber.exception() or fiber.result() for fiber in fibers]
    for fiber in fibers:
        if fiber.done() and fiber.exception() is not None:
            fiber.result()
    return [fiber.result() for fiber in fibers]


def race_(*calls: Any) -> Any:
    """perdure.race, in a run."""
    if not calls:
        raise ValueError("race() takes one call or more")
    fibers = [c if isinstance(c, Fiber) else spawn(c) for c in calls]
    wait_for_fibers(fibers, FIRST)
    first = next(fiber for fiber in fibers if fiber.done())
    for fiber in fibers:
        if fiber is not first:
            fiber.cancel()
    return first.result()
