"""Attributes that are read, written and deleted where a property or a descriptor suspends.

Or a `__getattr__`, and its like. They are looked up, and asked in the order, as the interpreter
does it (Objects/object.c of CPython).
"""

from __future__ import annotations

import operator
from functools import cached_property
from types import FunctionType
from typing import Any

from perdure.runtime.ops import found_in, is_property, lookup, own_dict, special


def _function_of(found: Any, method: str, function: str) -> Any:
    """What a property calls, unless its class has a method of its own for that."""
    if not is_property(found):
        return None
    own = lookup(type(found), method)
    if type(own) is FunctionType and own.__module__ not in ("types", "enum"):
        return None
    return getattr(found, function)


def set_attribute(owner: Any, name: str, value: Any, /) -> None:
    if type(lookup(type(owner), "__setattr__")) is FunctionType:
        special(owner, "__setattr__")(name, value)  # type: ignore[misc]  # there is one
        return
    found = lookup(type(owner), name)
    write = _function_of(found, "__set__", "fset")
    if write is not None:
        write(owner, value)
        return
    method = special(found, "__set__")
    if method is None:
        setattr(owner, name, value)
    else:
        method(owner, value)


def delete_attribute(owner: Any, name: str, /) -> None:
    if type(lookup(type(owner), "__delattr__")) is FunctionType:
        special(owner, "__delattr__")(name)  # type: ignore[misc]  # there is one
        return
    found = lookup(type(owner), name)
    delete = _function_of(found, "__delete__", "fdel")
    if delete is not None:
        delete(owner)
        return
    method = special(found, "__delete__")
    if method is None:
        delattr(owner, name)
    else:
        method(owner)


def stored_past(method: Any, *given: Any) -> None:
    """`object.__setattr__(owner, name, value)`, past what the owner's class makes of it."""
    owner, name, value = given if len(given) == 3 else (method.__self__, *given)
    found = lookup(type(owner), name)
    write = _function_of(found, "__set__", "fset")
    if write is not None:
        write(owner, value)
    elif type(lookup(type(found), "__set__")) is FunctionType:
        special(found, "__set__")(owner, value)  # type: ignore[misc]  # there is one
    else:
        operator.call(method, *given)


def deleted_past(method: Any, *given: Any) -> None:
    """`object.__delattr__(owner, name)`, in the same way."""
    owner, name = given if len(given) == 2 else (method.__self__, *given)
    found = lookup(type(owner), name)
    delete = _function_of(found, "__delete__", "fdel")
    if delete is not None:
        delete(owner)
    elif type(lookup(type(found), "__delete__")) is FunctionType:
        special(found, "__delete__")(owner)  # type: ignore[misc]  # there is one
    else:
        operator.call(method, *given)


def read_past(method: Any, *given: Any) -> Any:
    """`object.__getattribute__(owner, name)`, in the same way."""
    owner, name = given if len(given) == 2 else (method.__self__, *given)
    return _read(owner, name)


def read_attribute(owner: Any, name: str, /) -> Any:
    """`owner.name`, where `__getattribute__`, `__getattr__` or a descriptor suspends."""
    try:
        return _attribute(owner, name)
    except AttributeError as error:
        if error.name is None and error.obj is None:
            error.name, error.obj = name, owner  # of which "Did you mean" is made
        raise


def getattr_(owner: Any, name: Any, /, *default: Any) -> Any:
    if not isinstance(name, str) or len(default) > 1:
        return getattr(owner, name, *default)  # says what is wrong
    try:
        return read_attribute(owner, name)
    except AttributeError:
        if not default:
            raise
    return default[0]


def hasattr_(owner: Any, name: Any, /) -> bool:
    if not isinstance(name, str):
        return hasattr(owner, name)  # says what is wrong
    try:
        read_attribute(owner, name)
    except AttributeError:
        return False
    return True


def _attribute(owner: Any, name: str) -> Any:
    try:
        if type(lookup(type(owner), "__getattribute__")) is FunctionType:
            return special(owner, "__getattribute__")(name)  # type: ignore[misc]  # there is one
        return _read(owner, name)
    except AttributeError:
        method = special(owner, "__getattr__")
        if method is None:
            raise
    return method(name)


def _read_cached(prop: Any, owner: Any) -> Any:
    name = prop.attrname
    own = own_dict(owner)
    if name is None or own is None:
        return prop.__get__(owner)  # says what is wrong
    if name not in own:
        function = prop.func
        value = function(owner)
        own[name] = value
    return own[name]


def _read(place: Any, name: str) -> Any:
    owner, found = found_in(place, name)
    if issubclass(type(owner), type):
        own = lookup(owner, name)
        of_meta = special(found, "__set__") is not None or special(found, "__delete__") is not None
        if not of_meta and any(name in base.__dict__ for base in owner.__mro__):
            if type(lookup(type(own), "__get__")) is FunctionType:
                return special(own, "__get__")(None, owner)  # type: ignore[misc]  # it has one
            return operator.call(type.__getattribute__, owner, name)
    read = _function_of(found, "__get__", "fget")
    if read is not None:
        return read(owner)
    if isinstance(found, cached_property):
        return _read_cached(found, owner)
    method = special(found, "__get__")
    if type(lookup(type(found), "__get__")) is not FunctionType or method is None:
        kind = super if place is not owner else type if issubclass(type(owner), type) else object
        return operator.call(kind.__getattribute__, place, name)
    is_data = special(found, "__set__") is not None or special(found, "__delete__") is not None
    own = own_dict(owner) or {}
    if not is_data and name in own:
        return own[name]
    return method(owner, type(owner))
