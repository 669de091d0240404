"""Guards of `match` that suspend: which patterns are tried, and how often a guard is asked."""

from perdure import workflow
from tests.corpus.acts import echo, fail, less


def kind(x):
    match x:
        case [a, b] if less(a, b):
            return f"rising {a} {b}"
        case [a, b] if echo(a) == b:
            return f"level {a}"
        case [a, *rest] if echo(rest):
            return f"from {a}: {rest}"
        case {"key": value, **more} if echo(value):
            return f"{value} {more}"
        case str() | bytes() as text if echo(len(text)) > 2:
            return f"long {text!r}"
        case None:
            return "nothing"
        case int(n) if n > echo(5):
            return f"large {n}"
        case 0 | 1:
            return "small"
        case _ if echo(False):
            return "never"
    return "no case"


@workflow
def in_order(xs):
    """Guards are asked from the top, only after their pattern fits, and the first true one takes it."""
    return [kind(x) for x in xs]


@workflow
def names_stay_bound():
    """Names that a pattern bound before its guard said no are bound afterwards."""
    match echo((1, 2)):
        case (a, b) if less(b, a):
            result = "falling"
        case (a, c):
            result = echo("other")
    return a, b, c, result


@workflow
def the_guard_changes_the_subject():
    """The subject is evaluated once; what a guard binds to its name does not count."""
    x = echo(1)
    match x:
        case 1 if (x := echo(2)) == 3:
            result = "first"
        case 2:
            result = "second"
        case 1:
            result = "third"
    return x, result


@workflow
def leaving_from_arms(items):
    """break, continue and return out of arms behind guards that suspend."""
    seen = []
    for item in items:
        match item:
            case int() if echo(item) == 2:
                continue
            case int() if echo(item) == 4:
                break
            case "return" if echo(True):
                return "returned", seen
            case _:
                seen.append(echo(item))
        seen.append("after")
    else:
        seen.append("else")
    return seen


@workflow
def guards_that_fail():
    """A guard that raises leaves the match; a handler around it gets the exception."""
    log = []
    for item in ("good", "bad", "worse"):
        try:
            match item:
                case "good" if echo(True):
                    log.append("arm")
                case "bad" if fail(ValueError, item):
                    log.append("never")
                case _ if fail(KeyError, item):
                    log.append("never")
        except ValueError as error:
            log.append(str(error))
        except LookupError as error:
            log.append(repr(error))
    return log


@workflow
def nested(x):
    """A match in an arm of a match, both with guards that suspend."""
    match x:
        case [first, second] if echo(first):
            match second:
                case {"a": a} if echo(a):
                    return "inner", a
                case {} if echo(first) == 1:
                    return "empty"
            return "neither"
        case [first, second]:
            return "outer", first


@workflow
def short_circuits_in_guards(x):
    """and, or, comparisons in a chain and a walrus in a guard."""
    match x:
        case [a, b] if a and less(a, b) or (c := echo(b)) == 5:
            return "first", a, b
        case [a, b] if 0 < echo(a) < echo(b) < 9:
            return "second", c
        case [a, _] if not echo(a):
            return "third", c
    return "none", c


@workflow
def in_a_finally():
    """A match with a guard in a finally, while an exception is in flight."""
    log = []
    try:
        try:
            fail(ValueError, "flight")
        finally:
            match echo(2):
                case 1 if echo(True):
                    log.append("one")
                case 2 if echo(True):
                    log.append("two")
    except ValueError as error:
        log.append(str(error))
    return log


def cases():
    return [
        (
            "in_order",
            (
                [
                    [1, 2],
                    [2, 2],
                    [3, 1],
                    [7],
                    [7, 8, 9],
                    {"key": 5, "x": 1},
                    {"key": 0},
                    "long",
                    "a",
                    b"abc",
                    None,
                    9,
                    1,
                    3,
                    1.5,
                ],
            ),
        ),
        ("names_stay_bound", ()),
        ("the_guard_changes_the_subject", ()),
        ("leaving_from_arms", ([1, 2, 3, 4, 5],)),
        ("leaving_from_arms", ([1, "return", 3],)),
        ("leaving_from_arms", ([1],)),
        ("guards_that_fail", ()),
        ("nested", ([1, {"a": 2}],)),
        ("nested", ([1, {}],)),
        ("nested", ([2, {}],)),
        ("nested", ([0, 3],)),
        ("short_circuits_in_guards", ([1, 2],)),
        ("short_circuits_in_guards", ([0, 5],)),
        ("short_circuits_in_guards", ([3, 3],)),
        ("short_circuits_in_guards", ([0, 4],)),
        ("in_a_finally", ()),
    ]
