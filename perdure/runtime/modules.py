"""The modules of a program: this process's own, or in a namespace of theirs.

A worker can run a program that it has never seen, and two versions of one program side by side:
the image's modules get a namespace, where their `import` statements find each other (namespace.py).
Where this process has already imported the very same modules (the same text), those are used
instead: a script that starts and runs its own workflow shares its globals with it.

In both, a module that the program imports while it runs is there from then on, and not before.
"""

from __future__ import annotations

import functools
import importlib
import sys
import warnings
from collections.abc import Iterator
from importlib.machinery import PathFinder
from pathlib import Path
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from perdure.compiler.diagnostics import CompileError
from perdure.compiler.image import Image, ModuleText
from perdure.compiler.source import read_source
from perdure.runtime.ops import own_dict
from perdure.runtime.shown import shown


class ProgramError(Exception):
    """An image's program cannot be loaded here; the message says what failed and why."""


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
    if name in sys.modules and not shown.gave(name):
        return sys.modules[name]
    return sys.modules.get("__main__") if name == main_name() else None


class Living:
    """A module of which only the globals are at hand: it is not in `sys.modules`."""

    def __init__(self, space: dict[str, Any]) -> None:
        self.__dict__ = space


def live_modules(image: Image, workflow: FunctionType | None) -> dict[str, Any] | None:
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
    absent = [text for text in image.modules if text.name not in found]
    return found if all(map(_would_say, absent)) else None


def _would_say(text: ModuleText) -> bool:
    """Whether an import of a module would give what the image says, as far as its file tells."""
    parent = sys.modules.get(text.name.rpartition(".")[0])
    if "." in text.name and parent is None:
        return True  # its package is asked too
    try:
        spec = PathFinder.find_spec(text.name, None if parent is None else parent.__path__)
        if spec is None or not spec.has_location or spec.origin is None:
            return True
        return read_source(Path(spec.origin), text.name).text == text.text
    except (OSError, AttributeError, CompileError):
        return True  # it cannot be imported at all, and may never be


class Live:
    """The modules of this process as those of a program: what it imports, the process does."""

    def __init__(self, image: Image, modules: dict[str, Any]) -> None:
        self.texts = {m.name: m.text for m in image.modules}
        self.modules = modules

    def show(self) -> None:
        """They stand in `sys.modules` as it is."""

    def imported(self, name: str) -> Any:
        """A module that the program did not have so far, if it has been imported since."""
        module = _imported(name)
        return None if module is None else self._checked(name, module)

    def load(self, name: str) -> Any:
        """Import a module of the program."""
        return self._checked(name, importlib.import_module(name))

    def _checked(self, name: str, module: Any) -> Any:
        # In the middle of its own import it has not all its functions, and says nothing yet.
        if not _says(module, self.texts[name]):
            raise ProgramError(
                f"module {name} is not what the program was compiled from: its file has changed, "
                f"or an import finds another one; this run can go on in a process that has not "
                f"imported the program's modules (`perdure worker`)"
            )
        self.modules[name] = module
        return module


def _says(module: Any, text: str) -> bool:
    """Whether a module was imported from this text: its functions have the code that it gives.

    The file is no witness: it may have been edited since.
    """
    return all(fits(function, text) for function in _functions(module))


def _function_in(member: Any) -> Any:
    """The function under a method and its decorators; objects of the program are not asked."""
    while True:
        kind = type(member)
        if kind in (staticmethod, classmethod, MethodType):
            member = member.__func__
        elif "__wrapped__" in (own_dict(member) or {}):
            member = member.__wrapped__
        else:
            return member


def _functions(module: Any) -> Iterator[FunctionType]:
    """The functions and methods that a module defines itself, without decorators around them."""
    for value in list(vars(module).values()):
        members = vars(value).values() if isinstance(value, type) else (value,)
        if isinstance(value, type) and value.__module__ != module.__name__:
            continue
        for member in members:
            function = _function_in(member)
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
