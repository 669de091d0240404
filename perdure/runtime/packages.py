"""Objects of standard modules that pickle refuses, or would lose: readers and writers of csv,
decimal's contexts, compiled formats of struct, parsers of arguments, temporary directories.

Their types are known by their names, so that a program which does not import the modules need not
either.
"""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator
from typing import Any

from perdure.runtime.instances import Reducer
from perdure.runtime.iterators import in_checkpoint, reduce_taken

# csv ------------------------------------------------------------------------------------------

_DIALECT = (
    "delimiter doublequote escapechar lineterminator quotechar quoting skipinitialspace strict"
)


def reduce_reader(reader: Any, pickler: Any) -> Any:
    """A reader by the lines that are left, its dialect, and how many lines it has read."""
    lines = next(held for held in _held_by(reader) if type(held) is not list)
    if type(lines) is Lines and not lines.blank:
        lines = lines.rest
    return (reader_of, (lines, _dialect_of(reader), reader.line_num))


def reader_of(lines: Any, dialect: dict[str, Any], number: int) -> Any:
    """A reader of csv that has read `number` lines before these."""
    import csv

    given = Lines(lines, number)
    reader = csv.reader(given, **dialect)
    for _ in range(number):
        next(reader)
    return reader


class Lines:
    """As many blank lines, by which a reader counts, and then those of an iterator."""

    __slots__ = ("blank", "rest")

    def __init__(self, rest: Iterator[str], blank: int) -> None:
        self.rest = rest
        self.blank = blank

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        if self.blank:
            self.blank -= 1
            return ""
        return next(self.rest)


def reduce_writer(writer: Any, pickler: Any) -> Any:
    """A writer by the `write` of its file, and its dialect."""
    return (writer_of, (next(_held_by(writer)), _dialect_of(writer)))


def writer_of(write: Callable[[str], Any], dialect: dict[str, Any]) -> Any:
    """A writer of csv that hands its lines to `write`."""
    import csv

    return csv.writer(_File(write), **dialect)


class _File:
    def __init__(self, write: Callable[[str], Any]) -> None:
        self.write = write


def reduce_dialect(dialect: Any, pickler: Any) -> Any:
    """A dialect by what it says."""
    return (dialect_of, ({name: getattr(dialect, name) for name in _DIALECT.split()},))


def dialect_of(options: dict[str, Any]) -> Any:
    """What `csv.reader` makes of such options."""
    import csv

    return csv.reader((), **options).dialect


def _held_by(obj: Any) -> Iterator[Any]:
    """What an object of csv was made of: its dialect, its class and that of its errors left out."""
    dialect = type(obj.dialect)
    return (h for h in gc.get_referents(obj) if not isinstance(h, type) and type(h) is not dialect)


def _dialect_of(obj: Any) -> dict[str, Any]:
    return {name: getattr(obj.dialect, name) for name in _DIALECT.split()}


# decimal --------------------------------------------------------------------------------------


class LocalContext:
    """What `decimal.localcontext()` gives, as a block with a suspension in it keeps it."""

    def __init__(self, manager: Any) -> None:
        self.manager = manager
        self.before: Any = None

    def __enter__(self) -> Any:
        import decimal

        self.before = decimal.getcontext()
        manager, self.manager = self.manager, None
        return manager.__enter__()

    def __exit__(self, *error: object) -> None:
        import decimal

        decimal.setcontext(self.before)


def kept(manager: Any) -> Any:
    """A context manager that can be pickled while its block runs, where it is known how."""
    kind = type(manager)
    if kind.__name__ == "ContextManager" and kind.__module__ == "decimal":
        return LocalContext(manager)
    return manager


# struct ---------------------------------------------------------------------------------------


def reduce_struct(compiled: Any, pickler: Any) -> Any:
    """A compiled format by its text."""
    return (type(compiled), (compiled.format,))


# ----------------------------------------------------------------------------------------------

# json -------------------------------------------------------------------------------------------


def reduce_scanner(scanner: Any, pickler: Any) -> Any:
    """What a `JSONDecoder` reads with, by what it takes of that."""
    return (scanner_of, ({name: getattr(scanner, name) for name in _OF_SCANNERS.split()},))


_OF_SCANNERS = "strict object_hook object_pairs_hook parse_float parse_int parse_constant"


def scanner_of(options: dict[str, Any]) -> Any:
    """A scanner with such options, which it takes from a decoder."""
    from json.decoder import JSONDecoder

    decoder: Any = JSONDecoder(**options)
    return decoder.scan_once


# argparse ---------------------------------------------------------------------------------------


def reduce_argument(argument: Any, pickler: Any) -> Any:
    """A parser or an argument, some of whose attributes are the very text `argparse.SUPPRESS`."""
    import argparse

    state = vars(argument)
    suppressed = [name for name, value in state.items() if value is argparse.SUPPRESS]
    if not suppressed:
        return NotImplemented
    kept = state | dict.fromkeys(suppressed)
    return (object.__new__, (type(argument),), (kept, suppressed), None, None, set_argument)


def set_argument(argument: Any, state: tuple[dict[str, Any], list[str]]) -> None:
    """Give a parser or an argument its attributes."""
    import argparse

    kept, suppressed = state
    vars(argument).update(kept | dict.fromkeys(suppressed, argparse.SUPPRESS))


# tempfile ---------------------------------------------------------------------------------------


def reduce_directory(directory: Any, pickler: Any) -> Any:
    """A `TemporaryDirectory`, whose folder is removed when the program says so, and not before.

    Python also removes it with the object; but the run goes on without this one.
    """
    if in_checkpoint():
        directory._finalizer.detach()
    state = {k: v for k, v in vars(directory).items() if k != "_finalizer"}
    return (directory_of, (type(directory), state))


def directory_of(kind: Any, state: dict[str, Any]) -> Any:
    """A `TemporaryDirectory` of a folder that is there."""
    made = kind.__new__(kind)
    made.__dict__.update(state)
    made._finalizer = weakref.finalize(made, int)
    made._finalizer.detach()
    return made


_REDUCERS: dict[tuple[str, str], Reducer] = {
    ("_csv", "reader"): reduce_reader,
    ("_csv", "writer"): reduce_writer,
    ("_csv", "Dialect"): reduce_dialect,
    ("_json", "Scanner"): reduce_scanner,
    ("_struct", "Struct"): reduce_struct,
    ("_struct", "unpack_iterator"): reduce_taken,
    ("_elementtree", "_element_iterator"): reduce_taken,
    ("tempfile", "TemporaryDirectory"): reduce_directory,
}


def reducer_of(kind: type) -> Reducer | None:
    """The reducer of a type of a module that not every program imports."""
    if kind.__module__ == "argparse":
        return reduce_argument
    return _REDUCERS.get((kind.__module__, kind.__name__))
