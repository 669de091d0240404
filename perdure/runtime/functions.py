"""Functions and their code: by name, else by the place of the code, else by value.

A lambda or nested function is kept as the place of its code (in a block, in a module of the
program, in a library) with its defaults, its cells and its module. A place holds under every
Python. Code that stands nowhere (a dataclass's `__init__`, what `exec` made) is kept by value, and
bound to the version of Python that made it; with it goes the dict that it ran in.
"""

from __future__ import annotations

import builtins
import functools
import gc
import importlib.util
import marshal
import sys
import warnings
from collections.abc import Iterator
from types import CellType, CodeType, FunctionType
from typing import Any

from perdure.runtime.failures import UnpicklableError
from perdure.runtime.names import Names
from perdure.runtime.program import Program

# Where code stands: ("block", function, block, name, ordinal), or
# ("text", module, name, line, ordinal), or
# ("library", module, qualified name, ordinal, its free variables).
Place = tuple[Any, ...]


class Places:
    """Where the code of a program's functions stands, and the way back."""

    def __init__(self, program: Program | None, names: Names) -> None:
        self.program = program
        self.names = names
        self._texts: dict[str, _Codes] = {}

    def in_block(self, code: CodeType) -> Place | None:
        """The place of a code object in a block of the program."""
        key = self.program.inner_codes.get(code) if self.program is not None else None
        return key and ("block", *key)

    def of(self, code: CodeType, module: str | None) -> Place | None:
        """The place of code that is in no block, which a function of `module` runs."""
        if module is None:
            return None
        text = self._text(module)
        if text is not None:
            place = text.places.get(code)
            return place and ("text", module, *place)
        place = _library(module).places.get(code)
        return place and ("library", module, *place, code.co_freevars)

    def code(self, place: Place) -> CodeType:
        """The code at a place."""
        kind, module, *rest = place
        found: CodeType | None = None
        if kind == "block":
            if self.program is not None:
                found = self.program.inner_by_key.get((module, *rest))
        elif kind == "text":
            text = self._text(module)
            found = text.codes.get(tuple(rest)) if text is not None else None
        else:
            *rest, free = rest
            found = _library(module).codes.get(tuple(rest))
            if found is not None and found.co_freevars != free:
                found = None
        if found is None and " of Python " in module:
            raise UnpicklableError(
                f"the run holds a function of {module}, whose library differs from the one here: "
                f"go on with the other one"
            )
        if found is None:
            raise UnpicklableError(
                f"a function made in {module} can only be read with the program (or the version of "
                f"the library) that made it: no such code here: {place}"
            )
        return found

    def _text(self, module: str) -> _Codes | None:
        """The code that a module of the program gives."""
        if self.program is None:
            return None
        found = self._texts.get(module)
        if found is None:
            image = self.program.image
            text = next((m for m in image.modules if m.name == module), None)
            if text is None:
                return None
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                code = compile(text.text, image.file(text.path), "exec", dont_inherit=True)
            found = self._texts[module] = _Codes(code, by_line=True)
        return found


class _Codes:
    """The code objects inside a module's code, by name and line or by qualified name.

    Qualified names differ between versions of Python (a comprehension was a function once); lines
    differ between versions of a library.
    """

    def __init__(self, module: CodeType | None, *, by_line: bool) -> None:
        self.places: dict[CodeType, Place] = {}
        self.codes: dict[Place, CodeType] = {}
        seen: dict[Place, int] = {}
        for code in _inside(module) if module is not None else ():
            name = (code.co_name, code.co_firstlineno) if by_line else (code.co_qualname,)
            ordinal = seen[name] = seen.get(name, -1) + 1
            self.places.setdefault(code, (*name, ordinal))
            self.codes[*name, ordinal] = code


def _inside(code: CodeType) -> Iterator[CodeType]:
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield inner
            yield from _inside(inner)


@functools.lru_cache(maxsize=256)
def _library(module: str) -> _Codes:
    """The code of an importable module, as its loader reads it."""
    try:
        spec = getattr(sys.modules.get(module), "__spec__", None)
        spec = spec or importlib.util.find_spec(module)
        code = spec.loader.get_code(spec.name)  # type: ignore[union-attr]
    except Exception:
        code = None
    return _Codes(code, by_line=False)


# Functions ------------------------------------------------------------------------------------


def reduce_function(function: FunctionType, pickler: Any) -> Any:
    """What makes a function again; `make_function` is its inverse."""
    names: Names = pickler.codec.names
    if names.plain(function):
        return NotImplemented
    code, space = function.__code__, function.__globals__
    places: Places = pickler.codec.places
    place = places.in_block(code)
    if place is None and (name := names.own(function)) is not None:
        return (by_name, name)
    module = names.of_globals(space)
    place = place or places.of(code, module)
    state = _state(function)
    scope: Any = module
    if module is None:
        pickler.met_space = True
        scope = space
        state["__module__"] = function.__module__  # while it is read its globals are empty yet
        if not pickler.whole_spaces:
            scope = pickler.spaces.setdefault(id(space), {})
            state["globals"] = _used(code, space)
    args = (place or code, scope, function.__name__, function.__defaults__, function.__closure__)
    return (make_function, args, state or None, None, None, set_state if state else None)


