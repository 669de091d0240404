"""Load an image: its modules, its activities, and its task blocks as callable functions."""

from __future__ import annotations

import functools
import importlib
import linecache
import logging
import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import CellType, CodeType, FunctionType
from typing import Any

from perdure.compiler.image import MAGIC, FunctionTable, Image
from perdure.compiler.library import full_name
from perdure.compiler.source import may_be_standard
from perdure.runtime import ops
from perdure.runtime.declare import DurabilityError
from perdure.runtime.generators import CLASSES, Generator
from perdure.runtime.leads import Leads
from perdure.runtime.modules import Live, ProgramError, live_modules
from perdure.runtime.namespace import Namespace
from perdure.runtime.spans import common_name, lambda_at, smallest_at
from perdure.runtime.suspending import Suspending
from perdure.runtime.synchronizers import KINDS, Synchronizers

log = logging.getLogger("perdure.program")


# How often code goes back before Python 3.11 specializes it (`QUICKENING_WARMUP_DELAY`).
_TURNS = range(8)


@dataclass
class LoadedFunction:
    """A durable function: its task blocks, ready to be called with a frame's values."""

    # In the image's list; of one that only this Python's library has, a name that says so.
    index: int | str
    table: FunctionTable
    codes: list[CodeType]
    cells: tuple[str, ...]
    support: dict[str, CellType]
    makes: type[Generator] | None  # what a call gives, for generator functions and coroutines
    # Set once its module has been imported: the module's globals, and its blocks over them.
    scope: dict[str, Any] = field(default_factory=dict)
    blocks: list[FunctionType] = field(default_factory=list)  # for functions without cells
    native: CodeType | None = None  # of the function object that was called last
    original: Any = None  # the function object, for the program's entry
    cold: list[CellType] = field(init=False)  # of each block: the turns that warm it up

    def __post_init__(self) -> None:
        """A block takes its turns once, however many functions are made of its code."""
        self.cold = [CellType(iter(_TURNS)) for _ in self.codes]

    @property
    def module(self) -> str:
        """The name of the module that defines it."""
        return self.table.name.partition(":")[0]

    @functools.cached_property
    def handles(self) -> bool:
        """Whether it may be left in an exception handler, to go on in it."""
        return any(block.handling >= 0 for block in self.table.blocks)

    @functools.cached_property
    def steps_loops(self) -> bool:
        """Whether it has loops over what may stop the run between two items."""
        begins = {"_stepping0", "_stepped0", "_aiter0", "_aiterated0"}
        return any(not begins.isdisjoint(code.co_freevars) for code in self.codes)

    def settle(self, scope: dict[str, Any]) -> None:
        """Take the globals of its module, which has been imported."""
        if not self.cells:
            self.blocks += [
                FunctionType(code, scope, code.co_name, None, self._closure(number, {}))
                for number, code in enumerate(self.codes)
            ]
        self.scope = scope

    def _closure(self, number: int, given: dict[str, CellType]) -> tuple[CellType, ...]:
        """The cells of a block: its turns, those it is given (a new dict), the vocabulary."""
        given["_cold0"] = self.cold[number]
        return tuple(given.get(n) or self.support[n] for n in self.codes[number].co_freevars)

    @property
    def is_async(self) -> bool:
        """Whether it may `await`."""
        return self.table.kind in ("coroutine", "async generator")

    def bind(self, number: int, cells: tuple[CellType, ...]) -> FunctionType:
        """The block's function over the frame's own cells."""
        if not self.cells:
            return self.blocks[number]
        code = self.codes[number]
        closure = self._closure(number, dict(zip(self.cells, cells, strict=True)))
        return FunctionType(code, self.scope, code.co_name, None, closure)

    def entry(self, function: FunctionType) -> FunctionType:
        """Block 0 as a function with the signature and the defaults of `function`."""
        code = self.codes[0]
        closure = self._closure(0, self._shared(function))
        made = FunctionType(
            code, function.__globals__, code.co_name, function.__defaults__, closure
        )
        made.__kwdefaults__ = function.__kwdefaults__
        return made

    def shared_with(self, function: FunctionType) -> tuple[CellType, ...]:
        """The cells that a function object shares with the functions around it."""
        free = self.table.free
        if not free:
            return ()
        given = self._shared(function)
        return tuple(given[name] for name in self.cells[len(self.cells) - free :])

    def _shared(self, function: FunctionType) -> dict[str, CellType]:
        if not self.table.free:
            return {}
        return dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))

    def cells_of(
        self, contents: tuple[Any, ...], shared: tuple[CellType, ...]
    ) -> tuple[CellType, ...]:
        """A frame's cells: its own, with these contents, and those it shares."""
        own = (CellType() if c is ops.UNBOUND else CellType(c) for c in contents)
        return (*own, *shared)


