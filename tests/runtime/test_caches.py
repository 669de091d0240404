"""The results of cached functions that suspend: what the corpus cannot show of them."""

from __future__ import annotations

import functools
import threading
from typing import Any

from perdure.runtime.caches import MISS, cache_of


def test_a_result_that_is_being_kept_is_no_other_calls_result() -> None:
    @functools.cache
    def rate(currency: object) -> int:
        raise AssertionError("the wrapper itself is never asked")

    cache, found = cache_of(rate), []

    class Currency:
        def __hash__(self) -> int:  # asked for while the result is kept
            other = threading.Thread(target=lambda: found.append(cache.find(("other",), {})))
            other.start()
            other.join()
            return 1

    currency: Any = Currency()
    cache.keep((currency,), {}, 7)
    assert found == [MISS]
    assert cache.find((currency,), {}) == 7
    assert rate.cache_info().currsize == 1
