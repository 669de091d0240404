"""Builtins that call what they are given, or iterate over it, written in Python to be compiled.

`sorted(orders, key=price)` with `price` an activity, `any(check(x) for x in xs)`, `list(map(fetch,
urls))`: the real builtins are C and cannot stop inside. Where one of them is given something that
suspends, the compiled program calls its namesake here, which is compiled with the program like any
function of the user's own. They do in the same order what the builtins do.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
import operator
import sys
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any

from perdure.runtime import ops
from perdure.runtime.callables import KEY, comparing
from perdure.runtime.dataclass_fields import (
    NO_VALUE,
    bound,
    fields_of,
    is_for_init_only,
    slots_of,
)
from perdure.runtime.fibers import ALL, FIRST, FIRST_ERROR, Fiber, spawn, wait_for_fibers
from perdure.runtime.generators import unraisable
from perdure.runtime.iterators import by_number
from perdure.runtime.ops import special


class _MISSING:
    """What stands for an argument that was not given. A class: it keeps its identity."""


class _END:
    """What stands for the end of an iterator."""


class _Once:
    """An iterator that a loop is to go over as it is, without asking it for its iterator again."""

    def __init__(self, iterator: Any) -> None:
        self.iterator = iterator

    def __iter__(self) -> Any:
        return self.iterator


def list_(iterable: Any = (), /) -> Any:
    return [item for item in _hinted(iterable)]  # noqa: C416  (compiled, the loop may suspend)


def tuple_(iterable: Any = (), /) -> Any:
    return tuple([item for item in _hinted(iterable)])  # noqa: C416


def _hinted(iterable: Any) -> Any:
    """What a list is made of: CPython asks it for its length, to know how much room to take."""
    method = special(iterable, "__len__")
    if type(getattr(method, "__func__", None)) is not FunctionType:
        return iterable
    iterator = iter(iterable)
    try:
        method()  # type: ignore[misc]  # it has one
    except TypeError:
        pass
    return _Once(iterator)


def set_(iterable: Any = (), /) -> Any:
    found = set()
    for item in iterable:
        found.add(item)
    return found


def frozenset_(iterable: Any = (), /) -> Any:
    return frozenset([item for item in iterable])  # noqa: C416


def dict_(iterable: Any = (), /, **more: Any) -> Any:
    found: dict[Any, Any] = {}
    _fill(found, iterable)
    found.update(**more)
    return found


def _fill(found: dict[Any, Any], given: Any) -> None:
    """Update a dict with a mapping, or with pairs, past what a subclass makes of it."""
    if not hasattr(given, "keys"):
        for number, pair in enumerate(given):
            _put(found, number, pair)
    elif isinstance(given, dict) and type(given).__iter__ is dict.__iter__:
        dict.update(found, given)
    else:
        for key in given.keys():  # noqa: SIM118  (it may iterate over something else)
            dict.__setitem__(found, key, given[key])


def _put(found: dict[Any, Any], number: int, pair: Any) -> None:
    """One pair into a dict, with the builtin's messages."""
    try:
        dict.update(found, [pair])
    except (TypeError, ValueError) as error:
        if "#0" in str(error):
            error.args = (str(error).replace("#0", f"#{number}", 1),)
        raise


def deque_(iterable: Any = (), maxlen: Any = None) -> Any:
    return deque([item for item in iterable], maxlen)  # noqa: C416


def sum_(iterable: Any, /, start: Any = 0) -> Any:
    items = [item for item in iterable]  # noqa: C416
    if {type(item) for item in items} <= _PLAIN:
        return sum(items, start)
    total = start
    if isinstance(total, str | bytes | bytearray):
        return sum(items, start)  # says what to use instead
    for item in items:
        total = total + item
    return total


def any_(iterable: Any, /) -> bool:
    for item in iterable:  # noqa: SIM110
        if item:
            return True
    return False


def all_(iterable: Any, /) -> bool:
    for item in iterable:  # noqa: SIM110
        if not item:
            return False
    return True


def sorted_(iterable: Any, /, *, key: Any = None, reverse: Any = False) -> Any:
    items = list_(iterable)
    keys = items if key is None else [key(item) for item in items]
    return [items[place] for place in _in_order(keys, reverse)]


