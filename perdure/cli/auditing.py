"""`perdure audit`: what a workflow does that a run, going on elsewhere, cannot keep."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from perdure.cli import options
from perdure.cli.boundary import OptionsError
from perdure.cli.output import print_json


def audit(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH...", help="Files and folders.", show_default=False),
    ] = None,
    as_json: options.Json = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="List calls that could not be resolved; notes count.")
    ] = False,
    select: Annotated[
        list[str] | None,
        typer.Option(metavar="CODES", help="Only these rules.", show_default=False),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(metavar="CODES", help="All but these rules.", show_default=False),
    ] = None,
    explain: Annotated[
        str | None,
        typer.Option(metavar="CODE", help="Say all about a rule, and end.", show_default=False),
    ] = None,
) -> None:
    """Find what workflows do that does not survive going on in another process.

    Reads source; imports and runs nothing. Codes may be prefixes or names, divided by commas.
    Exits with 1 when there are findings, with 2 when it could not run.

    \b
    perdure audit examples
    perdure audit examples --json --ignore PD204,PD207
    perdure audit --explain PD201
    """
    if explain is not None:
        print(_explained(explain))
        return
    if not paths:
        raise OptionsError("say what to audit: files or folders, as in: perdure audit examples")
    from perdure.compiler.audit import audit_paths

    report = audit_paths(paths, strict=strict, select=_codes(select), ignore=_codes(ignore))
    if as_json:
        print_json(report.to_json())
    else:
        print(report.text(), end="")
    raise typer.Exit(report.exit_code)


def _explained(code: str) -> str:
    from perdure.compiler.audit import explain

    try:
        return explain(code)
    except KeyError as error:
        raise OptionsError(str(error.args[0])) from None


def _codes(given: list[str] | None) -> list[str] | None:
    """`--select PD201,PD204 --select clock` as one list."""
    if not given:
        return None
    return [code.strip() for part in given for code in part.split(",") if code.strip()]
