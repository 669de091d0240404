"""Builtins and itertools that are given what suspends: functions to call, generators to draw from."""

import functools
import itertools
import math
from collections import Counter, OrderedDict, deque
from collections.abc import Mapping

from perdure import workflow
from tests.corpus.acts import add, echo, fail, less


def gen(*items):
    for item in items:
        yield echo(item)


def negative(x):
    return -echo(x)


@workflow
def maps():
    """map with one and several iterables, lazily, by activity, helper and lambda."""
    one = map(echo, [1, 2, 3])
    first = next(one)
    return (
        first,
        list(one),
        list(map(add, [1, 2, 3], [10, 20])),
        list(map(lambda x: echo(x) + 1, gen(1, 2))),
        list(map(str, gen(1, 2))),
        sum(map(negative, range(3))),
        dict(map(lambda p: (p[0], echo(p[1])), {"a": 1}.items())),
    )


@workflow
def filters():
    """filter by an activity, by None over a generator, by a plain function."""
    return (
        list(filter(echo, [0, 1, "", "a"])),
        list(filter(None, gen(0, 1, 2))),
        list(filter(str.isdigit, gen("1", "x"))),
        list(itertools.filterfalse(echo, [0, 1, "", "a"])),
    )


@workflow
def sorting():
    """sorted and list.sort by a key that suspends: stable, reversed, one call for each item."""
    words = ["bb", "a", "ccc", "dd"]
    return (
        sorted(words, key=lambda w: echo(len(w))),
        sorted(words, key=lambda w: echo(len(w)), reverse=True),
        sorted(gen(3, 1, 2)),
        sorted([3, 1, 2], key=negative),
        sorted(words),
    )


@workflow
def extremes():
    """min and max with a key, a default, several arguments; the first of equal ones."""
    return (
        max([3, 1, 2], key=negative),
        min("bb", "a", "c", key=lambda w: echo(len(w))),
        max(gen(1, 5, 2)),
        min(gen(), default="none"),
        max([], key=echo, default=None),
        max([1, -1], key=lambda x: echo(abs(x))),
    )


@workflow
def extremes_of_nothing():
    """max of an empty generator is a ValueError."""
    try:
        return max(gen())
    except ValueError as error:
        return str(error)


@workflow
def quantifiers():
    """any and all stop at the first item that decides."""
    return (
        any(map(echo, [0, 1, 2])),
        all(map(echo, [1, 0, 2])),
        any(gen()),
        all(gen()),
        any(less(x, 2) for x in [3, 1, 0]),
        all(less(x, 2) for x in [1, 3, 0]),
    )


@workflow
def sums():
    """sum with and without a start, over generators and maps."""
    return sum(gen(1, 2, 3)), sum(gen(1, 2), start=10), sum(map(lambda x: [echo(x)], "ab"), [])


@workflow
def reducing():
    """functools.reduce by an activity, with and without a first value."""
    out = [functools.reduce(add, [1, 2, 3]), functools.reduce(add, gen(1, 2), 10)]
    out.append(functools.reduce(lambda a, b: a + echo(b), "xyz"))
    try:
        functools.reduce(add, [])
    except TypeError as error:
        out.append(str(error))
    return out


@workflow
def zips():
    """zip over generators, with strict, and enumerate from a start."""
    out = [list(zip(gen(1, 2), "abc")), list(enumerate(gen("a", "b"), start=echo(5)))]
    out.append([(i, echo(x)) for i, x in enumerate("ab")])
    out.append(list(zip(gen(1, 2), gen(3, 4), strict=True)))
    try:
        out.append(list(zip(gen(1), gen(2, 3), strict=True)))
    except ValueError as error:
        out.append(str(error))
    return out


@workflow
def collections():
    """list, tuple, set, frozenset, dict and deque of generators that suspend."""
    return (
        list(gen(1, 2)),
        tuple(gen(1, 2)),
        set(gen(1, 1)),
        frozenset(gen(2, 2)),
        dict(gen(("a", 1), ("b", 2)), c=3),
        list(deque(gen(1, 2, 3), maxlen=2)),
        list(reversed(list(gen(1, 2)))),
    )


class Ledger:
    """Its methods have names of builtins' methods."""

    def update(self, items):
        return "update", [echo(item) for item in items]

    def sort(self, key=None):
        return "sort", key(echo(1))

    def format(self, value):
        return "format", echo(value)

    def __str__(self):
        return echo("ledger")


