"""From an address to a store: the one place that knows which kinds of store there are."""

from __future__ import annotations

from pathlib import Path

from perdure.store.protocol import Store, StoreError
from perdure.store.sqlite import SqliteStore

_KNOWN = "sqlite:///relative/path.db or sqlite:////absolute/path.db"


def open_store(url: str, *, create: bool = True) -> Store:
    """Open the store at `url`, which is made first if it is not there and `create` is true.

    Three slashes begin a path relative to the present folder, four an absolute one, as in
    SQLAlchemy. Raises `StoreError` (or one of its kinds) with what is wrong and what to write
    instead.
    """
    scheme, colon, rest = url.partition(":")
    if scheme == "sqlite" and colon:
        return SqliteStore(_path(url, rest), url=url, create=create)
    if scheme in ("postgresql", "postgres") and colon:
        raise StoreError(
            f"{scheme}:// stores are not there yet in this version of Perdure. Use a file for now: "
            f"{_KNOWN}."
        )
    if "://" in url:
        raise StoreError(f"{url!r}: no store is known by {scheme + '://'!r}. Known are: {_KNOWN}.")
    hint = f"sqlite:///{url}" if url else "sqlite:///perdure.db"
    raise StoreError(f"{url!r} is not the address of a store. For a file, write: {hint}")


def _path(url: str, rest: str) -> Path:
    if not rest.startswith("///"):
        hint = f"sqlite:///{rest.lstrip('/') or 'perdure.db'}"
        raise StoreError(
            f"{url!r}: a file's address has three slashes before a relative path and four before "
            f"an absolute one. Write: {hint}"
        )
    name = rest.removeprefix("///")
    if not name or name.endswith("/"):
        raise StoreError(f"{url!r} names no file. Write, for example: sqlite:///{name}perdure.db")
    if name == ":memory:":
        raise StoreError(
            f"{url!r}: a store in memory would forget its runs with the process, which is what a "
            "store is there to prevent. For a test, use a file in a temporary folder."
        )
    if "?" in name:
        raise StoreError(
            f"{url!r}: a store's address takes no options; leave out the part from '?' on."
        )
    return Path(name)
