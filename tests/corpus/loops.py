"""Loops: `else`, `break` and `continue` at every depth, and iterators that live across suspensions."""

from perdure import workflow
from tests.corpus.acts import echo, less, numbers


@workflow
def while_else(n):
    """`else` would run after a break, or not after a normal end."""
    log = []
    i = 0
    while less(i, n):
        i += echo(1)
        if i == 3:
            break
        log.append(i)
    else:
        log.append(echo("else"))
    return log, i


@workflow
def while_test_suspends():
    """The test is evaluated before each turn, also after `continue`."""
    log = []
    n = 0
    while (n := n + echo(1)) < 6 and echo(True):
        if n % 2:
            continue
        log.append(echo(n))
    return log, n


@workflow
def while_test_raises():
    """The test raises outside the body's own handlers but inside those around the loop."""
    log = []
    try:
        while echo([2, 1, 0])[len(log)] and 10 // echo(2 - len(log)):
            log.append("turn")
    except ZeroDivisionError:
        log.append("caught")
    return log


@workflow
def while_true():
    """An endless loop left by break from inside nested ifs."""
    i = 0
    while True:
        i += 1
        if echo(i) > 2:
            if i == 4:
                break
        else:
            continue
        echo("late")
    return i


@workflow
def for_else(items):
    """A `for`'s else with return, break, and an empty sequence."""
    for x in items:
        if echo(x) < 0:
            break
        if x > 100:
            return "returned"
    else:
        return echo("else")
    return "broke", x


@workflow
def nested_break_continue():
    """An inner break must not leave the outer loop, nor an inner else run wrongly."""
    log = []
    for i in range(4):
        for j in range(4):
            if j == 1 and i != 2:
                continue
            if echo(i) == 1:
                break
            if j == 3 and i == 2:
                log.append("inner")
                break
            log.append((i, echo(j)))
        else:
            log.append(("else", echo(i)))
            if i == 3:
                break
            continue
        log.append(("after", i))
    else:
        log.append("never")
    return log


@workflow
def break_in_else():
    """A break in the inner loop's else belongs to the outer loop."""
    log = []
    for i in range(3):
        for j in range(echo(2)):
            log.append((i, j))
        else:
            if echo(i):
                break
    else:
        log.append("never")
    return log


@workflow
def triple_nesting():
    """Three loops of different kinds, each left in another way."""
    log = []
    n = 0
    while n < 3:
        n += 1
        for a in "xyz":
            if a == "z":
                break
            k = 0
            while k < 3:
                k += 1
                if k == 2:
                    continue
                log.append(f"{n}{a}{echo(k)}")
                if n == 2:
                    break
            else:
                continue
            echo("between")
            break
    return log, n, a, k


@workflow
def loop_variable_after():
    """The loop's variable keeps its last value after the loop, and is unbound if there was no turn."""
    for i in range(3):
        echo(i)
    for nothing in numbers(0):
        pass
    try:
        nothing
    except UnboundLocalError as error:
        return i, str(error)


@workflow
def iterable_evaluated_once():
    """The iterable is an expression evaluated once, even if its name is rebound inside."""
    xs = [1, 2, 3]
    log = []
    for x in xs:
        xs = [9]
        log.append(echo(x))
    return log, xs


@workflow
def list_grows():
    """A list that grows in the loop is seen to grow, across checkpoints too."""
    xs = [1, 2]
    for x in xs:
        if echo(x) < 4:
            xs.append(x + 2)
    return xs


@workflow
def list_shrinks():
    """A list that shrinks in the loop skips what it skips."""
    xs = [1, 2, 3, 4, 5, 6]
    seen = []
    for x in xs:
        seen.append(echo(x))
        xs.remove(x)
    return seen, xs


@workflow
def list_replaced_in_place():
    """Slice assignment during the loop: the index goes on."""
    xs = [1, 2, 3]
    seen = []
    for x in xs:
        seen.append(echo(x))
        if x == 2:
            xs[:] = ["a", "b", "c", "d"]
    return seen


@workflow
def list_exhausted_then_grown():
    """An exhausted list iterator stays exhausted though the list grows again."""
    xs = [1]
    it = iter(xs)
    seen = [echo(x) for x in it]
    xs.append(2)
    seen += list(it)
    echo("again")
    seen += list(it)
    return seen, xs