@workflow
def methods_of_the_same_names():
    """Methods of the program's own classes that are called as builtins' are."""
    ledger = Ledger()
    return ledger.update(gen(1, 2)), ledger.sort(key=echo), ledger.format("x"), str(ledger)


class Backwards(dict):
    """A dict that says its keys, each after a suspension, from the last to the first."""

    def keys(self):
        for key in reversed(list(dict.keys(self))):
            yield echo(key)

    __iter__ = keys

    def __getitem__(self, key):
        return "of " + key

    def __setitem__(self, key, value):
        dict.__setitem__(self, key.upper(), value)


class Pairs(dict):
    """A dict that is iterated over as usual, but by name."""

    def keys(self):
        return ["nothing"]


def broken(n):
    """A generator that fails after some items."""
    for i in range(n):
        yield echo((i, i))
    raise KeyError("broken")


@workflow
def dicts_of_mappings():
    """What dict and update make of mappings that suspend, and of what fails half way."""
    log = []
    given = Backwards(a=1, b=2)
    other = Backwards(x=1)
    other.update(given)
    d, s = {}, set()
    for target in (d, s):
        try:
            target.update(broken(2))
        except KeyError as error:
            log.append((list(target), str(error)))
    for target, args, more in (({}, (gen(), gen()), {}), (set(), (gen(),), {"k": 1})):
        try:
            target.update(*args, **more)
        except TypeError as error:
            log.append(str(error))
    s.update(gen(3), gen(4))
    d.update(gen(("k", 1)), more=2)
    return (
        list(dict(given).items()),
        list(other.items()),
        log,
        s,
        d,
        dict(Pairs(a=1), b=gen is None),
    )


@workflow
def dicts_from_keys():
    """dict.fromkeys, by its class, by a dict and as a value."""
    fromkeys = {}.fromkeys
    return (
        dict.fromkeys(gen(2, 1)),
        dict.fromkeys(gen("a"), echo([])),
        {1: 2}.fromkeys(gen(3), 4),
        fromkeys(gen(5)),
        list(Backwards.fromkeys(gen("a", "b"), 1).items()),
        type(Backwards.fromkeys(gen())) is Backwards,
        list(map(dict.fromkeys, [gen(6), gen(7, 8)])),
        list(map(list, [gen(6), gen(7, 8)])),
    )


class Box:
    """A container that gives its items after suspensions, and says what is in it."""

    def __iter__(self):
        yield echo(1)

    def __contains__(self, item):
        return echo(item == 2) and [item]


class Closed(Box):
    """One that says it is no container."""

    __contains__ = None


@workflow
def containers_that_suspend():
    """`in` asks the container first, and iterates only where it has no answer."""
    box = Box()
    found = [1 in box, 2 in box, 2 not in box, 1 in gen(1), 2 in list(box)]
    try:
        found.append(1 in Closed())
    except TypeError as error:
        found.append(str(error))
    return found


@workflow
def itertools_given():
    """Those of itertools that call a function or draw from a generator."""
    return (
        list(itertools.chain(gen(1), [2], gen(3))),
        list(itertools.chain.from_iterable(gen([1, 2], "ab"))),
        list(itertools.islice(gen(1, 2, 3, 4), 1, 4, 2)),
        list(itertools.starmap(add, [(1, 2), (3, 4)])),
        list(itertools.takewhile(lambda x: less(x, 3), [1, 2, 3, 1])),
        list(itertools.dropwhile(lambda x: less(x, 3), [1, 2, 3, 1])),
        list(itertools.accumulate([1, 2, 3], add)),
        list(itertools.accumulate(gen(1, 2), initial=10)),
        list(itertools.pairwise(gen(1, 2, 3))),
    )


@workflow
def grouping():
    """groupby with a key that suspends."""
    groups = itertools.groupby([1, 3, 2, 4, 5], key=lambda x: echo(x % 2))
    return [(key, list(items)) for key, items in groups]


@workflow
def alive_across_suspensions():
    """Iterators of builtins over what suspends that live on across the workflow's suspensions."""
    doubled = map(lambda x: echo(x) * 2, itertools.count())
    pairs = zip(doubled, gen("a", "b", "c"))
    out = [next(pairs)]
    echo("between")
    out.append(next(pairs))
    rest = filter(lambda p: echo(p[0]) > 0, pairs)
    echo("again")
    return out, list(rest)


