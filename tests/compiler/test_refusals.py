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
    "PD101": "async def flow(x):\n    await act(x)",
    "PD101-with": "def flow(x):\n    act(x)\n    async def g():\n        pass\n    return g",
    "PD102": "def flow(items):\n    for item in items:\n        yield act(item)",
    "PD102-from": "def flow(items):\n    act(1)\n    yield from items",
    "PD103": "def flow(items):\n    return list(map(lambda item: act(item) + 1, items))",
    "PD103-nested": "def flow(x):\n    def inner():\n        return act(x)\n    return inner()",
    "PD104": "def flow(items):\n    return sum(act(item) for item in items)",
    "PD105": "def flow(x):\n    class Inner:\n        rate = act(x)\n    return Inner",
    "PD106": "def flow(x):\n    try:\n        act(x)\n    except* ValueError:\n        pass",
    "PD107": (
        "def flow(x):\n    match x:\n        case [y] if act(y):\n            return y\n"
        "        case _:\n            return act(x)"
    ),
    "PD108": (
        "def flow(x):\n    return B().go(x)\n"
        "class A:\n    def go(self, x):\n        return x\n"
        "class B(A):\n    def go(self, x):\n        return super().go(act(x))"
    ),
    "PD109": "def flow(x):\n    act(x)\n    return locals()",
    "PD109-exec": "def flow(x):\n    act(x)\n    exec('x = 1')",
    "PD110": "def flow(items):\n    return list(map(act, items))",
    "PD112": (
        "def flow(x):\n    return A(x)\n"
        "class A:\n    def __init__(self, x):\n        self.x = act(x)"
    ),
    "PD113": (
        "def flow(x):\n    return helper(x)\n"
        "def twice(f):\n    return f\n"
        "@twice\ndef helper(x):\n    return act(x)"
    ),
    "PD115": "def flow(x):\n    _Suspend = act(x)\n    return _Suspend",
    "several": "def flow(xs):\n    yield act(1)\n    return [lambda: act(x) for x in xs], locals()",
    "columns": "def flow(x):\n    act(x)\n\n    return 'käse', sorted(x, key=act)",
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
