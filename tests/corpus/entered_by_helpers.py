"""`with` in functions in which nothing else suspends, over objects that a subclass makes suspend."""

from perdure import workflow
from tests.corpus.acts import echo


class Session:
    def __enter__(self):
        return self.begin()

    def __exit__(self, *error):
        return False

    def begin(self):
        return 0


class Remote(Session):
    def begin(self):
        return echo(1)


def entered(session):
    with session as number:
        return number


class Holder:
    def __init__(self, session):
        self.session = session

    def __len__(self):
        with self.session as number:
            return number


@workflow
def by_functions():
    return entered(Remote()), list(map(entered, [Session(), Remote()])), len(Holder(Remote()))


def opened():
    return Remote()


def numbers():
    with opened() as number:
        yield number
        yield number + 1


@workflow
def by_a_generator():
    return [number + echo(1) for number in numbers()]


def cases():
    return [
        ("by_functions", ()),
        ("by_a_generator", ()),
    ]
