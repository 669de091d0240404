"""Modules of Python's library, written in Python, whose objects call what suspends."""

import cmd
import csv
import io
import sched
import string

from perdure import workflow
from tests.corpus.acts import echo

TEXT = ["name,price\n", "tea,3\n", "\n", '"a\n', 'long ""one""",4\n', "x,y"]


def fetched():
    for line in TEXT:
        yield echo(line)


@workflow
def rows():
    reader = csv.reader(fetched(), delimiter=",")
    found = [next(reader)]
    seen = reader.line_num, reader.dialect.delimiter, iter(reader) is reader
    for row in reader:
        found.append((reader.line_num, row))
    return found, seen, next(reader, None), reader.line_num


@workflow
def named_rows():
    reader = csv.DictReader(fetched(), restkey="more", restval="-")
    return reader.fieldnames, [(reader.line_num, row["name"], row["price"]) for row in reader]


def broken(*lines):
    for line in lines:
        yield echo(line)


@workflow
def rows_that_are_wrong():
    found = []
    for lines, options in [
        (("a,b", 'c,"d'), {}),
        (("a,b", 'c,"d'), {"strict": True}),
        (("a,b", 'c,"d"e', "f,g"), {"strict": True}),
        (("a,b", 1), {}),
    ]:
        reader = csv.reader(broken(*lines), **options)
        while True:
            try:
                found.append(next(reader))
            except StopIteration:
                break
            except csv.Error as error:
                found.append((str(error), reader.line_num))
    try:
        csv.reader(broken("a"), delimiter="ab")
    except TypeError as error:
        found.append(str(error))
    return found


@workflow
def scheduled():
    now, out = [0.0], []

    def wait(seconds):
        now[0] += seconds
        out.append(("waited", seconds))

    plan = sched.scheduler(lambda: now[0], wait)
    plan.enter(2, 1, lambda: out.append(echo("later")))
    plan.enter(1, 2, lambda what, n: out.append(echo((what, n))), ("second",), {"n": 2})
    plan.enter(1, 1, lambda: plan.enter(5, 1, out.append, ("last",)))
    cancelled = plan.enter(1, 1, out.append, ("never",))
    plan.cancel(cancelled)
    left = plan.run(blocking=False)
    plan.run()
    return out, left, now, plan.empty()


class Shell(cmd.Cmd):
    prompt = "> "

    def __init__(self, lines):
        super().__init__(stdin=io.StringIO(lines), stdout=io.StringIO())
        self.use_rawinput = False
        self.paid = []

    def precmd(self, line):
        return echo(line)

    def do_pay(self, amount):
        """Pay an amount."""
        self.paid.append(echo(int(amount)))

    def do_quit(self, _):
        return True

    def default(self, line):
        self.paid.append(echo(f"no {line}"))


@workflow
def commands():
    shell = Shell("pay 3\nrefund 4\n\nhelp pay\nquit\n")
    shell.onecmd("pay 5")
    shell.cmdloop("hello")
    return shell.paid, shell.stdout.getvalue()


class Filled(string.Formatter):
    def get_value(self, key, args, kwargs):
        return echo([key, *args])

    def format_field(self, value, spec):
        return echo(f"<{value}:{spec}>")

    def convert_field(self, value, conversion):
        return echo(super().convert_field(value, conversion))


@workflow
def formats():
    found = [Filled().format("{0} and {name[2]:>{width}} or {0[0]!r}.", "x", "y")]
    for wrong in ("{0} {", "{0} }", "{0.}"):
        try:
            found.append(Filled().format(wrong, 1))
        except ValueError as error:
            found.append(str(error))
    return found


class Prices:
    def __getitem__(self, name):
        return echo(f"price of {name}")


@workflow
def templates():
    text = string.Template("$tea, ${milk}; $$5")
    return text.substitute(Prices()), text.safe_substitute(Prices()), text.substitute(tea=1, milk=2)


def cases():
    return [
        ("rows", ()),
        ("named_rows", ()),
        ("rows_that_are_wrong", ()),
        ("scheduled", ()),
        ("commands", ()),
        ("formats", ()),
        ("templates", ()),
    ]