def _state(function: FunctionType) -> dict[str, Any]:
    """What a function has beyond its code."""
    code = function.__code__
    state: dict[str, Any] = {
        "__dict__": function.__dict__,
        "__kwdefaults__": function.__kwdefaults__,
        "__annotations__": function.__annotations__,
        "__type_params__": getattr(function, "__type_params__", ()),
    }
    state = {name: value for name, value in state.items() if value}
    doc = code.co_consts[0] if code.co_consts else None
    if function.__doc__ is not (doc if isinstance(doc, str) else None):
        state["__doc__"] = function.__doc__
    if function.__module__ != function.__globals__.get("__name__"):
        state["__module__"] = function.__module__
    # The names of blocks differ from those of the functions they are made of.
    state["__qualname__"] = function.__qualname__
    return state


def _used(code: CodeType, space: dict[str, Any]) -> dict[str, Any]:
    """The globals that code of no module names, itself or in a function inside."""
    names = {"__name__", "__package__", *code.co_names}
    for inner in _inside(code):
        names.update(inner.co_names)
    return {name: space[name] for name in sorted(names) if name in space}


def by_name(module: str, qualname: str) -> Any:
    """The global of that name; stands for `Names.find`."""
    raise UnpicklableError("read values with Codec.decode")


def make_function(
    code: Any,
    scope: Any,
    name: str,
    defaults: tuple[Any, ...] | None,
    closure: tuple[CellType, ...] | None,
) -> FunctionType:
    """A function of this code or place; stands for `make_function_in`."""
    raise UnpicklableError("read values with Codec.decode")


def make_function_in(
    places: Places,
    code: CodeType | Place,
    scope: str | dict[str, Any],
    name: str,
    defaults: tuple[Any, ...] | None,
    closure: tuple[CellType, ...] | None,
) -> FunctionType:
    """What `reduce_function` took apart, in the program of `places`."""
    if not isinstance(code, CodeType):
        code = places.code(code)
    space = vars(places.names.module(scope)) if isinstance(scope, str) else scope
    return FunctionType(code, space, name, defaults, closure)


def set_state(function: FunctionType, state: dict[str, Any]) -> None:
    """Put back what hangs on a function."""
    if (used := state.pop("globals", None)) is not None:
        for name, value in ({"__builtins__": builtins} | used).items():
            function.__globals__.setdefault(name, value)
    if attributes := state.pop("__dict__", None):
        function.__dict__ = attributes  # others may hold it too
    for name, value in state.items():
        setattr(function, name, value)


# Code and cells -------------------------------------------------------------------------------


def reduce_code(code: CodeType, pickler: Any) -> Any:
    """Code by its place, else by value."""
    place = pickler.codec.places.in_block(code)
    if place is not None:
        return (code_at, (place,))
    data = marshal.dumps(code)
    return (code_of, (data, sys.version_info[:2], code.co_qualname))


def code_at(place: Place) -> CodeType:
    """The code at a place; stands for `Places.code`."""
    raise UnpicklableError("read values with Codec.decode")


def code_of(data: bytes, version: tuple[int, int], name: str) -> CodeType:
    """Code that was kept by value."""
    if version != sys.version_info[:2]:
        made, here = (".".join(map(str, v)) for v in (version, sys.version_info[:2]))
        raise UnpicklableError(
            f"{name} was made by code of no module, under Python {made}, and can only be read "
            f"there; this is Python {here}"
        )
    code: CodeType = marshal.loads(data)
    return code


def reduce_cell(cell: CellType, pickler: Any) -> Any:
    """A variable that functions share."""
    try:
        content = cell.cell_contents
    except ValueError:
        return (new_cell, ())
    if content is None:  # as a state it would mean that there is none
        return (CellType, (None,))
    if _SEES_CLASSES and type(content) is dict and (owner := _class_with(content)) is not None:
        return (new_cell, (), owner, None, None, set_class_cell)
    # The content comes after the cell itself, so that a cell may lead back to itself.
    return (new_cell, (), content, None, None, set_cell)


def new_cell() -> CellType:
    """An empty cell."""
    return CellType()


def set_cell(cell: CellType, content: Any) -> None:
    """Fill a cell."""
    cell.cell_contents = content


# From Python 3.12, what is evaluated later in the body of a class has the class's own variables.
_SEES_CLASSES = sys.version_info >= (3, 12)


def _class_with(variables: dict[str, Any]) -> type | None:
    """The class whose variables these are."""
    if "__module__" not in variables or "__doc__" not in variables:
        return None
    for found in gc.get_referrers(variables):
        kind = type(found)
        if issubclass(kind, type) and gc.get_referents(vars(found))[0] is variables:
            owner: type = found
            return owner
    return None


def set_class_cell(cell: CellType, owner: type) -> None:
    """Fill a cell with the variables of a class."""
    cell.cell_contents = gc.get_referents(vars(owner))[0]


REDUCERS: dict[type, Any] = {
    FunctionType: reduce_function,
    CodeType: reduce_code,
    CellType: reduce_cell,
}
