"""Iterators and views to what makes them again, tied to the same objects as before.

An iterator over a dict or set stays tied to it, and says so if it changes its size. What stands
under an iterator of `itertools` is pickled as any object is, so two iterators over one stay so.
"""

from __future__ import annotations

import enum
import gc
import itertools
import operator
import re
import sys
import warnings
import weakref
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import GeneratorType, MappingProxyType
from typing import Any, cast

from perdure.runtime.failures import UnpicklableError

_DICT_ITERATORS: dict[type, Callable[[dict[Any, Any]], Iterator[Any]]] = {
    type(iter({})): dict.__iter__,
    type(iter({}.values())): lambda d: iter(dict.values(d)),
    type(iter({}.items())): lambda d: iter(dict.items(d)),
    type(reversed({})): dict.__reversed__,
    type(reversed({}.values())): lambda d: reversed(dict.values(d)),
    type(reversed({}.items())): lambda d: reversed(dict.items(d)),
}
_KINDS = {kind: number for number, kind in enumerate(_DICT_ITERATORS)}
_REVERSED_DEQUE: Any = type(reversed(deque()))
_SET_ITERATOR: type = type(iter(set()))
_ordered: OrderedDict[Any, Any] = OrderedDict()
_DICT_VIEWS: dict[type, tuple[type, str]] = {
    type({}.keys()): (dict, "keys"),
    type({}.values()): (dict, "values"),
    type({}.items()): (dict, "items"),
    type(_ordered.keys()): (OrderedDict, "keys"),
    type(_ordered.values()): (OrderedDict, "values"),
    type(_ordered.items()): (OrderedDict, "items"),
}


def reduce_list_iterator(iterator: Any, pickler: Any) -> Any:
    """An iterator over a list stays tied to the list, and stands at the same place in it."""
    reduced = iterator.__reduce__()
    if len(reduced) < 3:
        return reduced  # exhausted
    (source,), index = reduced[1:]
    return (list_iterator, (source, index, reduced[0] is reversed, list.__len__(source)))


def list_iterator(source: list[Any], index: int, backward: bool, size: int) -> Iterator[Any]:
    """An iterator over a list that had `size` items, at one of them."""
    if list.__len__(source) != size:
        return ListIterator(source, index, backward)
    iterator: Any = list.__reversed__(source) if backward else list.__iter__(source)
    iterator.__setstate__(index)
    return iterator  # type: ignore[no-any-return]


class ListIterator:
    """A list's iterator that was read before what is in the list: something in it leads back here.

    Python's own would stop where the list ends when it is made.
    """

    def __init__(self, source: list[Any] | None, index: int, backward: bool) -> None:
        self.source = source  # None at the end
        self.index = index
        self.backward = backward

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if self.source is None or not 0 <= self.index < list.__len__(self.source):
            self.source = None
            raise StopIteration
        item = list.__getitem__(self.source, self.index)
        self.index += -1 if self.backward else 1
        return item

    def __length_hint__(self) -> int:
        if self.source is None:
            return 0
        return self.index + 1 if self.backward else max(0, len(self.source) - self.index)

    def __reduce__(self) -> Any:
        if self.source is None:
            return (iter, ((),))
        return (list_iterator, (self.source, self.index, self.backward, list.__len__(self.source)))


def reduce_reversed_deque(iterator: Any, pickler: Any) -> Any:
    """As Python does it, but that its class is in no module by its name."""
    return (reversed_deque, iterator.__reduce__()[1])


def reversed_deque(source: deque[Any], index: int) -> Iterator[Any]:
    """`reversed` of a deque, that has given `index` items."""
    return cast(Iterator[Any], _REVERSED_DEQUE(source, index))


def reduce_plain_iterator(iterator: Any, pickler: Any) -> Any:
    """One of a text or a tuple whose class may say otherwise how it is gone over."""
    reduced: Any = iterator.__reduce__()
    source = reduced[1][0]
    if type(source) in _PLAIN or len(reduced) < 3:
        return NotImplemented
    return (plain_iterator, (source, reduced[2]))


