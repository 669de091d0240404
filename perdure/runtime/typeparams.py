"""What the syntax of Python 3.12 makes of types: aliases and parameters whose values wait.

The value of `type X = …`, and the bound, the constraints and the default of `def f[T: …]()`, are
functions that Python calls when somebody asks for them, once. They are kept as such, called or not:
what they name need not exist yet, and may lead back here. An object is made with a function that
stands in for the real one, which follows when everything is read.
"""

from __future__ import annotations

import dis
import gc
import sys
import typing
from collections.abc import Callable, Iterator, Mapping
from types import CodeType, FunctionType
from typing import Any, NamedTuple

from perdure.runtime.names import Names

# Python's own operations ----------------------------------------------------------------------


def _one(argument: Any) -> Any:
    return +argument


def _two(first: Any, second: Any) -> Any:
    return first is second


def _operation(name: str) -> Callable[..., Any]:
    """What the interpreter does at `type X = …`, for which there is no function.

    A function with one operation, and the number of this one in its place.
    """
    ones, twos = _names()
    known, template, replaced, opcode = (
        (ones, _one, "CALL_INTRINSIC_1", "CALL_INTRINSIC_1")
        if name in ones
        else (twos, _two, "IS_OP", "CALL_INTRINSIC_2")
    )
    code = template.__code__
    at = next(i.offset for i in dis.get_instructions(code) if i.opname == replaced)
    data = bytearray(code.co_code)
    data[at : at + 2] = dis.opmap[opcode], known.index(name)
    made = code.replace(co_code=bytes(data), co_name=name, co_qualname=name)
    return FunctionType(made, {"__name__": "typing"})


def _names() -> tuple[list[str], list[str]]:
    if sys.version_info >= (3, 13):
        import _opcode

        return _opcode.get_intrinsic1_descs(), _opcode.get_intrinsic2_descs()
    import opcode

    return (
        opcode._intrinsic_1_descs,  # type: ignore[attr-defined]
        opcode._intrinsic_2_descs,  # type: ignore[attr-defined]
    )


# Functions that stand in ----------------------------------------------------------------------


def _stand_in(name: str, module: str | None) -> FunctionType:
    source: Any = None

    def compute() -> Any:
        return source()

    assert isinstance(compute, FunctionType)
    compute.__name__ = compute.__qualname__ = name
    compute.__module__ = module  # type: ignore[assignment]
    return compute


_STAND_IN: CodeType = _stand_in("", "").__code__


class Lazy(NamedTuple):
    """One value that waits: its attribute, the function, and whether it has been called."""

    attribute: str
    compute: Any
    called: bool
    value: Any


def _lazies(obj: Any, attributes: Callable[[list[Any]], list[str]]) -> list[Lazy]:
    """The values of an object that wait; an object refers to each before its function."""
    held = gc.get_referents(obj)
    at = [number for number, found in enumerate(held) if _computes(found, obj.__name__)]
    functions = [_real(held[number]) for number in at]
    found = []
    for number, compute, attribute in zip(at, functions, attributes(functions), strict=True):
        before = held[number - 1] if number else None
        called = number > 0 and number - 1 not in at and before is not type(obj)
        found.append(Lazy(attribute, compute, called, before if called else None))
    return found


def _computes(found: Any, name: str) -> bool:
    return type(found) is FunctionType and (
        found.__code__ is _STAND_IN or found.__code__.co_name == name
    )


def _real(function: FunctionType) -> Any:
    if function.__code__ is not _STAND_IN:
        return function
    assert function.__closure__ is not None
    return function.__closure__[0].cell_contents


def set_lazies(obj: Any, lazies: list[tuple[Any, ...]]) -> None:
    """Give an object the functions for which others stood in; what was called is called."""
    functions = [f for f in gc.get_referents(obj) if _computes(f, obj.__name__)]
    for function, (attribute, compute, called, value) in zip(functions, lazies, strict=True):
        cell = function.__closure__[0]
        if called:
            cell.cell_contents = lambda value=value: value
            getattr(obj, attribute)
        cell.cell_contents = compute


# Aliases --------------------------------------------------------------------------------------


def reduce_alias(alias: Any) -> Any:
    """What a `type` statement, or `TypeAliasType()`, made."""
    name, parameters, module = alias.__name__, alias.__type_params__, alias.__module__
    lazies = _lazy_value(alias)
    if not lazies:
        return (made_alias, (name, alias.__value__, parameters, module))
    state = [tuple(lazy) for lazy in lazies]
    return (lazy_alias, (name, parameters, module), state, None, None, set_lazies)


