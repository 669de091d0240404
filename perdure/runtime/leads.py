"""What the modules of a program lead to when they have been imported, and the way to each.

A class that a decorator has put into another (`User.DoesNotExist`), a function of which only a
table knows (`HANDLERS["mail"]`), a lock in an object: they have no name of their own, and are known
by the way that leads to them, in every process. What a run puts into a module later is not found.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from contextvars import ContextVar
from itertools import islice
from types import FunctionType
from typing import TYPE_CHECKING, Any

from perdure.runtime.instances import settled_state
from perdure.runtime.ops import own_dict

if TYPE_CHECKING:
    from perdure.runtime.program import Program

# How to come by what something holds: ("attribute", its name), ("item", its key); and of a function
# ("default", its place), ("keyword", its name), ("cell", its place).
Step = tuple[str, Any]
Steps = tuple[Step, ...]
# The module's name, and the way from there.
Name = tuple[str, Steps]
_LED_TO: tuple[type, ...] = (FunctionType, type, property, ContextVar)
_LED_TO += (type(threading.Lock()), type(threading.RLock()))
_KEYS = frozenset({str, int, bytes, float, bool, type(None)})
_MOST = 20_000  # things to look at in a module


class Leads:
    """Those of one program: functions, classes, sentinels, context variables, locks of threads.

    And objects that lead nowhere, with nothing but numbers, texts and the like in them.
    And objects of the classes asked for, each of which is in `found` once.
    """

    def __init__(self, program: Program, kinds: tuple[type, ...]) -> None:
        self.program = program
        self.kinds = kinds
        self.found: list[tuple[Name, Any]] = []  # the objects of those kinds, as they are met
        self.kinds_of_constants: set[type] = set()
        self._named: dict[int, tuple[Any, Name]] = {}
        self._seen: set[str] = set()  # modules

    def look(self) -> None:
        """Find what modules lead to that have been imported since."""
        if len(self._seen) < len(self.program.modules):
            for name, module in [*self.program.modules.items()]:
                if name not in self._seen:
                    self._seen.add(name)
                    self._look_in(name, module)

    def name_of(self, value: Any) -> Name | None:
        """The way to an object, if it leads there still."""
        found = self._named.get(id(value))
        if found is None:
            return None
        module, steps = found[1]
        try:
            there = follow(self.program.modules[module], steps)
        except Exception:  # whatever an attribute may do
            return None
        return found[1] if there is value else None

    def _look_in(self, name: str, module: Any) -> None:
        """What a module's variables lead to: in classes, tables and objects of its own."""
        seen: set[int] = set()
        left = _MOST
        queue: list[tuple[Any, Steps]] = [(module, ())]
        for value, steps in queue:  # it grows meanwhile
            kind = type(value)  # what a proxy says of itself may need a context that is not there
            if issubclass(kind, self.kinds):
                if id(value) not in self._named:
                    self.found.append(((name, steps), value))
                self._add((name, steps), value)
            elif id(value) not in seen and left > 0:
                seen.add(id(value))
                if issubclass(kind, _LED_TO) or kind is object:
                    self._add((name, steps), value)
                elif self._is_own(kind, module) and settled_state(value) is not None:
                    self.kinds_of_constants.add(kind)
                    self._add((name, steps), value)
                for step, held in islice(self._held(value, module), left):
                    left -= 1
                    if type(held) not in _KEYS:
                        queue.append((held, (*steps, step)))

    def _add(self, name: Name, value: Any) -> None:
        self._named.setdefault(id(value), (value, name))  # held: its id is its own

    def _is_own(self, kind: type, module: Any) -> bool:
        return kind.__module__ in self.program.modules or kind.__module__ == module.__name__

    def _held(self, value: Any, module: Any) -> Iterator[tuple[Step, Any]]:
        kind: Any = type(value)
        if value is module or (
            issubclass(kind, type) and getattr(value, "__module__", None) == module.__name__
        ):
            for name, held in [*vars(value).items()]:
                yield ("attribute", name), held.__func__ if type(held) is staticmethod else held
        elif kind is FunctionType:
            yield from ((("attribute", name), held) for name, held in vars(value).items())
            yield from ((("default", n), d) for n, d in enumerate(value.__defaults__ or ()))
            yield from ((("keyword", k), d) for k, d in (value.__kwdefaults__ or {}).items())
            for place, cell in enumerate(value.__closure__ or ()):
                with suppress(ValueError):  # it is empty
                    yield ("cell", place), cell.cell_contents
        elif issubclass(kind, dict) and kind.__getitem__ is dict.__getitem__:
            yield from (
                (("item", key), held) for key, held in dict.items(value) if type(key) in _KEYS
            )
        elif kind is list or kind is tuple:
            yield from ((("item", place), held) for place, held in enumerate(value))
        elif self._is_own(kind, module):
            space = own_dict(value) or {}
            yield from ((("attribute", name), held) for name, held in [*space.items()])


def follow(start: Any, steps: Steps) -> Any:
    """What the way leads to."""
    for how, key in steps:
        start = _FOLLOW[how](start, key)
    return start


_FOLLOW: dict[str, Callable[[Any, Any], Any]] = {
    "attribute": getattr,
    "item": lambda holder, key: holder[key],
    "default": lambda function, place: function.__defaults__[place],
    "keyword": lambda function, name: function.__kwdefaults__[name],
    "cell": lambda function, place: function.__closure__[place].cell_contents,
}


def written(steps: Steps | str) -> str:
    """A way, or a dotted name, as code says it: `.locks['orders']`."""
    if isinstance(steps, str):
        return f".{steps}"
    return "".join(_WRITTEN[how].format(key=key) for how, key in steps)


_WRITTEN = {
    "attribute": ".{key}",
    "item": "[{key!r}]",
    "default": ".__defaults__[{key}]",
    "keyword": ".__kwdefaults__[{key!r}]",
    "cell": ".__closure__[{key}]",
}
