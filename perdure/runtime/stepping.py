"""Machines for code that is in the middle of a block: nothing can leave the program there.

Native code steps a generator (`list(g)`, an event loop); the last reference to one goes.
"""

from __future__ import annotations

from typing import Any

from perdure.runtime.continuation import Fiber
from perdure.runtime.generators import Generator, Unclosed, unraisable
from perdure.runtime.machine import Machine
from perdure.runtime.ops import Raised, Returned
from perdure.runtime.program import Program
from perdure.runtime.steps import How, Yielded


def step_natively(
    program: Program, generator: Generator, action: Returned | Raised, how: How
) -> Returned | Raised | Yielded:
    """One step of a generator for code that is not compiled: nothing may leave the program."""
    machine = Machine(program)
    fiber = Fiber(-1, [])
    done = machine.settle(fiber, machine.resume(fiber, generator, action, how))
    assert done is not None
    return done


class Closing(Machine):
    """Closes a generator that nobody holds any more, where its last reference went.

    That is inside a block, so nothing can leave the program: the first effect is noted, for the run
    to do when the block has ended.
    """

    waiting: tuple[str, tuple[Any, ...]] | None = None

    def close(self, generator: Generator) -> Unclosed | None:
        """Close it; what is left to do if it would leave the program."""
        fiber = Fiber(-1, [])
        begun = self.resume(fiber, generator, Raised(GeneratorExit()), How.CLOSE)
        done = self.settle(fiber, begun)
        if done is None:
            assert self.waiting is not None
            return Unclosed(fiber, self.waiting)
        if isinstance(done, Raised):
            unraisable(done.error, generator)
        return None

    def _wait_for(self, effect: str, *args: Any) -> None:
        self.waiting = effect, args

    def schedule(self, fiber: Fiber, *args: Any) -> None:
        """An activity is called."""
        self._wait_for("schedule", *args)

    def sleep(self, fiber: Fiber, *args: Any) -> None:
        """`perdure.sleep` is called."""
        self._wait_for("sleep", *args)

    def spawn(self, fiber: Fiber, *args: Any) -> None:
        """`perdure.spawn` is called."""
        self._wait_for("spawn", *args)

    def wait(self, fiber: Fiber, *args: Any) -> None:
        """It waits for other fibers."""
        self._wait_for("wait", *args)
