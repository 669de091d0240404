"""Names: unbound, deleted, global, rebound, and odd ones a compiler may want for itself."""

import contextlib

from perdure import workflow
from tests.corpus.acts import add, echo, fail, less

COUNT = 0
TABLE = {"fixed": [1, 2]}


@workflow
def unbound_branch(flag):
    """A name bound in one branch only: read after a join it raises UnboundLocalError."""
    if echo(flag):
        x = echo(1)
    echo(2)
    return x


@workflow
def unbound_caught():
    """The text of UnboundLocalError, also for a deleted name, a deletion, an augmented assignment."""
    texts = []
    if echo(False):
        x = 1
    for attempt in range(4):
        try:
            echo(attempt)
            if attempt == 0:
                x
            elif attempt == 1:
                del x
            elif attempt == 2:
                x += 1
            else:
                x = 1
                del x
                echo("deleted")
                x()
        except NameError as error:
            texts.append((type(error), str(error), error.name))
    return texts


@workflow
def deleted_then_bound():
    """del and rebinding across suspensions and turns of a loop."""
    log = []
    for i in range(4):
        if i % 2 == 0:
            x = echo(i)
        else:
            del x
        try:
            log.append(x)
        except UnboundLocalError:
            log.append("unbound")
        echo(i)
    return log


@workflow
def bound_in_try():
    """A name bound before or after the failure in a try."""
    try:
        early = echo(1)
        fail(ValueError, "v")
        late = echo(2)
    except ValueError:
        log = [early]
    try:
        log.append(late)
    except UnboundLocalError as error:
        log.append(str(error))
    return log


@workflow
def unbound_argument(a):
    """A parameter that was deleted; the name as operand after a suspension."""
    b = a
    del a
    echo(1)
    return b + echo(2) + a


@workflow
def unbound_left_of_suspension():
    """An unbound left operand raises before the activity to its right is called."""
    if echo(False):
        x = 1
    return x + echo("never")


@workflow
def undefined_global():
    """A name that is nowhere: NameError, not UnboundLocalError."""
    echo(1)
    return nowhere + echo("never")  # noqa: F821


@workflow
def unbound_loop_target():
    """A del of the loop's variable in the body; else and code after it see it unbound."""
    log = []
    for i in range(3):
        log.append(echo(i))
        del i
    try:
        log.append(i)
    except UnboundLocalError as error:
        log.append(str(error))
    return log


@workflow
def global_statement():
    """Reads and writes of a module's global around suspensions, from helpers too."""
    global COUNT
    COUNT = 0
    log = []
    for i in range(3):
        COUNT += echo(i)
        bump(10)
        log.append(COUNT)
    COUNT = COUNT + echo(1) + (COUNT := 1000) if False else COUNT
    return log, COUNT


def bump(by):
    global COUNT
    COUNT += echo(by)
    return COUNT


@workflow
def global_read_late():
    """A global is read when it is reached, not when the workflow starts."""
    global COUNT
    COUNT = 1
    return COUNT + bump(5) + COUNT + echo(0) + bump(1)


@workflow
def global_deleted():
    """A global that is deleted, and bound again."""
    global SCRATCH
    SCRATCH = echo(1)
    log = [SCRATCH]
    del SCRATCH
    echo(2)
    try:
        SCRATCH
    except NameError as error:
        log.append(str(error))
    SCRATCH = 3
    log.append(SCRATCH)
    del SCRATCH
    return log


@workflow
def global_as_targets():
    """A global as loop variable, with-target, except-name and walrus."""
    global COUNT
    log = []
    for COUNT in range(2):
        log.append(echo(COUNT))
    try:
        fail(ValueError, "v")
    except ValueError as COUNT:
        log.append(echo(str(COUNT)))
    try:
        log.append(COUNT)
    except NameError as error:
        log.append(str(error))
    if (COUNT := echo(7)) > 1:
        log.append(COUNT)
    return log


@workflow
def shadowed_builtins():
    """Locals named like builtins, and like what generated code may want to call."""
    len = echo(1)
    iter = [echo(2)]
    next = 0
    for range in iter:
        next += range + len
    BaseException = "not a class"
    try:
        fail(ValueError, "v")
    except Exception as sys:
        print = str(sys)
    type, id, object = echo((1, 2, 3))
    return len, iter, next, range, BaseException, print, type, id, object


@workflow
def odd_names():
    """Names that a compiler may use for itself, in every position."""
    t = t0 = t1 = _t = _0 = __x = echo(1)
    resume = live = it = ONCE = Suspend = echo(2)
    then = state = frame = k = _resume = _live = block = echo(3)
    value = result = self = e = exc = saved = _it = _exit = completion = add(t, resume)
    echo((t0, t1, _t, _0, __x, live, it, ONCE, Suspend))
    return then, state, frame, k, _resume, _live, block, value, result, self, e, exc, saved, _it, _exit, completion


@workflow
def unicode_names():
    """Identifiers that Python normalizes."""
    ﬁ = echo(1)
    größe = fi + echo(2)
    return ﬁ, größe


@workflow
def function_named_like_local(add2):
    """A parameter that holds a function, called with suspending arguments."""
    less = add2
    return less(echo(1), echo(2)), add2 is less


@workflow
def many_locals():
    """Thirty names, each live for another stretch."""
    a0 = 0; a1 = echo(1); a2 = a1 + 1; a3 = echo(a2); a4 = a3 + a0; a5 = echo(a4)
    b0, b1, b2, b3 = a5, a4, echo(a3), a2
    del a4
    c = [a0, a1, a2, a3, a5, b0, b1, b2, b3]
    a1 = a2 = echo(None)
    try:
        c.append(a4)
    except UnboundLocalError:
        c.append(echo("gone"))
    return c, a1, a2, a3, b3


