"""A workflow's arguments, from what was typed.

    perdure run shop.py:checkout 42 hello '[1, 2]' --arg gift=True
    => checkout(42, 'hello', [1, 2], gift=True)

A word that is a Python literal is that value; every other word is a string. To pass the string
"42", quote it twice: '"42"'.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any


class InputError(ValueError):
    """What was given as arguments cannot be read as arguments."""


def read_arguments(
    words: Sequence[str], keywords: Sequence[str], file: str | None
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The positional and keyword arguments of a run; raises `InputError`.

    A list from `file` comes before `words`; of an object, `keywords` replace what they name.
    """
    args, kwargs = _from_file(file) if file is not None else ([], {})
    args += [value_of(word) for word in words]
    for pair in keywords:
        name, equals, word = pair.partition("=")
        if not equals or not name.isidentifier():
            raise InputError(f"--arg {pair}: write --arg NAME=VALUE, as in --arg gift=True")
        kwargs[name] = value_of(word)
    return tuple(args), kwargs


def value_of(word: str) -> Any:
    """The value of a Python literal; the word itself if it is none."""
    try:
        return ast.literal_eval(word)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return word


def _from_file(file: str) -> tuple[list[Any], dict[str, Any]]:
    try:
        given = json.loads(Path(file).read_text("utf-8"))
    except OSError as error:
        raise InputError(f"--input {file}: cannot read it: {error.strerror}") from None
    except ValueError as error:
        raise InputError(f"--input {file}: this is not JSON: {error}") from None
    match given:
        case list():
            return given, {}
        case dict():
            return [], given
    raise InputError(
        f"--input {file}: the file holds one {type(given).__name__}; write a JSON list for "
        f"positional arguments, or an object for keyword arguments"
    )