class _Functions(dict[int | str, LoadedFunction]):
    """The functions of a program, by their index."""

    def __missing__(self, index: int | str) -> LoadedFunction:
        raise ProgramError(
            f"the run stopped inside {index}, and here is Python {_PYTHON}, whose library differs "
            f"there: go on with the other one"
        )


@dataclass
class Program:
    """A loaded image."""

    image: Image
    modules: dict[str, Any]  # modules, or what stands for them: those imported so far
    space: Live | Namespace | None = None  # where they come from
    # The functions of modules that the program may import later, when its `import` runs.
    absent: dict[str, list[LoadedFunction]] = field(default_factory=dict)
    later: frozenset[str] = frozenset()  # the modules that were absent when it was loaded
    functions: dict[int | str, LoadedFunction] = field(default_factory=lambda: _Functions())
    by_name: dict[str, LoadedFunction] = field(default_factory=dict)
    inner_codes: dict[CodeType, tuple[str, int, str, int]] = field(default_factory=dict)
    inner_by_key: dict[tuple[str, int, str, int], CodeType] = field(default_factory=dict)
    entries: dict[FunctionType, FunctionType] = field(default_factory=dict)
    names: dict[Any, str] = field(default_factory=dict)  # of activities, by function
    # Code objects that were looked up, by id: the object itself, and what it is.
    _known: dict[int, tuple[CodeType, LoadedFunction | None]] = field(default_factory=dict)
    _marked: dict[tuple[str, int], list[LoadedFunction]] = field(default_factory=dict)
    # What the blocks look at in each safepoint, as their `_due0`: None, or True.
    _due: CellType = field(default_factory=lambda: CellType(None))

    @property
    def due(self) -> bool:
        """Whether a loop gives way at its next safepoint. Any thread may ask for it."""
        return self._due.cell_contents is not None

    @due.setter
    def due(self, wanted: bool) -> None:
        self._due.cell_contents = True if wanted else None

    def show(self) -> None:
        """Let `sys.modules` have this program's modules, before its code runs."""
        if self.space is not None:
            self.space.show()

    @functools.cached_property
    def entry(self) -> LoadedFunction:
        """The workflow's function: of several that its module defines, the one that is there."""
        first = self.by_name[self.image.entry]
        return (first.original and self.loaded_of(first.original)) or first

    def lives_in(self, workflow: FunctionType) -> bool:
        """Whether the program's functions are those of the module `workflow` belongs to."""
        return self.by_name[self.image.entry].scope is workflow.__globals__

    def find(self, name: str) -> Any:
        """The object named `module:qualname` in the program's modules."""
        module, _, qualname = name.partition(":")
        return _attribute(self.module(module), qualname)

    def add(self, loaded: LoadedFunction) -> None:
        """Take a function in."""
        self.functions[loaded.index] = loaded
        self.by_name[loaded.table.name] = loaded
        name, line, *_ = loaded.table.code
        self._marked.setdefault((common_name(name), line), []).append(loaded)

    def notice(self) -> None:
        """Take the functions of modules in that have been imported since."""
        for name in [*self.absent]:
            assert self.space is not None
            if self.space.imported(name) is not None:
                self._settle(name)

    def bring(self, name: str) -> Any:
        """Import a module that a checkpoint needs; None for what is no module of the program."""
        if name in self.absent:
            assert self.space is not None
            self.space.load(name)
            self._settle(name)
            self.leads.look()  # before the run can put something into it
        return self.modules.get(name)

    def bring_all(self, modules: Iterable[str], functions: Iterable[int | str]) -> None:
        """Import what had been imported when a checkpoint was made, and what was running then.

        Importing a module may have done something: put functions into a table, say.
        """
        for name in modules if self.absent else ():
            self.bring(name)
        for index in functions:
            loaded = self.functions[index]
            if self.absent:
                self.bring(loaded.module)

    def imported(self) -> tuple[str, ...]:
        """The modules that have been imported since it was loaded, in the order of that."""
        if not self.later:
            return ()
        self.notice()
        return tuple(name for name in self.modules if name in self.later)

    def _settle(self, name: str) -> None:
        for loaded in self.absent.pop(name, ()):
            loaded.settle(vars(self.modules[name]))

    def loaded_of(self, function: FunctionType) -> LoadedFunction | None:
        """The compiled form of a function object, however it was made.

        A function inside another one is a new object each time, and its code stands in several
        blocks as well as in the module's own code: it is known by its place in the source.
        """
        code = function.__code__
        found = self._known.get(id(code))
        if found is None:
            found = self._known[id(code)] = (code, self._identify(function, code))
        return found[1]

    def _identify(self, function: FunctionType, code: CodeType) -> LoadedFunction | None:
        if self.absent:
            self.notice()
        key = (common_name(code.co_name), code.co_firstlineno)
        candidates = [
            loaded
            for loaded in self._marked.get(key, ())
            if loaded.scope is function.__globals__
            and set(loaded.cells[len(loaded.cells) - loaded.table.free :]) <= set(code.co_freevars)
        ]
        if key[0].startswith("<"):
            # Several may stand on one line, one inside the other.
            find = lambda_at if key[0] == "<lambda>" else smallest_at
            candidates = find(code, candidates)
        return candidates[0] if candidates else None

    @functools.cached_property
    def leads(self) -> Leads:
        """What its modules lead to."""
        return Leads(self, KINDS)

    @functools.cached_property
    def synchronizers(self) -> Synchronizers:
        """The locks, queues and their like that its modules hold."""
        return Synchronizers(self)

    @functools.cached_property
    def suspending(self) -> Suspending:
        """What of it suspends."""
        return Suspending(self)

    @functools.cached_property
    def qualnames(self) -> dict[str, str]:
        """The user's name for each generated function."""
        tables = self.image.functions
        return {block.function: _qualname(table) for table in tables for block in table.blocks}

    def library(self, name: str) -> Any:
        """A function of Perdure's library, which is compiled with the program."""
        return getattr(self.module(full_name(name).partition(":")[0]), name)

    def has_library(self, name: str) -> bool:
        """Whether a function of Perdure's library is compiled with the program."""
        return full_name(name) in self.by_name

    def module(self, name: str) -> Any:
        """A module of the program, or one of a library that is compiled with it."""
        found = self.bring(name)
        return importlib.import_module(name) if found is None else found

    def entry_of(self, function: FunctionType, loaded: LoadedFunction) -> FunctionType:
        """The entry block of a durable function, with that function object's own defaults."""
        if function.__closure__ is not None:
            return loaded.entry(function)  # such functions come and go
        made = self.entries.get(function)
        if made is None or made.__defaults__ is not function.__defaults__:
            made = self.entries[function] = loaded.entry(function)
        return made

    def step(self, generator: Generator, action: Any, how: Any) -> Any:
        """Step a generator for code that is not compiled."""
        from perdure.runtime.stepping import step_natively

        return step_natively(self, generator, action, how)

    def make(self, function: FunctionType, loaded: LoadedFunction, args: tuple[Any, ...]) -> Any:
        """Call a generator function natively: the program's object, or what binding raised."""
        from perdure.runtime.machine import Machine

        return Machine(self).make(function, loaded, args, {})


