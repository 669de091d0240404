"""Programs to compile: as long as is asked for, and of three kinds.

`ordinary` is what workflow modules mostly are: functions of some forty lines, with loops, `if` and
`try`, most of it plain code, and three activities each. In `dense` every line suspends. `straight`
is one function that calls so many activities.
"""

from __future__ import annotations

HEAD = """\
from perdure import activity, workflow


@activity
def act(*args):
    return args[0]


"""

_ORDINARY = '''\
def step_{n}(order, limit=10):
    """Price the order's lines, keep what failed."""
    total, seen, failed = 0, set(), []
    names = [line["name"].strip().lower() for line in order["lines"]]
    for name in names:
        if name in seen:
            continue
        seen.add(name)
        if not name.isidentifier():
            failed.append((name, "odd"))
    rate = act("rate", order["country"], {n})
    for index, line in enumerate(order["lines"]):
        price = line["price"] * line.get("count", 1)
        if price > limit:
            discount = min(price * 0.1, limit)
            price -= discount
        elif price < 0:
            failed.append((line["name"], price))
            continue
        try:
            value = float(line["weight"]) / (line["count"] or 1)
        except (KeyError, ValueError) as error:
            failed.append((index, repr(error)))
            value = 0.0
        total += price * rate + value
    if failed:
        text = ", ".join(f"{{who}}: {{why}}" for who, why in failed)
        act("warn", text)
    while total > 1000:
        total -= 100
        if total % 7 == 0:
            break
    else:
        total = round(total, 2)
    groups = {{}}
    for line in order["lines"]:
        groups.setdefault(line.get("kind", "none"), []).append(line["price"])
    summary = {{kind: sum(prices) for kind, prices in groups.items()}}
    best = max(summary, key=lambda kind: summary[kind], default=None)
    act("store", {n}, total, best)
    return total, best, sorted(seen)


'''

_DENSE = """\
def step_{n}(order, limit=10):
    a = act(order, {n})
    b = act(a, limit)
    c = act(a) + act(b)
    for item in act(order, "items"):
        d = act(item, a, b)
        if act(d):
            e = act(c, d)
            c = act(e, limit=act(b))
        else:
            c = act(d, item)
        b = [act(c), act(d)]
    try:
        f = act(b, c)
        a = act(f, a)
    except act(ValueError) as error:
        a = act(error)
    while act(a) > limit:
        a = act(a, b, c)
    return act(a, b, c)


"""


def ordinary(lines: int) -> str:
    """A module of at least that many lines, as people write them."""
    return _module(_ORDINARY, lines)


def dense(lines: int) -> str:
    """A module of at least that many lines, all of which suspend."""
    return _module(_DENSE, lines)


def straight(activities: int) -> str:
    """One function that calls so many activities, one after the other."""
    calls = "".join(f"    x{n} = act(a, {n})\n" for n in range(activities))
    return f"{HEAD}@workflow\ndef flow(a):\n{calls}    return a\n"


def _module(step: str, lines: int) -> str:
    count = -(-lines // step.count("\n"))
    steps = "".join(step.format(n=n) for n in range(count))
    calls = "".join(f"    step_{n}(order)\n" for n in range(count))
    return f"{HEAD}{steps}@workflow\ndef flow(order):\n{calls}"
