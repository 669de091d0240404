"""Which program's modules stand in `sys.modules`, and how Python's import system finds them.

The standard library looks modules up by their names: for the annotations of a dataclass, to pickle,
in `importlib.import_module` and `pkgutil`; and so do people, with `sys.modules[__name__]`. So the
modules of a program that came from a store stand there, too. A process of Perdure's own shows those
of the program that it ran last. One of the user's imports modules by these names for itself: there
they are shown while one of them is being imported, and never in the place of the user's own.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import FileFinder, ModuleSpec, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol


class Space(Protocol):
    """Modules that came with a program."""

    modules: dict[str, Any]  # those imported so far
    packages: dict[str, str]  # by the folders that they stand in

    def has(self, name: str) -> bool:
        """Whether the program has such a module."""

    def load(self, name: str) -> Any:
        """Import it."""

    def spec(self, name: str) -> ModuleSpec:
        """What the import system is to know of it."""

    def within(self, package: str) -> dict[str, bool]:
        """The last names of the modules directly in a package, and whether they are packages."""


class Loader(SourceFileLoader):
    """Has a module's text from the program, and files beside it from the disk, if it has them."""

    def __init__(self, space: Space, name: str, file: str, text: str) -> None:
        super().__init__(name, file)
        self.space = space
        self.text = text

    def create_module(self, spec: ModuleSpec) -> Any:
        """The module, imported."""
        return self.space.load(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing is left to do."""

    def get_source(self, fullname: str) -> str:
        """The module's text."""
        return self.text


class _Shown:
    """The modules of one program at a time, in `sys.modules`."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.own_process = False
        self.space: Space | None = None
        self._put: dict[str, Any] = {}
        self._hooked = False

    def put(self, name: str, module: Any) -> None:
        """Show a module, unless the process has one of its own by that name, or may want one."""
        held = sys.modules.get(name)
        if not is_pythons(name) and (held is None or held is self._put.get(name)):
            sys.modules[name] = self._put[name] = module

    def take(self, name: str) -> None:
        """Show a module no longer."""
        if self._put.pop(name, _NONE) is sys.modules.get(name):
            del sys.modules[name]

    def standing(self, name: str, module: Any) -> Any:
        """What stands for a module once it has run: it may have put something in its own place."""
        if self._put.get(name, _NONE) is module and sys.modules.get(name) is not None:
            self._put[name] = sys.modules[name]
            return sys.modules[name]
        return module

    def gave(self, name: str) -> bool:
        """Whether a module of that name is not the process's own."""
        return name in self._put

    def show(self, space: Space | None) -> None:
        """Show the modules of a program, and no others."""
        with self.lock:
            if self.space is space:
                return
            for name in [*self._put]:
                self.take(name)
            for folder in self.space.packages if self.space is not None else ():
                sys.path_importer_cache.pop(folder, None)
            self.space = space
            if space is None:
                return
            self._hook()
            for name, module in space.modules.items():
                self.put(name, module)
            for folder in space.packages:
                sys.path_importer_cache.pop(folder, None)

    @contextmanager
    def while_importing(self, space: Space) -> Iterator[None]:
        """Show a program's modules while one of them is imported; others wait for it."""
        with self.lock:
            before = self.space
            self.show(space)
            try:
                yield
            finally:
                if not self.own_process:
                    self.show(before)

    def _hook(self) -> None:
        if not self._hooked:
            self._hooked = True
            sys.meta_path.insert(0, _Finder)
            sys.path_hooks.insert(0, _Folder)


def is_pythons(name: str) -> bool:
    """Whether Python's own library, and all that uses it, has other ideas of a name."""
    return name.partition(".")[0] in sys.stdlib_module_names


_NONE = object()
shown = _Shown()


class _Finder:
    """Finds modules of the program that is shown."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        space = shown.space
        if space is None or not space.has(name) or is_pythons(name):
            return None
        return space.spec(name)


class _Folder:
    """The folder of a package of the program that is shown; it need not exist."""

    def __init__(self, path: str) -> None:
        space = shown.space
        if space is None or path not in space.packages:
            raise ImportError(f"{path} is no package of a program")
        self.space = space
        self.package = space.packages[path]
        self.path = Path(path)
        self.disk = FileFinder(path, (SourceFileLoader, [".py"]))

    def find_spec(self, name: str, target: Any = None) -> ModuleSpec | None:
        """What stands there beside the program's modules."""
        return self.disk.find_spec(name, target)

    def iter_modules(self, prefix: str = "") -> Iterator[tuple[str, bool]]:
        """What `pkgutil` asks for."""
        found = {file.stem: False for file in self.path.glob("*.py")}
        found |= {file.parent.name: True for file in self.path.glob("*/__init__.py")}
        found |= self.space.within(self.package)
        found.pop("__init__", None)
        return ((f"{prefix}{name}", is_package) for name, is_package in sorted(found.items()))
