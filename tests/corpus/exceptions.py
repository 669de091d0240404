"""`try` with a suspension in each part, and each way of leaving each part."""

import sys

from perdure import workflow
from tests.corpus.acts import Misfit, Narrow, Silent, echo, fail, fail_if


@workflow
def every_part(kind):
    """Body, handlers, else and finally each suspend; only the right ones run, in order."""
    log = []
    try:
        log.append(echo("body"))
        fail_if(kind is not None, kind or ValueError, "x")
        log.append("survived")
    except KeyError as error:
        log.append(echo("key"))
        log.append(error.args)
    except (ValueError, TypeError) as error:
        log.append(echo("value"))
        log.append(str(error))
    else:
        log.append(echo("else"))
    finally:
        log.append(echo("finally"))
    return log


@workflow
def handler_order():
    """The first handler that matches wins; handlers' types are evaluated only when needed."""
    log = []

    def kind(name, result):
        log.append(name)
        return result

    try:
        fail(Narrow, 1)
    except kind("first", KeyError):
        log.append("wrong")
    except kind("second", (OSError, ValueError)):
        log.append(echo("right"))
    except kind("third", Narrow):
        log.append("too late")
    return log


@workflow
def handler_type_suspends():
    """The expression after `except` may suspend; the exception in flight must survive that."""
    try:
        fail(KeyError, "k")
    except (KeyError if echo(False) else ValueError):
        return "wrong"
    except (LookupError if echo(True) else ValueError) as error:
        return "right", error, sys.exception() is error


@workflow
def handler_type_is_no_type():
    """`except 5` raises TypeError while matching, with the first exception as context."""
    try:
        fail(KeyError, "k")
    except echo(5):
        pass


def leave(log, where):
    try:
        log.append(echo("body"))
        if where == "body":
            return "from body"
        fail_if(where in ("handler", "both"), ValueError, where)
    except ValueError:
        log.append(echo("handler"))
        return "from handler"
    else:
        if where == "else":
            return echo("from else")
    finally:
        log.append(echo("finally"))
        if where in ("finally", "both"):
            return "from finally"
    return "end"


@workflow
def leave_by_return(where):
    """return from body, handler, else or finally; finally always runs, the last return wins."""
    log = []
    return leave(log, where), log


@workflow
def return_value_before_finally():
    """The returned value is evaluated before the finally changes the variable."""
    x = 1
    xs = [1]
    try:
        return x, xs, echo(x)
    finally:
        x = echo(2)
        xs.append(x)


@workflow
def return_in_finally_overrides():
    """A return in finally swallows the exception in flight."""
    log = []
    try:
        log.append(echo(1))
        fail(ValueError, "lost")
    finally:
        log.append(echo(2))
        return log


@workflow
def return_in_finally_overrides_return():
    """A return in finally replaces the return in the body."""
    try:
        return echo("body")
    finally:
        if echo(True):
            return echo("finally")


@workflow
def finally_runs_on_break():
    """break and continue in body, handler and else pass through finally, each time."""
    log = []
    for i in range(6):
        try:
            if i == 0:
                continue
            fail_if(i in (1, 4), ValueError, i)
            if i == 2:
                log.append(echo("two"))
                continue
        except ValueError:
            if i == 4:
                break
            log.append(echo("handled"))
            continue
        else:
            log.append(("else", echo(i)))
        finally:
            log.append(("finally", echo(i)))
        log.append(("after", i))
    else:
        log.append("never")
    return log


@workflow
def break_in_finally():
    """A break in finally swallows the exception in flight and leaves the loop."""
    log = []
    while True:
        try:
            fail(ValueError, "lost")
        finally:
            log.append(echo("finally"))
            break
    log.append(sys.exception())
    return log


@workflow
def continue_in_finally():
    """A continue in finally swallows the exception, or the return, and goes on."""
    log = []
    for i in range(3):
        try:
            if i == 0:
                return "never"
            fail_if(i == 1, ValueError, i)
        finally:
            log.append(echo(i))
            if i < 2:
                continue
    else:
        log.append("else")
    return log


