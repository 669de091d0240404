"""Modules that a program imports while it runs: in its own process, and where its files are not."""

from __future__ import annotations

import ast
import os
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
        [sys.executable, "-m", "perdure", *map(str, args)],
        cwd=cwd,
        env={**os.environ, "PERDURE_CACHE": str(cwd.parent / "cache")},
        capture_output=True,
        text=True,
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


def native(project: Path, marker: Path) -> object:
    """What Python itself makes of it."""
    asked = "from perdure.testing import native; import main, sys; "
    asked += "print(native(main.run, sys.argv[1]).value)"
    marker.touch()
    command = [sys.executable, "-c", asked, str(marker)]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return ast.literal_eval(done.stdout)


def assert_same_everywhere(tmp_path: Path, files: dict[str, str]) -> None:
    project = write(tmp_path / "project", files)
    expected = native(project, tmp_path / "native")
    assert carried_out_here(project, tmp_path) == expected
    assert carried_out_elsewhere(project, tmp_path) == expected


# No import statement names the modules of `plugins`, `words` and `shapes`.
LOADED = {
    "main.py": """
import importlib
import sys
from perdure import workflow
from acts import act, die
import plugins
import shapes
from shapes import *

SETTINGS = {"sender": "words.late:send", "table": ["alone"]}

def called(path):
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)

@workflow
def run(marker):
    plugins.load()
    found = [plugins.REGISTRY[name](2) for name in sorted(plugins.REGISTRY)]
    found.append(called(SETTINGS["sender"])(act("mail")))
    found.append(die(marker))
    found += [importlib.import_module(name).act_alone(1) for name in SETTINGS["table"]]
    found += [square.area(act(3)), shapes.late.area(2)]
    found.append(__import__("words.late").late.send("again"))
    return found, sys.modules["words.late"].send("once more"), plugins.one("first").go(9)
""",
    "alone.py": "from acts import act\ndef act_alone(x): return act(x)\n",
    "plugins/__init__.py": """
import importlib, pkgutil
REGISTRY = {}

def register(name):
    def keep(function):
        REGISTRY[name] = function
        return function
    return keep

def load():
    for found in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{found.name}")

def one(name):
    return importlib.import_module("." + name, __name__)
""",
    "plugins/first.py": """
from plugins import register
from acts import act

@register("b")
@register("a")
def go(x):
    return act(x) + 1
""",
    "plugins/second/__init__.py": """
from .. import register
from acts import act
register("c")(lambda x: act(x) * 10)
""",
    "words/__init__.py": "",
    "words/late.py": """
from acts import act

def send(text):
    return "sent " + act(text)
""",
    "shapes/__init__.py": """
import importlib
__all__ = ["square"]

def __getattr__(name):
    if name == "late":
        return importlib.import_module(".round", __package__)
    raise AttributeError(name)
""",
    "shapes/square.py": "from acts import act\ndef area(x): return act(x) ** 2\n",
    "shapes/round.py": "from acts import act\ndef area(x): return act(x) * 3\n",
    # Never imported, and no Python.
    "plugins/second/broken.py": "def :",
}


def test_modules_that_are_loaded_by_name(tmp_path: Path) -> None:
    assert_same_everywhere(tmp_path, LOADED)


# Only functions know the packages whose modules are loaded.
SEARCHED = {
    "main.py": """
import importlib, pkgutil
from perdure import workflow
from acts import act, die
from table import CHECKS
import others

def load():
    from plugins import late as found
    for module in pkgutil.iter_modules(found.__path__, found.__name__ + "."):
        importlib.import_module(module.name)

def load_from(package):
    for _, name, _ in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{name}")

load()
load_from(others)

@workflow
def run(marker):
    found = [check(2) for check in CHECKS]
    return found, die(marker), [check(3) for check in CHECKS]
""",
    "table.py": "CHECKS = []\ndef check(f):\n    CHECKS.append(f)\n    return f\n",
    "plugins/__init__.py": "",
    "plugins/late/__init__.py": "",
    "plugins/late/first.py": """
from acts import act
from table import check

@check
def positive(number):
    return act(number) > 0
""",
    "others/__init__.py": "",
    "others/second.py": """
from acts import act
from table import check

@check
def even(number):
    return act(number) % 2 == 0
""",
}


def test_packages_that_only_functions_know(tmp_path: Path) -> None:
    assert_same_everywhere(tmp_path, SEARCHED)


