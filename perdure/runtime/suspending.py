"""What may stop a run: calls, operations, attributes and iteration, by what they are given.

The compiler marks the places where it cannot know; there the program asks here when it runs.
"""

from __future__ import annotations

import functools
import itertools
import operator
import re
from collections import Counter, OrderedDict, UserList, defaultdict, deque
from collections.abc import Callable, Iterable
from inspect import CO_VARARGS, CO_VARKEYWORDS
from types import (
    BuiltinFunctionType,
    CodeType,
    FunctionType,
    MethodDescriptorType,
    MethodType,
    MethodWrapperType,
    WrapperDescriptorType,
)
from typing import TYPE_CHECKING, Any

from perdure.compiler.library import (
    ALSO_NUMBERED,
    ALWAYS,
    ASKING_LENGTH,
    DECIDING,
    FIELD_OF_SOMETHING,
    LENGTHS,
    MAPPED,
    MISSING,
    NUMBERED,
    OF_ITEMS,
    PAST,
    SHOWING,
    STAND_INS,
    full_name,
    stand_in_called,
)
from perdure.compiler.operators import ORDERING, RAW, Operation
from perdure.runtime import (
    callables,
    comparing,
    contents,
    dataclass_fields,
    fibers,
    operations,
    ops,
)
from perdure.runtime.declare import activity_options, sleep
from perdure.runtime.generators import (
    AsyncGenerator,
    CoroutineSteps,
    Generator,
    SyncGenerator,
    Unclosed,
    advance,
    go_on,
)
from perdure.runtime.steps import AsyncStep

if TYPE_CHECKING:
    from perdure.runtime.program import Program


