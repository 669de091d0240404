"""What is read of an exception: the object that it is about, and the lines that it has passed."""

import threading
import traceback

from perdure import workflow
from tests.corpus.acts import echo


class Lean:
    """Reads what it lacks before it has anything: cannot be read from a checkpoint."""

    def __init__(self):
        self.known = {}

    def __getattr__(self, name):
        if name not in self.known:
            raise AttributeError(name)
        return self.known[name]


@workflow
def subject_of_attribute_error():
    """The object that an AttributeError is about is the very object, if that can be kept."""

    class Local:
        blech = None

    thing, found = Local(), []
    for make in (lambda: thing, Lean, threading.local):
        try:
            found.append(make().bluch)
        except AttributeError as error:
            found.append(echo(error.name))
            found.append(echo(error.name) and error.obj is thing)
    return found


def _fails_deeper(n):
    echo(n)
    if n:
        return _fails_deeper(n - 1)
    raise LookupError("deep")


def _just_made():
    try:
        echo(3)
        yield 0
    except ZeroDivisionError:
        raise


@workflow
def thrown_before_the_first_step():
    """The error passes through the first line of the generator."""
    made = _just_made()
    try:
        1 / 0
    except ZeroDivisionError as error:
        try:
            made.throw(error)
        except ZeroDivisionError as caught:
            found = [frame.line for frame in traceback.extract_tb(caught.__traceback__)]
    return found, echo(1)


@workflow
def tracebacks_in_handlers():
    """A traceback that a handler looks at has the user's lines, and no others."""
    try:
        _fails_deeper(2)
    except LookupError as error:
        found = [(frame.name, frame.line) for frame in traceback.extract_tb(error.__traceback__)]
        shown = traceback.format_exc().splitlines()[0]
    return found, shown, echo(1)


def looked_up(table, key):
    return table[key] + 1


@workflow
def printed_later():
    """A traceback that was kept prints as before, with what is underlined."""
    kept = []
    for call in (lambda: looked_up({}, 1), lambda: "ü" + 1, lambda: echo([])[0].name):
        try:
            call()
        except Exception as error:
            kept.append(error)
            echo(1)
    found = ["".join(traceback.format_exception(error)) for error in kept]
    try:
        looked_up(
            {},
            echo("key"),
        )
    except KeyError:
        echo(2)
        found.append(traceback.format_exc())
    return found


def cases():
    return [
        ("printed_later", ()),
        ("subject_of_attribute_error", ()),
        ("thrown_before_the_first_step", ()),
        ("tracebacks_in_handlers", ()),
    ]
