"""Operators, subscripts, truth tests and builtins that a special method may stand behind.

`a + b` calls `type(a).__add__`, natively from C, where no run can stop. Where the program has a
special method that suspends, the places that may reach it are compiled as calls of the function
that does the same (`operator.add`), which suspends if its operands' own methods do; it is done in
Python then (perdure/library). A program without such methods pays nothing.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Literal

from perdure.compiler.scopes import COMPREHENSIONS


@dataclass(frozen=True)
class Operation:
    """What calls a special method: the stand-in that does it in Python, and what it calls."""

    stand_in: str  # in perdure.library
    methods: tuple[tuple[int, str], ...]  # (which operand's, the method's name)
    given: tuple[str, ...] = ()  # what the stand-in is told before the operands
    # What is done to an attribute, whose property or descriptor may be what suspends.
    attribute: Literal["", "read", "write"] = ""
    # Methods of what stands in a container among the operands, at any depth.
    inside: frozenset[str] = frozenset()

    @property
    def names(self) -> frozenset[str]:
        """The special methods that it may call."""
        return frozenset(name for _, name in self.methods) | self.inside


_TEXTS = ((0, "__str__"), (0, "__repr__"))
# What a `%` asks its arguments for, and where it finds them.
_FILLING = frozenset("__str__ __repr__ __int__ __index__ __float__ __getitem__ __missing__".split())
# Texts of values, also of those in containers.
SHOWING = frozenset({"__str__", "__repr__"})
# Methods of descriptors.
DESCRIBING = frozenset({"__get__", "__set__", "__delete__"})
_READ = ((0, "__getattribute__"), (0, "__getattr__"), (0, "__get__"))
# Methods by which objects are ordered.
ORDERING = frozenset({"__lt__", "__le__", "__gt__", "__ge__"})


def _table() -> dict[str, Operation]:
    table: dict[str, Operation] = {}
    binary = "add + sub - mul * matmul @ truediv / floordiv // mod % lshift << rshift >>"
    words = f"{binary} and_ & or_ | xor ^ pow **".split()
    for name, symbol in zip(words[::2], words[1::2], strict=True):
        bare = name.rstrip("_")
        left, right, place = f"__{bare}__", f"__r{bare}__", f"__i{bare}__"
        shown = "** or pow()" if symbol == "**" else symbol
        both = ((0, left), (1, right))
        table[name] = Operation("binary", both, (left, right, shown))
        inplace = (place, left, right, f"{symbol}=")
        table[f"i{bare}"] = Operation("augmented", ((0, place), *both), inplace)
    table["percent"] = Operation("modulo", table["mod"].methods, inside=_FILLING)
    table["imod"] = Operation("modulo_in_place", table["imod"].methods, inside=_FILLING)
    for name, symbol in (("neg", "-"), ("pos", "+"), ("invert", "~")):
        table[name] = Operation("unary", ((0, f"__{name}__"),), (f"__{name}__", symbol))
    for name, other, symbol in (
        ("lt", "gt", "<"),
        ("le", "ge", "<="),
        ("eq", "eq", "=="),
        ("ne", "ne", "!="),
        ("gt", "lt", ">"),
        ("ge", "le", ">="),
    ):
        calls = [(0, f"__{name}__"), (1, f"__{other}__")]
        calls += [(0, "__eq__"), (1, "__eq__")] if name == "ne" else []
        if name not in ("eq", "ne"):  # `functools.total_ordering` makes one of the others
            calls += [(place, method) for method in sorted(ORDERING) for place in (0, 1)]
        given = (f"__{name}__", f"__{other}__", symbol)
        # Items of sequences are asked whether they are equal first.
        table[name] = Operation("compared", tuple(calls), given, inside=frozenset({"__eq__"}))
    table["mul"] = Operation("times", (*table["mul"].methods, (0, "__index__"), (1, "__index__")))
    index = ((1, "__index__"),)
    table["getitem"] = Operation("item_of", ((0, "__getitem__"), (0, "__missing__"), *index))
    table["setitem"] = Operation("set_item", ((0, "__setitem__"), *index))
    table["delitem"] = Operation("delete_item", ((0, "__delitem__"), *index))
    table["contains"] = Operation("contains_", ((0, "__contains__"), (1, "__eq__")))
    table["truth"] = Operation("truth", ((0, "__bool__"), (0, "__len__")))
    table["not_"] = Operation("not_", table["truth"].methods)
    table["formatted"] = Operation("formatted_", ((0, "__format__"), *_TEXTS), inside=SHOWING)
    asked = ((0, "keys"), (0, "__getitem__"), (0, "__iter__"), *_READ[:2])
    table["mapping"] = Operation("mapping_", asked)
    table["class_pattern"] = Operation("class_pattern_", _READ)
    table["mapping_pattern"] = Operation("mapping_pattern_", ((0, "__getitem__"),))
    table["len"] = Operation("len_", ((0, "__len__"),))
    table["length_hint"] = Operation("length_hint_", ((0, "__len__"), (0, "__length_hint__")))
    table["index"] = Operation("index_", ((0, "__index__"),))
    table["setattr"] = Operation("set_attribute", ((0, "__setattr__"), (0, "__set__")), (), "write")
    table["delattr"] = Operation(
        "delete_attribute", ((0, "__delattr__"), (0, "__delete__")), (), "write"
    )
    return table


# By the name under which generated code finds it in `_Op0`: those of module `operator`, mostly.
OPERATIONS = _table()

# Builtin functions that call special methods of what they are given.
BUILTINS: dict[str, Operation] = {
    "len": OPERATIONS["len"],
    "bool": Operation("bool_", ((0, "__bool__"), (0, "__len__"))),
    "str": Operation("str_", _TEXTS, inside=SHOWING),
    "repr": Operation("repr_", ((0, "__repr__"),), inside=frozenset({"__repr__"})),
    "ascii": Operation("ascii_", ((0, "__repr__"),), inside=frozenset({"__repr__"})),
    "format": Operation("format_", ((0, "__format__"), *_TEXTS), inside=SHOWING),
    "abs": Operation("abs_", ((0, "__abs__"),)),
    "round": Operation("round_", ((0, "__round__"), (1, "__index__"))),
    "hash": Operation("hash_", ((0, "__hash__"),)),
    "pow": Operation("pow_", ((0, "__pow__"), (1, "__rpow__"))),
    "range": Operation("range_", tuple((place, "__index__") for place in range(3))),
    "int": Operation(
        "int_", ((0, "__int__"), (0, "__index__"), (0, "__trunc__"), (1, "__index__"))
    ),
    "float": Operation("float_", ((0, "__float__"), (0, "__index__"))),
    "reversed": Operation("reversed_", ((0, "__reversed__"), (0, "__len__"), (0, "__getitem__"))),
    "divmod": Operation(
        "binary",
        ((0, "__divmod__"), (1, "__rdivmod__")),
        ("__divmod__", "__rdivmod__", "divmod()"),
    ),
    "getattr": Operation("getattr_", _READ, (), "read"),
    "hasattr": Operation("hasattr_", _READ, (), "read"),
    "setattr": OPERATIONS["setattr"],
    "delattr": OPERATIONS["delattr"],
}


def named(dotted: str) -> Operation | None:
    """The operation that a function of `builtins` or of `operator` does, by its dotted name."""
    module, _, name = dotted.rpartition(".")
    return {"builtins": BUILTINS, "operator": OPERATIONS, "math": MATH}.get(module, {}).get(name)


BUILTINS |= {
    name: Operation("indexed", ((0, "__index__"),), (name,))
    for name in ("hex", "oct", "bin", "chr")
}
_FLOATS = tuple((place, name) for place in range(4) for name in ("__float__", "__index__"))
BUILTINS["complex"] = Operation("complex_", ((0, "__complex__"), *_FLOATS))
# Functions of `math`.
MATH = {
    name: Operation("rounded", ((0, f"__{name}__"), *_FLOATS[:2]), (f"__{name}__", name))
    for name in ("floor", "ceil", "trunc")
}
MATH |= {
    name: Operation("floated", _FLOATS, (name,))
    for name in (
        "acos acosh asin asinh atan atan2 atanh copysign cos cosh degrees erf erfc exp expm1 fabs"
        " fmod gamma hypot isclose isfinite isinf isnan lgamma log10 log1p log2 modf pow radians"
        " remainder sin sinh sqrt tan tanh"
    ).split()
}
MATH |= {
    name: Operation("counted", tuple((place, "__index__") for place in range(4)), (name,))
    for name in "comb factorial gcd isqrt lcm perm".split()
}
# What `bytes` and `bytearray` ask.
RAW = frozenset({"__bytes__", "__index__"})
# Every special method that one of these may call.
_EVERY = (*OPERATIONS.values(), *BUILTINS.values(), *MATH.values())
SPECIAL = RAW.union(*(operation.names for operation in _EVERY))
# Those that reading any attribute may call.
READING = BUILTINS["getattr"].names

_BINARY: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.MatMult: "matmul",
    ast.Div: "truediv",
    ast.FloorDiv: "floordiv",
    ast.Mod: "mod",
    ast.Pow: "pow",
    ast.LShift: "lshift",
    ast.RShift: "rshift",
    ast.BitAnd: "and_",
    ast.BitOr: "or_",
    ast.BitXor: "xor",
}
_UNARY: dict[type[ast.unaryop], str] = {ast.USub: "neg", ast.UAdd: "pos", ast.Invert: "invert"}
_COMPARE: dict[type[ast.cmpop], str] = {
    ast.Lt: "lt",
    ast.LtE: "le",
    ast.Eq: "eq",
    ast.NotEq: "ne",
    ast.Gt: "gt",
    ast.GtE: "ge",
    ast.In: "contains",
    ast.NotIn: "contains",
}
# Kinds of node that are such an operation.
KINDS = {
    ast.BinOp,
    ast.AugAssign,
    ast.UnaryOp,
    ast.Compare,
    ast.Subscript,
    ast.Attribute,
    ast.FormattedValue,
    ast.keyword,
    ast.Dict,
    ast.MatchValue,
    ast.MatchSequence,
    ast.MatchMapping,
    ast.MatchClass,
}
# What patterns call of a subject, of all that their operations do.
PATTERNS = {
    ast.MatchValue: frozenset({"__eq__"}),
    ast.MatchSequence: frozenset({"__len__", "__getitem__", "__iter__"}),
    ast.MatchMapping: frozenset({"__len__", "__getitem__", "__iter__", "keys", "get"}),
    ast.MatchClass: READING,
}
_TEXT: tuple[type[ast.expr], ...] = (ast.Constant, ast.JoinedStr)
_PLACED = {ast.Load: "getitem", ast.Store: "setitem", ast.Del: "delitem"}
# Kinds of node that test for truth.
TESTING = {ast.If, ast.While, ast.IfExp, ast.Assert, ast.BoolOp, ast.UnaryOp, ast.comprehension}
TESTING |= {ast.match_case}
TRUTH = OPERATIONS["truth"].names


def operations_of(node: ast.AST) -> list[str]:
    """The names (in `OPERATIONS`) of what a node of one of the `KINDS` does."""
    match node:
        case ast.BinOp(left=ast.Constant() | ast.JoinedStr(), right=ast.Constant()):
            return []
        case ast.BinOp(op=ast.Mod()) if not _is_number(node.left) and not _is_number(node.right):
            return ["percent"]
        case ast.BinOp():
            inert = isinstance(node.left, _TEXT) and isinstance(node.right, _TEXT)
            return [] if inert else [_BINARY[type(node.op)]]
        case ast.AugAssign():
            around = {ast.Subscript: ["getitem", "setitem"], ast.Attribute: ["setattr"]}
            does = f"i{_BINARY[type(node.op)].rstrip('_')}"
            return [does, *around.get(type(node.target), ())]
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() | ast.Invert()):
            return [] if isinstance(node.operand, ast.Constant) else [_UNARY[type(node.op)]]
        case ast.Compare():
            return [_COMPARE[type(op)] for op in node.ops if type(op) in _COMPARE]
        case ast.Subscript():
            return [_PLACED[type(node.ctx)]]
        case ast.Attribute(ctx=ast.Store()):
            return ["setattr"]
        case ast.Attribute(ctx=ast.Del()):
            return ["delattr"]
        case ast.FormattedValue():
            return ["formatted"]
        case ast.keyword(arg=None):
            return ["mapping"]
        case ast.Dict() if None in node.keys:
            return ["mapping"]
        case ast.MatchValue():
            return ["eq"]
        case ast.MatchSequence():
            return ["len", "getitem"]
        case ast.MatchMapping():
            return ["len", "mapping_pattern", "mapping"]
        case ast.MatchClass() if node.patterns or node.kwd_patterns:
            return ["class_pattern"]
    return []


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float)


def tested(node: ast.AST) -> list[ast.expr]:
    """The expressions that a node of one of the `TESTING` kinds tests for truth."""
    match node:
        case ast.If() | ast.While() | ast.IfExp() | ast.Assert():
            return _leaves(node.test)
        case ast.UnaryOp(op=ast.Not()):
            return _leaves(node.operand)
        case ast.BoolOp():
            return [leaf for value in node.values[:-1] for leaf in _leaves(value)]
        case ast.comprehension():
            return [leaf for test in node.ifs for leaf in _leaves(test)]
        case ast.match_case(guard=ast.expr() as guard):
            return _leaves(guard)
    return []


def _leaves(test: ast.expr) -> list[ast.expr]:
    """The parts of a test that are tested each by itself."""
    match test:
        case ast.BoolOp():
            return [leaf for value in test.values for leaf in _leaves(value)]
        case ast.UnaryOp(op=ast.Not()):
            return _leaves(test.operand)
        case ast.Constant() | ast.Compare() | ast.JoinedStr() | ast.Lambda():
            return []
    return [] if isinstance(test, COMPREHENSIONS) else [test]
