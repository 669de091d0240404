"""A `__getattr__` that gives a function from a table: nothing else tells that its calls suspend."""

from perdure import workflow
from tests.corpus.acts import echo


class ByName:
    def __init__(self, steps):
        self.steps = steps

    def __getattr__(self, name):
        return self.steps.get(name, round)


@workflow
def from_a_table():
    steps = {}

    def registered(step):
        steps[f"do_{step.__name__}"] = step
        return step

    @registered
    def pay(n):
        return echo(n)

    service = ByName(steps)
    return service.do_pay(1), service.rounded(2.5)


def cases():
    return [("from_a_table", ())]
