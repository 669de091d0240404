"""Functions inside functions: cells, lambdas, decorators; across suspensions, and with them inside."""

import functools

from perdure import workflow
from tests.corpus.acts import add, echo, fail


@workflow
def counter():
    """A cell that the function inside and the one around it both write, with a suspension between."""
    n = 0
    seen = []

    def up(by=1):
        nonlocal n
        n += echo(by)
        seen.append(n)
        return n

    up()
    n += 10
    echo(n)
    up(by=5)
    return n, seen, up(), n


@workflow
def two_closures_share():
    """Two functions over one cell; the list of one of them is that of the other."""
    items = []

    def put(x):
        items.append(echo(x))
        return items

    def take():
        echo("take")
        return items.pop()

    same = put(1) is put(2)
    taken = take()
    items = [9]
    return same, taken, put(3), take()


@workflow
def three_levels():
    """nonlocal through a function that only passes the cell on."""
    x = "outer"

    def middle():
        def inner(value):
            nonlocal x
            before = x
            x = echo(value)
            return before

        return inner

    first = middle()("first")
    second = middle()(echo("second"))
    return first, second, x


@workflow
def lambdas_suspend(xs):
    """A lambda calls an activity, and reads a variable that changes between its calls."""
    k = 1
    scale = lambda x: echo(x) * k  # noqa: E731
    out = [scale(x) for x in xs]
    k = echo(10)
    return out, [scale(x) for x in xs], (lambda: echo(k))()


@workflow
def recursion_inside():
    """A nested function that calls itself, and two that call each other."""

    def factorial(n):
        return 1 if echo(n) <= 1 else n * factorial(n - 1)

    def even(n):
        return True if n == 0 else odd(echo(n) - 1)

    def odd(n):
        return False if n == 0 else even(echo(n) - 1)

    return factorial(5), even(4), odd(4), even(3)


@workflow
def defaults():
    """Default values are evaluated where the function is made, once, and are shared by its calls."""
    k = echo(1)

    def f(a, b=echo("b"), *rest, c=[k], d=None, **more):
        c.append(echo(a))
        return a, b, rest, list(c), d, more

    k = 2
    return f(1), f(2, "x", 3, 4, d=5, e=6), f.__defaults__, f.__kwdefaults__, f.__name__


@workflow
def wrong_arguments():
    """The errors of a call that does not fit, with their words."""
    errors = []

    def f(a, *, b):
        return echo(a + b)

    for args, kwargs in (((), {}), ((1,), {}), ((1, 2), {"b": 1}), ((1,), {"b": 1, "c": 2})):
        try:
            errors.append(f(*args, **kwargs))
        except TypeError as error:
            errors.append(str(error))
    return errors, f(1, b=echo(2))


@workflow
def closures_in_a_loop():
    """Functions made in a loop share its variable; a default keeps what it was."""
    late, early = [], []
    for i in range(3):
        late.append(lambda: echo(i))
        early.append(lambda i=i: echo(i))
    echo("between")
    return [f() for f in late], [f() for f in early]


@workflow
def closures_in_comprehensions():
    """Functions made in a comprehension, with defaults of their own."""
    x = "mine"
    gs = {k: lambda k=k: echo(k) for k in "ab"}
    hs = [lambda y=y: (echo(x), y) for y in range(2)]
    x = echo("yours")
    return [g() for g in gs.values()], [h() for h in hs], x


def twice(function):
    @functools.wraps(function)
    def wrapped(*args, **kwargs):
        return function(*args, **kwargs), function(*args, **kwargs)

    return wrapped


def times(n, log=None):
    def decorate(function):
        @functools.wraps(function)
        def wrapped(*args):
            out = [function(*args) for _ in range(n)]
            if log is not None:
                log.append(echo(n))
            return out

        return wrapped

    return decorate


@twice
def doubled(x):
    """Its own text."""
    return echo(x)


@times(2)
@twice
def stacked(x):
    return echo(x)


