"""From a workflow function object to its image: the runtime's door to the compiler.

The compiler's passes are imported when something is compiled: a worker does without them, and so
does the second start of a program (compiler/cache.py).
"""

from __future__ import annotations

import inspect
import linecache
import threading
from pathlib import Path
from types import FunctionType
from typing import Any

from perdure.compiler.cache import image_for
from perdure.compiler.image import Image
from perdure.compiler.source import Project, Source, locate, open_target
from perdure.runtime.declare import activity_options, workflow_options
from perdure.runtime.modules import fits
from perdure.runtime.program import Program, load_cached


class SourceChangedError(RuntimeError):
    """The workflow's file was edited after this process imported it."""


class NotAWorkflowError(TypeError):
    """What was given to start is not a function marked with `@workflow`."""


_images: dict[tuple[str, str, str], Image] = {}
_lock = threading.Lock()


def image_of(workflow: Any) -> Image:
    """The image of a workflow function, or of a target such as `shop.py:checkout`.

    The module's source is read as this process imported it; compiled once per text, unless the
    cache on disk is off (compiler/cache.py).
    Raises `NotAWorkflowError`, `perdure.CompileError` or `perdure.TargetError`.
    """
    if isinstance(workflow, Image):
        return workflow
    if isinstance(workflow, str):
        return image_for(*open_target(workflow))
    if not isinstance(workflow, FunctionType) or workflow_options(workflow) is None:
        raise NotAWorkflowError(_not_a_workflow(workflow))
    file = inspect.getsourcefile(workflow) or workflow.__code__.co_filename
    text = "".join(linecache.getlines(file))
    key = (file, text, workflow.__qualname__)
    with _lock:
        image = _images.get(key)
        if image is None:
            if not fits(workflow, text):
                raise SourceChangedError(
                    f"{file} has changed since this process imported {workflow.__qualname__}: "
                    f"compiled, it would be another program than the one that is loaded. "
                    f"Start the process again."
                )
            image = _images[key] = _compile(workflow, file, text)
        return image


def _compile(workflow: FunctionType, file: str, text: str) -> Image:
    root, module = locate(Path(file))
    if workflow.__module__ != "__main__" and workflow.__module__ != module:
        module = workflow.__module__
        root = Path(file).resolve().parents[module.count(".")] if "." in module else root
    project = Project(root)
    source = Source(str(Path(file).resolve()), module, text, Path(file).name == "__init__.py")
    project.add(source)
    return image_for(project, source, workflow.__qualname__)


def _not_a_workflow(given: Any) -> str:
    if activity_options(given) is not None:
        name = given.__qualname__
        return (
            f"{name} is an activity, and only workflows can be started: call it from a function "
            f"marked with @workflow and start that"
        )
    if isinstance(given, FunctionType):
        return (
            f"{given.__qualname__} is a plain function: mark it with @workflow "
            f"(from perdure import workflow)"
        )
    return (
        f"{given!r} is not a workflow: give a function marked with @workflow, or a target such as "
        f"'shop.py:checkout'"
    )


def program_of(image: Image, workflow: Any = None) -> Program:
    """The loaded program of an image; in the workflow's own module, if it is given."""
    function = workflow if isinstance(workflow, FunctionType) else None
    return load_cached(image.hash, lambda: image, function)
