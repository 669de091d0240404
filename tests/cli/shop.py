# A small shop of workflows: what the tests of the command line run.
import threading
from dataclasses import dataclass
from pathlib import Path

from perdure import Retry, activity, sleep, workflow

print("shop is imported")


@dataclass
class Order:
    number: int
    gift: bool = False


@activity
def price(order):
    return order.number * 10


@activity(retry=Retry(attempts=2, initial=0))
def fetch(order):
    if not Path("stock").exists():
        raise RuntimeError(f"no stock for {order.number}")
    return 7


@activity
def hang(path):
    Path(path).touch()
    threading.Event().wait()


@workflow
def checkout(number, *, gift=False):
    order = Order(number, gift)
    total = price(order)
    return {"order": order.number, "gift": order.gift, "total": total}


@workflow
def stocked(number):
    order = Order(number)
    total = price(order)
    stock = fetch(order)
    return total + stock


@workflow
def threaded(number):
    mine = threading.local()
    total = price(Order(number))
    mine.total = total
    return total


def after_a_while(order):
    sleep(3600)
    return price(order)


@workflow
def patient(number):
    order = Order(number)
    return after_a_while(order)


@workflow
def hanging(path):
    hang(path)
    return "never"


@workflow
def echo(*args, **kwargs):
    price(Order(1))
    return args, kwargs


@workflow
def odd(number):
    price(Order(number))
    return {1: Order(number)}


@workflow
def later():
    class Prices:
        tea = price(Order(1))

    return Prices


def plain():
    return 1
