"""Expressions and simple statements as text: `ast.unparse`, several times as fast.

    text(tree)  ==  ast.unparse(tree)

Each kind of node has a function that gives its text, in parentheses where the place that it stands
in binds more tightly than it does. Kinds that are rare, and those that each Python writes in its
own way (f-strings), are left to `ast.unparse`; none of those depends on the place.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Sequence
from typing import Any

# How tightly things bind, as in Python's grammar, from loose to tight.
_NAMED, _TUPLE, _YIELD, _TEST, _OR, _AND, _NOT, _COMPARE, _OPERAND = range(1, 10)
_BIT_OR = _OPERAND
_BIT_XOR, _BIT_AND, _SHIFT, _SUM, _TERM, _FACTOR, _POWER, _AWAIT, _ATOM = range(10, 19)

_BINARY: dict[type[ast.operator], tuple[str, int]] = {
    ast.Add: (" + ", _SUM),
    ast.Sub: (" - ", _SUM),
    ast.Mult: (" * ", _TERM),
    ast.MatMult: (" @ ", _TERM),
    ast.Div: (" / ", _TERM),
    ast.Mod: (" % ", _TERM),
    ast.FloorDiv: (" // ", _TERM),
    ast.LShift: (" << ", _SHIFT),
    ast.RShift: (" >> ", _SHIFT),
    ast.BitOr: (" | ", _BIT_OR),
    ast.BitXor: (" ^ ", _BIT_XOR),
    ast.BitAnd: (" & ", _BIT_AND),
    ast.Pow: (" ** ", _POWER),
}
_UNARY: dict[type[ast.unaryop], tuple[str, int]] = {
    ast.Not: ("not ", _NOT),
    ast.Invert: ("~", _FACTOR),
    ast.UAdd: ("+", _FACTOR),
    ast.USub: ("-", _FACTOR),
}
_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: " == ",
    ast.NotEq: " != ",
    ast.Lt: " < ",
    ast.LtE: " <= ",
    ast.Gt: " > ",
    ast.GtE: " >= ",
    ast.Is: " is ",
    ast.IsNot: " is not ",
    ast.In: " in ",
    ast.NotIn: " not in ",
}
_INFINITY = f"1e{sys.float_info.max_10_exp + 1}"


def text(node: Any, place: int = _TEST) -> str:
    """The text of an expression, or of a statement without statements beneath it."""
    write = _WAYS.get(type(node))
    return ast.unparse(node) if write is None else write(node, place)


def target(node: ast.expr) -> str:
    """The text of what a loop or an assignment binds: a tuple has no parentheses."""
    return text(node, _TUPLE)


def listed(nodes: Sequence[ast.AST]) -> str:
    """Expressions between commas."""
    return ", ".join([text(node) for node in nodes])


def arguments(node: ast.arguments) -> str:
    """A function's parameters."""
    every = node.posonlyargs + node.args
    first = len(every) - len(node.defaults)
    parts = [_parameter(arg) for arg in every]
    for index, default in enumerate(node.defaults, first):
        parts[index] += f"={text(default)}"
    if node.posonlyargs:
        parts.insert(len(node.posonlyargs), "/")
    if node.vararg:
        parts.append(f"*{_parameter(node.vararg)}")
    elif node.kwonlyargs:
        parts.append("*")
    for arg, value in zip(node.kwonlyargs, node.kw_defaults, strict=True):
        parts.append(_parameter(arg) if value is None else f"{_parameter(arg)}={text(value)}")
    if node.kwarg:
        parts.append(f"**{_parameter(node.kwarg)}")
    return ", ".join(parts)


def _parameter(node: ast.arg) -> str:
    return f"{node.arg}: {text(node.annotation)}" if node.annotation else node.arg


# Expressions: each function is given a node, and how tightly its place binds ------------------


def _name(node: ast.Name, place: int) -> str:
    return node.id


def _constant(node: ast.Constant, place: int) -> str:
    value: Any = node.value
    if value is ...:
        return "..."
    if isinstance(value, tuple):  # of constants; Python's own optimizer makes them
        return ast.unparse(node)
    if isinstance(value, float | complex):
        return repr(value).replace("inf", _INFINITY).replace("nan", f"({_INFINITY}-{_INFINITY})")
    return f"u{value!r}" if node.kind == "u" else repr(value)


def _attribute(node: ast.Attribute, place: int) -> str:
    value = node.value
    # `3.real` would be a float and a name.
    number = isinstance(value, ast.Constant) and isinstance(value.value, int)
    return f"{text(value, _ATOM)}{' ' if number else ''}.{node.attr}"


def _call(node: ast.Call, place: int) -> str:
    parts = [text(arg) for arg in node.args]
    for keyword in node.keywords:
        value = text(keyword.value)
        parts.append(f"**{value}" if keyword.arg is None else f"{keyword.arg}={value}")
    return f"{text(node.func, _ATOM)}({', '.join(parts)})"


def _subscript(node: ast.Subscript, place: int) -> str:
    index = node.slice
    bare = isinstance(index, ast.Tuple) and index.elts
    return f"{text(node.value, _ATOM)}[{text(index, _TUPLE if bare else _TEST)}]"


def _slice(node: ast.Slice, place: int) -> str:
    lower = text(node.lower) if node.lower else ""
    upper = text(node.upper) if node.upper else ""
    return f"{lower}:{upper}:{text(node.step)}" if node.step else f"{lower}:{upper}"


def _tuple(node: ast.Tuple, place: int) -> str:
    elements = listed(node.elts)
    if len(node.elts) == 1:
        elements += ","
    return f"({elements})" if place > _TUPLE or not node.elts else elements


def _list(node: ast.List, place: int) -> str:
    return f"[{listed(node.elts)}]"


