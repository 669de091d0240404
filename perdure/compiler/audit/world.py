"""The project under audit: its modules, read once each, and the place where a piece of code stands.

The compiler's `Project` and `Modules` stop at the first file that is not Python. The audit goes on:
such a file becomes a diagnostic, and to everybody else it is a module that is not there.
"""

from __future__ import annotations

import ast
import os
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from perdure.compiler.diagnostics import CompileError, Diagnostic, Span
from perdure.compiler.scopes import Function, Module, Modules, Scope, read_module, scope_table
from perdure.compiler.source import Project, Source, read_source

# Folders that hold other people's code, or none.
_SKIPPED = frozenset({"__pycache__", "node_modules", "site-packages", "dist-packages", "venv"})

Scopes = tuple[Scope, ...]


class AuditProject(Project):
    """A project that notes what cannot be read, and looks in further folders for its modules.

    `also` are the folders that the audit was pointed at: a script in `flows/` often imports its
    neighbours from the folder above, which is not its own root.
    """

    def __init__(self, root: Path, also: Sequence[Path], library: Library) -> None:
        super().__init__(root)
        self.also = [folder for folder in also if folder != root]
        self.library = library

    def _read(self, module: str) -> Source | None:
        for root in (self.root, *self.also):
            base = root.joinpath(*module.split("."))
            for path in (base / "__init__.py", base.parent / f"{base.name}.py"):
                if self.library.is_file(path):
                    return self.library.read(path, module)
        return None


class AuditModules(Modules):
    """Modules that survive a file which is not Python."""

    compiles_libraries = False

    def __init__(self, project: AuditProject) -> None:
        super().__init__(project)
        self.library = project.library
        self.read: list[Module] = []  # in the order in which they were asked for
        self._tables: dict[str, dict[ast.AST, Scopes]] = {}

    def get(self, name: str) -> Module | None:
        """The first-party module of that name; None when there is none or it is not Python."""
        if name not in self._modules:
            self._modules[name] = None  # what it imports may lead back here
            source = self.project.source(name)
            if source is not None and self.library.parses(source):
                self._modules[name] = module = read_module(source)
                self.read.append(module)
        return self._modules[name]

    def scopes(self, module: Module, node: ast.AST) -> Scopes:
        """The scopes that code in `node` sees, its own first; () for module level."""
        name = module.source.module
        if name not in self._tables:
            self._tables[name] = scope_table(module)
        return self._tables[name].get(node, ())


@dataclass
class Library:
    """The files that were read, each once, and what was wrong with them."""

    texts: dict[Path, Source] = field(default_factory=dict)
    broken: dict[str, Diagnostic] = field(default_factory=dict)  # by path
    _exists: dict[Path, bool] = field(default_factory=dict)

    def is_file(self, path: Path) -> bool:
        """Whether there is such a file (asked of the disk once)."""
        if path not in self._exists:
            self._exists[path] = path.is_file()
        return self._exists[path]

    def read(self, path: Path, module: str) -> Source | None:
        """The file as module `module`; None, and a diagnostic, when it is not text."""
        if path not in self.texts:
            try:
                self.texts[path] = read_source(path, module)
            except CompileError as error:
                self.broken[str(path)] = error.diagnostics[0]
                return None
            except OSError as error:
                span = Span(str(path), 1, 0, 1, 0)
                self.broken[str(path)] = Diagnostic("PD100", span, f"cannot read it: {error}")
                return None
        source = self.texts[path]
        # One file may be `flows.order` from one root and `order` from another: same text, new name.
        return source if source.module == module else replace(source, module=module)

    def parses(self, source: Source) -> bool:
        """Whether the source is Python; what is wrong with it is kept."""
        if source.path in self.broken:
            return False
        try:
            with warnings.catch_warnings():
                # "invalid escape sequence" and its kin are the user's business, not the audit's.
                warnings.simplefilter("ignore")
                _ = source.tree
        except CompileError as error:
            self.broken[source.path] = error.diagnostics[0]
        except (RecursionError, MemoryError):
            span = Span(source.path, 1, 0, 1, 0)
            self.broken[source.path] = Diagnostic("PD100", span, "is nested too deeply to be read")
        return source.path not in self.broken


@dataclass(frozen=True, slots=True)
class Place:
    """Where an expression stands: enough to say what the names in it mean."""

    module: Module
    scopes: Scopes = ()
    owner: str | None = None  # dotted name of the class whose method this is in

    @property
    def source(self) -> Source:
        """The text it stands in."""
        return self.module.source

    def inside(self, scope: Scope) -> Place:
        """The same place, one scope further in."""
        return replace(self, scopes=(scope, *self.scopes))


def place_of(function: Function, modules: AuditModules) -> Place:
    """The place of a function's body."""
    module = modules.get(function.module)
    assert module is not None  # a Function comes from a module that was read
    owner = _owner(function, module)
    dotted = f"{function.module}.{owner}" if owner else None
    return Place(module, modules.scopes(module, function.node), dotted)


def _owner(function: Function, module: Module) -> str | None:
    """The class of a method, also for the functions nested in that method (they see its `self`)."""
    if function.owner is not None:
        return function.owner
    outer = function.qualname.split(".<locals>.")[0]
    around = module.functions.get(outer)
    return around.owner if around is not None else None


def python_files(path: Path) -> Iterator[Path]:
    """The Python files at a path: itself, or all below it that are the user's own."""
    if path.is_file():
        yield path
        return
    for folder, folders, files in os.walk(path):
        if "pyvenv.cfg" in files and Path(folder) != path:
            folders.clear()
            continue
        folders[:] = sorted(f for f in folders if f not in _SKIPPED and not f.startswith("."))
        for name in sorted(files):
            if name.endswith(".py") and not name.startswith("."):
                yield Path(folder, name)
