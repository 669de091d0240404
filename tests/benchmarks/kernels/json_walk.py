"""A document of nested dicts and lists, walked: types asked for, generators, dispatch by table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from perdure import workflow

from .acts import act

WORK = 24  # documents
RARE = 20_000


def document(orders: int = 1_200) -> str:
    return json.dumps(
        [
            {
                "id": number,
                "name": f"customer {number % 97}",
                "open": number % 3 == 0,
                "note": None,
                "total": number * 1.25,
                "lines": [{"item": f"i{k}", "count": k, "tags": ["a", "b"]} for k in range(4)],
            }
            for number in range(orders)
        ]
    )


TEXT = document()


def leaves(node: Any, depth: int = 0) -> Iterator[tuple[int, Any]]:
    if isinstance(node, dict):
        for value in node.values():
            yield from leaves(value, depth + 1)
    elif isinstance(node, list):
        for value in node:
            yield from leaves(value, depth + 1)
    else:
        yield depth, node


def weigh_text(value: str) -> float:
    return len(value)


def weigh_number(value: float) -> float:
    return value


def weigh_flag(value: bool | None) -> float:
    return 1 if value else 0


WEIGHTS = {
    str: weigh_text,
    int: weigh_number,
    float: weigh_number,
    bool: weigh_flag,
    type(None): weigh_flag,
}


def weigh(text: str) -> float:
    total = 0.0
    for depth, leaf in leaves(json.loads(text)):
        total += depth * WEIGHTS[type(leaf)](leaf)
    return total


def weigh_all(documents: int) -> float:
    return sum(weigh(TEXT) for _ in range(documents))


@workflow
def called(documents: int) -> float:
    return act(weigh_all(act(documents)))


@workflow
def inlined(documents: int) -> float:
    documents = act(documents)
    total = 0.0
    for _ in range(documents):
        stack = [(json.loads(TEXT), 0)]
        while stack:
            node, depth = stack.pop()
            if isinstance(node, dict):
                for value in node.values():
                    stack.append((value, depth + 1))
            elif isinstance(node, list):
                stack.extend([(value, depth + 1) for value in node])
            elif isinstance(node, str):
                total += depth * len(node)
            elif node:
                total += depth * node
    return act(total)


@workflow
def rare(documents: int) -> float:
    documents = act(documents)
    total = 0.0
    seen = 0
    for _ in range(documents):
        stack = [(json.loads(TEXT), 0)]
        while stack:
            node, depth = stack.pop()
            if isinstance(node, dict):
                for value in node.values():
                    stack.append((value, depth + 1))
            elif isinstance(node, list):
                stack.extend([(value, depth + 1) for value in node])
            elif isinstance(node, str):
                total += depth * len(node)
            elif node:
                total += depth * node
            seen += 1
            if seen % RARE == 0:
                act(seen)
    return act(total)
