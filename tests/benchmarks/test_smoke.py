"""`make bench` runs, and its JSON has the shape that docs and dashboards rely on. Never a time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.kernels import NAMES, SHAPES

ROOT = Path(__file__).resolve().parents[2]

SIDES = {
    "throughput": {"perdure", "raw, batches", "raw, one row a step"},
    "lone": {"perdure", "raw, commits"},
    "resume": {"perdure"},
    "bytes": {"perdure", "raw"},
    "compile": {"perdure", "cpython", "growth", "no cache", "first", "second"},
    "kernels": {"perdure", "cpython", "ratio"},
}


def bench(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bench")
    done = bench("--quick", "--no-dbos", "--rounds=1", f"--out={folder}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "PASS" in done.stdout or "MISS" in done.stdout
    return folder


@pytest.fixture(scope="module")
def report(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "latest.json").read_text("utf-8"))
    return found


def test_every_benchmark_and_side_is_there(report: dict[str, Any]) -> None:
    found: dict[str, set[str]] = {}
    for figure in report["figures"]:
        found.setdefault(figure["bench"], set()).add(figure["side"])
        assert len(figure["rounds"]) == 1
        assert figure["median"] == figure["rounds"][0] > 0
    assert found == SIDES


def test_aims_are_judged(report: dict[str, Any]) -> None:
    assert [aim["bench"] for aim in report["aims"]] == [
        *("throughput", "lone", "resume"),
        *["compile"] * 4,
        *["kernels"] * 3,
    ]
    assert all(isinstance(aim["passed"], bool) for aim in report["aims"])


def test_each_kernel_has_each_shape(report: dict[str, Any]) -> None:
    works = {f["work"] for f in report["figures"] if f["bench"] == "kernels"}
    assert works == {f"{name}, {shape}" for name in NAMES for shape in SHAPES}


def test_the_machine_is_described(report: dict[str, Any]) -> None:
    machine = report["machine"]
    assert machine["fsync_ms"] > 0
    assert machine["fsync_ms_after"] > 0
    assert {"cpus", "python", "revision", "sqlite", "dbos"} <= machine.keys()
    assert machine["bytes_of_a_step"].keys() == {"checkpoint", "arguments", "result"}


def test_only_the_json_is_left(out: Path, report: dict[str, Any]) -> None:
    dated = report["date"].replace(":", "") + ".json"
    assert {path.name for path in out.iterdir()} == {dated, "latest.json"}
    assert (out / dated).read_text("utf-8") == (out / "latest.json").read_text("utf-8")


def test_a_wrong_name_is_answered(tmp_path: Path) -> None:
    done = bench("--only=speed", f"--out={tmp_path}")
    assert done.returncode == 2
    assert "'speed' is none of throughput, lone, resume, bytes, compile, kernels" in done.stderr