def _lazy_value(alias: Any) -> list[Lazy]:
    held = [f for f in gc.get_referents(alias) if f is not alias.__type_params__]
    if not held or not _computes(held[0], alias.__name__):
        return []
    compute = _real(held[0])
    return [Lazy("__value__", compute, len(held) > 1, held[1] if len(held) > 1 else None)]


def lazy_alias(name: str, parameters: tuple[Any, ...], module: str | None) -> Any:
    """An alias whose value follows."""
    make = _operation("INTRINSIC_TYPEALIAS")
    return make((name, parameters or None, _stand_in(name, module)))


def made_alias(
    name: str, value: Any, parameters: tuple[Any, ...] = (), module: str | None = None
) -> Any:
    """An alias as `TypeAliasType()` makes it in a module."""
    call = FunctionType(_call.__code__, {"__name__": module} if module else {})
    alias_type: Any = typing.TypeAliasType  # type: ignore[attr-defined]
    return call(alias_type, name, value, parameters)


def _call(function: Any, name: str, value: Any, parameters: Any) -> Any:
    return function(name, value, type_params=parameters)


# Parameters -----------------------------------------------------------------------------------


def place_of(variable: Any, names: Names) -> tuple[Any, int] | None:
    """Of which class, function or alias of the program's modules a parameter is, and its number."""
    for module in names.modules.values():
        for owner in _generics(vars(module), vars(module).get("__name__"), set()):
            for number, parameter in enumerate(owner.__type_params__):
                if parameter is variable and (isinstance(owner, _Alias) or names.has(owner)):
                    return owner, number
    return None


_Alias: Any = getattr(typing, "TypeAliasType", ())


def _generics(space: Mapping[str, Any], module: Any, seen: set[int]) -> Iterator[Any]:
    """What has type parameters among a module's variables, and those of its classes."""
    for value in list(space.values()):
        found: Any = getattr(value, "__func__", value) if isinstance(value, _WRAPPED) else value
        if isinstance(found, _GENERIC) and id(found) not in seen:
            seen.add(id(found))
            if found.__module__ == module:
                if found.__type_params__:
                    yield found
                if isinstance(found, type):
                    yield from _generics(vars(found), module, seen)


_WRAPPED = (staticmethod, classmethod)
_GENERIC: Any = (type, FunctionType, _Alias)


def parameter_of(owner: Any, number: int) -> Any:
    """A parameter of a class, a function or an alias."""
    return owner.__type_params__[number]


def reduce_parameter(variable: Any) -> Any:
    """A type parameter of which something waits; None of all others."""
    lazies = _lazies(variable, lambda functions: _attributes(variable, functions))
    if not lazies:
        return None
    args = (type(variable), variable.__name__, tuple(lazy.attribute for lazy in lazies))
    return (parameter, args, [tuple(lazy) for lazy in lazies], None, None, set_lazies)


def _attributes(variable: Any, functions: list[Any]) -> list[str]:
    """Which attribute each function is for: bound or constraints come before the default."""
    found: list[str] = []
    left = list(functions)
    with_default = bool(left) and getattr(variable, "has_default", bool)()
    if len(left) > with_default:
        found.append("__constraints__" if _gives_tuple(left[0]) else "__bound__")
    return [*found, "__default__"] if with_default else found


def _gives_tuple(compute: Any) -> bool:
    """Whether a function is of `T: (int, str)`: it ends in one place, where it makes a tuple.

    A tuple of constants is one to Python, and a bound.
    """
    found = list(dis.get_instructions(compute.__code__))
    ends = [n for n, step in enumerate(found) if step.opname.startswith("RETURN_")]
    last, before = found[ends[0]], found[ends[0] - 1]
    if len(ends) > 1 or last.is_jump_target or last.opname == "RETURN_CONST":
        return False
    return before.opname == "BUILD_TUPLE" or (
        before.opname == "CALL_INTRINSIC_1"
        and _names()[0][before.arg or 0] == "INTRINSIC_LIST_TO_TUPLE"
    )


def parameter(kind: Any, name: str, attributes: tuple[str, ...]) -> Any:
    """A type parameter of which something follows."""
    if "__bound__" in attributes:
        made = _operation("INTRINSIC_TYPEVAR_WITH_BOUND")(name, _stand_in(name, None))
    elif "__constraints__" in attributes:
        made = _operation("INTRINSIC_TYPEVAR_WITH_CONSTRAINTS")(name, _stand_in(name, None))
    else:
        made = _operation(f"INTRINSIC_{kind.__name__.upper()}")(name)
    if "__default__" in attributes:
        made = _operation("INTRINSIC_SET_TYPEPARAM_DEFAULT")(made, _stand_in(name, None))
    return made
