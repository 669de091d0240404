"""What pickle refuses, or loses: built-in objects and what makes them again.

Each reducer takes the object and the pickler, and gives what `__reduce__` gives. Iterators,
functions, classes and the standard library's objects have files of their own.
"""

from __future__ import annotations

import gc
import re
import struct
import types
from collections import Counter, OrderedDict, defaultdict, deque
from types import MappingProxyType, MethodType, ModuleType, TracebackType
from typing import Any

from perdure.runtime import failures, instances, iterators
from perdure.runtime.failures import UnpicklableError
from perdure.runtime.functions import by_name
from perdure.runtime.instances import Reducer
from perdure.runtime.names import Names

# Methods and modules --------------------------------------------------------------------------


def reduce_method(method: MethodType, pickler: Any) -> Any:
    """A bound method: by its object and name, unless that does not lead back to it."""
    owner = method.__self__
    if pickler.codec.names.has(type(owner)):
        name = getattr(method.__func__, "__name__", None)
        own = getattr(owner, "__dict__", ())
        if isinstance(name, str) and name not in own and getattr(owner, name, None) == method:
            return NotImplemented
    return (MethodType, (method.__func__, owner))


def reduce_builtin(function: Any, pickler: Any) -> Any:
    """A builtin function, or a method of a built-in class bound to an object.

    `super().append` is not what the object itself has by that name. Of a container that a module
    of the program holds it is that one's: `LOG.append(act(x))` is held while `act` is waited for.
    """
    owner, name = function.__self__, function.__name__
    kind: Any = type(owner)
    if kind in _CONTAINERS and (variable := pickler.codec.names.variable_of(owner)) is not None:
        return (method_of, (*variable, name))
    if owner is None or issubclass(kind, ModuleType):
        names = pickler.codec.names
        named = None if names.plain(function) else names.own(function)
        return NotImplemented if named is None else (by_name, named)
    found = _binding(kind, name, types.MethodDescriptorType, (owner, kind), function)
    if found is None and issubclass(kind, type):
        found = _binding(owner, name, types.ClassMethodDescriptorType, (None, owner), function)
    return NotImplemented if found is None else (bound_to, found)


_CONTAINERS = (list, dict, set, deque, defaultdict, Counter, OrderedDict)


def method_of(module: str, variable: str, name: str) -> Any:
    """A method of a container that a module holds; the codec supplies the names."""
    raise UnpicklableError("read values with Codec.decode")


def method_in(names: Names, module: str, variable: str, name: str) -> Any:
    """A method of a container that a module holds."""
    return getattr(names.find(module, variable), name)


def _binding(
    kind: type, name: str, sort: Any, bound: tuple[Any, Any], method: Any
) -> tuple[type, str, Any, Any] | None:
    """Which class above a Python class a method is of, and what it is bound to."""
    if not kind.__flags__ & _HEAP:
        return None
    for base in kind.__mro__:
        descriptor: Any = vars(base).get(name)
        if type(descriptor) is not sort:
            continue
        found: Any = descriptor
        if found.__get__(*bound) == method:
            return base, name, *bound
    return None


_HEAP = 1 << 9  # Py_TPFLAGS_HEAPTYPE


def reduce_wrapper(wrapper: Any, pickler: Any) -> Any:
    """An operation of a built-in class bound to an object: `super().__init__`."""
    owner = wrapper.__self__
    return (bound_to, (wrapper.__objclass__, wrapper.__name__, owner, type(owner)))


def bound_to(base: type, name: str, obj: Any, kind: type) -> Any:
    """A method of a built-in class, bound to an object or a class."""
    found: Any = vars(base)[name]
    return found.__get__(obj, kind)


def reduce_module(module: ModuleType, pickler: Any) -> Any:
    """A module by its name, or by the name of the program's variable that holds it."""
    names = pickler.codec.names
    name = names.of_module(module)
    if name is None and (variable := names.of_value(module)) is not None:
        return (by_name, variable)
    if name is None:
        raise UnpicklableError(
            f"the module {module.__name__} is not the one that `import {module.__name__}` gives"
        )
    return (module_of, (name,))


def module_of(name: str) -> ModuleType:
    """A module; stands for `Names.module`."""
    raise UnpicklableError("read values with Codec.decode")


def reduce_super(proxy: Any, pickler: Any) -> Any:
    """`super()` in a variable."""
    if proxy.__self__ is None:
        return (super, (proxy.__thisclass__,))
    return (super, (proxy.__thisclass__, proxy.__self__))


# Descriptors ----------------------------------------------------------------------------------


def reduce_property(prop: property, pickler: Any) -> Any:
    """A property, or one of a subclass, with its attributes; one of the program's by its name."""
    if (led := pickler.codec.names.of_constant(prop)) is not None:
        return (by_name, led)
    attributes = dict(getattr(prop, "__dict__", {}))
    if type(prop) is property:
        # A docstring that came from the getter is replaced when another getter is set.
        derived = prop.getter(_documented).__doc__ == _documented.__doc__
    else:
        documented = getattr(prop.fget, "__doc__", None)
        derived = "__doc__" in attributes and prop.__doc__ == documented
    name = _name_of(prop) if type(prop) is property else ()
    args = (type(prop), prop.fget, prop.fset, prop.fdel, prop.__doc__, name, derived)
    return (make_property, args, attributes or None, None, None, set_attributes)