HELD = {
    "main.py": """
import mail, sms
from perdure import workflow
from acts import act, die

SENDERS = [mail, sms]
BY_NAME = {sender.NAME: sender for sender in SENDERS}

def send(sender, text):
    return sender.send(text)

@workflow
def run(marker):
    found = [sender.send("hello") for sender in SENDERS]
    kept = mail
    found += [die(marker), send(kept, "again"), BY_NAME["sms"].send(1), kept is mail]
    found += [getattr(sms, "send")(2), vars(mail)["send"](3), kept.Letter(4).text]
    for sender in SENDERS:
        found += [sender.shout(act("x")), sender.twice("y"), sender.first("z")]
    return found
""",
    "mail.py": """
import functools
from acts import act
NAME = "mail"

def send(text):
    return act(text), NAME

def repeated(function):
    def wrapped(text):
        return function(text), act(2)
    return wrapped

class Letter:
    def __init__(self, text):
        self.text = act(text)

shout = lambda text: act(text).upper()
twice = repeated(send)
first = functools.partial(send)
""",
    "sms.py": """
from acts import act
from mail import shout, twice, first
NAME = "sms"

def send(text):
    return NAME, act(text)
""",
}


def test_modules_in_variables(tmp_path: Path) -> None:
    assert_same_everywhere(tmp_path, HELD)


FAILING = {
    "main.py": """
from perdure import workflow
from acts import act
try:
    import optional
except ImportError:
    optional = None
import broken

@workflow
def run(marker):
    return act(marker)
""",
    "optional.py": "import nowhere_to_be_found",
    "broken.py": "import acts\nacts.missing",
}


def test_the_module_that_failed_is_named(tmp_path: Path) -> None:
    """Not one whose failure the program has dealt with, nor those that import it."""
    project = write(tmp_path / "project", FAILING)
    store = f"sqlite:///{tmp_path / 's.db'}"
    done = perdure("run", "main.py:run", "1", "--store", store, cwd=project)
    assert "module broken of the program failed when it was imported" in done.stderr


# Names that several imports bind.
CHOSEN = {
    "main.py": """
import sys
from typing import TYPE_CHECKING
from perdure import workflow
try:
    from chosen.acts import act
except ImportError:
    from nowhere_to_be_found import act
try:
    import nowhere_to_be_found as fast
except ImportError:
    import chosen.slow as fast
if sys.platform:
    from chosen.helpers import twice
else:
    from nowhere_to_be_found import twice
if TYPE_CHECKING:
    from nowhere_to_be_found import Order, act
if sys.platform:
    from chosen.slow import price
else:
    from chosen.helpers import price
try:
    from chosen.slow import Made
except ImportError:
    from chosen.helpers import Made

@workflow
def run(n):
    made = Made(n).value
    return act(n), twice(n), fast.thrice(n), price(n), list(map(price, [n])), made
""",
    "chosen/__init__.py": "",
    "chosen/acts.py": "from perdure import activity\n@activity\ndef act(n): return n",
    "chosen/helpers.py": """
from .acts import act
def twice(n): return 2 * act(n)
price = twice
class Made: pass
""",
    "chosen/slow.py": """
from .acts import act
def thrice(n): return 3 * act(n)
def price(n): return 5 * act(n)
class Made:
    def __init__(self, n): self.value = act(n)
""",
}


def test_of_several_imports_of_a_name_the_one_that_is_there_counts(tmp_path: Path) -> None:
    project = write(tmp_path / "project", CHOSEN)
    store = f"sqlite:///{tmp_path / 's.db'}"
    done = perdure("run", "main.py:run", "4", "--store", store, cwd=project)
    assert done.stdout == "(4, 8, 12, 20, [20], 4)\n", done.stderr


# A script that puts the folder above it on the path, and one that does not.
BESIDE = {
    "scripts/job.py": """
import sys
from pathlib import Path
from perdure import workflow
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from core.acts import act

@workflow
def run(n):
    return act(n)
""",
    "scripts/plain.py": """
from perdure import workflow
from core.acts import act

@workflow
def run(n):
    return act(n)
""",
    "core/acts.py": "from perdure import activity\n@activity\ndef act(n): return n",
    "other/acme/parts/acts.py": "from perdure import activity\n@activity\ndef act(n): return -n",
    "acme/own.py": "from acme.parts.acts import act\ndef twice(n): return 2 * act(n)",
    "split.py": """
import os.path, sys
sys.path += [os.path.join(os.path.dirname(__file__), "nothing")]
sys.path.append(os.path.join(os.path.dirname(__file__), "other"))
from perdure import workflow
from acme.own import twice

@workflow
def run(n):
    return twice(n)
""",
}


def test_folders_that_a_script_puts_on_the_path(tmp_path: Path) -> None:
    project = write(tmp_path / "project", BESIDE)
    store = f"sqlite:///{tmp_path / 's.db'}"
    for target, given in (("scripts/job.py:run", "4\n"), ("split.py:run", "-8\n")):
        done = perdure("run", target, "4", "--store", store, cwd=project)
        assert done.stdout == given, done.stderr
    # The command does not put its folder on the path, as `python -m` does.
    command = [Path(sys.executable).with_name("perdure"), "run", "scripts/plain.py:run", "4"]
    failed = subprocess.run(
        [*command, "--store", store], cwd=project, capture_output=True, text=True
    )
    assert "No module named 'core'. core is in" in failed.stderr
    assert "from there the target is scripts.plain:run" in failed.stderr
    done = perdure("run", "scripts.plain:run", "4", "--store", store, cwd=project)
    assert done.stdout == "4\n", done.stderr


