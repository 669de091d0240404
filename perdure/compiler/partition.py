"""Pass 5, partition: choose the task blocks.

Every resume point heads a block: the entry, and each suspension. A block's code runs from its head
up to the next suspensions, so code that several heads reach stands in several blocks. Where such a
shared tail is large it becomes a block of its own, a *cut*, and the others jump to it; that keeps
the total linear in the size of the source.

Shared tails are found with dominators (Cooper, Harvey, Kennedy, "A Simple, Fast Dominance
Algorithm"): in the graph without the edges that suspend, and with a root above all heads, a block
whose immediate dominator is that root is reached from more than one head.
"""

from __future__ import annotations

from collections.abc import Iterator

from perdure.compiler.cfg import ENTRY, Flow
from perdure.compiler.core import (
    For,
    SiteKind,
    Statement,
    Suspension,
    Try,
    While,
    bodies,
    expressions,
    released,
    suspends,
)
from perdure.compiler.trees import size

# Syntax nodes that a shared tail may have and still be copied; about ten lines of code.
COPY_LIMIT = 120
# The same where the tail has a block of its own in any case: a loop with a safepoint that stands in
# no other loop, or each turn of that one would go through the interpreter.
LOOP_COPY_LIMIT = 40


class Partition:
    """The heads of a function's task blocks, by block number.

    Block 0 is the entry (None). A `Suspension` heads the block that its value comes back to; any
    other statement heads the block that begins just before it.
    """

    def __init__(
        self, heads: tuple[Statement | None, ...], inline: frozenset[Statement] = frozenset()
    ) -> None:
        self.heads = heads
        self.inline = inline  # loops with a block of their own that control falls into all the same
        self._numbers = {head: n for n, head in enumerate(heads) if head is not None}

    def number(self, head: Statement) -> int:
        """The number of the block that `head` heads."""
        return self._numbers[head]

    def heads_block(self, statement: Statement) -> bool:
        """Whether a block begins at `statement`, though control may fall into it elsewhere."""
        return statement in self._numbers and not isinstance(statement, Suspension)

    def is_cut(self, statement: Statement) -> bool:
        """Whether control that comes to `statement` goes on in a block of its own."""
        if statement in self.inline:
            return False
        return statement in self._numbers and not isinstance(statement, Suspension)


def partition(flow: Flow, *, limit: int = COPY_LIMIT) -> Partition:
    """Choose the heads of a function's task blocks, in source order."""
    loops = _safepoints(flow)
    cuts = _cuts(flow, limit, loops) if flow.resume or loops else set()
    if flow.function.releases and flow.resume:
        cuts.update(_releases(flow))
    if flow.function.only_enters:
        # The entry only makes the cells; the body begins in a block that has them.
        cuts.add(flow.function.body[0])
    every = cuts | loops.keys()
    heads = [s for s in flow.function.statements if s in flow.resume or s in every]
    return Partition((None, *heads), frozenset(loops.keys() - cuts))


def _releases(flow: Flow) -> Iterator[Statement]:
    """Where a block ends because a statement may have let something go.

    Only in statements and handlers that suspend: others are not made to be entered again.
    """
    stack = list(flow.function.body)
    while stack:
        statement = stack.pop()
        if released(statement) and statement in flow.position:
            yield statement
        elif isinstance(statement, Try) and statement.suspends:
            entered = [h.body for h in statement.handlers if h.suspends]
            for body in (statement.body, *entered, statement.orelse, statement.finalbody):
                stack += body
        elif suspends(statement):
            stack += [s for body in bodies(statement) for s in body]


def _safepoints(flow: Flow) -> dict[Statement, bool]:
    """The loops with a safepoint; whether one stands in no other loop."""
    found: dict[Statement, bool] = {}
    stack = [(s, True) for s in flow.function.body]
    while stack:
        statement, outermost = stack.pop()
        loop = isinstance(statement, For | While) and not getattr(statement, "once", False)
        if loop and statement.safepoint and statement in flow.position:  # type: ignore[union-attr]
            found[statement] = outermost
        if getattr(statement, "native", None) is None:
            inner = outermost and not loop
            stack += [(s, inner) for body in bodies(statement) for s in body]
    return found


