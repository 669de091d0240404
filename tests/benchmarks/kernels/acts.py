"""The activity that stands around the kernels, and rarely in them."""

from __future__ import annotations

from typing import TypeVar

from perdure import activity

T = TypeVar("T")


@activity
def act(value: T) -> T:
    return value
