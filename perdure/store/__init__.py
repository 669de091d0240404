"""Where runs live: the protocol that the runtime speaks, and the stores that speak it."""

from perdure.store.open import open_store
from perdure.store.protocol import (
    DamagedStoreError,
    NotAStoreError,
    Store,
    StoreError,
    StoreVersionError,
)

__all__ = [
    "DamagedStoreError",
    "NotAStoreError",
    "Store",
    "StoreError",
    "StoreVersionError",
    "open_store",
]