def _documented(owner: Any) -> None:
    """The docstring that a property takes from a new getter, if it takes one."""


def _name_of(prop: Any) -> tuple[Any, ...]:
    """The name that a property has or takes from its getter (3.13); empty if it has none."""
    try:
        return (prop.__name__,)
    except Exception:
        return ()


def make_property(
    kind: Any,
    fget: Any,
    fset: Any,
    fdel: Any,
    doc: Any,
    name: tuple[Any, ...],
    derived: bool = False,
) -> Any:
    """A property, whatever `__new__` and `__init__` its class has."""
    made = property.__new__(kind)
    property.__init__(made, fget, fset, fdel, None if derived else doc)
    if derived and kind is property and made.__doc__ != doc:
        made.__doc__ = doc  # the getter has not got its own yet
    if name and _name_of(made) != name:
        made.__name__ = name[0]
    return made


def reduce_wrapped(wrapper: Any, pickler: Any) -> Any:
    """A staticmethod or classmethod, with its attributes."""
    args = (type(wrapper), wrapper.__func__)
    return (make_wrapped, args, dict(wrapper.__dict__), None, None, set_attributes)


def make_wrapped(kind: Any, function: Any) -> Any:
    """A staticmethod or classmethod, whatever `__init__` its class has."""
    base: Any = staticmethod if issubclass(kind, staticmethod) else classmethod
    made = base.__new__(kind, function)
    base.__init__(made, function)
    return made


def set_attributes(obj: Any, attributes: dict[str, Any]) -> None:
    """Put attributes back, past what the class makes of setting them."""
    obj.__dict__.clear()
    obj.__dict__.update(attributes)


def reduce_descriptor(descriptor: Any, pickler: Any) -> Any:
    """What C code or `__slots__` put into a class: by its class and name."""
    owner = descriptor.__objclass__
    if vars(owner).get(descriptor.__name__) is not descriptor:
        raise UnpicklableError(f"{descriptor!r} is not what {owner.__qualname__} has by that name")
    return (descriptor_of, (owner, descriptor.__name__))


def descriptor_of(owner: type, name: str) -> Any:
    """A descriptor as the class holds it."""
    return vars(owner)[name]


def reduce_mapping_proxy(proxy: Any, pickler: Any) -> Any:
    """A read-only view of a mapping, or of a class's variables."""
    mapping = gc.get_referents(proxy)[0]
    for name in ("__dict__", "__weakref__") if type(mapping) is dict else ():
        owner = getattr(mapping.get(name), "__objclass__", None)
        if isinstance(owner, type) and gc.get_referents(vars(owner))[0] is mapping:
            return (vars, (owner,))
    return (MappingProxyType, (mapping,))


# Values ---------------------------------------------------------------------------------------


def reduce_object(value: object, pickler: Any) -> Any:
    """A bare `object()`: by its name if it is a module's sentinel."""
    name = pickler.codec.names.of_value(value)
    return NotImplemented if name is None else (by_name, name)


def stateless(otherwise: Reducer | None) -> Reducer:
    """The reducer of a class whose objects without attributes may be sentinels of a module."""

    def reduce_stateless(value: Any, pickler: Any) -> Any:
        kind, names = type(value), pickler.codec.names
        for name, held in () if getattr(value, "__dict__", None) else names.beside(kind).items():
            if held is value:
                return (by_name, (names.logical(kind.__module__), name))
        return NotImplemented if otherwise is None else otherwise(value, pickler)

    return reduce_stateless


def constant(otherwise: Reducer | None) -> Reducer:
    """The reducer of a class of which a module has objects that lead nowhere: `UNSET = Unset("x")`.

    One stays that object wherever it has the same attributes there; else it is a copy, as it is for
    an activity, which may change it.
    """

    def reduce_constant(value: Any, pickler: Any) -> Any:
        known = iterators.in_checkpoint() or instances.is_frozen(type(value))
        name = pickler.codec.names.of_constant(value) if known else None
        state = None if name is None else instances.settled_state(value)
        if state is None:
            return NotImplemented if otherwise is None else otherwise(value, pickler)
        return (constant_of, (name, type(value), state))

    return reduce_constant


def constant_of(name: Any, kind: type, state: instances.State) -> Any:
    """An object of a module; the codec supplies the names."""
    raise UnpicklableError("read values with Codec.decode")


def constant_in(names: Names, name: Any, kind: Any, state: instances.State) -> Any:
    """An object of a module, if it has this state there; else one like it."""
    try:
        found = names.find(*name)
    except Exception:  # whatever an attribute may do
        found = None
    if type(found) is kind and instances.is_same(instances.settled_state(found), state):
        return found
    made = object.__new__(kind)
    instances.set_object(made, state)
    return made


