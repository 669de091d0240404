"""The tracebacks of the parts that `except*` makes of a group."""

from perdure import workflow
from tests.corpus.acts import echo


class Derived(ExceptionGroup):
    def derive(self, errors):
        return Derived(self.message, errors)


def lines(error):
    """The function and the line of each entry."""
    found, entry = [], error.__traceback__
    while entry is not None:
        found.append((entry.tb_frame.f_code.co_name, entry.tb_lineno))
        entry = entry.tb_next
    return found


def raising(kind):
    try:
        raise kind("group", [ValueError(echo(1)), TypeError(2)])
    except* ValueError as error:
        echo(error.message)


@workflow
def of_what_is_left():
    """What is left is raised without a trace of its own: it has that of the group."""
    out = []
    for kind in (Derived, ExceptionGroup):
        try:
            try:
                raise kind("group", [ValueError(1), TypeError(2)])
            except* ValueError as error:
                first = error
                echo(3)
        except ExceptionGroup as error:
            out.append((lines(first) == lines(error), len(lines(error)), error.__context__))
            out.append(first.__traceback__ is error.__traceback__)
        try:
            raising(kind)
        except ExceptionGroup as error:
            out.append([name for name, _ in lines(error)])
    return out


@workflow
def of_new_groups():
    """A group of what the handlers raised has no trace where it is made."""
    try:
        try:
            raise ExceptionGroup("group", [ValueError(echo(1)), TypeError(2)])
        except* ValueError:
            raise KeyError(echo(3)) from None
        except* TypeError:
            raise
    except ExceptionGroup as error:
        return lines(error), [len(lines(inner)) for inner in error.exceptions]


def cases():
    return [
        ("of_what_is_left", ()),
        ("of_new_groups", ()),
    ]
