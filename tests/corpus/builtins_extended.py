"""Classes over texts, numbers, lists and sets whose own methods suspend: C asks them, or does not."""

import collections
import itertools
import math
import operator
import re

from perdure import workflow
from tests.corpus.acts import echo


class Text(str):
    def __iter__(self):
        for letter in super().__iter__():
            yield echo(letter)

    def join(self, parts):
        return super().join(echo(part) for part in parts)


class Tags(set):
    def __iter__(self):
        for tag in sorted(super().__iter__()):
            yield echo(tag)

    def __len__(self):
        return echo(super().__len__())


class Code(int):
    def __index__(self):
        return echo(1)


class Listed(list):
    def __setitem__(self, place, value):
        super().__setitem__(place, echo(value))

    def __iter__(self):
        return iter([echo("never")])


@workflow
def texts():
    text = Text("ab")
    found = list(text), ",".join(text), Text("-").join("xy"), [letter for letter in text]
    found += re.sub("a", "b", text), re.sub(text, lambda match: echo("c"), "xabx"), bytes(text, "ascii")
    return found, re.compile("a").subn(text, "aa"), text


@workflow
def sets():
    tags = Tags("ab")
    found = {"a"}.issubset(tags), {"a", "b", "c"} >= tags, set(tags) == {"a", "b"}, {"c"}.union(tags)
    other = {"a", "x"}
    other.update(tags)
    other.difference_update(tags)
    return found, other, {"a", "z"}.intersection(tags), {"c"}.isdisjoint(tags)


@workflow
def numbers():
    code = Code(250)
    return hex(code), [*range(300)][code], "x" * Code(2), bytes(Code(2)), [1, 2, 3][Code(0) : Code(2)]


@workflow
def sorted_in_place():
    listed = Listed([2, 1, 3])
    listed.sort(key=lambda value: echo(-value))
    first = list.copy(listed)
    try:
        listed.sort(key=lambda value: listed.append(echo(value)))
    except (TypeError, ValueError) as error:
        return first, str(error), list.__len__(listed)


@workflow
def sums_that_fail():
    found = []
    for start, values in [(0, "ab"), ("", "ab"), (0.5, [1, "x", 3]), ([], [[1], 2, [3]])]:
        try:
            found.append(sum((echo(value) for value in values), start))
        except TypeError as error:
            found.append(str(error))
    return found, sum((echo(n) for n in (1, 2.5, True)), 1), sum([echo([n]) for n in "ab"], [])


def fails_at(place):
    for number in range(3):
        if number == place:
            raise LookupError(echo(number))
        yield echo(number)


@workflow
def extended_as_far_as_it_goes():
    found, named = [9], {"items": [8]}
    for failing in (lambda: fails_at(1), lambda: fails_at(0), lambda: fails_at(5)):
        try:
            found += failing()
            named["items"] += failing()
        except LookupError as error:
            found.append(str(error))
    return found, named


def numbered(log, *items):
    for item in items:
        log.append(echo(item))
        yield item


@workflow
def items_that_fail():
    """What is wrong with an item is said before the next one is asked for."""
    log = []
    for function in (math.fsum, math.prod, frozenset, set):
        try:
            log.append(function(numbered(log, 2, [], 3)))
        except TypeError as error:
            log.append(str(error))
    try:
        log.append(list(itertools.starmap(echo, [(1,), [2], 3, 4])))
    except TypeError as error:
        log.append(str(error))
    made = numbered(log, 1)
    for call in (lambda: made.send(), lambda: made.send(1, 2), lambda: made.close(1), lambda: made.send(value=1)):
        try:
            call()
        except TypeError as error:
            log.append(str(error))
    log.append(list(made))
    log.append(collections.OrderedDict.fromkeys(numbered(log, "b", "a", "b"), 0))
    return log, math.prod(numbered(log, 2, 1.5)), math.fsum(numbered(log, 2, True, 0.5))


class Decided:
    def __bool__(self):
        return echo(True)

    def __contains__(self, item):
        return echo(item) > 2


@workflow
def wrong_arguments():
    """What is wrong with them Python's own builtins say."""
    decided = Decided()
    calls = [
        lambda: filter(),
        lambda: filter(None, [decided], 3),
        lambda: filter(None, [decided], key=1),
        lambda: itertools.takewhile(bool, [decided], 1),
        lambda: operator.contains(),
        lambda: operator.contains(decided, 1, 2),
        lambda: operator.attrgetter("real")(),
        lambda: "{}".format_map(),
        lambda: map(echo, [1], strange=2),
    ]
    found = []
    for call in calls:
        try:
            found.append(call())
        except TypeError as error:
            found.append(str(error))
    return found, 3 in decided, list(filter(None, [decided])) == [decided]


def cases():
    return [
        ("wrong_arguments", ()),
        ("items_that_fail", ()),
        ("texts", ()),
        ("sets", ()),
        ("numbers", ()),
        ("sorted_in_place", ()),
        ("sums_that_fail", ()),
        ("extended_as_far_as_it_goes", ()),
    ]
