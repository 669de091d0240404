"""Texts made of what suspends: `%`, `str.format`, `print`, `repr` of containers."""

import dataclasses
import enum
import io
import sys
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple

from perdure import workflow
from tests.corpus.acts import echo
from tests.corpus.attempts import failing

LOG = []


class Said:
    """Its texts suspend, and so do the numbers that it stands for."""

    def __init__(self, n):
        self.n = n

    def __str__(self):
        return echo(f"S{self.n}")

    def __repr__(self):
        return echo(f"<{self.n}>")

    def __format__(self, spec):
        return echo(f"{self.n:{spec}}")

    def __int__(self):
        return echo(self.n)

    def __index__(self):
        return echo(self.n)

    def __float__(self):
        return echo(self.n / 2)

    @property
    def double(self):
        return Said(echo(self.n * 2))


class Keys:
    """A mapping that looks its values up in an activity."""

    def __getitem__(self, key):
        LOG.append(key)
        return echo(f"[{key}]")


class Wrong:
    def __str__(self):
        return echo(1)

    __repr__ = __str__

    def __format__(self, spec):
        return echo(None)

    def __index__(self):
        raise TypeError(echo("no"))


class Page:
    """A file that writes in an activity."""

    def __init__(self):
        self.lines = []

    def write(self, text):
        self.lines.append(echo(text))

    def flush(self):
        self.lines.append(echo("flushed"))


@dataclasses.dataclass
class Order:
    item: object
    price: int = dataclasses.field(default=3, repr=False)
    others: list = dataclasses.field(default_factory=list)


class Listed(list):
    pass


class Loud(int):
    def __str__(self):
        return echo("loud")


Pair = namedtuple("Pair", "a b")


@workflow
def percent():
    """`%` with one value, with several, with widths; numbers of what has `__int__` and its like."""
    one, two = Said(1), Said(65)
    template = "%s and %r"
    template %= (one, two)
    return (
        template,
        "%s" % one,
        "%5s|%-5s|%.1s|%*s|%a|100%%" % (one, two, one, 4, two, one),
        "%d %i %x %5.2f %g %c" % (two, two, two, two, one, two),
        "%r of %s" % ([one, {"k": two}], (one,)),
        b"%r %d" % (one, two),
        f"{one} %s" % two,
        7 % 4,
    )


@workflow
def percent_by_key():
    """`%(key)s` asks a mapping for each key in its turn; values of a dict may suspend."""
    LOG.clear()
    found = "%(a)s-%(b)r-%(a)5s" % Keys(), "%(k)s %(k)d" % {"k": Said(4)}, "%s" % {"k": Said(1)}
    missing = defaultdict(lambda: echo("made"))
    return found, LOG, "%(x)s %(y(z))s" % missing, missing


@workflow
def percent_fails():
    """What `%` refuses, after what stands before that is done."""
    one = Said(1)
    return failing(
        [
            lambda: "%s %s" % (one,),
            lambda: "%s" % (one, one),
            lambda: "%s %y" % (one, one),
            lambda: "%s %" % (one, one),
            lambda: "nothing" % one,
            lambda: "%(a)s" % one,
            lambda: "%(a)s" % {},
            lambda: "%s" % Wrong(),
            lambda: "%d" % Wrong(),
            lambda: "%x" % Wrong(),
            lambda: "%d" % "x",
            lambda: "%*s" % ("x", one),
            lambda: one % 2,
        ]
    )


@workflow
def braces():
    """`str.format`: automatic numbers, conversions, nested specifications, attributes, items."""
    one, two = Said(1), Said(2)
    return (
        "{} {!r} {:>5} {!s:>4} {!a}".format(one, two, one, two, one),
        "{1} {0} {name}".format(one, two, name=[one]),
        "{0.double} {0.double.n} {1[0]} {1[1][k]!r}".format(one, [two, {"k": one}]),
        "{:>{}} {x:{y}}".format(one, 4, x=two, y=">3"),
        "{{}} {}".format(one),
        "{a} {b!r}".format_map(Keys()),
        "{a} {a!r}".format_map({"a": one}),
        format([one], ""),
        [*map("{}!".format, [one, two])],
    )


