"""Source text to syntax trees: which file a module is, what it says, and where each node stands.

Two parsers read a file, each for what it is best at. Python's own (`ast`) gives the tree that is
compiled: it is right by definition and keeps the position of every node, so tracebacks of compiled
code point into the user's file. libcst gives what `ast` throws away: comments, which carry the
suppressions of the audit (see docs/decisions/0002-two-parsers.md for figures).

Nothing is imported or run: a module is found by its file under the project's root.
"""

from __future__ import annotations

import ast
import io
import os
import sysconfig
import tokenize
import warnings
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from importlib.machinery import PathFinder
from pathlib import Path

from perdure.compiler import outside, search_path
from perdure.compiler.annotations import leave_unevaluated
from perdure.compiler.diagnostics import CompileError, Diagnostic, Span, TargetError
from perdure.compiler.mangle import mangle
from perdure.compiler.trees import parse


@dataclass(frozen=True)
class Source:
    """One module's text. `module` is its importable name; `path` is where it was read."""

    path: str
    module: str
    text: str
    is_package: bool = False
    is_foreign: bool = False  # not the user's, and compiled with the user's all the same

    @property
    def is_library(self) -> bool:
        """Whether it is foreign, and not compiled for the sake of the user's classes."""
        return self.is_foreign

    @cached_property
    def lines(self) -> list[str]:
        """The text, line by line, without line ends. Line n is `lines[n - 1]`."""
        # splitlines() also splits at form feeds and other separators that Python does not count.
        return self.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")

    @cached_property
    def tree(self) -> ast.Module:
        """The module's syntax tree; raises `CompileError` (PD100) when it is not Python."""
        try:
            with warnings.catch_warnings():
                # Python warns about such code when it is imported; once is enough.
                warnings.simplefilter("ignore")
                tree = parse(self.text, self.path)
                if "annotations" in self.text:
                    leave_unevaluated(tree)
        except SyntaxError as error:
            raise CompileError([self._syntax_error(error)]) from None
        except ValueError as error:  # null bytes
            span = Span(self.path, 1, 0, 1, 0)
            raise CompileError([Diagnostic("PD100", span, f"not Python source: {error}")]) from None
        if "__" in self.text:
            mangle(tree)
        return tree

    def span(self, node: ast.AST) -> Span:
        """Where `node` stands, with columns in characters (`ast` counts UTF-8 bytes)."""
        line = getattr(node, "lineno", 1)
        end_line = getattr(node, "end_lineno", None) or line
        column = self._characters(line, getattr(node, "col_offset", 0))
        end = self._characters(end_line, getattr(node, "end_col_offset", None) or 0)
        return Span(self.path, line, column, end_line, end)

    def diagnostic(
        self, code: str, node: ast.AST, message: str, *, why: str = "", instead: str = ""
    ) -> Diagnostic:
        """Make a diagnostic about `node`."""
        span = self.span(node)
        return Diagnostic(code, span, message, why, instead, self.line(span.line))

    def line(self, number: int) -> str:
        """The text of a line, or "" past the end."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""

    def segment(self, node: ast.AST) -> str:
        """The source text of `node`, on one line, for labels and messages."""
        span = self.span(node)
        lines = self.lines[span.line - 1 : span.end_line]
        if not lines:
            return ast.unparse(node)
        lines[-1] = lines[-1][: span.end_column]
        lines[0] = lines[0][span.column :]
        return " ".join(" ".join(lines).split())

    def _characters(self, line: int, byte_column: int) -> int:
        text = self.line(line)
        if text.isascii():
            return byte_column
        return len(text.encode()[:byte_column].decode(errors="replace"))

    def _syntax_error(self, error: SyntaxError) -> Diagnostic:
        line, column = error.lineno or 1, max(0, (error.offset or 1) - 1)
        end = max(column + 1, (error.end_offset or 0) - 1)
        span = Span(self.path, line, column, line, end)
        return Diagnostic("PD100", span, f"not Python: {error.msg}", source_line=self.line(line))


@dataclass
class Project:
    """The user's own modules: those found under `root`, read when asked for and kept.

    So are those of other packages that import perdure (see outside.py).

    `root` is the folder that an import of the entry module starts from: the file's own folder, or,
    for a module in packages, the folder that holds the outermost package.
    """

    root: Path
    complete: bool = False  # no module but those added: the disk is not asked
    _sources: dict[str, Source | None] = field(default_factory=dict)
    _listed: dict[str, list[str]] = field(default_factory=dict)
    _searched: set[str] = field(default_factory=set)  # modules, for what they put on sys.path
    _beside: list[Path] = field(default_factory=list)  # the folders that they put there

    def source(self, module: str) -> Source | None:
        """The source of a first-party module; None when there is no such file under the root.

        Perdure itself is never first-party, not even in its own checkout. But some modules of
        Python's library, and one of Perdure's, are compiled with the program where it reaches them
        (see `Source.is_foreign`).
        """
        if module in _COMPILED_LIBRARY or module in OWN_LIBRARY:
            if module not in self._sources:
                self._sources[module] = read_library(module)
            return self._sources[module]
        if module.partition(".")[0] == "perdure":
            return None
        if module not in self._sources:
            self._sources[module] = None if self.complete else self._read(module)
        return self._sources[module]

    def add(self, source: Source) -> None:
        """Use `source` for its module, whatever the disk says (code that was typed, not saved)."""
        self._sources[source.module] = source

    def listed(self, package: str) -> list[str]:
        """The names of all modules below a package; of those outside all packages for ""."""
        if package not in self._listed:
            self._listed[package] = sorted(self._names_below(package))
        return self._listed[package]

    def _names_below(self, package: str) -> set[str]:
        if self.complete:
            beginning = f"{package}." if package else ""
            return {n for n, s in self._sources.items() if s and n.startswith(beginning)}
        if not package:
            files = [*self.root.glob("*.py"), *self.root.glob("*/__init__.py")]
            return {_name_of(file, self.root) for file in files}
        folder = self._outside(package) or self.root
        inside = folder.joinpath(*package.split(".")).rglob("*.py")
        names = {_name_of(file, folder) for file in inside}
        return {n for n in names if all(part.isidentifier() for part in n.split("."))} - {package}

    def listings(self) -> dict[str, list[str]]:
        """Every package whose modules were asked for, and their names."""
        return dict(self._listed)

    def asked(self) -> dict[str, Source | None]:
        """Every module that was asked for so far, and what was found."""
        return dict(self._sources)

    def _read(self, module: str) -> Source | None:
        found = _read_from(self.root, module, module)
        if module in BASES:
            return found  # the user's own of that name goes before Python's
        if found is None and (folder := self._outside(module)) is not None:
            found = _read_from(folder, module, module)
        return found or self._namespace(module)

    def _outside(self, module: str) -> Path | None:
        """The folder of a module of another package that counts as the project's."""
        for name, source in [*self._sources.items()]:
            if name not in self._searched and source is not None and not source.is_foreign:
                self._searched.add(name)
                if "sys.path" in source.text:
                    self._beside += search_path.folders(source.tree, source.path)
        return outside.folder_of(module, self.root, tuple(self._beside))

    def _namespace(self, module: str) -> Source | None:
        """A folder without an `__init__.py` that holds modules (PEP 420), as an empty package."""
        parent, _, name = module.rpartition(".")
        folder = self.root.joinpath(*module.split("."))
        if not folder.is_dir() and (other := self._outside(module)) is not None:
            folder = other.joinpath(*module.split("."))
        if not name.isidentifier() or not folder.is_dir() or (parent and not self.source(parent)):
            return None
        if not any(folder.rglob("*.py")) or (not parent and _is_regular(module)):
            return None
        return Source(str(folder / "__init__.py"), module, "", True)


