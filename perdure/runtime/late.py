"""Sets and dicts that are filled when all else has been read.

Pickle fills a set while an object in it may be only begun: one that leads back to the set, and is
hashed by what it has not got yet. Such a set is written as what stands for it, with its items; it
is made empty, and filled at the end.
"""

from __future__ import annotations

from types import FunctionType
from typing import Any

from perdure.runtime.failures import UnpicklableError


class Late:
    """Stands for a set or a dict; `items` are what goes into it."""

    __slots__ = ("container", "items")

    def __init__(self, container: Any) -> None:
        self.container = container
        self.items: list[Any] = []


def is_hashed_by_code(key: Any) -> bool:
    """Whether Python code is called to hash a key."""
    kind: Any = type(key)
    if kind is tuple:
        return any(map(is_hashed_by_code, key))
    return type(kind.__hash__) is FunctionType


def reduce_late(late: Late, pickler: Any) -> Any:
    """A container as an empty one, and its items."""
    held = late.container
    items = list(held.items()) if type(held) is dict else list(held)
    return (late_of, (type(held),), items, None, None, set_items)


def late_of(kind: type) -> Late:
    """Stands for `late_in`."""
    raise UnpicklableError("read values with Codec.decode")


def late_in(known: list[Late], kind: type) -> Late:
    """An empty container, which is filled with all that are `known`."""
    known.append(Late(kind()))
    return known[-1]


def set_items(late: Late, items: list[Any]) -> None:
    """Take note of what goes into a container."""
    late.items = items


def fill(late: list[Late]) -> None:
    """Fill containers; a key may be hashed by what another one of them holds."""
    while late:
        left, problem = [], None
        for one in late:
            try:
                one.container.update(one.items)
            except Exception as error:
                left.append(one)
                problem = error
        if problem is not None and len(left) == len(late):
            raise problem
        late = left


REDUCERS: dict[type, Any] = {Late: reduce_late}
