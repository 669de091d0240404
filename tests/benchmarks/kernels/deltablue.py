"""A solver of one-way constraints: many small objects, methods found by class, lists that grow."""

from __future__ import annotations

import itertools

from perdure import workflow

from .acts import act

WORK = 40  # chains and projections
LENGTH = 600  # of a chain
RARE = 20_000

REQUIRED, STRONG, PREFERRED, NORMAL, WEAK, WEAKEST = range(6)  # the stronger, the lower


class Variable:
    def __init__(self, value: int) -> None:
        self.value = value
        self.constraints: list[Constraint] = []
        self.determined_by: Constraint | None = None
        self.strength = WEAKEST
        self.stay = True
        self.mark = 0


class Constraint:
    """Keeps a relation between variables by computing its output from its inputs."""

    def __init__(self, strength: int) -> None:
        self.strength = strength

    def variables(self) -> list[Variable]:
        raise NotImplementedError

    def choose(self, mark: int) -> bool:
        """Pick the output, if one may be overridden."""
        raise NotImplementedError

    def output(self) -> Variable:
        raise NotImplementedError

    def inputs(self) -> list[Variable]:
        return []

    def satisfied(self) -> bool:
        raise NotImplementedError

    def give_up(self) -> None:
        raise NotImplementedError

    def is_input(self) -> bool:
        return False

    def compute(self) -> None:
        raise NotImplementedError

    def known(self, mark: int) -> bool:
        for variable in self.inputs():
            if not (variable.mark == mark or variable.stay or variable.determined_by is None):
                return False
        return True

    def refresh(self) -> None:
        """Pass strength and value on to the output."""
        out = self.output()
        out.strength = self.strength
        out.stay = not self.is_input()
        for variable in self.inputs():
            out.strength = max(out.strength, variable.strength)
            out.stay = out.stay and variable.stay
        if out.stay:
            self.compute()


class Unary(Constraint):
    def __init__(self, variable: Variable, strength: int) -> None:
        super().__init__(strength)
        self.variable = variable
        self.active = False

    def variables(self) -> list[Variable]:
        return [self.variable]

    def choose(self, mark: int) -> bool:
        self.active = self.variable.mark != mark and self.strength < self.variable.strength
        return self.active

    def output(self) -> Variable:
        return self.variable

    def satisfied(self) -> bool:
        return self.active

    def give_up(self) -> None:
        self.active = False

    def compute(self) -> None:
        pass


class Stay(Unary):
    pass


class Edit(Unary):
    def is_input(self) -> bool:
        return True


class Equal(Constraint):
    """Two variables are the same; `forward` is the direction, None while it is not kept."""

    def __init__(self, a: Variable, b: Variable, strength: int) -> None:
        super().__init__(strength)
        self.a = a
        self.b = b
        self.forward: bool | None = None

    def variables(self) -> list[Variable]:
        return [self.a, self.b]

    def choose(self, mark: int) -> bool:
        a, b = self.a, self.b
        self.forward = None
        if a.mark == mark:
            if b.mark != mark and self.strength < b.strength:
                self.forward = True
        elif b.mark == mark:
            if self.strength < a.strength:
                self.forward = False
        elif a.strength > b.strength:
            if self.strength < a.strength:
                self.forward = False
        elif self.strength < b.strength:
            self.forward = True
        return self.forward is not None

    def output(self) -> Variable:
        return self.b if self.forward else self.a

    def inputs(self) -> list[Variable]:
        return [self.a] if self.forward else [self.b]

    def satisfied(self) -> bool:
        return self.forward is not None

    def give_up(self) -> None:
        self.forward = None

    def compute(self) -> None:
        if self.forward:
            self.b.value = self.a.value
        else:
            self.a.value = self.b.value


class Scale(Equal):
    """`b` is `a * factor + offset`."""

    def __init__(
        self, a: Variable, factor: Variable, offset: Variable, b: Variable, strength: int
    ) -> None:
        super().__init__(a, b, strength)
        self.factor = factor
        self.offset = offset

    def variables(self) -> list[Variable]:
        return [self.a, self.b, self.factor, self.offset]

    def inputs(self) -> list[Variable]:
        return [self.a if self.forward else self.b, self.factor, self.offset]

    def compute(self) -> None:
        if self.forward:
            self.b.value = self.a.value * self.factor.value + self.offset.value
        else:
            self.a.value = (self.b.value - self.offset.value) // self.factor.value


