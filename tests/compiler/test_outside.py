"""Packages outside the project's folder: those that import perdure count as the program's."""

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from perdure import DurabilityError
from perdure.compiler import pipeline
from perdure.testing import drive, native

ACTS = """\
from perdure import activity

@activity
def charge(amount):
    return amount * 2

def charge_all(amounts):
    return [charge(amount) for amount in amounts]
"""
ALSO = """\
def call(function, *args):
    return function(*args)
"""
SHOP = """\
import {name}
from {name} import charge as taken, acts
from {name}also import call
from perdure import activity, workflow

@workflow
def total(n):
    return taken(n) + {name}.charge(1), acts.charge_all([1, n])

@activity
def mine(n):
    return n

@workflow
def passed_on(n):
    return call(mine, n)
"""


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: Any) -> Any:
    """A project beside a folder of packages, its module imported."""
    name = f"pay{request.node.name.replace('[', '_').replace(']', '')}"
    packages, project = tmp_path / "packages", tmp_path / "project"
    write(packages, {f"{name}/__init__.py": "from .acts import charge\n", f"{name}/acts.py": ACTS})
    write(packages, {f"{name}also/__init__.py": ALSO})
    write(project, {f"shop_{name}.py": SHOP.format(name=name)})
    monkeypatch.syspath_prepend(packages)
    monkeypatch.syspath_prepend(project)

    def imported() -> ModuleType:
        return importlib.import_module(f"shop_{name}")

    yield name, packages, project, imported
    for module in [m for m in sys.modules if name in m]:
        del sys.modules[module]


def install(packages: Path, name: str, needs: str, version: str = "Version: 1.0\n") -> None:
    """Leave what an installer leaves of a package."""
    about = packages / f"{name}-1.0.dist-info"
    write(about, {"METADATA": f"Name: {name}\n{version}Requires-Dist: {needs}\n"})
    write(about, {"RECORD": f"{name}/__init__.py,,\n{name}/acts.py,,\n"})


@pytest.mark.parametrize("installed", [False, True])
def test_activities_of_a_package_that_imports_perdure(shop: Any, installed: bool) -> None:
    name, packages, _, imported = shop
    if installed:
        install(packages, name, "perdure>=0.1")
    total = imported().total
    outcome = drive(total, 3, restart="every")
    assert outcome.error is None
    assert outcome.value == native(total, 3).value == (8, [2, 6])


def test_their_files_are_named_from_where_they_are_imported(shop: Any) -> None:
    name, _, project, _ = shop
    stages = pipeline.compile_target(f"shop_{name}.py:total", cwd=project)
    paths = {module.name: module.path for module in stages.image.modules}
    assert paths[f"{name}.acts"] == f"<packages>/{name}/acts.py"
    assert Path(stages.image.file(paths[f"{name}.acts"])).read_text() == ACTS
    assert f"{name}also" not in paths


def test_packages_installed_without_perdure_are_left_alone(shop: Any) -> None:
    name, packages, project, _ = shop
    install(packages, name, "perdure-like")
    stages = pipeline.compile_target(f"shop_{name}.py:total", cwd=project)
    assert [module.name for module in stages.image.modules] == [f"shop_{name}"]


@pytest.mark.parametrize(
    ("version", "named"), [("Version: 1.0\n", True), ("", False)], ids=["whole", "half"]
)
def test_an_image_names_the_versions_of_what_is_installed(
    shop: Any, version: str, named: bool
) -> None:
    name, packages, project, _ = shop
    install(packages, name, "perdure-like", version)
    pipeline._distributions.cache_clear()
    stages = pipeline.compile_target(f"shop_{name}.py:total", cwd=project)
    assert stages.image.requires == ({name: "1.0"} if named else {})


def test_what_another_package_calls_is_refused_when_it_runs(shop: Any) -> None:
    *_, imported = shop
    error = drive(imported().passed_on, 3).error
    assert isinstance(error, DurabilityError)
    assert "another package" in str(error)
    assert "Call it directly" in str(error)
