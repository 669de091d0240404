"""Objects that pickle refuses or loses: kept with identity and aliasing, or refused in words."""

from __future__ import annotations

import asyncio
import calendar
import collections
import contextvars
import decimal
import functools
import importlib
import itertools
import operator
import re
import sys
import threading
import traceback
import types
import warnings
import weakref
from typing import Any, ParamSpec, TypeVar

import pytest

from perdure.runtime.codec import Codec
from perdure.runtime.compiling import image_of, program_of
from perdure.runtime.contexts import is_needed
from perdure.runtime.continuation import Continuation, Fiber
from perdure.runtime.failures import UnpicklableError
from perdure.runtime.interpreter import Event, advance, begin
from perdure.runtime.program import load

CODEC = Codec()
SENTINEL = object()
VARIABLE: contextvars.ContextVar[Any] = contextvars.ContextVar("VARIABLE", default=0)


class Missing:
    pass


MISSING = Missing()


class Thing:
    def __init__(self, name: str = "thing") -> None:
        self.name = name

    def hello(self) -> str:
        return f"hello {self.name}"


def again(value: Any) -> Any:
    """Through the codec twice: what was read can be written as what was made."""
    return CODEC.decode(CODEC.encode(CODEC.decode(CODEC.encode(value))))


# Functions ------------------------------------------------------------------------------------


def adder(n: int) -> Any:
    def add(x: int, *, more: int = 0) -> int:
        """Adds."""
        return x + n + more

    add.mark = 1  # type: ignore[attr-defined]
    return add


def test_functions_share_their_variables_and_their_module() -> None:
    count = 0
    nothing = None

    def up() -> int:
        nonlocal count
        count += 1
        return count

    def get() -> Any:
        return count, SENTINEL, nothing

    def fact(n: int) -> int:
        return n * fact(n - 1) if n else 1

    up()
    up2, get2, add, lam, fact2 = again((up, get, adder(3), lambda x=1: (x, get), fact))
    up2(), up2()
    assert get2() == (3, SENTINEL, None)
    assert lam()[1] is get2
    assert count == 1
    assert add(1, more=2) == 6
    assert (add.mark, add.__doc__) == (1, "Adds.")
    assert (add.__qualname__, add.__module__) == ("adder.<locals>.add", __name__)
    assert fact2(5) == 120
    assert add.__globals__ is globals()


def test_functions_of_no_module_share_their_globals() -> None:
    space: dict[str, Any] = {"count": 5, "__name__": "made"}
    exec("def up():\n global count\n count += 1\n return count\ndef get(): return count", space)
    up, get = again((space["up"], space["get"]))
    assert (up(), get(), get.__module__, len([up])) == (6, 6, "made", 1)
    assert get.__globals__ is up.__globals__


def test_decorated_functions() -> None:
    @functools.lru_cache(maxsize=7, typed=True)
    def cached(x: int) -> list[int]:
        return [x]

    @functools.singledispatch
    def kind(x: Any) -> str:
        return "any"

    @kind.register
    def _(x: int) -> str:
        return "int"

    @functools.wraps(cached)
    def wrapper(x: int) -> Any:
        return cached(x)

    cached(1)
    c, k, w, p = again((cached, kind, wrapper, functools.partial(cached, 3)))
    assert c.cache_parameters() == {"maxsize": 7, "typed": True}
    assert c(2) is c(2)
    assert (k(1), k("")) == ("int", "any")
    assert w.__wrapped__ is c
    assert p() == [3]
    assert p.func is c
    k.register(str, lambda x: "str")
    assert k("") == "str"
    assert k.registry[str]("") == "str"
    order = functools.cmp_to_key(lambda a, b: b - a)
    assert [key.obj for key in sorted(again([order(1), order(3)]))] == [3, 1]


