"""Load an image: its modules, its activities, and its task blocks as callable functions.

The image's modules get a namespace of their own, so that a worker can run a program it has never
seen, and two versions of one program side by side. Their `import` statements find each other there.
Where this process has already imported the very same modules (the same text), those are used
instead: a script that starts and runs its own workflow shares its globals with it.
"""

from __future__ import annotations

import ast
import builtins
import functools
import importlib
import inspect
import itertools
import linecache
import logging
import operator
import re
import sys
import threading
import warnings
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import (
    BuiltinFunctionType,
    CellType,
    CodeType,
    FunctionType,
    MethodType,
    MethodWrapperType,
    ModuleType,
)
from typing import Any

from perdure.compiler.image import FunctionTable, Image
from perdure.compiler.library import OF_ITEMS, full_name
from perdure.compiler.operators import Operation
from perdure.runtime import caches, callables, fibers, operations, ops
from perdure.runtime.declare import activity_options, sleep
from perdure.runtime.generators import (
    CLASSES,
    AsyncGenerator,
    CoroutineSteps,
    Generator,
    SyncGenerator,
)
from perdure.runtime.steps import AsyncStep

log = logging.getLogger("perdure.program")


class ProgramError(Exception):
    """An image's program cannot be loaded here; the message says what failed and why."""


@dataclass
class LoadedFunction:
    """A durable function: its task blocks, ready to be called with a frame's values."""

    index: int
    table: FunctionTable
    scope: dict[str, Any]  # its module's globals
    blocks: list[FunctionType]  # for functions without cells
    codes: list[CodeType]
    cells: tuple[str, ...]
    support: dict[str, CellType]
    makes: type[Generator] | None  # what a call gives, for generator functions and coroutines
    native: CodeType | None = None  # of the function object that was called last
    original: Any = None  # the function object, for the program's entry

    @property
    def is_async(self) -> bool:
        """Whether it may `await`."""
        return self.table.kind in ("coroutine", "async generator")

    def bind(self, number: int, cells: tuple[CellType, ...]) -> FunctionType:
        """The block's function over the frame's own cells."""
        if not self.cells:
            return self.blocks[number]
        code = self.codes[number]
        given = dict(zip(self.cells, cells, strict=True))
        closure = tuple(given.get(n) or self.support[n] for n in code.co_freevars)
        return FunctionType(code, self.scope, code.co_name, None, closure)

    def entry(self, function: FunctionType) -> FunctionType:
        """Block 0 as a function with the signature and the defaults of `function`."""
        code = self.codes[0]
        given = self._shared(function)
        closure = tuple(given.get(n) or self.support[n] for n in code.co_freevars)
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


