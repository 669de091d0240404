"""Methods that classes inherit from Python's own, in Python: they call what the class defines."""

import ast
import copy
import typing
from collections import UserDict, UserList, abc
from html.parser import HTMLParser

from perdure import workflow
from tests.corpus.acts import echo


class Table(abc.MutableMapping):
    def __init__(self):
        self.held = {}

    def __getitem__(self, key):
        echo(key)
        return self.held[key]

    def __setitem__(self, key, value):
        self.held[key] = echo(value)

    def __delitem__(self, key):
        del self.held[echo(key)]

    def __iter__(self):
        for key in self.held:
            yield echo(key)

    def __len__(self):
        return echo(len(self.held))


@workflow
def mutable_mapping():
    """update(), pop(), setdefault(), views and comparisons of a mapping of one's own."""
    table = Table()
    table.update(x=1, y=2)
    table.update({"q": 1})
    table.update([("r", 5)])
    found = [table.setdefault("z", 3), table.pop("x"), sorted(table.items())]
    found += ["y" in table, "no" in table, table.get("no", 5), list(table.keys())]
    found += [list(table.values()), table != {"y": 2}, table == dict(table.items())]
    try:
        table.pop("gone")
    except KeyError as error:
        found.append(error.args)
    found += [("y", 2) in table.items(), 2 in table.values(), "y" in table.keys()]
    found += [len(table.items()), sorted(table.keys() & {"y", "z"}), table.popitem()]
    table.clear()
    return found, len(table)


class Settings(UserDict):
    def __missing__(self, key):
        return echo(key) * 2

    def __setitem__(self, key, value):
        super().__setitem__(key, echo(value))


class Journal(UserList):
    def append(self, item):
        super().append(echo(item))


@workflow
def user_containers():
    """UserDict and UserList: what makes them calls what the subclass defines."""
    settings = Settings(a=1)
    settings["b"] = 2
    settings.update(z=echo(9))
    journal = Journal([1])
    journal.append(2)
    journal.extend([3])
    journal += [4]
    merged = settings | {"t": 1}
    found = [settings["q"], dict(settings), list(journal), journal[1:], merged, settings.get("zz")]
    return found, "a" in settings, settings.setdefault("n", 4), settings.copy(), repr(settings)


class Row(abc.Sequence):
    def __init__(self, *items):
        self.items = items

    def __getitem__(self, index):
        return echo(self.items[index])

    def __len__(self):
        return len(self.items)


class Stack(abc.MutableSequence):
    def __init__(self, *items):
        self.items = list(items)

    def __getitem__(self, index):
        return echo(self.items[index])

    def __setitem__(self, index, value):
        self.items[index] = echo(value)

    def __delitem__(self, index):
        del self.items[echo(index)]

    def __len__(self):
        return len(self.items)

    def insert(self, index, value):
        self.items.insert(echo(index), value)


@workflow
def sequences():
    """index(), count(), `in`, reversed() of a Sequence; what a MutableSequence adds."""
    row = Row(1, 2, 3, 2)
    found = [2 in row, 9 in row, row.index(2, 2), row.count(2), list(reversed(row)), list(row)]
    try:
        row.index(7)
    except ValueError as error:
        found.append(repr(error))
    stack = Stack(3, 1)
    stack.append(2)
    stack.extend([5, 6])
    stack += [7]
    found += [stack.pop(), stack.pop(0), list(stack)]
    stack.remove(5)
    stack.reverse()
    found.append([*stack.items])
    stack.clear()
    return found, stack.items


class Tags(abc.MutableSet):
    def __init__(self, items=()):
        self.held = dict.fromkeys(items)

    def __contains__(self, item):
        return echo(item) in self.held

    def __iter__(self):
        return iter(list(self.held))

    def __len__(self):
        return len(self.held)

    def add(self, item):
        self.held[echo(item)] = None

    def discard(self, item):
        self.held.pop(echo(item), None)


@workflow
def sets():
    """Operators and comparisons of a set of one's own, which make sets of its class."""
    one, two = Tags([1, 2, 3]), Tags([2, 3, 4])
    found = [sorted(one & two), sorted(one | two), sorted(one - two), sorted(one ^ two)]
    found += [one <= two, Tags([2]) < two, one == Tags([3, 2, 1]), one.isdisjoint(two)]
    one |= [9]
    one &= two
    found.append(sorted(one))
    one.remove(2)
    try:
        one.remove(77)
    except KeyError as error:
        found.append(repr(error))
    found.append(one.pop())
    one ^= two
    one -= [4]
    return found, sorted(one)


class Names(ast.NodeVisitor):
    def __init__(self):
        self.seen = []

    def visit_Name(self, node):
        self.seen.append(echo(node.id))

    def visit_BinOp(self, node):
        echo("operator")
        self.generic_visit(node)


class Next(ast.NodeTransformer):
    def visit_Constant(self, node):
        return ast.Constant(echo(node.value) + 1)


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found.append((echo(tag), attrs))

    def handle_data(self, data):
        self.found.append(echo(data))


@workflow
def visitors():
    """What walks a tree, or reads a text, and calls a method for each part."""
    names, page = Names(), Page()
    names.visit(ast.parse("a + b * c\nd"))
    page.feed("<p class='x'>hi <b>you</b></p>")
    page.close()
    return names.seen, ast.unparse(Next().visit(ast.parse("x = 1 + 2"))), page.found


Value = typing.TypeVar("Value")


class Registry(typing.Mapping[str, Value]):
    def __getitem__(self, key):
        if key != "a":
            raise KeyError(echo(key))
        return echo(1)

    def __iter__(self):
        return iter("a")

    def __len__(self):
        return 1


class Countdown(abc.Generator):
    left = 3

    def send(self, value):
        if not self.left:
            raise StopIteration
        self.left -= 1
        return echo(self.left)

    def throw(self, *error):
        return super().throw(*error)


@workflow
def other_names_of_bases():
    """A base from typing, and a generator that is a class."""
    registry, countdown = Registry(), Countdown()
    found = [registry.get("a"), registry.get("b", 7), "a" in registry, {**registry}]
    return found, list(countdown), next(countdown, "end")


class Money:
    def __init__(self, amount):
        self.amount = amount

    def __copy__(self):
        return Money(echo(self.amount) + 1)


@workflow
def copied():
    """copy.copy() asks a class how it is copied."""
    return copy.copy(Money(1)).amount, copy.copy([1]), copy.copy(Row(1)).items


def cases():
    return [
        ("mutable_mapping", ()),
        ("user_containers", ()),
        ("sequences", ()),
        ("sets", ()),
        ("visitors", ()),
        ("other_names_of_bases", ()),
        ("copied", ()),
    ]
