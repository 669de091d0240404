"""Functions of the standard library's modules that call what they are given, in Python.

As in `perdure.library`, of which this is the part for modules that few programs import: `re.sub`
with a function, `heapq.nsmallest` and `bisect` with a key, `statistics` over what suspends, caches.
"""

from __future__ import annotations

import bisect
import dataclasses
import re
import sys
from collections.abc import Callable
from typing import Any

from perdure.compiler.library import ON_LISTS
from perdure.library.collecting import sorted_
from perdure.library.syntax import list_
from perdure.runtime.caches import MISS, cache_of
from perdure.runtime.dataclass_fields import changes_for
from perdure.runtime.iterators import Matches


def on_list_(function: Any, iterable: Any, /, *args: Any, **kwargs: Any) -> Any:
    """A function that goes over what it is given once, given it as a list."""
    return function(list_(iterable), *args, **kwargs)


def replace_(obj: Any, /, **changes: Any) -> Any:
    if not hasattr(type(obj), "__dataclass_fields__"):
        return dataclasses.replace(obj, **changes)  # says what is wrong
    kind = obj.__class__
    return kind(**changes_for(obj, changes))


def nsmallest_(n: Any, iterable: Any, key: Any = None) -> Any:
    return sorted_(iterable, key=key)[:n] if n > 0 else []


def nlargest_(n: Any, iterable: Any, key: Any = None) -> Any:
    return sorted_(iterable, key=key, reverse=True)[:n] if n > 0 else []


def re_sub_(pattern: Any, repl: Any, string: Any, count: Any = 0, flags: Any = 0) -> Any:
    return _replaced(re.compile(pattern, flags), repl, string, count)[0]


def re_subn_(pattern: Any, repl: Any, string: Any, count: Any = 0, flags: Any = 0) -> Any:
    return _replaced(re.compile(pattern, flags), repl, string, count)


def sub_(pattern: Any, repl: Any, string: Any, count: Any = 0) -> Any:
    return _replaced(pattern, repl, string, count)[0]


def subn_(pattern: Any, repl: Any, string: Any, count: Any = 0) -> Any:
    return _replaced(pattern, repl, string, count)


def _replaced(pattern: Any, repl: Any, string: Any, count: Any) -> Any:
    pieces, place, number = [], 0, 0
    for match in Matches(pattern, string):
        if place < match.start():
            pieces.append(string[place : match.start()])
        text = repl(match)
        if text is not None:
            pieces.append(text)
        place, number = match.end(), number + 1
        if number == count:
            break
    pieces.append(string[place:])
    return string[:0].join(pieces), number


def bisect_right_(a: Any, x: Any, lo: Any = 0, hi: Any = None, *, key: Any = None) -> Any:
    lo, hi = _bounds(a, lo, hi)
    while lo < hi:
        middle = (lo + hi) // 2
        item = a[middle]
        if x < (item if key is None else key(item)):
            hi = middle
        else:
            lo = middle + 1
    return lo


def bisect_left_(a: Any, x: Any, lo: Any = 0, hi: Any = None, *, key: Any = None) -> Any:
    lo, hi = _bounds(a, lo, hi)
    while lo < hi:
        middle = (lo + hi) // 2
        item = a[middle]
        if (item if key is None else key(item)) < x:
            lo = middle + 1
        else:
            hi = middle
    return lo


def _bounds(a: Any, lo: Any, hi: Any) -> Any:
    if lo < 0:
        raise ValueError("lo must be non-negative")
    return lo, len(a) if hi is None else hi


def insort_right_(a: Any, x: Any, lo: Any = 0, hi: Any = None, *, key: Any = None) -> None:
    rank = x if key is None else key(x)
    a.insert(bisect_right_(a, rank, lo, hi, key=key), x)


def insort_left_(a: Any, x: Any, lo: Any = 0, hi: Any = None, *, key: Any = None) -> None:
    rank = x if key is None else key(x)
    a.insert(bisect_left_(a, rank, lo, hi, key=key), x)


# Caches ---------------------------------------------------------------------------------------


def cached_call(cached: Any, args: Any, kwargs: Any) -> Any:
    """A call of a function under `functools.cache` or `lru_cache` that suspends."""
    result = cache_of(cached).find(args, kwargs)
    if result is MISS:
        function = cached.__wrapped__
        result = function(*args, **kwargs)
        cache_of(cached).keep(args, kwargs, result)
    return result


# By module and name: those written in Python are looked for by these, so that nothing is imported.
_BY_NAME: dict[tuple[str, str], Callable[..., Any]] = {
    ("re", "sub"): re_sub_,
    ("re", "subn"): re_subn_,
    ("heapq", "nsmallest"): nsmallest_,
    ("heapq", "nlargest"): nlargest_,
    ("dataclasses", "replace"): replace_,
}
_BY_NAME |= {("statistics", name): on_list_ for name in ON_LISTS["statistics"]}

BUILTINS: dict[Any, Callable[..., Any]] = {
    bytes: on_list_,
    bytearray: on_list_,
    bisect.bisect_left: bisect_left_,
    bisect.bisect_right: bisect_right_,
    bisect.insort_left: insort_left_,
    bisect.insort_right: insort_right_,
}
METHODS: dict[str, tuple[Callable[..., Any], tuple[type, ...]]] = {
    "sub": (sub_, (re.Pattern,)),
    "subn": (subn_, (re.Pattern,)),
}


def stand_in(function: Any) -> Callable[..., Any] | None:
    """The stand-in of a function of the standard library that is written in Python."""
    module, name = function.__module__, function.__name__
    found = _BY_NAME.get((module, name))
    if found is None or getattr(sys.modules.get(module), name, None) is not function:
        return None
    return found
