"""Load an image: its modules, its activities, and its task blocks as callable functions.

The image's modules get a namespace of their own, so that a worker can run a program it has never
seen, and two versions of one program side by side. Their `import` statements find each other there.
Where this process has already imported the very same modules (the same text), those are used
instead: a script that starts and runs its own workflow shares its globals with it.
"""

from __future__ import annotations

import builtins
import functools
import importlib
import inspect
import linecache
import logging
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from perdure.compiler.image import FunctionTable, Image
from perdure.runtime import ops
from perdure.runtime.declare import activity_options, sleep

log = logging.getLogger("perdure.program")


class ProgramError(Exception):
    """An image's program cannot be loaded here; the message says what failed and why."""


@dataclass
class LoadedFunction:
    """A durable function: its task blocks, ready to be called with a frame's values."""

    index: int
    table: FunctionTable
    original: FunctionType
    blocks: list[FunctionType]  # for functions without cells
    codes: list[CodeType]
    cells: tuple[str, ...]
    support: dict[str, CellType]

    def bind(self, number: int, cells: tuple[CellType, ...]) -> FunctionType:
        """The block's function over the frame's own cells."""
        if not self.cells:
            return self.blocks[number]
        code = self.codes[number]
        given = dict(zip(self.cells, cells, strict=True))
        closure = tuple(given.get(n) or self.support[n] for n in code.co_freevars)
        return FunctionType(code, self.original.__globals__, code.co_name, None, closure)

    def entry(self, function: FunctionType) -> FunctionType:
        """Block 0 as a function with the signature and the defaults of `function`."""
        code = self.codes[0]
        closure = tuple(self.support[n] for n in code.co_freevars)
        made = FunctionType(
            code, function.__globals__, code.co_name, function.__defaults__, closure
        )
        made.__kwdefaults__ = function.__kwdefaults__
        return made


@dataclass
class Program:
    """A loaded image."""

    image: Image
    modules: dict[str, Any]  # modules, or what stands for them
    functions: list[LoadedFunction] = field(default_factory=list)
    by_code: dict[CodeType, LoadedFunction] = field(default_factory=dict)
    by_name: dict[str, LoadedFunction] = field(default_factory=dict)
    inner_codes: dict[CodeType, tuple[str, int, str, int]] = field(default_factory=dict)
    inner_by_key: dict[tuple[str, int, str, int], CodeType] = field(default_factory=dict)
    entries: dict[FunctionType, FunctionType] = field(default_factory=dict)
    names: dict[Any, str] = field(default_factory=dict)  # of activities, by function

    def lives_in(self, workflow: FunctionType) -> bool:
        """Whether the program's functions are those of the module `workflow` belongs to."""
        entry = self.by_name[self.image.entry].original
        return entry.__globals__ is workflow.__globals__

    def find(self, name: str) -> Any:
        """The object named `module:qualname` in the program's modules."""
        module, _, qualname = name.partition(":")
        return _attribute(self.modules[module], qualname)

    def suspends(self, callee: Any) -> bool:
        """Whether calling `callee` may suspend: what a dynamic call asks."""
        kind = type(callee)
        if kind is FunctionType:
            return (
                callee.__code__ in self.by_code
                or activity_options(callee) is not None
                or callee is sleep
            )
        if kind is MethodType:
            return self.suspends(callee.__func__)
        if kind is functools.partial:
            return self.suspends(callee.func)
        if isinstance(callee, type):
            return False
        call = getattr(kind, "__call__", None)  # noqa: B004  (the method itself is wanted)
        return type(call) is FunctionType and self.suspends(call)

    def entry_of(self, function: FunctionType, loaded: LoadedFunction) -> FunctionType:
        """The entry block of a durable function, with that function object's own defaults."""
        made = self.entries.get(function)
        if made is None or made.__defaults__ is not function.__defaults__:
            made = self.entries[function] = loaded.entry(function)
        return made


