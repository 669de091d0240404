"""Annotations of functions inside a workflow: evaluated with the definition, after its defaults."""

from perdure import workflow
from tests.corpus.acts import echo


def noted(log, value):
    log.append(value)
    return echo(value)


@workflow
def annotations_that_suspend():
    """Python's own order: parameters before those that are positional only."""
    log = []

    def decorate(name):
        log.append(name)
        return lambda function: function

    @decorate(echo("outer"))
    @decorate("inner")
    def shown(
        a: noted(log, 1) = noted(log, "a"),
        /,
        b: noted(log, 2) = noted(log, "b"),
        *c: noted(log, 3),
        d: noted(log, 4) = noted(log, "d"),
        **e: noted(log, 5),
    ) -> noted(log, 6):
        return a, b, d

    async def waited(a: int) -> echo("waited"):
        return a

    return shown.__annotations__, shown(), waited.__annotations__, log


def cases():
    return [("annotations_that_suspend", ())]