def plain_iterator(source: Any, index: int) -> Iterator[Any]:
    """An iterator of the builtin's, that has given `index` items."""
    kind: Any = next(kind for kind in _PLAIN if isinstance(source, kind))
    made = kind.__iter__(source)
    made.__setstate__(index)
    return cast(Iterator[Any], made)


_PLAIN = (str, tuple, bytes)


def reduce_dict_view(view: Any, pickler: Any) -> Any:
    """`d.keys()` and its like stay views of the same dict."""
    source = next(d for d in gc.get_referents(view) if isinstance(d, dict))
    return (dict_view, (source, *_DICT_VIEWS[type(view)]))


def dict_view(source: dict[Any, Any], kind: type, method: str) -> Any:
    """A view of a dict."""
    return getattr(kind, method)(source)


def reduce_dict_iterator(iterator: Any, pickler: Any) -> Any:
    """An iterator over a dict stays tied to the dict, which may be changed meanwhile."""
    dicts = [d for d in gc.get_referents(iterator) if isinstance(d, dict)]
    if len(dicts) != 1:
        return NotImplemented  # exhausted: pickle makes an empty one
    kind = _KINDS[type(iterator)]
    if _has_changed(iterator):
        return (broken_dict_iterator, (kind,))
    done = dict.__len__(dicts[0]) - iterator.__length_hint__()
    return (dict_iterator, (dicts[0], kind, done, dict.__len__(dicts[0])))


def _has_changed(iterator: Any) -> bool:
    """Whether the dict or set has changed its size, so that the next step will raise."""
    try:
        iterator.__reduce__()  # goes over a copy of the iterator
    except RuntimeError:
        return True
    return False


def dict_iterator(source: dict[Any, Any], kind: int, done: int, size: int) -> Iterator[Any]:
    """An iterator over a dict that had `size` entries; it has made `done` steps."""
    if dict.__len__(source) != size:
        return DictIterator(source, kind, done, size)
    iterator = list(_DICT_ITERATORS.values())[kind](source)
    for _ in range(done):
        next(iterator)
    return iterator


class DictIterator:
    """A dict's iterator that was read before what is in the dict: something in it leads back here.

    Python's own would find the dict changed.
    """

    def __init__(self, source: dict[Any, Any], kind: int, done: int, size: int) -> None:
        self.place = (source, kind, done, size)
        self.iterator: Iterator[Any] | None = None  # Python's own, when the dict is there

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if self.iterator is None:
            made = dict_iterator(*self.place)
            if isinstance(made, DictIterator):
                raise RuntimeError("dictionary changed size during iteration")
            self.iterator = made
        return next(self.iterator)

    def __length_hint__(self) -> int:
        if self.iterator is not None:
            return operator.length_hint(self.iterator)
        source, _, done, _ = self.place
        return dict.__len__(source) - done

    def __reduce__(self) -> Any:
        if self.iterator is None:
            return (dict_iterator, self.place)
        reduced = reduce_dict_iterator(self.iterator, None)
        return self.iterator.__reduce__() if reduced is NotImplemented else reduced


def broken_dict_iterator(kind: int) -> Iterator[Any]:
    """An iterator whose dict has changed its size."""
    source: dict[Any, Any] = {0: 0}
    iterator = list(_DICT_ITERATORS.values())[kind](source)
    source[1] = 1
    return iterator


def reduce_set_iterator(iterator: Any, pickler: Any) -> Any:
    """What remains, in the order it had (another process orders sets differently), and the set."""
    sets = [s for s in gc.get_referents(iterator) if isinstance(s, set | frozenset)]
    if len(sets) != 1:
        return NotImplemented  # exhausted
    if _has_changed(iterator):
        return (SetIterator, ([], sets[0], -1))
    remaining = iterator.__reduce__()[1][0]
    return (SetIterator, (remaining, sets[0], _size(sets[0])))


