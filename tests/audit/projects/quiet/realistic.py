"""Workflows as people write them; nothing here is to be reported."""
from __future__ import annotations

import enum
import json
import logging
import math
import re
import uuid
from collections import Counter, defaultdict, deque
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from itertools import groupby
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

import perdure
import requests
from perdure import Retry, activity, gather, now, receive, sleep, spawn, workflow

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)
MAX_ATTEMPTS: Final = 5
RATES = {"de": Decimal("0.19"), "fr": Decimal("0.20")}
COUNTRIES = frozenset(RATES)
PATTERN = re.compile(r"^[a-z]+$")
client = requests.Session()


class Status(enum.Enum):
    NEW = "new"
    PAID = "paid"


class Declined(Exception):
    pass


@dataclass
class Line:
    sku: str
    price: Decimal
    tags: set[str] = field(default_factory=set)


@dataclass
class Cart:
    lines: list[Line] = field(default_factory=list)
    status: Status = Status.NEW

    def total(self) -> Decimal:
        return sum((line.price for line in self.lines), Decimal(0))

    def add(self, line: Line) -> None:
        self.lines.append(line)

    def tags(self) -> set[str]:
        found: set[str] = set()
        for line in self.lines:
            found |= line.tags
        return found

    @property
    def is_empty(self) -> bool:
        return not self.lines


@activity(retry=Retry(attempts=3))
def charge(card: str, amount: Decimal) -> str:
    return requests.post("https://x", json={"card": card, "at": str(datetime.now())}).text


@activity
def refund(receipt: str) -> None:
    client.post(f"https://x/{receipt}")


@activity
def fetch(url: str) -> dict[str, Any]:
    with open("cache.json") as f:
        return json.load(f)


@activity
def mail(to: str, text: str) -> None: ...


@workflow
def checkout(cart: Cart, card: str, country: str = "de") -> dict[str, Any]:
    log.info("checkout of %s", cart)
    print("hello")
    if cart.is_empty or country not in COUNTRIES:
        raise Declined("nothing to pay")
    total = cart.total() * (1 + RATES[country])
    receipt = None
    for attempt in range(MAX_ATTEMPTS):
        try:
            receipt = charge(card, total)
            break
        except requests.HTTPError as error:
            log.warning("attempt %d: %s", attempt, error)
            sleep(2**attempt)
    else:
        raise Declined("card")
    cart = replace(cart, status=Status.PAID)
    started = now()
    due = started + timedelta(days=14)
    key = uuid.uuid5(uuid.NAMESPACE_URL, receipt)
    by_tag: dict[str, list[Line]] = defaultdict(list)
    for line in cart.lines:
        for tag in sorted(line.tags):
            by_tag[tag].append(line)
    return {"receipt": receipt, "due": due.isoformat(), "id": str(key), "tags": sorted(cart.tags())}


@workflow
def compensating(steps: list[str]) -> list[str]:
    done: list[str] = []
    undo: deque[str] = deque()
    try:
        for step in steps:
            done.append(charge(step, Decimal(1)))
            undo.appendleft(step)
    except Declined:
        while undo:
            refund(undo.popleft())
        raise
    return done


@workflow
def crawl(start: str, limit: int = 100) -> dict[str, int]:
    seen: set[str] = set()
    queue = [start]
    counts: Counter[str] = Counter()
    while queue and len(seen) < limit:
        url = queue.pop(0)
        if url in seen:
            continue
        seen.add(url)
        page = fetch(url)
        counts.update(page.get("words", ()))
        queue.extend(u for u in page["links"] if u not in seen)
    return dict(counts.most_common(10))


@workflow
def fan_out(urls: list[str]) -> list[Any]:
    pages = gather(*[spawn(fetch, url) for url in urls])
    ordered = sorted(pages, key=lambda p: p["title"])
    grouped = {k: list(g) for k, g in groupby(ordered, key=lambda p: p["kind"])}
    return [grouped, math.fsum(p["size"] for p in pages)]


@workflow
def approval(order_id: str) -> bool:
    deadline = perdure.now() + timedelta(hours=1)
    while perdure.now() < deadline:
        message = receive("approval", timeout=60)
        match message:
            case {"approved": bool(answer)}:
                return answer
            case None:
                mail("boss", f"please look at {order_id}")
            case _ if PATTERN.match(str(message)):
                continue
    return False


@workflow
async def monthly(customer: str) -> str:
    today = now().astimezone(timezone.utc).date()
    parsed = datetime.strptime("2024-01-01", "%Y-%m-%d")
    path = PurePosixPath("/invoices") / str(today.year) / f"{customer}.pdf"
    text = json.dumps(asdict(Line("a", Decimal(1))), sort_keys=True, default=str)
    while parsed.date() < today:
        parsed += timedelta(days=31)
    await mail(customer, text)
    return str(path)


def normalise(words: list[str], memo: dict[str, str] | None = None) -> dict[str, str]:
    memo = {} if memo is None else memo
    unique = set(words)
    missing = unique - memo.keys()
    for word in sorted(missing):
        memo[word] = word.lower()
    return memo


def depth(node: dict[str, Any], guard: set[int] | None = None) -> int:
    guard = guard or set()
    if id(node) in guard:
        return 0
    guard.add(id(node))
    return 1 + max((depth(child, guard) for child in node["children"]), default=0)


class Pipeline:
    def __init__(self, name: str) -> None:
        self.name = name
        self.steps: list[str] = []
        self.done: set[str] = set()

    def then(self, step: str) -> Pipeline:
        self.steps.append(step)
        return self

    def run(self) -> int:
        for step in self.steps:
            if step not in self.done:
                charge(step, Decimal(1))
                self.done.add(step)
        return len(self.done)


@workflow
def pipeline(words: list[str], tree: dict[str, Any]) -> Any:
    first, *rest = words
    table = normalise(rest)
    ranks = {w: i for i, w in enumerate(sorted(set(words)))}
    return Pipeline(first).then("a").then("b").run(), table, ranks, depth(tree)


def script() -> None:
    import sys
    import time

    print(time.time(), sys.argv)
    client = perdure.connect("sqlite:///x")
    client.start(checkout, Cart())


if __name__ == "__main__":
    script()
