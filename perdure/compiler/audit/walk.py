"""From each workflow along the calls: which units are reached, by what chain, from which workflows.

One breadth-first walk from all workflows at once gives every unit its shortest chain. Which
workflows reach a unit is a least fixpoint over the same graph, so circles need no special care.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from perdure.compiler.audit.facts import Edge, Facts, Unit
from perdure.compiler.audit.summaries import Summaries


@dataclass
class Reached:
    """The part of a project that its workflows reach."""

    units: dict[str, Unit] = field(default_factory=dict)
    facts: dict[str, Facts] = field(default_factory=dict)
    came_from: dict[str, tuple[Unit, Edge]] = field(default_factory=dict)
    workflows: dict[str, frozenset[str]] = field(default_factory=dict)  # by key of the unit

    def chain(self, key: str) -> list[tuple[Unit, Edge | None]]:
        """The units from a workflow down to `key`, each with the edge that leaves it."""
        links: list[tuple[Unit, Edge | None]] = [(self.units[key], None)]
        while key in self.came_from:
            before, edge = self.came_from[key]
            links.insert(0, (before, edge))
            key = before.key
        return links


def walk(roots: list[Unit], summaries: Summaries) -> Reached:
    """Read everything that the workflows in `roots` reach."""
    reached = Reached()
    queue: deque[Unit] = deque()
    for root in roots:
        reached.units[root.key] = root
        queue.append(root)
    while queue:
        unit = queue.popleft()
        facts = reached.facts[unit.key] = summaries.of(unit)
        for edge in facts.edges:
            if edge.target.key not in reached.units:
                reached.units[edge.target.key] = edge.target
                reached.came_from[edge.target.key] = (unit, edge)
                queue.append(edge.target)
    _spread(roots, reached)
    return reached


def _spread(roots: list[Unit], reached: Reached) -> None:
    """Give each unit the workflows that reach it: a set grows along edges until none changes."""
    found: dict[str, int] = dict.fromkeys(reached.units, 0)  # bit n: the nth workflow
    for number, root in enumerate(roots):
        found[root.key] |= 1 << number
    work = deque(root.key for root in roots)
    while work:
        key = work.popleft()
        for edge in reached.facts[key].edges:
            joined = found[edge.target.key] | found[key]
            if joined != found[edge.target.key]:
                found[edge.target.key] = joined
                work.append(edge.target.key)
    names = [root.key for root in roots]
    sets: dict[int, frozenset[str]] = {}
    for key, bits in found.items():
        if bits not in sets:
            sets[bits] = frozenset(n for i, n in enumerate(names) if bits >> i & 1)
        reached.workflows[key] = sets[bits]
