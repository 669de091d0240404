"""Operands are evaluated once, from left to right, and what was evaluated before a suspension stays."""

from perdure import workflow
from tests.corpus.acts import add, collect, echo, less, table


class Thing:
    def __init__(self):
        self.v = 10
        self.d = {"k": 1}

    def __eq__(self, other):
        return vars(self) == vars(other)

    __hash__ = None


class Spy:
    """Logs each access, so that order shows."""

    def __init__(self, log, data):
        object.__setattr__(self, "log", log)
        object.__setattr__(self, "data", data)

    def __getitem__(self, key):
        self.log.append(("get", key))
        return self.data[key]

    def __setitem__(self, key, value):
        self.log.append(("set", key, value))
        self.data[key] = value

    def __delitem__(self, key):
        self.log.append(("del", key))
        del self.data[key]

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        self.log.append(("getattr", name))
        return self.data[name]

    def __setattr__(self, name, value):
        self.log.append(("setattr", name, value))
        self.data[name] = value


class Item:
    """An operand that logs what is done with it."""

    def __init__(self, log, n):
        self.log = log
        self.n = n

    def __add__(self, other):
        self.log.append(("add", self.n))
        return self.n + other

    def __radd__(self, other):
        self.log.append(("radd", self.n))
        return other + self.n

    def __iadd__(self, other):
        self.log.append(("iadd", self.n))
        self.n += other
        return self

    def __lt__(self, other):
        self.log.append(("lt", self.n))
        return self.n < other

    def __bool__(self):
        self.log.append(("bool", self.n))
        return self.n != 0

    def __format__(self, spec):
        self.log.append(("format", self.n, spec))
        return f"<{self.n}:{spec}>"

    def __iter__(self):
        self.log.append(("iter", self.n))
        return iter([self.n, self.n])


def say(log, x):
    log.append(x)
    return x


@workflow
def left_operand_kept(a):
    """The left operand read after the suspension would see the new value."""
    x = a
    return x + echo(1) + (x := 100) + x + echo(x)


@workflow
def left_operand_mutated():
    """A list operand is the same object, mutated meanwhile, not a copy taken before."""
    xs = [1]

    def grow():
        xs.append(2)
        return [9]

    return xs + grow() + echo([3]), xs


@workflow
def augmented_subscript():
    """`d[f()] += act()` would evaluate f twice, or read d[f()] after the activity."""
    log = []
    d = {"k": 1}
    d[say(log, "k")] += echo(5)
    log.append(dict(d))
    d[echo("k")] += say(log, 2)
    d[echo("k")] -= echo(1)
    return d, log


@workflow
def augmented_subscript_order():
    """The item is read before the activity runs, and set once after it."""
    log = []
    spy = Spy(log, {"k": 1, 2: 3})
    spy["k"] += echo(10)
    spy[echo(2)] *= echo(7)
    return log


@workflow
def augmented_attribute():
    """`a.b += act()` would read a.b after the activity, or look `a` up again."""
    thing = other = Thing()
    thing.v += echo(1)
    thing.v *= (thing := echo(3))
    return other.v, thing


@workflow
def augmented_attribute_order():
    """Get, suspend, set: in this order, each once."""
    log = []
    spy = Spy(log, {"n": 1})
    spy.n += echo(10)
    spy.n -= say(log, echo(3))
    return log


@workflow
def augmented_name():
    """`x += act()` reads x first, then suspends, and extends a list in place."""
    x = 1
    x += echo(2) + (x := 10)
    xs = ys = [1]
    xs += echo([2])
    xs += [echo(3)]
    return x, xs, ys, xs is ys


@workflow
def augmented_object():
    """`__iadd__` in place, after the operand is there; the target keeps its identity."""
    log = []
    item = alias = Item(log, 1)
    item += echo(4)
    box = {"i": item}
    box["i"] += echo(5)
    return log, item.n, alias is item, box["i"] is item


