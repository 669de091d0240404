"""The classes of `collections.abc` that bring methods, and the programs that inherit these.

`Mapping.get` is written in Python and calls `self[key]`. Where a class of the program extends one
of these classes, their methods are compiled along, as if they were the program's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perdure.compiler.source import MIXINS, is_foreign

if TYPE_CHECKING:
    from perdure.compiler.definitions import Definition
    from perdure.compiler.scopes import Module, Modules

_EXTENDED = "Sequence MutableSequence Set MutableSet Mapping MutableMapping".split()
_BASES = {f"{module}.{name}" for module in ("collections.abc", "typing") for name in _EXTENDED}
_BASES |= {"typing.AbstractSet"}
# The classes whose methods are taken; those of views are reached by `Mapping.items` and its like.
_TAKEN = frozenset({*_EXTENDED, "MappingView", "KeysView", "ItemsView", "ValuesView"})


def reached_from(module: Module, modules: Modules) -> set[str]:
    """The modules that a module's imports and the bases of its classes lead to."""
    found = module.imported - {MIXINS}
    if found & {"collections.abc", "typing"}:
        for node in module.classes.values():
            if any(base in _BASES for base in modules.bases_of(module, node)):
                return found | {MIXINS}
    return found


def taken(module: Module, found: list[Definition]) -> list[Definition]:
    """Of the functions defined in a module, those that count as the program's."""
    if module.source.module != MIXINS:
        return found
    return [d for d in found if d.name.partition(":")[2].partition(".")[0] in _TAKEN]


def has_classes_of_the_program(module: Module) -> bool:
    """Whether a module's classes are the program's own, or may be inherited by them."""
    return module.source.module == MIXINS or not is_foreign(module.source.module)
