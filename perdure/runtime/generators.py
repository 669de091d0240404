"""Generators, coroutines and asynchronous generators that a checkpoint can keep.

A compiled generator function gives one of these instead of Python's own object. Between two steps
it holds one frame, as a fiber's stack does; stepping it puts the frame on the stack of whoever
steps it and takes it off again when it yields. So a generator may suspend the run inside, and
a `yield from` may be as deep as memory allows.

From compiled code a step is the interpreter's work. From any other code (`list(g)`, `sum(g)`, an
event loop) the methods here do the same natively, and a suspension inside is a `DurabilityError`.
"""

from __future__ import annotations

import asyncio
import sys
import types
import warnings
from collections.abc import Callable
from collections.abc import Generator as AnyGenerator
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Any

from perdure.runtime import steps
from perdure.runtime.declare import running_block
from perdure.runtime.ops import Raised, Returned
from perdure.runtime.steps import (
    AsyncClose,
    AsyncStep,
    AsyncThrow,
    How,
    Yielded,
    stop_iteration,
    thrown,
    warn_of_parts,
)

# Who steps a generator, and so what becomes of its yield and its end. See `How`.
Step = Callable[["Generator", "Returned | Raised", "How"], Any]


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


def leave(iterator: Any) -> None:
    """Let go of what a loop went over: a generator that nobody else holds is closed here and now.

    The loop's iterator itself lives until its block ends, or the traceback of what ended it goes.
    """
    kind = type(iterator)
    if kind is Stepper:
        iterator.done = True
        iterator.source = None
    elif kind is Items or kind is AsyncItems:
        iterator.source = None


class AsyncItems:
    """An asynchronous iterator, for a loop of this function or another: it was begun."""

    __slots__ = ("source",)

    def __init__(self, source: Any) -> None:
        self.source = source


def advance(stepper: Stepper) -> Any:
    """What compiled code calls for a stepper's next item; the interpreter's work."""
    raise NotImplementedError("only the interpreter advances a stepper")


def go_on() -> None:
    """What goes on with a block that takes no value, when something has been closed before it."""
    raise NotImplementedError("only the interpreter goes on with a block")


CO_ITERABLE_COROUTINE = 0x100  # inspect.CO_ITERABLE_COROUTINE


class World:
    """A run's state, as long as it lives in one process: a restart begins another.

    A generator that nobody holds any more is closed, as Python closes its own. Not so one that goes
    because a whole state is given up, when the run parks or moves: it lives on in the checkpoint.
    `dropped` are those that are to be closed further before the next call, as that suspends.
    """

    __slots__ = ("dropped",)

    def __init__(self, dropped: list[Unclosed | Generator]) -> None:
        self.dropped = dropped


class Unclosed:
    """A generator that nobody holds, closed as far as it went without leaving the program.

    `waiting` is the effect that it wants next and its arguments; `fiber` has its frames.
    """

    __slots__ = ("fiber", "waiting")

    def __init__(self, fiber: Any, waiting: tuple[str, tuple[Any, ...]]) -> None:
        self.fiber = fiber
        self.waiting = waiting

    def close(self) -> None:
        """What compiled code calls to go on with it; the interpreter's work."""
        raise NotImplementedError("only the interpreter goes on closing a generator")


def unraisable(error: BaseException, source: Any) -> None:
    """Report an exception that no code can catch, as Python does."""
    hook: Any = sys.unraisablehook
    if hook is sys.__unraisablehook__:
        # That takes only what C makes, and says where: of an object whose __del__ raises.
        _Reporting(error)
        return
    where = error.__traceback__
    told = types.SimpleNamespace(exc_type=type(error), exc_value=error, exc_traceback=where)
    told.err_msg, told.object = None, source
    hook(told)


