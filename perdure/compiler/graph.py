from __future__ import annotations
from typing import Any
def describe(functions: dict[str, Any], entry: str) -> dict[str, Any]:
    return {}
