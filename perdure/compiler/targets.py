"""The part of normalize for what is assigned to: names, attributes, subscripts, and what unpacks.

Python unpacks a whole value before it stores anything, and evaluates the parts of a target from
left to right as it stores. What is unpacked may suspend, and so may what a target stands on.
"""

from __future__ import annotations

import ast

from perdure.compiler.core import Simple
from perdure.compiler.lift import Lifter, load
from perdure.compiler.operators import operations_of
from perdure.compiler.trees import copy_place


class Targets(Lifter):
    """Emits assignments to targets of every kind."""

    def assign_to(self, target: ast.expr, value: ast.expr) -> None:
        """Emit `target = value`; `value` is already evaluated (a temporary or a constant)."""
        if target in self.sites and isinstance(target, ast.Subscript):
            # What fills a slice is gone over last, when it is known which.
            owner, index = map(self.save, self.item(target))
            value = self.listed(value, target, wanted(target))
            if target in self.operations:
                self.operate(operations_of(target)[0], [owner, index, value], None, target)
                return
            filled = copy_place(ast.Subscript(owner, index, ast.Store()), target)
            self.emit(Simple(copy_place(ast.Assign([filled], value), target)))
            return
        if target in self.sites:
            value = self.listed(value, target, wanted(target))
        if not self.has(target):
            self.emit(Simple(copy_place(ast.Assign([target], value), target)))
        elif isinstance(target, ast.Tuple | ast.List):
            self._unpack(target, value)
        elif target in self.operations:
            self.operate_on(target, [value])
        else:
            place = self.place(target)
            self.emit(Simple(copy_place(ast.Assign([place], value), target)))

    def operate_on(self, target: ast.expr, value: list[ast.expr]) -> None:
        """Emit the assignment (with a value), or the deletion, by a special method."""
        if isinstance(target, ast.Attribute):
            parts = [self.lift(target.value), ast.Constant(target.attr)]
        else:
            assert isinstance(target, ast.Subscript)
            parts = self.item(target)
        self.operate(operations_of(target)[0], [*parts, *value], None, target)

    def place(self, target: ast.expr) -> ast.expr:
        """Lift the object (and the index) that an attribute or subscript target stands on."""
        made: ast.expr
        if isinstance(target, ast.Attribute):
            made = ast.Attribute(self.lift(target.value), target.attr, target.ctx)
        elif isinstance(target, ast.Subscript):
            made = ast.Subscript(*self.subscript(target), target.ctx)
        else:
            made = target
        return copy_place(made, target)

    def _unpack(self, target: ast.Tuple | ast.List, value: ast.expr) -> None:
        """Python unpacks the whole value first and then stores from left to right."""
        items: list[tuple[ast.expr, str]] = []
        elements: list[ast.expr] = []
        for element in target.elts:
            name = self.names.fresh("t")
            part: ast.expr = copy_place(ast.Name(name, ast.Store()), element)
            if isinstance(element, ast.Starred):
                items.append((element.value, name))
                part = copy_place(ast.Starred(part, ast.Store()), element)
            else:
                items.append((element, name))
            elements.append(part)
        whole = copy_place(ast.Tuple(elements, ast.Store()), target)
        self.emit(Simple(copy_place(ast.Assign([whole], value), target)))
        for element, name in items:
            self.assign_to(element, load(name, element))


def wanted(target: ast.expr) -> int:
    """How many items an unpacking target looks at: one more than it takes. 0 for all."""
    if not isinstance(target, ast.Tuple | ast.List):
        return 0
    if any(isinstance(element, ast.Starred) for element in target.elts):
        return 0
    return len(target.elts) + 1
