"""Builtins that go over what they are given at once: `list` and its like, `sorted`, `sum`, `any`.

And the methods that do: `items.sort(key=…)`, `", ".join(…)`, `found.update(…)`.
"""

from __future__ import annotations

import math
import sys
from array import array
from collections import Counter, OrderedDict, UserList, deque
from collections.abc import Mapping
from typing import Any

from perdure.library.syntax import MISSING, hinted, list_
from perdure.runtime.callables import KEY, comparing
from perdure.runtime.comparing import all_plain, in_plain_order


def tuple_(iterable: Any = (), /) -> Any:
    return tuple([item for item in hinted(iterable)])  # noqa: C416


def set_(iterable: Any = (), /) -> Any:
    found = set()
    for item in iterable:
        found.add(item)
    return found


def frozenset_(iterable: Any = (), /) -> Any:
    items = []
    for item in iterable:
        if type(item).__hash__ is None:
            hash(item)  # says that it has none
        items.append(item)
    return frozenset(items)


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
        keys = [key for key in given.keys()]  # noqa: C416, SIM118  (listed first, as C does)
        for key in keys:
            dict.__setitem__(found, key, given[key])


def _fill_ordered(found: Any, given: Any) -> None:
    """The same for an OrderedDict, which is given item by item what is no plain dict."""
    if type(given) is dict:
        given = [*given.items()]
    elif hasattr(given, "keys"):
        for key in given.keys():  # noqa: SIM118  (as C does)
            found[key] = given[key]
        return
    for pair in given:
        for key, value in OrderedDict([pair]).items():  # which says what is wrong with a pair
            found[key] = value


def mapping_(given: Any, /) -> Any:
    if isinstance(given, dict) and type(given).__iter__ is dict.__iter__:
        return given if type(given) is dict else dict.copy(given)
    try:
        listing = given.keys
    except AttributeError:
        return type(type(given).__name__, (), {})()  # whoever is given it says what is wrong
    found: dict[Any, Any] = {}
    keys = [key for key in listing()]  # noqa: C416  (as above)
    for key in keys:
        found[key] = given[key]
    return found if len(found) == len(keys) else Repeating(keys, found)


class Repeating:
    """A mapping that has a key more than once: a call that is given it says so."""

    def __init__(self, keys: list[Any], values: dict[Any, Any]) -> None:
        self.listed = keys
        self.values = values

    def keys(self) -> list[Any]:
        """All of them, in turn."""
        return self.listed

    def __getitem__(self, key: Any) -> Any:
        return self.values[key]


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
    if isinstance(start, str | bytes | bytearray):
        return sum((), start)  # says what to use instead
    items: list[Any] = []
    total, plain = start, type(start) in _NUMBERS
    for item in iterable:
        if plain and type(item) in _NUMBERS:
            items.append(item)
            continue
        if plain:
            total, plain = sum(items, start), False
        total = total + item
    if plain:
        return sum(items, start)
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
    if all_plain(keys):
        return in_plain_order(keys, reverse)
    places = [*range(len(keys))]
    if reverse:
        places.reverse()
    places = _sorted_places(keys, places)
    if reverse:
        places.reverse()
    return places


# Kinds of values that call nothing when they are added, whatever is in them.
_NUMBERS = {int, float, bool}


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
    """How many of the first are in order; if they go down, they are turned round."""
    if len(places) < 2:
        return len(places)
    return _run_with_equals(keys, places) if _EQUALS else _strict_run(keys, places)


_EQUALS = sys.version_info >= (3, 13)  # from there on, equal ones may stand in a run that goes down


def _run_with_equals(keys: Any, places: Any) -> int:
    """`count_run` of Python 3.13: what stands behind a run that goes down may make it longer."""
    number = _risen(keys, places, 1)
    if number == len(places):
        return number
    if number > 1:  # these are all equal, or the run is over
        if _less(keys[places[0]], keys[places[number - 1]]):
            return number
        _turn(places, 0, number)
    number += 1
    equal = 0  # the last ones: turned round twice, they stay as they were
    while number < len(places):
        if _less(keys[places[number]], keys[places[number - 1]]):
            _turn(places, number - equal - 1, number)
            equal = 0
        elif _less(keys[places[number - 1]], keys[places[number]]):
            break
        else:
            equal += 1
        number += 1
    _turn(places, number - equal - 1, number)
    _turn(places, 0, number)
    return _risen(keys, places, number)


