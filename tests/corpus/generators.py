"""Generators: with suspensions inside and alive across them; send, throw, close, delegation."""

import contextlib
import itertools

from perdure import workflow
from tests.corpus.acts import add, echo, fail, numbers


def pages(n):
    for i in range(n):
        yield echo(i)


def quiet(n):
    for i in range(n):
        yield i * i


@workflow
def loops():
    """A for over a generator that suspends, with break, continue and else; left over items stay."""
    out = []
    source = pages(6)
    for page in source:
        if page == 1:
            continue
        if page == 3:
            break
        out.append(echo(page))
    else:
        out.append("never")
    for page in source:
        out.append(page)
    else:
        out.append("else")
    return out


@workflow
def alive_across_suspensions():
    """Generators without a suspension of their own that live on across those of the workflow."""
    squares = quiet(5)
    names = (name.upper() for name in ["a", "b", "c"])
    out = [next(squares), next(names)]
    echo(1)
    out += [next(squares), next(names)]
    echo(2)
    out += [*squares, *names, next(squares, "gone")]
    return out


@workflow
def send_values():
    """What is sent is the value of yield; the return value ends in StopIteration."""
    def average():
        total, count, last = 0, 0, None
        while True:
            value = yield last
            if value is None:
                return total, count
            total += echo(value)
            count += 1
            last = total / count

    mean = average()
    out = [next(mean), mean.send(10), mean.send(20), mean.send(echo(60))]
    try:
        mean.send(None)
    except StopIteration as stop:
        out.append(stop.value)
    return out


@workflow
def send_too_early():
    """A value cannot be sent to a generator that has not started."""
    source = pages(2)
    try:
        source.send(echo(1))
    except TypeError as error:
        return str(error), next(source)


def guarded(log):
    while True:
        try:
            got = yield echo(len(log))
            log.append(("got", got))
        except ValueError as error:
            log.append(("caught", str(error), echo("handled")))
        finally:
            log.append("turn")


@workflow
def throw_and_close():
    """Exceptions thrown in are raised at the yield; close() runs what stands in finally."""
    log = []
    source = guarded(log)
    out = [next(source), source.send("a"), source.throw(ValueError("x")), source.send("b")]
    source.close()
    source.close()
    try:
        next(source)
    except StopIteration as stop:
        out.append(stop.value)
    return out, log


@workflow
def throw_what_is_not_caught():
    """An exception that the generator does not catch comes back, and it is at its end."""
    log = []
    source = guarded(log)
    next(source)
    try:
        source.throw(KeyError("k"))
    except KeyError as error:
        log.append(error.args)
    return log, next(source, "end")


@workflow
def throw_before_start():
    """Thrown into a generator that has not begun, none of its code runs."""
    log = []
    source = guarded(log)
    try:
        source.throw(ValueError("early"))
    except ValueError as error:
        log.append((str(error), echo("outside")))
    return log, list(source)


def parts(n):
    got = yield from pages(n)
    inner = yield from counted(n)
    return got, inner


def counted(n):
    total = 0
    for i in numbers(n):
        total += (yield i) or 0
    return total


@workflow
def delegation():
    """yield from passes items, sent values and the return value; over a list as well."""
    out = []

    def outer():
        result = yield from parts(2)
        out.append(("result", result))
        yield from [echo("list"), "of items"]
        yield from "ab"
        return echo("end")

    source = outer()
    out.append(next(source))
    out += [source.send(None), source.send(None)]
    out += [source.send(5), source.send(7)]
    try:
        while True:
            out.append(next(source))
    except StopIteration as stop:
        out.append(("stop", stop.value))
    return out


@workflow
def throw_through_delegation():
    """Exceptions thrown into a generator reach the innermost one that it delegates to."""
    log = []

    def inner():
        try:
            yield echo(1)
            yield 2
        except ValueError as error:
            log.append(("inner", str(error)))
            yield echo("inner goes on")
        finally:
            log.append(echo("inner finally"))
        return "value"

    def outer():
        try:
            log.append((yield from inner()))
            yield from inner()
        except KeyError as error:
            log.append(("outer", repr(error)))
            yield echo("outer goes on")

    source = outer()
    out = [next(source), source.throw(ValueError("v"))]
    out += [next(source), source.throw(KeyError("k")), next(source, "end")]
    return out, log


@workflow
def close_through_delegation():
    """close() closes the innermost first."""
    log = []

    def inner(name):
        try:
            yield echo(name)
        except GeneratorExit:
            log.append(("exit", name))
            raise
        finally:
            log.append(("finally", name))

    def outer():
        try:
            yield from inner("a")
        finally:
            log.append(echo("outer"))

    source = outer()
    next(source)
    source.close()
    return log


