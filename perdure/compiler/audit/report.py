"""What the audit found, as data, as text for people, as JSON for programs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from perdure.compiler.audit.rules import RULES, Level, Rule
from perdure.compiler.diagnostics import Diagnostic, Note, Span, render


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One root cause: where it stands, what it is, and how a workflow gets there.

    `chain` begins at a workflow and ends at the call that enters the function with the finding.
    """

    span: Span
    code: str
    message: str
    chain: tuple[Note, ...] = field(default=(), compare=False)
    workflows: tuple[str, ...] = field(default=(), compare=False)  # `module:function`, sorted
    source_line: str = field(default="", compare=False)

    @property
    def rule(self) -> Rule:
        """The rule that was broken."""
        return RULES[self.code]

    @property
    def level(self) -> Level:
        """Whether it makes the audit fail ("error") or is only said ("note")."""
        return self.rule.level

    @property
    def diagnostic(self) -> Diagnostic:
        """The finding in the shape in which the compiler refuses."""
        # A chain of one says only what the message says: which workflow it is in.
        notes = self.chain if len(self.chain) > 1 else ()
        rule = self.rule
        return Diagnostic(
            self.code, self.span, self.message, rule.why, rule.instead, self.source_line, notes
        )

    def to_json(self) -> dict[str, Any]:
        """The finding in ruff's shape, with the chain and the workflows added."""
        return {
            "code": self.code,
            "name": self.rule.name,
            "level": self.level,
            "message": self.message,
            "url": self.rule.anchor,
            "filename": self.span.file,
            "location": {"row": self.span.line, "column": self.span.column + 1},
            "end_location": {"row": self.span.end_line, "column": self.span.end_column + 1},
            "why": self.rule.why,
            "instead": self.rule.instead,
            "chain": [
                {
                    "filename": note.span.file,
                    "row": note.span.line,
                    "column": note.span.column + 1,
                    "text": note.text,
                }
                for note in self.chain
            ],
            "workflows": list(self.workflows),
        }


@dataclass(frozen=True)
class Report:
    """The outcome of an audit."""

    findings: tuple[Finding, ...]
    files: int  # read: those that were named, and the modules they reach
    workflows: int  # found in the files that were named
    unknown: int  # calls in reach of a workflow that could not be resolved
    suppressed: int
    strict: bool = False

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many findings of each code, by code."""
        return dict(sorted(Counter(f.code for f in self.findings).items()))

    @property
    def unused_suppressions(self) -> tuple[Finding, ...]:
        """The notes about comments that allow nothing."""
        return tuple(f for f in self.findings if f.code == "PD299")

    @property
    def exit_code(self) -> int:
        """0: nothing to answer for; 1: findings. Notes alone are 0, unless strict."""
        return int(any(self.strict or f.level == "error" for f in self.findings))

    def to_json(self) -> dict[str, Any]:
        """The whole report as plain data."""
        return {
            "findings": [finding.to_json() for finding in self.findings],
            "counts": self.counts,
            "files": self.files,
            "workflows": self.workflows,
            "unknown": self.unknown,
            "suppressed": self.suppressed,
            "exit_code": self.exit_code,
        }

    def text(self, *, base: Path | None = None) -> str:
        """The report for a terminal. Files below `base` (default: here) are shown from there."""
        folder = f"{(base or Path.cwd()).resolve()}/"
        blocks = [render(finding.diagnostic).replace(folder, "") for finding in self.findings]
        return "\n\n".join([*blocks, self._summary()]) + "\n"

    def _summary(self) -> str:
        errors = sum(f.level == "error" for f in self.findings)
        notes = len(self.findings) - errors
        parts = [_count(errors, "finding")]
        parts += [_count(notes, "note")] if notes else []
        parts += [f"{self.suppressed} allowed by comments"] if self.suppressed else []
        if self.unknown:
            listed = "" if self.strict else " (strict lists them)"
            parts.append(f"{_count(self.unknown, 'call')} not resolved{listed}")
        return (
            f"{', '.join(parts)}, in {_count(self.workflows, 'workflow')} "
            f"and {_count(self.files, 'file')}."
        )


def _count(number: int, word: str) -> str:
    return f"{number} {word}" + ("" if number == 1 else "s")
