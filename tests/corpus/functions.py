"""Helpers that suspend: recursion, parameters of every sort, methods, closures; and quiet closures."""

import typing
from dataclasses import dataclass

from perdure import activity, workflow
from tests.corpus import more_functions
from tests.corpus.acts import add, collect, echo, fail
from tests.corpus.more_functions import far as renamed


@activity
def square(x):
    return x * x


def fib(n):
    if n < 2:
        return echo(n)
    return fib(n - 1) + fib(n - 2)


def even(n, log):
    log.append(("even", n))
    return True if n == 0 else odd(n - 1, log)


def odd(n, log):
    log.append(("odd", echo(n)))
    if n == 0:
        return False
    try:
        return even(n - 1, log)
    finally:
        log.append(("leave", echo(n)))


def ackermann(m, n):
    if m == 0:
        return echo(n) + 1
    if n == 0:
        return ackermann(m - 1, 1)
    return ackermann(m - 1, ackermann(m, n - 1))


def deep(n):
    return echo(0) if n == 0 else 1 + deep(n - 1)


def parameters(a, b=2, /, c=3, *rest, d, e=5, **named):
    first = echo(a)
    c += 1
    return [first, b, c, rest, d, e, echo(named)]


def shared_default(x, seen=[]):
    seen = [*seen, echo(x)]
    return seen


def swallow(kind):
    try:
        fail(kind, "inside")
    except ValueError:
        return echo("swallowed")


def nothing():
    echo("nothing")


@dataclass
class Account:
    owner: str
    balance: int = 0

    def deposit(self, amount):
        self.balance += echo(amount)
        return self

    def transfer(self, other, amount):
        if amount > self.balance:
            raise ValueError(f"{self.owner} is short of {amount - self.balance}")
        self.balance -= amount
        try:
            other.deposit(amount)
        except ValueError:
            self.deposit(amount)
            raise
        return self.balance

    def total(self, *others):
        return self.balance + sum([echo(o.balance) for o in others])


class Frozen(Account):
    def deposit(self, amount):
        echo(("frozen", amount))
        raise ValueError(f"{self.owner} is frozen")


class Tree:
    def __init__(self, value, *children):
        self.value = value
        self.children = children

    def walk(self, visit):
        visit.append(echo(self.value))
        for child in self.children:
            child.walk(visit)
        visit.append(-self.value)
        return visit

    def depth(self):
        return echo(1) + max([child.depth() for child in self.children], default=0)


@workflow
def recursion(n):
    """Two recursive calls in one expression: the first result is kept over the second."""
    return fib(n)


@workflow
def mutual_recursion(n):
    """Two functions that call one another, with a finally in each frame."""
    log = []
    return even(n, log), log


@workflow
def nested_recursion():
    """A recursive call as the argument of a recursive call."""
    return ackermann(1, 2)


@workflow
def deep_recursion():
    """Two hundred frames, unwound one by one."""
    return deep(200)


@workflow
def every_sort_of_parameter():
    """Positional-only, defaults, *args, keyword-only, **kwargs, passed in every way."""
    return [
        parameters(1, d=echo(4)),
        parameters(1, 2, 3, 4, 5, d=6, z=7),
        parameters(*echo([1, 2]), **echo({"d": 1, "a": "named"})),
        parameters(echo("x"), c=echo(6), e=echo("z"), d=None),
    ]


@workflow
def wrong_calls():
    """Calls that do not fit: the helper's own name in the text, arguments evaluated before."""
    texts = []
    for attempt in range(4):
        try:
            if attempt == 0:
                parameters()
            elif attempt == 1:
                parameters(echo(1), d=1, **{"e": 1, "c": 2}, **echo({"e": 3}))
            elif attempt == 2:
                fib(echo(1), 2)
            else:
                nothing(x=echo(1))
        except TypeError as error:
            texts.append(str(error))
    return texts


