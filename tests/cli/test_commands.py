"""What each command answers, as text and as JSON."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest

from perdure import connect
from perdure.cli.arguments import value_of
from perdure.cli.boundary import Exit

EXAMPLES = Path(__file__).parents[2] / "examples"
MASKED = [
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "WHEN"),
    (r"[0-9a-f]{32}", "HASH"),
    (r"\S+-\d+-[0-9a-f]{8}", "WORKER"),
    (r"\d+\.\d+ ms", "MS"),
    (r"  +", "  "),
]


def masked(shop, text):
    """Text without what differs from one time to the next; columns two spaces apart."""
    text = text.replace(str(shop.folder), "HERE")
    for pattern, word in MASKED:
        text = re.sub(pattern, word, text)
    return text


# compile ------------------------------------------------------------------------------------------


def test_compile_prints_blocks_and_code(shop):
    done = shop("compile", "shop.py:checkout", "--verify")
    assert done.exit_code == 0
    assert masked(shop, done.stdout) == (
        "shop:checkout: image HASH\n"
        "1 function, 2 task blocks, 3 activities in its modules\n"
        "\n"
        "shop:checkout (line 36)\n"
        "block  kind  line  begins after  live values\n"
        "0  entry  36  entry  number, gift\n"
        "1  resume  38  price(order)  order\n"
        "\n"
        "def f0_checkout_0(number, *, gift):\n"
        "  order = Order(number, gift)\n"
        "  return _Suspend0(price, (order,), then=1, live=(order,))\n"
        "\n"
        "def f0_checkout_1(_resume, order):\n"
        "  total = _resume()\n"
        "  return {'order': order.number, 'gift': order.gift, 'total': total}\n"
    )


def test_compile_as_json(shop):
    found = shop.json("compile", "shop:checkout")
    assert set(found) == {"entry", "image", "activities", "functions", "code"}
    assert (found["entry"], found["activities"]) == (
        "shop:checkout",
        ["shop:price", "shop:fetch", "shop:hang"],
    )
    (function,) = found["functions"]
    assert [b["live"] for b in function["blocks"]] == [["number", "gift"], ["order"]]
    keys = {"number", "function", "kind", "line", "label", "live", "fingerprint"}
    assert set(function["blocks"][0]) == keys


@pytest.mark.parametrize("stage", ["normalize", "cfg", "dataflow", "blocks", "code"])
def test_compile_dumps_each_stage(shop, stage):
    done = shop("compile", "shop.py:checkout", f"--dump={stage}")
    assert done.exit_code == 0
    assert "checkout" in done.stdout
    found = shop.json("compile", "shop.py:checkout", "--dump", stage)
    assert found["stage"] == stage
    assert found["text"].rstrip("\n") + "\n" == done.stdout


# audit --------------------------------------------------------------------------------------------

CLOCK = """\
import time
from perdure import workflow


@workflow
def stamped():
    return time.time()
