"""`with` around suspensions: entered once, left once, with what `__exit__` is told and answers."""

import contextlib
import sys

from perdure import workflow
from tests.corpus.acts import echo, fail, fail_if


class Scope:
    def __init__(self, log, name, swallow=False, gives=None, enter=None, leave=None):
        self.log = log
        self.name = name
        self.swallow = swallow
        self.gives = name if gives is None else gives
        self.enter = enter
        self.leave = leave

    def __enter__(self):
        self.log.append(f"enter {self.name}")
        if self.enter:
            raise self.enter
        return self.gives

    def __exit__(self, kind, error, trace):
        seen = sys.exception()
        self.log.append((f"exit {self.name}", kind, error, type(error) is (kind or type(None)), seen is error))
        self.log.append((trace is None) == (error is None))
        if self.leave:
            raise self.leave
        return self.swallow


@workflow
def plain():
    """Entered before the body, left after it, once each."""
    log = []
    with Scope(log, "a") as name:
        log.append(echo(name))
    log.append(echo("after"))
    return log


@workflow
def several_items():
    """Items are entered from left to right and left from right to left; later ones see earlier names."""
    log = []
    with Scope(log, echo("a")) as a, Scope(log, a + echo("b")) as b, Scope(log, "c"):
        log.append(echo((a, b)))
    return log


@workflow
def swallows(swallow):
    """A true value of __exit__ swallows the exception; what follows the with goes on."""
    log = []
    try:
        with Scope(log, "outer"), Scope(log, "inner", swallow=echo(swallow)):
            log.append(echo("body"))
            fail(ValueError, "x")
            log.append("never")
        log.append(echo("after"))
    except ValueError as error:
        log.append(error)
    return log


@workflow
def swallow_is_any_object():
    """The answer of __exit__ is tested for truth: a full list swallows, an empty one does not."""
    log = []
    with Scope(log, "full", swallow=["x"]):
        echo(1)
        raise KeyError(1)
    with Scope(log, "empty", swallow=[]):
        echo(2)
        raise KeyError(2)


@workflow
def exit_raises():
    """__exit__'s own exception replaces the body's, which becomes its context."""
    log = []
    with Scope(log, "a", leave=KeyError("exit")):
        echo(1)
        fail(ValueError, "body")


@workflow
def exit_raises_without_error():
    """__exit__ raises although the body was left by return: the return is dropped."""
    log = []
    try:
        with Scope(log, "a", leave=KeyError("exit")):
            return echo("lost")
    except KeyError as error:
        return error, error.__context__, log


@workflow
def enter_raises():
    """If the second __enter__ raises, the first one is left, told of it; the second is not."""
    log = []
    try:
        with Scope(log, echo("a")), Scope(log, "b", enter=ValueError("enter")):
            log.append("never")
    except ValueError as error:
        log.append(echo(str(error)))
    return log


@workflow
def context_expression_fails():
    """An activity that fails as context expression: nothing of its own to leave, but the first item."""
    log = []
    with Scope(log, "a", swallow=True), fail(ValueError, "expression"):
        log.append("never")
    log.append(echo("after"))
    return log


def leave(log):
    for i in range(3):
        with Scope(log, "a"):
            with Scope(log, "b", swallow=True):
                if echo(i) == 1:
                    return echo("value")


@workflow
def leave_by_return():
    """Return out of two withs inside a loop; __exit__ is told of no exception."""
    log = []
    return leave(log), log


@workflow
def leave_by_break_and_continue():
    """break and continue out of a with: __exit__ first, its answer means nothing."""
    log = []
    for i in range(4):
        with Scope(log, i, swallow=True):
            if echo(i) == 1:
                continue
            if i == 2:
                break
            log.append("end")
        log.append("after")
    else:
        log.append("never")
    return log


class Holder:
    pass


class Half:
    def __enter__(self):
        raise AssertionError("must not be entered")


