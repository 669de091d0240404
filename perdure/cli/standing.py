"""Where a run stands: its newest checkpoint, read for people.

A checkpoint is read with the program of its image. Where that program does not load (a package it
imports is not installed here, say), what belongs to the program is shown by its name only: looking
at a store needs nothing of the user's code.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from perdure.compiler.image import Image
    from perdure.runtime.client import Client
    from perdure.runtime.continuation import Continuation, Frame
    from perdure.store.protocol import ActivityRecord, RunRecord


@dataclass(frozen=True)
class Variable:
    """A live variable: what it holds, or the value of a temporary of the compiler."""

    name: str
    value: Any


@dataclass(frozen=True)
class Place:
    """A frame: a function, and the task block that it goes on with."""

    function: str  # module:qualname
    block: int
    file: str
    line: int
    label: str  # the call that it resumes from
    source: str  # the user's line
    live: tuple[Variable, ...]


OTHERS = "other fibers"  # or tasks, of the same run


@dataclass(frozen=True)
class Wait:
    """What a fiber waits for."""

    kind: str  # activity, timer or `OTHERS`
    seq: int
    name: str = ""
    attempt: int = 1
    due_at: float | None = None


@dataclass(frozen=True)
class Standing:
    """Where a run stands. `fibers` is empty before the entry block was called, and at the end."""

    image: Image
    ended: bool
    fibers: tuple[tuple[int, tuple[Place, ...], Wait | None], ...]
    arguments: tuple[Any, ...] | None  # (args, kwargs), until the run has begun

    @property
    def mark(self) -> tuple[str, int] | None:
        """The block that the run goes on with, as `render_svg` takes it; None at the end."""
        if self.ended:
            return None
        for _, places, _ in self.fibers:
            if places:
                return places[-1].function, places[-1].block
        return self.image.entry, 0


def stands(client: Client, record: RunRecord) -> Standing:
    """Where the run of `record` stands; raises a store's errors and `CodecError`."""
    from perdure.runtime.continuation import Continuation
    from perdure.store.protocol import RunStatus

    image = client.image(record.image)
    if record.status in (RunStatus.SUCCEEDED, RunStatus.CANCELLED):
        return Standing(image, True, (), None)
    state = Continuation.unpack(decoder(client, record.image)(record.checkpoint))
    activities = {a.seq: a for a in client.store.activities(record.id)}
    fibers = tuple(_fibers(image, state, activities))
    start = state.start
    return Standing(image, False, fibers, None if start is None else (start.args, start.kwargs))


def _fibers(
    image: Image, state: Continuation, activities: dict[int, ActivityRecord]
) -> Iterator[tuple[int, tuple[Place, ...], Wait | None]]:
    for fiber in state.fibers.values():
        places = tuple(_place(image, frame) for frame in fiber.stack)
        if places or fiber.wait is not None or state.loop is None:
            others = None if fiber.joins is None else Wait(OTHERS, 0)
            yield fiber.id, places, others or _wait(fiber.wait, activities)
    yield from _tasks(image, state, activities)


def _tasks(
    image: Image, state: Continuation, activities: dict[int, ActivityRecord]
) -> Iterator[tuple[int, tuple[Place, ...], Wait | None]]:
    """The tasks of an `async def` workflow: what each coroutine awaits, to what it waits for."""
    import asyncio

    tasks = getattr(state.loop, "tasks", None)
    if not isinstance(tasks, dict):  # none, or the program does not load here
        return
    loop = state.loop
    awaited = {id(future): seq for seq, future in loop.pending.items()}
    for number, task in enumerate(tasks):
        seq = awaited.get(id(task._fut_waiter))
        timed = loop.timer if type(task._fut_waiter) is asyncio.Future else None
        wait = _wait(timed if seq is None else ("activity", seq, 0.0), activities)
        if wait is None and task._fut_waiter is not None:
            wait = Wait(OTHERS, 0)
        yield number, tuple(_awaiting(image, task.get_coro())), wait


def _awaiting(image: Image, coroutine: Any) -> Iterator[Place]:
    while coroutine is not None:
        coroutine = getattr(coroutine, "generator", coroutine)  # a step of an async generator
        frame = getattr(coroutine, "frame", None)
        if frame is None:
            return
        yield _place(image, (*frame, None, None))
        coroutine = coroutine.delegate


