"""Objects of classes that extend values of Python's library: dates, decimals, partials.

Those say of themselves how they are pickled: by a call of the class, with what it was not made to
take (`Money(amount, currency)` over Decimal), and without the attributes that it adds. Here the
base makes the object, and the attributes are put back.
"""

from __future__ import annotations

import sys
from types import FunctionType
from typing import Any

from perdure.runtime.instances import Reducer, own_state, set_object

# By module and name: nothing is imported for their sake.
_BASES = frozenset(
    {
        *(("datetime", name) for name in ("date", "datetime", "time", "timedelta", "tzinfo")),
        *(("ipaddress", f"IPv{n}{kind}") for n in (4, 6) for kind in ("Address", "Network")),
        ("decimal", "Decimal"),
        ("fractions", "Fraction"),
        ("functools", "partial"),
        ("random", "Random"),
        ("types", "SimpleNamespace"),
    }
)


def reducer_of(kind: Any) -> Reducer | None:
    """The reducer of a class that extends such a value, and leaves to it how it is pickled."""
    base = _base_of(kind)
    if base is None or kind.__module__.partition(".")[0] in sys.stdlib_module_names:
        return None  # the library's own are pickled as they say
    theirs = ("__reduce__", "__reduce_ex__", "__getstate__", "__setstate__", "__getnewargs__")
    if any(getattr(kind, name, None) is not getattr(base, name, None) for name in theirs):
        return None
    return reduce_extended


def reduce_extended(value: Any, pickler: Any) -> Any:
    """What the base is made with, its state, and the attributes of the class."""
    kind = type(value)
    made, args, *rest = value.__reduce_ex__(5)
    if made is not kind:
        return NotImplemented
    own, slots = own_state(value)
    state = rest[0] if rest else None
    return (extended, (kind, args), (state, own, slots), None, None, set_extended)


def extended(kind: Any, args: tuple[Any, ...]) -> Any:
    """An object that the base makes."""
    base: Any = _base_of(kind)
    made = base.__new__(kind, *args)
    if type(base.__init__) is FunctionType:
        base.__init__(made, *args)
    return made


def set_extended(value: Any, state: tuple[Any, dict[str, Any], dict[str, Any]]) -> None:
    """Put the base's state back, and the attributes."""
    of_base, own, slots = state
    base: Any = _base_of(type(value))
    if of_base is not None and hasattr(base, "__setstate__"):
        base.__setstate__(value, of_base)
    set_object(value, (own, slots))


def _base_of(kind: Any) -> Any:
    """The class of the library that it extends; None if it extends none of these."""
    return next((b for b in kind.__mro__ if (b.__module__, b.__qualname__) in _BASES), None)
