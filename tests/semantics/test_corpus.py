"""Each case of the corpus: plainly, compiled, and compiled with a restart at every suspension."""

from __future__ import annotations

import copy
import importlib
import itertools
import pkgutil
from collections.abc import Callable
from typing import Any

import pytest

import tests.corpus
from perdure.testing import drive, native
from tests.semantics.sameness import assert_same

Case = tuple[Callable[..., Any], tuple[Any, ...]]


def cases() -> list[Any]:
    found = []
    for info in pkgutil.iter_modules(tests.corpus.__path__):
        module = importlib.import_module(f"tests.corpus.{info.name}")
        seen: dict[str, int] = {}
        for flow, args in getattr(module, "cases", list)():
            name = f"{info.name}.{flow}"
            seen[name] = seen.get(name, 0) + 1
            suffix = f"-{seen[name]}" if seen[name] > 1 else ""
            found.append(pytest.param(getattr(module, flow), args, id=name + suffix))
    return found


@pytest.mark.parametrize(("workflow", "args"), cases())
@pytest.mark.usefixtures("kept_images")
def test_same_meaning(workflow: Callable[..., Any], args: tuple[Any, ...]) -> None:
    outcomes = {"native": native(workflow, *copy.deepcopy(args))}
    raises = getattr(importlib.import_module(workflow.__module__), "RAISES", ())
    if (error := outcomes["native"].error) is not None and workflow.__name__ not in raises:
        raise AssertionError(
            "this case ends before its end; if it is to, name it in RAISES"
        ) from error
    for restart in ("never", "every", "safepoints"):
        outcomes[f"restart={restart}"] = drive(workflow, *copy.deepcopy(args), restart=restart)
    assert_same(outcomes)


def test_every_workflow_has_a_case() -> None:
    """A workflow in the corpus that no case runs tests nothing."""
    for info in pkgutil.iter_modules(tests.corpus.__path__):
        module = importlib.import_module(f"tests.corpus.{info.name}")
        source = module.__spec__.loader.get_source(module.__name__)
        named = {flow for flow, _ in getattr(module, "cases", list)()}
        lines = source.splitlines()
        written = {
            after.removeprefix("async ").removeprefix("def ").partition("(")[0]
            for line, after in itertools.pairwise(lines)
            if line == "@workflow"
        }
        assert written == named, module.__name__
