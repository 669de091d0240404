"""What a compilation makes goes when it is dropped: the garbage collector is not needed for it."""

from __future__ import annotations

import gc

import pytest

from tests.compiler.conftest import Compiler

SOURCE = """
def flow(items, *, limit=3):
    class Account:
        def pay(self, n):
            return act(n)

    def total(values):
        return sum(act(v) for v in values)

    for item in items:
        try:
            with item as held:
                held += [act(x) for x in items if x]
        except ValueError as error:
            act(error)
        while act(item) > limit:
            match item:
                case [first, *_] if first:
                    continue
                case _:
                    break
    return total(items), Account().pay(lambda: limit)
"""


def test_a_compilation_leaves_no_garbage(compiled: Compiler) -> None:
    compiled(SOURCE)  # what is made once only, is made
    while gc.collect():
        pass  # what other tests have left may leave something itself
    gc.disable()
    try:
        stages = compiled(SOURCE)
        stages.image.to_bytes()
        del stages
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_compiling_leaves_alone_what_others_have_frozen(compiled: Compiler) -> None:
    gc.freeze()
    try:
        frozen = gc.get_freeze_count()
        compiled(SOURCE)
        assert gc.isenabled()
        assert gc.get_freeze_count() == pytest.approx(frozen, rel=0.01)
    finally:
        gc.unfreeze()