@workflow
def default_argument_shared():
    """A default is made once, at the definition."""
    return shared_default(1), shared_default(2), shared_default(3, [0])


@workflow
def helper_results_everywhere():
    """A helper's result as operand, argument, subscript, test, iterable, f-string."""
    xs = [10, 20, 30]
    out = [xs[fib(2)], f"{fib(3)}:{fib(3):>{fib(4)}}", add(fib(2), fib(3)), fib(0) or fib(1), -fib(4)]
    out += [x for x in range(fib(4)) if fib(x)]
    for i in range(fib(3)):
        out.append(i)
    while fib(len(out) % 3):
        out.append("w")
    out[fib(1)] += fib(1) if isinstance(out[1], int) else "s"
    return out, nothing()


@workflow
def exceptions_through_helpers():
    """What a helper swallows and what it lets pass."""
    log = [swallow(ValueError)]
    try:
        swallow(KeyError)
    except KeyError as error:
        log.append(error)
    return log


@workflow
def methods(amount):
    """Methods that suspend, on objects shared between frames; one overrides another."""
    a, b, c = Account("a", 10), Account("b"), Frozen("c", 1)
    log = []
    for target in (b, c):
        try:
            log.append(a.transfer(target, amount))
        except ValueError as error:
            log.append(str(error))
    return a, b, c, a.total(b, c), log, a.deposit(1).deposit(2) is a


@workflow
def methods_recursive():
    """A method that recurs over a tree, with a list handed down."""
    tree = Tree(1, Tree(2, Tree(3)), Tree(4))
    return tree.walk([]), tree.depth(), Tree.walk(tree.children[1], [0])


@workflow
def bound_method_as_value():
    """A bound method that suspends, kept in a name over a suspension and called later."""
    account = Account("a")
    deposit = account.deposit
    echo(1)
    deposit(5)
    return [f(2).balance for f in (deposit, account.deposit)], account


@workflow
def functions_as_values():
    """Helpers and activities in variables, lists and dicts, chosen at run time."""
    out = []
    for f in (fib, square, echo, len, lambda x: x):
        out.append(f([1, 2] if f is len else 3))
    table = {"f": fib, "s": square}
    out.append(table[echo("s")](table["f"](4)))
    return out, (square if echo(True) else fib)(5)


@workflow
def other_module():
    """Helpers of another module, by attribute and under another name; they read their own globals."""
    return more_functions.far(1), renamed(2), more_functions.Counter(3).count()


@workflow
def nested_function_quiet():
    """A nested function reads the outer names as they are when it is called."""
    base = 10

    def inner(x, times=2):
        total = 0
        for _ in range(times):
            total += x + base
        return total

    first = inner(echo(1))
    base = echo(100)
    return first, inner(1), inner(echo(2), times=1)


@workflow
def nested_function_nonlocal():
    """nonlocal in two nested functions that call one another: one variable for all."""
    n = 0

    def one():
        nonlocal n
        n += 1
        return n

    def ten(by=10):
        nonlocal n
        n += by
        return one()

    log = [one(), ten(), n + echo(0) + ten() + n]
    n *= 2
    n += echo(n) + one()
    return log, one(), ten(by=echo(7)), n


@workflow
def closures_over_loop_variable():
    """Lambdas made in a loop share its variable, and see its last value; defaults do not."""
    late, early = [], []
    for i in range(3):
        late.append(lambda: i)
        early.append(lambda i=i: i)
        echo(i)
    before = [f() for f in late]
    i = echo("rebound")
    return before, [f() for f in late], [f() for f in early]


@workflow
def closure_sees_later_binding():
    """A lambda made before a suspension sees what its variable is bound to after it."""
    x = 1
    f = lambda: x
    log = [f()]
    x = echo(2)
    log.append(f())
    del x
    try:
        f()
    except NameError as error:
        log.append(str(error))
    x = echo(3)
    return log, f()


