"""Generators, coroutines and asynchronous generators that a checkpoint can keep.

A compiled generator function gives one of these instead of Python's own object. Between two steps
it holds one frame, as a fiber's stack does; stepping it puts the frame on the stack of whoever
steps it and takes it off again when it yields. So a generator may suspend the run inside, and
a `yield from` may be as deep as memory allows.

From compiled code a step is the interpreter's work. From any other code (`list(g)`, `sum(g)`, an
event loop) the methods here do the same natively, and a suspension inside is a `DurabilityError`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from collections.abc import Generator as AnyGenerator
from enum import IntEnum
from types import AsyncGeneratorType, CoroutineType, GeneratorType, TracebackType
from typing import Any

from perdure.runtime.declare import running_block
from perdure.runtime.ops import Raised, Returned

# Who steps a generator, and so what becomes of its yield and its end. See `How`.
Step = Callable[["Generator", "Returned | Raised", "How"], Any]


class How(IntEnum):
    """What a step's yield and end mean to whoever asked for it."""

    NEXT = 0  # next(), send(), throw(): the end is StopIteration
    LOOP = 1  # a loop: the end is DONE
    DELEGATE = 2  # yield from, await: a yield goes further out, the end is the value
    CLOSE = 3  # close(): the end is expected
    ROOT = 4  # native code, or the event loop: a yield is `Yielded`
    ITEM = 5  # a step of an asynchronous generator: its yield is the value


class Yielded:
    """What a generator gave to native code or to the event loop."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


class Done:
    """The end of an iteration; there is one, and it survives pickling as itself."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "DONE"

    def __reduce__(self) -> str:
        return "DONE"


DONE = Done()


