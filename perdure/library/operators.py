"""What operators and builtins do with special methods, in Python, to be compiled.

Where `__add__` of the user's suspends, `a + b` is done here: methods are looked up, and asked in
the order, as the interpreter does it (Objects/abstract.c and Objects/typeobject.c of CPython).
Where there is no method, the builtin itself says what is wrong.
"""

from __future__ import annotations

import builtins
import operator
import sys
from array import array
from collections import defaultdict, deque
from types import FunctionType
from typing import Any

from perdure.runtime.callables import TOTAL_ORDERING
from perdure.runtime.comparing import (
    COMPARISONS,
    OF_LENGTHS,
    fields_asked,
    is_of_mappings,
    sequence_of,
)
from perdure.runtime.dataclass_fields import is_method_written
from perdure.runtime.operations import Says
from perdure.runtime.ops import lookup, said, special

_SEQUENCES = (str, bytes, bytearray, list, tuple, deque)


# Operators ------------------------------------------------------------------------------------


def binary(name: str, reflected: str, symbol: str, left: Any, right: Any, /) -> Any:
    found = _asked(name, reflected, left, right)
    if found is NotImplemented:
        raise _unsupported(symbol, left, right)
    return found


def augmented(place: str, name: str, reflected: str, symbol: str, left: Any, right: Any, /) -> Any:
    method = special(left, place)
    if place == "__imul__" and _is_repeated(left) and not hasattr(type(right), "__index__"):
        return times(left, right)
    if method is not None:
        found: Any = NotImplemented
        if _is_extended(place, left) and type(lookup(type(right), reflected)) is FunctionType:
            # It is asked as numbers are; only then is a sequence extended.
            found = special(right, reflected)(left)  # type: ignore[misc]  # there is one
        if found is NotImplemented:
            found = method(right)
        if found is not NotImplemented:
            return found
    return binary(name, reflected, symbol, left, right)


def _is_extended(place: str, left: Any) -> bool:
    """Whether an object is changed in place as C's sequences are."""
    own = type(lookup(type(left), place)) is not FunctionType
    return own and place in ("__iadd__", "__imul__") and isinstance(left, _REPEATED)


def _asked(name: str, reflected: str, left: Any, right: Any) -> Any:
    mine, other = special(left, name), None
    if type(left) is not type(right):
        other = special(right, reflected)
    if other is not None and _goes_first(reflected, left, right):
        found = other(left)
        if found is not NotImplemented:
            return found
        other = None
    if mine is not None:
        found = mine(right)
        if found is not NotImplemented:
            return found
    return NotImplemented if other is None else other(left)


def _goes_first(reflected: str, left: Any, right: Any) -> bool:
    """Whether the right operand is asked first: it knows better, or the left is a sequence."""
    method = lookup(type(right), reflected)
    if _is_below(right, left) and method is not lookup(type(left), reflected):
        return True
    python = type(method) is FunctionType
    return python and isinstance(left, _SEQUENCES) and reflected in ("__radd__", "__rmul__")


def _is_below(right: Any, left: Any) -> bool:
    """Whether the right operand's class inherits from the left one's; to say so is not enough."""
    return type(left) in type(right).__mro__


def _unsupported(symbol: str, left: Any, right: Any) -> TypeError:
    kinds = f"{type(left).__name__!r} and {type(right).__name__!r}"
    return TypeError(f"unsupported operand type(s) for {symbol}: {kinds}")


def unary(name: str, symbol: str, operand: Any, /) -> Any:
    method = special(operand, name)
    if method is None:
        kind = type(operand).__name__
        raise TypeError(f"bad operand type for unary {symbol}: {kind!r}")
    return method()


def compared(name: str, reflected: str, symbol: str, left: Any, right: Any, /) -> Any:
    first = type(left) is not type(right) and _is_below(right, left)
    if first:
        found = _comparison(reflected, right, left)
        if found is not NotImplemented:
            return found
    found = _comparison(name, left, right)
    if found is NotImplemented and not first:
        found = _comparison(reflected, right, left)
    if found is not NotImplemented:
        return found
    if symbol == "==":
        return left is right
    if symbol == "!=":
        return left is not right
    kinds = f"{type(left).__name__!r} and {type(right).__name__!r}"
    raise TypeError(f"{symbol!r} not supported between instances of {kinds}")


