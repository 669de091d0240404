"""A step of a generator: who asks for it, what is thrown in, and the steps that are awaited.

`AsyncStep` is what `asend()`, `athrow()` and `aclose()` give. Awaited in compiled code the machine
drives it; native code drives it by its own methods. What may be done to it when, and what becomes
of the generator's yield and end, is here once for both (CPython's Objects/genobject.c).
"""

from __future__ import annotations

import copyreg
import sys
import warnings
from enum import IntEnum
from types import TracebackType
from typing import TYPE_CHECKING, Any

from perdure.runtime.failures import put_on
from perdure.runtime.ops import Raised, Returned

if TYPE_CHECKING:
    from perdure.runtime.generators import AsyncGenerator

# Since then a step that is closed reaches into its generator, and running is checked by throw().
_REACHING = sys.version_info >= (3, 13)
_WARNING = sys.version_info >= (3, 12)


class How(IntEnum):
    """What a step's yield and end mean to whoever asked for it."""

    NEXT = 0  # next(), send(), throw(): the end is StopIteration
    LOOP = 1  # a loop: the end is DONE
    DELEGATE = 2  # yield from, await: a yield goes further out, the end is the value
    CLOSE = 3  # close(): the end is expected
    ROOT = 4  # native code, or the event loop: a yield is `Yielded`


class Yielded:
    """What a generator gave to native code or to the event loop."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


def stop_iteration(value: Any) -> StopIteration:
    """What ends an iteration that has a value."""
    return StopIteration() if value is None else StopIteration(value)


class AsyncStep:
    """One step of an asynchronous generator, to be awaited."""

    __slots__ = ("args", "begun", "generator", "spent")

    def __init__(self, generator: AsyncGenerator, *args: Any) -> None:
        self.generator = generator
        self.args = args
        self.begun = False
        self.spent = False

    def __await__(self) -> AsyncStep:
        return self

    def __iter__(self) -> AsyncStep:
        return self

    def __next__(self) -> Any:
        return self.send(None)

    def begin(self, action: Returned | Raised) -> Returned | Raised:
        """What the generator is to be stepped with, given what this is stepped with.

        Raises what forbids it; a StopIteration if there is nothing to do.
        """
        if self.spent:
            raise RuntimeError(f"cannot reuse already awaited {self._family()}")
        if not self.begun:
            thrown_in = isinstance(action, Raised)
            if self.generator.busy and (_REACHING or not thrown_in):
                self._refused()
                raise RuntimeError(f"{self._name()}(): asynchronous generator is already running")
            if isinstance(action, Returned):
                action = self._first(action)
            self.begun = True
        self.generator.awaited, self.generator.busy = self, True
        return action

    def yielded(self, value: Any) -> Returned | Raised:
        """The generator has given an item."""
        self.generator.awaited, self.generator.busy = None, False
        self._over()
        return Returned(value)

    def ended(self, error: BaseException, *, settled: bool = False) -> Returned | Raised:
        """The generator has ended, with an exception: that of its end, as a rule."""
        self.generator.awaited, self.generator.busy = None, False
        self._over()
        if isinstance(error, StopAsyncIteration | GeneratorExit):
            self.generator.closed = True
        return Raised(error, settled=settled)

    def _family(self) -> str:
        return "__anext__()/asend()"

    def _name(self) -> str:
        return "anext"

    def _refused(self) -> None:
        """It was asked for while another step is awaited."""
        self.spent = _REACHING

    def _first(self, action: Returned) -> Returned | Raised:
        """The generator's action when this is sent something for the first time."""
        return Returned(self.args[0]) if action.value is None else action

    def _over(self) -> None:
        self.spent = True

    # For native code

    def send(self, value: Any, /) -> Any:
        """Go on, for native code."""
        return self._native(Returned(value))

    def throw(self, kind: Any, value: Any = None, traceback: Any = None, /) -> Any:
        """Go on with an exception, for native code."""
        return self._native(Raised(thrown(kind, value, traceback)))

    def _native(self, action: Returned | Raised) -> Any:
        generator = self.generator
        result = generator.step(generator, self.begin(action), How.ROOT)
        if isinstance(result, Yielded):
            return result.value
        if isinstance(result, Raised):
            raise result.error
        raise stop_iteration(result.value)

    def close(self) -> None:
        """Give the step up, for native code."""
        if self.gives_up():
            generator = self.generator
            result = generator.step(generator, self.begin(Raised(GeneratorExit())), How.CLOSE)
            if isinstance(result, Raised):
                raise result.error

    def gives_up(self) -> bool:
        """Whether closing this throws a GeneratorExit into the generator; else it only ends it."""
        if self.spent or _REACHING:
            return not self.spent
        self.spent = True
        return False

    def __repr__(self) -> str:
        return f"<{type(self).__name__} object at {id(self):#x}>"

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError(f"cannot pickle {type(self).__name__!r} object")  # only a run's codec can

    def __del__(self) -> None:
        if _REACHING and not (self.begun or self.spent) and self.generator.is_here():
            what, whose = self._method(), self.generator.__qualname__
            message = f"coroutine method {what!r} of {whose!r} was never awaited"
            warnings.warn(message, RuntimeWarning, stacklevel=2, source=self)

    def _method(self) -> str:
        return "asend"