@workflow
def nested_finally():
    """Finallies run from the inside out, and each may replace the exception."""
    log = []
    try:
        try:
            try:
                fail(ValueError, "first")
            finally:
                log.append(echo("inner"))
        finally:
            log.append(echo("middle"))
            try:
                fail(KeyError, "inside finally")
            except KeyError as error:
                log.append(error.__context__)
            log.append(sys.exception())
    except ValueError as error:
        log.append((error, error.__context__))
    return log


@workflow
def raise_in_finally():
    """An exception raised in finally replaces the one in flight, which becomes its context."""
    try:
        fail(ValueError, "first")
    finally:
        echo("between")
        raise KeyError("second")


@workflow
def activity_fails_in_finally():
    """As above, but it is an activity that fails in the finally; return in flight is dropped."""
    try:
        return echo("lost")
    finally:
        fail(KeyError, "finally")


@workflow
def activity_fails_in_finally_with_exception():
    """The activity's exception gets the exception in flight as its context."""
    try:
        fail(ValueError, "first")
    finally:
        fail(KeyError, "finally")


@workflow
def finally_in_loop_keeps_state():
    """What the finally saved in one turn must not be used in the next one."""
    log = []
    for kind in (None, ValueError, None, KeyError):
        try:
            try:
                fail_if(kind is not None, kind or ValueError, len(log))
            finally:
                log.append(echo("f"))
        except LookupError:
            log.append("lookup")
        except ValueError:
            log.append("value")
        else:
            log.append("none")
    return log


@workflow
def loop_in_finally():
    """A whole loop inside a finally, with an exception in flight; its break is its own."""
    log = []
    try:
        fail(ValueError, "flight")
    finally:
        for i in range(4):
            if echo(i) == 2:
                break
            log.append(i)
        while echo(len(log)) < 4:
            log.append("w")
            continue
        log.append(type(sys.exception()).__name__)
        echo(log)


@workflow
def try_in_handler():
    """A handler with its own try: inner `raise` re-raises the inner one, outer the outer one."""
    log = []
    try:
        fail(ValueError, "outer")
    except ValueError as outer:
        try:
            fail(KeyError, "inner")
        except KeyError as inner:
            log.append(inner.__context__ is outer)
            log.append(echo(1))
            log.append(sys.exception() is inner)
        log.append(echo(2))
        log.append(sys.exception() is outer)
        raise


@workflow
def bare_raise_after_suspension():
    """`raise` after an activity in the handler re-raises the same exception, chain unchanged."""
    caught = None
    try:
        try:
            fail(ValueError, "again")
        except ValueError as error:
            caught = error
            echo("between")
            raise
    except ValueError as error:
        return error is caught, error.__context__, error.__cause__, error


@workflow
def raise_name_after_suspension():
    """`raise error` in its own handler keeps its context as it was."""
    try:
        try:
            fail(KeyError, "first")
        except KeyError:
            fail(ValueError, "second")
    except ValueError as error:
        echo("between")
        raise error


@workflow
def raise_from():
    """The cause is set, context too, and the context is suppressed."""
    try:
        fail(KeyError, "context")
    except KeyError as error:
        echo(1)
        raise ValueError(echo("text")) from TypeError(echo("cause"))


@workflow
def raise_from_none():
    """`from None` suppresses the context but keeps it."""
    try:
        fail(KeyError, "context")
    except KeyError:
        raise ValueError(echo("text")) from None


@workflow
def raise_from_caught():
    """Cause and context are one and the same object."""
    try:
        try:
            fail(KeyError, "cause")
        except KeyError as error:
            echo(1)
            raise Misfit(7, hint="h") from error
    except Misfit as error:
        echo(2)
        return error, error.__cause__ is error.__context__, error.__suppress_context__


@workflow
def raise_from_garbage():
    """A cause that is no exception: TypeError, with the handled exception as context."""
    try:
        fail(KeyError, "k")
    except KeyError:
        raise ValueError("v") from echo(5)


