"""Generators that Python itself made, before their first step.

A class body, a module or a builtin calls a generator function natively, and gets an object of
Python's own. Until its first step that holds nothing but its arguments: a checkpoint keeps the
function and these, and the function is called again.
"""

from __future__ import annotations

import dis
from types import AsyncGeneratorType, CodeType, FunctionType, GeneratorType
from typing import Any

from perdure.runtime import reducers

_BEGIN = dis.opmap["RETURN_GENERATOR"]
_VARARGS, _VARKEYWORDS = 4, 8  # inspect.CO_VARARGS and its like


def reduce_native(made: Any, pickler: Any) -> Any:
    """A generator of Python's own that has not begun; else say why it is not kept."""
    frame: Any = getattr(made, "gi_frame", None) or getattr(made, "ag_frame", None)
    code = None if frame is None else frame.f_code
    # The cells of another function cannot be had, nor the iterator under an expression.
    if code is None or code.co_freevars or not code.co_name.isidentifier() or not _is_new(frame):
        return reducers.REDUCERS[type(made)](made, pickler)
    function = FunctionType(code, frame.f_globals)
    args, kwargs = _arguments(code, frame.f_locals)
    return (make_native, (function, args, kwargs, made.__name__, made.__qualname__))


def make_native(
    function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], name: str, qualname: str
) -> Any:
    """Call a generator function, which executes nothing of it."""
    made = function(*args, **kwargs)
    made.__name__, made.__qualname__ = name, qualname
    return made


def _is_new(frame: Any) -> bool:
    """Whether a frame has executed nothing but what makes the generator."""
    code, last = frame.f_code.co_code, frame.f_lasti
    return _BEGIN in (code[last], code[max(last - 2, 0)])


def _arguments(code: CodeType, values: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What the function was called with."""
    count = code.co_argcount
    total = count + code.co_kwonlyargcount
    names = code.co_varnames
    args = [values[name] for name in names[:count]]
    kwargs = {name: values[name] for name in names[count:total]}
    if code.co_flags & _VARARGS:
        args += values[names[total]]
        total += 1
    if code.co_flags & _VARKEYWORDS:
        kwargs |= values[names[total]]
    return tuple(args), kwargs


REDUCERS: dict[type, Any] = dict.fromkeys((GeneratorType, AsyncGeneratorType), reduce_native)
