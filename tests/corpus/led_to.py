"""Classes and functions to which only tables, attributes and classes of a module lead."""

import contextvars
import enum
import functools

from perdure import workflow
from tests.corpus.acts import echo


def with_error(cls):
    class DoesNotExist(Exception):
        pass

    cls.DoesNotExist = DoesNotExist
    return cls


@with_error
class User:
    class Meta:
        check = staticmethod(lambda value: value > 0)


ERRORS = {code: type(f"Http{code}", (Exception,), {"code": code}) for code in (404, 500)}
KINDS = {"a": enum.Enum("Kind", "X Y")}


def make(name):
    class Model:
        def __init__(self, value):
            self.value = value

        def __eq__(self, other):
            return type(other) is type(self) and other.value == self.value

    Model.__name__ = name
    return Model


MODELS = [make("User"), make("Order")]


@workflow
def classes():
    found = []
    user, kind = MODELS[0](1), KINDS["a"].X
    for error in (User.DoesNotExist, ERRORS[404]):
        try:
            try:
                raise error("gone")
            finally:
                found.append(echo("cleanup"))
        except error as caught:
            found.append((str(caught), isinstance(caught, error)))
    return found, user == MODELS[0](1), user == MODELS[1](1), kind is KINDS["a"].X


HANDLERS = []


def on(function):
    HANDLERS.append(function)


@on
def first(x):
    return echo(x)


@on
def second(x):
    return x + 1


def traced(function):
    @functools.wraps(function)
    def wrapper(x):
        return function(x)

    return wrapper


@traced
def third(x):
    return x + 2


STATES = {
    "idle": lambda event: STATES["busy"] if event else STATES["idle"],
    "busy": lambda event: STATES["idle"],
}


@workflow
def functions():
    handlers, state, check = [*HANDLERS], STATES["idle"], User.Meta.check
    inner, outer = third.__wrapped__, third
    echo(1)
    state = state(1)
    echo(2)
    same = [handler in HANDLERS for handler in handlers], state is STATES["busy"]
    same += check is User.Meta.check, inner is third.__wrapped__, outer is third
    return same, [handler(1) for handler in handlers], state(1) is STATES["idle"]


class Outside:
    """Says what it is within a context only."""

    @property
    def __class__(self):
        raise RuntimeError("outside of its context")


OUTSIDE = [Outside()]
VARIABLES = {"user": contextvars.ContextVar("user", default="nobody")}
MARKS = [object(), object()]


@workflow
def variables_and_marks():
    variable, mark = VARIABLES["user"], MARKS[1]
    variable.set("ann")
    echo(1)
    return variable.get(), VARIABLES["user"].get(), mark is MARKS[1], mark is MARKS[0]


def cases():
    return [
        ("classes", ()),
        ("functions", ()),
        ("variables_and_marks", ()),
    ]