@workflow
def raise_class():
    """A class is instantiated by `raise`, after its cause is evaluated."""
    try:
        raise ValueError from echo(KeyError)
    except ValueError as error:
        echo(1)
        return error, type(error.__cause__)


@workflow
def raise_garbage():
    """`raise 5` is a TypeError."""
    raise echo(5)


@workflow
def stray_raise():
    """A bare raise without an exception is a RuntimeError, after handlers have ended too."""
    try:
        fail(ValueError, "over")
    except ValueError:
        echo("handled")
    raise


def again():
    echo("helper")
    raise


@workflow
def bare_raise_in_helper():
    """A helper's bare raise re-raises what its caller is handling."""
    try:
        fail(ValueError, "callers")
    except ValueError:
        again()


@workflow
def bare_raise_in_finally():
    """A bare raise in a finally re-raises what is in flight."""
    log = []
    try:
        try:
            fail(ValueError, "flight")
        finally:
            echo(1)
            raise
    except ValueError as error:
        log.append(error)
    return log


@workflow
def name_deleted_after_handler():
    """`as error` unbinds the name at the handler's end, and it stays unbound."""
    error = "before"
    try:
        fail(ValueError, "v")
    except ValueError as error:
        echo(1)
    echo(2)
    return error


@workflow
def name_rebound_in_handler():
    """Rebinding the name in the handler: it is deleted at the end all the same."""
    try:
        fail(ValueError, "v")
    except ValueError as error:
        error = echo("rebound")
        kept = error
    try:
        return error
    except UnboundLocalError as unbound:
        return kept, str(unbound)


@workflow
def name_deleted_in_handler():
    """Deleting the name in the handler must not fail at the end."""
    try:
        fail(ValueError, "v")
    except ValueError as error:
        del error
        echo(1)
    return "fine"


@workflow
def name_kept_when_not_raised():
    """Without an exception the name keeps its old value."""
    error = "old"
    try:
        echo(1)
    except ValueError as error:
        pass
    return error


@workflow
def name_deleted_on_every_way_out(way):
    """break, continue, raise out of a handler delete the name as well."""
    for i in range(3):
        try:
            try:
                fail(ValueError, i)
            except ValueError as error:
                echo(i)
                if way == "break":
                    break
                if way == "continue":
                    continue
                if way == "raise":
                    raise KeyError(i)
        except KeyError as other:
            echo(other.args)
    return error


@workflow
def handler_name_is_global_scope():
    """Two handlers with the same name in one another."""
    log = []
    try:
        fail(ValueError, "outer")
    except ValueError as error:
        try:
            fail(KeyError, "inner")
        except KeyError as error:
            log.append(echo(str(error)))
        try:
            log.append(error)
        except UnboundLocalError as gone:
            log.append(gone)
            log.append(sys.exception() is gone)
    return log


@workflow
def context_chain():
    """A chain of three handlers, each within another: A <- B <- C."""
    try:
        fail(ValueError, "a")
    except ValueError:
        echo(1)
        try:
            fail(KeyError, "b")
        except KeyError:
            echo(2)
            fail(TypeError, "c")


@workflow
def context_only_while_handling():
    """An exception raised after a handler has ended has no context."""
    try:
        fail(ValueError, "done")
    except ValueError:
        echo(1)
    fail(KeyError, "alone")


@workflow
def context_of_plain_error():
    """An error of the interpreter itself in a handler, after a suspension."""
    try:
        fail(ValueError, "first")
    except ValueError:
        zero = echo(0)
        return 1 / zero


@workflow
def context_in_else_and_finally():
    """No context in else; in finally that of what is in flight."""
    log = []
    try:
        try:
            echo(1)
        except ValueError:
            pass
        else:
            fail(KeyError, "else")
        finally:
            log.append(sys.exception())
            echo(2)
            log.append(sys.exception())
    except KeyError as error:
        log.append(error.__context__)
    try:
        log.append(sys.exception())
    finally:
        echo(3)
        log.append(sys.exception())
    return log


@workflow
def else_is_not_guarded():
    """The else's exception does not reach the handlers of the same try."""
    log = []
    try:
        try:
            echo(1)
        except ValueError:
            log.append("wrong")
        else:
            log.append(echo("else"))
            fail(ValueError, "from else")
    except ValueError:
        log.append("right")
    return log


