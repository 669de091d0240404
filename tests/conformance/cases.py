"""The tests of a file, and the text of the module that runs one of them.

import …                                    what the test's names lead to
class TestX(TestCase_):
    def test_y(self): …                     with ticks

@workflow
def run_():
    case = TestX("test_y")
    case.setUp()
    …
"""

from __future__ import annotations

import ast
import copy
import importlib
import inspect
import types
import unittest
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from tests.conformance import doctests
from tests.conformance.transform import Transformer, cut, whole

_HEAD = """\
from perdure import workflow as workflow_
from conformance_prelude import (
    TestCase as TestCase_, Doctest as Doctest_, tick_, through_, held_, show_, source_, clean_up_
)
"""

_HEAD_ASYNC = """\
from conformance_prelude_async import (
    AsyncTestCase as AsyncTestCase_, set_up_async_, tear_down_async_, clean_up_async_
)
"""

_RUN = """\
@workflow_
def run_():
    case = {cls}({method!r})
    try:
        case.setUp()
        try:
            case.{method}()
        finally:
            case.tearDown()
    finally:
        clean_up_(case)
"""

_RUN_ASYNC = """\
@workflow_
async def run_():
    case = {cls}({method!r})
    try:
        case.setUp()
        await set_up_async_(case)
        try:
            {call}
        finally:
            await tear_down_async_(case)
            case.tearDown()
    finally:
        await clean_up_async_(case)
"""


@dataclass
class Case:
    """One test. `skipped` is what the file's own decorators say about it here."""

    file: str
    cls: str
    method: str
    skipped: str | None = None
    group: doctests.Group | None = None
    kind: str = "sync"  # sync, async, isolated (a plain method of an async TestCase)
    expected_failure: bool = False

    @property
    def name(self) -> str:
        return f"{self.file}::{self.cls}.{self.method}"


@dataclass
class TestFile:
    """A test file of the running Python."""

    name: str
    module: types.ModuleType = field(repr=False)

    __test__ = False

    @classmethod
    def load(cls, name: str) -> TestFile:
        return cls(name, importlib.import_module(f"test.{name}"))

    @cached_property
    def tree(self) -> ast.Module:
        assert self.module.__file__
        return ast.parse(Path(self.module.__file__).read_bytes())

    def cases(self) -> list[Case]:
        found: list[Case] = []
        for cls in vars(self.module).values():
            if (
                isinstance(cls, type)
                and issubclass(cls, unittest.TestCase)
                and cls.__module__ == self.module.__name__
            ):
                found += self._of_class(cls)
        found.sort(key=lambda case: case.name)
        for group in doctests.groups(self.module):
            found.append(Case(self.name, "Doctests", group.name, group=group))
        return found

    def _of_class(self, cls: type[unittest.TestCase]) -> list[Case]:
        found = []
        isolated = issubclass(cls, unittest.IsolatedAsyncioTestCase)
        for name in unittest.TestLoader().getTestCaseNames(cls):
            method = inspect.unwrap(getattr(cls, name))
            code = getattr(method, "__code__", None)
            if code is None or code.co_filename != self.module.__file__:
                continue  # inherited from a file that has no ticks
            # A plain TestCase has decorators that run a coroutine; here the workflow awaits it.
            awaited = inspect.iscoroutinefunction(method)
            kind = "async" if awaited else "isolated" if isolated else "sync"
            found.append(
                Case(
                    self.name,
                    cls.__name__,
                    name,
                    _skip_reason(cls) or _skip_reason(getattr(cls, name)),
                    kind=kind,
                    expected_failure=getattr(method, "__unittest_expecting_failure__", False),
                )
            )
        return found

    def text(self, case: Case, ticks: str, complete: bool) -> str:
        """The module for `case`; `complete`: with all that might matter, not only what must."""
        tree = self.tree
        if case.group is not None:
            made, imports = doctests.test_class(case.group, self.module.__name__, complete)
            kept = cut(tree, doctests.mentions(made), None)
            kept = [s for s in kept if not _is_docs(s)]
            statements = [*kept, *imports, made]
        elif complete:
            statements = whole(tree, (case.cls, case.method))
        else:
            statements = cut(tree, [case.cls, "setUpModule"], (case.cls, case.method))
        module = Transformer(ticks).visit(copy.deepcopy(ast.Module(statements, [])))
        future = [s for s in module.body if getattr(s, "module", None) == "__future__"]
        rest = [s for s in module.body if s not in future]
        place = ast.parse(f"__file__ = {self.module.__file__!r}").body
        names = (n.id for s in rest for n in ast.walk(s) if isinstance(n, ast.Name))
        awaits = case.kind != "sync" or "AsyncTestCase_" in names
        head = ast.parse(_HEAD + _HEAD_ASYNC if awaits else _HEAD).body
        body = ast.Module([*future, *head, *place, *rest], [])
        return f"{ast.unparse(ast.fix_missing_locations(body))}\n\n{_entry(case)}"


def _entry(case: Case) -> str:
    if case.kind == "sync":
        return _RUN.format(cls=case.cls, method=case.method)
    call = f"await case.{case.method}()" if case.kind == "async" else f"case.{case.method}()"
    return _RUN_ASYNC.format(cls=case.cls, method=case.method, call=call)


def _skip_reason(thing: object) -> str | None:
    if getattr(thing, "__unittest_skip__", False):
        return str(getattr(thing, "__unittest_skip_why__", "")) or "skipped"
    return None


def _is_docs(statement: ast.stmt) -> bool:
    """Whether a statement holds the doctests themselves."""
    return isinstance(statement, ast.Assign) and any(
        isinstance(t, ast.Name)
        and (t.id == "__test__" or "doctest" in t.id or "test" in t.id)
        and isinstance(statement.value, ast.Constant | ast.Dict)
        for t in statement.targets
    )