def _comparison(name: str, left: Any, right: Any) -> Any:
    function = lookup(type(left), name)
    if is_method_written(function) and fields_asked(type(left), name):
        return _of_fields(name, left, right)
    if is_of_mappings(function):
        return _of_mappings(name, left, right) if isinstance(right, dict) else NotImplemented
    kind = sequence_of(function)
    if kind is not None:
        return _of_items(name, kind, left, right) if isinstance(right, kind) else NotImplemented
    if name == "__ne__" and lookup(type(left), name) is object.__ne__:
        found = _comparison("__eq__", left, right)
        return found if found is NotImplemented else not truth(found)
    method = special(left, name)
    if method is None:
        return NotImplemented
    if type(function) is FunctionType and function in TOTAL_ORDERING:
        root, negated, joined = TOTAL_ORDERING[function]
        return _ordered(root, negated, joined, left, right)
    return method(right)


def _ordered(root: str, negated: bool, joined: str, left: Any, right: Any) -> Any:
    """What a method that `functools.total_ordering` adds does, by another comparison."""
    found = special(left, root)(right)  # type: ignore[misc]  # the decorator found it there
    if found is NotImplemented:
        return found
    if negated:
        found = not found
    if joined == "or ==":
        return found or left == right
    if joined == "and !=":
        return found and left != right
    return found


def _of_items(name: str, kind: Any, left: Any, right: Any) -> Any:
    """As sequences are compared: by the first items that differ, or else by length."""
    lengths = OF_LENGTHS[name]
    reflected, symbol = COMPARISONS[name]
    if symbol in ("==", "!=") and kind is not tuple and kind.__len__(left) != kind.__len__(right):
        return symbol == "!="
    place = 0
    while place < kind.__len__(left) and place < kind.__len__(right):
        mine, other = kind.__getitem__(left, place), kind.__getitem__(right, place)
        if not (mine is other or mine == other):
            if kind is list:  # the comparison may have changed them
                if place >= list.__len__(left) or place >= list.__len__(right):
                    break
                mine, other = list.__getitem__(left, place), list.__getitem__(right, place)
            if symbol in ("==", "!="):
                return symbol == "!="
            return compared(name, reflected, symbol, mine, other)
        place += 1
    return lengths(kind.__len__(left), kind.__len__(right))


def _of_mappings(name: str, left: Any, right: Any) -> bool:
    same = dict.__len__(left) == dict.__len__(right)
    if same:
        for key, mine in [*dict.items(left)]:
            if not dict.__contains__(right, key):
                same = False
                break
            other = dict.__getitem__(right, key)
            if not (other is mine or other == mine):
                same = False
                break
    return same if name == "__eq__" else not same


def _of_fields(name: str, left: Any, right: Any) -> Any:
    """What a method that `dataclass` has written does."""
    names = fields_asked(type(left), name)
    each = sys.version_info >= (3, 13) and name == "__eq__"
    if each and left is right:
        return True
    if right.__class__ is not left.__class__:
        return NotImplemented
    found: Any = True
    if each:
        for field in names:
            found = getattr(left, field) == getattr(right, field)
            if not found:
                break
        return found
    mine = tuple([getattr(left, field) for field in names])
    other = tuple([getattr(right, field) for field in names])
    return _of_items(name, tuple, mine, other)


def unequal_past(method: Any, *given: Any) -> Any:
    """`object.__ne__(left, right)`, which asks the `__eq__` of the left."""
    if len(given) != 2 and (len(given) != 1 or not hasattr(method, "__self__")):
        return operator.call(method, *given)  # says what is wrong
    left, right = given if len(given) == 2 else (method.__self__, *given)
    found = _comparison("__eq__", left, right)
    return found if found is NotImplemented else not truth(found)


def truth(operand: Any, /) -> bool:
    method = special(operand, "__bool__")
    if method is not None:
        return bool(Says(method()))
    method = special(operand, "__len__")
    return method is None or len(Says(method())) > 0