@workflow
def handler_is_not_guarded():
    """A handler's exception does not reach its sibling handlers, but the finally."""
    log = []
    try:
        try:
            fail(KeyError, 1)
        except KeyError:
            fail(ValueError, echo(2))
        except ValueError:
            log.append("wrong")
        finally:
            log.append(echo("finally"))
    except ValueError as error:
        log.append(error.__context__)
    return log


@workflow
def current_exception():
    """sys.exception() in a handler is the exception, before and after each suspension."""
    log = [sys.exception()]
    try:
        fail(ValueError, "v")
    except ValueError as error:
        log.append(sys.exception() is error)
        echo(1)
        log.append(sys.exception() is error)
        log.append(sys.exc_info()[0])
        for i in range(2):
            echo(i)
            log.append(sys.exc_info()[1] is error)
    log.append(sys.exception())
    echo(2)
    log.append(sys.exception())
    return log


def look():
    before = sys.exception()
    echo(1)
    return before, before is sys.exception()


@workflow
def current_exception_in_helper():
    """A helper called from a handler sees the caller's exception, also after it suspended."""
    try:
        fail(ValueError, "v")
    except ValueError:
        return look(), look()


@workflow
def stored_and_raised_later():
    """An exception kept and raised out of any handler: chain and notes stay, no new context."""
    kept = []
    for kind in (ValueError, KeyError):
        try:
            fail(kind, "kept")
        except (ValueError, KeyError) as error:
            error.add_note("noted")
            kept.append(error)
    echo(1)
    kept[1].add_note("later")
    try:
        raise kept[0]
    except ValueError:
        echo(2)
        raise kept[1]


@workflow
def raised_twice():
    """One exception raised again inside another handler: its context is set anew."""
    try:
        fail(ValueError, "one")
    except ValueError as error:
        one = error
    try:
        fail(KeyError, "two")
    except KeyError as error:
        echo(1)
        try:
            raise one
        except ValueError as again:
            echo(2)
            return again is one, one.__context__ is error, error.__context__


@workflow
def exception_attributes():
    """Attributes, args changed afterwards, notes: an exception is an object like any other."""
    try:
        fail(ValueError, "v", 1)
    except ValueError as error:
        error.extra = shared = [1]
        error.args = (*error.args, "more")
        error.add_note("note")
        echo(1)
        shared.append(2)
        return error, error.extra is shared


@workflow
def exceptions_of_own_classes():
    """Classes whose __init__ does not fit their args, raised here and kept over a suspension."""
    log = []
    for error in (Misfit(1, hint=[2]), Silent("l", "r"), Narrow(), OSError(2, "text", "file")):
        try:
            raise error
        except Exception as caught:
            echo(str(caught))
            log.append((caught, caught is error))
    unicode = UnicodeDecodeError("utf-8", b"\xff", 0, 1, "why")
    try:
        raise unicode
    except UnicodeError as caught:
        echo(1)
        log.append(str(caught))
    return log


@workflow
def base_exceptions():
    """KeyboardInterrupt and SystemExit pass by `except Exception`, through finally."""
    log = []
    try:
        try:
            raise KeyboardInterrupt(echo("stop"))
        except Exception:
            log.append("wrong")
        finally:
            log.append(echo("finally"))
    except BaseException as error:
        log.append(error)
    try:
        sys.exit(echo(3))
    except SystemExit as error:
        log.append((error.code, echo(4)))
    return log


@workflow
def exception_group():
    """A group of exceptions as one value, with members shared."""
    one = ValueError("one")
    try:
        raise ExceptionGroup("many", [one, KeyError("two")])
    except ExceptionGroup as group:
        echo(1)
        values, rest = group.split(ValueError)
        return group, values, rest, values.exceptions[0] is one