def _place(image: Image, frame: Frame) -> Place:
    index, number, live, cells, *_ = frame
    if isinstance(index, str):  # of a library that another Python has
        return Place(index, number, "", 0, "", "", ())
    table = image.functions[index]
    block = table.blocks[number]
    module = table.name.partition(":")[0]
    # Functions of the library that are compiled with the program are not among its modules.
    text = next((m for m in image.modules if m.name == module), None)
    lines = text.text.splitlines() if text is not None else []
    source = lines[block.line - 1].strip() if block.line <= len(lines) else ""
    file = image.file(text.path) if text is not None else module
    values = zip([*block.live, *table.cells], [*live, *map(_content, cells)], strict=False)
    # Not what the compiler has put there for itself.
    own = text.text if text is not None else ""
    variables = tuple(Variable(n, value) for n, value in values if n[0] != "_" or n in own)
    return Place(table.name, number, file, block.line, block.label, source, variables)


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except (AttributeError, ValueError):
        return Unbound


class Unbound:
    """Stands for a variable without a value."""


def _wait(wait: Any, activities: dict[int, ActivityRecord]) -> Wait | None:
    if wait is None:
        return None
    kind, seq, due = wait
    found = activities.get(seq)
    if found is None:
        return Wait(kind, seq, due_at=due or None)
    return Wait(kind, seq, found.name, found.attempt, found.due_at)


# Decoding -------------------------------------------------------------------------------------


def decoder(client: Client, image: str) -> Callable[[bytes], Any]:
    """Decodes values of a program; shows by name what does not load here."""
    import sys

    from perdure.runtime.codec import CodecError, unwrap

    try:
        with redirect_stdout(sys.stderr):  # modules may print when they are imported
            decode = client.codec(image).decode
    except Exception:  # noqa: BLE001 - importing the program runs the user's code
        return lambda data: _Bystander(io.BytesIO(unwrap(data))).load()

    def either(data: bytes) -> Any:
        try:
            return decode(data)
        except CodecError:
            raise
        except Exception:  # noqa: BLE001 - so does making its objects
            return _Bystander(io.BytesIO(unwrap(data))).load()

    return either


# Built-in names that pickles of plain values call.
_PLAIN = frozenset(
    """iter reversed range enumerate zip map filter set frozenset bytearray complex slice object
    list dict tuple int float str bytes bool""".split()
)
_PLAIN_MODULES = frozenset({"collections", "datetime", "decimal", "fractions", "uuid", "pathlib"})


class _Bystander(pickle.Unpickler):
    """Reads a pickle without its program: names it cannot resolve become stand-ins."""

    def persistent_load(self, nan: Any) -> Any:
        return nan

    def find_class(self, module: str, name: str) -> Any:
        if (module == "builtins" and _plain(name)) or module in _PLAIN_MODULES:
            return super().find_class(module, name)
        if module.startswith("perdure.runtime"):
            if name.startswith("set_"):
                return _nothing
            return _RUNTIME.get(name, _stand_in(module, name))
        return _stand_in(module, name)


def _plain(name: str) -> bool:
    import builtins

    found = getattr(builtins, name, None)
    error = isinstance(found, type) and issubclass(found, BaseException)
    return error or name in _PLAIN


class StandIn:
    """An object of a class that is not here: it has a name and takes whatever state it is given."""

    name = "?"

    def __new__(cls, *args: Any, **kwargs: Any) -> StandIn:
        """Take any arguments."""
        return super().__new__(cls)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        pass

    def __setitem__(self, key: Any, value: Any) -> None:
        pass

    def append(self, item: Any) -> None:
        """Take an item, as a list's subclass would."""

    def extend(self, items: Any) -> None:
        """Take items."""

    def add(self, item: Any) -> None:
        """Take an item, as a set's subclass would."""

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __repr__(self) -> str:
        return f"<{self.name}>"


def _stand_in(module: str, name: str) -> type[StandIn]:
    return type(name, (StandIn,), {"name": f"{module}.{name}"})


def _nothing(*args: Any) -> None:
    """Stands for functions that fill an object: state setters."""


def _nan_of(bits: bytes) -> float:
    return float("nan")


def _make_error(kind: Any, args: tuple[Any, ...]) -> Any:
    """An exception of a class that is not here: its name and its arguments are kept."""
    if isinstance(kind, type) and issubclass(kind, BaseException):
        return kind(*args)
    return Exception(getattr(kind, "name", "?"), *args)


_RUNTIME: dict[str, Any] = {
    "by_name": lambda module, name: _stand_in(module, name),
    "make_shell": lambda meta, name, bases, space, members: _stand_in(space["__module__"], name),
    "itself": lambda cls: cls,
    "restore": _nothing,
    "make": _make_error,
    "nan_of": _nan_of,
}
