"""Where the order of a set gets out, and where it does not."""
import functools
import itertools
import json
from collections import Counter
from dataclasses import dataclass, field

from perdure import activity, spawn, workflow


@activity
def send(x):
    return x


@dataclass
class Order:
    tags: set[str]
    ids: set[int] = field(default_factory=set)
    names: "frozenset[str] | None" = None


def tags_of(order) -> set[str]:
    return {t for t in order}


def untyped_tags(order):
    return set(order) | {"x"}


@functools.cache
def cached(x):
    return x


@workflow
def loud(items: list[str], order: Order, given: set[str], other, table: dict[str, int]):
    names = {i.strip() for i in items}
    for n in names:  # expect: PD224
        send(n)
    for n in {"a", "b"}:  # expect: PD224
        send(n)
    for n in order.tags:  # expect: PD224
        send(n)
    for n in tags_of(items):  # expect: PD224
        send(n)
    for n in untyped_tags(items):  # expect: PD224
        send(n)
    for n in given - names:  # expect: PD224
        send(n)
    for n in table.keys() & names:  # expect: PD224
        send(n)
    for i, n in enumerate(given):  # expect: PD224
        send((i, n))
    a = list(names)  # expect: PD224
    b = tuple(set(items))  # expect: PD224
    c = ",".join(given)  # expect: PD224
    d = ",".join(x.upper() for x in given)  # expect: PD224
    e = [x for x in given]  # expect: PD224
    f = [*given]  # expect: PD224
    g = given.pop()  # expect: PD224
    h = next(iter(given))  # expect: PD224
    i = dict.fromkeys(given)  # expect: PD224
    j = list(zip(given, items))  # expect: PD224
    k = max(given, key=len)  # expect: PD224
    m = json.dumps(list(given))  # expect: PD224
    n = functools.reduce(str.__add__, given)  # expect: PD224
    o = list(map(send, given))  # expect: PD224
    p = send(list(order.names))  # expect: PD224
    q = list(itertools.chain(given, items))  # expect: PD224
    x, y = given  # expect: PD224
    send(*given)  # expect: PD224
    tasks = [spawn(send, x) for x in given]  # expect: PD224
    sent = {x: send(x) for x in given}  # expect: PD224
    results = sorted(send(x) for x in given)  # expect: PD224
    out = []
    for n in given:  # expect: PD224
        out.append(n)
    for n in given:  # expect: PD224
        if n in items:
            return n
    for n in given:  # expect: PD224
        last = n
    return [a, b, c, d, e, f, g, h, i, j, k, m, n, o, p, q, x, y, last]


@workflow
def quiet(items: list[str], order: Order, given: set[str], numbers: set[int], unknown):
    a = sorted(given)
    b = len(given), "x" in given, given == {"a"}, bool(given)
    c = sum(len(x) for x in given)
    d = any(x for x in given), all(x.islower() for x in given)
    e = {x.upper() for x in given} | given
    f = sorted(x.upper() for x in given)
    g = sorted(list(given))
    h = set(list(given))
    i = {x: 1 for x in given}
    j = min(given), max(given)
    k = Counter(given)
    for n in sorted(given):
        send(n)
    for n in numbers:
        send(n)
    for n in order.ids:
        send(n)
    for n in unknown:
        send(n)
    found = {}
    for n in given:
        found[n] = 1
    seen = set()
    for n in given:
        if n in seen:
            continue
        seen.add(n)
    total = 0
    for n in given:
        total += len(n)
    for n in given:
        if not n:
            return False
    for n in given:
        if not n:
            raise ValueError(n)
    names = list(given)
    names.sort()
    m = names
    bag = [x for x in given]
    if "a" in bag and len(bag) > 2:
        total += 1
    o = sorted([x for x in given if x], key=len)
    p = set(itertools.chain(given, items))
    q = sorted({*given, "x"})
    r = given.issubset(x for x in items)
    s = len([x for x in given if x])
    print(*given, list(given))
    u = sorted(cached(x) for x in given)
    rebound = set(items)
    rebound = sorted(rebound)
    for n in rebound:
        send(n)
    ints = {1, 2, 3}
    for n in ints:
        send(n)
    for n in {len(x) for x in items}:
        send(n)
    return [a, b, c, d, e, f, g, h, i, j, k, m, o, p, q, r, s, total, found]


@workflow
def identity(x: str, n: int, thing, others):
    a = hash(x)  # expect: PD225
    b = hash(n), hash((n, 2)), hash(5)
    c = id(thing)  # expect: PD226
    d = sorted(others, key=id)  # expect: PD226
    seen = set()
    for o in others:
        if id(o) in seen:
            continue
        seen.add(id(o))
    memo = {}
    memo[id(thing)] = 1
    key = id(thing)
    if key in memo:
        pass
    e = id(thing) == id(others)
    return [a, b, c, d, e, f"{id(thing)}"]  # expect: PD226


class Point:
    def __init__(self, x):
        self.x = x

    def __hash__(self):
        return hash((self.x, "p"))


@workflow
def uses_point(x):
    return Point(x).__hash__()
