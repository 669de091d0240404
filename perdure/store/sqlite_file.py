"""What lies at a path, and a connection to it if it is a store.

A path may hold nothing, another program's database, a damaged store, a store of a newer Perdure.
Each gets an answer in words, and is left as it was, byte for byte: the first look is at the raw
header, and SQLite opens nothing but files that carry our mark.

Limits: the first look cannot see damage deep in the file; `SqliteStore.check` can, and so does
every later read that meets it.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from perdure.store.protocol import (
    DamagedStoreError,
    NotAStoreError,
    StoreError,
    StoreVersionError,
)

APPLICATION_ID = 0x50657264  # "Perd", at bytes 68-71 of the file (`PRAGMA application_id`)
SCHEMA_VERSION = 1  # at bytes 60-63 (`PRAGMA user_version`)

# How long a writer waits for the other processes' commits, each of which takes milliseconds.
BUSY_TIMEOUT_S = 30.0

# Set on each connection, before its first statement.
_PRAGMAS = (
    # A commit returns after its fsync. (NORMAL would fsync only at WAL checkpoints: power loss
    # would undo acknowledged transitions. EXTRA adds nothing in WAL mode.)
    "PRAGMA synchronous = FULL",
    # Copy the WAL back every 4 MB (SQLite's default, said out loud): the sooner the file is reused,
    # the cheaper an fsync is, since overwriting needs no new blocks. Measured against 16 MB, a lone
    # commit takes three quarters of the time.
    "PRAGMA wal_autocheckpoint = 1000",
    # After a burst (or a long read) cut an oversized WAL down again, instead of keeping it for
    # ever.
    "PRAGMA journal_size_limit = 67108864",
    # Some builds overwrite freed bytes with zeros, at the price of more pages written. History
    # keeps the same bytes anyway, so nothing would become secret by it.
    "PRAGMA secure_delete = OFF",
    # The fences have just proved what foreign keys would look up again (see schema.sql).
    "PRAGMA foreign_keys = OFF",
    # 16 MB for the inner pages of the trees and the runs in flight; the default is 2.
    "PRAGMA cache_size = -16000",
    "PRAGMA temp_store = MEMORY",
)

_HEADER = struct.Struct(">16s H 2B 4B I I 28x I 4x I")  # magic, page size, ..., pages, version, id
_MAGIC = b"SQLite format 3\0"

# Files that this process has open, by (device, inode). Closing *any* descriptor of a file drops
# the POSIX locks the process holds on it, SQLite's own included, so the raw first look is only for
# files that are not open here; the lock keeps a first look and an opening from overlapping.
_opening = threading.Lock()
_open_files: dict[tuple[int, int], int] = {}


@contextmanager
def plain_errors(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into the store's, with the path and what to do."""
    try:
        yield
    except sqlite3.Error as error:
        raise _explain(path, error) from error


def _explain(path: Path, error: sqlite3.Error) -> StoreError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # extended codes share their low byte
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return damaged(path, str(error))
    if code == sqlite3.SQLITE_BUSY:
        return StoreError(
            f"{path}: another process has held the store's write lock for {BUSY_TIMEOUT_S:.0f} s. "
            "Nothing was written. Look for a program that keeps a transaction open on the file "
            "(a database browser, a backup), end it, and try again."
        )
    if code == sqlite3.SQLITE_FULL:
        return StoreError(
            f"{path}: the disk is full. Nothing was written; free some space and retry."
        )
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return StoreError(
            f"{path}: cannot write here ({error}). A store needs write permission on its file and "
            "on its folder, where SQLite keeps the -wal and -shm files beside it."
        )
    if isinstance(error, sqlite3.ProgrammingError) and "closed" in str(error):
        return StoreError(f"{path}: this store object was closed. Open the store again to use it.")
    return StoreError(f"{path}: SQLite could not do it: {error}.")


def damaged(path: Path, fault: str) -> DamagedStoreError:
    """The error for a store that fails its own checks; `fault` is the first one found."""
    return DamagedStoreError(
        f"{path}: the store is damaged ({fault}). A failing disk, a copy made while a worker was "
        "writing, or a missing -wal file does this; nothing was changed. Restore the file (with "
        "its -wal file, if there is one) from a backup, or save what can be read with "
        "`sqlite3 FILE .recover`."
    )


class Connections(NamedTuple):
    """A store's file, open: a connection to write, one to read, and the file's (device, inode)."""

    writer: sqlite3.Connection
    reader: sqlite3.Connection
    key: tuple[int, int]


def connect(path: Path, schema: str, *, create: bool) -> Connections:
    """Open the store at `path`, made there first if need be.

    Raises `NotAStoreError`, `StoreVersionError`, `DamagedStoreError`, or plain `StoreError` when
    the path cannot be used at all.
    """
    with _opening, plain_errors(path):
        if not _exists(path):
            if not create:
                raise StoreError(
                    f"{path}: there is no store here, and this command does not make one. Check "
                    "the path (a relative one starts at the present folder), or start a run or a "
                    "worker with this address to create the store."
                )
            _create(path, schema)
        status = path.stat()
        key = status.st_dev, status.st_ino
        if key not in _open_files:
            _first_look(path)
            _second_look(path, schema)
        writer = _connect(path, "rw")
        try:
            (mode,) = writer.execute("PRAGMA journal_mode = WAL").fetchone()
            if mode != "wal":
                raise StoreError(
                    f"{path}: SQLite cannot keep a write-ahead log here (it offers {mode!r}); "
                    "network file systems lack the shared memory for it. Put the store on a local "
                    "disk."
                )
            reader = _connect(path, "rw")
        except BaseException:
            writer.close()
            raise
        reader.execute("PRAGMA query_only = ON")
        _open_files[key] = _open_files.get(key, 0) + 1
        return Connections(writer, reader, key)


