"""A `__getattr__` that looks for a function in a list: nothing else tells that its calls suspend."""

from perdure import workflow
from tests.corpus.acts import echo


def pay(n):
    return echo(n)


class ByName:
    def __init__(self, steps):
        self.steps = steps

    def __getattr__(self, name):
        for known, step in self.steps:
            if known == name:
                return step
        raise AttributeError(name)


@workflow
def from_a_list():
    service = ByName([("rounded", round), ("do_pay", pay)])
    return service.do_pay(1), service.rounded(2.5), hasattr(service, "refund")


def cases():
    return [("from_a_list", ())]
