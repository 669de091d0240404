from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from perdure.cli.main import app

SHOP = Path(__file__).parent / "shop.py"


class Shop:
    """A folder with the shop, and commands run in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *args: str) -> Any:
        """Run a command in this process."""
        return CliRunner().invoke(app, list(args), prog_name="perdure")

    def json(self, *args: str) -> Any:
        """What a command that succeeds prints as JSON."""
        done = self(args[0], "--json", *args[1:])
        assert done.exit_code == 0, done.stderr
        return json.loads(done.stdout)

    def error(self, *args: str) -> tuple[int, str]:
        """The exit code and the text of a command that must print nothing else."""
        done = self(*args)
        assert done.stdout == ""
        return done.exit_code, done.stderr.replace(str(self.folder), "HERE")

    def process(self, *args: str) -> subprocess.Popen[str]:
        """Run a command in a process of its own."""
        command = [sys.executable, "-m", "perdure.cli", *args]
        # In the background of a shell Ctrl-C is ignored, and so it would be in every child.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            return subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.folder
            )
        finally:
            signal.signal(signal.SIGINT, before)


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """The shop, in a folder of its own that is the present one."""
    shutil.copy(SHOP, tmp_path / "shop.py")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PERDURE_STORE", raising=False)
    # A process keeps the programs it has loaded; the next test's shop stands in another folder.
    monkeypatch.setattr("perdure.runtime.program._loaded", {})
    return Shop(tmp_path)
