"""`except*` (PEP 654): what a group's handlers have matched, what is left, and what they raised.

This is what CPython keeps on its own stack while the handlers of one `try` run, as a value that a
checkpoint can hold (Python/compile.c, `compiler_try_star_except`; Python/ceval.c,
`exception_group_match`; Objects/exceptions.c, `_PyExc_PrepReraiseStar`).
"""

from __future__ import annotations

import sys
from typing import Any

from perdure.runtime.failures import entries, put_on

# What a handler takes no part of goes on as split() gives it since Python 3.12; before, as it is.
_GOES_ON_WITH_A_COPY = sys.version_info >= (3, 12)


class Star:
    """The exception that the `try` ended with, while its `except*` handlers run."""

    def __init__(self, error: BaseException) -> None:
        self.error = error
        self.left: BaseException | None = error
        self.found: list[BaseException] = []  # raised by handlers
        self.given: Any = None
        self.again: list[BaseException] = []  # parts that handlers raised again as they were

    def split(self, kinds: Any) -> BaseException | None:
        """The part of what is left that a handler for `kinds` takes."""
        for kind in kinds if isinstance(kinds, tuple) else (kinds,):
            if not (isinstance(kind, type) and issubclass(kind, BaseException)):
                raise TypeError(
                    "catching classes that do not inherit from BaseException is not allowed"
                )
            if issubclass(kind, BaseExceptionGroup):
                raise TypeError(
                    "catching ExceptionGroup with except* is not allowed. Use except instead."
                )
        left = self.left
        if left is None:
            return None
        part: BaseException | None
        if isinstance(left, kinds):
            part = left
            if not isinstance(left, BaseExceptionGroup):
                part = BaseExceptionGroup("", (left,))  # a tuple: its `args` show it
                part.__traceback__ = left.__traceback__
            self.left = None
            self.given = _metadata(part)
            return part
        if not isinstance(left, BaseExceptionGroup):
            return None
        part, rest = left.split(kinds)
        if part is not None or _GOES_ON_WITH_A_COPY:
            self.left = rest
        if part is not None:
            self.given = _metadata(part)
        return part

    def raised(self, part: BaseException, error: BaseException) -> None:
        """A handler has raised: the part it was given by a bare `raise`, or something else."""
        if error is part and _metadata(error) == self.given:
            self.again.append(error)
        else:
            self.found.append(error)

    def to_raise(self) -> BaseException | None:
        """After the last handler: what is raised then, if anything is."""
        if self.left is not None:
            self.again.append(self.left)
        if not self.found and not self.again:
            return None
        error = self.error
        if not isinstance(error, BaseExceptionGroup):
            # A naked exception was wrapped: at most one handler was entered, and raised this.
            return [*self.found, *self.again][0]
        assert isinstance(error, BaseExceptionGroup)
        kept = _leaves_of(error, self.again)
        parts = [*self.found, *([kept] if kept is not None else [])]
        if len(parts) > 1:
            return BaseExceptionGroup("", parts)
        return parts[0] if parts else None


def _metadata(error: BaseException) -> Any:
    """What tells a bare `raise` of a part from `raise e`: that adds to the traceback."""
    return entries(error.__traceback__), _Same(error.__cause__), _Same(error.__context__)


class _Same:
    """Compares by identity, also after a checkpoint."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.value is self.value

    __hash__ = None  # type: ignore[assignment]


def _leaves_of(
    group: BaseExceptionGroup[BaseException], parts: list[BaseException]
) -> BaseException | None:
    """The subgroup of `group` with the leaves that `parts` hold, its nesting kept."""
    wanted: set[int] = set()
    stack = list(parts)
    while stack:
        part = stack.pop()
        if isinstance(part, BaseExceptionGroup):
            stack += part.exceptions
        else:
            wanted.add(id(part))
    return _projection(group, wanted)


def _projection(error: BaseException, wanted: set[int]) -> BaseException | None:
    if not isinstance(error, BaseExceptionGroup):
        return error if id(error) in wanted else None
    kept = [p for e in error.exceptions if (p := _projection(e, wanted)) is not None]
    if not kept:
        return None
    made: BaseExceptionGroup[BaseException] = error.derive(kept)
    # As in CPython, this suppresses the context, and the group is another one even when whole.
    for name in ("__cause__", "__context__", "__traceback__"):
        put_on(made, name, getattr(error, name))
    if hasattr(error, "__notes__"):
        put_on(made, "__notes__", list(error.__notes__))
    return made
