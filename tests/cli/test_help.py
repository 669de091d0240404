"""Help: the examples in it run, the documentation has the same words, and it comes quickly."""

from __future__ import annotations

import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from perdure.cli.boundary import Exit
from perdure.cli.main import app

ROOT = Path(__file__).parents[2]
COMMANDS = get_command(app).commands  # type: ignore[attr-defined]


def examples(name):
    """The lines of a command's help that begin with `perdure`."""
    found = re.findall(r"^ *perdure (.+)$", COMMANDS[name].help, re.MULTILINE)
    return [shlex.split(line) for line in found]


def test_every_command_has_an_example():
    assert list(COMMANDS) == "compile audit graph run worker start list show resume".split()
    assert [name for name in COMMANDS if not examples(name)] == []


@pytest.fixture
def home(shop):
    """A folder as the examples expect it: our examples, and a run called my-index."""
    shutil.copytree(ROOT / "examples", shop.folder / "examples")
    (line,) = examples("run")
    done = shop(*line)
    assert done.exit_code == 0, done.stderr
    return shop


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "worker"])
def test_the_examples_run(home, name):
    for line in examples(name):
        assert line[0] == name
        done = home(*line)
        assert done.exit_code == 0, done.stderr
        assert done.stdout or name == "list"  # nothing is running


def test_the_workers_example_runs(home):
    (line,) = examples("worker")
    with home.process(*line) as process:
        assert process.stdout.readline().startswith("worker ")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 0


@pytest.mark.parametrize("name", COMMANDS)
def test_the_documentation_names_every_option(name):
    text = (ROOT / "docs/cli.md").read_text()
    (section,) = re.findall(rf"^## perdure {name}\b.*?(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    options = {o for p in COMMANDS[name].params for o in p.opts if o.startswith("--")}
    said = text if {"--store"} <= options else section
    assert [o for o in sorted(options) if o not in section and o not in said] == []


def test_the_documentation_names_every_exit_code():
    text = (ROOT / "docs/cli.md").read_text()
    found = [int(code) for code in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)]
    assert found == [int(code) for code in Exit]


def test_help_imports_nothing_slow():
    """The commands themselves import no compiler pass, no Rich and no Graphviz."""
    code = (
        "import sys, perdure; before = set(sys.modules); import perdure.cli.main;"
        "print(*sorted({m.partition('.')[0] for m in set(sys.modules) - before}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    slow = {"rich", "libcst", "graphviz", "pygraphviz"}
    assert slow.isdisjoint(done.stdout.split())
