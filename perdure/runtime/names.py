"""What a name leads to, and which name leads to an object: in the program first, then the process.

A worker that loaded a program into a namespace of its own, a script that runs its own workflow as
`__main__`, and a process that imported the program as usual know the same objects by one name.
"""

from __future__ import annotations

import builtins
import math
import sys
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from types import ModuleType
from typing import Any

from perdure.runtime.leads import Leads, Steps, follow
from perdure.runtime.modules import main_name


class Names:
    """The modules of a program, and behind them those of this process."""

    def __init__(
        self,
        modules: dict[str, Any],
        bring: Callable[[str], Any] | None = None,
        leads: Leads | None = None,
    ) -> None:
        self.modules = modules
        self.leads = leads
        self.bring = bring or modules.get  # imports a module of the program that was not so far
        self.main = main_name()
        self._values = _Index()

    def logical(self, module: str) -> str:
        """The name other processes know a module by: the running script is not `__main__` there."""
        return self.main if module == "__main__" and self.main else module

    def module(self, name: str) -> Any:
        """The module of that name, imported if need be."""
        found = self.bring(name)
        if found is None and name == self.main and name not in sys.modules:
            found = sys.modules["__main__"]
        if found is None:
            __import__(name)
            found = sys.modules[name]
        return found

    def find(self, module: str, qualname: str | Steps) -> Any:
        """A global of the program, or of this process, or what one leads to."""
        holder = self.module(module)
        if isinstance(qualname, tuple):
            return follow(holder, qualname)
        for part in qualname.split("."):
            holder = getattr(holder, part)
        return holder

    def plain(self, obj: Any) -> bool:
        """Whether `pickle` itself finds a class or function by its name, in every process."""
        module, qualname = getattr(obj, "__module__", None), obj.__qualname__
        if getattr(builtins, qualname, None) is obj:
            return True
        if module is None or module in self.modules or self.logical(module) != module:
            return False
        holder: Any = sys.modules.get(module)
        for part in qualname.split("."):
            holder = getattr(holder, part, None)
        return holder is obj

    def own(self, obj: Any) -> tuple[str, str | Steps] | None:
        """Module and name, or way, that lead back to this class or function, if any do.

        The global may be called otherwise than the object: `double = lambda x: 2 * x`.
        """
        module, qualname = getattr(obj, "__module__", None), obj.__qualname__
        if not isinstance(module, str):
            return None
        name = self.logical(module)
        try:
            if "<" not in qualname and self.find(name, qualname) is obj:
                return name, qualname
        except (ImportError, AttributeError, ValueError):
            pass
        holder = self.modules.get(name) or sys.modules.get(module)
        for variable, value in list(vars(holder).items()) if holder is not None else ():
            if value is obj:
                return name, variable
        if self.leads is not None and (way := self.leads.name_of(obj)) is not None:
            return way
        return None if "<" in qualname else self._elsewhere(qualname, obj)

    def _elsewhere(self, qualname: str, obj: Any) -> tuple[str, str] | None:
        """The name of what a call has made for a class body, or in the name of another module.

        `State = Enum("State", "ON OFF")`, and `make_dataclass()` before Python 3.12.
        """
        if (found := self.path_to(obj)) is not None:
            return found
        for name, module in self.modules.items():
            for variable, held in list(vars(module).items()):
                # A module that only a variable of the program leads to.
                if isinstance(held, ModuleType) and self.of_module(held) is None:
                    inner: Any = held
                    for part in qualname.split("."):
                        inner = getattr(inner, part, None)
                    if inner is obj:
                        return name, f"{variable}.{qualname}"
        return None

    def variable_of(self, obj: Any) -> tuple[str, str] | None:
        """The variable of a program's module that holds this very object."""
        for name, module in self.modules.items():
            for variable, value in [*vars(module).items()]:
                if value is obj:
                    return name, variable
        return None

    def path_to(self, obj: Any) -> tuple[str, str] | None:
        """The variable of a program's module, or of a class in one, that holds this very object."""
        for name, module in self.modules.items():
            space = vars(module)
            if path := _path_to(obj, space, space.get("__name__"), set()):
                return name, path
        return None

    def has(self, obj: Any) -> bool:
        """Whether a class or function is found by its name."""
        return self.plain(obj) or self.own(obj) is not None

    def of_globals(self, space: dict[str, Any]) -> str | None:
        """The module whose variables `space` is."""
        for name, module in self.modules.items():
            if vars(module) is space:
                return name
        name = space.get("__name__", "")
        found = sys.modules.get(name) if isinstance(name, str) else None
        return self.logical(name) if found is not None and vars(found) is space else None

    def of_module(self, module: ModuleType) -> str | None:
        """The name by which a module is found again."""
        for name, held in self.modules.items():
            if held is module:
                return name
        name = module.__name__
        if sys.modules.get(name) is not module:
            # It says another name of itself, as `_collections_abc` does.
            name = next((key for key, held in [*sys.modules.items()] if held is module), "")
        return self.logical(name) if name else None

    def of_value(self, value: Any) -> tuple[str, str | Steps] | None:
        """The variable that holds this very object: a sentinel, a context variable.

        Of a module, or of a class in one.
        """
        led = self.leads.name_of(value) if self.leads is not None else None
        return self.path_to(value) or led or self.of_process(value)

    def of_constant(self, value: Any) -> tuple[str, Steps] | None:
        """What leads from a module to this object, which leads nowhere itself."""
        return self.leads.name_of(value) if self.leads is not None else None

    def of_process(self, value: Any) -> tuple[str, str] | None:
        """The variable of a module of this process, or of a class in one, that holds the object."""
        found = self._values.find(value)
        return found and (self.logical(found[0]), found[1])

    def nans(self) -> dict[int, tuple[str, str]]:
        """The program's global variables that hold a NaN, by its id."""
        return {
            id(value): (name, variable)
            for name, module in self.modules.items()
            for variable, value in list(vars(module).items())
            if _is_nan(value)
        }

    def beside(self, kind: type) -> dict[str, Any]:
        """The objects of a class that are global variables of its module."""
        module = self.modules.get(self.logical(kind.__module__)) or sys.modules.get(kind.__module__)
        space = vars(module) if module is not None else {}
        return {name: value for name, value in list(space.items()) if type(value) is kind}