@workflow
def augmented_tuple_item():
    """`t[0] += [x]` extends the list and then raises: both must happen."""
    t = ([1],)
    try:
        t[0] += echo([2])
    except TypeError as error:
        return t, str(error)


@workflow
def attribute_subscript_target():
    """In `a.b[act()] = value` the value comes first, then a.b, then the index."""
    log = []
    thing = Thing()
    thing.d[echo("z")] = say(log, 5)
    spy = Spy(log, {"d": {}, 1: 2})
    spy.d[say(log, echo("i"))] = say(log, echo("value"))
    spy[say(log, "index")] = echo("late")
    return thing.d, log


@workflow
def target_container_rebound():
    """The value is evaluated before the target, so the target's name is the rebound one."""
    first = {"n": "first"}
    second = {"n": "second"}
    d = first
    d["v"] = (d := second) and echo(1)
    return first, second, d is second


@workflow
def chained_targets():
    """`a = b[act()] = c`: value, then targets from left to right."""
    log = []
    spy = Spy(log, {})
    a = spy[echo("i")] = spy[say(log, a)] = c = echo("value") if (a := echo("early")) else None
    return a, c, log


@workflow
def chained_target_uses_first():
    """The second target's index is the name that the first target has just bound."""
    xs = [0, 0, 0]
    i = 0
    i = xs[i] = echo(2)
    xs[i], i = echo(7), i - 1
    return i, xs


@workflow
def unpacking_targets():
    """Unpacking into names, items and attributes, with suspensions in the targets themselves."""
    log = []
    spy = Spy(log, {})
    thing = Thing()
    (spy[echo("a")], thing.v), [x, *spy.rest] = (1, echo(2)), echo([3, 4, 5])
    first, *middle, spy[echo("last")] = echo("abcd")
    return log, thing.v, x, first, middle


@workflow
def unpacking_star_positions():
    """A star in every place, empty stars too."""
    *a, b = echo([1])
    c, *d = echo((1, 2, 3))
    e, *f, g = range(echo(2))
    (h, *i), *j = [echo("xyz"), echo(0)]
    return a, b, c, d, e, f, g, h, i, j


@workflow
def unpacking_failures():
    """Too few, too many, not iterable: the text of the error, and nothing bound before."""
    a = b = "old"
    texts = []
    try:
        a, b = echo([1, 2, 3])
    except ValueError as error:
        texts.append(str(error))
    try:
        a, b, *c = echo([1])
    except ValueError as error:
        texts.append(str(error))
    try:
        a, b = echo(5)
    except TypeError as error:
        texts.append(str(error))
    return a, b, texts


@workflow
def unpacking_partial():
    """The first target is stored although the second one fails."""
    xs = [0]
    try:
        xs[0], xs[echo(9)] = echo("stored"), echo("lost")
    except IndexError:
        return xs


@workflow
def swap_through_items():
    """`xs[i], xs[j] = xs[j], xs[i]` with suspensions must read both before it writes."""
    xs = [10, 20, 30]
    xs[echo(0)], xs[echo(2)] = xs[echo(2)], xs[echo(0)]
    return xs


@workflow
def fstrings():
    """Values are formatted one by one, as they are reached; specs may suspend."""
    log = []
    one, two = Item(log, 1), Item(log, 2)
    text = f"{one}{echo('x')!r}{two:{echo('spec')}}{say(log, 'end')}"
    wide = f"{echo(3.14159):{echo(9)}.{echo(2)}f}|{echo('a')!s:>{echo(4)}}|{{}}{echo(1)=}"
    return text, wide, log


@workflow
def fstring_sees_earlier_state():
    """A mutable value is formatted before the later activity runs, not after."""
    xs = [1]
    text = f"{xs} {xs.append(2)} {echo(xs)} {xs.append(3)} {xs}"
    return text, xs


@workflow
def fstring_format_fails():
    """Formatting fails before the activity to its right is called."""
    try:
        return f"{[1]:>{echo(3)}} {echo('never')}"
    except TypeError as error:
        return str(error)


