"""What calling an `async def` activity gives in a run: to the program, a coroutine."""

from __future__ import annotations

import inspect
import types
from typing import Any

from perdure.runtime.declare import running_block


class ActivityCall:
    """An activity that is `async def`, called in a coroutine: it is scheduled when awaited.

    To the program it is the coroutine that the call natively gives.
    """

    def __init__(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.function = function
        self.args = args
        self.kwargs = kwargs
        self.steps: Any = None
        self.ended = False
        self.__name__ = function.__name__
        self.__qualname__ = function.__qualname__

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        """What isinstance() and the inspect module take it for."""
        return types.CoroutineType

    def __repr__(self) -> str:
        return f"<coroutine object {self.__qualname__} at {id(self):#x}>"

    def __await__(self) -> ActivitySteps:
        return ActivitySteps(self)

    def send(self, value: Any, /) -> Any:
        """Go on: first it is scheduled."""
        self._check()
        if self.steps is None:
            context = running_block.context
            assert context is not None
            self.steps = context.run.begin_call(self).__await__()
        try:
            return self.steps.send(value)
        except BaseException:
            self.ended = True
            raise

    def throw(self, kind: Any, value: Any = None, traceback: Any = None, /) -> Any:
        """Give up waiting, with an exception."""
        from perdure.runtime.steps import thrown

        self._check()
        self.ended = True
        raise thrown(kind, value, traceback)

    def close(self) -> None:
        """Give up waiting."""
        self.ended = True

    def begin(self) -> ActivityCall:
        """Be awaited, which only one may do, and once."""
        if self.steps is not None and not self.ended:
            raise RuntimeError("coroutine is being awaited already")
        return self

    def _check(self) -> None:
        if self.ended:
            raise RuntimeError("cannot reuse already awaited coroutine")

    @property
    def cr_running(self) -> bool:
        """It has no code that could execute now."""
        return False

    @property
    def cr_suspended(self) -> bool:
        """Whether it has begun and waits."""
        return self.steps is not None and not self.ended

    @property
    def cr_await(self) -> Any:
        """What it waits for."""
        return self.steps if self.cr_suspended else None

    @property
    def cr_frame(self) -> Any:
        """None when it has ended; it has no frame of Python's before."""
        return None if self.ended else self

    @property
    def cr_code(self) -> Any:
        """The function's code."""
        return inspect.unwrap(self.function).__code__

    @property
    def cr_origin(self) -> None:
        """Where it was made is not recorded."""
        return None


class ActivitySteps:
    """The same as an iterator: what its `__await__` gives."""

    def __init__(self, call: ActivityCall) -> None:
        self.call = call

    def __iter__(self) -> ActivitySteps:
        return self

    def __next__(self) -> Any:
        return self.call.send(None)

    def send(self, value: Any, /) -> Any:
        """Go on."""
        return self.call.send(value)

    def throw(self, *error: Any) -> Any:
        """Give up waiting, with an exception."""
        return self.call.throw(*error)

    def close(self) -> None:
        """Give up waiting."""
        self.call.close()


def reduce_call(call: ActivityCall, pickler: Any) -> tuple[Any, ...]:
    """An activity that has been called, and may be waited for."""
    return (called, (), vars(call), None, None, set_call)


def called() -> ActivityCall:
    """One without its state."""
    return ActivityCall.__new__(ActivityCall)


def set_call(call: ActivityCall, state: dict[str, Any]) -> None:
    """Put it in its state."""
    vars(call).update(state)


_kind, _noun = ActivityCall, "coroutine"  # what its type prints as
_kind.__module__, _kind.__name__, _kind.__qualname__ = "builtins", _noun, _noun


REDUCERS: dict[type, Any] = {ActivityCall: reduce_call}
