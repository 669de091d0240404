"""Code that `exec` made, in a dict that belongs to no module."""

import threading

from perdure import workflow
from tests.corpus.acts import echo


class Giving(dict):
    """It has every name."""

    def __missing__(self, name):
        return f"no {name}"


SOURCE = """
def shown():
    return limit

def up():
    global limit
    limit += 1

class Shelf:
    def room(self):
        return limit
"""


@workflow
def one_space():
    """The functions that `exec` made share their variables with each other and with the dict."""
    space = {"limit": 1}
    exec(SOURCE, space)
    up, shown, shelf = space["up"], space["shown"], space["Shelf"]()
    found = []
    for n in range(3):
        up()
        found.append((shown(), space["limit"], shelf.room()))
        space["limit"] += echo(10 * n)
    space["more"] = echo("more")
    return found, shown.__globals__ is space, list(space)[:2], up.__globals__["more"]


def counted(space):
    exec(SOURCE, space)
    up, shown = space["up"], space["shown"]
    del space
    found = []
    for _ in range(2):
        up()
        found.append(echo(shown()))
    return found


@workflow
def only_functions():
    """Functions share their variables although nothing else leads to the dict."""
    return counted({"limit": 1})


@workflow
def nobody_needs_it():
    """Beside them is what nobody can keep."""
    return counted({"limit": 1, "mine": threading.local()})


@workflow
def dict_of_a_class():
    """A dict of one's own gives the names that it has not."""
    space = Giving()
    exec("def shown(): return missing", space)
    shown = space["shown"]
    found = [echo(type(shown.__globals__).__name__), space["missing"]]
    space["missing"] = echo("here")
    return found, shown()


@workflow
def expressions_in_classes():
    """A generator expression in the body of a class is Python's own, with variables around it."""
    base = 10

    class Shelf:
        sums = (base + n for n in [1, 2])
        own = (Shelf.sums for _ in range(1))

        def again(self, given=(base * n for n in range(3))):
            return list(given)

        async def late():
            yield base

        late = late()

    base += echo(1)
    first, echoed = Shelf().again(), echo("between")
    found = [first, Shelf().again(), list(Shelf.own) == [Shelf.sums], list(Shelf.sums), echoed]
    echo("after")
    return found, list(Shelf.sums), Shelf.sums.__name__, Shelf.sums.gi_frame, Shelf.late.__name__


@workflow
async def ended_and_kept():
    """An asynchronous generator of Python's own that has ended gives nothing more."""

    class Shelf:
        async def late(*values):
            for value in values:
                yield value

        late = late()
        count = (n for n in range(2))

    found = [[n async for n in Shelf.late], echo(1), list(Shelf.count)]
    return found, [n async for n in Shelf.late], echo(2), list(Shelf.count), Shelf.late.ag_frame


def cases():
    return [
        ("one_space", ()),
        ("only_functions", ()),
        ("nobody_needs_it", ()),
        ("dict_of_a_class", ()),
        ("expressions_in_classes", ()),
        ("ended_and_kept", ()),
    ]
