"""Sequence and mapping patterns behind which special methods suspend."""

from collections.abc import Mapping, Sequence

from perdure import workflow
from tests.corpus.acts import echo


class Items(Sequence):
    def __init__(self, *items):
        self.items = items
        self.log = []

    def __len__(self):
        self.log.append("len")
        return echo(len(self.items))

    def __getitem__(self, place):
        self.log.append(place)
        return echo(self.items[place])

    def __iter__(self):
        self.log.append("iter")
        for item in self.items:
            yield echo(item)


class Table(Mapping):
    def __init__(self, **items):
        self.held = items
        self.log = []

    def __len__(self):
        return echo(len(self.held))

    def __iter__(self):
        return iter(self.held)

    def __getitem__(self, key):
        self.log.append(key)
        return echo(self.held[key])

    def get(self, key, default=None):
        if key not in self.held:
            return default
        self.log.append(("get", key))
        return echo(self.held[key])

    def keys(self):
        self.log.append("keys")
        return echo([*self.held])


@workflow
def sequences():
    found = []
    items = Items(1, 2, 3)
    match items:
        case [] | [_] | [_, _, _, _, *_]:
            found.append("length")
        case [1, last]:
            found.append(last)
        case [2, *_, last]:
            found.append(last)
        case [1, *_, 4]:
            found.append("four")
        case [1, *rest] if len(rest) > 5:
            found.append(rest)
        case [_, *_, last]:
            found.append(last)
    found.append([*items.log])
    match items:
        case [1, 2, 4]:
            found.append("no")
        case [first, *between, 3]:
            found += [first, between]
    match [items, Items()]:
        case [*_, [*_, 3, _], []]:
            found.append("no")
        case [[first, *_, 3], [*rest]]:
            found += [first, rest]
    match items:
        case [*_]:
            found.append("any")
    return found, items.log


@workflow
def mappings():
    found = []
    table = Table(a=1, b=2, c=[1, 5])
    key = "a"
    match table:
        case {"z": 1} | {"a": 1, "b": 2, "c": 3, "d": 4}:
            found.append("no")
        case {"a": 2}:
            found.append("no")
        case {"a": 1, "c": [x, 5 as y], **rest}:
            found += [x, y, rest]
    match table:
        case {}:
            found.append(key)
    match {"t": table}:
        case {"t": {"b": 3, **rest}}:
            found.append("no")
        case {"t": {**rest}}:
            found.append(rest)
    return found, table.log


def cases():
    return [
        ("sequences", ()),
        ("mappings", ()),
    ]
