"""The modules of a program in a namespace of theirs, executed from the texts in its image."""

from __future__ import annotations

import builtins
import traceback
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from perdure.compiler.image import Image
from perdure.runtime.modules import ProgramError
from perdure.runtime.shown import Loader, shown


class Namespace:
    """The image's own modules. They see each other, and everybody else's modules as usual."""

    def __init__(self, image: Image, modules: dict[str, Any]) -> None:
        self.image = image
        self.texts = {m.name: m for m in image.modules}
        self.modules = modules
        self.packages = {self._folder(m.name): m.name for m in image.modules if m.is_package}
        self.builtins = dict(vars(builtins)) | {"__import__": self._import}
        # Modules whose import has failed, each with its error, the innermost first.
        self._failed: list[tuple[str, BaseException]] = []

    def fill(self) -> None:
        """Import the entry's module, and with it those that it imports at once."""
        try:
            self.load(self.image.entry.partition(":")[0])
        except (Exception, SystemExit) as error:
            name = next(name for name, raised in self._failed if raised is error)
            raise ProgramError(
                f"module {name} of the program failed when it was imported{self._place(error)}: "
                f"{type(error).__name__}: {error}{self._hint(error)}"
            ) from error
        finally:
            self._failed.clear()

    def _hint(self, error: BaseException) -> str:
        """What would find a module that was not found: the target as a module of this folder."""
        if not isinstance(error, ModuleNotFoundError) or not error.name:
            return ""
        top, here = error.name.partition(".")[0], Path.cwd()
        module, _, function = self.image.entry.partition(":")
        file = Path(self.image.file(self.texts[module].path))
        there = (here / top).is_dir() or (here / f"{top}.py").is_file()
        if not there or not file.is_relative_to(here) or file.parent == here:
            return ""
        dotted = ".".join(file.relative_to(here).with_suffix("").parts)
        return f". {top} is in {here}: from there the target is {dotted}:{function}"

    def _place(self, error: BaseException) -> str:
        """The line of the program that an error comes from, or through."""
        files = {self.image.file(text.path): text.path for text in self.image.modules}
        found = ""
        for frame, line in traceback.walk_tb(error.__traceback__):
            if (path := files.get(frame.f_code.co_filename)) is not None:
                found = f" ({path}:{line})"
        return found

    def show(self) -> None:
        """Make this the program whose modules `sys.modules` has, in a process of Perdure's own."""
        if shown.own_process and shown.space is not self:
            shown.show(self)

    def has(self, name: str) -> bool:
        """Whether the program has such a module."""
        return name in self.texts

    def imported(self, name: str) -> Any:
        """A module of the program, if it has been imported."""
        return self.modules.get(name)

    def within(self, package: str) -> dict[str, bool]:
        """The last names of the modules directly in a package, and whether they are packages."""
        names = (name.rpartition(".") for name in self.texts)
        return {
            last: self.texts[f"{package}.{last}"].is_package
            for parent, _, last in names
            if parent == package
        }

    def spec(self, name: str) -> ModuleSpec:
        """What the import system is to know of a module."""
        text = self.texts[name]
        file = self.image.file(text.path)
        loader = Loader(self, name, file, text.text)
        spec = ModuleSpec(name, loader, origin=file, is_package=text.is_package)
        spec.has_location = True
        if text.is_package:
            spec.submodule_search_locations = self._folders(name)
        return spec

    def _folders(self, package: str) -> list[str]:
        """Where the modules of a package are; other folders may share the name of an empty one."""
        folders = [self._folder(package)]
        if not self.texts[package].text:
            parent = self.modules.get(package.rpartition(".")[0])
            found = PathFinder.find_spec(package, None if parent is None else parent.__path__)
            if found is not None and found.origin is None:
                folders += [f for f in found.submodule_search_locations or () if f not in folders]
        return folders

    def _folder(self, package: str) -> str:
        return str(Path(self.image.file(self.texts[package].path)).parent)

    def load(self, name: str) -> Any:
        """Import a module of the program."""
        with shown.while_importing(self):
            if name in self.modules:
                return self.modules[name]
            parent = name.rpartition(".")[0]
            if parent in self.texts:
                self.load(parent)
                if name in self.modules:
                    return self.modules[name]
            return self._run(name)

    def _run(self, name: str) -> Any:
        text = self.texts[name]
        module = ModuleType(name)
        spec = self.spec(name)
        space = vars(module)
        space |= {
            "__spec__": spec,
            "__loader__": spec.loader,
            "__file__": spec.origin,
            "__package__": spec.parent,
            "__builtins__": self.builtins,
        }
        if text.is_package:
            space["__path__"] = spec.submodule_search_locations
        self.modules[name] = module
        shown.put(name, module)
        try:
            exec(compile(text.text, spec.origin or name, "exec", dont_inherit=True), space)
        except BaseException as error:
            del self.modules[name]
            shown.take(name)
            self._failed.append((name, error))
            raise
        made = self.modules[name] = shown.standing(name, module)
        parent, _, last = name.rpartition(".")
        if parent in self.modules:
            setattr(self.modules[parent], last, made)
        return made

    def _import(
        self,
        name: str,
        globals: dict[str, Any] | None = None,
        locals: dict[str, Any] | None = None,
        fromlist: tuple[str, ...] | None = (),
        level: int = 0,
    ) -> Any:
        full = self._absolute(name, globals or {}, level)
        if full not in self.texts:
            return __import__(name, globals, locals, fromlist or (), level)
        module = self.load(full)
        for item in self._wanted(module, fromlist or ()):
            if f"{full}.{item}" in self.texts and not hasattr(module, item):
                self.load(f"{full}.{item}")
        if fromlist:
            return module
        return module if level else self.load(full.partition(".")[0])

    @staticmethod
    def _wanted(module: Any, fromlist: tuple[str, ...]) -> list[str]:
        """The names that `from module import …` asks for; a star stands for `__all__`."""
        said = [str(name) for name in getattr(module, "__all__", ())] if "*" in fromlist else []
        return [*fromlist, *said]

    @staticmethod
    def _absolute(name: str, globals: dict[str, Any], level: int) -> str:
        if not level:
            return name
        package = str(globals.get("__package__") or "").split(".")
        base = package[: len(package) - level + 1]
        return ".".join([*base, name]) if name else ".".join(base)