@workflow
def decorated_helpers():
    """Decorators of the project, with and without arguments, one on another."""
    names = doubled.__name__, doubled.__doc__, stacked.__name__
    return doubled(1), stacked(echo(2)), names


@workflow
def decorated_inside():
    """A decorator on a function that is made in the workflow, its arguments evaluated there."""
    log = []

    @times(echo(2), log)
    @twice
    def inner(x):
        return echo(x) + len(log)

    return inner(1), inner(2), log, inner.__name__


class Account:
    rate = 3

    def __init__(self, n):
        self.n = n

    @staticmethod
    def fixed(x):
        return echo(x) + 1

    @classmethod
    def made(cls, n):
        return cls(echo(n) * cls.rate)

    @property
    def plain(self):
        return self.n * 2

    @plain.setter
    def plain(self, value):
        self.n = value

    def total(self, by=1):
        return echo(self.n) * by


class Cheap(Account):
    rate = 1


@workflow
def kinds_of_methods():
    """staticmethod, classmethod and property, by class and by object, and bound methods as values."""
    account = Account.made(5)
    account.plain = echo(account.plain + 1)
    total = account.total
    account.n += 1
    return (
        Account.fixed(1),
        account.fixed(2),
        Account.made(2).n,
        account.plain,
        total(by=2),
        Account.total(account, 3),
        type(account).__name__,
    )


@workflow
def classes_inside():
    """A class that the workflow makes, with methods that suspend and share its variables."""
    seen = []

    class Log:
        level = echo

        def __init__(self, name):
            self.name = name

        def put(self, x):
            seen.append((self.name, echo(x)))
            return len(seen)

    log = Log("a")
    n = log.put(1)
    return n, log.put(2), seen


def apply(function, *args):
    return function(*args)


def each(function, items):
    return [function(item) for item in items]


@workflow
def functions_as_values():
    """Activities, helpers, lambdas and partials, handed to helpers that call them."""
    table = {"echo": echo, "add": add, "both": lambda a, b: (echo(a), echo(b))}
    half = functools.partial(add, 1)
    return (
        apply(table["echo"], 1),
        apply(table["add"], 2, 3),
        apply(table["both"], 4, 5),
        apply(half, 6),
        each(echo, [7, 8]),
        each(lambda x: apply(echo, x + 1), [9]),
        apply(len, "four"),
    )


def make_adder(n):
    def adder(x):
        return add(x, n)

    return adder


def make_counter(start=0):
    count = start

    def up():
        nonlocal count
        count += echo(1)
        return count

    def now():
        return count

    return up, now


plus_three = make_adder(3)


@workflow
def factories():
    """Closures that a factory of the module returns, each with cells of its own."""
    one, two = make_adder(1), make_adder(2)
    up, now = make_counter(10)
    other, _ = make_counter()
    up()
    echo(now())
    return one(1), two(1), up(), now(), other(), make_adder(echo(5))(5)


@workflow
def made_with_the_module():
    """A closure that was made when the module was imported."""
    return plus_three(1), each(plus_three, [1, 2])


def ping(n, log):
    log.append(("ping", echo(n)))
    return log if n == 0 else pong(n - 1, log)


def pong(n, log):
    log.append(("pong", echo(n)))
    return log if n == 0 else ping(n - 1, log)


@workflow
def mutual_recursion():
    """Two helpers of the module that call each other."""
    return ping(3, []), pong(2, [])


@workflow
def errors_through_closures():
    """Exceptions out of nested functions, with finally and a cell that both sides see."""
    log = []
    state = "begin"

    def inner(x):
        nonlocal state
        try:
            state = echo(x)
            return fail(ValueError, x)
        finally:
            log.append(echo(state))

    for x in "ab":
        try:
            inner(x)
        except ValueError as error:
            log.append((str(error), state))
    return log


