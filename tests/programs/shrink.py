"""A failing list of choices -> a smaller one that still fails: drop chunks, then lower numbers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from tests.programs.chooser import ReplayChooser
from tests.programs.modules import Program, generate


def smaller(
    program: Program,
    fails: Callable[[Program], bool],
    *,
    without: Iterable[str] = (),
    seconds: float = 20,
) -> Program:
    """The smallest program found that still fails."""

    def used(choices: list[int]) -> list[int] | None:
        candidate = generate(ReplayChooser(choices), without)
        return list(candidate.choices) if fails(candidate) else None

    return generate(ReplayChooser(shrink(list(program.choices), used, seconds)), without)


def shrink(
    choices: list[int], fails: Callable[[list[int]], list[int] | None], seconds: float = 20
) -> list[int]:
    """Make `choices` smaller while `fails` answers with the choices that were really used."""
    deadline = time.monotonic() + seconds
    best = choices

    def attempt(candidate: list[int]) -> bool:
        nonlocal best
        if time.monotonic() > deadline or (len(candidate), candidate) >= (len(best), best):
            return False
        used = fails(candidate)
        if used is None or (len(used), used) >= (len(best), best):
            return False
        best = used
        return True

    changed = True
    while changed and time.monotonic() < deadline:
        before = best
        size = max(1, len(best) // 2)
        while size:
            at = len(best) - size
            while at >= 0:
                if not attempt(best[:at] + best[at + size :]):
                    attempt(best[:at] + [0] * size + best[at + size :])
                at = min(at, len(best)) - size
            size //= 2
        for at in range(len(best) - 1, -1, -1):
            if at < len(best) and best[at] > 0:
                attempt([*best[:at], best[at] // 2, *best[at + 1 :]])
        changed = best != before
    return best
