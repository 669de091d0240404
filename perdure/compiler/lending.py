"""Generators whose end suspends, and the variables that hold them.

Python closes a generator that nobody holds any more, and its `finally` gives back what it lent. A
variable that is not read again holds nothing across a suspension, so such a generator would be
closed while what it lent is still in use. The variables that these generators are put into are
therefore live until they are bound again or the function ends. Others may hold what cannot be kept,
such as a file, and are closed before.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence

from perdure.compiler.definitions import Kind
from perdure.compiler.reading import Facts
from perdure.compiler.scopes import parameters
from perdure.compiler.trees import nodes

_LOOPS = (ast.For, ast.AsyncFor, ast.comprehension)
_GENERATORS = (Kind.GENERATOR, Kind.ASYNC_GENERATOR)


class Lending:
    """Those generators, found in what is known of all functions of a program."""

    def __init__(
        self,
        facts: Mapping[str, Facts],
        methods: Mapping[str, Sequence[str]],
        suspends: Callable[[str], bool],
    ) -> None:
        self.methods = methods
        # The functions that give one: generator functions, and what returns or delegates to those.
        self.functions: set[str] = set()
        self.classes: set[str] = set()  # whose methods keep one in their object
        self.given: dict[str, set[str]] = {}
        plain = {
            name: known
            for name, known in facts.items()
            if not known.module.source.is_foreign
            and not getattr(known.definition.node, "decorator_list", ())
        }
        generators = {n: f for n, f in plain.items() if f.definition.kind in _GENERATORS}
        exits = any(suspends(n) for m in ("__exit__", "__aexit__") for n in methods.get(m, ()))
        found = {n for n, known in generators.items() if _end_suspends(known, suspends, exits)}
        while found:
            self.functions |= found
            self.classes |= {c for f in plain.values() if (c := self._keeps_in_object(f))}
            found = {n for n, f in plain.items() if n not in self.functions and self._passes_on(f)}
        # The parameters of functions that are given one by a call that has just made it.
        for known in facts.values() if self.functions else ():
            self._note_given(known, facts)

    @property
    def is_any(self) -> bool:
        """Whether the program has such generators."""
        return bool(self.functions)

    def holders(self, facts: Facts) -> tuple[str, ...]:
        """The variables of a function that hold one, in the order of the text.

        By themselves, in a list, in an attribute, or in an object that was made of them.
        """
        made = self._made(facts) if self.functions else set()
        given = self.given.get(facts.definition.name, set())
        every = parameters(facts.definition.node.args) if given else ()
        begun = [name for name in every if name in given]
        found: list[ast.Name] = []
        for node in facts.definition.own if made else ():
            match node:
                case ast.Assign(targets=targets, value=value):
                    for target in targets:
                        found += _holders(target, value, made)
                case (
                    ast.AnnAssign(target=target, value=ast.expr() as value)
                    | ast.NamedExpr(target=target, value=value)
                ):
                    found += _holders(target, value, made)
        rest = facts.definition.node.args.vararg
        lists = {rest.arg} & given if rest is not None else set()
        for node in facts.definition.own if found or lists else ():
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if _lists(value, made):
                    lists.add(name)
        for node in facts.definition.own if made or lists else ():
            if isinstance(node, _LOOPS) and isinstance(node.target, ast.Name):
                over = node.iter
                named = isinstance(over, ast.Name) and over.id in lists
                if not isinstance(node, ast.comprehension) and (named or _lists(over, made)):
                    found.append(node.target)
        found.sort(key=lambda name: (name.lineno, name.col_offset))
        return tuple(dict.fromkeys([*begun, *(name.id for name in found)]))

    def _made(self, facts: Facts) -> set[ast.AST]:
        """The calls of a function that give such a generator."""
        known = (*facts.known, *facts.generators)
        made: set[ast.AST] = {call for call, function in known if function.name in self.functions}
        made |= {call for call, name in facts.methods if self._has_method(name)}
        if self._has_method("__iter__"):
            made |= {call for call, name in facts.stand_ins if name == "builtins.iter"}
        for call, dotted in facts.constructed:
            if dotted in self.classes or any(_gives(part, made) for part in _arguments(call)):
                made.add(call)
        return made

    def _keeps_in_object(self, facts: Facts) -> str | None:
        """The class of a method that keeps such a generator in an attribute of its object."""
        function = facts.definition.function
        own = parameters(facts.definition.node.args)
        if function.owner is None or facts.definition.is_nested or not own:
            return None
        kept = own[0] in self.holders(facts)
        return f"{function.module}.{function.owner}" if kept else None

    def _note_given(self, facts: Facts, every: Mapping[str, Facts]) -> None:
        """Which parameters the calls of a function give such a generator to."""
        made = self._made(facts)
        if not made:
            return
        called = [(call, function, 0) for call, function in facts.known]
        for call, name in facts.methods:
            called += [(call, every[m].definition, 1) for m in self.methods.get(name, ())]
        for call, function, first in called:
            if any(_gives(part, made) for part in _arguments(call)):
                names = _parameters_given(call, function.node.args, made, first)
                self.given.setdefault(function.name, set()).update(names)

    def _has_method(self, name: str) -> bool:
        return not self.functions.isdisjoint(self.methods.get(name, ()))

    def _passes_on(self, facts: Facts) -> bool:
        """Whether a function returns such a generator, or is a generator that steps one."""
        made, kind = self._made(facts), facts.definition.kind
        held = set(self.holders(facts)) if made and kind is Kind.FUNCTION else set()
        for node in facts.definition.own if made else ():
            if kind is Kind.FUNCTION:
                if not isinstance(node, ast.Return) or node.value is None:
                    continue
                if _gives(node.value, made) or getattr(node.value, "id", None) in held:
                    return True
            elif kind in _GENERATORS:
                if isinstance(node, ast.YieldFrom) and node.value in made:
                    return True
                if isinstance(node, _LOOPS) and node.iter in made:
                    return True
        return False


def _arguments(call: ast.Call) -> Iterator[ast.expr]:
    yield from call.args
    yield from (keyword.value for keyword in call.keywords)


def _parameters_given(
    call: ast.Call, given: ast.arguments, made: set[ast.AST], first: int
) -> Iterator[str]:
    """The parameters to which a call gives one of `made`; the `first` are those of a method."""
    by_place = [*given.posonlyargs, *given.args][first:]
    for place, part in enumerate(call.args):
        if isinstance(part, ast.Starred):
            return
        if _gives(part, made):
            found = by_place[place] if place < len(by_place) else given.vararg
            if found is not None:
                yield found.arg
    yield from (k.arg for k in call.keywords if k.arg is not None and _gives(k.value, made))


def _end_suspends(facts: Facts, suspends: Callable[[str], bool], exits: bool) -> bool:
    """Whether a `finally`, a handler or the end of a `with` surely calls what suspends.

    `exits`: the program has context managers whose exit does.
    """
    calls: set[ast.AST] = {call for call, known in facts.known if suspends(known.name)}
    calls |= {*facts.timers}
    managers = calls | {call for call, _ in facts.constructed if exits}
    for node in facts.definition.own:
        if isinstance(node, ast.Try | ast.TryStar):
            ends = [*node.handlers, *node.finalbody]
            if any(inner in calls for part in ends for inner in nodes(part)):
                return True
        elif isinstance(node, ast.With | ast.AsyncWith) and any(
            item.context_expr in managers for item in node.items
        ):
            return True
    return False


def _holders(target: ast.expr, value: ast.expr, made: set[ast.AST]) -> Iterator[ast.Name]:
    """The variable that leads to what is assigned, if that is one of `made` or has it inside."""
    match target, value:
        case (ast.Tuple() | ast.List(), ast.Tuple() | ast.List()):
            for inner, part in zip(target.elts, value.elts, strict=False):
                yield from _holders(inner, part, made)
        case _ if _gives(value, made):
            while isinstance(target, ast.Attribute | ast.Subscript):
                target = target.value
            if isinstance(target, ast.Name):
                yield target


def _lists(value: ast.expr, made: set[ast.AST]) -> bool:
    """Whether an expression makes a list, or another container, with one of `made` in it."""
    return isinstance(value, _CONTAINERS) and _gives(value, made)


_CONTAINERS = (ast.Tuple, ast.List, ast.Set, ast.ListComp, ast.SetComp)


def _gives(value: ast.expr, made: set[ast.AST]) -> bool:
    match value:
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts):
            return any(_gives(part, made) for part in parts)
        case ast.Dict(values=parts):
            return any(_gives(part, made) for part in parts)
        case ast.ListComp(elt=part) | ast.SetComp(elt=part) | ast.DictComp(value=part):
            return _gives(part, made)
        case ast.IfExp(body=one, orelse=other):
            return _gives(one, made) or _gives(other, made)
        case ast.NamedExpr(value=part):
            return _gives(part, made)
    return value in made
