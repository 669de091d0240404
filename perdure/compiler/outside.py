"""Packages outside the project whose code is the program's all the same: those that import perdure.

Their activities and the functions that call them are read, and compiled, like the project's own. An
installed package says in its metadata whether it needs perdure; of one that is only on the path, as
in a repository of several packages, the text says it. Nothing is imported.
"""

from __future__ import annotations

import re
import sys
from functools import cache
from importlib.metadata import Distribution
from pathlib import Path

_IMPORT = re.compile(rb"^[ \t]*(?:from|import)[ \t]+perdure\b", re.MULTILINE)
_NEEDS = re.compile(rb"^Requires-Dist: perdure(?![\w.-])", re.MULTILINE)


def folder_of(module: str, root: Path, beside: tuple[Path, ...] = ()) -> Path | None:
    """The folder from which a module of such a package is imported; None for all other modules.

    `beside`: folders that the program puts on the path itself.
    """
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names or top == "perdure":
        return None
    path = (*map(str, beside), *sys.path)
    return _folder(top, root, path) or _folder_of_part(module, root, path)


def portable(path: Path) -> str | None:
    """The path of such a package's file, from the folder that it is imported from."""
    for entry in _entries(tuple(sys.path)):
        if path.is_relative_to(entry):
            return path.relative_to(entry).as_posix()
    return None


def local(path: str) -> Path:
    """The inverse of `portable`, on this machine."""
    entries = _entries(tuple(sys.path))
    return next((e / path for e in entries if (e / path).is_file()), Path(path))


@cache
def _entries(path: tuple[str, ...]) -> tuple[Path, ...]:
    """The folders of the path, those inside others first."""
    found = {Path(entry or ".").resolve() for entry in path}
    return tuple(sorted(filter(Path.is_dir, found), key=lambda e: -len(e.parts)))


@cache
def _folder(top: str, root: Path, path: tuple[str, ...]) -> Path | None:
    if (root / top).is_dir() or (root / f"{top}.py").is_file():
        return None
    for entry in path:
        folder = Path(entry or ".")
        if (folder / top / "__init__.py").is_file() or (folder / f"{top}.py").is_file():
            folder = folder.resolve()
            return folder if _imports_perdure(folder, top) else None
    return None


@cache
def _folder_of_part(module: str, root: Path, path: tuple[str, ...]) -> Path | None:
    """The same where its top package has no `__init__.py`: several folders may hold parts of it."""
    top, *_ = parts = module.split(".")
    folders = [Path(entry or ".") for entry in path]
    if any(
        (f / top / "__init__.py").is_file() or (f / f"{top}.py").is_file() for f in [root, *folders]
    ):
        return None
    for folder in map(Path.resolve, folders):
        place = folder.joinpath(*parts)
        if place.is_dir() or (place.parent / f"{place.name}.py").is_file():
            return folder if folder != root and _imports_perdure(folder, top) else None
    return None


def _imports_perdure(folder: Path, top: str) -> bool:
    needing = _needing(folder)
    if needing is not None:
        return top in needing
    single = folder / f"{top}.py"
    files = [single] if single.is_file() else (folder / top).rglob("*.py")
    return any(_IMPORT.search(file.read_bytes()) for file in files)


@cache
def _needing(folder: Path) -> frozenset[str] | None:
    """The packages installed in a folder that need perdure; None where nothing is installed."""
    installed = [*folder.glob("*.dist-info")]
    if not installed:
        return None
    found = set()
    for about in installed:
        metadata = about / "METADATA"  # most do not: their other files are not read
        if metadata.is_file() and _NEEDS.search(metadata.read_bytes()):
            files = Distribution.at(about).files or ()
            found |= {file.parts[0].removesuffix(".py") for file in files if file.suffix == ".py"}
    return frozenset(found)
