"""Objects of the standard library that live across a suspension, and pickle alone would refuse."""

import argparse
import csv
import decimal
import graphlib
import io
import json
import os
import struct
import sys

from perdure import workflow
from tests.corpus.acts import echo


class Sink:
    def __init__(self):
        self.rows = []

    def write(self, text):
        self.rows.append(text)
        return len(text)


class Semicolons(csv.excel):
    delimiter = ";"


@workflow
def tables():
    """Readers and writers of csv, in the middle of their lines."""
    sink = Sink()
    writer = csv.writer(sink, dialect=Semicolons, quoting=csv.QUOTE_ALL)
    found = [writer.writerow([echo(1), "a;b"])]
    writer.writerows([[echo(2)], [3]])
    reader = csv.reader(io.StringIO('a;b\n\n1;2\n"x\ny";3\n'), Semicolons)
    found.append((next(reader), echo(reader.line_num), reader.dialect.delimiter))
    for row in reader:
        found.append((row, echo(reader.line_num), writer.dialect.quoting))
    found.append(next(reader, "end"))
    by_name = csv.DictReader(io.StringIO("k,v\n1,2\n3,4\n"))
    for row in by_name:
        found.append((echo(row), by_name.line_num, by_name.fieldnames))
    out = io.StringIO()
    to_name = csv.DictWriter(out, ["x", "y"])
    to_name.writeheader()
    to_name.writerow({"x": echo(1), "y": echo("2,3")})
    return found, sink.rows, out.getvalue()


@workflow
def decimal_contexts():
    """A context of decimal holds inside its block, and what was before holds again after it."""
    price = decimal.Decimal("1.10")
    with decimal.localcontext() as context:
        context.prec = 5
        within = [echo(price / 3), echo(price) / 7]
        with decimal.localcontext(decimal.Context(prec=2)):
            within.append(echo(price) / 7)
        within.append(price / 7)
    found = price / echo(3)
    try:
        with decimal.localcontext(rounding=decimal.ROUND_UP, prec=3):
            raise ValueError(echo(price) / 7)
    except ValueError as error:
        within.append(error.args)
    return within, found, price / 7


@workflow
def sorted_graphs():
    """A graph that is sorted step by step, and all at once."""
    sorter = graphlib.TopologicalSorter({"d": {"b", "c"}, "b": {"a"}, "c": {"a"}})
    sorter.prepare()
    order = []
    while sorter.is_active():
        for node in sorted(sorter.get_ready()):
            order.append(echo(node))
            sorter.done(node)
    for node in graphlib.TopologicalSorter({"y": ["x"], "x": []}).static_order():
        order.append(echo(node))
    return order


@workflow
def read_piece_by_piece():
    """A decoder of json, and a dialect of csv."""
    decoder, dialect = json.JSONDecoder(parse_int=float), csv.get_dialect("excel-tab")
    text, at, found = '1 [2, "a"] 3', 0, []
    while at < len(text):
        value, at = decoder.raw_decode(text, at)
        found.append(echo(value))
        at += 1
    return found, dialect.delimiter, next(csv.reader(["a\tb"], dialect))


class Options:
    _none = object()

    def get(self, value=_none):
        echo(1)
        return value is Options._none, value is self._none


@workflow
def marks_of_classes():
    """A mark that is an attribute of a class stays that very object."""
    mark = Options._none
    echo(0)
    return Options().get(), Options().get(3), mark is Options._none


@workflow
def compiled_formats():
    """A compiled format of struct, in a variable and in an object's attribute."""
    packed = struct.Struct("<ih")
    first = packed.pack(echo(1), 2)
    return first, packed.size, packed.unpack(echo(first))


class Printer:
    def __init__(self, out=None):
        self.out = out or sys.stderr

    def line(self, text):
        echo(0)
        return self.out is sys.stderr, text


@workflow
def standard_streams():
    """Variables and attributes that hold a standard stream hold the process's own."""
    out, raw = sys.stdout, sys.stderr.buffer
    printer = Printer()
    found = [printer.line(echo("a")), out is sys.stdout, raw is sys.stderr.buffer]
    return [*found, printer.line("b"), Printer(out).line("c")]


@workflow
def environments():
    """os.environ in a variable is that of the process: a change is seen by all."""
    environment, name = os.environ, "PERDURE_TEST_ENVIRONMENT"
    echo(1)
    environment[name] = "set"
    try:
        found = [os.environ.get(name), environment is os.environ, echo(os.getenv(name))]
    finally:
        environment.pop(name)
    return found, name in os.environ


LOG, SEEN, COUNTS = [], set(), {}


@workflow
def methods_of_containers():
    """They are held while their arguments suspend; the containers are the module's."""
    LOG.clear(), SEEN.clear(), COUNTS.clear()
    own = []
    for number in range(3):
        LOG.append(echo(number))
        SEEN.add(echo(number))
        COUNTS.update({echo(number): number})
        own.append(echo(number))
    return list(LOG), sorted(SEEN), dict(COUNTS), own


class Settings:
    total = 0


SETTINGS = Settings()


@workflow
def items_of_containers():
    """An item or an attribute is stored in the module's own, whatever suspends meanwhile."""
    COUNTS.clear()
    LOG[:] = [0, 0, 0, 0]
    SETTINGS.total = 0
    for number in range(3):
        COUNTS["n"] = COUNTS.get("n", 0)
        COUNTS["n"] += echo(number)
        COUNTS["of", echo(number)] = echo(number)
        LOG[echo(number)] += 1
        LOG[echo(number) : number + echo(1)] = [echo(number)]
        SETTINGS.total += echo(number)
    return dict(COUNTS), list(LOG), SETTINGS.total


@workflow
def no_longer_global(COUNTS):
    """A parameter of that name is the run's."""
    COUNTS["n"] += echo(1)
    return COUNTS


class Quiet(argparse.ArgumentParser):
    def error(self, message):
        raise ValueError(message)


@workflow
def parsers():
    """A parser compares texts by `is`, to leave out what is not to be shown, or has no value."""
    parser = Quiet("ship", add_help=False)
    parser.add_argument("--size", type=int, default=1)
    parser.add_argument("--secret", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    whole = argparse.ArgumentParser("pack", parents=[parser], argument_default=argparse.SUPPRESS)
    whole.add_argument("--note")
    group = whole.add_mutually_exclusive_group()
    group.add_argument("--fast", action="store_true")
    group.add_argument("--slow", action="store_const", const=echo(2))
    under = whole.add_subparsers(dest="how")
    under.add_parser("by-sea", help="slowly").add_argument("port", nargs="?")
    found = [echo(vars(whole.parse_args([]))), whole.format_usage()]
    found += [echo(vars(whole.parse_args("--secret x --slow by-sea a".split())))]
    try:
        parser.parse_args(["--size", "x"])
    except ValueError as error:
        found.append(str(error))
    return found, vars(parser.parse_args([])), whole.format_help() == echo(whole.format_help())


def cases():
    return [
        ("parsers", ()),
        ("read_piece_by_piece", ()),
        ("items_of_containers", ()),
        ("no_longer_global", ({"n": 1},)),
        ("methods_of_containers", ()),
        ("tables", ()),
        ("decimal_contexts", ()),
        ("sorted_graphs", ()),
        ("marks_of_classes", ()),
        ("compiled_formats", ()),
        ("standard_streams", ()),
        ("environments", ()),
    ]
