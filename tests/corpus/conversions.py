"""Conversions in f-strings, by methods that do not suspend, and specifications that do."""

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


def cases():
    return [("conversions_and_specifications", ())]