# Built-in objects -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        str.join,
        "-".join,
        object.__init__,
        dict.__dict__["fromkeys"],
        type.__dict__["__dict__"],
        list[int],
        int | str,
        list[int] | None,
        operator.itemgetter(1, 2),
        operator.methodcaller("x", 1, y=2),
        re.compile("a+", re.IGNORECASE),
        slice(1, 2),
        ...,
        NotImplemented,
        types.SimpleNamespace(a=1),
        range(3),
        2j,
        types.FunctionType,
        types.MappingProxyType,
        type(iter([])),
        type({}.items()),
        type(None),
        type(...),
        len,
        functools.cached_property,
        (lambda: 1).__code__,
    ],
)
def test_equal_again(value: Any) -> None:
    copied = again(value)
    assert type(copied) is type(value)
    assert copied == value or repr(copied) == repr(value)


def test_bound_to_objects() -> None:
    xs = [1]
    thing = Thing()
    length, append, ys, hello, one, get = again(
        (xs.__len__, xs.append, xs, thing.hello, thing, operator.attrgetter("name"))
    )
    append(2)
    assert (length(), ys, get(one)) == (2, [1, 2], "thing")
    assert hello.__self__ is one
    assert hello() == "hello thing"


def test_descriptors_and_views() -> None:
    prop = property(lambda self: 7, doc="d")
    plain: dict[str, int] = {"a": 1}
    proxy = types.MappingProxyType(plain)
    fset, static, cls, d, view, space = again(
        (prop, staticmethod(adder), classmethod(adder), plain, proxy, vars(Thing))
    )
    assert fset.fget(0) == 7
    assert fset.__doc__ == "d"
    assert static.__func__ is adder
    assert static.__wrapped__ is adder
    assert cls.__func__ is adder
    d["b"] = 2
    assert view["b"] == 2
    assert type(view) is types.MappingProxyType
    assert space == vars(Thing)


class Open(dict[str, Any]):
    """Its items are its attributes."""

    def __init__(self, **items: Any) -> None:
        super().__init__(items)
        self.__dict__ = self


def test_a_dict_that_is_its_own_attributes() -> None:
    box = Open(a=1)
    box["self"] = box
    copied = again(box)
    copied.b = 2
    assert copied["b"] == 2
    assert copied.self is copied


def test_matches() -> None:
    text = "one 22 three 4"
    pattern = re.compile(r"(?P<number>\d+)|x")
    found = [pattern.search(text, 2), *pattern.finditer(text, 1), re.fullmatch("o(n)?.*", text)]
    found += [re.match("o|one", text), re.search("(?P<w>t)", text)]
    for match, copied in zip(found, again(found), strict=True):
        assert match is not None
        assert (copied.regs, copied.string, copied.pos) == (match.regs, match.string, match.pos)
        assert (copied.lastgroup, copied.groupdict()) == (match.lastgroup, match.groupdict())


def test_memoryviews() -> None:
    data = bytearray(b"0123456789")
    view = memoryview(data)
    raw, whole, part, fixed = again((data, view, view[2:5], memoryview(b"abcd")[1:]))
    raw[2] = 65
    assert (bytes(whole[:3]), bytes(part), bytes(fixed)) == (b"01A", b"A34", b"bcd")
    part[0] = 66
    assert raw[2] == 66
    assert fixed.readonly
    wide = again(memoryview(bytearray(8)).cast("i"))
    assert (wide.format, wide.shape) == ("i", (2,))
    with pytest.raises(UnpicklableError, match="memoryview with steps"):
        CODEC.encode(view[::2])


def test_tracebacks_keep_no_caller_alive() -> None:
    try:
        raise KeyError(1)
    except KeyError as error:
        copied = again(error)
    link = copied.__traceback__
    assert link.tb_frame.f_code.co_name == "test_tracebacks_keep_no_caller_alive"
    assert link.tb_frame.f_back is None


def test_tracebacks() -> None:
    try:
        {}["x"]
    except KeyError as error:
        trace = error.__traceback__
    assert (
        traceback.format_tb(again(trace))[0].splitlines()[0]
        == (traceback.format_tb(trace)[0].splitlines()[0])
    )


def test_sentinels_are_themselves() -> None:
    own, marks = object(), (SENTINEL, MISSING)
    got = again((marks, own, own, Missing(), collections.deque([SENTINEL])))
    assert got[0][0] is SENTINEL
    assert got[0][1] is MISSING
    assert got[4][0] is SENTINEL
    assert got[1] is got[2]
    assert got[1] is not own
    assert type(got[3]) is Missing
    assert got[3] is not MISSING


