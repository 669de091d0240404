"""Every operator with a suspension among its operands, and imports inside functions."""

from perdure import workflow
from tests.corpus.acts import echo


@workflow
def arithmetic(a, b):
    """Binary operators, their operands evaluated from left to right."""
    return [
        echo(a) + b,
        a - echo(b),
        echo(a) * echo(b),
        a / echo(b),
        echo(a) // b,
        echo(a) % b,
        a ** echo(b),
        -echo(a),
        +echo(b),
    ]


@workflow
def bits(a, b):
    """Operators on bits."""
    return [echo(a) & b, a | echo(b), echo(a) ^ echo(b), a << echo(b), echo(a) >> b, ~echo(a)]


@workflow
def comparisons(a, b):
    """Comparisons, single and in chains."""
    both = [a, b]
    return [
        echo(a) == b,
        a != echo(b),
        echo(a) < b,
        a <= echo(b),
        echo(a) > echo(b),
        a >= echo(b),
        both is echo(both),
        both is not echo(both),
        echo(a) in both,
        echo(b) not in both,
        a < echo(b) <= 9 > echo(a) >= 0,
        not echo(a),
    ]


@workflow
def in_place(a, b):
    """Assignments with an operator, on names, items and attributes."""
    items = {"k": a}
    a += echo(b)
    a -= echo(1)
    a *= echo(3)
    items["k"] **= echo(b)
    items["k"] //= echo(2)
    items["k"] %= echo(7)
    c = a
    c <<= echo(2)
    c >>= echo(1)
    c &= echo(255)
    c |= echo(1)
    c ^= echo(3)
    d = float(a)
    d /= echo(4)
    return a, items, c, d


@workflow
def imports_inside(text):
    """import and from-import between suspensions; what they bind is used after them."""
    import json as decoder
    import os.path

    loaded = decoder.loads(echo(text))
    from textwrap import dedent, indent as shifted

    kept = echo(loaded)
    return dedent("  x"), shifted(str(kept), "> "), os.path.basename(echo("a/b")), decoder.dumps(kept)


def cases():
    return [
        ("arithmetic", (7, 2)),
        ("bits", (12, 3)),
        ("comparisons", (1, 2)),
        ("comparisons", (2, 2)),
        ("in_place", (5, 2)),
        ("imports_inside", ('{"a": 1}',)),
    ]
