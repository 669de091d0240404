"""What a report says, beside where its findings stand: text, JSON, comments, counts, purity."""

from __future__ import annotations

import gc
import json
import re
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from perdure.compiler.audit import RULES, AuditError, audit_paths, explain

HERE = Path(__file__).parent
CHAIN = HERE / "projects" / "chain"
DOCS = HERE.parents[1] / "docs" / "audit.md"


@pytest.fixture
def audit(tmp_path):
    """Audit one module's text, or several by file name."""

    def run(text="", files=None, **options):
        for name, content in {"flow.py": text, **(files or {})}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(content))
        return audit_paths([tmp_path], **options)

    return run


def codes(report):
    return [(f.span.line, f.code) for f in report.findings]


# Text and JSON


def test_text_shows_the_line_the_reason_the_remedy_and_the_chain():
    report = audit_paths([CHAIN / "shop" / "flows.py"], select=["PD201"])
    assert report.text(base=CHAIN) == dedent(
        f"""\
        shop/clock.py:5:12: PD201 time.time() reads the wall clock (workflows checkout and refund)
            5 |     return time()  # expect: PD201
              |            ^^^^^^
           why:     {RULES["PD201"].why}
           instead: {RULES["PD201"].instead}
           shop/flows.py:15:1: workflow checkout
           shop/flows.py:16:13: checkout calls price
           shop/prices.py:5:12: price calls tax
           shop/prices.py:11:12: tax calls stamp

        1 finding, in 4 workflows and 5 files.
        """
    )


def test_text_of_a_finding_in_the_workflow_itself_has_no_chain(audit, tmp_path):
    report = audit(
        """\
        from perdure import workflow
        from datetime import datetime

        @workflow
        def flow():
        \treturn "ä", datetime.now()
        """
    )
    assert report.text(base=tmp_path) == (
        "flow.py:6:14: PD201 datetime.datetime.now() reads the wall clock (workflow flow)\n"
        '    6 | \treturn "ä", datetime.now()\n'
        "      | \t            ^^^^^^^^^^^^^^\n"
        f"   why:     {RULES['PD201'].why}\n"
        f"   instead: {RULES['PD201'].instead}\n"
        "\n"
        "1 finding, in 1 workflow and 1 file.\n"
    )


def test_json_has_what_ruff_has_and_the_chain():
    report = audit_paths([CHAIN], select=["PD201"])
    data = json.loads(json.dumps(report.to_json()))
    assert data["counts"] == {"PD201": 1}
    assert (data["files"], data["workflows"], data["exit_code"]) == (5, 4, 1)
    (finding,) = data["findings"]
    assert {k: v for k, v in finding.items() if k not in ("chain", "why", "instead")} == {
        "code": "PD201",
        "name": "wall-clock",
        "level": "error",
        "message": "time.time() reads the wall clock (workflows checkout and refund)",
        "url": "docs/audit.md#pd201",
        "filename": str(CHAIN / "shop" / "clock.py"),
        "location": {"row": 5, "column": 12},
        "end_location": {"row": 5, "column": 18},
        "workflows": ["shop.flows:checkout", "shop.flows:refund"],
    }
    assert finding["chain"][1] == {
        "filename": str(CHAIN / "shop" / "flows.py"),
        "row": 16,
        "column": 13,
        "text": "checkout calls price",
    }


def test_a_clean_report(audit):
    report = audit("x = 1\n")
    assert (report.exit_code, report.findings, report.counts) == (0, (), {})
    assert report.text() == "0 findings, in 0 workflows and 1 file.\n"


def test_findings_are_the_same_each_time_and_sorted():
    one, two = audit_paths([HERE / "projects"]), audit_paths([HERE / "projects"])
    assert one.to_json() == two.to_json()
    assert list(one.findings) == sorted(one.findings)


