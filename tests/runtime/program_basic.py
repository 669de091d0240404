"""Workflows for the runtime's tests. What activities did is seen through files and counters."""

import asyncio
import io
import json
import re
import threading
import time
from dataclasses import dataclass
from typing import IO, Any, ClassVar

from perdure import Retry, activity, now, random, sleep, spawn, uuid4, workflow

gate = threading.Event()
entered = threading.Event()
attempts: list[int] = []


class Declined(Exception):
    def __init__(self, code: int, *, hint: str) -> None:
        super().__init__(f"declined {code}")
        self.code = code
        self.hint = hint


@dataclass
class Order:
    id: int
    lines: list[str]


@activity
def double(x: int) -> int:
    return 2 * x


@activity
def price(order: Order) -> int:
    return len(order.lines) * 10


@activity(retry=Retry(attempts=4, initial=0.01, backoff=2.0, non_retryable=(KeyError,)))
def flaky(failures: int, kind: str) -> int:
    attempts.append(len(attempts) + 1)
    if len(attempts) <= failures:
        raise {"key": KeyError, "value": ValueError}[kind](f"attempt {len(attempts)}")
    return len(attempts)


@activity(timeout=0.05)
def slow() -> str:
    gate.wait(10)
    return "too late"


@activity(timeout=5)
async def in_a_loop(x: int) -> int:
    import asyncio

    await asyncio.sleep(0)
    return x + 1


@activity
def wait_at_gate() -> str:
    entered.set()
    gate.wait(30)
    return "passed"


@activity
def decline(code: int) -> None:
    raise Declined(code, hint="try another card")


@activity
def give_local() -> object:
    return threading.local()


@workflow
def doubled_numbers(text: str) -> list[int]:
    """Goes over an iterator of C that has no copy, in two loops."""
    numbers = re.finditer(r"\d+", text)
    found = []
    for match in numbers:
        found.append(double(int(match[0])))
        if len(found) == 2:
            break
    return found + [double(int(match[0])) for match in numbers]


@workflow
def doubled(x: int, times: int = 3) -> int:
    for _ in range(times):
        x = double(x)
    return x


@workflow
def priced(order: Order) -> tuple[Order, int]:
    return order, price(order)


@workflow
def retried(failures: int, kind: str) -> int:
    return flaky(failures, kind)


@workflow
def timed_out() -> str:
    try:
        return slow()
    except Exception as error:
        return f"{type(error).__name__}: {error}"


@workflow
def async_activity(x: int) -> int:
    return in_a_loop(x)


@workflow
def naps(seconds: float) -> int:
    x = double(1)
    sleep(seconds)
    return x + double(2)


@workflow
def gated() -> str:
    return wait_at_gate()


@workflow
def declined(code: int) -> None:
    decline(code)


@workflow
def holds_its_own() -> int:
    mine = threading.local()
    x = double(1)
    mine.x = x
    return x


@workflow
def drops_its_own() -> int:
    mine = threading.local()
    mine.x = 1
    x = mine.x
    return double(x)


@workflow
def passes_its_own() -> int:
    return double(threading.local())  # type: ignore[arg-type]


@workflow
def returns_its_own() -> object:
    double(1)
    return threading.local()


@workflow
def gets_its_own() -> object:
    return give_local()


@workflow
def past_the_compiler(xs: list[int]) -> list[int]:
    found: list[int] = json.loads(json.dumps(xs), parse_int=lambda text: double(int(text)))
    return found


@workflow
def the_usual_suspects() -> tuple[object, ...]:
    a = (now(), uuid4(), random(), random.randint(1, 10**9))
    double(1)
    return a


@workflow
def fails_late(path: str) -> int:
    x = double(3)
    with open(path) as file:
        text = file.read()
    return x + double(int(text))


@workflow
def steps(n: int) -> int:
    x = 0
    for _ in range(n):
        x += double(1)
    return x


@workflow
def naps_in_a_loop(n: int) -> float:
    start = time.time()
    for _ in range(n):
        sleep(0.001)
    return start


@workflow(queue="special")
def elsewhere() -> int:
    return double(1)


def is_even(n: int, path: list[int]) -> bool:
    if n == 0:
        path.append(double(1))
        return True
    return is_odd(n - 1, path)


def is_odd(n: int, path: list[int]) -> bool:
    if n == 0:
        return False
    return is_even(n - 1, path)


@workflow
def deep(n: int) -> tuple[bool, list[int]]:
    path: list[int] = []
    return is_even(n, path), path


@workflow
def long_block(seconds: float) -> int:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass
    return double(1)


@activity(timeout=0.05)
async def slow_in_a_loop() -> str:
    import asyncio

    await asyncio.sleep(10)
    return "too late"


@workflow
def timed_out_in_a_loop() -> str:
    try:
        return slow_in_a_loop()  # type: ignore[return-value]
    except Exception as error:
        return f"{type(error).__name__}: {error}"


@workflow
def two_in_one_transition() -> tuple[object, object]:
    first = uuid4()
    try:
        double(threading.local())  # type: ignore[arg-type]
    except TypeError:
        pass
    return first, uuid4()


@workflow
def numbers() -> tuple[object, ...]:
    return uuid4(), random.gauss(0, 1), random.gauss(0, 1), random()


class Opened:
    """A file that is closed even if the run that opened it is given up."""

    files: ClassVar[list[IO[str]]] = []

    def __init__(self, path: str) -> None:
        self.file = open(path)
        self.files.append(self.file)

    def __enter__(self) -> IO[str]:
        return self.file

    def __exit__(self, *_: object) -> None:
        self.file.close()


@workflow
def loops_over_a_file(path: str) -> int:
    lines = 0
    with Opened(path) as file:
        for _ in file:
            lines = double(lines + 1)
    return lines


class Hashed:
    """What C asks for its hash cannot stop the run."""

    def __hash__(self):
        return double(1)


@workflow
def hashes():
    return {Hashed(): 1}


def endless(n: int) -> int:
    return double(n) + endless(n + 1)


@workflow
def too_deep() -> str:
    try:
        return str(endless(1))
    except RecursionError as error:
        return str(error)


def down(n: int) -> int:
    if n == 0:
        raise LookupError("at the bottom")
    return down(n - 1) if n % 2 else double(0) + down(n - 1)


@workflow
def fails_deep(n: int) -> int:
    return down(n)


@workflow
async def waits_for_nobody() -> None:
    double(1)
    await asyncio.Event().wait()


@workflow
def waits_for_itself() -> None:
    handles: list[Any] = []

    def joins() -> None:
        handles[0].result()

    handles.append(spawn(joins))
    handles[0].result()


class Limits:
    def __init__(self) -> None:
        self.most = 1


LIMITS = Limits()


@activity
def raised_limit(limits: Limits) -> int:
    limits.most += 1
    return limits.most


@workflow
def sends_what_a_module_holds() -> tuple[int, int]:
    return raised_limit(LIMITS), LIMITS.most


@workflow
def scans() -> int:
    with io.TextIOWrapper(io.BytesIO()):
        return double(1)
