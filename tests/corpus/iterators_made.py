"""What iter() makes: of calls that suspend, of objects whose own method suspends."""

import copy
import itertools
import operator
import pickle

from perdure import workflow
from tests.corpus.acts import echo


class Counter:
    def __init__(self):
        self.n = 0

    def __call__(self):
        self.n += 1
        return echo(self.n)


@workflow
def of_calls():
    """iter(function, sentinel) is an iterator of its own kind: not a generator, and pickled."""
    made = iter(Counter(), 4)
    out = [next(made), made is iter(made), hasattr(made, "send")]
    out.append(list(pickle.loads(pickle.dumps(made))))
    out.append(list(made))
    out.append(next(made, "end"))
    return out


@workflow
def that_ends_itself():
    """A function that uses up the very iterator that calls it."""
    state = {"inside": False}

    def spam():
        echo("spam")
        if state["inside"]:
            return "no more"
        state["inside"] = True
        list(state["iterator"])
        return "more"

    state["iterator"] = iter(spam, "no more")
    try:
        return next(state["iterator"])
    except StopIteration:
        return "stopped"


@workflow
def whose_function_stops():
    """StopIteration out of the function ends the iteration; other exceptions do not."""
    todo = [1, ValueError("v"), 2, StopIteration(), 3]

    def take():
        item = echo(todo.pop(0))
        if isinstance(item, Exception):
            raise item
        return item

    made, out = iter(take, None), []
    for _ in range(6):
        try:
            out.append(next(made))
        except Exception as error:
            out.append(repr(error))
    return out, len(todo)


class Uncounted:
    def __next__(self):
        return echo(1)


class Bad:
    def __iter__(self):
        echo("iter")
        return self


@workflow
def of_what_is_no_iterator():
    """The errors of iter() where `__iter__` suspends."""
    out = []
    makers = (
        lambda: iter(Bad()),
        lambda: iter(3, 4),
        lambda: list(enumerate(Uncounted(), 1)),
        lambda: list(iter(Numbered())),
    )
    for make in makers:
        try:
            out.append(make())
        except TypeError as error:
            out.append(str(error))
    return out


class Numbered:
    def __getitem__(self, index):
        if index == 3:
            raise IndexError
        return index


@workflow
def kinds_of_iterators():
    """The types of iterators over sequences have no name, and are kept."""
    kinds = [type(iter(Numbered())), type(iter([])), type(iter(int, 1))]
    echo("between")
    return [kind.__name__ for kind in kinds], kinds[0] is type(iter(Numbered()))


class Twice:
    def __init__(self, x):
        self.x = x

    def __iter__(self):
        echo(self.x)
        return iter((self.x, self.x))


async def pairs():
    yield (1, 2)
    yield (echo(3), 4)


@workflow
async def asynchronous_comprehension():
    """Where some `__iter__` suspends, an asynchronous comprehension is still asynchronous."""
    return [a + b async for a, b in pairs()], list(Twice(5))


def pages(n):
    for i in range(n):
        yield echo(i)


@workflow
def shared_by_tee():
    """itertools.tee over a generator that suspends: each item is made once."""
    first, second = itertools.tee(pages(4))
    out = [next(first), next(first), next(second)]
    third = copy.copy(second)
    out.append((list(second), list(first), list(third), next(first, "end")))
    out.append([list(part) for part in itertools.tee(pages(2), 3)])
    out.append(itertools.tee(pages(1), 0))
    try:
        itertools.tee(pages(1), -1)
    except ValueError as error:
        out.append(str(error))
    return out


@workflow
def far_apart_in_tee():
    """Many items between two iterators of a tee; an exception comes to whoever asks first."""
    def fails_at(n):
        yield from range(n)
        echo("fails")
        raise ValueError(n)

    first, second = itertools.tee(fails_at(150))
    out = [sum(next(first) for _ in range(150))]
    for source in (first, second):
        try:
            out.append(sum(source))
        except ValueError as error:
            out.append(repr(error))
    return out


class Shelf:
    def __getitem__(self, index):
        if echo(index) == 1:
            raise IndexError(index)
        return index


class NotGoneOver:
    __iter__ = None


