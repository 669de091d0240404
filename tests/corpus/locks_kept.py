"""Locks of `threading` and queues of `queue` that a run makes: a run is one thread of control."""

import asyncio
import queue
import threading

from perdure import activity, workflow
from tests.corpus.acts import echo

LOCK = threading.Lock()


class Account:
    def __init__(self):
        self.lock = threading.RLock()
        self.free = threading.Semaphore(2)
        self.opened = threading.Event()
        self.changed = threading.Condition()
        self.balance = 0

    def deposit(self, amount):
        with self.lock:
            self.balance += echo(amount)
        return self.balance

    def transfer(self, amount):
        with self.lock, self.free:
            self.deposit(-amount)
            with self.changed:
                self.changed.notify_all()
        self.opened.set()


@workflow
def guarded():
    account = Account()
    total = account.deposit(5) + echo(1)
    account.transfer(2)
    with LOCK:
        total += account.balance
    free = echo(LOCK.locked()) or LOCK.locked()
    account.lock.acquire()
    again = account.lock.acquire(blocking=False), echo(2)
    account.lock.release()
    account.lock.release()
    return total, account.balance, account.opened.is_set(), free, again


@workflow
def held():
    lock = threading.Lock()
    with lock:
        seen = echo(1), lock.locked(), lock.acquire(blocking=False)
    return seen, lock.locked()


@workflow
def queued():
    waiting, urgent, simple = queue.Queue(), queue.PriorityQueue(), queue.SimpleQueue()
    for number in (3, 1, 2):
        waiting.put(echo(number))
        urgent.put(echo(number))
        simple.put(number)
    simple.put(simple)
    out = []
    while not waiting.empty():
        out.append((waiting.get(), echo(urgent.get()), simple.get()))
        waiting.task_done()
    waiting.join()
    return out, echo(simple.qsize()), simple.get() is simple


@workflow
def of_a_module():
    kept = LOCK
    echo(1)
    with kept:
        return kept is LOCK, LOCK.locked()


@activity
async def later(x):
    return x


@workflow
async def asked_for_as_by_a_thread():
    answer = asyncio.run_coroutine_threadsafe(later(1), asyncio.get_running_loop())
    before = await later(answer.done())
    await asyncio.sleep(1)
    return before, answer.result(timeout=0)


def cases():
    return [
        ("guarded", ()),
        ("held", ()),
        ("queued", ()),
        ("of_a_module", ()),
        ("asked_for_as_by_a_thread", ()),
    ]