def _size(elements: Any) -> int:
    """How many a set has, whatever its class says."""
    return (set if isinstance(elements, set) else frozenset).__len__(elements)


class SetIterator:
    """A set's iterator after a restart: the elements that remained, tied to the set."""

    def __init__(self, remaining: list[Any], source: Any, size: int) -> None:
        self.remaining = remaining
        self.source = source
        self.size = size

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if self.source is not None and _size(self.source) != self.size:
            raise RuntimeError("Set changed size during iteration")
        if not self.remaining:
            self.source = None  # an exhausted iterator stays so, whatever becomes of the set
            raise StopIteration
        return self.remaining.pop(0)

    def __length_hint__(self) -> int:
        return len(self.remaining)


def reduce_ordered_iterator(iterator: Any, pickler: Any) -> Any:
    """The keys that remain, and the dict, which gives what belongs to them."""
    held = [d for d in gc.get_referents(iterator) if isinstance(d, OrderedDict)]
    if len(held) != 1:
        return NotImplemented  # exhausted
    (source,) = held
    if _has_changed(iterator):
        return (OrderedIterator, (source, [None], -1, "keys"))
    remaining = iterator.__reduce__()[1][0]
    size = dict.__len__(source)
    keys = [*OrderedDict.keys(source)]
    for order in (keys, keys[::-1]):
        left = order[size - len(remaining) :]
        values = [dict.__getitem__(source, key) for key in left]
        if all(map(operator.is_, remaining, left)):
            return (OrderedIterator, (source, left, size, "keys"))
        if all(map(operator.is_, remaining, values)):
            return (OrderedIterator, (source, left, size, "values"))
        if _are_pairs(remaining, left, values):
            return (OrderedIterator, (source, left, size, "items"))
    return NotImplemented


def _are_pairs(found: list[Any], keys: list[Any], values: list[Any]) -> bool:
    pairs = zip(found, keys, values, strict=True)
    return all(type(p) is tuple and p[0] is key and p[1] is value for p, key, value in pairs)


class OrderedIterator:
    """An iterator over an OrderedDict after a restart."""

    def __init__(self, source: Any, keys: list[Any], size: int, what: str) -> None:
        self.source = source
        self.keys = keys
        self.size = size
        self.what = what

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if not self.keys:
            raise StopIteration
        if dict.__len__(self.source) != self.size:
            raise RuntimeError("OrderedDict mutated during iteration")
        key = self.keys.pop(0)
        if self.what == "keys":
            return key
        value = dict.__getitem__(self.source, key)
        return value if self.what == "values" else (key, value)

    def __length_hint__(self) -> int:
        return len(self.keys)


# Iterators of C that cannot be copied ----------------------------------------------------------


class Spent(UnpicklableError):
    """An iterator has given all that it had, and that cannot be kept."""


class Taking:
    """A checkpoint for which iterators that nothing can copy give all that they have.

    The run must go on from the checkpoint then: in memory they have come to their end.
    """

    def __init__(self) -> None:
        self.met = False  # one of them
        self.rest: dict[int, tuple[Any, list[Any]]] | None = None  # None while it only looks

    def take(self, iterator: Any) -> list[Any]:
        """What is left of an iterator; it is held, so that its id is its own."""
        assert self.rest is not None
        if id(iterator) not in self.rest:
            self.rest[id(iterator)] = (iterator, [*iterator])
        return self.rest[id(iterator)][1]


_taking: ContextVar[Taking | None] = ContextVar("_taking", default=None)


@contextmanager
def taking() -> Iterator[Taking]:
    """For a while such iterators may be kept; they are not touched before `rest` is a dict."""
    made = Taking()
    before = _taking.set(made)
    try:
        yield made
    finally:
        _taking.reset(before)


