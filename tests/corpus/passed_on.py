"""What builtins and the standard library call: builtins that they are given, functions they hold."""

import collections
import functools
import itertools
import operator
import weakref

from perdure import workflow
from tests.corpus.acts import echo


def steps(n=2):
    for number in range(n):
        yield echo(number)


@workflow
def builtins_in_map():
    found = [list(map(kind, [steps(), steps(1)])) for kind in (set, list, tuple, sum, max)]
    found += [list(map(set, [steps()])), list(map(frozenset, [steps()])), list(map(sum, [steps()]))]
    found += [list(map(dict, [zip("ab", steps())])), list(map(collections.Counter, [steps()]))]
    return found, operator.call(echo, 3), list(map(operator.call, [lambda: echo(1)]))


class Steps:
    def __iter__(self):
        for number in range(2):
            yield echo(number)


class Listed:
    def __iter__(self):
        return iter([echo(1), echo(2)])


@workflow
def chains():
    """What stands in a chain's only argument is gone over in its turn."""
    chain = itertools.chain.from_iterable
    found = [list(itertools.chain.from_iterable([Steps(), Listed()])), list(chain([[1], (2,)]))]
    found += [list(itertools.chain.from_iterable(kind() for kind in (Steps, Listed)))]
    return found, list(itertools.chain.from_iterable({"a": 1}.items()))


@workflow
def factories():
    table = collections.defaultdict(lambda: echo(5))

    class Own(collections.defaultdict):
        def __missing__(self, key):
            self[key] = value = self.default_factory()
            return echo(value)

    own = Own(lambda: echo(9))
    return table["a"], table.default_factory(), own["q"], dict(own)


@workflow
def generic_functions():
    """A generic function of the workflow's own, before and after a restart."""

    @functools.singledispatch
    def handle(value):
        return "any"

    @handle.register
    def _(value: int):
        return echo(value + 1)

    @handle.register(str)
    def _of_text(value):
        return echo(value * 2)

    echo(0)
    return handle(1), handle("a"), handle(None)


class Listener:
    def heard(self):
        return echo("heard")


@workflow
def weak_methods():
    listener = Listener()
    reference = weakref.WeakMethod(listener.heard)
    echo(1)
    found = reference()()
    del listener
    gone = weakref.WeakMethod(Listener().heard)
    echo(2)
    return found, gone()


def cases():
    return [
        ("builtins_in_map", ()),
        ("chains", ()),
        ("factories", ()),
        ("generic_functions", ()),
        ("weak_methods", ()),
    ]
