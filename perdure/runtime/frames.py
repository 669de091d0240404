"""Frames: the task blocks of one fiber's stack, and of the generators that it steps.

A block is called, and what it asks for when it ends is done: to go on at another block, to give a
value to whoever steps this generator, to step another one. `yield from` and `await` nest as deep as
memory allows. What a block calls is the machine's (machine.py).
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable
from types import CellType
from typing import Any

from perdure.compiler.library import ITERATING
from perdure.runtime import failures, ops
from perdure.runtime.activity_calls import ActivityCall
from perdure.runtime.continuation import Fiber
from perdure.runtime.generators import (
    DONE,
    AsyncGenerator,
    Coroutine,
    CoroutineSteps,
    Generator,
    leave,
    unraisable,
)
from perdure.runtime.ops import (
    Again,
    Delegate,
    Enter,
    Jump,
    Raised,
    Release,
    Returned,
    Safe,
    Suspend,
    Yield,
    handling,
)
from perdure.runtime.program import LoadedFunction, Program
from perdure.runtime.steps import AsyncStep, How, Yielded, stop_iteration

# What a fiber does next: take what a call came back with, make a call, hand a yield to whoever
# steps its outermost generator, or (None) wait.
Action = Returned | Raised | Suspend | Yielded | Again | None


class Frames:
    """Steps frames of one program."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def stops_at_safepoint(self, fiber: Fiber) -> bool:
        """Whether the run is stopped at the safepoint that a fiber has come to."""
        return False

    # Blocks -----------------------------------------------------------------------------------

    def _step(self, fiber: Fiber, resume: Returned | Raised) -> Action:
        """Run the block on top of the stack."""
        function, number, live, cells, handled, _ = fiber.stack[-1]
        loaded = self.program.functions[function]
        block = loaded.blocks[number] if not cells else loaded.bind(number, cells)
        passing = id(resume.error) if type(resume) is Raised else 0
        try:
            if handled is None:
                result = block(resume, *live)
            else:
                result = while_handling(handled, block, (resume, *live), {})
        except BaseException as error:
            if failures.is_interrupt(error):
                raise  # a person stops the worker; the run stays where it was
            del resume, live  # the error's frames keep this one: what it holds would not be dropped
            return self._raised(fiber, error, again=id(error) == passing)
        return self._after(fiber, loaded, cells, result)

    def _after(
        self, fiber: Fiber, loaded: LoadedFunction, cells: tuple[CellType, ...], result: Any
    ) -> Action:
        """Do what a block asked for when it ended."""
        handled, owner = fiber.stack[-1][4:]
        while True:
            kind = type(result)
            if loaded.handles and kind in _LEAVING:
                _forget(result, loaded)
            if kind is Suspend:
                fiber.stack[-1] = (loaded.index, result.then, result.live, cells, handled, owner)
                action: Action = result
                return action
            if kind is Jump:
                live = result.live
            elif kind is Safe:
                live = result.live
                fiber.stack[-1] = (loaded.index, result.then, live, cells, handled, owner)
                if self.stops_at_safepoint(fiber):
                    return None
            elif kind is Release:
                live = result.live
                fiber.stack[-1] = (loaded.index, result.then, live, cells, handled, owner)
                return Again()
            elif kind is Enter:
                cells = loaded.cells_of(result.contents, cells)
                live = result.live
            elif kind is Yield:
                fiber.stack.pop()
                owner.frame = (loaded.index, result.then, result.live, cells)
                return self._yielded(fiber, owner, result.value)
            elif kind is Delegate:
                fiber.stack[-1] = (loaded.index, result.then, result.live, cells, handled, owner)
                owner.delegate, owner.looping = result.iterator, result.looping
                if type(result.iterator) is Coroutine and not owner.may_await:
                    error = TypeError(
                        "cannot 'yield from' a coroutine object in a non-coroutine generator"
                    )
                    return self._out(fiber, How.DELEGATE, Raised(error))
                return self._delegate(fiber, owner, Returned(None))
            else:
                fiber.stack.pop()
                done = Returned(result)
                return done if owner is None else self._ended(fiber, owner, done)
            fiber.stack[-1] = (loaded.index, result.then, live, cells, handled, owner)
            block = loaded.blocks[result.then] if not cells else loaded.bind(result.then, cells)
            try:
                if handled is None:
                    result = block(*live)
                else:
                    result = while_handling(handled, block, live, {})
            except BaseException as error:
                if failures.is_interrupt(error):
                    raise
                del result, live
                return self._raised(fiber, error)

    def _again(self, fiber: Fiber) -> Action:
        """Go on from a safepoint."""
        function, number, live, cells, *_ = fiber.stack[-1]
        return self._after(fiber, self.program.functions[function], cells, Jump(number, live))

    def _raised(self, fiber: Fiber, error: BaseException, *, again: bool = False) -> Action:
        """An exception leaves the block on top of the stack; `again`: it only passes through."""
        failures.tidy(error, again=again)
        if type(error) is NameError:
            loaded = self.program.functions[fiber.stack[-1][0]]
            error = ops.as_local(error, loaded.cells[: len(loaded.cells) - loaded.table.free])
        function, *_, owner = fiber.stack.pop()
        loaded = self.program.functions[function]
        if loaded.steps_loops:
            _let_go(error, loaded, again)
        done = Raised(error, settled=True)
        return done if owner is None else self._ended(fiber, owner, done)

    def _handled(self, fiber: Fiber) -> BaseException | None:
        """The exception that code called from the top of the stack sees as being handled."""
        if not fiber.stack:
            return None
        caller, then, live, _, inherited, _ = fiber.stack[-1]
        index = self.program.functions[caller].table.blocks[then].handling
        error: BaseException | None = live[index] if index >= 0 else inherited
        return error

    # Generators -------------------------------------------------------------------------------

    def resume_root(self, fiber: Fiber, generator: Any, action: Returned | Raised) -> Action:
        """Step a generator for native code or the event loop."""
        if isinstance(generator, Generator):
            return self.resume(fiber, generator, action, How.ROOT)
        if isinstance(generator, AsyncStep):
            return self._resume_step(fiber, generator, action, How.ROOT)
        return self._foreign(generator, action)

    def resume(
        self, fiber: Fiber, generator: Generator, action: Returned | Raised, how: How
    ) -> Action:
        """Put a generator's frame on the stack and go on with it."""
        if generator.running:
            return self._refused(fiber, generator, how, _already(generator))
        if generator.frame is None:
            return self._spent(fiber, generator, action, how)
        generator.how = how
        if not generator.begun:
            if isinstance(action, Raised):
                generator.frame = None
                generator.begun = True
                loaded = generator.loaded
                failures.passed_through(action.error, loaded.native or loaded.codes[0])
                return self._ended(fiber, generator, Raised(action.error, settled=True))
            if action.value is not None:
                error = TypeError(f"can't send non-None value to a just-started {_noun(generator)}")
                return self._refused(fiber, generator, how, error)
        generator.running = True
        generator.thrown = isinstance(action, Raised)
        function, then, live, cells = generator.frame
        generator.frame = None
        thrown = generator.thrown and how is How.DELEGATE
        handled = _handled_by_thrower(fiber) if thrown else self._handled(fiber)
        fiber.stack.append((function, then, live, cells, handled, generator))
        if not generator.begun:
            generator.begun = True
            loaded = self.program.functions[function]
            return self._after(fiber, loaded, cells, Jump(then, live))
        if generator.delegate is not None:
            return self._delegate(fiber, generator, action)
        return self._thrown(fiber, action) if isinstance(action, Raised) else action

    def _thrown(self, fiber: Fiber, action: Raised) -> Raised:
        """An exception that is thrown into the generator on top of the stack.

        Only what the generator itself handles becomes its context, in the place of any other: not
        what its caller handles (CPython's `_PyErr_ChainStackItem`).
        """
        function, then, live, *_ = fiber.stack[-1]
        index = self.program.functions[function].table.blocks[then].handling
        if index < 0:
            return Raised(action.error, settled=True)
        if action.error is not live[index]:
            failures.put_on(action.error, "__context__", None)
        return Raised(action.error)

    def _resume_step(
        self, fiber: Fiber, step: AsyncStep, action: Returned | Raised, how: How
    ) -> Action:
        """Go on with a step of an asynchronous generator."""
        try:
            action = step.begin(action)
        except StopIteration as stop:
            return self._step_out(fiber, how, Returned(stop.value))
        except Exception as error:
            failures.tidy(error)
            return self._out(fiber, how, Raised(error))
        return self.resume(fiber, step.generator, action, how)

    def _delegate(self, fiber: Fiber, owner: Generator, action: Returned | Raised) -> Action:
        """Step what the generator on top of the stack delegates to."""
        inner = owner.delegate
        if isinstance(inner, CoroutineSteps):
            inner = inner.coroutine
        closing = isinstance(action, Raised) and isinstance(action.error, GeneratorExit)
        if isinstance(inner, Generator):
            if isinstance(action, Returned) and action.value is not None:
                kind = stood_for(inner.loaded.table.name)
                if kind is not None:  # a `map`, say, has no `send`
                    error = AttributeError(f"{kind!r} object has no attribute 'send'")
                    return self._out(fiber, How.DELEGATE, Raised(error))
            if closing and isinstance(action, Raised) and not inner.running:
                inner.exit, action = action.error, Raised(GeneratorExit())
            return self.resume(fiber, inner, action, How.DELEGATE)
        if isinstance(inner, AsyncStep):
            if closing and isinstance(action, Raised):
                if not inner.gives_up():
                    return self._out(fiber, How.DELEGATE, action)
                if not inner.generator.running:
                    inner.generator.exit, action = action.error, Raised(GeneratorExit())
            return self._resume_step(fiber, inner, action, How.DELEGATE)
        done = self._awaiting(fiber, inner, action)
        if isinstance(done, Yielded):
            return self._propagate(fiber, done.value)
        return self._out(fiber, How.DELEGATE, done)

    def _awaiting(
        self, fiber: Fiber, inner: Any, action: Returned | Raised
    ) -> Returned | Raised | Yielded:
        """Step what is not the program's, with what is being handled where that is waited for.

        An activity's error comes from another place: what is handled here is joined to it later.
        """
        handled = self._handled(fiber)
        if handled is None or type(inner) is ActivityCall:
            return self._foreign(inner, action)
        done: Returned | Raised | Yielded
        done = while_handling(handled, self._foreign, (inner, action), {})
        return done

    def _foreign(self, iterator: Any, action: Returned | Raised) -> Returned | Raised | Yielded:
        """Step an iterator that is not the program's, as `yield from` does (PEP 380)."""
        try:
            if isinstance(action, Raised):
                return self._throw_into(iterator, action)
            if action.value is None and hasattr(type(iterator), "__next__"):
                return Yielded(next(iterator))
            return Yielded(iterator.send(action.value))
        except StopIteration as stop:
            return Returned(stop.value)
        except BaseException as error:
            if failures.is_interrupt(error):
                raise
            failures.tidy(error)
            return Raised(error)

    def _throw_into(self, iterator: Any, action: Raised) -> Raised | Yielded:
        if isinstance(action.error, GeneratorExit):
            try:
                close = getattr(iterator, "close", None)
            except Exception as error:
                close = None
                unraisable(error, iterator)
            if close is not None:
                close()
            return action
        throw = getattr(iterator, "throw", None)
        if throw is None:
            return action
        try:
            return Yielded(throw(action.error))
        except BaseException as error:
            failed = error
        try:
            raise failed  # from where it is waited for: what is handled there is its context now
        finally:
            del failed

    def _yielded(self, fiber: Fiber, generator: Generator, value: Any) -> Action:
        """A generator's own `yield`; its frame is off the stack."""
        generator.running = False
        how = generator.how
        if isinstance(generator, AsyncGenerator) and generator.awaited is not None:
            return self._step_done(fiber, generator, generator.awaited.yielded(value))
        if generator.exit is not None or how is How.CLOSE:
            generator.exit = None
            return self._out(fiber, how, Raised(_ignored(generator)))
        if how is How.ROOT:
            return Yielded(value)
        if how is How.DELEGATE:
            return self._propagate(fiber, value)
        return Returned(value)

    def _propagate(self, fiber: Fiber, value: Any) -> Action:
        """A yield goes out through every generator that only delegates."""
        while fiber.stack:
            function, then, live, cells, _, owner = fiber.stack[-1]
            if owner is None:
                break
            fiber.stack.pop()
            owner.frame = (function, then, live, cells)
            owner.running = False
            if owner.how is How.CLOSE or owner.exit is not None:
                owner.exit = None
                return self._out(fiber, owner.how, Raised(_ignored(owner)))
            if type(owner) is AsyncGenerator:
                owner.awaited = None
            if owner.how is How.DELEGATE:
                continue
            if owner.how is How.ROOT:
                break
            return Returned(value)
        return Yielded(value)

    def _ended(self, fiber: Fiber, generator: Generator, outcome: Returned | Raised) -> Action:
        """A generator has returned or raised; its frame is off the stack."""
        generator.running = False
        generator.frame = None
        generator.delegate = None
        if isinstance(generator, AsyncGenerator) and generator.awaited is not None:
            end = Raised(StopAsyncIteration())
            if isinstance(outcome, Raised):
                end = _as_raised(generator, outcome)
            done = generator.awaited.ended(end.error, settled=end.settled)
            return self._step_done(fiber, generator, done)
        how, leaving = generator.how, generator.exit
        generator.exit = None
        if isinstance(outcome, Raised):
            outcome = _as_raised(generator, outcome)
            expected = (GeneratorExit, StopIteration, StopAsyncIteration)
            if how is How.CLOSE and isinstance(outcome.error, expected):
                return self._out(fiber, how, Returned(None))
            if leaving is None or not isinstance(outcome.error, GeneratorExit):
                return self._out(fiber, how, outcome)
        if leaving is not None and how is How.DELEGATE:
            return self._out(fiber, how, Raised(leaving))
        if how is How.CLOSE and not _CLOSE_GIVES_VALUE:
            return self._out(fiber, how, Returned(None))
        if how is How.LOOP:
            return Returned(DONE)
        return self._step_out(fiber, how, outcome)

    def _step_done(
        self, fiber: Fiber, generator: AsyncGenerator, outcome: Returned | Raised
    ) -> Action:
        """A step of an asynchronous generator is over: with an item, or with its end."""
        how, leaving = generator.how, generator.exit
        generator.exit = None
        if leaving is not None or how is How.CLOSE:
            expected = (StopIteration, StopAsyncIteration, GeneratorExit)
            if isinstance(outcome, Returned) or isinstance(outcome.error, expected):
                outcome = Returned(None) if leaving is None else Raised(leaving)
        return self._step_out(fiber, how, outcome)

    def _step_out(self, fiber: Fiber, how: How, outcome: Returned | Raised) -> Returned | Raised:
        """The same, where a value may be the end of an iteration."""
        if how is How.NEXT and isinstance(outcome, Returned):
            return Raised(stop_iteration(outcome.value))
        return self._out(fiber, how, outcome)

    def _refused(self, fiber: Fiber, generator: Generator, how: How, error: Exception) -> Action:
        """A step that cannot be made."""
        if isinstance(generator, AsyncGenerator) and generator.awaited is not None:
            generator.awaited.ended(error)
        return self._out(fiber, how, Raised(error))

    def _spent(
        self, fiber: Fiber, generator: Generator, action: Returned | Raised, how: How
    ) -> Action:
        """A step of a generator that has ended."""
        generator.how = how
        if isinstance(generator, AsyncGenerator) and generator.awaited is not None:
            return self._ended(fiber, generator, action)
        leaving, generator.exit = generator.exit, None
        if isinstance(generator, Coroutine) and how is not How.CLOSE and leaving is None:
            error = RuntimeError("cannot reuse already awaited coroutine")
            return self._out(fiber, how, Raised(error))
        if how is How.CLOSE:
            return self._out(fiber, how, Returned(None))
        if isinstance(action, Raised):
            if isinstance(generator, AsyncGenerator):
                return self._out(fiber, how, Returned(None))  # athrow() does nothing then
            return self._out(fiber, how, action)
        return self._ended(fiber, generator, Returned(None))

    def _out(self, fiber: Fiber, how: How, outcome: Returned | Raised) -> Returned | Raised:
        """Give the outcome of a step to the frame that asked for it."""
        asked = fiber.stack[-1][5] if fiber.stack else None
        if asked is not None and asked.delegate is not None and how is not How.NEXT:
            asked.delegate = None
            ended = isinstance(outcome, Raised) and isinstance(outcome.error, StopAsyncIteration)
            if asked.looping and ended:
                return Returned(DONE)
            if asked.thrown and isinstance(outcome, Raised):
                return self._thrown(fiber, outcome)  # at each generator on the way out
        return outcome


