"""Every wrong request gets one paragraph, a code that means something, and changes nothing."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from perdure.cli.boundary import Exit

NO_STORE = (
    "perdure: HERE/perdure.db: there is no store here, and this command does not make one. Check "
    "the path (a relative one starts at the present folder), or start a run or a worker with this "
    "address to create the store.\n"
)
WORKFLOWS = "its workflows are: checkout, echo, hanging, later, odd, patient, stocked, threaded"

WRONG_TARGETS = [
    (
        "shop.py",
        "'shop.py' is not a target: write FILE.py:function or package.module:function, for "
        "example shop.py:checkout",
    ),
    ("shup.py:checkout", "there is no file shup.py (looked for HERE/shup.py)"),
    (
        "shup:checkout",
        "there is no module shup under HERE: run from the folder that holds it, or name the file, "
        "as in shup.py:checkout",
    ),
    (
        "shop.py:check_out",
        f"HERE/shop.py defines no function 'check_out'; {WORKFLOWS}",
    ),
    (
        "shop.py:plain",
        "HERE/shop.py:95: 'plain' is a plain function: mark it with @workflow "
        f"(from perdure import workflow); {WORKFLOWS}",
    ),
    (
        "shop.py:price",
        f"HERE/shop.py:18: 'price' is an activity, not a workflow; {WORKFLOWS}",
    ),
]


@pytest.mark.parametrize("command", ["run", "start", "compile", "graph"])
@pytest.mark.parametrize(("target", "text"), WRONG_TARGETS)
def test_wrong_targets(shop, command, target, text):
    assert shop.error(command, target) == (Exit.USAGE, f"perdure: {text}\n")
    assert [p.name for p in shop.folder.iterdir()] == ["shop.py"]


def test_a_module_that_exits_when_it_is_imported(shop):
    """That is no end of a command that has begun nothing."""
    Path("exits.py").write_text("import sys\nsys.exit('no token')\n" + Path("shop.py").read_text())
    code, text = shop.error("run", "exits.py:checkout", "1")
    assert code == Exit.USAGE
    assert text == (
        "perdure: module exits of the program failed when it was imported (exits.py:2): "
        "SystemExit: no token\n"
    )


@pytest.mark.parametrize("command", ["run", "start"])
@pytest.mark.parametrize(
    ("given", "why"),
    [
        ([], "missing a required argument: 'number'"),
        (["1", "2"], "too many positional arguments"),
        (["1", "--arg", "colour=red"], "got an unexpected keyword argument 'colour'"),
    ],
)
def test_arguments_that_do_not_fit(shop, command, given, why):
    code, text = shop.error(command, "shop.py:checkout", *given)
    assert code == Exit.USAGE
    wanted = f"perdure: the arguments do not fit checkout(number, *, gift=False): {why}\n"
    assert text == wanted
    assert not Path("perdure.db").exists()


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (["--arg", "gift"], "--arg gift: write --arg NAME=VALUE, as in --arg gift=True"),
        (["--input", "no.json"], "--input no.json: cannot read it: No such file or directory"),
        (
            ["--input", "bad.json"],
            "--input bad.json: this is not JSON: Expecting value: line 1 column 1 (char 0)",
        ),
        (
            ["--input", "three.json"],
            "--input three.json: the file holds one int; write a JSON list for positional "
            "arguments, or an object for keyword arguments",
        ),
    ],
)
def test_arguments_that_cannot_be_read(shop, given, text):
    Path("three.json").write_text("3")
    Path("bad.json").write_text("oops")
    assert shop.error("run", "shop.py:checkout", *given) == (Exit.USAGE, f"perdure: {text}\n")
    assert not Path("perdure.db").exists()


def test_a_module_that_does_not_import(shop):
    Path("bad.py").write_text(
        "import shop\nraise OSError('no net')\n" + Path("shop.py").read_text()
    )
    code, text = shop.error("run", "bad.py:checkout", "1")
    assert code == Exit.USAGE
    assert text.splitlines()[-1] == (
        "perdure: module bad of the program failed when it was imported (bad.py:2): OSError: no net"
    )
    assert not Path("perdure.db").exists()


def test_a_refused_program_prints_its_diagnostics(shop):
    for command in ("run", "start", "compile", "graph"):
        assert shop.error(command, "shop.py:later") == (
            Exit.REFUSED,
            "HERE/shop.py:90:15: PD105 price suspends in the body of a class\n"
            "   90 |         tea = price(Order(1))\n"
            "      |               ^^^^^^^^^^^^^^^\n"
            "   why:     a class body runs as a whole to make the class\n"
            "   instead: call it before the class and use its value; methods may suspend\n",
        )
    assert not Path("perdure.db").exists()


READING = [("list",), ("show", "x"), ("resume", "x"), ("graph", "--run", "x")]


@pytest.mark.parametrize("command", READING, ids=lambda c: c[0])
def test_commands_that_read_make_no_store(shop, command):
    assert shop.error(*command) == (Exit.STORE, NO_STORE)
    assert not Path("perdure.db").exists()


EVERY = [
    *READING,
    ("run", "shop.py:checkout", "1"),
    ("start", "shop.py:checkout", "1"),
    ("worker",),
]


@pytest.mark.parametrize("command", EVERY, ids=lambda c: c[0])
def test_a_database_of_another_program_is_left_alone(shop, command):
    with closing(sqlite3.connect("perdure.db")) as other:
        other.execute("CREATE TABLE mine (x)")
    before = Path("perdure.db").read_bytes()
    code, text = shop.error(*command)
    assert code == Exit.STORE
    assert re.fullmatch(r"(shop is imported\n)?perdure: HERE/perdure\.db: [^\n]+\n", text) or (
        re.fullmatch(r"(shop is imported\n)?perdure: perdure\.db: [^\n]+\n", text)
    )
    assert Path("perdure.db").read_bytes() == before
    assert sorted(p.name for p in shop.folder.iterdir()) == ["perdure.db", "shop.py"]


@pytest.mark.parametrize("command", EVERY, ids=lambda c: c[0])
def test_a_damaged_store_is_named_as_such(shop, command):
    shop("run", "shop.py:checkout", "1", "--id", "x")
    whole = Path("perdure.db").read_bytes()
    Path("perdure.db").write_bytes(whole[: len(whole) // 2])
    code, text = shop.error(*command)
    assert code == Exit.STORE
    assert "the store is damaged" in text
    assert Path("perdure.db").read_bytes() == whole[: len(whole) // 2]


@pytest.mark.parametrize("command", READING[1:], ids=lambda c: c[0])
def test_an_unknown_run(shop, command):
    shop("start", "shop.py:checkout", "1", "--id", "y")
    text = "perdure: there is no run 'x' in sqlite:///perdure.db\n"
    assert shop.error(*command) == (Exit.STORE, text)


def test_an_id_of_another_workflow(shop):
    shop("start", "shop.py:checkout", "1", "--id", "x")
    code, text = shop.error("start", "shop.py:stocked", "1", "--id", "x")
    assert code == Exit.STORE
    assert text.splitlines()[-1] == (
        "perdure: run 'x' is a run of shop:checkout, not of shop:stocked: give this one another id"
    )


def test_an_unpicklable_live_variable(shop):
    done = shop("run", "shop.py:threaded", "1", "--id", "x")
    assert done.exit_code == Exit.NO
    assert done.stdout == ""
    assert done.stderr.splitlines()[-1] == (
        "perdure: run x failed: the variable 'mine' in threaded (line 52) is of type "
        "_thread._local, which "
        "cannot be pickled (cannot pickle '_thread._local' object), and it is still needed after "
        "price(Order(number)) (shop.py:53), where the run may have to move to another process. "
        "Make it after that call, or keep what it can be made from (a path, a key, a URL) and use "
        "it inside an activity."
    )
    assert "Traceback" not in done.stderr


def test_a_failed_run_shows_the_users_lines_and_only_those(shop):
    done = shop("run", "shop.py:stocked", "3", "--id", "x")
    assert done.exit_code == Exit.NO
    lines = done.stderr.replace(str(shop.folder), "HERE").splitlines(keepends=True)
    # What is underlined is Python's own affair, and differs between its versions.
    shown = [line for line in lines if line.strip(" ~^\n")]
    assert "".join(shown).endswith(
        "run x\n"
        "Traceback (most recent call last):\n"
        '  File "HERE/shop.py", line 46, in stocked\n'
        "    stock = fetch(order)\n"
        '  File "HERE/shop.py", line 25, in fetch\n'
        '    raise RuntimeError(f"no stock for {order.number}")\n'
        "RuntimeError: no stock for 3\n"
        "perdure: run x failed: RuntimeError: no stock for 3\n"
    )


@pytest.mark.parametrize(
    ("command", "code", "kind"),
    [
        (("run", "shop.py:nope"), Exit.USAGE, "TargetError"),
        (("run", "shop.py:checkout"), Exit.USAGE, "ArgumentsError"),
        (("run",), Exit.USAGE, "UsageError"),
        (("run", "--nonsense"), Exit.USAGE, "UsageError"),
        (("list", "--status", "odd"), Exit.USAGE, "UsageError"),
        (("list",), Exit.STORE, "StoreError"),
        (("list", "--store", "mysql://x"), Exit.STORE, "StoreError"),
        (("audit", "nowhere"), Exit.USAGE, "AuditError"),
        (("audit",), Exit.USAGE, "OptionsError"),
        (("compile", "shop.py:later"), Exit.REFUSED, "CompileError"),
    ],
)
def test_errors_are_json_when_json_is_asked_for(shop, command, code, kind):
    done = shop(*command, "--json")
    assert (done.exit_code, done.stdout) == (code, "")
    error = json.loads(done.stderr)["error"]
    assert error["type"] == kind
    assert error["message"]
    assert ("diagnostics" in error) == (kind == "CompileError")


def test_a_failed_run_as_json(shop):
    done = shop("run", "shop.py:stocked", "3", "--id", "x", "--json")
    assert (done.exit_code, done.stdout) == (Exit.NO, "")
    error = json.loads(done.stderr[done.stderr.index("{") :])["error"]
    assert (error["type"], error["message"], error["run"]) == (
        "RuntimeError",
        "no stock for 3",
        "x",
    )
    assert "in fetch" in error["traceback"]


def test_a_fault_of_ours_keeps_its_traceback(shop, monkeypatch):
    def fails(*args, **kwargs):
        raise ZeroDivisionError("ours")

    monkeypatch.setattr("perdure.compiler.pipeline.compile_target", fails)
    code, text = shop.error("compile", "shop.py:checkout")
    assert code == Exit.FAULT
    assert text.startswith("Traceback (most recent call last)")
    assert text.endswith(
        "perdure: this is a fault in Perdure; please report it with the lines above\n"
    )


def test_a_workflow_of_somebody_else(shop):
    Path("other.py").write_text("from perdur import workflow\n\n@workflow\ndef run():\n    pass\n")
    assert shop.error("run", "other.py:run") == (
        Exit.USAGE,
        "perdure: HERE/other.py:4: the @workflow of 'run' is perdur.workflow, not perdure's: "
        "write `from perdure import workflow`\n",
    )


def test_imported_workflows_are_targets(shop):
    """A package offers the workflows that it has from its modules, under its own names."""
    (shop.folder / "store.py").write_text(
        "from shop import checkout, echo as say, price\nfrom shop import plain\n"
    )
    assert shop("run", "store:say", "7").stdout == shop("run", "shop:echo", "7").stdout != ""
    where = "HERE/store.py defines no function 'echo'; its workflows are: checkout, say"
    assert shop.error("run", "store:echo", "7") == (Exit.USAGE, f"perdure: {where}\n")
    code, text = shop.error("run", "store:plain")
    assert code == Exit.USAGE
    assert text.startswith("perdure: HERE/shop.py:95: 'plain' is a plain function")


def test_an_error_whose_text_cannot_be_made(shop):
    Path("mute.py").write_text(
        "from perdure import workflow\n\nclass Mute(Exception):\n    def __str__(self):\n"
        "        raise RuntimeError\n\n@workflow\ndef run():\n    raise Mute\n"
    )
    done = shop("run", "mute.py:run", "--id", "x")
    assert done.exit_code == Exit.NO
    assert done.stderr.endswith("perdure: run x failed: Mute: (its text cannot be made)\n")
    as_json = shop("run", "mute.py:run", "--id", "y", "--json")
    assert as_json.exit_code == Exit.NO
    said = json.loads(as_json.stderr[as_json.stderr.index("{") :])
    assert said["error"]["message"] == "(its text cannot be made)"


def test_an_argument_that_begins_with_a_minus(shop):
    code, text = shop.error("run", "shop.py:stocked", "-1")
    assert code == Exit.USAGE
    assert text.splitlines()[-1] == (
        "Error: No such option: -1. An argument that begins with a minus comes after --, as in: "
        "perdure run TARGET -- -1"
    )
    code, text = shop.error("run", "shop.py:stocked", "-x")
    assert (code, text.splitlines()[-1]) == (Exit.USAGE, "Error: No such option: -x")
