"""From `--store` to a client."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perdure.runtime.client import Client


def connect(url: str | None, *, create: bool = False) -> Client:
    """Open a store. Only commands that start something make one that is not there."""
    from perdure.runtime import client

    return client.connect(url, create=create)