class _Reporting:
    """Raises an exception when it goes, which prints it."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __del__(self) -> None:
        raise self.error


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
        "thrown",
        "world",
    )
    noun = "generator"

    def __init__(self, loaded: Any, frame: tuple[Any, ...], step: Step, function: Any) -> None:
        self.loaded = loaded
        self.frame: tuple[Any, ...] | None = frame
        self.step = step
        self.running = False
        self.thrown = False  # an exception, in the step that is being made
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

    @property
    def f_lineno(self) -> int:
        """The line that it stopped at: it stands for its frame too."""
        if not self.begun or self.frame is None:
            line: int = (self.loaded.native or self.loaded.codes[0]).co_firstlineno
            return line
        stopped: int = self.loaded.table.blocks[self.frame[1]].line
        return stopped

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
            self.thrown,
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
            self.thrown,
        ) = state
        self.how = How(how)
        self.__name__, self.__qualname__ = names

    def __repr__(self) -> str:
        return f"<{self.noun} object {self.__qualname__} at {id(self):#x}>"

    def is_here(self) -> bool:
        """Whether it belongs to the state of the run that executes now, in this process."""
        if getattr(self, "world", None) is None:
            return False
        context = running_block.context
        return context is not None and context.run is not None and context.run.world is self.world

    def __del__(self) -> None:
        if getattr(self, "frame", None) is None or not self.is_here():
            return
        try:
            self._dropped()
        except BaseException as error:
            unraisable(error, self)

    def _dropped(self) -> None:
        """Nobody holds it any more, and it has not ended."""
        if self.begun and not self._run().drop(self):
            self.close()

    def _run(self) -> Any:
        context = running_block.context
        assert context is not None
        return context.run

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError(f"cannot pickle {self.noun!r} object")  # only a run's codec can

    def __dir__(self) -> list[str]:
        inner = {"attach", "begun", "delegate", "exit", "frame", "how", "loaded", "looping", "noun"}
        inner |= {"iterable", "may_await", "restore", "running", "spent", "state", "step", "world"}
        inner |= {"thrown", "f_lineno", "awaited", "busy", "closed", "is_here"}
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
        raise stop_iteration(result.value)

    def send(self, value: Any, /) -> Any:
        """Go on with `value` as what `yield` gives."""
        return self._native(Returned(value))

    def throw(self, kind: Any, /, *parts: Any) -> Any:
        """Go on with an exception, raised where the generator stopped."""
        warn_of_parts("throw", (kind, *parts))
        return self._native(Raised(thrown(kind, *parts)))

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

    def _dropped(self) -> None:
        if self.begun:
            super()._dropped()
            return
        warn: Any = getattr(warnings, "_warn_unawaited_coroutine", None)
        if warn is not None:
            warn(self)
            return
        message = f"coroutine {self.__qualname__!r} was never awaited"
        warnings.warn(message, RuntimeWarning, stacklevel=3, source=self)

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
    """A coroutine as an iterator: what its `__await__` gives."""

    __slots__ = ("coroutine",)

    def __init__(self, coroutine: Coroutine) -> None:
        self.coroutine = coroutine

    def __iter__(self) -> CoroutineSteps:
        return self

    def __next__(self) -> Any:
        return self.coroutine.send(None)

    def send(self, value: Any, /) -> Any:
        """Go on with a value."""
        return self.coroutine.send(value)

    def throw(self, kind: Any, /, *parts: Any) -> Any:
        """Go on with an exception."""
        return self.coroutine.throw(kind, *parts)

    def close(self) -> None:
        """End the coroutine."""
        self.coroutine.close()

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError("cannot pickle 'coroutine_wrapper' object")  # only a run's codec can


class AsyncGenerator(Generator):
    """What an `async def` with a `yield` gives."""

    __slots__ = ("awaited", "busy", "closed")

    def __init__(self, loaded: Any, frame: tuple[Any, ...], step: Step, function: Any) -> None:
        super().__init__(loaded, frame, step, function)
        # The step of it that goes on now. Not kept between its sends: it holds the generator.
        self.awaited: AsyncStep | None = None
        self.busy = False  # a step of it has begun and not ended
        self.closed = False  # it has ended, or is to end

    def state(self) -> tuple[Any, ...]:
        """The same, and what is asynchronous."""
        return (super().state(), self.awaited, self.busy, self.closed)

    def restore(self, state: tuple[Any, ...]) -> None:
        """The inverse of `state`."""
        inner, self.awaited, self.busy, self.closed = state
        super().restore(inner)

    def _dropped(self) -> None:
        """As Python has it: a loop closes it soon; where there is none, it is closed at once."""
        loop: Any = asyncio._get_running_loop()
        if not self.begun:
            return
        if loop is None:
            self.awaited = None
            super()._dropped()
        elif not self.closed:
            loop.call_soon(loop.close_generator, self.aclose())

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        """What isinstance() and the inspect module take it for."""
        return AsyncGeneratorType

    noun = "async_generator"

    def __aiter__(self) -> AsyncGenerator:
        return self

    def __anext__(self) -> AsyncStep:
        return AsyncStep(self, None)

    def asend(self, value: Any, /) -> AsyncStep:
        """An awaitable that goes on with `value` as what `yield` gives."""
        return AsyncStep(self, value)

    def athrow(self, *parts: Any) -> AsyncStep:
        """An awaitable that goes on with an exception, raised where the generator stopped."""
        warn_of_parts("athrow", parts)
        return AsyncThrow(self, *parts)

    def aclose(self) -> AsyncStep:
        """An awaitable that ends it."""
        return AsyncClose(self)

    @property
    def ag_running(self) -> bool:
        """Whether it is executing, or a step of it is being awaited."""
        return self.running or self.busy

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


for _made, _native in (
    (Generator, GeneratorType),
    (SyncGenerator, GeneratorType),
    (Coroutine, CoroutineType),
    (AsyncGenerator, AsyncGeneratorType),
):
    for _method in vars(_made).values():
        if isinstance(_method, types.FunctionType) and hasattr(_native, _method.__name__):
            _method.__doc__ = getattr(_native, _method.__name__).__doc__

for _made in (SyncGenerator, Coroutine, AsyncGenerator):
    # What their type prints as.
    _made.__module__, _made.__name__, _made.__qualname__ = "builtins", _made.noun, _made.noun

CoroutineSteps.__name__ = CoroutineSteps.__qualname__ = "coroutine_wrapper"
coroutine_wrapper = CoroutineSteps  # pickle looks it up by that name


def _nothing() -> Any:
    yield


async def _nothing_awaited() -> None:
    pass


# What has the methods of Python's own: those say what is wrong with arguments.
ENDED: dict[str, Any] = {"generator": _nothing(), "coroutine": _nothing_awaited()}
for _made in ENDED.values():
    _made.close()

CLASSES = {
    "generator": SyncGenerator,
    "coroutine": Coroutine,
    "async generator": AsyncGenerator,
}


STEPS = (CoroutineSteps, AsyncStep, AsyncThrow, AsyncClose)
REDUCERS: dict[type, Any] = dict.fromkeys(STEPS, steps.reduce_step)


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
