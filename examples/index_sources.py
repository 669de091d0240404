"""Index a folder of Python files for full-text search, durably.

    python examples/index_sources.py FOLDER
    perdure run examples/index_sources.py:index_sources FOLDER --id my-index

An activity lists the files, a loop of activities puts each of them into a SQLite full-text index,
and a summary closes. Kill it wherever you like and start it again with the same id: it goes on at
the file where it stood.

An activity may be executed a second time, when its worker died before the result was recorded. So
each of these leaves the same behind however often it is executed: a file is taken out of the index
and put in again in one transaction, and is there exactly once.
"""

from __future__ import annotations

import ast
import os
import sqlite3
import sys
import sysconfig
import tokenize
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import perdure
from perdure import Retry, activity, workflow

# Another process may be writing to the index: be patient. A file that is not Python stays so.
PATIENT = Retry(attempts=5, initial=0.2, non_retryable=(SyntaxError, ValueError))

SCHEMA = """
CREATE TABLE IF NOT EXISTS files (
    id        INTEGER PRIMARY KEY,
    path      TEXT NOT NULL UNIQUE,
    lines     INTEGER NOT NULL,
    functions INTEGER NOT NULL,
    classes   INTEGER NOT NULL
);
CREATE VIRTUAL TABLE IF NOT EXISTS sources
USING fts5(path UNINDEXED, names, text, tokenize = "unicode61 tokenchars '_'");
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5vocab('sources', 'col');
"""

# The words that are defined (as a function or a class) in the most files.
COMMONEST = "SELECT term FROM words WHERE col = 'names' ORDER BY doc DESC, term LIMIT 5"


@workflow
def index_sources(
    folder: str | None = None, database: str = "sources.db", limit: int | None = None
) -> dict[str, Any]:
    """Index the Python files under `folder` (by default Python's own library) in `database`."""
    root, paths = list_files(folder, limit)
    create_index(database)
    functions = classes = 0
    skipped = []
    for path in paths:
        try:
            found = index_file(database, root, path)
        except (SyntaxError, ValueError):  # a file that this Python cannot read
            skipped.append(path)
            continue
        functions += found["functions"]
        classes += found["classes"]
    words = common_names(database)
    return {
        "folder": root,
        "files": len(paths) - len(skipped),
        "skipped": skipped,
        "functions": functions,
        "classes": classes,
        "most often defined": words,
    }


@activity
def list_files(folder: str | None, limit: int | None) -> tuple[str, list[str]]:
    """The folder, and the Python files below it, sorted; at most `limit` of them."""
    root = os.path.abspath(folder or sysconfig.get_path("stdlib"))
    if not os.path.isdir(root):
        raise NotADirectoryError(f"there is no folder {root}")
    found = []
    for place, folders, names in os.walk(root):
        # What was installed into Python's own library is not part of it.
        folders[:] = [f for f in folders if f != "site-packages" and not f.startswith(".")]
        found += [os.path.join(place, name) for name in names if name.endswith(".py")]
    return root, sorted(os.path.relpath(path, root) for path in found)[:limit]


@activity(retry=PATIENT)
def create_index(database: str) -> None:
    """Make the index, unless it is there."""
    with opened(database) as connection:
        connection.executescript(SCHEMA)


@activity(retry=PATIENT)
def index_file(database: str, root: str, path: str) -> dict[str, int]:
    """Put one file into the index, in place of what it says about that file now."""
    with tokenize.open(os.path.join(root, path)) as file:
        text = file.read()
    functions, classes = defined_names(ast.parse(text, path))
    with opened(database) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(
            "DELETE FROM sources WHERE rowid = (SELECT id FROM files WHERE path = ?)", [path]
        )
        connection.execute("DELETE FROM files WHERE path = ?", [path])
        row = connection.execute(
            "INSERT INTO files (path, lines, functions, classes) VALUES (?, ?, ?, ?)",
            [path, text.count("\n"), len(functions), len(classes)],
        ).lastrowid
        connection.execute(
            "INSERT INTO sources (rowid, path, names, text) VALUES (?, ?, ?, ?)",
            [row, path, " ".join([*functions, *classes]), text],
        )
    return {"functions": len(functions), "classes": len(classes)}


def defined_names(tree: ast.Module) -> tuple[list[str], list[str]]:
    """The names of the functions, and of the classes, that a module defines."""
    functions, classes = [], []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            functions.append(node.name)
        elif isinstance(node, ast.ClassDef):
            classes.append(node.name)
    return functions, classes


@activity(retry=PATIENT)
def common_names(database: str) -> list[str]:
    """The names that the most files define."""
    with opened(database) as connection:
        return [word for (word,) in connection.execute(COMMONEST)]


@contextmanager
def opened(database: str) -> Iterator[sqlite3.Connection]:
    """A connection to the index; what was written is kept only if all of it was."""
    connection = sqlite3.connect(database, timeout=30)
    try:
        with connection:
            yield connection
    finally:
        connection.close()


if __name__ == "__main__":
    with perdure.connect() as client:
        print(client.run(index_sources, *sys.argv[1:2]))