@workflow
def try_without_suspension_inside_one_with():
    """A quiet try (which may stay native) between suspensions of an outer one."""
    log = []
    try:
        echo(1)
        try:
            {}["missing"]
        except KeyError as error:
            log.append(error)
            try:
                1 // 0
            except ZeroDivisionError as inner:
                log.append(inner.__context__ is error)
        finally:
            log.append("quiet")
        echo(2)
        [][1]
    except IndexError as error:
        log.append(error.__context__)
        echo(3)
    return log


@workflow
def quiet_try_in_handler():
    """A quiet try in a handler after a suspension: contexts chain to the handled one."""
    try:
        fail(ValueError, "outer")
    except ValueError as outer:
        echo(1)
        try:
            {}["missing"]
        except KeyError as inner:
            return inner.__context__ is outer, inner


@workflow
def deep_nesting():
    """All kinds of statements in one another; every way passes through each finally."""
    log = []
    for i in range(4):
        try:
            while True:
                try:
                    if i == 0:
                        break
                    try:
                        fail_if(i == 1, ValueError, i)
                        fail_if(i == 2, KeyError, i)
                        if i == 3:
                            return log
                    except KeyError:
                        log.append(echo("key"))
                        break
                    finally:
                        log.append(("inner", echo(i)))
                finally:
                    log.append(("middle", echo(i)))
        except ValueError as error:
            log.append(error)
            continue
        else:
            log.append("else")
        finally:
            log.append(("outer", echo(i)))


@workflow
def retry_loop(attempts):
    """The everyday loop: try, except, else break, for-else raise."""
    log = []
    for attempt in range(attempts):
        try:
            value = echo(attempt)
            fail_if(attempt < 2, ValueError, attempt)
        except ValueError as error:
            log.append(str(error))
            last = error
        else:
            break
    else:
        raise RuntimeError("gave up") from last
    return value, log


@workflow
def same_try_entered_again():
    """A `try` entered again from its own handler's loop, through a continue."""
    n = 0
    log = []
    while True:
        try:
            n += 1
            fail_if(n < 4, ValueError, n)
            break
        except ValueError as error:
            log.append(error.__context__)
            echo(n)
            continue
    return log, n


def down(n, log):
    try:
        if n == 0:
            fail(ValueError, "bottom")
        return down(n - 1, log)
    finally:
        log.append(echo(n))


@workflow
def unwinding_through_helpers():
    """An exception that passes through several frames, each with a finally that suspends."""
    log = []
    try:
        down(3, log)
    except ValueError as error:
        return error, log


@workflow
def finally_changes_nothing_in_return():
    """An exception caught inside a finally does not disturb the return in flight."""
    try:
        return echo("value")
    finally:
        try:
            fail(ValueError, "inside")
        except ValueError:
            echo("caught")


@workflow
def exception_equal_but_not_same():
    """Two equal exceptions stay two, one kept twice stays one."""
    errors = [ValueError("x"), ValueError("x")]
    errors.append(errors[0])
    echo(1)
    errors[0].add_note("mark")
    return errors, errors[0] is errors[2], errors[0] is errors[1]


def read_caught():
    return echo(repr(_caught))


@workflow
def name_read_by_others():
    """What `except … as e` binds can be read by functions inside, and as a global, while the handler is stopped."""
    global _caught

    def seen():
        return echo(repr(e))

    found = []
    for n in range(3):
        try:
            raise KeyError(echo(n))
        except KeyError as e:
            found.append(seen())
            if n == 1:
                break
    try:
        raise ExceptionGroup("g", [KeyError(echo(1)), ValueError(2)])
    except* KeyError as e:
        found.append(seen())
    except* ValueError as e:
        found.append(seen())
    try:
        seen()
    except NameError as error:
        found.append(str(error))
    try:
        raise KeyError(echo("global"))
    except KeyError as _caught:
        found.append(read_caught())
    return found, "_caught" in globals()


@workflow
def rest_of_a_group():
    """What no `except*` takes goes on with the attributes that split() gives it."""
    try:
        try:
            raise ExceptionGroup("g", [KeyError(1), ValueError(2), OSError(3)])
        except* KeyError:
            echo(1)
        except* OSError:
            raise TypeError(echo(2))
    except ExceptionGroup as error:
        return [(repr(e), e.__suppress_context__, e.__cause__) for e in (error, *error.exceptions)]


