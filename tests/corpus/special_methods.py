"""Methods that Python calls by itself, super(), private names, and the managers of contextlib."""

import dataclasses
import contextlib

from perdure import workflow
from tests.corpus.acts import echo, fail


class Base:
    def __init__(self, n):
        self.n = echo(n)
        self.__hidden = n * 2

    def __call__(self, x):
        return echo(x) + self.n

    def hidden(self):
        return self.__hidden

    def price(self, factor=1):
        return echo(self.n) * factor

    @classmethod
    def named(cls):
        return echo(cls.__name__)

    def my_class(self):
        echo("class")
        return __class__.__name__, type(self).__name__


class Middle(Base):
    def __init__(self, n, extra):
        super().__init__(n)
        self.extra = echo(extra)
        self.__hidden = "middle"

    def price(self, factor=1):
        return super().price(factor) + echo(1)

    def both(self):
        return self.__hidden, super().hidden()

    @classmethod
    def named(cls):
        return super().named(), echo("middle")


class Left(Middle):
    def price(self, factor=1):
        return super(Left, self).price(factor) + echo(10)


class Right(Middle):
    def price(self, factor=1):
        return super().price(factor=factor) * echo(2)


class Both(Left, Right):
    pass


@workflow
def constructors():
    """__init__ that suspends, directly, through super() and for a class without one of its own."""
    one, two = Base(1), Middle(2, extra="x")
    return one.n, two.n, two.extra, Both(3, "y").price(), isinstance(two, Base)


@workflow
def wrong_constructors():
    """Arguments that __init__ does not take, and an __init__ that fails."""
    errors = []
    for make in (lambda: Base(), lambda: Base(1, 2), lambda: Failing(1), lambda: Odd()):
        try:
            make()
        except (TypeError, ValueError) as error:
            errors.append((type(error).__name__, str(error)))
    return errors


class Failing:
    def __init__(self, n):
        self.n = n
        fail(ValueError, n)


class Odd:
    def __init__(self):
        return echo(5)


class Fresh:
    made = []

    def __new__(cls, n=None):
        self = super().__new__(cls)
        self.via = "new"
        return self

    def __init__(self, n):
        self.n = echo(n)


@workflow
def own_new():
    """__new__ runs before an __init__ that suspends."""
    fresh = Fresh(3)
    return fresh.via, fresh.n, type(fresh) is Fresh


@workflow
def superclasses():
    """super() with and without arguments, along the method resolution order."""
    both = Both(1, "x")
    return both.price(), both.price(factor=2), Left(1, "l").price(), Middle.named()


@workflow
def class_of_a_method():
    """__class__ is the class whose body the method stands in."""
    return Middle(1, 2).my_class(), Base(1).my_class()


@workflow
def private_names():
    """Names that begin with two underscores belong to the class they are written in."""
    middle = Middle(2, "x")
    return middle.both(), middle.hidden(), sorted(vars(middle))


@workflow
def callables():
    """Objects with a __call__ that suspends, called by name, in a loop and from a table."""
    base = Base(10)
    table = {"base": base}
    return base(1), table["base"](2), [f(3) for f in (base, Base(20), str)]


class Countdown:
    def __init__(self, n):
        self.n = n

    def __iter__(self):
        return self

    def __next__(self):
        if self.n == 0:
            raise StopIteration
        self.n -= 1
        return echo(self.n)


class Rows:
    def __init__(self, *rows):
        self.rows = rows

    def __iter__(self):
        for row in self.rows:
            yield echo(row)


@workflow
def iterators():
    """__iter__ and __next__ that suspend: for, comprehensions, unpacking, builtins, by hand."""
    out = [x for x in Countdown(3)]
    for row in Rows("a", "b"):
        out.append(row)
    source = Countdown(2)
    out.append(next(source))
    return out, list(Rows(3)), sum(Countdown(3)), dict(enumerate(Rows("x"))), source.n


class Lock:
    def __init__(self, log, name, swallow=()):
        self.log, self.name, self.swallow = log, name, swallow

    def __enter__(self):
        self.log.append(("enter", echo(self.name)))
        return self

    def __exit__(self, kind, error, trace):
        self.log.append(("exit", echo(self.name), None if kind is None else kind.__name__))
        return bool(kind) and issubclass(kind, self.swallow)


@workflow
def iterators_by_hand():
    """iter() of an object whose __iter__ is a generator that suspends."""
    it = iter(Rows(1, 2))
    return next(it), next(it), next(it, "end")


class Loud:
    def __iter__(self):
        return iter(echo([1, 2]))


