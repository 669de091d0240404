"""What each function's own text says of its calls: the half of resolve that reads.

Every function of the program is read once, with nothing known of the others: which functions its
calls name, which are methods of something unknown, which builtins and operators are given what. On
these facts the fixpoint over who suspends goes on (resolve.py).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from perdure.compiler import library, operators
from perdure.compiler.core import SiteKind
from perdure.compiler.definitions import Definition, Kind, definitions
from perdure.compiler.held_modules import held_modules, offered
from perdure.compiler.lookups import (
    LOOKUPS,
    Ends,
    looked_up,
    looked_up_in_namespace,
    looks_into_own,
)
from perdure.compiler.making import MAKING, Makers
from perdure.compiler.mangle import mangled
from perdure.compiler.module_code import read_module_code
from perdure.compiler.reach import closure
from perdure.compiler.roles import FRAME_READERS, SUSPENDING, Role, role_of
from perdure.compiler.scopes import (
    COMPREHENSIONS,
    Function,
    Module,
    Modules,
    Scope,
    simple_alias,
    unpacked,
)
from perdure.compiler.sites import users_of
from perdure.compiler.stored import ANY, properties_made, stores_function
from perdure.compiler.trees import copy_place, last_name, nodes
from perdure.compiler.written import (
    PROPERTIES,
    TYPES,
    called_to_decorate,
    factories,
    gives_tuples,
    is_generic,
    makes_property,
    registered_with,
    root_name,
    types_tested,
)

# Decorators of functools that put something else in a function's place, which calls the function.
_REPLACING = frozenset({"functools.singledispatch", "functools.cache", "functools.lru_cache"})
# What is to be compiled where a function under one of these suspends, by the decorator's last name.
_DECORATORS = dict.fromkeys(PROPERTIES, "read_attribute") | {
    "cache": "cached_call",
    "lru_cache": "cached_call",
}
# What leads from something callable to the function in it: `Order.total.fget(order)`.
_OF_FUNCTIONS = frozenset(
    "fget fset fdel func __func__ __wrapped__ __get__ __set__ default_factory".split()
)
# Special methods that give attributes of any name.
_ANSWERING = frozenset({"__getattr__", "__getattribute__"})
_BUILTIN_METHODS = frozenset(
    name for kind in (list, dict, str, set, bytes, int) for name in vars(kind)
)
# Special methods that are not behind an operator, but behind a statement or a call.
_CALLED_ON_OBJECTS = frozenset(
    "__call__ __iter__ __next__ __enter__ __exit__ __init__ __getattr__".split()
)
# Kinds of node at which a generator or a coroutine stops, and those that go over an iterable.
_STOPS = {ast.Await, ast.AsyncFor, ast.AsyncWith, ast.Yield, ast.YieldFrom}
_GOES_OVER = {ast.comprehension, ast.For, ast.Starred, ast.Assign, ast.AugAssign, ast.Compare}
_GOES_OVER |= {*COMPREHENSIONS, ast.withitem}
_MENTIONS_GROUPS = re.compile(r"ExceptionGroup|except\s*\*").search
_OF_MEMBERS = frozenset({"value", "_value_"})  # what a member of an enumeration stands for
_ANYTHING = ast.Name("_", ast.Load())  # what is gone over may be whatever it likes
_DECORATED = {ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef}


def _stores_functions(module: Module) -> bool:
    """Whether a module stores functions under names that are made when the program runs."""
    names = {name.rpartition(".")[2] for name in module.functions} if module.stores else set()
    return any(stores_function(node, names) for node in module.stores)


@dataclass
class Facts:
    """What one function's own text says, before anything is known of the others."""

    definition: Definition
    module: Module
    role: Role
    known: list[tuple[ast.Call, Definition]] = field(default_factory=list)
    timers: list[ast.Call] = field(default_factory=list)
    methods: list[tuple[ast.Call, str]] = field(default_factory=list)  # of something unknown
    unknown: list[ast.Call] = field(default_factory=list)
    answered: list[ast.Call] = field(default_factory=list)  # of what a `__getattr__` may give
    mentioned: list[Definition] = field(default_factory=list)  # used as values, called elsewhere
    generators: list[tuple[ast.expr, Definition]] = field(default_factory=list)
    constructed: list[tuple[ast.Call, str]] = field(default_factory=list)  # calls of known classes
    stand_ins: list[tuple[ast.Call, str]] = field(default_factory=list)  # of builtins, by name
    attributes: list[ast.Attribute] = field(default_factory=list)  # that are read
    operations: list[tuple[ast.AST, frozenset[str]]] = field(default_factory=list)  # what they call
    tested: list[ast.expr] = field(default_factory=list)  # for truth
    decorating: dict[ast.AST, list[ast.Call]] = field(default_factory=dict)  # of what is nested
    around: set[str] = field(default_factory=set)  # methods that its decorators call
    replaced: bool = False  # whether a variable decorates it, which may hold anything
    withs: bool = False  # whether it has plain `with` statements
    factories: list[ast.Call] = field(default_factory=list)  # of `defaultdict`s
    loops: list[tuple[ast.AST, ast.AST]] = field(default_factory=list)  # `for`s, what they go over
    stops: dict[ast.AST, SiteKind] = field(default_factory=dict)  # await, yield
    dotted: dict[str | ast.expr, str | None] = field(default_factory=dict)  # what names stand for
    named: dict[str, Definition | None] = field(default_factory=dict)  # the same, of functions
    wanted: set[Ends] = field(default_factory=set)  # begins and ends of names looked up
    fleeting: frozenset[str] = frozenset()  # generators that it makes only to use them up in place

    @cached_property
    def shadowed(self) -> set[str]:
        """Names that its comprehensions bind: they mean something else in them."""
        return {
            part.id
            for node in self.definition.own
            if type(node) is ast.comprehension
            for part in nodes(node.target)
            if isinstance(part, ast.Name)
        }

    @cached_property
    def users(self) -> dict[ast.AST, ast.AST]:
        """Where what it makes is used up on the spot."""
        return users_of(self.definition)


