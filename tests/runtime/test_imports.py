"""Modules that a program imports while it runs: in its own process, and where its files are not."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

ACTS = """
import os
from perdure import activity

@activity
def act(value):
    return value

@activity
def die(marker):
    if not os.path.exists(marker):
        open(marker, "w").close()
        os.kill(os.getpid(), 9)
    return "survived"
"""

# What a workflow imports in its body: nothing of it is there before.
LATE = {
    "main.py": """
from perdure import workflow
from acts import act, die

@workflow
def run(marker):
    act("before")
    import late.steps
    from late.shapes import Square as Shape
    return late.steps.go(marker), Shape(act(3)).area(), late.steps.TABLE["double"](4)
""",
    "late/__init__.py": "",
    "late/steps.py": """
from acts import act, die
from late import shapes
TABLE = {"double": lambda x: act(x) * 2}

def go(marker):
    return [act(1), steps(marker), shapes.Square(2).area()]

def steps(marker):
    square = shapes.Square(5)
    return die(marker), square.area(), type(square) is shapes.Square
""",
    "late/shapes.py": """
from acts import act

class Square:
    def __init__(self, side):
        self.side = side

    def area(self):
        return act(self.side) ** 2
""",
}
LATE_RESULT = ([1, ("survived", 25, True), 4], 9, 8)


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in {"acts.py": ACTS, **files}.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


def perdure(*args: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "perdure", *map(str, args)], cwd=cwd, capture_output=True, text=True
    )


def carried_out_elsewhere(project: Path, tmp_path: Path) -> object:
    """The result of a run that dies once, and is only begun where its files are."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    store = ("--store", f"sqlite:///{tmp_path / 'store.db'}")
    begun = perdure(
        "start", "main.py:run", repr(str(tmp_path / "m")), "--id", "r", *store, cwd=project
    )
    assert begun.returncode == 0, begun.stderr
    died = perdure("resume", "r", "--lease", "0.5", *store, cwd=elsewhere)
    assert died.returncode == -9, died.stderr
    done = perdure("resume", "r", *store, cwd=elsewhere)
    assert done.returncode == 0, done.stderr
    return ast.literal_eval(done.stdout)


def carried_out_here(project: Path, tmp_path: Path) -> object:
    """The same of a run whose processes all have the files."""
    store = ("--store", f"sqlite:///{tmp_path / 'here.db'}")
    run = ("run", "main.py:run", repr(str(tmp_path / "n")), "--id", "r", *store)
    died = perdure(*run, "--lease", "0.5", cwd=project)
    assert died.returncode == -9, died.stderr
    done = perdure(*run, cwd=project)
    assert done.returncode == 0, done.stderr
    return ast.literal_eval(done.stdout)


def test_what_a_workflow_imports_is_found_where_its_files_are_not(tmp_path: Path) -> None:
    project = write(tmp_path / "project", LATE)
    assert carried_out_elsewhere(project, tmp_path) == LATE_RESULT
    assert carried_out_here(project, tmp_path) == LATE_RESULT


ORDER = {
    "main.py": """
import perdure.testing
from perdure import workflow
from acts import act
LOG = []

@workflow
def run(deep):
    got = act("before")
    LOG.append(got)
    if deep:
        import noisy
        got = noisy.go(1)
        LOG.append(got)
    return list(LOG)

if __name__ == "__main__":
    import sys
    shallow = perdure.testing.drive(run, False).value
    assert "noisy" not in sys.modules
    print((shallow, perdure.testing.drive(run, True).value))
""",
    "noisy.py": """
import sys
from acts import act
main = sys.modules.get("main") or sys.modules["__main__"]
main.LOG.append("imported")

def go(x):
    return act(x)
""",
}


def test_a_module_is_imported_when_its_import_runs(tmp_path: Path) -> None:
    project = write(tmp_path / "project", ORDER)
    done = subprocess.run([sys.executable, "main.py"], cwd=project, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert ast.literal_eval(done.stdout) == (["before"], ["before", "before", "imported", 1])


# What the standard library, and people, look up in `sys.modules` by a module's name.
LOOKED_UP = {
    "main.py": """
from __future__ import annotations
import dataclasses
from typing import ClassVar
from perdure import workflow
from shapes import Square
from acts import act, die
import constants, sched

@workflow
def run(marker):
    @dataclasses.dataclass
    class Here:
        side: int
        kinds: ClassVar[int] = 4

    here = Here(act(3))
    return Square(2).about(marker), dataclasses.astuple(here), constants.LIMIT, sched.seed
""",
    "shapes.py": """
from __future__ import annotations
import dataclasses, importlib, inspect, pickle, sys, typing
from typing import ClassVar
from acts import act, die
this = sys.modules[__name__]

@dataclasses.dataclass
class Square:
    side: int
    corners: ClassVar[int] = 4

    def about(self, marker):
        before = self.seen()
        return before, die(marker), self.seen(), act(self.corners)

    def seen(self):
        again = pickle.loads(pickle.dumps(self))
        found = [again == self, typing.get_type_hints(Square)["side"] is int]
        found += [getattr(sys.modules[__name__], "Square") is Square, this.Square is type(again)]
        found += [importlib.import_module("shapes").Square is Square]
        return found, inspect.getsource(Square.seen).split()[1]
""",
    # A module that puts something in its own place, and one named like Python's.
    "constants.py": """
import sys
class Constants:
    @property
    def LIMIT(self):
        return 10
sys.modules[__name__] = Constants()
""",
    "sched.py": "seed = 7",
}
SEEN = ([True] * 5, "seen(self):")


def test_a_module_is_found_by_its_name(tmp_path: Path) -> None:
    project = write(tmp_path / "project", LOOKED_UP)
    expected = (SEEN, "survived", SEEN, 4), (3,), 10, 7
    assert carried_out_elsewhere(project, tmp_path) == expected
    assert carried_out_here(project, tmp_path) == expected


STAYS = """
import sys
import perdure
sys.path.insert(0, sys.argv[1])
with perdure.connect("sqlite:///" + sys.argv[2], create=False) as client:
    print(client.get("r").result())
assert not {"main", "shapes", "acts"} & set(sys.modules), "a program's modules were left behind"
import shapes
print(shapes.VERSION)
"""


def test_names_of_a_process_of_the_users_stay_free(tmp_path: Path) -> None:
    project = write(tmp_path / "project", LOOKED_UP)
    carried_out_elsewhere(project, tmp_path)
    newer = write(tmp_path / "newer", {"shapes.py": "VERSION = 2"})
    done = subprocess.run(
        [sys.executable, "-c", STAYS, newer, tmp_path / "store.db"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1] == "2"
