"""The machine: it goes on with a fiber until that waits, and makes the calls of its blocks.

A trampoline over one fiber's stack of frames (frames.py), so that calls between durable functions
nest as deep as memory allows and the C stack does not grow. It has no effects of its own: what
leaves the program (an activity, a timer) is a method that the run overrides (interpreter.py).
Native code that steps a generator uses it as it is: there nothing may leave.
"""

from __future__ import annotations

import functools
from types import FunctionType, MethodType, MethodWrapperType
from typing import Any

from perdure.runtime import caches, callables, dataclass_fields, failures, fibers, operations, ops
from perdure.runtime.continuation import Fiber
from perdure.runtime.declare import (
    ActivityOptions,
    activity_options,
    bypassed,
    running_block,
    sleep,
)
from perdure.runtime.frames import Action, Frames, while_handling
from perdure.runtime.generators import (
    DONE,
    ENDED,
    AsyncGenerator,
    CoroutineSteps,
    Generator,
    Stepper,
    Unclosed,
    advance,
    go_on,
)
from perdure.runtime.ops import Again, Raised, Returned, Suspend
from perdure.runtime.program import LoadedFunction, Program
from perdure.runtime.steps import AsyncStep, How, Yielded, thrown, warn_of_parts

# How many calls may be inside each other. Memory would take more; an endless recursion takes all.
DEEPEST = 500_000


class Machine(Frames):
    """Steps fibers of one program."""

    def __init__(self, program: Program) -> None:
        super().__init__(program)
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
        if len(fiber.stack) >= DEEPEST:
            error = RecursionError("maximum recursion depth exceeded")
            error.__context__ = handled
            return Raised(error)
        free = loaded.shared_with(function)
        fiber.stack.append((loaded.index, 0, (), free, handled, None))
        try:
            if handled is None:
                result = entry(*args, **kwargs)
            else:
                result = while_handling(handled, entry, args, kwargs)
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
        context = running_block.context
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

    def _advance(self, fiber: Fiber, stepper: Stepper) -> Action:
        """The next item of a loop whose iterator may stop the run."""
        source = stepper.source
        if isinstance(source, Generator):
            return self.resume(fiber, source, Returned(None), How.LOOP)
        step = self.program.library("step_of")
        return self.call(fiber, step, (stepper, DONE), {})

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


# How many arguments the methods of generators take that only the machine can do.
_ARGUMENTS = {"__next__": 0, "send": 1, "close": 0}
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
