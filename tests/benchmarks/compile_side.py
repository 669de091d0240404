"""The compiler alone: how fast it is, how much it writes, and what a start waits for it."""

from __future__ import annotations

import builtins
import os
import time
from pathlib import Path

from perdure.runtime.compiling import image_of

from . import programs
from .side import Measured, serve


def compile(folder: str, kind: str, amount: int) -> Measured:
    """Source lines a second of CPU time, and bytes of generated code for each byte of source.

    Beside it the lines a second of Python's own compiler: C, which compiles the text as it is.
    """
    from perdure.compiler.pipeline import compile_target

    place = Path(folder)
    text: str = getattr(programs, kind)(amount)
    (place / "warm.py").write_text(programs.ordinary(100))
    (place / "shop.py").write_text(text)
    compile_target("warm.py:flow", cwd=place)  # imports done, caches of Python itself warm
    began = time.process_time()
    image = compile_target("shop.py:flow", cwd=place).image
    took = time.process_time() - began
    began = time.process_time()
    builtins.compile(text, "shop.py", "exec")
    plain = time.process_time() - began
    lines = text.count("\n")
    return {
        "lines_per_s": lines / took,
        "growth": len(image.code) / len(text),
        "cpython_lines_per_s": lines / plain,
    }


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
