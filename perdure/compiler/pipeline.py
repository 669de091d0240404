"""The compiler's road, from a workflow's source to its image: a plain list of passes.

Each pass is a function from one value to the next, and `Stages` keeps them all, so that every stage
can be printed (`perdure compile --dump=…`) and checked (`verify=True`).
"""

from __future__ import annotations

import ast
import functools
import gc
import hashlib
import marshal
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from perdure.compiler import cfg, core, dataflow
from perdure.compiler.codegen import BlockCode, FunctionCode, generate
from perdure.compiler.core import CoreFunction, Suspension
from perdure.compiler.definitions import Definition, mark_of
from perdure.compiler.entry import find_workflow
from perdure.compiler.image import (
    MAGIC,
    MAKER,
    FunctionTable,
    Image,
    ImageError,
    ModuleText,
    Placed,
    TaskBlock,
    compile_functions,
    record_positions,
)
from perdure.compiler.normalize import normalize
from perdure.compiler.partition import Partition, partition
from perdure.compiler.resolve import Program, resolve
from perdure.compiler.scopes import Modules
from perdure.compiler.source import Project, Source, open_target, portable_path
from perdure.compiler.trees import copy_place
from perdure.compiler.writing import Writer


@dataclass
class FunctionStages:
    """What each pass made of one function."""

    core: CoreFunction
    flow: cfg.Flow
    facts: dataflow.Facts
    partition: Partition
    code: FunctionCode


@dataclass
class Stages:
    """What each pass made of a program."""

    project: Project
    program: Program
    functions: dict[str, FunctionStages]
    image: Image


def compile_target(target: str, *, cwd: Path | None = None, verify: bool = False) -> Stages:
    """Compile the workflow that `FILE.py:function` or `package.module:function` names.

    Raises `TargetError` when there is no such workflow and `CompileError` when it cannot be cut.
    """
    project, source, name = open_target(target, cwd=cwd)
    return compile_workflow(project, source, name, verify=verify)


def compile_workflow(
    project: Project, source: Source, name: str, *, verify: bool = False
) -> Stages:
    """Compile the workflow `name` of module `source`."""
    with _deep_trees(), _no_collections():
        return _compile(project, source, name, verify=verify)


def compile_again(image: Image) -> Stages:
    """What the passes make of an image's own modules, for those who want to see inside.

    Raises `ImageError` when it is not what the image holds: another Perdure has compiled it.
    """
    stages = compiled_again(image)
    if _shape(stages.image) != _shape(image):
        raise ImageError(
            f"{image.entry} was compiled by another version of Perdure, which cuts it otherwise: "
            f"only that one can draw it"
        )
    return stages


def compiled_again(image: Image) -> Stages:
    """What this Python and this Perdure make of an image's own modules."""
    project = Project(Path(image.root), complete=True)
    for m in image.modules:
        project.add(Source(image.file(m.path), m.name, m.text, m.is_package))
    module, _, name = image.entry.partition(":")
    source = project.source(module)
    if source is None:
        raise ImageError(f"the image of {image.entry} does not hold the module {module}")
    return compile_workflow(project, source, name)


def _shape(image: Image) -> list[tuple[str, list[tuple[str, int]]]]:
    return [(f.name, [(b.kind, b.line) for b in f.blocks]) for f in image.functions]


