"""A class pattern that reads what a `__getattr__` gives, which suspends."""

from perdure import workflow
from tests.corpus.acts import echo


class Open:
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return echo([name])



@workflow
def answered():
    found = []
    for value in (Open(), 5):
        match value:
            case Open(size=["length"]):
                found.append("no")
            case Open(size=[x], weight=[y]):
                found += [x, y]
            case rest:
                found.append(rest)
    return found


def cases():
    return [
        ("answered", ()),
    ]