@workflow
def closures_share_a_cell():
    """Two closures over one variable stay together across checkpoints."""
    n = 0

    def up():
        nonlocal n
        n += 1

    get = lambda: n
    up()
    echo(1)
    up()
    return get(), n, [get() for _ in range(2)]


@workflow
def closure_in_structure():
    """Closures inside a dict, over a list that the workflow changes."""
    xs = [1]
    tools = {"len": lambda: len(xs), "add": lambda v: xs.append(v)}
    echo(1)
    tools["add"](2)
    xs.append(3)
    return tools["len"](), xs


@workflow
def closure_as_key():
    """A quiet lambda handed to sorted, map, max after a suspension."""
    order = {"b": 0, "a": 1}
    key = lambda name: order[name]
    names = echo(["a", "b"])
    order["b"] = echo(5)
    return sorted(names, key=key), list(map(key, names)), max(names, key=key)


def make_adder(n):
    base = echo(n)

    def adder(x):
        return base + x

    return adder


@workflow
def function_that_returns_closure():
    """A closure made in a frame that is gone, kept over suspensions."""
    add1, add10 = make_adder(1), make_adder(10)
    echo(0)
    return add1(1), add10(1), [f(2) for f in (add1, add10)]


@workflow
def star_call_of_helpers():
    """Arguments by star for helpers, activities and builtins alike."""
    args = echo([3, 4])
    return collect(*args, **{"k": fib(*args[:1])}), add(*args), max(*args, fib(5))


def sort(xs):
    if len(xs) < 2:
        return xs
    pivot, *rest = xs
    return sort([x for x in rest if add(x, 0) < pivot]) + [pivot] + sort([x for x in rest if x >= pivot])


@workflow
def recursion_with_accumulator():
    """A quick sort by helpers: lists made and joined in many frames."""
    return sort([3, 1, 2, 3, 0])


@workflow
def unpacking_what_only_suspends_when_called():
    """A function that may stop the run is no iterable, and Python says so as always."""

    def stops(*args):
        return echo(args)

    errors = []
    try:
        stops(*stops)
    except TypeError as error:
        errors.append(str(error).rpartition(".")[2])
    try:
        first, second = stops
    except TypeError as error:
        errors.append(str(error))
    return errors, stops(*[1])


@typing.overload
def shown(x: int) -> int: ...


@typing.overload
def shown(x: str) -> str: ...


def shown(x):
    return echo(x)


@typing.overload
def sent(x: int) -> int: ...


@activity
def sent(x):
    return x * 2


def again(x):
    return echo(x)


def again(x):
    return -x


class Redefined:
    def get(self):
        return 1

    def get(self):
        return echo(2)


@workflow
def defined_more_than_once():
    """Overloads, and names that are given to another function later."""
    return shown(1), sent(2), again(3), Redefined().get(), list(map(shown, "ab"))


def cases():
    return [
        ("defined_more_than_once", ()),
        ("unpacking_what_only_suspends_when_called", ()),
        ("recursion", (6,)),
        ("mutual_recursion", (3,)),
        ("nested_recursion", ()),
        ("deep_recursion", ()),
        ("every_sort_of_parameter", ()),
        ("wrong_calls", ()),
        ("default_argument_shared", ()),
        ("helper_results_everywhere", ()),
        ("exceptions_through_helpers", ()),
        ("methods", (4,)),
        ("methods", (40,)),
        ("methods_recursive", ()),
        ("bound_method_as_value", ()),
        ("functions_as_values", ()),
        ("other_module", ()),
        ("nested_function_quiet", ()),
        ("nested_function_nonlocal", ()),
        ("closures_over_loop_variable", ()),
        ("closure_sees_later_binding", ()),
        ("closures_share_a_cell", ()),
        ("closure_in_structure", ()),
        ("closure_as_key", ()),
        ("function_that_returns_closure", ()),
        ("star_call_of_helpers", ()),
        ("recursion_with_accumulator", ()),
    ]