class _Pending:
    """What a `Stepper` gives where an item would be; there is one."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "PENDING"

    def __reduce__(self) -> str:
        return "PENDING"


PENDING = _Pending()


class Stepper:
    """An iterator inside which the run may stop, as a native `for` loop can go over it.

    It gives `PENDING` at each turn; the loop's body then asks the interpreter for the item
    (`advance`), which may be `DONE`.
    """

    __slots__ = ("done", "source")

    def __init__(self, source: Any) -> None:
        self.source = source
        self.done = False

    def __iter__(self) -> Stepper:
        return self

    def __next__(self) -> Any:
        source = self.source
        if self.done or (isinstance(source, Generator) and source.spent):
            raise StopIteration
        return PENDING


class Items:
    """An iterator of the user's own, for a loop that is entered more than once.

    A native `for` asks what it is given for its iterator, each time that it is entered; the user's
    `__iter__` is not to be called again, and need not be there.
    """

    __slots__ = ("source",)

    def __init__(self, source: Any) -> None:
        self.source = source

    def __iter__(self) -> Items:
        return self

    def __next__(self) -> Any:
        return next(self.source)


class AsyncItems:
    """An asynchronous iterator, for a loop in another function: `__aiter__` has been called."""

    __slots__ = ("source",)

    def __init__(self, source: Any) -> None:
        self.source = source


def advance(stepper: Stepper) -> Any:
    """What compiled code calls for a stepper's next item; the interpreter's work."""
    raise NotImplementedError("only the interpreter advances a stepper")


CO_ITERABLE_COROUTINE = 0x100  # inspect.CO_ITERABLE_COROUTINE


class World:
    """A run's state, as long as it lives in one process: a restart begins another.

    A generator that nobody holds any more is closed, as Python closes its own. Not so one that goes
    because a whole state is given up, when the run parks or moves: it lives on in the checkpoint.
    """

    __slots__ = ()


class Generator:
    """A generator of a compiled program. `frame` is (function, block, live values, cells)."""

    __slots__ = (
        "__name__",
        "__qualname__",
        "__weakref__",
        "begun",
        "delegate",
        "exit",
        "frame",
        "how",
        "iterable",
        "loaded",
        "looping",
        "running",
        "step",
        "world",
    )
    noun = "generator"

    def __init__(self, loaded: Any, frame: tuple[Any, ...], step: Step, function: Any) -> None:
        self.loaded = loaded
        self.frame: tuple[Any, ...] | None = frame
        self.step = step
        self.running = False
        self.begun = False
        self.delegate: Any = None
        self.looping = False  # the delegate is a step of a loop: its end is DONE
        self.exit: BaseException | None = None  # what it is being closed with
        self.how = How.ROOT
        # Made by types.coroutine: a generator that may be awaited.
        self.iterable = bool(function.__code__.co_flags & CO_ITERABLE_COROUTINE)
        self.world: World | None = None
        self.__name__ = function.__name__
        self.__qualname__ = function.__qualname__

    def attach(self, loaded: Any, step: Step) -> Generator:
        """Make an object of a loaded program of this one, which comes out of a checkpoint."""
        self.loaded = loaded
        self.step = step
        return self

    @property
    def may_await(self) -> bool:
        """Whether it may `yield from` a coroutine."""
        return self.iterable or type(self) is not SyncGenerator

    @property
    def spent(self) -> bool:
        """Whether it has ended."""
        return self.frame is None and not self.running

    def state(self) -> tuple[Any, ...]:
        """All that a checkpoint keeps, for the codec."""
        names = (self.__name__, self.__qualname__)
        return (
            self.frame,
            self.begun,
            self.running,
            self.delegate,
            self.looping,
            self.exit,
            int(self.how),
            names,
            self.iterable,
            self.world,
        )

    def restore(self, state: tuple[Any, ...]) -> None:
        """The inverse of `state`."""
        (
            self.frame,
            self.begun,
            self.running,
            self.delegate,
            self.looping,
            self.exit,
            how,
            names,
            self.iterable,
            self.world,
        ) = state
        self.how = How(how)
        self.__name__, self.__qualname__ = names

    def __repr__(self) -> str:
        return f"<{self.noun} object {self.__qualname__} at {id(self):#x}>"

    def __del__(self) -> None:
        if getattr(self, "frame", None) is None or self.world is None:
            return
        context = running_block.get()
        if context is None or context.run is None or context.run.world is not self.world:
            return
        if self.begun and type(self) is SyncGenerator:
            self.close()
        elif not self.begun and type(self) is Coroutine:
            message = f"coroutine {self.__qualname__!r} was never awaited"
            warnings.warn(message, RuntimeWarning, stacklevel=2, source=self)

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError(f"cannot pickle {self.noun!r} object")  # only a run's codec can

    def __dir__(self) -> list[str]:
        inner = {"attach", "begun", "delegate", "exit", "frame", "how", "loaded", "looping", "noun"}
        inner |= {"iterable", "may_await", "restore", "running", "spent", "state", "step", "world"}
        return [name for name in super().__dir__() if name not in inner]

    def _native(self, action: Returned | Raised) -> Any:
        """One step for native code: what it yields; raises what ends it."""
        result = self.step(self, action, How.ROOT)
        if isinstance(result, Yielded):
            return result.value
        if isinstance(result, Raised):
            error = result.error
            try:
                raise error
            finally:
                del error, result, self
        raise StopIteration(result.value) if result.value is not None else StopIteration

    def send(self, value: Any, /) -> Any:
        """Go on with `value` as what `yield` gives."""
        return self._native(Returned(value))

    def throw(self, kind: Any, value: Any = None, traceback: Any = None, /) -> Any:
        """Go on with an exception, raised where the generator stopped."""
        return self._native(Raised(thrown(kind, value, traceback)))

    def close(self) -> Any:
        """End it: `GeneratorExit` is raised where it stopped."""
        result = self.step(self, Raised(GeneratorExit()), How.CLOSE)
        if isinstance(result, Raised):
            raise result.error
        return result.value


class SyncGenerator(Generator):
    """What a generator function gives."""

    __slots__ = ()

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        """What isinstance() and the inspect module take it for."""
        return GeneratorType

    def __iter__(self) -> SyncGenerator:
        return self

    def __next__(self) -> Any:
        return self._native(Returned(None))

    @property
    def gi_running(self) -> bool:
        """Whether it is executing now."""
        return self.running

    @property
    def gi_suspended(self) -> bool:
        """Whether it has begun and stopped at a `yield`."""
        return self.begun and self.frame is not None and not self.running

    @property
    def gi_yieldfrom(self) -> Any:
        """What it delegates to."""
        return None if self.running else self.delegate

    @property
    def gi_frame(self) -> Any:
        """None when it has ended; it has no frame of Python's before."""
        return None if self.frame is None and not self.running else self

    @property
    def gi_code(self) -> Any:
        """The function's code."""
        return self.loaded.native or self.loaded.codes[0]