@workflow
def unbound_cells():
    """A cell that is not bound yet, or no more."""
    errors = []

    def read():
        echo("read")
        return late

    try:
        read()
    except NameError as error:
        errors.append((type(error).__name__, str(error)))
    late = echo("now")
    errors.append(read())
    del late
    try:
        read()
    except NameError as error:
        errors.append((type(error).__name__, str(error)))
    return errors


@workflow
def parameters_in_cells(a, *rest, b=2, **more):
    """Parameters of every kind that a function inside reads and writes."""

    def change():
        nonlocal a, b
        a, b = echo(b), echo(a)
        rest_now = [*rest, *more]
        return rest_now

    first = change()
    return a, b, first, change(), a, b


@workflow
def plain_closures_live_on():
    """Functions without a suspension that are alive across one."""
    n = 1

    def double(x):
        return x * 2 + n

    key = lambda x: -double(x)  # noqa: E731
    before = double(1)
    n = echo(5)
    return before, double(1), sorted([1, 3, 2], key=key), echo(key(4))


@workflow
def late_closures_in_comprehensions():
    """Functions made in a comprehension share the comprehension's variable, not the function's."""
    x = "mine"
    fs = [lambda: echo(x) for x in range(3)]
    hs = [lambda: (echo(x), y) for y in range(2)]
    return [f() for f in fs], [h() for h in hs], x


@workflow
def unwrapped_helper():
    """The function that a decorator with functools.wraps was given."""
    return doubled.__wrapped__(3)


@workflow
def inherited_class_methods():
    """Static and class methods, called by a class that inherits them."""
    return Cheap.made(5).n, Cheap.fixed(1), type(Cheap.made(2)).__name__


@workflow
def folded_lambdas():
    """Python leaves out what it need not execute; the text still says which lambda it is."""
    n = echo(1)
    both = lambda: (2 and (n * echo(3)), (lambda: 4 or echo(n)))  # noqa: E731
    first = lambda: 2 and (n + echo(5))  # noqa: E731, SIM222
    last = lambda u=6: (echo(u) if True else n)  # noqa: E731
    two = [(lambda: 0 or echo(7)), (lambda: 0 or (lambda: 1 and n)())]  # noqa: SIM222
    n = echo(8)
    value, inner = both()
    return value, inner(), first(), last(), [f() for f in two]


@workflow
def decorators_that_suspend():
    """A decorator that suspends while it decorates: several, with arguments, on a shared name."""
    order = []

    def tagged(tag):
        order.append(("made", echo(tag)))

        def decorate(function):
            order.append((tag, echo(function.__name__)))

            def inner(*args):
                return tag, function(*args)

            return inner

        return decorate

    @tagged("a")
    @tagged(echo("b"))
    def add(x, y=echo(1)):
        return x + y

    def again():
        return add(5)

    @echoing
    def plain():
        return "plain"

    return add(2), again(), plain, order


def echoing(function):
    return echo(function.__name__), function()


def cases():
    return [
        ("folded_lambdas", ()),
        ("counter", ()),
        ("two_closures_share", ()),
        ("three_levels", ()),
        ("lambdas_suspend", ([1, 2],)),
        ("recursion_inside", ()),
        ("defaults", ()),
        ("wrong_arguments", ()),
        ("closures_in_a_loop", ()),
        ("closures_in_comprehensions", ()),
        ("decorated_helpers", ()),
        ("decorated_inside", ()),
        ("kinds_of_methods", ()),
        ("classes_inside", ()),
        ("functions_as_values", ()),
        ("factories", ()),
        ("made_with_the_module", ()),
        ("mutual_recursion", ()),
        ("errors_through_closures", ()),
        ("unbound_cells", ()),
        ("parameters_in_cells", (1, 3, 4)),
        ("plain_closures_live_on", ()),
        ("late_closures_in_comprehensions", ()),
        ("unwrapped_helper", ()),
        ("inherited_class_methods", ()),
        ("decorators_that_suspend", ()),
    ]
