"""The part of resolve for what is given: to builtins, to loops, to operators.

`sorted(orders, key=price)` suspends if `price` does, `total + line` if an `__add__` of the program
does, and a loop if what it goes over does. What each of them comes to is a function of Perdure's
library, which is compiled along.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from perdure.compiler import library, operators
from perdure.compiler.definitions import Definition, Kind
from perdure.compiler.making import MAKING
from perdure.compiler.reading import Facts, Reader
from perdure.compiler.roles import Role
from perdure.compiler.scopes import Function, Modules
from perdure.compiler.trees import last_name

# Whether an expression suspends when it is called, or iterated over.
NO, PERHAPS, YES = 0, 1, 2
# Iterating over the value of one of these runs nothing of the user's.
_NATIVE: tuple[type[ast.expr], ...] = (
    ast.List,
    ast.Tuple,
    ast.Set,
    ast.Dict,
    ast.Constant,
    ast.JoinedStr,
)
_NATIVE += (ast.ListComp, ast.SetComp, ast.DictComp, ast.Compare, ast.BinOp)
# What gives an object that it was given, or that a method of one gives.
_HANDING_ON = {f"builtins.{n}" for n in "max min next getattr abs round divmod pow".split()}
_HANDING_ON |= {"functools.reduce", "operator.call"}
_STEPS = frozenset({"__next__", "send", "throw", "close"})  # methods of a generator
_WAITS = frozenset({"result", "exception"})  # methods of a fiber
_WRITES = frozenset({"write", "flush"})  # methods of a file that is printed to
_NATIVE_METHODS = frozenset("items keys values split splitlines readlines".split())


class Given(Reader):
    """Knows who suspends, so far as it is known, and says what may suspend because of that."""

    def __init__(self, modules: Modules, entry: Function) -> None:
        super().__init__(modules, entry)
        self.durable: set[str] = set()
        self.maybe: set[str] = set()
        self.stopping: set[str] = set()  # compiled functions inside which a run may stop
        self.iterates = False
        self.escapes = False  # something that suspends is used as a value
        self.sends = False  # whether it has coroutines that may be stepped by hand
        self.behind: set[str] = set()  # of the user's special methods and properties: may suspend
        self.added: set[str] = set()  # modules of Perdure's library

    def _suspends(self, name: str) -> bool:
        facts = self.facts.get(name)
        return name in self.durable or (facts is not None and facts.role is Role.ACTIVITY)

    def _compiled(self, name: str) -> bool:
        return name in self.durable or name in self.maybe

    def _suspending_methods(self) -> set[str]:
        """Names of methods that suspend: whoever calls such a name may suspend."""
        found = {
            method
            for method, names in self.methods.items()
            if any(self._suspends(n) or n in self.maybe for n in names)
        }
        if self.escapes:
            found |= self.decorated_methods | self.put_in
        found |= _STEPS if self.iterates or self.sends else set()
        if "__post_init__" in found or (self.escapes and self.has_factories):
            found.add("__init__")  # `super().__init__()` may be what `dataclass` wrote
        if MAKING & found and "__call__" in self.methods:
            found.add("__call__")  # `super().__call__()` in a metaclass makes the object
        found |= {name for name, made in self.dispatching.items() if any(map(self._compiled, made))}
        return found | _WAITS if self.spawns else found

    # What special methods stand behind --------------------------------------------------------

    def _methods_behind(self) -> set[str]:
        """Special methods and properties of the user's classes that may suspend."""
        found = {
            method
            for method in self.special | self.properties
            if (self.escapes and (method in self.decorated_methods or method in self.put_in))
            or any(
                self._suspends(name) or name in self.maybe
                for name in self.methods.get(method, ())
                if not self.facts[name].module.source.is_library
            )
        }
        factories = ((c, f) for f in self.facts.values() for c in f.factories if c.args)
        fills = self.outside.fills and self.escapes
        if fills or any(self._called(call.args[0], facts) for call, facts in factories):
            found.add("__missing__")
        return found

    def _operates(self, facts: Facts) -> bool:
        """Whether an operator, a subscript or a test of a function may suspend."""
        if facts.tested and not self.behind.isdisjoint(operators.TRUTH):
            return True
        return any(not self.behind.isdisjoint(names) for _, names in facts.operations)

    def _operating(self, facts: Facts) -> Iterator[str]:
        """The stand-ins of those that may."""
        for node, names in facts.operations:
            if self.behind.isdisjoint(names):
                continue
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                yield "read_attribute"
            elif isinstance(node, ast.Call):
                operation = operators.named(self._dotted(node.func, facts) or "")
                assert operation is not None
                yield operation.stand_in
            else:
                for name in operators.operations_of(node):
                    yield operators.OPERATIONS[name].stand_in
            if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Attribute):
                yield "read_attribute"
        if facts.tested and not self.behind.isdisjoint(operators.TRUTH):
            yield "truth"

    # What builtins and loops are given --------------------------------------------------------

    def _stand_ins(self, call: ast.Call, dotted: str, facts: Facts) -> Iterator[str]:
        """The stand-in of a builtin, and those of builtins that it calls: `map(set, sources)`."""
        yield _stand_in(dotted)
        for place in self._called_places(call, dotted):
            value = call.args[place] if place < len(call.args) else None
            if isinstance(value, ast.Name | ast.Attribute):
                given = self._dotted(value, facts)
                if given in library.STAND_INS:
                    yield _stand_in(given)

    def _use(self, stand_in: str) -> None:
        """Compile a function of Perdure's library, and those it calls."""
        name = library.full_name(stand_in)
        if name not in self.facts:
            self._add_library(name.partition(":")[0])
        self._take([name])

    def _take(self, queue: list[str]) -> None:
        while queue:
            name = queue.pop()
            if name not in self.maybe:
                self.maybe.add(name)
                queue += [known.name for _, known in self.facts[name].known]
                queue += [known.name for known in self.facts[name].mentioned]
                queue += self._methods_made(name)

    def _methods_made(self, name: str) -> Iterator[str]:
        """Methods of the objects that a stand-in makes."""
        for method in library.METHODS_OF.get(name.partition(":")[2], ()):
            asked = method.rpartition(".")[2] not in library.LENGTHS
            if asked or not self.behind.isdisjoint(library.LENGTHS):
                yield method

    def _add_library(self, name: str) -> None:
        """Take a module of Perdure's library in, once, and those that it calls functions of."""
        if name not in self.added:
            self.added.add(name)
            module = self.modules.get(name)
            assert module is not None
            for other in library.MODULES:
                if other in module.imported:
                    self._add_library(other)
            for definition in self._add_module(module):
                self._read(self.facts[definition.name])

    def _meets(self, call: ast.Call, facts: Facts) -> int:
        """Whether a builtin that has a stand-in is given something that suspends."""
        dotted = self._dotted(call.func, facts) or ""
        if dotted == "builtins.iter" and len(call.args) == 1:
            # An `__iter__` of the user's may give a generator of the program.
            own = "__iter__" in self.methods or "__getitem__" in self.behind
            given = call.args[0]
            native = isinstance(given, _NATIVE) and not self._is_made(given)
            return PERHAPS if own and not native else NO
        if dotted in ("dataclasses.replace", "copy.replace"):
            return PERHAPS if MAKING & self._suspending_methods() else NO
        if dotted == "itertools.chain.from_iterable" and self.iterates:
            return PERHAPS
        if dotted in library.ALWAYS:
            return PERHAPS
        called = self._called_places(call, dotted)
        last = dotted.rpartition(".")[2] if dotted in library.STAND_INS else last_name(call.func)
        found = PERHAPS if dotted in library.ASYNCHRONOUS else NO
        if self.behind & library.OF_ITEMS.get(last, frozenset()):
            return PERHAPS
        if last in library.MAPPED and "__getitem__" in self.behind:
            return PERHAPS
        if "__index__" in self.behind and last in {*library.NUMBERED, *library.ALSO_NUMBERED}:
            return PERHAPS
        if last in library.DERIVING and self.has_groups:
            found = PERHAPS if "derive" in self._suspending_methods() else NO
        elif last in library.ONLY_OF_ITEMS or last in library.NUMBERED:
            return NO
        if last in library.PAST:
            behind = self.properties | operators.DESCRIBING
            behind = {"__eq__"} if last == "__ne__" else behind
            return NO if self.behind.isdisjoint(behind) else PERHAPS
        if dotted.partition(".")[2] in library.RAW and operators.RAW & self.behind:
            return PERHAPS
        if last in library.MISSING:
            return PERHAPS if "__missing__" in self.behind else NO
        if last in library.SHOWING:
            return PERHAPS if self._shows(call, last) else NO
        for place, value in enumerate(call.args):
            if isinstance(value, ast.Starred):
                found = max(found, PERHAPS if self.iterates or called else NO)
            elif place in called:
                found = max(found, self._called(value, facts))
            else:
                found = max(found, self._iterated(value, facts))
        for keyword in call.keywords:
            if keyword.arg in library.CALLED_KEYWORDS:
                found = max(found, self._called(keyword.value, facts))
        return found

    def _shows(self, call: ast.Call, name: str) -> bool:
        """Whether a call that makes a text of what it is given may ask what suspends."""
        if name == "print":
            writes = any(keyword.arg in ("file", None) for keyword in call.keywords)
            return not self.behind.isdisjoint(operators.SHOWING) or (
                writes and not _WRITES.isdisjoint(self._suspending_methods())
            )
        assert isinstance(call.func, ast.Attribute)
        template = call.func.value
        if not isinstance(template, ast.Constant) or name == "format_map":
            return bool(self.behind)
        inside = library.FIELD_OF_SOMETHING.search(str(template.value)) is not None
        return bool(self.behind) if inside else not self.behind.isdisjoint(library.SHOWING[name])

    @staticmethod
    def _called_places(call: ast.Call, dotted: str) -> frozenset[int]:
        """Which of its arguments a builtin calls."""
        if dotted in library.STAND_INS:
            return library.STAND_INS[dotted][1]
        method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        return library.METHODS.get(method, ("", frozenset[int]()))[1]

    def _called(self, value: ast.expr, facts: Facts) -> int:
        """Whether calling the value of an expression suspends."""
        if isinstance(value, ast.Constant):
            return NO
        known = self._function_named(value, facts) if not isinstance(value, ast.Lambda) else None
        if isinstance(value, ast.Lambda):
            known = self.by_node.get(value)
        if known is not None:
            if self._suspends(known.name):
                return YES
            return PERHAPS if known.name in self.maybe or known.node.decorator_list else NO
        dotted = self._dotted(value, facts)
        if dotted is None or dotted in self.values or self._is_in_own(dotted):
            return PERHAPS
        if self.modules.class_of(dotted) is not None:
            return PERHAPS if self._making_suspends(dotted) else NO
        operation = operators.named(dotted)
        if operation is not None and self._special_of(operation) & self.behind:
            return PERHAPS
        if dotted == "operator.call":
            return PERHAPS
        return PERHAPS if self.iterates and dotted in library.STAND_INS else NO

    def _making_suspends(self, dotted: str) -> bool:
        """Whether making an object of a class may suspend."""
        made = self.makers.of(dotted)
        return any(map(self._compiled, made)) or (self.escapes and self._is_open(dotted))

    def _iterated(self, value: ast.AST, facts: Facts) -> int:
        """Whether iterating over the value of an expression suspends."""
        if value in self.by_node:
            made = self.by_node[value]
            if made.name in self.durable:
                return YES
            return PERHAPS if self._may_stop_in(made.name) else NO
        if not self.iterates or (isinstance(value, _NATIVE) and not self._is_made(value)):
            return NO
        if isinstance(value, ast.Call):
            known = self._function_named(value.func, facts)
            if known is not None and known.kind is Kind.GENERATOR and not known.node.decorator_list:
                if known.name in self.durable:
                    return YES
                return PERHAPS if self._may_stop_in(known.name) else NO
            dotted = self._dotted(value.func, facts) or ""
            if dotted in _HANDING_ON:
                return PERHAPS
            if dotted in library.STAND_INS:
                return self._meets(value, facts)
            if dotted == "builtins.reversed" and (
                "__reversed__" in self.methods or "__getitem__" in self.behind
            ):
                return PERHAPS
            if dotted.startswith("builtins."):
                return NO
            if isinstance(value.func, ast.Attribute):
                method = value.func.attr
                if method in _NATIVE_METHODS and method not in self.methods:
                    return NO
        return PERHAPS

    def _is_made(self, value: ast.AST) -> bool:
        """Whether an operator may make an object of the program's own: `a + b` of two vectors."""
        if not isinstance(value, ast.BinOp | ast.UnaryOp | ast.Compare):
            return False
        names = operators.operations_of(value)
        return any(not self.special.isdisjoint(operators.OPERATIONS[n].names) for n in names)

    def _makes_coroutines(self, made: Definition) -> bool:
        """Whether a generator's own code makes coroutines and generators, natively Python's own."""
        known = self.facts[made.name].known
        return any(callee.kind is not Kind.FUNCTION for _, callee in known)

    def _may_stop_in(self, name: str) -> bool:
        return name in self.facts and name in self.stopping


def _stand_in(name: str) -> str:
    """The library's function for a builtin, by its dotted name, or for a method, by its name."""
    found = library.STAND_INS.get(name) or library.OF_SUBCLASSES.get(name)
    found = found or library.METHODS[name]
    return found[0]
