"""Pass 7, image: the compiled program as one immutable value, named by the hash of its content.

An image holds all that a worker needs to go on with a run and has never seen the user's code: the
generated source with the user's position of each of its nodes, the bytecode for the Python that
compiled it (others compile the source again), the table of task blocks, and the source of the
project's own modules that the workflow reaches.

As bytes it is zstd-compressed JSON. Bytecode, positions (they follow from the source, which is in
it) and the project's folder are left out of the hash: the same program compiled in another place is
the same image.
"""

from __future__ import annotations

import ast
import base64
import hashlib
import importlib.util
import json
import marshal
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from types import CodeType
from typing import Any

import zstandard

from perdure.compiler.source import local_path
from perdure.compiler.trees import CHILDREN, LEAVES, PLACED, STATEMENTS, children, copy_place, parse

FORMAT = 6
# Bytecode fits one Python only; its magic number says which.
MAGIC = importlib.util.MAGIC_NUMBER.hex()

# The end of the name of a function that stands around a block, with the cells it shares.
MAKER = "_cells"

# The names that generated code uses for the runtime's part; the runtime gives them their meaning.
VOCABULARY = frozenset(
    "_Suspend0 _Jump0 _Release0 _Enter0 _UNBOUND0 _ONCE0 _suspends0 _iter0 _set0 _slice0 _entered0"
    " _exc_info0 _exception0 _handling0 _matches0 _merge0 _spread0 _Yield0 _Delegate0 _await0"
    " _aiter0 _aiterating0 _aiterated0 _anext0 _DONE0 _aentered0 _delegated0 _await_of0 _due0"
    " _cold0 _Safe0 _localise0 _getter0 _sorted0 _globals0 _awaiting0 _awaited_to0 _keeping0"
    " _delegating0 _delegated_to0 _begun0 _star0 _split0 _raised0 _left_of0 _meets0 _stepping0"
    " _stepped0 _left0 _iterating0 _listed0 _taken0 _extension0 _type0 _INERT0 _Op0 _contains0"
    " _PENDING0 _advance0 _super0 _AssertionError0 _BaseException0 _NameError0".split()
)


class ImageError(Exception):
    """The bytes are not an image, or one of a format that this Perdure does not know."""


@dataclass(frozen=True)
class ModuleText:
    """A first-party module as the image carries it. `path` is relative to the project's root."""

    name: str
    path: str
    is_package: bool
    text: str


@dataclass(frozen=True)
class TaskBlock:
    """A task block: where it begins, and the names of the values its frames hold."""

    number: int
    function: str  # the generated function that runs it
    kind: str  # entry, resume or cut
    live: tuple[str, ...]
    line: int  # in the user's file
    label: str  # the call that it resumes from, or the statement it begins with
    fingerprint: str  # of its code, comments and formatting aside
    handling: int = -1  # which live value is the exception being handled; -1: none is


@dataclass(frozen=True)
class FunctionTable:
    """The task blocks of one function, `module:qualname`."""

    name: str
    line: int
    cells: tuple[str, ...]  # its own first, then those it shares with functions around it
    blocks: tuple[TaskBlock, ...]
    kind: str = "function"  # or generator, coroutine, async generator: what a call gives
    free: int = 0  # how many of `cells` belong to functions around it
    code: tuple[str, int, int, int, int, int] = ("", 0, 0, 0, 0, 0)  # `CodeMark` of its own code
    suspends: bool = True  # whether the run may stop inside it


