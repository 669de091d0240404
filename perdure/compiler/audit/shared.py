"""State that all runs in a process share: who writes the variables of the project's modules.

A read of such a variable is a finding only when some function writes it after import (hazard 21);
so the writers of the whole project are found first, on demand, by name. Writes that happen while
modules are imported are not writes: `REGISTRY["x"] = f` at top level, nor those of a function that
is only ever used at top level (a `register` decorator).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from perdure.compiler.audit import known
from perdure.compiler.audit.bindings import own_nodes
from perdure.compiler.audit.callees import first_party
from perdure.compiler.audit.types import Types
from perdure.compiler.audit.world import Place, place_of
from perdure.compiler.scopes import Function, Module

Writes = dict[str, ast.AST]

_WORD = re.compile(r"\w+")

# These have a rule of their own.
_ENVIRONMENT = frozenset({"os.environ", "os.environb", "sys.argv"})


def writes_of(node: ast.AST, place: Place, types: Types) -> Writes:
    """The module variables that a function's own code changes, by dotted name, first place each."""
    found: Writes = {}
    for inner in own_nodes(node):
        for target in _changed(inner, place, types):
            dotted = variable(target, place, types)
            if dotted is not None:
                found.setdefault(dotted, inner)
    return found


def _changed(node: ast.AST, place: Place, types: Types) -> Iterator[ast.expr]:
    """The expressions whose object (or whose global name) a node changes."""
    match node:
        case ast.Name(ctx=ast.Store() | ast.Del()):
            if any(node.id in scope.globals for scope in place.scopes[:1]):
                yield node
        case ast.Subscript(ctx=ast.Store() | ast.Del()) | ast.Attribute(ctx=ast.Del()):
            yield node.value
        case ast.Attribute(ctx=ast.Store()):
            yield node if _is_namespace(node.value, place, types) else node.value
        case ast.Call(func=ast.Attribute(attr=method) as func) if method in known.MUTATORS:
            made = types.of(func.value, place)
            if made is not None and made.name in known.CONTAINERS:
                yield func.value
        case ast.Call(func=ast.Name(id="setattr" | "delattr"), args=[target, name, *_]):
            attr = name.value if isinstance(name, ast.Constant) else "*"
            yield ast.Attribute(target, str(attr))
        case _:
            pass


def _is_namespace(expr: ast.expr, place: Place, types: Types) -> bool:
    """Whether an expression is a module or class: its attributes are variables of their own."""
    dotted = types.modules.qualify(expr, place.module, place.scopes)
    if dotted is None:
        return False
    if _imported(dotted, place) and not first_party(dotted, types):
        return True
    return types.modules.get(dotted) is not None or types.modules.class_of(dotted) is not None


def variable(expr: ast.expr, place: Place, types: Types) -> str | None:
    """The dotted name of the module (or class) variable that an expression is; None for others."""
    if isinstance(expr, ast.Name) and any(expr.id in s.globals for s in place.scopes[:1]):
        return f"{place.source.module}.{expr.id}"
    if isinstance(expr, ast.Name) and _is_local(expr.id, place):
        return None
    if isinstance(expr, ast.Call):
        made_by = types.modules.qualify(expr.func, place.module, place.scopes)
        return "decimal.getcontext()" if made_by == "decimal.getcontext" else None
    dotted = types.modules.qualify(expr, place.module, place.scopes)
    if dotted is None or dotted.startswith(("perdure.", "builtins.")) or dotted in _ENVIRONMENT:
        return None
    if types.modules.function(dotted) is not None:
        return None  # f.calls = 0: rare, and mostly a decorator's mark
    if first_party(dotted, types) or _imported(dotted, place):
        return dotted
    return dotted if _imported(dotted.rpartition(".")[0], place) else None


def _is_local(name: str, place: Place) -> bool:
    """Whether a name is bound in the function, and not to something known elsewhere."""
    for scope in place.scopes:
        if name in scope.globals:
            return False
        if name in scope.locals:
            return name not in scope.imports and name not in scope.aliases
    return False


def _imported(dotted: str, place: Place) -> bool:
    """Whether the name is an import of another package: `settings.DEBUG = True` changes it."""
    if dotted in place.module.imports.values():
        return True
    return any(dotted in scope.imports.values() for scope in place.scopes)


class Writers:
    """Who writes which module variable, anywhere in the project."""

    def __init__(self, types: Types) -> None:
        self.types = types
        self._writer: dict[str, Function] = {}  # by variable
        self._done: set[str] = set()
        self._read_for: dict[str, int] = {}  # by word: how many of its modules have been read
        self._uses: dict[str, tuple[set[str], set[str]]] = {}
        self._by_word: dict[str, list[Module]] = {}
        self._indexed = 0  # how many of the modules

    def of(self, dotted: str) -> Function | None:
        """A function that writes the variable while the program runs, or None."""
        word = dotted.rpartition(".")[2]
        for module in self._mentioning(word)[self._read_for.get(word, 0) :]:
            self._read(module)
        self._read_for[word] = len(self._mentioning(word))
        return self._writer.get(dotted)

    def _mentioning(self, word: str) -> list[Module]:
        """The modules in whose text a word occurs: nobody else can write that variable."""
        for module in self.types.modules.read[self._indexed :]:
            for found in set(_WORD.findall(module.source.text)):
                self._by_word.setdefault(found, []).append(module)
        self._indexed = len(self.types.modules.read)
        return self._by_word.get(word, [])

    def _read(self, module: Module) -> None:
        """Note what the functions of a module write; what tests change, they change back."""
        if module.source.module in self._done or is_test(module):
            return
        self._done.add(module.source.module)
        for function in list(module.functions.values()):
            place = place_of(function, self.types.modules)
            for dotted in writes_of(function.node, place, self.types):
                if dotted not in self._writer and not self._only_at_import(function):
                    self._writer[dotted] = function

    def _only_at_import(self, function: Function) -> bool:
        """Whether a function is used at the top level of modules and nowhere else."""
        name = function.qualname.split(".")[0]
        used = [self._names(module) for module in self._mentioning(name)]
        return any(name in top for top, _ in used) and not any(name in inner for _, inner in used)

    def _names(self, module: Module) -> tuple[set[str], set[str]]:
        """The names that a module uses at import, and those that its functions use."""
        key = module.source.module
        if key not in self._uses:
            self._uses[key] = _used_names(module.source.tree)
        return self._uses[key]


def is_test(module: Module) -> bool:
    """Whether a module is a test, by its name."""
    last = module.source.module.rpartition(".")[2]
    return last.startswith("test_") or last.endswith("_test") or last == "conftest"


def _used_names(tree: ast.Module) -> tuple[set[str], set[str]]:
    top, inner = set[str](), set[str]()
    stack: list[tuple[ast.AST, bool]] = [(tree, True)]
    while stack:
        node, at_import = stack.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            (top if at_import else inner).add(node.id)
        elif isinstance(node, ast.Attribute):
            (top if at_import else inner).add(node.attr)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            stack += [(d, at_import) for d in node.decorator_list]
            stack += [(statement, False) for statement in node.body]
        elif isinstance(node, ast.Lambda):
            stack.append((node.body, False))
        else:
            stack += [(child, at_import) for child in ast.iter_child_nodes(node)]
    return top, inner
