"""What cannot be cut: suspensions in places where compiled code could not stop and go on.

Inside a lambda, a nested function, a class body, a generator expression, a guard of `match`; in a
constructor; an activity handed to code that is not compiled (`map`, `sorted(key=…)`); and what
reads or replaces a function's own frame. Each is refused with its place and a way round.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from perdure.compiler.diagnostics import Diagnostic
from perdure.compiler.roles import SUSPENDING, Role, decorator_role
from perdure.compiler.scopes import (
    SCOPES,
    Function,
    Module,
    Modules,
    Scope,
    defaults,
    own_nodes,
)
from perdure.compiler.trees import children


def refusals(
    function: Function, scope: Scope, modules: Modules, suspends: Callable[[str], bool]
) -> list[Diagnostic]:
    """What in `function` cannot be cut; `suspends` says of a function's name whether it does."""
    return _Refuser(function, scope, modules, suspends).run()


def nested_workflow(function: Function) -> Diagnostic:
    """A workflow must be found again by name."""
    return function.source.diagnostic(
        "PD116",
        function.node,
        f"the workflow {function.node.name} is defined inside another function",
        why="another process could not find it: it exists only while that function runs",
        instead="define it at module level, and pass what it uses as arguments",
    )


# Functions that call what they are given.
_CALLS_BACK = frozenset(
    {f"builtins.{n}" for n in ("map", "filter", "sorted", "min", "max")}
    | {"functools.reduce", "itertools.starmap", "itertools.takewhile"}
    | {"itertools.dropwhile", "itertools.accumulate", "itertools.groupby", "itertools.filterfalse"}
)
_FRAME_READERS = frozenset(
    {"builtins.locals", "builtins.vars", "builtins.dir", "builtins.exec", "builtins.eval"}
)
_ALWAYS_READERS = frozenset({"builtins.exec", "builtins.eval"})


