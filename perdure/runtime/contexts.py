"""Context variables, contexts and tokens (PEP 567).

A token is good for the very context that gave it, and nothing but `ContextVar.set` makes one. So it
is made again in the context that was read back, by setting the variable to what it was before and
then to something else; afterwards the variable is as the checkpoint has it::

    outer = user.set("a")   # old_value: MISSING        kept: the variable was unset
    inner = user.set("b")   # old_value: "a"            kept: "a"

What a token that was made of an unset variable undoes can only be undone by that token. A context
can hold one such token that was not used yet, and it is the one that setting the variable while the
context is read back gives.
"""

from __future__ import annotations

import contextvars
import gc
import sys
from contextvars import Context, ContextVar, Token
from typing import Any

from perdure.runtime.failures import UnpicklableError
from perdure.runtime.functions import by_name

_DECIMAL = "decimal_context"

# While values are read: for a context (by id) and a variable, the token of its first setting.
Firsts = dict[tuple[int, ContextVar[Any]], "Token[Any]"]


def reduce_context_var(variable: ContextVar[Any], pickler: Any) -> Any:
    """A context variable by the global that holds it: one by value would be another one."""
    if variable.name == _DECIMAL and variable is _decimal_var():
        return (_decimal_var, ())
    name = pickler.codec.names.of_value(variable)
    if name is None:
        raise UnpicklableError(
            f"the context variable {variable.name!r} is no global of a module, so no other process "
            f"can find it; define it at the top of its module"
        )
    return (by_name, name)


def _decimal_var() -> Any:
    """The variable of the decimal module, which no name leads to."""
    import decimal

    context = contextvars.copy_context()
    context.run(decimal.getcontext)
    return next(variable for variable in context if variable.name == _DECIMAL)


def is_needed(context: Context | None) -> bool:
    """Whether a fiber's context holds something, or a token refers to it."""
    # The fiber, this frame and the call of getrefcount() hold it in any case.
    return context is not None and (bool(context) or sys.getrefcount(context) > _HELD)


def _held_by(context: Context) -> int:
    return sys.getrefcount(context)


class _Holder:
    context = Context()


_HELD = _held_by(_Holder.context)


def reduce_context(context: Context, pickler: Any) -> Any:
    """The values of those context variables that can be found; of others no code has a name."""
    names = pickler.codec.names
    kept = [
        (variable, value)
        for variable, value in context.items()
        if names.of_value(variable) or variable.name == _DECIMAL
    ]
    return (Context, (), kept, None, None, set_context)


def set_context(context: Context, values: list[tuple[ContextVar[Any], Any]]) -> None:
    """Set the variables of a context."""
    set_context_in({}, context, values)


def set_context_in(
    firsts: Firsts, context: Context, values: list[tuple[ContextVar[Any], Any]]
) -> None:
    """Set the variables of a context; the tokens that this gives are kept in `firsts`."""
    for variable, value in values:
        _set(firsts, context, variable, value)


def _set(firsts: Firsts, context: Context, variable: ContextVar[Any], value: Any) -> Token[Any]:
    token = context.run(variable.set, value)
    if token.old_value is Token.MISSING:
        firsts[id(context), variable] = token
    return token


def reduce_token(token: Token[Any], pickler: Any) -> Any:
    """A token by its context, its variable, what was there before, and whether it was used."""
    context = next(held for held in gc.get_referents(token) if type(held) is Context)
    used = repr(token).startswith("<Token used ")
    old = () if token.old_value is Token.MISSING else (token.old_value,)
    return (token_of, (context, token.var, used, *old))


def token_of(context: Context, variable: ContextVar[Any], used: bool, *old: Any) -> Token[Any]:
    """A token of a context; the codec supplies what was made before."""
    return token_in({}, context, variable, used, *old)


def token_in(
    firsts: Firsts, context: Context, variable: ContextVar[Any], used: bool, *old: Any
) -> Token[Any]:
    """A token of a context that has been read back, or is about to be given its variables."""
    was_set = variable in context
    value = context.get(variable)
    if not old:
        return _first(firsts, context, variable, used)
    if not was_set:
        _set(firsts, context, variable, None)
    context.run(variable.set, old[0])
    token = context.run(variable.set, None)
    if used:
        context.run(variable.reset, token)
    if was_set:
        context.run(variable.set, value)
    else:
        context.run(variable.reset, firsts.pop((id(context), variable)))
    return token


def _first(firsts: Firsts, context: Context, variable: ContextVar[Any], used: bool) -> Token[Any]:
    """The token that undoes the first setting of a variable."""
    was_set = variable in context
    if not was_set:
        _set(firsts, context, variable, None)
    key = id(context), variable
    if not used:
        return firsts[key]
    token, value = firsts.pop(key), context[variable]
    context.run(variable.reset, token)
    if was_set:
        _set(firsts, context, variable, value)
    return token


def reduce_missing(missing: Any, pickler: Any) -> Any:
    """`Token.MISSING`, of which there is one."""
    return (getattr, (Token, "MISSING"))


REDUCERS: dict[type, Any] = {
    ContextVar: reduce_context_var,
    Context: reduce_context,
    Token: reduce_token,
    type(Token.MISSING): reduce_missing,
}