def _path_to(obj: Any, space: Mapping[str, Any], module: Any, seen: set[type]) -> str | None:
    """The path from a module's variables, or from those of its classes, to an object."""
    for name, value in list(space.items()):
        if value is obj:
            return name
        if isinstance(value, type) and value.__module__ == module and value not in seen:
            seen.add(value)
            if path := _path_to(obj, vars(value), module, seen):
                return f"{name}.{path}"
    return None


def _is_nan(value: Any) -> bool:
    return type(value) is float and math.isnan(value)


class _Index:
    """The variables of this process's modules and classes that hold a bare `object()`, by id.

    And context variables, and NaNs.
    """

    def __init__(self) -> None:
        self._found: dict[int, tuple[str, str]] = {}
        self._size = 0

    def find(self, value: Any) -> tuple[str, str] | None:
        found = self._found.get(id(value))
        if found is None and self._size != len(sys.modules):
            self._fill()
            found = self._found.get(id(value))
        if found is None or _at(*found) is not value:
            return None  # ids are used again
        return found

    def _fill(self) -> None:
        self._size = len(sys.modules)
        for name, module in list(sys.modules.items()):
            for variable, value in list(getattr(module, "__dict__", {}).items()):
                self._add(value, name, variable)
                if isinstance(value, type) and getattr(value, "__module__", None) == name:
                    for attribute, held in list(vars(value).items()):
                        self._add(held, name, f"{variable}.{attribute}")

    def _add(self, value: Any, module: str, path: str) -> None:
        if type(value) is object or type(value) is ContextVar or _is_nan(value):
            self._found.setdefault(id(value), (module, path))


def _at(module: str, path: str) -> Any:
    holder: Any = sys.modules.get(module)
    for part in path.split("."):
        holder = getattr(holder, part, None)
    return holder
