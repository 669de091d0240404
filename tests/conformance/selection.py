"""Which files and tests are run, and which are left out and why.

A line of `skips.txt` is

    file::Class.method   reason   [<3.13 or >=3.12]   # what exactly

with `*` as a pattern in the name. A test is never listed because the compiler fails on it.
"""

from __future__ import annotations

import fnmatch
import sys
from dataclasses import dataclass
from pathlib import Path

FILES = (
    "test_grammar test_patma test_with test_generators test_exceptions test_exception_group"
    " test_except_star test_scope test_named_expressions test_unpack test_unpack_ex test_augassign"
    " test_compare test_dictcomps test_listcomps test_setcomps test_genexps test_fstring test_raise"
    " test_contextlib test_contextlib_async test_coroutines test_asyncgen test_keywordonlyarg"
    " test_extcall test_positional_only_arg test_super test_funcattrs test_iter test_bool test_list"
    " test_dict test_decorators test_global test_property test_class test_metaclass"
    " test_subclassinit test_genericclass test_richcmp test_binop test_contains"
    " test_exception_variations test_baseexception test_generator_stop test_yield_from"
    " test_isinstance test_enumerate test_slice test_pep646_syntax test_type_params"
    " test_type_aliases test_operator"
).split()

REASONS = {
    "unpicklable": "holds what nobody can pickle (open file, lock, native frame, weakref…)",
    "frames": "inspects frames, tracebacks or line numbers",
    "bytecode": "reads its own bytecode or code objects",
    "source": "reads its own source text",
    "refcount": "counts references, or waits for the garbage collector",
    "stack": "is about the recursion limit or the C stack",
    "process": "changes state of the whole process across statements",
    "module": "compares by identity with an object that a module or a class holds",
    "long": "takes thousands of steps",
    "detail": "another detail of the implementation",
}


@dataclass(frozen=True)
class Skip:
    """A line of the list. `versions` is "" or a comparison with the running Python."""

    pattern: str
    reason: str
    versions: str

    def applies(self, name: str) -> bool:
        return fnmatch.fnmatchcase(name, self.pattern) and _holds(self.versions)


def _holds(versions: str) -> bool:
    if not versions:
        return True
    operator = versions.rstrip("0123456789.")
    wanted = tuple(map(int, versions[len(operator) :].split(".")))
    have = sys.version_info[: len(wanted)]
    return {"<": have < wanted, ">=": have >= wanted, "==": have == wanted}[operator]


def skips(path: Path | None = None) -> list[Skip]:
    """The list of tests to leave out."""
    found = []
    for line in (path or Path(__file__).with_name("skips.txt")).read_text().splitlines():
        words = line.partition("#")[0].split()
        if not words:
            continue
        pattern, reason, *versions = words
        if reason not in REASONS:
            raise ValueError(f"skips.txt: {reason!r} is no reason; there are {', '.join(REASONS)}")
        found.append(Skip(pattern, reason, versions[0] if versions else ""))
    return found


def names(path: Path) -> set[str]:
    """The names in a file with one a line."""
    lines = (line.partition("#")[0].strip() for line in path.read_text().splitlines())
    return {line for line in lines if line}


def exists(name: str) -> bool:
    """Whether this Python has the file."""
    import test

    return any((Path(p) / f"{name}.py").is_file() for p in test.__path__)
