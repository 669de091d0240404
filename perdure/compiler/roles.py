"""Which functions are workflows and which are activities, told by their decorators.

Only the decorator makes a root: an annotation or a file name never does. A decorator counts under
whatever name it was imported, with or without arguments::

    @workflow      @perdure.workflow      @activity(retry=Retry(attempts=3))
"""

from __future__ import annotations

import ast
from enum import Enum

from perdure.compiler.scopes import Function, Module, Modules


class Role(Enum):
    """What a function is to the engine."""

    WORKFLOW = "workflow"
    ACTIVITY = "activity"
    PLAIN = "plain"


_BY_DECORATOR = {"perdure.workflow": Role.WORKFLOW, "perdure.activity": Role.ACTIVITY}

# Functions of perdure itself that suspend a run, or that only the interpreter can do.
SUSPENDING = frozenset(
    {"perdure.sleep", "perdure.spawn", "perdure.gather", "perdure.race"}
    # what perdure.library calls
    | {"perdure.runtime.fibers.spawn", "perdure.runtime.fibers.wait_for_fibers"}
)

# Builtins that read the frame of their caller, when they are given no more arguments than this.
FRAME_READERS = {
    "builtins.locals": 0,
    "builtins.vars": 0,
    "builtins.dir": 0,
    "builtins.eval": 1,
    "builtins.exec": 1,
}


def role_of(function: Function, modules: Modules) -> Role:
    """The role that a function's decorators give it."""
    module = modules.get(function.module)
    if module is None:
        return Role.PLAIN
    for decorator in function.node.decorator_list:
        if (role := decorator_role(decorator, module, modules)) is not Role.PLAIN:
            return role
    return Role.PLAIN


def decorator_role(decorator: ast.expr, module: Module, modules: Modules) -> Role:
    """The role that one decorator gives."""
    bare = decorator.func if isinstance(decorator, ast.Call) else decorator
    return _BY_DECORATOR.get(modules.qualify(bare, module) or "", Role.PLAIN)