@workflow
def default_arguments(a, b=2, *rest, c=3, **named):
    """A workflow's own parameters of every sort."""
    echo(1)
    rest_sum = add(sum(rest), c)
    return a, b, rest, c, named, rest_sum


@workflow
def positional_only(a, /, b, *, c=(1, 2)):
    """Positional-only and keyword-only parameters, rebound."""
    a, b = b, echo(a)
    return a, b, c


@workflow
def no_return():
    """Falls off its end after a suspension: None."""
    echo(1)
    if echo(2):
        pass


@workflow
def no_suspension(x):
    """A workflow without any suspension."""
    return [x, *range(3)]


@workflow
def bare_return():
    """A bare return inside a loop."""
    while True:
        if less(1, 2):
            return


@workflow
def global_table_read():
    """A global object that is only read."""
    return TABLE["fixed"][echo(0)] + TABLE[echo("fixed")][1], [x for x in TABLE["fixed"]]


@workflow
def bound_perhaps(flag):
    """A walrus behind a short circuit may not run: the old value must still be there."""
    i = j = k = n = "old"
    seen = [echo(0) == 1 == (i := "new"), i]
    seen.append(flag and echo(1) and (j := "new") and j)
    seen.append((k := "new") if echo(flag) else echo(2))
    seen.append([(n := x) for x in echo([])])
    assert echo(True) or (m := "never"), (m := "never")
    try:
        seen.append(m)
    except UnboundLocalError as error:
        seen.append(str(error))
    return echo(seen), i, j, k, n


def slowly(x):
    return echo(x)


try:
    from no_such_package import quickly
except ImportError:
    quickly = slowly


@workflow
def instead_of_an_import():
    """A name that an import may have bound, and something else."""
    return quickly(1)


@workflow
def names_of_nested_functions():
    """Functions that are equal as code keep the names of where they stand."""

    def made():
        echo(1)

        def inner(a):
            return a

        class Kept:
            pass

        return inner, lambda a: a, (x for x in []), Kept

    outer = lambda: (echo(2), lambda a: a)[1]
    try:
        outer()(1, 2)
    except TypeError as error:
        message = str(error)
    return message, [f.__qualname__ for f in (outer, outer(), *made())]


_PENDING, _DONE, _ONCE = "pending", "done", 3


def _merge(one, two):
    return {**echo(one), **two}


def _split(text):
    for _iter in text.split():
        yield echo(_iter)


@workflow
def private_helpers():
    """Names with an underscore are the program's, whatever compiled code calls its own helpers."""
    _set, _advance = {echo(_PENDING)}, [*_split("a b")]
    with contextlib.suppress(KeyError):
        for _await in range(_ONCE):
            _set.add(echo(_await))
    _type = sorted(map(str, _set))
    return _merge({"a": 1}, {"b": _DONE}), _type, _advance


def f0_like_generated_0(x):
    return ("function", x)


ff0_like_generated_1 = 11


@workflow
def like_generated():
    """Names of the user's that the compiler might have given to what it makes."""
    found = f0_like_generated_0(echo(2))
    return found, ff0_like_generated_1


@workflow
def unbound_by_a_group():
    """What a native `except*` has deleted, or its body not bound, is no trouble until it is read."""
    caught = gone = echo(1)
    try:
        del gone
        raise ValueError("v")
        late = 1
    except* ValueError as caught:
        pass
    echo(8)
    for read in (lambda: late, lambda: gone):
        try:
            echo(read())
        except NameError as error:
            echo(str(error))
    return echo(caught)


@workflow
def deleted_by_a_group():
    gone = echo(1)
    try:
        del gone
    except* ValueError:
        pass
    echo(8)
    return echo(gone)


@workflow
def kept_by_a_group():
    caught = echo(1)
    try:
        late = echo(2)
    except* ValueError as caught:
        pass
    try:
        later = late
    except* ValueError as caught:
        pass
    return echo(caught), late, later


# Those that are to end with an error.
RAISES = frozenset(
    "deleted_by_a_group unbound_argument unbound_branch unbound_by_a_group"
    " unbound_left_of_suspension undefined_global".split()
)


def cases():
    return [
        ("unbound_by_a_group", ()),
        ("kept_by_a_group", ()),
        ("deleted_by_a_group", ()),
        ("like_generated", ()),
        ("private_helpers", ()),
        ("instead_of_an_import", ()),
        ("names_of_nested_functions", ()),
        ("bound_perhaps", (True,)),
        ("bound_perhaps", (False,)),
        ("unbound_branch", (True,)),
        ("unbound_branch", (False,)),
        ("unbound_caught", ()),
        ("deleted_then_bound", ()),
        ("bound_in_try", ()),
        ("unbound_argument", (1,)),
        ("unbound_left_of_suspension", ()),
        ("undefined_global", ()),
        ("unbound_loop_target", ()),
        ("global_statement", ()),
        ("global_read_late", ()),
        ("global_deleted", ()),
        ("global_as_targets", ()),
        ("shadowed_builtins", ()),
        ("odd_names", ()),
        ("unicode_names", ()),
        ("function_named_like_local", (divmod,)),
        ("many_locals", ()),
        ("default_arguments", (1,)),
        ("default_arguments", (1, 5, 6, 7)),
        ("positional_only", (1, 2)),
        ("no_return", ()),
        ("no_suspension", (1,)),
        ("bare_return", ()),
        ("global_table_read", ()),
    ]