@dataclass(frozen=True)
class Image:
    """A compiled program. `bytecode` maps a Python's magic number to marshalled code."""

    entry: str
    modules: tuple[ModuleText, ...]
    functions: tuple[FunctionTable, ...]
    activities: tuple[str, ...]
    methods: tuple[str, ...]  # names of methods and properties that may suspend
    code: str
    files: tuple[str, ...]  # paths, for `positions`
    positions: bytes  # of each function: its file; of each node: line, column, end line and column
    requires: dict[str, str] = field(default_factory=dict)  # other packages, with versions
    root: str = ""
    bytecode: dict[str, bytes] = field(default_factory=dict)

    @cached_property
    def hash(self) -> str:
        """The image's name: 32 hexadecimal digits."""
        return hashlib.blake2b(_canonical(self._content()), digest_size=16).hexdigest()

    def function(self, name: str) -> FunctionTable:
        """The table of a function of this image."""
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> dict[str, FunctionTable]:
        return {table.name: table for table in self.functions}

    def file(self, path: str) -> str:
        """Where the module at `path` was when it was compiled: what tracebacks say."""
        return local_path(path, self.root)

    def to_bytes(self) -> bytes:
        """Encode the image for a store."""
        content = self._content()
        content["root"] = self.root
        content["positions"] = _b64(self.positions)
        content["bytecode"] = {k: _b64(v) for k, v in self.bytecode.items()}
        return zstandard.compress(_canonical(content))

    @classmethod
    def from_bytes(cls, data: bytes) -> Image:
        """Decode an image; raises `ImageError`."""
        try:
            content = json.loads(zstandard.decompress(data))
            if content["format"] != FORMAT:
                raise ImageError(
                    f"this image has format {content['format']}, and this Perdure knows format "
                    f"{FORMAT}: use the Perdure that made it, or a newer one"
                )
            return _decode(content)
        except (zstandard.ZstdError, ValueError, KeyError, TypeError) as error:
            raise ImageError(f"not an image: {error}") from error

    def code_object(self) -> CodeType:
        """The generated module as code for this Python, compiled again if another one made it."""
        if MAGIC in self.bytecode:
            made = marshal.loads(self.bytecode[MAGIC])
            assert isinstance(made, CodeType)
            return made
        return self.recompiled()

    def recompiled(self) -> CodeType:
        """The generated module, compiled from its text: what another Python makes of it."""
        functions = positioned(self.code, self.positions)
        return compile_functions((f, self.file(self.files[number])) for f, number in functions)

    def _content(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "entry": self.entry,
            "modules": [[m.name, m.path, m.is_package, m.text] for m in self.modules],
            "functions": [_table(table) for table in self.functions],
            "activities": list(self.activities),
            "methods": list(self.methods),
            "code": self.code,
            "files": list(self.files),
            "requires": self.requires,
        }


def _table(table: FunctionTable) -> list[Any]:
    blocks = [
        [b.number, b.function, b.kind, list(b.live), b.line, b.label, b.fingerprint, b.handling]
        for b in table.blocks
    ]
    code = list(table.code)
    head = [table.name, table.line, list(table.cells), blocks]
    return [*head, table.kind, table.free, code, table.suspends]


