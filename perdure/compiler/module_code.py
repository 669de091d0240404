"""What code of modules and classes leads to: it runs when they are imported, outside of any run.

It puts functions into tables, hands them to methods that register or wrap them, binds methods of
objects, and looks things up by name: `TABLE = {"ship": carrier.ship}`, `@app.route("/orders")`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from perdure.compiler.definitions import Definition
from perdure.compiler.lookups import (
    LOOKUPS,
    Ends,
    looked_up,
    looked_up_in_namespace,
    looks_into_own,
)
from perdure.compiler.scopes import Module, Modules
from perdure.compiler.trees import nodes
from perdure.compiler.written import outside_functions


@dataclass
class ModuleCode:
    """What stands in such code. Of packages that are not the project's, only the functions."""

    functions: list[Definition] = field(default_factory=list)  # named in it, or written there
    values: list[str] = field(default_factory=list)  # dotted names of what is no such function
    read: set[str] = field(default_factory=set)  # attributes, as values
    called: set[str] = field(default_factory=set)  # methods
    calls: set[str] = field(default_factory=set)  # dotted names of what is called
    looks_up: bool = False  # whether it finds things by names
    wanted: set[Ends] = field(default_factory=set)  # what it looks up, so far as it says so
    fills: bool = False  # whether it makes dicts with factories


def read_module_code(
    modules: Modules, closure: Iterable[Module], definitions: Mapping[ast.AST, Definition]
) -> ModuleCode:
    """Read the code outside of functions; `definitions` has all functions by where they stand."""
    reader = _Reader(modules, definitions)
    for module in closure:
        for owner, statement in outside_functions(module.source.tree.body, ""):
            reader.read(module, owner, statement)
    return reader.found


class _Reader:
    def __init__(self, modules: Modules, definitions: Mapping[ast.AST, Definition]) -> None:
        self.modules = modules
        self.definitions = definitions
        self.by_name = {made.name: made for made in definitions.values()}
        self.found = ModuleCode()

    def read(self, module: Module, owner: str, statement: ast.AST) -> None:
        """Read a statement; `owner` is `Class.`, or "" in a module."""
        found, own = self.found, not module.source.is_foreign
        called = {node.func for node in nodes(statement) if isinstance(node, ast.Call)}
        for node in nodes(statement):
            if node in self.definitions:
                found.functions.append(self.definitions[node])
            if isinstance(node, ast.Name | ast.Attribute):
                dotted = self.modules.qualify(node, module)
                known = self._function(dotted, node, module, owner)
                if known is not None:
                    found.functions.append(known)
                elif own and dotted and node not in called:
                    found.values.append(dotted)
            if own and isinstance(node, ast.Attribute):
                (found.called if node in called else found.read).add(node.attr)
            if own:
                self._read_lookup(node, module)

    def _function(
        self, dotted: str | None, node: ast.expr, module: Module, owner: str
    ) -> Definition | None:
        known = self.modules.function(dotted) if dotted else None
        if known is not None:
            return self.by_name.get(known.name)
        if owner and isinstance(node, ast.Name):
            return self.by_name.get(f"{module.source.module}:{owner}{node.id}")
        return None

    def _read_lookup(self, node: ast.AST, module: Module) -> None:
        ends = looked_up_in_namespace(node)
        if ends is None and isinstance(node, ast.Call):
            dotted = self.modules.qualify(node.func, module) or ""
            self.found.calls.add(dotted)
            if dotted == "collections.defaultdict" and node.args:
                self.found.fills = True
            if dotted not in LOOKUPS or not looks_into_own(dotted, node, self.modules, module):
                return
            self.found.looks_up = True
            ends = looked_up(dotted, node)
        if ends is not None:
            self.found.looks_up = True
            self.found.wanted.add(ends)