def _risen(keys: Any, places: Any, number: int) -> int:
    """How far the run of the first `number` goes on without going down."""
    while number < len(places) and not _less(keys[places[number]], keys[places[number - 1]]):
        number += 1
    return number


def _turn(places: Any, begin: int, end: int) -> None:
    places[begin:end] = places[begin:end][::-1]


def _strict_run(keys: Any, places: Any) -> int:
    """`count_run` of older Pythons: only what goes strictly down is turned round."""
    number = 2
    if _less(keys[places[1]], keys[places[0]]):
        while number < len(places) and _less(keys[places[number]], keys[places[number - 1]]):
            number += 1
        _turn(places, 0, number)
        return number
    return _risen(keys, places, number)


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


def min_(*values: Any, key: Any = None, default: Any = MISSING) -> Any:
    return _extreme("min", values, key, default, _less)


def max_(*values: Any, key: Any = None, default: Any = MISSING) -> Any:
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
        if default is not MISSING:
            raise TypeError(
                f"Cannot specify a default for {name}() with multiple positional arguments"
            )
        iterable = values
    elif values:
        iterable = values[0]
    else:
        raise TypeError(f"{name} expected at least 1 argument, got 0")
    best = best_key = MISSING
    for item in iterable:
        rank = item if key is None else key(item)
        if best is MISSING or before(rank, best_key):
            best, best_key = item, rank
    if best is not MISSING:
        return best
    if default is not MISSING:
        return default
    return {"min": min, "max": max}[name](())  # raises what this Python raises


def prod_(iterable: Any, /, *, start: Any = 1) -> Any:
    total = start
    for item in iterable:
        total = total * item
    return total


def fsum_(seq: Any, /) -> Any:
    items = []
    for item in seq:
        if not hasattr(type(item), "__float__") and not hasattr(type(item), "__index__"):
            math.fsum((item,))  # says what it is
        items.append(item)
    return math.fsum(items)


def counter_(iterable: Any = None, /, **more: Any) -> Any:
    return Counter(mapped(iterable, isinstance(iterable, Mapping)), **more)


def ordered_dict_(iterable: Any = (), /, **more: Any) -> Any:
    found: OrderedDict[Any, Any] = OrderedDict()
    _fill_ordered(found, iterable)
    _fill_ordered(found, more)
    return found


def mapped(given: Any, is_mapping: bool) -> Any:
    """What is given, gone over: as a dict if it is a mapping, else as a list."""
    if not is_mapping:
        return [item for item in given]  # noqa: C416
    found: dict[Any, Any] = {}
    _fill(found, given)
    return found


def reduce_(function: Any, iterable: Any, initial: Any = MISSING, /) -> Any:
    total = initial
    for item in iterable:
        total = item if total is MISSING else function(total, item)
    if total is MISSING:
        raise TypeError("reduce() of empty iterable with no initial value")
    return total


def join_(separator: Any, iterable: Any, /) -> Any:
    if not hasattr(type(iterable), "__iter__") and not hasattr(type(iterable), "__getitem__"):
        return separator.join(iterable)  # says what is wrong
    # Not its own: a class's `join` may be what has called this.
    kind = next(kind for kind in (str, bytes, bytearray) if isinstance(separator, kind))
    return kind.join(separator, [item for item in iterable])  # noqa: C416


def extend_(items: Any, iterable: Any, /) -> Any:
    if isinstance(items, UserList):
        items = items.data
    # Past what a subclass makes of `append`.
    append = next(kind.append for kind in _EXTENDED if isinstance(items, kind))
    for item in hinted(iterable) if isinstance(items, list | bytearray) else iterable:
        append(items, item)


_EXTENDED: tuple[Any, ...] = (list, bytearray, deque, array)


def update_(items: Any, *iterables: Any, **more: Any) -> Any:
    if isinstance(items, dict):
        if len(iterables) > 1:
            raise TypeError(f"update expected at most 1 argument, got {len(iterables)}")
        fill = _fill_ordered if isinstance(items, OrderedDict) else _fill
        for iterable in iterables:
            fill(items, iterable)
        fill(items, more)
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
    # Past what a subclass makes of these.
    values = list.copy(items)
    list.clear(items)  # as the builtin does: a key sees an empty list
    keys = []
    try:
        for value in values:
            keys.append(value if key is None else key(value))
        places = _in_order(keys, reverse)
    except BaseException:
        list.__init__(items, values)
        raise
    changed = list.__len__(items)
    list.__init__(items, [values[place] for place in places])
    if changed:
        raise ValueError("list modified during sort")
