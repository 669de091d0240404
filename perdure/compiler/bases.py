"""Classes of Python's own library that classes of the program derive from, in Python.

`MutableMapping.update` calls the `__setitem__` of the class that it is mixed into, and
`NodeVisitor.visit` the methods that the program adds. Where those suspend, what calls them must be
able to stop as well: so such classes are compiled with the program, where it derives from them, or
mentions one that calls what it is given (`sched.scheduler`). Of a module only what they need is
read; classes in C (`dict`, `Exception`) have no text to read. So is `copy.copy`, where a class of
the program says how it is copied. (Not `copy.deepcopy`: it finds again what it has copied by
`id()`, which is another one after a restart.)
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from perdure.compiler.source import BASES, Source
from perdure.compiler.trees import nodes

# Other names of the same: `typing.Mapping[str, int]` is an alias of the one in collections.abc.
_ALSO = dict.fromkeys(("collections.abc", "typing"), "_collections_abc")


def home(dotted: str) -> tuple[str, str] | None:
    """The module that a name of the table is defined in, and its name there; None for others."""
    module, _, name = dotted.rpartition(".")
    if dotted == "typing.AbstractSet":
        name = "Set"
    module = _ALSO.get(module, module)
    return (module, name) if name in BASES.get(module, ()) else None


@dataclass(frozen=True)
class Part(Source):
    """What some classes or functions of a module need of it."""

    names: frozenset[str] = field(default=frozenset())

    @property
    def is_library(self) -> bool:
        """It is compiled for the sake of the user's classes."""
        return False

    @cached_property
    def tree(self) -> ast.Module:
        """The statements that define the names, and whatever their code mentions.

        And those that fill a table: `_copy_dispatch[list] = list.copy`.
        """
        body = Source(self.path, self.module, self.text, self.is_package).tree.body
        defining: dict[str, list[ast.stmt]] = {}
        for statement in body:
            for name in _defined(statement):
                defining.setdefault(name, []).append(statement)
        kept: set[ast.stmt] = set()
        queue = sorted(self.names)
        while queue:
            for statement in defining.pop(queue.pop(), ()):
                kept.add(statement)
                queue += [n.id for n in nodes(statement) if isinstance(n, ast.Name)]
        return ast.Module([statement for statement in body if statement in kept], [])


def part_of(source: Source, names: Iterable[str]) -> Part:
    """The part of a module that is compiled for the sake of these classes or functions."""
    place = source.path, source.module, source.text, source.is_package
    return Part(*place, is_foreign=True, names=frozenset(names))


def _defined(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield statement.name
        return
    for node in nodes(statement):
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                yield name
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store()):
                yield name
            case ast.alias():
                yield node.asname or node.name.partition(".")[0]