def _let_go(error: BaseException, loaded: LoadedFunction, again: bool) -> None:
    """Leave the loops of a function that an exception has left: the traceback holds its frame."""
    traceback = error.__traceback__
    seen = 0
    while traceback is not None and not (again and seen >= failures.GAINED):
        seen += 1
        frame = traceback.tb_frame
        if any(frame.f_code is code for code in loaded.codes):
            for value in [*frame.f_locals.values()]:
                leave(value)
        traceback = traceback.tb_next


def _handled_by_thrower(fiber: Fiber) -> BaseException | None:
    """What is handled where an exception is thrown into a generator that delegates.

    It goes to the innermost one, past those that delegate (CPython's `_gen_throw`): what they
    handle is not seen in it, until it is stepped through them again.
    """
    handled: BaseException | None = None
    for *_, inherited, owner in reversed(fiber.stack):
        if owner is None:
            break
        handled = inherited
        if owner.how is not How.DELEGATE:
            break
    return handled


def _forget(left: Suspend | Yield | Delegate, loaded: LoadedFunction) -> None:
    """Empty the frames of what is being handled where a block is left: a checkpoint has none.

    What only they hold goes now, as it would when the run moves.
    """
    index = loaded.table.blocks[left.then].handling
    if index >= 0:
        failures.detach(left.live[index])


