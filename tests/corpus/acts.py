"""The activities of the corpus: deterministic, without effects, results never shared with arguments."""

import copy

from perdure import activity


class Misfit(Exception):
    """Its arguments are not what `__init__` takes."""

    def __init__(self, code, *, hint):
        super().__init__(f"misfit {code}")
        self.code = code
        self.hint = hint


class Narrow(ValueError):
    """A subclass without anything of its own."""


class Silent(Exception):
    """Takes arguments that it does not hand on."""

    def __init__(self, left, right):
        self.left = left
        self.right = right

    def __str__(self):
        return f"{self.left}/{self.right}"


@activity
def echo(x=None):
    return copy.deepcopy(x)


@activity
def add(a, b):
    return a + b


@activity
def less(a, b):
    return a < b


@activity
def collect(*args, **kwargs):
    return [list(args), sorted(kwargs.items())]


@activity
def numbers(n):
    return list(range(n))


@activity
def table(**entries):
    return entries


@activity
def fail(kind, *args):
    raise kind(*args)


@activity
def fail_misfit(code, hint):
    raise Misfit(code, hint=hint)


@activity
def fail_noted(kind, text, *notes):
    error = kind(text)
    for note in notes:
        error.add_note(note)
    raise error


@activity
def fail_from(kind, text, cause, cause_text):
    raise kind(text) from cause(cause_text)


@activity
def fail_during(kind, text, first, first_text):
    try:
        raise first(first_text)
    except first:
        raise kind(text)


@activity
def fail_if(condition, kind, *args):
    if condition:
        raise kind(*args)
    return "passed"
