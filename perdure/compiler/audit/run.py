"""The audit from paths to report: find the files, walk from the workflows, say what was found.

files -> modules by root -> workflows -> walk -> findings -> less what comments allow -> report
"""

from __future__ import annotations

import ast
import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from perdure.compiler.audit.facts import Edge, Hazard, Unit
from perdure.compiler.audit.report import Finding, Report
from perdure.compiler.audit.rules import RULES, chosen
from perdure.compiler.audit.summaries import Summaries
from perdure.compiler.audit.suppress import Allow, allows_in
from perdure.compiler.audit.types import Types
from perdure.compiler.audit.units import Units
from perdure.compiler.audit.walk import Reached, walk
from perdure.compiler.audit.world import AuditModules, AuditProject, Library, python_files
from perdure.compiler.diagnostics import Note, Span
from perdure.compiler.roles import Role
from perdure.compiler.scopes import Module
from perdure.compiler.source import locate


class AuditError(Exception):
    """The audit could not run: a path that is not there, say. The command line exits with 2."""


def audit_paths(
    paths: Sequence[Path],
    *,
    strict: bool = False,
    select: Sequence[str] | None = None,
    ignore: Sequence[str] | None = None,
) -> Report:
    """Audit files and folders; nothing is imported or run.

    `strict` lists the calls that could not be resolved and lets notes count. `select` replaces the
    rules that are on, `ignore` takes some out; both take codes, prefixes (`PD2`) and names.
    Raises `AuditError` when a path does not exist or a word in `select` or `ignore` fits no rule.
    """
    try:
        codes = chosen(
            None if select is None else list(select),
            None if ignore is None else list(ignore),
            strict=strict,
        )
    except ValueError as error:
        raise AuditError(str(error)) from None
    with _collector_paused():
        return _audit(_files(paths), paths, codes, strict=strict)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """No garbage collection meanwhile.

    All trees live to the end, and walking over them again and again to find that out took 40 % of
    the time for a thousand files.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _audit(
    files: list[Path], paths: Sequence[Path], codes: frozenset[str], *, strict: bool
) -> Report:
    library = Library()
    found: dict[tuple[Span, str], Finding] = {}
    workflows = unknown = 0
    for project, modules in _projects(files, paths, library):
        reached, roots = _walk_project(project, modules)
        workflows += len(roots)
        unknown += sum(len(facts.unknown) for facts in reached.facts.values())
        for finding in _findings(reached):
            key = (finding.span, finding.code)
            found[key] = _merged(found[key], finding) if key in found else finding
    everything = [*found.values(), *_unreadable(library)]
    kept, suppressed = _without_allowed(everything, files, library, codes)
    read = len({*files, *library.texts})
    return Report(tuple(sorted(kept)), read, workflows, unknown, suppressed, strict)


def _files(paths: Sequence[Path]) -> list[Path]:
    """The files to audit, each once, in the order of their names within what was named."""
    found: dict[Path, None] = {}
    for path in paths:
        if not path.exists():
            raise AuditError(f"there is no file or folder {path}")
        found |= dict.fromkeys(file.resolve() for file in python_files(path))
    return list(found)


def _projects(
    files: list[Path], paths: Sequence[Path], library: Library
) -> list[tuple[list[Module], AuditModules]]:
    """The files' modules, grouped by project root; all of a root share what was read."""
    also = [path.resolve() for path in paths if path.is_dir()]
    by_root: dict[Path, AuditModules] = {}
    grouped: dict[Path, list[Module]] = {}
    for file in files:
        root, name = locate(file)
        if root not in by_root:
            by_root[root] = AuditModules(AuditProject(root, also, library))
            grouped[root] = []
        modules = by_root[root]
        source = library.read(file, name)
        if source is None or not library.parses(source):
            continue
        modules.project.add(source)
        if (module := modules.get(name)) is not None:
            grouped[root].append(module)
    return [(grouped[root], by_root[root]) for root in by_root]


def _walk_project(project: list[Module], modules: AuditModules) -> tuple[Reached, list[Unit]]:
    types = Types(modules)
    units = Units(types)
    roots = [
        units.of_function(function)
        for module in project
        for function in module.functions.values()
        if function.node.decorator_list and units.role(function) is Role.WORKFLOW
    ]
    return walk(roots, Summaries(types, units)), roots


# From facts to findings