def _in_order(keys: Any, reverse: Any) -> Any:
    """The places of the keys, from the least to the greatest."""
    if {type(key) for key in keys} <= _PLAIN:
        return sorted(range(len(keys)), key=keys.__getitem__, reverse=reverse)
    places = [*range(len(keys))]
    if reverse:
        places.reverse()
    places = _sorted_places(keys, places)
    if reverse:
        places.reverse()
    return places


_PLAIN = {int, float, bool, str, bytes, tuple, list, type(None)}
_RUN = 64  # CPython's: below it, the same comparisons are made in the same order


def _sorted_places(keys: Any, places: Any) -> Any:
    """Runs are sorted by binary insertion, and then merged (Objects/listobject.c of CPython)."""
    if len(places) >= _RUN:
        middle = len(places) // 2
        left = _sorted_places(keys, places[:middle])
        return _merged(keys, left, _sorted_places(keys, places[middle:]))
    begin = _first_run(keys, places)
    for number in range(begin, len(places)):
        pivot = places[number]
        low, high = 0, number
        while low < high:
            middle = (low + high) // 2
            if _less(keys[pivot], keys[places[middle]]):
                high = middle
            else:
                low = middle + 1
        del places[number]
        places.insert(low, pivot)
    return places


def _first_run(keys: Any, places: Any) -> int:
    """How many of the first are in order; if they go strictly down, they are turned round."""
    if len(places) < 2:
        return len(places)
    number = 2
    if _less(keys[places[1]], keys[places[0]]):
        while number < len(places) and _less(keys[places[number]], keys[places[number - 1]]):
            number += 1
        places[:number] = places[:number][::-1]
    else:
        while number < len(places) and not _less(keys[places[number]], keys[places[number - 1]]):
            number += 1
    return number


def _merged(keys: Any, left: Any, right: Any) -> Any:
    found, first, second = [], 0, 0
    while first < len(left) and second < len(right):
        if _less(keys[right[second]], keys[left[first]]):
            found.append(right[second])
            second += 1
        else:
            found.append(left[first])
            first += 1
    return found + left[first:] + right[second:]


def min_(*values: Any, key: Any = None, default: Any = _MISSING) -> Any:
    return _extreme("min", values, key, default, _less)


def max_(*values: Any, key: Any = None, default: Any = _MISSING) -> Any:
    return _extreme("max", values, key, default, _greater)


def _less(a: Any, b: Any) -> bool:
    if type(a) is KEY and type(b) is KEY:
        compare = comparing(a)
        return bool(compare(a.obj, b.obj) < 0)
    return bool(a < b)


def _greater(a: Any, b: Any) -> bool:
    if type(a) is KEY and type(b) is KEY:
        compare = comparing(a)
        return bool(compare(a.obj, b.obj) > 0)
    return bool(a > b)


def _extreme(name: str, values: Any, key: Any, default: Any, before: Any) -> Any:
    if len(values) > 1:
        if default is not _MISSING:
            raise TypeError(
                f"Cannot specify a default for {name}() with multiple positional arguments"
            )
        iterable = values
    elif values:
        iterable = values[0]
    else:
        raise TypeError(f"{name} expected at least 1 argument, got 0")
    best = best_key = _MISSING
    for item in iterable:
        rank = item if key is None else key(item)
        if best is _MISSING or before(rank, best_key):
            best, best_key = item, rank
    if best is not _MISSING:
        return best
    if default is not _MISSING:
        return default
    return {"min": min, "max": max}[name](())  # raises what this Python raises


def next_(iterator: Any, default: Any = _MISSING, /) -> Any:
    try:
        return iterator.__next__()
    except StopIteration:
        if default is _MISSING:
            raise
        return default


def aiter_(iterable: Any, /) -> Any:
    return iterable.__aiter__()


def anext_(iterator: Any, default: Any = _MISSING, /) -> Any:
    if default is _MISSING:
        return iterator.__anext__()
    return _next_or(iterator, default)


async def _next_or(iterator: Any, default: Any) -> Any:
    try:
        return await iterator.__anext__()
    except StopAsyncIteration:
        return default


