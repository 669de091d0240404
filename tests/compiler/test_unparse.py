"""Trees as text: what `ast.unparse` says, kind by kind and for whole modules."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path

import pytest

from perdure.compiler.trees import parse
from perdure.compiler.unparse import text
from perdure.compiler.writing import Writer
from tests.compiler.conftest import Compiler

EXPRESSIONS = """
a; 1; -1; 1.5; 1e999; -1e999j; "it's"; u"x"; b"x\\0"; ...; None; True; (); (1,); [1, 2]; {1}; {}
a.b.c; 3 .real; 1.5.real; True.real; (a + b).c; (-a).b; f(x)(y); (lambda: 0)(); (await_ or f)(1)
f(a, *b, c=1, **d); f(*a, *b); f((yield_)); f(x for x in y); f((a, b)); f(a if b else c)
a[0]; a[1, 2]; a[()]; a[1,]; a[:]; a[1:]; a[:2]; a[::3]; a[1:2:3]; a[1:2, ::3]; (a or b)[c]
a + b - c; a - (b - c); a ** b ** c; (a ** b) ** c; -a ** b; (-a) ** b; a ** -b; ~(-a); not not a
a * (b + c) // d; a @ b % c; a << b >> (c << d); a | b ^ c & d; (a | b) & c; -(a + b); +a
not (a or b); a and b or c; (a or b) and c; a and (b and c) and d; (a and b) and c
a or b or (c or d) or e; a < b <= c; (a < b) < c; a < (b < c); not a < b; (not a) < b
a is not b; a not in b; a == (not b)
a if b else c; (a if b else c) if d else e; a if (b if c else d) else e; a if b else c if d else e
(a := 1); f(a := 1); [a := 1, 2]; (a := (b, c)); {(a := 1): 2}; a[(b := 1)]; (x := y) + 1
lambda: 0; lambda a, /, b=1, *c, d, e=2, **f: (a, b); lambda *, a: a; lambda a, b, /: a
lambda: (lambda: 0); (lambda: 0) or a; lambda x: (yield_, x); [lambda: a for a in b]
{**a, 'b': c, **(d or e)}; {**a | b}; {*a, *b}; [*a, b]; (*a, b); {a: b, c: d if e else f}
[x for x in y]; [x for x, y in z if x if (a or b)]; {x for x in (a if b else c)}
{k: v for k, v in i}; (x for x in (lambda: y)()); [x for x in y for z in x]; [(a, b) for a in c]
[x async for x in y]; f'{a}b{c!r:>{width}}'; f'{{}}'; f'{a["b"]}'; 'a' 'b'; f'{x}\\n{y}'
a < f'{b}'; [f'{c}'].d
"""
STATEMENTS = """
a = b; a = b = c, d; a, b = c; (a, *b), c = d; [a, b] = c; a[b], c.d = e; a = (yield); a = (b := 1)
a += b; a.b -= (c, d); a[b] **= c; a //= yield; a @= b; a: int; a: int = 1; (a): int = 1; a.b: c = d
return; return a; return a, b; return (yield); raise; raise a; raise a from b; raise a(b) from None
del a; del a, b[c]; del (a, b); pass; assert a; assert a, (b, c); import a.b as c, d
from . import a; from ..a import (b as c, d); from a import *; global a, b; nonlocal a; yield
yield a, b; yield from a; await a; await (a or b); f(await a); (await a).b; a, b; (a := 1)
-(await a) ** 2; await a ** 2; *a, b; x = (await a)(await b); (yield a) + (yield)
lambda: (yield); print(*(yield))
-await_; not (yield)
"""


def parts(source: str) -> list[str]:
    return [part.strip() for line in source.strip().split("\n") for part in line.split("; ")]


@pytest.mark.parametrize("source", parts(EXPRESSIONS) + parts(STATEMENTS))
def test_each_kind_of_tree(source: str) -> None:
    (statement,) = ast.parse(source).body
    assert text(statement) == ast.unparse(statement)
    if isinstance(statement, ast.Expr):
        assert text(statement.value) == ast.unparse(statement.value)


@pytest.mark.parametrize(
    "module",
    "typing dataclasses contextlib decimal argparse asyncio.tasks test.test_grammar".split(),
)
def test_modules_of_the_library(module: str) -> None:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None or not Path(spec.origin).is_file():
        pytest.skip(f"this Python has no {module}")
    tree = ast.parse(Path(spec.origin).read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module):
            if ast.get_docstring(node, clean=False) is not None:
                node.body[0] = ast.Pass()  # `ast.unparse` lays it out in its own way
    for statement in tree.body:
        assert lines(Writer().function(statement)) == lines(ast.unparse(statement))


def lines(source: str) -> list[str]:
    """The lines of a text, without those that set definitions apart."""
    return list(filter(str.strip, source.split("\n")))


def test_formats_that_end_in_braces(compiled: Compiler) -> None:
    """They have the same nodes as a tree that was read and as one that was made."""
    stages = compiled('def flow(n):\n    return f"{act(n):>{n}}{n:{n}}"')
    code = parse(stages.image.code)
    assert not [c for c in ast.walk(code) if isinstance(c, ast.Constant) and c.value == ""]
