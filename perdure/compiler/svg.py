"""A program's graph as a picture: DOT by `graphviz`, laid out by the Graphviz in `pygraphviz`.

    to_dot(image)                                     DOT text
    render_svg(image)                                 all functions of the user's, the entry first
    render_svg(image, "shop:total")                   one of them
    render_svg(image, mark=("shop:total", 1))         where a run stands

Elements can be found by id: `b-F-N` is task block N of function F (its index in `image.functions`),
`s-F-N` the suspension that block N resumes from, `f-F` the function's frame. Classes say what a
thing is: block, activity, timer, durable, dynamic, yield, await, marked.

Functions of Python's library that are compiled along are left out, unless one is asked for or is
the one in which the run stands.

Colours are from Okabe and Ito's set, which colour-blind people can tell apart; shapes and words say
the same as they do.
"""

from __future__ import annotations

import html
import os
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager

import graphviz
import pygraphviz

from perdure.compiler.graph import NONE, Chart, Edge, Group, Node, charts
from perdure.compiler.image import Image
from perdure.compiler.pipeline import compile_again

FONT = "Helvetica,Arial,sans-serif"
WIDTH = 40  # characters in a line of a label
ROWS = 8  # lines of code in one node

INK, FAINT, MARK = "#222222", "#666666", "#D55E00"

# kind: shape, fill, border, style, word for the legend
LOOKS: dict[str, tuple[str, str, str, str, str]] = {
    "block": ("box", "#FFFFFF", "#8A8A8A", "rounded,filled", "task block"),
    "activity": ("box", "#D3E7F5", "#0072B2", "filled", "activity"),
    "timer": ("octagon", "#FFF3C4", "#A87A00", "filled", "timer"),
    "durable": ("box", "#D2EFE5", "#00795A", "filled,bold", "durable call"),
    "dynamic": ("hexagon", "#F5E1EC", "#A8487F", "filled,dashed", "dynamic call"),
    "yield": ("cds", "#E9E4F3", "#6E5AA8", "filled", "yield"),
    "yield from": ("cds", "#E9E4F3", "#6E5AA8", "filled,dashed", "yield from"),
    "await": ("house", "#FBE6D4", "#B35C00", "filled", "await"),
    "code": ("box", "#FFFFFF", "#C4C4C4", "rounded,filled", "code"),
}
GROUPS: dict[str, tuple[str, str, str]] = {  # kind: fill, border, style
    "loop": ("#F4F8FB", "#9DB8CC", "rounded,filled"),
    "try": ("#FCF8F2", "#D3B58C", "rounded,filled"),
    "body": ("#FFFFFF", "#E5D8C5", "rounded,filled"),
    "handler": ("#FBEDE4", "#D9A07C", "rounded,filled"),
    "cleanup": ("#F3EFE8", "#B9A98F", "rounded,filled"),
    "with": ("#F5F5FA", "#AFAFCF", "rounded,filled"),
}


def render_svg(
    image: Image, function: str | None = None, mark: tuple[str, int] | None = None
) -> str:
    """Draw a program, or one function of it, as SVG text.

    `mark` is (function, block number): where a run stands. Raises `ValueError` for a function or a
    block that the image does not have, and `ImageError` for an image that another Perdure has cut
    otherwise than this one does.
    """
    agraph = pygraphviz.AGraph(string=to_dot(image, function, mark))
    with _hushed():
        made: bytes = agraph.draw(format="svg", prog="dot")
    return made.decode()


@contextmanager
def _hushed() -> Iterator[None]:
    """Keep what C libraries print off the terminal.

    The wheel's fontconfig does not know every element of the system's configuration, and says so on
    the process's standard error each time.
    """
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(nowhere)
        os.close(kept)


def to_dot(image: Image, function: str | None = None, mark: tuple[str, int] | None = None) -> str:
    """The picture's DOT text; see `render_svg`."""
    _check(image, function, mark)
    found = charts(stages.code for stages in compile_again(image).functions.values())
    dot = graphviz.Digraph(
        "perdure",
        graph_attr=_graph_look(),
        node_attr={"fontname": FONT, "fontsize": "11", "fontcolor": INK, "margin": "0.13,0.07"},
        edge_attr={
            "fontname": FONT,
            "fontsize": "9.5",
            "fontcolor": "#333333",
            "color": "#555555",
            "arrowsize": "0.65",
        },
    )
    # dot puts what nothing leads to anywhere: one unseen node sets all functions at one height.
    dot.node("top", style="invis", shape="point", width="0", height="0")
    files = {module.name: module.path for module in image.modules}
    own = {c.name for c in found if c.name.partition(":")[0] in files}
    wanted = {function} if function else own
    wanted |= {mark[0]} if mark and not function else set()
    shown = [i for i, chart in enumerate(found) if chart.name in wanted]
    for index in shown:
        _Drawer(dot, index, found[index], mark).draw(files)
        dot.edge("top", f"f{index}_n0", style="invis")
    for index in shown:
        _links(dot, index, found[index], shown)
    return str(dot.source)


