"""Workflows that use a value before a suspension and not after it."""

import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

from perdure import activity, workflow

MEGABYTES = 50
RANDOM = os.urandom(1_000_000)  # cannot be compressed


def _pieces() -> Iterator[bytes]:
    return (RANDOM[n:] + RANDOM[:n] for n in range(MEGABYTES))


VALUES: dict[str, Callable[[], Any]] = {
    "bytes": lambda: RANDOM * MEGABYTES,
    "list": lambda: list(_pieces()),
    "dict": lambda: dict(enumerate(_pieces())),
    "file": lambda: open(__file__, encoding="utf-8"),
    "local": threading.local,
}


def make(kind: str) -> Any:
    return VALUES[kind]()


def used(value: Any) -> int:
    """Use a value, and keep nothing of it."""
    if hasattr(value, "close"):
        value.close()
    return len(value) if hasattr(value, "__len__") else 1


class Manager:
    def __enter__(self) -> str:
        return "entered"

    def __exit__(self, *details: object) -> None:
        pass


when_called: list[Callable[[], object]] = []


@activity
def act(n: int) -> int:
    for look in when_called:
        look()
    return n


@workflow
def straight(kind: str) -> int:
    value = make(kind)
    n = used(value)
    return act(n) + act(1)


@workflow
def one_branch(kind: str) -> int:
    value = make(kind)
    if kind == "nothing":
        act(0)
        return used(value)
    n = used(value)
    return act(n)


@workflow
def deleted(kind: str) -> int:
    value = make(kind)
    n = used(value)
    del value
    act(n)
    value = n
    return act(value)


@workflow
def in_a_loop(kind: str) -> int:
    total = 0
    for _ in range(2):
        value = make(kind)
        total += used(value)
        act(total)
    return act(total)


@workflow
def the_loop_variable(kind: str) -> int:
    total = 0
    for _, name in enumerate([kind, kind]):
        for value in [make(name)]:
            total += used(value)
        act(total)
    return total


@workflow
def in_a_handler(kind: str) -> int:
    try:
        value = make(kind)
        raise ValueError("no")
    except ValueError:
        n = used(value)
        return act(n)


@workflow
def in_finally(kind: str) -> int:
    n = 0
    try:
        value = make(kind)
        act(used(value))
    finally:
        n = act(2)
    return n


@workflow
def in_a_with(kind: str) -> int:
    with Manager():
        value = make(kind)
        n = used(value)
        return act(n)


@workflow
def behind_a_with(kind: str) -> int:
    with open(__file__, encoding="utf-8") as file:
        n = len(file.readline()) + used(make(kind))
    return act(n)


@workflow
def an_operand(kind: str) -> int:
    return used(make(kind)) + act(1) * [used(make(kind)), act(2)][1]


@workflow
def an_operand_of_a_comparison(kind: str) -> bool:
    return 0 < used(make(kind)) < act(10**9) < act(10**10)


@workflow
def in_a_comprehension(kind: str) -> list[int]:
    return [act(n) for _ in range(2) if (n := used(make(kind)))] + [act(1)]


def helped(kind: str) -> int:
    value = make(kind)
    n = used(value)
    return act(n)


@workflow
def in_a_helper(kind: str) -> int:
    value = make(kind)
    n = used(value)
    return n + helped(kind)


def generated(kind: str) -> Iterator[int]:
    value = make(kind)
    n = used(value)
    yield n
    yield act(n)


@workflow
def in_a_generator(kind: str) -> int:
    numbers = generated(kind)
    first = next(numbers)
    return first + act(1) + next(numbers)


@workflow
def an_argument(value: Any) -> int:
    n = used(value)
    return act(n)


DEAD = [
    straight,
    one_branch,
    deleted,
    in_a_loop,
    the_loop_variable,
    in_a_handler,
    in_finally,
    in_a_with,
    behind_a_with,
    an_operand,
    an_operand_of_a_comparison,
    in_a_comprehension,
    in_a_helper,
    in_a_generator,
]


@workflow
def in_a_cell(kind: str) -> int:
    value = make(kind)
    measure = lambda: used(value)  # noqa: E731
    n = measure()
    return act(n)


@workflow
def out_of_the_cell(kind: str) -> int:
    value = make(kind)
    measure = lambda: used(value)  # noqa: E731, F821  (bound until then)
    n = measure()
    del value
    return act(n)
