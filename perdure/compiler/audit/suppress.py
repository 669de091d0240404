"""Comments that allow a finding, read with libcst (the one parser here that keeps comments).

    total = time.time()  # perdure: allow[PD201] only shown in a log line
    # perdure: allow[PD201] the clock is the point of this line
    total = time.time()

    # perdure: allow[PD204] a shuffle that nobody sees again
    def shuffle_banner(): ...             (above or on a `def`: the whole function)

    total = time.time()  # noqa: PD201    (for those who use it already; it must name the code)

The reason is not optional: without it the comment is a finding of its own (PD298). A comment that
allows nothing is a note (PD299). libcst is slow beside `ast`, so only files that say "perdure:" or
"noqa" are parsed with it; one that libcst cannot parse though Python can is read with `tokenize`.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field

import libcst
from libcst.metadata import MetadataWrapper, PositionProvider

from perdure.compiler.audit.rules import RULES
from perdure.compiler.diagnostics import Span
from perdure.compiler.source import Source

_MENTIONED = re.compile(r"perdure:\s*allow|noqa")
_ALLOW = re.compile(r"#\s*perdure:\s*allow\s*(?:\[(?P<codes>[^\]]*)\])?(?P<reason>.*)")
_NOQA = re.compile(r"#\s*noqa\s*:\s*(?P<codes>[A-Z]+[0-9]+(?:[,\s]+[A-Z]+[0-9]+)*)", re.IGNORECASE)


@dataclass
class Allow:
    """One comment: which codes it allows, on which lines, and whether it ever did."""

    span: Span
    codes: frozenset[str]
    first: int
    last: int
    reason: str
    foreign: bool = False  # a noqa: not ours to call unused
    used: set[str] = field(default_factory=set)

    def covers(self, code: str, span: Span) -> bool:
        """Whether it allows a finding of `code` at `span` (any line of a statement will do)."""
        return code in self.codes and self.first <= span.end_line and span.line <= self.last


def allows_in(source: Source, tree: ast.Module | None) -> list[Allow]:
    """The allowing comments of a file. `tree` gives the extent of functions."""
    if not _MENTIONED.search(source.text):
        return []
    functions = _function_lines(tree) if tree is not None else {}
    found = []
    for line, column, text in _comments(source):
        allow = _read(source, line, column, text)
        if allow is not None:
            _extend(allow, source, functions)
            found.append(allow)
    return found


def _read(source: Source, line: int, column: int, text: str) -> Allow | None:
    span = Span(source.path, line, column, line, column + len(text))
    if (match := _ALLOW.search(text)) is not None:
        codes = {c.strip().upper() for c in (match["codes"] or "").split(",") if c.strip()}
        by_name = {rule.name.upper(): rule.code for rule in RULES.values()}
        codes = {by_name.get(code, code) for code in codes}
        reason = match["reason"].strip(" :-\u2013\u2014")
        return Allow(span, frozenset(codes), line, line, reason)
    if (match := _NOQA.search(text)) is not None:
        codes = {c.upper() for c in re.split(r"[,\s]+", match["codes"])}
        ours = frozenset(c for c in codes if c in RULES)
        return Allow(span, ours, line, line, "noqa", foreign=True) if ours else None
    return None


def _extend(allow: Allow, source: Source, functions: dict[int, tuple[int, int]]) -> None:
    """A comment of its own line covers the next line of code, and one at a `def` the function."""
    alone = source.line(allow.span.line).lstrip().startswith("#")
    if alone and not allow.foreign:
        line = allow.span.line + 1
        while line <= len(source.lines) and _is_blank(source.line(line)):
            line += 1
        allow.first = allow.last = line
    if allow.first in functions:
        allow.first, allow.last = functions[allow.first]


def _is_blank(text: str) -> bool:
    stripped = text.strip()
    return not stripped or stripped.startswith("#")


def _function_lines(tree: ast.Module) -> dict[int, tuple[int, int]]:
    """For each line of a function's header, decorators too: the lines of the whole function."""
    found: dict[int, tuple[int, int]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            # A one-line function has no header of its own; its line is all there is.
            header_end = max(node.lineno, node.body[0].lineno - 1)
            for line in range(first, header_end + 1):
                found[line] = (first, node.end_lineno or node.lineno)
    return found


def _comments(source: Source) -> Iterator[tuple[int, int, str]]:
    """Every comment: line, column (in characters), text."""
    try:
        wrapper = MetadataWrapper(libcst.parse_module(source.text), unsafe_skip_copy=True)
        collector = _Collector()
        wrapper.visit(collector)
    except (libcst.ParserSyntaxError, RecursionError):
        # Newer syntax than libcst knows, say. Python's tokenizer gives comments just as well,
        # though it stops at the first thing it does not understand.
        yield from _tokenized(source)
        return
    yield from collector.found


class _Collector(libcst.CSTVisitor):
    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[int, int, str]] = []

    def visit_Comment(self, node: libcst.Comment) -> None:
        where = self.get_metadata(PositionProvider, node).start
        self.found.append((where.line, where.column, node.value))


def _tokenized(source: Source) -> Iterator[tuple[int, int, str]]:
    try:
        for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.start[1], token.string
    except (tokenize.TokenError, SyntaxError):
        return
