"""Options that several commands share, each said once."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

Target: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="TARGET",
        help="A workflow: FILE.py:function or package.module:function.",
        show_default=False,
    ),
]

RunId: TypeAlias = Annotated[
    str, typer.Argument(metavar="RUN", help="The run's id.", show_default=False)
]

Store: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="URL",
        envvar="PERDURE_STORE",
        help="Where runs are kept, as in sqlite:///shop.db. Default: sqlite:///perdure.db.",
        show_default=False,
    ),
]

Json: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Print JSON, on stdout; errors too, on stderr.")
]

Lease: TypeAlias = Annotated[
    float,
    typer.Option(
        metavar="S",
        min=0.1,
        help="Seconds after which another worker takes over when this one has died.",
    ),
]

Arguments: TypeAlias = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[ARGS]...",
        help="Arguments: each a Python literal, or else a string.",
        show_default=False,
    ),
]

Keywords: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--arg",
        metavar="NAME=VALUE",
        help="A keyword argument; may be repeated.",
        show_default=False,
    ),
]

InputFile: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--input",
        metavar="FILE",
        help="A JSON file: a list of arguments, or an object of keyword arguments.",
        show_default=False,
    ),
]

ChosenId: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--id",
        metavar="ID",
        help="The run's id. The same id again is the same run. Default: a new one.",
        show_default=False,
    ),
]