@workflow
def context_cycle():
    """A context that leads back to an exception being handled stays what the program made it."""
    try:
        raise KeyError("a")
    except KeyError as first:
        a = first
        try:
            raise ValueError("b")
        except ValueError as second:
            b = second
            try:
                raise TypeError("c")
            except TypeError as third:
                c = third
                a.__context__ = c
                n = echo(1)
                before = a.__context__ is c, b.__context__ is a, c.__context__ is b
                n += echo(2)
    return n, before, a.__context__ is c, b.__context__ is a, c.__context__ is b


# Those that are to end with an error.
RAISES = frozenset(
    "activity_fails_in_finally activity_fails_in_finally_with_exception"
    " bare_raise_in_helper context_chain context_of_plain_error"
    " context_only_while_handling every_part handler_type_is_no_type loop_in_finally"
    " name_deleted_after_handler name_deleted_on_every_way_out raise_from"
    " raise_from_garbage raise_from_none raise_garbage raise_in_finally"
    " raise_name_after_suspension retry_loop stored_and_raised_later stray_raise"
    " try_in_handler".split()
)


def cases():
    return [
        ("context_cycle", ()),
        ("rest_of_a_group", ()),
        ("name_read_by_others", ()),
        ("every_part", (None,)),
        ("every_part", (KeyError,)),
        ("every_part", (Narrow,)),
        ("every_part", (RuntimeError,)),
        ("handler_order", ()),
        ("handler_type_suspends", ()),
        ("handler_type_is_no_type", ()),
        *[("leave_by_return", (where,)) for where in ("body", "handler", "else", "finally", "both", "")],
        ("return_value_before_finally", ()),
        ("return_in_finally_overrides", ()),
        ("return_in_finally_overrides_return", ()),
        ("finally_runs_on_break", ()),
        ("break_in_finally", ()),
        ("continue_in_finally", ()),
        ("nested_finally", ()),
        ("raise_in_finally", ()),
        ("activity_fails_in_finally", ()),
        ("activity_fails_in_finally_with_exception", ()),
        ("finally_in_loop_keeps_state", ()),
        ("loop_in_finally", ()),
        ("try_in_handler", ()),
        ("bare_raise_after_suspension", ()),
        ("raise_name_after_suspension", ()),
        ("raise_from", ()),
        ("raise_from_none", ()),
        ("raise_from_caught", ()),
        ("raise_from_garbage", ()),
        ("raise_class", ()),
        ("raise_garbage", ()),
        ("stray_raise", ()),
        ("bare_raise_in_helper", ()),
        ("bare_raise_in_finally", ()),
        ("name_deleted_after_handler", ()),
        ("name_rebound_in_handler", ()),
        ("name_deleted_in_handler", ()),
        ("name_kept_when_not_raised", ()),
        ("name_deleted_on_every_way_out", ("break",)),
        ("name_deleted_on_every_way_out", ("continue",)),
        ("name_deleted_on_every_way_out", ("raise",)),
        ("handler_name_is_global_scope", ()),
        ("context_chain", ()),
        ("context_only_while_handling", ()),
        ("context_of_plain_error", ()),
        ("context_in_else_and_finally", ()),
        ("else_is_not_guarded", ()),
        ("handler_is_not_guarded", ()),
        ("current_exception", ()),
        ("current_exception_in_helper", ()),
        ("stored_and_raised_later", ()),
        ("raised_twice", ()),
        ("exception_attributes", ()),
        ("exceptions_of_own_classes", ()),
        ("base_exceptions", ()),
        ("exception_group", ()),
        ("try_without_suspension_inside_one_with", ()),
        ("quiet_try_in_handler", ()),
        ("deep_nesting", ()),
        ("retry_loop", (5,)),
        ("retry_loop", (2,)),
        ("same_try_entered_again", ()),
        ("unwinding_through_helpers", ()),
        ("finally_changes_nothing_in_return", ()),
        ("exception_equal_but_not_same", ()),
    ]
