"""Generated code as text: it says what `ast.unparse` says, however trees are shared."""

from __future__ import annotations

import ast
import inspect
import textwrap
from types import ModuleType

import pytest

from perdure.compiler.writing import Writer, head
from tests.corpus import exceptions, loops, matching, nested_functions, with_statements

MODULES = [exceptions, loops, matching, nested_functions, with_statements]


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.__name__.rpartition(".")[2])
def test_text_says_what_the_tree_says(module: ModuleType) -> None:
    writer = Writer()
    for statement in ast.parse(inspect.getsource(module)).body:
        text = writer.function(statement)
        assert ast.dump(ast.parse(text)) == ast.dump(ast.parse(ast.unparse(statement)))


def test_layout_is_that_of_unparse() -> None:
    source = textwrap.dedent("""
        async def f(a, /, b=1, *, c: int=2) -> None:
            async with a as (b, c), d:
                for x, y in b:
                    if x:
                        continue
                    elif y:
                        break
                    else:
                        pass
                else:
                    return (1, 2)
            try:
                async for x in y:
                    pass
            except* (A, B) as e:
                raise
            except* C:
                pass
            else:
                while x:
                    pass
            finally:
                match x:
                    case [1, *rest] if rest:
                        pass
                    case _:
                        pass
    """).strip()
    tree = ast.parse(source).body[0]
    assert ast.unparse(tree) == source
    assert Writer().function(tree) == source


def test_line_breaks_in_strings_are_not_set_in() -> None:
    source = (
        "def f():\n    if x:\n        def g():\n            '''a\n  b'''\n            f'''{x}\n'''"
    )
    tree = ast.parse(source)
    text = Writer().function(tree.body[0])
    assert ast.dump(ast.parse(text)) == ast.dump(tree)


def test_a_shared_statement_is_set_in_where_it_stands() -> None:
    (shared,) = ast.parse("while x:\n    f(x)").body
    writer = Writer()
    assert writer.function(shared) == "while x:\n    f(x)"
    outer = ast.If(ast.Name("y", ast.Load()), [shared], [])
    assert writer.function(outer) == "if y:\n    while x:\n        f(x)"


def test_head_is_the_first_line() -> None:
    (tree,) = ast.parse("for a, b in c:\n    pass\nelse:\n    pass").body
    assert head(tree) == "for a, b in c:"


def test_head_of_an_expression_is_all_of_it() -> None:
    (tree,) = ast.parse("a if b else [c]").body
    assert isinstance(tree, ast.Expr)
    assert head(tree.value) == "a if b else [c]"
    assert head(ast.parse("lambda x: x").body[0].value) == "lambda x: x"  # type: ignore[attr-defined]
