"""`perdure graph`: a workflow's task blocks and activities as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from perdure.cli import options
from perdure.cli.boundary import OptionsError
from perdure.cli.output import note

if TYPE_CHECKING:
    from perdure.compiler.image import Image

Mark = tuple[str, int]


def graph(
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="[TARGET]",
            help="A workflow; with --run, the run's own program is drawn.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE", help="The SVG file to write.")
    ] = Path("graph.svg"),
    function: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Draw this function only.", show_default=False),
    ] = None,
    run: Annotated[
        str | None,
        typer.Option(
            "--run", metavar="ID", help="Mark the block where this run stands.", show_default=False
        ),
    ] = None,
    store: options.Store = None,
) -> None:
    """Draw a workflow: task blocks, activities, conditions; loops and try as clusters.

    \b
    perdure graph examples/index_sources.py:index_sources -o index.svg
    perdure graph --run my-index -o where.svg
    """
    if run is not None:
        image, mark = _of_run(run, store)
        if target is not None:
            note(f"drawing the program that run {run} was started with")
    elif target is not None:
        from perdure.compiler.pipeline import compile_target

        image, mark = compile_target(target).image, None
    else:
        raise OptionsError("say what to draw: a target such as shop.py:checkout, or --run ID")
    write_svg(output, image, function, mark)
    print(output)


def write_svg(file: Path, image: Image, function: str | None, mark: Mark | None) -> None:
    """Draw an image into a file; raises `OptionsError` when that cannot be."""
    from perdure.compiler.svg import render_svg

    if file.suffix.lower() not in ("", ".svg"):
        raise OptionsError(
            f"cannot write {file}: pictures are SVG; name it {file.with_suffix('.svg')}"
        )
    name = full_name(image, function) if function is not None else None
    text = render_svg(image, name, mark)
    try:
        file.write_text(text, "utf-8")
    except OSError as error:
        raise OptionsError(f"cannot write {file}: {error.strerror}") from None


def full_name(image: Image, function: str) -> str:
    """`module:qualname` of a function of the image that may be named without its module."""
    names = [table.name for table in image.functions]
    found = [name for name in names if function in (name, name.partition(":")[2])]
    if len(found) == 1:
        return found[0]
    raise OptionsError(
        f"{function!r} names {len(found) or 'no'} function{'s' * (len(found) > 1)} of this "
        f"program; its durable functions are: {', '.join(names)}"
    )


def _of_run(run_id: str, store: str | None) -> tuple[Image, Mark | None]:
    from perdure.cli.standing import stands
    from perdure.cli.stores import connect

    with connect(store) as client:
        record = client.record(run_id)
        standing = stands(client, record)
        return standing.image, standing.mark
