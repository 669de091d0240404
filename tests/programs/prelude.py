"""The text a generated module begins with: of a fixed text, what the module uses.

What must hold, so that native and compiled runs may be compared:

* activities are functions of their arguments, change nothing and return fresh objects (a result
  passes through a record, so it is never the same object as an argument);
* results are small: `measure` folds any value to a small int, `cut` keeps a value from growing;
* everything has a repr without addresses, and every class can be pickled;
* no iteration order depends on hashing.
"""

from __future__ import annotations

import functools
import re

HEAD = """\
{imports}
from perdure import activity, {names}

G = 0
"""
MODULES = ("asyncio", "contextlib", "contextvars", "functools", "itertools", "sys")

PARTS = '''\
class Odd(Exception):
    def __init__(self, code, *, hint):
        super().__init__(f"odd {code}")
        self.code = code
        self.hint = hint


class Low(ValueError):
    pass


class Box:
    __match_args__ = ("v", "items")
    one = 1

    def __init__(self, v):
        self.v = v
        self.items = [v]

    def __repr__(self):
        return f"Box({self.v!r})"

    def bump(self, n, by=1):
        self.items[-1] += num(n, by)
        self.v = num(n + 1, self.items)
        return self.v

    def chain(self, n, deep):
        if deep <= 0:
            return self
        self.items.append(num(n, deep))
        return self.chain(n + 1, deep - 1)


class Scope:
    """A context manager that logs, and as its mode says: swallows, raises, or gives a pair."""

    def __init__(self, log, name, mode):
        self.log = log
        self.name = name
        self.mode = mode

    def __enter__(self):
        self.log.append(("enter", self.name))
        if self.mode == "enter":
            raise LookupError("enter", self.name)
        return (self.name, 5) if self.mode == "pair" else self.name

    def __exit__(self, kind, error, trace):
        self.log.append(("exit", self.name, kind and kind.__name__, sys.exception() is error))
        if self.mode == "exit":
            raise Low("exit", self.name)
        return self.mode == "swallow"


def measure(value, depth=4):
    """Fold any value to an int in range(97)."""
    if value is None or isinstance(value, (int, float)):
        return int(value or 0) % 97
    if isinstance(value, str):
        return sum(map(ord, value[:50])) % 97
    if isinstance(value, (list, tuple)):
        total = len(value)
        for item in value[:8] if depth else ():
            total = total * 3 + measure(item, depth - 1)
        return total % 97
    if isinstance(value, dict):
        return measure([part for pair in value.items() for part in pair], depth - 1) if depth else 1
    if isinstance(value, BaseException):
        return (measure(type(value).__name__) + measure(value.args, depth - 1)) % 97 if depth else 2
    if isinstance(value, Box):
        return measure(value.v, depth - 1) if depth else 3
    return measure(type(value).__name__)


def nodes(value, depth=4):
    """Count a value's nodes; too deep counts as too many."""
    if isinstance(value, str):
        return 1 + len(value) // 8
    if isinstance(value, (list, tuple)):
        return 99 if not depth or len(value) > 30 else 1 + sum(nodes(v, depth - 1) for v in value)
    if isinstance(value, dict):
        return nodes([*value, *value.values()], depth)
    return 1


def cut(value):
    """The value itself while it is small, else something small of its kind."""
    if isinstance(value, int):
        return value if -1000 < value < 1000 else value % 100
    if nodes(value) <= 40:
        return value
    if isinstance(value, str):
        return value[:9]
    if isinstance(value, dict):
        return {"p": measure(value)}
    return [measure(value)]


def same(left, right):
    """Are these two names for one list or dict?"""
    return left is right and isinstance(left, (list, dict))


def current():
    """The exception being handled."""
    return sys.exception()


def ident(*values, **named):
    """A plain function."""
    return cut([*values, *named.items()])


@activity
def num(n, *values, **named):
    return (n * 7 + measure(values) + measure(named)) % 23


@activity
def seq(n, *values, **named):
    m = measure(values) + measure(named)
    return [m % 5, n % 11, m % 7, m % 3][: 3 + m % 2]


@activity
def tab(n, *values, **named):
    m = measure(values) + measure(named)
    return {"p": m % 5, "q": n % 11, "r": m % 7} if m % 4 else {"q": m % 9, "p": n % 7}


@activity
def txt(n, *values, **named):
    return f"<{n}:{measure(values) + measure(named)}>"


@activity
def flag(n, *values, **named):
    return (n + measure(values) + measure(named)) % 2 == 0


@activity
def key(n, *values, **named):
    return "pqpqpqrpqpqs"[(n + measure(values) + measure(named)) % 12]


@activity
def boom(n, *values, **named):
    """Raise, half of the time, something chosen by the arguments."""
    match (n * 5 + measure(values) + measure(named)) % 12:
        case 1:
            raise ValueError(f"boom {n}")
        case 3:
            raise KeyError(n)
        case 5:
            raise Odd(n, hint=measure(values))
        case 7:
            error = Low("low", n)
            error.add_note(f"note {n}")
            raise error
        case 9:
            raise LookupError(n) from ZeroDivisionError("cause")
        case 11:
            raise ZeroDivisionError(n)
    return n % 5


@activity
async def anum(n, *values, **named):
    return (n * 7 + measure(values) + measure(named)) % 23


@activity
async def aseq(n, *values, **named):
    m = measure(values) + measure(named)
    return [m % 5, n % 11, m % 7, m % 3][: 3 + m % 2]


@activity
async def aflag(n, *values, **named):
    return (n + measure(values) + measure(named)) % 2 == 0


@activity
async def aboom(n, *values, **named):
    match (n * 5 + measure(values) + measure(named)) % 6:
        case 1:
            raise ValueError(f"boom {n}")
        case 3:
            raise KeyError(n)
        case 5:
            raise Odd(n, hint=measure(values))
    return n % 5


VAR = contextvars.ContextVar("VAR", default=0)


class Slow:
    """A `Scope` whose methods suspend."""

    def __init__(self, log, name, mode):
        self.inner = Scope(log, name, mode)

    def __enter__(self):
        self.inner.log.append(num(60, self.inner.name))
        return self.inner.__enter__()

    def __exit__(self, kind, error, trace):
        self.inner.log.append((num(61, kind and kind.__name__), sys.exception() is error))
        return self.inner.__exit__(kind, error, trace)


@contextlib.contextmanager
def managed(log, name, mode):
    """A `Scope` as a generator that suspends."""
    log.append(("enter", num(62, name)))
    if mode == "enter":
        raise LookupError("enter", name)
    try:
        yield (name, 5) if mode == "pair" else name
    except Exception as error:
        log.append((num(63, name), sys.exception() is error))
        if mode != "swallow":
            raise
    finally:
        log.append(("exit", num(64, name)))
        if mode == "exit":
            raise Low("exit", name)


class ASlow:
    """A `Scope` for `async with`."""

    def __init__(self, log, name, mode):
        self.inner = Scope(log, name, mode)

    async def __aenter__(self):
        self.inner.log.append(await anum(60, self.inner.name))
        return self.inner.__enter__()

    async def __aexit__(self, kind, error, trace):
        self.inner.log.append((await anum(61, kind and kind.__name__), sys.exception() is error))
        return self.inner.__exit__(kind, error, trace)


@contextlib.asynccontextmanager
async def amanaged(log, name, mode):
    """A `Scope` as an asynchronous generator."""
    log.append(("enter", await anum(62, name)))
    if mode == "enter":
        raise LookupError("enter", name)
    try:
        yield (name, 5) if mode == "pair" else name
    except Exception as error:
        log.append((await anum(63, name), sys.exception() is error))
        if mode != "swallow":
            raise
    finally:
        log.append(("exit", await anum(64, name)))
        if mode == "exit":
            raise Low("exit", name)


class Closing:
    """Closes what it was given; to close it may suspend."""

    def __init__(self, thing):
        self.thing = thing

    def __enter__(self):
        return self.thing

    def __exit__(self, *details):
        self.thing.close()


class Steps:
    """An iterator whose methods suspend."""

    def __init__(self, stop):
        self.at = 0
        self.stop = stop

    def __iter__(self):
        self.stop = min(self.stop, num(65, self.stop))
        return self

    def __next__(self):
        if self.at >= self.stop:
            raise StopIteration
        self.at += 1
        return num(66, self.at)


class Made:
    """What classes of the program inherit from: `__init__` and others suspend."""

    def __init__(self, v):
        self.v = num(70, v)
        self.__own = [v]

    def step(self, n):
        self.__own.append(num(71, n, self.v))
        return self.__own[-1]

    def __call__(self, n):
        self.v = num(72, n, self.v)
        return self.v

    def __iter__(self):
        for item in [*self.__own]:
            yield num(73, item)

    @staticmethod
    def fixed(n):
        return num(74, n)


def again(function):
    """A decorator: calls twice over, and suspends in between."""

    @functools.wraps(function)
    def wrapped(*args, **named):
        first = function(*args, **named)
        num(75, first)
        return [first, function(*args, **named)]

    return wrapped


def tagged(tag):
    """A decorator with an argument, which it changes."""

    def decorate(function):
        def wrapped(*args, **named):
            nonlocal tag
            try:
                return [tag, function(*args, **named)]
            except ValueError as error:
                return [tag, error]
            finally:
                tag = num(76, tag)

        return wrapped

    return decorate


class Counted:
    """A decorator that is a class."""

    def __init__(self, function):
        self.function = function
        self.count = 0

    def __call__(self, *args, **named):
        self.count += 1
        return [num(77, self.count), self.function(*args, **named)]


def fib(n, k):
    if k < 2:
        return num(n, k)
    return (fib(n + 1, k - 1) + fib(n + 2, k - 2)) % 50


def ping(n, k, log):
    log.append(("ping", k))
    if k <= 0:
        return boom(n, k)
    try:
        return pong(n + 1, k - 1, log=log) + 1
    except ValueError as error:
        log.append(error)
        if num(n, k) % 2:
            raise
        return num(n, k)


def pong(n, k, *, log):
    try:
        return ping(num(n, k), k - 1, log)
    finally:
        log.append(("pong", num(n, k)))


def twice(n, *values, **named):
    first = num(n, *values)
    return [first, *seq(n, *values, **named), num(n + 1, first)]
'''