def load(image: Image, workflow: FunctionType | None = None) -> Program:
    """Load an image in this process; raises `ProgramError` when its modules do not import.

    With the `workflow` function that the image was compiled from, its own module is used.
    """
    program = Program(image, {})
    _check_requires(image)
    live = _live_modules(image, workflow)
    if live is None:
        _Namespace(image, program.modules).fill()
    else:
        program.modules = live
    for file, text in _texts(image):
        _show_source(file, text)
    support = ops.cells(program.suspends)
    codes = [c for c in image.code_object().co_consts if isinstance(c, CodeType)]
    start = 0
    for index, table in enumerate(image.functions):
        count = len(table.blocks)
        _load_function(program, index, table, codes[start : start + count], support)
        start += count
    return program


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


def _load_function(
    program: Program,
    index: int,
    table: FunctionTable,
    codes: list[CodeType],
    support: dict[str, CellType],
) -> None:
    original = _original(program, table.name)
    name, qualname = original.__name__, original.__qualname__
    named = [code.replace(co_name=name, co_qualname=qualname) for code in codes]
    blocks = []
    if not table.cells:
        for code in named:
            closure = tuple(support[n] for n in code.co_freevars)
            blocks.append(FunctionType(code, original.__globals__, name, None, closure))
    loaded = LoadedFunction(index, table, original, blocks, named, table.cells, support)
    program.functions.append(loaded)
    program.by_code[original.__code__] = loaded
    program.by_name[table.name] = loaded
    for number, code in enumerate(named):
        _index_inner(program, table.name, number, code, {})


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


# Modules --------------------------------------------------------------------------------------


def main_name() -> str | None:
    """The importable name of the script this process runs, whose own `__name__` is `__main__`."""
    main = sys.modules.get("__main__")
    file = getattr(main, "__file__", None)
    spec = getattr(main, "__spec__", None)
    if spec is not None:
        return str(spec.name)
    return Path(file).stem if file else None


def _imported(name: str) -> ModuleType | None:
    """This process's module of that importable name; the running script counts."""
    if name in sys.modules:
        return sys.modules[name]
    return sys.modules.get("__main__") if name == main_name() else None


class Living:
    """A module of which only the globals are at hand: it is not in `sys.modules`."""

    def __init__(self, space: dict[str, Any]) -> None:
        self.__dict__ = space


def _live_modules(image: Image, workflow: FunctionType | None) -> dict[str, Any] | None:
    """This process's own modules, if it imported the entry's and all say what the image says."""
    entry = image.entry.partition(":")[0]
    mine = Living(workflow.__globals__) if workflow is not None else None
    if mine is None and _imported(entry) is None:
        return None
    found: dict[str, Any] = {}
    for text in image.modules:
        module = mine if mine is not None and text.name == entry else _imported(text.name)
        if module is None:
            continue
        if not _says(module, text.text):
            return None
        found[text.name] = module
    for text in image.modules:
        if text.name not in found:
            try:
                found[text.name] = importlib.import_module(text.name)
            except ImportError:
                continue  # imported by nothing that has run so far
            if not _says(found[text.name], text.text):
                return None
    return found


def _says(module: Any, text: str) -> bool:
    """Whether a module was imported from this text: its functions have the code that it gives.

    The file is no witness: it may have been edited since.
    """
    return all(fits(function, text) for function in _functions(module))


def _functions(module: Any) -> Iterator[FunctionType]:
    """The functions and methods that a module defines itself, without decorators around them."""
    for value in list(vars(module).values()):
        members = vars(value).values() if isinstance(value, type) else (value,)
        if isinstance(value, type) and value.__module__ != module.__name__:
            continue
        for member in members:
            function = inspect.unwrap(getattr(member, "__func__", member))
            if type(function) is FunctionType and function.__module__ == module.__name__:
                yield function


