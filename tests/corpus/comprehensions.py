"""Comprehensions with suspensions in element, condition and iterable; and quiet ones around suspensions."""

from perdure import workflow
from tests.corpus.acts import add, echo, fail, less, numbers


@workflow
def list_element():
    """One activity for each element, in order; the variable does not leak."""
    x = "outer"
    values = [echo(x) * 2 for x in range(3)]
    return values, x


@workflow
def variable_stays_unbound():
    """A comprehension's variable is no local of the function."""
    values = [echo(zz) for zz in range(2)]
    try:
        return zz  # noqa: F821
    except NameError as error:
        return values, type(error), str(error)


@workflow
def same_name_as_iterable():
    """`[x for x in x]`: the iterable is the outer x."""
    x = [1, 2]
    y = [echo(x) for x in x]
    x = [add(x, 1) for x in x if less(x, 2)]
    return x, y


@workflow
def conditions():
    """Conditions come before elements, and are chained with `and`'s order."""
    return [echo(("element", x)) for x in range(6) if echo(x) % 2 if less(x, 5) or echo("big")]


@workflow
def nested_loops():
    """Two `for`s: the inner iterable is evaluated for each outer element."""
    return [(x, echo(y)) for x in numbers(3) if x for y in numbers(x) if echo(y) or True]


@workflow
def nested_comprehensions():
    """A comprehension inside another's element, and inside its iterable."""
    grid = [[echo(x * y) for y in range(3)] for x in range(3) if echo(x) != 1]
    return grid, [echo(v) for row in [[x] * echo(2) for x in "ab"] for v in row]


@workflow
def set_and_dict():
    """A set comprehension, a dict comprehension: key first, then value; later keys win."""
    s = {echo(x) % 3 for x in range(5)}
    d = {echo(k): echo(v) for k, v in [("a", 1), ("b", 2), ("a", 3)] if echo(v) < 9}
    return sorted(s), d, list(d)


@workflow
def unpacking_targets():
    """Targets that unpack, with stars; an element that is a tuple with stars."""
    return [(*rest, echo(a)) for a, *rest in [(1, 2, 3), "xy", [4]]], [b for (a, b), c in [((1, 2), 3)] if echo(c)]


@workflow
def exception_inside():
    """An exception inside leaves the comprehension; nothing of it is seen."""
    values = "old"
    try:
        values = [echo(x) if x < 2 else fail(ValueError, x) for x in range(5)]
    except ValueError as error:
        return values, error


@workflow
def unpacking_error_inside():
    """A target that does not unpack."""
    try:
        return [echo(a) for a, b in [(1, 2), (3,)]]
    except ValueError as error:
        return str(error)


@workflow
def walrus_inside():
    """A walrus inside binds in the function, and keeps its last value."""
    values = [y := echo(x) for x in range(3)]
    found = [last for x in range(5) if (last := echo(x * 10)) > 20]
    any_big = any([(witness := n) > 1 for n in numbers(4)])
    return values, y, found, last, any_big, witness


@workflow
def closures_inside():
    """Lambdas made in a comprehension share its variable; one with a suspension too."""
    quiet = [lambda: i for i in range(3)]
    loud = [(echo(i), lambda: i)[1] for i in range(3)]
    i = echo("outer")
    return [f() for f in quiet], [f() for f in loud], i


@workflow
def reads_outer_names():
    """The comprehension sees outer names as they are while it runs."""
    n = 1
    xs = [1, 2]

    def step():
        nonlocal n
        n += 1
        return n

    return [(n, echo(x), step()) for x in xs], n


@workflow
def list_grows_meanwhile():
    """The list that is gone over grows while the comprehension suspends."""
    xs = [1, 2]
    return [echo(x) if x > 2 else (xs.append(x + 2), echo(-x))[1] for x in xs], xs


@workflow
def in_every_place():
    """Comprehensions as arguments, operands, subscripts, tests and iterables."""
    d = {"k": [1, 2, 3]}
    out = add([echo(x) for x in "ab"], [1])
    for x in [echo(y) for y in range(2)]:
        out.append(x)
    while len([x for x in out if echo(x)]) < 5:
        out.append("w")
    d["k"][len([x for x in range(2) if echo(x)])] = [echo(x) for x in range(1)]
    return out, d, f"{[echo(x) for x in range(2)]}", max([echo(x) for x in (3, 1)]) + sum({echo(k): 1 for k in "z"}.values())


@workflow
def inside_try_and_loop():
    """Comprehensions inside handlers and loops that are left."""
    log = []
    for i in range(3):
        try:
            log.append([fail(KeyError, x) if x == i == 1 else echo(x) for x in range(i + 1)])
        except KeyError:
            log.append([echo(c) for c in "e"])
            continue
        if [x for x in log if echo(len(x)) == 3]:
            break
    return log