def in_checkpoint() -> bool:
    """Whether what is being written is the state of a run, and no copy for someone else."""
    return _taking.get() is not None


def reduce_taken(iterator: Any, pickler: Any) -> Any:
    """What is left of an iterator that has no copy."""
    now = _taking.get()
    if now is None:
        raise UnpicklableError(f"cannot pickle {type(iterator).__name__!r} object")
    now.met = True
    if now.rest is None:
        return (iter, ((),))
    rest = now.take(iterator)
    if not rest or not isinstance(rest[0], re.Match):
        return (iter, (rest,))
    span = rest[0].string, rest[0].pos, rest[0].endpos
    every = sum(1 for _ in rest[0].re.finditer(*span))
    return (matches_from, (rest[0].re, span, every - len(rest)))


def reduce_call_iterator(iterator: Any, pickler: Any) -> Any:
    """`iter(function, sentinel)` as Python does it; but `re.finditer` makes one, too."""
    inside = gc.get_referents(iterator)
    if any(type(getattr(held, "__self__", None)) is _SCANNER for held in inside):
        return reduce_taken(iterator, pickler)
    return NotImplemented


_SCANNER: type = type(re.compile("").scanner(""))  # type: ignore[attr-defined]


class Matches:
    """`pattern.finditer(text)`, as an iterator that a checkpoint can keep."""

    def __init__(self, pattern: re.Pattern[Any], *span: Any) -> None:
        self.pattern, self.span, self.taken = pattern, span, 0
        self._matches = pattern.finditer(*span)

    def __iter__(self) -> Iterator[re.Match[Any]]:
        return self

    def __next__(self) -> re.Match[Any]:
        match: re.Match[Any] = next(self._matches)
        self.taken += 1
        return match

    def __reduce__(self) -> Any:
        return (matches_from, (self.pattern, self.span, self.taken))


def matches_from(pattern: re.Pattern[Any], span: tuple[Any, ...], taken: int) -> Matches:
    """The matches of which some were taken."""
    made = Matches(pattern, *span)
    for _ in range(taken):
        next(made)
    return made


_VIEWS: tuple[type, ...] = (type({}.keys()), type({}.values()), type({}.items()))
_CLASS = {"__module__", "__doc__"}  # what the dict of a class has


def _is_of_class(view: Any) -> bool:
    """Whether a view is of the dict of a class; no other class is asked for what is in a dict."""
    held = gc.get_referents(view)
    return any(type(d) is dict and _CLASS.issubset(d) for d in held)


def ahead(source: Any) -> Iterator[Any] | None:
    """What is gone over, where its own iterator is one that no checkpoint could keep."""
    kind = type(source)
    if issubclass(kind, enum.EnumType | enum.Flag):
        return iter([*source])  # its own is a generator
    elif kind is MappingProxyType or (kind in _VIEWS and _is_of_class(source)):
        return iter([*source])  # pickle may add to that
    elif kind is weakref.WeakSet or (
        kind is GeneratorType and source.gi_code.co_filename == weakref.__file__
    ):
        return iter([*source])
    return None


# itertools ------------------------------------------------------------------------------------


def reduce_itertool(iterator: Any, pickler: Any) -> Any:
    """As Python itself does it; that it will not from 3.14 on is not the user's concern."""
    _hush()
    reduced = iterator.__reduce__()
    return reduced if len(reduced) < 3 else (*reduced, None, None, set_state)


def reduce_groupby(groups: Any, pickler: Any) -> Any:
    """With the key of the group that is being gone over, which Python's own way forgets.

    It keeps the state only where an item waits; from what it gives back, the first item of the next
    group is lost when it is kept once more.
    """
    inside = gc.get_referents(groups)
    if inside[0] is itertools.groupby:
        del inside[0]  # the type: from Python 3.12 on
    if len(inside) != 3:  # the iterator, the function, the key of the group
        return reduce_itertool(groups, pickler)
    return (groupby_within, tuple(inside))