# Iterators ------------------------------------------------------------------------------------

ITERTOOLS: list[Any] = [
    lambda it: itertools.accumulate(it),
    lambda it: itertools.accumulate(it, operator.mul, initial=3),
    lambda it: itertools.chain(it, [100, 200]),
    lambda it: itertools.chain.from_iterable([it, it]),
    lambda it: itertools.combinations(it, 2),
    lambda it: itertools.combinations_with_replacement(it, 2),
    lambda it: itertools.permutations(it, 2),
    lambda it: itertools.product(it, repeat=2),
    lambda it: itertools.compress(it, [1, 0, 1, 1]),
    lambda it: itertools.islice(itertools.count(5, 2), 6),
    lambda it: itertools.islice(itertools.cycle(it), 20),
    lambda it: itertools.dropwhile(lambda x: x < 2, it),
    lambda it: itertools.takewhile(lambda x: x < 4, it),
    lambda it: itertools.filterfalse(None, it),
    lambda it: itertools.islice(it, 1, 5, 2),
    lambda it: itertools.repeat(7, 3),
    lambda it: itertools.starmap(pow, zip(it, it, strict=False)),
    lambda it: itertools.zip_longest(it, [1], fillvalue=0),
    lambda it: itertools.pairwise(it),
    lambda it: itertools.tee(it)[1],
    lambda it: itertools.groupby(it, bool),
    lambda it: zip(it, "abc", strict=False),
    lambda it: map(operator.add, it, it),
    lambda it: filter(None, it),
    lambda it: enumerate(it, 5),
    lambda it: reversed([*it]),
    lambda it: iter("h\N{SNOWMAN}llo"),
    lambda it: iter(b"hello"),
    lambda it: iter(bytearray(b"hello")),
    lambda it: iter(collections.deque(it)),
    lambda it: iter(range(2**70, 2**70 + 4)),
    lambda it: iter(functools.partial(next, it), 4),
]


def _shown(value: Any) -> Any:
    return value[0] if isinstance(value, tuple) and hasattr(value[-1], "__next__") else value


@pytest.mark.parametrize("number", range(len(ITERTOOLS)))
@pytest.mark.parametrize("steps", [0, 1, 2, 50])
def test_iterators_go_on_where_they_stood(number: int, steps: int) -> None:
    make = ITERTOOLS[number]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plain, kept = make(iter(range(6))), make(iter(range(6)))
        for _ in range(steps):
            assert _shown(next(plain, None)) == _shown(next(kept, None))
            kept = again(kept)
            if steps > 10 and next(plain, None) is next(kept, None) is None:
                break
        kept = again(kept)
        assert type(kept) is type(plain) or steps > 0
        assert [_shown(x) for x in plain] == [_shown(x) for x in kept]


def test_iterators_stay_over_the_same_iterator() -> None:
    source = iter(range(10))
    pairs = itertools.pairwise(source)
    first, second = itertools.tee(source)
    next(pairs), next(first)
    under, pairs, first, second = again((source, pairs, first, second))
    assert next(under) == 3
    assert next(pairs) == (1, 4)
    assert next(first) == 5
    assert next(second) == 2
    assert next(second) == 5


def test_grouped() -> None:
    groups = itertools.groupby([1, 1, 2, 2, 3])
    _, group = next(groups)
    next(group)
    groups, group = again((groups, group))
    assert list(group) == [1]
    assert next(groups)[0] == 2


def test_only_generators_of_pythons_own_library_are_asked_for_the_rest() -> None:
    space: dict[str, Any] = {"__name__": "calendar", "log": []}
    exec("def days():\n    for day in (1, 2):\n        log.append(day)\n        yield day", space)
    days = space["days"]()
    next(days)
    with pytest.raises(UnpicklableError, match="the generator days runs code of its own"):
        CODEC.keep([days])
    assert space["log"] == [1]
    names = calendar.Calendar().iterweekdays()
    next(names)
    assert list(CODEC.decode(CODEC.keep([names])[0])[0]) == [1, 2, 3, 4, 5, 6]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="new in Python 3.12")
