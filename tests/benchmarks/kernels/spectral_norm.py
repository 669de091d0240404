"""The spectral norm of an infinite matrix: small calls, functions that are given functions."""

from __future__ import annotations

from collections.abc import Callable

from perdure import workflow

from .acts import act

WORK = 50  # multiplications by the matrix and by its transpose
SIZE = 130
RARE = 20_000

Row = Callable[[int, list[float]], float]


def entry(i: int, j: int) -> float:
    return 1.0 / ((i + j) * (i + j + 1) // 2 + i + 1)


def row(i: int, vector: list[float]) -> float:
    return sum(entry(i, j) * value for j, value in enumerate(vector))


def column(i: int, vector: list[float]) -> float:
    return sum(entry(j, i) * value for j, value in enumerate(vector))


def times(part: Row, vector: list[float]) -> list[float]:
    return [part(i, vector) for i in range(len(vector))]


def norm(rounds: int) -> float:
    u = v = [1.0] * SIZE
    for _ in range(rounds):
        u, v = times(column, times(row, v)), u
        u, v = v, u
    return root(u, v)


def root(u: list[float], v: list[float]) -> float:
    up = sum(a * b for a, b in zip(u, v, strict=True))
    return float((up / sum(b * b for b in v)) ** 0.5)


@workflow
def called(rounds: int) -> float:
    return act(norm(act(rounds)))


@workflow
def inlined(rounds: int) -> float:
    rounds = act(rounds)
    u = v = [1.0] * SIZE
    for _ in range(2 * rounds):
        made = []
        for i in range(SIZE):
            total = 0.0
            for j, value in enumerate(v):
                total += entry(i, j) * value
            made.append(total)
        u, v = v, made
    return act(root(u, v))


@workflow
def rare(rounds: int) -> float:
    rounds = act(rounds)
    u = v = [1.0] * SIZE
    done = 0
    for _ in range(2 * rounds):
        made = []
        for i in range(SIZE):
            total = 0.0
            for j, value in enumerate(v):
                total += entry(i, j) * value
                done += 1
                if done % RARE == 0:
                    act(done)
            made.append(total)
        u, v = v, made
    return act(root(u, v))
