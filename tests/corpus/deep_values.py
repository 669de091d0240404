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
        tree.children.append(Tree(number, [first]))
        tree = tree.children[0]
    echo(1)
    same, count, total = top.children[0].children[0], 0, 0
    while first.following:
        first, count = first.following, count + 1
    while pairs:
        pairs, number = pairs
        total += number
    while isinstance(top, Tree) and top.children:
        top = top.children[0]
    return count, total, top is first, isinstance(same, Tree)


def cases():
    return [
        ("linked", (2_000,)),
    ]
