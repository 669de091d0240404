"""Runs one test: natively with its ticks, then compiled, with a restart at each of them."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import gc
import importlib
import inspect
import io
import itertools
import linecache
import re
import signal
import sys
import traceback
import types
import unittest
import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import wraps
from pathlib import Path
from typing import Any

from perdure.compiler.diagnostics import CompileError
from perdure.runtime.declare import DurabilityError, activity_options, running_block
from perdure.testing import drive
from tests.conformance.cases import Case, TestFile

# Where a result comes from; "failed" is the only one that speaks against Perdure.
PASSED, FAILED, REFUSED, NATIVE, SKIPPED = "passed", "failed", "refused", "native", "skipped"


@dataclass
class Result:
    """What became of one test.

    `kind` refines `status`: the code of a refusal, the sort of a failure, the reason of a skip.
    `cuts` counts suspensions, `uncut` the ticks that ran beneath code which is not compiled
    (`sorted(key=f)`): those did nothing.
    """

    name: str
    status: str
    kind: str = ""
    text: str = ""
    cuts: int = 0
    uncut: int = 0
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class TestTimeout(BaseException):
    """A test took too long."""

    __test__ = False


@dataclass
class Options:
    """How tests are run. `strict`: a tick beneath code that is not compiled is a failure."""

    ticks: str = "both"
    timeout: float = 60.0
    strict: bool = False
    restart: bool = True


class Runner:
    """Runs the tests of one file; generated modules go to `folder`."""

    def __init__(self, file: TestFile, folder: Path, options: Options) -> None:
        self.file = file
        self.folder = folder
        self.options = options
        self.numbers = itertools.count()
        self.uncut = 0
        self.cuts = 0
        for name in ("prelude", "prelude_async"):
            text = Path(__file__).with_name(f"{name}.py").read_text()
            (folder / f"conformance_{name}.py").write_text(text)
        sys.path.insert(0, str(folder))
        self.prelude = importlib.import_module("conformance_prelude")
        self.prelude.tick_ = self._counting(self.prelude.tick_)  # type: ignore[attr-defined]

    def _counting(self, tick: Callable[[], None]) -> Callable[[], None]:
        """A tick that counts, and in a place that cannot be cut does nothing (unless strict)."""

        @wraps(tick)
        def counting() -> None:
            if running_block.context is None:
                return
            self.uncut += 1
            if self.options.strict:
                tick()

        name, options = "__perdure_activity__", activity_options(tick)
        assert options is not None
        setattr(counting, name, dataclasses.replace(options, marked=counting))
        return counting

    def run(self, case: Case) -> Result:
        """The result of a test that is not skipped."""
        if case.skipped is not None:
            return Result(case.name, SKIPPED, "by the test itself", case.skipped)
        failed: Result | None = None
        for complete in (False, True):
            try:
                text = self.file.text(case, self.options.ticks, complete)
            except (ValueError, SyntaxError) as error:  # ast.unparse cannot say it
                failed = failed or Result(case.name, NATIVE, "transformation", repr(error))
                continue
            result = self._native(case, text)
            if result is None:
                return self._durable(case, text)
            if result.status == SKIPPED:
                return result
            failed = failed or result
        assert failed is not None
        return failed

    def _native(self, case: Case, text: str) -> Result | None:
        """None if the transformed test passes as plain Python."""

        def run(module: types.ModuleType) -> None:
            started = module.run_()
            if inspect.iscoroutine(started):
                asyncio.run(started)

        error = self._attempt(case, text, run)
        if error is None:
            return None
        if isinstance(error, unittest.SkipTest):
            return Result(case.name, SKIPPED, "by the test itself", str(error))
        return Result(case.name, NATIVE, type(error).__name__, _text(error))

    def _durable(self, case: Case, text: str) -> Result:
        self.cuts = self.uncut = 0

        def run(module: types.ModuleType) -> None:
            outcome = drive(module.run_, restart="every" if self.options.restart else "never")
            self.cuts = outcome.checkpoints
            if outcome.error is not None:
                raise outcome.error

        error = self._attempt(case, text, run)
        result = Result(case.name, PASSED, cuts=self.cuts, uncut=self.uncut)
        if error is None and self.cuts <= 1 and self.uncut:
            # The first checkpoint is made before the run starts: this test was never cut.
            result.status, result.kind = FAILED, "ran, but was never cut"
        if error is not None:
            result.status, result.kind = _classified(error)
            result.text = str(error) if isinstance(error, CompileError) else _text(error)
        return result

    def _attempt(
        self, case: Case, text: str, run: Callable[[types.ModuleType], None]
    ) -> BaseException | None:
        """Import the text and run it; what came out of it."""
        try:
            with _quiet(), _alarm(self.options.timeout), self._loaded(text) as module:
                cls = getattr(module, case.cls)
                set_up = getattr(module, "setUpModule", None)
                if set_up is not None:
                    set_up()
                cls.setUpClass()
                try:
                    run(module)
                finally:
                    cls.tearDownClass()
                    cls.doClassCleanups()
                    if set_up is not None and hasattr(module, "tearDownModule"):
                        module.tearDownModule()
        except KeyboardInterrupt as error:
            return error
        except BaseException as error:
            return None if case.expected_failure and isinstance(error, AssertionError) else error
        return None

    @contextlib.contextmanager
    def _loaded(self, text: str) -> Iterator[types.ModuleType]:
        name = f"conformance_{self.file.name}_{next(self.numbers)}"
        path = self.folder / f"{name}.py"
        path.write_text(text, errors="surrogatepass")
        importlib.invalidate_caches()
        try:
            yield importlib.import_module(name)
        finally:
            sys.modules.pop(name, None)
            linecache.cache.pop(str(path), None)
            path.unlink(missing_ok=True)


def _classified(error: BaseException) -> tuple[str, str]:
    if isinstance(error, CompileError):
        return REFUSED, " ".join(sorted({d.code for d in error.diagnostics}))
    if isinstance(error, DurabilityError):
        return FAILED, "beneath code that is not compiled"
    if isinstance(error, TestTimeout):
        return FAILED, "too slow"
    if type(error).__name__ == "UnpicklableError":
        return FAILED, "not picklable"
    if isinstance(error, AssertionError):
        return FAILED, "wrong result"
    where = traceback.extract_tb(error.__traceback__)
    if where and "/perdure/" in where[-1].filename:
        part = re.sub(r".*/(perdure/.*)", r"\1", where[-1].filename)
        return FAILED, f"internal: {type(error).__name__} in {part}:{where[-1].name}"
    return FAILED, f"raised {type(error).__name__}"


def _text(error: BaseException) -> str:
    lines = traceback.format_exception(type(error), error, error.__traceback__, limit=-6)
    return "".join(lines)[-3000:]


@contextlib.contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    def ring(*_: object) -> None:
        raise TestTimeout(f"longer than {seconds:g} s")

    before = signal.signal(signal.SIGALRM, ring)
    # Again and again: the test may catch it.
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep what a test prints and warns to itself, and undo what it did to the process."""
    streams = sys.stdin, sys.stdout, sys.stderr, sys.excepthook, sys.unraisablehook
    limit, collecting = sys.getrecursionlimit(), gc.isenabled()
    hooks = sys.displayhook
    sys.stdout, sys.stderr = io.StringIO(), io.StringIO()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        sys.stdin, sys.stdout, sys.stderr, sys.excepthook, sys.unraisablehook = streams
        sys.displayhook = hooks
        sys.setrecursionlimit(limit)
        (gc.enable if collecting else gc.disable)()
