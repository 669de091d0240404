"""Identity: what was one object before a suspension is one object after it, whatever holds it."""

from dataclasses import dataclass, field

from perdure import workflow
from tests.corpus.acts import echo, fail


@dataclass
class Node:
    name: str
    next: "Node | None" = None
    items: list = field(default_factory=list)


class Plain:
    def __init__(self, **attributes):
        vars(self).update(attributes)


@workflow
def two_names():
    """Two names for one list."""
    xs = ys = [1]
    zs = list(xs)
    echo(1)
    xs.append(2)
    return xs, ys, zs, xs is ys, xs is zs


@workflow
def name_and_attribute():
    """One list as a name, an attribute, an item, an element of a tuple."""
    xs = [1]
    node = Node("a", items=xs)
    d = {"xs": xs, "node": node}
    t = (xs, node, [xs])
    echo(1)
    xs.append(2)
    t[2][0].append(3)
    return node, d, t, node.items is xs is d["xs"] is t[0], d["node"] is node


@workflow
def cyclic_list():
    """A list that holds itself."""
    xs = [1]
    xs.append(xs)
    echo(1)
    xs[1][1].append(2)
    return xs, xs[1] is xs


@workflow
def cyclic_objects():
    """Two objects that hold one another, and a dict that holds itself."""
    a, b = Plain(name="a"), Plain(name="b")
    a.other, b.other = b, a
    d = {}
    d["self"] = d
    d["pair"] = (a, d)
    echo(1)
    a.other.name = "changed"
    return b.name, a.other.other is a, d["self"] is d["pair"][1], d["pair"][0] is a


@workflow
def cyclic_tuple():
    """A tuple in a cycle through a list."""
    xs = []
    t = (xs, 1)
    xs.append(t)
    echo(1)
    return xs[0] is t, t[0] is xs, t[0][0][1]


@workflow
def argument_aliased(xs):
    """A parameter shared with a structure."""
    box = [xs, xs]
    echo(1)
    box[0].append(9)
    return xs, box, box[1] is xs


@workflow
def two_parameters_one_list(a, b):
    """Two arguments that are one object (as the caller may pass them), or two equal ones."""
    echo(1)
    a.append(1)
    return b, a is b


@workflow
def operand_temporaries():
    """An operand held only by the expression is the same object as the one in a name."""
    xs = [1]
    pair = [xs, echo(1), xs, [xs, echo(2)]]
    xs.append(5)
    return pair, pair[0] is pair[2] is pair[3][0] is xs


@workflow
def iterator_and_list():
    """A loop's iterator and the name share the list."""
    xs = [1, 2, 3]
    seen = []
    for x in xs:
        echo(x)
        if x == 1:
            xs.append(4)
        xs[0] = "changed"
        seen.append(x)
    return seen, xs


def fill(target, n):
    for i in range(n):
        target.append(echo(i))
    return target


@workflow
def shared_across_frames():
    """A caller's and a callee's names for one list, over a suspension in the callee."""
    xs = []
    ys = fill(xs, 2)
    fill(ys, 1)
    return xs, xs is ys


def push(stack, value):
    stack.append(echo(value))
    inner = stack
    if value:
        push(inner, value - 1)
    inner.append(("back", echo(value)))


@workflow
def shared_down_a_recursion():
    """One list in every frame of a recursion."""
    stack = []
    push(stack, 3)
    return stack


@workflow
def exception_holds_object():
    """An exception's argument is the list that the local name has."""
    xs = [1]
    try:
        raise ValueError(xs)
    except ValueError as error:
        echo(1)
        error.args[0].append(2)
        return xs, error.args[0] is xs


def give_back(xs):
    try:
        return xs
    finally:
        xs.append(echo(1))


@workflow
def object_in_flight():
    """An object shared by the exception in flight, a return in flight, and a name, through finally."""
    xs = []
    ys = give_back(xs)
    try:
        try:
            raise KeyError(xs)
        finally:
            xs.append(echo(2))
    except KeyError as error:
        return xs, ys is xs, error.args[0] is xs


@workflow
def linked_list():
    """A chain of objects walked, cut and joined."""
    head = None
    for name in "abc":
        head = Node(echo(name), head)
    tail = head.next.next
    tail.items.append("tail")
    echo(1)
    head.next.next.items.append("again")
    middle, head.next = head.next, tail
    return head, middle, tail.items, head.next is tail, middle.next is tail