"""


def test_audit_exits_with_1_when_it_finds_something(shop):
    Path("clock.py").write_text(CLOCK)
    done = shop("audit", "clock.py", "shop.py")
    assert done.exit_code == Exit.NO
    assert done.stdout.startswith("clock.py:7:12: PD201 ")
    found = json.loads(shop("audit", "clock.py", "--json").stdout)
    assert found["counts"] == {"PD201": 1}
    assert shop("audit", "clock.py", "--ignore", "PD201,PD202").exit_code == 0
    assert shop("audit", "clock.py", "--select", "PD204").exit_code == 0
    assert shop("audit", "shop.py", "--strict").exit_code in (Exit.OK, Exit.NO)


def test_audit_explains_a_rule(shop):
    assert shop("audit", "--explain", "PD201").stdout.startswith("PD201 wall-clock")
    code, text = shop.error("audit", "--explain", "PD999")
    assert code == Exit.USAGE
    assert text.startswith("perdure: there is no rule PD999; the rules are PD100, ")


def test_audit_of_an_unknown_code(shop):
    code, text = shop.error("audit", "shop.py", "--select", "XX")
    assert code == Exit.USAGE
    assert text.startswith("perdure: ")


# graph --------------------------------------------------------------------------------------------


def test_graph_writes_the_file_and_prints_its_name(shop):
    done = shop("graph", "shop.py:patient", "-o", "all.svg")
    assert (done.exit_code, done.stdout) == (0, "all.svg\n")
    assert "<svg" in Path("all.svg").read_text()
    one = shop("graph", "shop.py:patient", "-o", "one.svg", "--function", "after_a_while")
    assert one.exit_code == 0
    assert len(Path("one.svg").read_text()) < len(Path("all.svg").read_text())


def test_graph_marks_where_a_run_stands(shop):
    shop("run", "shop.py:stocked", "1", "--id", "x")
    assert shop("graph", "--run", "x", "-o", "run.svg").exit_code == 0
    shop("graph", "shop.py:stocked", "-o", "plain.svg")
    assert Path("run.svg").read_text() != Path("plain.svg").read_text()
    shop("show", "x", "--svg", "shown.svg")
    assert Path("shown.svg").read_text() == Path("run.svg").read_text()


def test_graph_of_what_is_not_there(shop):
    functions = "its durable functions are: shop:patient, shop:after_a_while"
    assert shop.error("graph", "shop.py:patient", "--function", "x") == (
        Exit.USAGE,
        f"perdure: 'x' names no function of this program; {functions}\n",
    )
    assert shop.error("graph", "shop.py:patient", "-o", "no/x.svg") == (
        Exit.USAGE,
        "perdure: cannot write no/x.svg: No such file or directory\n",
    )
    assert shop.error("graph")[0] == Exit.USAGE


# run and start ------------------------------------------------------------------------------------


def test_run_prints_the_result(shop):
    done = shop("run", "shop.py:checkout", "3", "--arg", "gift=True", "--id", "x")
    assert done.exit_code == 0
    assert done.stdout == "{'order': 3, 'gift': True, 'total': 30}\n"
    assert done.stderr == "shop is imported\nrun x\n"
    again = shop("run", "shop.py:checkout", "4", "--id", "x")
    assert again.stdout == done.stdout


def test_run_as_json_keeps_the_programs_own_prints_away(shop):
    found = shop.json("run", "shop.py:checkout", "3", "--id", "x")
    result = {"order": 3, "gift": False, "total": 30}
    assert found == {"id": "x", "status": "succeeded", "result": result}


def test_a_result_that_json_cannot_say(shop):
    found = shop.json("run", "shop.py:odd", "3")
    assert found["result"] == "{1: Order(number=3, gift=False)}"


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("3", 3),
        ("-3", -3),
        ("'3'", "3"),
        ("hello", "hello"),
        ("None", None),
        ("true", "true"),
        ("[1, 'a']", [1, "a"]),
        ("2024-01-01", "2024-01-01"),
        ("f(", "f("),
        ("", ""),
        ("a\0b", "a\0b"),
        ("(" * 10_000, "(" * 10_000),
    ],
)
def test_words_are_literals_or_strings(word, value):
    assert value_of(word) == value


def test_arguments_come_from_a_file_too(shop):
    Path("list.json").write_text('[1, "two"]')
    Path("object.json").write_text('{"a": 1, "b": 2}')
    found = shop.json("run", "shop.py:echo", "--input", "list.json", "--", "-3")
    assert found["result"] == [[1, "two", -3], {}]
    found = shop.json("run", "shop.py:echo", "x", "--input", "object.json", "--arg", "b=[3]")
    assert found["result"] == [["x"], {"a": 1, "b": [3]}]


def test_start_prints_the_id_and_leaves_the_work(shop):
    assert shop("start", "shop.py:checkout", "3", "--id", "x").stdout == "x\n"
    assert shop.json("start", "shop.py:checkout", "3", "--id", "x") == {
        "id": "x",
        "status": "running",
    }
    assert [r["version"] for r in shop.json("list")] == [0]
    assert shop("start", "shop.py:checkout", "3").stdout.strip()
    assert len(shop.json("list")) == 2


def test_the_store_is_the_option_or_the_environment(shop, monkeypatch):
    shop("start", "shop.py:checkout", "1", "--id", "x", "--store", "sqlite:///one.db")
    monkeypatch.setenv("PERDURE_STORE", "sqlite:///two.db")
    shop("start", "shop.py:checkout", "1", "--id", "y")
    assert [r["id"] for r in shop.json("list")] == ["y"]
    assert [r["id"] for r in shop.json("list", "--store", "sqlite:///one.db")] == ["x"]
    assert not Path("perdure.db").exists()


# list and show ------------------------------------------------------------------------------------


def test_list(shop):
    shop("run", "shop.py:checkout", "1", "--id", "a")
    shop("run", "shop.py:stocked", "1", "--id", "b")
    shop("start", "shop.py:checkout", "1", "--id", "c")
    assert masked(shop, shop("list").stdout) == (
        "run  workflow  status  version  created  updated\n"
        "c  shop:checkout  running  0  WHEN  WHEN\n"
        "b  shop:stocked  failed  4  WHEN  WHEN\n"
        "a  shop:checkout  succeeded  2  WHEN  WHEN\n"
    )
    ids = [
        [run["id"] for run in shop.json("list", *options)]
        for options in (
            ("--status", "failed"),
            ("--workflow", "shop:checkout"),
            ("--limit", "1"),
            ("--status", "cancelled"),
        )
    ]
    assert ids == [["b"], ["c", "a"], ["c"], []]
    assert set(shop.json("list")[0]) == set(
        "id workflow status version image queue created_at updated_at worker wake_at".split()
    )
    nothing = shop("list", "--status", "cancelled")
    assert (nothing.stdout, nothing.stderr) == ("", "no runs\n")


STOOD = """\
run x: failed
workflow  shop:stocked (image HASH)
version  4, queue default
created  WHEN
updated  WHEN
error  RuntimeError: no stock for 3