class Suspending:
    """What of a program suspends."""

    def __init__(self, program: Program) -> None:
        self.program = program
        # Code objects of functions that pass no call on, by id.
        self._plain: dict[int, CodeType] = {}

    def suspends(self, callee: Any) -> bool:
        """Whether calling `callee` may suspend: what a dynamic call asks."""
        kind = type(callee)
        if kind is FunctionType:
            return (
                self.program.loaded_of(callee) is not None
                or activity_options(callee) is not None
                or callee is sleep
                or callee in _OF_THE_MACHINE
                or (id(callee.__code__) not in self._plain and self._passes_on(callee))
            )
        if kind is MethodType:
            owner = callee.__self__
            # Not isinstance(): that would read the `__class__` of an object of the program's.
            if type(owner) is Unclosed:
                return True
            if issubclass(type(owner), fibers.Fiber):
                return not owner.done() and callee.__name__ in ("result", "exception")
            if type(owner) is CoroutineSteps:
                owner = owner.coroutine
            elif issubclass(type(owner), AsyncStep):
                owner = owner.generator
            if issubclass(type(owner), Generator):
                return bool(owner.loaded.table.suspends)
            return self.suspends(callee.__func__)
        if callee is callables.CALL:
            return True  # with its arguments it is asked again
        if (inner := callables.inner(callee)) is not None:
            return self.suspends(inner)
        if (kind in _BUILTIN or kind is type) and self._has_stand_in(callee):
            return True  # with its arguments it is asked again
        if issubclass(kind, type):  # not isinstance(): a proxy would look at what it stands for
            return self.method(ops.lookup(kind, "__call__")) or self.in_making(callee)
        if kind is MethodWrapperType and (made := callables.constructed(callee)) is not None:
            return self.in_making(made)
        if kind is operator.methodcaller or kind is operator.attrgetter:
            return callables.name_asked(callee) in self._names
        call = getattr(kind, "__call__", None)  # noqa: B004  (the method itself is wanted)
        return self.method(call)

    def method(self, found: Any) -> bool:
        """Whether what a class has by a name is a function of Python's that suspends."""
        return type(found) is FunctionType and self.suspends(found)

    def in_making(self, kind: type) -> bool:
        """Whether making an object of a class may suspend."""
        for name in ("__new__", "__init__"):
            method = ops.lookup(kind, name)
            method = method.__func__ if type(method) is staticmethod else method
            if self.method(method):
                return True
        return self.in_filling(kind, kind)

    def in_filling(self, kind: type, owner: type) -> bool:
        """Whether the `__init__` that `dataclass` wrote for `owner` may suspend on an object."""
        if self.method(ops.lookup(kind, "__post_init__")):
            return True
        fields = ops.lookup(owner, "__dataclass_fields__")
        return bool(fields) and any(
            map(self.suspends, [field.default_factory for field in fields.values()])
        )

    def _passes_on(self, function: FunctionType) -> bool:
        """Whether a function of the standard library only passes on a call that may suspend."""
        inner = callables.leads_to(function)
        if any(map(self.suspends, inner)) or self._has_stand_in(function):
            return True
        if dataclass_fields.is_written(function):
            return full_name("construct") in self.program.by_name
        if not inner:  # else others have the same code
            self._plain[id(function.__code__)] = function.__code__
        return False

    def _has_stand_in(self, callee: Any) -> bool:
        found = _stand_in(callee)
        name = found.stand_in if isinstance(found, Operation) else found
        return name is not None and full_name(name) in self.program.by_name

    @functools.cached_property
    def _names(self) -> frozenset[str]:
        """The names of functions that suspend, without what they are in, and of such methods.

        What has the name of a method need not be a function of that name: `__lt__ = older`.
        """
        names = self.program.by_name
        last = {name.rpartition(".")[2].rpartition(":")[2] for name in names}
        return frozenset(last.union(self.program.image.methods))

    def meets(self, callee: Any, /, *args: Any, **kwargs: Any) -> bool:
        """Whether a builtin that has a stand-in is given something that suspends."""
        if callee is ops.listed or callee is ops.taken:
            return self._stops_in_turn(args[0]) or self._asks_length(args[0])
        if callee is ops.extension:
            kind: Any = type(args[0])
            if issubclass(kind, dict):
                stops = self._stops_in_turn(args[1]) or self._stops_as_mapping(args[1])
                return stops and getattr(kind, "__ior__", None) in _UPDATING
            own = getattr(kind, "__iadd__", None)
            stops = self._stops_in_turn(args[1]) or self._asks_length(args[1])
            reflected = ops.lookup(type(args[1]), "__radd__")
            return own in _EXTENDING and stops and type(reflected) is not FunctionType
        if type(callee) is MethodType and (function := callee.__func__) in _stand_ins():
            return self.meets(function, callee.__self__, *args, **kwargs)
        if type(callee) is MethodDescriptorType:
            mine = args and isinstance(args[0], callee.__objclass__)
            return bool(mine) and self.meets(callee.__get__(args[0]), *args[1:], **kwargs)
        found = _stand_in(callee)
        if found is None:
            return self.suspends(callee)  # a method of the program's that has a builtin's name
        if isinstance(found, Operation):
            return self._operates(found, args)
        names = _OF_ITEMS.get(found)
        if names is not None and self._stops_at_items(callee, names, args, kwargs):
            return True
        decided = self._decides(found, callee, args, kwargs)
        if decided is not None:
            return decided
        if found in _TAKING_SETS:
            # C takes what is in a set without asking its class.
            args = tuple(given for given in args if not isinstance(given, set | frozenset))
        if found == "new_of_":
            args = args[1:]
        asks = found in ASKING_LENGTH or callee is bytes
        if asks and any(map(self._asks_length, args)):
            return True
        return any(map(self._stops, [*args, *kwargs.values()] if kwargs else args))

    def _decides(
        self, found: str, callee: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> bool | None:
        """The same of a stand-in that has a rule of its own; None where it is the usual one."""
        if found in _ALWAYS:
            return True
        if found == "attributes_":
            return len(args) == 1 and not kwargs  # who knows what an attribute comes by
        if found in _SHOWING:
            return self._stops_in_text(callee, _SHOWING[found], args, kwargs)
        if found in _OF_GROUPS and isinstance(owner := callee.__self__, BaseExceptionGroup):
            return self.method(ops.lookup(type(owner), "derive")) or any(map(self.suspends, args))
        if found in ("numbered", "split_"):
            owner = callee.__self__
            parts = (owner.start, owner.stop, owner.step) if isinstance(owner, slice) else ()
            wanted = NUMBERED[callee.__name__]
            counts = [value for place, value in enumerate(args) if place in wanted]
            return self._stops_at_indices((*counts, *parts))
        if found in ALSO_NUMBERED.values() and self._stops_at_indices(args):
            return True
        if found in _OF_PATTERNS:
            place = _OF_PATTERNS[found]
            return self.suspends(args[place] if len(args) > place else kwargs.get("repl"))
        if found == "bytes_" and (len(args) > 1 or kwargs):
            return False  # of a text: it is not gone over
        if found == "bytes_" and args and self._asks_for_bytes(args[0]):
            return True
        if found in MISSING.values():
            return self._stops_at_missing(callee.__self__)
        if found in _PAST.values():
            return self._stops_past(callee, found, args)
        if found == "items_":
            return bool(args) and self._stops_at_items_of(args[0])
        if found == "replace_":
            made = args and hasattr(type(args[0]), "__dataclass_fields__")
            return bool(made) and len(args) == 1 and self.in_making(type(args[0]))
        if found == "chain_from_iterable_" and args and not self._stops_in_turn(args[0]):
            return type(args[0]) not in (list, tuple) or any(map(self._stops_in_turn, args[0]))
        if found in MAPPED.values():
            return self._stops_in_taking_over(found, getattr(callee, "__self__", None), args)
        return None

    def _stops_at_items_of(self, container: Any) -> bool:
        """Whether to fetch an item of a container may stop the run."""
        kind = type(container)
        return kind not in ops.INERT and (
            self._suspends_in(kind, "__getitem__", container) or self._stops_at_missing(container)
        )

    def _stops_in_taking_over(self, found: str, into: Any, given: tuple[Any, ...]) -> bool:
        """Whether to take over into a dict, or a set, what mappings and iterables have may stop."""
        by_keys = found == "ordered_dict_" or isinstance(into, OrderedDict)
        return any(
            self._stops_as_mapping(each, by_keys=by_keys) or self._stops_in_turn(each)
            for each in given
            if not (isinstance(into, set) and isinstance(each, set | frozenset))
        )

    def _stops_at_indices(self, values: tuple[Any, ...]) -> bool:
        """Whether the `__index__` of one of the values stops the run."""
        return any(
            self._suspends_in(type(value), "__index__", value)
            for value in values
            if not isinstance(value, int)  # which is not asked
        )

    def _stops_at_missing(self, owner: Any) -> bool:
        """Whether a dict asks what suspends for the value of a key that it has not."""
        return self._suspends_in(type(owner), "__missing__", owner) or (
            isinstance(owner, defaultdict) and self.suspends(owner.default_factory)
        )

    def _stops_as_mapping(self, source: Any, *, by_keys: bool = False) -> bool:
        """Whether to take over the items of a mapping of the program's may stop the run.

        C takes what is in a dict without asking its class, unless that says how it is gone over, or
        it is taken over `by_keys` into an OrderedDict.
        """
        kind: Any = type(source)
        if not by_keys and issubclass(kind, dict) and kind.__iter__ is dict.__iter__:
            return False
        return hasattr(kind, "keys") and self._suspends_in(kind, "__getitem__", source)

    def _asks_for_bytes(self, source: Any) -> bool:
        """Whether `bytes` of something comes to a method of its, or of its items, that stops."""
        kinds = {type(source)}
        if type(source) in (list, tuple):
            kinds |= {type(item) for item in source}
        return any(self._suspends_in(k, name, None) for k in kinds - ops.INERT for name in RAW)

    def _stops_at_items(
        self,
        callee: Any,
        names: frozenset[str],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> bool:
        """Whether a special method of a value that a builtin goes over may stop the run."""
        if not names & self._names:
            return False
        found = _stand_in(callee)
        if found == "iter_" and len(args) < 2:
            return False  # without a sentinel it compares nothing
        values, beside = args[:1], args[1:]
        if kwargs.get("key") is not None or (
            found in _OF_WHAT_IS_GIVEN and args and args[0] is not None
        ):
            return True  # who knows what the function gives
        if found in _OF_SECOND:
            values, beside = args[1:2], ()
        if callee in (min, max) and beside:
            values, beside = (), args
        elif found in _OF_THEIR_OWN:
            values, beside = (callee.__self__,), args
        elif found == "merge_":
            values, beside = args, ()
        kinds = {type(value) for value in beside}
        for container in values:
            kind = type(container)
            if kind in (range, str, bytes):
                continue
            if type(ops.lookup(kind, "__iter__")) is FunctionType or not issubclass(kind, _FILLED):
                return True  # who knows what it gives
            kinds |= {type(value) for value in container}
        if any(self._suspends_in(k, name, None) for k in kinds - ops.INERT for name in names):
            return True
        if not names & ORDERING and "__eq__" not in names:
            return False
        return self._compares([*values, *beside], names | {"__eq__"})

    def _compares(self, values: list[Any], names: frozenset[str]) -> bool:
        """Whether one of the methods, of a value or of what C asks in its stead, suspends."""

        def asked(value: Any) -> Iterable[Any]:
            parts = (tuple(comparing.parts_asked(value, name)) for name in names)
            return next(filter(None, parts), ())

        return self._suspends_within(values, names, asked)

    def _suspends_within(
        self, values: list[Any], names: frozenset[str], parts: Callable[[Any], Iterable[Any]]
    ) -> bool:
        """Whether one of the methods, of a value or of its parts at any depth, suspends."""
        if names.isdisjoint(self._names):
            return False
        seen: dict[int, Any] = {}
        while values:
            value = values.pop()
            kind = type(value)
            if kind in contents.PLAIN or id(value) in seen:
                continue
            seen[id(value)] = value
            if any(self._suspends_in(kind, name, value) for name in names):
                return True
            values += parts(value)
        return False

    def _stops_in_text(
        self, callee: Any, names: frozenset[str], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> bool:
        """Whether a text that is made of values, by `format` or `print`, may stop the run."""
        if callee is print:
            file = type(kwargs.get("file"))
            if any(self.method(ops.lookup(file, name)) for name in ("write", "flush")):
                return True
        elif FIELD_OF_SOMETHING.search(callee.__self__):
            return True  # who knows what it leads to
        elif callee.__name__ == "format_map" and len(args) == 1 and type(args[0]) is not dict:
            return True
        return self._shows([*args, *kwargs.values()], names)

    def _shows(self, values: list[Any], names: frozenset[str]) -> bool:
        """Whether one of the methods, of a value or of what its text is made of, suspends."""
        return self._suspends_within(values, names, contents.parts_of)

    def _operates(self, operation: Operation, args: tuple[Any, ...]) -> bool:
        """Whether a special method that an operation calls is one that suspends."""
        if operation.attribute == "read":
            named = len(args) > 1 and isinstance(args[1], str)
            return named and self.in_reading(args[0], args[1])
        if operation.stand_in == "class_pattern_":
            return self._stops_at_attributes(*args)
        if operation.stand_in == "mapping_pattern_":
            return type(args[0]) not in ops.INERT
        for place, name in operation.methods:
            if place < len(args):
                value = args[place]
                if type(value) not in ops.INERT and self._suspends_in(type(value), name, value):
                    return True
        if operation.stand_in in ("compared", "hash_"):
            return self._compares([*args], operation.names)
        if operation.inside and self._shows([*args], operation.inside):
            return True
        if len(args) == 2 and operation.stand_in in ("modulo", "modulo_in_place"):
            return _is_keyed(args[0]) and type(args[1]) not in ops.INERT
        if len(args) > 1 and type(args[1]) is slice:
            parts = (args[1].start, args[1].stop, args[1].step)
            if any(self._suspends_in(type(part), "__index__", part) for part in parts):
                return True
        if operation.attribute == "write" and len(args) > 1 and type(args[1]) is str:
            found = ops.lookup(type(args[0]), args[1])
            if ops.is_property(found) and (self.suspends(found.fset) or self.suspends(found.fdel)):
                return True
            methods = (ops.lookup(type(found), name) for _, name in operation.methods)
            return any(map(self.method, methods))
        searched = operation.stand_in == "contains_" and len(args) == 2
        return searched and self._stops_in_search(*args)

    def _stops_at_attributes(self, subject: Any, kind: Any, places: int, *names: str) -> bool:
        """Whether the run may stop where a class pattern reads the attributes of a subject."""
        if type(subject) in ops.INERT:
            return False
        by_place = ops.lookup(kind, "__match_args__") if issubclass(type(kind), type) else ()
        if places and type(by_place) is tuple:
            names += tuple(name for name in by_place[:places] if isinstance(name, str))
        return any(self.in_reading(subject, name) for name in names)

    def in_reading(self, owner: Any, name: str) -> bool:
        """Whether reading an attribute may stop the run."""
        kind = type(owner)
        _, found = ops.found_in(owner, name)
        functions = [
            ops.lookup(kind, "__getattribute__"),
            ops.lookup(kind, "__getattr__"),
            ops.lookup(type(found), "__get__"),
        ]
        if issubclass(kind, type):
            functions.append(ops.lookup(type(ops.lookup(owner, name)), "__get__"))
        if ops.is_property(found):
            if found.fget is not None and self.suspends(found.fget):
                return True
        elif isinstance(found, functools.cached_property):
            functions.append(found.func)
        return any(map(self.method, functions))

    def _stops_past(self, method: Any, stand_in: str, args: tuple[Any, ...]) -> bool:
        """Whether `object.__setattr__` and its like come to a descriptor that stops."""
        given = args if type(method) is WrapperDescriptorType else (method.__self__, *args)
        if stand_in == "unequal_past":
            return self._compares([*given], frozenset({"__eq__"}))
        if len(given) < 2 or type(given[1]) is not str:
            return False
        _, found = ops.found_in(given[0], given[1])
        reading, name, function = {
            "read_past": (True, "__get__", "fget"),
            "stored_past": (False, "__set__", "fset"),
            "deleted_past": (False, "__delete__", "fdel"),
        }[stand_in]
        if ops.is_property(found) and self.suspends(getattr(found, function)):
            return True
        if reading and isinstance(found, functools.cached_property):
            return self.suspends(found.func)
        return self.method(ops.lookup(type(found), name))

    def _stops_in_search(self, container: Any, value: Any) -> bool:
        """Whether looking for a value may stop the run: by its items, or at an `__eq__` of them."""
        if type(container) in (list, tuple) and "__eq__" in self._names:
            return self._compares([*container, value], frozenset({"__eq__"}))
        return self._stops_in_turn(container)

    def _suspends_in(self, kind: type, name: str, value: Any) -> bool:
        method = ops.lookup(kind, name)
        if type(method) is FunctionType:
            return self.suspends(method)
        if name == "__missing__" and method is not None:
            return isinstance(value, defaultdict) and self.suspends(value.default_factory)
        return False

    def _stops(self, value: Any) -> bool:
        """Whether calling a value, or iterating over it, may stop the run."""
        return type(value) not in ops.INERT and (self._stops_in_turn(value) or self.suspends(value))

    def _asks_length(self, value: Any) -> bool:
        """Whether the run may stop where it is asked how long something is that is gone over."""
        kind = type(value)
        if LENGTHS.isdisjoint(self._names):
            return False
        if ops.lookup(kind, "__iter__") is None and ops.lookup(kind, "__getitem__") is None:
            return False
        return any(self._suspends_in(kind, name, value) for name in LENGTHS)

    def _stops_in_turn(self, value: Any) -> bool:
        """Whether iterating over a value may stop the run."""
        kind = type(value)
        if kind in ops.INERT:
            return False
        if kind is SyncGenerator:
            return bool(value.loaded.table.suspends)
        if kind is AsyncGenerator or kind is CoroutineSteps or issubclass(kind, AsyncStep):
            return True
        for name in ("__iter__", "__next__", "__aiter__", "__anext__"):
            method = getattr(kind, name, None)
            if self.method(method):
                return True
            if name == "__iter__" and type(method) is FunctionType and self._has_steps:
                return True  # who knows what it gives
        return self.by_number(kind)

    @functools.cached_property
    def _has_steps(self) -> bool:
        """Whether the program has a class of its own whose `__next__` suspends."""
        own = {module.name for module in self.program.image.modules}
        names = (name.partition(":") for name in self.program.by_name)
        return any(n.endswith(".__next__") and module in own for module, _, n in names)

    def by_number(self, kind: type) -> bool:
        """Whether a loop over an object of a class steps a `__getitem__` that suspends."""
        if ops.said(kind, "__iter__"):
            return False
        method = ops.lookup(kind, "__getitem__")
        return self.method(method)

    def defines_iteration(self) -> bool:
        """Whether a module of the program may say how its objects are gone over."""
        said = re.compile(r"__iter__|__next__|__getitem__")
        return any(said.search(module.text) for module in self.program.image.modules)

    def stand_in(self, callee: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The compiled stand-in of a builtin for these arguments; None where it is not needed."""
        found = _stand_in(callee)
        name = found.stand_in if isinstance(found, Operation) else found
        if name is None or full_name(name) not in self.program.by_name:
            return None
        if not self.meets(callee, *args, **kwargs):
            return None
        made = self.program.library(name)
        before: tuple[Any, ...] = ()
        if isinstance(found, Operation):
            before = found.given
        elif found in _GIVEN_THE_CALLEE:
            before = (callee,)
        # A method's stand-in takes the object first.
        elif type(callee) is not MethodDescriptorType and type(callee) is not FunctionType:
            before = (callee.__self__,) if found in _of_methods() else ()
        if not _takes(made, (*before, *args), kwargs):
            return None  # the builtin says what is wrong
        return functools.partial(made, *before) if before else made


# Those whose second argument is what they go over; and those of them that call the first.
_OF_SECOND = {f"{name}_" for name in (*DECIDING, "nsmallest", "nlargest")}
_OF_WHAT_IS_GIVEN = {f"{name}_" for name in DECIDING - {"compress"}} | {"iter_"}
_OF_PATTERNS = {"re_sub_": 1, "re_subn_": 1, "sub_": 0, "subn_": 0}  # where what they call stands
_TAKING_SETS = frozenset({"set_", "frozenset_", "on_hashed_", "on_met_", "issuperset_"})
_OF_GROUPS = frozenset({"split_", "subgroup_"})
_ALWAYS = {STAND_INS[name][0] for name in ALWAYS}
_FILLED = (list, tuple, set, frozenset, dict, deque)
# Of fibers; and what goes on when something has been closed: a turn of a loop, a block.
_OF_THE_MACHINE = frozenset(
    {fibers.spawn, fibers.gather, fibers.race, fibers.wait_for_fibers, advance, go_on}
)
# What fetches attributes or items, and its stand-in.
_GETTERS: dict[Any, str] = {operator.attrgetter: "attributes_", operator.itemgetter: "items_"}
# Functions and methods of C's: those of classes made at run time have a type of their own.
_BUILTIN = frozenset({BuiltinFunctionType, type(re.compile("").sub), *_GETTERS})
_OF_ITEMS = {stand_in_called(name): names for name, names in OF_ITEMS.items()}
# Those that look at the items of the object whose method they are.
_OF_THEIR_OWN = frozenset({"sort_", "index_in", "count_in", "remove_from"})
_SHOWING = {
    "print_": SHOWING["print"],
    "format_text": SHOWING["format"],
    "format_map": SHOWING["format_map"],
}
_GIVEN_THE_CALLEE = frozenset(
    {
        "on_list_",
        "of_pairs_",
        "of_counted_",
        "with_factory_",
        "new_of_",
        "on_hashed_",
        "on_met_",
        "numbered",
        "bytes_",
        *_OF_GROUPS,
    }
    | {*_GETTERS.values(), *PAST.values()}
)
_PAST: dict[Any, str] = {ops.lookup(object, name): stand_in for name, stand_in in PAST.items()}
# By the `__init__` that a subclass of a container inherits.
_BY_INIT: dict[Any, str] = {
    **{kind.__init__: "on_list_" for kind in (list, set, deque)},
    **{kind.__init__: "of_pairs_" for kind in (dict, OrderedDict)},
    defaultdict.__init__: "with_factory_",
    Counter.__init__: "of_counted_",
}
_EXTENDING = (list.__iadd__, bytearray.__iadd__, deque.__iadd__, UserList.__iadd__)
_UPDATING = (dict.__ior__, OrderedDict.__ior__)


@functools.cache
def _stand_ins() -> dict[Any, str | Operation]:
    from perdure.library import packages, stand_ins

    found: dict[Any, str | Operation] = {**operations.by_callee()}
    for builtin, function in (stand_ins() | packages.BUILTINS).items():
        found[builtin] = function.__name__
    return found


def _stand_in(callee: Any) -> str | Operation | None:
    """The name of a builtin's stand-in, or the operation that it is."""
    try:
        found = _stand_ins().get(callee)
    except TypeError:
        return None  # unhashable: no builtin
    if found is None and type(callee) is FunctionType:
        function = packages().stand_in(callee)
        return None if function is None else function.__name__
    if found is None and type(callee) in _GETTERS:
        return _GETTERS[type(callee)]
    if found is None and issubclass(type(callee), type):
        return _of_subclass(callee)
    if found is None and type(callee) is MethodWrapperType:
        method = ops.lookup(callee.__objclass__, callee.__name__)
        return _PAST.get(method) or _BY_INIT.get(method)
    if found is None and type(callee) is WrapperDescriptorType:
        return _PAST.get(callee)
    if found is None and type(callee) is MethodDescriptorType:
        name, kinds = _methods().get(callee.__name__, ("", ()))
        return name if callee.__objclass__ in kinds else None
    if found is not None or type(callee) not in _BUILTIN:
        return found
    owner = callee.__self__
    if owner is tuple or owner is frozenset:
        return "new_of_" if callee.__name__ == "__new__" else None
    if owner is itertools.chain:
        return "chain_from_iterable_"
    name, kinds = _methods().get(callee.__name__, ("", ()))
    return name if isinstance(owner, kinds) else None


def _of_subclass(kind: type) -> str | None:
    """The stand-in of a subclass of a container, which makes objects as that one does."""
    made = ops.lookup(kind, "__new__")
    if made is tuple.__new__ or made is frozenset.__new__:
        return "on_list_" if ops.lookup(kind, "__init__") is object.__init__ else None
    if type(made) is not BuiltinFunctionType:
        return None
    return _BY_INIT.get(ops.lookup(kind, "__init__"))


def _takes(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether a stand-in takes these arguments."""
    if type(function) is not FunctionType:
        return True
    code = function.__code__
    names, most = code.co_varnames, code.co_argcount
    if len(args) > most and not code.co_flags & CO_VARARGS:
        return False
    known = names[code.co_posonlyargcount : most + code.co_kwonlyargcount]
    if not code.co_flags & CO_VARKEYWORDS and not kwargs.keys() <= set(known):
        return False
    least = most - len(function.__defaults__ or ())
    return all(name in known and name in kwargs for name in names[len(args) : least])


def _is_keyed(template: Any) -> bool:
    """Whether a template is filled by what a mapping has by names, whatever that is."""
    if isinstance(template, str):
        return "%(" in template
    return isinstance(template, bytes | bytearray) and b"%(" in template


@functools.cache
def packages() -> Any:
    """The stand-ins for functions of modules that few programs import."""
    from perdure.library import packages

    return packages


@functools.cache
def _methods() -> dict[str, tuple[str, tuple[type, ...]]]:
    """The stand-ins of methods, and which types' methods those are, by the methods' names."""
    from perdure.library import METHODS

    every = (METHODS | packages().METHODS).items()
    return {name: (function.__name__, kinds) for name, (function, kinds) in every}


@functools.cache
def _of_methods() -> frozenset[str]:
    return frozenset(stand_in for stand_in, _ in _methods().values())