def disconnect(path: Path, open_file: Connections) -> None:
    """Close both; the last one of all processes folds the WAL into the file and removes it."""
    with _opening, plain_errors(path):
        open_file.reader.close()
        open_file.writer.close()
        _open_files[open_file.key] -= 1
        if not _open_files[open_file.key]:
            del _open_files[open_file.key]


def _exists(path: Path) -> bool:
    if path.is_dir():
        raise StoreError(
            f"{path}: this is a folder; a store is a file. Name one in it: {path}/store.db"
        )
    if not path.parent.is_dir():
        raise StoreError(
            f"{path}: the folder {path.parent} does not exist. Create it (mkdir -p {path.parent}) "
            "or correct the address."
        )
    return path.exists()


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode={mode}",
        uri=True,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,  # every BEGIN stands in our code
        check_same_thread=False,  # SqliteStore's locks see to it
    )
    try:
        for pragma in _PRAGMAS:
            connection.execute(pragma)
    except BaseException:
        connection.close()
        raise
    return connection


def _create(path: Path, schema: str) -> None:
    """Make a whole store under another name, then give it its own: no one ever sees half of one.

    `os.link` refuses when the name was taken meanwhile, and then the other's store is as good.
    """
    if _has_wal(path):  # SQLite would replay it into the new file
        raise damaged(path, f"the file is gone, but its log {path.name}-wal is still here")
    draft = path.with_name(f"{path.name}.new-{os.getpid()}-{secrets.token_hex(4)}")
    try:
        # Touched first, so that an unwritable folder is told as such.
        draft.touch(exist_ok=False)
        _fill(draft, schema)
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
    except OSError as error:
        raise StoreError(
            f"{path}: cannot create a store here: {error.strerror}. A store needs a folder on a "
            "local disk with write permission and hard links."
        ) from error
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the name itself must survive a power cut
    finally:
        os.close(folder)


def _fill(draft: Path, schema: str) -> None:
    connection = _connect(draft, "rw")
    try:
        # The mark and the tables first, WAL after: so the mark is in the file itself, not only in
        # a WAL.
        connection.executescript(
            f"BEGIN; PRAGMA application_id = {APPLICATION_ID};"
            f"PRAGMA user_version = {SCHEMA_VERSION};\n{schema}\nCOMMIT;"
        )
        connection.execute("PRAGMA journal_mode = WAL").fetchone()
    finally:
        connection.close()


def _first_look(path: Path) -> None:
    """Judge by the first hundred bytes and the length, without SQLite."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEADER.size)
            length = os.fstat(file.fileno()).st_size
    except OSError as error:
        raise StoreError(
            f"{path}: cannot read it: {error.strerror}. A store is a regular file that this user "
            "may read and write."
        ) from error
    if len(head) < _HEADER.size or not head.startswith(_MAGIC):
        what = "is empty" if not head else "is not an SQLite database"
        raise NotAStoreError(
            f"{path}: this file {what}, so it is no Perdure store. It was left untouched. Give the "
            "path of a store, or of a file that does not exist yet."
        )
    _, page_size, _, _, _, _, _, _, _, pages, version, mark = _HEADER.unpack(head)
    if mark != APPLICATION_ID:
        raise NotAStoreError(
            f"{path}: this is an SQLite database, but not a Perdure store (its application_id is "
            f"{mark}, a store's is {APPLICATION_ID}). It was left untouched. A store needs a file "
            "of its own: give a path that does not exist yet."
        )
    _check_version(path, version)
    page_size = 65536 if page_size == 1 else page_size
    if not _has_wal(path) and length < pages * page_size:
        raise damaged(path, f"the file has {length} bytes of {pages * page_size}: it was cut short")


def _check_version(path: Path, version: int) -> None:
    if version > SCHEMA_VERSION:
        raise StoreVersionError(
            f"{path}: this store has schema version {version}; this Perdure knows versions up to "
            f"{SCHEMA_VERSION}. A newer Perdure wrote it. The file was left untouched: upgrade "
            "this installation (pip install -U perdure), or use another store."
        )
    if version < SCHEMA_VERSION:
        raise damaged(path, f"its schema version is {version}, which no Perdure ever wrote")


def _second_look(path: Path, schema: str) -> None:
    """Let SQLite read what lies behind our mark: the version, the tables, and a path into each."""
    # Closing a writable connection would fold a WAL that a crash left into a file that may be
    # damaged; a read-only one would leave side files behind where there were none.
    connection = _connect(path, "ro" if _has_wal(path) else "rw")
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        _check_version(path, version)
        found = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
        for name in _names(schema):
            if name not in found:
                raise damaged(path, f"its {name!r} is missing")
        for table in _names(schema, "TABLE"):
            connection.execute(f"SELECT * FROM {table} LIMIT 1").fetchall()
    finally:
        connection.close()


def _has_wal(path: Path) -> bool:
    """Is there a write-ahead log with something in it? Then the file alone is not the whole "
    "store."""
    wal = path.with_name(path.name + "-wal")
    return wal.exists() and wal.stat().st_size > 0


def _names(schema: str, *kinds: str) -> list[str]:
    words = (line.split() for line in schema.splitlines() if line.startswith("CREATE "))
    return [name for _, kind, name, *_ in words if not kinds or kind in kinds]