_LEAVING = frozenset({Suspend, Yield, Delegate})
_CLOSE_GIVES_VALUE = sys.version_info >= (3, 13)


def stood_for(name: str) -> str | None:
    """The type of the iterator that a generator of Perdure's library stands for."""
    module, _, function = name.partition(":")
    if module != ITERATING:
        return None
    builtin = function.strip("_")
    return (
        builtin
        if hasattr(builtins, builtin)
        else f"itertools.{builtin.removesuffix('_from_iterable')}"
    )


def _noun(generator: Generator) -> str:
    return {"async_generator": "async generator"}.get(generator.noun, generator.noun)


def _already(generator: Generator) -> Exception:
    return ValueError(f"{_noun(generator)} already executing")


def _ignored(generator: Generator) -> RuntimeError:
    if isinstance(generator, AsyncGenerator) and generator.awaited is not None:
        generator.awaited = None  # it is a step of it that was closed
        return RuntimeError("coroutine ignored GeneratorExit")
    return RuntimeError(f"{_noun(generator)} ignored GeneratorExit")


def _as_raised(generator: Generator, outcome: Raised) -> Raised:
    """PEP 479: a StopIteration that leaves a generator is a RuntimeError."""
    error = outcome.error
    kinds: tuple[type[BaseException], ...] = (StopIteration,)
    if isinstance(generator, AsyncGenerator):
        kinds = (StopIteration, StopAsyncIteration)
    if not isinstance(error, kinds):
        return outcome
    kind = "StopIteration" if isinstance(error, StopIteration) else "StopAsyncIteration"
    made = RuntimeError(f"{_noun(generator)} raised {kind}")
    made.__cause__ = made.__context__ = error
    made.__suppress_context__ = True
    return Raised(made, settled=True)


def while_handling(
    error: BaseException, block: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Run a block of a function that was called from an exception handler."""
    restore = handling(error)
    try:
        raise error
    except BaseException:
        restore()
        return block(*args, **kwargs)