@workflow
def iter_suspends():
    """An __iter__ that suspends before it returns an iterator."""
    out = []
    for x in Loud():
        out.append(x)
    return out, list(Loud())


@workflow
def managers():
    """__enter__ and __exit__ that suspend, nested in one another, left in order."""
    log = []
    with Lock(log, "a") as a, Lock(log, "b"):
        log.append(echo(a.name))
        with Lock(log, "c"):
            pass
    return log


@workflow
def managers_swallow(kind):
    """An exception that __exit__ swallows, or does not; sys.exc_info as __exit__ has it."""
    log = []
    try:
        with Lock(log, "outer", (KeyError,)):
            with Lock(log, "inner", (ValueError,)):
                fail(kind, "x")
            log.append("after inner")
        log.append("after outer")
    except Exception as error:
        log.append(type(error).__name__)
    return log


@workflow
def managers_left_by_jumps():
    """return, break and continue through managers that suspend."""
    log = []

    def leave(n):
        for i in range(3):
            with Lock(log, i):
                if i == 0:
                    continue
                if n == 1:
                    break
                return echo("returned")
        return "broken"

    return leave(1), leave(2), log


class Breaking(Lock):
    def __exit__(self, *info):
        super().__exit__(*info)
        raise OSError("exit")


@workflow
def exit_fails():
    """An __exit__ that suspends and then raises: the body's exception is its context."""
    log = []
    try:
        with Breaking(log, "x"):
            fail(ValueError, "body")
    except OSError as error:
        log.append((str(error), repr(error.__context__)))
    try:
        with Breaking(log, "y"):
            pass
    except OSError as error:
        log.append((str(error), error.__context__))
    return log


@contextlib.contextmanager
def entered(log, name):
    log.append(("begin", echo(name)))
    try:
        yield name
    except KeyError:
        log.append(echo("swallowed"))
    finally:
        log.append(("end", echo(name)))


@workflow
def context_manager_functions():
    """contextlib.contextmanager: the value, a swallowed exception, one that passes."""
    log = []
    with entered(log, "a") as a:
        log.append(echo(a))
    with entered(log, "b"):
        fail(KeyError, "gone")
    try:
        with entered(log, "c"):
            fail(ValueError, "stays")
    except ValueError as error:
        log.append(str(error))
    return log


@workflow
def as_decorator():
    """A contextmanager that decorates a function."""
    log = []

    @entered(log, "d")
    def inner(x):
        log.append(echo(x))
        return x

    return inner(1), inner(2), log


@workflow
def broken_context_managers():
    """A generator that does not yield, or yields twice, is a RuntimeError."""
    @contextlib.contextmanager
    def never():
        echo("never")
        if False:
            yield

    @contextlib.contextmanager
    def twice():
        yield echo(1)
        yield echo(2)

    errors = []
    for how in (never, twice):
        try:
            with how():
                echo("body")
        except RuntimeError as error:
            errors.append(str(error))
    return errors


@workflow
def exit_stacks():
    """ExitStack with managers, callbacks and pushes that suspend, in reverse order."""
    log = []
    with contextlib.ExitStack() as stack:
        for name in "ab":
            stack.enter_context(Lock(log, name))
        stack.callback(echo, "activity")
        stack.callback(lambda x: log.append(echo(x)), "callback")
        stack.push(lambda *info: log.append(("push", info[0])))
        log.append(echo("body"))
    return log


@workflow
def exit_stacks_swallow():
    """A manager in an ExitStack swallows what is raised in the body."""
    log = []
    with contextlib.ExitStack() as stack:
        stack.enter_context(Lock(log, "outer", (ValueError,)))
        stack.enter_context(Lock(log, "inner"))
        fail(ValueError, "x")
    log.append("after")
    kept = contextlib.ExitStack()
    with kept:
        kept.enter_context(Lock(log, "kept"))
        later = kept.pop_all()
    log.append("not yet")
    later.close()
    return log


class Closable:
    def __init__(self, log):
        self.log = log

    def close(self):
        self.log.append(echo("closed"))


@workflow
def other_managers():
    """suppress, closing and nullcontext around suspensions."""
    log = []
    with contextlib.suppress(KeyError):
        fail(KeyError, "gone")
    with contextlib.closing(Closable(log)) as thing:
        log.append(echo(type(thing).__name__))
    with contextlib.nullcontext(echo("value")) as value:
        log.append(value)
    return log


class Table:
    def __init__(self):
        self.rows = {}

    def __getitem__(self, key):
        return self.rows[key]

    def __setitem__(self, key, value):
        self.rows[key] = value

    def __len__(self):
        return len(self.rows)

    def __contains__(self, key):
        return key in self.rows

    def __eq__(self, other):
        return self.rows == other.rows

    def __add__(self, other):
        made = Table()
        made.rows = self.rows | other.rows
        return made


