"""Callables of the standard library that only pass a call on: what a call of one comes down to.

Natively they would be code that a run cannot stop in; so the call they pass on is made in their
stead. They are known by their types, or by their code where they are closures.
"""

from __future__ import annotations

import functools
import gc
import operator
import sys
import types
import typing
from collections.abc import Sequence
from types import FunctionType, MethodType, MethodWrapperType
from typing import Any

from perdure.runtime import caches

Call = tuple[Any, tuple[Any, ...], dict[str, Any]]


def _one(value: Any) -> Any:
    return value


# The functions that these make have the same code each time.
_DISPATCHER = functools.singledispatch(_one).__code__  # type: ignore[attr-defined]
_METHOD = functools.singledispatchmethod(_one).__get__(None, int).__code__
# Compared by value: after a restart it is that of another compilation.
_GENERIC = (_DISPATCHER, _METHOD)
CALL = operator.call


def passed_on(callee: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call | None:
    """The call that a call comes down to; None if it is made as it stands."""
    kind = type(callee)
    if kind is FunctionType:
        if args and callee.__code__ in _GENERIC:
            # Not type(): functools asks for `__class__`, which a proxy has of what it stands for.
            return _implementation(callee, args[0].__class__), args, kwargs
    elif kind is operator.methodcaller and len(args) == 1 and not kwargs:
        method, given, named = _parts(callee)
        return getattr(args[0], method), given, named
    elif kind is operator.attrgetter and len(args) == 1 and not kwargs:
        name = name_asked(callee)
        return None if name is None else (getattr, (args[0], name), {})
    elif callee is CALL and args:
        return args[0], args[1:], kwargs
    elif is_partial(kind):
        return callee.func, (*callee.args, *args), {**callee.keywords, **kwargs}
    elif kind is staticmethod:
        return callee.__func__, args, kwargs
    elif kind is MethodWrapperType and (wrapped := _wrapped(callee)) is not None:
        return wrapped, args[:1] if callee.__name__ == "__get__" else args, kwargs
    return None


# `Box[int]`, which makes a Box when it is called.
ALIASES: tuple[type, ...] = (typing._BaseGenericAlias, types.GenericAlias)  # type: ignore[attr-defined]


def refusing_alias(alias: Any) -> Any:
    """The errors by which an object may refuse to be told what it was made as."""
    if isinstance(alias, types.GenericAlias):
        return (AttributeError, TypeError)
    return Exception if sys.version_info >= (3, 13) else AttributeError


def is_partial(kind: Any) -> bool:
    """Whether objects of a class are called as `functools.partial` calls what it holds."""
    base = functools.partial
    return kind is base or (issubclass(kind, base) and kind.__call__ is base.__call__)


def inner(callee: Any) -> Any:
    """What a callable that is no function calls, whatever it is given; None if it is not known."""
    kind = type(callee)
    if is_partial(kind):
        return callee.func
    if kind is staticmethod:
        return callee.__func__
    if kind is caches.KIND:
        return callee.__wrapped__
    if kind is KEY:
        return comparing(callee)
    if issubclass(kind, ALIASES):
        return callee.__origin__
    return _wrapped(callee) if kind is MethodWrapperType else None


def _wrapped(wrapper: Any) -> Any:
    """What `function.__call__` calls, and, of a property, `prop.__get__` and its like."""
    owner = wrapper.__self__
    if type(owner) in (FunctionType, MethodType) and wrapper.__name__ == "__call__":
        return owner
    if not issubclass(type(owner), property):
        return None
    of = {"__get__": owner.fget, "__set__": owner.fset, "__delete__": owner.fdel}
    return of.get(wrapper.__name__)


def leads_to(callee: Any) -> Sequence[Any]:
    """What a call of a function that passes it on may come down to."""
    code = callee.__code__
    if code == _DISPATCHER:
        return [*callee.registry.values()]
    if code == _METHOD:
        # What is registered may be a classmethod, which is bound before it is called.
        return [getattr(f, "__func__", f) for f in _generic(callee).registry.values()]
    return ()


def _total_ordering() -> dict[Any, tuple[str, bool, str]]:
    """Of each function of `functools.total_ordering`: what it asks, and what it makes of that."""
    found = {}
    for root, made in functools._convert.items():  # type: ignore[attr-defined]
        for name, function in made:
            inverse = root[2] != name[2]  # of lt and gt the first letter says which way
            strict, wanted = root[3] == "t", name[3] == "t"
            joined = ""
            if (inverse and strict == wanted) or not inverse:
                joined = "and !=" if wanted else "or =="
            found[function] = (root, inverse, joined)
    return found


TOTAL_ORDERING = _total_ordering()
KEY: Any = type(functools.cmp_to_key(max))


def comparing(key: Any) -> Any:
    """The function by which the keys that `functools.cmp_to_key` makes are compared."""
    inside = [x for x in gc.get_referents(key) if x is not KEY]
    return next(x for x in inside if x is not getattr(key, "obj", inside))


def name_asked(caller: operator.methodcaller | operator.attrgetter[Any]) -> str | None:
    """The name of the method that a `methodcaller` calls, of the attribute that is read.

    None of an `attrgetter` of several, or of an attribute's attribute.
    """
    if isinstance(caller, operator.methodcaller):
        return _parts(caller)[0]
    names: Any = caller.__reduce__()[1]
    return None if len(names) > 1 or "." in names[0] else names[0]


def _parts(caller: Any) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
    make, given = caller.__reduce__()
    if isinstance(make, functools.partial):
        return make.args[0], given, make.keywords
    return given[0], given[1:], {}


def _implementation(callee: Any, kind: type) -> Any:
    if callee.__code__ == _DISPATCHER:
        return callee.dispatch(kind)
    cells = dict(zip(callee.__code__.co_freevars, callee.__closure__, strict=True))
    found = _generic(callee).dispatch(kind)
    return found.__get__(cells["obj"].cell_contents, cells["cls"].cell_contents)


def _generic(method: Any) -> Any:
    """The `singledispatch` function behind a generic method."""
    return method.register.__self__.dispatcher


def constructed(callee: Any) -> type | None:
    """The class that `super().__call__` in a metaclass makes an object of, whatever calls it."""
    if callee.__name__ == "__call__" and isinstance(callee.__self__, type):
        found: type = callee.__self__
        return found
    return None
