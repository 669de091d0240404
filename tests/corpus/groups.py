"""`except*` around suspensions: what each handler is given, and what is raised in the end."""

import sys

from perdure import workflow
from tests.corpus.acts import echo, fail


def grouped(*errors):
    return ExceptionGroup("group", list(errors))


def shape(error):
    if isinstance(error, BaseExceptionGroup):
        return (type(error).__name__, error.message, [shape(e) for e in error.exceptions])
    return (type(error).__name__, *error.args)


@workflow
def split_between_handlers():
    """Each handler gets its part, as a group, in the order of the handlers."""
    log = []
    try:
        echo("body")
        raise grouped(ValueError(1), KeyError(2), grouped(ValueError(3), OSError(4)))
    except* ValueError as error:
        log.append(("value", echo(shape(error))))
    except* (KeyError, OSError) as error:
        log.append(("others", echo(shape(error))))
    return log


@workflow
def rest_is_raised():
    """What no handler takes is raised again, in the group's shape."""
    log = []
    try:
        try:
            raise grouped(ValueError(1), grouped(TypeError(2), KeyError(3)))
        except* ValueError:
            log.append(echo("handled"))
    except ExceptionGroup as rest:
        log.append(shape(rest))
    return log


@workflow
def naked_exception():
    """An exception that is no group comes to the handler in one, with an empty message."""
    log = []
    try:
        fail(ValueError, "alone")
    except* ValueError as error:
        log.append(echo(shape(error)))
    try:
        try:
            fail(KeyError, "other")
        except* ValueError:
            log.append(echo("never"))
    except KeyError as error:
        log.append(("not wrapped", error.args, error.__context__ is None))
    return log


@workflow
def with_else_and_finally(bad):
    """else runs when nothing was raised, finally at any rate."""
    log = []
    try:
        try:
            if echo(bad):
                raise grouped(bad, IndexError(0))
        except* ValueError as error:
            log.append(("handler", echo(len(error.exceptions))))
        else:
            log.append(echo("else"))
        finally:
            log.append(echo("finally"))
    except* IndexError as error:
        log.append(shape(error))
    return log


@workflow
def nothing_raised():
    """Without an exception no handler runs; what follows does."""
    try:
        x = echo(1)
    except* ValueError:
        x = echo(2)
    return x, echo(3)


@workflow
def handlers_raise():
    """What handlers raise is joined with what is left; each has its part as context."""
    log = []
    try:
        try:
            raise grouped(ValueError(1), KeyError(2), OSError(3))
        except* ValueError as error:
            echo("first")
            raise TypeError("new") from error
        except* KeyError:
            fail(RuntimeError, "from an activity")
    except BaseExceptionGroup as error:
        log.append(shape(error))
        log.extend(shape(e.__context__) if e.__context__ else None for e in error.exceptions)
        log.extend(shape(e.__cause__) if e.__cause__ else None for e in error.exceptions)
    return log


@workflow
def raise_again():
    """A bare raise in a handler keeps its part in the group."""
    try:
        try:
            raise grouped(ValueError(1), KeyError(2), KeyError(3))
        except* KeyError:
            echo("again")
            raise
        except* ValueError:
            echo("gone")
    except* KeyError as error:
        left = shape(error)
    return left


@workflow
def what_is_handled():
    """sys.exception() in a handler is its part, and afterwards what it was before."""
    log = []
    try:
        try:
            raise grouped(ValueError(1), KeyError(2))
        except* ValueError as error:
            echo(1)
            log.append(sys.exception() is error)
        except* KeyError as error:
            log.append(sys.exception() is error)
            echo(2)
            log.append(sys.exception() is error)
    finally:
        log.append(sys.exception())
    return log


@workflow
def name_is_unbound_afterwards():
    """`as error` is gone behind its handler."""
    try:
        raise grouped(ValueError(1))
    except* ValueError as error:
        echo(error.message)
    try:
        return error
    except UnboundLocalError as unbound:
        return str(unbound)