def test_one_root_cause_is_one_finding_however_it_is_reached(audit):
    report = audit(
        """\
        from perdure import workflow
        import time

        def helper():
            return time.time()

        @workflow
        def a(): return helper()

        @workflow
        def b(): return helper() + helper()

        @workflow
        def c(): return a()

        @workflow
        def d(): return helper()
        """
    )
    (finding,) = report.findings
    assert finding.workflows == ("flow:a", "flow:b", "flow:c", "flow:d")
    assert finding.message.endswith("(workflows a, b and 2 more)")


# Comments

FLOW = """\
from perdure import workflow
import time

@workflow
def flow():
    {0}
    return time.time(){1}
"""


@pytest.mark.parametrize(
    ("above", "behind"),
    [
        ("", "  # perdure: allow[PD201] only shown to people"),
        ("", "  # perdure: allow[wall-clock] only shown to people"),
        ("", "  # perdure: allow[PD207, PD201]: only shown to people"),
        ("", "  # noqa: PD201"),
        ("", "  # noqa: E501, PD201 for a reason"),
        ("# perdure: allow[PD201] only shown to people", ""),
        ("# perdure: allow[PD201] only shown to people\n    # and more\n", ""),
    ],
)
def test_comments_that_allow(audit, above, behind):
    report = audit(FLOW.format(above, behind), ignore=["PD299"])
    assert (codes(report), report.suppressed, report.exit_code) == ([], 1, 0)


def test_a_comment_at_a_def_covers_the_function(audit):
    report = audit(
        """\
        from perdure import workflow
        import time

        # perdure: allow[PD201] the times are shown, nothing else
        @workflow
        def above():
            return time.time(), time.time()

        @workflow
        def behind():  # perdure: allow[PD201] the times are shown, nothing else
            return time.time()

        @workflow
        def neither():
            return time.time()
        """
    )
    assert (codes(report), report.suppressed) == ([(15, "PD201")], 3)


def test_a_comment_covers_all_lines_of_an_expression(audit):
    report = audit(
        """\
        from perdure import workflow
        import time

        @workflow
        def flow():
            return time.strftime(
                "%Y"  # perdure: allow[PD201] shown to people
            )
        """
    )
    assert (codes(report), report.suppressed) == ([], 1)


def test_a_comment_in_a_string_is_no_comment(audit):
    report = audit(FLOW.format("", ', "# perdure: allow[PD201] x"'))
    assert codes(report) == [(7, "PD201")]


def test_allowing_without_a_reason_is_a_finding(audit):
    report = audit(FLOW.format("", "  # perdure: allow[PD201]"))
    assert (codes(report), report.suppressed, report.exit_code) == ([(7, "PD298")], 1, 1)


def test_allowing_nothing_in_particular_is_a_finding(audit):
    report = audit(FLOW.format("", "  # perdure: allow because"))
    assert codes(report) == [(7, "PD201"), (7, "PD298")]


def test_unused_comments_are_notes(audit):
    report = audit(
        """\
        import time  # perdure: allow[PD201] for no reason
        x = 1  # perdure: allow[PD999] there is no such rule
        y = 1  # noqa: PD201
        """
    )
    assert codes(report) == [(1, "PD299"), (2, "PD299")]
    assert (report.exit_code, len(report.unused_suppressions)) == (0, 2)
    assert "there is no such rule" in report.findings[1].message


def test_a_comment_for_a_rule_that_is_off_is_not_called_unused(audit):
    report = audit("x = 1  # perdure: allow[PD240] it may print\n")
    assert codes(report) == []


def test_comments_are_read_where_libcst_gives_up(audit, monkeypatch):
    import libcst

    def refuse(text):
        raise libcst.ParserSyntaxError("no", lines=["no"], raw_line=1, raw_column=0)

    monkeypatch.setattr(libcst, "parse_module", refuse)
    report = audit(FLOW.format("", "  # perdure: allow[PD201] shown to people"))
    assert (codes(report), report.suppressed) == ([], 1)


# What is not known


