"""The picture of a program: what is in the SVG that people and pages look at."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from perdure.compiler.graph import NONE, Chart, charts
from perdure.compiler.image import Image, ImageError
from perdure.compiler.pipeline import Stages, compile_again, compile_target
from perdure.compiler.svg import render_svg, to_dot
from tests.compiler.conftest import Compiler

PROGRAMS = Path(__file__).parent / "programs"
SVG = "{http://www.w3.org/2000/svg}"


def drawn(stages: Stages) -> list[Chart]:
    return charts(function.code for function in stages.functions.values())


def chart(stages: Stages, name: str = "flow") -> Chart:
    return next(c for c in drawn(stages) if c.name.endswith(f":{name}"))


def ways(made: Chart) -> set[tuple[str, str, str, str]]:
    """The edges, as (from, kind, condition, to); nodes by their block or their text."""

    def name(number: int) -> str:
        node = made.nodes[number]
        return str(node.block) if node.kind == "block" else node.text or node.kind

    return {(name(e.tail), e.kind, e.text, name(e.head)) for e in made.edges}


def parts(svg: str) -> dict[str, ElementTree.Element]:
    """The elements of a picture that have an id."""
    tree = ElementTree.fromstring(svg)
    return {e.attrib["id"]: e for e in tree.iter(f"{SVG}g") if "id" in e.attrib}


def words(element: ElementTree.Element) -> str:
    found = (t.text or "" for t in element.iter(f"{SVG}text"))
    return " ".join(" ".join(found).replace("\xa0", " ").split())


@pytest.fixture
def total() -> Image:
    return compile_target("total.py:flow", cwd=PROGRAMS).image


def test_the_programs_ways(total: Image) -> None:
    assert ways(drawn(compile_again(total))[0]) == {
        ("start", "flow", "", "0"),
        ("0", "flow", "", "choice"),
        ("choice", "flow", "each item of items", "choice"),
        ("choice", "flow", "if item.taxed", "rate(item.country)"),
        ("rate(item.country)", "flow", "", "1"),
        ("choice", "back", "not item.taxed", "choice"),
        ("1", "back", "", "choice"),
        ("choice", "flow", "exhausted", "receipt(s)"),
        ("receipt(s)", "flow", "", "2"),
        ("2", "flow", "", "end"),
    }


def test_svg_holds_nodes_conditions_lines_and_clusters(total: Image) -> None:
    found = parts(render_svg(total))
    assert words(found["b-0-0"]) == "0 s = 0 line 14"
    assert words(found["b-0-1"]) == "1 s += rate(...) * item.price line 17"
    assert words(found["s-0-1"]) == "rate(item.country) activity, line 17"
    assert words(found["f-0"]) == "flow(items) total.py:13"
    assert words(found["g-0-0"]) == "for item in items line 15"
    edges = {words(e) for i, e in found.items() if i.startswith("e-")}
    assert edges >= {"each item of items", "exhausted", "if item.taxed", "not item.taxed"}
    text = words(ElementTree.fromstring(render_svg(total)))
    for word in ("task block", "activity", "timer", "durable call", "dynamic call", "exception"):
        assert word in text


@pytest.mark.parametrize("program", sorted(p.stem for p in PROGRAMS.glob("*.py")))
def test_each_suspension_and_each_block_is_drawn_once(program: str) -> None:
    image = compile_target(f"{program}.py:flow", cwd=PROGRAMS).image
    tree = ElementTree.fromstring(render_svg(image))
    ids = [e.attrib["id"] for e in tree.iter(f"{SVG}g") if "id" in e.attrib]
    assert len(ids) == len(set(ids))
    for index, table in enumerate(image.functions):
        blocks = {i for i in ids if i.startswith(f"b-{index}-")}
        assert blocks == {f"b-{index}-{block.number}" for block in table.blocks}
        resumed = {i for i in ids if i.startswith(f"s-{index}-")}
        assert resumed == {
            f"s-{index}-{block.number}" for block in table.blocks if block.kind == "resume"
        }


def test_the_same_program_gives_the_same_picture(total: Image) -> None:
    again = compile_target("total.py:flow", cwd=PROGRAMS).image
    stored = Image.from_bytes(total.to_bytes())
    assert render_svg(total) == render_svg(again) == render_svg(stored)


def test_a_program_whose_files_are_gone_is_drawn(compiled: Compiler, tmp_path: Path) -> None:
    stages = compiled("def flow(a): return act(a)")
    before = render_svg(stages.image)
    (tmp_path / "shop.py").unlink()
    assert render_svg(Image.from_bytes(stages.image.to_bytes())) == before


def test_a_program_that_is_cut_otherwise_is_not_drawn(total: Image) -> None:
    function = replace(total.functions[0], blocks=total.functions[0].blocks[:-1])
    with pytest.raises(ImageError, match="another version of Perdure"):
        render_svg(replace(total, functions=(function,)))


def test_mark(total: Image) -> None:
    found = parts(render_svg(total, mark=("total:flow", 1)))
    marked = [i for i, e in found.items() if "marked" in e.attrib.get("class", "").split()]
    assert marked == ["b-0-1"]
    assert "resumed here" in words(found["b-0-1"])
    assert "resumed here" not in render_svg(total)


def test_what_the_image_does_not_have_is_refused(total: Image) -> None:
    with pytest.raises(ValueError, match="no function 'total:flown'; it has: total:flow"):
        render_svg(total, "total:flown")
    with pytest.raises(ValueError, match="total:flow has no block 3; it has 0 to 2"):
        render_svg(total, mark=("total:flow", 3))


def test_functions_are_drawn_apart_and_calls_link_to_them() -> None:
    image = compile_target("manager.py:flow", cwd=PROGRAMS).image
    found = parts(render_svg(image))
    assert words(found["f-0"]).startswith("flow(paths)")
    assert words(found["f-1"]).startswith("inner(text)")
    link = found["s-0-2"].find(f".//{SVG}a")
    assert link is not None
    assert link.attrib["{http://www.w3.org/1999/xlink}href"] == "#f-1"
    one = parts(render_svg(image, "manager:inner"))
    assert "f-1" in one
    assert "f-0" not in one


def test_try_with_and_finally_are_clusters() -> None:
    made = drawn(compile_target("cleanup.py:flow", cwd=PROGRAMS))[0]
    titles = [(g.kind, g.text) for g in made.groups if g.text]
    assert titles == [
        ("loop", "for name in names"),
        ("try", "try … finally"),
        ("try", "try"),
        ("handler", "except KeyError as error"),
        ("cleanup", "finally, after an exception"),
        ("cleanup", "finally"),
    ]
    manager = drawn(compile_target("manager.py:flow", cwd=PROGRAMS))[0]
    titles = [(g.kind, g.text) for g in manager.groups if g.text]
    assert titles == [("with", "with Lock('a') as first"), ("with", "with Lock('b')")]


def test_exceptions_leave_the_whole_body(compiled: Compiler) -> None:
    made = chart(
        compiled(
            """
            def flow(a):
                try:
                    act(1)
                    act(2)
                except (ValueError, KeyError):
                    act(3)
                except OSError as error:
                    raise RuntimeError(a) from error
            """
        )
    )
    raised = [e for e in made.edges if e.kind == "raise"]
    assert [(e.text, e.group != NONE) for e in raised] == [
        ("except (ValueError, KeyError)", True),
        ("except OSError", True),
        ("", False),  # out of the function
    ]
    assert [made.nodes[e.head].text or made.nodes[e.head].kind for e in raised] == [
        "act(3)",
        "raise RuntimeError(a) from error",
        "raised",
    ]


def test_a_raise_leads_to_the_handler_that_names_it(compiled: Compiler) -> None:
    made = chart(
        compiled(
            """
            def flow(a):
                try:
                    if a:
                        raise KeyError(a)
                    act(1)
                except ValueError:
                    act(2)
                except KeyError:
                    act(3)
            """
        )
    )
    assert ("raise KeyError(a)", "raise", "", "act(3)") in ways(made)
    assert ("raise KeyError(a)", "raise", "", "act(2)") not in ways(made)


def test_jumps_and_elifs(compiled: Compiler) -> None:
    made = ways(
        chart(
            compiled(
                """
                def flow(items):
                    for item in items:
                        if item == 1:
                            break
                        elif item == 2:
                            continue
                        elif item == 3:
                            return "three"
                        act(item)
                    else:
                        return "none"
                    return "one"
                """
            )
        )
    )
    assert ("choice", "flow", "if item == 1: break", "return 'one'") in made
    assert ("choice", "back", "elif item == 2: continue", "choice") in made
    assert ("choice", "flow", "elif item == 3", "return 'three'") in made
    assert ("choice", "flow", "else", "act(item)") in made
    assert ("choice", "flow", "exhausted", "return 'none'") in made


def test_match_and_short_circuits(compiled: Compiler) -> None:
    made = ways(
        chart(
            compiled(
                """
                def flow(a, b):
                    if a and b and act(1):
                        act(2)
                    match a:
                        case [x, *_] if x:
                            act(x)
                        case "y":
                            act("y")
                """
            )
        )
    )
    assert ("0", "flow", "if a and b", "act(1)") in made
    assert any(text == "case [x, *_] if x" and to == "act(x)" for _, _, text, to in made)
    assert any(text == "case 'y'" for _, _, text, _ in made)
    assert any(text == "no case" and to == "end" for _, _, text, to in made)


def test_a_native_finally_is_passed_on_the_way_out(compiled: Compiler) -> None:
    made = ways(
        chart(
            compiled(
                """
                def flow(a):
                    for x in a:
                        act(x)
                        try:
                            if x:
                                return x
                        finally:
                            a.pop()
                """
            )
        )
    )
    assert ("return x", "flow", "", "a.pop()") in made
    assert ("a.pop()", "flow", "after return", "end") in made
    assert ("a.pop()", "back", "otherwise", "choice") in made


def test_long_labels_are_wrapped_and_strange_characters_escaped(compiled: Compiler) -> None:
    long = ", ".join(f"'argument {i} <&>'" for i in range(12))
    stages = compiled(f'def flow(a):\n    if a == "<b>\\\\N&\\x01":\n        act({long})\n')
    svg = render_svg(stages.image)
    tree = ElementTree.fromstring(svg)
    assert max(len((t.text or "").strip()) for t in tree.iter(f"{SVG}text")) <= 62
    assert "argument 0 <&>" in words(tree)


def test_thirty_activities_fit_a_column(compiled: Compiler) -> None:
    body = "".join(f"    x{i} = act(a, {i})\n" for i in range(30))
    svg = render_svg(compiled(f"def flow(a):\n{body}    return x0\n").image)
    _, _, width, height = map(float, ElementTree.fromstring(svg).attrib["viewBox"].split())
    assert width < 700
    assert height < 4500


def test_dot_is_text_of_its_own(total: Image) -> None:
    assert to_dot(total).startswith("digraph perdure {")