class Coroutine(Generator):
    """What an `async def` gives."""

    __slots__ = ()

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        """What isinstance() and the inspect module take it for."""
        return CoroutineType

    noun = "coroutine"

    def __await__(self) -> AnyGenerator[Any, Any, Any]:
        return CoroutineSteps(self)

    @property
    def cr_running(self) -> bool:
        """Whether it is executing now."""
        return self.running

    @property
    def cr_suspended(self) -> bool:
        """Whether it has begun and waits."""
        return self.begun and self.frame is not None and not self.running

    @property
    def cr_await(self) -> Any:
        """What it waits for."""
        return None if self.running else self.delegate

    @property
    def cr_frame(self) -> Any:
        """None when it has ended; it has no frame of Python's before."""
        return None if self.frame is None and not self.running else self

    @property
    def cr_code(self) -> Any:
        """The function's code."""
        return self.loaded.native or self.loaded.codes[0]

    @property
    def cr_origin(self) -> None:
        """Where it was made is not recorded."""
        return None


class CoroutineSteps:
    """A coroutine as an iterator, for code that is not compiled."""

    def __init__(self, coroutine: Coroutine) -> None:
        self.coroutine = coroutine

    def __iter__(self) -> CoroutineSteps:
        return self

    def __next__(self) -> Any:
        return self.coroutine.send(None)

    def send(self, value: Any, /) -> Any:
        """Go on with a value."""
        return self.coroutine.send(value)

    def throw(self, kind: Any, value: Any = None, traceback: Any = None, /) -> Any:
        """Go on with an exception."""
        return self.coroutine.throw(kind, value, traceback)

    def close(self) -> None:
        """End the coroutine."""
        self.coroutine.close()


class AsyncGenerator(Generator):
    """What an `async def` with a `yield` gives."""

    __slots__ = ()

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        """What isinstance() and the inspect module take it for."""
        return AsyncGeneratorType

    noun = "async_generator"

    def __aiter__(self) -> AsyncGenerator:
        return self

    def __anext__(self) -> AsyncStep:
        return AsyncStep(self, Returned(None))

    def asend(self, value: Any, /) -> AsyncStep:
        """An awaitable that goes on with `value` as what `yield` gives."""
        return AsyncStep(self, Returned(value))

    def athrow(self, kind: Any, value: Any = None, traceback: Any = None, /) -> AsyncStep:
        """An awaitable that goes on with an exception, raised where the generator stopped."""
        return AsyncStep(self, Raised(thrown(kind, value, traceback)))

    def aclose(self) -> AsyncStep:
        """An awaitable that ends it."""
        return AsyncStep(self, Raised(GeneratorExit()), closing=True)

    @property
    def ag_running(self) -> bool:
        """Whether it is executing, or a step of it is being awaited."""
        return self.running

    @property
    def ag_suspended(self) -> bool:
        """Whether it has begun and stopped."""
        return self.begun and self.frame is not None and not self.running

    @property
    def ag_await(self) -> Any:
        """What it waits for."""
        return None if self.running else self.delegate

    @property
    def ag_frame(self) -> Any:
        """None when it has ended; it has no frame of Python's before."""
        return None if self.frame is None and not self.running else self

    @property
    def ag_code(self) -> Any:
        """The function's code."""
        return self.loaded.native or self.loaded.codes[0]


