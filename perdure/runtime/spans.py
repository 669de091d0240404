"""Which compiled function a code object belongs to, by the text that it executes."""

from __future__ import annotations

import ast
import functools
import linecache
import re
from types import CodeType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perdure.runtime.program import LoadedFunction


def common_name(name: str) -> str:
    """The name that a function's code goes by: comprehensions have several."""
    return "<comprehension>" if _COMPREHENSION.fullmatch(name) else name


# Comprehensions as Python names them, and as functions that generated code makes.
_COMPREHENSION = re.compile(r"<(?:genexpr|listcomp|setcomp|dictcomp)>|_(genexpr|\w+comp)\d+")


_Span = tuple[int, int, int, int]  # line, column, end line, end column


def smallest_at(code: CodeType, candidates: list[LoadedFunction]) -> list[LoadedFunction]:
    """Those of the candidates whose text it is that the code executes, the best one first.

    Functions made of comprehensions are all compiled, and how much of the text their code goes
    over differs between Pythons: it is the smallest text that holds it.
    """
    place = _place(code)
    holding = [c for c in candidates if place is not None and _holds(c.table.code[2:], place)]
    return sorted(holding, key=lambda c: (c.table.code[4:], *(-n for n in c.table.code[2:4])))


def lambda_at(code: CodeType, candidates: list[LoadedFunction]) -> list[LoadedFunction]:
    """The same of lambdas: one that is not compiled may stand inside one that is.

    Code goes over a lambda's whole text, but for what Python knows without executing it: of
    `lambda: 2 and f()` it executes the call alone. Then the text says which lambda it is.
    """
    place = _place(code)
    found = [c for c in candidates if c.table.code[2:] == place]
    if found or place is None:
        return found
    holding = [c for c in candidates if _holds(c.table.code[2:], place)]
    if not holding:
        return []
    text = "".join(linecache.getlines(code.co_filename))
    own = max((span for span in _lambdas(text) if _holds(span, place)), default=None)
    return [c for c in holding if c.table.code[2:] == own]


@functools.cache
def _lambdas(text: str) -> list[_Span]:
    """Where the bodies of a module's lambdas stand; of two, the inner begins later."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return []  # the file has changed
    bodies = [node.body for node in ast.walk(tree) if isinstance(node, ast.Lambda)]
    return [(b.lineno, b.col_offset, b.end_lineno or 0, b.end_col_offset or 0) for b in bodies]


def _holds(span: tuple[int, ...], place: _Span) -> bool:
    return span[:2] <= place[:2] and place[2:] <= span[2:]


def _place(code: CodeType) -> _Span | None:
    """From where to where the text goes that code executes: line, column, end line, end column."""
    parts = [p for p in code.co_positions() if None not in p and p[2:] != (0, 0)]
    if not parts:
        return None  # a constant
    begin = min((line, column) for line, _, column, _ in parts)
    end = max((line, column) for _, line, _, column in parts)
    return (*begin, *end)  # type: ignore[return-value]
