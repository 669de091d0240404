"""A log, line by line through regular expressions: calls into C, strings, a dict of counts."""

from __future__ import annotations

import re
from collections import Counter

from perdure import workflow

from .acts import act

WORK = 14  # readings of the log
RARE = 20_000

LINE = re.compile(
    r"(?P<host>\d+\.\d+\.\d+\.\d+) \[(?P<day>\d+)/(?P<month>\w+)\] \"(\w+) (\S+)\" (\d+)"
)
WORD = re.compile(r"[a-z]+")

LOG = [
    f'10.{n % 7}.{n % 11}.{n % 251} [{n % 28 + 1}/Nov] "GET /shop/item/{n % 89}?q=red+{n % 5}" '
    f"{200 if n % 13 else 404}"
    if n % 17
    else f"restarted worker {n}"
    for n in range(20_000)
]


def read(lines: list[str], seen: Counter[str]) -> int:
    sizes = 0
    for line in lines:
        found = LINE.match(line)
        if found is None:
            seen["other"] += 1
            continue
        host, _day, _month, _verb, path, status = found.groups()
        seen[status] += 1
        if status == "404":
            seen[host] += 1
        for word in WORD.finditer(path):
            sizes += word.end() - word.start()
    return sizes


def read_all(times: int) -> int:
    seen: Counter[str] = Counter()
    return sum(read(LOG, seen) for _ in range(times)) + seen["404"]


@workflow
def called(times: int) -> int:
    return act(read_all(act(times)))


@workflow
def inlined(times: int) -> int:
    times = act(times)
    seen: Counter[str] = Counter()
    sizes = 0
    for _ in range(times):
        for line in LOG:
            found = LINE.match(line)
            if found is None:
                seen["other"] += 1
                continue
            host, _day, _month, _verb, path, status = found.groups()
            seen[status] += 1
            if status == "404":
                seen[host] += 1
            for word in WORD.finditer(path):
                sizes += word.end() - word.start()
    return act(sizes + seen["404"])


@workflow
def rare(times: int) -> int:
    times = act(times)
    seen: Counter[str] = Counter()
    sizes = lines = 0
    for _ in range(times):
        for line in LOG:
            lines += 1
            if lines % RARE == 0:
                act(lines)
            found = LINE.match(line)
            if found is None:
                seen["other"] += 1
                continue
            host, _day, _month, _verb, path, status = found.groups()
            seen[status] += 1
            if status == "404":
                seen[host] += 1
            for word in WORD.finditer(path):
                sizes += word.end() - word.start()
    return act(sizes + seen["404"])