@workflow
def dict_items_updated():
    """Values updated during the loop over items are the new ones when they are reached."""
    d = {"a": 1, "b": 2, "c": 3}
    seen = []
    for k, v in d.items():
        seen.append((k, echo(v)))
        for other in d:
            d[other] += 10
    return seen, d


@workflow
def dict_keys_and_values():
    """Plain, keys and values iteration, each over a dict of which values change."""
    d = {"a": 1, "b": 2}
    seen = []
    for k in d:
        d["b"] = echo(k)
        seen.append(d[k])
    for v in d.values():
        d["b"] = "later"
        seen.append(echo(v))
    for k in d.keys():
        seen.append(echo(k))
    return seen


@workflow
def dict_size_changes():
    """A dict that grows in the loop raises RuntimeError at the next turn."""
    d = {"a": 1, "b": 2}
    try:
        for k in d:
            d[echo(k) * 2] = 0
    except RuntimeError as error:
        return str(error), d


@workflow
def dict_item_deleted_last():
    """Deleting in the last turn ends the loop without an error, or with: as Python says."""
    d = {"a": 1}
    seen = []
    try:
        for k in d:
            seen.append(echo(k))
            del d[k]
    except RuntimeError as error:
        seen.append(str(error))
    return seen, d


@workflow
def over_many_kinds():
    """Each kind of builtin iterator lives across a suspension."""
    log = []
    for i, x in enumerate(["a", "b"], start=echo(5)):
        log.append((i, echo(x)))
    for a, (b, c) in zip(range(3), [(1, 2), (3, 4)]):
        log.append(a + echo(b) + c)
    for x in reversed([1, 2, 3]):
        log.append(echo(x))
    for x in "xyz":
        log.append(echo(x))
    for x in {1, 2, 3}:
        log.append(echo(x))
    for x in (4, 5):
        log.append(echo(x))
    for x in range(10, 0, -4):
        log.append(echo(x))
    for x in map(abs, [-1, -2]):
        log.append(echo(x))
    for x in filter(None, [0, 1, 2]):
        log.append(echo(x))
    for x in b"ab":
        log.append(echo(x))
    return log


@workflow
def iterator_shared():
    """Two loops over one iterator: the second goes on where the first one stopped."""
    it = iter([1, 2, 3, 4, 5])
    log = []
    for x in it:
        log.append(echo(x))
        if x == 2:
            break
    for x in it:
        log.append(("second", echo(x)))
        log.append(("inside", next(it, None)))
    return log


@workflow
def iterator_aliased():
    """`zip(it, it)`: one iterator under two names stays one."""
    it = iter(range(6))
    log = []
    for a, b in zip(it, it):
        log.append((echo(a), b))
    return log


@workflow
def own_iterator_class():
    """An iterator of the user's own class, with its state."""
    log = []
    for x in Countdown(3):
        log.append(echo(x))
    return log


class Countdown:
    def __init__(self, n):
        self.n = n

    def __iter__(self):
        return self

    def __next__(self):
        if self.n == 0:
            raise StopIteration
        self.n -= 1
        return self.n


class Indexed:
    """Iterable only by __getitem__."""

    def __getitem__(self, i):
        if i == 3:
            raise IndexError(i)
        return i * 10


@workflow
def by_getitem():
    """The old protocol: __getitem__ until IndexError."""
    return [echo(x) for x in Indexed()], echo("end")


@workflow
def iterator_raises():
    """An exception of `__next__` itself comes from the loop's head: not from the body."""
    log = []
    try:
        for x in Broken(2):
            try:
                log.append(echo(x))
            except ValueError:
                log.append("wrong place")
        else:
            log.append("never")
    except ValueError as error:
        log.append(str(error))
    return log


class Broken:
    def __init__(self, n):
        self.n = n

    def __iter__(self):
        return self

    def __next__(self):
        self.n -= 1
        if self.n < 0:
            raise ValueError("broken")
        return self.n


@workflow
def stop_iteration_in_body():
    """A StopIteration raised in the body must not end the loop silently."""
    log = []
    try:
        for x in [1, 2, 3]:
            log.append(echo(x))
            if x == 2:
                next(iter(()))
    except StopIteration:
        log.append("stop")
    else:
        log.append("never")
    return log


@workflow
def not_iterable():
    """`for x in 5` raises its text, after the iterable's activity was called."""
    try:
        for x in echo(5):
            echo("never")
    except TypeError as error:
        return str(error)