fiber 0 would go on after activity 1: fetch, attempt 2
  HERE/shop.py:46 in stocked, block 2
  stock = fetch(order)
  total = 30

seq  activity  line  status  attempt  took  worker  error
0  price(Order(number=3, gift=False))  45  succeeded  1  MS  WORKER
1  fetch(Order(number=3, gift=False))  46  failed  2  MS  WORKER  RuntimeError: no stock for 3
"""


def test_show_says_where_a_run_stands(shop):
    shop("run", "shop.py:stocked", "3", "--id", "x")
    assert masked(shop, shop("show", "x").stdout) == STOOD


def test_show_needs_nothing_of_the_users_code(shop):
    shop("run", "shop.py:stocked", "3", "--id", "x")
    Path("shop.py").unlink()
    with shop.process("show", "x") as process:
        text, _ = process.communicate(timeout=60)
    assert masked(shop, text) == STOOD


def test_show_of_a_program_that_does_not_load_here(shop):
    """What belongs to the program is shown by its name."""
    text = Path("shop.py").read_text()
    Path("shop.py").write_text(f"import only_there\n\n{text}")
    Path("only_there.py").write_text("import os\nif os.path.exists('elsewhere'): raise OSError\n")
    shop("start", "shop.py:patient", "3", "--id", "new")
    with shop.process("run", "shop.py:stocked", "3", "--id", "x") as process:
        process.communicate(timeout=60)
    Path("elsewhere").touch()
    with shop.process("show", "x", "--json") as process:
        out, _ = process.communicate(timeout=60)
    found = json.loads(out)
    assert found["error"] == {"type": "RuntimeError", "message": "no stock for 3"}
    assert [row["arguments"] for row in found["history"]] == ["<shop.Order>"] * 2
    with shop.process("show", "new") as process:
        out, _ = process.communicate(timeout=60)
    assert "not begun; called with\n  (3,) {}\n" in out


def test_show_as_json(shop):
    shop("run", "shop.py:stocked", "3", "--id", "x")
    found = shop.json("show", "x")
    assert found["fibers"] == [
        {
            "id": 0,
            "waits_for": {
                "kind": "activity",
                "seq": 1,
                "name": "shop:fetch",
                "attempt": 2,
                "due_at": found["fibers"][0]["waits_for"]["due_at"],
            },
            "frames": [
                {
                    "function": "shop:stocked",
                    "block": 2,
                    "file": str(shop.folder / "shop.py"),
                    "line": 46,
                    "source": "stock = fetch(order)",
                    "live": [{"name": "total", "type": "int", "repr": "30"}],
                }
            ],
        }
    ]
    assert found["error"] == {"type": "RuntimeError", "message": "no stock for 3"}
    assert [row["error"] for row in found["history"]] == [None, found["error"]]
    assert set(found["history"][0]) == set(
        "seq name line status attempt arguments error scheduled_at started_at finished_at seconds"
        " worker".split()
    )


ASYNC = """
import asyncio
from perdure import activity, workflow

