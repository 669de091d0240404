"""What one function does by itself: the summary that the walk over the call graph puts together."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from perdure.compiler.scopes import Function, Module


@dataclass(frozen=True, slots=True)
class Unit:
    """A node of the call graph.

    A function; the factory of a class's field (node: the field); a variable's value at import
    (node: the top-level statement that binds it).
    """

    key: str
    module: Module
    node: ast.AST
    function: Function | None = None

    @property
    def label(self) -> str:
        """How messages call it."""
        return self.key.partition(":")[2].replace(".<locals>.", ".")


@dataclass(frozen=True, slots=True)
class Hazard:
    """Something found in a unit's own code. `subject` begins the message: "time.time()"."""

    code: str
    node: ast.AST
    subject: str


@dataclass(frozen=True, slots=True)
class Edge:
    """A call (or a mention) in a unit that leads to another."""

    target: Unit
    node: ast.AST
    verb: str = "calls"


@dataclass
class Facts:
    """What a unit's own code does."""

    hazards: list[Hazard] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    unknown: list[Hazard] = field(default_factory=list)
    reads: dict[str, ast.AST] = field(default_factory=dict)  # module globals, first mention
    writes: dict[str, ast.AST] = field(default_factory=dict)

    def add(self, code: str, node: ast.AST, subject: str) -> None:
        """Note a hazard."""
        self.hazards.append(Hazard(code, node, subject))
