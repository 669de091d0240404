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
from perdure.runtime.fibers import Cancelled, Fiber, gather, race, spawn
from perdure.runtime.worker import Worker

__all__ = [
    "ActivityTimeout",
    "ArgumentsError",
    "Cancelled",
    "Client",
    "CompileError",
    "DurabilityError",
    "Fiber",
    "Retry",
    "Run",
    "TargetError",
    "UnpicklableError",
    "Worker",
    "activity",
    "connect",
    "gather",
    "now",
    "race",
    "random",
    "sleep",
    "spawn",
    "uuid4",
    "workflow",
]
