"""Values that are nested deeper than C's stack goes: linked lists, narrow trees, tuples."""

import dataclasses

from perdure import workflow
from tests.corpus.acts import echo


class Node:
    def __init__(self, value, following):
        self.value = value
        self.following = following


@dataclasses.dataclass
class Tree:
    value: float
    children: list


@workflow
def linked(n):
    first = pairs = None
    top = tree = Tree(0, [])
    for number in range(n):
        first = Node(float("nan") if number == 5 else number, first)
        pairs = (pairs, number)
        tree.children.append(Tree(number, []))
        tree = tree.children[0]
    tree.children.append(first)
    echo(1)
    while isinstance(top, Tree):
        top = top.children[0]
    same, count, total = top is first, 0, 0
    while first.following:
        first, count = first.following, count + 1
    while pairs:
        pairs, number = pairs
        total += number
    return count, total, same


def cases():
    return [
        ("linked", (2_000,)),
    ]
