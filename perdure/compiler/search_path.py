"""Folders that a module puts on `sys.path` itself, read from its text.

`sys.path.insert(0, os.path.dirname(os.path.dirname(__file__)))`, in a script that stands beside the
package which it uses. Only what such lines are made of is worked out: functions of `os.path`,
`pathlib.Path` and its parents, on the file's own place.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from perdure.compiler.trees import nodes

_PUTTING = frozenset({"insert", "append", "extend"})
_OF_PATHS = frozenset("abspath dirname expanduser join normpath realpath".split())
_OF_PATH = frozenset("absolute as_posix expanduser joinpath resolve".split())


def folders(tree: ast.Module, file: str) -> Iterator[Path]:
    """The folders that a module's own statements put on the path, so far as its text says them."""
    names: dict[str, ast.expr] = {}
    for node in nodes(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                names[name] = value
            case ast.Call(
                func=ast.Attribute(
                    value=ast.Attribute(value=ast.Name(id="sys"), attr="path"), attr=method
                ),
                args=[*_, given],
            ) if method in _PUTTING:
                several = isinstance(given, ast.List | ast.Tuple)
                for each in given.elts if several else [given]:  # type: ignore[attr-defined]
                    found = _Reading(names, file).value(each, 0)
                    if isinstance(found, str | Path):
                        yield Path(found).resolve()


class _Reading:
    """Works out an expression; None for one that says more than a place on the disk."""

    def __init__(self, names: dict[str, ast.expr], file: str) -> None:
        self.names = names
        self.file = file

    def value(self, node: ast.expr, depth: int) -> Any:
        if depth > 20:
            return None
        match node:
            case ast.Constant(value=str() | int() as value):
                return value
            case ast.Name(id="__file__"):
                return self.file
            case ast.Name(id=name):
                meant = self.names.get(name)
                return None if meant is None else self.value(meant, depth + 1)
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                start, end = self.value(left, depth + 1), self.value(right, depth + 1)
                both = isinstance(start, Path) and isinstance(end, str | Path)
                return start / end if both else None
            case ast.Attribute(value=inner, attr="parent"):
                place = self.value(inner, depth + 1)
                return place.parent if isinstance(place, Path) else None
            case ast.Subscript(value=ast.Attribute(value=inner, attr="parents"), slice=number):
                place, up = self.value(inner, depth + 1), self.value(number, depth + 1)
                known = isinstance(place, Path) and isinstance(up, int)
                return place.parents[up] if known and 0 <= up < len(place.parents) else None
            case ast.Call(func=function, args=args, keywords=[]):
                given = [self.value(arg, depth + 1) for arg in args]
                return None if None in given else self._called(function, given, depth)
        return None

    def _called(self, function: ast.expr, given: list[Any], depth: int) -> Any:
        places = all(isinstance(each, str | Path) for each in given)
        match function:
            case ast.Name(id="str") if len(given) == 1:
                return str(given[0])
            case ast.Name(id="Path") | ast.Attribute(attr="Path") if places:
                return Path(*given)
            case ast.Attribute(value=ast.Attribute(attr="path") | ast.Name(id="path"), attr=name):
                fits = name in _OF_PATHS and places and (len(given) == 1 or name == "join")
                return getattr(os.path, name)(*given) if fits and given else None
            case ast.Attribute(value=inner, attr=name) if name in _OF_PATH and places:
                place = self.value(inner, depth + 1)
                fits = isinstance(place, Path) and (not given or name == "joinpath")
                return getattr(place, name)(*given) if fits else None
            case ast.Attribute(attr="getcwd" | "cwd") if not given:
                return os.getcwd()
        return None