def _made_properties(module: Module, *, elsewhere: bool) -> set[str]:
    return set(properties_made(module.source.text, module.source.tree, elsewhere=elsewhere))


def _matches_mappings(facts: Facts) -> bool:
    return any(type(node) is ast.MatchMapping for node in facts.definition.own)


class Reader:
    """Reads the functions of the modules in reach of an entry."""

    def __init__(self, modules: Modules, entry: Function) -> None:
        self.modules = modules
        self.entry = entry
        self.closure = closure(modules, entry.module)
        self.facts: dict[str, Facts] = {}
        self.makers = Makers(modules, self.facts)
        self.by_node: dict[ast.AST, Definition] = {}
        self.redefined: dict[str, list[Definition]] = {}  # functions of a name that has been taken
        # Functions that a name may stand for instead: `if fast: from a import f`, `else: …`.
        self.instead: dict[str, list[Definition]] = {}
        self.methods: dict[str, list[str]] = {}  # the methods of a name, by function name
        self.properties: set[str] = set()  # names of methods that are read as attributes
        self.special: set[str] = set()  # special methods of the program that C would call
        self.mentioned: set[str] = set()  # functions that are used as values
        self.attributes: set[str] = set()  # names of attributes that are read
        self.looked_up = False  # values are looked up by names that are made when the program runs
        self.generics = False  # whether a class can be called by an alias
        self.spawns = False  # whether the program has fibers, whose results are waited for
        self.in_a_run: set[str] = set()  # functions of Perdure's library to compile
        self.types_given: set[str] = set()  # the same, for types that may be called somewhere
        self.gives_operations = False  # the same, of one that calls special methods of the program
        self.gives_builtins = False  # whether a builtin that has a stand-in is used as a value
        self.decorated: dict[str, list[str]] = {}  # functions, and what their decorators call
        self.decorated_methods: set[str] = set()  # in whose place the program puts something else
        self.dispatching: dict[str, list[str]] = {}  # by a generic function's name, what it calls

    def _collect(self) -> None:
        self.values = {
            f"{m.source.module}.{name}" for m in self.closure for name in m.bound.keys() - m.classes
        }
        for module in self.closure:
            self._add_module(module)
        own = [m for m in self.closure if not m.source.is_foreign]
        self.stored = {name for module in own for name in module.stored}
        for module in held_modules(self.modules, self.closure):
            for name, function in offered(self.modules, module):
                if function is None:
                    self.stored.add(name)
                elif function in self.facts:
                    self.methods.setdefault(name, []).append(function)
        if any("Enum" in module.source.text for module in own):
            self.stored |= _OF_MEMBERS
        self.stores_anything = any(module.stores_anything for module in own)
        self.stores_functions = any(map(_stores_functions, own))
        self.put_in = self._put_in(own)
        self.has_factories = any(
            self._has_factories(node, module) for module in own for node in module.classes.values()
        )
        self.answering = [name for method in _ANSWERING for name in self.methods.get(method, ())]
        self.special = {*operators.SPECIAL, *operators.READING} & self.methods.keys()
        self.has_counters = any("Counter" in module.source.text for module in self.closure)
        self.has_groups = any(_MENTIONS_GROUPS(m.source.text) is not None for m in self.closure)
        if self.special & operators.ORDERING and any("PriorityQueue" in m.source.text for m in own):
            # Its methods have `heapq.heappush` and its like as defaults, and call those.
            self.in_a_run |= {"heappush_", "heappop_"}
            self.looked_up = True
        if any("defaultdict" in module.source.text for module in self.closure):
            self.special |= {"__missing__"}
        if "get" in self.methods and any(map(_matches_mappings, self.facts.values())):
            self.special |= {"get"}
        for module in own:
            for among in module.choices.values():
                found = [self._function(self.modules.canonical(dotted)) for dotted in among]
                first, *others = dict.fromkeys(f.name for f in found if f is not None) or [""]
                for name in others:
                    self.instead.setdefault(first, []).append(self.facts[name].definition)
        self.outside = read_module_code(self.modules, self.closure, self.by_node)
        for facts in list(self.facts.values()):
            self._read(facts)
            if not facts.module.source.is_foreign:
                self.mentioned |= {known.name for known in facts.mentioned}
                self.attributes |= {node.attr for node in facts.attributes}
        self._take_outside()
        self.in_tables = self._in_tables()
        self.mentioned |= {known.name for known in self.in_tables}
        self.decorated_methods = {
            method
            for method, names in self.methods.items()
            if any(self._is_replaced(self.facts[name].definition) for name in names)
        }

    def _put_in(self, own: list[Module]) -> set[str]:
        """The names of special methods and properties that are not written as functions of a class.

        Assigned, made by a call, or part of what `type()` is given: which functions they are, is
        known when the program runs.
        """
        special = operators.SPECIAL | operators.READING | _CALLED_ON_OBJECTS
        found = self.stored & special
        for name in found:
            self.methods.setdefault(name, [])
        properties = {name for module in own for name in module.properties}
        made = [_made_properties(module, elsewhere=False) for module in own]
        nested = (f.definition for f in self.facts.values() if f.definition.is_nested)
        nested = (d for d in nested if d.function.owner is None)
        if any(made) or any(any(map(makes_property, d.node.decorator_list)) for d in nested):
            made = [_made_properties(module, elsewhere=True) for module in own]
            properties |= set().union(*made)
        if ANY in properties:
            read = (n for m in own for n in nodes(m.source.tree) if isinstance(n, ast.Attribute))
            properties |= {node.attr for node in read if isinstance(node.ctx, ast.Load)}
        self.properties |= properties
        for name in properties:
            self.methods.setdefault(name, [])
        return found | properties

    def _add_module(self, module: Module) -> list[Definition]:
        found = definitions(module)
        for definition in found:
            self.by_node[definition.origin] = definition
            first, again, _ = definition.name.rpartition("#")
            if again and not definition.is_nested:
                self.redefined.setdefault(first.partition("#")[0], []).append(definition)
            role = role_of(definition.function, self.modules)
            self.facts[definition.name] = Facts(definition, module, role)
            owner = definition.function.owner
            if owner is not None:
                method = mangled(owner.rpartition(".")[2], definition.node.name)
                self.methods.setdefault(method, []).append(definition.name)
                if any(map(makes_property, definition.node.decorator_list)):
                    self.properties.add(method)
            for decorator in definition.node.decorator_list:
                if (generic := registered_with(decorator)) is not None:
                    self.dispatching.setdefault(generic, []).append(definition.name)
                if (around := _DECORATORS.get(last_name(decorator))) is not None:
                    self.decorated.setdefault(definition.name, []).append(around)
        for name, node in module.classes.items():
            self.generics = self.generics or is_generic(node)
            for statement in node.body:
                if (alias := simple_alias(statement)) is not None:
                    self._read_class_attribute(module, name, *alias)
        return found

    def _read_class_attribute(self, module: Module, owner: str, name: str, value: ast.expr) -> None:
        """`size = property(get_size)`, `__len__ = lambda self: …`, `__str__ = show` in a class."""
        name = mangled(owner.rpartition(".")[2], name)
        given = [value]
        around = None
        if isinstance(value, ast.Call):
            around = _DECORATORS.get(last_name(value))
            if around is None or not makes_property(value):
                return
            self.properties.add(name)
            given = [*value.args, *(k.value for k in value.keywords)]
        for function in given:
            found = None
            if isinstance(function, ast.Lambda):
                found = self.by_node[function].name
            elif isinstance(function, ast.Name):
                found = f"{module.source.module}:{owner}.{function.id}"
                if found not in self.facts:
                    found = f"{module.source.module}:{function.id}"
            if found in self.facts:
                self.methods.setdefault(name, []).append(found)
                if around is not None:
                    self.decorated.setdefault(found, []).append(around)

    def _read(self, facts: Facts) -> None:
        if facts.role is Role.ACTIVITY:
            if self._is_replaced(facts.definition):
                self._read_around(facts)
            return
        # Functions that are called on the spot, and names that have been read already.
        called = {node.func for node in facts.definition.own if type(node) is ast.Call}
        called |= types_tested(facts.definition.own)
        seen: set[str] = set()
        if self.special or self.properties:
            self._read_operations(facts)
        for node in facts.definition.own:
            kind = type(node)
            if kind is ast.Name:
                if node not in called and node.id not in seen:
                    seen.add(node.id)
                    self._read_value(node, facts)
            elif kind is ast.Attribute:
                if node not in called:
                    self._read_value(node, facts)
                elif node.attr in self.properties:
                    facts.attributes.append(node)
            elif kind is ast.Call:
                self._classify(node, facts)
                self._read_namespace(node, facts)
            elif kind is ast.Subscript:
                self._read_namespace(node, facts)
            elif kind in _DECORATED:
                if node.decorator_list:
                    self._read_decorators(node, facts)
            elif kind is ast.With:
                facts.withs = True
            elif kind is ast.Raise:
                self._read_raise(node, facts)
            elif kind in _STOPS:
                self._read_stop(node, facts)
            elif kind in _GOES_OVER:
                self._read_loop(node, facts)
        self._read_around(facts)
        facts.fleeting = self._fleeting(facts)

    def _read_around(self, facts: Facts) -> None:
        """What the decorators of a function name."""
        for decorator in facts.definition.node.decorator_list:
            bare = called_to_decorate(decorator)
            if isinstance(bare, ast.Name) and self._named_outside(bare, facts) is None:
                dotted = self.modules.qualify(bare, facts.module, facts.definition.outer)
                facts.replaced = facts.replaced or dotted is None or dotted in self.values
            for node in nodes(decorator):
                if node in self.by_node:
                    facts.mentioned.append(self.by_node[node])
                if not isinstance(node, ast.Name | ast.Attribute):
                    continue
                if (known := self._named_outside(node, facts)) is not None:
                    facts.mentioned.append(known)
                elif isinstance(node, ast.Attribute):
                    facts.around.add(node.attr)

    def _read_operations(self, facts: Facts) -> None:
        """What the special methods that the program has may stand behind."""
        reading = self.special & operators.READING
        for node in facts.definition.own:
            kind = type(node)
            if kind in operators.KINDS:
                names = {
                    name
                    for operation in operators.operations_of(node)
                    for name in operators.OPERATIONS[operation].names
                } & self.special
                if kind in operators.PATTERNS:
                    names = self._asked_by_pattern(node, names, facts)
                place = node.target if isinstance(node, ast.AugAssign) else node
                if isinstance(place, ast.Attribute):
                    if not isinstance(place.ctx, ast.Load):
                        names |= {place.attr} & self.properties
                    if place is not node or isinstance(place.ctx, ast.Load):
                        names |= reading if self._is_of_an_object(place, facts) else set()
                if names:
                    facts.operations.append((node, frozenset(names)))
            if kind in operators.TESTING and operators.TRUTH & self.special:
                facts.tested += operators.tested(node)

    def _asked_by_pattern(self, node: Any, names: set[str], facts: Facts) -> set[str]:
        """The methods of the program that a pattern may call."""
        names = {*operators.PATTERNS[type(node)]} & (names | self.special)
        match node:
            case ast.MatchClass(patterns=[]):
                names |= {*node.kwd_attrs} & self.properties
                return names if node.kwd_attrs else set()
            case ast.MatchClass():
                return names | self.properties
            case ast.MatchValue() if "__eq__" in self.special and operators.TRUTH & self.special:
                facts.tested.append(node.value)
            case ast.MatchSequence() if {"__iter__", "__getitem__"} & self.methods.keys():
                facts.loops.append((node, node))
        return names

    def _special_of(self, operation: operators.Operation) -> frozenset[str]:
        """The methods of the program that an operation may call."""
        names = operation.names & self.special
        return names | self.properties if operation.attribute else names

    def _is_of_an_object(self, node: ast.Attribute, facts: Facts) -> bool:
        """Whether an attribute is not one of a module."""
        dotted = self._dotted(node, facts)
        return dotted is None or self._is_in_own(dotted)

    def _read_decorators(self, node: Any, facts: Facts) -> None:
        """The calls that decorating a nested function or class comes to, by the project's own."""
        calls = []
        for decorator in node.decorator_list:
            name = copy_place(ast.Name(node.name, ast.Load()), decorator)
            call = copy_place(ast.Call(decorator, [name], []), decorator)
            calls.append(call)
            bare = called_to_decorate(decorator)
            if self._is_own(bare, facts.module, facts.definition.scopes):
                facts.definition.around[call] = node
                self._classify(call, facts)
        facts.decorating[node] = calls

    def _read_raise(self, node: ast.Raise, facts: Facts) -> None:
        """`raise E` makes an object of a class, as a call does: from here on it says so."""
        for part in ("exc", "cause"):
            value = getattr(node, part)
            if isinstance(value, ast.Name | ast.Attribute) and (
                self.makers.of(self._dotted(value, facts) or "")
            ):
                call = copy_place(ast.Call(value, [], []), value)
                setattr(node, part, call)
                facts.definition.around[call] = node
                self._classify(call, facts)

    def _read_value(self, node: ast.Name | ast.Attribute, facts: Facts) -> None:
        """A name or an attribute that is not called on the spot."""
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            facts.attributes.append(node)
            self._give_method(node.attr)
        known = self._function_named(node, facts)
        if known is not None:
            facts.mentioned += self._meant(known)
        else:
            self._mention_builtin(node, facts)

    def _give_method(self, name: str) -> None:
        """Take the stand-in of a builtin's method in: `map("{}".format, items)`."""
        if name in ("format", "format_map") and operators.SHOWING & self.special:
            self.in_a_run.add(library.METHODS[name][0])
        elif name in library.GIVEN_METHODS:
            self.types_given.add(library.METHODS[name][0])
            self.gives_builtins = True

    def _give_getter(self, dotted: str | None) -> None:
        """Take in what the calls of an `attrgetter` or an `itemgetter` come to."""
        if dotted == "operator.attrgetter" and (
            self.properties or self.special & operators.READING
        ):
            self.in_a_run |= {"getattr_", "attributes_"}
        if dotted == "operator.itemgetter" and {"__getitem__", "__missing__"} & self.methods.keys():
            self.in_a_run.add("items_")

    def _read_namespace(self, node: ast.AST, facts: Facts) -> None:
        """`vars(Order)["ship"]`, `globals().get(name)`: functions that are found by their names."""
        ends = looked_up_in_namespace(node)
        if ends is not None and not facts.module.source.is_library:
            self.looked_up = True
            facts.wanted.add(ends)

    @staticmethod
    def _read_stop(node: ast.AST, facts: Facts) -> None:
        match node:
            case ast.Await() | ast.AsyncFor() | ast.AsyncWith():
                facts.stops[node] = SiteKind.AWAIT
                if isinstance(node, ast.AsyncFor):
                    facts.loops += ((part, _ANYTHING) for part in unpacked(node.target))
            case ast.Yield():
                facts.stops[node] = SiteKind.YIELD
            case ast.YieldFrom():
                facts.stops[node] = SiteKind.DELEGATE
                facts.loops.append((node, node.value))

    def _read_loop(self, node: ast.AST, facts: Facts) -> None:
        """What goes over an iterable: it may stop the run between two items."""
        match node:
            case ast.comprehension(is_async=1):
                facts.stops[node] = SiteKind.AWAIT
                facts.loops += ((part, _ANYTHING) for part in unpacked(node.target))
            case ast.For() | ast.comprehension():
                facts.loops.append((node, node.iter))
                parts = list(unpacked(node.target))
                if parts and gives_tuples(node.iter):
                    parts = parts[1:]
                facts.loops += ((part, _ANYTHING) for part in parts)
            case ast.Starred(ctx=ast.Load()):
                facts.loops.append((node, node.value))
            case ast.Assign(targets=[only]):
                for part in unpacked(only):
                    given = (node, node.value) if part is only else (part, _ANYTHING)
                    facts.loops.append(given)
            case ast.Assign():
                for target in node.targets:
                    facts.loops += ((part, _ANYTHING) for part in unpacked(target))
            case ast.withitem(optional_vars=ast.expr() as target):
                facts.loops += ((part, _ANYTHING) for part in unpacked(target))
            case ast.AugAssign(op=ast.Add() | ast.BitOr()):
                facts.loops.append((node, node.value))
            case ast.Compare():
                for op, over in zip(node.ops, node.comparators, strict=True):
                    if isinstance(op, ast.In | ast.NotIn):
                        facts.loops.append((node, over))
            case ast.GeneratorExp() | ast.ListComp() | ast.SetComp() | ast.DictComp() if (
                node in self.by_node
            ):
                facts.generators.append((node, self.by_node[node]))

    def _mention_builtin(self, node: ast.expr, facts: Facts) -> None:
        """A builtin that has a stand-in is used as a value: it may be called anywhere.

        Perdure's own library only names them, in tests for types and in what it says of errors.
        """
        dotted = self._dotted(node, facts)
        if dotted is None or facts.module.source.module in library.MODULES:
            return
        self._give_builtin(dotted)

    def _give_builtin(self, dotted: str) -> None:
        """Take the stand-in of a builtin in that may be called anywhere.

        Types are mentioned to be tested for, or in annotations, far more than to be called: theirs
        are wanted where something that suspends is gone over.
        """
        if dotted in library.STAND_INS:
            name = dotted.rpartition(".")[2]
            kind = name in TYPES or name[0].isupper()
            (self.types_given if kind else self.in_a_run).add(library.STAND_INS[dotted][0])
            self.gives_builtins = True
        elif (operation := operators.named(dotted)) is not None and self._special_of(operation):
            self.in_a_run.add(operation.stand_in)
            self.gives_operations = True

    @staticmethod
    def _fleeting(facts: Facts) -> frozenset[str]:
        """Generators that a function makes and uses up where they stand, whenever it makes them.

        Where they cannot stop, they are Python's own, and are no reason to compile the function.
        """
        makers: list[tuple[ast.expr, Definition]] = [*facts.known, *facts.generators]
        made = {
            known.name
            for _, known in makers
            if known.kind is Kind.GENERATOR and not known.node.decorator_list
        }
        if not made:
            return frozenset()
        builtin = {call for call, _ in facts.stand_ins}
        users = facts.users
        return frozenset(made) - {
            known.name
            for maker, known in makers
            if (user := users.get(maker)) is None
            or (
                isinstance(user, ast.Call)
                and isinstance(user.func, ast.Name)
                and user not in builtin
            )
        }

    def _dotted(self, expr: ast.expr, facts: Facts) -> str | None:
        """The dotted name that an expression in a function stands for (`Modules.qualify`)."""
        key = expr.id if isinstance(expr, ast.Name) else expr
        if key not in facts.dotted:
            scopes = facts.definition.scopes
            facts.dotted[key] = self.modules.qualify(expr, facts.module, scopes)
        return facts.dotted[key]

    def _function_named(self, node: ast.expr, facts: Facts) -> Definition | None:
        """The function of the program that an expression in a function names."""
        if not isinstance(node, ast.Name):
            return self._function(self._dotted(node, facts))
        if node.id not in facts.named:
            scopes = facts.definition.scopes
            local = self._local(node.id, scopes)
            facts.named[node.id] = local or self._function(self._dotted(node, facts))
        return facts.named[node.id]

    def _meant(self, known: Definition) -> list[Definition]:
        """A function that a name stands for, and those that it may stand for instead."""
        name = known.name
        return [known, *self.redefined.get(name, ()), *self.instead.get(name, ())]

    def _named_outside(self, node: ast.expr, facts: Facts) -> Definition | None:
        """The function that an expression in a function's decorators names."""
        scopes = facts.definition.outer
        if isinstance(node, ast.Name) and (local := self._local(node.id, scopes)):
            return local
        return self._function(self.modules.qualify(node, facts.module, scopes))

    def _function(self, dotted: str | None) -> Definition | None:
        known = self.modules.function(dotted) if dotted else None
        return self.facts[known.name].definition if known and known.name in self.facts else None

    def _local(self, name: str, scopes: tuple[Scope, ...]) -> Definition | None:
        """The nested function that a local name is only ever bound to."""
        for scope in scopes:
            if name not in scope.locals or name in scope.nonlocals or name in scope.globals:
                continue
            if name in scope.rebound_inside:
                return None
            nested = [
                child.node
                for child in scope.children
                if isinstance(child.node, ast.FunctionDef | ast.AsyncFunctionDef)
                and child.node.name == name
            ]
            if len(nested) == 1 and scope.bindings.get(name) == 1:
                return self.by_node.get(nested[0])
            return None
        return None

    def _in_tables(self) -> list[Definition]:
        """Functions that code of modules and classes puts into tables and the like.

        To decorate a function may be to put it into a table: `@route("/orders")`.
        """
        found = [one for known in self.outside.functions for one in self._meant(known)]
        return found + [
            facts.definition
            for facts in self.facts.values()
            if not facts.module.source.is_foreign
            and not facts.definition.is_nested
            and self._is_handed_on(facts)
        ]

    def _take_outside(self) -> None:
        """What code of modules uses as values may be called anywhere."""
        for dotted in self.outside.values:
            self._give_builtin(dotted)
        for name in self.outside.read:
            self._give_method(name)
        for dotted in self.outside.calls:
            self._give_getter(dotted)
        self.attributes |= self.outside.read
        self.looked_up = self.looked_up or self.outside.looks_up

    def _is_handed_on(self, facts: Facts) -> bool:
        """Whether a decorator of the program, or of a generic function, gets hold of a function."""
        if any(map(registered_with, facts.definition.node.decorator_list)):
            return True
        return self._is_replaced(facts.definition)

    def _classify(self, call: ast.Call, facts: Facts) -> None:
        if root_name(call.func) in facts.shadowed:  # it may be the comprehension's
            if not isinstance(call.func, ast.Attribute):
                facts.unknown.append(call)
            elif self._dotted(call.func, facts) is not None:  # else it is read as a method below
                self._read_method(call, call.func.attr, facts)
        known = self._function_named(call.func, facts)
        if known is not None:
            for one in self._meant(known):
                facts.known.append((call, one))
                if self._is_replaced(one):
                    facts.unknown.append(call)
            return
        dotted = self._dotted(call.func, facts)
        if dotted in LOOKUPS and not facts.module.source.is_library:
            scopes = facts.definition.scopes
            if looks_into_own(dotted, call, self.modules, facts.module, scopes):
                self.looked_up = True
            if facts.definition.node.name not in ("__getattr__", "__getattribute__"):
                # There it passes on an attribute that is named where it is read.
                self._note_lookup(dotted, call, facts)
        self._give_getter(dotted)
        if dotted is None:
            if isinstance(call.func, ast.Attribute) and call.func.attr == "__class__":
                facts.unknown.append(call)
            elif isinstance(call.func, ast.Attribute):
                self._read_method(call, call.func.attr, facts)
                if call.func.attr in ("__new__", "__init__") and call.args:
                    self._of_builtin(call, call.func.attr, facts)
            elif not self._is_local_class(call.func, facts) or MAKING & self.methods.keys():
                facts.unknown.append(call)
        elif dotted in SUSPENDING:
            facts.timers.append(call)
            if dotted != "perdure.sleep":
                self.spawns = True
            if dotted in library.IN_A_RUN:
                self.in_a_run.add(library.IN_A_RUN[dotted])
        elif dotted in FRAME_READERS:
            if len(call.args) <= FRAME_READERS[dotted] and not call.keywords:
                facts.stops[call] = SiteKind.FRAME
        elif dotted == "operator.call":
            facts.unknown.append(call)
        elif dotted in library.STAND_INS:
            facts.stand_ins.append((call, dotted))
        elif (operation := operators.named(dotted)) is not None:
            names = self._special_of(operation)
            if operation.attribute and len(call.args) > 1:
                known_name = call.args[1]
                if isinstance(known_name, ast.Constant):
                    names -= self.properties - {known_name.value}
            if names:
                facts.operations.append((call, names))
        elif dotted == "collections.defaultdict":
            self._note_extended(call, "a factory", facts)
        elif self.modules.function(dotted.rpartition(".")[0]) is not None:
            facts.unknown.append(call)  # `helper.__wrapped__(…)`
        elif self.modules.class_of(dotted) is not None:
            facts.constructed.append((call, dotted))
            if (extended := self._extended(dotted, 0)) is not None and call.args:
                self._note_extended(call, extended, facts)
            if self._is_open(dotted):
                facts.unknown.append(call)
        elif isinstance(call.func, ast.Attribute) and self._is_in_own(dotted):
            self._read_method(call, call.func.attr, facts)
            if "__call__" in self.methods:
                facts.unknown.append(call)  # of what it names: `Color.RED(…)`
        elif self._is_variable(dotted) or self._is_in_own(dotted):
            facts.unknown.append(call)

    def _of_builtin(self, call: ast.Call, name: str, facts: Facts) -> None:
        """`super().__new__(…)` or `super().__init__(…)` in a class that extends a builtin."""
        owner = facts.definition.function.owner
        extended = owner and self._extended(f"{facts.module.source.module}.{owner}", 0)
        if extended:
            new = name == "__new__" and extended == "a list"
            self._note_extended(call, "a new tuple" if new else extended, facts)

    @staticmethod
    def _note_extended(call: ast.Call, extended: str, facts: Facts) -> None:
        if extended == "a factory":
            facts.factories.append(call)
            if len(call.args) > 1:
                facts.stand_ins.append((call, "a defaultdict"))
        else:
            facts.stand_ins.append((call, extended))

    def _extended(self, dotted: str, depth: int) -> str | None:
        """What a class of the project that extends a container of Python's is called with."""
        found = self.modules.class_of(dotted)
        if found is None or depth > 20:
            return None
        module, _, node = found
        for above in self.modules.bases_of(module, node):
            if above and (kind := library.EXTENDED.get(above) or self._extended(above, depth + 1)):
                return kind
        return None

    def _read_method(self, call: ast.Call, name: str, facts: Facts) -> None:
        """A method of something unknown, which may be a builtin's that has a stand-in.

        Or it is a function that was kept under that name, or what a `__getattr__` gives.
        """
        own = not facts.module.source.is_foreign
        stored = name in self.stored or (own and self._may_be_stored(name))
        stored = stored or (own and name in self.properties)  # it gives what is called
        if stored or name in _OF_FUNCTIONS:
            facts.unknown.append(call)
        elif own and self.answering and not name.startswith("__"):
            facts.answered.append(call)
        facts.methods.append((call, name))
        if name in library.METHODS and (call.args or call.keywords or name in library.OF_ITEMS):
            facts.stand_ins.append((call, name))

    def _may_be_stored(self, name: str) -> bool:
        """Whether it may be a function that is stored under a name made when the program runs."""
        known = name in _BUILTIN_METHODS or name in self.methods
        return self.stores_functions or (self.stores_anything and not known)

    def _note_lookup(self, dotted: str, call: ast.Call, facts: Facts) -> None:
        """`getattr(order, "ship")` says which name it looks up, or how it begins and ends."""
        if (ends := looked_up(dotted, call)) is not None:
            facts.wanted.add(ends)
        match call.args:
            case [owner, ast.Constant(value=str(name))] if dotted == "builtins.getattr":
                self._give_builtin(f"{self._dotted(owner, facts)}.{name}")

    def _is_replaced(self, known: Definition) -> bool:
        """Whether a decorator of the program may have put something else in a function's place."""
        facts = self.facts[known.name]
        if facts.role is Role.WORKFLOW:
            return False
        for decorator in known.node.decorator_list:
            bare = called_to_decorate(decorator)
            dotted = self.modules.qualify(bare, facts.module, known.outer)
            if dotted == "perdure.activity":
                return False  # what stands below it, makes the activity
            if dotted in _REPLACING or self._is_own(bare, facts.module, known.outer):
                return True
        return self._is_bound_again(known, facts.module)

    def _is_bound_again(self, known: Definition, module: Module) -> bool:
        """Whether a module gives a function's name to something else: `g = logged(g)`."""
        if known.is_nested or known.function.owner is not None:
            return False
        name = known.node.name
        definitions_of_it = 1 + len(self.redefined.get(known.name, ()))
        return module.bound.get(name, 1) > definitions_of_it or name in module.rebound

    def _is_open(self, dotted: str, depth: int = 0) -> bool:
        """Whether the text of a class does not say all that making an object of it calls.

        There may be default factories, a base that is made when the program runs, methods that are
        put in from outside, or a decorator that gives another class.
        """
        if MAKING & self.stored:
            return True
        found = self.modules.class_of(dotted)
        if found is None or depth > 20:
            return False
        module, _, node = found
        bases = self.modules.bases_of(module, node)
        return (
            self._has_factories(node, module)
            or any(
                self._is_replaced(self.facts[name].definition) for name in self.makers.of(dotted)
            )
            or any(base is None or base in self.values for base in bases)
            or any(self._is_own(decorator, module) for decorator in node.decorator_list)
            or any(self._is_open(base, depth + 1) for base in bases if base)
        )

    @staticmethod
    def _has_factories(node: ast.ClassDef, module: Module) -> bool:
        """Whether fields of a dataclass have factories, other than Python's own containers."""
        return any(
            not (isinstance(factory, ast.Name) and factory.id in TYPES - module.bound.keys())
            for factory in factories(node)
        )

    def _is_own(self, decorator: ast.expr, module: Module, scopes: Iterable[Scope] = ()) -> bool:
        """Whether a decorator is of the program, or may be."""
        return self.modules.may_be_own(called_to_decorate(decorator), module, scopes)

    def _is_in_own(self, dotted: str) -> bool:
        """Whether `dotted` is inside a first-party object or class: `Color.RED.paint`."""
        parts = dotted.split(".")
        for length in range(len(parts) - 1, 0, -1):
            head = ".".join(parts[:length])
            if (module := self.modules.get(head)) is not None:
                return "__getattr__" in module.functions and parts[length] not in module.bound
            if head in self.values or self.modules.class_of(head) is not None:
                return True
        return False

    def _is_variable(self, dotted: str) -> bool:
        """Whether `dotted` is a first-party module-level variable: it may hold any callable."""
        return dotted in self.values and self.modules.function(dotted) is None

    @staticmethod
    def _is_local_class(callee: ast.expr, facts: Facts) -> bool:
        """Whether a local name is only ever bound by one nested `class`."""
        if not isinstance(callee, ast.Name):
            return False
        scope = facts.definition.scope
        nested = [
            c
            for c in scope.children
            if isinstance(c.node, ast.ClassDef) and c.node.name == callee.id
        ]
        return len(nested) == 1 and scope.bindings.get(callee.id) == 1
