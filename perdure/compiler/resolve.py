"""Pass 1, resolve: say of every call what it is, and find the functions that must be compiled.

A function is *durable* when it reaches a suspension: it calls an activity, `perdure.sleep`, or
another durable function. The answer is static, over the project's own modules, functions inside
functions and lambdas included:

* a name that leads to an activity or to a durable function: the call suspends;
* a method call: by name over the durable methods of the program (class-hierarchy analysis), so it
  *may* suspend; the receiver's type decides at run time;
* a local variable or the result of an expression as callee: may suspend, known at run time;
* everything else (builtins, other packages, plain functions of the project): a plain call.

`maybe` calls are compiled so that they work either way, so resolution is only an optimization.
A generator, and a coroutine, that may live across a suspension is compiled as well, whether or not
it suspends itself: Python's own cannot be kept. One that its maker uses up in place is no reason to
compile either.

What suspends in a place the compiler cannot cut is refused, with its place (see refuse.py).
"""

from __future__ import annotations

import ast
import functools
import re
from dataclasses import dataclass, field

from perdure.compiler import language, library, operators, refuse
from perdure.compiler.core import SiteKind
from perdure.compiler.definitions import Definition, Kind
from perdure.compiler.diagnostics import CompileError, Diagnostic
from perdure.compiler.given import PERHAPS, YES, Given
from perdure.compiler.lending import Lending
from perdure.compiler.lookups import Ends
from perdure.compiler.making import MAKING
from perdure.compiler.reading import Facts
from perdure.compiler.roles import Role
from perdure.compiler.scopes import COMPREHENSIONS, Function, Module, Modules
from perdure.compiler.sites import in_place

# Methods that Python calls where nobody names them, and that the program calls in its stead.
_CALLED_BY_SYNTAX = frozenset(
    "__new__ __init__ __post_init__ __call__ __enter__ __exit__ __aenter__ __aexit__"
    " __iter__ __next__ __aiter__ __anext__ __await__".split()
)
_CACHING = re.compile(r"^(?!\s*@).*\b(?:lru_)?cache\(", re.MULTILINE)
_ENTERING = frozenset({"__enter__", "__exit__"})
# By which loops go over an object.
_GOING_OVER = frozenset({"__iter__", "__next__", "__getitem__", *library.LENGTHS})
# Methods that class statements call; functions that they define may be put into the class.
_CALLED_BY_CLASSES = frozenset({"__init_subclass__", "__set_name__", "__class_getitem__"})


@dataclass
class Resolved:
    """A durable function and what each call (or await, yield, …) in it is."""

    definition: Definition
    sites: dict[ast.AST, SiteKind]
    special_methods: frozenset[str] = frozenset()  # of the program, those that may suspend
    meeting: frozenset[ast.AST] = frozenset()  # calls that suspend if one of their arguments does
    operations: frozenset[ast.AST] = frozenset()  # that suspend if a special method does
    tested: frozenset[ast.AST] = frozenset()  # expressions whose `__bool__` may suspend
    decorating: dict[ast.AST, list[ast.Call]] = field(default_factory=dict)  # see reading.py
    beginning: frozenset[str] = frozenset()  # `__iter__`, `__await__` …: may suspend in the call
    holding: tuple[str, ...] = ()  # variables that hold a generator whose end suspends
    lends: bool = False  # whether the program has such generators


@dataclass
class Program:
    """The workflow, the functions to compile with it, and the modules it reaches."""

    entry: Function
    modules: list[Module]
    functions: dict[str, Resolved]  # by Definition.name, in the order in which they were reached
    activities: dict[str, Function] = field(default_factory=dict)  # by Function.name
    suspending: frozenset[str] = frozenset()  # of `functions`, those inside which a run may stop
    methods: frozenset[str] = frozenset()  # names of methods and properties that may suspend


def resolve(modules: Modules, entry: Function) -> Program:
    """Resolve the program that starts at `entry`; raise `CompileError` for what cannot be cut."""
    return _Resolver(modules, entry).run()


def _clashes(made: Definition, facts: Facts) -> bool:
    """Whether a comprehension has a variable of a name that the function around it has too.

    In a block the function's may be a cell of another function, and Python 3.12 and 3.13 inline the
    comprehension and overwrite that cell where functions share the comprehension's variable.
    """
    around = facts.definition
    return bool(made.scope.locals & (around.scope.locals | set(around.free)))