def iter_(source: Any, sentinel: Any = _MISSING, /) -> Any:
    if sentinel is not _MISSING:
        if not callable(source):
            raise TypeError("iter(v, w): v must be callable")
        return CallIterator(source, sentinel)
    if not hasattr(type(source), "__iter__"):
        method = special(source, "__getitem__")
        own = type(getattr(method, "__func__", None)) is FunctionType
        return SequenceIterator(source) if own else by_number(source)
    made = source.__iter__()
    if not hasattr(type(made), "__next__"):
        raise TypeError(f"iter() returned non-iterator of type {type(made).__name__!r}")
    return made


class CallIterator:
    """`iter(function, sentinel)`: calls until the sentinel comes back, even through itself."""

    def __init__(self, function: Any, sentinel: Any) -> None:
        self.function = function
        self.sentinel = sentinel
        self.ended = False

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> Any:
        if not self.ended:
            function = self.function  # a method of that name would be another's
            value = None
            try:
                value = function()
            except StopIteration:  # it is not the context of the one that is raised below
                self.ended = True
            if not self.ended:
                if not (value is self.sentinel or self.sentinel == value):
                    return value
                self.ended = True
        raise StopIteration


class SequenceIterator:
    """The iterator over what has a `__getitem__` and no `__iter__`."""

    def __init__(self, source: Any, index: int = 0) -> None:
        self.source = source
        self.index = index

    def __reduce__(self) -> Any:
        return SequenceIterator, (self.source, self.index)

    def __setstate__(self, index: int) -> None:
        if self.source is not None:
            self.index = max(index, 0)

    def __length_hint__(self) -> Any:
        if self.source is None:
            return 0
        if not hasattr(type(self.source), "__len__"):
            return NotImplemented
        return max(len(self.source) - self.index, 0)

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> Any:
        if self.source is None:
            raise StopIteration
        if self.index == sys.maxsize:
            raise OverflowError("iter index too large")
        value, ended = None, False
        try:
            value = self.source[self.index]
        except (IndexError, StopIteration):  # not the context of the one that is raised below
            ended = True
        if ended:
            self.source = None
            raise StopIteration
        self.index += 1
        return value


# As the builtins do, those that follow ask for the iterators at once, and for items later.


def map_(function: Any, /, *iterables: Any) -> Any:
    if not iterables:
        raise TypeError("map() must have at least two arguments.")
    return _map(function, [iter(iterable) for iterable in iterables])


def _map(function: Any, iterators: Any) -> Any:
    if len(iterators) == 1:
        for item in _Once(iterators[0]):
            try:
                value = function(item)
            except StopIteration:
                return
            yield value
        return
    for items in _zip(iterators, False):
        try:
            value = function(*items)
        except StopIteration:
            return
        yield value


def filter_(function: Any, iterable: Any, /) -> Any:
    return _filter(function, iter(iterable))


def _filter(function: Any, iterator: Any) -> Any:
    for item in _Once(iterator):
        try:
            good = item if function is None or function is bool else function(item)
        except StopIteration:
            return
        if good:
            yield item


def enumerate_(iterable: Any, start: Any = 0) -> Any:
    number = operator.index(start)  # looked at first
    return _enumerate(iter(iterable), number)


def _enumerate(iterator: Any, number: int) -> Any:
    for item in _Once(iterator):
        yield number, item
        number += 1


def zip_(*iterables: Any, strict: bool = False) -> Any:
    return _zip([iter(iterable) for iterable in iterables], strict)


def _zip(iterators: Any, strict: bool) -> Any:
    if not iterators:
        return
    while True:
        items = []
        for iterator in iterators:
            item = next_(iterator, _END)
            if item is _END:
                break
            items.append(item)
        if len(items) < len(iterators):
            break
        yield tuple(items)
    if not strict:
        return
    short = len(items)
    if short:
        plural = " " if short == 1 else "s 1-"
        raise ValueError(f"zip() argument {short + 1} is shorter than argument{plural}{short}")
    for number in range(1, len(iterators)):
        if next_(iterators[number], _END) is not _END:
            plural = " " if number == 1 else "s 1-"
            raise ValueError(f"zip() argument {number + 1} is longer than argument{plural}{number}")


