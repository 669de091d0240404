"""The standard library's objects that pickle refuses: functools, weakref, asyncio.

Modules that a program need not use are not imported here: their types are known once they are.
"""

from __future__ import annotations

import dataclasses
import functools
import gc
import sys
import typing
import weakref
from collections.abc import Callable
from typing import Any

from perdure.runtime import typeparams
from perdure.runtime.caches import COVERED
from perdure.runtime.failures import UnpicklableError
from perdure.runtime.functions import by_name
from perdure.runtime.names import Names
from perdure.runtime.reducers import set_attributes

# functools ------------------------------------------------------------------------------------

_LRU: type = type(functools.lru_cache(int))


def reduce_lru_cache(cached: Any, pickler: Any) -> Any:
    """A cached function; what it has cached is not kept, no more than in another process."""
    names = pickler.codec.names
    name = names.own(cached) if hasattr(cached, "__qualname__") else names.path_to(cached)
    if name is not None:
        return (by_name, name)
    options = cached.cache_parameters()
    args = (options["maxsize"], options["typed"])
    state = {name: value for name, value in vars(cached).items() if name not in COVERED}
    return (lru_cache, (cached.__wrapped__, *args), state, None, None, set_attributes)


def lru_cache(function: Any, maxsize: int | None, typed: bool) -> Any:
    """A cached function with an empty cache."""
    return functools.lru_cache(maxsize, typed)(function)


def reduce_cached_property(prop: Any, pickler: Any) -> Any:
    """Without the lock that it has under Python 3.11."""
    state = {name: value for name, value in vars(prop).items() if name != "lock"}
    return (cached_property, (type(prop), prop.func), state, None, None, set_own_attributes)


def cached_property(kind: Any, function: Any) -> Any:
    """A cached property, whatever `__init__` its class has."""
    made = kind.__new__(kind)
    functools.cached_property.__init__(made, function)
    return made


def set_own_attributes(obj: Any, attributes: dict[str, Any]) -> None:
    """Put attributes back beside those that the object was made with."""
    obj.__dict__.update(attributes)


_KEY: type = type(functools.cmp_to_key(max)(0))


def reduce_key(key: Any, pickler: Any) -> Any:
    """A key to sort by that `cmp_to_key` made."""
    compare = next(x for x in gc.get_referents(key) if x is not key.obj and x is not _KEY)
    return (key_of, (compare, key.obj))


def key_of(compare: Any, obj: Any) -> Any:
    """The key of an object."""
    return functools.cmp_to_key(compare)(obj)


# weakref --------------------------------------------------------------------------------------


class _Gone:
    """What a weak reference led to that leads nowhere now."""

    def method(self) -> None:
        """What a weak reference to a method led to."""


def reduce_ref(ref: Any, pickler: Any) -> Any:
    """A weak reference to the object in the checkpoint. If nothing else holds that, it goes."""
    found = ref()
    if found is None:
        return (dead_ref, ())
    return (weakref.ref, (found,) if ref.__callback__ is None else (found, ref.__callback__))


def reduce_weak_method(method: Any, pickler: Any) -> Any:
    """A weak reference to a bound method: to its object and its function."""
    found = method()
    return (dead_method, ()) if found is None else (weakref.WeakMethod, (found,))


def dead_method() -> Any:
    """A weak reference to a method that leads nowhere."""
    return weakref.WeakMethod(_Gone().method)


def dead_ref() -> Any:
    """A weak reference that leads nowhere."""
    return weakref.ref(_Gone())


def reduce_proxy(proxy: Any, pickler: Any) -> Any:
    """A weak proxy of the object in the checkpoint."""
    try:
        return (weakref.proxy, (proxy.__reduce_ex__.__self__,))
    except ReferenceError:
        return (dead_proxy, ())


def dead_proxy() -> Any:
    """A weak proxy that leads nowhere."""
    return weakref.proxy(_Gone())


def reduce_weak_container(container: Any, pickler: Any) -> Any:
    """A set of weak references, or a dict with weak keys or weak values, with its attributes."""
    base = next(base for base in _WEAK if isinstance(container, base))
    content = list(base.__iter__(container) if base is weakref.WeakSet else base.items(container))
    own = {name: value for name, value in vars(container).items() if name not in _OF_WEAK}
    return (weak_container, (type(container), base), (content, own), None, None, set_weakly)


