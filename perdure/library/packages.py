"""Functions of the standard library's modules that call what they are given, in Python.

As in `perdure.library`, of which this is the part for modules that few programs import: `re.sub`
with a function, `heapq`, `bisect` with a key, `statistics` over what suspends, caches.
"""

from __future__ import annotations

import _csv
import _string  # type: ignore[import-not-found]
import bisect
import dataclasses
import heapq
import io
import itertools
import operator
import re
import sys
from collections import namedtuple
from collections.abc import Callable
from typing import Any

from perdure.compiler.library import ON_LISTS
from perdure.library.collecting import max_, min_, sorted_
from perdure.library.containers import count_of_, index_of_, made_of_, writerows_
from perdure.library.groups import split_, subgroup_
from perdure.library.iterating import next_
from perdure.library.numbers import bytes_
from perdure.library.syntax import END, Once, list_
from perdure.runtime.caches import MISS, cache_of
from perdure.runtime.dataclass_fields import changes_for
from perdure.runtime.declare import DurabilityError, asyncio_runs
from perdure.runtime.iterators import Matches


def on_list_(function: Any, iterable: Any, /, *args: Any, **kwargs: Any) -> Any:
    """A function that goes over what it is given once, given it as a list."""
    # By C: what is wrong with the other arguments, the function itself says.
    return operator.call(function, list_(iterable), *args, **kwargs)


def replace_(obj: Any, /, **changes: Any) -> Any:
    if not hasattr(type(obj), "__dataclass_fields__"):
        return dataclasses.replace(obj, **changes)  # says what is wrong
    kind = obj.__class__
    return kind(**changes_for(obj, changes))


def asyncio_run(main: Any, **how: Any) -> None:
    if asyncio_runs():
        operator.call(sys.modules["asyncio"].run, main, **how)  # says what is wrong
    if hasattr(main, "close"):
        main.close()
    raise DurabilityError(
        "asyncio.run() starts an event loop of this process, and in another the run could not go "
        "on: make the workflow `async def`, and await there what is to be run"
    )


def nsmallest_(n: Any, iterable: Any, key: Any = None) -> Any:
    if n == 1:
        found = min_(iter(iterable), default=END, key=key)
        return [] if found is END else [found]
    if _is_all(n, iterable):
        return sorted_(iterable, key=key)[:n]
    return _best(n, iterable, key, _greater, 1)


def nlargest_(n: Any, iterable: Any, key: Any = None) -> Any:
    if n == 1:
        found = max_(iter(iterable), default=END, key=key)
        return [] if found is END else [found]
    if _is_all(n, iterable):
        return sorted_(iterable, key=key, reverse=True)[:n]
    return _best(n, iterable, key, _less, -1)


def _is_all(n: Any, iterable: Any) -> bool:
    """Whether that many are all that there are, so far as that is known."""
    try:
        size = len(iterable)
    except (TypeError, AttributeError):
        return False
    return bool(n >= size)


def _best(n: Any, iterable: Any, key: Any, before: Any, step: int) -> Any:
    """The n that come last by `before`, in a heap whose first is the one to go (heapq.py)."""
    iterator = iter(iterable)
    heap: list[Any] = []
    for number in range(n):
        item = next_(iterator, END)
        if item is END:
            break
        heap.append((item if key is None else key(item), number * step, item))
    if not heap:
        return heap
    _order(heap, before)
    number = n * step
    top = heap[0][0]
    for item in Once(iterator):
        rank = item if key is None else key(item)
        if before(top, rank):
            _replaced_first(heap, (rank, number, item), before)
            top = heap[0][0]
            number += step
    return [item for _, _, item in sorted_(heap, reverse=step < 0)]


def batched_(iterable: Any, n: Any, **how: Any) -> Any:
    itertools.batched((), n, **how)  # type: ignore[attr-defined]  # says what is wrong
    return _batched(iter(iterable), n, how.get("strict"))


def _batched(iterator: Any, n: int, strict: Any) -> Any:
    batch: list[Any] = []
    for item in Once(iterator):
        batch.append(item)
        if len(batch) == n:
            yield tuple(batch)
            batch = []
    if batch and strict:
        raise ValueError("batched(): incomplete batch")
    if batch:
        yield tuple(batch)


def attributes_(getter: Any, owner: Any, /) -> Any:
    """`operator.attrgetter` of several names, or of an attribute's attribute."""
    found = []
    for path in getter.__reduce__()[1]:
        value = owner
        for name in path.split("."):
            value = getattr(value, name)
        found.append(value)
    return tuple(found) if len(found) > 1 else found[0]


