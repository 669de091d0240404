"""What Python's own library goes over by generators of its own, while the run is stopped."""

import ast
import calendar
import collections
import difflib
import enum
import ipaddress
import itertools
import re
from xml.etree import ElementTree

from perdure import workflow
from tests.corpus.acts import echo


class Status(enum.Enum):
    NEW = 1
    PAID = 2
    SENT = 3


class Color(enum.Flag):
    RED = 1
    GREEN = 2


@workflow
def members():
    log = [(n, echo(status.name)) for n, status in enumerate(Status)]
    log += [(echo(status.name), n) for status, n in zip(Status, range(3), strict=True)]
    for status in map(str, Status):
        log.append(echo(status))
    for status in filter(None, reversed(Status)):
        log.append(echo(status.name))
    left = iter(Status)
    log += [next(left).name, echo(1), [status.name for status in left]]
    for status in itertools.chain(itertools.islice(Status, 2), [1]):
        log.append(echo(str(status)))
    names = (status.name for status in Status)
    for name in names:
        log.append(echo(name))
    for late, group in itertools.groupby(Status, key=lambda status: status.value > 1):
        log.append((echo(late), [status.name for status in group]))
    return log + [(n, echo(color.name)) for n, color in enumerate(Color)]


@workflow
def mappings_and_lists():
    log = []
    for key, value in collections.ChainMap({"a": 1}, {"b": 2}).items():
        log.append((key, echo(value)))
    for value in collections.UserDict(a=1, b=2).values():
        log.append(echo(value))
    return log + [echo(item) for item in collections.UserList([1, 2])]


@workflow
def addresses():
    network = ipaddress.ip_network("10.0.0.0/29")
    log = [echo(str(host)) for host in network.hosts()]
    for n, part in enumerate(network.subnets(prefixlen_diff=1)):
        log.append((n, echo(str(part))))
    for host in ipaddress.IPv6Network("2001:db8::/126"):
        log.append(echo(str(host)))
    first, last = map(ipaddress.ip_address, ("10.0.0.1", "10.0.0.6"))
    for part in ipaddress.summarize_address_range(first, last):
        log.append(echo(str(part)))
    above = network.supernet()
    return log, echo(1), str(above), above.overlaps(network), network in [above, network]


@workflow
def days():
    log = []
    for day in calendar.Calendar().itermonthdates(2024, 2):
        if day.day > 27:
            log.append(echo(day.isoformat()))
    for day, weekday in calendar.Calendar().itermonthdays2(2024, 2):
        if day > 27:
            log.append((echo(day), weekday))
    return log, [echo(week[0]) for week in calendar.monthcalendar(2024, 2)]


@workflow
def trees_and_texts():
    log = [echo(type(node).__name__) for node in ast.walk(ast.parse("x = f(1) + 2"))]
    for line in difflib.unified_diff(["a", "b"], ["a", "c"], lineterm=""):
        log.append(echo(line))
    for line in difflib.ndiff(["a\n", "b\n"], ["a\n", "c\n"]):
        log.append(echo(line))
    root = ElementTree.fromstring("<a><b x='1'>t</b><c><b x='2'/></c></a>")
    for element in root.iter("b"):
        log.append(echo(element.get("x")))
    return log + [echo(text) for text in root.itertext()]


DIGIT = re.compile(r"\d")


def tokens(text):
    yield from DIGIT.finditer(text)


@workflow
def matches():
    return [echo(match[0]) for match in tokens("1a2")]


@workflow
def backwards_and_in_batches():
    waiting, found = collections.deque([1, 2, 3]), []
    for item in reversed(waiting):
        found.append(echo(item))
    held = reversed(waiting)
    next(held)
    if not hasattr(itertools, "batched"):  # which Python 3.12 has
        return found, echo(1), list(held)
    for batch in itertools.batched(found, 2):
        found = [*found, echo(batch)]
    kept = itertools.batched("abc", n=2)
    first = next(kept)
    return found, echo(1), list(held), first, list(kept)


def cases():
    return [
        ("backwards_and_in_batches", ()),
        ("members", ()),
        ("mappings_and_lists", ()),
        ("addresses", ()),
        ("days", ()),
        ("matches", ()),
        ("trees_and_texts", ()),
    ]