@workflow
def targets():
    """`as` targets of every shape, with suspensions in them."""
    log = []
    d, xs = {}, [0]
    holder = Holder()
    with (
        Scope(log, 1, gives=(1, [2, 3])) as (a, [b, *c]),
        Scope(log, 2) as d[echo("k")],
        Scope(log, 3) as xs[echo(0)],
        Scope(log, 4) as holder.v,
        Scope(log, 5, gives="xyz") as [first, *xs[echo(0):]],
    ):
        echo((a, b, c))
    return d, xs, holder.v, first, len(log)


@workflow
def target_fails():
    """A target that cannot be bound is an error of the body: __exit__ is told, and may swallow."""
    log = []
    with Scope(log, "a", swallow=True, gives=(1, 2, 3)) as (a, b):
        log.append("never")
    with Scope(log, "b", swallow=True) as {}[fail(KeyError, "target")]:
        log.append("never")
    log.append(echo("after"))
    return log


@workflow
def exit_looked_up_early():
    """__enter__ and __exit__ are looked up on the class before __enter__ is called."""
    try:
        with Half():
            echo("never")
    except TypeError as error:
        return str(error)


@workflow
def not_a_manager():
    """`with 5` is a TypeError, with its text."""
    try:
        with echo(5) as x:
            pass
    except TypeError as error:
        return str(error)


@workflow
def exit_on_the_class():
    """An instance's own `__exit__` attribute is not used; rebinding the name changes nothing."""
    log = []
    manager = Scope(log, "a")
    manager.__exit__ = lambda *args: log.append("wrong")
    with manager as name:
        echo(1)
        manager = None
    return log


@workflow
def manager_entered_twice():
    """One manager entered again inside itself."""
    log = []
    manager = Scope(log, "a")
    with manager:
        with manager:
            echo(1)
        echo(2)
    return log, manager.log is log


@workflow
def state_shared():
    """The manager's state and the local list are one object, also after checkpoints."""
    log = []
    with Scope(log, "a") as a:
        log.append(echo(1))
        log = ["other"]
        echo(2)
    return log


@workflow
def with_in_finally():
    """A with inside a finally while an exception is in flight: it is not told of that one."""
    log = []
    try:
        try:
            fail(ValueError, "flight")
        finally:
            with Scope(log, "a", swallow=True):
                log.append(echo("inside"))
    except ValueError as error:
        log.append(error)
    return log


@workflow
def with_in_handler():
    """A with in a handler: sys.exception() in __exit__ is the handled one, or the new one."""
    log = []
    try:
        fail(ValueError, "handled")
    except ValueError as error:
        with Scope(log, "a"):
            echo(1)
        log.append(sys.exception() is error)
        with Scope(log, "b", swallow=True):
            echo(2)
            raise KeyError("new")
        log.append(sys.exception() is error)
        raise


@workflow
def try_in_with_in_try():
    """Finally, with, except in one another, each way out once."""
    log = []
    for i in range(4):
        try:
            with Scope(log, i, swallow=i == 2):
                try:
                    fail_if(i in (1, 2), ValueError, i)
                    if i == 3:
                        break
                finally:
                    log.append(echo(i))
            log.append("after")
        except ValueError as error:
            log.append(error)
    return len(log), log


@workflow
def suppress():
    """A manager of the standard library around an activity."""
    with contextlib.suppress(KeyError, ValueError):
        fail(KeyError, "gone")
    with contextlib.suppress(KeyError):
        fail(ValueError, "stays")


@workflow
def quiet_with():
    """A with without a suspension between two."""
    log = []
    echo(1)
    with Scope(log, "quiet", swallow=True) as name:
        log.append(name)
        1 // 0
    echo(2)
    return log


@workflow
def names_bound_inside():
    """A with is no scope: names bound inside are there afterwards, unless swallowed before."""
    log = []
    with Scope(log, "a", swallow=True):
        x = echo(1)
        fail(ValueError, "v")
        y = 2
    try:
        return x, y
    except UnboundLocalError as error:
        return x, str(error)