@workflow
def quiet_ones():
    """Comprehensions without suspensions keep their meaning around those with."""
    n = echo(2)
    squares = [x * n for x in range(4)]
    table = {x: [y for y in range(x)] for x in squares if x}
    n = echo(3)
    return squares, table, {x % n for x in squares}, [x for x in "ab" for n in range(2)], n


@workflow
def iterable_error_order():
    """The outermost iterable is evaluated first, and its error is raised before anything else."""
    log = []
    try:
        [log.append(echo(x)) for x in echo(5)]
    except TypeError as error:
        log.append(str(error))
    return log, [x for x in () if echo("never")]


@workflow
def generator_expression_quiet():
    """A quiet generator expression, used up at once."""
    n = echo(3)
    xs = numbers(4)
    return sum(x * n for x in range(4)), ",".join(str(x) for x in xs), echo(any(x > 2 for x in xs))


@workflow
def generator_expression_iterable():
    """The outermost iterable of a generator expression is evaluated at once, outside of it."""
    return ",".join(str(x) for x in echo([1, 2])), any(x > 2 for x in numbers(4))


@workflow
def operands_alive():
    """Operands to the left of a comprehension stay while it suspends."""
    xs = [0]
    return xs + [echo(x) for x in range(2)] + xs, [xs, [echo(9) for _ in xs], xs.append(1), xs]


def doubled(xs):
    for x in xs:
        yield 2 * x


def in_place(xs):
    """Generators that are used up where they stand: Python's own, in a function that is Python's own."""
    total = sum(x for x in doubled(xs))
    for x in doubled(xs):
        if x > 2:
            break
        total += x
    try:
        return total, [x for x in doubled(xs)], max(1 // x for x in xs)  # noqa: C416
    except ZeroDivisionError as error:
        return total, str(error)


def let_out(xs):
    """The first generator is used up here, the second is not."""
    return sum(doubled(xs)), doubled(xs), (x + 1 for x in xs)


def may_stop(xs, key):
    return sum(key(x) for x in doubled(xs))


@workflow
def generators_in_helpers():
    """Generators of helpers, some of which live while the run stops."""
    found = [in_place(numbers(3)), in_place([1, 2])]
    total, made, expression = let_out([echo(1), 2, 3])
    found.append((echo(total), next(made), echo(next(expression)), list(made), list(expression)))
    return found, may_stop([1, 2], echo), may_stop([1, 2], str.bit_length if not found else abs)


@workflow
def walrus_in_generators():
    """`:=` in a generator expression that stops, or lives on, binds outside of it."""
    before = ((last := n) for n in [1, 2])
    echo(0)
    return list(before), last, any((seen := echo(n)) > 1 for n in range(5)), seen


@workflow
def walrus_in_nested_generators():
    """`:=` two generator expressions deep, and of a global name."""
    global _found
    rows = list(list((cell := echo(x)) for x in row) for row in ["ab", "c"])
    return rows, cell, list((_found := echo(x)) for x in "de"), _found


@workflow
def functions_in_set_comprehension():
    """A set comprehension whose functions share its variable."""
    return {(lambda: x)() for x in [echo(1), 2]}, {k: (lambda: k)() for k in echo("ab")}


@workflow
def generator_expression_has_its_name():
    """A generator expression calls itself <genexpr>, compiled or not."""
    kept = (echo(x) for x in [1])
    echo(0)
    return kept.__name__, kept.__qualname__, list(kept)


def cases():
    return [
        ("list_element", ()),
        ("variable_stays_unbound", ()),
        ("same_name_as_iterable", ()),
        ("conditions", ()),
        ("nested_loops", ()),
        ("nested_comprehensions", ()),
        ("set_and_dict", ()),
        ("unpacking_targets", ()),
        ("exception_inside", ()),
        ("unpacking_error_inside", ()),
        ("walrus_inside", ()),
        ("closures_inside", ()),
        ("reads_outer_names", ()),
        ("list_grows_meanwhile", ()),
        ("in_every_place", ()),
        ("inside_try_and_loop", ()),
        ("quiet_ones", ()),
        ("iterable_error_order", ()),
        ("generator_expression_quiet", ()),
        ("generator_expression_iterable", ()),
        ("operands_alive", ()),
        ("generators_in_helpers", ()),
        ("walrus_in_generators", ()),
        ("walrus_in_nested_generators", ()),
        ("functions_in_set_comprehension", ()),
        ("generator_expression_has_its_name", ()),
    ]
