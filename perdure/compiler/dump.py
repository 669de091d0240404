"""Print what each pass made of a program (`perdure compile --dump=…`), for people and for goldens.

    normalize   the core language as Python-like text
    cfg         basic blocks, their ops, and the edges between them
    dataflow    the same blocks, with live and certainly assigned variables
    blocks      the table of task blocks
    code        the generated functions, and what each resumes from

Suspensions read `t = <activity> rate(item.country)`. The order is that of the program, the entry
first; the same program gives the same text.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from pathlib import PurePath
from typing import TYPE_CHECKING

from perdure.compiler.cfg import Block, Flow, Op
from perdure.compiler.core import (
    Body,
    CoreFunction,
    For,
    Handler,
    If,
    Jump,
    Match,
    Raise,
    Return,
    Simple,
    Statement,
    Suspension,
    Try,
    While,
    With,
    released,
)

if TYPE_CHECKING:
    from perdure.compiler.codegen import BlockCode
    from perdure.compiler.dataflow import Facts
    from perdure.compiler.pipeline import FunctionStages, Stages

MARK = ">>> "


def dump(stages: Stages, stage: str) -> str:
    """The text of one stage, for every function of the program.

    Raises `ValueError` for a stage that does not exist.
    """
    write = _WRITERS.get(stage)
    if write is None:
        raise ValueError(f"there is no stage {stage!r}; the stages are: {', '.join(_WRITERS)}")
    return "\n\n".join(write(function) for function in stages.functions.values()) + "\n"


# normalize ------------------------------------------------------------------------------------


def core_text(function: CoreFunction, marked: Statement | None = None) -> str:
    """A function in core form; the first line of the statement `marked` begins with `>>>`."""
    lines = [f"def {function.name}({', '.join(function.parameters)}):"]
    for label, names in (("cells", function.cells), ("global", sorted(function.globals))):
        if names:
            lines.append(f"    # {label}: {', '.join(names)}")
    lines += _CoreText(marked).body(function.body)
    return "\n".join(line.rstrip() for line in lines)


class _CoreText:
    """Lines for core statements. What is compiled as it was written says so."""

    def __init__(self, marked: Statement | None) -> None:
        self.marked = marked

    def body(self, body: Body, depth: int = 1) -> list[str]:
        pad = "    " * depth
        if not body:
            return [f"{pad}pass"]
        return [line for statement in body for line in self.statement(statement, depth)]

    def statement(self, statement: Statement, depth: int) -> list[str]:
        native = getattr(statement, "native", None)
        lines = ast.unparse(native).split("\n") if native is not None else self.text(statement)
        if native is not None:
            lines[0] += "  # native"
        pad = "    " * depth
        lines = [pad + line for line in lines]
        if statement is self.marked:
            lines[0] = MARK + lines[0][len(MARK) :]
        return lines

    def text(self, statement: Statement) -> list[str]:
        match statement:
            case Simple() | Return() | Raise() | Jump():
                return ast.unparse(statement.node).split("\n")
            case Suspension():
                return [suspension_text(statement)]
            case If():
                return self.branches(f"if {ast.unparse(statement.test)}:", statement)
            case While():
                once = "  # once" if statement.once else ""
                return self.branches(f"while {ast.unparse(statement.test)}:{once}", statement)
            case For():
                target, items = ast.unparse(statement.target), ast.unparse(statement.iterable)
                return self.branches(f"for {target} in {items}:", statement)
            case Try():
                return self.try_(statement)
            case With():
                items = ", ".join(map(ast.unparse, statement.node.items))
                return [f"with {items}:", *self.body(statement.body)]
            case Match():
                return self.match(statement)

    def branches(self, head: str, statement: If | While | For) -> list[str]:
        lines = [head, *self.body(statement.body)]
        return lines + (["else:", *self.body(statement.orelse)] if statement.orelse else [])

    def try_(self, statement: Try) -> list[str]:
        lines = ["try:", *self.body(statement.body)]
        for handler in statement.handlers:
            lines += [_handler_head(handler), *self.body(handler.body)]
        for word, body in (("else", statement.orelse), ("finally", statement.finalbody)):
            lines += [f"{word}:", *self.body(body)] if body else []
        return lines

    def match(self, statement: Match) -> list[str]:
        lines = [f"match {ast.unparse(statement.subject)}:"]
        for case in statement.cases:
            guard = f" if {ast.unparse(case.node.guard)}" if case.node.guard else ""
            lines.append(f"    case {ast.unparse(case.node.pattern)}{guard}:")
            lines += self.body(case.body, 2)
        return lines


def suspension_text(statement: Suspension) -> str:
    """`target = <kind> call(...)`."""
    target = f"{statement.target} = " if statement.target else ""
    return f"{target}<{statement.kind.value}> {ast.unparse(statement.call)}"


def _handler_head(handler: Handler) -> str:
    kind = f" {ast.unparse(handler.type)}" if handler.type else ""
    name = f" as {handler.name}" if handler.name else ""
    saved = f"  # saved as {handler.saved}" if handler.saved else ""
    return f"except{kind}{name}:{saved}"


# cfg and dataflow -----------------------------------------------------------------------------


def _cfg(stages: FunctionStages) -> str:
    flow = stages.flow
    lines = [flow.function.name]
    for number, block in flow.blocks.items():
        lines.append(_block_head(flow, number, block))
        lines += [f"    {_op(op, flow)}" for op in block.ops]
        lines += [f"    -> {edge}" for edge in _edges(flow, number)]
    return "\n".join(lines)


def _block_head(flow: Flow, number: int, block: Block) -> str:
    role = {0: " entry", flow.exit: " exit"}.get(number, "")
    handler = f"  (exceptions: B{block.handler})" if block.handler is not None else ""
    return f"  B{number}{role}{handler}"


def _op(op: Op, flow: Flow) -> str:
    text = op.text or (_headline(op.statement) if op.statement is not None else "bind")
    sets = (("reads", op.reads), ("binds", op.binds), ("deletes", op.deletes))
    accesses = "; ".join(f"{word} {_names(flow.variables(bits))}" for word, bits in sets if bits)
    return f"{text}  [{accesses}]" if accesses else text


def _headline(statement: Statement) -> str:
    """One line for a statement that an op belongs to."""
    match statement:
        case Try():
            return "try"
        case _:
            return _CoreText(None).text(statement)[0].rstrip(":")


def _edges(flow: Flow, number: int) -> list[str]:
    found = []
    for to, edge in flow.after[number].items():
        label = f" ({edge.label})" if edge.label else ""
        found.append((to, f"B{to} {edge.kind}{label}"))
    return [text for _, text in sorted(found)]


def _dataflow(stages: FunctionStages) -> str:
    facts = stages.facts
    lines = [facts.flow.function.name]
    for number, block in facts.flow.blocks.items():
        lines.append(_block_head(facts.flow, number, block))
        for word, bits in _facts(facts, number):
            lines.append(f"    {word:9} {_names(facts.flow.variables(bits))}")
    return "\n".join(lines)


def _facts(facts: Facts, number: int) -> list[tuple[str, int]]:
    reached = number == 0 or bool(facts.flow.before[number])
    return [
        ("live in", facts.live_in[number]),
        ("live out", facts.live_out[number]),
        # Nothing leads to an unreached block, and of nothing all is true.
        ("assigned", facts.assigned_in[number] if reached else 0),
    ]


def _names(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "-"


# blocks and code ------------------------------------------------------------------------------


def _blocks(stages: FunctionStages) -> str:
    rows = [("block", "kind", "line", "label", "live")]
    for block in stages.code.blocks:
        live = ", ".join(block.live) or "-"
        rows.append((str(block.number), _kind(block), str(block.line), block.label, live))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = [stages.core.name]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        lines.append("  " + "  ".join([*cells, row[4]]))
    return "\n".join(lines)


def _kind(block: BlockCode) -> str:
    if block.head is None:
        return "entry"
    return block.head.kind.value if isinstance(block.head, Suspension) else "cut"


def _code(stages: FunctionStages) -> str:
    file = PurePath(stages.core.file).name
    return "\n\n".join(
        f"# block {block.number}: {_origin(block)}, {file}:{block.line}\n"
        + ast.unparse(block.function)
        for block in stages.code.blocks
    )


def _origin(block: BlockCode) -> str:
    if block.head is None:
        return "entry"
    after = isinstance(block.head, Suspension) or released(block.head)
    return f"{'after' if after else 'from'} {block.label}"


_WRITERS: dict[str, Callable[[FunctionStages], str]] = {
    "normalize": lambda stages: core_text(stages.core),
    "cfg": _cfg,
    "dataflow": _dataflow,
    "blocks": _blocks,
    "code": _code,
}
STAGES = tuple(_WRITERS)
