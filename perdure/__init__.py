"""Perdure: durable Python functions, compiled into resumable state machines."""

from perdure.compiler.diagnostics import CompileError, TargetError
from perdure.runtime.declare import (
    DurabilityError,
    Retry,
    activity,
    now,
    random,
    sleep,
    uuid4,
    workflow,
)
from perdure.runtime.failures import ActivityTimeout, UnpicklableError

__all__ = [
    "ActivityTimeout",
    "CompileError",
    "DurabilityError",
    "Retry",
    "TargetError",
    "UnpicklableError",
    "activity",
    "now",
    "random",
    "sleep",
    "uuid4",
    "workflow",
]