def test_batched_is_refused() -> None:
    with pytest.raises(UnpicklableError, match="islice"):
        CODEC.encode(itertools.batched([1, 2], 2))  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", [dict, collections.OrderedDict, collections.Counter])
def test_views_and_iterators_of_dicts_stay_tied(kind: Any) -> None:
    source = kind({"a": 1, "b": 2})
    rest = iter(source.items())
    next(rest)
    copied, keys, values, items, rest = again(
        (source, source.keys(), source.values(), source.items(), rest)
    )
    copied["b"] = 5
    assert list(rest) == [("b", 5)]
    copied["c"] = 6
    assert (list(keys), list(values), ("c", 6) in items) == (["a", "b", "c"], [1, 5, 6], True)
    assert type(keys) is type(source.keys())


# weakref, contextvars, typing -----------------------------------------------------------------


def test_weak_references() -> None:
    thing, other = Thing(), Thing("other")
    gone = weakref.ref(Thing())
    thing.ref = weakref.ref(thing)  # type: ignore[attr-defined]
    values = (
        thing,
        weakref.ref(thing),
        weakref.proxy(thing),
        weakref.WeakSet([thing, other]),
        weakref.WeakKeyDictionary({thing: 1, other: 2}),
        weakref.WeakValueDictionary({"t": thing, "o": other}),
        gone,
    )
    copied, ref, proxy, refs, keys, by_name, dead = again(values)
    assert ref() is copied is copied.ref()
    assert ref is copied.ref
    assert proxy.name == "thing"
    assert list(refs) == [copied]
    assert list(keys.items()) == [(copied, 1)]
    assert list(by_name.items()) == [("t", copied)]
    assert dead() is None
    assert again(weakref.ref(Thing()))() is None


def test_context_variables() -> None:
    context = contextvars.Context()
    shared: list[int] = []
    context.run(VARIABLE.set, shared)
    context.run(decimal.setcontext, decimal.Context(prec=5))
    variable, copied, same = again((VARIABLE, context, shared))
    assert variable is VARIABLE
    assert copied.run(VARIABLE.get) is same
    assert copied.run(decimal.getcontext).prec == 5
    with pytest.raises(UnpicklableError, match="'own' is no global of a module"):
        CODEC.encode(contextvars.ContextVar("own"))


def test_tokens_of_context_variables() -> None:
    context = contextvars.Context()
    old = [1]
    unset, before = context.run(VARIABLE.set, old), context.run(VARIABLE.set, [2])
    used = context.run(VARIABLE.set, [3])
    context.run(VARIABLE.reset, used)
    first, second, third, copied, same = again((unset, before, used, context, old))
    assert second.old_value is same
    assert copied[VARIABLE] == [2]
    with pytest.raises(RuntimeError, match="already been used once"):
        copied.run(VARIABLE.reset, third)
    with pytest.raises(ValueError, match="different Context"):
        context.run(VARIABLE.reset, second)
    copied.run(VARIABLE.reset, second)
    assert copied[VARIABLE] is same
    copied.run(VARIABLE.reset, first)
    assert VARIABLE not in copied


def test_a_context_is_needed_for_what_it_holds_or_for_a_token() -> None:
    fiber = Fiber(0, [], context=contextvars.Context())
    assert fiber.context is not None
    # Not in the assertion itself, which would hold the context too.
    needed = [is_needed(fiber.context)]
    token = fiber.context.run(VARIABLE.set, 1)
    needed.append(is_needed(fiber.context))
    fiber.context.run(VARIABLE.reset, token)
    needed.append(is_needed(fiber.context))
    del token
    needed.append(is_needed(fiber.context))
    assert needed == [False, True, True, False]
    assert not is_needed(None)


def test_type_variables() -> None:
    own: Any = TypeVar("own", bound=int, covariant=True)
    params = ParamSpec("params")
    one, two, p, alias = again((own, own, params, list[own]))
    assert one is two
    assert one.__bound__ is int
    assert one.__covariant__
    assert alias.__args__ == (one,)
    assert type(p) is ParamSpec
    if sys.version_info >= (3, 12):
        space: dict[str, Any] = {"__name__": __name__}
        text = "type A[T: int] = list[T]\ndef f[U](x: U) -> U: return x"
        exec(compile(text, "made", "exec", dont_inherit=True), space)
        alias, function = again((space["A"], space["f"]))
        assert alias.__value__.__args__ == alias.__type_params__
        assert function.__type_params__[0] is function.__annotations__["x"]


