"""The list of commands, and the entry point `perdure`."""

from __future__ import annotations

import io
import sys

import typer

from perdure.cli import auditing, compiling, drawing, looking, working
from perdure.cli.boundary import Answering

# Help is plain text: Rich would take as long to import as everything else together.
app = typer.Typer(
    name="perdure",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

for command in (
    compiling.compile,
    auditing.audit,
    drawing.graph,
    working.run,
    working.worker,
    working.start,
    looking.list_,
    looking.show,
    working.resume,
):
    app.command(command.__name__.rstrip("_"), cls=Answering)(command)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"perdure {version('perdure')}")
        raise typer.Exit


@app.callback()
def perdure(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """Durable Python functions: compile them, run them, go on after a crash.

    \b
    perdure run TARGET ARGS     run a workflow here
    perdure worker              work for all runs of a store
    perdure COMMAND --help      all about a command, with an example

    \b
    A target is FILE.py:function or package.module:function. Exit codes: 0 done; 1 the audit found
    something, or the run failed; 2 the command cannot be carried out as given; 3 the store is
    missing, damaged or not ours, or has no such run; 4 the compiler refuses the program.
    """


def main() -> None:
    """Run the command line: what `perdure` starts."""
    from perdure.runtime.shown import shown

    shown.own_process = True  # no user's import will want the names of a program's modules
    for stream in (sys.stdout, sys.stderr):  # what they cannot say, they are to spell out
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    app(prog_name="perdure")