UNKNOWN = """\
from perdure import workflow
import mystery

@workflow
def flow(thing, call):
    thing.items.append(1)
    thing.frobnicate()
    call()
    mystery.do()
    exec("x = 1")
    getattr(thing, "x")()
    return globals()["f"](), str(thing), len(thing), thing.get("x")
"""


def test_unknown_calls_are_counted_and_quiet(audit):
    report = audit(UNKNOWN)
    assert (report.findings, report.unknown, report.exit_code) == ((), 6, 0)


def test_strict_lists_them(audit):
    report = audit(UNKNOWN, strict=True)
    assert codes(report) == [
        (7, "PD290"),
        (8, "PD290"),
        (9, "PD290"),
        (10, "PD291"),
        (11, "PD291"),
        (12, "PD291"),
    ]
    assert report.exit_code == 1
    assert "the call of mystery.do could not be resolved" in report.text()


def test_printing_is_off_until_it_is_selected(audit):
    text = """\
    from perdure import workflow
    import logging
    log = logging.getLogger("x")

    @workflow
    def flow():
        print("x")
        log.info("x")
        logging.warning("x")
    """
    assert codes(audit(text)) == []
    assert codes(audit(text, select=["PD2"])) == []
    assert codes(audit(text, select=["output"])) == [(7, "PD240"), (8, "PD240"), (9, "PD240")]


def test_select_and_ignore(audit):
    text = """\
    from perdure import workflow
    import time, uuid

    @workflow
    def flow():
        return time.time(), uuid.uuid4()
    """
    assert codes(audit(text, select=["uuid"])) == [(6, "PD207")]
    assert codes(audit(text, ignore=["PD207"])) == [(6, "PD201")]
    assert codes(audit(text, select=["PD2"], ignore=["PD20"])) == []


# What goes wrong


def test_a_syntax_error_does_not_hide_the_rest(audit):
    report = audit(
        FLOW.format("import broken", ""),
        files={
            "broken.py": "def f(:\n",
            "null.py": "x = '\0'\n",
            "sub/deep.py": "if x:\n",
            # The engine's own modules are nobody's project, but they are files.
            "perdure/__init__.py": "",
            "perdure/bad.py": "def g(:\n",
        },
    )
    found = [(Path(f.span.file).name, f.code) for f in report.findings]
    assert sorted(found) == [
        ("bad.py", "PD100"),
        ("broken.py", "PD100"),
        ("deep.py", "PD100"),
        ("flow.py", "PD201"),
        ("null.py", "PD100"),
    ]
    assert report.exit_code == 1


def test_a_file_that_is_not_text(audit, tmp_path):
    (tmp_path / "latin.py").write_bytes(b"x = '\xe9'\n")
    assert [f.code for f in audit(FLOW.format("", "")).findings] == ["PD201", "PD100"]


def test_warnings_of_the_parser_are_not_ours(audit):
    assert codes(audit("x = '\\d' if 1 is 1 else 2\n")) == []


def test_a_path_that_is_not_there(tmp_path):
    with pytest.raises(AuditError, match="there is no file or folder"):
        audit_paths([tmp_path / "nowhere"])


def test_a_rule_that_is_not_there(tmp_path):
    with pytest.raises(AuditError, match="fits no rule"):
        audit_paths([tmp_path], select=["PD777"])


def test_deep_nesting_is_survived(audit):
    chain = " + ".join(["x"] * 3000)
    report = audit(f"from perdure import workflow\n@workflow\ndef flow(x):\n    return {chain}\n")
    assert set(report.counts) <= {"PD100"}


def test_odd_annotations_are_survived(audit):
    report = audit(
        """\
        from typing import Optional
        from perdure import workflow

        @workflow
        def flow(a: tuple[()], b: "not python", c: Optional[()], d: 3, e: [int], *f: *tuple[int]):
            return a.x(), b.x(), c.x(), d.x(), e.x(), f.x()
        """
    )
    assert codes(report) == []


