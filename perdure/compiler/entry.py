"""Which function a target such as `shop:checkout` names: the entry of a program."""

from __future__ import annotations

import ast

from perdure.compiler import refuse
from perdure.compiler.diagnostics import CompileError, TargetError
from perdure.compiler.roles import Role, role_of
from perdure.compiler.scopes import Function, Module, Modules
from perdure.compiler.trees import last_name


def find_workflow(modules: Modules, module: str, name: str) -> Function:
    """The workflow `name` in `module`; raise `TargetError` saying what is there instead.

    It may be one that the module has from another, under this name or its own.
    """
    found = modules.get(module)
    if found is None:
        raise TargetError(f"there is no module {module} under {modules.project.root}")
    function = found.functions.get(name)
    if function is None:
        function = _imported(found, name, modules)
        found = (function and modules.get(function.module)) or found
    path = found.source.path
    if function is None:
        raise TargetError(f"{path} defines no function {name!r}; {_offered(found, modules)}")
    role = role_of(function, modules)
    if role is Role.WORKFLOW:
        if "<locals>" in name:
            raise CompileError([refuse.nested_workflow(function)])
        return function
    place = f"{path}:{function.node.lineno}"
    if role is Role.ACTIVITY:
        have = _offered(found, modules)
        raise TargetError(f"{place}: {name!r} is an activity, not a workflow; {have}")
    if (other := _other_workflow(function, found, modules)) is not None:
        raise TargetError(
            f"{place}: the @workflow of {name!r} is {other}, not perdure's: "
            f"write `from perdure import workflow`"
        )
    raise TargetError(
        f"{place}: {name!r} is a plain function: "
        f"mark it with @workflow (from perdure import workflow); {_offered(found, modules)}"
    )


def _offered(module: Module, modules: Modules) -> str:
    """What a module has to offer instead, its own workflows and those that it imports."""
    known = {name: _imported(module, name, modules) for name in module.imports} | module.functions
    workflows = sorted(
        name for name, f in known.items() if f is not None and role_of(f, modules) is Role.WORKFLOW
    )
    return f"its workflows are: {', '.join(workflows)}" if workflows else "it has no workflow"


def _imported(module: Module, name: str, modules: Modules) -> Function | None:
    """The function of the project that a module has from another, under a name of its own."""
    return modules.function(modules.canonical(f"{module.source.module}.{name}"))


def _other_workflow(function: Function, module: Module, modules: Modules) -> str | None:
    """The full name of a decorator that is called `workflow`, and is not Perdure's."""
    for decorator in function.node.decorator_list:
        if last_name(decorator) == "workflow":
            bare = decorator.func if isinstance(decorator, ast.Call) else decorator
            return modules.qualify(bare, module)
    return None
