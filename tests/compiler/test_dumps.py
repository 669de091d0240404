"""What each pass makes of four small programs, word for word."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from perdure.compiler import core
from perdure.compiler.dump import MARK, STAGES, core_text, dump
from perdure.compiler.pipeline import compile_target
from tests.compiler.conftest import Compiler

PROGRAMS = Path(__file__).parent / "programs"


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("program", sorted(p.stem for p in PROGRAMS.glob("*.py")))
def test_golden(program: str, stage: str, golden: Callable[[str, str], None]) -> None:
    stages = compile_target(f"{program}.py:flow", cwd=PROGRAMS, verify=True)
    golden(f"{program}.{stage}", dump(stages, stage))


def test_an_unknown_stage_is_answered_with_the_stages(compiled: Compiler) -> None:
    stages = compiled("def flow(): act()")
    with pytest.raises(ValueError, match="'ssa'; the stages are: normalize, cfg, dataflow, blocks"):
        dump(stages, "ssa")


def test_every_function_of_the_program_is_there_entry_first(compiled: Compiler) -> None:
    stages = compiled(
        """
        def flow(): return later()
        def later(): return act()
        """
    )
    for stage in STAGES:
        text = dump(stages, stage)
        assert text.index("flow") < text.index("later")


def test_the_verifier_marks_the_faulty_statement(compiled: Compiler) -> None:
    function = compiled("def flow(x):\n    if x:\n        act()\n").functions["shop:flow"].core
    statement = function.body[0]
    assert isinstance(statement, core.If)
    statement.suspends = False
    with pytest.raises(core.CoreError, match="`suspends` is False") as caught:
        core.verify(function)
    assert f"\n{MARK}if x:\n        <activity> act()" in str(caught.value)
    assert MARK not in core_text(function)