@workflow
def types_that_suspend():
    """The types of handlers are expressions, evaluated while the exception is handled."""
    kinds = {"value": ValueError, "key": KeyError}
    log = []
    try:
        raise grouped(ValueError(1), KeyError(2))
    except* kinds[echo("value")] as error:
        log.append(echo(shape(error)))
    except* kinds[echo("key")]:
        log.append("key")
    return log


@workflow
def wrong_types():
    """except* takes no group type, and nothing that is no exception."""
    log = []
    for kind in (ExceptionGroup, 5):
        try:
            try:
                fail(ValueError, "x")
            except* kind:
                echo("never")
        except TypeError as error:
            log.append(str(error))
    return log


@workflow
def in_loops():
    """except* inside a loop whose turns are left by continue and break around it."""
    log = []
    for i in range(5):
        try:
            if i == 1:
                continue
            if i == 3:
                break
            if i == 2:
                raise grouped(ValueError(i))
            log.append(echo(i))
        except* ValueError as error:
            log.append(echo(shape(error)))
        finally:
            log.append(("finally", echo(i)))
    return log


@workflow
def nested_groups():
    """except* in the handler of an except*."""
    log = []
    try:
        raise grouped(ValueError(1), KeyError(2))
    except* ValueError:
        try:
            raise grouped(OSError(3), TypeError(4))
        except* OSError as error:
            log.append(echo(shape(error)))
        except* TypeError as error:
            log.append(echo(shape(error)))
    except* KeyError as error:
        log.append(echo(shape(error)))
    return log


@workflow
def derived_groups():
    """A subclass with derive() and attributes of its own is split into groups of its kind."""
    log = []
    try:
        raise Special("special", [ValueError(1), KeyError(2)])
    except* ValueError as error:
        log.append((type(error).__name__, echo(shape(error))))
    except* KeyError as error:
        log.append((type(error).__name__, echo(shape(error))))
    return log


class Special(ExceptionGroup):
    def derive(self, errors):
        return Special(self.message, errors)


@workflow
def out_of_the_function():
    """What is left leaves the workflow as its error."""
    try:
        echo("body")
        raise grouped(ValueError(1), KeyError(2))
    except* ValueError:
        echo("handled")


@workflow
def empty_handlers():
    """Handlers without a suspension beside a body with one."""
    try:
        fail(ValueError, 1)
    except* ValueError:
        pass
    except* KeyError:
        raise
    return echo("after")


@workflow
def next_handler_of_a_group():
    log = []
    try:
        try:
            raise ExceptionGroup("g", [ValueError(echo(1)), KeyError(2)])
        except* OSError:
            echo(3)
        except* Exception as e:
            log.append(e)
            assert echo(0), None
    except Exception as last:
        log.append(last)
    return log, log[0].__suppress_context__


@workflow
def unbound_in_a_body():
    """A variable that a function shares, missing in the body of `except*`."""
    try:
        try:
            echo(missing)
        except* KeyError:
            missing = 1
    except NameError as error:
        found = repr(error)
    reader = lambda: missing
    return found, callable(reader)


# Those that are to end with an error.
RAISES = {"out_of_the_function"}


def cases():
    return [
        ("unbound_in_a_body", ()),
        ("next_handler_of_a_group", ()),
        ("split_between_handlers", ()),
        ("rest_is_raised", ()),
        ("naked_exception", ()),
        ("with_else_and_finally", (None,)),
        ("with_else_and_finally", (ValueError(1),)),
        ("nothing_raised", ()),
        ("handlers_raise", ()),
        ("raise_again", ()),
        ("what_is_handled", ()),
        ("name_is_unbound_afterwards", ()),
        ("types_that_suspend", ()),
        ("wrong_types", ()),
        ("in_loops", ()),
        ("nested_groups", ()),
        ("derived_groups", ()),
        ("empty_handlers", ()),
        ("out_of_the_function", ()),
    ]
