"""The compiler's road, from a workflow's source to its image: a plain list of passes.

Each pass is a function from one value to the next, and `Stages` keeps them all, so that every stage
can be printed (`perdure compile --dump=…`) and checked (`verify=True`).
"""

from __future__ import annotations

import ast
import hashlib
import marshal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from perdure.compiler import cfg, core, dataflow
from perdure.compiler.codegen import BlockCode, FunctionCode, generate
from perdure.compiler.core import CoreFunction, Suspension
from perdure.compiler.definitions import Definition, mark_of
from perdure.compiler.graph import describe
from perdure.compiler.image import (
    MAGIC,
    FunctionTable,
    Image,
    ModuleText,
    TaskBlock,
    compile_tree,
    positioned,
    record_positions,
)
from perdure.compiler.normalize import normalize
from perdure.compiler.partition import Partition, partition
from perdure.compiler.resolve import Program, find_workflow, resolve
from perdure.compiler.scopes import Modules
from perdure.compiler.source import Project, Source, open_target, portable_path


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
    with _deep_trees():
        return _compile(project, source, name, verify=verify)


@contextmanager
def _deep_trees() -> Iterator[None]:
    """Let passes recurse as deep as Python's parser lets code nest (an `elif` is a level)."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, 20_000))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


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
    return Stages(project, program, functions, image)


def _assemble(project: Project, program: Program, functions: dict[str, FunctionStages]) -> Image:
    root = project.root
    modules = tuple(
        ModuleText(
            m.source.module, portable_path(m.source.path, root), m.source.is_package, m.source.text
        )
        for m in program.modules
    )
    files = tuple(
        dict.fromkeys(
            [m.path for m in modules] + [portable_path(f.core.file, root) for f in functions.values()]
        )
    )
    tree, file_of = _module(functions, root, files)
    code = ast.unparse(tree)
    positions = record_positions(tree, file_of)
    image = Image(
        entry=program.entry.name,
        modules=modules,
        functions=tuple(
            _table(stages.code, program.functions[name].definition, name in program.suspending)
            for name, stages in functions.items()
        ),
        activities=tuple(program.activities),
        code=code,
        files=files,
        positions=positions,
        graph=describe(
            {name: stages.code for name, stages in functions.items()}, program.entry.name
        ),
        requires=_requires(program),
        root=str(root),
    )
    made = compile_tree(positioned(code, positions), [image.file(f) for f in files], positions)
    image.bytecode[MAGIC] = marshal.dumps(made)
    return image


def _module(
    functions: dict[str, FunctionStages], root: Path, files: tuple[str, ...]
) -> tuple[ast.Module, dict[str, int]]:
    """The generated functions of the whole program, as one module, and the file each is from."""
    body: list[ast.stmt] = []
    file_of: dict[str, int] = {}
    for index, stages in enumerate(functions.values()):
        core_function = stages.core
        file = files.index(portable_path(core_function.file, root))
        for block in stages.code.blocks:
            made = block.function
            made.name = f"f{index}_{made.name}"
            if cells := core_function.cells + core_function.free:
                made = _with_cells(made, cells)
            body.append(made)
            file_of[made.name] = file
    return ast.Module(body, []), file_of


def _with_cells(block: ast.FunctionDef, cells: tuple[str, ...]) -> ast.FunctionDef:
    """Put a block inside a function whose parameters are the cells it shares."""
    arguments = ast.arguments([], [ast.arg(c) for c in cells], None, [], [], None, [])
    maker = ast.FunctionDef(f"{block.name}_cells", arguments, [block], [])
    if "type_params" in ast.FunctionDef._fields:
        maker.type_params = []  # type: ignore[attr-defined]
    return ast.fix_missing_locations(ast.copy_location(maker, block))


def _table(code: FunctionCode, definition: Definition, suspends: bool) -> FunctionTable:
    core = code.core
    blocks = tuple(_block(block) for block in code.blocks)
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


def _block(block: BlockCode) -> TaskBlock:
    if block.head is None:
        kind = "entry"
    else:
        kind = "resume" if isinstance(block.head, Suspension) else "cut"
    text = ast.dump(ast.Module(block.function.body, []))
    fingerprint = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
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
    own = {module.source.module.partition(".")[0] for module in program.modules}
    names = {name.partition(".")[0] for module in program.modules for name in module.imported}
    others = sorted(names - own - set(sys.stdlib_module_names) - {"perdure", ""})
    if not others:
        return {}
    from importlib.metadata import packages_distributions, version

    distributions = packages_distributions()
    return {d: version(d) for name in others for d in distributions.get(name, [])[:1]}