def items_(getter: Any, container: Any, /) -> Any:
    """`operator.itemgetter`."""
    keys = getter.__reduce__()[1]
    found = [container[key] for key in keys]
    return tuple(found) if len(found) > 1 else found[0]


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


# Heaps ----------------------------------------------------------------------------------------


def heappush_(heap: Any, item: Any, /) -> None:
    heap.append(item)
    _rise(heap, 0, len(heap) - 1, _less)


def heappop_(heap: Any, /) -> Any:
    return _popped(heap, _less)


def heapreplace_(heap: Any, item: Any, /) -> Any:
    return _replaced_first(heap, item, _less)


def heappushpop_(heap: Any, item: Any, /) -> Any:
    if heap and heap[0] < item:
        return _replaced_first(heap, item, _less)
    return item


def heapify_(heap: Any, /) -> None:
    _order(heap, _less)


def merge_(*iterables: Any, key: Any = None, reverse: Any = False) -> Any:
    before = _entry_greater if reverse else _entry_less
    heap: list[list[Any]] = []
    for number, iterable in enumerate(iterables):
        iterator = iter(iterable)
        value = next_(iterator, END)
        if value is not END:
            rank = value if key is None else key(value)
            heap.append([rank, -number if reverse else number, value, iterator])
    _order(heap, before)
    while len(heap) > 1:
        entry = heap[0]
        yield entry[2]
        value = next_(entry[3], END)
        if value is END:
            _popped(heap, before)
        else:
            entry[0] = value if key is None else key(value)
            entry[2] = value
            _replaced_first(heap, entry, before)
    if heap:
        yield heap[0][2]
        yield from heap[0][3]


def _less(left: Any, right: Any) -> bool:
    return bool(left < right)


def _greater(left: Any, right: Any) -> bool:
    return bool(right < left)


def _entry_less(left: Any, right: Any) -> bool:
    """How lists that begin with a rank and a number compare."""
    if left[0] is right[0] or left[0] == right[0]:
        return bool(left[1] < right[1])
    return bool(left[0] < right[0])


def _entry_greater(left: Any, right: Any) -> bool:
    return _entry_less(right, left)


