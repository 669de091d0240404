"""The caches of functions under `functools.cache` or `lru_cache` that suspend.

The C wrapper calls its function itself, where no run can stop; so a second cache of the same kind
and size takes its place, which is only ever asked and filled. As with any such cache, each process
has its own: what it holds is not kept with a run.
"""

from __future__ import annotations

import functools
import threading
import weakref
from typing import Any

KIND: Any = type(functools.lru_cache(int))
# The methods of the wrapper that its own dict covers.
COVERED = ("cache_clear", "cache_info")


class MISS:
    """What stands for a result that is not in a cache. A class: it keeps its identity."""


class _Missing(Exception):
    """Raised in the place of a call that would compute the result."""


class Cache:
    """The results of a cached function that suspends."""

    def __init__(self, cached: Any) -> None:
        parameters = cached.cache_parameters()
        self._results = functools.lru_cache(parameters["maxsize"], parameters["typed"])(self._give)
        self._kept = threading.local()  # the result that this thread is about to keep, in a list
        cached.__dict__["cache_clear"] = self._results.cache_clear
        cached.__dict__["cache_info"] = self._info

    def find(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The result of a call with these arguments, or `MISS`."""
        try:
            return self._results(*args, **kwargs)
        except _Missing:
            return MISS

    def keep(self, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        """Take the result of a call in, as long as there is room."""
        self._kept.result = [result]
        try:
            self._results(*args, **kwargs)
        finally:
            del self._kept.result

    def _give(self, *args: Any, **kwargs: Any) -> Any:
        result = getattr(self._kept, "result", None)
        if result is None:
            raise _Missing
        return result[0]

    def _info(self) -> Any:
        found = self._results.cache_info()
        return found._replace(misses=found.misses // 2)  # each was asked for, and then kept


_caches: weakref.WeakKeyDictionary[Any, Cache] = weakref.WeakKeyDictionary()


def cache_of(cached: Any) -> Cache:
    """The results of a cached function in this process."""
    found = _caches.get(cached)
    if found is None:
        found = _caches[cached] = Cache(cached)
    return found
