"""Concurrency for plain (sync) code: `spawn`, `gather` and `race`.

In a run each is a fiber: a stack of frames of its own, which waits by itself while others go on.
Fibers of a run take turns, so what they share needs no locks; one goes on until it waits. Outside a
run the functions are called one after the other, where they are spawned.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Generic, ParamSpec, TypeVar, cast

from perdure.runtime.declare import bypassed, running_block
from perdure.runtime.failures import link_to, put_on

P = ParamSpec("P")
R = TypeVar("R")

ALL, FIRST, FIRST_ERROR = "all", "first", "first error"


class Cancelled(BaseException):
    """Raised in a fiber where it waits, when it is cancelled."""


class Fiber(Generic[R]):
    """A call that `spawn` has begun: a handle on its outcome."""

    def __init__(self, id: int) -> None:
        self.id = id
        self._done = False
        self._value: Any = None
        self._error: BaseException | None = None

    def __repr__(self) -> str:
        return f"<Fiber {self.id} {'done' if self._done else 'running'}>"

    def done(self) -> bool:
        """Whether it has ended."""
        return self._done

    def result(self) -> R:
        """What the call gave, waited for if need be; raises what it raised."""
        if not self._done:
            raise bypassed("perdure's", Fiber.result)
        if self._error is not None:
            raise self._error
        return cast(R, self._value)

    def exception(self) -> BaseException | None:
        """What the call raised, waited for if need be; None if it gave a value."""
        if not self._done:
            raise bypassed("perdure's", Fiber.exception)
        return self._error

    def cancel(self) -> bool:
        """Have `Cancelled` raised where it waits; False if it has ended."""
        context = running_block.context
        if self._done or context is None:
            return False
        context.run.cancel(self)
        return True

    def settle(self, value: Any, error: BaseException | None) -> None:
        """For the interpreter: it has ended."""
        self._done, self._value, self._error = True, value, error


def spawn(function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Fiber[R]:
    """Begin `function(*args, **kwargs)` beside the caller; `result()` of what it gives waits."""
    if running_block.context is not None:
        raise bypassed("perdure's", spawn)
    fiber: Fiber[R] = Fiber(0)
    handled = sys.exception()
    try:
        fiber.settle(function(*args, **kwargs), None)
    except BaseException as error:
        if handled is not None and (first := link_to(handled, error)) is not None:
            put_on(first, "__context__", None)  # the caller's handler is not the fiber's
        fiber.settle(None, error)
    return fiber


def gather(*calls: Fiber[Any] | Callable[[], Any], return_exceptions: bool = False) -> list[Any]:
    """The results of several calls that are made beside each other, in the order given.

    Each is a function without arguments (a lambda, say) or a `Fiber`. The first exception is
    raised at once and the others go on; with `return_exceptions` it stands among the results.
    """
    if running_block.context is not None:
        raise bypassed("perdure's", gather)
    fibers = [c if isinstance(c, Fiber) else spawn(c) for c in calls]
    if not return_exceptions:
        return [fiber.result() for fiber in fibers]
    return [fiber.exception() or fiber.result() for fiber in fibers]


def race(*calls: Fiber[Any] | Callable[[], Any]) -> Any:
    """The result (or the exception) of whichever call ends first; the others are cancelled."""
    if not calls:
        raise ValueError("race() takes one call or more")
    if running_block.context is not None:
        raise bypassed("perdure's", race)
    first = calls[0]
    return (first if isinstance(first, Fiber) else spawn(first)).result()


def wait_for_fibers(fibers: list[Fiber[Any]], until: str) -> None:
    """Wait until all fibers have ended, the first has, or the first has raised."""
    if any(not fiber.done() for fiber in fibers):
        raise bypassed("perdure's", wait_for_fibers)


def is_over(fibers: list[Fiber[Any]], until: str) -> bool:
    """Whether a wait for fibers has come to its end."""
    if until == FIRST:
        return any(fiber.done() for fiber in fibers)
    if until == FIRST_ERROR and any(f.done() and f.exception() is not None for f in fibers):
        return True
    return all(fiber.done() for fiber in fibers)