def _order(heap: Any, before: Any) -> None:
    for place in reversed(range(len(heap) // 2)):
        _sink(heap, place, before)


def _popped(heap: Any, before: Any) -> Any:
    last = heap.pop()
    return _replaced_first(heap, last, before) if heap else last


def _replaced_first(heap: Any, item: Any, before: Any) -> Any:
    first = heap[0]
    heap[0] = item
    _sink(heap, 0, before)
    return first


def _rise(heap: Any, top: int, place: int, before: Any) -> None:
    """Let an item rise to its place among those above it (heapq.py of CPython: `_siftdown`)."""
    item = heap[place]
    while place > top:
        above = (place - 1) >> 1
        if not before(item, heap[above]):
            break
        heap[place] = heap[above]
        place = above
    heap[place] = item


def _sink(heap: Any, place: int, before: Any) -> None:
    """Let an item sink to the bottom, and rise to its place from there (`_siftup`)."""
    end, top, item = len(heap), place, heap[place]
    below = 2 * place + 1
    while below < end:
        right = below + 1
        if right < end and not before(heap[below], heap[right]):
            below = right
        heap[place] = heap[below]
        place = below
        below = 2 * place + 1
    heap[place] = item
    _rise(heap, top, place, before)


# Caches ---------------------------------------------------------------------------------------


def cached_call(cached: Any, args: Any, kwargs: Any) -> Any:
    """A call of a function under `functools.cache` or `lru_cache` that suspends."""
    result = cache_of(cached).find(args, kwargs)
    if result is MISS:
        function = cached.__wrapped__
        result = function(*args, **kwargs)
        cache_of(cached).keep(args, kwargs, result)
    return result


# csv ------------------------------------------------------------------------------------------


def reader_(lines: Any, /, *dialect: Any, **options: Any) -> Any:
    _csv.reader((), *dialect, **options)  # says what is wrong
    return Reader(iter(lines), dialect, options)


class Reader:
    """A `csv.reader` of lines that suspend: it reads a row again with each line that it wants."""

    def __init__(self, lines: Any, dialect: Any, options: Any, line_num: int = 0) -> None:
        self.lines = lines
        self.options = dialect, options
        self.line_num = line_num

    def __reduce__(self) -> Any:
        return Reader, (self.lines, *self.options, self.line_num)

    @property
    def dialect(self) -> Any:
        """How rows are written."""
        return self.read(()).dialect

    def read(self, lines: Any) -> Any:
        """Python's own reader, of these lines."""
        dialect, options = self.options
        return _csv.reader(lines, *dialect, **options)

    def row(self, lines: list[Any]) -> Any:
        """The row that lines make; None if it wants another one."""
        try:
            return next(self.read(_Begun(lines)))
        except _Wanting:
            return None

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> Any:
        lines: list[Any] = []
        row = None
        while row is None:
            try:
                line = next(self.lines)
            except StopIteration:
                break
            lines.append(line)
            self.line_num += isinstance(line, str)  # else the reader says what is wrong
            row = self.row(lines)
        if row is None:  # the lines end: within a row, or before one
            row = next(self.read(iter(lines)))
        return row


class _Wanting(Exception):
    """A reader wants another line."""


class _Begun:
    def __init__(self, lines: list[Any]) -> None:
        self.lines = iter(lines)

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> Any:
        for line in self.lines:
            return line
        raise _Wanting


# string ---------------------------------------------------------------------------------------


def parsed_(text: Any, /) -> Any:
    """The fields of a format, as `string.Formatter` goes over them."""
    return _given(*_read(_string.formatter_parser(text)))


def parts_of_field_(name: Any, /) -> Any:
    first, rest = _string.formatter_field_name_split(name)
    return first, _given(*_read(rest))


def _read(iterator: Any) -> tuple[list[Any], ValueError | None]:
    """What an iterator of C gives, which cannot be kept, and the mistake that it comes to."""
    found: list[Any] = []
    try:
        found.extend(iterator)
    except ValueError as error:
        return found, error
    return found, None


def _given(found: list[Any], wrong: ValueError | None) -> Any:
    yield from found
    if wrong is not None:
        raise wrong


# By module and name: those written in Python are looked for by these, so that nothing is imported.
_BY_NAME: dict[tuple[str, str], Callable[..., Any]] = {
    ("re", "sub"): re_sub_,
    ("re", "subn"): re_subn_,
    ("heapq", "nsmallest"): nsmallest_,
    ("heapq", "nlargest"): nlargest_,
    ("heapq", "merge"): merge_,
    ("dataclasses", "replace"): replace_,
    ("copy", "replace"): replace_,
    ("csv", "DictWriter.writerows"): writerows_,
    ("asyncio.runners", "run"): asyncio_run,
}
_BY_NAME |= {("statistics", name): on_list_ for name in ON_LISTS["statistics"]}

BUILTINS: dict[Any, Callable[..., Any]] = {
    operator.indexOf: index_of_,
    operator.countOf: count_of_,
    bytes: bytes_,
    bytearray: bytes_,
    bisect.bisect_left: bisect_left_,
    bisect.bisect_right: bisect_right_,
    bisect.insort_left: insort_left_,
    bisect.insort_right: insort_right_,
    heapq.heappush: heappush_,
    heapq.heappop: heappop_,
    heapq.heapreplace: heapreplace_,
    heapq.heappushpop: heappushpop_,
    heapq.heapify: heapify_,
    _csv.reader: reader_,
    _string.formatter_parser: parsed_,
    _string.formatter_field_name_split: parts_of_field_,
}
if sys.version_info >= (3, 12):
    BUILTINS[itertools.batched] = batched_
METHODS: dict[str, tuple[Callable[..., Any], tuple[type, ...]]] = {
    "sub": (sub_, (re.Pattern,)),
    "subn": (subn_, (re.Pattern,)),
    "split": (split_, (str, bytes, bytearray, BaseExceptionGroup)),
    "subgroup": (subgroup_, (BaseExceptionGroup,)),
    "writerows": (writerows_, (type(_csv.writer(io.StringIO())),)),
}


_MAKE = namedtuple("_MAKE", ())._make.__func__.__code__  # type: ignore[attr-defined]


def stand_in(function: Any) -> Callable[..., Any] | None:
    """The stand-in of a function of the standard library that is written in Python."""
    if function.__code__ is _MAKE:
        return made_of_
    module, name = function.__module__, function.__qualname__
    found = _BY_NAME.get((module, name))
    if found is None or _at(sys.modules.get(module), name) is not function:
        return None
    return found


def _at(module: Any, name: str) -> Any:
    for part in name.split("."):
        module = getattr(module, part, None)
    return module