@workflow
def sets_and_keys():
    """Objects as dict keys and set members are found again after a checkpoint."""
    key = ("a", (1, 2))
    d = {key: [1], frozenset([1, 2]): "frozen"}
    s = {key, 5}
    echo(1)
    d[("a", (1, 2))].append(2)
    return d[key], d[frozenset([2, 1])], key in s, len(s)


@workflow
def dict_order():
    """The order of a dict survives deletions, reinsertions and checkpoints."""
    d = dict.fromkeys("abcd", 0)
    del d["b"]
    echo(1)
    d["b"] = 1
    d["a"] = 2
    return list(d.items()), list(reversed(d))


@workflow
def views_of_dicts():
    """A dict's view kept in a name stays a view of that dict."""
    d = {"a": 1}
    keys = d.keys()
    d["b"] = echo(2)
    return list(keys), "b" in keys


@workflow
def values_of_many_types():
    """Values of many builtin types, live across suspensions."""
    import datetime
    import decimal
    import fractions

    values = [
        None, True, ..., NotImplemented, 3.5, float("inf"), 2 + 3j, 10**30, -0.0, b"bytes", bytearray(b"x"),
        "ü\ud800", range(3), slice(1, 2), frozenset({1}), decimal.Decimal("1.10"), fractions.Fraction(1, 3),
        datetime.date(2024, 2, 29), datetime.timedelta(days=1), int, len, ValueError, [].append.__name__,
    ]
    echo(1)
    return [(type(v).__name__, repr(v)) for v in values], values[2] is ..., values[3] is NotImplemented


NAN = float("nan")


class Reading:
    """An object that holds a NaN."""

    def __init__(self, value):
        self.value = value


@workflow
def nans():
    """Only the very same NaN is in a list, or a key of a dict; one that is a module's stays so."""
    import math

    nan, other = float("nan"), -float("nan")
    xs, d, reading = [1.5, nan], {nan: "key", 2.5: "another"}, Reading(nan)
    named = [math.nan, NAN]
    echo(1)
    found = nan in xs, d.get(nan), reading.value is nan, xs == [1.5, nan], xs == [1.5, other]
    echo(2)
    found += (xs.index(nan), other in xs, math.copysign(1, other), math.copysign(1, nan))
    found += (math.nan in named, NAN in named, nan in named, named.index(NAN))
    d[nan] = echo("changed")
    return found, list(d.values()), len({nan, other, nan}), complex(nan, 1) in [complex(nan, 1)]


@workflow
def nan_alone():
    """A NaN that is all there is to keep."""
    nan = echo(float("nan"))
    ys = nan, nan
    echo(nan)
    return ys[0] is ys[1], ys == (nan, ys[1])


@workflow
def bound_methods():
    """A bound method kept in a name works on the very object."""
    xs = []
    append = xs.append
    node = Node("n", items=xs)
    extend = node.items.extend
    append(echo(1))
    extend(echo([2]))
    return xs, append.__self__ is xs, node.items is xs


@workflow
def dead_values_need_not_be_kept():
    """What is dead at a suspension may be anything, even what cannot be pickled."""
    import threading

    mine = threading.local()
    mine.x = 1
    generator = (i for i in range(3))
    x = mine.x + next(generator)
    mine = generator = None
    return echo(x), mine, generator


@workflow
def dead_after_last_use():
    """The same without clearing the names: they are just never read again."""
    import threading

    mine = threading.local()
    mine.taken = True
    taken = mine.taken
    return echo(taken)


@workflow
def failed_update():
    """An activity that fails leaves shared state as it was."""
    xs = [1]
    ys = [xs]
    try:
        xs.append(fail(ValueError, "v"))
    except ValueError:
        ys[0].append(echo(2))
    return xs, ys[0] is xs


_one = [1]


def cases():
    return [
        ("two_names", ()),
        ("name_and_attribute", ()),
        ("cyclic_list", ()),
        ("cyclic_objects", ()),
        ("cyclic_tuple", ()),
        ("argument_aliased", ([1],)),
        ("two_parameters_one_list", (_one, _one)),
        ("two_parameters_one_list", ([1], [1])),
        ("operand_temporaries", ()),
        ("iterator_and_list", ()),
        ("shared_across_frames", ()),
        ("shared_down_a_recursion", ()),
        ("exception_holds_object", ()),
        ("object_in_flight", ()),
        ("linked_list", ()),
        ("sets_and_keys", ()),
        ("dict_order", ()),
        ("views_of_dicts", ()),
        ("values_of_many_types", ()),
        ("nans", ()),
        ("nan_alone", ()),
        ("bound_methods", ()),
        ("dead_values_need_not_be_kept", ()),
        ("dead_after_last_use", ()),
        ("failed_update", ()),
    ]
