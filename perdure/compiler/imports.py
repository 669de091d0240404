"""Which modules a text imports: what its `import` statements name, and what it loads by name.

`importlib.import_module(f"{__name__}.{name}")` names no module, but all that it may load stand in
one package; `import_module(setting)` may load what some string of the program says.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from perdure.compiler.trees import last_name, nodes

if TYPE_CHECKING:
    from perdure.compiler.source import Source

# Import statements ----------------------------------------------------------------------------


def import_names(node: ast.Import | ast.ImportFrom, source: Source) -> Iterator[tuple[str, str]]:
    """Yield (local name, dotted name) for each thing an import statement binds."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            top = alias.name.partition(".")[0]
            yield (alias.asname, alias.name) if alias.asname else (top, top)
        return
    base = absolute(node, source)
    for alias in node.names:
        if alias.name == "*":
            yield "*", base
        else:
            yield alias.asname or alias.name, f"{base}.{alias.name}"


def absolute(node: ast.ImportFrom, source: Source) -> str:
    """The module a `from … import` names, with leading dots resolved."""
    if not node.level:
        return node.module or ""
    parts = source.module.split(".")
    keep = len(parts) - node.level + (1 if source.is_package else 0)
    return ".".join([*parts[: max(0, keep)], *([node.module] if node.module else [])])


def prefixes(dotted: str) -> list[str]:
    """A module's name, after those of the packages that it is in."""
    parts = dotted.split(".")
    return [".".join(parts[: n + 1]) for n in range(len(parts))] if dotted else []


# Modules that are loaded by name --------------------------------------------------------------

_LOADS = re.compile(r"\bimport_module\b|\b__import__\b")
_LOADERS = frozenset({"import_module", "__import__"})


@dataclass
class Loads:
    """What calls of `import_module` and its like may import."""

    named: set[str] = field(default_factory=set)  # these modules
    beginning: set[str] = field(default_factory=set)  # those whose names begin so: `plugins.`
    anything: bool = False  # whatever a string says that comes from elsewhere


def loads(source: Source, imports: dict[str, str]) -> Loads:
    """What a module loads by name. `imports`: what its import statements bind."""
    found = Loads()
    if not _LOADS.search(source.text):
        return found
    everywhere = _imported_everywhere(source)
    reader = _Names(source, everywhere | imports)
    for node in nodes(source.tree):
        if isinstance(node, ast.Call) and last_name(node.func) in _LOADERS:
            _read_load(node, reader, found)
    if found.anything:
        # `for module in pkgutil.walk_packages(plugins.__path__, "plugins.")`
        found.beginning |= {f"{package}." for package in reader.searched()}
    return found


def _imported_everywhere(source: Source) -> dict[str, str]:
    """What import statements bind, those in functions too."""
    return {
        name: dotted
        for node in nodes(source.tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name, dotted in import_names(node, source)
    }


def _read_load(call: ast.Call, reader: _Names, found: Loads) -> None:
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    name = call.args[0] if call.args else given.get("name")
    text, whole = reader.known(name)
    if text.startswith(".") and last_name(call.func) == "import_module":
        package = call.args[1] if len(call.args) > 1 else given.get("package")
        anchor, known = reader.known(package)
        dots = len(text) - len(text.lstrip("."))
        parts = (anchor if known else reader.package).split(".")
        base = ".".join(parts[: max(0, len(parts) - dots + 1)])
        text = f"{base}.{text[dots:]}"
    if whole:
        found.named.update(prefixes(text.strip(".")))
    elif text:
        found.beginning.add(text)
    else:
        found.anything = True


class _Names:
    """The names of modules that a text puts together."""

    def __init__(self, source: Source, imports: dict[str, str]) -> None:
        self.source = source
        self.imports = imports
        own = source.module
        self.package = own if source.is_package else own.rpartition(".")[0]

    def known(self, value: ast.expr | None) -> tuple[str, bool]:
        """What a string begins with, as far as the text says, and whether that is all of it."""
        match value:
            case ast.Constant(value=str(text)):
                return text, True
            case ast.Name(id="__name__"):
                return self.source.module, True
            case (
                ast.Name(id="__package__")
                | ast.Attribute(value=ast.Name(id="__spec__"), attr="parent")
            ):
                return self.package, True
            case ast.Attribute(value=ast.Name(id=name), attr="__name__") if name in self.imports:
                return self.imports[name], True
            case ast.JoinedStr():
                return self._joined(value.values)
            case ast.FormattedValue(conversion=-1, format_spec=None):
                return self.known(value.value)
            case ast.BinOp(op=ast.Add()):
                return self._joined([value.left, value.right])
            case ast.BinOp(op=ast.Mod(), left=ast.Constant(value=str(text))):
                return text.partition("%")[0], False
            case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format")):
                return text.partition("{")[0], False
        return "", False

    def _joined(self, parts: Iterable[ast.expr]) -> tuple[str, bool]:
        found = ""
        for part in parts:
            text, whole = self.known(part)
            found += text
            if not whole:
                return found, False
        return found, True

    def searched(self) -> Iterator[str]:
        """The packages whose `__path__` the text reads."""
        for node in nodes(self.source.tree):
            match node:
                case ast.Name(id="__path__"):
                    yield self.package
                case ast.Attribute(value=ast.Name(id=name), attr="__path__"):
                    if name in self.imports:
                        yield self.imports[name]
                    else:  # a parameter: any package that the module knows
                        yield from self.imports.values()


_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+|[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")
_WORD = re.compile(r"[A-Za-z_]\w*")


def said_modules(source: Source, *, words: bool) -> set[str]:
    """What strings in a text may name modules: `"shop.plugins.mail"`, `"shop.tasks:send"`.

    With `words`, names without a dot too, where they stand in a list or a table.
    """
    found = set()
    for node in nodes(source.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if _DOTTED.fullmatch(node.value):
                found.add(node.value.partition(":")[0])
        elif words and isinstance(node, ast.List | ast.Tuple | ast.Set | ast.Dict):
            items = node.values if isinstance(node, ast.Dict) else node.elts
            texts = [i.value for i in items if isinstance(i, ast.Constant)]
            found |= {t for t in texts if isinstance(t, str) and _WORD.fullmatch(t)}
    return found
