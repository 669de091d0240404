"""Workflows with fibers, for test_fibers."""

from __future__ import annotations

import contextvars
from typing import Any

from perdure import Cancelled, Fiber, activity, gather, race, sleep, spawn, workflow

label = contextvars.ContextVar("label", default="none")


@activity
def echo(value: Any) -> Any:
    return value


@activity
def fail(value: Any) -> Any:
    raise ValueError(value)


def rounds(name: str, turns: int, log: list[str]) -> str:
    for turn in range(turns):
        log.append(f"{name}{echo(turn)}")
    return name


@workflow
def interleaved() -> Any:
    log: list[str] = []
    names = gather(lambda: rounds("a", 2, log), lambda: rounds("b", 3, log))
    return names, log


@workflow
def spawned() -> Any:
    direct: Fiber[str] = spawn(echo, "direct")
    other = spawn(rounds, "c", turns=1, log=[])
    return other.result(), direct.result(), direct.result(), direct.done()


@workflow
def first_error() -> Any:
    log: list[str] = []
    slow = spawn(rounds, "s", 4, log)
    try:
        gather(slow, lambda: fail("early"))
    except ValueError as error:
        return error.args, slow.done(), slow.result(), log


@workflow
def errors_kept() -> Any:
    found = gather(lambda: fail(1), lambda: echo(2), return_exceptions=True)
    return [repr(x) for x in found], spawn(fail, 3).exception()


@workflow
def raced() -> Any:
    log: list[Any] = []

    def slow() -> str:
        try:
            sleep(1000)
        except Cancelled:
            log.append(echo("cleaned up"))
            raise
        return "slow"

    quick = race(slow, lambda: echo("quick"))
    echo("later")
    echo("and later")
    return quick, log


@workflow
def cancelled() -> Any:
    begun, waiting = spawn(sleep, 1000), spawn(sleep, 1000)
    first = begun.cancel()
    echo("others go on")
    second, third = waiting.cancel(), None
    try:
        waiting.result()
    except Cancelled as error:
        third = type(error).__name__
    return first, second, third, waiting.cancel()


@workflow
def contexts() -> Any:
    label.set("outer")

    def inner(value: str) -> tuple[str, str]:
        before = label.get()
        label.set(value)
        echo(value)
        return before, label.get()

    return gather(lambda: inner("x"), lambda: inner("y")), label.get()


@workflow
def nothing_to_race() -> Any:
    return race()


@workflow
def not_callable() -> Any:
    return spawn(5)  # type: ignore[arg-type]


@workflow
def spawned_in_a_handler() -> Any:
    try:
        fail("outer")
    except ValueError:
        inner = spawn(fail, "inner").exception()
        assert inner is not None
        return repr(inner), inner.__context__
