"""What class an expression's value has, as far as the source says so.

The audit needs types for two things: whose method `x.send()` is, and whether `x` is a set. They
come from literals, constructors, annotations (of parameters, variables, fields and results),
operators of sets and paths, and, for functions without annotations, from what they return. There is
no flow: a name has a type only when all its bindings agree. None means "not known", and silences.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from functools import partial

from perdure.compiler.audit import known
from perdure.compiler.audit.bindings import Binding, Bindings, bindings_of, own_nodes
from perdure.compiler.audit.callees import Callee, Kind, callee
from perdure.compiler.audit.classes import Classes
from perdure.compiler.audit.world import AuditModules, Place, place_of
from perdure.compiler.scopes import COMPREHENSIONS, Function, Module, Scope


@dataclass(frozen=True, slots=True)
class Type:
    """A class by its dotted name, and what it holds: `set[str]` has one argument.

    `Type("builtins.type", (T,))` is the class T itself and not an object of it.
    """

    name: str
    args: tuple[Type | None, ...] = ()

    @property
    def is_set(self) -> bool:
        """Whether its iteration order is nobody's promise."""
        return self.name in ("builtins.set", "builtins.frozenset")

    @property
    def element(self) -> Type | None:
        """What iteration gives."""
        if self.name in ("builtins.str", "builtins.range", "builtins.bytes"):
            return Type("builtins.str" if self.name == "builtins.str" else "builtins.int")
        if self.name == "builtins.tuple":
            return join(self.args) if self.args else None
        return self.args[0] if self.args and self.name in known.ITERABLES else None


STR, INT, BOOL = Type("builtins.str"), Type("builtins.int"), Type("builtins.bool")
NONE = Type("builtins.NoneType")


def join(types: Iterable[Type | None]) -> Type | None:
    """What all have in common; None (the value) is left out, since it has no methods to call."""
    found: Type | None = None
    for one in types:
        if one is None:
            return None
        if one in (NONE, found):
            continue
        if found is None:
            found = one
        elif found.name == one.name:
            found = Type(found.name)
        else:
            return None
    return found