_OF_PERDURE = re.compile(r"(?<![.\w])(gather|race|sleep|spawn)\(")
_WORD = re.compile(r"\w+")
_DEFINED = re.compile(r"^(?:class |def |async def )?(\w+)(?=[(:]| =)", re.MULTILINE)


@functools.cache
def _parts() -> dict[str, tuple[str, frozenset[str]]]:
    """Name -> (its text, the words in it), in the order of the text."""
    texts = PARTS.strip().split("\n\n\n")
    return {_DEFINED.findall(text)[0]: (text, frozenset(_WORD.findall(text))) for text in texts}


def prelude(body: str) -> str:
    """What `body` uses of the fixed text, and what that uses."""
    parts = _parts()
    needed: set[str] = set()
    words = set(_WORD.findall(body))
    todo = parts.keys() & words
    while todo:
        name = todo.pop()
        needed.add(name)
        words |= parts[name][1]
        todo |= (parts.keys() & parts[name][1]) - needed
    imports = "".join(f"import {module}\n" for module in MODULES if module in words)
    names = sorted(set(_OF_PERDURE.findall(body)))
    head = HEAD.format(imports=imports, names=", ".join([*names, "workflow"]))
    return "\n\n".join([head, *(f"{parts[name][0]}\n" for name in parts if name in needed)])
