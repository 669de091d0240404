"""Every refusal of the compiler, word for word; and no refusal without one."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

import perdure.compiler
from perdure.compiler import language
from perdure.compiler.diagnostics import CompileError
from tests.compiler.conftest import GOLDENS, Compiler

# name of the golden (its code, and what is special) -> source
REFUSED = {
    "PD100": "def flow(:\n    act()",
    "PD105": "def flow(x):\n    class Inner:\n        rate = act(x)\n    return Inner",
    "PD105-default": (
        "def flow(x):\n    class Inner:\n        def rate(self, a=act(x)):\n            return a\n"
        "    return Inner"
    ),
    "PD113": (
        "def flow(x):\n    return helper(x)\n"
        "import tenacity\n"
        "@tenacity.retry(reraise=True)\ndef helper(x):\n    return act(x)"
    ),
    "PD113-nested": (
        "def flow(x):\n    import atexit\n"
        "    @atexit.register\n    def helper():\n        return act(x)\n    return helper()"
    ),
    "PD115": "def flow(x):\n    _Suspend0 = act(x)\n    return _Suspend0",
    "several": (
        "def flow(xs):\n    class Inner:\n        rate = act(xs)\n        tax = act(1), act(2)\n"
        "    return Inner, act(xs)"
    ),
    "columns": "def flow(x):\n    class Made:\n        pair = 'käse', act(x)",
}


def refusal(source: str, compiled: Compiler, name: str = "flow") -> str:
    with pytest.raises(CompileError) as caught:
        compiled(source, name=name)
    folder = str(Path(caught.value.diagnostics[0].span.file).parent)
    return str(caught.value).replace(f"{folder}/", "") + "\n"


@pytest.mark.parametrize("name", REFUSED)
def test_refusal(name: str, compiled: Compiler, golden: Callable[[str, str], None]) -> None:
    text = refusal(REFUSED[name], compiled)
    assert name[:5] in text or not name.startswith("PD")
    golden(f"refusals/{name}", text)


def test_syntax_that_no_one_taught_the_compiler_is_refused(
    compiled: Compiler, golden: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(language, "COMPILED", language.COMPILED - {"Set"})
    golden("refusals/PD199", refusal("def flow(x):\n    return {act(x), 2}", compiled))


def test_an_operator_that_no_one_taught_the_compiler_is_refused(
    compiled: Compiler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(language, "COMPILED", language.COMPILED - {"MatMult"})
    text = refusal("def flow(x):\n    return act(x) @ x", compiled)
    assert "this kind of syntax (MatMult) is not known to the compiler" in text


def test_a_workflow_inside_a_function_is_refused(
    compiled: Compiler, golden: Callable[[str, str], None]
) -> None:
    source = "def flow():\n    @workflow\n    def inner():\n        act()\n    return inner"
    text = refusal(source, compiled, name="flow.<locals>.inner")
    golden("refusals/PD116", text)


def test_every_code_has_a_golden() -> None:
    folder = Path(perdure.compiler.__file__).parent
    texts = [path.read_text() for path in folder.glob("*.py")]
    codes = {code for text in texts for code in re.findall(r'"(PD1\d\d)"', text)}
    goldens = {path.stem[:5] for path in (GOLDENS / "refusals").glob("PD*.txt")}
    assert codes == goldens


def test_no_golden_is_left_over() -> None:
    found = {path.stem for path in (GOLDENS / "refusals").glob("*.txt")}
    assert found == {*REFUSED, "PD116", "PD199"}
