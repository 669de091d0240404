"""The error boundary: every error of a command becomes a paragraph on stderr and an exit code.

An error that Perdure knows is an answer and has no traceback. A run that failed is told with the
traceback of the user's own lines. Anything else is a fault of ours: it keeps its traceback.
"""

from __future__ import annotations

import json
import sys
import traceback
from enum import IntEnum
from typing import Any

import typer
from typer.core import TyperCommand


class Exit(IntEnum):
    """What exit codes mean. `docs/cli.md` has the same table; a test holds the two together."""

    OK = 0  # done
    NO = 1  # the audit has findings; the run failed or was cancelled
    USAGE = 2  # the command cannot be carried out as it was given; nothing was changed
    STORE = 3  # the store is missing, damaged or not ours, or has no such run
    REFUSED = 4  # the compiler refuses the program
    FAULT = 70  # a fault in Perdure itself
    INTERRUPTED = 130  # stopped by Ctrl-C


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - it is the user's code
        return "(its text cannot be made)"


def _said(error: BaseException) -> str:
    """An error in a line: Perdure's own say it all, others may say nothing but their kind."""
    kind, text = type(error), _text(error)
    if text and kind.__module__.startswith("perdure."):
        return text
    return f"{kind.__qualname__}: {text}" if text else kind.__qualname__


class RunFailedError(Exception):
    """A run ended with an exception, which is this one's `__cause__`."""

    def __init__(self, run_id: str, error: BaseException) -> None:
        super().__init__(f"run {run_id} failed: {_said(error)}")
        self.run_id = run_id
        self.error = error


class OptionsError(ValueError):
    """Options or arguments of a command that do not go together, or name nothing."""


class Answering(TyperCommand):
    """A command whose errors are answers."""

    def make_context(self, info_name: Any, args: list[str], *rest: Any, **extra: Any) -> Any:
        """Read the command line; usage errors are JSON too when JSON was asked for."""
        wants_json = "--json" in args
        try:
            return super().make_context(info_name, args, *rest, **extra)
        except Exception as error:
            if (option := getattr(error, "option_name", "-"))[1:].isdigit():
                said: Any = error
                said.message = (
                    f"No such option: {option}. An argument that begins with a minus comes after "
                    f"--, as in: perdure {info_name} TARGET -- {option}"
                )
            message = getattr(error, "format_message", None)
            if not wants_json or message is None:
                raise
            _print_json_error("UsageError", message())
            raise SystemExit(int(Exit.USAGE)) from None

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        as_json = bool(ctx.params.get("as_json"))
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            print("interrupted", file=sys.stderr)
            raise typer.Exit(Exit.INTERRUPTED) from None
        except BrokenPipeError:
            raise
        except Exception as error:
            # Exceptions of Typer itself (Exit, Abort, usage) carry an exit code.
            if hasattr(error, "exit_code") or type(error).__module__.startswith(("typer", "click")):
                raise
            code = exit_code_of(error)
            if as_json:
                shown = error.error if isinstance(error, RunFailedError) else error
                _print_json_error(type(shown).__qualname__, _text(shown), _more(error))
            else:
                print(text_of(error, code), file=sys.stderr)
            raise typer.Exit(code) from None


def exit_code_of(error: Exception) -> Exit:
    """What kind of answer an error is."""
    from perdure.cli.arguments import InputError
    from perdure.compiler.audit import AuditError
    from perdure.compiler.diagnostics import CompileError, TargetError
    from perdure.compiler.image import ImageError
    from perdure.runtime.client import (
        ArgumentsError,
        RunCancelledError,
        RunConflictError,
        RunNotFoundError,
    )
    from perdure.runtime.codec import CodecError
    from perdure.runtime.compiling import NotAWorkflowError
    from perdure.runtime.failures import UnpicklableError
    from perdure.runtime.modules import ProgramError
    from perdure.store.protocol import StoreError

    match error:
        case RunFailedError() | RunCancelledError():
            return Exit.NO
        case TargetError() | ArgumentsError() | InputError() | OptionsError() | AuditError():
            return Exit.USAGE
        case NotAWorkflowError() | UnpicklableError() | ProgramError():
            return Exit.USAGE
        case StoreError() | RunNotFoundError() | RunConflictError() | CodecError() | ImageError():
            return Exit.STORE
        case CompileError():
            return Exit.REFUSED
    return Exit.FAULT


def text_of(error: Exception, code: Exit) -> str:
    """An error for people."""
    if isinstance(error, RunFailedError):
        # What the runtime itself says about a run has no lines of the user's to show.
        trace = traceback_of(error.error) if error.error.__traceback__ is not None else ""
        return f"{trace}perdure: {error}"
    if code is Exit.REFUSED:
        return str(error)  # diagnostics, each with its place
    if code is Exit.FAULT:
        trace = "".join(traceback.format_exception(error))
        return f"{trace}perdure: this is a fault in Perdure; please report it with the lines above"
    return f"perdure: {error}"


def traceback_of(error: BaseException) -> str:
    """The traceback of a run's exception, which shows the user's own files and lines."""
    return "".join(traceback.format_exception(error))


def _more(error: Exception) -> dict[str, Any]:
    """What JSON says beside type and message."""
    from perdure.compiler.diagnostics import CompileError

    if isinstance(error, RunFailedError):
        return {"run": error.run_id, "traceback": traceback_of(error.error)}
    if isinstance(error, CompileError):
        return {
            "diagnostics": [
                {
                    "code": d.code,
                    "filename": d.span.file,
                    "row": d.span.line,
                    "column": d.span.column + 1,
                    "message": d.message,
                    "why": d.why,
                    "instead": d.instead,
                }
                for d in error.diagnostics
            ]
        }
    return {}


def _print_json_error(kind: str, message: str, more: dict[str, Any] | None = None) -> None:
    error = {"type": kind, "message": message, **(more or {})}
    print(json.dumps({"error": error}, indent=2, ensure_ascii=False), file=sys.stderr)
