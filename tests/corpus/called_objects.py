"""Objects that are called, where what suspends stands in another class or in a member."""

import enum
import functools

from perdure import workflow
from tests.corpus.acts import echo


class Step:
    def __call__(self, n):
        return self.perform(n)

    @property
    def performing(self):
        return self.perform

    def run(self, n):
        return self.performing(n)


class Pay(Step):
    def __init__(self):
        self.table = {"run": self.run}

    def perform(self, n):
        return echo(n)


class Added(Step):
    def perform(self, n):
        return self + n

    def __add__(self, n):
        return echo(n + 1)


def taken(step, n):
    """Nothing in it suspends but what it is given."""
    return step(n)


@workflow
def template_methods():
    pay = Pay()
    return taken(pay, 1), taken(Added(), 2), taken(pay.run, 3), taken(pay.table["run"], 4)


def flat(n):
    return echo(n)


class Fee(enum.Enum):
    ADDED = enum.member(functools.partial(lambda a, b: echo(a) + b))
    FLAT = enum.member(flat)

    @enum.member
    def doubled(n):
        return echo(n) * 2

    def run(self, *given):
        return self.value(*given)

    def __call__(self, *given):
        return self._value_(*given)


@workflow
def members_called():
    return Fee.ADDED(1, 2), Fee.ADDED.run(3, 4), Fee.FLAT.run(5), Fee.doubled(6)


class Method:
    def __call__(self, *args):
        return echo(list(args))


class Remote:
    def __getattr__(self, name):
        return Method()


@workflow
def given_by_getattr():
    return Remote().users(1), Remote().orders()


class Total:
    def of(self, rows):
        return self.reducer(echo(row) for row in rows)


class Sum(Total):
    reducer = sum


@workflow
def attributes_of_classes():
    return Sum().of([1, 2])


def cases():
    return [
        ("given_by_getattr", ()),
        ("attributes_of_classes", ()),
        ("template_methods", ()),
        ("members_called", ()),
    ]
