"""Syntax that the oldest Python that Perdure runs under cannot read: not for the corpus."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.semantics.texts import assert_means_the_same

HEAD = """
from perdure import activity, workflow


@activity
def echo(value):
    return value
"""

TYPES = '''
@workflow
def aliases():
    """What an alias names need not exist yet; its value is computed once."""
    type Missing = list[later]
    type Tree[T, *Ts] = dict[T, Tree[T, *Ts]] | tuple[*Ts]
    found = [echo(1)]
    try:
        Missing.__value__
    except NameError as error:
        found.append(str(error))
    later = int
    found.append(echo(str(Missing.__value__)))
    later = str
    value = Tree.__value__
    echo(2)
    found += [Missing.__value__ == list[int], Tree.__value__ is value]
    found += [Tree[int, str].__origin__ is Tree]
    found += [value.__args__[0].__args__[1].__origin__ is Tree, Tree.__module__, Missing.__name__]
    return found


@workflow
def parameters():
    """So are bounds and constraints."""
    bound = int

    class Box[T: Box, U: (bound, str), V: bound]:
        def get[W: bound](self, given: W) -> W:
            return echo(given)

    first = Box.__type_params__[2].__bound__
    bound = float
    n = Box().get(1)
    t, u, v = Box.__type_params__
    (w,) = Box.get.__type_params__
    echo(2)
    same = t.__bound__ is Box, v.__bound__ is first is int
    return n, same, u.__constraints__, w.__bound__, v.__name__


@workflow
def of_a_class():
    """What is evaluated later in a class reads the class's variables as they are then."""
    class Local:
        T = int
        type Alias = T
        def get[U: T](self) -> U:
            return None

    echo(1)
    Local.T = float
    echo(2)
    (u,) = Local.get.__type_params__
    return Local.Alias.__value__, u.__bound__, Local.T


@workflow
def bounds_and_constraints():
    """Which is which, is seen where the function that computes it ends."""
    class Some[
        A: ([n for n in (1, 2)], A),
        B: (1, 2),
        C: (A, 1) if A else (1, A),
        D: [] or (1, A),
        E: (*[1, 2], 3),
        F: [A],
        G: [n for n in (1, 2)],
        H: tuple[int, str],
    ]:
        pass

    echo(1)
    parts = [(p.__name__, str(p.__bound__), str(p.__constraints__)) for p in Some.__type_params__]
    echo(2)
    return parts


@workflow
def private_names():
    """A private parameter is a private variable, and says its name as it was written."""
    class Box[__T]:
        kind = __T

        def get[__U: (__T, int)](self, given: __T) -> __U:
            echo(given)
            return __T, __U, [__T for _ in range(echo(2))]

        def maker[W](self):
            class Inner[__X]:
                def get(self):
                    return echo(1), __X.__name__, W.__name__
            return Inner()

    (t,) = Box.__type_params__
    (u,) = Box.get.__type_params__
    echo(1)
    found = [Box().get(1) == (t, u, [t, t]), Box.kind is t]
    said = Box.get.__annotations__
    found += [said["given"] is t, said["return"] is u, u.__constraints__ == (t, int)]
    return found, [p.__name__ for p in (t, u)], Box().maker().get()
'''

GENERIC = '''
class Box[T: int, **P]:
    type Pair[Q] = tuple[Q, Q]

    def get[U](self, given: U) -> U:
        return echo(given)

    @staticmethod
    def made[V](given: V) -> V:
        return echo(given)


def first[X](xs: list[X]) -> X:
    return echo(xs[0])


type Tree[Y] = dict[Y, Tree[Y]]


@workflow
def of_a_module():
    """Parameters of what a module defines are those, and not others like them."""
    owners = [Box, Box.get, Box.made, first, Tree, Box.Pair]
    held = [parameter for owner in owners for parameter in owner.__type_params__]
    pair = Box.Pair
    n = Box().get(1) + Box.made(2) + first([3])
    now = [parameter for owner in owners for parameter in owner.__type_params__]
    same = [a is b for a, b in zip(held, now, strict=True)]
    return n, same, pair is Box.Pair, list[held[0]] == list[now[0]]
'''

DEFAULTS = """
@workflow
def defaults():
    default = [int]
    type Alias[T = default[0], *Ts = [later], **P = default] = tuple[T]
    t, ts, p = Alias.__type_params__
    echo(1)
    found = [t.__default__, p.__default__ == default, t.has_default()]
    later = 3
    echo(2)
    return found, ts.__default__, t.__default__
"""


@pytest.mark.parametrize(
    ("text", "name", "needs"),
    [
        (TYPES, "aliases", 12),
        (TYPES, "parameters", 12),
        (TYPES, "of_a_class", 12),
        (TYPES, "bounds_and_constraints", 12),
        (TYPES, "private_names", 12),
        (GENERIC, "of_a_module", 12),
        (DEFAULTS, "defaults", 13),
    ],
)
def test_same_meaning(
    text: str, name: str, needs: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if sys.version_info < (3, needs):
        pytest.skip(f"syntax of Python 3.{needs}")
    module = f"newer_syntax_{name}"
    assert_means_the_same(HEAD + text, module, name, tmp_path, monkeypatch)
