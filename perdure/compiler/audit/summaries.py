"""The facts of each kind of unit: functions, fields' factories, variables' values at import."""

from __future__ import annotations

import ast

from perdure.compiler.audit import known
from perdure.compiler.audit.bindings import own_nodes
from perdure.compiler.audit.callees import first_party
from perdure.compiler.audit.facts import Edge, Facts, Hazard, Unit
from perdure.compiler.audit.reader import read_code
from perdure.compiler.audit.rules import AT_IMPORT, VALUES
from perdure.compiler.audit.shared import Writers, writes_of
from perdure.compiler.audit.types import Types
from perdure.compiler.audit.units import Units, factory_of
from perdure.compiler.audit.world import Place, place_of
from perdure.compiler.scopes import FunctionNode, defaults


class Summaries:
    """Facts of units, worked out when a workflow reaches them."""

    def __init__(self, types: Types, units: Units) -> None:
        self.types = types
        self.units = units
        self.writers = Writers(types)

    def of(self, unit: Unit) -> Facts:
        """The facts of a unit; empty (but for one unknown) when it is nested too deeply to read."""
        try:
            if unit.function is not None:
                return self._function(unit)
            if isinstance(unit.node, ast.AnnAssign | ast.Assign) and factory_of(unit.node):
                return self._factory(unit, unit.node)
            return self._variable(unit)
        except RecursionError:
            return Facts(unknown=[Hazard("PD290", unit.node, f"the body of {unit.label}")])

    def _function(self, unit: Unit) -> Facts:
        """What a function's body does, what its decorators wrap round it, what it shares."""
        function = unit.function
        assert function is not None
        place = place_of(function, self.types.modules)
        facts = read_code(unit.node, place, self.types, self.units)
        facts.writes = writes_of(unit.node, place, self.types)
        for wrapper, decorator in self.units.wrappers(function):
            facts.edges.append(Edge(wrapper, decorator, "is wrapped by"))
        facts.hazards += _mutated_defaults(function.node, place, self.types)
        if "<locals>" not in function.qualname:
            facts.hazards += self._defaults(function.node, place)
        self._shared_state(facts)
        return facts

    def _shared_state(self, facts: Facts) -> None:
        for dotted, node in facts.writes.items():
            facts.add("PD222", node, f"writing {dotted}")
        for dotted, node in facts.reads.items():
            # One finding is enough; and `sys.stderr`, say, is not the project's to worry about.
            if dotted in facts.writes or not first_party(dotted, self.types):
                continue
            if (writer := self.writers.of(dotted)) is not None:
                short = writer.qualname.replace(".<locals>.", ".")
                facts.add("PD223", node, f"reading {dotted}, which {short}() changes,")
            facts.edges += [Edge(u, node, "reads") for u in self.units.of_variable(dotted)]

    def _defaults(self, node: FunctionNode, place: Place) -> list[Hazard]:
        """`def f(at=time.time())`: the default is what it was when the module was imported."""
        if not any(isinstance(n, ast.Call) for d in defaults(node.args) for n in ast.walk(d)):
            return []
        outside = Place(place.module, place.scopes[1:], None)
        facts = read_code(node, outside, self.types, self.units, defaults(node.args))
        return _at_import(facts, quiet_about_environment=True)

    def _factory(self, unit: Unit, statement: ast.AnnAssign | ast.Assign) -> Facts:
        """The factory of a field: called once for each object that is made without the field."""
        factory = factory_of(statement)
        assert factory is not None
        # A call of the factory, without arguments, is what making the object does.
        call = ast.copy_location(ast.Call(factory, [], []), factory)
        code: ast.expr = factory if isinstance(factory, ast.Lambda) else call
        facts = read_code(statement, Place(unit.module), self.types, self.units, [code])
        facts.hazards = [
            Hazard("PD228", h.node, f"the default of {unit.label}, {h.subject},")
            if h.code in VALUES
            else h
            for h in facts.hazards
        ]
        return facts

    def _variable(self, unit: Unit) -> Facts:
        """What a top-level statement reads from the outside (hazard 23).

        Settings read from the environment into a constant are how programs are configured: they
        are left alone (hazard 10). Definitions that depend on the environment are not.
        """
        constant = isinstance(unit.node, ast.Assign | ast.AnnAssign)
        if not any(isinstance(n, ast.Call | ast.Attribute) for n in ast.walk(unit.node)):
            return Facts()
        facts = read_code(unit.node, Place(unit.module), self.types, self.units, [unit.node])
        return Facts(hazards=_at_import(facts, quiet_about_environment=constant))


def _at_import(facts: Facts, *, quiet_about_environment: bool) -> list[Hazard]:
    return [
        Hazard("PD230", h.node, h.subject)
        for h in facts.hazards
        if h.code in AT_IMPORT and not (quiet_about_environment and h.code == "PD208")
    ]


def _mutated_defaults(node: FunctionNode, place: Place, types: Types) -> list[Hazard]:
    """Containers given as defaults that the body changes (hazard 52)."""
    args = node.args
    positional = [*args.posonlyargs, *args.args]
    pairs = [
        *zip(positional[len(positional) - len(args.defaults) :], args.defaults, strict=True),
        *((a, d) for a, d in zip(args.kwonlyargs, args.kw_defaults, strict=True) if d),
    ]
    found = []
    for arg, default in pairs:
        made = types.of(default, place)
        if made is None or made.name not in known.CONTAINERS:
            continue
        if place.scopes and place.scopes[0].bindings.get(arg.arg) != 1:
            continue  # `x = list(x)` first: a copy
        if (change := _first_change(node, arg.arg)) is not None:
            found.append(Hazard("PD227", change, f"the body of {node.name}()"))
    return found


def _first_change(node: FunctionNode, name: str) -> ast.AST | None:
    for inner in own_nodes(node):
        match inner:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr=attr)):
                changed = attr in known.MUTATORS
            case ast.Subscript(value=ast.Name(id=owner), ctx=ast.Store() | ast.Del()):
                changed = True
            case _:
                continue
        if changed and owner == name:
            return inner
    return None