@activity
async def fetch(name):
    raise RuntimeError(name)

async def asked(name, seconds):
    await asyncio.sleep(seconds)
    return await fetch(name)

@workflow
async def run():
    other = asyncio.create_task(asked("late", 1000))
    async with asyncio.timeout(9000):
        found, _ = await asyncio.gather(asked("soon", 0), asked("later", 500))
    return found, await other
"""


def test_show_of_tasks(shop):
    """What each task of an `async def` workflow awaits, down to what it waits for."""
    Path("tasks.py").write_text(ASYNC)
    assert shop("run", "tasks.py:run", "--id", "x").exit_code == Exit.NO
    found = shop.json("show", "x")["fibers"]
    first, second, third, _ = [
        ([frame["function"] for frame in fiber["frames"]], fiber["waits_for"]["kind"])
        for fiber in found
        if fiber["frames"]
    ]
    assert first == (["tasks:run"], "other fibers")
    assert (second[0][0], second[1]) == ("tasks:asked", "timer")
    assert third == (["tasks:asked"], "activity")
    names = {
        value["name"] for fiber in found for frame in fiber["frames"] for value in frame["live"]
    }
    assert {"other", "name"} <= names
    assert not any(name.startswith("_") for name in names)
    text = shop("show", "x").stdout
    assert "fiber 0 would go on after other fibers" in text
    assert "return await fetch(name)" in text
    assert "await asyncio.gather(" in text


def test_show_of_a_run_that_has_succeeded(shop):
    shop("run", "shop.py:checkout", "3", "--id", "x")
    found = shop.json("show", "x")
    assert (found["result"]["total"], found["fibers"]) == (30, [])
    assert "result    {'gift': False, 'order': 3, 'total': 30}\n" in shop("show", "x").stdout


# resume -------------------------------------------------------------------------------------------


def test_resume_goes_on_from_the_last_checkpoint(shop):
    assert shop("run", "shop.py:stocked", "3", "--id", "x").exit_code == Exit.NO
    again = shop("resume", "x")
    assert again.exit_code == Exit.NO
    assert "RuntimeError: no stock for 3" in again.stderr
    Path("stock").touch()
    done = shop("resume", "x")
    assert (done.exit_code, done.stdout) == (0, "37\n")
    assert done.stderr == "run x had failed; it goes on from its last checkpoint\n"
    statuses = [(row["name"], row["status"]) for row in shop.json("show", "x")["history"]]
    assert statuses == [("shop:price", "succeeded"), ("shop:fetch", "succeeded")]


def test_pictures_are_svg(shop):
    code, text = shop.error("graph", "shop.py:checkout", "-o", "shop.png")
    assert code == Exit.USAGE
    assert text == "perdure: cannot write shop.png: pictures are SVG; name it shop.svg\n"
    assert not Path("shop.png").exists()


def test_resume_lets_a_paused_run_go(shop):
    shop("start", "shop.py:checkout", "3", "--id", "x")
    with connect("sqlite:///perdure.db") as client:
        assert client.store.pause_run("x", now=time.time())
    assert shop.json("list")[0]["status"] == shop.json("show", "x")["status"] == "paused"
    assert "paused    until: perdure resume x" in shop("show", "x").stdout
    code, text = shop.error("run", "shop.py:checkout", "3", "--id", "x")
    assert code == Exit.USAGE
    assert text.endswith("perdure: run x is paused; let it go on with: perdure resume x\n")
    done = shop("resume", "x")
    assert done.exit_code == 0
    assert done.stderr == "run x was paused; it goes on\n"


def test_resume_of_what_was_only_started_and_of_what_has_ended(shop):
    shop("start", "shop.py:checkout", "3", "--id", "x")
    first = shop.json("resume", "x")
    assert first["result"]["total"] == 30
    assert shop.json("resume", "x") == first
