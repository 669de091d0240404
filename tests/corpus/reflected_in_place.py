"""`+=` and `*=` of sequences, whose right operand has a reflected method that suspends."""

from collections import deque

from perdure import workflow
from tests.corpus.acts import echo


class Added:
    def __radd__(self, other):
        return echo(["radd", other])

    def __rmul__(self, other):
        return echo(["rmul", other])


class AddedAndGoneOver(Added):
    def __iter__(self):
        yield echo(1)


class Refusing:
    def __radd__(self, other):
        echo("asked")
        return NotImplemented

    def __iter__(self):
        return iter([2, 3])


@workflow
def in_place():
    items, pair, text, raw = [1], (1,), "a", bytearray(b"a")
    inside = {"a": [1]}
    items += Added()
    pair += Added()
    text += Added()
    raw += Added()
    inside["a"] += Added()
    times = [1]
    times *= Added()
    return items, pair, text, raw, inside, times


@workflow
def gone_over():
    items, others, more = [1], [1], [1]
    items += AddedAndGoneOver()
    others += Refusing()
    more += [Added()]
    queue = deque([1])
    queue += Refusing()
    try:
        items = (1,)
        items += Refusing()
    except TypeError as error:
        return items, others, len(more), queue, str(error)
    return None


def cases():
    return [
        ("in_place", ()),
        ("gone_over", ()),
    ]
