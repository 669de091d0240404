"""Each folder of `projects/` is audited; the findings are those that its comments announce."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from perdure.compiler.audit import audit_paths

PROJECTS = Path(__file__).parent / "projects"
EXPECT = re.compile(r"# expect: (PD\d+(?:, PD\d+)*)")


def expected(folder: Path) -> Counter[tuple[str, int, str]]:
    found: Counter[tuple[str, int, str]] = Counter()
    for path in sorted(folder.rglob("*.py")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if (match := EXPECT.search(line)) is not None:
                name = str(path.relative_to(folder))
                found.update((name, number, code) for code in match[1].split(", "))
    return found


@pytest.mark.parametrize("name", sorted(p.name for p in PROJECTS.iterdir()))
def test_findings_are_exactly_those_announced(name):
    folder = PROJECTS / name
    report = audit_paths([folder])
    found = Counter(
        (str(Path(f.span.file).relative_to(folder)), f.span.line, f.code) for f in report.findings
    )
    wanted = expected(folder)
    assert {"missed": wanted - found, "false alarms": found - wanted} == {
        "missed": Counter(),
        "false alarms": Counter(),
    }