class AsyncStep:
    """One step of an asynchronous generator, to be awaited."""

    __slots__ = ("action", "closing", "generator", "spent")

    def __init__(
        self, generator: AsyncGenerator, action: Returned | Raised, *, closing: bool = False
    ) -> None:
        self.generator = generator
        self.action: Returned | Raised | None = action
        self.closing = closing
        self.spent = False

    def __await__(self) -> AsyncStep:
        return self

    def __iter__(self) -> AsyncStep:
        return self

    def __next__(self) -> Any:
        return self.send(None)

    def first(self, action: Returned | Raised) -> Returned | Raised:
        """What the generator is stepped with: what was asked for, and later what is sent."""
        if self.spent:
            kind = "aclose()/athrow()" if self.closing else "__anext__()/asend()"
            raise RuntimeError(f"cannot reuse already awaited {kind}")
        begun, self.action = self.action, None
        if begun is None or isinstance(action, Raised):
            return action
        return begun

    def send(self, value: Any, /) -> Any:
        """Go on, for native code."""
        return self._native(Returned(value))

    def throw(self, kind: Any, value: Any = None, traceback: Any = None, /) -> Any:
        """Go on with an exception, for native code."""
        return self._native(Raised(thrown(kind, value, traceback)))

    def close(self) -> None:
        """Give the step up."""
        self.spent = True

    def _native(self, action: Returned | Raised) -> Any:
        how = How.CLOSE if self.closing else How.ITEM
        result = self.generator.step(self.generator, self.first(action), how)
        if isinstance(result, Yielded):
            return result.value
        self.spent = True
        if isinstance(result, Raised):
            raise result.error
        raise StopIteration(result.value)


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
        if isinstance(value, kind):
            error = value
        elif isinstance(value, tuple):
            error = kind(*value)
        else:
            error = kind() if value is None else kind(value)
        if not isinstance(error, BaseException):
            raise TypeError(
                f"calling {kind!r} should have returned an instance of BaseException, "
                f"not {type(error)!r}"
            )
    else:
        raise TypeError(
            "exceptions must be classes or instances deriving from BaseException, "
            f"not {type(kind).__name__}"
        )
    if traceback is not None:
        error.__traceback__ = traceback
    return error


for _made in (SyncGenerator, Coroutine, AsyncGenerator):
    # What their type prints as.
    _made.__module__, _made.__name__, _made.__qualname__ = "builtins", _made.noun, _made.noun

CoroutineSteps.__name__ = CoroutineSteps.__qualname__ = "coroutine_wrapper"
coroutine_wrapper = CoroutineSteps  # pickle looks it up by that name

CLASSES = {
    "generator": SyncGenerator,
    "coroutine": Coroutine,
    "async generator": AsyncGenerator,
}


def reduce_type(kind: type) -> tuple[Any, ...] | None:
    """What pickle needs to find one of the types above again; None for any other type."""
    return (type_named, (kind.__name__,)) if kind in CLASSES.values() else None


def type_named(noun: str) -> type[Generator]:
    """`generator`, `coroutine` or `async_generator`."""
    return CLASSES[noun.replace("_", " ")]


def reduce_generator(generator: Generator, _: Any) -> tuple[Any, ...]:
    """What pickle needs to make a generator again: its function's name, and its state."""
    name = generator.loaded.table.name
    return (make_generator, (name,), generator.state(), None, None, set_generator)


def make_generator(name: str) -> Any:
    """A generator without its state; the codec supplies the program."""
    raise TypeError("read values with Codec.decode")


def make_generator_in(loaded: Any, step: Step) -> Generator:
    """A generator of a loaded program without its state."""
    kind: type[Generator] = loaded.makes
    return kind.__new__(kind).attach(loaded, step)


def set_generator(generator: Generator, state: tuple[Any, ...]) -> None:
    """Give a generator its state."""
    generator.restore(state)