# Subscripts -----------------------------------------------------------------------------------


def item_of(container: Any, key: Any, /) -> Any:
    method = special(container, "__getitem__")
    if method is None:
        return operator.getitem(container, key)
    if lookup(type(container), "__getitem__") is dict.__getitem__:
        return item_in(container, key)
    return method(_as_index(container, "__getitem__", key))


def item_in(container: Any, key: Any, /) -> Any:
    """`dict.__getitem__`, past what a subclass makes of it."""
    if dict.__contains__(container, key):
        return dict.__getitem__(container, key)
    missing = special(container, "__missing__")
    if missing is None:
        raise KeyError(key)
    if lookup(type(container), "__missing__") is not defaultdict.__missing__:
        return missing(key)
    return missing_from(container, key)


def missing_from(container: Any, key: Any, /) -> Any:
    """`defaultdict.__missing__`, past what a subclass makes of it."""
    make = container.default_factory
    if make is None:
        raise KeyError(key)
    value = make()
    set_item(container, key, value)
    return value


def set_item(container: Any, key: Any, value: Any, /) -> None:
    method = special(container, "__setitem__")
    if method is None:
        operator.setitem(container, key, value)
    else:
        method(_as_index(container, "__setitem__", key), value)


def delete_item(container: Any, key: Any, /) -> None:
    method = special(container, "__delitem__")
    if method is None:
        operator.delitem(container, key)
    else:
        method(_as_index(container, "__delitem__", key))


def _as_index(container: Any, name: str, key: Any) -> Any:
    """A key, or the parts of a slice, as the numbers that a sequence of C's asks for."""
    if lookup(type(container), name) not in _BY_INDEX:
        return key
    if not isinstance(key, slice):
        return index_(key) if has_index(key) else key
    if not any(map(has_index, (key.start, key.stop, key.step))):
        return key
    # In the order in which C asks for them.
    step, start, stop = [
        index_(part) if has_index(part) else part for part in (key.step, key.start, key.stop)
    ]
    return slice(start, stop, step)


def has_index(value: Any) -> bool:
    """Whether a value is asked for its `__index__`, and that is of Python's; no `int` is."""
    return type(lookup(type(value), "__index__")) is FunctionType and not isinstance(value, int)


_BY_INDEX = [
    method
    for kind in (list, tuple, str, bytes, bytearray, range, deque, memoryview, array)
    for name in ("__getitem__", "__setitem__", "__delitem__")
    if (method := getattr(kind, name, None)) is not None
]


def times(left: Any, right: Any, /) -> Any:
    if isinstance(left, _REPEATED) and has_index(right) and special(right, "__rmul__") is None:
        right = index_(right)
    elif isinstance(right, _REPEATED) and has_index(left) and special(left, "__mul__") is None:
        left = index_(left)
    elif _is_repeated(left) and not hasattr(type(right), "__index__"):
        return _repeated(special(right, "__rmul__"), left, right)
    elif _is_repeated(right) and not hasattr(type(left), "__index__"):
        return _repeated(special(left, "__mul__"), right, left)
    return binary("__mul__", "__rmul__", "*", left, right)


def _is_repeated(value: Any) -> bool:
    """Whether a value is multiplied as C's sequences are."""
    own = (lookup(type(value), name) for name in ("__mul__", "__rmul__"))
    return isinstance(value, _REPEATED) and FunctionType not in map(type, own)


def _repeated(method: Any, sequence: Any, other: Any) -> Any:
    """A sequence times what is no number."""
    found = NotImplemented if method is None else method(sequence)
    if found is NotImplemented:
        kind = type(other).__name__
        raise TypeError(f"can't multiply sequence by non-int of type {kind!r}")
    return found


_REPEATED = (*_SEQUENCES, array)


# Builtins -------------------------------------------------------------------------------------


def len_(operand: Any, /) -> int:
    method = special(operand, "__len__")
    return len(operand if method is None else Says(method()))


def bool_(operand: Any = False, /) -> bool:
    return truth(operand)


def not_(operand: Any, /) -> bool:
    return not operand