def _set(node: ast.Set, place: int) -> str:
    return f"{{{listed(node.elts) or '*()'}}}"


def _dict(node: ast.Dict, place: int) -> str:
    parts = [
        f"**{text(value, _OPERAND)}" if key is None else f"{text(key)}: {text(value)}"
        for key, value in zip(node.keys, node.values, strict=True)
    ]
    return f"{{{', '.join(parts)}}}"


def _starred(node: ast.Starred, place: int) -> str:
    return f"*{text(node.value, _OPERAND)}"


def _binary(node: ast.BinOp, place: int) -> str:
    sign, own = _BINARY[type(node.op)]
    left, right = (own + 1, own) if own == _POWER else (own, own + 1)
    made = f"{text(node.left, left)}{sign}{text(node.right, right)}"
    return f"({made})" if place > own else made


def _unary(node: ast.UnaryOp, place: int) -> str:
    sign, own = _UNARY[type(node.op)]
    made = f"{sign}{text(node.operand, own)}"
    return f"({made})" if place > own else made


def _bool(node: ast.BoolOp, place: int) -> str:
    sign, own = (" and ", _AND) if isinstance(node.op, ast.And) else (" or ", _OR)
    made = sign.join([text(v, min(own + n, _ATOM)) for n, v in enumerate(node.values, 1)])
    return f"({made})" if place > own else made


def _compare(node: ast.Compare, place: int) -> str:
    made = text(node.left, _OPERAND)
    for sign, operand in zip(node.ops, node.comparators, strict=True):
        made += f"{_COMPARISONS[type(sign)]}{text(operand, _OPERAND)}"
    return f"({made})" if place > _COMPARE else made


def _conditional(node: ast.IfExp, place: int) -> str:
    made = f"{text(node.body, _OR)} if {text(node.test, _OR)} else {text(node.orelse)}"
    return f"({made})" if place > _TEST else made


def _named(node: ast.NamedExpr, place: int) -> str:
    made = f"{text(node.target, _ATOM)} := {text(node.value, _ATOM)}"
    return f"({made})" if place > _NAMED else made


def _lambda(node: ast.Lambda, place: int) -> str:
    parameters = arguments(node.args)
    made = f"lambda {parameters}: " if parameters else "lambda: "
    made += text(node.body)
    return f"({made})" if place > _TEST else made


def _await(node: ast.Await, place: int) -> str:
    made = f"await {text(node.value, _ATOM)}"
    return f"({made})" if place > _AWAIT else made


def _yield(node: ast.Yield, place: int) -> str:
    made = f"yield {text(node.value, _ATOM)}" if node.value else "yield"
    return f"({made})" if place > _YIELD else made


def _yield_from(node: ast.YieldFrom, place: int) -> str:
    made = f"yield from {text(node.value, _ATOM)}"
    return f"({made})" if place > _YIELD else made


def _generators(nodes: list[ast.comprehension]) -> str:
    made = ""
    for node in nodes:
        word = "async for" if node.is_async else "for"
        made += f" {word} {target(node.target)} in {text(node.iter, _OR)}"
        for test in node.ifs:
            made += f" if {text(test, _OR)}"
    return made


def _list_comprehension(node: ast.ListComp, place: int) -> str:
    return f"[{text(node.elt)}{_generators(node.generators)}]"


def _set_comprehension(node: ast.SetComp, place: int) -> str:
    return f"{{{text(node.elt)}{_generators(node.generators)}}}"


def _generator(node: ast.GeneratorExp, place: int) -> str:
    return f"({text(node.elt)}{_generators(node.generators)})"


def _dict_comprehension(node: ast.DictComp, place: int) -> str:
    return f"{{{text(node.key)}: {text(node.value)}{_generators(node.generators)}}}"


# Statements -----------------------------------------------------------------------------------


def _expression(node: ast.Expr, place: int) -> str:
    return text(node.value, _YIELD)


def _assign(node: ast.Assign, place: int) -> str:
    made = "".join([f"{target(one)} = " for one in node.targets])
    return f"{made}{text(node.value)}"


def _augmented(node: ast.AugAssign, place: int) -> str:
    sign = _BINARY[type(node.op)][0].rstrip()
    return f"{text(node.target)}{sign}= {text(node.value)}"


def _return(node: ast.Return, place: int) -> str:
    return f"return {text(node.value)}" if node.value else "return"


def _raise(node: ast.Raise, place: int) -> str:
    if node.exc is None:
        return "raise"
    cause = f" from {text(node.cause)}" if node.cause else ""
    return f"raise {text(node.exc)}{cause}"


def _delete(node: ast.Delete, place: int) -> str:
    return f"del {listed(node.targets)}"


_WAYS: dict[type[ast.AST], Callable[[Any, int], str]] = {
    ast.Name: _name,
    ast.Constant: _constant,
    ast.Attribute: _attribute,
    ast.Call: _call,
    ast.Subscript: _subscript,
    ast.Slice: _slice,
    ast.Tuple: _tuple,
    ast.List: _list,
    ast.Set: _set,
    ast.Dict: _dict,
    ast.Starred: _starred,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.BoolOp: _bool,
    ast.Compare: _compare,
    ast.IfExp: _conditional,
    ast.NamedExpr: _named,
    ast.Lambda: _lambda,
    ast.Await: _await,
    ast.Yield: _yield,
    ast.YieldFrom: _yield_from,
    ast.ListComp: _list_comprehension,
    ast.SetComp: _set_comprehension,
    ast.DictComp: _dict_comprehension,
    ast.GeneratorExp: _generator,
    ast.Expr: _expression,
    ast.Assign: _assign,
    ast.AugAssign: _augmented,
    ast.Return: _return,
    ast.Raise: _raise,
    ast.Delete: _delete,
}
