"""The text of a module -> an imported module, known to inspect and linecache, forgotten later."""

from __future__ import annotations

import importlib.util
import itertools
import linecache
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

_numbers = itertools.count()


@contextmanager
def loaded(text: str, folder: Path) -> Iterator[ModuleType]:
    """Import `text` from a file in `folder` under a name used only once."""
    name = f"generated_program_{next(_numbers)}"
    path = folder / f"{name}.py"
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    writes_bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec.loader.exec_module(module)
        yield module
    finally:
        sys.dont_write_bytecode = writes_bytecode
        del sys.modules[name]
        linecache.cache.pop(str(path), None)
        path.unlink()
