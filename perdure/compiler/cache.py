"""Compiled images kept on disk, so that a program which has not changed is compiled once.

    $PERDURE_CACHE/images/<key>.image        or below $XDG_CACHE_HOME/perdure, or ~/.cache/perdure

The key is a hash of all that is known before compiling: this compiler and this Python, the
project's folder, the workflow's name, the text of its module. Which other modules the program
reaches is only known afterwards; so an entry lists every module that the compiler asked for, with
the hash of what it found, or that it found nothing. It counts only if that would be the same today.
So must be the modules of a package whose modules are loaded by names that are made at run time.

    digest of the rest
    {"modules": {"shop": "9f…", "datetime": null, …}, "packages": {"requests": "2.31"}, …}
    the image, as a store has it

The cache is never in the way: what is damaged or unreadable counts as absent, and a folder that
cannot be written is left alone. Entries appear whole (`os.replace`), so processes can share it. An
entry holds bytecode, so the folder is as private as Python's own `__pycache__` should be.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from functools import cache
from importlib.machinery import PathFinder
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perdure.compiler.diagnostics import CompileError
from perdure.compiler.image import FORMAT, MAGIC, Image, ImageError
from perdure.compiler.source import Project, Source

if TYPE_CHECKING:
    from perdure.compiler.pipeline import Stages

# How many images are kept. At some 10 kB each that is little; the one used longest ago goes first.
LIMIT = 200


def image_for(project: Project, source: Source, name: str) -> Image:
    """The image of the workflow `name` of module `source`, compiled if it is not in the cache.

    Raises what `compile_workflow` raises. The compiler's passes are imported only if they are used.
    """
    file = _entry(project, source, name)
    image = _kept(file, project) if file is not None else None
    if image is None:
        from perdure.compiler.pipeline import compile_workflow

        stages = compile_workflow(project, source, name)
        image = stages.image
        keep(project, source, name, stages)
    return image


def keep(project: Project, source: Source, name: str, stages: Stages) -> None:
    """Put the image of the workflow `name` of module `source` into the cache, if there is one."""
    file = _entry(project, source, name)
    if file is not None:
        _keep(file, stages)


def folder() -> Path | None:
    """Where images are kept; None when PERDURE_CACHE is empty or `off`."""
    given = os.environ.get("PERDURE_CACHE")
    if given is not None:
        return None if given in ("", "off") else Path(given).expanduser()
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "perdure"
    except RuntimeError:  # this user has no home
        return None


def _entry(project: Project, source: Source, name: str) -> Path | None:
    place = folder()
    if place is None:
        return None
    known = [_compiler(), str(project.root), source.path, source.module, name, source.text]
    return place / "images" / f"{_hash(json.dumps(known).encode())}.image"


@cache
def _compiler() -> list[Any]:
    """What compiles: the text of the compiler, and the Python that runs it."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    text = b"".join(file.read_bytes() for file in files)
    return [FORMAT, _hash(text), MAGIC, sys.version, sys.flags.optimize]


def _hash(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _said(source: Source | None) -> str | None:
    """The hash of a module; None stands for one that is not there."""
    if source is None:
        return None
    return _hash(json.dumps([source.path, source.is_package, source.text]).encode())


# Reading --------------------------------------------------------------------------------------


def _kept(file: Path, project: Project) -> Image | None:
    """The image in an entry, if it is whole and nothing that it was made from has changed."""
    try:
        digest, _, rest = file.read_bytes().partition(b"\n")
        if digest.decode() != _hash(rest):
            return None
        head, _, data = rest.partition(b"\n")
        if not _holds(json.loads(head), project):
            return None
        image = Image.from_bytes(data)
    except (OSError, ValueError, ImageError, CompileError):
        return None
    try:
        os.utime(file)
    except OSError:
        pass
    return image


def _holds(manifest: dict[str, Any], project: Project) -> bool:
    """Whether compiling now would read what it read then."""
    return (
        all(_said(project.source(name)) == said for name, said in manifest["modules"].items())
        and all(project.listed(name) == said for name, said in manifest["listed"].items())
        and all(_version(name) == found for name, found in manifest["packages"].items())
        and not any(map(_is_installed, manifest["missing"]))
    )


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _is_installed(name: str) -> bool:
    """Whether an import of `name` would find something, as far as folders say."""
    return PathFinder.find_spec(name) is not None


# Writing --------------------------------------------------------------------------------------


def _keep(file: Path, stages: Stages) -> None:
    """Write an entry, and drop the oldest ones; without the right to, do nothing."""
    from perdure.compiler.pipeline import foreign

    image = stages.image
    manifest = {
        "modules": {name: _said(found) for name, found in stages.project.asked().items()},
        "listed": stages.project.listings(),
        "packages": image.requires,
        "missing": [name for name in foreign(stages.program) if not _is_installed(name)],
    }
    rest = json.dumps(manifest).encode() + b"\n" + image.to_bytes()
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(file, _hash(rest).encode() + b"\n" + rest)
        _prune(file.parent)
    except OSError:
        pass


def _write(file: Path, data: bytes) -> None:
    handle, temporary = tempfile.mkstemp(dir=file.parent, suffix=".new")
    try:
        with open(handle, "wb") as out:
            out.write(data)
        os.replace(temporary, file)
    except BaseException:
        os.unlink(temporary)
        raise


def _prune(place: Path) -> None:
    """Keep the images that were used last; what a killed process left half-written goes too."""
    ours = [*place.glob("*.image"), *place.glob("*.new")]
    used = sorted(((file.stat().st_mtime_ns, file) for file in ours), reverse=True)
    for _, file in used[LIMIT:]:
        file.unlink(missing_ok=True)
