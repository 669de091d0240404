from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from perdure.cli.main import app

SHOP = """\
import threading
from dataclasses import dataclass
from pathlib import Path

from perdure import Retry, activity, sleep, workflow

print("shop is imported")


@dataclass
class Order:
    number: int
    gift: bool = False


@activity
def price(order):
    return order.number * 10


@activity(retry=Retry(attempts=2, initial=0))
def fetch(order):
    if not Path("stock").exists():
        raise RuntimeError(f"no stock for {order.number}")
    return 7


@activity
def hang(path):
    Path(path).touch()
    threading.Event().wait()


@workflow
def checkout(number, *, gift=False):
    order = Order(number, gift)
    total = price(order)
    return {"order": order.number, "gift": order.gift, "total": total}


@workflow
def stocked(number):
    order = Order(number)
    total = price(order)
    return total + fetch(order)


@workflow
def locked(number):
    lock = threading.Lock()
    total = price(Order(number))
    with lock:
        return total


def after_a_while(order):
    sleep(3600)
    return price(order)


@workflow
def patient(number):
    order = Order(number)
    return after_a_while(order)


@workflow
def hanging(path):
    hang(path)
    return "never"


@workflow
def echo(*args, **kwargs):
    price(Order(1))
    return args, kwargs


@workflow
def odd(number):
    price(Order(number))
    return {1: Order(number)}


@workflow
async def later():
    return price(Order(1))


def plain():
    return 1
"""


class Shop:
    """A folder with the shop, and commands run in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *args: str) -> Any:
        """Run a command in this process."""
        return CliRunner().invoke(app, list(args), prog_name="perdure")

    def json(self, *args: str) -> Any:
        """What a command that succeeds prints as JSON."""
        done = self(*args, "--json")
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
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.folder
        )


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """The shop, in a folder of its own that is the present one."""
    (tmp_path / "shop.py").write_text(SHOP)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PERDURE_STORE", raising=False)
    return Shop(tmp_path)
