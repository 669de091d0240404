"""Methods that `collections.abc` adds to the program's own classes, over methods that suspend."""

from collections.abc import MutableMapping, MutableSequence, Sequence, Set

from perdure import workflow
from tests.corpus.acts import echo


class Row(Sequence):
    def __init__(self, *items):
        self.items = items

    def __getitem__(self, place):
        return echo(self.items[place])

    def __len__(self):
        return len(self.items)


class Stack(MutableSequence):
    def __init__(self, *items):
        self.items = list(items)

    def __getitem__(self, place):
        return self.items[place]

    def __setitem__(self, place, item):
        self.items[place] = item

    def __delitem__(self, place):
        del self.items[place]

    def __len__(self):
        return len(self.items)

    def insert(self, place, item):
        self.items.insert(place, echo(item))


class Store(MutableMapping):
    def __init__(self, **items):
        self.held = items

    def __getitem__(self, key):
        return echo(self.held[key])

    def __setitem__(self, key, value):
        self.held[key] = value

    def __delitem__(self, key):
        echo(["del", key])
        del self.held[key]

    def __iter__(self):
        return iter(self.held)

    def __len__(self):
        return len(self.held)


class Some(Set):
    def __init__(self, items):
        self.items = [*items]

    def __contains__(self, item):
        return echo(item in self.items)

    def __iter__(self):
        return iter(self.items)

    def __len__(self):
        return len(self.items)


@workflow
def sequences():
    row = Row(1, 2, 3, 2)
    first, *others = row
    found = [[*row], first, others, 3 in row, 5 in row, list(reversed(row)), row.count(2)]
    found.append(row.index(2, 2))
    try:
        row.index(7)
    except ValueError as error:
        found.append(repr(error))
    match row:
        case [1, *between, 2]:
            found.append(between)
    for item in row:
        found.append(item)
    return found


@workflow
def changed_sequences():
    stack = Stack(1)
    stack.append(2)
    stack.extend([3, 4])
    stack += [5]
    stack.reverse()
    stack.remove(3)
    return stack.pop(), stack.items, 4 in stack


@workflow
def mappings():
    store = Store(a=1, b=2)
    found = [store.get("a"), store.get("z", 5), "a" in store, "z" in store, [*store.keys()]]
    found += [dict(store), {**store}, list(store.items()), [v for v in store.values()]]
    found += [store == {"a": 1, "b": 2}, store != {"a": 1}, 2 in store.values()]
    found += [store.pop("a"), store.pop("z", 0), store.setdefault("c", 4), store.setdefault("b", 9)]
    store.update({"d": 6}, e=7)
    found.append(store.popitem())
    match store:
        case {"d": 6, **rest}:
            found.append(rest)
    store.clear()
    try:
        store.pop("z")
    except KeyError as error:
        found.append(repr(error))
    return found, store.held


@workflow
def sets():
    some, more = Some([1, 2]), Some([2, 3, 1])
    found = [some <= more, some < more, more >= some, some == more, some.isdisjoint(more)]
    return found, [*(some & more)], [*(some | more)], [*(more - some)], [*(some ^ more)]


def cases():
    return [
        (sequences, ()),
        (changed_sequences, ()),
        (mappings, ()),
        (sets, ()),
    ]