@workflow
def targets_of_loops():
    """Loop targets that are items, attributes and patterns, suspending themselves."""
    xs = [0, 0]
    d = {}
    for xs[echo(0)] in range(3):
        d[xs[0]] = echo(xs[0])
    for d[echo("k")], (a, *rest) in [(1, "xyz"), (2, [4])]:
        xs.append((a, rest))
    return xs, d


@workflow
def target_fails_to_unpack():
    """A target that does not unpack raises from inside the loop, which ends."""
    log = []
    try:
        for a, b in [(1, 2), (3,), (5, 6)]:
            log.append(echo(a))
    except ValueError as error:
        log.append(str(error))
    return log, a, b


@workflow
def return_from_nested():
    """A return from the depth of three loops."""
    for i in range(3):
        for j in range(3):
            while True:
                if echo(i * j) == 2:
                    return i, j
                break


@workflow
def loop_in_if_in_loop(n):
    """An if between two loops, with else arms that suspend or not."""
    log = []
    for i in range(n):
        if i % 2:
            for j in range(i):
                if echo(j) == 1:
                    break
                log.append((i, j))
            else:
                log.append("else")
        elif i == 2:
            continue
        else:
            log.append(echo("even"))
        log.append(i)
    return log


@workflow
def quiet_loop_between():
    """A loop without suspension between suspensions, sharing its variables."""
    total = echo(1)
    for i in range(100):
        if i % 7 == 0:
            continue
        total += i
        if total > 500:
            break
    else:
        total = -1
    return echo(total) + i


@workflow
def range_bounds_rebound():
    """range() took its bounds when it was made."""
    n = 3
    out = []
    for i in range(n):
        n = echo(n + 1)
        i += 100
        out.append(i)
    return out, n


@workflow
def grown_while_iterated(kind):
    """A dict or set that grows during its loop: Python notices at the next step, restart or not."""
    table = {1: "a", 2: "b", 3: "c"}
    every = {1, 2, 3}
    seen = []
    try:
        if kind == "keys":
            for key in table:
                seen.append(echo(key))
                table[key + 10] = echo("x")
                echo("after")
        elif kind == "items":
            for key, value in table.items():
                table["new"] = echo(value)
        elif kind == "reversed":
            for key in reversed(table):
                seen.append(echo(key))
                del table[key]
                echo("after")
        else:
            for x in every:
                seen.append(echo(x))
                every.add(echo(x + 100))
                echo("after")
    except RuntimeError as error:
        seen.append(str(error))
    return seen, table, every


@workflow
def continue_in_an_else():
    """It goes on with the loop around."""
    seen = []
    for outer in range(3):
        turns = 0
        for item in [0, echo(outer)]:
            turns += 1
            seen.append(item)
        else:
            echo("else")
            if outer == 1:
                continue
        while turns:
            turns -= 1
            seen.append(turns)
        else:
            echo("while")
            continue
        seen.append("never")
    return seen


def cases():
    return [
        ("continue_in_an_else", ()),
        ("grown_while_iterated", ("keys",)),
        ("grown_while_iterated", ("items",)),
        ("grown_while_iterated", ("reversed",)),
        ("grown_while_iterated", ("set",)),
        ("while_else", (2,)),
        ("while_else", (9,)),
        ("while_else", (0,)),
        ("while_test_suspends", ()),
        ("while_test_raises", ()),
        ("while_true", ()),
        ("for_else", ([1, 2],)),
        ("for_else", ([1, -1, 2],)),
        ("for_else", ([1, 200],)),
        ("for_else", ([],)),
        ("nested_break_continue", ()),
        ("break_in_else", ()),
        ("triple_nesting", ()),
        ("loop_variable_after", ()),
        ("iterable_evaluated_once", ()),
        ("list_grows", ()),
        ("list_shrinks", ()),
        ("list_replaced_in_place", ()),
        ("list_exhausted_then_grown", ()),
        ("dict_items_updated", ()),
        ("dict_keys_and_values", ()),
        ("dict_size_changes", ()),
        ("dict_item_deleted_last", ()),
        ("over_many_kinds", ()),
        ("iterator_shared", ()),
        ("iterator_aliased", ()),
        ("own_iterator_class", ()),
        ("by_getitem", ()),
        ("iterator_raises", ()),
        ("stop_iteration_in_body", ()),
        ("not_iterable", ()),
        ("targets_of_loops", ()),
        ("target_fails_to_unpack", ()),
        ("return_from_nested", ()),
        ("loop_in_if_in_loop", (5,)),
        ("quiet_loop_between", ()),
        ("range_bounds_rebound", ()),
    ]
