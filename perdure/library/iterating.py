"""Builtins and functions of itertools that give an iterator.

As the builtins do, they ask for the iterators of what they are given at once, and for items later.
"""

from __future__ import annotations

import itertools
import operator
import sys
from typing import Any

from perdure.library.collecting import tuple_
from perdure.library.syntax import END, MISSING, Once, list_


def next_(iterator: Any, default: Any = MISSING, /) -> Any:
    if not hasattr(type(iterator), "__next__"):
        raise TypeError(f"{type(iterator).__name__!r} object is not an iterator")
    try:
        return iterator.__next__()
    except StopIteration:
        if default is MISSING:
            raise
        return default


def aiter_(iterable: Any, /) -> Any:
    return iterable.__aiter__()


def anext_(iterator: Any, default: Any = MISSING, /) -> Any:
    if default is MISSING:
        return iterator.__anext__()
    return _next_or(iterator, default)


async def _next_or(iterator: Any, default: Any) -> Any:
    try:
        return await iterator.__anext__()
    except StopAsyncIteration:
        return default


def map_(function: Any, /, *iterables: Any) -> Any:
    if not iterables:
        raise TypeError("map() must have at least two arguments.")
    return _map(function, [iter(iterable) for iterable in iterables])


def _map(function: Any, iterators: Any) -> Any:
    if len(iterators) == 1:
        for item in Once(iterators[0]):
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
    for item in Once(iterator):
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
    for item in Once(iterator):
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
            item = next_(iterator, END)
            if item is END:
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
        if next_(iterators[number], END) is not END:
            plural = " " if number == 1 else "s 1-"
            raise ValueError(f"zip() argument {number + 1} is longer than argument{plural}{number}")


def zip_longest_(*iterables: Any, fillvalue: Any = None) -> Any:
    return _zip_longest([iter(iterable) for iterable in iterables], fillvalue)


def _zip_longest(iterators: Any, fillvalue: Any) -> Any:
    left = len(iterators)
    while left:
        items = []
        for index, iterator in enumerate(iterators):
            item = fillvalue if iterator is None else next_(iterator, END)
            if item is END:
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
        item = next_(data, END)
        chosen = END if item is END else next_(selectors, END)
        if chosen is END:
            return
        if chosen:
            yield item


def cycle_(iterable: Any, /) -> Any:
    return _cycle(iter(iterable))


def _cycle(iterator: Any) -> Any:
    saved = []
    for item in Once(iterator):
        saved.append(item)
        yield item
    while saved:
        for item in saved:
            yield item


def product_(*iterables: Any, repeat: Any = 1) -> Any:
    pools: list[Any] = []
    for iterable in iterables:
        pools.append(list_(iterable))
    return itertools.product(*pools, repeat=repeat)


def combinations_(iterable: Any, r: Any) -> Any:
    return itertools.combinations(list_(iterable), r)


def combinations_with_replacement_(iterable: Any, r: Any) -> Any:
    return itertools.combinations_with_replacement(list_(iterable), r)


def permutations_(iterable: Any, r: Any = None) -> Any:
    return itertools.permutations(list_(iterable), r)


def chain_(*iterables: Any) -> Any:
    for iterable in iterables:
        yield from iterable


def chain_from_iterable_(iterables: Any, /) -> Any:
    for iterable in iterables:
        yield from iterable


def islice_(iterable: Any, /, *given: Any) -> Any:
    bounds = [operator.index(b) if hasattr(type(b), "__index__") else b for b in given]
    itertools.islice((), *bounds)  # says what is wrong
    wanted = slice(*bounds)
    start, stop, step = wanted.start or 0, wanted.stop, wanted.step or 1
    stop_at = start if stop is not None and stop <= start else stop
    return _islice(iter(iterable), start, stop_at, step)


def _islice(iterator: Any, due: int, stop_at: Any, step: int) -> Any:
    place = 0
    while stop_at is None or place < stop_at:
        item = next_(iterator, END)
        if item is END:
            return
        if place == due:
            yield item
            due += step
        place += 1


def starmap_(function: Any, iterable: Any, /) -> Any:
    return _starmap(function, iter(iterable))


def _starmap(function: Any, iterator: Any) -> Any:
    for items in Once(iterator):
        given = items if type(items) is tuple else tuple_(items)
        try:
            value = function(*given)
        except StopIteration:
            return
        yield value


def takewhile_(predicate: Any, iterable: Any, /) -> Any:
    return _takewhile(predicate, iter(iterable))


def _takewhile(predicate: Any, iterator: Any) -> Any:
    for item in Once(iterator):
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
    for item in Once(iterator):
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
    for item in Once(iterator):
        try:
            bad = item if predicate is None else predicate(item)
        except StopIteration:
            return
        if not bad:
            yield item


def accumulate_(iterable: Any, func: Any = None, *, initial: Any = None) -> Any:
    return _accumulate(iter(iterable), func, initial)


def _accumulate(iterator: Any, func: Any, initial: Any) -> Any:
    total = MISSING if initial is None else initial
    if total is not MISSING:
        yield total
    for item in Once(iterator):
        total = item if total is MISSING else total + item if func is None else func(total, item)
        yield total


def pairwise_(iterable: Any, /) -> Any:
    return _pairwise(iter(iterable))


def _pairwise(iterator: Any) -> Any:
    before = MISSING
    for item in Once(iterator):
        if before is not MISSING:
            yield before, item
        before = item


def groupby_(iterable: Any, key: Any = None) -> Any:
    return Groups(iter(iterable), key)


class Groups:
    """What `groupby` gives: it and its groups share an iterator, and ask it only when asked."""

    def __init__(self, iterator: Any, function: Any) -> None:
        self.iterator = iterator
        self.function = function
        self.group: Any = None  # the only one that still gives items
        self.wanted: Any = MISSING  # its key
        self.key: Any = MISSING  # of the item that waits
        self.item: Any = MISSING

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> Any:
        self.group = None
        while True:
            key, wanted = self.key, self.wanted
            if key is not MISSING:
                if wanted is MISSING:
                    break
                if not (wanted is key or wanted == key):
                    break
            _take(self)
        self.wanted = self.key
        self.group = Group(self, self.wanted)
        return self.key, self.group


class Group:
    """One of the groups that `groupby` gives; when the next one is asked for, it is at its end."""

    def __init__(self, groups: Any, key: Any) -> None:
        self.groups = groups
        self.key = key

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> Any:
        groups = self.groups
        if groups.group is not self:
            raise StopIteration
        if groups.item is MISSING:
            _take(groups)
        key, own = groups.key, self.key
        if not (own is key or own == key):
            raise StopIteration
        item = groups.item
        groups.item = groups.key = MISSING
        return item


def _take(groups: Any) -> None:
    """Let the next item wait, with its key."""
    item = next_(groups.iterator)
    function = groups.function  # a method of that name would be another's
    key = item if function is None else function(item)
    groups.item, groups.key = item, key


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