def abs_(operand: Any, /) -> Any:
    method = special(operand, "__abs__")
    return abs(operand) if method is None else method()


def round_(number: Any, ndigits: Any = None) -> Any:
    method = special(number, "__round__")
    if has_index(ndigits) and type(lookup(type(number), "__round__")) is not FunctionType:
        ndigits = index_(ndigits)
    if method is None:
        return round(number, ndigits)
    return method() if ndigits is None else method(ndigits)


def hash_(operand: Any, /) -> int:
    function = lookup(type(operand), "__hash__")
    if function is None:
        return hash(operand)  # says what is wrong
    if sequence_of(function) is tuple:
        return hash(tuple([Says(hash_(item)) for item in tuple.__iter__(operand)]))
    if is_method_written(function) and (names := fields_asked(type(operand), "__hash__")):
        return hash(tuple([Says(hash_(getattr(operand, name))) for name in names]))
    return hash(Says(special(operand, "__hash__")()))  # type: ignore[misc]  # there is one


def int_(operand: Any = 0, /, *rest: Any, **more: Any) -> int:
    method, asked = None, ""
    for name in ("__int__", "__index__", "__trunc__"):
        if method is None:
            method, asked = special(operand, name), name
    if rest or more or method is None:
        bases = [index_(base) if has_index(base) else base for base in rest]
        return int(operand, *bases, **more)
    said = Says(method())
    return int(operator.index(said) if asked == "__index__" else said)


def index_(operand: Any, /) -> int:
    method = None if isinstance(operand, int) else special(operand, "__index__")
    return operator.index(operand if method is None else Says(method()))


def indexed(name: str, operand: Any, /) -> Any:
    """A builtin that asks for a number: `hex` and its like."""
    return getattr(builtins, name)(index_(operand) if has_index(operand) else operand)


def range_(*bounds: Any) -> range:
    return range(*[index_(bound) if has_index(bound) else bound for bound in bounds])


def pow_(base: Any, exp: Any, mod: Any = None) -> Any:
    if mod is None:
        return binary("__pow__", "__rpow__", "** or pow()", base, exp)
    method = special(base, "__pow__")
    if type(lookup(type(base), "__pow__")) is not FunctionType or method is None:
        return pow(base, exp, mod)
    found = method(exp, mod)
    if found is NotImplemented:
        kinds = ", ".join(repr(type(each).__name__) for each in (base, exp, mod))
        raise TypeError(f"unsupported operand type(s) for ** or pow(): {kinds}")
    return found


def float_(operand: Any = 0.0, /) -> float:
    method = special(operand, "__float__")
    if method is not None:
        found = method()
        if isinstance(found, float):
            return float(found)
        kinds = (
            f"{type(operand).__name__}.__float__ returned non-float (type {type(found).__name__})"
        )
        raise TypeError(kinds)
    method = special(operand, "__index__")
    return float(operand if method is None else int(Says(method())))


def reversed_(operand: Any, /) -> Any:
    kind = type(operand)
    if said(kind, "__reversed__") and lookup(kind, "__reversed__") is None:
        return reversed(operand)  # says that it cannot be
    method = special(operand, "__reversed__")
    if method is not None:
        return method()
    numbered = type(lookup(kind, "__getitem__")) is FunctionType
    if said(kind, "__reversed__") or not numbered or lookup(kind, "__len__") is None:
        return reversed(operand)  # says what is wrong
    return Reversed(operand, len(operand) - 1)


class Reversed:
    """`reversed` of what has a `__getitem__` and a length."""

    def __init__(self, source: Any, index: int) -> None:
        self.source = source
        self.index = index

    def __reduce__(self) -> Any:
        return Reversed, (self.source, self.index)

    def __length_hint__(self) -> int:
        size = self.index + 1
        return size if self.source is not None and len(self.source) >= size else 0

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> Any:
        value, ended = None, self.index < 0
        if not ended:
            try:
                value = self.source[self.index]
            except (IndexError, StopIteration):  # not the context of the one that is raised below
                ended = True
        if ended:
            self.source, self.index = None, -1
            raise StopIteration
        self.index -= 1
        return value