@workflow
def star_args():
    """Stars are unpacked where they stand: a list changed by a later argument is already copied."""
    xs = [1, 2]
    first = collect(0, *xs, xs.append(3), *xs, echo(4), k=echo(5), *[echo(6)])
    second = collect(*echo([1]), *echo("ab"), **echo({"p": 1}), q=echo(2), **table(r=3))
    return first, second


@workflow
def star_args_not_iterable():
    """`*5` raises its TypeError before or after the activities exactly as Python does."""
    texts = []
    try:
        collect(echo(1), *echo(5), echo(2))
    except TypeError as error:
        texts.append(str(error))
    try:
        collect(a=echo(1), **echo({"a": 2}))
    except TypeError as error:
        texts.append(str(error))
    try:
        collect(**echo([1]), b=echo(2))
    except TypeError as error:
        texts.append(str(error))
    return texts


@workflow
def keyword_order():
    """Keywords are evaluated in their own order, between the positionals that surround them."""
    log = []
    value = collect(say(log, 1), k=say(log, echo(2)), *say(log, [3]), m=say(log, echo(4)))
    return value, log


@workflow
def callee_first():
    """The callee is evaluated before its arguments: rebinding in an argument changes nothing."""
    f = max
    value = f(echo(1), (f := min) and echo(5), 3)
    log = []
    bound = log.append
    log.append((log := echo([0])) and "appended")
    return value, f(1, 2), log, bound.__self__


@workflow
def bound_method_kept():
    """`xs.append(act())` looks the method up before the activity."""
    xs = old = []
    xs.append((xs := [0]) and echo(1))
    return xs, old


@workflow
def attribute_error_first():
    """A missing method raises before its argument's activity is called."""
    try:
        [].missing(echo("never"))
    except AttributeError as error:
        return str(error)


@workflow
def chained_comparison(a):
    """The middle is evaluated once; the right is not when the left fails."""
    log = []
    values = [a < echo(5) < echo(10), 9 < echo(a) < echo("never"), a == echo(a) != say(log, 3) in echo([3])]
    values.append(1 < echo(2) > (log.append("last") or echo(1)) <= echo(1))
    return values, log


@workflow
def comparison_of_objects():
    """A chained comparison's value is the first falsy result itself, tested once."""
    log = []
    value = Item(log, 1) < echo(2) < echo(3)
    return value, log


@workflow
def slices():
    """Start, stop and step are evaluated in order, in loads, stores and deletes."""
    xs = list(range(10))
    part = xs[echo(1) : echo(8) : echo(2)]
    xs[echo(0) : echo(2)] = echo("ab")
    del xs[echo(5) :]
    xs[: echo(1)] += echo([7, 7])
    return part, xs, xs[echo(-1) :], xs[:: -echo(1)]


@workflow
def nested_subscripts():
    """Subscripts of subscripts, each evaluated in its place."""
    grid = [[1, 2], [3, {"k": [5, 6]}]]
    grid[echo(1)][echo(1)][echo("k")][echo(0)] = echo(50)
    return grid[echo(1)][1][echo("k")][echo(0)], grid


@workflow
def short_circuit(a):
    """The values of `and` and `or` are operands, and what is not needed is not called."""
    return [
        a and echo("and"),
        a or echo("or"),
        echo(0) or echo("") or echo([]),
        echo(1) and echo(0) and echo("never"),
        not echo(a),
        (a and echo(1)) or (not a and echo(2)) or echo(3),
    ]


@workflow
def short_circuit_objects():
    """`bool()` is asked once for each operand, and never for the last."""
    log = []
    value = Item(log, 0) or Item(log, echo(2)) or echo("never")
    last = Item(log, 1) and echo(1) and Item(log, 3)
    return value.n, last.n, log