@workflow
def errors_inside():
    """Exceptions out of a function that a builtin calls."""
    log = []
    for work in (
        lambda: list(map(fail, [ValueError], ["m"])),
        lambda: sorted([1, 2], key=lambda x: fail(KeyError, x)),
        lambda: sum(fail(TypeError, x) for x in [1]),
        lambda: list(zip(gen(1), map(fail, [OSError], ["z"]))),
    ):
        try:
            work()
        except Exception as error:
            log.append((type(error).__name__, error.args))
    return log


@workflow
def plain_all_the_way():
    """The same builtins beside them, given nothing that suspends."""
    echo(1)
    return list(map(len, ["a", "bb"])), sorted([2, 1], key=abs), max([1, 2], key=lambda x: -x)


@workflow
def iterators_by_hand():
    """iter and next on what suspends, and iter with a sentinel."""
    source = iter(gen(1, 2))
    calls = iter(functools.partial(next, iter([1, 2, 3])), 3)
    out = [next(source), next(calls)]
    echo("between")
    return out, next(source), next(source, None), list(calls)


@workflow
def sentinel_that_suspends():
    """iter() with a function that calls an activity, up to its sentinel."""
    n = 0

    def tick():
        nonlocal n
        n += 1
        return echo(n)

    return list(iter(tick, 4)), n


@workflow
def handed_over_as_values():
    """The builtins themselves as values: a helper is given map, and a function to map."""
    def use(how, function, items):
        return list(how(function, items))

    return use(map, echo, [1, 2]), use(filter, echo, [0, 1])


@workflow
def methods_as_keys():
    """Bound methods as the functions that builtins are given."""
    scale = Scale(3)
    return list(map(scale.by, [1, 2])), sorted([2, 1], key=scale.by)


@workflow
def partials():
    """A partial of an activity as the function that builtins are given."""
    by_three = functools.partial(add, 3)
    return list(map(by_three, [1, 2])), sorted([2, 1], key=by_three)


@workflow
def sorted_in_place():
    """list.sort with a key that suspends."""
    items = [3, 1, 2]
    items.sort(key=negative)
    return items


class Scale:
    def __init__(self, n):
        self.n = n

    def by(self, x):
        return echo(x) * self.n


def ending(x):
    if echo(x) > 1:
        raise StopIteration
    return x


@workflow
def stopped_by_what_is_called():
    """StopIteration out of a function given to a builtin ends its iteration, and is no error."""
    counter = iter([1, 2])
    return (
        list(map(ending, range(5))),
        list(map(lambda a, b: ending(a), range(5), range(5))),
        list(filter(ending, range(5))),
        list(iter(lambda: echo(next(counter)), 9)),
        list(itertools.starmap(ending, [(0,), (1,), (2,), (0,)])),
        list(itertools.takewhile(ending, [1, 2, 1])),
        list(itertools.dropwhile(lambda x: not ending(x), [0, 2, 1])),
        list(itertools.filterfalse(ending, [0, 2, 0])),
    )


@workflow
def what_is_no_iterable():
    """Builtins look at what they are given when they are called, not at the first item."""
    found = []
    makers = [
        lambda: map(echo, 5),
        lambda: filter(echo, 5),
        lambda: zip(gen(1), 5),
        lambda: enumerate(gen(1), "x"),
        lambda: itertools.starmap(echo, 5),
        lambda: itertools.takewhile(echo, 5),
        lambda: itertools.accumulate(5, add),
    ]
    for make in makers:
        try:
            found.append(make() is None)
        except (TypeError, ValueError) as error:
            found.append(type(error))
    return found, echo(0)


@workflow
def merged_keywords():
    """`**` twice with a suspension: the errors of a call, with keys that are no strings too."""
    found = []
    for one, two in [({"x": 1}, {"x": 2}), ({1: 1}, {1: 2}), ({1: 1}, {2: 2})]:
        try:
            dict(**one, **echo(two))
        except TypeError as error:
            found.append(str(error))
        try:
            dict(**echo(one), **two)
        except TypeError as error:
            found.append(str(error))
    return found


