"""The locks of `threading`, and its queues in C: what pickle refuses of objects that hold them.

A run is one thread of control. A lock of its own is kept as it is: free, or held by the run, as in
`with self.lock: act()`. A lock of a module is the process's, and can only be kept while it is free.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any

from perdure.runtime.failures import UnpicklableError
from perdure.runtime.functions import by_name
from perdure.runtime.leads import written


def reduce_lock(lock: Any, pickler: Any) -> Any:
    """A lock as a new one in the same state; one of a module by its name."""
    kind = threading.RLock if type(lock) is _RLOCK else threading.Lock
    held = _times_held(lock)
    if (name := pickler.codec.names.of_value(lock)) is None:
        return (lock_of, (kind, held))
    if held:
        module, way = name
        raise UnpicklableError(
            f"{module}{written(way)}, a lock of a module, is held across a suspension: all other "
            "runs of this process would wait for it; release it before the call"
        )
    return (by_name, name)


def _times_held(lock: Any) -> int:
    reentrant = type(lock) is _RLOCK
    if lock.acquire(blocking=False):
        lock.release()
        if not reentrant or not lock._is_owned():
            return 0
    elif reentrant:
        raise UnpicklableError("an RLock that another thread holds")
    else:
        return 1
    state = lock._release_save()
    lock._acquire_restore(state)
    count: int = state[0]
    return count


def lock_of(kind: Callable[[], Any], held: int) -> Any:
    """A lock that the run holds as often as that."""
    lock = kind()
    for _ in range(held):
        lock.acquire()
    return lock


def reduce_queue(simple: queue.SimpleQueue[Any], pickler: Any) -> Any:
    """A `SimpleQueue` with its items, which are taken out to be seen, and put back."""
    items = [simple.get_nowait() for _ in range(simple.qsize())]
    for item in items:
        simple.put(item)
    return (queue_of, (type(simple),), items, None, None, _fill)


def queue_of(kind: type[queue.SimpleQueue[Any]]) -> Any:
    """A queue without items: one of them may lead back to it."""
    return kind()


def _fill(simple: Any, items: list[Any]) -> None:
    for item in items:
        simple.put(item)


_RLOCK: type = type(threading.RLock())

REDUCERS: dict[type, Any] = {
    type(threading.Lock()): reduce_lock,
    _RLOCK: reduce_lock,
    queue.SimpleQueue: reduce_queue,
}
