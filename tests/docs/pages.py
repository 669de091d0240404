"""Pages as programs: the fenced blocks of a Markdown file, run in order in a folder of its own."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from perdure.compiler.diagnostics import CompileError
from perdure.compiler.pipeline import compile_target
from perdure.compiler.scopes import read_module
from perdure.compiler.source import read_source

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    page.relative_to(ROOT).as_posix()
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md")]
)

_FENCE = re.compile(r"^( *)```(\w*)\s*$")
_NOTE = re.compile(r"^ *<!-- (not run|exit|refused): (.+?) -->\s*$")
_FILE = re.compile(r"^# ([\w/]+\.py)( \(continued\))?\s*$")

# How long one block may take; the slowest waits for a lease of a second to run out.
PATIENCE_S = 60


@dataclass
class Block:
    """A fenced block: its language, its text, and what the notes before it say."""

    page: str
    line: int
    kind: str
    text: str
    notes: dict[str, str] = field(default_factory=dict)
    output: str | None = None  # the ```text block right after it

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(page: str) -> list[Block]:
    """The runnable blocks of a page, each with the output that the page gives for it."""
    found: list[Block] = []
    notes: dict[str, str] = {}
    last: Block | None = None  # the block that a ```text block would belong to
    lines = iter(enumerate((ROOT / page).read_text("utf-8").splitlines(), 1))
    for number, line in lines:
        if note := _NOTE.match(line):
            notes[note[1]] = note[2]
        elif fence := _FENCE.match(line):
            body = _body(lines, len(fence[1]))
            block = Block(page, number, fence[2], body, notes)
            if block.kind == "text" and last is not None:
                last.output = body
            last = block if block.kind in ("python", "sh") else None
            found += [block] if last else []
            notes = {}
        elif line.strip():
            last, notes = None, {}
    return found


def _body(lines: Iterator[tuple[int, str]], indent: int) -> str:
    body: list[str] = []
    for _, line in lines:
        if line.strip() == "```":
            return "\n".join(body) + "\n"
        body.append(line[indent:])
    raise AssertionError("a fence is never closed")


def run(block: Block, folder: Path) -> None:
    """Run one block in the page's folder; AssertionError when it does not do what the page says."""
    if "not run" in block.notes:
        return
    if "refused" in block.notes:
        _check_refused(block, folder)
        return
    if block.kind == "python" and (named := _FILE.match(block.text.partition("\n")[0])):
        file = folder / named[1]
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a" if named[2] else "w", encoding="utf-8") as out:
            out.write(("\n\n" if named[2] else "") + block.text)
        compile(file.read_text("utf-8"), named[1], "exec")
        return
    done = _execute(block, folder)
    wanted = int(block.notes.get("exit", "0"))
    # What a signal ended: as a shell tells it.
    code = done.returncode if done.returncode >= 0 else 128 - done.returncode
    assert code == wanted, f"{block} ended with {code}, not {wanted}:\n{done.stdout}"
    if block.output is not None:
        assert fits(block.output, done.stdout), (
            f"{block} should print\n{block.output}\nand printed\n{done.stdout}"
        )


def _execute(block: Block, folder: Path) -> subprocess.CompletedProcess[str]:
    programs = Path(sys.executable).parent
    surroundings = os.environ | {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "100",
        "NO_COLOR": "1",
    }
    surroundings.pop("PERDURE_STORE", None)
    if block.kind == "python":
        script = folder / f"line_{block.line}.py"
        script.write_text(block.text, "utf-8")
        command = [sys.executable, "-W", "error", script.name]
    else:
        command = ["bash", "-ec", block.text]
    return subprocess.run(
        command,
        cwd=folder,
        env=surroundings,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=PATIENCE_S,
        check=False,
    )


def _check_refused(block: Block, folder: Path) -> None:
    """The last workflow of the block is refused, with exactly the codes that the page names."""
    file = folder / f"line_{block.line}.py"
    file.write_text(block.text, "utf-8")
    functions = read_module(read_source(file, file.stem)).functions.values()
    marked = [f for f in functions if any("workflow" in ast.dump(d) for d in f.node.decorator_list)]
    name = marked[-1].qualname
    with pytest.raises(CompileError) as caught:
        compile_target(f"{file.name}:{name}", cwd=folder)
    codes = {diagnostic.code for diagnostic in caught.value.diagnostics}
    assert codes == set(block.notes["refused"].split(", ")), f"{block}:\n{caught.value}"
    if block.output is not None:
        text = str(caught.value)
        assert fits(block.output, text), f"{block} says\n{text}"


def fits(pattern: str, text: str) -> bool:
    """Whether `text` is `pattern`, in which … stands for anything."""
    parts = []
    for line in pattern.strip().splitlines():
        if line.strip() == "…":
            parts.append(r"(?:.*\n)*?")
        else:
            parts.append(".*?".join(map(re.escape, line.rstrip().split("…"))) + r" *\n")
    clean = "".join(line.rstrip() + "\n" for line in text.strip().splitlines())
    return re.fullmatch("".join(parts), clean) is not None
