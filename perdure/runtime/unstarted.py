"""Generators that Python itself made: before their first step, after their last, and some between.

A class body, a module or a builtin calls a generator function natively, or makes what a generator
expression makes, and gets an object of Python's own. Until its first step that holds nothing but
its function and its arguments: a checkpoint keeps these, and the function is called again. After
its last step it holds nothing. A generator expression over one iterable only holds that one's
iterator, whatever step it has come to.
"""

from __future__ import annotations

import contextlib
import dis
import gc
import os
from types import AsyncGeneratorType, CodeType, FunctionType, GeneratorType
from typing import Any

from perdure.runtime import iterators, reducers
from perdure.runtime.failures import UnpicklableError

_BEGIN = dis.opmap["RETURN_GENERATOR"]
# Modules whose generators only look at what they were given: they may be asked for all the rest.
# Not so those of os.walk: what the loop does with the folders that it is given counts.
_LOOKING = frozenset(
    "collections.abc collections configparser email.iterators email.message ast calendar difflib"
    " ipaddress json.encoder xml.etree.ElementPath glob pathlib pathlib._local tokenize".split()
)
# Some of these are frozen into Python, and in no file.
_LIBRARY = (os.path.dirname(os.__file__) + os.sep, "<frozen ")
_ENVIRONMENT = type(os.environ).__iter__.__qualname__
_VARARGS, _VARKEYWORDS = 4, 8  # inspect.CO_VARARGS and its like


def reduce_native(made: Any, pickler: Any) -> Any:
    """A generator of Python's own that has not begun, or has ended; else say why it is not kept."""
    frame: Any = getattr(made, "gi_frame", None) or getattr(made, "ag_frame", None)
    if frame is None:
        return (make_ended, (type(made) is GeneratorType, made.__name__, made.__qualname__))
    goes_on = _is_new(frame) or _is_one_loop(made, frame.f_code)
    function = _function_of(made, frame.f_code) if goes_on else None
    if function is None and _only_looks(made, frame):
        return iterators.reduce_taken(made, pickler)
    if function is None and type(made) is GeneratorType:
        raise UnpicklableError(
            f"the generator {made.__qualname__} runs code of its own that no checkpoint holds; "
            "take its values into a list first, `list(…)`, or write an iterator class"
        )
    if function is None:
        return reducers.REDUCERS[type(made)](made, pickler)
    args, kwargs = _arguments(frame.f_code, frame.f_locals)
    return (make_native, (function, args, kwargs, made.__name__, made.__qualname__))


def _only_looks(made: Any, frame: Any) -> bool:
    """Whether a generator may be asked for all the rest before its time.

    One of Python's own library: a project may have a `calendar` of its own.
    """
    name = made.__qualname__
    if name == "Path.walk" or not frame.f_code.co_filename.startswith(_LIBRARY):
        return False
    return frame.f_globals.get("__name__") in _LOOKING or name == _ENVIRONMENT


def make_native(
    function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], name: str, qualname: str
) -> Any:
    """Call a generator function, which executes nothing of it."""
    made = function(*args, **kwargs)
    made.__name__, made.__qualname__ = name, qualname
    return made


def make_ended(is_sync: bool, name: str, qualname: str) -> Any:
    """A generator that gives nothing more."""
    made: Any = _nothing() if is_sync else _nothing_async()
    with contextlib.suppress(StopIteration):
        (made if is_sync else made.aclose()).send(None)
    made.__name__, made.__qualname__ = name, qualname
    return made


def _nothing() -> Any:
    yield from ()


async def _nothing_async() -> Any:
    return
    yield


def _function_of(made: Any, code: CodeType) -> FunctionType | None:
    """The function that was called: a generator refers to it, and after it to the arguments."""
    for found in gc.get_referents(made):
        if type(found) is FunctionType and found.__code__ is code:
            return found
    return None


def _is_new(frame: Any) -> bool:
    """Whether a frame has executed nothing but what makes the generator."""
    code, last = frame.f_code.co_code, frame.f_lasti
    return _BEGIN in (code[last], code[max(last - 2, 0)])


def _is_one_loop(made: Any, code: CodeType) -> bool:
    """Whether it is a generator expression with one `for`, between two of its items.

    All that it then holds is the iterator: made anew over that, it goes on.
    """
    if code.co_name != "<genexpr>" or getattr(made, "gi_yieldfrom", code) is not None:
        return False
    steps = [step.opcode for step in dis.get_instructions(code)]
    return not made.gi_running and steps.count(dis.opmap["FOR_ITER"]) == 1


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
