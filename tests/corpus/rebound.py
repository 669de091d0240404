"""Names that stand for something else than their function, and objects that give functions."""

import functools
import inspect
import types
import weakref

from perdure import activity, workflow
from tests.corpus.acts import echo


def tool(x):
    return x


class Step:
    def run(self, x):
        return x


class Late:
    def run(self, x):
        return echo(x)


@workflow
def in_comprehensions():
    """Their variables have the names of functions, classes and builtins."""
    found = [tool(1) for tool in [echo, echo]] + [tool(2)]
    found += [Step.run(3) for Step in [Late()]] + [len(4) for len in (echo,)]
    return found + [tool for tool in (1, 2) if [check for check in [echo] if check(tool)]]


def logged(function):
    def wrapper(*args):
        return echo("log"), function(*args)

    return wrapper


def decorated(x):
    return x


decorated = logged(decorated)


def handler(x):
    return x


def configure(function):
    global handler
    handler = function


@workflow
def in_modules():
    before = handler
    configure(lambda x: echo(x) * 2)
    try:
        return decorated(3), handler(4)
    finally:
        configure(before)


@workflow
def by_inner_functions():
    handle = tool

    def local(x):
        return x

    def use(function):
        nonlocal handle, local
        handle = local = function

    found = [handle(1), local(2)]
    use(echo)
    return [*found, handle(3), local(4)]


class Lazy:
    made = None

    @property
    def client(self):
        if self.made is None:
            self.made = functools.partial(echo, echo("made"))
        return self.made

    @property
    def size(self):
        echo(0)
        return len

    @functools.cached_property
    def data(self):
        return echo({"a": 1})


@activity
async def later(x):
    return x


class Asked:
    @functools.cached_property
    def ask(self):
        echo("load")

        async def asked(x):
            return await later(x)

        return asked


@workflow
async def properties_called():
    lazy = Lazy()
    found = [lazy.client(), lazy.size("abc"), isinstance(lazy.data, dict)]
    return [*found, isinstance([lazy.data], list | dict), await Asked().ask("x")]


class Data:
    """Whatever it is asked for, it looks into its table."""

    def __init__(self, table):
        self.table = table

    def __getattr__(self, name):
        return self.look(name)

    def look(self, name):
        return self.table[name]


class Found:
    def __init__(self, functions):
        self.__dict__ = functions


class Picked:
    def __class_getitem__(cls, name):
        return lambda x: echo([name, x])


CONFIG = Data({"limit": 1})


@workflow
def given_by_objects():
    data = Data({"double": lambda x: echo(x * 2)})
    found = [data.double(1), Found({"half": lambda x: echo(x / 2)}).half(4), CONFIG.limit]
    space = types.SimpleNamespace(**{"z": lambda x: echo(x)})
    return [*found, space.z(3), Picked["q"](4)]


class Checks:
    def check_a(self):
        return echo("a")

    def check_b(self):
        return echo("b")


class Items:
    def __init__(self, *items):
        self.items = items

    def __iter__(self):
        for item in self.items:
            yield echo(item)


@workflow
def found_by_looking():
    checks = Checks()
    found = [f(checks) for n, f in vars(type(checks)).items() if n.startswith("check_")]
    found += [method() for _, method in inspect.getmembers(checks, inspect.ismethod)]
    listeners, named = weakref.WeakSet([checks]), weakref.WeakValueDictionary(one=checks)
    found += [listener.check_a() for listener in listeners]
    found += [one.check_b() for one in named.values()]
    return found, checks.check_a()


@workflow
def results_of_builtins():
    few, many = Items(1), Items(1, 2)
    found = [[*max([few, many], key=lambda one: len(one.items))], list(min([few], key=id))]
    for item in getattr(few, "__iter__")():  # noqa: B009
        found.append(item)
    for item in next(iter([many])):
        found.append(item)
    return found + [*functools.reduce(lambda a, b: b, [few, many])]


def cases():
    return [
        ("in_comprehensions", ()),
        ("in_modules", ()),
        ("by_inner_functions", ()),
        ("properties_called", ()),
        ("given_by_objects", ()),
        ("found_by_looking", ()),
        ("results_of_builtins", ()),
    ]