# asyncio --------------------------------------------------------------------------------------


class Loop(asyncio.AbstractEventLoop):
    """As much of a loop as a future asks for."""

    def __init__(self) -> None:
        self.called: list[Any] = []

    def get_debug(self) -> bool:
        return False

    def call_soon(self, callback: Any, *args: Any, context: Any = None) -> Any:
        self.called.append((callback, args, context))

    def call_exception_handler(self, context: Any) -> None:
        pass

    def is_running(self) -> bool:
        return True


class Holder:
    seen: Any = None

    def done(self, future: Any) -> None:
        self.seen = future


@pytest.mark.parametrize("kind", [asyncio.Future, asyncio.futures._PyFuture])  # type: ignore[attr-defined]
def test_futures(kind: Any) -> None:
    loop, holder = Loop(), Holder()
    pending, done, failed, cancelled = (kind(loop=loop) for _ in range(4))
    pending.add_done_callback(holder.done)
    done.add_done_callback(holder.done)
    done.set_result([1])
    failed.set_exception(KeyError("k"))
    failed.exception()
    cancelled.cancel("why")
    assert len(loop.called) == 1
    loop, holder, pending, done, failed, cancelled = again(
        (loop, holder, pending, done, failed, cancelled)
    )
    assert len(loop.called) == 1
    assert loop.called[0][1] == (done,)
    assert pending.get_loop() is loop
    assert done.result() == [1]
    assert cancelled.cancelled()
    assert not pending.done()
    with pytest.raises(KeyError):
        failed.result()
    pending.set_result(2)
    callback, args, _ = loop.called[1]
    callback(*args)
    assert len(loop.called) == 2
    assert holder.seen is pending


def test_gathered_futures_and_handles() -> None:
    loop = Loop()
    children = [asyncio.Future(loop=loop) for _ in range(2)]
    gathered = asyncio.gather(*children)
    handle = asyncio.Handle(print, (1,), loop, contextvars.Context())
    loop, children, gathered, handle = again((loop, children, gathered, handle))
    assert handle._args == (1,)
    children[0].set_result("a")
    children[1].set_result("b")
    for callback, args, _ in loop.called:
        callback(*args)
    assert gathered.result() == ["a", "b"]


# Refused --------------------------------------------------------------------------------------


async def _coroutine() -> None:
    pass


def test_what_runs_is_refused() -> None:
    coroutine, generator = _coroutine(), (x for word in ("ab", "c") for x in word)
    next(generator)
    values = {
        "generator": generator,
        "coroutine": coroutine,
        "frame": sys._getframe(),
        "local": threading.local(),
        "module": types.ModuleType("nowhere"),
    }
    for word, value in values.items():
        with pytest.raises(TypeError, match=word):
            CODEC.encode([value])
    coroutine.close()


# Exceptions -----------------------------------------------------------------------------------


class Grouped(ExceptionGroup[Exception]):
    def __new__(cls, message: str, found: Any, code: int = 0) -> Any:
        made = super().__new__(cls, message, found)
        made.code = code
        return made

    def derive(self, found: Any) -> Any:
        return Grouped(self.message, found, self.code)


class Odd(Exception):
    __slots__ = ("slot",)

    def __init__(self, *, name: str) -> None:
        super().__init__()
        self.name = name


def _raised(code: str) -> BaseException:
    try:
        exec(code, {"Thing": Thing})
    except BaseException as error:
        return error
    raise AssertionError


