"""Groups of exceptions that are parted by a function that suspends, or derive others so."""

from perdure import workflow
from tests.corpus.acts import echo


class Named(ExceptionGroup):
    def derive(self, errors):
        return Named(echo(self.message), errors)


class Wrong(ExceptionGroup):
    def derive(self, errors):
        return echo(errors)


@workflow
def parted():
    inner = ExceptionGroup("inner", [ValueError("c"), KeyError("d")])
    group = ExceptionGroup("all", [ValueError("a"), TypeError("b"), inner])
    group.add_note("noted")
    log = []

    def wanted(error):
        log.append(type(error).__name__)
        return echo(isinstance(error, ValueError))

    found = group.subgroup(wanted)
    log += [repr(found), found.__notes__, [repr(part) for part in group.split(wanted)]]
    log += [repr(group.subgroup(lambda error: echo(False))), repr(group.split(ValueError))]
    for bad in (1, (1, ValueError), None):
        try:
            group.subgroup(bad)
        except TypeError as error:
            log.append(str(error))
    comma = echo(",")
    return log, found, "a,b".split(comma)


@workflow
def derived():
    named = Named("named", [ValueError("x"), TypeError("y")])
    log = [repr(named.split(ValueError)), repr(named.split((TypeError, KeyError)))]
    log.append(repr(named.subgroup(lambda error: echo(str(error) == "y"))))
    try:
        Wrong("wrong", [ValueError("x"), TypeError("y")]).subgroup(ValueError)
    except TypeError as error:
        log.append(str(error))
    return log


def cases():
    return [
        ("parted", ()),
        ("derived", ()),
    ]
