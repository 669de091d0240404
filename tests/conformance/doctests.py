"""Doctest examples -> methods of a class, one for each group of examples.

    >>> x = f(1)              x = f(1)
    >>> x            =>       self.check_(0)
    2                         show_(x)
                              self.check_(1)

A group is a run of examples without prose between them, after the earlier examples that bind what
it uses (or after all earlier ones, when those few are not enough). Variables become the method's
locals, so that they are part of a checkpoint. An example that is not Python, or not at this place,
is handed to `compile` as it stands: its error is what it shows.
"""

from __future__ import annotations

import ast
import doctest
import types
import warnings
from dataclasses import dataclass

from tests.conformance.transform import mentions


@dataclass
class Group:
    """Consecutive examples of one docstring, and those before them."""

    name: str  # of the method
    own: list[doctest.Example]
    before: list[doctest.Example]

    def examples(self, all_before: bool) -> list[doctest.Example]:
        """The examples to run: with what they need of the earlier ones, or with all of them."""
        if all_before:
            return self.before + self.own
        needed: set[str] = set()
        for example in self.own:
            needed |= _names(example)
        chosen: list[doctest.Example] = []
        for example in reversed(self.before):
            if _binds(example) & needed:
                chosen.append(example)
                needed |= _names(example)
        return chosen[::-1] + self.own


def groups(module: types.ModuleType) -> list[Group]:
    """The groups of examples in a module's docstrings."""
    found: list[Group] = []
    seen: set[str] = set()
    for test in doctest.DocTestFinder(recurse=True).find(module, module.__name__):
        if not test.examples or test.docstring in seen:
            continue
        seen.add(test.docstring)
        name = "test_" + "_".join(test.name.split(".")[2:] or ["doc"]).removeprefix("__test___")
        before: list[doctest.Example] = []
        own: list[doctest.Example] = []
        number = 0
        for part in [*doctest.DocTestParser().parse(test.docstring), "end"]:
            if isinstance(part, doctest.Example):
                own.append(part)
            elif part.strip() and own:
                found.append(Group(f"{name}_{number}", own, list(before)))
                before += own
                own = []
                number += 1
    return found


def test_class(group: Group, module: str, all_before: bool) -> tuple[ast.ClassDef, list[ast.stmt]]:
    """The class with the group's method, and the imports that must stand at module level."""
    examples = group.examples(all_before)
    imports: list[ast.stmt] = []
    body: list[ast.stmt] = []
    for number, example in enumerate(examples):
        body += _example(number, example, imports)
    flags = [(e.want, e.exc_msg, _flags(e)) for e in examples]
    made = ast.parse(
        f"class Doctests(Doctest_):\n"
        f"    examples = {flags!r}\n"
        f"    module_name = {module!r}\n"
        f"    def {group.name}(self):\n        pass\n"
    ).body[0]
    assert isinstance(made, ast.ClassDef)
    method = made.body[-1]
    assert isinstance(method, ast.FunctionDef)
    method.body = body
    return made, imports


def _flags(example: doctest.Example) -> int:
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE if example.exc_msg else 0
    for flag, on in example.options.items():
        flags = flags | flag if on else flags & ~flag
    return flags


def _example(number: int, example: doctest.Example, imports: list[ast.stmt]) -> list[ast.stmt]:
    statements = _parsed(example.source)
    if statements is None:
        statements = ast.parse(f"source_({example.source!r})").body
    stars = [s for s in statements if isinstance(s, ast.ImportFrom) and s.names[0].name == "*"]
    imports += stars
    body = [_Shown().visit(s) for s in statements if s not in stars]
    check = ast.parse(f"self.check_({number})").body
    if example.exc_msg is None:
        return [*body, *check]
    attempt = ast.parse(
        f"try:\n    pass\nexcept BaseException as error_:\n    self.raised_({number}, error_)\n"
        f"else:\n    self.missing_({number})\n"
    ).body
    assert isinstance(attempt[0], ast.Try)
    attempt[0].body = body or [ast.Pass()]
    return attempt


class _Shown(ast.NodeTransformer):
    """Expressions as statements show their value, outside functions and classes."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr:
        return ast.Expr(ast.Call(ast.Name("show_", ast.Load()), [node.value], []))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AsyncFunctionDef:
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        return node


def _parsed(source: str) -> list[ast.stmt] | None:
    """The statements of an example; None if it would not compile where it stands."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(source, "<doctest>", "single")
            return ast.parse(source).body
        except (SyntaxError, ValueError):
            return None


def _names(example: doctest.Example) -> set[str]:
    statements = _parsed(example.source)
    return mentions(ast.Module(statements, [])) if statements else set()


def _binds(example: doctest.Example) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.Module(_parsed(example.source) or [], [])):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.alias):
            found.add(node.asname or node.name.partition(".")[0])
    return found
