"""Every workflow of the corpus compiles, keeps the core language's rules, and can be drawn."""

from __future__ import annotations

import importlib
import pkgutil
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

import tests.corpus
from perdure.compiler.cache import keep
from perdure.compiler.core import SiteKind, Suspension
from perdure.compiler.dump import STAGES, dump
from perdure.compiler.graph import charts
from perdure.compiler.image import Image
from perdure.compiler.pipeline import FunctionStages, compile_workflow
from perdure.compiler.source import open_target
from perdure.compiler.svg import render_svg

ROOT = Path(tests.corpus.__file__).parents[2]
MODULES = [info.name for info in pkgutil.iter_modules(tests.corpus.__path__)]
SITES = {kind.value for kind in SiteKind}


def targets(module: str) -> list[str]:
    name = f"tests.corpus.{module}"
    cases = getattr(importlib.import_module(name), "cases", list)()
    return list(dict.fromkeys(f"{name}:{flow}" for flow, _ in cases))


# Layout takes a while: one workflow in twenty is drawn.
TARGETS = [(t, not n % 20) for module in MODULES for n, t in enumerate(targets(module))]
IDS = [target.removeprefix("tests.corpus.").replace(":", ".") for target, _ in TARGETS]


@pytest.mark.parametrize(("target", "drawn"), TARGETS, ids=IDS)
@pytest.mark.usefixtures("kept_images")
def test_corpus(target: str, drawn: bool) -> None:
    project, source, name = open_target(target, cwd=ROOT)
    stages = compile_workflow(project, source, name, verify=True)
    assert Image.from_bytes(stages.image.to_bytes()) == stages.image
    keep(project, source, name, stages)  # for tests/semantics, where it is run
    stages = replace(stages, functions=unseen(stages.functions))
    for stage in STAGES:
        assert dump(stages, stage)
    made = charts(function.code for function in stages.functions.values())
    for function, chart in zip(stages.functions.values(), made, strict=True):
        heads = function.partition.heads
        blocks = [n.block for n in chart.nodes if n.kind == "block"]
        assert sorted(blocks) == list(range(len(heads))), chart.name
        sites = [n.block for n in chart.nodes if n.kind in SITES]
        suspensions = [n for n, head in enumerate(heads) if isinstance(head, Suspension)]
        assert sorted(sites) == suspensions, chart.name
        assert_sound(chart, chart.name)
    if drawn:
        ElementTree.fromstring(render_svg(stages.image))


SEEN: set[str] = set()


def unseen(functions: dict[str, FunctionStages]) -> dict[str, FunctionStages]:
    """The functions that no workflow before has had: the methods of a module come with each."""
    found = {name: stages for name, stages in functions.items() if name not in SEEN}
    SEEN.update(functions)
    return found


def assert_sound(chart: object, target: str) -> None:
    """Every node is reached and left; no temporary of the compiler's is shown."""
    nodes, edges, groups = chart.nodes, chart.edges, chart.groups  # type: ignore[attr-defined]
    reached = {edge.head for edge in edges} | {0}
    left = {edge.tail for edge in edges}
    for number, node in enumerate(nodes):
        assert number in reached, (target, node)
        assert number in left or node.kind in ("end", "raised"), (target, node)
    for text in [*(n.text for n in nodes), *(e.text for e in edges), *(g.text for g in groups)]:
        assert not re.search(r"(?<![\w.])_[a-z]+_?\d", text), (target, text)