@workflow
def ignores_generator_exit():
    """A generator that yields on close() is a RuntimeError; one that returns is not."""
    def stubborn():
        for _ in range(2):
            try:
                yield echo(1)
            except GeneratorExit:
                pass

    def polite():
        try:
            yield echo(2)
        except GeneratorExit:
            return "bye"

    one, two = stubborn(), polite()
    next(one), next(two)
    two.close()
    try:
        one.close()
    except RuntimeError as error:
        return str(error)


@workflow
def stop_iteration_inside():
    """StopIteration that leaves a generator becomes a RuntimeError with it as cause."""
    def careless():
        yield echo(1)
        yield next(iter([]))

    source = careless()
    out = [next(source)]
    try:
        next(source)
    except RuntimeError as error:
        out.append((str(error), type(error.__cause__).__name__))
    return out


@workflow
def expressions(n):
    """Generator expressions: nested, with conditions, over one another, in calls."""
    k = 10
    rows = ((i, j) for i in numbers(n) if echo(i) for j in range(i) if add(i, j) % 2)
    nested = (sum(echo(x) for x in range(y)) for y in (echo(z) for z in range(n)))
    scaled = (echo(x) * k for x in range(2))
    k = 100
    return (
        list(rows),
        list(nested),
        list(scaled),
        sum(echo(x) for x in range(3)),
        {echo(k): echo(v) for k, v in ((c, ord(c)) for c in "xy")},
        dict((echo(c), 1) for c in "pq"),
        any(echo(x) > 1 for x in range(5)),
        all(echo(x) < 1 for x in range(5)),
        max((echo(x) for x in range(3)), default=None),
    )


@workflow
def first_iterable_at_once():
    """The first iterable of a generator expression is evaluated where it stands, the rest later."""
    log = []

    def note(x):
        log.append(x)
        return echo(x)

    source = (note(x) + y for x in note([1, 2]) for y in note([10, 20]))
    log.append("made")
    out = [next(source), next(source)]
    log.append("two")
    try:
        bad = (x for x in echo(5))
    except TypeError as error:
        log.append(str(error))
    return out, list(source), log


@workflow
def abandoned():
    """A generator that is left half way: what it did is done, and what it has not is not."""
    log = []

    def slow(n):
        for i in range(n):
            log.append(i)
            yield echo(i)

    for x in slow(5):
        if x == 2:
            break
    first = next(slow(3))
    echo("between")
    unused = slow(4)
    return log, first, unused is None


def take(n, source):
    out = []
    for item in source:
        out.append(echo(item))
        if len(out) == n:
            return out
    return out


def drain(source):
    return [item for item in source]


@workflow
def passed_to_helpers():
    """Generators as arguments and results; one generator that two helpers draw from."""
    source = pages(6)
    squares = quiet(4)
    return take(2, source), take(2, squares), drain(source), drain(squares), drain(pages(0))


def filtered(source):
    for item in source:
        if echo(item) % 2:
            yield item


def limited(source, n):
    for _, item in zip(range(n), source):
        yield add(item, 100)


@workflow
def pipelines():
    """Generators that draw from generators, items one by one through all of them."""
    return list(limited(filtered(pages(7)), 2)), [x for x in limited(quiet(5), 3)]


@workflow
def next_with_default():
    """next() with a default, at the end and before it, of generators of both kinds."""
    source, plain = pages(1), quiet(1)
    return [next(g, "none") for g in (source, plain, source, plain, iter([]))], next(source, None)


@contextlib.contextmanager
def managed(log, name):
    log.append(("enter", echo(name)))
    try:
        yield name * 2
    except KeyError as error:
        log.append(("swallowed", repr(error)))
    finally:
        log.append(("exit", echo(name)))


@workflow
def as_context_managers():
    """contextlib.contextmanager around generators that suspend."""
    log = []
    with managed(log, "a") as double:
        log.append(echo(double))
    with managed(log, "b"):
        raise KeyError("k")
    try:
        with managed(log, "c"), managed(log, "d"):
            fail(ValueError, "v")
    except ValueError as error:
        log.append(str(error))
    return log


class Reader:
    def __init__(self, n):
        self.lines = self.read(n)
        self.count = 0

    def read(self, n):
        for i in range(n):
            self.count += 1
            yield echo(i), self.count

    def line(self):
        return next(self.lines)


