"""Modules that a program holds in variables: `for plugin in (mail, sms): plugin.send(order)`.

What such a module offers is called like a method of an object of which nothing is known.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from perdure.compiler.imports import import_names
from perdure.compiler.scopes import Module, Modules
from perdure.compiler.trees import nodes


def held_modules(modules: Modules, closure: list[Module]) -> list[Module]:
    """The first-party modules that variables may hold."""
    own = [module for module in closure if not module.source.is_foreign]
    if any(_looks_up(module) for module in own):
        return own
    found: set[str] = set()
    for module in own:
        found |= _used_as_values(modules, module)
    return [module for module in own if module.source.module in found]


def _looks_up(module: Module) -> bool:
    """Whether a module gets hold of others by their names."""
    loads = module.loads
    if loads.named or loads.beginning or loads.anything:
        return True
    return "sys.modules" in module.source.text or "__getattr__" in module.functions


def _used_as_values(modules: Modules, module: Module) -> set[str]:
    named = {
        local: dotted
        for statement in module.import_statements
        for local, dotted in import_names(statement, module.source)
        if modules.get(dotted) is not None
    }
    if not named:
        return set()
    # In `shop.rates.total` only the function is used, not the modules it is found in.
    every = list(nodes(module.source.tree))
    passed = {node.value for node in every if isinstance(node, ast.Attribute)}
    found = set()
    for node in every:
        if node not in passed and (dotted := _spelled(node, named)) is not None:
            found.add(dotted)
    return {dotted for dotted in found if modules.get(dotted) is not None}


def _spelled(node: ast.AST, named: dict[str, str]) -> str | None:
    """The dotted name that an expression spells out, if it begins with a module."""
    rest = []
    while isinstance(node, ast.Attribute):
        rest.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load):
        return None
    return ".".join([named[node.id], *reversed(rest)]) if node.id in named else None


def offered(modules: Modules, module: Module) -> Iterator[tuple[str, str | None]]:
    """What a module has by a name: the name, and that of a function which a call of it may call.

    None stands for what is only known when the program runs.
    """
    for name in module.bound:
        if name.startswith("__"):
            continue
        dotted = modules.canonical(f"{module.source.module}.{name}")
        function = modules.function(dotted)
        if function is not None:
            yield name, function.name
        elif (found := modules.class_of(dotted)) is not None:
            owner, qualname, _ = found
            for making in ("__new__", "__init__", "__post_init__"):
                yield name, f"{owner.source.module}:{qualname}.{making}"
        elif name in module.aliases:
            yield name, None