class AsyncThrow(AsyncStep):
    """`athrow(…)`."""

    __slots__ = ("again",)

    def __init__(self, generator: AsyncGenerator, *args: Any) -> None:
        super().__init__(generator, *args)
        self.again = False

    def begin(self, action: Returned | Raised) -> Returned | Raised:
        """The same; an exception is thrown in when it begins."""
        self.again = self.begun
        return super().begin(action)

    def _family(self) -> str:
        return "aclose()/athrow()"

    def _name(self) -> str:
        return self._method()

    def _refused(self) -> None:
        self.spent = True

    def _first(self, action: Returned) -> Returned | Raised:
        if self.generator.spent:
            self.spent = True
            raise StopIteration
        if self.generator.closed:
            self.spent = True
            raise StopAsyncIteration
        if action.value is not None:
            raise RuntimeError("can't send non-None value to a just-started coroutine")
        try:
            return self._thrown()
        except BaseException:
            self.spent = True
            raise

    def _thrown(self) -> Raised:
        return Raised(thrown(*self.args))

    def yielded(self, value: Any) -> Returned | Raised:
        """The generator has gone on to an item; stepped again, this would go on to the next."""
        self.generator.awaited, self.generator.busy = None, False
        return Returned(value)

    def _over(self) -> None:
        self.spent = not self.again or _REACHING

    def _method(self) -> str:
        return "athrow"


class AsyncClose(AsyncThrow):
    """`aclose()`."""

    __slots__ = ()

    def _thrown(self) -> Raised:
        self.generator.closed = True
        return Raised(GeneratorExit())

    def yielded(self, value: Any) -> Returned | Raised:
        """The generator has given an item instead of its end."""
        self.generator.awaited, self.generator.busy = None, False
        self._over()
        return Raised(RuntimeError("async generator ignored GeneratorExit"))

    def ended(self, error: BaseException, *, settled: bool = False) -> Returned | Raised:
        """The generator has ended, as it should."""
        outcome = super().ended(error, settled=settled)
        expected = isinstance(error, StopAsyncIteration | GeneratorExit)
        return Returned(None) if expected else outcome

    def _over(self) -> None:
        self.spent = True

    def _method(self) -> str:
        return "aclose"


def thrown(kind: Any, value: Any = None, traceback: Any = None) -> BaseException:
    """The exception that `throw(kind, value, traceback)` raises."""
    error: BaseException
    if traceback is not None and not isinstance(traceback, TracebackType):
        raise TypeError("throw() third argument must be a traceback object")
    if isinstance(kind, BaseException):
        if value is not None:
            raise TypeError("instance exception may not have a separate value")
        error = kind
    elif isinstance(kind, type) and issubclass(kind, BaseException):
        error = value if isinstance(value, kind) else _made(kind, value)
    else:
        raise TypeError(
            "exceptions must be classes or instances deriving from BaseException, "
            f"not {type(kind).__name__}"
        )
    if traceback is not None:
        put_on(error, "__traceback__", traceback)
    return error


def _made(kind: type[BaseException], value: Any) -> BaseException:
    """The exception that a class is called for; what that raises is thrown in its place."""
    args = value if isinstance(value, tuple) else () if value is None else (value,)
    try:
        error: Any = kind(*args)
    except Exception as failed:
        return failed
    if isinstance(error, BaseException):
        return error
    problem = f"calling {kind!r} should have returned an instance of BaseException"
    return TypeError(f"{problem}, not {type(error)!r}")


def warn_of_parts(method: str, parts: tuple[Any, ...]) -> None:
    """Warn of an exception that is thrown as a class, a value and a traceback."""
    if _WARNING and len(parts) > 1:
        message = (
            f"the (type, exc, tb) signature of {method}() is deprecated, "
            "use the single-arg signature instead."
        )
        warnings.warn(message, DeprecationWarning, stacklevel=3)


def reduce_step(step: Any, _: Any) -> tuple[Any, ...]:
    """What a run's codec needs to make a step again."""
    names = [n for b in type(step).__mro__ for n in vars(b).get("__slots__", ())]
    state = [(name, getattr(step, name)) for name in names]
    return (copyreg.__newobj__, (type(step),), state, None, None, set_step)  # type: ignore[attr-defined]


def set_step(step: Any, state: list[tuple[str, Any]]) -> None:
    """Give a step its state."""
    for name, value in state:
        setattr(step, name, value)


# By these names Python knows their types, and a checkpoint.
async_generator_asend, async_generator_athrow = AsyncStep, AsyncThrow
