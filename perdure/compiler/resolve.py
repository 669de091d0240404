"""Pass 1, resolve: say of every call what it is, and find the functions that must be compiled.

A function is *durable* when it reaches a suspension: it calls an activity, `perdure.sleep`, or
another durable function. The answer is static, over the project's own modules:

* a name that leads to an activity or to a durable function: the call suspends;
* a method call: by name over the durable methods of the program (class-hierarchy analysis), so it
  *may* suspend; the receiver's type decides at run time;
* a local variable or the result of an expression as callee: may suspend, known at run time;
* everything else (builtins, other packages, plain functions of the project): a plain call.

`maybe` calls are compiled so that they work either way, so resolution is only an optimization.

What suspends in a place the compiler cannot cut is refused, with its place (see refuse.py).
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from perdure.compiler import language, refuse
from perdure.compiler.core import SiteKind
from perdure.compiler.diagnostics import CompileError, Diagnostic, TargetError
from perdure.compiler.roles import SUSPENDING, Role, role_of
from perdure.compiler.scopes import Function, Module, Modules, Scope, analyse, own_nodes


@dataclass
class Resolved:
    """A durable function and what each call in it is."""

    function: Function
    scope: Scope
    sites: dict[ast.Call, SiteKind]


@dataclass
class Program:
    """The workflow, the functions to compile with it, and the modules it reaches."""

    entry: Function
    modules: list[Module]
    functions: dict[str, Resolved]  # by Function.name, in the order in which they were reached
    activities: dict[str, Function] = field(default_factory=dict)  # by Function.name


@dataclass
class _Facts:
    """What one function's own text says, before anything is known of the others."""

    function: Function
    scope: Scope
    role: Role
    known: list[tuple[ast.Call, Function]]  # calls that lead to a function of the program
    timers: list[ast.Call]
    methods: list[tuple[ast.Call, str]]  # calls of an attribute of something unknown
    unknown: list[ast.Call]
    mentioned: list[Function]  # functions of the program used as values, to be called elsewhere


def resolve(modules: Modules, entry: Function) -> Program:
    """Resolve the program that starts at `entry`; raise `CompileError` for what cannot be cut."""
    return _Resolver(modules, entry).run()


def find_workflow(modules: Modules, module: str, name: str) -> Function:
    """The workflow `name` in `module`; raise `TargetError` saying what is there instead."""
    found = modules.get(module)
    if found is None:
        raise TargetError(f"there is no module {module} under {modules.project.root}")
    function = found.functions.get(name)
    workflows = sorted(
        f.qualname for f in found.functions.values() if role_of(f, modules) is Role.WORKFLOW
    )
    have = f"its workflows are: {', '.join(workflows)}" if workflows else "it has no workflow"
    path = found.source.path
    if function is None:
        raise TargetError(f"{path} defines no function {name!r}; {have}")
    role = role_of(function, modules)
    if role is Role.ACTIVITY:
        raise TargetError(
            f"{path}:{function.node.lineno}: {name!r} is an activity, not a workflow; {have}"
        )
    if role is Role.PLAIN:
        raise TargetError(
            f"{path}:{function.node.lineno}: {name!r} is a plain function: "
            f"mark it with @workflow (from perdure import workflow); {have}"
        )
    if "<locals>" in name:
        raise CompileError([refuse.nested_workflow(function)])
    return function


