"""Generators in which nothing suspends but a property that they read."""

import contextlib
import functools

from perdure import workflow
from tests.corpus.acts import echo


class Page:
    def __init__(self, number, last):
        self.number = number
        self.last = last

    @functools.cached_property
    def next(self):
        return Page(echo(self.number + 1), self.last) if self.number < self.last else None

    def __iter__(self):
        page = self
        while page is not None:
            yield page.number
            page = page.next


class Cart:
    @property
    def total(self):
        return echo(3)

    def parts(self):
        yield self.total
        yield -self.total

    @contextlib.contextmanager
    def open(self):
        yield self.total


def totals(carts):
    for cart in carts:
        yield cart.total


@workflow
def linked_pages():
    return [*Page(1, 3)], sum(Page(1, 2)), [number for number in Page(3, 3)]


@workflow
def totals_read():
    cart = Cart()
    parts = cart.parts()
    with cart.open() as opened:
        found = [next(parts), opened, *totals([cart, cart])]
    return found, list(parts), max(totals([cart]))


def cases():
    return [
        ("linked_pages", ()),
        ("totals_read", ()),
    ]