# It starts a run when it is imported: by a worker, too.
STARTING = {
    "main.py": """
import sys
import perdure
from acts import act

@perdure.workflow
def run(marker):
    return act(marker)

perdure.connect(sys.argv[1] if len(sys.argv) == 2 else "sqlite:///s.db").start(run, 3, id="a")
"""
}


def test_a_module_that_starts_a_run_when_it_is_imported(tmp_path: Path) -> None:
    project = write(tmp_path / "project", STARTING)
    command = [sys.executable, "main.py", "sqlite:///s.db"]
    subprocess.run(command, cwd=project, check=True)
    done = perdure("run", "main.py:run", "1", "--store", "sqlite:///s.db", cwd=project)
    assert 'Put that under `if __name__ == "__main__":`' in done.stderr
    assert "(main.py:10)" in done.stderr
    assert done.returncode != 0


def test_a_new_module_where_modules_are_loaded_by_name(tmp_path: Path) -> None:
    """The image in the cache is of the modules that there were."""
    project = write(tmp_path / "project", LOADED)
    marker = tmp_path / "n"
    marker.touch()
    command = ("run", "main.py:run", repr(str(marker)), "--store", f"sqlite:///{tmp_path / 's.db'}")
    assert perdure(*command, cwd=project).returncode == 0
    third = (
        "from plugins import register\nfrom acts import act\nregister('d')(lambda x: act(x) + 70)"
    )
    (project / "plugins" / "third.py").write_text(third)
    done = perdure(*command, cwd=project)
    assert done.returncode == 0, done.stderr
    assert ast.literal_eval(done.stdout) == native(project, marker)
    assert 72 in ast.literal_eval(done.stdout)[0]


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

    here, plan = Here(act(3)), sched.scheduler()
    return Square(2).about(marker), dataclasses.astuple(here), constants.LIMIT, plan.run()
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
    # A module that puts something in its own place, and one that hides Python's of that name.
    "constants.py": """
import sys
class Constants:
    @property
    def LIMIT(self):
        return 10
sys.modules[__name__] = Constants()
""",
    "sched.py": """
from acts import act
seed = 7

class scheduler:
    def run(self):
        return act(seed)
""",
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


# Folders without an `__init__.py`: packages too, and their decorators are the project's own.
FOLDERS = {
    "main.py": """
from perdure import workflow
from acme.orders.steps import checkout
import acme.tools.counting as counting
import acme.tools.marks

@workflow
def run(marker):
    import acme.orders.late
    found = [checkout(marker), counting.count([1, 2]), acme.tools.marks.NAME]
    return found, acme.orders.late.go(3)
""",
    "acme/orders/steps.py": """
from acme.tools.marks import marked
from ..tools import counting
from acts import act, die

@marked
def checkout(marker):
    return die(marker), counting.count("abc")
""",
    "acme/orders/late.py": "from acts import act\ndef go(x): return act(x)\n",
    "acme/tools/counting.py": """
from acts import act

def count(xs):
    return len([act(x) for x in xs])
""",
    "acme/tools/marks.py": """
import functools
NAME = __name__

def marked(function):
    @functools.wraps(function)
    def inner(*args):
        return "marked", function(*args)
    return inner
""",
}


def test_packages_without_init_files(tmp_path: Path) -> None:
    assert_same_everywhere(tmp_path, FOLDERS)


# What the import of a module has put into a table is there in the next process, too.
REGISTERED = {
    "main.py": """
import importlib
from perdure import workflow
from acts import act, die
from registry import HANDLERS, Kind

@workflow
def run(marker):
    import handlers.first
    importlib.import_module("handlers.second")
    found = die(marker), sorted(HANDLERS), [kind.__name__ for kind in Kind.kinds]
    return found, HANDLERS["first"](1), [kind().go(2) for kind in Kind.kinds]
""",
    "registry.py": """
HANDLERS = {}

def register(function):
    HANDLERS[function.__name__] = function
    return function

class Kind:
    kinds = []

    def __init_subclass__(cls):
        Kind.kinds.append(cls)
""",
    "handlers/__init__.py": "",
    "handlers/first.py": """
from acts import act
from registry import register

@register
def first(x):
    return act(x)
""",
    "handlers/second.py": """
from acts import act
from registry import Kind

class Second(Kind):
    def go(self, x):
        return act(x) * 2
""",
}


def test_what_imports_have_registered(tmp_path: Path) -> None:
    assert_same_everywhere(tmp_path, REGISTERED)
