"""What of a run's state cannot be pickled: the variable and the call, for the error that says so.

Each value is tried by itself. What leads from one value to the rest of the run (a generator, a
coroutine, a context, the event loop) is left out and looked into on its own: the variable that is
named is the one at fault, and not one that only leads to it.
"""

from __future__ import annotations

import ast
import asyncio
from collections.abc import Iterator
from contextvars import Context
from typing import Any

from perdure.compiler.scopes import read_module
from perdure.compiler.source import Source
from perdure.runtime import iterators
from perdure.runtime.codec import Codec, describe
from perdure.runtime.continuation import Continuation
from perdure.runtime.failures import UnpicklableError
from perdure.runtime.generators import CLASSES, Generator
from perdure.runtime.library import future_state
from perdure.runtime.loop import Loop, Task
from perdure.runtime.program import Program

_ADVICE = (
    "where the run may have to move to another process. Make it after that call, or keep what it "
    "can be made from (a path, a key, a URL) and use it inside an activity."
)


def explain(program: Program, state: Continuation, problem: Exception) -> UnpicklableError:
    """Say which live variable cannot be kept, of what type, and the suspension it lives across."""
    search = _Search(program)
    search.walk(state)
    found = search.in_frames() or search.in_contexts() or search.in_callbacks()
    return UnpicklableError(found or f"the run's state cannot be pickled: {problem}")