@pytest.mark.parametrize(
    "code",
    [
        "open('/nowhere/at/all')",
        "import os; os.rename('/nowhere/a', '/nowhere/b')",
        "b'\\xff'.decode()",
        "'\\udc80'.encode()",
        "compile('x = = 1', 'f.py', 'exec')",
        "compile(' x\\n  y', 'f.py', 'exec')",
        "next(iter([]))",
        "raise StopIteration(5)",
        "raise SystemExit(3)",
        "{}['k']",
        "Thing().nothing",
        "nothing",
        "import nothing_of_that_name",
        "from os import nothing_of_that_name",
        "raise OSError('a', 'b', 'c', None, 'e')",
        "raise BlockingIOError(11, 'x', 5)",
        "raise KeyboardInterrupt",
    ],
)
def test_exceptions_keep_their_attributes(code: str) -> None:
    error = _raised(code)
    copied = again(error)
    assert type(copied) is type(error)
    assert str(copied) == str(error)
    names = {n for n in dir(error) if not n.startswith("_")} - {"with_traceback", "add_note"}
    for name in names - {"obj"}:
        assert getattr(copied, name, None) == getattr(error, name, None), name


def test_exception_groups() -> None:
    inner = Grouped("inner", [ValueError(1), KeyError(2)], 7)
    inner.add_note("noted")
    group = ExceptionGroup("outer", [inner, OSError(3)])
    group.__cause__ = inner
    copied = again(group)
    assert copied.__cause__ is copied.exceptions[0]
    assert copied.message == "outer"
    own = copied.exceptions[0]
    assert (type(own), own.code, own.__notes__) == (Grouped, 7, ["noted"])
    rest, _ = own.split(ValueError)
    assert type(rest) is Grouped
    assert rest.code == 7
    base = again(BaseExceptionGroup("b", [KeyboardInterrupt()]))
    assert type(base.exceptions[0]) is KeyboardInterrupt


def test_cyclic_exceptions() -> None:
    a, b = Odd(name="a"), Odd(name="b")
    a.__context__, b.__context__ = b, a
    a.__cause__ = a
    a.me, a.slot = a, [b]  # type: ignore[attr-defined]
    for first in (a, [b, a]):
        copied = again(first)
        copied = copied if first is a else copied[1]
        assert copied.me is copied.__cause__ is copied
        assert copied.name == "a"
        assert copied.slot[0] is copied.__context__
        assert copied.__context__.__context__ is copied
    cyclic = Exception()
    cyclic.args = (cyclic, [cyclic])
    copied = again(cyclic)
    assert copied.args[0] is copied
    assert copied.args[1][0] is copied


# A program, here and elsewhere ----------------------------------------------------------------

PROGRAM = """
from perdure import activity, workflow

MARK = object()
double = lambda x: 2 * x


def adder(n):
    class Sum:
        def __init__(self, m):
            self.m = m

        def total(self):
            return [x + n + self.m for x in (1, 2)], MARK, __class__

    return Sum, [lambda x: x + n, lambda x: x * n]


@activity
def act(x):
    return x


@workflow
def flow(x):
    class Local:
        def own(self):
            return x, MARK, __class__

    kept = Local(), lambda: (x, MARK)
    act(x)
    return kept
"""


def test_what_one_process_wrote_another_reads(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that was imported, and the same one in a namespace of its own."""
    (tmp_path / "program_elsewhere.py").write_text(PROGRAM)
    monkeypatch.syspath_prepend(str(tmp_path))
    module = importlib.import_module("program_elsewhere")
    image = image_of(module.flow)
    here = program_of(image, module.flow)
    state = begin(here, (3,), {})
    advance(here, state, [], now=0.0)
    cls, functions = module.adder(10)
    value = (state.pack(), cls(5), cls, functions, module.double, module.MARK)
    data = Codec(here).encode(value)
    monkeypatch.delitem(sys.modules, "program_elsewhere")
    there = load(image)
    own = there.modules["program_elsewhere"]
    assert own is not module
    codec = Codec(there)
    data = codec.encode(codec.decode(data))
    packed, one, cls, functions, double, mark = codec.decode(data)
    assert (double, mark) == (own.double, own.MARK)
    assert one.total() == ([16, 17], own.MARK, cls)
    assert cls is type(one)
    assert [f(2) for f in functions] == [12, 20]
    assert functions[0].__globals__ is vars(own)
    state = Continuation.unpack(packed)
    done = advance(there, state, [Event(0, 3)], now=0.0)
    local, get = done.value
    assert local.own() == (3, own.MARK, type(local))
    assert get() == (3, own.MARK)
