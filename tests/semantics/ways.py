"""Ways to come by a function that suspends, and uses of it: each pair is a program of its own.

A program here has one way to an activity. A larger one would hide what the compiler does not see,
because something else in it leads to the same function. `python -m tests.semantics.ways` runs all
pairs; the tests run each way and each use at least once.
"""

from __future__ import annotations

import ast
import sys
import tempfile
from pathlib import Path
from string import Template
from textwrap import indent
from typing import NamedTuple

import pytest

from tests.semantics.texts import assert_means_the_same

IMPORTS = """
import collections
import contextlib
import dataclasses
import enum
import functools
import itertools
import operator
import re
import types
import typing
from perdure import activity, workflow
"""
HEAD = f"""{IMPORTS}

@activity
def echo(value=1):
    return value


class Holder:
    def __init__(self, held):
        self.held = held

    def run(self, value):
        return self.held(value)


def apply(function, value):
    return function(value)


"""


class Way(NamedTuple):
    """`value` is what is used, with one number; `module` and `setup` stand before it."""

    value: str
    module: str = ""
    setup: str = ""


WAYS = {
    "an activity": Way("echo"),
    "a function": Way("f", "def f(x): return echo(x)"),
    "a lambda of the module": Way("f", "f = lambda x: echo(x)"),
    "a method": Way(
        "K().m",
        """
class K:
    def m(self, x): return echo(x)
""",
    ),
    "a method of a variable": Way(
        "k.m",
        """
class K:
    def m(self, x): return echo(x)
""",
        setup="k = K()",
    ),
    "a method of the module's object": Way(
        "k.m",
        """
class K:
    def m(self, x): return echo(x)
k = K()
""",
    ),
    "such a method under another name": Way(
        "m",
        """
class K:
    def m(self, x): return echo(x)
k = K()
m = k.m
""",
    ),
    "an inherited method": Way(
        "K().m",
        """
class B:
    def m(self, x): return echo(x)
class K(B): pass
""",
    ),
    "a method that calls an overridden one": Way(
        "K().m",
        """
class B:
    def m(self, x): return self.n(x)
    def n(self, x): return x
class K(B):
    def n(self, x): return echo(x)
""",
    ),
    "a method that calls super": Way(
        "K().m",
        """
class B:
    def m(self, x): return echo(x)
class K(B):
    def m(self, x): return super().m(x)
""",
    ),
    "a static method": Way(
        "K.m",
        """
class K:
    @staticmethod
    def m(x): return echo(x)
""",
    ),
    "a lambda as a static method": Way(
        "K.m",
        """
class K:
    m = staticmethod(lambda x: echo(x))
""",
    ),
    "an activity as a static method": Way(
        "K().m",
        """
class K:
    m = staticmethod(echo)
""",
    ),
    "a class method": Way(
        "K.m",
        """
class K:
    @classmethod
    def m(cls, x): return echo(x)
""",
    ),
    "a class": Way(
        "K",
        """
class K:
    def __init__(self, x): self.x = echo(x)
    def __repr__(self): return 'K'
    def __eq__(self, o): return True
    def __lt__(self, o): return self.x < o.x
    def __bool__(self): return bool(self.x)
    __hash__ = None
""",
    ),
    "a class with a __new__": Way(
        "K",
        """
class K:
    def __new__(cls, x):
        echo(x)
        return x
""",
    ),
    "a class whose metaclass makes it": Way(
        "K",
        """
class M(type):
    def __call__(cls, x): return echo(x)
class K(metaclass=M): pass
""",
    ),
    "an object that is called": Way(
        "K()",
        """
class K:
    def __call__(self, x): return echo(x)
""",
    ),
    "the module's object that is called": Way(
        "k",
        """
class K:
    def __call__(self, x): return echo(x)
k = K()
""",
    ),
    "a partial": Way("functools.partial(g, 1)", "def g(a, x): return echo(x)"),
    "a partial of the module": Way(
        "f",
        """
def g(a, x): return echo(x)
f = functools.partial(g, 1)
""",
    ),
    "a partial of an activity": Way("f", "f = functools.partial(echo)"),
    "a partialmethod": Way(
        "K().m",
        """
class K:
    def g(self, a, x): return echo(x)
    m = functools.partialmethod(g, 1)
""",
    ),
    "a closure": Way(
        "make(1)",
        """
def make(n):
    def inner(x): return echo(x) if n else x
    return inner
""",
    ),
    "a closure of the module": Way(
        "f",
        """
def make(n):
    def inner(x): return echo(x) if n else x
    return inner
f = make(1)
""",
    ),
    "what a method makes": Way(
        "K().make()",
        """
class K:
    def make(self):
        return lambda x: echo(x)
""",
    ),
    "a method of a class that a function made": Way(
        "make()().m",
        """
def make():
    class L:
        def m(self, x): return echo(x)
    return L
""",
    ),
    "a nested function": Way("inner", setup="def inner(x): return echo(x)"),
    "a nested lambda": Way("inner", setup="inner = lambda x: echo(x)"),
    "a decorated function": Way(
        "f",
        """
def deco(g):
    def inner(*a): return g(*a)
    return inner
@deco
def f(x): return echo(x)
""",
    ),
    "a plain function under a decorator that suspends": Way(
        "f",
        """
def deco(g):
    def inner(*a): return echo(g(*a))
    return inner
@deco
def f(x): return x
""",
    ),
    "a function under a decorator with arguments": Way(
        "f",
        """
def deco(n):
    def d(g):
        @functools.wraps(g)
        def inner(*a): return g(*a)
        return inner
    return d
@deco(1)
def f(x): return echo(x)
""",
    ),
    "an activity under a decorator": Way(
        "f",
        """
def deco(g):
    @functools.wraps(g)
    def inner(*a): return g(*a)
    return inner
@deco
@activity
def f(x): return x
""",
    ),
    "a function under a class": Way(
        "f",
        """
class Deco:
    def __init__(self, g): self.g = g
    def __call__(self, *a): return self.g(*a)
@Deco
def f(x): return echo(x)
""",
    ),
    "a decorated method": Way(
        "K().m",
        """
def deco(g):
    def inner(*a): return g(*a)
    return inner
class K:
    @deco
    def m(self, x): return echo(x)
""",
    ),
    "a plain method under a decorator that suspends": Way(
        "K().m",
        """
def deco(g):
    def inner(*a): return echo(g(*a))
    return inner
class K:
    @deco
    def m(self, x): return x
""",
    ),
    "what a descriptor gives": Way(
        "K().m",
        """
class D:
    def __get__(self, o, t=None): return lambda x: echo(x)
class K:
    m = D()
""",
    ),
    "what a property gives": Way(
        "K().m",
        """
class K:
    @property
    def m(self): return lambda x: echo(x)
""",
    ),
    "a method that getattr finds": Way(
        "getattr(K(), n)",
        """
class K:
    def m(self, x): return echo(x)
""",
        setup="n = 'm'",
    ),
    "what __getattr__ gives": Way(
        "K().anything",
        """
class K:
    def __getattr__(self, n):
        if n.startswith('_'): raise AttributeError(n)
        return lambda x: echo(x)
""",
    ),
    "a table": Way(
        'T["a"]',
        """
def f(x): return echo(x)
T = {'a': f}
""",
    ),
    "a table of lambdas": Way("T[0]", "T = [lambda x: echo(x)]"),
    "a table of bound methods": Way(
        "T[0]",
        """
class K:
    def m(self, x): return echo(x)
T = (K().m,)
""",
    ),
    "a table of the workflow": Way(
        't["a"]',
        "def f(x): return echo(x)",
        setup="t = {'a': f}",
    ),
    "a registered function": Way(
        'T["f"]',
        """
T = {}
def reg(g):
    T[g.__name__] = g
    return g
@reg
def f(x): return echo(x)
""",
    ),
    "a function that a method registered": Way(
        'r.t["f"]',
        """
class R:
    def __init__(self): self.t = {}
    def add(self, g):
        self.t[g.__name__] = lambda x: g(x)
        return g
r = R()
@r.add
def f(x): return echo(x)
""",
    ),
    "an attribute of an object": Way(
        "k.f",
        """
class K:
    def __init__(self, f): self.f = f
""",
        setup="k = K(lambda x: echo(x))",
    ),
    "an attribute put into a class": Way(
        "K.f",
        """
class K: pass
K.f = staticmethod(lambda x: echo(x))
""",
    ),
    "an attribute of a function": Way(
        "g.f",
        """
def g(): pass
g.f = lambda x: echo(x)
""",
    ),
    "an attribute of a namespace": Way("ns.f", "ns = types.SimpleNamespace(f=lambda x: echo(x))"),
    "a method of a member": Way(
        "E.A.m",
        """
class E(enum.Enum):
    A = 1
    def m(self, x): return echo(x)
""",
    ),
    "the value of a member": Way(
        "E.A.value[0]",
        """
def f(x): return echo(x)
class E(enum.Enum):
    A = (f,)
""",
    ),
    "a member that is called": Way(
        "E.A",
        """
class E(enum.Enum):
    A = 1
    def __call__(self, x): return echo(x)
""",
    ),
    "a field of a named tuple": Way(
        "p.f",
        "P = collections.namedtuple('P', 'f')",
        setup="p = P(lambda x: echo(x))",
    ),
    "a method of a named tuple": Way(
        "P(1).m",
        """
class P(typing.NamedTuple):
    a: int
    def m(self, x): return echo(x)
""",
    ),
    "a field of a dataclass": Way(
        "p.f",
        """
@dataclasses.dataclass
class P:
    f: object
""",
        setup="p = P(lambda x: echo(x))",
    ),
    "the default of a field": Way(
        "P().f",
        """
def g(x): return echo(x)
@dataclasses.dataclass
class P:
    f: object = g
""",
    ),
    "a method of a dataclass": Way(
        "P().m",
        """
@dataclasses.dataclass(frozen=True)
class P:
    a: int = 1
    def m(self, x): return echo(x)
""",
    ),
    "a default": Way("g", "def g(x, f=lambda x: echo(x)): return f(x)"),
    "a default of a keyword": Way("g", "def g(x, *, f=echo): return f(x)"),
    "another name": Way(
        "g",
        """
def f(x): return echo(x)
g = f
""",
    ),
    "one of two": Way(
        "g",
        """
def f(x): return echo(x)
def h(x): return x
g = f if len('a') else h
""",
    ),
    "the one that is there": Way(
        "g",
        """
def f(x): return echo(x)
g = None or f
""",
    ),
    "composed functions": Way(
        "f",
        """
def compose(*fs):
    return functools.reduce(lambda a, b: lambda x: b(a(x)), fs)
f = compose(lambda x: x, echo)
""",
    ),
    "a generic function": Way(
        "f",
        """
@functools.singledispatch
def f(x): return x
@f.register
def _(x: int): return echo(x)
""",
    ),
    "a generic method": Way(
        "K().m",
        """
class K:
    @functools.singledispatchmethod
    def m(self, x): return x
    @m.register
    def _(self, x: int): return echo(x)
""",
    ),
    "what a cached function wraps": Way(
        "f.__wrapped__",
        """
@functools.cache
def f(x): return echo(x)
""",
    ),
    "a methodcaller": Way(
        "(lambda x: mc(N(x)))",
        """
class N(int):
    def m(self): return echo(int(self))
mc = operator.methodcaller('m')
""",
    ),
    "an attrgetter": Way(
        "(lambda x: ag(N(x)))",
        """
class N:
    def __init__(self, x): self.x = x
    @property
    def m(self): return echo(self.x)
ag = operator.attrgetter('m')
""",
    ),
    "a method called on its class": Way(
        "(lambda x: N.m(N(x)))",
        """
class N(int):
    def m(self): return echo(int(self))
""",
    ),
    "a method made by hand": Way(
        "f",
        """
def g(s, x): return echo(x)
f = types.MethodType(g, 1)
""",
    ),
    "a class that its base has registered": Way(
        "B.subs[0]().m",
        """
class B:
    subs = []
    def __init_subclass__(cls): B.subs.append(cls)
class K(B):
    def m(self, x): return echo(x)
""",
    ),
    "an alias of a generic class": Way(
        "G[int]",
        """
T_ = typing.TypeVar('T_')
class G(typing.Generic[T_]):
    def __init__(self, x): self.x = echo(x)
    def __eq__(self, o): return True
    def __lt__(self, o): return self.x < o.x
    def __bool__(self): return bool(self.x)
    __hash__ = None
    def __repr__(self): return 'G'
""",
    ),
    "a recursive function": Way("f", "def f(x): return echo(x) if x < 1 else f(x - 1) or x"),
    "a generator that is stepped": Way(
        "f",
        """
def gen(x):
    yield echo(x)
def f(x): return next(gen(x))
""",
    ),
    "a generator that is summed": Way(
        "f",
        """
def gen(x):
    yield echo(x)
f = lambda x: sum(gen(x))
""",
    ),
    "a context manager made of a generator": Way(
        "f",
        """
@contextlib.contextmanager
def cm(x):
    yield echo(x)
def f(x):
    with cm(x) as v: return v
""",
    ),
    "a context manager": Way(
        "f",
        """
class C:
    def __init__(self, x): self.x = x
    def __enter__(self): return echo(self.x)
    def __exit__(self, *a): return None
def f(x):
    with C(x) as v: return v
""",
    ),
    "an operator": Way(
        "f",
        """
class C:
    def __init__(self, x): self.x = x
    def __add__(self, o): return echo(self.x)
def f(x): return C(x) + 1
""",
    ),
    "an object that is gone over": Way(
        "f",
        """
class C:
    def __init__(self, x): self.x = x
    def __iter__(self):
        yield echo(self.x)
def f(x): return list(C(x))[0]
""",
    ),
    "a subscript": Way(
        "f",
        """
class C:
    def __getitem__(self, x): return echo(x)
f = lambda x: C()[x]
""",
    ),
    "a format": Way(
        "f",
        """
class C:
    def __init__(self, x): self.x = x
    def __format__(self, s): return str(echo(self.x))
f = lambda x: int(f'{C(x)}')
""",
    ),
    "a text": Way(
        "f",
        """
class C:
    def __init__(self, x): self.x = x
    def __str__(self): return str(echo(self.x))
f = lambda x: int(str(C(x)))
""",
    ),
    "a length": Way(
        "f",
        """
class C:
    def __init__(self, x): self.x = x
    def __len__(self): return echo(self.x)
f = lambda x: len(C(x))
""",
    ),
    "a truth": Way(
        "f",
        """
class C:
    def __init__(self, x): self.x = x
    def __bool__(self): return bool(echo(self.x))
f = lambda x: 1 if C(x) else 0
""",
    ),
    "a comparison": Way(
        "f",
        """
class C:
    def __init__(self, x): self.x = x
    def __eq__(self, o): return echo(self.x == o)
f = lambda x: int(C(x) == 1)
""",
    ),
    "an order": Way(
        "f",
        """
class C:
    def __init__(self, x): self.x = x
    def __lt__(self, o): return echo(self.x < o.x)
f = lambda x: sorted([C(x), C(0)])[0].x
""",
    ),
    "a missing key": Way(
        "f",
        """
class C(dict):
    def __missing__(self, k): return echo(k)
f = lambda x: C()[x]
""",
    ),
    "a factory of a dict": Way("f", "f = lambda x: collections.defaultdict(lambda: echo(x))['k']"),
    "a setter": Way(
        "f",
        """
class C:
    @property
    def p(self): return self._p
    @p.setter
    def p(self, v): self._p = echo(v)
def f(x):
    c = C()
    c.p = x
    return c.p
""",
    ),
    "a __post_init__": Way(
        "f",
        """
@dataclasses.dataclass
class C:
    x: int
    def __post_init__(self): self.x = echo(self.x)
f = lambda x: C(x).x
""",
    ),
    "an exception": Way(
        "f",
        """
class X(Exception):
    def __init__(self, x): super().__init__(echo(x))
def f(x):
    try: raise X(x)
    except X as e: return e.args[0]
""",
    ),
    "a finally": Way(
        "f",
        """
def f(x):
    try: return x
    finally: echo(x)
""",
    ),
    "arguments handed on": Way(
        "f",
        """
def g(*a, **k): return echo(*a, **k)
f = lambda x: g(*[x])
""",
    ),
    "an iterator with a sentinel": Way("f", "f = lambda x: next(iter(lambda: echo(x), None))"),
    "a map": Way("f", "f = lambda x: next(map(echo, [x]))"),
    "a chain": Way(
        "f",
        """
def gen(x):
    yield echo(x)
f = lambda x: next(itertools.chain(gen(x), [2]))
""",
    ),
    "a substitution": Way("f", "f = lambda x: int(re.sub('a', lambda m: str(echo(x)), 'a'))"),
    "an exit stack": Way(
        "f",
        """
def f(x):
    with contextlib.ExitStack() as s:
        s.callback(echo, x)
    return x
""",
    ),
}

