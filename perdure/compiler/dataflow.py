"""Pass 4, dataflow: live variables and definite assignment over the control-flow graph.

Both are the textbook's (Aho, Lam, Sethi, Ullman, *Compilers*, §9.2), solved by one worklist. A set
of variables is an `int` with a bit for each, so that a join is one operation.

*Live* at a point: read on some path from there before it is bound. Only live variables go into a
checkpoint. An exception may leave a block at any op, so what its handler reads is live throughout.

A variable that a generator was put into is live until it is bound again or the function ends, or
the generator would be closed before its time.

*Assigned* at a point: bound on every path to there. A live variable that is not certainly assigned
is carried as "unbound", so that reading it raises what Python raises. Names that are deleted, or
bound by `except … as`, are never counted as certainly assigned; so the set only grows along a path
and a handler may start from what held at the head of each block of its `try`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from perdure.compiler.cfg import ENTRY, Block, Flow
from perdure.compiler.core import Handler, Statement, Suspension, Try


@dataclass
class Facts:
    """What holds at each block's borders; `live_*`/`assigned_*` ask for a point inside."""

    flow: Flow
    live_in: dict[int, int]
    live_out: dict[int, int]
    assigned_in: dict[int, int]
    never: int  # variables that are never certainly assigned
    holding: int  # variables that are live until they are bound again, read or not
    bound_in: dict[int, int]  # of those, the ones that are bound on some path

    def live_before(self, statement: Statement) -> set[str]:
        """Variables live just before a statement."""
        return self._names(self._live_at(*self.flow.position[statement]))

    def live_after(self, suspension: Suspension) -> set[str]:
        """Variables live when control comes back: without the target, with exceptions in flight."""
        return self._names(self._live_at(*self.flow.resume[suspension]))

    def assigned_before(self, statement: Statement) -> set[str]:
        """Variables certainly bound just before a statement."""
        return self._names(self._assigned_at(*self.flow.position[statement]))

    def _live_at(self, block: int, index: int) -> int:
        handler = self.flow.blocks[block].handler
        thrown = 0 if handler is None else self.live_in[handler]
        live = self.live_out[block] | thrown
        for op in reversed(self.flow.blocks[block].ops[index:]):
            live = live & ~(op.binds | op.deletes) | op.reads | thrown
        if live & self.holding:
            bound = self.bound_in[block]
            for op in self.flow.blocks[block].ops[:index]:
                bound |= op.binds
            live &= ~self.holding | bound
        return live

    def _assigned_at(self, block: int, index: int) -> int:
        known = self.assigned_in[block]
        for op in self.flow.blocks[block].ops[:index]:
            known |= op.binds & ~self.never
        return known

    def _names(self, bits: int) -> set[str]:
        return set(self.flow.variables(bits))


def analyse(flow: Flow) -> Facts:
    """Solve liveness and definite assignment for one function."""
    holding = flow.set_of(flow.function.holding)
    facts = Facts(flow, {}, {}, {}, _never_certain(flow), holding, {})
    _liveness(flow, facts)
    _assignment(flow, facts)
    if holding:
        _possible(flow, facts)
    return facts


def _never_certain(flow: Flow) -> int:
    found = flow.set_of(
        handler.name
        for statement in flow.function.statements
        if isinstance(statement, Try)
        for handler in statement.handlers
        if isinstance(handler, Handler) and handler.name
    )
    for block in flow.blocks.values():
        for op in block.ops:
            found |= op.deletes
    return found


def _solve(
    nodes: Iterable[int], update: Callable[[int], bool], after: Mapping[int, Iterable[int]]
) -> None:
    """Call `update` on each node, and again on the nodes `after` each one that changed."""
    queue = deque(nodes)
    waiting = set(queue)
    while queue:
        node = queue.popleft()
        waiting.discard(node)
        if update(node):
            for other in after[node]:
                if other not in waiting:
                    waiting.add(other)
                    queue.append(other)


def _effect(block: Block) -> tuple[int, int]:
    """What a block as a whole reads from before it, and what it binds or deletes."""
    reads = changes = 0
    for op in reversed(block.ops):
        reads = reads & ~(op.binds | op.deletes) | op.reads
        changes |= op.binds | op.deletes
    return reads, changes


def _liveness(flow: Flow, facts: Facts) -> None:
    live_in = facts.live_in = dict.fromkeys(flow.blocks, 0)
    live_out = facts.live_out = dict.fromkeys(flow.blocks, 0)
    effects = {number: _effect(block) for number, block in flow.blocks.items()}

    def update(number: int) -> bool:
        handler = flow.blocks[number].handler
        thrown = 0 if handler is None else live_in[handler]
        out = facts.holding if number == flow.exit else thrown
        for following in flow.after[number]:
            out |= live_in[following]
        live_out[number] = out
        reads, binds = effects[number]
        live = out & ~binds | reads | thrown  # what a handler reads comes in at each op
        changed = live != live_in[number]
        live_in[number] = live
        return changed

    _solve(flow.postorder, update, flow.before)


def _assignment(flow: Flow, facts: Facts) -> None:
    everything = (1 << len(flow.bits)) - 1
    parameters = flow.set_of(flow.function.parameters)
    entering = facts.assigned_in = dict.fromkeys(flow.blocks, everything)
    bound = dict.fromkeys(flow.blocks, 0)
    for number, block in flow.blocks.items():
        for op in block.ops:
            bound[number] |= op.binds & ~facts.never

    def update(number: int) -> bool:
        known = everything
        for before in flow.before[number]:
            # An exception may come from the first op: nothing the block binds is certain then.
            thrown = flow.blocks[before].handler == number
            gained = 0 if thrown else bound[before]
            known &= entering[before] | gained
        if number == ENTRY:
            known = parameters & ~facts.never
        changed = known != entering[number]
        entering[number] = known
        return changed

    _solve(reversed(flow.postorder), update, flow.after)


def _possible(flow: Flow, facts: Facts) -> None:
    """What may be bound of the variables that are held: before that there is nothing to hold."""
    entering = facts.bound_in = dict.fromkeys(flow.blocks, 0)
    begun = flow.set_of(flow.function.parameters) & facts.holding
    bound = dict.fromkeys(flow.blocks, 0)
    for number, block in flow.blocks.items():
        for op in block.ops:
            bound[number] |= op.binds & facts.holding

    def update(number: int) -> bool:
        known = begun if number == ENTRY else 0
        for before in flow.before[number]:
            known |= entering[before] | bound[before]
        changed = known != entering[number]
        entering[number] = known
        return changed

    _solve(reversed(flow.postorder), update, flow.after)