def _decode(content: dict[str, Any]) -> Image:
    functions = tuple(
        FunctionTable(
            name,
            line,
            tuple(cells),
            tuple(TaskBlock(n, f, k, tuple(live), *rest) for n, f, k, live, *rest in blocks),
            kind,
            free,
            tuple(code),
            suspends,
        )
        for name, line, cells, blocks, kind, free, code, suspends in content["functions"]
    )
    return Image(
        entry=content["entry"],
        modules=tuple(ModuleText(*module) for module in content["modules"]),
        functions=functions,
        activities=tuple(content["activities"]),
        methods=tuple(content["methods"]),
        code=content["code"],
        files=tuple(content["files"]),
        positions=base64.b64decode(content["positions"]),
        requires=content["requires"],
        root=content["root"],
        bytecode={k: base64.b64decode(v) for k, v in content["bytecode"].items()},
    )


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _canonical(content: dict[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )


# Positions: the generated text is parsed again (here, and on machines that run another Python), so
# the user's position of each node travels beside it, outer before inner, in source order.


Placed = tuple[ast.FunctionDef, int]  # a generated function, and the file it came from


def record_positions(functions: Iterable[Placed]) -> bytes:
    """The user's position of each node of the generated functions.

    A node that has none takes that of the node it stands in, as in `ast.fix_missing_locations`.
    """
    numbers: list[int] = []
    record = _Positions()
    for function, file in functions:
        numbers.append(file)
        numbers += record.of(function, function)
    return zstandard.compress(array("i", numbers).tobytes())


class _Positions:
    """The positions of statements, kept: most stand in several blocks."""

    def __init__(self) -> None:
        self._known: dict[ast.AST, list[int]] = {}

    def of(self, tree: ast.AST, above: ast.AST) -> list[int]:
        """The positions of a statement's nodes; `above` is the node that it stands in."""
        found = self._known.get(tree)
        if found is None:
            found = self._known[tree] = []
            self._add(tree, above, found)
        return found

    def _add(self, node: Any, above: Any, numbers: list[int]) -> None:
        kind = type(node)
        if kind in PLACED:
            try:
                line, column = node.lineno, node.col_offset
            except AttributeError:
                copy_place(node, above)
                line, column = node.lineno, node.col_offset
            numbers += line, column, node.end_lineno or line, node.end_col_offset or column
            above = node
        if kind not in LEAVES:
            for child in CHILDREN[kind](node):
                if type(child) in STATEMENTS:
                    numbers += self.of(child, above)
                else:
                    self._add(child, above, numbers)


def positioned(code: str, positions: bytes) -> list[Placed]:
    """Parse generated source and put every node where the user's code stands."""
    numbers = array("i")
    numbers.frombytes(zstandard.decompress(positions))
    found, at = [], 0
    for function in parse(code).body:
        assert isinstance(function, ast.FunctionDef)
        file = numbers[at] if at < len(numbers) else 0
        at += 1
        for node in _placed(function):
            place = numbers[at : at + 4]
            if len(place) < 4:
                raise ImageError("the image has fewer positions than its code has nodes")
            node.lineno, node.col_offset, node.end_lineno, node.end_col_offset = place
            at += 4
        found.append((function, file))
    if at != len(numbers):
        raise ImageError("the image has more positions than its code has nodes")
    return found


def _placed(tree: ast.AST) -> Iterator[Any]:
    """The nodes that have a place, outer before inner, in an order that every Python has."""
    stack: list[Any] = [tree]
    while stack:
        node = stack.pop()
        if type(node) in PLACED:
            yield node
        stack += children(node)[::-1]


# So many functions are compiled at a time: for one function that holds n, Python needs more than n
# times as long.
TOGETHER = 200


def compile_functions(functions: Iterable[tuple[ast.FunctionDef, str]]) -> CodeType:
    """Compile generated functions, each under the name of the user's file it came from."""
    by_file: dict[str, list[ast.stmt]] = {}
    names = []
    for function, file in functions:
        by_file.setdefault(file, []).append(function)
        names.append(function.name.removesuffix(MAKER))
    found: dict[str, CodeType] = {}
    for file, made in by_file.items():
        for at in range(0, len(made), TOGETHER):
            closed = _closed(made[at : at + TOGETHER])
            whole = compile(ast.Module([closed], []), file, "exec", dont_inherit=True)
            (maker,) = (c for c in whole.co_consts if isinstance(c, CodeType))
            for code in maker.co_consts:
                if isinstance(code, CodeType):
                    inner = _innermost(code)
                    found[inner.co_name] = inner
    # One code object that holds them all, so that bytecode is one value.
    holder = compile("", "<perdure>", "exec")
    return holder.replace(co_consts=tuple(found[name] for name in names))


def _closed(functions: list[ast.stmt]) -> ast.FunctionDef:
    """Put generated functions inside one whose parameters are the vocabulary.

    The names become free variables, which the runtime supplies as cells: quick to read, and the
    user's module is not touched.
    """
    maker = ast.FunctionDef("maker", _vocabulary(), functions, [])
    if "type_params" in ast.FunctionDef._fields:
        maker.type_params = []  # type: ignore[attr-defined]
    maker.lineno = maker.end_lineno = functions[0].lineno
    maker.col_offset = maker.end_col_offset = 0
    return maker


@cache
def _vocabulary() -> ast.arguments:
    names = [ast.arg(name) for name in sorted(VOCABULARY)]
    for name in names:
        name.lineno, name.col_offset = 1, 0
    return ast.arguments([], names, None, [], [], None, [])


def _innermost(code: CodeType) -> CodeType:
    """The code of a block itself, if it stands inside the function that holds its cells."""
    if not code.co_name.endswith(MAKER):
        return code
    wanted = code.co_name.removesuffix(MAKER)
    return next(c for c in code.co_consts if isinstance(c, CodeType) and c.co_name == wanted)