@contextmanager
def _deep_trees() -> Iterator[None]:
    """Let passes recurse as deep as Python's parser lets code nest (an `elif` is a level)."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, 20_000))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


@contextmanager
def _no_collections() -> Iterator[None]:
    """Spare the garbage collector: trees are many small objects, all in use until the end.

    They make no cycles, so they go when nobody holds them. Afterwards they count as old, or the
    collector would look at every one as soon as it is on again.
    """
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            if not gc.get_freeze_count():  # else what others have frozen would thaw
                gc.freeze()
                gc.unfreeze()
            gc.enable()


def _compile(project: Project, source: Source, name: str, *, verify: bool) -> Stages:
    modules = Modules(project)
    entry = find_workflow(modules, source.module, name)
    program = resolve(modules, entry)
    functions = {}
    for resolved in program.functions.values():
        lowered = normalize(resolved, modules)
        if verify:
            core.verify(lowered)
        flow = cfg.build(lowered)
        facts = dataflow.analyse(flow)
        parts = partition(flow)
        code = generate(lowered, facts, parts)
        functions[lowered.name] = FunctionStages(lowered, flow, facts, parts, code)
    image = _assemble(project, program, functions)
    if verify and image.recompiled() != image.code_object():
        raise core.CoreError(f"{image.entry}: the generated text says something else than its tree")
    return Stages(project, program, functions, image)


def _assemble(project: Project, program: Program, functions: dict[str, FunctionStages]) -> Image:
    root = project.root
    modules = tuple(
        ModuleText(
            m.source.module, portable_path(m.source.path, root), m.source.is_package, m.source.text
        )
        for m in program.modules
    )
    paths = dict.fromkeys(f.core.file for f in functions.values())
    portable = {path: portable_path(path, root) for path in paths}
    files = tuple(dict.fromkeys([*(m.path for m in modules), *portable.values()]))
    number = {path: files.index(portable[path]) for path in paths}
    made: list[Placed] = []
    texts: list[str] = []
    tables = []
    writer = Writer()
    prefix = _prefix(functions.values())
    for index, (name, stages) in enumerate(functions.items()):
        file = number[stages.core.file]
        placed = [(f, file) for f in _functions(f"{prefix}{index}_", stages)]
        written = [writer.function(function) for function, _ in placed]
        definition = program.functions[name].definition
        tables.append(_table(stages.code, written, definition, name in program.suspending))
        made += placed
        texts += written
    image = Image(
        entry=program.entry.name,
        modules=modules,
        functions=tuple(tables),
        activities=tuple(program.activities),
        methods=tuple(sorted(program.methods)),
        code="\n\n".join(texts),
        files=files,
        positions=record_positions(made),
        requires=_requires(program),
        root=str(root),
    )
    # The trees hold the user's positions; other Pythons get them back from the text's (image.py).
    places = [image.file(path) for path in files]
    compiled = compile_functions((function, places[file]) for function, file in made)
    image.bytecode[MAGIC] = marshal.dumps(compiled)
    return image


def _prefix(functions: Collection[FunctionStages]) -> str:
    """What the names of generated functions begin with: they stand around the user's code.

    A global of the user's that is named like one of them would be hidden by it.
    """
    taken = set[str]().union(*(stages.core.taken for stages in functions))
    names = [
        f"{index}_{block.function.name}{end}"
        for index, stages in enumerate(functions)
        for block in stages.code.blocks
        for end in ("", MAKER)
    ]
    prefix = "f"
    while not taken.isdisjoint(prefix + name for name in names):
        prefix += "f"
    return prefix


def _functions(prefix: str, stages: FunctionStages) -> list[ast.FunctionDef]:
    """The generated functions of one function, under names that the whole program knows once."""
    made = []
    for block in stages.code.blocks:
        function = block.function
        function.name = prefix + function.name
        cells = stages.core.cells + stages.core.free
        made.append(_with_cells(function, cells) if cells else function)
    return made


def _with_cells(block: ast.FunctionDef, cells: tuple[str, ...]) -> ast.FunctionDef:
    """Put a block inside a function whose parameters are the cells it shares."""
    arguments = ast.arguments([], [ast.arg(c) for c in cells], None, [], [], None, [])
    maker = ast.FunctionDef(block.name + MAKER, arguments, [block], [])
    if "type_params" in ast.FunctionDef._fields:
        maker.type_params = []  # type: ignore[attr-defined]
    for argument in arguments.args:
        copy_place(argument, block)
    return copy_place(maker, block)


def _table(
    code: FunctionCode, written: list[str], definition: Definition, suspends: bool
) -> FunctionTable:
    core = code.core
    headers = 2 if core.cells + core.free else 1
    blocks = tuple(
        _block(block, text.split("\n", headers)[-1])
        for block, text in zip(code.blocks, written, strict=True)
    )
    return FunctionTable(
        core.name,
        core.node.lineno,
        core.cells + core.free,
        blocks,
        core.kind.value,
        len(core.free),
        mark_of(definition),
        suspends,
    )


def _block(block: BlockCode, body: str) -> TaskBlock:
    if block.head is None:
        kind = "entry"
    else:
        kind = "resume" if isinstance(block.head, Suspension) else "cut"
    fingerprint = hashlib.blake2b(body.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return TaskBlock(
        block.number,
        block.function.name,
        kind,
        block.live,
        block.line,
        block.label,
        fingerprint,
        block.handling,
    )


def _requires(program: Program) -> dict[str, str]:
    """The packages of others that the program imports, with the versions installed here."""
    others = foreign(program)
    if not others:
        return {}
    from importlib.metadata import distribution

    found = {d for name in others for d in _distributions().get(name, [])[:1]}
    about = {name: distribution(name).metadata for name in sorted(found)}
    # Half an installation leaves METADATA without a version: nothing can be said of it.
    return {name: data["Version"] for name, data in about.items() if "Version" in data}


@functools.cache
def _distributions() -> Mapping[str, list[str]]:
    """Which packages give each top-level name: a look at all that is installed, once a process."""
    from importlib.metadata import packages_distributions

    return packages_distributions()


def foreign(program: Program) -> list[str]:
    """The top-level names of others that the program imports, the standard library's left out."""
    own = {module.source.module.partition(".")[0] for module in program.modules}
    names = {name.partition(".")[0] for module in program.modules for name in module.imported}
    return sorted(names - own - set(sys.stdlib_module_names) - {"perdure", ""})
