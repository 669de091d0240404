"""Functions to which only code of modules and classes leads, when they are imported.

Each program is a module of its own: in a larger one the next function may lead to the same place.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.semantics.texts import assert_means_the_same

HEAD = """
import functools
import inspect
import operator
import types
from perdure import activity, workflow


@activity
def echo(value):
    return value


"""

# What each calls is `flow`.
PROGRAMS = {
    "a method decorates": """
class Retry:
    def wraps(self, function):
        @functools.wraps(function)
        def again(*args):
            return [function(*args) for _ in range(2)]
        return again

retry = Retry()

@retry.wraps
def ship(order):
    return echo(order)

class Carrier:
    @retry.wraps
    def take(self, order):
        return echo(order), self.take.__name__

@workflow
def flow():
    return ship(1), Carrier().take(2)
""",
    "a method registers": """
class Registry:
    def __init__(self):
        self.tools = {}

    def tool(self, function):
        def call(**given):
            return function(**given)
        self.tools[function.__name__] = call
        return function

registry = Registry()

@registry.tool
def search(query):
    return echo(query)

@registry.tool
@activity
def measure(text):
    return len(text)

@workflow
def flow():
    return registry.tools["search"](query=1), registry.tools["measure"](text="abc")
""",
    "a method gives decorators": """
class App:
    routes = {}

    def route(self, path, wrap=True):
        def add(function):
            def handler(*args):
                return path, function(*args)
            self.routes[path] = handler if wrap else function
            return function
        return add

    @property
    def listed(self):
        return self.route("listed")

class Derived(App):
    pass

app = Derived()

@app.route("/orders")
def orders(number):
    return echo(number)

@app.route("/plain", wrap=False)
def plain(number):
    return echo(number)

@app.listed
def listed(number):
    return echo(number)

class Host:
    @app.route("method")
    def method(self, number):
        return echo(number)

@workflow
def flow():
    calls = [app.routes[path](4) for path in ("/orders", "/plain", "listed")]
    return calls, app.routes["method"](None, 5), Host().method(6)
""",
    "a method is called": """
class Box:
    def __init__(self, function):
        self.function = function

    def again(self):
        return Box(lambda value: self.function(self.function(value)))

def plus(value):
    return echo(value) + 1

box = Box(plus).again()

@workflow
def flow():
    return box.function(1)
""",
    "methods in a chain": """
class Chain:
    def __init__(self):
        self.steps = []

    def add(self, step):
        self.steps.append(step)
        return self

    def build(self):
        steps = tuple(self.steps)
        def run(value):
            for step in steps:
                value = step(value)
            return value
        return run

run = Chain().add(lambda value: echo(value) + 1).add(echo).build()

@workflow
def flow():
    return run(1)
""",
    "a decorator in a chain": """
class Step:
    def __init__(self, function):
        self.function = function

    def wrap(self):
        return lambda function: Wrapped(self, function)

class Wrapped:
    def __init__(self, inner, function):
        self.inner = inner
        self.function = function

@Step(lambda value: echo(value) + 1).wrap()
def half(value):
    return echo(value) / 2

@workflow
def flow():
    return half.inner.function(1), half.function(3)
""",
    "a partial decorates": """
table = {}

def tool(function, name):
    table[name] = lambda *args: function(*args)
    return function

class Tools:
    def keep(self, function, name):
        setattr(self, name, function)
        return function

tools = Tools()

@functools.partial(tool, name="first")
def one(value):
    return echo(value)

@functools.partial(tools.keep, name="second")
def two(value):
    return echo(value) * 2

@workflow
def flow():
    return table["first"](1), tools.second(2)
""",
    "a generator is decorated": """
class App:
    table = {}

    def task(self, function):
        def begun(*args):
            yield "begin"
            yield from function(*args)
        self.table[function.__name__] = begun
        return begun

app = App()

@app.task
def numbers(upto):
    for number in range(upto):
        yield echo(number)

@workflow
def flow():
    return list(app.table["numbers"](3))
""",
    "a class is registered": """
class Registry:
    made = {}

    def register(self, cls):
        self.made[cls.__name__] = lambda *args: cls(*args)
        return cls

registry = Registry()

@registry.register
class Order:
    def __init__(self, number):
        self.number = echo(number)

@workflow
def flow():
    return registry.made["Order"](3).number
""",
    "a partial of a method is kept": """
class Bus:
    def __init__(self):
        self.handlers = []

    def subscribe(self, handler):
        self.handlers.append(functools.partial(self.run, handler))

    def run(self, handler, event):
        return handler(event)

bus = Bus()
bus.subscribe(lambda event: echo(event))

@workflow
def flow():
    return [handler(1) for handler in bus.handlers]
""",
    "a method calls one of its own": """
class Rules:
    def __init__(self):
        self.rules = []

    def when(self, test):
        self.rules.append(test)
        return self

    def unless(self, test):
        return self.when(lambda value: not test(value))

rules = Rules().when(lambda value: echo(value) > 1).unless(lambda value: echo(value) > 3)

@workflow
def flow():
    return [all(rule(value) for rule in rules.rules) for value in range(5)]
""",
    "a method in a table": """
class Carrier:
    def ship(self, order):
        return echo(order)

carrier = Carrier()
TABLE = {"ship": carrier.ship}

@workflow
def flow():
    return TABLE["ship"](1)
""",
    "a method bound by hand": """
class Carrier:
    def ship(self, order):
        return echo(order)

TABLE = [types.MethodType(Carrier.ship, Carrier()), functools.partial(Carrier().ship, 5)]

@workflow
def flow():
    return TABLE[0](1), TABLE[1]()
""",
    "getattr": """
class Carrier:
    def ship(self, order):
        return echo(order)

    def fetch(self, order):
        return -echo(order)

TABLE = {name: getattr(Carrier(), name) for name in ("ship", "fetch")}

@workflow
def flow():
    return TABLE["ship"](1), TABLE["fetch"](2)
""",
    "inspect.getmembers": """
class Carrier:
    def ship(self, order):
        return echo(order)

TABLE = dict(inspect.getmembers(Carrier(), inspect.ismethod))

@workflow
def flow():
    return TABLE["ship"](1)
""",
    "operator.methodcaller": """
class Carrier:
    def ship(self, order):
        return echo(order)

TABLE = [operator.methodcaller("ship", 4)]

@workflow
def flow():
    return TABLE[0](Carrier())
""",
    "operator.attrgetter": """
class Carrier:
    def ship(self, order):
        return echo(order)

ship = operator.attrgetter("ship")(Carrier())

@workflow
def flow():
    return ship(1)
""",
    "vars": """
class Carrier:
    def ship(self, order):
        return echo(order)

TABLE = [value for name, value in vars(Carrier).items() if name.startswith("s")]

@workflow
def flow():
    return TABLE[0](None, 1)
""",
    "__dict__": """
class Carrier:
    def ship(self, order):
        return echo(order)

ship = Carrier.__dict__["ship"]

@workflow
def flow():
    return ship(None, 1)
""",
    "globals": """
def ship(order):
    return echo(order)

TABLE = {name: value for name, value in list(globals().items()) if name == "ship"}

@workflow
def flow():
    return TABLE["ship"](1)
""",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_modules_lead_to_is_compiled(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = f"registered_{list(PROGRAMS).index(name)}"
    assert_means_the_same(HEAD + PROGRAMS[name], module, "flow", tmp_path, monkeypatch)