@workflow
def conditional(a):
    """Only the chosen arm is called, after the test."""
    log = []
    x = say(log, echo("then")) if say(log, less(a, 5)) else say(log, echo("else"))
    y = echo(1) + (echo(2) if echo(a) > 5 else 0 if echo(a) < 3 else echo(3)) + echo(4)
    return x, y, log


@workflow
def walrus():
    """The name is bound at once, and visible to what stands to its right."""
    y = (x := echo(1)) + x + (x := echo(5)) * x
    if (n := echo(3)) > 2 and (m := n + echo(1)):
        y += m
    return x, y, [z := echo(7), z, z + (z := echo(8)), z]


@workflow
def nested_calls():
    """Inner calls come before outer ones, left before right."""
    return add(add(echo(1), echo(2)), add(echo(3), add(echo(4), 5))) + len([echo(6), max(echo(7), echo(8))])


@workflow
def assert_message(a):
    """The message is evaluated only when the test fails, after it."""
    log = []
    try:
        assert less(say(log, a), 5), f"{echo('message')} {say(log, a)}"
        assert not echo(a), echo(["any", "object"])
    except AssertionError as error:
        return error.args, log


@workflow
def displays():
    """Displays with stars, evaluated in order; a dict's key comes before its value."""
    log = []
    d = {say(log, echo("k")): say(log, echo(1)), **echo({"z": 2}), say(log, "k"): echo(3)}
    t = (*echo([1]), echo(2), *range(echo(2)))
    return d, list(d), t, [*echo("ab"), echo("c"), *()], sorted({echo(1), *echo([2, 3]), 1}), log


@workflow
def display_copies_star():
    """`[*xs, act()]` copies xs at once: growing it afterwards does not show."""
    xs = [1]
    return [*xs, xs.append(2), echo(3), *xs], {**{"n": xs}, "m": echo(1)}


@workflow
def delete_items():
    """`del` evaluates container and index, deletes, then goes on to its next target."""
    log = []
    spy = Spy(log, {"a": 1, "b": 2, "c": 3})
    del spy[echo("a")], spy[say(log, echo("b"))]
    x = y = echo(1)
    del x, (y, spy[echo("c")])
    thing = Thing()
    del thing.d[echo("k")], thing.v
    return log, vars(thing)