def load(image: Image, workflow: FunctionType | None = None) -> Program:
    """Load an image in this process; raises `ProgramError` when its modules do not import.

    With the `workflow` function that the image was compiled from, its own module is used.
    """
    program = Program(image, {})
    _check_requires(image)
    live = live_modules(image, workflow)
    if live is None:
        space = program.space = Namespace(image, program.modules)
        space.fill()
    else:
        program.modules = live
        program.space = Live(image, live)
    program.absent = {m.name: [] for m in image.modules if m.name not in program.modules}
    program.later = frozenset(program.absent)
    for file, text in _texts(image):
        _show_source(file, text)
    support = ops.cells(_protocols(program))
    program._due = support["_due0"]
    mine = {} if MAGIC in image.bytecode else _of_this_python(image)
    for index, (table, codes) in enumerate(_with_codes(image)):
        found = mine.get(table.name)
        if found is not None and _fits(found[0], table):
            del mine[table.name]
            _load_function(program, index, *found, support)
        else:  # of another Python's library: what had begun there goes on there
            known = found is None and (not mine or not _is_standard(image, table))
            _load_function(program, index, table, codes, support, known=known)
    for name, (table, codes) in mine.items():
        _load_function(program, f"{name} of Python {_PYTHON}", table, codes, support)
    return program


_PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"


def _with_codes(image: Image) -> Iterator[tuple[FunctionTable, list[CodeType]]]:
    """Each function of an image, and the code of its blocks."""
    codes = [c for c in image.code_object().co_consts if isinstance(c, CodeType)]
    start = 0
    for table in image.functions:
        count = len(table.blocks)
        yield table, codes[start : start + count]
        start += count


def _is_standard(image: Image, table: FunctionTable) -> bool:
    """Whether a function is one of Python's own library."""
    module = table.name.partition(":")[0]
    return may_be_standard(module) and all(own.name != module for own in image.modules)


def _of_this_python(image: Image) -> dict[str, tuple[FunctionTable, list[CodeType]]]:
    """The functions of Python's library that the program has here, where another Python made it.

    `contextlib` and `asyncio` are compiled from their own source, which is that of one Python.
    """
    if not any(_is_standard(image, table) for table in image.functions):
        return {}
    from perdure.compiler.diagnostics import CompileError
    from perdure.compiler.pipeline import compiled_again

    try:
        made = compiled_again(image).image
    except CompileError as error:
        log.warning("%s cannot be compiled by Python %s: %s", image.entry, _PYTHON, error)
        return {}
    return {
        table.name: (table, codes)
        for table, codes in _with_codes(made)
        if _is_standard(image, table)
    }


def _fits(one: FunctionTable, other: FunctionTable) -> bool:
    """Whether frames of one function are frames of the other."""
    return _form(one) == _form(other)


def _form(table: FunctionTable) -> tuple[Any, ...]:
    blocks = [(block.kind, block.live, block.handling) for block in table.blocks]
    return table.kind, table.cells, table.free, blocks


def _protocols(program: Program) -> dict[str, Any]:
    from perdure.runtime.protocols import Protocols

    return Protocols(program).meaning()


def _check_requires(image: Image) -> None:
    """Say so when a package is here in another version than where the program was compiled."""
    from importlib.metadata import PackageNotFoundError, version

    for name, wanted in image.requires.items():
        try:
            have = version(name)
        except PackageNotFoundError:
            have = "missing"
        if have != wanted:
            log.warning(
                "%s was compiled with %s %s; here it is %s", image.entry, name, wanted, have
            )


def _texts(image: Image) -> Iterator[tuple[str, str]]:
    return ((image.file(m.path), m.text) for m in image.modules)


def _show_source(file: str, text: str) -> None:
    """Let tracebacks show the user's lines where the file itself is not on this machine."""
    if file not in linecache.cache and not Path(file).exists():
        lines = text.splitlines(keepends=True)
        linecache.cache[file] = (len(text), None, lines, file)


def _qualname(table: FunctionTable) -> str:
    return re.sub(r"#\d+", "", table.name.partition(":")[2])


def _load_function(
    program: Program,
    index: int | str,
    table: FunctionTable,
    codes: list[CodeType],
    support: dict[str, CellType],
    *,
    known: bool = True,
) -> None:
    """Take a function in; one that is not `known` is not found when it is called."""
    original = _original(program, table.name) if table.name == program.image.entry else None
    qualname = _qualname(table)
    name = qualname.rpartition(".")[2]
    named = [_renamed(program, code, name, qualname) for code in codes]
    makes = CLASSES.get(table.kind)
    loaded = LoadedFunction(index, table, named, table.cells, support, makes, original=original)
    if loaded.module in program.absent:
        program.absent[loaded.module].append(loaded)
    else:
        loaded.settle(vars(program.module(loaded.module)))
    if known:
        program.add(loaded)
    else:
        program.functions[index] = loaded
    key = index if isinstance(index, str) else table.name
    for number, code in enumerate(named):
        _index_inner(program, key, number, code, {})


