"""An image is not bound to the Python that compiled it."""

from __future__ import annotations

import ast
import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from perdure.compiler.image import MAGIC, Image
from perdure.runtime.compiling import image_of
from perdure.runtime.program import load
from perdure.testing import _Driver
from tests.runtime import program_basic as basic

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "tests" / "runtime" / "program_versions.py"


def test_an_image_of_another_python_is_compiled_from_its_source() -> None:
    image = Image.from_bytes(image_of(basic.doubled).to_bytes())
    assert set(image.bytecode) == {MAGIC}
    foreign = dataclasses.replace(image, bytecode={"00000000": b"of another Python"})
    assert foreign.hash == image.hash
    driver = _Driver(load(foreign, basic.doubled), restart=True)
    assert driver.run((5,), {}).value == 40
    with_line = foreign.code_object().co_consts[0]
    assert with_line.co_filename == basic.__file__


def other_python() -> Path | None:
    """A virtual environment of this checkout that has Perdure under another Python."""
    check = "import sys, perdure; print(sys.version_info[:2])"
    for python in sorted(ROOT.glob(".venv*/bin/python")):
        done = subprocess.run([python, "-c", check], capture_output=True, text=True, cwd=ROOT)
        if done.returncode == 0 and done.stdout.strip() != str(sys.version_info[:2]):
            return python
    return None


def test_a_run_goes_on_under_another_python(tmp_path: Path) -> None:
    other = other_python()
    if other is None:
        pytest.skip("no .venv* of another Python here: `make test-all` makes some")
    store = f"sqlite:///{tmp_path / 'store.db'}"
    marker = tmp_path / "marker"
    run = ["-m", "perdure", "run", f"{PROGRAM}:journey", str(marker), "--id", "r"]
    begun = subprocess.run([other, *run, "--store", store, "--lease", "0.5"], cwd=ROOT)
    assert begun.returncode == -9
    resume = ["-m", "perdure", "resume", "r", "--store", store]
    done = subprocess.run([sys.executable, *resume], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    (_, (six, first)), survived, _, (_, (last, second)), _ = ast.literal_eval(done.stdout)
    assert (six, survived, last) == (7, "survived", 53)
    assert first != second == sys.version_info[:2]
