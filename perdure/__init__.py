"""Perdure: durable Python functions, compiled into resumable state machines."""

from perdure.compiler.diagnostics import CompileError, TargetError
from perdure.runtime.client import ArgumentsError, Client, Run, connect
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
from perdure.runtime.worker import Worker

__all__ = [
    "ActivityTimeout",
    "ArgumentsError",
    "Client",
    "CompileError",
    "DurabilityError",
    "Retry",
    "Run",
    "TargetError",
    "UnpicklableError",
    "Worker",
    "activity",
    "connect",
    "now",
    "random",
    "sleep",
    "uuid4",
    "workflow",
]