_WEAK: tuple[Any, ...] = (weakref.WeakSet, weakref.WeakKeyDictionary, weakref.WeakValueDictionary)
_OF_WEAK = {"data", "_remove", "_pending_removals", "_iterating", "_dirty_len"}


def weak_container(kind: Any, base: Any) -> Any:
    """An empty one, whatever `__init__` its class has."""
    made = object.__new__(kind)
    base.__init__(made)
    return made


def set_weakly(container: Any, state: tuple[list[Any], dict[str, Any]]) -> None:
    """Fill a container that holds its content weakly, past what its class makes of that."""
    content, own = state
    next(base for base in _WEAK if isinstance(container, base)).update(container, content)
    vars(container).update(own)


# asyncio --------------------------------------------------------------------------------------


def reduce_future(future: Any, pickler: Any) -> Any:
    """A future with its outcome, or with the callbacks that wait for it."""
    import asyncio

    if isinstance(future, asyncio.Task):
        raise UnpicklableError(
            "a task of asyncio runs code of its own that no checkpoint holds; await it before"
        )
    # The C class has a dict for its subclasses' attributes, and no `__dict__` to ask for it.
    c_future = isinstance(future, asyncio.Future)
    own = object.__getstate__(future) if c_future else vars(future)
    state = (future._loop, future_state(future), own)
    return (new_future, (type(future),), state, None, None, set_future)


def future_state(future: Any) -> tuple[Any, ...]:
    """How a future stands: its outcome, or the callbacks that wait for it."""
    outcome = future._cancel_message  # of a task that is to be cancelled, too
    if future._state == "FINISHED":
        outcome = (future._exception, future._result)
    return (
        future._state,
        outcome,
        list(future._callbacks or ()),
        future._log_traceback,
        future._asyncio_future_blocking,
    )


def new_future(kind: Any) -> Any:
    """A future that is not bound to its loop yet."""
    return kind.__new__(kind)


def set_future(future: Any, state: tuple[Any, ...]) -> None:
    """Put a future in its state."""
    loop, outcome, attributes = state
    _base_of(future).__init__(future, loop=loop)
    set_outcome(future, outcome)
    own = attributes[0] if isinstance(attributes, tuple) else attributes
    for name, value in (own or {}).items():
        object.__setattr__(future, name, value)


def set_outcome(future: Any, state: tuple[Any, ...]) -> None:
    """The inverse of `future_state`. Callbacks were scheduled when it got there, not now."""
    status, outcome, callbacks, log, blocking = state
    base = _base_of(future)
    if status == "CANCELLED":
        base.cancel(future, outcome)
    elif status == "FINISHED":
        error, result = outcome
        if error is not None:
            base.set_exception(future, error)
            if not log:
                future._log_traceback = False
        else:
            base.set_result(future, result)
    elif outcome is not None:
        future._cancel_message = outcome
    for callback, context in callbacks:
        base.add_done_callback(future, callback, context=context)
    future._asyncio_future_blocking = blocking


def _base_of(future: Any) -> Any:
    from asyncio import futures

    c_future, py_future = futures.Future, futures._PyFuture  # type: ignore[attr-defined]
    return c_future if isinstance(future, c_future) else py_future


# typing, dataclasses --------------------------------------------------------------------------


def reduce_type_variable(variable: Any, pickler: Any) -> Any:
    """A type variable by its name, or as a parameter of what has one; else by value."""
    names = pickler.codec.names
    if (named := _named(variable, names) or names.path_to(variable)) is not None:
        return (by_name, named)
    if sys.version_info >= (3, 12):
        if (place := typeparams.place_of(variable, names)) is not None:
            return (typeparams.parameter_of, place)
        if (lazy := typeparams.reduce_parameter(variable)) is not None:
            return lazy
    kind: Any = type(variable)
    options: dict[str, Any] = {}
    constraints: tuple[Any, ...] = ()
    if kind is not typing.TypeVarTuple:
        constraints = getattr(variable, "__constraints__", ())
        for name in ("bound", "covariant", "contravariant", "infer_variance"):
            value = getattr(variable, f"__{name}__", None)
            if value:
                options[name] = value
    if getattr(variable, "has_default", bool)():
        options["default"] = variable.__default__
    args = (kind, (variable.__name__, *constraints), options, variable.__module__)
    return (type_variable, args)


