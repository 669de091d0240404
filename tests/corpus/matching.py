"""`match`: the subject once, patterns in order, arms that suspend (guards may not, in this release)."""

from dataclasses import dataclass

from perdure import workflow
from tests.corpus.acts import echo, fail

LIMIT = 7


class Kind:
    BIG = 100


@dataclass
class Point:
    x: int
    y: int = 0


@workflow
def arms(value):
    """Patterns of every sort, with suspensions in the arms."""
    match echo(value):
        case 0 | 1 as n:
            return "small", echo(n)
        case Kind.BIG:
            return "big", echo(0)
        case int(n) if n > 50:
            return "guarded", echo(n)
        case str() as s:
            return "text", echo(s)
        case [first, *rest]:
            return first, echo(rest)
        case {"k": v, **others}:
            return v, echo(others)
        case None:
            return echo("none")
        case _:
            return "other", echo(value)


@workflow
def guards(value):
    """Guards run in order, only for patterns that match; names bound by a failed guard stay."""
    log = []
    match value:
        case [a, b] if log.append((a, b)) or (a, b) == (1, 1):
            log.append(echo("first"))
        case [b, a] if (n := a + b) > 10:
            log.append(echo("second"))
        case [c, *_]:
            log.append("third")
        case _:
            log.append(echo("none"))
    names = []
    for name, read in (("a", lambda: a), ("b", lambda: b), ("n", lambda: n), ("c", lambda: c)):
        try:
            names.append((name, read()))
        except NameError:
            names.append((name, "unbound"))
    return log, names


@workflow
def no_arm_matches(value):
    """Without a match control goes on behind the statement; captured names may be unbound."""
    match echo(value):
        case [x] if not x:
            return "never"
        case Point(x=0):
            return "never"
    echo("behind")
    return x


@workflow
def class_patterns():
    """Class patterns by position and keyword, nested; the match is on the same object."""
    out = []
    for p in (Point(0, 0), Point(1, 2), [Point(3), Point(4, 5)], {"p": Point(6)}):
        match p:
            case Point(0, 0):
                out.append(echo("origin"))
            case Point(x, y=y) as whole:
                whole.x = echo(x + y)
                out.append(whole is p)
            case [Point(y=0) as a, Point(x=b)]:
                out.append((echo(a.x), b))
            case {"p": Point(x)}:
                out.append(echo(x))
    return out


@workflow
def match_in_loop():
    """break, continue and return out of arms belong to the loop around."""
    log = []
    for word in ("go", "skip", "go", "stop", "never"):
        match word:
            case "skip":
                echo("skipping")
                continue
            case "stop":
                break
            case w if w == "go":
                log.append(echo(w))
        log.append("after")
    else:
        log.append("else")
    return log


@workflow
def match_in_try():
    """Arms and guards that raise, inside a try with finally."""
    log = []
    for value in (1, "x", None):
        try:
            match value:
                case int():
                    fail(ValueError, value)
                case str() if {}[value]:
                    log.append(echo("never"))
                case _:
                    log.append(echo("default"))
        except (ValueError, KeyError) as error:
            log.append(error)
        finally:
            log.append(echo("finally"))
    return log


@workflow
def subject_is_evaluated_once():
    """The subject's name is rebound in a guard; later patterns look at the old subject."""
    value = [1, 2]
    match value:
        case [1, x] if (value := "rebound") == "no":
            return "never"
        case [1, 2]:
            return echo(value), x
        case _:
            return "wrong", value


@workflow
def subject_tuple():
    """A subject that is a display with suspensions in it."""
    match echo(1), [echo(2), *echo([3])]:
        case x, [2, y]:
            return x, y
        case _:
            return "wrong"


@workflow
def quiet_match():
    """A match without a suspension between two suspensions binds its names."""
    data = echo({"kind": "point", "at": [1, 2]})
    match data:
        case {"kind": "point", "at": [x, y]}:
            total = x + y
        case _:
            total = -1
    echo(total)
    return x, y, total


def simplify(e):
    match e:
        case ("+", a, b):
            match simplify(a), simplify(b):
                case 0, other:
                    return echo(other)
                case int(m), int(n):
                    return echo(m + n)
                case pair:
                    return ("+", *pair)
        case ("neg", a):
            return -simplify(a)
        case _:
            return e


@workflow
def nested_match():
    """A match in an arm of a match, in a helper that suspends."""
    return simplify(("+", ("+", 0, "x"), ("+", 1, ("neg", 2)))), simplify(("+", 2, ("+", 3, 4)))


# Those that are to end with an error.
RAISES = {"no_arm_matches"}


def cases():
    return [
        *[("arms", (v,)) for v in (1, 100, 51, 20, "text", [1, 2, 3], {"k": 1, "z": 2}, None, [], 2.5)],
        ("guards", ([1, 1],)),
        ("guards", ([8, 9],)),
        ("guards", ([1, 2],)),
        ("guards", (5,)),
        ("no_arm_matches", ([4],)),
        ("no_arm_matches", (4,)),
        ("class_patterns", ()),
        ("match_in_loop", ()),
        ("match_in_try", ()),
        ("subject_is_evaluated_once", ()),
        ("subject_tuple", ()),
        ("quiet_match", ()),
        ("nested_match", ()),
    ]