class Planner:
    def __init__(self) -> None:
        self.mark = 0

    def next_mark(self) -> int:
        self.mark += 1
        return self.mark

    def add(self, constraint: Constraint) -> None:
        for variable in constraint.variables():
            variable.constraints.append(constraint)
        mark = self.next_mark()
        overridden = self.satisfy(constraint, mark)
        while overridden is not None:
            overridden = self.satisfy(overridden, mark)

    def satisfy(self, constraint: Constraint, mark: int) -> Constraint | None:
        """Enforce a constraint; the one that it took the output from."""
        if not constraint.choose(mark):
            if constraint.strength == REQUIRED:
                raise ValueError("a required constraint cannot be kept")
            return None
        for variable in constraint.inputs():
            variable.mark = mark
        out = constraint.output()
        overridden = out.determined_by
        if overridden is not None:
            overridden.give_up()
        out.determined_by = constraint
        self.propagate(constraint, mark)
        out.mark = mark
        return overridden

    def propagate(self, constraint: Constraint, mark: int) -> None:
        todo = [constraint]
        while todo:
            next_one = todo.pop()
            if next_one.output().mark == mark:
                raise ValueError("the constraints go round in a circle")
            next_one.refresh()
            self.consumers(next_one.output(), todo)

    def consumers(self, variable: Variable, found: list[Constraint]) -> None:
        for constraint in variable.constraints:
            if constraint is not variable.determined_by and constraint.satisfied():
                found.append(constraint)

    def remove(self, constraint: Constraint) -> None:
        out = constraint.output() if constraint.satisfied() else None
        constraint.give_up()
        for variable in constraint.variables():
            variable.constraints.remove(constraint)
        if out is None:
            return
        unsatisfied: list[Constraint] = []
        out.determined_by, out.strength, out.stay = None, WEAKEST, True
        todo = [out]
        while todo:
            variable = todo.pop()
            for other in variable.constraints:
                if not other.satisfied():
                    unsatisfied.append(other)
            found: list[Constraint] = []
            self.consumers(variable, found)
            for other in found:
                other.refresh()
                todo.append(other.output())
        for other in sorted(unsatisfied, key=lambda c: c.strength):
            mark = self.next_mark()
            overridden = self.satisfy(other, mark)
            while overridden is not None:
                overridden = self.satisfy(overridden, mark)

    def plan(self, sources: list[Constraint]) -> list[Constraint]:
        """The constraints to compute, in order, when the sources change."""
        mark = self.next_mark()
        steps = []
        todo = list(sources)
        while todo:
            constraint = todo.pop()
            if constraint.output().mark != mark and constraint.known(mark):
                steps.append(constraint)
                constraint.output().mark = mark
                self.consumers(constraint.output(), todo)
        return steps


def chain(length: int) -> tuple[Planner, Variable, Variable]:
    """Equal variables in a row; the last one would rather stay."""
    planner = Planner()
    variables = [Variable(0) for _ in range(length + 1)]
    for a, b in itertools.pairwise(variables):
        planner.add(Equal(a, b, REQUIRED))
    planner.add(Stay(variables[-1], NORMAL))
    return planner, variables[0], variables[-1]


def change(planner: Planner, variable: Variable, value: int) -> None:
    edit = Edit(variable, PREFERRED)
    planner.add(edit)
    for _ in range(5):
        variable.value = value
        for step in planner.plan([edit]):
            step.compute()
    planner.remove(edit)


def projection(length: int) -> int:
    planner = Planner()
    factor, offset = Variable(10), Variable(1000)
    pairs = []
    for index in range(length):
        source, target = Variable(index), Variable(index)
        pairs.append((source, target))
        planner.add(Stay(source, NORMAL))
        planner.add(Scale(source, factor, offset, target, REQUIRED))
    change(planner, pairs[0][0], 17)
    change(planner, pairs[-1][1], 1050)
    change(planner, factor, 5)
    change(planner, offset, 2000)
    return sum(target.value for _, target in pairs) + pairs[-1][0].value


def chained(length: int) -> int:
    planner, first, last = chain(length)
    edit = Edit(first, PREFERRED)
    planner.add(edit)
    steps = planner.plan([edit])
    total = 0
    for value in range(100):
        first.value = value
        for step in steps:
            step.compute()
        total += last.value
    planner.remove(edit)
    return total


def solve(times: int) -> int:
    return sum(chained(LENGTH) + projection(LENGTH // 4) for _ in range(times))


@workflow
def called(times: int) -> int:
    return act(solve(act(times)))


@workflow
def inlined(times: int) -> int:
    times = act(times)
    total = 0
    for _ in range(times):
        planner, first, last = chain(LENGTH)
        edit = Edit(first, PREFERRED)
        planner.add(edit)
        steps = planner.plan([edit])
        for value in range(100):
            first.value = value
            for step in steps:
                step.compute()
            total += last.value
        planner.remove(edit)
        total += projection(LENGTH // 4)
    return act(total)


@workflow
def rare(times: int) -> int:
    times = act(times)
    total = computed = 0
    for _ in range(times):
        planner, first, last = chain(LENGTH)
        edit = Edit(first, PREFERRED)
        planner.add(edit)
        steps = planner.plan([edit])
        for value in range(100):
            first.value = value
            for step in steps:
                step.compute()
                computed += 1
                if computed % RARE == 0:
                    act(computed)
            total += last.value
        planner.remove(edit)
        total += projection(LENGTH // 4)
    return act(total)