def fits(function: FunctionType, text: str) -> bool:
    """Whether a function was compiled from `text`. One that the text does not name may be."""
    code = function.__code__
    known = _codes(text).get((code.co_qualname, code.co_firstlineno))
    if known is None:
        # Made by a factory or a library on the module's behalf (a dataclass's methods, say)?
        return code.co_filename != function.__globals__.get("__file__")
    return known == code


@functools.lru_cache(maxsize=256)
def _codes(text: str) -> dict[tuple[str, int], CodeType]:
    """The code of every function in a module's text, by qualified name and line."""
    found: dict[tuple[str, int], CodeType] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stack = [compile(text, "<text>", "exec", dont_inherit=True)]
    while stack:
        for inner in stack.pop().co_consts:
            if isinstance(inner, CodeType):
                found[inner.co_qualname, inner.co_firstlineno] = inner
                stack.append(inner)
    return found


class _Namespace:
    """The image's own modules. They see each other, and everybody else's modules as usual."""

    def __init__(self, image: Image, modules: dict[str, ModuleType]) -> None:
        self.image = image
        self.texts = {m.name: m for m in image.modules}
        self.modules = modules
        self.lock = threading.RLock()
        self.builtins = dict(vars(builtins)) | {"__import__": self._import}

    def fill(self) -> None:
        """Import every module that the entry's module imports when it runs."""
        self._load(self.image.entry.partition(":")[0])

    def _load(self, name: str) -> ModuleType:
        with self.lock:
            if name in self.modules:
                return self.modules[name]
            parent = name.rpartition(".")[0]
            if parent in self.texts:
                self._load(parent)
                if name in self.modules:
                    return self.modules[name]
            return self._run(name)

    def _run(self, name: str) -> ModuleType:
        text = self.texts[name]
        module = ModuleType(name)
        file = self.image.file(text.path)
        space = vars(module)
        package = name if text.is_package else name.rpartition(".")[0]
        space |= {"__file__": file, "__package__": package, "__builtins__": self.builtins}
        if text.is_package:
            space["__path__"] = []
        self.modules[name] = module
        try:
            exec(compile(text.text, file, "exec", dont_inherit=True), space)
        except BaseException as error:
            del self.modules[name]
            if not isinstance(error, Exception):
                raise
            raise ProgramError(
                f"module {name} of the program failed when it was imported: "
                f"{type(error).__name__}: {error}"
            ) from error
        parent, _, last = name.rpartition(".")
        if parent in self.modules:
            setattr(self.modules[parent], last, module)
        return module

    def _import(
        self,
        name: str,
        globals: dict[str, Any] | None = None,
        locals: dict[str, Any] | None = None,
        fromlist: tuple[str, ...] | None = (),
        level: int = 0,
    ) -> Any:
        full = self._absolute(name, globals or {}, level)
        if full.partition(".")[0] not in {n.partition(".")[0] for n in self.texts}:
            return __import__(name, globals, locals, fromlist or (), level)
        if full not in self.texts:
            return __import__(name, globals, locals, fromlist or (), level)
        module = self._load(full)
        for item in fromlist or ():
            if f"{full}.{item}" in self.texts and not hasattr(module, item):
                self._load(f"{full}.{item}")
        if fromlist:
            return module
        return module if level else self._load(full.partition(".")[0])

    @staticmethod
    def _absolute(name: str, globals: dict[str, Any], level: int) -> str:
        if not level:
            return name
        package = str(globals.get("__package__") or "").split(".")
        base = package[: len(package) - level + 1]
        return ".".join([*base, name]) if name else ".".join(base)


_loaded: dict[str, Program] = {}
_loading = threading.Lock()


def load_cached(
    hash: str, fetch: Callable[[], Image], workflow: FunctionType | None = None
) -> Program:
    """The loaded program of an image, loaded once per process (and per module that was given)."""
    with _loading:
        program = _loaded.get(hash)
        if program is None or (workflow is not None and not program.lives_in(workflow)):
            program = _loaded[hash] = load(fetch(), workflow)
        return program