# What stands in the workflow; `$f` is what a way gives.
USES = {
    "called": "return $f(1)",
    "in a variable": """
kept = $f
return kept(1)
""",
    "mapped": "return list(map($f, [0, 1]))",
    "mapped step by step": """
steps = map($f, [0, 1])
return next(steps), next(steps)
""",
    "filtered": "return list(filter($f, [0, 1]))",
    "a key": "return sorted([2, 1], key=$f)",
    "a key of max": "return max([2, 1], key=$f)",
    "in a comprehension": "return [$f(i) for i in range(2)]",
    "in a generator expression": "return any($f(i) for i in range(2))",
    "in a dict comprehension": "return {i: $f(i) for i in range(2)}",
    "reduced": "return functools.reduce(lambda a, b: (a, $f(b)), [0, 1])",
    "handed to a nested function": """
def use(given, value):
    return given(value)
return use($f, 1)
""",
    "handed to a function": "return apply($f, 1)",
    "with a star": "return $f(*[1])",
    "in a list": "return [$f][0](1)",
    "in a dict": 'return {"kept": $f}["kept"](1)',
    "in a loop": "return [each(1) for each in ($f, $f)]",
    "in a lambda": """
later = lambda: $f(1)
return later()
""",
    "in a partial": "return functools.partial($f, 1)()",
    "in a starmap": "return list(itertools.starmap($f, [(1,)]))",
    "in a while": """
turns = 0
while $f(turns) and turns < 0:
    turns += 1
return turns
""",
    "in a condition": "return 1 if $f(1) else 0",
    "in a guard": """
match 1:
    case number if $f(number):
        return number
return 0
""",
    "in an f-string": "return f'{$f(1)!r:>5}'",
    "in a try": """
try:
    return $f(1)
finally:
    $f(0)
""",
    "in a generator": """
def steps():
    yield $f(1)
return list(steps())
""",
    "in an exit stack": """
with contextlib.ExitStack() as stack:
    stack.callback($f, 1)
return 1
""",
    "in a walrus": """
if (found := $f(1)):
    return found
return 0
""",
    "in an object of a local class": """
class Kept:
    def __init__(self, held):
        self.held = held
    def run(self, value):
        return self.held(value)
return Kept($f).run(1)
""",
    "in an object": "return Holder($f).run(1)",
    "stored in an object": """
kept = Holder(None)
kept.other = $f
return kept.other(1)
""",
    "in a closure": """
def outer():
    def within():
        return $f(1)
    return within
return outer()()
""",
}