def given(*values, **more):
    return echo(values), more


def stopped():
    raise StopIteration(echo("stopped"))


@workflow
def contexts_of_ends(odd):
    """What ends an iteration, or is no iterable, is raised without what was caught for it."""
    out = []
    made = iter(Shelf())
    attempts = [lambda: next(made)] * 3 + [lambda: next(iter(stopped, 1))]
    attempts += [lambda: given(*odd), lambda: given(*echo(odd)), lambda: given(*NotGoneOver())]
    attempts += [lambda: given(**odd), lambda: given(1, *Shelf(), **{"a": echo(2)})]
    for attempt in attempts:
        try:
            out.append(attempt())
        except (StopIteration, TypeError) as error:
            out.append((repr(error), repr(error.__context__), error.__suppress_context__))
    return out


class Steps:
    """An iterator of the program: to take the next item may stop the run."""

    def __init__(self, most):
        self.n, self.most = 0, most

    def __iter__(self):
        return self

    def __next__(self):
        self.n += 1
        if self.n > self.most:
            raise StopIteration
        return echo(self.n)


class Box:
    """Its `__iter__` does not suspend; the iterator that it gives does."""

    def __iter__(self):
        return Steps(3)


class Shelf:
    """Only its length suspends, which is asked of it before it is gone over."""

    def __init__(self, length=2):
        self.length = length

    def __len__(self):
        if self.length is None:
            raise TypeError(echo("no length"))
        return echo(self.length)

    def __iter__(self):
        return iter([1, 2])


class Paged:
    def __len__(self):
        return echo(2)

    def __getitem__(self, number):
        return [5, 6][number]


class Hinting:
    def __init__(self, hint):
        self.hint = hint

    def __length_hint__(self):
        found = echo(self.hint)
        if found is None:
            raise TypeError
        return NotImplemented if found == "none" else found

    def __iter__(self):
        return iter("ab")


@workflow
def of_plain_iter():
    """A plain `__iter__` that gives an iterator whose `__next__` suspends, to all that goes over."""
    a, b, c = Box()
    d, *e = Box()

    def given(*args):
        return args

    items = [0]
    items += Box()
    items[:1] = Box()
    items.extend(Box())
    return (
        (a, b, c, d, e, given(*Box()), items, 2 in Box(), [*Box()], {*Box()}),
        (list(Box()), tuple(Box()), set(Box()), sum(Box()), max(Box()), sorted(Box()), any(Box())),
        (list(map(str, Box())), list(zip(Box(), Box())), ",".join(map(str, Box()))),
        (list(itertools.chain(Box(), Box())), dict(zip(Box(), Box())), [x for x in Box()]),
        list(enumerate(filter(None, Box()))),
    )


@workflow
def of_what_has_a_length():
    """`list` and its like ask for the length; loops, sets and unpacking do not."""
    shelf = Shelf()
    items = [0]
    items += shelf
    items.extend(Shelf())
    items[1:1] = shelf
    a, b = shelf
    c, *d = shelf
    found = [list(shelf), tuple(shelf), [*shelf], sorted(shelf), set(shelf), sum(shelf), items]
    found += [a, b, c, d, list(Paged()), 1 in shelf, ",".join(map(str, shelf))]
    found += [list(Shelf(None)), bytes(shelf), operator.length_hint(shelf)]
    for wrong in (Shelf(-1), Hinting("x"), Hinting(-1)):
        try:
            found.append(list(wrong))
        except (TypeError, ValueError) as error:
            found.append(str(error))
    for hinting in (Hinting(2), Hinting(None), Hinting("none")):
        found += [list(hinting), [*hinting], operator.length_hint(hinting, 7)]
    return found


def cases():
    return [
        ("of_plain_iter", ()),
        ("of_what_has_a_length", ()),
        ("contexts_of_ends", (3,)),
        ("of_calls", ()),
        ("that_ends_itself", ()),
        ("whose_function_stops", ()),
        ("of_what_is_no_iterator", ()),
        ("kinds_of_iterators", ()),
        ("asynchronous_comprehension", ()),
        ("shared_by_tee", ()),
        ("far_apart_in_tee", ()),
    ]