def test_circles_of_names_are_survived(audit):
    report = audit(
        """\
        from perdure import workflow
        from other import *

        a = b
        b = a

        class C:
            a = a
            time = time

        @workflow
        def flow(x):
            c = d
            d = c
            return a(), b(), c(), C().a(), missing()
        """,
        files={"other.py": "from flow import *\n"},
    )
    assert codes(report) == []


# Which files


def test_other_peoples_folders_are_left_out(audit):
    bad = FLOW.format("", "")
    folders = [".hidden", "__pycache__", "lib/site-packages/x", "node_modules", "mine"]
    files = {f"{folder}/bad{n}.py": bad for n, folder in enumerate(folders)}
    report = audit(files={**files, "other/pyvenv.cfg": "", "other/bad.py": bad})
    assert [Path(f.span.file).name for f in report.findings] == ["bad4.py"]


def test_helpers_outside_the_named_file_are_followed(audit, tmp_path):
    audit(files={"helper.py": "import time\ndef now(): return time.time()\n"})
    flow = tmp_path / "flow.py"
    flow.write_text(
        "from perdure import workflow\nimport helper\n@workflow\ndef f(): helper.now()\n"
    )
    report = audit_paths([flow])
    assert [(Path(f.span.file).name, f.code) for f in report.findings] == [("helper.py", "PD201")]
    assert report.files == 2


def test_scripts_find_their_neighbours_in_the_named_folder(audit):
    report = audit(
        files={
            "flows/order.py": """\
                from lib.clock import now
                from lib.acts import act
                from perdure import workflow

                @workflow
                def f(): return now(), act()
                """,
            "lib/clock.py": "import time\ndef now(): return time.time()\n",
            "lib/acts.py": """\
                import time
                from perdure import activity

                @activity
                def act(): return time.time()
                """,
        }
    )
    assert [(Path(f.span.file).name, f.code) for f in report.findings] == [("clock.py", "PD201")]


def test_a_file_named_twice_counts_once(audit, tmp_path):
    audit(FLOW.format("", ""))
    report = audit_paths([tmp_path, tmp_path / "flow.py"])
    assert (len(report.findings), report.files, report.workflows) == (1, 1, 1)


def test_the_audit_imports_nothing(audit, tmp_path):
    report = audit(
        f"""\
        import pathlib
        from perdure import workflow

        pathlib.Path({str(tmp_path / "made")!r}).touch()

        @workflow
        def flow(): ...
        """
    )
    assert report.workflows == 1
    assert not (tmp_path / "made").exists()
    assert "flow" not in sys.modules
    assert gc.isenabled()


# Rules and documents


def test_explain_prints_a_rule():
    text = explain("pd201")
    assert text == explain("wall-clock")
    assert text.startswith("PD201 wall-clock (on)\n")
    assert RULES["PD201"].why in text
    assert RULES["PD201"].instead in text
    with pytest.raises(KeyError, match="there is no rule PD777"):
        explain("PD777")


def test_every_rule_says_why_and_what_instead():
    for rule in RULES.values():
        assert rule.does
        assert rule.why
        assert rule.instead


def test_every_hazard_is_found_somewhere_in_the_projects():
    found = {f.code for f in audit_paths([HERE / "projects"], select=["ALL"]).findings}
    elsewhere = {"PD100", "PD291", "PD298", "PD299"}  # in the tests of this file
    assert set(RULES) - found == elsewhere


def test_the_documented_table_is_the_table():
    row = r"^\| <a id=\"(\w+)\"></a>(PD\d+) \| ([\w-]+) \| ([\w ?]*) \| (.+?) \|$"
    rows = re.findall(row, DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    assert [(code, name, classes.strip(), does) for _, code, name, classes, does in rows] == [
        (r.code, r.name, r.classes, r.does) for r in RULES.values()
    ]
    assert all(anchor == code.lower() for anchor, code, *_ in rows)
