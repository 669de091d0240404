"""Functions that call methods, or come to operators, that may suspend, called by another's name.

Nothing else here is used as a value, not in `acts.py` either: there is no other reason to think
that an unknown call may suspend.
"""

from perdure import activity, workflow


@activity
def echo(value):
    return value


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
    """Lambdas, and a function of the module, that only may suspend."""
    order = Order(2)
    return called(lambda: order.total(3)), called(lambda n: order + n, 4), called(added, order)


def cases():
    return [
        ("lambdas", ()),
    ]