@workflow
def operators():
    """Unary and binary operators around suspensions, with reflected methods."""
    log = []
    values = [-echo(1), ~echo(2), +echo(True), not echo(0), 2 ** echo(3) ** echo(2), echo(7) // 2 % 2]
    values += [Item(log, 1) + echo(2), echo(5) + Item(log, 3), echo([1]) @ Matrix(), 1 << echo(3) | 1]
    return values, log


class Matrix:
    def __rmatmul__(self, other):
        return ["matmul", other]


@workflow
def operand_error_order():
    """`1 + act(1/0)`: the error comes before the call; `x / 0` after the activity to its left."""
    try:
        return echo("called") + echo(1 / 0)
    except ZeroDivisionError:
        pass
    try:
        return [echo("before"), 1 // echo(0), echo("never")]
    except ZeroDivisionError as error:
        return str(error)


@workflow
def subscript_load_order():
    """`d[k]` is looked up when it is reached, before later operands change d."""
    d = {"k": 1}
    return d["k"] + echo(0) + (d.update(k=50) or d["k"]) + d[echo("k")]


@workflow
def attribute_load_order():
    """`a.v` is read when it is reached, before a later operand changes it."""
    thing = Thing()
    return thing.v + (setattr(thing, "v", 1) or echo(100)) + thing.v


@workflow
def name_load_order():
    """A global function's name is loaded before its arguments suspend."""
    return (say([], 1), len)[0] + len(echo("abc")) + sum([echo(1), *map(abs, echo([-1]))])


@workflow
def annotated_targets():
    """An annotated assignment stores; a bare annotation does not bind."""
    x: int = echo(1)
    thing = Thing()
    thing.v: int = echo(2)
    thing.d[echo("a")]: str = echo("b")
    y: int
    try:
        y
    except UnboundLocalError as error:
        return x, thing.v, thing.d, str(error)


@workflow
def many_operands():
    """A long expression with many operands alive across each suspension."""
    a, b, c = 1, 2, 3
    return [a, b, echo(c), (a, [b, echo(a), {c: echo(b), "z": (a, echo(c))}], echo(0)), a * b + c * echo(9) - a]


@workflow
def ternary_inside_call():
    """A suspension in one arm only: the other arm must join with the same operands."""
    out = []
    for flag in (True, False, True):
        out.append(collect(len(out), echo("yes") if flag else "no", k=("k", flag)))
    return out


@workflow
def unpacked_in_displays(kind):
    """`**m` and `*xs` in a display are unpacked, or refused, in their turn."""
    texts = []
    wrong = 7 if kind else {"a": 1}
    try:
        texts.append({**wrong, **echo({"b": 2}), echo("c"): echo(3)})
    except TypeError as error:
        texts.append(str(error))
    try:
        texts.append([*wrong, echo(1), *echo([2, 3])])
    except TypeError as error:
        texts.append(str(error))
    changing = {"k": 1}
    texts.append({**changing, "after": [changing.update(k=2), echo(4)], **changing})
    return texts


@workflow
def filled_slices():
    """What fills a slice is gone over when the bounds are known."""
    log = []

    def noted(value):
        log.append(value)
        return echo(value)

    row = [1, 2, 3, 4]
    row[noted(1) : noted(2)] = (noted(letter) for letter in "ab")
    table = [[1, 2, 3]]
    table[noted(0)][noted(0) : 1] = (noted(letter) for letter in "xy")
    (table[0][noted(1) :], last) = (noted(letter) for letter in "p"), 5
    return row, table, last, log


def cases():
    return [
        ("filled_slices", ()),
        ("unpacked_in_displays", (0,)),
        ("unpacked_in_displays", (1,)),
        ("left_operand_kept", (1,)),
        ("left_operand_mutated", ()),
        ("augmented_subscript", ()),
        ("augmented_subscript_order", ()),
        ("augmented_attribute", ()),
        ("augmented_attribute_order", ()),
        ("augmented_name", ()),
        ("augmented_object", ()),
        ("augmented_tuple_item", ()),
        ("attribute_subscript_target", ()),
        ("target_container_rebound", ()),
        ("chained_targets", ()),
        ("chained_target_uses_first", ()),
        ("unpacking_targets", ()),
        ("unpacking_star_positions", ()),
        ("unpacking_failures", ()),
        ("unpacking_partial", ()),
        ("swap_through_items", ()),
        ("fstrings", ()),
        ("fstring_sees_earlier_state", ()),
        ("fstring_format_fails", ()),
        ("star_args", ()),
        ("star_args_not_iterable", ()),
        ("keyword_order", ()),
        ("callee_first", ()),
        ("bound_method_kept", ()),
        ("attribute_error_first", ()),
        ("chained_comparison", (3,)),
        ("chained_comparison", (7,)),
        ("comparison_of_objects", ()),
        ("slices", ()),
        ("nested_subscripts", ()),
        ("short_circuit", (0,)),
        ("short_circuit", (1,)),
        ("short_circuit_objects", ()),
        ("conditional", (1,)),
        ("conditional", (9,)),
        ("walrus", ()),
        ("nested_calls", ()),
        ("assert_message", (3,)),
        ("assert_message", (8,)),
        ("assert_message", (0,)),
        ("displays", ()),
        ("display_copies_star", ()),
        ("delete_items", ()),
        ("operators", ()),
        ("operand_error_order", ()),
        ("subscript_load_order", ()),
        ("attribute_load_order", ()),
        ("name_load_order", ()),
        ("annotated_targets", ()),
        ("many_operands", ()),
        ("ternary_inside_call", ()),
    ]