class _Refuser:
    def __init__(
        self,
        function: Function,
        scope: Scope,
        modules: Modules,
        suspends: Callable[[str], bool],
    ) -> None:
        module = modules.get(function.module)
        assert module is not None
        self.function = function
        self.scope = scope
        self.modules = modules
        self.module = module
        self.suspends = suspends

    def run(self) -> list[Diagnostic]:
        found: list[Diagnostic] = []
        for node in own_nodes(self.function.node):
            if isinstance(node, SCOPES) and not isinstance(
                node, ast.ListComp | ast.SetComp | ast.DictComp
            ):
                found += self._refuse_nested(node)
            elif isinstance(node, ast.Call):
                found += self._refuse_call(node)
            elif isinstance(node, ast.Name) and node.id == "__class__":
                found.append(self._super(node))
            elif isinstance(node, ast.match_case) and node.guard is not None:
                found += self._refuse_guard(node.guard)
        found += self._refuse_decorators()
        return found

    def _refuse_decorators(self) -> list[Diagnostic]:
        source, node = self.function.source, self.function.node
        known = {"builtins.staticmethod", "builtins.classmethod"}
        return [
            source.diagnostic(
                "PD113",
                decorator,
                f"{node.name} suspends, and @{source.segment(decorator)} may replace it",
                why="what a decorator returns is only known when the program runs; the compiled "
                "function would go past it",
                instead="remove the decorator, or make the decorated function an @activity",
            )
            for decorator in node.decorator_list
            if decorator_role(decorator, self.module, self.modules) is Role.PLAIN
            and self.modules.qualify(decorator, self.module) not in known
        ]

    def _refuse_nested(self, node: ast.AST) -> list[Diagnostic]:
        found = []
        for call in _later(node):
            if isinstance(call, ast.Call) and (name := self._suspending_name(call)):
                found.append(self._nested(node, call, name))
        return found

    def _nested(self, node: ast.AST, call: ast.Call, name: str) -> Diagnostic:
        source = self.function.source
        if isinstance(node, ast.GeneratorExp):
            return source.diagnostic(
                "PD104",
                call,
                f"{name} suspends inside a generator expression",
                why="a generator's frame cannot be kept in a checkpoint",
                instead="use a list comprehension ([…] instead of (…)) or a for loop",
            )
        if isinstance(node, ast.ClassDef):
            return source.diagnostic(
                "PD105",
                call,
                f"{name} suspends inside a class that is defined in a workflow",
                why="a class body runs as a whole to make the class",
                instead="define the class at module level; its methods may suspend there",
            )
        kind = "a lambda" if isinstance(node, ast.Lambda) else "a nested function"
        return source.diagnostic(
            "PD103",
            call,
            f"{name} suspends inside {kind}",
            why="functions defined inside a workflow run as they were written and cannot stop",
            instead="move it to a function at module level and pass what it needs as arguments",
        )

    def _refuse_guard(self, guard: ast.expr) -> list[Diagnostic]:
        return [
            self.function.source.diagnostic(
                "PD107",
                call,
                f"{name} suspends inside a guard of `match`",
                why="the match would have to be taken up again between two patterns",
                instead="call it before the match, or use if/elif",
            )
            for call in ast.walk(guard)
            if isinstance(call, ast.Call) and (name := self._suspending_name(call))
        ]

    def _refuse_call(self, call: ast.Call) -> list[Diagnostic]:
        source = self.function.source
        dotted = self.modules.qualify(call.func, self.module, [self.scope]) or ""
        found: list[Diagnostic] = []
        if dotted in _FRAME_READERS and (
            not (call.args or call.keywords) or dotted in _ALWAYS_READERS
        ):
            name = dotted.rpartition(".")[2]
            found.append(
                source.diagnostic(
                    "PD109",
                    call,
                    f"{name}() in a function that suspends",
                    why="it reads or runs in the function's own frame, and a compiled function "
                    "has a different frame in each block",
                    instead="name the variables you need, or call it in a function of its own",
                )
            )
        if dotted == "builtins.super" and not call.args:
            found.append(self._super(call))
        if (constructed := self.modules.class_of(dotted)) is not None:
            found += self._refuse_constructor(constructed)
        if self._is_foreign(dotted):
            for value in [*call.args, *(k.value for k in call.keywords)]:
                found += self._refuse_value(value, dotted)
        return found

    def _super(self, node: ast.AST) -> Diagnostic:
        return self.function.source.diagnostic(
            "PD108",
            node,
            "super() without arguments in a method that suspends is not compiled yet",
            why="it depends on a hidden variable of the class body that a block does not have",
            instead="name the class: super(ClassName, self).method(…)",
        )

    def _refuse_constructor(self, found: tuple[Module, str, ast.ClassDef]) -> list[Diagnostic]:
        module, qualname, _ = found
        init = module.functions.get(f"{qualname}.__init__")
        if init is None or not self.suspends(init.name):
            return []
        return [
            init.source.diagnostic(
                "PD112",
                init.node,
                f"{qualname}.__init__ suspends",
                why="Python itself calls __init__ while it makes the object",
                instead="give the class a method, or write a function, that makes the object and "
                "then calls the activity",
            )
        ]

    def _is_foreign(self, dotted: str) -> bool:
        """A callee that is known and is not code of the project."""
        if not dotted or dotted.startswith("perdure."):
            return False
        if dotted.startswith("builtins."):
            return dotted in _CALLS_BACK
        return self.modules.get(dotted.partition(".")[0]) is None and dotted in _CALLS_BACK

    def _refuse_value(self, value: ast.expr, callee: str) -> list[Diagnostic]:
        dotted = self.modules.qualify(value, self.module, [self.scope])
        known = self.modules.function(dotted) if dotted else None
        if known is None or not self.suspends(known.name):
            return []
        name = callee.removeprefix("builtins.")
        return [
            self.function.source.diagnostic(
                "PD110",
                value,
                f"{known.qualname} suspends, and {name}() would call it",
                why=f"{name} is not compiled, so a run could not stop inside it",
                instead=f"call {known.qualname} in a loop or a list comprehension",
            )
        ]

    def _suspending_name(self, call: ast.Call) -> str | None:
        """The name of what `call` leads to, if that certainly suspends."""
        dotted = self.modules.qualify(call.func, self.module, [self.scope])
        if dotted is None:
            return None
        known = self.modules.function(dotted)
        if dotted in SUSPENDING:
            return dotted
        return known.qualname if known is not None and self.suspends(known.name) else None


def _later(node: ast.AST) -> Iterator[ast.AST]:
    """What runs when a nested scope runs: all of it but what is evaluated where it is made."""
    now: list[ast.AST] = []
    if isinstance(node, ast.GeneratorExp):
        now = [node.generators[0].iter]
    elif isinstance(node, ast.Lambda):
        now = list(defaults(node.args))
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        now = [*node.decorator_list, *defaults(node.args)]
    elif isinstance(node, ast.ClassDef):
        now = [*node.decorator_list, *node.bases, *(k.value for k in node.keywords)]
    stack = [child for child in children(node) if child not in now]
    while stack:
        here = stack.pop()
        if here in now:
            continue
        yield here
        stack += children(here)
