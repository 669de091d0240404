"""Helpers that `functions.py` calls from outside of their module. No cases of its own."""

from tests.corpus.acts import echo

FACTOR = 7


def far(x):
    return near(x) * FACTOR


def near(x):
    return echo(x) + 1


class Counter:
    def __init__(self, n):
        self.n = n

    def count(self):
        out = []
        while self.n:
            out.append(far(self.n))
            self.n -= 1
        return out
