"""The compiler alone: how fast it is, how much it writes, and what a start waits for it."""

from __future__ import annotations

import os
import time
from pathlib import Path

from perdure.runtime.compiling import image_of

from . import programs
from .side import Measured, serve


def compile(folder: str, kind: str, amount: int) -> Measured:
    """Source lines a second of CPU time, and bytes of generated code for each byte of source."""
    from perdure.compiler.pipeline import compile_target

    place = Path(folder)
    text: str = getattr(programs, kind)(amount)
    (place / "warm.py").write_text(programs.ordinary(100))
    (place / "shop.py").write_text(text)
    compile_target("warm.py:flow", cwd=place)  # imports done, caches of Python itself warm
    began = time.process_time()
    image = compile_target("shop.py:flow", cwd=place).image
    took = time.process_time() - began
    return {"lines_per_s": text.count("\n") / took, "growth": len(image.code) / len(text)}


def start(folder: str, amount: int, cache: str) -> Measured:
    """Milliseconds until a process that has imported Perdure has the image of its workflow."""
    os.environ["PERDURE_CACHE"] = cache
    file = Path(folder) / "shop.py"
    if not file.exists():
        file.write_text(programs.ordinary(amount))
    began = time.perf_counter()
    image_of(f"{file}:flow")
    return {"ms": (time.perf_counter() - began) * 1e3}


if __name__ == "__main__":
    serve({"compile": compile, "start": start})