def _graph_look() -> dict[str, str]:
    return {
        "compound": "true",
        "bgcolor": "white",
        "rankdir": "TB",
        "nodesep": "0.4",
        "ranksep": "0.32",
        "pad": "0.25",
        "fontname": FONT,
        "fontsize": "11",
        "labelloc": "b",
        "labeljust": "l",
        "label": _legend(),
    }


def _check(image: Image, function: str | None, mark: tuple[str, int] | None) -> None:
    names = [table.name for table in image.functions]
    for name in [function, mark[0] if mark else None]:
        if name is not None and name not in names:
            raise ValueError(f"the image has no function {name!r}; it has: {', '.join(names)}")
    if mark is not None:
        numbers = [block.number for block in image.function(mark[0]).blocks]
        if mark[1] not in numbers:
            raise ValueError(f"{mark[0]} has no block {mark[1]}; it has 0 to {max(numbers)}")


class _Drawer:
    """Draws one function."""

    def __init__(
        self, dot: graphviz.Digraph, index: int, chart: Chart, mark: tuple[str, int] | None
    ) -> None:
        self.dot, self.index, self.chart = dot, index, chart
        self.marked = mark[1] if mark and mark[0] == chart.name else NONE

    def draw(self, files: dict[str, str]) -> None:
        """Add the function's frame and everything in it."""
        module = self.chart.name.partition(":")[0]
        place = f"{files.get(module, module)}:{self.chart.line}"
        name = f"cluster_f{self.index}"
        with self.dot.subgraph(name=name) as frame:
            frame.attr(
                id=f"f-{self.index}",
                label=_heading(_wrapped_rows(self.chart.title, 60), place, bold=True),
                labelloc="t",
                labeljust="l",
                style="rounded",
                color="#BBBBBB",
                fontsize="14",
                margin="14",
            )
            self.inside(frame, NONE)
        for number, edge in enumerate(self.chart.edges):
            self.edge(number, edge)

    def inside(self, dot: graphviz.Digraph, group: int) -> None:
        """Add the nodes of a group, then the groups in it."""
        for number, node in enumerate(self.chart.nodes):
            if node.group == group:
                self.node(dot, number, node)
        for number, inner in enumerate(self.chart.groups):
            if inner.parent == group and self.holds_any(number):
                with dot.subgraph(name=self.cluster(number)) as cluster:
                    cluster.attr(**self.group_look(number, inner))
                    self.inside(cluster, number)

    def holds_any(self, group: int) -> bool:
        """Whether a node stands in the group: dot does not draw empty ones."""
        inner = (i for i, g in enumerate(self.chart.groups) if g.parent == group)
        return any(n.group == group for n in self.chart.nodes) or any(map(self.holds_any, inner))

    def cluster(self, group: int) -> str:
        return f"cluster_f{self.index}_g{group}"

    def group_look(self, number: int, group: Group) -> dict[str, str]:
        fill, border, style = GROUPS[group.kind]
        rows = _wrapped_rows(group.text, 60)
        label = _heading(rows, f"line {group.line}") if group.text else ""
        return {
            "id": f"g-{self.index}-{number}",
            "class": group.kind,
            "label": label,
            "labelloc": "t",
            "labeljust": "l",
            "style": style,
            "fillcolor": fill,
            "color": border,
            "fontsize": "10.5",
            "margin": "10",
        }

    # Nodes ------------------------------------------------------------------------------------

    def name(self, node: int) -> str:
        return f"f{self.index}_n{node}"

    def node(self, dot: graphviz.Digraph, number: int, node: Node) -> None:
        """Add one node with what its kind looks like."""
        look = {"class": node.kind, "id": f"n-{self.index}-{number}"}
        if node.kind == "block":
            look |= self.block(node)
        elif node.kind in LOOKS:
            look |= self.code(node) if node.kind == "code" else self.suspension(node)
        else:
            look |= _TERMINALS[node.kind]
        dot.node(self.name(number), **look)

    def block(self, node: Node) -> dict[str, str]:
        rows = [f"<b>{node.block}</b>"]
        if node.text:
            rows += [*_code(node.text), _small(f"line {node.line}")]
        tooltip = f"block {node.block}, line {node.line}"
        look = _look("block") | {"id": f"b-{self.index}-{node.block}", "tooltip": tooltip}
        if node.block == self.marked:
            rows.append(f'<font color="{MARK}"><b>resumed here</b></font>')
            look |= {"color": MARK, "penwidth": "4", "class": "block marked"}
        if len(rows) == 1:
            look |= {"margin": "0.09,0.03", "width": "0.3", "height": "0.25"}
        return look | {"label": _html(*rows)}

    def code(self, node: Node) -> dict[str, str]:
        if not node.text:
            return dict(_TERMINALS["choice"])
        return _look("code") | {"label": _html(*_code(node.text), _small(f"line {node.line}"))}

    def suspension(self, node: Node) -> dict[str, str]:
        word = LOOKS[node.kind][4]
        look = _look(node.kind) | {
            "id": f"s-{self.index}-{node.block}",
            "label": _html(*_wrapped_rows(node.text), _small(f"{word}, line {node.line}")),
            "tooltip": f"{word}: {node.text}",
        }
        if node.kind == "durable":
            look["peripheries"] = "2"
        if node.callees:
            look["href"] = f"#f-{node.callees[0]}"
        return look

    # Edges ------------------------------------------------------------------------------------

    def edge(self, number: int, edge: Edge) -> None:
        """Add one edge; one that leaves a group starts at the group's border."""
        look = {"id": f"e-{self.index}-{number}", "class": edge.kind}
        if edge.text:
            look["label"] = _html(*(f"&#160;{r}&#160;" for r in _wrapped_rows(edge.text, 28)))
        if edge.kind == "raise":
            look |= {"style": "dashed", "color": MARK, "fontcolor": "#A34800"}
        if edge.kind == "back":
            look |= {"color": "#0072B2", "penwidth": "1.3"}
        # Nodes are in the order of the source. An edge back up is drawn the other way round, so
        # that dot need not guess which edge of a loop that is.
        up = edge.head <= edge.tail
        if edge.group != NONE and not self.within(edge.head, edge.group):
            look["lhead" if up else "ltail"] = self.cluster(edge.group)
        ends = [self.name(edge.tail), self.name(edge.head)]
        if up:
            look["dir"] = "back"
            ends.reverse()
        self.dot.edge(*ends, **look)

    def within(self, node: int, group: int) -> bool:
        at = self.chart.nodes[node].group
        while at not in (NONE, group):
            at = self.chart.groups[at].parent
        return at == group