def zip_longest_(*iterables: Any, fillvalue: Any = None) -> Any:
    return _zip_longest([iter(iterable) for iterable in iterables], fillvalue)


def _zip_longest(iterators: Any, fillvalue: Any) -> Any:
    left = len(iterators)
    while left:
        items = []
        for index, iterator in enumerate(iterators):
            item = fillvalue if iterator is None else next_(iterator, _END)
            if item is _END:
                left -= 1
                if not left:
                    return
                iterators[index], item = None, fillvalue
            items.append(item)
        yield tuple(items)


def compress_(data: Any, selectors: Any) -> Any:
    return _compress(iter(data), iter(selectors))


def _compress(data: Any, selectors: Any) -> Any:
    while True:
        item = next_(data, _END)
        chosen = _END if item is _END else next_(selectors, _END)
        if chosen is _END:
            return
        if chosen:
            yield item


def cycle_(iterable: Any, /) -> Any:
    return _cycle(iter(iterable))


def _cycle(iterator: Any) -> Any:
    saved = []
    for item in _Once(iterator):
        saved.append(item)
        yield item
    while saved:
        for item in saved:
            yield item


def product_(*iterables: Any, repeat: Any = 1) -> Any:
    pools: list[Any] = []
    for iterable in iterables:
        pools.append([item for item in iterable])  # noqa: C416
    return itertools.product(*pools, repeat=repeat)


def combinations_(iterable: Any, r: Any) -> Any:
    return itertools.combinations([item for item in iterable], r)  # noqa: C416


def combinations_with_replacement_(iterable: Any, r: Any) -> Any:
    return itertools.combinations_with_replacement([item for item in iterable], r)  # noqa: C416


def permutations_(iterable: Any, r: Any = None) -> Any:
    return itertools.permutations([item for item in iterable], r)  # noqa: C416


def prod_(iterable: Any, /, *, start: Any = 1) -> Any:
    items = [item for item in iterable]  # noqa: C416
    if {type(item) for item in items} <= _PLAIN:
        return math.prod(items, start=start)
    total = start
    for item in items:
        total = total * item
    return total


def fsum_(seq: Any, /) -> Any:
    return math.fsum([item for item in seq])  # noqa: C416


def counter_(iterable: Any = None, /, **more: Any) -> Any:
    return Counter(_mapped(iterable, isinstance(iterable, Mapping)), **more)


def ordered_dict_(iterable: Any = (), /, **more: Any) -> Any:
    return OrderedDict(_mapped(iterable, hasattr(iterable, "keys")), **more)


def _mapped(given: Any, is_mapping: bool) -> Any:
    """What is given, gone over: as a dict if it is a mapping, else as a list."""
    if not is_mapping:
        return [item for item in given]  # noqa: C416
    found: dict[Any, Any] = {}
    _fill(found, given)
    return found


def reduce_(function: Any, iterable: Any, initial: Any = _MISSING, /) -> Any:
    total = initial
    for item in iterable:
        total = item if total is _MISSING else function(total, item)
    if total is _MISSING:
        raise TypeError("reduce() of empty iterable with no initial value")
    return total


def chain_(*iterables: Any) -> Any:
    for iterable in iterables:
        yield from iterable


def chain_from_iterable_(iterables: Any, /) -> Any:
    for iterable in iterables:
        yield from iterable


def islice_(iterable: Any, /, *bounds: Any) -> Any:
    wanted = slice(*bounds)
    start, stop, step = wanted.start or 0, wanted.stop, wanted.step or 1
    stop_at = start if stop is not None and stop <= start else stop
    return _islice(iter(iterable), start, stop_at, step)


def _islice(iterator: Any, due: int, stop_at: Any, step: int) -> Any:
    place = 0
    while stop_at is None or place < stop_at:
        item = next_(iterator, _END)
        if item is _END:
            return
        if place == due:
            yield item
            due += step
        place += 1


def starmap_(function: Any, iterable: Any, /) -> Any:
    return _starmap(function, iter(iterable))


def _starmap(function: Any, iterator: Any) -> Any:
    for items in _Once(iterator):
        try:
            value = function(*items)
        except StopIteration:
            return
        yield value