@workflow
def in_attributes_and_dicts():
    """Generators kept in objects, dicts and lists; methods that are generators."""
    reader = Reader(3)
    table = {"pages": pages(2), "squares": quiet(3)}
    stack = [pages(3)]
    out = [reader.line(), next(table["pages"]), next(table["squares"]), next(stack[0])]
    echo("between")
    out += [reader.line(), next(table["pages"]), next(table["squares"]), next(stack.pop())]
    return out, reader.count, list(reader.lines)


@workflow
def comprehensions_over_generators():
    """List, set and dict comprehensions over generators."""
    return (
        [x for x in pages(3) if x],
        {x % 2 for x in pages(4)},
        {x: echo(x) for x in quiet(3)},
        [*quiet(2), *range(echo(1))],
        sorted(pages(3), reverse=True),
    )


@workflow
def infinite():
    """A generator without an end, stopped by islice and by takewhile."""
    def forever():
        n = 0
        while True:
            yield echo(n)
            n += 1

    source = forever()
    head = list(itertools.islice(source, 3))
    return head, list(itertools.takewhile(lambda x: x < 6, source)), next(source)


@workflow
def already_running():
    """A generator that asks itself for an item."""
    def selfish():
        yield echo(1)
        yield next(me)

    me = selfish()
    next(me)
    try:
        next(me)
    except ValueError as error:
        return str(error)


@workflow
def recursive(depth):
    """yield from a generator of the same function; a tree in order."""
    def walk(tree):
        if tree:
            left, value, right = tree
            yield from walk(left)
            yield echo(value)
            yield from walk(right)

    tree = None
    for i in range(depth):
        tree = (tree, i, (None, i + 10, None))
    return list(walk(tree))


@workflow
def exceptions_leave():
    """An exception out of a generator into the loop that draws from it."""
    log = []

    def failing():
        yield echo(1)
        fail(ValueError, "inside")
        yield 2

    source = failing()
    try:
        for item in source:
            log.append(item)
    except ValueError as error:
        log.append((str(error), error.__context__))
    return log, next(source, "end")


@workflow
def return_values():
    """The value of a generator's return, by yield from, by StopIteration, not by for."""
    def gives():
        yield 1
        return echo("value")

    def outer():
        first = yield from gives()
        second = yield from gives()
        return [first, second]

    out = list(outer())
    source = outer()
    next(source), next(source)
    try:
        next(source)
    except StopIteration as stop:
        return out, stop.value, stop.args


@workflow
def properties():
    """What a generator says of itself."""
    source, plain = pages(1), quiet(1)
    return iter(source) is source, iter(plain) is plain, source.__name__, source.__qualname__


@workflow
def interleaved():
    """Two generators of one function, in turns, with a shared variable."""
    log = []

    def turns(name):
        for i in range(3):
            log.append((name, echo(i)))
            yield len(log)

    return [pair for pair in zip(turns("a"), turns("b"))], log


@workflow
def unpacked():
    """Generators that suspend, unpacked into targets, displays and arguments."""
    first, *rest = pages(3)
    a, b = pages(2)
    return first, rest, a, b, [*pages(2), *quiet(2)], add(*pages(2)), {*pages(2)}, (*pages(1),)


@workflow
def joined():
    """A generator expression that suspends, given to str.join."""
    return ",".join(str(echo(x)) for x in "ab")


@workflow
def taken_by_methods():
    """Generators that suspend, given to methods of lists and dicts, to `in` and to a slice."""
    xs, d = [], {}
    xs.extend(pages(2))
    xs += pages(2)
    xs[:1] = pages(3)
    d.update((x, echo(x)) for x in "ab")
    return xs, d, 1 in pages(3)


def cases():
    return [
        ("loops", ()),
        ("alive_across_suspensions", ()),
        ("send_values", ()),
        ("send_too_early", ()),
        ("throw_and_close", ()),
        ("throw_what_is_not_caught", ()),
        ("throw_before_start", ()),
        ("delegation", ()),
        ("throw_through_delegation", ()),
        ("close_through_delegation", ()),
        ("ignores_generator_exit", ()),
        ("stop_iteration_inside", ()),
        ("expressions", (3,)),
        ("first_iterable_at_once", ()),
        ("abandoned", ()),
        ("passed_to_helpers", ()),
        ("pipelines", ()),
        ("next_with_default", ()),
        ("as_context_managers", ()),
        ("in_attributes_and_dicts", ()),
        ("comprehensions_over_generators", ()),
        ("infinite", ()),
        ("already_running", ()),
        ("recursive", (3,)),
        ("exceptions_leave", ()),
        ("return_values", ()),
        ("properties", ()),
        ("interleaved", ()),
        ("unpacked", ()),
        ("joined", ()),
        ("taken_by_methods", ()),
    ]