class _Resolver:
    """Facts of every function in reach, then a fixpoint over who reaches a suspension."""

    def __init__(self, modules: Modules, entry: Function) -> None:
        self.modules = modules
        self.entry = entry
        self.closure = modules.closure(entry.module)
        self.reached = {module.source.module: module for module in self.closure}
        self.facts: dict[str, _Facts] = {}
        self.durable: set[str] = set()
        self.maybe: set[str] = set()
        self.diagnostics: list[Diagnostic] = []

    def run(self) -> Program:
        for function in self._candidates():
            self.facts[function.name] = self._read(function)
        self._fixpoint()
        reached = self._reachable()
        for name in reached:
            function = self.facts[name].function
            self.diagnostics += language.check(function)
            self.diagnostics += self._refusals(self.facts[name])
        if self.diagnostics:
            raise CompileError(self.diagnostics)
        methods = self._suspending_methods()
        functions = {name: self._resolved(self.facts[name], methods) for name in reached}
        activities = {
            f.name: f
            for f in (fact.function for fact in self.facts.values())
            if self.facts[f.name].role is Role.ACTIVITY
        }
        return Program(self.entry, self.closure, functions, activities)

    def _candidates(self) -> Iterator[Function]:
        for module in self.closure:
            for function in module.functions.values():
                if "<locals>" not in function.qualname:
                    yield function

    def _read(self, function: Function) -> _Facts:
        scope = analyse(function.node, function.source)
        role = role_of(function, self.modules)
        facts = _Facts(function, scope, role, [], [], [], [], [])
        if role is not Role.ACTIVITY:
            every = list(own_nodes(function.node))
            for call in every:
                if isinstance(call, ast.Call):
                    self._classify(call, facts)
            module = self.modules.get(function.module)
            assert module is not None
            facts.mentioned = self._mentions(every, module, [scope])
        return facts

    def _mentions(
        self, nodes: Iterable[ast.AST], module: Module, scopes: list[Scope]
    ) -> list[Function]:
        """Functions of the program that `nodes` use other than by calling them."""
        called = set()
        found: list[Function] = []
        for node in nodes:
            if isinstance(node, ast.Call):
                called.add(node.func)
            if not isinstance(node, ast.Name | ast.Attribute) or node in called:
                continue
            dotted = self.modules.qualify(node, module, scopes)
            known = self.modules.function(dotted) if dotted else None
            if known is not None:
                found.append(known)
        return found

    def _table_mentions(self) -> list[Function]:
        """Functions that module-level code puts into tables and the like."""
        found: list[Function] = []
        for module in self.closure:
            for statement in module.source.tree.body:
                if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                    found += self._mentions(ast.walk(statement), module, [])
        return found

    def _classify(self, call: ast.Call, facts: _Facts) -> None:
        module = self.modules.get(facts.function.module)
        assert module is not None
        dotted = self.modules.qualify(call.func, module, [facts.scope])
        if dotted is None:
            self._classify_unknown(call, facts)
        elif dotted in SUSPENDING:
            facts.timers.append(call)
        elif (known := self.modules.function(dotted)) is not None:
            facts.known.append((call, known))
        elif isinstance(call.func, ast.Attribute) and self._is_value(dotted):
            facts.methods.append((call, call.func.attr))
        elif isinstance(call.func, ast.Name) and self._is_variable(dotted):
            facts.unknown.append(call)

    def _classify_unknown(self, call: ast.Call, facts: _Facts) -> None:
        callee = call.func
        if isinstance(callee, ast.Attribute):
            facts.methods.append((call, callee.attr))
        elif isinstance(callee, ast.Name):
            if not self._is_nested_function(callee.id, facts.scope):
                facts.unknown.append(call)
        elif not isinstance(callee, ast.Lambda):
            facts.unknown.append(call)

    def _is_value(self, dotted: str) -> bool:
        """Whether `dotted` is an attribute of a first-party module-level object (not a module)."""
        head = dotted.rpartition(".")[0]
        if self.modules.get(head) is not None:
            return False
        module, _, name = head.rpartition(".")
        found = self.reached.get(module)
        return found is not None and name in found.bound and name not in found.classes

    def _is_variable(self, dotted: str) -> bool:
        """Whether `dotted` is a first-party module-level variable: it may hold any callable."""
        module, _, name = dotted.rpartition(".")
        found = self.reached.get(module)
        defined = found is not None and (name in found.classes or name in found.functions)
        return found is not None and name in found.bound and not defined

    @staticmethod
    def _is_nested_function(name: str, scope: Scope) -> bool:
        """Whether a local name is only ever bound by one nested `def` or `class`."""
        nested = [
            c
            for c in scope.children
            if isinstance(c.node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            and c.node.name == name
        ]
        return len(nested) == 1 and scope.bindings.get(name) == 1

    def _fixpoint(self) -> None:
        """Grow `durable` and `maybe` until nothing changes; both only ever grow."""
        for name, facts in self.facts.items():
            if facts.role is Role.WORKFLOW or (facts.timers and facts.role is Role.PLAIN):
                self.durable.add(name)
        changed = True
        while changed:
            names = self._suspending_methods()
            before = len(self.durable), len(self.maybe)
            for name, facts in self.facts.items():
                self._grow(name, facts, names)
            changed = (len(self.durable), len(self.maybe)) != before

    def _grow(self, name: str, facts: _Facts, methods: set[str]) -> None:
        if facts.role is not Role.PLAIN:
            return
        callees = [known.name for _, known in facts.known]
        if any(self._suspends(callee) for callee in callees):
            self.durable.add(name)
            return
        if any(self._own_method_suspends(call, facts) for call, _ in facts.methods):
            self.durable.add(name)
            return
        called = any(attribute in methods for _, attribute in facts.methods)
        uncertain = called or facts.unknown or any(c in self.maybe for c in callees)
        if uncertain and name not in self.maybe and self._can_compile(facts):
            self.maybe.add(name)

    def _own_method_suspends(self, call: ast.Call, facts: _Facts) -> bool:
        """Whether `self.method()` leads to a method of the same class that suspends."""
        owner, callee = facts.function.owner, call.func
        if owner is None or not isinstance(callee, ast.Attribute):
            return False
        first = facts.function.node.args.posonlyargs + facts.function.node.args.args
        if not first or not isinstance(callee.value, ast.Name) or callee.value.id != first[0].arg:
            return False
        return self._suspends(f"{facts.function.module}:{owner}.{callee.attr}")

    def _can_compile(self, facts: _Facts) -> bool:
        """Whether a function that only may suspend can be compiled; if not it stays plain."""
        return not language.check(facts.function) and not self._refusals(facts)

    def _refusals(self, facts: _Facts) -> list[Diagnostic]:
        return refuse.refusals(facts.function, facts.scope, self.modules, self._suspends)

    def _suspends(self, name: str) -> bool:
        facts = self.facts.get(name)
        return name in self.durable or (facts is not None and facts.role is Role.ACTIVITY)

    def _suspending_methods(self) -> set[str]:
        """Names of methods that suspend: whoever calls such a name may suspend."""
        return {
            facts.function.node.name
            for name, facts in self.facts.items()
            if facts.function.owner is not None and self._suspends(name)
        }

    def _reachable(self) -> list[str]:
        """Durable functions that the entry may call, in the order of their first mention."""
        methods = self._suspending_methods()
        named: dict[str, list[str]] = {}
        for name, facts in self.facts.items():
            named.setdefault(facts.function.node.name, []).append(name)
        rank = {name: number for number, name in enumerate(self.facts)}
        seen: dict[str, None] = {}
        queue = [self.entry.name]
        tables_added = False
        while queue:
            name = queue.pop(0)
            if name in seen or not (name in self.durable or name in self.maybe):
                continue
            seen[name] = None
            facts = self.facts[name]
            queue += [known.name for _, known in facts.known]
            called = {attribute for _, attribute in facts.methods} & methods
            queue += sorted(
                (n for attribute in called for n in named[attribute]), key=rank.__getitem__
            )
            queue += [known.name for known in facts.mentioned]
            if not tables_added and facts.unknown:
                # What is called may come out of a table of the module.
                tables_added = True
                queue += [known.name for known in self._table_mentions()]
        return list(seen)

    def _resolved(self, facts: _Facts, methods: set[str]) -> Resolved:
        sites: dict[ast.Call, SiteKind] = {}
        for call, known in facts.known:
            name = known.name
            if name in self.facts and self.facts[name].role is Role.ACTIVITY:
                sites[call] = SiteKind.ACTIVITY
            elif name in self.durable:
                sites[call] = SiteKind.DURABLE
            elif name in self.maybe:
                sites[call] = SiteKind.DYNAMIC
        sites |= dict.fromkeys(facts.timers, SiteKind.TIMER)
        sites |= {c: SiteKind.DYNAMIC for c, attribute in facts.methods if attribute in methods}
        sites |= dict.fromkeys(facts.unknown, SiteKind.DYNAMIC)
        return Resolved(facts.function, facts.scope, sites)
