"""What the compiler says to people: one shape for refusals and for audit findings.

A diagnostic is an answer, not a complaint: a stable code, the place (file, line, column), what is
wrong, why it is, and what to write instead. It prints like this::

    shop.py:12:9: PD105 act suspends in the body of a class
       12 |         rate = lookup("de")
          |                ^^^^^^^^^^^^
       why:     the body of a class runs once, as a whole, to make the class
       instead: call lookup before the class statement and use its result inside
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of source text. Lines count from 1, columns from 0 (in characters)."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column + 1}"


@dataclass(frozen=True, slots=True)
class Note:
    """A second place that belongs to a diagnostic: a link of the chain that leads to it."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One answer of the compiler. `source_line` is the text of the line `span` starts on."""

    code: str
    span: Span
    message: str
    why: str = ""
    instead: str = ""
    source_line: str = ""
    notes: Sequence[Note] = ()

    def __str__(self) -> str:
        return render(self)


class CompileError(Exception):
    """The source cannot be compiled; `diagnostics` says where and why, in source order."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(sorted(diagnostics, key=lambda d: (d.span, d.code)))
        super().__init__("\n\n".join(render(d) for d in self.diagnostics))


class TargetError(Exception):
    """A target (`FILE.py:function`, `package.module:function`) does not lead to a workflow."""


def render(diagnostic: Diagnostic) -> str:
    """Print a diagnostic as text for a terminal, without colours."""
    lines = [f"{diagnostic.span}: {diagnostic.code} {diagnostic.message}"]
    if diagnostic.source_line.strip():
        lines += _frame(diagnostic)
    if diagnostic.why:
        lines.append(f"   why:     {diagnostic.why}")
    if diagnostic.instead:
        lines.append(f"   instead: {diagnostic.instead}")
    lines += [f"   {note.span}: {note.text}" for note in diagnostic.notes]
    return "\n".join(lines)


def _frame(diagnostic: Diagnostic) -> list[str]:
    """Give the source line with a caret under every character of the span on that line."""
    span, text = diagnostic.span, diagnostic.source_line.rstrip()
    end = span.end_column if span.end_line == span.line else len(text)
    width = max(1, min(end, len(text)) - span.column)
    # Tabs are kept in the blank part, so that the caret stands under its character.
    blank = "".join("\t" if c == "\t" else " " for c in text[: span.column])
    return [f"{span.line:5d} | {text}", f"      | {blank}{'^' * width}"]
