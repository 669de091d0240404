"""A class whose `__init__` only may suspend, given to what makes an object of it.

No function is used as a value here, nor in any module that this one imports.
"""

from perdure import activity, workflow


@activity
def echo(value):
    return value


class Batch:
    def __init__(self, items):
        self.items = list(items)


def numbers():
    for number in range(3):
        yield echo(number)


def made_of(kind, items):
    return kind(items)


@workflow
def given():
    """The class comes to the call as a value."""
    return made_of(Batch, numbers()).items


def cases():
    return [
        ("given", ()),
    ]
