"""Functions of the standard library's modules that are given something that suspends."""

import bisect
import collections
import functools
import heapq
import itertools
import re
import statistics

from perdure import workflow
from tests.corpus.acts import echo


def key(x):
    return echo(-x)


@workflow
def heaps():
    """heapq.nsmallest and nlargest with a key."""
    xs = [3, 1, 2]
    found = heapq.nsmallest(2, xs, key=key), heapq.nlargest(2, xs, key=key)
    return found, heapq.nlargest(1, xs, key), heapq.nsmallest(0, xs, key), heapq.nsmallest(9, xs)


@workflow
def substitutions():
    """re.sub, re.subn and the methods of a pattern, with a function; empty matches; bytes."""
    empty = re.compile("x*")
    found = [re.sub(r"\d", lambda m: str(echo(int(m[0]) + 1)), "a1b2")]
    found += [empty.sub(lambda m: echo("-"), "abxd"), empty.subn(lambda m: echo(None), "abxd")]
    found += [re.subn("a", lambda m: echo("b"), "aaa", count=2)]
    found += [re.sub(b"(.)(.)", lambda m: m[2] + echo(m[1]), b"abcde")]
    found += [re.sub("A", repl=lambda m: echo("z"), string="aA", flags=re.I)]
    found += [re.sub("|a", lambda m: echo("<") + m[0] + ">", "aa"), re.sub("a", "b", "aaa")]
    try:
        re.sub("a", lambda m: echo(1), "aa")
    except TypeError as error:
        found.append(str(error))
    return found


@workflow
def searching():
    """Going over re.finditer, with the run stopped between matches and a match still in use."""
    found = []
    for match in re.finditer(r"(\w)=(\d)", "a=1 b=2 c=3"):
        found.append((echo(match[1]), match[2], match.span()))
    first = re.match("(?P<word>[a-z]+)", "hello world")
    return found, echo(first["word"]), first.groupdict(), first.end()


@workflow
def consumers():
    """bytes(), bytearray() and statistics over what suspends."""
    values = statistics.mean(echo(x) for x in (1, 3)), statistics.median(map(echo, [1, 4]))
    return bytes(echo(x) for x in (1, 2)), bytearray(map(echo, [1])), values


@workflow
def bisections():
    """bisect with a key, and insort."""
    items = [1, 2, 2, 3]
    found = [bisect.bisect(items, 2, key=lambda v: echo(v))]
    found += [bisect.bisect_left(items, 2, key=lambda v: echo(v)), bisect.bisect_left(items, 2)]
    bisect.insort(items, 2.5, key=lambda v: echo(v))
    bisect.insort_left(items, 0, key=lambda v: echo(v))
    try:
        bisect.bisect(items, 1, -1, key=lambda v: echo(v))
    except ValueError as error:
        found.append(str(error))
    return found, items


@functools.total_ordering
class Ranked:
    def __init__(self, n):
        self.n = n

    def __repr__(self):
        return f"Ranked({self.n})"

    def __eq__(self, other):
        return self.n == other.n

    def __lt__(self, other):
        if not isinstance(other, Ranked):
            return NotImplemented
        return echo(self.n) < other.n


@workflow
def orderings():
    """functools.total_ordering, and sorted(), sort(), min() and max() by `__lt__`."""
    a, b, same = Ranked(1), Ranked(2), Ranked(1)
    found = [a < b, a <= b, a > b, a >= b, a <= same, a >= same, a > same]
    found += [max(a, b), min([b, a]), max([a, b, same], key=lambda r: r)]
    items = [Ranked(n) for n in (3, 1)]
    found += [sorted(items), sorted(items, reverse=True)]
    items.sort()
    try:
        a <= 1
    except TypeError as error:
        found.append(str(error))
    return found, items


def compare(a, b):
    return echo(a[0]) - b[0]


@workflow
def comparing():
    """functools.cmp_to_key with a function that suspends; equal items keep their order."""
    by = functools.cmp_to_key(compare)
    words = ["3a", "1b"]  # of more, each Python compares others first
    pairs = [(int(word[0]), word) for word in words]
    many = [(n * 7 % 70, n) for n in range(70)]
    found = sorted(pairs, key=by), sorted(pairs, key=by, reverse=True), max(pairs, key=by)
    pairs.sort(key=by)
    return found, pairs, [n for n, _ in sorted(many, key=plainly)] == list(range(70))


plainly = functools.cmp_to_key(lambda a, b: a[0] - b[0])


@workflow
def default_factories():
    """A defaultdict whose factory suspends, next to one whose factory does not."""
    counts, lists = collections.defaultdict(lambda: echo(3)), collections.defaultdict(list)
    counts["a"] += 1
    lists["x"].append(counts["b"])
    groups = [(k, list(g)) for k, g in itertools.groupby("aab", key=lambda c: echo(c))]
    return dict(counts), dict(lists), groups


class Tree:
    def __init__(self, value, children=()):
        self.value, self.children = value, children

    def __iter__(self):
        yield echo(self.value)
        for child in self.children:
            yield from child

    def __len__(self):
        return sum(1 for _ in self)


@workflow
def lengths_asked():
    """To make a list of an object Python asks it for its length too."""
    tree = Tree(1, [Tree(2), Tree(3)])
    return list(tree), len(tree), 3 in tree, max(tree), tuple(tree), sorted(tree), [*tree], sum(tree)


@workflow
def groups_in_turn(words):
    """groupby() whose groups are gone over by what suspends, and kept between any two items."""
    found = []
    for size, group in itertools.groupby(words, key=len):
        found.extend(echo(word) for word in group)
        found.append(size)
    for size, group in itertools.groupby(words, key=len):
        for word in group:
            echo(word)
            break
        found.append(size)
    groups = itertools.groupby(words, len)
    first, second = next(groups), next(groups)
    echo("between")
    found += [list(first[1]), [echo(word) for word in second[1]], list(groups)[0][0]]
    return found


@workflow
def groups_by_what_suspends(words):
    """groupby() asks for keys when items are asked for; groups that are left give nothing more."""
    found, kept = [], []

    def size(word):
        if word == "stop":
            raise StopIteration("in the key")
        return echo(len(word))

    for key, group in itertools.groupby(words, key=size):
        found.append((key, [echo(word) for word in group]))
    for key, group in itertools.groupby(words, size):
        kept.append(group)
        found.append(next(group))
    groups = itertools.groupby(iter([*words, "stop", "x"]), key=size)
    found += [list(group) for group in kept]
    found += [(key, list(group)) for key, group in groups]
    found += [list(group) for _, group in itertools.groupby(echo(word) for word in "aab")]
    return found, list(groups)


def cases():
    return [
        ("groups_by_what_suspends", (["a", "b", "cc", "dd", "e", "f"],)),
        ("groups_in_turn", (["a", "b", "cc", "dd", "e", "f"],)),
        ("heaps", ()),
        ("substitutions", ()),
        ("searching", ()),
        ("consumers", ()),
        ("bisections", ()),
        ("orderings", ()),
        ("comparing", ()),
        ("default_factories", ()),
        ("lengths_asked", ()),
    ]