def _is_regular(module: str) -> bool:
    """Whether an import finds more than folders of that name: a package or a file goes first."""
    try:
        spec = PathFinder.find_spec(module)
    except (ImportError, ValueError):
        return False
    return spec is not None and spec.origin is not None


def _name_of(file: Path, root: Path) -> str:
    parts = list(file.relative_to(root).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


# Modules of Python's own library that are written in Python, and whose functions and context
# managers stop where the user's functions do: they are compiled as if they were the user's.
_COMPILED_LIBRARY = frozenset(
    "contextlib graphlib asyncio.tasks asyncio.locks asyncio.queues asyncio.taskgroups"
    " asyncio.timeouts asyncio.mixins".split()
)
OWN_LIBRARY = tuple(
    f"perdure.library.{room}"
    for room in (
        *("syntax", "collecting", "iterating", "containers"),
        *("fibers", "operators", "attributes", "formatting", "packages", "matching", "numbers"),
        "groups",
    )
)
ASYNCIO = tuple(sorted(name for name in _COMPILED_LIBRARY if name.startswith("asyncio.")))


# Of other modules of it, what is compiled where the program derives from it, or has methods that it
# calls (see bases.py). A module comes before those that its own classes derive from.
BASES = {
    "copy": frozenset({"copy"}),
    "html.parser": frozenset({"HTMLParser"}),
    "_markupbase": frozenset({"ParserBase"}),
    "ast": frozenset({"NodeVisitor", "NodeTransformer", "walk", "iter_fields", "iter_child_nodes"}),
    "difflib": frozenset({"unified_diff", "context_diff", "ndiff", "Differ"}),
    "calendar": frozenset({"Calendar"}),
    "ipaddress": frozenset(
        "IPv4Network IPv6Network summarize_address_range collapse_addresses".split()
    ),
    "collections": frozenset({"ChainMap", "UserDict", "UserList", "UserString"}),
    "csv": frozenset({"DictReader"}),
    "sched": frozenset({"scheduler"}),
    "cmd": frozenset({"Cmd"}),
    "string": frozenset({"Formatter", "Template"}),
    "_collections_abc": frozenset(
        "Mapping MutableMapping KeysView ItemsView ValuesView Sequence MutableSequence Set"
        " MutableSet Generator AsyncGenerator Coroutine".split()
    ),
}


def may_be_standard(module: str) -> bool:
    """Whether Python's own library has a module of that name that is compiled with programs."""
    return module in _COMPILED_LIBRARY or module in BASES


def read_library(module: str) -> Source | None:
    """The text of a module of Python's library, or of Perdure's."""
    name = module.removeprefix("perdure.")
    folder = Path(sysconfig.get_path("stdlib")) if name == module else _PERDURE
    found = _read_from(folder, name, module)
    return found and replace(found, is_foreign=True)


def _read_from(folder: Path, name: str, module: str) -> Source | None:
    base = folder.joinpath(*name.split("."))
    if (package := base / "__init__.py").is_file():
        return read_source(package, module)
    # `with_suffix` would cut a dotted folder name; the name is spelled out instead.
    if (file := base.parent / f"{base.name}.py").is_file():
        return read_source(file, module)
    return None


_PACKAGES = "<packages>"  # in paths, whatever folder a package outside the project was found in
_PERDURE = Path(__file__).resolve().parents[1]


def portable_path(path: str, root: Path) -> str:
    """A source file's path as an image keeps it: the same on every machine."""
    for name, folder in _folders().items():
        if Path(path).is_relative_to(folder) and not Path(path).is_relative_to(root):
            return f"{name}/{Path(path).relative_to(folder).as_posix()}"
    if not Path(path).is_relative_to(root) and (found := outside.portable(Path(path))):
        return f"{_PACKAGES}/{found}"
    return Path(os.path.relpath(path, root)).as_posix()


def local_path(path: str, root: str) -> str:
    """The inverse of `portable_path`, on this machine."""
    for name, folder in _folders().items():
        if path.startswith(f"{name}/"):
            return str(folder / path[len(name) + 1 :])
    if path.startswith(f"{_PACKAGES}/"):
        return str(outside.local(path[len(_PACKAGES) + 1 :]))
    return str(Path(root) / path) if root else path


@cache
def _folders() -> dict[str, Path]:
    return {"<python>": Path(sysconfig.get_path("stdlib")), "<perdure>": _PERDURE}


def read_source(path: Path, module: str) -> Source:
    """Read a file as Python would: by its coding cookie, with line ends made alike."""
    raw = path.read_bytes()
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
        text = io.TextIOWrapper(io.BytesIO(raw), encoding, newline=None).read()
    except (SyntaxError, UnicodeDecodeError, LookupError) as error:
        span = Span(str(path), 1, 0, 1, 0)
        why = "Python files are UTF-8 unless their first lines say otherwise"
        raise CompileError(
            [Diagnostic("PD100", span, f"cannot read this file as text: {error}", why=why)]
        ) from None
    return Source(str(path), module, text.removeprefix("\ufeff"), path.name == "__init__.py")


def locate(path: Path) -> tuple[Path, str]:
    """The project root and the importable name of the module in file `path`."""
    path = path.resolve()
    parts = [] if path.name == "__init__.py" else [path.stem]
    folder = path.parent
    while (folder / "__init__.py").is_file():
        parts.insert(0, folder.name)
        folder = folder.parent
    return folder, ".".join(parts) or path.parent.name


def open_target(target: str, *, cwd: Path | None = None) -> tuple[Project, Source, str]:
    """Find what a target names: its project, its module's source, and the function's name.

    Targets are `FILE.py:function` or `package.module:function`; a method is `module:Class.method`.
    Raises `TargetError` with what is wrong and what to write.
    """
    place, colon, function = target.rpartition(":")
    if not colon or not place or not function:
        raise TargetError(
            f"{target!r} is not a target: write FILE.py:function or package.module:function, "
            f"for example shop.py:checkout"
        )
    cwd = cwd or Path.cwd()
    if place.endswith(".py") or "/" in place:
        path = cwd / place
        if not path.is_file():
            raise TargetError(f"there is no file {place} (looked for {path})")
        root, module = locate(path)
        project, source = Project(root), read_source(path.resolve(), module)
        project.add(source)
        return project, source, function
    project = Project(cwd)
    found = project.source(place)
    if found is None:
        raise TargetError(
            f"there is no module {place} under {cwd}: run from the folder that holds it, "
            f"or name the file, as in {place.replace('.', '/')}.py:{function}"
        )
    return project, found, function