def program(way: str, use: str) -> str:
    """The text of a pair, with the workflow `flow`."""
    return f"{HEAD}{WAYS[way].module.strip()}\n\n{_flow(way, use)}"


def program_apart(way: str, use: str, library: str) -> tuple[str, str]:
    """The text of a module `library`, and that of a program which has its functions from there."""
    text = f"{HEAD}{WAYS[way].module.strip()}\n"
    bound = ast.parse(text).body
    names = {made.name for made in bound if isinstance(made, ast.FunctionDef | ast.ClassDef)}
    assigned = (node for made in bound if isinstance(made, ast.Assign) for node in made.targets)
    names |= {target.id for target in assigned if isinstance(target, ast.Name)}
    flow = ast.unparse(_FromElsewhere(names, library).visit(ast.parse(_flow(way, use))))
    return text, f"{IMPORTS}import {library}\n\n{flow}\n"


class _FromElsewhere(ast.NodeTransformer):
    """`ship(1)` becomes `library.ship(1)`."""

    def __init__(self, names: set[str], library: str) -> None:
        self.names = names
        self.library = library

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in self.names:
            return node
        return ast.Attribute(ast.Name(self.library, ast.Load()), node.id, node.ctx)


def _flow(way: str, use: str) -> str:
    value, _, setup = WAYS[way]
    body = f"{setup}\n{Template(USES[use].strip()).substitute(f=value)}"
    return f"@workflow\ndef flow():\n{indent(body.strip(), '    ')}\n"


def compare(
    way: str, use: str, folder: Path, monkeypatch: pytest.MonkeyPatch, *, apart: bool = False
) -> None:
    """Run a pair plainly and compiled, in one module or two; AssertionError where they differ."""
    module = f"way_{list(WAYS).index(way)}_{list(USES).index(use)}"
    text = program(way, use)
    if apart:
        module += "_apart"
        library, text = program_apart(way, use, f"{module}_library")
        (folder / f"{module}_library.py").write_text(library)
    assert_means_the_same(text, module, "flow", folder, monkeypatch)


def main() -> int:
    """Run all pairs; print those that are not the same."""
    failed = 0
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        for way in WAYS:
            for use in USES:
                for apart in (False, True):
                    try:
                        compare(way, use, Path(folder), patch, apart=apart)
                    except Exception as error:
                        failed += 1
                        where = "in two modules" if apart else "in one module"
                        print(f"{way}, {use}, {where}: {error}\n{program(way, use)}", flush=True)
    print(f"{2 * len(WAYS) * len(USES)} programs, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
