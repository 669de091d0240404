"""Which functions are compiled with a workflow, and which stay as they were written."""

from __future__ import annotations

import textwrap

import pytest

from tests.compiler.conftest import Compiler

FLOW = """
def flow(xs):
    xs = act(xs)
    found = helper(xs)
    return act(found)
"""


def helpers(made: object) -> set[str]:
    """What is compiled beside the workflow."""
    names = made.functions  # type: ignore[attr-defined]
    return {name.removeprefix("shop:") for name in names} - {"flow"}


PLAIN = {
    "a builtin uses the generator expression up": "return sum(x * 2 for x in xs)",
    "so does a loop": "for x in (y + 1 for y in xs):\n        xs.remove(x)",
    "and a comprehension": "return [x for x in (y + 1 for y in xs)]",
    "and a star": "return print(*(x for x in xs))",
    "join": "return ''.join(str(x) for x in xs)",
    "a generator function": "return sorted(numbers(xs), key=lambda x: -x)",
    "one inside the other": "return sum(max(y for y in x) for x in xs)",
}


@pytest.mark.parametrize("body", PLAIN.values(), ids=PLAIN.keys())
def test_generators_used_up_in_place_are_pythons_own(compiled: Compiler, body: str) -> None:
    generator = "def numbers(xs):\n    for x in xs:\n        yield x\n"
    made = helpers(compiled(f"{FLOW}\ndef helper(xs):\n    {body}\n\n{generator}"))
    assert made <= {"numbers"}  # which compiled functions may call as well


COMPILED = {
    "it is returned": "return (x for x in xs)",
    "a variable holds it": "made = (x for x in xs)\n    return sum(made)",
    "one of its makers lets it out": "return sum(numbers(xs)), numbers(xs)",
    "it may stop": "return sum(key(x) for x in xs for key in xs)",
    "it stops": "return sum(act(x) for x in xs)",
    "`sum` is not the builtin": "sum = xs[0]\n    return sum(x for x in xs)",
}


@pytest.mark.parametrize("body", COMPILED.values(), ids=COMPILED.keys())
def test_generators_that_may_outlive_a_suspension_are_compiled(
    compiled: Compiler, body: str
) -> None:
    generator = "def numbers(xs):\n    for x in xs:\n        yield x\n"
    made = helpers(compiled(f"{FLOW}\ndef helper(xs):\n    {body}\n\n{generator}"))
    assert "helper" in made
    assert made & {"numbers", "helper.<locals>.<genexpr>"}


def test_a_generator_in_place_does_not_compile_the_loops_of_others(compiled: Compiler) -> None:
    text = """
    class Plan:
        def remove(self, item):
            for other in self.items:
                other.use(item)

    def helper(plan):
        plan.remove(max(x.rank for x in plan.items))
        return sum(use(x) for x in plan.items)

    def use(x):
        for y in x:
            y.items.remove(x)
    """
    assert helpers(compiled(FLOW + textwrap.dedent(text))) == set()


# The walk over JSON is not among them: in its module a generator calls what a table holds.
KERNELS = ["nbody", "spectral_norm", "richards", "deltablue", "regex_scan"]
