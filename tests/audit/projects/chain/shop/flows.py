from perdure import activity, workflow

from . import price
from .orders import Checked, Order, Plain


@activity
def charge(amount):
    import time

    return time.time()


@workflow
def checkout(order: Order):
    total = price(order)
    order.check()
    charge(total)
    return total


@workflow
def refund(order):
    return price(order)


@workflow
def clean(order):
    charge(lambda: __import__("time").time())
    return charge(order)


@workflow
def hierarchy(name):
    plain = Plain(name)
    with Checked(name) as c:
        c.check()
    return plain.label, plain.lines()