def _renamed(program: Program, code: CodeType, name: str, qualname: str) -> CodeType:
    """A block's code under the name of the user's function, and what is nested in it with it."""
    return _requalified(program, code).replace(co_name=name, co_qualname=qualname)


def _requalified(program: Program, code: CodeType) -> CodeType:
    inner: list[Any] = []
    for const in code.co_consts:
        if isinstance(const, CodeType):
            const = _requalified(program, const)
        elif isinstance(const, str) and const.startswith(_MAKER):
            const = _qualified(program, const)  # what a class body calls the class
        inner.append(const)
    name, qualname = code.co_name, _qualified(program, code.co_qualname)
    if "._genexpr" in qualname:
        name, qualname = _GENEXPR.sub("<genexpr>", name), _GENEXPR.sub("<genexpr>", qualname)
    return code.replace(co_consts=tuple(inner), co_name=name, co_qualname=qualname)


def _qualified(program: Program, name: str) -> str:
    """The user's name for what is nested in a block.

    That need not be the block it was found in: Python's compiler makes one of equal code.
    """
    found = _IN_A_BLOCK.match(name)
    block = found and program.qualnames.get(found[1])
    return f"{block}.{name[found.end() :]}" if found and block else name


_MAKER = "maker.<locals>."
_IN_A_BLOCK = re.compile(r"maker\.<locals>\.(?:\w+_cells\.<locals>\.)?(\w+)\.")
_GENEXPR = re.compile(r"\b_genexpr\d+$|\b_genexpr\d+(?=\.)")


def _index_inner(
    program: Program, function: str, number: int, code: CodeType, seen: dict[str, int]
) -> None:
    """Give every lambda and nested function in a block a name that holds on every Python."""
    for inner in code.co_consts:
        if not isinstance(inner, CodeType):
            continue
        ordinal = seen[inner.co_name] = seen.get(inner.co_name, -1) + 1
        key = (function, number, inner.co_name, ordinal)
        program.inner_codes[inner] = key
        program.inner_by_key[key] = inner
        _index_inner(program, function, number, inner, seen)


def _original(program: Program, name: str) -> FunctionType:
    """The user's own function object, under whatever staticmethod or classmethod wraps it."""
    module, _, qualname = name.partition(":")
    owner, _, last = qualname.rpartition(".")
    try:
        holder = _attribute(program.modules[module], owner) if owner else program.modules[module]
        found = vars(holder)[last]
    except (KeyError, AttributeError):
        raise ProgramError(
            f"{name} is gone: its module defines it, but after import it is not there any more "
            f"(deleted, or its class replaced by a decorator)"
        ) from None
    found = getattr(found, "__func__", found)
    if type(found) is not FunctionType:
        raise ProgramError(
            f"{name} is a {type(found).__name__} after its module was imported, not the function "
            f"that was compiled; a decorator or an assignment has replaced it"
        )
    return found


def _attribute(holder: Any, qualname: str) -> Any:
    for part in qualname.split("."):
        holder = getattr(holder, part)
    return holder


_loaded: dict[str, Program] = {}
_loading = threading.RLock()
_loads: list[str] = []  # the images that are being loaded, by the thread that has the lock


def load_cached(
    hash: str, fetch: Callable[[], Image], workflow: FunctionType | None = None
) -> Program:
    """The loaded program of an image, loaded once per process (and per module that was given).

    Raises DurabilityError in a module that is being imported because a program is loaded.
    """
    with _loading:
        if _loads:
            raise DurabilityError(
                "a run is started, or asked for, while its program is being imported: workers "
                'import the module, too. Put that under `if __name__ == "__main__":`'
            )
        program = _loaded.get(hash)
        if program is None or (workflow is not None and not program.lives_in(workflow)):
            _loads.append(hash)
            try:
                program = _loaded[hash] = load(fetch(), workflow)
            finally:
                _loads.pop()
        return program