def groupby_within(source: Any, function: Any, key: Any) -> Any:
    """A `groupby` in the middle of the group of that key."""
    _hush()
    groups: Any = itertools.groupby(source, function)
    groups.__setstate__((key, None, key))
    next(itertools._grouper(groups, key))  # type: ignore[attr-defined]  # that None
    return groups


def set_state(iterator: Any, state: Any) -> None:
    """Put an iterator where it stood."""
    _hush()
    iterator.__setstate__(state)


def _hush() -> None:
    """Let no warning about pickling itertools out of this module, and no other one in."""
    rules: Any = warnings.filters
    if not rules or getattr(rules[0][3], "pattern", None) != _HERE:
        warnings.filterwarnings("ignore", category=DeprecationWarning, module=_HERE)


_HERE = __name__.replace(".", r"\.") + r"\Z"


def reduce_pairwise(iterator: Any, pickler: Any) -> Any:
    """The iterator under it, with the element before put in front again."""
    inside = [x for x in gc.get_referents(iterator) if x is not itertools.pairwise]
    if sys.version_info >= (3, 13):
        inside = inside[:-1]  # the tuple that it uses again
    if not inside:
        return (itertools.pairwise, ((),))
    source, *before = inside
    if before:
        return (resumed_pairwise, (before, source))
    return (itertools.pairwise, (source,))


def resumed_pairwise(before: list[Any], source: Iterator[Any]) -> Iterator[Any]:
    """A pairwise iterator in the middle of `source`."""
    return itertools.pairwise(itertools.chain(before, source))


def reduce_batched(iterator: Any, pickler: Any) -> Any:
    """Its size can be had from nowhere."""
    raise UnpicklableError(
        "itertools.batched does not tell its size; take islice(iterator, n) in a loop instead"
    )


def _table() -> dict[type, Any]:
    table: dict[type, Any] = dict.fromkeys(_DICT_VIEWS, reduce_dict_view)
    table |= dict.fromkeys(_DICT_ITERATORS, reduce_dict_iterator)
    table |= dict.fromkeys((type(iter([])), type(reversed([]))), reduce_list_iterator)
    table |= dict.fromkeys((type(iter("")), type(iter("\N{SNOWMAN}"))), reduce_plain_iterator)
    table |= dict.fromkeys((type(iter(())), type(iter(b""))), reduce_plain_iterator)
    table[_SET_ITERATOR] = reduce_set_iterator
    table[type(iter(_ordered))] = reduce_ordered_iterator
    table[type(iter(int, 1))] = reduce_call_iterator
    table[_REVERSED_DEQUE] = reduce_reversed_deque
    names = """accumulate chain combinations combinations_with_replacement compress count cycle
        dropwhile filterfalse islice permutations product repeat starmap takewhile
        zip_longest _tee _tee_dataobject _grouper""".split()
    table |= {getattr(itertools, name): reduce_itertool for name in names}
    table[itertools.groupby] = reduce_groupby
    table[itertools.pairwise] = reduce_pairwise
    if sys.version_info >= (3, 12):
        table[itertools.batched] = reduce_batched
    return table


REDUCERS = _table()


def by_number(source: Any) -> Iterator[Any]:
    """`iter()` of what has no `__iter__`: by its items' numbers, or an error."""
    return iter(source)


class _Sequence:
    """Something that is iterated over by its items' numbers."""

    def __getitem__(self, index: int) -> Any:
        raise IndexError(index)


SAMPLES: tuple[Any, ...] = (
    *(make({}) for make in _DICT_ITERATORS.values()),
    *(getattr(kind, name)(kind()) for kind, name in _DICT_VIEWS.values()),
    iter([]),
    iter(()),
    iter(""),
    iter("\N{SNOWMAN}"),
    iter(b""),
    iter(range(0)),
    reversed([]),
    iter(int, 1),
    iter(_Sequence()),
)
