"""Generated code grows linearly: bytes of it for each byte of source, at two sizes."""

from __future__ import annotations

import pytest

from tests.compiler.conftest import Compiler

SMALL, LARGE = 10, 300


def straight(n: int) -> str:
    return "".join(f"    x{i} = act(a, {i})\n" for i in range(n))


def guarded(n: int) -> str:
    return "".join(f"    if a[{i}]:\n        a[{i}] = act(a, {i})\n" for i in range(n))


def in_try_in_loop(n: int) -> str:
    body = "".join(f"            a[{i}] = act(item, {i})\n" for i in range(n))
    return f"    for item in a:\n        try:\n{body}        except ValueError:\n            pass\n"


def chain_of_elifs(n: int) -> str:
    arms = "".join(f"    elif a == {i}:\n        r = act(a, {i})\n" for i in range(n))
    return f"    if a is None:\n        r = 0\n{arms}"


def density(compiled: Compiler, body: str) -> float:
    source = f"def flow(a):\n{body}    return a\n"
    return len(compiled(source).image.code) / len(source)


@pytest.mark.parametrize("shape", [straight, guarded, in_try_in_loop])
def test_code_grows_linearly(shape: object, compiled: Compiler) -> None:
    small = density(compiled, shape(SMALL))  # type: ignore[operator]
    large = density(compiled, shape(LARGE))  # type: ignore[operator]
    assert large <= 2 * small, f"{small:.1f} bytes a byte of source become {large:.1f}"


def test_a_chain_of_elifs_grows_linearly(compiled: Compiler) -> None:
    assert density(compiled, chain_of_elifs(100)) <= 2 * density(compiled, chain_of_elifs(SMALL))


def test_a_long_chain_of_elifs_compiles(compiled: Compiler) -> None:
    compiled(f"def flow(a):\n{chain_of_elifs(LARGE)}    return a\n")


BESIDE = """
def flow(orders, act_on=act):
    names = [line["name"].strip() for line in orders]
    for line in orders:
        line.setdefault("count", 1)
        line.get("price", act_on(line))
    return names
"""


def test_methods_of_a_variable_that_a_comprehension_has_too_are_plain_calls(
    compiled: Compiler,
) -> None:
    code = compiled(BESIDE).image.code
    assert "_f" in code  # the call of `act_on` may stop
    assert "line.setdefault('count', 1)" in code
    assert "= line.setdefault" not in code