@workflow
def exit_told_of_an_unbound_name():
    """A variable that a function inside shares is a local to `__exit__` and `finally` as well."""
    log, shared = [], echo(1)

    def read():
        return shared

    log.append(read())
    del read.__closure__[0].cell_contents
    with Scope(log, "stopped", swallow=True):
        log.append(echo(2))
        log.append(shared)
    with Scope(log, "quiet", swallow=True):
        log.append(shared)
    try:
        try:
            echo(3)
            echo(shared)
        finally:
            log.append((echo(4), repr(sys.exception())))
    except NameError as error:
        log.append(repr(error))
    return log


def raise_it(error):
    echo(repr(error))
    raise error


def chain(error):
    found = []
    while error is not None and len(found) < 12:
        found.append(repr(error))
        error = error.__context__
    return found


@workflow
def exit_stack_chains():
    """The contexts that an ExitStack sets are those that come out of it."""
    saved = []

    def suppress(*details):
        saved.extend(details)
        return echo(True)

    try:
        with contextlib.ExitStack() as stack:
            stack.callback(raise_it, IndexError("i"))
            stack.callback(raise_it, KeyError("k"))
            stack.callback(raise_it, AttributeError("a"))
            stack.push(suppress)
            stack.callback(raise_it, ValueError("v"))
            stack.push(lambda *details: echo(False))
            1 / 0  # noqa: B018
    except IndexError as error:
        return chain(error), chain(saved[1])


@contextlib.contextmanager
def without_context():
    try:
        yield echo("enter")
    except BaseException:
        error = LookupError()
        try:
            raise error
        finally:
            echo("raised")
            error.__context__ = None


@workflow
def context_taken_away():
    """An exception that was given no context has none where it is caught, however far out."""
    out = []
    try:
        with without_context():
            raise IndexError
    except LookupError as error:
        out.append(chain(error))
    try:
        try:
            raise KeyError
        except KeyError:
            with contextlib.ExitStack() as stack:
                stack.enter_context(without_context())
                raise IndexError
    except LookupError as error:
        out.append(chain(error))
    return out


@workflow
def context_put_in_a_circle():
    """What passes through a handler does not change the contexts of what is handled there."""
    def helper(error, outer):
        try:
            raise_it(error)
        finally:
            echo("finally")
            error.__context__ = None
            outer.__context__ = error

    outer, inner = ValueError("outer"), KeyError("inner")
    try:
        raise outer
    except ValueError:
        try:
            helper(inner, outer)
        except KeyError as caught:
            return chain(caught), chain(outer)


# Those that are to end with an error.
RAISES = frozenset(
    "exit_raises suppress swallow_is_any_object with_in_handler".split()
)


def cases():
    return [
        ("exit_told_of_an_unbound_name", ()),
        ("plain", ()),
        ("several_items", ()),
        ("swallows", (True,)),
        ("swallows", (False,)),
        ("swallow_is_any_object", ()),
        ("exit_raises", ()),
        ("exit_raises_without_error", ()),
        ("enter_raises", ()),
        ("context_expression_fails", ()),
        ("leave_by_return", ()),
        ("leave_by_break_and_continue", ()),
        ("targets", ()),
        ("target_fails", ()),
        ("exit_looked_up_early", ()),
        ("not_a_manager", ()),
        ("exit_on_the_class", ()),
        ("manager_entered_twice", ()),
        ("state_shared", ()),
        ("with_in_finally", ()),
        ("with_in_handler", ()),
        ("try_in_with_in_try", ()),
        ("suppress", ()),
        ("quiet_with", ()),
        ("names_bound_inside", ()),
        ("exit_stack_chains", ()),
        ("context_taken_away", ()),
        ("context_put_in_a_circle", ()),
    ]