def _looks_elsewhere(node: ast.AST) -> bool:
    """Whether it is a subscript of something, but for `self[name]`."""
    if not isinstance(node, ast.Subscript) or not isinstance(node.ctx, ast.Load):
        return False
    return not isinstance(node.value, ast.Name)


def _gives_found(own: list[ast.AST]) -> bool:
    """Whether what a `__getattr__` gives is something that it finds: in a table, by a call, a loop.

    To ask another object for its attribute of that name gives what is known by it.
    """
    given = [n.value for n in own if isinstance(n, ast.Return) and n.value is not None]
    if all(isinstance(value, ast.Constant) or _passes_on(value) for value in given):
        return False
    return any(
        (isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load))
        or (isinstance(node, ast.Call) and not _passes_on(node))
        or isinstance(node, ast.For)
        for node in own
    )


def _passes_on(value: ast.AST) -> bool:
    match value:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name in _PASSING_ON
    return False


_PASSING_ON = frozenset(
    "getattr hasattr super type isinstance repr AttributeError KeyError __getattribute__"
    " __getattr__ startswith endswith format".split()
)


def _is_wanted(name: str, wanted: set[Ends]) -> bool:
    """Whether a name begins and ends as one of those that are looked up.

    Special methods are found by the operations that call them, unless they are named in full.
    """
    if name.startswith("__"):
        return (name, name) in wanted
    return any(name.startswith(begin) and name.endswith(end) for begin, end in wanted)