_POINT = {"label": "", "tooltip": " "}
_TERMINALS: dict[str, dict[str, str]] = {
    "start": _POINT
    | {"shape": "circle", "style": "filled", "fillcolor": INK, "width": "0.2", "tooltip": "start"},
    "end": _POINT
    | {
        "shape": "doublecircle",
        "style": "filled",
        "fillcolor": INK,
        "width": "0.16",
        "tooltip": "end",
    },
    "raised": {
        "label": "exception",
        "shape": "box",
        "style": "rounded,dashed",
        "color": MARK,
        "fontcolor": "#A34800",
        "fontsize": "10",
    },
    "choice": _POINT
    | {
        "shape": "diamond",
        "style": "filled",
        "fillcolor": "#FFFFFF",
        "color": "#8A8A8A",
        "width": "0.2",
        "height": "0.2",
    },
}


def _look(kind: str) -> dict[str, str]:
    shape, fill, border, style, _ = LOOKS[kind]
    return {"shape": shape, "fillcolor": fill, "color": border, "style": style}


def _links(dot: graphviz.Digraph, index: int, chart: Chart, shown: list[int]) -> None:
    """Lead each call of a durable function to that function's start."""
    for number, node in enumerate(chart.nodes):
        for callee in node.callees:
            if callee in shown:
                dot.edge(
                    f"f{index}_n{number}",
                    f"f{callee}_n0",
                    constraint="false",
                    style="dotted",
                    color="#00795A",
                    arrowhead="open",
                    **{"class": "call"},
                )


# Labels: Graphviz's HTML-like markup.


def _html(*rows: str) -> str:
    return f"<{'<br/>'.join(rows)}>"


def _small(text: str) -> str:
    return f'<font point-size="9" color="{FAINT}">{html.escape(text)}</font>'


def _wrapped_rows(text: str, width: int = WIDTH) -> list[str]:
    return [html.escape(row) for row in textwrap.wrap(text, width, subsequent_indent="  ")] or [" "]


def _heading(rows: list[str], small: str, bold: bool = False) -> str:
    rows = [f"<b>{row}</b>" for row in rows] if bold else rows
    lines = "".join(row + '<br align="left"/>' for row in [*rows, _small(small)])
    return f"<{lines}>"


def _code(text: str) -> list[str]:
    """Lines of code, each wrapped, the middle left out if there are too many."""
    lines = text.split("\n")
    if len(lines) > ROWS:
        left = len(lines) - ROWS + 1
        lines = [*lines[: ROWS - 3], f"… {left} more lines …", *lines[-2:]]
    return [row for line in lines for row in _wrapped_rows(line)]


def _legend() -> str:
    """What shapes and lines mean, below the picture."""

    def cell(text: str, attributes: str = 'border="0"') -> str:
        return f'<td {attributes}><font point-size="9.5">{text}</font></td>'

    cells = []
    for kind, (_, fill, border, _, word) in LOOKS.items():
        if kind != "code":
            text = f"<b>1</b>  {word}" if kind == "block" else word
            cells.append(cell(text, f'bgcolor="{fill}" color="{border}" border="1"'))
    cells.append(cell(f'<font color="{MARK}">- - -</font> exception'))
    cells.append(cell('<font color="#0072B2"><b>——</b></font> next turn'))
    row = "".join(cells)
    table = '<table border="0" cellborder="1" cellspacing="6" cellpadding="4"><tr>'
    return f"<{table}{row}</tr></table>>"