class _Search:
    """Walks a run's state, and tries each value that its frames and contexts hold."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.codec = Codec(program)
        self.codec.reducers |= dict.fromkeys(CLASSES.values(), self._meet_generator)
        self.codec.reducers |= {Context: self._meet_context, Loop: _left_out}
        self.codec.reducers |= dict.fromkeys((asyncio.Future, Task), self._meet_future)
        # (function, block, live values, cells), outermost first, and what it delegates to
        self.frames: list[tuple[Any, ...]] = []
        self.generators: dict[int, Generator] = {}
        self.contexts: dict[int, Context] = {}
        self.futures: dict[int, Any] = {}
        self.callbacks: list[tuple[Any, tuple[Any, ...]]] = []  # and what each is called with

    def walk(self, state: Continuation) -> None:
        """Meet all frames and contexts of a state."""
        for fiber in state.fibers.values():
            self.frames += [(*frame[:4], None) for frame in fiber.stack]
            for value in (*(frame[5] for frame in fiber.stack), fiber.then, fiber.context):
                self.refusal(value)
        if state.loop is not None:
            for task in state.loop.tasks:
                self.refusal(task)
            for handle in (*state.loop.ready, *(timer for *_, timer in state.loop.scheduled)):
                if not handle.cancelled():
                    self.callbacks.append((handle._callback, handle._args))
                    self.refusal(handle)
        for frame in self.frames:  # it grows meanwhile
            for _, value in self._held(frame):
                self.refusal(value)

    def in_frames(self) -> str | None:
        """The first variable at fault; of the project's own functions, if one of them has it."""
        own = {module.name for module in self.program.image.modules}
        inner_first = self.frames[::-1]
        inner_first.sort(key=lambda frame: self._table(frame).name.partition(":")[0] not in own)
        for frame in inner_first:
            for name, value in self._held(frame):
                if (cause := self.refusal(value)) is not None:
                    return self._in_frame(frame, name, value, cause)
        return None

    def in_contexts(self) -> str | None:
        """The first context variable at fault."""
        for context in self.contexts.values():
            for variable, value in context.items():
                if self.codec.names.of_value(variable) is None:
                    continue  # it is not kept
                if (cause := self.refusal(value)) is not None:
                    return (
                        f"the context variable {variable.name!r} holds a {describe(value)}, which "
                        f"cannot be pickled ({cause}), and it is set{self._stopped()}. Set it to "
                        f"what that can be made from (a path, a key, a URL), or reset it before "
                        f"the next suspension; a `with` may be what has set it."
                    )
        return None

    def _stopped(self) -> str:
        """Where the run stopped, so far as the project's own functions tell."""
        files = {module.name: module.path for module in self.program.image.modules}
        for frame in reversed(self.frames):
            table = self._table(frame)
            module, _, qualname = table.name.partition(":")
            if module in files:
                block = table.blocks[frame[1]]
                return f" across {block.label} in {qualname} ({files[module]}:{block.line})"
        return ""

    def in_callbacks(self) -> str | None:
        """The first callback of the event loop, or of a future, at fault."""
        for callback, args in self.callbacks:
            if (cause := self.refusal((callback, args))) is not None:
                name = getattr(callback, "__qualname__", describe(callback))
                return (
                    f"the call of {name} that the event loop is to make cannot be pickled "
                    f"({cause}). Give it, and a function around it, what can be kept (a path, a "
                    f"key, a URL)."
                )
        return None

    def refusal(self, value: Any) -> Exception | None:
        """Why a value cannot be pickled, apart from what it leads to of the rest of the run."""
        try:
            with iterators.taking():
                self.codec.encode(value)
        except Exception as error:
            return error
        return None

    def _meet_generator(self, generator: Generator, pickler: Any) -> tuple[Any, ...]:
        if id(generator) not in self.generators:
            self.generators[id(generator)] = generator
            if generator.frame is not None:
                self.frames.append((*generator.frame, generator.delegate))
            else:
                self.refusal(generator.delegate)
        return _left_out(generator, pickler)

    def _meet_context(self, context: Context, pickler: Any) -> tuple[Any, ...]:
        if id(context) not in self.contexts:
            self.contexts[id(context)] = context
            for value in context.values():
                self.refusal(value)
        return _left_out(context, pickler)

    def _meet_future(self, future: Any, pickler: Any) -> tuple[Any, ...]:
        """Its outcome and its attributes are its own; its callbacks lead to who waits for it."""
        if id(future) not in self.futures:
            self.futures[id(future)] = future
            self.callbacks += [(callback, ()) for callback, _ in future._callbacks or ()]
        coroutine = future.get_coro() if type(future) is Task else None
        outcome = future_state(future)[1]
        return (list, ([coroutine, outcome, object.__getstate__(future)],))

    def _table(self, frame: tuple[Any, ...]) -> Any:
        return self.program.functions[frame[0]].table

    def _held(self, frame: tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
        """What a frame holds, by name: variables, cells, and what it delegates to."""
        table = self._table(frame)
        contents = [_content(cell) for cell in frame[3]]
        names = [*table.blocks[frame[1]].live, *table.cells]
        yield from zip(names, [*frame[2], *contents], strict=False)
        yield _DELEGATE, frame[4]

    def _in_frame(self, frame: tuple[Any, ...], name: str, value: Any, cause: Exception) -> str:
        program, table = self.program, self._table(frame)
        block = table.blocks[frame[1]]
        module, _, qualname = table.name.partition(":")
        file = next((m.path for m in program.image.modules if m.name == module), module)
        # Of a context manager what it is left by is kept: a method.
        kind = describe(getattr(value, "__self__", value) if name.startswith("_exit") else value)
        if name == _DELEGATE:
            return (
                f"{block.label} ({file}:{block.line}) in {qualname} waits in a {kind}, which "
                f"cannot be pickled ({cause}): code that is not compiled steps it, and it can only "
                f"be kept between two such steps. Put the whole of it into an activity."
            )
        what = f"the variable {name!r}" if not name.startswith("_") else _hidden_name(name)
        bound = _bound_at(program, table.name, name, block.line)
        where = f"{qualname} (line {bound})" if bound else qualname
        return (
            f"{what} in {where} is of type {kind}, which cannot be pickled ({cause}), and it is "
            f"still needed after {block.label} ({file}:{block.line}), {_ADVICE}"
        )


_DELEGATE = ""


def _left_out(value: Any, pickler: Any) -> tuple[Any, ...]:
    return (object, ())


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return None


def _bound_at(program: Program, function: str, name: str, line: int) -> int | None:
    """The line that gave a variable the value it has at `line`, as far as the text tells."""
    module, _, qualname = function.partition(":")
    text = next((m for m in program.image.modules if m.name == module), None)
    if text is None:
        return None
    found = read_module(Source(text.path, module, text.text)).functions.get(qualname)
    if found is None:
        return None  # a lambda, say
    node = found.node
    lines = [
        n.lineno
        for n in ast.walk(node)
        if (isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store))
        or (isinstance(n, ast.arg) and n.arg == name)
    ]
    return max((n for n in lines if n <= line), default=min(lines, default=None))


def _hidden_name(name: str) -> str:
    """What a temporary of the compiler is to the user."""
    if name.startswith("_it"):
        return "the iterator of a for loop"
    if name.startswith("_exit"):
        return "the context manager of a with statement"
    if name.startswith("_exc"):
        return "the exception being handled"
    return "a value computed earlier in the same expression"
