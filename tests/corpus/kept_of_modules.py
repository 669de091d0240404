"""Objects of the standard library that live across a suspension, and pickle alone would refuse."""

import csv
import decimal
import graphlib
import io

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


def cases():
    return [
        ("tables", ()),
        ("decimal_contexts", ()),
        ("sorted_graphs", ()),
        ("marks_of_classes", ()),
    ]
