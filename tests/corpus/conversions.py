"""Conversions in f-strings and their specifications, which may both suspend."""

from perdure import workflow
from tests.corpus.acts import echo


class Noting:
    def __init__(self, log):
        self.log = log

    def __repr__(self):
        self.log.append("repr")
        return "noting"


@workflow
def conversions_and_specifications():
    """From Python 3.13 a conversion is made before the specification is evaluated."""
    log = []

    def noted(value):
        log.append(value)
        return echo(value)

    noting = Noting(log)
    return f"{noting!r:>{noted(10)}}|{noting!a:{noted(9)}{noted('')}}|{noted('v')!r:<{noted(4)}}", log


class Asking:
    def __init__(self, log):
        self.log = log

    def __str__(self):
        self.log.append("str")
        return echo("s")

    def __repr__(self):
        self.log.append("repr")
        return echo("r'")

    def __format__(self, spec):
        self.log.append(("format", spec))
        return echo("f" + spec)


@workflow
def both_suspend():
    log = []

    def noted(value):
        log.append(value)
        return echo(value)

    asking = Asking(log)
    texts = [f"{asking!s:>{noted('5')}}", f"{asking!r:<{noted('6')}}|{asking!a:^{noted('7')}}"]
    texts += [f"{asking:{noted('x')}}", f"{asking!s}{asking!r:4}{echo(1)!s:>{noted('3')}}"]
    return texts, log


def cases():
    return [("conversions_and_specifications", ()), ("both_suspend", ())]
