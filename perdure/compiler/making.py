"""Which functions of the program the making of an object calls, told from the text of its class."""

from __future__ import annotations

from collections.abc import Container

from perdure.compiler.scopes import Modules

# What making an object calls; the last is called by the `__init__` that `dataclass` writes.
MAKING = frozenset({"__new__", "__init__", "__post_init__"})
_DEEPEST = 20  # classes above one another; an import circle may go round


class Makers:
    """Looks methods up in classes of the project; `functions` are those that it has read."""

    def __init__(self, modules: Modules, functions: Container[str]) -> None:
        self.modules = modules
        self.functions = functions

    def of(self, dotted: str) -> list[str]:
        """The methods of the project that making an object of a class calls."""
        found = [self._inherited(dotted, name, 0) for name in sorted(MAKING)]
        return [name for name in [*found, self._called_by_metaclass(dotted, 0)] if name]

    def _inherited(self, dotted: str, method: str, depth: int) -> str | None:
        """The method that a class has or inherits."""
        found = self.modules.class_of(dotted)
        if found is None or depth > _DEEPEST:
            return None
        module, qualname, node = found
        own = f"{module.source.module}:{qualname}.{method}"
        if own in self.functions:
            return own
        for above in self.modules.bases_of(module, node):
            if above and (name := self._inherited(above, method, depth + 1)):
                return name
        return None

    def _called_by_metaclass(self, dotted: str, depth: int) -> str | None:
        """The `__call__` of a class's own class."""
        found = self.modules.class_of(dotted)
        if found is None or depth > _DEEPEST:
            return None
        module, _, node = found
        metaclass = next((k.value for k in node.keywords if k.arg == "metaclass"), None)
        if metaclass is not None:
            above = self.modules.qualify(metaclass, module)
            return self._inherited(above, "__call__", 0) if above else None
        for above in self.modules.bases_of(module, node):
            if above and (name := self._called_by_metaclass(above, depth + 1)):
                return name
        return None