def _named(obj: Any, names: Names) -> tuple[str, str] | None:
    """Module and name of what says them, if they lead back to it."""
    module = names.logical(obj.__module__ or "")
    try:
        if names.find(module, obj.__name__) is obj:
            return module, obj.__name__
    except (ImportError, AttributeError, ValueError):
        pass
    return None


def type_variable(
    kind: Any, args: tuple[Any, ...], options: dict[str, Any], module: str | None
) -> Any:
    """A type variable of a function or class that is kept by value."""
    made = kind(*args, **options)
    try:
        made.__module__ = module
    except AttributeError:
        pass
    return made


def reduce_type_alias(alias: Any, pickler: Any) -> Any:
    """What a `type` statement made: by its name, else by value."""
    names = pickler.codec.names
    if (named := _named(alias, names) or names.path_to(alias)) is not None:
        return (by_name, named)
    return typeparams.reduce_alias(alias)


def reduce_new_type(made: Any, pickler: Any) -> Any:
    """A `NewType` of a function, by value; of a module by its name."""
    names = pickler.codec.names
    if (named := _named(made, names) or names.path_to(made)) is not None:
        return (by_name, named)
    return (new_type, (made.__qualname__, made.__supertype__, made.__module__))


def new_type(name: str, supertype: Any, module: str | None) -> Any:
    """A `NewType`, which takes its module from who calls."""
    kind: Any = typing.NewType
    made = kind(name, supertype)
    made.__module__ = module
    return made


def reduce_forward_ref(ref: Any, pickler: Any) -> Any:
    """A name in an annotation, to be looked up again: what it has led to may lead back here."""
    module, of_class = ref.__forward_module__, ref.__forward_is_class__
    return (forward_ref, (ref.__forward_arg__, ref.__forward_is_argument__, module, of_class))


def forward_ref(name: str, is_argument: bool, module: Any, of_class: bool) -> Any:
    """What `reduce_forward_ref` says."""
    return typing.ForwardRef(name, is_argument, module, is_class=of_class)


def reduce_dataclass_mark(mark: Any, pickler: Any) -> Any:
    """`dataclasses.MISSING` and its like are compared by identity."""
    for name, value in vars(dataclasses).items():
        if value is mark:
            return (by_name, ("dataclasses", name))
    return NotImplemented


def _table() -> dict[type, Callable[[Any, Any], Any]]:
    table: dict[type, Any] = {
        _LRU: reduce_lru_cache,
        _KEY: reduce_key,
        weakref.ref: reduce_ref,
        weakref.WeakMethod: reduce_weak_method,
        weakref.ProxyType: reduce_proxy,
        weakref.CallableProxyType: reduce_proxy,
        **dict.fromkeys(_WEAK, reduce_weak_container),
        typing.TypeVar: reduce_type_variable,
        typing.ParamSpec: reduce_type_variable,
        typing.TypeVarTuple: reduce_type_variable,
        typing.NewType: reduce_new_type,
        typing.ForwardRef: reduce_forward_ref,
    }
    if sys.version_info >= (3, 12):
        table[typing.TypeAliasType] = reduce_type_alias
    for name in ("MISSING", "KW_ONLY", "_FIELD", "_HAS_DEFAULT_FACTORY"):
        mark = getattr(dataclasses, name, None)
        if mark is not None:
            table[type(mark)] = reduce_dataclass_mark
    return table


REDUCERS = _table()


def weak_by_base(kind: Any) -> Callable[[Any, Any], Any] | None:
    """The reducer for a subclass of a weak container that does not say how it is pickled."""
    base = next((base for base in _WEAK if issubclass(kind, base)), None)
    usual = base is not None and kind.__reduce__ is base.__reduce__
    return reduce_weak_container if usual else None


def by_base(kind: type) -> Callable[[Any, Any], Any] | None:
    """The reducer for a subclass of a type above."""
    if issubclass(kind, functools.cached_property):
        return reduce_cached_property
    futures = sys.modules.get("asyncio.futures")
    if futures is not None and issubclass(kind, (futures.Future, futures._PyFuture)):
        return reduce_future
    return None
