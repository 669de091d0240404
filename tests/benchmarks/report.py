"""What was measured, as data, as a table, and against the aims."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table


@dataclass
class Figure:
    """One number of one side: its rounds, and their median."""

    bench: str  # throughput, lone, resume, bytes, compile or kernels
    work: str  # "200 runs x 20 steps"
    side: str  # "perdure", "dbos", "raw", "raw, batches", …
    unit: str
    rounds: list[float] = field(default_factory=list)
    note: str = ""

    @property
    def median(self) -> float | None:
        return statistics.median(self.rounds) if self.rounds else None


@dataclass
class Aim:
    """Something that was promised. Ratios are taken within a round, then the median of them."""

    bench: str
    aim: str
    figure: str
    value: float
    passed: bool


@dataclass
class Report:
    """Everything a run of the benchmarks found."""

    date: str
    machine: dict[str, Any]
    options: dict[str, Any]
    figures: list[Figure] = field(default_factory=list)
    aims: list[Aim] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def figure(self, bench: str, work: str, side: str, unit: str) -> Figure:
        """The figure of that name, new if need be."""
        for known in self.figures:
            if (known.bench, known.work, known.side, known.unit) == (bench, work, side, unit):
                return known
        self.figures.append(Figure(bench, work, side, unit))
        return self.figures[-1]

    def find(self, bench: str, work: str, side: str) -> list[float]:
        """The rounds of a figure; empty when it was not measured."""
        for known in self.figures:
            if (known.bench, known.work, known.side) == (bench, work, side):
                return known.rounds
        return []

    def sort(self, benches: Sequence[str]) -> None:
        """By benchmark, and within it by work, as first measured: sides stand side by side."""
        works = list(dict.fromkeys(figure.work for figure in self.figures))
        works.sort(key=lambda work: work.endswith("from launch"))
        self.figures.sort(key=lambda f: (benches.index(f.bench), works.index(f.work)))

    def to_json(self) -> str:
        data = asdict(self)
        for figure, known in zip(data["figures"], self.figures, strict=True):
            figure["median"] = known.median
        return json.dumps(data, indent=2) + "\n"

    def write(self, out: Path) -> Path:
        """Write `<date>.json` and the same as `latest.json`."""
        path = out / f"{self.date.replace(':', '')}.json"
        for target in (path, out / "latest.json"):
            target.write_text(self.to_json(), "utf-8")
        return path


def median_ratio(above: list[float], below: list[float]) -> float:
    """The median of the ratios round by round: what both sides suffered alike cancels out."""
    return statistics.median(a / b for a, b in zip(above, below, strict=True))


def show(report: Report, console: Console) -> None:
    machine = report.machine
    console.print(
        f"[bold]Perdure {machine['revision']}[/bold], Python {machine['python']}"
        f"{'' if machine['python_optimized'] else ' (built without its profile)'}, SQLite "
        f"{machine['sqlite']}, {machine['cpus_usable']} CPUs (load {machine['load_average']:.1f}), "
        f"fsync {machine['fsync_ms']:.2f} ms before and {machine['fsync_ms_after']:.2f} ms after. "
        f"Everything is fsync'd. Medians of {report.options['rounds']} rounds.",
        highlight=False,
    )
    table = Table("benchmark", "work", "side", pad_edge=False)
    table.add_column("median", justify="right")
    table.add_column("rounds, lowest to highest", justify="right", style="dim")
    table.add_column("x Perdure's", justify="right")
    last = ""
    for figure in report.figures:
        if last and figure.work != last:
            table.add_section()
        last = figure.work
        table.add_row(*_cells(report, figure))
    console.print(table)
    if report.aims:
        aims = Table("aim", "measured", "", pad_edge=False)
        for aim in report.aims:
            verdict = "[green]PASS[/green]" if aim.passed else "[red]MISS[/red]"
            aims.add_row(aim.aim, aim.figure, verdict)
        console.print(aims)
    for note in report.notes:
        console.print(f"[yellow]{note}[/yellow]", highlight=False)


def _cells(report: Report, figure: Figure) -> list[str]:
    if figure.median is None:
        return [figure.bench, figure.work, figure.side, "-", figure.note, ""]
    ours = report.find(figure.bench, figure.work, "perdure")
    ratio = ""
    if figure.side != "perdure" and figure.unit != "times" and len(ours) == len(figure.rounds):
        ratio = f"{median_ratio(figure.rounds, ours):.2f}"
    spread = f"{_number(min(figure.rounds))} … {_number(max(figure.rounds))}"
    median = f"{_number(figure.median)} {figure.unit}"
    return [figure.bench, figure.work, figure.side, median, spread, ratio]


def _number(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
