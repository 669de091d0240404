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
import sys

from perdure import activity, workflow

G = 0
"""

PARTS = '''\
class Odd(Exception):
    def __init__(self, code, *, hint):
        super().__init__(f"odd {code}")
        self.code = code
        self.hint = hint


class Low(ValueError):
    pass


class Box:
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


_WORD = re.compile(r"\w+")
_DEFINED = re.compile(r"^(?:class|def) (\w+)", re.MULTILINE)


@functools.cache
def _parts() -> dict[str, tuple[str, frozenset[str]]]:
    """Name -> (its text, the words in it), in the order of the text."""
    texts = PARTS.strip().split("\n\n\n")
    return {_DEFINED.findall(text)[0]: (text, frozenset(_WORD.findall(text))) for text in texts}


def prelude(body: str) -> str:
    """What `body` uses of the fixed text, and what that uses."""
    parts = _parts()
    needed: set[str] = set()
    todo = parts.keys() & set(_WORD.findall(body))
    while todo:
        name = todo.pop()
        needed.add(name)
        todo |= (parts.keys() & parts[name][1]) - needed
    return "\n\n".join([HEAD, *(f"{parts[name][0]}\n" for name in parts if name in needed)])
