"""The picture of a program: what is in the SVG that people and pages look at."""

from __future__ import annotations

import re
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
        ("0", "flow", "", "1"),
        ("1", "flow", "each item of items", "choice"),
        ("choice", "flow", "if item.taxed", "rate(item.country)"),
        ("rate(item.country)", "flow", "", "2"),
        ("choice", "back", "not item.taxed", "1"),
        ("2", "back", "", "1"),
        ("1", "flow", "exhausted", "receipt(s)"),
        ("receipt(s)", "flow", "", "3"),
        ("3", "flow", "", "end"),
    }


def test_svg_holds_nodes_conditions_lines_and_clusters(total: Image) -> None:
    found = parts(render_svg(total))
    assert words(found["b-0-0"]) == "0 s = 0 line 14"
    assert words(found["b-0-2"]) == "2 s += rate(...) * item.price line 17"
    assert words(found["s-0-2"]) == "rate(item.country) activity, line 17"
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
    with pytest.raises(ValueError, match="total:flow has no block 4; it has 0 to 3"):
        render_svg(total, mark=("total:flow", 4))


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


def texts(made: Chart) -> list[tuple[str, str]]:
    """The suspensions of a function, in their order."""
    plain = ("start", "end", "raised", "block", "code", "choice")
    return [(node.kind, node.text) for node in made.nodes if node.kind not in plain]


def test_a_with_that_suspends_in_its_methods_is_entered_and_exited(compiled: Compiler) -> None:
    made = chart(
        compiled(
            """
            def flow(a):
                with Lock("a") as lock:
                    act(1)
                return lock

            class Lock:
                def __init__(self, name):
                    self.name = name
                def __enter__(self):
                    return act(self.name)
                def __exit__(self, *info):
                    act(self.name)
            """
        )
    )
    assert texts(made) == [
        ("dynamic", 'enter Lock("a")'),
        ("activity", "act(1)"),
        ("dynamic", 'exit Lock("a")'),
        ("dynamic", 'exit Lock("a")'),
    ]
    assert ("with", "with Lock('a') as lock") in [(g.kind, g.text) for g in made.groups]
    ways_out = {(e.kind, e.text) for e in made.edges if e.text}
    assert ways_out == {
        ("raise", "any exception"),
        ("flow", "exception suppressed"),
        ("raise", "exception goes on"),
    }


def test_a_guard_that_suspends(compiled: Compiler) -> None:
    made = ways(
        chart(
            compiled(
                """
                def flow(a):
                    match a:
                        case [x, y] if act(x) > y:
                            act("pair")
                        case int():
                            act("number")
                """
            )
        )
    )
    assert ("0", "flow", "case [x, y]", "act(x)") in made
    assert ("1", "flow", "if act(...) > y", 'act("pair")') in made
    assert ("1", "flow", "not act(...) > y", "choice") in made
    assert ("0", "flow", "otherwise", "choice") in made
    assert ("choice", "flow", "case int()", 'act("number")') in made
    assert ("choice", "flow", "no case", "end") in made


def test_the_handlers_of_a_group_stand_in_a_row(compiled: Compiler) -> None:
    made = chart(
        compiled(
            """
            def flow(a):
                try:
                    act(1)
                except* ValueError as error:
                    act(error)
                except* (KeyError, OSError):
                    a.clear()
            """
        )
    )
    handlers = [g.text for g in made.groups if g.kind == "handler"]
    assert handlers == ["except* ValueError as error", "except* (KeyError, OSError)"]
    known = ways(made)
    assert ("act(1)", "raise", "any exception", "choice") in known
    assert ("choice", "flow", "except* ValueError", "act(error)") in known
    assert ("2", "flow", "", "choice") in known
    assert ("choice", "raise", "what is left", "raised") in known
    assert ("choice", "flow", "nothing left", "end") in known


def test_generators(compiled: Compiler) -> None:
    stages = compiled(
        """
        def flow(n):
            for page in pages(n):
                act(page)
            return sum(act(k) for k in range(n) if k)

        def pages(n):
            got = yield act(n)
            yield from pages(n - 1)
        """
    )
    assert texts(chart(stages)) == [
        ("durable", "pages(n)"),
        ("durable", "next of pages(n)"),
        ("activity", "act(page)"),
        ("durable", "(act(k) for k in range(n) if k)"),
        ("dynamic", "sum(act(k) for k in range(n) if k)"),
    ]
    assert texts(chart(stages, "pages")) == [
        ("activity", "act(n)"),
        ("yield", "got = yield act(n)"),
        ("durable", "pages(n - 1)"),
        ("yield from", "yield from pages(n - 1)"),
    ]
    inner = chart(stages, "flow.<locals>.<genexpr>")
    assert inner.title == "<genexpr>"
    assert [g.text for g in inner.groups] == ["for k in …"]
    assert ("yield", "yield act(k)") in texts(inner)


def test_what_is_awaited(compiled: Compiler) -> None:
    stages = compiled(
        """
        async def flow(n):
            async with Lock() as lock:
                a, b = await pair(n)
            async for k in numbers(n):
                await act(k)
            else:
                a += 1
            return [k async for k in numbers(a)]

        async def pair(n):
            return await act(n), n

        async def numbers(n):
            yield await act(n)

        class Lock:
            async def __aenter__(self):
                await act("enter")
            async def __aexit__(self, *info):
                await act("exit")
        """
    )
    made = chart(stages)
    leaving = [("dynamic", "exit Lock()"), ("await", "await exit Lock()")]
    assert texts(made) == [
        ("dynamic", "enter Lock()"),
        ("await", "await enter Lock()"),
        ("durable", "pair(n)"),
        ("await", "a, b = await pair(n)"),
        *leaving,
        *leaving,
        ("durable", "numbers(n)"),
        ("await", "next of numbers(n)"),
        ("activity", "act(k)"),
        ("await", "await act(k)"),
        ("durable", "numbers(a)"),
        ("await", "next of numbers(a)"),
    ]
    assert [g.text for g in made.groups if g.kind == "loop"] == [
        "async for k in numbers(...)",
        "async for k in numbers(...)",
    ]
    known = {edge.text for edge in made.edges}
    assert {"exhausted", "an item"} <= known
    assert not any("_" in text for text in known)


def test_functions_of_the_library_are_drawn_only_when_asked_for(compiled: Compiler) -> None:
    image = compiled("def flow(xs):\n    return sorted(xs, key=act)").image
    names = [table.name for table in image.functions]
    library = next(name for name in names if name.startswith("perdure.library."))
    assert f"f-{names.index(library)}" not in parts(render_svg(image))
    assert list(filter(re.compile(r"f-\d").match, parts(render_svg(image, library)))) == [
        f"f-{names.index(library)}"
    ]


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
