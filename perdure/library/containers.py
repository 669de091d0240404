"""Methods of builtin containers, and of files, that go over what they are given or compare it.

`found.union(…)`, `items.extendleft(…)`, `file.writelines(…)`, `counts.update(…)`; and
`items.index(x)` and its like, where `__eq__` suspends. `operator.call` calls what they stand for
itself: nothing that it is given then suspends.
"""

from __future__ import annotations

import operator
import sys
from array import array
from collections import deque
from collections.abc import Mapping
from typing import Any

from perdure.library.collecting import mapped, tuple_, update_
from perdure.library.operators import has_index, index_
from perdure.library.syntax import list_


def on_hashed_(method: Any, *iterables: Any) -> Any:
    """A method of a set that goes over each iterable to its end, given them as lists."""
    if not _takes(method, iterables):
        return operator.call(method, *iterables)  # says what is wrong
    listed = [each if isinstance(each, _HASHED) else _hashable(each) for each in iterables]
    return operator.call(method, *listed)


def on_met_(method: Any, *iterables: Any) -> Any:
    """A method that looks for what a set and iterables have in common."""
    if not _takes(method, iterables):
        return operator.call(method, *iterables)  # says what is wrong
    if method.__name__ == "issubset" and not _ASKS_INTERSECTION:
        return on_hashed_(method, *iterables)
    bound = getattr(method, "__self__", None)
    items = {*(iterables[0] if bound is None else bound)}
    listed = []
    for each in iterables:
        known = each if isinstance(each, _HASHED) else _hashable(each, items)
        listed.append(known)
        items = items.intersection(known)
    return operator.call(method, *listed)


def _takes(method: Any, given: Any) -> bool:
    """Whether a method of a set, or one of its type's, takes as many arguments."""
    wanted = 1 if hasattr(method, "__self__") else 2
    return len(given) == wanted or method.__name__ not in _OF_ONE


# To be a subset is asked of an intersection, which is done when all of the set have been met.
_ASKS_INTERSECTION = sys.version_info >= (3, 12)
_HASHED = (set, frozenset, dict)
_OF_ONE = ("issubset", "symmetric_difference", "symmetric_difference_update")


def _hashable(iterable: Any, wanted: Any = ()) -> list[Any]:
    """The items of an iterable, up to the first that no set takes, or to all that are wanted."""
    items, met = [], set()
    for item in iterable:
        hash(item)
        items.append(item)
        if item in wanted:
            met.add(item)
            if len(met) == len(wanted):
                break
    return items


def issuperset_(items: Any, iterable: Any, /) -> bool:
    for item in iterable:  # noqa: SIM110
        if _apart(items, item):
            return False
    return True


def isdisjoint_(items: Any, iterable: Any, /) -> bool:
    for item in iterable:  # noqa: SIM110
        if not _apart(items, item):
            return False
    return True


def _apart(items: Any, item: Any) -> bool:
    """Whether an item is not in a set, past what a subclass makes of `in`."""
    kind = set if isinstance(items, set) else frozenset
    return kind.isdisjoint(items, [item])


def extendleft_(items: Any, iterable: Any, /) -> None:
    for item in iterable:
        deque.appendleft(items, item)  # past what a subclass makes of it


def writelines_(file: Any, lines: Any, /) -> None:
    for line in lines:
        file.write(line)


def writerows_(writer: Any, rows: Any, /) -> None:
    for row in rows:
        writer.writerow(row)


def array_(typecode: Any, *initial: Any) -> Any:
    if len(initial) != 1:
        return operator.call(array, typecode, *initial)  # says what is wrong
    made = array(typecode)
    for item in initial[0]:
        made.append(item)
    return made


# Counters ---------------------------------------------------------------------------------------


def count_(counts: Any, given: Any = None, /, **more: Any) -> None:
    if isinstance(given, Mapping) and not counts:
        update_(counts, given)
    elif given is not None:
        _count(counts, given, 1)
    if more:
        counts.update(more)


def subtract_(counts: Any, given: Any = None, /, **more: Any) -> None:
    if given is not None:
        _count(counts, given, -1)
    if more:
        counts.subtract(more)


def _count(counts: Any, given: Any, sign: int) -> None:
    if isinstance(given, Mapping):
        for item, number in given.items():
            counts[item] = counts.get(item, 0) + number * sign
    else:
        for item in given:
            counts[item] = counts.get(item, 0) + sign


# Looking for a value ----------------------------------------------------------------------------


def index_in(items: Any, value: Any, start: Any = 0, stop: Any = sys.maxsize, /) -> Any:
    start, stop = [index_(end) if has_index(end) else end for end in (start, stop)]
    kind = _kind(items)
    size = kind.__len__(items)
    place = max(start + size, 0) if start < 0 else start
    end = stop + size if stop < 0 else stop
    while place < min(end, kind.__len__(items)):
        item = kind.__getitem__(items, place)
        if item is value or item == value:
            return place
        place += 1
    if kind is tuple:
        raise ValueError("tuple.index(x): x not in tuple")
    raise ValueError(f"{value!r} is not in {kind.__name__}")


def count_in(items: Any, value: Any, /) -> int:
    found = 0
    for item in _kind(items).__iter__(items):
        if item is value or item == value:
            found += 1
    return found


def remove_from(items: Any, value: Any, /) -> None:
    kind = _kind(items)
    place = 0
    while place < kind.__len__(items):
        item = kind.__getitem__(items, place)
        if item is value or item == value:
            # A comparison may have changed it.
            kind.__delitem__(items, slice(place, place + 1) if kind is list else place)
            return
        place += 1
    if kind is deque:
        raise ValueError(f"{value!r} is not in deque")
    raise ValueError("list.remove(x): x not in list")


def _kind(items: Any) -> Any:
    return next(kind for kind in (list, tuple, deque) if isinstance(items, kind))


def index_of_(a: Any, b: Any, /) -> int:
    for place, item in enumerate(a):
        if item is b or item == b:
            return place
    raise ValueError("sequence.index(x): x not in sequence")


def count_of_(a: Any, b: Any, /) -> int:
    found = 0
    for item in a:
        if item is b or item == b:
            found += 1
    return found


# Objects of subclasses --------------------------------------------------------------------------


def new_of_(method: Any, kind: Any, *given: Any) -> Any:
    """`super().__new__(kind, iterable)` of a tuple or a frozenset."""
    return operator.call(method, kind, *[list_(iterable) for iterable in given])


def made_of_(kind: Any, iterable: Any) -> Any:
    """`_make` of a named tuple."""
    return operator.call(kind._make, tuple_(iterable))


def with_factory_(kind: Any, factory: Any = None, *given: Any, **more: Any) -> Any:
    """What makes a `defaultdict` of a mapping or of pairs."""
    found: dict[Any, Any] = {}
    update_(found, *given)
    return operator.call(kind, factory, found, **more)


def of_pairs_(method: Any, *given: Any, **more: Any) -> Any:
    """What makes or fills a dict of a mapping or of pairs."""
    found: dict[Any, Any] = {}
    update_(found, *given)
    return operator.call(method, found, **more)


def of_counted_(kind: Any, given: Any = None, /, **more: Any) -> Any:
    """What makes a counter of a class of the program's, of a mapping or of what is counted."""
    if given is not None:
        given = mapped(given, isinstance(given, Mapping))
    return operator.call(kind, given, **more)
