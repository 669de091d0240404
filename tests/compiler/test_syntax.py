"""Syntax that the oldest Python that Perdure runs under cannot read: not for the corpus."""

from __future__ import annotations

import sys

import pytest

from tests.compiler.conftest import Compiler

NEEDS_3_12 = pytest.mark.skipif(sys.version_info < (3, 12), reason="syntax of Python 3.12")


@NEEDS_3_12
def test_type_aliases(compiled: Compiler) -> None:
    stages = compiled("def flow(x):\n    type Pair[T] = tuple[T, T]\n    return act(x)")
    assert [table.name for table in stages.image.functions] == ["shop:flow"]


@NEEDS_3_12
def test_type_parameters(compiled: Compiler) -> None:
    stages = compiled(
        """
        def flow[T](x: T):
            def inner[*Ts, **P](y):
                return act(y)
            class Box[U]:
                def get(self, z: U):
                    return act(z)
            return inner(x), Box().get(x)
        """
    )
    assert "shop:flow" in [table.name for table in stages.image.functions]
