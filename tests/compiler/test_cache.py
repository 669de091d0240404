"""The cache of images: the second start compiles nothing, and nothing stale is ever used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from perdure.compiler import cache, pipeline
from perdure.compiler.cache import image_for
from perdure.compiler.diagnostics import CompileError
from perdure.compiler.image import Image
from perdure.compiler.source import open_target

SHOP = """\
from perdure import activity, workflow
from helper import double

@activity
def act(*args): ...

@workflow
def flow(a):
    return double(act(a))

@workflow
def other(a):
    return act(a)
"""
START = """\
import sys
from perdure.runtime.compiling import image_of
print(image_of("shop.py:flow").hash, "perdure.compiler.pipeline" in sys.modules)
"""


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a cache that is on."""
    monkeypatch.setenv("PERDURE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "images"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "shop.py").write_text(SHOP)
    (folder / "helper.py").write_text("def double(x): return 2 * x\n")
    return folder


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The workflows that were compiled, not found."""
    names: list[str] = []
    compile_workflow = pipeline.compile_workflow

    def counted(project, source, name, **options):  # type: ignore[no-untyped-def]
        names.append(name)
        return compile_workflow(project, source, name, **options)

    monkeypatch.setattr(pipeline, "compile_workflow", counted)
    return names


def image(project: Path, name: str = "flow") -> Image:
    return image_for(*open_target(f"shop.py:{name}", cwd=project))


def test_the_second_start_does_not_even_import_the_compiler(kept: Path, project: Path) -> None:
    def start() -> list[str]:
        root = Path(__file__).parents[2]
        env = {**os.environ, "PYTHONPATH": str(root)}
        command = [sys.executable, "-c", START]
        done = subprocess.run(command, cwd=project, env=env, capture_output=True, check=True)
        return done.stdout.decode().split()

    first, second = start(), start()
    assert first[0] == second[0]
    assert (first[1], second[1]) == ("True", "False")


def test_what_is_kept_is_what_was_compiled(kept: Path, project: Path, compiled: list[str]) -> None:
    first, second = image(project), image(project)
    assert compiled == ["flow"]
    assert second == first
    assert second.hash == first.hash
    assert second.code_object() == first.code_object()


def test_each_workflow_has_an_entry(kept: Path, project: Path, compiled: list[str]) -> None:
    assert image(project).entry != image(project, "other").entry
    assert compiled == ["flow", "other"]
    assert len(list(kept.iterdir())) == 2


@pytest.mark.parametrize("file", ["shop.py", "helper.py"])
def test_an_edit_is_seen(file: str, kept: Path, project: Path, compiled: list[str]) -> None:
    before = image(project)
    with (project / file).open("a") as out:
        out.write("# edited\n")
    assert image(project).hash != before.hash
    assert compiled == ["flow", "flow"]
    image(project)
    assert compiled == ["flow", "flow"]


def test_a_module_that_appears_or_goes_is_seen(
    kept: Path, project: Path, compiled: list[str]
) -> None:
    helper = (project / "helper.py").read_text()
    image(project)
    (project / "helper.py").unlink()
    assert [m.name for m in image(project).modules] == ["shop"]
    (project / "helper.py").write_text(helper)
    assert [m.name for m in image(project).modules] == ["shop", "helper"]
    assert compiled == ["flow"] * 3


def test_a_package_that_is_installed_later_is_seen(
    kept: Path, project: Path, compiled: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "helper.py").write_text("import doubling\ndef double(x): return 2 * x\n")
    image(project)
    image(project)
    assert compiled == ["flow"]
    site = tmp_path / "site"
    (site / "doubling").mkdir(parents=True)
    monkeypatch.syspath_prepend(str(site))
    image(project)
    assert compiled == ["flow", "flow"]


@pytest.mark.parametrize("damage", [b"", b"\xff\xfe", b"garbage\n{}\n"])
def test_a_damaged_entry_is_replaced(
    damage: bytes, kept: Path, project: Path, compiled: list[str]
) -> None:
    before = image(project)
    (entry,) = kept.iterdir()
    whole = entry.read_bytes()
    for bad in (damage, whole[:-1], whole[:-9] + bytes(9)):
        entry.write_bytes(bad)
        assert image(project).hash == before.hash
        assert Image.from_bytes(entry.read_bytes().split(b"\n", 2)[2]).hash == before.hash
    assert compiled == ["flow"] * 4


def test_an_entry_that_cannot_be_read_does_no_harm(
    kept: Path, project: Path, compiled: list[str]
) -> None:
    before = image(project)
    (entry,) = kept.iterdir()
    entry.unlink()
    entry.mkdir()
    assert image(project).hash == before.hash


def test_a_folder_that_cannot_be_made_does_no_harm(
    project: Path, compiled: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("PERDURE_CACHE", str(tmp_path / "file"))
    assert image(project).hash == image(project).hash
    assert compiled == ["flow", "flow"]


@pytest.mark.parametrize("value", ["", "off"])
def test_off(
    value: str, project: Path, compiled: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PERDURE_CACHE", value)
    image(project)
    image(project)
    assert compiled == ["flow", "flow"]
    assert cache.folder() is None


def test_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/mel")
    monkeypatch.delenv("PERDURE_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert cache.folder() == Path("/home/mel/.cache/perdure")
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/cache")
    assert cache.folder() == Path("/var/cache/perdure")
    monkeypatch.setenv("PERDURE_CACHE", "~/images")
    assert cache.folder() == Path("/home/mel/images")


def test_the_image_used_longest_ago_goes(
    kept: Path, project: Path, monkeypatch: pytest.MonkeyPatch, compiled: list[str]
) -> None:
    monkeypatch.setattr(cache, "LIMIT", 2)
    image(project)
    (flow,) = kept.iterdir()
    image(project, "other")
    for entry in kept.iterdir():
        os.utime(entry, (1, 1) if entry == flow else (2, 2))
    image(project)  # used again: now `other` is the older one
    (project / "shop.py").write_text(SHOP + "\n")
    image(project)
    assert len(list(kept.iterdir())) == 2
    assert flow in kept.iterdir()


def test_a_program_that_is_refused_is_not_kept(kept: Path, project: Path) -> None:
    refused = "0\n    class Inner:\n        rate = act(a)"
    (project / "shop.py").write_text(SHOP.replace("double(act(a))", refused))
    for _ in range(2):
        with pytest.raises(CompileError):
            image(project)
    assert not kept.exists()