def _findings(reached: Reached) -> list[Finding]:
    """One finding for each hazard of each unit; the same place may be reached as two units."""
    found = []
    for key, facts in reached.facts.items():
        if not facts.hazards and not facts.unknown:
            continue
        chain = _chain(reached, key)
        workflows = tuple(sorted(reached.workflows[key]))
        for hazard in [*facts.hazards, *facts.unknown]:
            found.append(_finding(hazard, reached.units[key], chain, workflows))
    return found


def _finding(
    hazard: Hazard, unit: Unit, chain: tuple[Note, ...], workflows: tuple[str, ...]
) -> Finding:
    source = unit.module.source
    span = source.span(hazard.node)
    message = f"{hazard.subject} {RULES[hazard.code].does} ({_reaching(workflows)})"
    return Finding(span, hazard.code, message, chain, workflows, source.line(span.line))


def _reaching(workflows: tuple[str, ...]) -> str:
    names = [name.partition(":")[2] for name in workflows]
    if len(names) == 1:
        return f"workflow {names[0]}"
    shown = names if len(names) <= 3 else [*names[:2], f"{len(names) - 2} more"]
    return f"workflows {', '.join(shown[:-1])} and {shown[-1]}"


def _chain(reached: Reached, key: str) -> tuple[Note, ...]:
    links = reached.chain(key)
    first = links[0][0]
    notes = [Note(_header(first), f"workflow {first.label}")]
    for (unit, edge), (after, _) in pairwise(links):
        assert isinstance(edge, Edge)  # all but the last link have one
        text = f"{unit.label} {edge.verb} {after.label}"
        notes.append(Note(unit.module.source.span(edge.node), text))
    return tuple(notes)


def _header(unit: Unit) -> Span:
    """The `def` line of a function: a note needs no more."""
    span = unit.module.source.span(unit.node)
    length = len(unit.module.source.line(span.line))
    return replace(span, end_line=span.line, end_column=length)


def _merged(one: Finding, other: Finding) -> Finding:
    """The same place, reached from the workflows of two projects."""
    return replace(one, workflows=tuple(sorted({*one.workflows, *other.workflows})))


def _unreadable(library: Library) -> list[Finding]:
    return [
        Finding(d.span, d.code, d.message, source_line=d.source_line)
        for d in library.broken.values()
    ]


# Comments


def _without_allowed(
    findings: list[Finding], files: list[Path], library: Library, codes: frozenset[str]
) -> tuple[list[Finding], int]:
    """Leave out what comments allow and what was not asked for; add what is wrong with comments."""
    wanted = [f for f in findings if f.code in codes]
    allows: dict[str, list[Allow]] = {}
    for path in {*files, *(Path(f.span.file) for f in wanted)}:
        if (source := library.texts.get(path)) is not None:
            allows[str(path)] = allows_in(source, _tree(library, path))
    kept, suppressed = [], 0
    for finding in wanted:
        here = allows.get(finding.span.file, [])
        covering = [allow for allow in here if allow.covers(finding.code, finding.span)]
        for allow in covering:
            allow.used.add(finding.code)
        suppressed += bool(covering)
        kept += [] if covering else [finding]
    for path in files:
        for allow in allows.get(str(path), []):
            line = library.texts[path].line(allow.span.line)
            kept += [f for f in _about(allow, line, codes) if f.code in codes]
    return kept, suppressed


def _tree(library: Library, path: Path) -> ast.Module | None:
    source = library.texts[path]
    return source.tree if library.parses(source) else None


def _about(allow: Allow, line: str, codes: frozenset[str]) -> list[Finding]:
    """What is wrong with an allowing comment itself."""
    if allow.foreign:
        return []
    if not allow.codes:
        message = "the comment names no code: write allow[PD201] and a reason"
        return [Finding(allow.span, "PD298", message, source_line=line)]
    found = []
    if not allow.reason:
        message = f"the comment {RULES['PD298'].does}"
        found.append(Finding(allow.span, "PD298", message, source_line=line))
    # A rule that is switched off finds nothing, which says nothing about the comment.
    idle = sorted(c for c in allow.codes - allow.used if c in codes or c not in RULES)
    for code in idle:
        known = "" if code in RULES else ", and there is no such rule"
        message = f"the comment allows {code}, which is not found here{known}"
        found.append(Finding(allow.span, "PD299", message, source_line=line))
    return found