@dataclass
class Program:
    """A loaded image."""

    image: Image
    modules: dict[str, Any]  # modules, or what stands for them
    functions: list[LoadedFunction] = field(default_factory=list)
    by_name: dict[str, LoadedFunction] = field(default_factory=dict)
    inner_codes: dict[CodeType, tuple[str, int, str, int]] = field(default_factory=dict)
    inner_by_key: dict[tuple[str, int, str, int], CodeType] = field(default_factory=dict)
    entries: dict[FunctionType, FunctionType] = field(default_factory=dict)
    names: dict[Any, str] = field(default_factory=dict)  # of activities, by function
    due: CellType = field(default_factory=lambda: CellType(False))  # what safepoints look at
    # Code objects that were looked up, by id: the object itself, and what it is.
    _plain: dict[int, CodeType] = field(default_factory=dict)  # that pass no call on
    _known: dict[int, tuple[CodeType, LoadedFunction | None]] = field(default_factory=dict)
    _marked: dict[tuple[str, int], list[LoadedFunction]] = field(default_factory=dict)

    def lives_in(self, workflow: FunctionType) -> bool:
        """Whether the program's functions are those of the module `workflow` belongs to."""
        return self.by_name[self.image.entry].scope is workflow.__globals__

    def find(self, name: str) -> Any:
        """The object named `module:qualname` in the program's modules."""
        module, _, qualname = name.partition(":")
        return _attribute(self.modules[module], qualname)

    def add(self, loaded: LoadedFunction) -> None:
        """Take a function in."""
        self.functions.append(loaded)
        self.by_name[loaded.table.name] = loaded
        name, line, *_ = loaded.table.code
        self._marked.setdefault((_common(name), line), []).append(loaded)

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
        key = (_common(code.co_name), code.co_firstlineno)
        candidates = [
            loaded
            for loaded in self._marked.get(key, ())
            if loaded.scope is function.__globals__
            and set(loaded.cells[len(loaded.cells) - loaded.table.free :]) <= set(code.co_freevars)
        ]
        if key[0].startswith("<"):
            # Several may stand on one line, one inside the other.
            find = _lambda_at if key[0] == "<lambda>" else _smallest_at
            candidates = find(code, candidates)
        return candidates[0] if candidates else None

    def suspends(self, callee: Any) -> bool:
        """Whether calling `callee` may suspend: what a dynamic call asks."""
        kind = type(callee)
        if kind is FunctionType:
            return (
                self.loaded_of(callee) is not None
                or activity_options(callee) is not None
                or callee is sleep
                or callee in _OF_FIBERS
                or (id(callee.__code__) not in self._plain and self._passes_on(callee))
            )
        if kind is MethodType:
            owner = callee.__self__
            # Not isinstance(): that would read the `__class__` of an object of the program's.
            if issubclass(type(owner), fibers.Fiber):
                return not owner.done() and callee.__name__ in ("result", "exception")
            if type(owner) is CoroutineSteps:
                owner = owner.coroutine
            elif issubclass(type(owner), AsyncStep):
                owner = owner.generator
            if issubclass(type(owner), Generator):
                return bool(owner.loaded.table.suspends)
            return self.suspends(callee.__func__)
        if kind is functools.partial:
            return self.suspends(callee.func)
        if kind is caches.KIND:
            return self.suspends(callee.__wrapped__)
        if kind is callables.KEY:
            return self.suspends(callables.comparing(callee))
        if (kind in _BUILTIN or kind is type) and self._has_stand_in(callee):
            return True  # with its arguments it is asked again
        if issubclass(kind, type):  # not isinstance(): a proxy would look at what it stands for
            call = ops.lookup(kind, "__call__")
            own = type(call) is FunctionType and self.suspends(call)
            return own or self.suspends_in_making(callee)
        if kind is MethodWrapperType and (made := callables.constructed(callee)) is not None:
            return self.suspends_in_making(made)
        if kind is operator.methodcaller or kind is operator.attrgetter:
            return callables.name_asked(callee) in self._function_names
        call = getattr(kind, "__call__", None)  # noqa: B004  (the method itself is wanted)
        return type(call) is FunctionType and self.suspends(call)

    def suspends_in_making(self, kind: type) -> bool:
        """Whether making an object of a class may suspend."""
        for name in ("__new__", "__init__", "__post_init__"):
            method = ops.lookup(kind, name)
            method = method.__func__ if type(method) is staticmethod else method
            if type(method) is FunctionType and self.suspends(method):
                return True
        fields = ops.lookup(kind, "__dataclass_fields__")
        return bool(fields) and any(
            map(self.suspends, [field.default_factory for field in fields.values()])
        )

    def _passes_on(self, function: FunctionType) -> bool:
        """Whether a function of the standard library only passes on a call that may suspend."""
        inner = callables.leads_to(function)
        if any(map(self.suspends, inner)) or self._has_stand_in(function):
            return True
        if not inner:  # else others have the same code
            self._plain[id(function.__code__)] = function.__code__
        return False

    def _has_stand_in(self, callee: Any) -> bool:
        found = _stand_in(callee)
        name = found.stand_in if isinstance(found, Operation) else found
        return name is not None and full_name(name) in self.by_name

    @functools.cached_property
    def qualnames(self) -> dict[str, str]:
        """The user's name for each generated function."""
        tables = self.image.functions
        return {block.function: _qualname(table) for table in tables for block in table.blocks}

    @functools.cached_property
    def _function_names(self) -> frozenset[str]:
        """The names of the program's functions that suspend, without what they are in."""
        return frozenset(name.rpartition(".")[2].rpartition(":")[2] for name in self.by_name)

    def meets(self, callee: Any, /, *args: Any, **kwargs: Any) -> bool:
        """Whether a builtin that has a stand-in is given something that suspends."""
        if callee is ops.listed or callee is ops.taken:
            return self._stops_in_turn(args[0])
        if callee is ops.extension:
            kind: Any = type(args[0])
            own = getattr(kind, "__iadd__", None)
            return own in _EXTENDING and self._stops_in_turn(args[1])
        found = _stand_in(callee)
        if found is None:
            return False
        if isinstance(found, Operation):
            return self._operates(found, args)
        names = OF_ITEMS.get(found.removesuffix("_"))
        if names is not None and self._stops_at_items(callee, names, args):
            return True
        if found == "replace_":
            return len(args) == 1 and self.suspends_in_making(type(args[0]))
        return any(map(self._stops, [*args, *kwargs.values()] if kwargs else args))

    def _stops_at_items(self, callee: Any, names: frozenset[str], args: tuple[Any, ...]) -> bool:
        """Whether a special method of a value that a builtin goes over may stop the run."""
        if not names & self._function_names:
            return False
        several = callee in (min, max) and len(args) > 1
        if _stand_in(callee) == "sort_":
            args = (callee.__self__,)
        values = args if several or not args else args[0]
        if type(values) in (range, str, bytes):
            return False
        if type(values) not in (list, tuple, set, frozenset, dict):
            return True  # who knows what it gives
        return any(
            self._suspends_in(kind, name, None)
            for kind in {type(value) for value in values} - _INERT
            for name in names
        )

    def _operates(self, operation: Operation, args: tuple[Any, ...]) -> bool:
        """Whether a special method that an operation calls is one that suspends."""
        if operation.stand_in in _READS:
            named = len(args) > 1 and isinstance(args[1], str)
            return named and self.suspends_in_reading(args[0], args[1])
        for place, name in operation.methods:
            if place < len(args):
                value = args[place]
                if type(value) not in _INERT and self._suspends_in(type(value), name, value):
                    return True
        if operation.of_attribute and len(args) > 1 and type(args[1]) is str:
            found = ops.lookup(type(args[0]), args[1])
            if issubclass(type(found), property):
                return self.suspends(found.fset) or self.suspends(found.fdel)
            methods = (ops.lookup(type(found), name) for _, name in operation.methods)
            return any(type(method) is FunctionType and self.suspends(method) for method in methods)
        return operation.stand_in == "contains_" and self._stops_in_search(args[0])

    def suspends_in_reading(self, owner: Any, name: str) -> bool:
        """Whether reading an attribute may stop the run."""
        kind = type(owner)
        _, found = ops.found_in(owner, name)
        functions = [
            ops.lookup(kind, "__getattribute__"),
            ops.lookup(kind, "__getattr__"),
            ops.lookup(type(found), "__get__"),
        ]
        if issubclass(type(found), property):
            functions.append(found.fget)
        elif isinstance(found, functools.cached_property):
            functions.append(found.func)
        return any(type(f) is FunctionType and self.suspends(f) for f in functions)

    def _stops_in_search(self, container: Any) -> bool:
        """Whether looking for a value may stop the run: by its items, or at an `__eq__` of them."""
        if type(container) in (list, tuple) and "__eq__" in self._function_names:
            kinds = {type(item) for item in container} - _INERT
            return any(self._suspends_in(kind, "__eq__", None) for kind in kinds)
        return self._stops(container)

    def _suspends_in(self, kind: type, name: str, value: Any) -> bool:
        method = ops.lookup(kind, name)
        if type(method) is FunctionType:
            return self.suspends(method)
        if name == "__missing__" and method is not None:
            return isinstance(value, defaultdict) and self.suspends(value.default_factory)
        return False

    def _stops(self, value: Any) -> bool:
        """Whether calling a value, or iterating over it, may stop the run."""
        return type(value) not in _INERT and (self._stops_in_turn(value) or self.suspends(value))

    def _stops_in_turn(self, value: Any) -> bool:
        """Whether iterating over a value may stop the run."""
        kind = type(value)
        if kind in _INERT:
            return False
        if kind is SyncGenerator:
            return bool(value.loaded.table.suspends)
        if kind is AsyncGenerator or kind is CoroutineSteps or issubclass(kind, AsyncStep):
            return True
        for name in ("__iter__", "__next__", "__aiter__", "__anext__"):
            method = getattr(kind, name, None)
            if type(method) is FunctionType and self.suspends(method):
                return True
        return self.suspends_by_number(kind)

    def suspends_by_number(self, kind: type) -> bool:
        """Whether a loop over an object of a class steps a `__getitem__` that suspends."""
        if ops.lookup(kind, "__iter__") is not None:
            return False
        method = ops.lookup(kind, "__getitem__")
        return type(method) is FunctionType and self.suspends(method)

    def defines_iteration(self) -> bool:
        """Whether a module of the program may say how its objects are gone over."""
        said = re.compile(r"__iter__|__next__|__getitem__")
        return any(said.search(module.text) for module in self.image.modules)

    def stand_in(self, callee: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The compiled stand-in of a builtin for these arguments; None where it is not needed."""
        found = _stand_in(callee)
        name = found.stand_in if isinstance(found, Operation) else found
        if name is None or full_name(name) not in self.by_name:
            return None
        if not self.meets(callee, *args, **kwargs):
            return None
        made = self.library(name)
        if isinstance(found, Operation):
            return functools.partial(made, *found.given) if found.given else made
        if found == "on_list_":
            return functools.partial(made, callee)
        # A method's stand-in takes the object first.
        return functools.partial(made, callee.__self__) if found in _methods() else made

    def library(self, name: str) -> Any:
        """A function of Perdure's library, which is compiled with the program."""
        return getattr(self.module(full_name(name).partition(":")[0]), name)

    def has_library(self, name: str) -> bool:
        """Whether a function of Perdure's library is compiled with the program."""
        return full_name(name) in self.by_name

    def module(self, name: str) -> Any:
        """A module of the program, or one of a library that is compiled with it."""
        if name not in self.modules:
            return importlib.import_module(name)
        return self.modules[name]

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
        from perdure.runtime.machine import step_natively

        return step_natively(self, generator, action, how)

    def make(self, function: FunctionType, loaded: LoadedFunction, args: tuple[Any, ...]) -> Any:
        """Call a generator function natively: the program's object, or what binding raised."""
        from perdure.runtime.machine import Machine

        return Machine(self).make(function, loaded, args, {})


_OF_FIBERS = frozenset({fibers.spawn, fibers.gather, fibers.race, fibers.wait_for_fibers})
# Functions and methods of C's: those of classes made at run time have a type of their own.
_BUILTIN = frozenset({BuiltinFunctionType, type(re.compile("").sub)})
_EXTENDING = (list.__iadd__, bytearray.__iadd__, deque.__iadd__)
_READS = frozenset({"getattr_", "hasattr_"})
_INERT = frozenset({list, tuple, dict, set, str, int, float, bytes, bool, type(None), range})


@functools.cache
def _stand_ins() -> dict[Any, str | Operation]:
    from perdure.library import packages, stand_ins

    found: dict[Any, str | Operation] = {**operations.by_callee()}
    for builtin, function in (stand_ins() | packages.BUILTINS).items():
        found[builtin] = function.__name__
    return found


def _stand_in(callee: Any) -> str | Operation | None:
    """The name of a builtin's stand-in, or the operation that it is."""
    try:
        found = _stand_ins().get(callee)
    except TypeError:
        return None  # unhashable: no builtin
    if found is None and type(callee) is FunctionType:
        function = packages().stand_in(callee)
        return None if function is None else function.__name__
    if found is not None or type(callee) not in _BUILTIN:
        return found
    owner = callee.__self__
    if owner is itertools.chain:
        return "chain_from_iterable_"
    name = f"{callee.__name__}_"
    return name if isinstance(owner, _methods().get(name, ())) else None


@functools.cache
def packages() -> Any:
    """The stand-ins for functions of modules that few programs import."""
    from perdure.library import packages

    return packages


@functools.cache
def _methods() -> dict[str, tuple[type, ...]]:
    from perdure.library import METHODS

    every = (METHODS | packages().METHODS).values()
    return {function.__name__: kinds for function, kinds in every}


def _common(name: str) -> str:
    """The name that a function's code goes by: comprehensions have several."""
    return "<comprehension>" if _COMPREHENSION.fullmatch(name) else name


# Comprehensions as Python names them, and as functions that generated code makes.
_COMPREHENSION = re.compile(r"<(?:genexpr|listcomp|setcomp|dictcomp)>|_(genexpr|\w+comp)\d+")


_Span = tuple[int, int, int, int]  # line, column, end line, end column


def _smallest_at(code: CodeType, candidates: list[LoadedFunction]) -> list[LoadedFunction]:
    """Those of the candidates whose text it is that the code executes, the best one first.

    Functions made of comprehensions are all compiled, and how much of the text their code goes
    over differs between Pythons: it is the smallest text that holds it.
    """
    place = _place(code)
    holding = [c for c in candidates if place is not None and _holds(c.table.code[2:], place)]
    return sorted(holding, key=lambda c: (c.table.code[4:], *(-n for n in c.table.code[2:4])))


def _lambda_at(code: CodeType, candidates: list[LoadedFunction]) -> list[LoadedFunction]:
    """The same of lambdas: one that is not compiled may stand inside one that is.

    Code goes over a lambda's whole text, but for what Python knows without executing it: of
    `lambda: 2 and f()` it executes the call alone. Then the text says which lambda it is.
    """
    place = _place(code)
    found = [c for c in candidates if c.table.code[2:] == place]
    if found or place is None:
        return found
    holding = [c for c in candidates if _holds(c.table.code[2:], place)]
    if not holding:
        return []
    text = "".join(linecache.getlines(code.co_filename))
    own = max((span for span in _lambdas(text) if _holds(span, place)), default=None)
    return [c for c in holding if c.table.code[2:] == own]


@functools.cache
def _lambdas(text: str) -> list[_Span]:
    """Where the bodies of a module's lambdas stand; of two, the inner begins later."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return []  # the file has changed
    bodies = [node.body for node in ast.walk(tree) if isinstance(node, ast.Lambda)]
    return [(b.lineno, b.col_offset, b.end_lineno or 0, b.end_col_offset or 0) for b in bodies]


def _holds(span: tuple[int, ...], place: _Span) -> bool:
    return span[:2] <= place[:2] and place[2:] <= span[2:]


def _place(code: CodeType) -> _Span | None:
    """From where to where the text goes that code executes: line, column, end line, end column."""
    parts = [p for p in code.co_positions() if None not in p and p[2:] != (0, 0)]
    if not parts:
        return None  # a constant
    begin = min((line, column) for line, _, column, _ in parts)
    end = max((line, column) for _, line, _, column in parts)
    return (*begin, *end)  # type: ignore[return-value]


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
    support = ops.cells(_protocols(program))
    program.due = support["_due"]
    codes = [c for c in image.code_object().co_consts if isinstance(c, CodeType)]
    start = 0
    for index, table in enumerate(image.functions):
        count = len(table.blocks)
        _load_function(program, index, table, codes[start : start + count], support)
        start += count
    return program


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
    index: int,
    table: FunctionTable,
    codes: list[CodeType],
    support: dict[str, CellType],
) -> None:
    module = table.name.partition(":")[0]
    scope = vars(program.module(module))
    original = _original(program, table.name) if table.name == program.image.entry else None
    qualname = _qualname(table)
    name = qualname.rpartition(".")[2]
    named = [_renamed(program, code, name, qualname) for code in codes]
    blocks = []
    if not table.cells:
        for code in named:
            closure = tuple(support[n] for n in code.co_freevars)
            blocks.append(FunctionType(code, scope, name, None, closure))
    makes = CLASSES.get(table.kind)
    loaded = LoadedFunction(
        index, table, scope, blocks, named, table.cells, support, makes, original=original
    )
    program.add(loaded)
    for number, code in enumerate(named):
        _index_inner(program, table.name, number, code, {})


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
