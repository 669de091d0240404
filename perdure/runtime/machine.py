"""The machine: it calls task blocks, and does what they ask for when they end.

A trampoline over one fiber's stack of frames, so that calls between durable functions, and `yield
from` and `await` between generators and coroutines, nest as deep as memory allows. It has no
effects of its own: what leaves the program (an activity, a timer) is a method that the run
overrides (interpreter.py). Native code that steps a generator uses it as it is: there nothing may
leave.
"""

from __future__ import annotations

import builtins
import functools
import sys
from collections.abc import Callable
from types import CellType, FunctionType, MethodType, MethodWrapperType
from typing import Any

from perdure.compiler.library import ITERATING
from perdure.runtime import caches, callables, dataclass_fields, failures, fibers, operations, ops
from perdure.runtime.activity_calls import ActivityCall
from perdure.runtime.continuation import Fiber
from perdure.runtime.declare import (
    ActivityOptions,
    activity_options,
    bypassed,
    running_block,
    sleep,
)
from perdure.runtime.generators import (
    DONE,
    ENDED,
    AsyncGenerator,
    Coroutine,
    CoroutineSteps,
    Generator,
    Stepper,
    Unclosed,
    advance,
    go_on,
    leave,
    unraisable,
)
from perdure.runtime.ops import (
    UNBOUND,
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
from perdure.runtime.steps import (
    AsyncStep,
    How,
    Yielded,
    stop_iteration,
    thrown,
    warn_of_parts,
)

# What a fiber does next: take what a call came back with, make a call, hand a yield to whoever
# steps its outermost generator, or (None) wait.
Action = Returned | Raised | Suspend | Yielded | Again | None


class Machine:
    """Steps fibers of one program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.dropped: list[Unclosed | Generator] = []  # generators that nobody holds any more

    def settle(self, fiber: Fiber, action: Action) -> Returned | Raised | Yielded | None:
        """Go on until the fiber waits (None), its stack is empty, or its root yields."""
        while action is not None:
            if isinstance(action, Again):
                if self.dropped:
                    action = self._close_dropped(Suspend(go_on, (), then=0, live=()))
                else:
                    action = self._again(fiber)
            elif isinstance(action, Suspend):
                if self.dropped:
                    action = self._close_dropped(self.placed(fiber, action))
                action = self.call(fiber, action.callee, action.args, action.kwargs or {})
            elif isinstance(action, Yielded):
                return action
            elif self.dropped:  # before the caller goes on with what came of its call
                action = self._close_dropped(Suspend(action, (), then=0, live=()))
            elif not fiber.stack:
                return action
            else:
                action = self._step(fiber, action)
        return None

    def drop(self, generator: Generator) -> bool:
        """Close a generator that nobody holds; what is left from where it suspends, soon.

        So is all of it, if another is not closed yet: they are closed one after the other. False if
        it never suspends: then anybody can close it.
        """
        if not (generator.loaded.table.suspends and self.program.has_library("close_dropped")):
            return False
        if self.dropped and type(generator) is not AsyncGenerator:
            self.dropped.append(generator)
            return True
        from perdure.runtime.stepping import Closing

        left = Closing(self.program).close(generator)
        if left is not None:
            self.dropped.append(left)
        return True

    def _close_dropped(self, call: Suspend) -> Suspend:
        """The call that closes what was dropped, and then makes the call that was to be made."""
        dropped = self.dropped[:]
        self.dropped.clear()  # it is the world's
        args = (dropped, call.callee, call.args, call.kwargs or {})
        return Suspend(self.program.library("close_dropped"), args, then=call.then, live=call.live)

    def _go_on_closing(self, fiber: Fiber, left: Any) -> Action:
        fiber.stack += left.fiber.stack
        effect, args = left.waiting
        action: Action = getattr(self, effect)(fiber, *args)
        return action

    # Effects: what the run does with what leaves the program ---------------------------------

    def placed(self, fiber: Fiber, call: Suspend) -> Suspend:
        """A call as another function can make it for the one on top of the stack."""
        return call

    def schedule(
        self,
        fiber: Fiber,
        function: Any,
        options: ActivityOptions,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Action:
        """An activity is called."""
        return Raised(bypassed("activity", options.call))

    def sleep(self, fiber: Fiber, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Action:
        """`perdure.sleep` is called."""
        return Raised(bypassed("perdure's", sleep))

    def spawn(self, fiber: Fiber, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Action:
        """`perdure.spawn` is called."""
        return Raised(bypassed("perdure's", fibers.spawn))

    def wait(self, fiber: Fiber, handles: list[Any], until: str) -> Action:
        """Wait for other fibers."""
        return Raised(bypassed("perdure's", fibers.wait_for_fibers))

    def stops_at_safepoint(self, fiber: Fiber) -> bool:
        """Whether the run is stopped at the safepoint that a fiber has come to."""
        return False

    # Blocks -----------------------------------------------------------------------------------

    def _step(self, fiber: Fiber, resume: Returned | Raised) -> Action:
        """Run the block on top of the stack."""
        function, number, live, cells, handled, _ = fiber.stack[-1]
        loaded = self.program.functions[function]
        block = loaded.blocks[number] if not cells else loaded.bind(number, cells)
        try:
            if handled is None:
                result = block(resume, *live)
            else:
                result = _while_handling(handled, block, (resume, *live), {})
        except BaseException as error:
            if failures.is_interrupt(error):
                raise  # a person stops the worker; the run stays where it was
            del resume, live  # the error's frames keep this one: what it holds would not be dropped
            return self._raised(fiber, error)
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
                    result = _while_handling(handled, block, live, {})
            except BaseException as error:
                if failures.is_interrupt(error):
                    raise
                del result, live
                return self._raised(fiber, error)

    def _again(self, fiber: Fiber) -> Action:
        """Go on from a safepoint."""
        function, number, live, cells, *_ = fiber.stack[-1]
        return self._after(fiber, self.program.functions[function], cells, Jump(number, live))

    def _raised(self, fiber: Fiber, error: BaseException) -> Action:
        failures.tidy(error)
        if type(error) is NameError:
            loaded = self.program.functions[fiber.stack[-1][0]]
            error = ops.as_local(error, loaded.cells[: len(loaded.cells) - loaded.table.free])
        function, *_, owner = fiber.stack.pop()
        loaded = self.program.functions[function]
        if loaded.steps_loops:
            _let_go(error, loaded)
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

    # Calls ------------------------------------------------------------------------------------

    def call(
        self, fiber: Fiber, callee: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Action:
        """Make the call a block suspended for: activity, timer, durable or plain function."""
        kind = type(callee)
        if kind is FunctionType:
            options = activity_options(callee)
            if options is not None:
                return self.schedule(fiber, callee, options, args, kwargs)
            loaded = self.program.loaded_of(callee)
            if loaded is not None:
                return self.enter(fiber, loaded, callee, args, kwargs)
            if callee is sleep:
                return self.sleep(fiber, args, kwargs)
            if (own := _OWN.get(callee)) is not None:
                return self._call_own(fiber, own, args, kwargs)
            if callee is advance:
                return self._advance(fiber, args[0])
            if callee is go_on:
                fiber.stack.pop()
                return Again()
            if (inner := callables.passed_on(callee, args, kwargs)) is not None:
                return self.call(fiber, *inner)
            if dataclass_fields.is_written(callee) and args:
                return self._fill(fiber, callee, args, kwargs)
            if (stand_in := self._stand_in(fiber, callee, args, kwargs)) is not None:
                return self.call(fiber, stand_in, args, kwargs)
        elif kind is MethodType:
            # Not isinstance(): that would read the `__class__` of an object of the program's.
            owner = type(callee.__self__)
            if owner is Unclosed:
                return self._go_on_closing(fiber, callee.__self__)
            if issubclass(owner, fibers.Fiber):
                return self._call_fiber(fiber, callee, args, kwargs)
            if issubclass(owner, Generator | CoroutineSteps | AsyncStep):
                return self._call_generator(fiber, callee, args, kwargs)
            return self.call(fiber, callee.__func__, (callee.__self__, *args), kwargs)
        elif (stand_in := self._stand_in(fiber, callee, args, kwargs)) is not None:
            return self.call(fiber, stand_in, args, kwargs)
        elif issubclass(kind, type):
            method = ops.lookup(kind, "__call__")
            if self.program.suspending.method(method):
                return self.call(fiber, method, (callee, *args), kwargs)
            return self._construct(fiber, callee, args, kwargs)
        elif issubclass(kind, callables.ALIASES):
            known = self.program.has_library("call_alias") and getattr(callee, "_inst", True)
            if known and self.program.suspending.suspends(callee):
                call_alias = self.program.library("call_alias")
                return self.call(fiber, call_alias, (callee, args, kwargs), {})
        elif kind is caches.KIND:
            if self.program.suspending.suspends(callee):
                keep = self.program.library("cached_call")
                return self.call(fiber, keep, (callee, args, kwargs), {})
        elif kind is MethodWrapperType and (made := callables.constructed(callee)) is not None:
            return self._construct(fiber, made, args, kwargs)
        elif (inner := callables.passed_on(callee, args, kwargs)) is not None:
            return self.call(fiber, *inner)
        else:
            method = getattr(kind, "__call__", None)  # noqa: B004  (the method itself is wanted)
            if self.program.suspending.method(method):
                return self.call(fiber, method, (callee, *args), kwargs)
        return self._plain(callee, args, kwargs)

    def _stand_in(
        self, fiber: Fiber, callee: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """What does a builtin's work in Python for these arguments; None where it is not needed.

        A stand-in that calls its builtin wants it to say what is wrong.
        """
        made = self.program.suspending.stand_in(callee, args, kwargs)
        if made is None or not fiber.stack:
            return made
        function: Any = made.func if type(made) is functools.partial else made
        caller = self.program.functions[fiber.stack[-1][0]]
        return None if self.program.loaded_of(function) is caller else made

    def _fill(
        self, fiber: Fiber, written: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Action:
        """Call an `__init__` that `dataclass` wrote: `super().__init__(…)` of a heir."""
        made, *rest = args
        owner = dataclass_fields.filler_of(type(made), written)
        if owner is not None and self.program.suspending.in_filling(type(made), owner):
            fill = self.program.library("fill")
            return self.call(fiber, fill, (made, owner, tuple(rest), kwargs), {})
        return self._plain(written, args, kwargs)

    def _construct(
        self, fiber: Fiber, kind: type, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Action:
        """Make an object of a class, whatever its metaclass makes of a call."""
        if self.program.suspending.in_making(kind):
            return self.call(fiber, self.program.library("construct"), (kind, args, kwargs), {})
        return self._plain(functools.partial(type.__call__, kind), args, kwargs)

    def _plain(
        self, callee: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Returned | Raised:
        try:
            return Returned(callee(*args, **kwargs))
        except BaseException as error:
            if failures.is_interrupt(error):
                raise
            failures.tidy(error)
            return Raised(error)

    def enter(
        self,
        fiber: Fiber,
        loaded: LoadedFunction,
        function: FunctionType,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Action:
        """Call a durable function: a new frame, and its entry block."""
        if loaded.makes is not None:
            return self.make(function, loaded, args, kwargs)
        entry = self.program.entry_of(function, loaded)
        handled = self._handled(fiber)
        free = loaded.shared_with(function)
        fiber.stack.append((loaded.index, 0, (), free, handled, None))
        try:
            if handled is None:
                result = entry(*args, **kwargs)
            else:
                result = _while_handling(handled, entry, args, kwargs)
        except BaseException as error:
            if failures.is_interrupt(error):
                raise
            del args, kwargs
            return self._raised(fiber, error)
        return self._after(fiber, loaded, free, result)

    def make(
        self,
        function: FunctionType,
        loaded: LoadedFunction,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Returned | Raised:
        """Call a generator function: its arguments are bound, its body does not begin."""
        entry = self.program.entry_of(function, loaded)
        try:
            begun = entry(*args, **kwargs)
        except BaseException as error:
            if failures.is_interrupt(error):
                raise
            failures.tidy(error)
            return Raised(error)
        cells = loaded.cells_of(begun.contents, loaded.shared_with(function))
        frame = (loaded.index, begun.then, begun.live, cells)
        assert loaded.makes is not None
        loaded.native = function.__code__
        made = loaded.makes(loaded, frame, self.program.step, function)
        context = running_block.get()
        if context is not None and context.run is not None:
            made.world = context.run.begin_world()
        return Returned(made)

    def _call_own(
        self, fiber: Fiber, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Action:
        """A function of perdure that only the interpreter can do."""
        if name == "spawn":
            return self.spawn(fiber, args, kwargs)
        if name == "wait":
            return self.wait(fiber, *args, **kwargs)
        return self.call(fiber, self.program.library(name), args, kwargs)

    def _call_fiber(
        self, fiber: Fiber, method: MethodType, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Action:
        """`handle.result()` and its like."""
        handle = method.__self__
        assert isinstance(handle, fibers.Fiber)
        if handle.done() or method.__name__ not in ("result", "exception"):
            return self._plain(method, args, kwargs)
        waiting = self.wait(fiber, [handle], fibers.ALL)
        if waiting is None:
            fiber.then = (method, args, kwargs)
        return waiting

    # Generators -------------------------------------------------------------------------------

    def _advance(self, fiber: Fiber, stepper: Stepper) -> Action:
        """The next item of a loop whose iterator may stop the run."""
        source = stepper.source
        if isinstance(source, Generator):
            return self.resume(fiber, source, Returned(None), How.LOOP)
        step = self.program.library("step_of")
        return self.call(fiber, step, (stepper, DONE), {})

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
        done = _while_handling(handled, self._foreign, (inner, action), {})
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

    def _call_generator(
        self, fiber: Fiber, method: MethodType, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Action:
        """`g.send(…)` and its like, called by compiled code."""
        stepped = method.__self__
        if isinstance(stepped, CoroutineSteps):
            stepped = stepped.coroutine
        name = method.__func__.__name__
        fits = len(args) == _ARGUMENTS.get(name) or (name == "throw" and args)
        if kwargs or not fits:
            if name in _ARGUMENTS and (ended := ENDED.get(getattr(stepped, "noun", ""))):
                return self._plain(getattr(ended, name), args, kwargs)  # says what is wrong
            return self._plain(method, args, kwargs)
        action: Returned | Raised = Returned(args[0] if args else None)
        how = How.NEXT
        if name == "close":
            action, how = Raised(GeneratorExit()), How.CLOSE
        elif name == "throw":
            try:
                warn_of_parts(name, args)
                action = Raised(thrown(*args))
            except Exception as error:
                failures.tidy(error)
                return Raised(error)
        if isinstance(stepped, Generator):
            return self.resume(fiber, stepped, action, how)
        assert isinstance(stepped, AsyncStep)
        if name == "close" and not stepped.gives_up():
            return Returned(None)
        return self._resume_step(fiber, stepped, action, how)


def _let_go(error: BaseException, loaded: LoadedFunction) -> None:
    """Leave the loops of a function that an exception has left: the traceback holds its frame."""
    traceback = error.__traceback__
    while traceback is not None:
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
# How many arguments the methods of generators take that only the machine can do.
_ARGUMENTS = {"__next__": 0, "send": 1, "close": 0}
_CLOSE_GIVES_VALUE = sys.version_info >= (3, 13)

_OWN = {
    fibers.spawn: "spawn",
    fibers.wait_for_fibers: "wait",
    fibers.gather: "gather_",
    fibers.race: "race_",
    ops.listed: "list_",
    ops.taken: "taken_",
    ops.extension: "extension_",
    operations.formatted: "formatted_",
}


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


def _while_handling(
    error: BaseException, block: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Run a block of a function that was called from an exception handler."""
    restore = handling(error)
    try:
        raise error
    except BaseException:
        restore()
        return block(*args, **kwargs)


__all__ = ["UNBOUND", "Action", "Machine"]