@workflow
def plain_special_methods():
    """Operators of a class, without suspensions of their own, between suspensions."""
    one, two = Table(), Table()
    one[echo("a")] = echo(1)
    two["a"] = 1
    same = one == two
    two["b"] = echo(2)
    return same, len(one + two), (one + two)["b"], "b" in one, one == two


class Outer:
    def classes_inside(self):
        class A:
            def name(self):
                return echo("A")

        class B(A):
            def name(self):
                return super().name() + echo(__class__.__name__)

        return B().name() + echo("!")

    def both(self):
        own = __class__

        class B(Outer):
            def classes_inside(self):
                return super().classes_inside() + echo(__class__.__name__)

        return B().classes_inside() + own.__name__ + echo(__class__.__name__)


@workflow
def classes_in_methods():
    """super() and __class__ in a class inside a method mean the inner class, outside of it the outer one."""
    return Outer().classes_inside(), Outer().both()


class Noted(list):
    """Each method asks its built-in base, with what a call gives."""

    def __init__(self, *args):
        echo("init")
        super().__init__(*echo(args))

    def append(self, item):
        super().append(echo(item))

    def __len__(self):
        return 7

    def size(self):
        return [super().__len__(), len(self)][echo(0)]


@workflow
def methods_of_a_built_in_base():
    """What `super()` gives of a built-in class stays that across a suspension."""
    noted = Noted("ab")
    noted.append("c")
    above = super(Noted, noted)
    put, size, own = above.append, above.__len__, noted.append
    echo(1)
    put("d")
    own("e")
    return list(noted), size(), noted.size(), put.__self__ is noted


@workflow
def a_super_of_its_own():
    """`super` may be a name like any other."""

    class super:
        def __init__(self, *args):
            self.args = args

        def told(self):
            return echo(self.args)

    class Local:
        def told(self, more):
            return super().told(), super(echo(1), more).told()

    return Local().told(2)


class Counted(dict):
    @classmethod
    def fromkeys(cls, keys):
        make = super().fromkeys
        echo(1)
        return make(keys), make(keys) is not None


@workflow
def class_method_of_a_built_in_base():
    """So does a class method of a built-in class, and an operation of a metaclass."""
    return Counted.fromkeys("ab"), type(Counted.fromkeys("ab")[0]) is Counted


@dataclasses.dataclass
class Parcel:
    weight: int
    label: str = "none"
    rate: dataclasses.InitVar[int] = 2
    price: int = dataclasses.field(init=False)

    def __post_init__(self, rate):
        self.price = echo(self.weight) * rate
        self.label = echo(self.label.upper())


@dataclasses.dataclass(frozen=True)
class Heavy:
    weight: int

    def __post_init__(self):
        if echo(self.weight) < 10:
            raise ValueError("too light")


@dataclasses.dataclass
class Insured(Parcel):
    worth: int = 0

    def __post_init__(self, rate):
        super().__post_init__(rate)
        self.worth = echo(self.price) * 10


@workflow
def dataclasses_that_suspend():
    parcel = Parcel(3, rate=5)
    made = [parcel, Insured(1, "x"), Heavy(10)]
    try:
        made.append(Heavy(weight=1))
    except ValueError as error:
        made.append(str(error))
    return made, vars(parcel), [Parcel(echo(n)).price for n in range(2)]


def cases():
    return [
        ("dataclasses_that_suspend", ()),
        ("a_super_of_its_own", ()),
        ("class_method_of_a_built_in_base", ()),
        ("methods_of_a_built_in_base", ()),
        ("classes_in_methods", ()),
        ("constructors", ()),
        ("wrong_constructors", ()),
        ("own_new", ()),
        ("superclasses", ()),
        ("class_of_a_method", ()),
        ("private_names", ()),
        ("callables", ()),
        ("iterators", ()),
        ("managers", ()),
        ("managers_swallow", (ValueError,)),
        ("managers_swallow", (KeyError,)),
        ("managers_swallow", (OSError,)),
        ("managers_left_by_jumps", ()),
        ("exit_fails", ()),
        ("context_manager_functions", ()),
        ("broken_context_managers", ()),
        ("exit_stacks", ()),
        ("exit_stacks_swallow", ()),
        ("other_managers", ()),
        ("plain_special_methods", ()),
        ("iterators_by_hand", ()),
        ("iter_suspends", ()),
        ("as_decorator", ()),
    ]
