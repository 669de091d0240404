"""The project's classes: their bases, their methods, what stands in their bodies.

Linearization is depth first, left to right, which gives Python's order for all but diamonds.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from perdure.compiler.audit.bindings import Binding, own_nodes
from perdure.compiler.audit.world import AuditModules, Place, place_of
from perdure.compiler.scopes import Function, Module

# Decorators that leave the function what it is, for a caller.
_TRANSPARENT = frozenset({
    "builtins.staticmethod", "builtins.classmethod", "builtins.property", "functools.cache",
    "functools.lru_cache", "functools.cached_property", "functools.wraps", "abc.abstractmethod",
    "typing.override", "typing_extensions.override", "typing.overload", "typing.final",
    "functools.singledispatch", "perdure.activity", "perdure.workflow",
})  # fmt: skip
_PROPERTIES = frozenset({"builtins.property", "functools.cached_property", "abc.abstractproperty"})
_OF_THE_CLASS = frozenset({"__new__", "__init_subclass__", "__class_getitem__"})

Fields = dict[str, list[tuple[Binding, Place]]]


class Classes:
    """Questions about first-party classes, by dotted name."""

    def __init__(self, modules: AuditModules) -> None:
        self.modules = modules
        self._fields: dict[str, Fields] = {}
        self._at: dict[str, dict[ast.AST, Function]] = {}

    def lineage(self, dotted: str) -> Iterator[tuple[str, Module | None, ast.ClassDef | None]]:
        """The class and its bases, nearest first; those of other packages without a node."""
        stack, seen = [dotted], set[str]()
        while stack:
            name = stack.pop()
            if name in seen:
                continue
            seen.add(name)
            found = self.modules.class_of(name)
            if found is None:
                yield name, None, None
                continue
            module, _, node = found
            yield name, module, node
            place = Place(module, self.modules.scopes(module, node)[1:])
            bases = [self.modules.qualify(_bare(b), module, place.scopes) for b in node.bases]
            stack += [b for b in reversed(bases) if b]

    def method(self, dotted: str, name: str, *, after: str | None = None) -> Function | None:
        """The method a class has under a name; `after` starts behind that class, as super()."""
        waiting = after is not None
        for class_name, module, _ in self.lineage(dotted):
            if waiting:
                waiting = class_name != after
                continue
            if module is not None:
                qualname = class_name[len(module.source.module) + 1 :]
                if (method := module.functions.get(f"{qualname}.{name}")) is not None:
                    return method
        return None

    def function_at(self, module: Module, node: ast.AST) -> Function | None:
        """The function that a `def` is."""
        name = module.source.module
        if name not in self._at:
            self._at[name] = {f.node: f for f in module.functions.values()}
        return self._at[name].get(node)

    def decorators(self, function: Function) -> list[str]:
        """The dotted names of a function's decorators; "?" for those that are not known."""
        place = place_of(function, self.modules)
        outer = place.scopes[1:]
        bare = [d.func if isinstance(d, ast.Call) else d for d in function.node.decorator_list]
        return [self.modules.qualify(d, place.module, outer) or "?" for d in bare]

    def is_property(self, function: Function) -> bool:
        """Whether reading the attribute calls the function."""
        return any(d in _PROPERTIES for d in self.decorators(function))

    def is_plain(self, function: Function) -> bool:
        """Whether a call of the name gives what the body returns."""
        return all(d in _TRANSPARENT for d in self.decorators(function))

    def receives(self, function: Function) -> str | None:
        """What the first parameter of a function is: "instance", "class", or None."""
        if function.owner is None:
            return None
        names = self.decorators(function)
        if "builtins.staticmethod" in names:
            return None
        if "builtins.classmethod" in names or function.node.name in _OF_THE_CLASS:
            return "class"
        return "instance"

    def fields(self, dotted: str) -> Fields:
        """The attributes that a class sets, in its body and through `self` in its methods."""
        if dotted not in self._fields:
            found: Fields = {}
            place = self._body_place(dotted)
            if place is not None:
                module, qualname, node = place
                self._from_body(found, module, node)
                for name, method in module.functions.items():
                    if method.owner == qualname and name == f"{qualname}.{method.node.name}":
                        self._from_method(found, method)
            self._fields[dotted] = found
        return self._fields[dotted]

    def _body_place(self, dotted: str) -> tuple[Module, str, ast.ClassDef] | None:
        return self.modules.class_of(dotted)

    def _from_body(self, found: Fields, module: Module, node: ast.ClassDef) -> None:
        place = Place(module, self.modules.scopes(module, node))
        for statement in node.body:
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                binding = Binding("annotation", statement.annotation)
                found.setdefault(statement.target.id, []).append((binding, place))
            elif isinstance(statement, ast.Assign):
                for target in statement.targets:
                    if isinstance(target, ast.Name):
                        binding = Binding("value", statement.value)
                        found.setdefault(target.id, []).append((binding, place))

    def _from_method(self, found: Fields, method: Function) -> None:
        args = [*method.node.args.posonlyargs, *method.node.args.args]
        if not args:
            return
        place = place_of(method, self.modules)
        for node in own_nodes(method.node):
            match node:
                case ast.Assign():
                    pairs = [(t, Binding("value", node.value)) for t in node.targets]
                case ast.AnnAssign():
                    pairs = [(node.target, Binding("annotation", node.annotation))]
                case _:
                    continue
            for target, binding in pairs:
                if isinstance(target, ast.Attribute) and is_name(target.value, args[0].arg):
                    found.setdefault(target.attr, []).append((binding, place))


def is_name(expr: ast.expr, name: str) -> bool:
    """Whether an expression is just that name."""
    return isinstance(expr, ast.Name) and expr.id == name


def _bare(base: ast.expr) -> ast.expr:
    """`Repository[Order]` as a base is `Repository`."""
    return base.value if isinstance(base, ast.Subscript) else base
