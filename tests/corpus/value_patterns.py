"""Value patterns behind which `__eq__` suspends, or the truth of what it gives."""

from perdure import workflow
from tests.corpus.acts import echo


class Amount:
    def __init__(self, amount):
        self.amount = amount

    def __eq__(self, other):
        if isinstance(other, int):
            return echo(self.amount == other)
        return NotImplemented


class Known:
    LOW = 1
    HIGH = Amount(3)


class Answer:
    def __init__(self, yes):
        self.yes = yes

    def __bool__(self):
        return echo(self.yes)


class Doubtful:
    def __eq__(self, other):
        return Answer(other == 2)


@workflow
def values():
    found = []
    for value in (Amount(1), Amount(2), Amount(3), 3, "s", Doubtful()):
        match value:
            case Known.LOW:
                found.append("low")
            case 2:
                found.append("two")
            case Known.HIGH:
                found.append("high")
            case -3 | "s":
                found.append("text")
            case _:
                found.append("other")
        match [value, 2]:
            case [2, y]:
                found.append(y)
            case (1 | 3) as y, z:
                found.append((z, y is value))
        match {"a": value}:
            case {"a": 2 | 3}:
                found.append("inside")
    return found


@workflow
def not_bound():
    try:
        match Amount(2):
            case Known.LOW | Known.NONE:
                return "no"
    except AttributeError as error:
        return str(error)


def cases():
    return [
        ("values", ()),
        ("not_bound", ()),
    ]