class Nan:
    """Stands for a NaN that has several places, or is a module's variable (`math.nan`).

    Nothing but that very object is equal to it in a list, or is its key in a dict.
    """

    __slots__ = ("name", "value")

    def __init__(self, value: float, name: tuple[str, str] | None = None) -> None:
        self.value = value
        self.name = name


def reduce_nan(nan: Nan, pickler: Any) -> Any:
    """A NaN by its name, or by its bits: pickle remembers what stands for it."""
    return (nan_of, (struct.pack(">d", nan.value),)) if nan.name is None else (by_name, nan.name)


def nan_of(bits: bytes) -> Any:
    """A NaN with its sign and its payload."""
    return struct.unpack(">d", bits)[0]


def reduce_match(match: re.Match[Any], pickler: Any) -> Any:
    """A match: the pattern applied again in the way that gave it."""
    pattern, span = match.re, (match.string, match.pos, match.endpos)
    for method in ("match", "search", "fullmatch"):
        again = getattr(pattern, method)(*span)
        if again is not None and _groups(again) == _groups(match):
            return (match_of, (pattern, method, span, 0))
    for number, again in enumerate(pattern.finditer(*span)):
        if _groups(again) == _groups(match):
            return (match_of, (pattern, "finditer", span, number))
    raise UnpicklableError("this match cannot be made again from its pattern and its text")


def _groups(match: re.Match[Any]) -> Any:
    return match.regs, match.lastindex


def match_of(pattern: Any, method: str, span: tuple[Any, int, int], number: int) -> Any:
    """What `reduce_match` has tried."""
    found = getattr(pattern, method)(*span)
    if method != "finditer":
        return found
    return next(match for n, match in enumerate(found) if n == number)


def reduce_memoryview(view: memoryview, pickler: Any) -> Any:
    """A view stays a view of the same bytes."""
    if not view.c_contiguous:
        raise UnpicklableError("a memoryview with steps; keep the bytes and take the view later")
    start, shape = 0, view.shape or ()
    if view.nbytes != memoryview(view.obj).nbytes:
        if view.readonly:
            data = view.tobytes()
            return (view_of, (data, 0, len(data), view.format, shape))
        whole = memoryview(view.obj).cast("B")
        start = _address(view.cast("B")) - _address(whole)
    return (view_of, (view.obj, start, view.nbytes, view.format, shape))


def _address(view: memoryview) -> int:
    import ctypes

    return ctypes.addressof(ctypes.c_char.from_buffer(view)) if len(view) else 0


def view_of(source: Any, start: int, size: int, form: str, shape: tuple[int, ...]) -> memoryview:
    """A view of some bytes of `source`."""
    view = memoryview(source).cast("B")[start : start + size]
    if form == "B" and len(shape) == 1:
        return view
    return view.cast(form, shape) if form != "B" else view.cast("B", shape)  # type: ignore[call-overload]


def reduce_traceback(traceback: TracebackType, pickler: Any) -> Any:
    """A traceback by its lines."""
    return (failures.traceback_of, (failures.entries(traceback),))


def reduce_exception(error: BaseException, pickler: Any) -> Any:
    """An exception with all that hangs on it."""
    if not isinstance(error, AttributeError) or error.obj is None:
        return failures.reduce(error)
    pickler.met_subject = True
    return failures.reduce(error, subject=pickler.subjects)


# What cannot be kept --------------------------------------------------------------------------


def _refuse(what: str) -> Any:
    def refuse(obj: Any, pickler: Any) -> Any:
        raise UnpicklableError(what)

    return refuse


_NOT_KEPT = {
    types.GeneratorType: "a generator runs code of its own that no checkpoint holds; take its "
    "values into a list, or write an iterator class",
    types.CoroutineType: "a coroutine runs code of its own that no checkpoint holds; make it where "
    "it is awaited",
    types.AsyncGeneratorType: "an asynchronous generator runs code of its own that no checkpoint "
    "holds",
    types.FrameType: "a frame belongs to its process; keep the values that are wanted of it",
}

REDUCERS: dict[type, Any] = {
    MethodType: reduce_method,
    types.BuiltinMethodType: reduce_builtin,
    type(re.compile("").sub): reduce_builtin,  # of classes that C makes at run time
    types.MethodWrapperType: reduce_wrapper,
    ModuleType: reduce_module,
    super: reduce_super,
    property: reduce_property,
    staticmethod: reduce_wrapped,
    classmethod: reduce_wrapped,
    types.ClassMethodDescriptorType: reduce_descriptor,
    types.GetSetDescriptorType: reduce_descriptor,
    types.MemberDescriptorType: reduce_descriptor,
    MappingProxyType: reduce_mapping_proxy,
    object: reduce_object,
    Nan: reduce_nan,
    re.Match: reduce_match,
    memoryview: reduce_memoryview,
    TracebackType: reduce_traceback,
} | {kind: _refuse(what) for kind, what in _NOT_KEPT.items()}