class _Resolver(Given):
    """Facts of every function in reach, then a fixpoint over who reaches a suspension."""

    def __init__(self, modules: Modules, entry: Function) -> None:
        super().__init__(modules, entry)
        self.answers = False  # some `__getattr__` of the program gives what suspends
        self.resolved: dict[str, Resolved] = {}
        self.diagnostics: list[Diagnostic] = []
        self._compilable: dict[str, bool] = {}
        self.lending = Lending({}, {}, bool)

    def run(self) -> Program:
        self._collect()
        self._fixpoint()
        reached = self._reachable()
        for name in reached:
            self.diagnostics += language.check(self.facts[name].definition)
            self.diagnostics += self._refusals(self.facts[name])
        if self.diagnostics:
            raise CompileError(self.diagnostics)
        functions = {name: self.resolved[name] for name in reached}
        activities = {
            name: facts.definition.function
            for name, facts in self.facts.items()
            if facts.role is Role.ACTIVITY
        }
        own = [module for module in self.closure if not module.source.is_foreign]
        return Program(
            self.entry,
            own,
            functions,
            activities,
            frozenset(self.stopping),
            frozenset(self._suspending_methods() | self.behind),
        )

    def _found_by_name(self, wanted: set[Ends]) -> list[str]:
        """Functions and methods that suspend and are looked up: `getattr(order, "ship")()`."""
        return [
            name
            for name, facts in self.facts.items()
            if not facts.definition.is_nested
            and not facts.module.source.is_library
            and self._leads_to_compiled(facts.definition)
            and _is_wanted(facts.definition.node.name, wanted)
            and self._can_compile(facts)
        ]

    def _leads_to_compiled(self, definition: Definition) -> bool:
        """Whether a function is compiled, or one that it makes is."""
        return self._compiled(definition.name) or any(
            map(self._leads_to_compiled, definition.nested)
        )

    # Who suspends -----------------------------------------------------------------------------

    def _fixpoint(self) -> None:
        """Grow `durable` and `maybe` until nothing changes; both only ever grow."""
        for name, facts in self.facts.items():
            if facts.role is Role.WORKFLOW or (facts.timers and facts.role is Role.PLAIN):
                self.durable.add(name)
        changed = True
        while changed:
            names = self._suspending_methods()
            if not self.answers and any(self._gives(name, names) for name in self.answering):
                self.answers = True
                for facts in self.facts.values():
                    facts.unknown += facts.answered
            self.behind = self._methods_behind()
            self.in_a_run |= self._behind_decorators()
            for name in sorted(self.in_a_run):
                self._use(name)
            if not self.behind.isdisjoint(library.LENGTHS):
                made = map(library.full_name, library.METHODS_OF)
                self._take([m for n in made if n in self.maybe for m in self._methods_made(n)])
            before = len(self.durable), len(self.maybe), len(self.stopping)
            for name, facts in list(self.facts.items()):
                self._grow(name, facts, names)
                for call, dotted in facts.stand_ins:
                    used = facts.module.source.module not in library.MODULES or name in self.maybe
                    if used and self._meets(call, facts):
                        for stand_in in self._stand_ins(call, dotted, facts):
                            self._use(stand_in)
                        if dotted == "update" and self.has_counters:
                            self.in_a_run.add("count_")
                            self._use("count_")
                for stand_in in self._operating(facts):
                    self._use(stand_in)
            self._find_iterators(names)
            self.escapes = self.escapes or self._any_escapes()
            if self.iterates:
                self.in_a_run |= self.types_given
                for name in library.GOING_OVER:
                    self._use(name)
            if self.methods.keys() & {"__aiter__", "__anext__"} and any(
                map(self._begins, ("__anext__", "__await__"))
            ):
                self.in_a_run |= library.NEXT_OF
                for name in library.NEXT_OF:
                    self._use(name)
            if MAKING & names:
                for name in self._making():
                    self._use(name)
            changed = (len(self.durable), len(self.maybe), len(self.stopping)) != before

    def _gives(self, name: str, methods: set[str]) -> bool:
        """Whether what a `__getattr__` gives may suspend when it is called.

        One that passes on an attribute of the same name gives a method that is known by that name;
        one that looks into itself gives what has been stored. What it finds in a table are values,
        unless the program has functions in tables.
        """
        facts = self.facts[name]
        if facts.module.source.is_foreign:
            return False
        return (
            any(self._compiled(nested.name) for nested in facts.definition.nested)
            or any(self._suspends(m.name) or m.name in self.maybe for m in facts.mentioned)
            or any(attribute.attr in methods for attribute in facts.attributes)
            or ("__call__" in methods and bool(facts.constructed or facts.unknown))
            or (any(map(_looks_elsewhere, facts.definition.own)) and self._has_in_tables())
            or (self.escapes and _gives_found(facts.definition.own))
        )

    def _has_in_tables(self) -> bool:
        """Whether tables of modules and classes hold functions that suspend."""
        return any(
            self._suspends(known.name) or known.name in self.maybe
            for known in self.in_tables
            if self.facts[known.name].role is not Role.WORKFLOW
        )

    def _behind_decorators(self) -> set[str]:
        """The stand-ins for what decorators of functools do around functions that suspend."""
        found = set()
        for name in self.decorated:
            facts = self.facts[name]
            wrapped = self.escapes and self._is_replaced(facts.definition)
            if self._compiled(name) or facts.role is Role.ACTIVITY or wrapped:
                found |= set(self.decorated[name])
        if self.escapes and self._makes_caches:
            found.add("cached_call")
        return found

    @functools.cached_property
    def _makes_caches(self) -> bool:
        """Whether the program calls `functools.cache` or `lru_cache` other than as a decorator."""
        own = (module for module in self.closure if not module.source.is_foreign)
        return any("functools" in m.imported and _CACHING.search(m.source.text) for m in own)

    def _making(self) -> tuple[str, ...]:
        """Functions of the library that make objects."""
        return (*library.MAKING, library.OF_GENERICS) if self.generics else library.MAKING

    def _any_escapes(self) -> bool:
        """Whether something that suspends is used as a value, so that unknown calls may reach it.

        Where nothing is, a call of something unknown is no reason to compile the function it is in.
        """
        if (self.iterates and self.gives_builtins) or (self.behind and self.gives_operations):
            return True
        if self.looked_up or any(self._makes(n) or self._may_be_handed_on(n) for n in self.maybe):
            return True
        for name in self.durable | {n for n, f in self.facts.items() if f.role is Role.ACTIVITY}:
            facts = self.facts[name]
            definition = facts.definition
            if definition.is_nested or definition.name in self.mentioned:
                return True
            if facts.role is Role.PLAIN and definition.node.decorator_list:
                return True
            if facts.role is Role.ACTIVITY and self._is_replaced(definition):
                return True
            method = definition.function.owner is not None
            if method and definition.node.name in self.attributes | _CALLED_BY_SYNTAX:
                return True
        return False

    def _makes(self, name: str) -> bool:
        """Whether a function is one that making an object calls, in a class of the program."""
        facts = self.facts[name]
        return (
            facts.definition.function.owner is not None
            and facts.definition.node.name in MAKING
            and not facts.module.source.is_library
        )

    def _may_be_handed_on(self, name: str) -> bool:
        """Whether a function inside which the run may stop, if it is called, is used as a value."""
        made = self.facts[name].definition
        if name not in self.stopping or made.function.source.is_foreign:
            return False
        if made.is_nested:
            return not isinstance(made.origin, COMPREHENSIONS)
        if made.function.owner is not None and made.node.name in self.attributes | {"__call__"}:
            return True
        return name in self.mentioned

    def _find_iterators(self, suspending: set[str]) -> None:
        """Whether the program has iterators that suspend: then any loop over an unknown may."""
        if self.escapes and _GOING_OVER & (self.put_in | self.decorated_methods):
            self.iterates = True
        for name in self.durable | self.maybe:
            facts = self.facts[name]
            if name not in self.stopping and self._may_stop(facts, suspending):
                self.stopping.add(name)
                if facts.definition.kind is Kind.GENERATOR or self._steps(facts, suspending):
                    self.iterates = True
                self.sends |= facts.definition.kind in (Kind.COROUTINE, Kind.ASYNC_GENERATOR)

    def _steps(self, facts: Facts, suspending: set[str]) -> bool:
        """Whether a function that may stop is one by which loops go over an object.

        To call `iter()` is no reason to think that an `__iter__` stops: most do.
        """
        name = facts.definition.name
        if name.rpartition(".")[2] in ("__next__", *library.LENGTHS):
            return True
        if name.endswith(".__getitem__"):  # loops go over what has no `__iter__` by numbers
            return f"{name.removesuffix('__getitem__')}__iter__" not in self.facts
        return name.endswith(".__iter__") and (
            name in self.durable
            or bool(facts.unknown)
            or any(known.name in self.maybe for _, known in facts.known)
            or any(attribute in suspending for _, attribute in facts.methods)
        )

    def _grow(self, name: str, facts: Facts, methods: set[str]) -> None:
        if facts.role is not Role.PLAIN or name in self.durable:
            return
        if facts.module.source.module in library.MODULES:
            return  # compiled where it is used
        callees = [known.name for _, known in facts.known]
        callees += [made.name for _, made in facts.generators]
        callees += [made for _, dotted in facts.constructed for made in self.makers.of(dotted)]
        given = {self._meets(call, facts) for call, _ in facts.stand_ins}
        given |= {self._iterated(over, facts) for _, over in facts.loops}
        if any(self._suspends(callee) for callee in callees) or YES in given:
            self.durable.add(name)
            return
        if any(self._own_method_suspends(call, facts) for call, _ in facts.methods):
            self.durable.add(name)
            return
        if name in self.maybe:
            return
        called = any(attribute in methods for _, attribute in facts.methods)
        called = called or any(a.attr in self.properties & methods for a in facts.attributes)
        called = called or self._operates(facts)
        called = called or bool(facts.withs and methods & _ENTERING)
        uncertain = (
            called
            or (facts.unknown and self.escapes)
            or facts.definition.kind is not Kind.FUNCTION
            or any(c in self.maybe for c in callees if c not in facts.fleeting - self.stopping)
            or PERHAPS in given
        )
        if uncertain and self._can_compile(facts):
            self.maybe.add(name)

    def _own_method_suspends(self, call: ast.Call, facts: Facts) -> bool:
        """Whether `self.method()` leads to a method of the same class that suspends."""
        function, callee = facts.definition.function, call.func
        if function.owner is None or not isinstance(callee, ast.Attribute):
            return False
        first = function.node.args.posonlyargs + function.node.args.args
        if not first or not isinstance(callee.value, ast.Name) or callee.value.id != first[0].arg:
            return False
        own = f"{function.module}:{function.owner}."
        names = self.methods.get(callee.attr, ())
        return any(n.startswith(own) and self._suspends(n) for n in names)

    def _can_compile(self, facts: Facts) -> bool:
        """Whether a function that only may suspend can be compiled; if not it stays plain."""
        name = facts.definition.name
        if name not in self._compilable:
            refused = language.check(facts.definition) or self._refusals(facts)
            self._compilable[name] = not refused
        return self._compilable[name]

    def _refusals(self, facts: Facts) -> list[Diagnostic]:
        return refuse.refusals(facts.definition, self.modules, self._suspends)

    def _may_stop(self, facts: Facts, suspending: set[str]) -> bool:
        """Whether a run may stop inside a function (a generator need not suspend)."""
        name = facts.definition.name
        if name in self.durable or facts.definition.kind is Kind.FUNCTION:
            return True
        uncertain = any(a in suspending for _, a in facts.methods) or bool(facts.unknown)
        properties = self.properties & suspending
        uncertain = uncertain or any(a.attr in properties for a in facts.attributes)
        uncertain = uncertain or self._operates(facts)
        uncertain = uncertain or bool(facts.withs and suspending & _ENTERING)
        uncertain = uncertain or any(self._meets(c, facts) for c, _ in facts.stand_ins)
        uncertain = uncertain or any(self._iterated(over, facts) for _, over in facts.loops)
        return uncertain or any(
            k.name in self.maybe and (k.kind is Kind.FUNCTION or k.name in self.stopping)
            for _, k in facts.known
        )

    # The program ------------------------------------------------------------------------------

    def _reachable(self) -> list[str]:
        """Functions to compile that the entry may call, in the order of their first mention."""
        suspending = self._suspending_methods()
        self.lending = Lending(self.facts, self.methods, self._suspends)
        seen: dict[str, None] = {}
        queue = [self.entry.name]
        queue += [again.name for again in self.redefined.get(self.entry.name, ())]
        called = _CALLED_BY_SYNTAX | _CALLED_BY_CLASSES | self.special
        special = [method for method in self.methods if method in called]
        queue += [name for method in special for name in self.methods[method]]
        queue += map(library.full_name, sorted(self.in_a_run))
        tables_added = False
        looked_for: set[Ends] = set()
        while queue:
            name = queue.pop(0)
            facts = self.facts.get(name)
            if name in seen or facts is None:
                continue
            if facts.role is Role.ACTIVITY:
                queue += [known.name for known in facts.mentioned if known.name not in seen]
                queue += self._methods_around(facts)
                continue
            seen[name] = None
            queue += self._methods_made(name)
            queue += [known.name for _, known in facts.known]
            for _, method in facts.methods:
                queue += self.methods.get(method, ())
                queue += self.dispatching.get(method, ())
            for attribute in facts.attributes:
                queue += self.methods.get(attribute.attr, ())
            for _, names in facts.operations:
                for method in sorted(names):
                    queue += self.methods.get(method, ())
            queue += [known.name for known in facts.mentioned]
            queue += self._methods_around(facts)
            sites: dict[ast.AST, SiteKind] = {}
            if self._compiled(name):
                self.resolved[name] = self._resolved(facts, suspending)
                sites = self.resolved[name].sites
            inside = list(facts.definition.nested)
            while inside:
                nested = inside.pop(0)
                if nested.origin in sites or not isinstance(nested.origin, COMPREHENSIONS):
                    queue.append(nested.name)
                else:  # it is Python's own, but functions in it may be called later
                    inside += nested.nested
            queue += [made for _, dotted in facts.constructed for made in self.makers.of(dotted)]
            queue += [
                library.full_name(stand_in)
                for call, dotted in facts.stand_ins
                if self._meets(call, facts)
                for stand_in in self._stand_ins(call, dotted, facts)
            ]
            if any(name in ("format", "format_map") for _, name in facts.stand_ins):
                # A template may name any attribute.
                queue += [n for method in self.properties for n in self.methods.get(method, ())]
            queue += map(library.full_name, self._operating(facts))
            if wanted := facts.wanted - looked_for:
                looked_for |= wanted
                queue += self._found_by_name(wanted)
            if self.iterates or MAKING & suspending:
                queue += map(library.full_name, (*self._making(), *library.GOING_OVER))
            if not tables_added and (facts.unknown or facts.replaced or self._fills(facts)):
                # What is called may come out of a table of the module.
                tables_added = True
                queue += [known.name for known in self.in_tables]
                for method in sorted(self.outside.read | self.outside.called):
                    queue += self.methods.get(method, ())
                queue += self._found_by_name(self.outside.wanted)
        return [name for name in seen if self._compiled(name)]

    def _fills(self, facts: Facts) -> bool:
        """Whether a function may ask a dict of a module for what that makes first."""
        made = self.outside.fills and "__missing__" in self.behind
        return made and any("__missing__" in names for _, names in facts.operations)

    def _methods_around(self, facts: Facts) -> list[str]:
        """Methods that decorate a function: `@tools.add` of an object of the project's."""
        return [n for method in sorted(facts.around) for n in self.methods.get(method, ())]

    def _begins(self, method: str) -> bool:
        """Whether a special method that gives an iterator may suspend before it returns."""
        if self.escapes and method in self.put_in | self.decorated_methods:
            return True
        return any(
            self.facts[name].definition.kind is Kind.FUNCTION and self._compiled(name)
            for name in self.methods.get(method, ())
        )

    def _resolved(self, facts: Facts, suspending: set[str]) -> Resolved:
        sites: dict[ast.AST, SiteKind] = {}
        makers: dict[ast.AST, SiteKind] = {}  # calls that only make a generator
        for call, known in facts.known:
            name = known.name
            if self.facts[name].role is Role.ACTIVITY:
                sites[call] = SiteKind.ACTIVITY
            elif known.kind is Kind.GENERATOR and name in self.maybe:
                makers[call] = SiteKind.DURABLE
            elif name in self.durable:
                sites[call] = SiteKind.DURABLE
            elif name in self.maybe:
                sites[call] = SiteKind.DYNAMIC
        sites |= dict.fromkeys(facts.timers, SiteKind.TIMER)
        sites |= {c: SiteKind.DYNAMIC for c, attribute in facts.methods if attribute in suspending}
        sites |= dict.fromkeys(facts.unknown, SiteKind.DYNAMIC)
        for generator, made in facts.generators:
            if made.name in self.durable:
                sites[generator] = SiteKind.DURABLE
            elif made.kind is Kind.FUNCTION and (made.name in self.maybe or _clashes(made, facts)):
                sites[generator] = SiteKind.DYNAMIC
            elif made.name in self.maybe and (
                made.kind is Kind.COROUTINE or self._makes_coroutines(made)
            ):
                sites[generator] = SiteKind.DURABLE
            elif made.name in self.maybe:
                makers[generator] = SiteKind.DURABLE
        for call, dotted in facts.constructed:
            if any(map(self._compiled, self.makers.of(dotted))):
                sites[call] = SiteKind.DYNAMIC
        properties = self.properties & suspending
        sites |= {a: SiteKind.DYNAMIC for a in facts.attributes if a.attr in properties}
        meeting = [call for call, _ in facts.stand_ins if self._meets(call, facts)]
        sites |= dict.fromkeys(meeting, SiteKind.DYNAMIC)
        sites |= {n: SiteKind.DYNAMIC for n, over in facts.loops if self._iterated(over, facts)}
        sites |= facts.stops
        operations = {n for n, names in facts.operations if not self.behind.isdisjoint(names)}
        tested: set[ast.AST] = set()
        if not self.behind.isdisjoint(operators.TRUTH):
            tested = {*facts.tested}
        for node in [*operations]:
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                operations.discard(node)
                sites[node] = SiteKind.DYNAMIC
            elif isinstance(node, ast.Call):
                operations.discard(node)
                meeting.append(node)
                sites[node] = SiteKind.DYNAMIC
        if makers:
            stopping = sites | dict.fromkeys(operations | tested, SiteKind.DYNAMIC)
            sites |= in_place(facts.users, stopping, makers)
        special = frozenset(name for name in suspending if name.startswith("__"))
        if special & _ENTERING:
            withs = (n for n in facts.definition.own if isinstance(n, ast.With))
            sites |= dict.fromkeys(withs, SiteKind.DYNAMIC)
        beginning = frozenset(
            method for method in ("__iter__", "__await__", "__aiter__") if self._begins(method)
        )
        return Resolved(
            facts.definition,
            sites,
            special,
            frozenset(meeting),
            frozenset(operations),
            frozenset(tested),
            facts.decorating,
            beginning,
            self.lending.holders(facts),
            self.lending.is_any,
        )