def takewhile_(predicate: Any, iterable: Any, /) -> Any:
    return _takewhile(predicate, iter(iterable))


def _takewhile(predicate: Any, iterator: Any) -> Any:
    for item in _Once(iterator):
        try:
            if not predicate(item):
                return
        except StopIteration:
            return
        yield item


def dropwhile_(predicate: Any, iterable: Any, /) -> Any:
    return _dropwhile(predicate, iter(iterable))


def _dropwhile(predicate: Any, iterator: Any) -> Any:
    dropping = True
    for item in _Once(iterator):
        try:
            if dropping and predicate(item):
                continue
        except StopIteration:
            return
        dropping = False
        yield item


def filterfalse_(predicate: Any, iterable: Any, /) -> Any:
    return _filterfalse(predicate, iter(iterable))


def _filterfalse(predicate: Any, iterator: Any) -> Any:
    for item in _Once(iterator):
        try:
            bad = item if predicate is None else predicate(item)
        except StopIteration:
            return
        if not bad:
            yield item


def accumulate_(iterable: Any, func: Any = None, *, initial: Any = None) -> Any:
    return _accumulate(iter(iterable), func, initial)


def _accumulate(iterator: Any, func: Any, initial: Any) -> Any:
    total = _MISSING if initial is None else initial
    if total is not _MISSING:
        yield total
    for item in _Once(iterator):
        total = item if total is _MISSING else total + item if func is None else func(total, item)
        yield total


def pairwise_(iterable: Any, /) -> Any:
    return _pairwise(iter(iterable))


def _pairwise(iterator: Any) -> Any:
    before = _MISSING
    for item in _Once(iterator):
        if before is not _MISSING:
            yield before, item
        before = item


def groupby_(iterable: Any, key: Any = None) -> Any:
    return _groupby(iter(iterable), key)


def _groupby(iterator: Any, key: Any) -> Any:
    group: list[Any] = []
    current = _MISSING
    for item in _Once(iterator):
        rank = item if key is None else key(item)
        if group and rank != current:
            yield current, iter(group)
            group = []
        current = rank
        group.append(item)
    if group:
        yield current, iter(group)


def tee_(iterable: Any, n: int = 2, /) -> Any:
    if n < 0:
        raise ValueError("n must be >= 0")
    if n == 0:
        return ()
    first = iter(iterable)
    if not isinstance(first, TeeIterator):
        first = TeeIterator(first, _Link(), 0)
    elif sys.version_info >= (3, 13):
        first = first.__copy__()
    return (first, *[first.__copy__() for _ in range(n - 1)])


class _Link:
    """Some of the items that iterators of `tee` share, and what comes after them.

    Several items each, as C has it: a long chain of single ones would be too deep to be kept.
    """

    def __init__(self) -> None:
        self.items: list[Any] = []
        self.after: Any = None
        self.running = False


class TeeIterator:
    """One of the iterators that `tee` makes: they share the items that not all have taken."""

    def __init__(self, iterator: Any, link: Any, index: int) -> None:
        self.iterator = iterator
        self.link = link
        self.index = index

    def __iter__(self) -> Any:
        return self

    def __copy__(self) -> Any:
        return TeeIterator(self.iterator, self.link, self.index)

    def __next__(self) -> Any:
        if self.index == _IN_A_LINK:
            if self.link.after is None:
                self.link.after = _Link()
            self.link, self.index = self.link.after, 0
        link = self.link
        if self.index == len(link.items):
            if link.running:
                raise RuntimeError("cannot re-enter the tee iterator")
            link.running = True
            try:
                link.items.append(next_(self.iterator))
            finally:
                link.running = False
        item = link.items[self.index]
        self.index += 1
        return item


_IN_A_LINK = 57


def join_(separator: Any, iterable: Any, /) -> Any:
    return separator.join(list_(iterable))


def extend_(items: Any, iterable: Any, /) -> Any:
    for item in iterable:
        items.append(item)