@workflow
def braces_fail():
    """What `str.format` refuses, after what stands before that is done."""
    one = Said(1)
    return failing(
        [
            lambda: "{} {}".format(one),
            lambda: "{} {x}".format(one),
            lambda: "{} {0}".format(one),
            lambda: "{0} {}".format(one),
            lambda: "{} {".format(one),
            lambda: "{} }".format(one),
            lambda: "{!x}".format(one),
            lambda: "{!r:{:{}}}".format(one, 1, 2),
            lambda: "{0.none}".format(one),
            lambda: "{0[0]}".format(one),
            lambda: "{0.}".format(one),
            lambda: "{0[}".format(one),
            lambda: "{}".format_map({"a": one}),
            lambda: "{a} {b}".format_map({"a": one}),
            lambda: "{}".format(Wrong()),
            lambda: "{:x}".format([one]),
        ]
    )


@workflow
def containers():
    """`repr` and `str` of builtin containers ask what stands in them, at any depth."""
    one, two = Said(1), Said(2)
    return [
        repr([one, [two]]),
        str((one,)),
        f"{(one, two)!r:>12}|{[one]}|{ {'k': one} }",
        repr({one: two}),
        repr({one}),
        repr(frozenset([two])),
        repr(deque([one], maxlen=3)),
        repr(OrderedDict(k=one)),
        repr(Counter([one])),
        repr(defaultdict(None, k=one)),
        repr({"k": one}.values()),
        repr({"k": one}.items()),
        repr(Listed([one])),
        ascii([one, "é"]),
        repr(Pair(one, 2)),
        repr(Order(one, others=[two])),
        repr(ValueError(one)),
        str(ValueError(one)),
        str(KeyError(one)),
        str(ValueError(one, two)),
        repr([]) + repr(()) + repr(set()) + repr(deque()) + repr({}),
        f"{Loud(3)} {Loud(3):>3} {[Loud(3)]}",
    ]


class Node:
    def __init__(self):
        self.children = []

    def __repr__(self):
        return echo("Node") + f"({self.children})"


@workflow
def inside_themselves():
    """A container inside itself is cut short, also where a `__repr__` of the user's leads back."""
    items = [Said(1)]
    items.append(items)
    table = {"k": Said(2)}
    table["me"] = (table, items)
    node = Node()
    node.children += [node, Said(3)]
    return repr(items), repr(table), str(node), repr(items)


@workflow
def fails_inside():
    """A `__repr__` that fails in a container: the next one is not cut short."""
    items = [Wrong()]
    return failing([lambda: repr(items), lambda: f"{items}", lambda: repr({1: items})])


@workflow
def printed():
    """`print` writes a text when it is made; its file may be one that suspends."""
    out, page = io.StringIO(), Page()
    print(Said(1), [Said(2)], "x", sep="-", end="!", file=out)
    print(Said(3), 4, sep=None, end=None, file=out)
    print(file=out)
    print(Said(4), 5, file=page, flush=True)
    print("plain", file=page)
    print(Said(6), Said(7), file=sys.stderr)
    print(Said(8), Said(9), file=sys.stdout, flush=True)
    bad = failing([lambda: print(Said(1), sep=1, file=out), lambda: print(Wrong(), file=out)])
    return out.getvalue(), page.lines, bad


class Level(enum.Enum):
    LOW = 1
    HIGH = 2

    def __str__(self):
        return f"<{echo(self.name)}>"


@workflow
def members():
    """Members of an enumeration are formatted by their `__str__`."""
    return f"{Level.LOW}", f"{Level.HIGH:>8}", "{:^9}|{}".format(Level.LOW, Level.HIGH), str(Level.LOW)


def cases():
    return [
        ("members", ()),
        ("percent", ()),
        ("percent_by_key", ()),
        ("percent_fails", ()),
        ("braces", ()),
        ("braces_fail", ()),
        ("containers", ()),
        ("inside_themselves", ()),
        ("fails_inside", ()),
        ("printed", ()),
    ]