class Types:
    """Inference over one project. Answers are kept; circles end in "not known"."""

    def __init__(self, modules: AuditModules) -> None:
        self.modules = modules
        self.classes = Classes(modules)
        # Answers of `callees`, by the expression in front of the call and by dotted name.
        self.callees: dict[ast.expr, Callee] = {}
        self.named: dict[str, Callee] = {}
        self._bindings: dict[ast.AST, Bindings] = {}
        self._known: dict[Hashable, Type | None] = {}
        self._open: set[Hashable] = set()

    @property
    def settled(self) -> bool:
        """Whether no inference is under way, so that an answer does not lean on a circle's cut."""
        return not self._open

    def of(self, expr: ast.expr, place: Place) -> Type | None:
        """The type of an expression, or None."""
        match expr:
            case ast.Constant():
                return Type(f"builtins.{type(expr.value).__name__}")
            case ast.JoinedStr():
                return STR
            case ast.Compare() | ast.UnaryOp(op=ast.Not()):
                return BOOL
            case ast.Name():
                return self._name(expr, place)
            case ast.Attribute():
                return self._attribute(expr, place)
            case ast.Call():
                return self._call(expr, place)
            case ast.Await() | ast.NamedExpr():
                return self.of(expr.value, place)
            case ast.IfExp():
                return join([self.of(expr.body, place), self.of(expr.orelse, place)])
            case ast.BoolOp():
                return join(self.of(value, place) for value in expr.values)
            case ast.BinOp():
                return self._operator(expr, place)
            case ast.Subscript():
                return self._item(expr, place)
            case _:
                return self._display(expr, place)

    def instance(self, dotted: str) -> Type:
        """The type of an object of that class."""
        return Type(dotted)

    def describe(self, value: object) -> tuple[str, bool]:
        """The class a type is about, and whether it is the class itself."""
        assert isinstance(value, Type)
        if value.name == "builtins.type" and value.args and value.args[0] is not None:
            return value.args[0].name, True
        return value.name, False

    def element(self, expr: ast.expr, place: Place) -> Type | None:
        """The type of what iterating over `expr` gives."""
        made = self.of(expr, place)
        return made.element if made is not None else None

    def field(self, dotted: str, name: str) -> Type | None:
        """The type of an attribute of an object of a first-party class."""
        return self._once(("field", dotted, name), lambda: self._field(dotted, name))

    def result(self, function: Function) -> Type | None:
        """The type that a call of a first-party function gives."""
        return self._once(("result", function.name), lambda: self._result(function))

    def annotation(self, expr: ast.expr | None, place: Place) -> Type | None:
        """The type that an annotation names. `X | None` is X: None has no methods to call."""
        match expr:
            case None:
                return None
            case ast.Constant(value=None):
                return NONE
            case ast.Constant(value=str(text)):
                return self.annotation(_parse(text), place)
            case ast.BinOp(op=ast.BitOr()):
                return join([self.annotation(expr.left, place), self.annotation(expr.right, place)])
            case ast.Subscript():
                return self._generic(expr, place)
            case ast.Name() | ast.Attribute():
                dotted = self.modules.qualify(expr, place.module, place.scopes)
                return self._named(dotted, place) if dotted else None
            case _:
                return None

    # Names and attributes

    def _name(self, expr: ast.Name, place: Place) -> Type | None:
        for index, scope in enumerate(place.scopes):
            if expr.id in scope.globals:
                break
            if expr.id in scope.locals and expr.id not in scope.nonlocals:
                inner = Place(place.module, place.scopes[index:], place.owner)
                key = ("local", scope.node, expr.id)
                return self._once(key, partial(self._local, expr.id, scope, inner))
        return self._global(self.modules.qualify(expr, place.module))

    def _local(self, name: str, scope: Scope, place: Place) -> Type | None:
        function = self.classes.function_at(place.module, scope.node)
        if function is not None and (receives := self.classes.receives(function)):
            args = [*function.node.args.posonlyargs, *function.node.args.args]
            if args and args[0].arg == name and scope.bindings.get(name) == 1:
                own = Type(f"{function.module}.{function.owner}")
                return own if receives == "instance" else Type("builtins.type", (own,))
        if scope.node not in self._bindings:
            self._bindings[scope.node] = bindings_of(scope.node)
        found = self._bindings[scope.node].get(name, [])
        declared = [b for b in found if b.kind == "annotation"]
        return join(self.bound(b, place) for b in declared[:1] or found) if found else None

    def _global(self, dotted: str | None) -> Type | None:
        if dotted is None:
            return None
        if self.modules.class_of(dotted) is not None:
            return Type("builtins.type", (Type(dotted),))
        module_name, _, name = dotted.rpartition(".")
        module = self.modules.get(module_name)
        if module is None:
            return Type(known.ATTRIBUTES[dotted]) if dotted in known.ATTRIBUTES else None
        return self._once(("global", dotted), lambda: self._module_variable(module, name))

    def _module_variable(self, module: Module, name: str) -> Type | None:
        tree = module.source.tree
        if tree not in self._bindings:
            self._bindings[tree] = bindings_of(tree)
        found = self._bindings[tree].get(name, [])
        declared = [b for b in found if b.kind == "annotation"]
        place = Place(module)
        return join(self.bound(b, place) for b in declared[:1] or found) if found else None

    def bound(self, binding: Binding, place: Place) -> Type | None:
        """The type that one binding gives its name."""
        if binding.expr is None or binding.kind == "unknown":
            return None
        if binding.kind == "annotation":
            return self.annotation(binding.expr, place)
        made = self.of(binding.expr, place)
        if binding.kind == "element":
            made = made.element if made is not None else None
        elif binding.kind == "entered" and made is not None and made.name in known.YIELDS:
            made = made.args[0] if made.args else None
        for index in binding.path:
            made = _unpacked(made, index)
        return made

    def _attribute(self, expr: ast.Attribute, place: Place) -> Type | None:
        dotted = self.modules.qualify(expr, place.module, place.scopes)
        if dotted is not None and (found := self._global(dotted)) is not None:
            return found
        receiver = self.of(expr.value, place)
        if receiver is None:
            return None
        name, _ = self.describe(receiver)
        if self.modules.class_of(name) is not None:
            return self.field(name, expr.attr)
        known_type = known.ATTRIBUTES.get(f"{name}.{expr.attr}")
        return Type(known_type) if known_type else None

    def _field(self, dotted: str, name: str) -> Type | None:
        method = self.classes.method(dotted, name)
        if method is not None:
            return self.result(method) if self.classes.is_property(method) else None
        for class_name, module, _ in self.classes.lineage(dotted):
            found = self.classes.fields(class_name).get(name) if module is not None else None
            if found:
                declared = [pair for pair in found if pair[0].kind == "annotation"]
                return join(self.bound(b, place) for b, place in declared[:1] or found)
        return None

    # Calls

    def _call(self, expr: ast.Call, place: Place) -> Type | None:
        target = callee(expr.func, place, self)
        match target.kind:
            case Kind.FUNCTION if target.function is not None:
                return self.result(target.function)
            case Kind.CLASS:
                return Type(target.name)
            case Kind.EXTERNAL:
                return self._external(target, expr, place)
            case Kind.HARMLESS if isinstance(expr.func, ast.Attribute):
                return self._builtin_method(expr.func, place)
            case _:
                return None

    def _external(self, target: Callee, expr: ast.Call, place: Place) -> Type | None:
        first = expr.args[0] if expr.args else None
        if target.name in known.HOLDERS:  # list(xs), set(xs), sorted(xs): hold what xs holds
            inner = self.element(first, place) if first is not None else None
            return Type(known.HOLDERS[target.name], (inner,) if inner else ())
        if target.name in ("builtins.enumerate", "builtins.zip", "itertools.product"):
            inners = [self.element(a, place) for a in expr.args]
            inners = [INT, *inners[:1]] if target.name.endswith("enumerate") else inners
            return Type("typing.Iterator", (Type("builtins.tuple", tuple(inners)),))
        if target.name in known.RESULTS:
            return Type(known.RESULTS[target.name])
        last = target.name.rpartition(".")[2]
        return Type(target.name) if last[:1].isupper() and last.upper() != last else None

    def _builtin_method(self, func: ast.Attribute, place: Place) -> Type | None:
        made = self.of(func.value, place)
        if made is None:
            return None
        if func.attr in known.SAME and made.name in known.ITERABLES:
            return made
        if made.name in known.MAPPINGS:
            key, value = made.args if len(made.args) == 2 else (None, None)
            match func.attr:
                case "keys":
                    return Type("builtins.dict_keys", (key,))
                case "values":
                    return Type("typing.Iterator", (value,))
                case "items":
                    return Type("typing.Iterator", (Type("builtins.tuple", (key, value)),))
                case "get" | "pop" | "setdefault":
                    return value
        if made == STR:
            return Type("builtins.list", (STR,)) if func.attr in known.SPLITS else STR
        return None

    def _result(self, function: Function) -> Type | None:
        place = place_of(function, self.modules)
        if function.node.returns is not None:
            outer = Place(place.module, place.scopes[1:], place.owner)
            return self.annotation(function.node.returns, outer)
        if not self.classes.is_plain(function):
            return None
        values: list[ast.expr] = []
        for node in own_nodes(function.node):
            if isinstance(node, ast.Yield | ast.YieldFrom):
                return None
            if isinstance(node, ast.Return) and node.value is not None:
                values.append(node.value)
        return join(self.of(value, place) for value in values) if values else None

    # Operators and displays

    def _operator(self, expr: ast.BinOp, place: Place) -> Type | None:
        left, right = self.of(expr.left, place), self.of(expr.right, place)
        if isinstance(expr.op, ast.BitAnd | ast.BitOr | ast.BitXor | ast.Sub):
            for side in (left, right):
                if side is not None and side.is_set:
                    return join([left, right]) or Type(side.name)
                if side is not None and side.name == "builtins.dict_keys":
                    return Type("builtins.set", side.args)
        if isinstance(expr.op, ast.Div) and left is not None and left.name in known.PATHS:
            return left
        if isinstance(expr.op, ast.Mod) and left == STR:
            return STR
        return left if left == right and not isinstance(expr.op, ast.Div) else None

    def _item(self, expr: ast.Subscript, place: Place) -> Type | None:
        made = self.of(expr.value, place)
        if made is None:
            return None
        if isinstance(expr.slice, ast.Slice):
            return made
        if made.name in known.MAPPINGS:
            return made.args[1] if len(made.args) == 2 else None
        if made.name == "builtins.tuple":
            match expr.slice:
                case ast.Constant(value=int(index)) if index < len(made.args):
                    return made.args[index]
        return made.element

    def _display(self, expr: ast.expr, place: Place) -> Type | None:
        """Literals and comprehensions that make containers."""
        inner = place
        if isinstance(expr, COMPREHENSIONS):
            scopes = self.modules.scopes(place.module, expr)
            inner = place.inside(scopes[0]) if scopes else place
        match expr:
            case ast.List() | ast.Set():
                element = join(self.of(e, place) for e in expr.elts) if expr.elts else None
                name = "builtins.list" if isinstance(expr, ast.List) else "builtins.set"
                return Type(name, (element,) if element else ())
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
                name = known.COMPREHENSIONS[type(expr).__name__]
                return Type(name, (self.of(expr.elt, inner),))
            case ast.Tuple():
                return Type("builtins.tuple", tuple(self.of(e, place) for e in expr.elts))
            case ast.Dict():
                keys = join(self.of(k, place) if k else None for k in expr.keys)
                return Type("builtins.dict", (keys, join(self.of(v, place) for v in expr.values)))
            case ast.DictComp():
                pair = (self.of(expr.key, inner), self.of(expr.value, inner))
                return Type("builtins.dict", pair)
            case _:
                return None

    # Annotations

    def _named(self, dotted: str, place: Place) -> Type | None:
        if dotted in ("typing.Self", "typing_extensions.Self"):
            return Type(place.owner) if place.owner else None
        if dotted in known.ANNOTATIONS:
            return Type(known.ANNOTATIONS[dotted])
        if self.modules.class_of(dotted) is not None:
            return Type(dotted)
        if self.modules.get(dotted.rpartition(".")[0]) is not None:
            return None  # a variable of the project: a type alias or a TypeVar
        if dotted.startswith(("typing.", "typing_extensions.")):
            return None
        return Type(dotted)

    def _generic(self, expr: ast.Subscript, place: Place) -> Type | None:
        dotted = self.modules.qualify(expr.value, place.module, place.scopes)
        parts = expr.slice.elts if isinstance(expr.slice, ast.Tuple) else [expr.slice]
        if not parts:  # tuple[()]
            return self._named(dotted, place) if dotted else None
        if dotted in known.WRAPPERS:  # Optional[X], Final[X], Annotated[X, …]
            return self.annotation(parts[0], place)
        if dotted == "typing.Union":
            return join(self.annotation(part, place) for part in parts)
        outer = self._named(dotted, place) if dotted else None
        if outer is None:
            return None
        args = tuple(self.annotation(part, place) for part in parts)
        if outer.name == "builtins.tuple" and _ends_in_dots(parts):
            return Type("builtins.list", args[:1])
        return Type(outer.name, args)

    def _once(self, key: Hashable, work: Callable[[], Type | None]) -> Type | None:
        if key in self._known:
            return self._known[key]
        if key in self._open or len(self._open) > known.DEPTH:
            return None
        self._open.add(key)
        try:
            answer = work()
        finally:
            self._open.discard(key)
        self._known[key] = answer
        return answer


def _unpacked(made: Type | None, index: int) -> Type | None:
    if made is not None and made.name == "builtins.tuple":
        return made.args[index] if index < len(made.args) else None
    return made.element if made is not None else None


def _ends_in_dots(parts: list[ast.expr]) -> bool:
    return isinstance(parts[-1], ast.Constant) and parts[-1].value is ...


def _parse(text: str) -> ast.expr | None:
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        return None