def update_(items: Any, *iterables: Any, **more: Any) -> Any:
    if isinstance(items, dict):
        if len(iterables) > 1:
            raise TypeError(f"update expected at most 1 argument, got {len(iterables)}")
        for iterable in iterables:
            _fill(items, iterable)
        dict.update(items, **more)
        return
    if more:
        items.update(**more)  # which a set does not take
    for iterable in iterables:
        for item in iterable:
            set.add(items, item)


def fromkeys_(kind: Any, iterable: Any, value: Any = None, /) -> Any:
    made = kind()
    for key in iterable:
        made[key] = value
    return made


def sort_(items: Any, /, *, key: Any = None, reverse: Any = False) -> Any:
    values = items[:]
    items.clear()  # as the builtin does: a key sees an empty list
    keys = []
    try:
        for value in values:
            keys.append(value if key is None else key(value))
        places = _in_order(keys, reverse)
    except BaseException:
        items[:] = values
        raise
    if items:
        items[:] = [values[place] for place in places]
        raise ValueError("list modified during sort")
    items[:] = [values[place] for place in places]


def taken_(iterable: Any, most: int, /) -> Any:
    """The first items: what an unpacking looks at."""
    items: list[Any] = []
    for item in iterable:
        items.append(item)
        if len(items) == most:
            break
    return items


def contains_(iterable: Any, value: Any, /) -> bool:
    kind = type(iterable)
    if hasattr(kind, "__contains__"):
        contains = kind.__contains__
        if contains is None:
            raise TypeError(f"{kind.__name__!r} object is not a container")
        if kind is not list and kind is not tuple:
            return bool(contains(iterable, value))
    for item in iterable:  # noqa: SIM110
        if item is value or item == value:
            return True
    return False


def construct(kind: Any, args: Any, kwargs: Any) -> Any:
    """`kind(*args, **kwargs)` where `__init__`, or the `__post_init__` of a dataclass, suspends."""
    made = kind.__new__(kind, *args, **kwargs)
    if isinstance(made, kind):
        fields = fields_of(made)
        if fields is not None:
            _initialise(made, fields, args, kwargs)
            return made
        given = type(made).__init__(made, *args, **kwargs)
        if given is not None:
            name = type(given).__name__
            raise TypeError(f"__init__() should return None, not {name!r}")
    return made


def _initialise(made: Any, fields: Any, args: Any, kwargs: Any) -> None:
    """The `__init__` that `dataclass` writes: code without a source, which is not compiled."""
    kind = type(made)
    given = bound(kind.__init__, made, args, kwargs)
    later = []
    for field in fields:
        name, factory = field.name, field.default_factory
        if field.init:
            value = given[name]
            if value is NO_VALUE:
                value = factory()
        elif factory is not dataclasses.MISSING:
            value = factory()
        elif field.default is not dataclasses.MISSING and name in slots_of(kind):
            value = field.default
        else:
            continue
        if is_for_init_only(field):
            later.append(value)
        elif kind.__dataclass_params__.frozen:
            object.__setattr__(made, name, value)
        else:
            setattr(made, name, value)
    if hasattr(kind, "__post_init__"):
        made.__post_init__(*later)


def step_of(stepper: Any, done: Any) -> Any:
    """The next item of an iterator whose `__next__` suspends, or `done`."""
    kind = type(stepper.source)
    if not hasattr(kind, "__next__"):  # taken away meanwhile
        raise TypeError(f"{kind.__name__!r} object is not an iterator")
    try:
        return stepper.source.__next__()
    except StopIteration:
        stepper.done = True
        return done


def close_dropped(generators: Any, call: Any, args: Any, kwargs: Any) -> Any:
    """Close generators that nobody holds any more; then make a call."""
    for generator in generators:
        try:
            generator.close()
        except BaseException as error:  # noqa: BLE001  (nobody is there to catch it)
            unraisable(error, generator)
    del generators
    return call(*args, **kwargs)


def delegate(iterator: Any) -> Any:
    """`yield from iterator`, where a method of the iterator suspends (PEP 380)."""
    sent = thrown = None
    while True:
        try:
            if thrown is not None:
                item = iterator.throw(thrown)
            elif sent is None:
                item = iterator.__next__()
            else:
                item = iterator.send(sent)
        except StopIteration as stop:
            return stop.value
        sent = thrown = None
        try:
            sent = yield item
        except BaseException as error:  # noqa: BLE001  (it is passed on)
            thrown = error
        if isinstance(thrown, GeneratorExit):
            if hasattr(iterator, "close"):
                iterator.close()
            raise thrown
        if thrown is not None and not hasattr(iterator, "throw"):
            raise thrown


