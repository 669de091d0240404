"""The part of normalize for `match`: guards and patterns that suspend.

A pattern behind which a special method or a property may suspend is taken apart, as far as it
must be. What it asks of the subject (attributes, a length, items, values of keys) comes from calls
that may suspend; what these give is matched natively. Captures have names of the compiler's own
until the whole pattern has matched, which is when Python binds the user's::

    match x:                                   _t1 = x
        case Order(total=t, lines=[_, 2]):     _t2 = None
            body                               _t3 = _Op0.class_pattern(_t1, Order, 0, …)
        case other: rest                       _matched1 = False
                                               match _t3:
                                                   case [_t2, [_, 2]]: _matched1 = True
                                               _taken1 = False
                                               if _matched1:
                                                   t = _t2; _taken1 = True; body
                                               if not _taken1:
                                                   match _t1:
                                                       case other: rest
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from perdure.compiler.compound import Compound, any_suspends
from perdure.compiler.core import Case, If, Match, Simple
from perdure.compiler.lift import load, store
from perdure.compiler.trees import copy_place


class Patterns(Compound):
    """Brings `match` into core form."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._captures: dict[str, str] = {}  # of the pattern at hand: the user's names, and ours

    def _Match(self, node: ast.Match) -> None:
        if any(map(self._stops, node.cases)):
            self._opened_match(node)
            return
        before = self.rewritten
        subject = self.lift(node.subject)
        cases = [Case(case, self.body(case.body)) for case in node.cases]
        self._finish(Match(node, subject, cases), node, before)

    def _stops(self, case: ast.match_case) -> bool:
        """Whether the run may stop before the arm of a case."""
        return self.has(case.pattern) or self.has(case.guard)

    def _opened_match(self, node: ast.Match) -> None:
        """A guard that suspends becomes an `if` in its arm, and the cases after it a match anew::

        match x:                        _t1 = x
            case P if act(): body       _taken1 = False
            case Q: other               match _t1:
                                            case P:
                                                if act(): _taken1 = True; body
                                        if not _taken1:
                                            match _t1:
                                                case Q: other
        """
        subject = self.save(self.lift(node.subject))
        if not isinstance(subject, ast.Name) or subject.id not in self.names.made:
            name = self.names.fresh("t")  # what the user's name stands for may change in a guard
            self.emit(store(name, subject, subject))
            subject = load(name, subject)
        self._cases(node, subject, node.cases)

    def _cases(self, node: ast.Match, subject: ast.Name, cases: list[ast.match_case]) -> None:
        """Emit cases, of which one may stop the run: that one, those before it, and the rest."""
        self.rewritten += 1
        place = next((i for i, case in enumerate(cases) if self._stops(case)), len(cases) - 1)
        taken = self.names.fresh("taken")
        if self.has(cases[place].pattern):
            native, first = cases[:place], cases[place : place + 1]
        else:
            native, first = cases[: place + 1], []
        if native:
            self.emit(store(taken, ast.Constant(False), node))
            made = [Case(*self._arm(case, taken)) for case in native]
            held = any(any_suspends(case.body) for case in made)
            self.emit(Match(node, subject, made, suspends=held))
            rest = cases[len(native) :]
        else:
            self._opened_case(first[0], subject, taken)
            rest = cases[1:]
        if rest:
            with self.block() as others:
                if any(map(self._stops, rest)):
                    self._cases(node, subject, rest)
                else:
                    parts = [Case(case, self.body(case.body)) for case in rest]
                    held = any(any_suspends(case.body) for case in parts)
                    self.emit(Match(node, subject, parts, suspends=held))
            test = copy_place(ast.UnaryOp(ast.Not(), load(taken, node)), node)
            self.emit(If(node, test, others, [], suspends=any_suspends(others)))

    def _arm(self, case: ast.match_case, taken: str) -> tuple[ast.match_case, list[Any]]:
        """A case of a native match that notes that it was taken; its guard, if that suspends."""
        with self.block() as body:
            if self.has(case.guard):
                self._guarded(case, taken)
                case = ast.match_case(case.pattern, None, case.body)
            else:
                self.emit(store(taken, ast.Constant(True), case.pattern))
                self.statements(case.body)
        return case, body

    def _guarded(self, case: ast.match_case, taken: str) -> None:
        """Emit a guard as an `if`, with the arm in it."""
        assert case.guard is not None
        test = self.test(case.guard)
        with self.block() as inner:
            self.emit(store(taken, ast.Constant(True), case.guard))
            self.statements(case.body)
        self.emit(If(case.guard, test, inner, [], suspends=any_suspends(inner)))

    # Patterns ---------------------------------------------------------------------------------

    def _opened_case(self, case: ast.match_case, subject: ast.Name, taken: str) -> None:
        """Emit a case whose pattern may stop the run."""
        at, matched = case.pattern, self.names.fresh("matched")
        names = sorted(_captured(at))
        self._captures = {name: self.names.fresh("t") for name in names}
        for own in self._captures.values():
            self.emit(store(own, ast.Constant(None), at))
        captures = self._captures
        self._match(at, subject.id, matched)
        self.emit(store(taken, ast.Constant(False), at))
        with self.block() as arm:
            for name in names:
                self.emit(store(name, load(captures[name], at), at))
            if case.guard is not None:
                self._guarded(case, taken)
            else:
                self.emit(store(taken, ast.Constant(True), at))
                self.statements(case.body)
        self.emit(If(at, load(matched, at), arm, [], suspends=any_suspends(arm)))

    def _match(self, pattern: ast.pattern, subject: str, matched: str) -> None:
        """Emit `matched = subject matches pattern`."""
        if not self.has(pattern):
            self._natively(pattern, load(subject, pattern), matched)
            return
        match pattern:
            case ast.MatchValue():
                self._value(pattern, subject, matched)
            case ast.MatchAs():
                assert pattern.pattern is not None
                self._match(pattern.pattern, subject, matched)
                self._capture(pattern.name, load(subject, pattern), pattern)
            case ast.MatchOr():
                self._either(pattern, pattern.patterns, subject, matched)
            case ast.MatchSequence():
                self._sequence(pattern, subject, matched)
            case ast.MatchMapping():
                self._mapping_pattern(pattern, subject, matched)
            case ast.MatchClass():
                self._class(pattern, subject, matched)
            case _:
                raise NotImplementedError(type(pattern).__name__)

    def _natively(self, pattern: ast.pattern, subject: ast.expr, matched: str) -> None:
        """Emit the same by a native `match`, for a pattern that does not suspend."""
        if isinstance(pattern, ast.MatchAs) and pattern.pattern is None:
            self._capture(pattern.name, subject, pattern)
            self.emit(store(matched, ast.Constant(True), pattern))
            return
        self.emit(store(matched, ast.Constant(False), pattern))
        note = store(matched, ast.Constant(True), pattern).node
        case = ast.match_case(self._renamed(pattern), None, [note])
        self.emit(Simple(copy_place(ast.Match(subject, [case]), pattern)))

    def _renamed(self, pattern: Any) -> Any:
        """A pattern that captures under names of the compiler's own."""
        if isinstance(pattern, list):
            return [self._renamed(part) for part in pattern]
        if not isinstance(pattern, ast.pattern):
            return self._captures.get(pattern, pattern) if isinstance(pattern, str) else pattern
        fields = dict(ast.iter_fields(pattern))
        for name in fields.keys() - {"kwd_attrs", "cls", "keys", "value"}:
            fields[name] = self._renamed(fields[name])
        return copy_place(type(pattern)(**fields), pattern)

    def _capture(self, name: str | None, value: ast.expr, at: ast.pattern) -> None:
        if name is not None:
            self.emit(store(self._captures[name], value, at))

    def _chain(self, steps: Sequence[Callable[[], None]], matched: str, at: ast.pattern) -> None:
        """Emit steps that each set `matched`, each only if those before it have."""
        steps[0]()
        if steps[1:]:
            with self.block() as body:
                self._chain(steps[1:], matched, at)
            self.emit(If(at, load(matched, at), body, [], suspends=any_suspends(body)))

    def _each(
        self, patterns: list[ast.pattern], values: list[str], matched: str, at: ast.pattern
    ) -> None:
        """Emit the matching of values, from left to right, by a pattern each."""
        pairs = [pair for pair in zip(patterns, values, strict=True) if not _is_wildcard(pair[0])]
        steps: list[Callable[[], None]] = []
        while pairs:
            native = next((i for i, (p, _) in enumerate(pairs) if self.has(p)), len(pairs))
            group, pairs = pairs[: native or 1], pairs[native or 1 :]
            steps.append(lambda group=group: self._together(group, matched, at))  # type: ignore[misc]
        self._chain(
            steps or [lambda: self.emit(store(matched, ast.Constant(True), at))], matched, at
        )

    def _together(
        self, pairs: list[tuple[ast.pattern, str]], matched: str, at: ast.pattern
    ) -> None:
        """One that suspends, or several that do not."""
        if len(pairs) == 1:
            self._match(*pairs[0], matched)
            return
        values = ast.Tuple([load(value, at) for _, value in pairs], ast.Load())
        whole = copy_place(ast.MatchSequence([pattern for pattern, _ in pairs]), at)
        self._natively(whole, copy_place(values, at), matched)

    def _unpacked(self, patterns: list[ast.pattern], found: str, matched: str, at: Any) -> None:
        """Emit the matching of what stands in a tuple; there is None if there was nothing."""
        if not any(map(self.has, patterns)):
            whole = copy_place(ast.MatchSequence(patterns), at)
            self._natively(whole, load(found, at), matched)
            return
        there = ast.Compare(load(found, at), [ast.IsNot()], [ast.Constant(None)])
        self.emit(store(matched, copy_place(there, at), at))
        with self.block() as body:
            self._each(patterns, self._spread(patterns, load(found, at), at), matched, at)
        self.emit(If(at, load(matched, at), body, [], suspends=any_suspends(body)))

    def _spread(self, patterns: list[ast.pattern], items: ast.expr, at: ast.pattern) -> list[str]:
        """Emit the unpacking of items; the names that they get."""
        names, targets = [], []
        for pattern in patterns:
            names.append(self.names.fresh("t"))
            target: ast.expr = copy_place(ast.Name(names[-1], ast.Store()), at)
            if isinstance(pattern, ast.MatchStar):
                target = copy_place(ast.Starred(target, ast.Store()), at)
            targets.append(target)
        whole = copy_place(ast.Tuple(targets, ast.Store()), at)
        self.emit(Simple(copy_place(ast.Assign([whole], items), at)))
        return names

    def _value(self, pattern: ast.MatchValue, subject: str, matched: str) -> None:
        value = self.lift(pattern.value)
        operands = [load(subject, pattern), value]
        found = self.names.fresh("t")
        if pattern in self.operations:
            self.operate("eq", operands, found, load(subject, pattern))
        else:
            equal = ast.Compare(operands[0], [ast.Eq()], [value])
            self.emit(store(found, copy_place(equal, pattern), pattern))
        if pattern.value in self.tested:
            self.operate("truth", [load(found, pattern)], matched, load(subject, pattern))
            return
        test = ast.IfExp(load(found, pattern), ast.Constant(True), ast.Constant(False))
        self.emit(store(matched, copy_place(test, pattern), pattern))

    def _either(
        self, pattern: ast.MatchOr, rest: list[ast.pattern], subject: str, matched: str
    ) -> None:
        self._match(rest[0], subject, matched)
        if rest[1:]:
            with self.block() as body:
                self._either(pattern, rest[1:], subject, matched)
            test = copy_place(ast.UnaryOp(ast.Not(), load(matched, pattern)), pattern)
            self.emit(If(pattern, test, body, [], suspends=any_suspends(body)))

    def _class(self, pattern: ast.MatchClass, subject: str, matched: str) -> None:
        found, kind = self.names.fresh("t"), self.lift(pattern.cls)
        given = ast.Constant(len(pattern.patterns)), *map(ast.Constant, pattern.kwd_attrs)
        operands = [load(subject, pattern), kind, *given]
        self.operate("class_pattern", operands, found, load(subject, pattern))
        self._unpacked([*pattern.patterns, *pattern.kwd_patterns], found, matched, pattern)

    def _is(self, what: str, subject: str, matched: str, at: ast.pattern) -> None:
        """Emit `matched = _Op0.is_sequence(subject)`, or `is_mapping`."""
        function = copy_place(ast.Attribute(load("_Op0", at), what, ast.Load()), at)
        test = copy_place(ast.Call(function, [load(subject, at)], []), at)
        self.emit(store(matched, test, at))

    def _length(self, subject: str, at: ast.pattern) -> str:
        """Emit the length of a subject, which may suspend."""
        length = self.names.fresh("t")
        self.operate("len", [load(subject, at)], length, load(subject, at))
        return length

    def _has_length(
        self, op: ast.cmpop, size: int, subject: str, matched: str, at: ast.pattern
    ) -> None:
        length = load(self._length(subject, at), at)
        test = copy_place(ast.Compare(length, [op], [ast.Constant(size)]), at)
        self.emit(store(matched, test, at))

    # Sequences

    def _sequence(self, pattern: ast.MatchSequence, subject: str, matched: str) -> None:
        """As CPython does it: by index if a `*_` is in it, else all of it is unpacked."""
        parts, at = pattern.patterns, pattern
        star = next((p for p in parts if isinstance(p, ast.MatchStar)), None)
        steps: list[Callable[[], None]] = [lambda: self._is("is_sequence", subject, matched, at)]
        if star is None:
            steps.append(lambda: self._has_length(ast.Eq(), len(parts), subject, matched, at))
        elif len(parts) > 1:
            least = len(parts) - 1
            steps.append(lambda: self._has_length(ast.GtE(), least, subject, matched, at))
        if star is not None and star.name is None:
            for place, part in enumerate(parts):
                if not _is_wildcard(part):
                    steps += self._at_index(pattern, place, subject, matched)
        elif not all(map(_is_wildcard, parts)):
            steps.append(lambda: self._in_turn(pattern, subject, matched))
        self._chain(steps, matched, at)

    def _at_index(
        self, pattern: ast.MatchSequence, place: int, subject: str, matched: str
    ) -> list[Callable[[], None]]:
        """The steps for one item, which is fetched when its turn comes."""
        part = pattern.patterns[place]
        star = next(i for i, p in enumerate(pattern.patterns) if isinstance(p, ast.MatchStar))

        def step() -> None:
            index: ast.expr = ast.Constant(place)
            if place > star:  # from the end; who knows whether it takes a negative index
                length = load(self._length(subject, part), part)
                back = ast.Constant(len(pattern.patterns) - place)
                index = copy_place(ast.BinOp(length, ast.Sub(), back), part)
            item, at = self.names.fresh("t"), load(subject, part)
            self.operate("getitem", [load(subject, part), index], item, at)
            self._match(part, item, matched)

        return [step]

    def _in_turn(self, pattern: ast.MatchSequence, subject: str, matched: str) -> None:
        parts = pattern.patterns
        items: ast.expr = load(subject, pattern)
        if pattern in self.sites:
            star = any(isinstance(part, ast.MatchStar) for part in parts)
            items = self.listed(items, items, 0 if star else len(parts) + 1)
        names = self._spread(parts, items, pattern)
        for part, name in zip(parts, names, strict=True):
            if isinstance(part, ast.MatchStar):
                self._capture(part.name, load(name, part), part)
        pairs = [p for p in zip(parts, names, strict=True) if not isinstance(p[0], ast.MatchStar)]
        self._each([p for p, _ in pairs], [name for _, name in pairs], matched, pattern)

    # Mappings

    def _mapping_pattern(self, pattern: ast.MatchMapping, subject: str, matched: str) -> None:
        keys, at = self.names.fresh("t"), pattern
        steps: list[Callable[[], None]] = [lambda: self._is("is_mapping", subject, matched, at)]
        if size := len(pattern.keys):
            steps.append(lambda: self._has_length(ast.GtE(), size, subject, matched, at))
            steps.append(lambda: self._at_keys(pattern, keys, subject, matched))
        if pattern.rest is not None:
            steps.append(lambda: self._rest(pattern, keys, subject))
        self._chain(steps, matched, at)

    def _at_keys(self, pattern: ast.MatchMapping, keys: str, subject: str, matched: str) -> None:
        wanted = copy_place(ast.Tuple(self.sequence(pattern.keys), ast.Load()), pattern)
        self.emit(store(keys, wanted, pattern))
        found, at = self.names.fresh("t"), load(subject, pattern)
        operands = [load(subject, pattern), load(keys, pattern)]
        self.operate("mapping_pattern", operands, found, at)
        self._unpacked(pattern.patterns, found, matched, pattern)

    def _rest(self, pattern: ast.MatchMapping, keys: str, subject: str) -> None:
        """Emit the capture of what has none of the keys."""
        assert pattern.rest is not None
        given, at = self.names.fresh("t"), pattern
        self.operate("mapping", [load(subject, at)], given, load(subject, at))
        rest = copy_place(ast.Dict([None], [load(given, at)]), at)
        self._capture(pattern.rest, rest, at)
        for place in range(len(pattern.keys)):
            key = copy_place(ast.Subscript(load(keys, at), ast.Constant(place), ast.Load()), at)
            of = load(self._captures[pattern.rest], at)
            target = copy_place(ast.Subscript(of, key, ast.Del()), at)
            self.emit(Simple(copy_place(ast.Delete([target]), at)))


def _is_wildcard(pattern: ast.pattern) -> bool:
    match pattern:
        case ast.MatchAs(pattern=None, name=None) | ast.MatchStar(name=None):
            return True
    return False


def _captured(pattern: ast.pattern) -> set[str]:
    """The names that a pattern binds."""
    found = set()
    for node in ast.walk(pattern):
        match node:
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                found.add(name)
            case ast.MatchMapping(rest=str(name)):
                found.add(name)
    return found
