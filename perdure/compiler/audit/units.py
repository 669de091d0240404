"""The nodes of the call graph, and which of them a call leads to.

Activities end the walk: what they do is what they are for. Making an object of a class leads to its
`__init__`, `__new__` and `__post_init__`, and to the factories of those fields that the call leaves
out. Reading a module's variable leads to the statement that gave it its value at import.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from perdure.compiler.audit.callees import Callee, Kind
from perdure.compiler.audit.facts import Unit
from perdure.compiler.audit.types import Types
from perdure.compiler.audit.world import place_of
from perdure.compiler.roles import Role, role_of
from perdure.compiler.scopes import Function, Module, bound_names

CONSTRUCTORS = ("__new__", "__init__", "__post_init__", "__attrs_post_init__", "model_post_init")


class Units:
    """Units by their keys, each made once."""

    def __init__(self, types: Types) -> None:
        self.types = types
        self._units: dict[str, Unit] = {}
        self._roles: dict[str, Role] = {}
        self._bound: dict[str, dict[str, list[ast.stmt]]] = {}  # by module, by name

    def role(self, function: Function) -> Role:
        """Whether a function is a workflow, an activity, or neither."""
        if function.name not in self._roles:
            self._roles[function.name] = role_of(function, self.types.modules)
        return self._roles[function.name]

    def of_function(self, function: Function) -> Unit:
        """The unit that a function is."""
        module = self.types.modules.get(function.module)
        assert module is not None
        key = function.name
        return self._units.setdefault(key, Unit(key, module, function.node, function))

    def reached_by(self, found: Callee, call: ast.AST) -> Iterator[Unit]:
        """The units that a call (or a mention) leads to: none for activities."""
        if found.kind is Kind.CLASS and isinstance(call, ast.Call):
            yield from self.constructors(found.name)
            yield from self.left_out(found.name, call)
        elif found.function is not None and self.role(found.function) is not Role.ACTIVITY:
            yield self.of_function(found.function)

    def constructors(self, dotted: str) -> Iterator[Unit]:
        """The methods that making an object of a class calls."""
        for name in CONSTRUCTORS:
            if (method := self.types.classes.method(dotted, name)) is not None:
                yield self.of_function(method)

    def left_out(self, dotted: str, call: ast.Call) -> Iterator[Unit]:
        """The fields whose factories a constructor call runs, since it does not give the fields."""
        if any(k.arg is None for k in call.keywords):
            return  # **fields: nobody knows which
        given = {k.arg for k in call.keywords}
        lineage = [(m, n) for _, m, n in self.types.classes.lineage(dotted) if m and n]
        places = 0
        for module, node in reversed(lineage):  # a dataclass has the fields of its bases first
            for statement in node.body:
                if not isinstance(statement, ast.AnnAssign | ast.Assign):
                    continue
                name = field_name(statement)
                places += isinstance(statement, ast.AnnAssign)
                positional = isinstance(statement, ast.AnnAssign) and places <= len(call.args)
                if name and name not in given and not positional and factory_of(statement):
                    key = f"{module.source.module}:{node.name}.{name}"
                    yield self._units.setdefault(key, Unit(key, module, statement))

    def of_variable(self, dotted: str) -> Iterator[Unit]:
        """The top-level statements that bind a module's variable."""
        head, _, name = dotted.rpartition(".")
        module = self.types.modules.get(head)
        if module is None:
            return
        for index, statement in enumerate(self._binders(module).get(name, [])):
            key = f"{head}:{name}" + (f"#{index}" if index else "")
            yield self._units.setdefault(key, Unit(key, module, statement))

    def _binders(self, module: Module) -> dict[str, list[ast.stmt]]:
        key = module.source.module
        if key not in self._bound:
            found = self._bound[key] = {}
            definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
            imports = (ast.Import, ast.ImportFrom)
            for statement in module.source.tree.body:
                if not isinstance(statement, definitions + imports):
                    for name in bound_names(statement):
                        found.setdefault(name, []).append(statement)
        return self._bound[key]

    def wrappers(self, function: Function) -> Iterator[tuple[Unit, ast.expr]]:
        """The functions that first-party decorators put round a function.

        `@timed` runs `timed` at import; each call runs what is nested in it. `@retry(3)` runs two
        layers at import, so the wrapper stands one deeper.
        """
        modules = self.types.modules
        place = place_of(function, modules)
        for decorator in function.node.decorator_list:
            called = isinstance(decorator, ast.Call)
            bare = decorator.func if isinstance(decorator, ast.Call) else decorator
            dotted = modules.qualify(bare, place.module, place.scopes[1:])
            made_by = modules.function(dotted) if dotted else None
            if made_by is None:
                continue
            for nested in self._nested(made_by, 2 if called else 1):
                yield self.of_function(nested), decorator

    def _nested(self, function: Function, depth: int) -> Iterator[Function]:
        module = self.types.modules.get(function.module)
        assert module is not None
        prefix = f"{function.qualname}.<locals>."
        for qualname, inner in module.functions.items():
            rest = qualname.removeprefix(prefix)
            if qualname.startswith(prefix) and rest.count(".<locals>.") == depth - 1:
                yield inner


def field_name(statement: ast.AnnAssign | ast.Assign) -> str | None:
    """The name of the field that a statement of a class body declares."""
    target = statement.target if isinstance(statement, ast.AnnAssign) else statement.targets[0]
    return target.id if isinstance(target, ast.Name) else None


def factory_of(statement: ast.AnnAssign | ast.Assign) -> ast.expr | None:
    """`field(default_factory=uuid4)`, in the spellings of dataclasses, attrs and pydantic."""
    call = statement.value
    if not isinstance(call, ast.Call):
        return None
    for keyword in call.keywords:
        if keyword.arg in ("default_factory", "factory"):
            return keyword.value
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name == "Factory" and call.args:
        return call.args[0]
    inner = [k.value for k in call.keywords if k.arg == "default"]
    return factory_of(ast.Assign([], inner[0])) if inner else None
