"""`perdure compile`: what the compiler makes of a workflow, at each of its stages."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from perdure.cli import options
from perdure.cli.output import count, heading, print_json, python_code, table

if TYPE_CHECKING:
    from perdure.compiler.image import FunctionTable, Image


class Stage(StrEnum):
    """What `--dump` shows."""

    normalize = "normalize"
    cfg = "cfg"
    dataflow = "dataflow"
    blocks = "blocks"
    code = "code"


def compile(  # the command's name
    target: options.Target,
    dump: Annotated[
        Stage | None,
        typer.Option(help="Print this stage of the compiler instead.", show_default=False),
    ] = None,
    as_json: options.Json = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Check each stage's invariants on the way.")
    ] = False,
) -> None:
    """Compile a workflow, and print its task blocks and the code that was made.

    Writes nothing and runs nothing of yours. Exits with 4 when the compiler refuses the program.

    \b
    perdure compile examples/index_sources.py:index_sources
    perdure compile examples/index_sources.py:index_sources --dump=blocks
    """
    from perdure.compiler.pipeline import compile_target

    stages = compile_target(target, verify=verify)
    if dump is not None:
        from perdure.compiler.dump import dump as dump_stage

        text = dump_stage(stages, dump.value)
        if as_json:
            print_json({"stage": dump.value, "text": text})
        else:
            print(text.rstrip("\n"))
    elif as_json:
        print_json(summary(stages.image))
    else:
        _print_summary(stages.image)


def summary(image: Image) -> dict[str, Any]:
    """An image as JSON has it."""
    return {
        "entry": image.entry,
        "image": image.hash,
        "activities": list(image.activities),
        "functions": [_function(table) for table in image.functions],
        "code": image.code,
    }


def _function(table: FunctionTable) -> dict[str, Any]:
    blocks = [
        {
            "number": b.number,
            "function": b.function,
            "kind": b.kind,
            "line": b.line,
            "label": b.label,
            "live": list(b.live),
            "fingerprint": b.fingerprint,
        }
        for b in table.blocks
    ]
    return {"name": table.name, "line": table.line, "cells": list(table.cells), "blocks": blocks}


def _print_summary(image: Image) -> None:
    blocks = sum(len(f.blocks) for f in image.functions)
    heading(f"{image.entry}: image {image.hash}")
    functions = count(len(image.functions), "function")
    activities = count(len(image.activities), "activity", "activities")
    print(f"{functions}, {count(blocks, 'task block')}, {activities} in its modules\n")
    for function in image.functions:
        heading(f"{function.name} (line {function.line})")
        rows = [
            [str(b.number), b.kind, str(b.line), b.label, ", ".join(b.live) or "-"]
            for b in function.blocks
        ]
        table(["block", "kind", "line", "begins after", "live values"], rows)
        print()
    python_code(image.code)