@workflow
def used_up_at_once():
    """What goes over all of an iterable before it gives anything."""
    return (
        list(itertools.product(map(echo, [1, 2]), [3], repeat=1)),
        list(itertools.combinations(map(echo, "abc"), 2)),
        list(itertools.combinations_with_replacement((echo(x) for x in "ab"), 2)),
        list(itertools.permutations(map(echo, "ab"))),
        math.prod(map(echo, [2, 3]), start=4),
        math.fsum(echo(x) for x in (0.1, 0.2)),
        Counter(map(echo, "aab"), b=2),
        OrderedDict((echo(k), k) for k in "ba"),
    )


class Stock:
    """A mapping whose keys and values come after a suspension each."""

    def keys(self):
        for key in "ba":
            yield echo(key)

    def __iter__(self):
        return self.keys()

    def __getitem__(self, key):
        return {"a": 1, "b": 2}[key]

    def items(self):
        for key in self.keys():
            yield key, self[key]

    def __len__(self):
        return 2


Mapping.register(Stock)


@workflow
def counted_and_ordered_mappings():
    return Counter(Stock(), a=5), OrderedDict(Stock(), c=3), Counter(map(echo, "aab"))


@workflow
def longest_and_chosen():
    longest = itertools.zip_longest(map(echo, [1, 2]), (echo(x) for x in "a"), fillvalue="-")
    first = next(longest)
    chosen = itertools.compress(map(echo, "abcd"), map(echo, [0, 1, 1]))
    round_and_round = itertools.islice(itertools.cycle(map(echo, [7, 8])), 5)
    return first, list(longest), list(chosen), list(round_and_round), list(itertools.zip_longest())


class Ship:
    def load(self, what):
        return echo(what)

    def sail(self, to):
        return [self.load(to), echo("sailed")]


@workflow
def methods_by_name():
    """A method that nothing names but a string: one that nothing calls, and so those it calls."""
    ship = Ship()
    return getattr(ship, "sail")("north"), [getattr(ship, name)(1) for name in ("load", "sail")]


@workflow
def sent_to_a_map():
    """What `yield from` passes on to a `map` or a `zip`, which has no send()."""

    def through(iterator):
        yield (yield from iterator)

    found = []
    for source in (map(echo, [1, 2]), zip(map(echo, "ab")), enumerate(map(echo, [3]))):
        generator = through(source)
        found.append(next(generator))
        try:
            generator.send(5)
        except AttributeError as error:
            found.append(str(error))
    return found


@workflow
def unbound_before_undefined():
    """Of two names that are not there, the left one is missed."""
    looked = any(x in [2] for x in map(echo, range(2)))
    missing = looked
    del missing
    return missing not in nowhere


class Second:
    def __index__(self):
        return echo(2)


@workflow
def slices_of_iterators():
    """islice() takes what has an `__index__`, and refuses the rest as Python does."""
    found = [list(itertools.islice(map(echo, range(5)), Second()))]
    for bounds in ((-1,), ("a",), (), (0, 3, 0)):
        try:
            found.append(list(itertools.islice(map(echo, range(5)), *bounds)))
        except (TypeError, ValueError) as error:
            found.append(str(error))
    return found


# Those that are to end with an error.
RAISES = {"unbound_before_undefined"}


def cases():
    return [
        ("slices_of_iterators", ()),
        ("unbound_before_undefined", ()),
        ("used_up_at_once", ()),
        ("longest_and_chosen", ()),
        ("counted_and_ordered_mappings", ()),
        ("methods_by_name", ()),
        ("maps", ()),
        ("filters", ()),
        ("sorting", ()),
        ("extremes", ()),
        ("quantifiers", ()),
        ("sums", ()),
        ("reducing", ()),
        ("zips", ()),
        ("collections", ()),
        ("methods_of_the_same_names", ()),
        ("itertools_given", ()),
        ("grouping", ()),
        ("alive_across_suspensions", ()),
        ("errors_inside", ()),
        ("plain_all_the_way", ()),
        ("iterators_by_hand", ()),
        ("sentinel_that_suspends", ()),
        ("stopped_by_what_is_called", ()),
        ("merged_keywords", ()),
        ("what_is_no_iterable", ()),
        ("partials", ()),
        ("extremes_of_nothing", ()),
        ("handed_over_as_values", ()),
        ("methods_as_keys", ()),
        ("sorted_in_place", ()),
        ("dicts_of_mappings", ()),
        ("dicts_from_keys", ()),
        ("containers_that_suspend", ()),
        ("sent_to_a_map", ()),
    ]
