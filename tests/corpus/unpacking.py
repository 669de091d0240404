"""What is unpacked may suspend wherever it stands in a target."""

import contextlib

from perdure import workflow
from tests.corpus.acts import echo


def given(text):
    for letter in text:
        yield echo(letter)


class Letters:
    def __init__(self, text):
        self.left = list(text)

    def __iter__(self):
        return self

    def __next__(self):
        if not self.left:
            raise StopIteration
        return echo(self.left.pop(0))


class Pair:
    def __enter__(self):
        return given("ab")

    def __exit__(self, *error):
        echo("out")


@workflow
def inside_one_another():
    """Outer before inner, and each whole before anything is stored."""
    a, (b, *c), *d = given("x"), given("pqr"), 1, 2
    e, (f, (g, h)) = 1, [2, Letters("yz")]
    kept = [0, 0]
    kept[0], (kept[1], i) = 5, given("ef")
    kept[:], j = given("gh"), 1
    found = []
    for attempt in (
        lambda: given("abc"),
        lambda: [1, given("a")],
        lambda: [1, given("abcd")],
        lambda: [given("ab"), 2],
        lambda: [1, None],
    ):
        try:
            x, (y, *z, last) = attempt()
            found.append((x, y, z, last))
        except (ValueError, TypeError) as error:
            found.append(str(error))
    return list(a), b, c, d, e, f, g, h, kept, i, j, found


@workflow
def one_after_the_other():
    """The value of a chained assignment is unpacked for each target in turn."""
    whole = a, b = given("xy")
    first, *rest = [c, d] = given("pq"), 2
    return a, b, list(whole), list(first), rest, list(c), d


@workflow
def in_loops():
    """The targets of loops over displays."""
    found = []
    for a, b in [given("xy"), Letters("zw")]:
        found.append((a, b))
    for i, (j, k) in ((1, given("pq")), (2, "rs")):
        found.append((i, j, k))
    found += [(c, d) for c, d in [given("ab"), (1, 2)]]
    found.append({e: f for e, f in (Letters("uv"),)})
    found.append(list((g, h) for g, h in [given("mn")]))
    return found


@workflow
def in_loops_over_anything():
    """The targets of loops over what only shows when the program runs."""
    pairs, found = [given("xy"), (1, 2), Letters("zw")], []
    for a, b in pairs:
        found.append((a, b))
    for i, (j, k) in enumerate([Letters("xy"), "pq"]):
        found.append((i, j, k))
    for i, (j, k) in {"a": given("xy")}.items():
        found.append((i, j, k))
    for i, [j, *k] in zip("ab", [given("xyz"), Letters("p")]):
        found.append((i, j, k))
    return found, [(a, b) for a, b in map(given, ["ab", "cd"])]


async def in_turn():
    yield given("cd")
    yield "ef"


@workflow
async def in_coroutines():
    """What is awaited, and what an asynchronous loop is given."""

    async def pair():
        return given("ab")

    a, b = await pair()
    found = []
    async for c, d in in_turn():
        found.append((c, d))
    return a, b, found, [(c, d) async for c, d in in_turn()]


@workflow
def in_with():
    """The target of a with statement."""
    with Pair() as (a, b), contextlib.nullcontext(Letters("cd")) as [c, d]:
        found = [a, b, c, d]
    return found


def cases():
    return [
        ("inside_one_another", ()),
        ("one_after_the_other", ()),
        ("in_loops", ()),
        ("in_loops_over_anything", ()),
        ("in_coroutines", ()),
        ("in_with", ()),
    ]
