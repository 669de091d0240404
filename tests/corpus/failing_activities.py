"""Exceptions that activities raise: caught by type, with their notes, causes and attributes."""

from perdure import activity, workflow
from tests.corpus.acts import (
    Misfit,
    Narrow,
    Silent,
    echo,
    fail,
    fail_during,
    fail_from,
    fail_misfit,
    fail_noted,
)


@activity
def fail_silent(left, right):
    raise Silent(left, right)


@activity
def fail_slots(text):
    raise Slotted(text)


class Slotted(Exception):
    __slots__ = ("where",)

    def __init__(self, text):
        super().__init__(text)
        self.where = text.upper()


@workflow
def caught_by_type():
    """By its class, a base class, a tuple, anything."""
    log = []
    for kind in (Narrow, KeyError, ZeroDivisionError, OSError):
        try:
            fail(kind, "x")
        except Narrow as error:
            log.append(("own", error))
        except LookupError as error:
            log.append(("base", error))
        except (TypeError, ArithmeticError) as error:
            log.append(("tuple", error))
        except Exception as error:
            log.append(("any", error))
    return log


@workflow
def caught_by_nested_tuple():
    """Tuples do not nest after `except`: a TypeError, with the activity's exception as context."""
    try:
        fail(KeyError, "x")
    except (TypeError, (ArithmeticError, KeyError)):
        echo("never")


@workflow
def not_caught():
    """What no handler takes leaves the workflow as it is."""
    try:
        fail(KeyError, "k", 2)
    except (ValueError, TypeError):
        echo("never")


@workflow
def misfit_leaves():
    """A class whose __init__ does not take its args leaves the workflow, with its attributes."""
    fail_misfit(3, ["hint"])


@workflow
def misfit_caught():
    """The same, caught, kept over a suspension and returned."""
    try:
        fail_misfit(3, ["hint"])
    except Misfit as error:
        echo(error.code)
        return error, error.code, error.hint, str(error)


@workflow
def silent_and_slotted():
    """Classes that hand nothing on to args, or keep their state in slots."""
    log = []
    try:
        fail_silent(1, [2])
    except Silent as error:
        echo(1)
        log.append((str(error), error.left, error.right))
    try:
        fail_slots("here")
    except Slotted as error:
        echo(2)
        log.append((str(error), error.where))
    return log


@workflow
def notes():
    """Notes of the activity, then notes of the workflow, in their order."""
    try:
        try:
            fail_noted(ValueError, "v", "one", "two")
        except ValueError as error:
            error.add_note("three")
            echo(error.__notes__)
            raise
    except ValueError as error:
        error.__notes__.append("four")
        echo(0)
        raise


@workflow
def cause_of_activity():
    """The activity's own `raise ... from` comes with it."""
    fail_from(ValueError, "v", KeyError, "cause")


@workflow
def cause_of_activity_in_handler():
    """The activity's cause stays, the context becomes the exception handled here."""
    try:
        fail(TypeError, "handled")
    except TypeError:
        fail_from(ValueError, "v", KeyError, "cause")


@workflow
def context_of_activity():
    """The activity's own context comes with it."""
    fail_during(ValueError, "second", KeyError, "first")


@workflow
def context_of_activity_in_handler():
    """The exception handled here stands at the end of the activity's own chain of contexts."""
    try:
        fail(TypeError, "handled")
    except TypeError:
        echo(1)
        fail_during(ValueError, "second", KeyError, "first")


@workflow
def failures_in_expressions():
    """An activity fails in the middle of an expression: what was on its right is not called."""
    log = []
    try:
        log.append([echo(1), fail(ValueError, 1), echo("never")])
    except ValueError as error:
        log.append(error)
    try:
        log += [echo(x) if x < 2 else fail(KeyError, x) for x in range(4)]
    except KeyError as error:
        log.append(error)
    return log


@workflow
def failure_in_loop_head():
    """An activity that fails in the iterable, in the test, in the target."""
    log = []
    try:
        for x in fail(ValueError, "iterable"):
            log.append(x)
        else:
            log.append("never")
    except ValueError as error:
        log.append(error)
    try:
        while fail(ValueError, "test"):
            pass
    except ValueError as error:
        log.append(error)
    try:
        for log[fail(ValueError, "target")] in [1, 2]:
            log.append("never")
    except ValueError as error:
        log.append(error)
    return log


@workflow
def failure_in_augmented():
    """The target is unchanged if the activity fails."""
    x = 1
    d = {"k": 1}
    for _ in range(2):
        try:
            x += 1
            d["k"] += fail(ValueError, x)
        except ValueError:
            x += echo(10)
    return x, d


@workflow
def wrong_arguments():
    """An activity called with arguments it does not take: TypeError, caught like any other."""
    try:
        echo(1, 2, 3)
    except TypeError as error:
        return str(error)


@workflow
def stop_iteration_from_activity():
    """StopIteration from an activity inside a for must not end the loop silently."""
    log = []
    try:
        for x in [1, 2, 3]:
            log.append(x)
            if x == 2:
                fail(StopIteration, x)
    except StopIteration as error:
        log.append(error.value)
    return log


def noting(n):
    try:
        if n == 0:
            fail(Narrow, "deep")
        noting(n - 1)
    except ValueError as error:
        error.add_note(f"level {echo(n)}")
        raise


@workflow
def raised_through_helpers():
    """The exception passes through helpers that add notes and re-raise."""
    noting(2)


@workflow
def class_kept_by_reference():
    """type(error) is the very class, also after checkpoints."""
    try:
        fail(Narrow, 1)
    except ValueError as error:
        kept = error
    echo(1)
    return type(kept) is Narrow, isinstance(kept, ValueError), kept


@workflow
def assertion_from_activity():
    """AssertionError, StopAsyncIteration, RecursionError: nothing is special about them."""
    log = []
    for kind in (AssertionError, StopAsyncIteration, RecursionError, MemoryError):
        try:
            fail(kind, "x")
        except BaseException as error:
            log.append((kind is type(error), error.args))
    return log


# Those that are to end with an error.
RAISES = frozenset(
    "caught_by_nested_tuple cause_of_activity cause_of_activity_in_handler"
    " context_of_activity context_of_activity_in_handler misfit_leaves not_caught notes"
    " raised_through_helpers".split()
)


def cases():
    return [
        ("caught_by_type", ()),
        ("caught_by_nested_tuple", ()),
        ("not_caught", ()),
        ("misfit_leaves", ()),
        ("misfit_caught", ()),
        ("silent_and_slotted", ()),
        ("notes", ()),
        ("cause_of_activity", ()),
        ("cause_of_activity_in_handler", ()),
        ("context_of_activity", ()),
        ("context_of_activity_in_handler", ()),
        ("failures_in_expressions", ()),
        ("failure_in_loop_head", ()),
        ("failure_in_augmented", ()),
        ("wrong_arguments", ()),
        ("stop_iteration_from_activity", ()),
        ("raised_through_helpers", ()),
        ("class_kept_by_reference", ()),
        ("assertion_from_activity", ()),
    ]
