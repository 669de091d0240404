"""The control-flow graph and what holds in it, on programs small enough to know the answer."""

from __future__ import annotations

import pytest

from perdure.compiler.codegen import BlockCode
from perdure.compiler.core import Suspension, walk
from perdure.compiler.pipeline import FunctionStages
from tests.compiler.conftest import Compiler


def flow(stages: object) -> FunctionStages:
    return stages.functions["shop:flow"]  # type: ignore[attr-defined]


def site(stages: FunctionStages, label: str) -> Suspension:
    found = [s for s in walk(stages.core.body) if isinstance(s, Suspension) and s.label == label]
    assert len(found) == 1
    return found[0]


def live(stages: FunctionStages, label: str) -> set[str]:
    """The user's variables in the checkpoint at a suspension."""
    return {n for n in stages.facts.live_after(site(stages, label)) if not n.startswith("_")}


def assigned(stages: FunctionStages, label: str) -> set[str]:
    names = stages.facts.assigned_before(site(stages, label))
    return {n for n in names if not n.startswith("_")}


def block(stages: FunctionStages, label: str) -> BlockCode:
    return stages.code.blocks[stages.partition.number(site(stages, label))]


def test_a_dead_value_is_not_live_across_a_suspension(compiled: Compiler) -> None:
    made = flow(
        compiled(
            """
            def flow(a, b):
                c = a + 1
                act(c)
                c = b
                return c
            """
        )
    )
    assert live(made, "act(c)") == {"b"}
    assert block(made, "act(c)").live == ("b",)


def test_a_generator_whose_end_suspends_is_live_from_its_binding_to_the_next(
    compiled: Compiler,
) -> None:
    made = flow(
        compiled(
            """
            def flow():
                act(1)
                book = lent()
                act(2)
                book = None
                act(3)

            def lent():
                try:
                    yield act(0)
                finally:
                    act("back")
            """
        )
    )
    held = [live(made, label) for label in ("act(1)", "lent()", "act(2)", "act(3)")]
    assert held == [set(), set(), {"book"}, {"book"}]
    ends = [b for b in made.code.blocks if b.label in ("book = lent()", "book = None")]
    assert [b.live for b in ends] == [("book",), ("book",)]


def test_the_target_is_not_live_where_its_value_comes_back(compiled: Compiler) -> None:
    made = flow(compiled("def flow(a):\n    a = act(a)\n    return a\n"))
    assert live(made, "act(a)") == set()


def test_a_loop_keeps_what_its_next_turn_reads(compiled: Compiler) -> None:
    made = flow(
        compiled(
            """
            def flow(items, factor, unused):
                last = None
                for item in items:
                    act(last)
                    last = item * factor
            """
        )
    )
    assert live(made, "act(last)") == {"item", "factor"}


def test_what_a_handler_reads_is_live_all_through_its_try(compiled: Compiler) -> None:
    made = flow(
        compiled(
            """
            def flow(a):
                note = "before"
                try:
                    act(1)
                    note = "after"
                    act(2)
                except ValueError:
                    return note
            """
        )
    )
    # `note` is bound before it is read on the normal way, but act(1) itself may fail.
    assert live(made, "act(1)") == {"note"}
    assert live(made, "act(2)") == {"note"}


def test_behind_the_try_the_handler_no_longer_counts(compiled: Compiler) -> None:
    made = flow(
        compiled(
            """
            def flow(a):
                try:
                    act(1)
                except ValueError:
                    return a
                act(2)
            """
        )
    )
    assert live(made, "act(1)") == {"a"}
    assert live(made, "act(2)") == set()


def test_the_exception_in_flight_is_live_in_its_handler(compiled: Compiler) -> None:
    made = flow(
        compiled(
            """
            def flow(a):
                try:
                    act(1)
                except ValueError:
                    act(2)
                act(3)
            """
        )
    )
    saved = made.facts.live_after(site(made, "act(2)"))
    assert len(saved) == 1
    inside = block(made, "act(2)")
    assert inside.live[inside.handling] in saved
    assert block(made, "act(3)").live == ()


@pytest.mark.parametrize(
    ("source", "certain"),
    [
        ("if a:\n        x = 1\n    else:\n        x = 2", {"a", "x"}),
        ("if a:\n        x = 1", {"a"}),
        ("while a:\n        x = 1\n        break\n    else:\n        x = 2", {"a", "x"}),
        ("while True:\n        x = 1\n        if a: break", {"a", "x"}),
        ("for x in a:\n        pass", {"a"}),
        ("try:\n        x = a()\n    except ValueError:\n        x = 2", {"a", "x"}),
        ("try:\n        x = a()\n    except ValueError:\n        pass", {"a"}),
        ("try:\n        x = a()\n    except ValueError:\n        return", {"a", "x"}),
        ("x = 1\n    if a:\n        del x", {"a"}),
        ("match a:\n        case [x]: pass\n        case x: pass", {"a", "x"}),
        ("match a:\n        case [x]: pass", {"a"}),
        ("with a as x:\n        pass", {"a"}),
    ],
)
def test_definite_assignment(source: str, certain: set[str], compiled: Compiler) -> None:
    made = flow(compiled(f"def flow(a):\n    {source}\n    act(1)\n    return x\n"))
    assert assigned(made, "act(1)") == certain


def test_every_reachable_statement_has_a_position(compiled: Compiler) -> None:
    made = flow(
        compiled(
            """
            def flow(a):
                while True:
                    if act(a):
                        continue
                        act("never")
                    return 1
                act("never either")
            """
        )
    )
    labels = {s.label for s in made.flow.resume}
    assert labels == {"act(a)"}
    assert [b.label for b in made.code.blocks if b.label.startswith("act")] == ["act(a)"]


def test_blocks_but_the_entry_have_predecessors_or_were_never_needed(compiled: Compiler) -> None:
    made = flow(compiled("def flow(a):\n    for x in a:\n        act(x)\n    return a\n"))
    assert not made.flow.before[0]
    assert all(made.flow.before[n] for n in made.flow.blocks if n != 0)