def gather_(*calls: Any, return_exceptions: bool = False) -> Any:
    """perdure.gather, in a run."""
    fibers = [c if isinstance(c, Fiber) else spawn(c) for c in calls]
    wait_for_fibers(fibers, ALL if return_exceptions else FIRST_ERROR)
    if return_exceptions:
        return [fiber.exception() or fiber.result() for fiber in fibers]
    for fiber in fibers:
        if fiber.done() and fiber.exception() is not None:
            fiber.result()
    return [fiber.result() for fiber in fibers]


def race_(*calls: Any) -> Any:
    """perdure.race, in a run."""
    if not calls:
        raise ValueError("race() takes one call or more")
    fibers = [c if isinstance(c, Fiber) else spawn(c) for c in calls]
    wait_for_fibers(fibers, FIRST)
    first = next(fiber for fiber in fibers if fiber.done())
    for fiber in fibers:
        if fiber is not first:
            fiber.cancel()
    return first.result()


# By what they stand in for, and by its dotted name.
BY_NAME: dict[str, Callable[..., Any]] = {
    "itertools.zip_longest": zip_longest_,
    "itertools.compress": compress_,
    "itertools.cycle": cycle_,
    "itertools.product": product_,
    "itertools.combinations": combinations_,
    "itertools.combinations_with_replacement": combinations_with_replacement_,
    "itertools.permutations": permutations_,
    "math.prod": prod_,
    "math.fsum": fsum_,
    "collections.Counter": counter_,
    "collections.OrderedDict": ordered_dict_,
    "builtins.list": list_,
    "builtins.tuple": tuple_,
    "builtins.set": set_,
    "builtins.frozenset": frozenset_,
    "builtins.dict": dict_,
    "builtins.dict.fromkeys": fromkeys_,
    "builtins.sum": sum_,
    "builtins.any": any_,
    "builtins.all": all_,
    "builtins.sorted": sorted_,
    "builtins.min": min_,
    "builtins.max": max_,
    "builtins.next": next_,
    "builtins.iter": iter_,
    "builtins.aiter": aiter_,
    "builtins.anext": anext_,
    "builtins.map": map_,
    "builtins.filter": filter_,
    "builtins.enumerate": enumerate_,
    "builtins.zip": zip_,
    "collections.deque": deque_,
    "functools.reduce": reduce_,
    "itertools.chain": chain_,
    "itertools.chain.from_iterable": chain_from_iterable_,
    "itertools.islice": islice_,
    "itertools.starmap": starmap_,
    "itertools.takewhile": takewhile_,
    "itertools.dropwhile": dropwhile_,
    "itertools.filterfalse": filterfalse_,
    "itertools.accumulate": accumulate_,
    "itertools.pairwise": pairwise_,
    "itertools.groupby": groupby_,
    "itertools.tee": tee_,
}


# Methods of builtin types, by name, and the types that have them.
METHODS: dict[str, tuple[Callable[..., Any], tuple[type, ...]]] = {
    "sort": (sort_, (list,)),
    "join": (join_, (str, bytes)),
    "extend": (extend_, (list, bytearray, deque)),
    "update": (update_, (set, dict)),
    "fromkeys": (fromkeys_, (type,)),
}


def stand_ins() -> dict[Any, Callable[..., Any]]:
    """Each builtin that has a stand-in here, and the stand-in."""
    import builtins

    modules = {"builtins": builtins, "functools": functools, "itertools": itertools, "math": math}
    found: dict[Any, Callable[..., Any]] = {
        deque: deque_,
        Counter: counter_,
        OrderedDict: ordered_dict_,
        ops.listed: list_,
        ops.taken: taken_,
    }
    for dotted, function in BY_NAME.items():
        module, _, name = dotted.partition(".")
        if module in modules and "." not in name:
            found[getattr(modules[module], name)] = function
    return found
