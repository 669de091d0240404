"""Where the generator's choices come from.

`below(n)` gives an int in range(n); 0 is the simplest choice, so alternatives are listed simplest
first and a shrinker that moves towards fewer and smaller numbers makes programs smaller.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any, Protocol


class Chooser(Protocol):
    """A source of choices, which remembers what it `made`."""

    made: list[int]

    def below(self, n: int) -> int:
        """Choose from range(n)."""

    def opens(self) -> None:
        """The choices up to `closes()` belong together: they make one statement or expression."""

    def closes(self) -> None:
        """End what `opens()` began."""


class RandomChooser:
    """Choices by seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed).random
        self.made: list[int] = []

    def below(self, n: int) -> int:
        choice = int(self._random() * n)
        self.made.append(choice)
        return choice

    def opens(self) -> None: ...

    def closes(self) -> None: ...


class ReplayChooser:
    """Choices from a list; what no longer fits is clipped, what is missing is 0."""

    def __init__(self, choices: Sequence[int]) -> None:
        self._left = iter(choices)
        self.made: list[int] = []

    def below(self, n: int) -> int:
        choice = min(next(self._left, 0), n - 1)
        self.made.append(choice)
        return choice

    def opens(self) -> None: ...

    def closes(self) -> None: ...


class HypothesisChooser:
    """Choices by Hypothesis.

    It asks Hypothesis' data directly: a strategy for each of some 500 integers is three times as
    slow.
    """

    def __init__(self, data: Any) -> None:
        self._data = data
        self.made: list[int] = []

    def below(self, n: int) -> int:
        choice = self._data.draw_integer(0, n - 1) if n > 1 else 0
        self.made.append(choice)
        return choice

    def opens(self) -> None:
        self._data.start_span(1)

    def closes(self) -> None:
        self._data.stop_span()
