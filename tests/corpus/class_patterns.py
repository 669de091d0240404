"""Class patterns that read properties which suspend."""

from perdure import workflow
from tests.corpus.acts import echo


class Order:
    __match_args__ = ("total", "lines")

    def __init__(self, amount, lines=()):
        self.amount = amount
        self.lines = lines
        self.log = []

    @property
    def total(self):
        self.log.append("total")
        return echo(self.amount)

    @property
    def discount(self):
        self.log.append("discount")
        if echo(self.amount) > 5:
            raise AttributeError("no discount")
        return self.amount

    @property
    def broken(self):
        raise ValueError(echo("broken"))


def described(value):
    match value:
        case Order(total=1, discount=less):
            return "one", less
        case Order(total=many, discount=less) if many > 50:
            return "never", less
        case Order(total=many, discount=_) if echo(many) == 4:
            return "four", many
        case Order(discount=6):
            return "six"
        case Order(total=2 | 3 as few):
            return "few", few
        case Order(total=9, broken=_):
            return "broken"
        case [Order(total=4), Order(total=last) as order]:
            return "two", last, order.amount
        case {"order": Order(total=many), **others}:
            return "mapping", many, others
        case {"a": 1} | {"a": Order(total=9)}:
            return "either"
        case str() | bytes():
            return "text"
        case _:
            return "other"


@workflow
def attributes_read():
    values = [*map(Order, (1, 2, 3, 4, 44, 9)), "text", 7]
    values += [[Order(4), Order(8)], [Order(5), Order(6)], [Order(4)], {"order": Order(3), "b": 1}]
    values += [{"a": Order(9)}, {"a": Order(8)}, {"a": 1}]
    found = []
    for value in values:
        try:
            found.append(described(value))
        except ValueError as error:
            found.append(repr(error))
        found.append(getattr(value, "log", None))
    return found


@workflow
def attributes_by_place():
    found = []
    for value in (Order(1, [2, 3]), Order(2), 3, "x", True):
        try:
            match value:
                case Order(1, [_, last]):
                    found.append(last)
                case Order(3) | bool(True):
                    found.append("three")
                case Order(many, total=_):
                    found.append(many)
                case int(number):
                    found.append(number)
                case Order(1, 2, 3):
                    found.append("never")
                case str(text, text.real):
                    found.append(text)
        except TypeError as error:
            found.append(str(error))
        found.append(getattr(value, "log", None))
    return found


class Odd(Order):
    __match_args__ = ["total"]


class Wrong(Order):
    __match_args__ = (1,)


@workflow
def wrong_classes():
    found = []
    for kind in (Odd, Wrong, Order(1), dict, None):
        for value in (Odd(1), Wrong(1), {}):
            try:
                match value:
                    case kind(x, total=_):
                        found.append(x)
                    case _:
                        found.append("no")
            except TypeError as error:
                found.append(str(error))
    try:
        match Order(1):
            case Unknown(total=1):  # noqa: F821
                found.append(1)
    except NameError as error:
        found.append(str(error))
    return found


@workflow
def bound_when_matched():
    """Names are bound when the whole pattern has matched, and stay bound if the guard fails."""
    many = few = "unbound"
    found = []
    match [Order(3), Order(4)]:
        case [Order(total=many), Order(total=5)]:
            found.append("no")
        case [Order(total=few), Order(total=4)] if few > echo(3):
            found.append("no")
    found += [many, few]
    match Order(3):
        case Order(total=many) if many == 4:
            found.append("no")
        case Order(total=few) if many == few:
            found.append("yes")
    return found, many, few


@workflow
def left_from_arms():
    found = []
    for i in range(4):
        try:
            match i, Order(3):
                case 0, Order(total=3):
                    continue
                case 1, Order(total=4) | Order(discount=4):
                    found.append("no")
                case 1, Order(total=5, discount=x) | Order(total=3, amount=x):
                    found.append(x)
                case 2, Order() as order:
                    found.append(order.total)
                case 3, Order(total=x, lines=()):
                    return found, i, x
        finally:
            found.append(echo(i))
    return None


@workflow
def shared_captures():
    def names():
        return x, rest

    match [Order(1), 2, 3]:
        case [Order(total=x), *rest]:
            found = names()
    match {"a": Order(echo(2)), "b": 3}:
        case {"a": Order(total=x), **rest}:
            return found, names()


def kept_from(value):
    match value:
        case [Order(total=(2 | 3 as few)), rest]:
            return "few", few, rest
        case [Order(total=(5 as one) | (6 as one)), rest]:
            return "one", one, rest
        case Order(total=[(first) as again, *_]):
            return "first", first, again
        case Order(total=(whole as again)) if echo(True):
            return "whole", whole, again
        case (Order(total=9) as last) | last:
            return "last", last


@workflow
def names_inside_names():
    """Parts that match anything may stand anywhere, and what matched in vain binds nothing."""
    values = [[Order(2), 0], [Order(6), 1], Order([1, 2]), Order(3), 7]
    match given := echo(1),:
        case one as other,:
            found = [one, other, given]
    return found, [kept_from(value) for value in values]


def cases():
    return [
        ("names_inside_names", ()),
        ("attributes_read", ()),
        ("attributes_by_place", ()),
        ("wrong_classes", ()),
        ("bound_when_matched", ()),
        ("left_from_arms", ()),
        ("shared_captures", ()),
    ]
