"""`__missing__` behind `super().__getitem__`, and a `__getattr__` in front of `keys`."""

from collections import defaultdict

from perdure import workflow
from tests.corpus.acts import echo


class Found(dict):
    def __missing__(self, key):
        return echo(["missing", key])

    def __getitem__(self, key):
        return "own", super().__getitem__(key)


class Kept(dict):
    def __missing__(self, key):
        self[key] = value = echo(key)
        return value


class Made(defaultdict):
    def __getitem__(self, key):
        return "own", super().__getitem__(key)

    def __missing__(self, key):
        return "made", super().__missing__(key)


@workflow
def past_a_subclass():
    found, kept = Found(a=1), Kept()
    values = [found["a"], found["b"], dict.__getitem__(found, "c"), dict.__getitem__(found, "a")]
    values += [kept["d"], kept.__getitem__("e"), kept.__getitem__("d"), kept, found]
    try:
        dict.__getitem__({}, "f")
    except KeyError as error:
        values.append(error.args)
    return values


@workflow
def factories():
    made = Made(echo)
    first = made["a"], made["a"]
    made.default_factory = None
    try:
        made["b"]
    except KeyError as error:
        return first, made, error.args


class Listing:
    def __init__(self):
        self.log = []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        self.log.append(name)
        if echo(name) == "keys":
            return lambda: ["a", "b"]
        raise AttributeError(name)

    def __getitem__(self, key):
        return echo(key * 2)


class Pairs:
    def __getattr__(self, name):
        raise AttributeError(echo(name))

    def __iter__(self):
        return iter([("a", echo(1))])


def keywords(**given):
    return given


@workflow
def merged():
    listing, pairs, found = Listing(), Pairs(), []
    found += [dict(listing), {**listing, "c": 1}, keywords(**listing), {"d": 2}]
    found[-1].update(listing)
    found.append(dict(pairs))
    try:
        found.append({**pairs})
    except TypeError as error:
        found.append(str(error))
    try:
        found.append(keywords(**pairs))
    except TypeError as error:
        found.append(str(error))
    return found, listing.log


def cases():
    return [
        ("past_a_subclass", ()),
        ("factories", ()),
        ("merged", ()),
    ]
