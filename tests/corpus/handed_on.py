"""Functions that call methods, or come to operators, that may suspend, called by another's name."""

from perdure import workflow
from tests.corpus.acts import echo


class Order:
    def __init__(self, amount):
        self.amount = amount

    def total(self, factor):
        return echo(self.amount * factor)

    def __add__(self, other):
        return echo(self.amount + other)


def called(function, *args):
    return function(*args)


def added(order):
    return order + 1


@workflow
def lambdas():
    order = Order(2)
    return called(lambda: order.total(3)), called(lambda n: order + n, 4), called(added, order)


def cases():
    return [
        (lambdas, ()),
    ]
