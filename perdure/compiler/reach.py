"""Which modules a program reaches: by imports, by names it makes, by the classes it extends."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from perdure.compiler import bases
from perdure.compiler.diagnostics import CompileError
from perdure.compiler.imports import prefixes, said_modules
from perdure.compiler.scopes import Module, Modules, read_module
from perdure.compiler.source import ASYNCIO, BASES, read_library


def closure(modules: Modules, entry: str) -> list[Module]:
    """The first-party modules that `entry` reaches, entry first."""
    seen: dict[str, Module] = {}
    queue = [entry]
    while queue:
        _follow(modules, queue, seen)
        queue = [name for name in _loaded(modules, [*seen.values()]) if name not in seen]
    return [*seen.values(), *_bases(modules, [*seen.values()])]


def _follow(modules: Modules, queue: list[str], seen: dict[str, Module]) -> None:
    """Add the modules of a queue, and those that their import statements name."""
    while queue:
        name = queue.pop(0)
        module = modules.get(name)
        if name in seen or module is None:
            continue
        seen[name] = module
        queue += sorted(module.imported)
        queue += [f"{star}.{part}" for star in module.stars for part in _offered(modules, star)]
        if "asyncio" in module.imported:
            queue += ASYNCIO
        queue += [name.rpartition(".")[0]] if "." in name else []


def _offered(modules: Modules, package: str) -> list[str]:
    """What `from package import *` imports of a package that lists its modules."""
    module = modules.get(package)
    offered = module.aliases.get("__all__") if module and module.source.is_package else None
    parts = offered.elts if isinstance(offered, ast.List | ast.Tuple) else []
    return [str(part.value) for part in parts if isinstance(part, ast.Constant)]


def _loaded(modules: Modules, known: list[Module]) -> list[str]:
    """The modules that calls of `import_module` may give, as far as they are there."""
    found: dict[str, None] = {}
    for module in known:
        for beginning in sorted(module.loads.beginning):
            listed = modules.project.listed(beginning.rpartition(".")[0])
            found |= dict.fromkeys(n for n in listed if n.startswith(beginning))
    if any(module.loads.anything for module in known):
        tops = set(modules.project.listed(""))
        for module in known:
            for name in sorted(said_modules(module.source, words=module.loads.anything)):
                if name.partition(".")[0] in tops:
                    found |= dict.fromkeys(prefixes(name))
    return [name for name in found if _readable(modules, name)]


def _readable(modules: Modules, name: str) -> bool:
    """Whether there is such a module, and it is Python: nobody may ever import it."""
    try:
        return modules.get(name) is not None
    except CompileError:
        modules.put(name, None)
        return False


def _bases(modules: Modules, own: list[Module]) -> Iterator[Module]:
    """What is compiled of Python's library because classes of the program derive from it."""
    wanted = _derived_from(modules, own)
    for name in BASES:
        users = modules.project.source(name) is not None  # it hides Python's
        source = read_library(name) if name in wanted and not users else None
        if source is None:
            continue
        module = read_module(bases.part_of(source, wanted[name]))
        modules.put(name, module)
        yield module
        for above, classes in _derived_from(modules, [module]).items():
            wanted.setdefault(above, set()).update(classes)
    modules.extends = bool(wanted)


# Whose objects call methods and functions of the program: those of a name that it mentions.
_MADE = {name: BASES[name] for name in ("collections", "csv", "sched", "string")}
_WORDS = re.compile(rf"\b(?:{'|'.join(sorted(frozenset().union(*_MADE.values())))})\b")
# Methods by which `copy.copy` fills a container that it has made.
_FILLED_BY = (".__setitem__", ".append", ".extend")
_OF_GENERATORS = {"ast", "calendar", "difflib", "ipaddress"}


def _derived_from(modules: Modules, among: list[Module]) -> dict[str, set[str]]:
    """What classes of these modules derive from of Python's library, or what copies them."""
    found: dict[str, set[str]] = {}
    copies = any("copy" in module.imported and not module.source.is_foreign for module in among)
    for module in among:
        if any(name.endswith(".__copy__") for name in module.functions):
            found["copy"] = {"copy"}
        if not module.source.is_foreign:
            if copies and any(name.endswith(_FILLED_BY) for name in module.functions):
                found["copy"] = {"copy"}
            words = set(_WORDS.findall(module.source.text))
            for name in _MADE.keys() & module.imported if words else ():
                if made := _MADE[name] & words:
                    found.setdefault(name, set()).update(made)
            # Objects of these are gone over by generators.
            for name in _OF_GENERATORS & module.imported:
                found[name] = set(BASES[name])
        for node in module.classes.values():
            for base in modules.bases_of(module, node):
                if (place := bases.home(base or "")) is not None:
                    found.setdefault(place[0], set()).add(place[1])
    return found
