"""Methods of groups of exceptions whose condition suspends, or whose `derive` does.

`group.subgroup(worth_a_retry)`, `group.split(worth_a_retry)`: as `exceptiongroup_split_recursive`
(Objects/exceptions.c of CPython) goes over the exceptions of a group.
"""

from __future__ import annotations

import operator
import sys
from types import FunctionType
from typing import Any

from perdure.library.numbers import numbered
from perdure.runtime.failures import put_on


def split_(method: Any, /, *args: Any, **kwargs: Any) -> Any:
    """`split`, of a group of exceptions or of a text."""
    owner = getattr(method, "__self__", None)
    if not isinstance(owner, BaseExceptionGroup):
        return numbered(method, *args, **kwargs)
    matches = _condition(method, args, kwargs)
    return _parted(owner, matches, True)


def subgroup_(method: Any, /, *args: Any, **kwargs: Any) -> Any:
    matches = _condition(method, args, kwargs)
    return _parted(method.__self__, matches, False)[0]


def _condition(method: Any, args: Any, kwargs: Any) -> Any:
    """What is called for each exception; the kinds that match are no function."""
    if len(args) == 1 and not kwargs:
        value = args[0]
        if isinstance(value, FunctionType) or (_ANY_CALLABLE and _is_called(value)):
            return value
        kinds = value if isinstance(value, tuple) else (value,)
        if all(_is_kind(each) for each in kinds):
            return _Kinds(kinds)
    operator.call(method, *args, **kwargs)  # says what is wrong
    raise AssertionError(args)


_ANY_CALLABLE = sys.version_info >= (3, 13)


def _is_called(value: Any) -> bool:
    return callable(value) and not isinstance(value, type)


def _is_kind(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, BaseException)


class _Kinds:
    """Whether an exception is of one of some classes."""

    def __init__(self, kinds: Any) -> None:
        self.kinds = kinds

    def __call__(self, error: Any) -> bool:
        return isinstance(error, self.kinds)


def _parted(error: Any, matches: Any, keep_rest: bool) -> Any:
    """What of an exception matches, and what does not."""
    if matches(error):
        return error, None
    if not isinstance(error, BaseExceptionGroup):
        return None, error if keep_rest else None
    found, left = [], []
    for inner in error.exceptions:
        match, rest = _parted(inner, matches, keep_rest)
        if match is not None:
            found.append(match)
        if rest is not None:
            left.append(rest)
    return _derived(error, found), _derived(error, left) if keep_rest else None


def _derived(group: Any, exceptions: Any) -> Any:
    """A group of some of the exceptions of another, which is otherwise like it."""
    if not exceptions:
        return None
    made = group.derive(exceptions)
    if not isinstance(made, BaseExceptionGroup):
        raise TypeError("derive must return an instance of BaseExceptionGroup")
    put_on(made, "__traceback__", group.__traceback__)
    put_on(made, "__context__", group.__context__)
    put_on(made, "__cause__", group.__cause__)
    notes = getattr(group, "__notes__", None)
    if isinstance(notes, list | tuple):
        put_on(made, "__notes__", list(notes))
    return made