def _cuts(flow: Flow, limit: int, loops: dict[Statement, bool]) -> set[Statement]:
    """Statements before which shared tails larger than `limit` are cut.

    A loop inside another one is not cut because of its safepoint: each turn of the outer one would
    go through the interpreter.
    """
    graph, root = _without_suspensions(flow), -1
    for loop, outermost in loops.items():
        if outermost:
            graph[root][flow.position[loop][0]] = None
    order = _postorder(graph, root)
    idom = _dominators(graph, order)
    places = _places(flow)
    heads = {ENTRY}
    heads |= {b for s, (b, _) in flow.resume.items() if s.kind is not SiteKind.DYNAMIC}
    shared = {b for b, d in idom.items() if d == root and b not in heads}
    weight = _weights(flow, idom, shared, root)
    cuts: set[Statement] = set()
    total: dict[int, int] = {}
    for block in order:
        if block not in shared:
            continue
        region = weight[block] + _beyond(graph, block, shared, total)
        place = places.get(block)
        outermost = place is not None and loops.get(place, False)
        least = min(limit, LOOP_COPY_LIMIT) if outermost else limit
        if region > least and place is not None:
            cuts.add(place)
            region = 0
        total[block] = region
    return cuts


# The blocks that each block leads to, in order.
_Graph = dict[int, dict[int, None]]


def _without_suspensions(flow: Flow) -> _Graph:
    graph: _Graph = {block: dict.fromkeys(following) for block, following in flow.after.items()}
    heads = graph[-1] = {ENTRY: None}
    for suspension, (resume, _) in flow.resume.items():
        if suspension.kind is not SiteKind.DYNAMIC:
            block, _ = flow.position[suspension]
            del graph[block][resume]
        heads[resume] = None
    return graph


def _postorder(graph: _Graph, root: int) -> list[int]:
    """The blocks that can be reached, each after those that it leads to, loops aside."""
    found, seen = [], {root}
    stack = [(root, iter(graph[root]))]
    while stack:
        block, following = stack[-1]
        after = next((b for b in following if b not in seen), None)
        if after is None:
            found.append(block)
            stack.pop()
        else:
            seen.add(after)
            stack.append((after, iter(graph[after])))
    return found


def _dominators(graph: _Graph, order: list[int]) -> dict[int, int]:
    """The immediate dominator of each block in `order`, a postorder, but for the root, its last."""
    rank = {block: n for n, block in enumerate(order)}
    *others, root = order
    before: dict[int, list[int]] = {block: [] for block in order}
    for block in order:
        for after in graph[block]:
            before[after].append(block)
    idom = {root: root}
    changed = True
    while changed:
        changed = False
        for block in reversed(others):
            known = [b for b in before[block] if b in idom]
            best = known[0]
            for other in known[1:]:
                while best != other:  # up both branches, to where they meet
                    if rank[best] < rank[other]:
                        best = idom[best]
                    else:
                        other = idom[other]
            if idom.get(block) != best:
                idom[block] = best
                changed = True
    del idom[root]
    return idom


def _places(flow: Flow) -> dict[int, Statement]:
    """The statement that begins each block, where code can be cut: not inside native statements."""
    found: dict[int, tuple[int, Statement]] = {}
    stack = list(flow.function.body)
    while stack:
        statement = stack.pop()
        if statement in flow.position and not isinstance(statement, Suspension):
            block, index = flow.position[statement]
            if block not in found or index < found[block][0]:
                found[block] = (index, statement)
        if getattr(statement, "native", None) is None:
            stack += [s for body in bodies(statement) for s in body]
    return {block: statement for block, (index, statement) in found.items()}


def _weights(flow: Flow, idom: dict[int, int], shared: set[int], root: int) -> dict[int, int]:
    """For each shared block: syntax nodes in the blocks it dominates (its own tail)."""
    weight = dict.fromkeys(shared, 0)
    for block in idom:
        owner = block
        while owner not in shared and idom[owner] != root:
            owner = idom[owner]
        if owner in shared:
            weight[owner] += sum(_size(op.statement) for op in flow.blocks[block].ops)
    return weight


def _size(statement: Statement | None) -> int:
    if statement is None:
        return 1
    return sum(size(tree) for tree in expressions(statement))


def _beyond(graph: _Graph, block: int, shared: set[int], total: dict[int, int]) -> int:
    """The tails that follow the one at `block` without a cut between."""
    seen, stack, following = {block}, [block], set()
    while stack:
        for after in graph[stack.pop()]:
            if after in shared:
                following.add(after)
            elif after not in seen:
                seen.add(after)
                stack.append(after)
    return sum(total.get(b, 0) for b in following - {block})
