"""What cannot be cut: suspensions in places where compiled code could not stop and go on.

In the body of a class that a function defines, and under a decorator of somebody else's. Each is
refused with its place and a way round.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from perdure.compiler.definitions import Definition
from perdure.compiler.diagnostics import Diagnostic
from perdure.compiler.roles import SUSPENDING, Role, decorator_role
from perdure.compiler.scopes import Function, Modules, annotation_exprs, defaults
from perdure.compiler.written import called_to_decorate


def refusals(
    definition: Definition, modules: Modules, suspends: Callable[[str], bool]
) -> list[Diagnostic]:
    """What in a function cannot be cut; `suspends` says of a function's name whether it does."""
    return _Refuser(definition, modules, suspends).run()


def nested_workflow(function: Function) -> Diagnostic:
    """A workflow must be found again by name."""
    return function.source.diagnostic(
        "PD116",
        function.node,
        f"the workflow {function.node.name} is defined inside another function",
        why="another process could not find it: it exists only while that function runs",
        instead="define it at module level, and pass what it uses as arguments",
    )


# Decorators of others that leave a function what it was, or are compiled themselves.
_HARMLESS = frozenset(
    {f"builtins.{n}" for n in ("staticmethod", "classmethod", "property")}
    | {"enum.property", "types.DynamicClassAttribute", "abc.abstractproperty"}
    | {"abc.abstractclassmethod", "abc.abstractstaticmethod"}
    | {f"functools.{n}" for n in ("wraps", "singledispatch", "singledispatchmethod")}
    | {f"functools.{n}" for n in ("cached_property", "cache", "lru_cache", "total_ordering")}
    | {"functools.cmp_to_key", "functools.partial"}
    | {"contextlib.contextmanager", "contextlib.asynccontextmanager", "typing.overload"}
    | {"typing.override", "typing.final", "typing.no_type_check", "abc.abstractmethod"}
    | {"types.coroutine", "warnings.deprecated", "enum.member", "enum.nonmember"}
)


class _Refuser:
    def __init__(
        self, definition: Definition, modules: Modules, suspends: Callable[[str], bool]
    ) -> None:
        module = modules.get(definition.function.module)
        assert module is not None
        self.definition = definition
        self.function = definition.function
        self.scopes = definition.scopes
        self.modules = modules
        self.module = module
        self.suspends = suspends

    def run(self) -> list[Diagnostic]:
        found: list[Diagnostic] = []
        if ast.ClassDef in self.definition.kinds:
            for node in self.definition.own:
                if isinstance(node, ast.ClassDef):
                    found += self._refuse_class_body(node)
        found += self._refuse_decorators()
        return found

    def _refuse_decorators(self) -> list[Diagnostic]:
        source, node = self.function.source, self.function.node
        return [
            source.diagnostic(
                "PD113",
                decorator,
                f"{node.name} suspends, and @{source.segment(decorator)} may replace it",
                why="what a decorator of another package returns is not compiled, so a run could "
                "not stop in what it calls",
                instead="remove the decorator, or make the decorated function an @activity",
            )
            for decorator in node.decorator_list
            if self._is_foreign(decorator)
        ]

    def _is_foreign(self, decorator: ast.expr) -> bool:
        """A decorator that is known, is not the project's, and is not known to do no harm."""
        if decorator_role(decorator, self.module, self.modules) is not Role.PLAIN:
            return False
        bare = called_to_decorate(decorator)
        dotted = self.modules.qualify(bare, self.module, self.definition.outer)
        if dotted is None or dotted in _HARMLESS:
            return False
        return self.modules.get(dotted.partition(".")[0]) is None

    def _refuse_class_body(self, node: ast.ClassDef) -> list[Diagnostic]:
        source = self.function.source
        return [
            source.diagnostic(
                "PD105",
                call,
                f"{name} suspends in the body of a class",
                why="a class body runs as a whole to make the class",
                instead="call it before the class and use its value; methods may suspend",
            )
            for statement in node.body
            for call in _at_once(statement)
            if isinstance(call, ast.Call) and (name := self._suspending_name(call))
        ]

    def _suspending_name(self, call: ast.Call) -> str | None:
        """The name of what `call` leads to, if that certainly suspends."""
        dotted = self.modules.qualify(call.func, self.module, self.scopes)
        if dotted is None:
            return None
        known = self.modules.function(dotted)
        if dotted in SUSPENDING:
            return dotted
        return known.qualname if known is not None and self.suspends(known.name) else None


def _at_once(statement: ast.stmt) -> Iterator[ast.AST]:
    """What of a class body's statement runs when the class is made."""
    stack: list[ast.AST] = [statement]
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            stack += [*node.decorator_list, *defaults(node.args), *annotation_exprs(node)]
        elif isinstance(node, ast.Lambda):
            stack += defaults(node.args)
        else:
            stack += ast.iter_child_nodes(node)
