"""Which builtins have a stand-in that is compiled, for when they are given what suspends.

The stand-ins are Python (perdure/library). Here stands what the compiler must know of each: which
of its arguments it calls. It iterates over the others.
"""

from __future__ import annotations

import functools
import re

from perdure.compiler import operators
from perdure.compiler.source import OWN_LIBRARY

MODULES = OWN_LIBRARY
SYNTAX, COLLECTING, ITERATING, CONTAINERS, FIBERS = MODULES[:5]
OPERATORS, ATTRIBUTES, FORMATTING, PACKAGES, MATCHING, NUMBERS, GROUPS = MODULES[5:]


@functools.cache
def full_name(stand_in: str) -> str:
    """The full name, `module:name`, of a function of the library."""
    module = next((m for m, names in _ROOMS.items() if stand_in in names), COLLECTING)
    return f"{module}:{stand_in}"


# dotted name -> (its stand-in, positions of the arguments that it calls)
STAND_INS: dict[str, tuple[str, frozenset[int]]] = {
    f"builtins.{name}": (f"{name}_", frozenset(called))
    for name, called in {
        "list": (),
        "tuple": (),
        "set": (),
        "frozenset": (),
        "dict": (),
        "sum": (),
        "any": (),
        "all": (),
        "sorted": (),
        "min": (),
        "max": (),
        "next": (),
        "iter": (0,),
        "aiter": (),
        "anext": (),
        "map": (0,),
        "filter": (0,),
        "enumerate": (),
        "zip": (),
        "print": (),
    }.items()
}
STAND_INS |= {
    "array.array": ("array_", frozenset()),
    "builtins.dict.fromkeys": ("fromkeys_", frozenset()),
    "collections.OrderedDict.fromkeys": ("fromkeys_", frozenset()),
    "collections.deque": ("deque_", frozenset()),
    "functools.reduce": ("reduce_", frozenset({0})),
    "itertools.chain": ("chain_", frozenset()),
    "itertools.chain.from_iterable": ("chain_from_iterable_", frozenset()),
    "itertools.islice": ("islice_", frozenset()),
    "itertools.starmap": ("starmap_", frozenset({0})),
    "itertools.takewhile": ("takewhile_", frozenset({0})),
    "itertools.dropwhile": ("dropwhile_", frozenset({0})),
    "itertools.filterfalse": ("filterfalse_", frozenset({0})),
    "itertools.accumulate": ("accumulate_", frozenset({1})),
    "itertools.pairwise": ("pairwise_", frozenset()),
    "itertools.groupby": ("groupby_", frozenset({1})),
    "itertools.tee": ("tee_", frozenset()),
    "collections.Counter": ("counter_", frozenset()),
    "collections.OrderedDict": ("ordered_dict_", frozenset()),
    "operator.indexOf": ("index_of_", frozenset()),
    "operator.countOf": ("count_of_", frozenset()),
}
STAND_INS |= {
    f"{module}.{name}": (f"{name}_", frozenset())
    for module, names in {
        "itertools": "zip_longest compress cycle product combinations permutations"
        " combinations_with_replacement",
        "math": "prod fsum",
    }.items()
    for name in names.split()
}
# Of modules that few programs import: the stand-ins are in perdure.library.packages.
_OF_PACKAGES: dict[str, tuple[str, frozenset[int]]] = {
    "re.sub": ("re_sub_", frozenset({1})),
    "re.subn": ("re_subn_", frozenset({1})),
    "heapq.nsmallest": ("nsmallest_", frozenset({2})),
    "heapq.nlargest": ("nlargest_", frozenset({2})),
    "heapq.merge": ("merge_", frozenset()),
    "itertools.batched": ("batched_", frozenset()),
    "dataclasses.replace": ("replace_", frozenset()),
    "copy.replace": ("replace_", frozenset()),
    "asyncio.run": ("asyncio_run", frozenset()),
    "csv.reader": ("reader_", frozenset()),
    "_csv.reader": ("reader_", frozenset()),
    "_string.formatter_parser": ("parsed_", frozenset()),
    "_string.formatter_field_name_split": ("parts_of_field_", frozenset()),
}
_HEAPS = "heappush heappop heapreplace heappushpop heapify".split()
_OF_PACKAGES |= {f"heapq.{name}": (f"{name}_", frozenset()) for name in _HEAPS}
_OF_PACKAGES |= {
    f"bisect.{name}": (f"{name}_", frozenset())
    for name in ("bisect_left", "bisect_right", "insort_left", "insort_right")
}
_OF_PACKAGES |= {
    "bisect.bisect": ("bisect_right_", frozenset()),
    "bisect.insort": ("insort_right_", frozenset()),
}
# They go over what they are given once: it is listed before.
RAW = ("bytes", "bytearray")
ON_LISTS = {
    "statistics": tuple(
        "mean fmean geometric_mean harmonic_mean median median_low median_high median_grouped mode"
        " multimode pstdev pvariance quantiles stdev variance".split()
    )
}
_OF_PACKAGES |= {
    f"{module}.{name}": ("on_list_", frozenset())
    for module, names in ON_LISTS.items()
    for name in names
}
_OF_PACKAGES |= {f"builtins.{name}": ("bytes_", frozenset()) for name in RAW}
STAND_INS |= _OF_PACKAGES
# Whatever they are given: what they give is to be kept; the last one is refused.
ALWAYS = frozenset(
    {
        "heapq.merge",
        "itertools.batched",
        "_string.formatter_parser",
        "_string.formatter_field_name_split",
        "asyncio.run",
    }
)
# Those that may make a coroutine of whatever they are given.
ASYNCHRONOUS = frozenset({"builtins.aiter", "builtins.anext"})
# Methods of builtin types that have one; the values are the positions of what they call.
METHODS: dict[str, tuple[str, frozenset[int]]] = {
    name: (f"{name}_", frozenset()) for name in ("sort", "join", "extend", "update", "fromkeys")
} | {name: (f"{name}_", frozenset({0})) for name in ("sub", "subn")}
METHODS |= {"format": ("format_text", frozenset()), "format_map": ("format_map", frozenset())}
METHODS |= {"_make": ("made_of_", frozenset())}  # of named tuples
# Methods that go over each thing they are given, to its end or to the first that decides.
OF_SETS = (
    "union difference symmetric_difference difference_update symmetric_difference_update".split()
)
METHODS |= dict.fromkeys(OF_SETS, ("on_hashed_", frozenset[int]()))
MEETING = "intersection intersection_update issubset".split()
METHODS |= dict.fromkeys(MEETING, ("on_met_", frozenset[int]()))
_GOING_OVER = "issuperset isdisjoint extendleft writelines writerows subtract".split()
METHODS |= {name: (f"{name}_", frozenset()) for name in _GOING_OVER}
# Methods that compare what is in a container with what they are given, and go over nothing.
_LOOKING = {"index": "index_in", "count": "count_in", "remove": "remove_from"}
METHODS |= {name: (stand_in, frozenset()) for name, stand_in in _LOOKING.items()}
# Methods that want a number at some places, and at which.
_COUNTS_IN_TEXTS = "center ljust rjust zfill expandtabs split rsplit replace find startswith"
NUMBERED = {
    **dict.fromkeys("pop insert center ljust rjust zfill expandtabs to_bytes rotate".split(), (0,)),
    **dict.fromkeys("find rfind rindex startswith endswith".split(), (1, 2)),
    "split": (1,),
    "rsplit": (1,),
    "replace": (2,),
    "indices": (0,),
}
# Those that do so, and go over or compare what they are given besides.
ALSO_NUMBERED = {"index": "index_in", "islice": "islice_"}
METHODS |= dict.fromkeys(NUMBERED, ("numbered", frozenset[int]()))
# Of texts, and of groups of exceptions: those call what they are given, and the method `derive`.
METHODS |= {"split": ("split_", frozenset({0})), "subgroup": ("subgroup_", frozenset({0}))}
DERIVING = frozenset({"split", "subgroup"})
# Those that are held in variables before they are called: `add = found.extend`.
GIVEN_METHODS = frozenset({"sort", "join", "extend", "update", *OF_SETS, *MEETING, *_GOING_OVER})
# Methods of dicts that come to `__missing__`, or to a factory.
MISSING = {"__getitem__": "item_in", "__missing__": "missing_from"}
METHODS |= {name: (stand_in, frozenset()) for name, stand_in in MISSING.items()}
# The same, called on the type: `str.join(", ", texts)`.
_ON_TYPES = {
    "str": f"join format format_map {_COUNTS_IN_TEXTS}",
    "bytes": "join",
    "list": "sort extend index count remove pop insert",
    "tuple": "index count",
    "dict": "update __getitem__",
    "set": " ".join(["update", "issuperset", "isdisjoint", *OF_SETS, *MEETING]),
    "frozenset": " ".join(["issuperset", "isdisjoint", *OF_SETS[:3], "intersection", "issubset"]),
}
STAND_INS |= {
    f"builtins.{kind}.{name}": METHODS[name]
    for kind, names in _ON_TYPES.items()
    for name in names.split()
}
# What reads and writes attributes, or compares, past the methods of an object's own class.
PAST = {
    "__setattr__": "stored_past",
    "__delattr__": "deleted_past",
    "__getattribute__": "read_past",
    "__ne__": "unequal_past",
}
METHODS |= {name: (stand_in, frozenset()) for name, stand_in in PAST.items()}
STAND_INS |= {f"builtins.object.{name}": METHODS[name] for name in PAST}
# Calls of the program's own subclasses of builtins, and of `super().__new__` in one.
OF_SUBCLASSES: dict[str, tuple[str, frozenset[int]]] = {
    "a list": ("on_list_", frozenset()),
    "a dict": ("of_pairs_", frozenset()),
    "a counter": ("of_counted_", frozenset()),
    "a defaultdict": ("with_factory_", frozenset()),
    "a new tuple": ("new_of_", frozenset()),
}
EXTENDED = {f"builtins.{name}": "a list" for name in ("list", "tuple", "set", "frozenset")}
EXTENDED |= {"builtins.dict": "a dict", "collections.OrderedDict": "a dict"}
EXTENDED |= {"collections.deque": "a list", "collections.defaultdict": "a factory"}
EXTENDED |= {"collections.Counter": "a counter"}
_CONTAINERS = {
    "new_of_",
    "of_pairs_",
    "of_counted_",
    "with_factory_",
    "on_hashed_",
    "on_met_",
    "array_",
    "count_",
    "index_of_",
    "count_of_",
    "made_of_",
    *_LOOKING.values(),
}
_CONTAINERS |= {f"{name}_" for name in _GOING_OVER}
_PACKAGES = {name for name, _ in _OF_PACKAGES.values()} - {"bytes_"} | {
    "sub_",
    "subn_",
    "cached_call",
}
_PACKAGES |= {"attributes_", "items_"}
_SYNTAX = (
    "list_ taken_ extension_ contains_ iter_ CallIterator SequenceIterator step_of close_dropped"
    " delegate construct fill call_alias length_hint_ next_of waited_for"
)
_GIVING_ITERATORS = "next aiter anext map filter enumerate zip".split()
_FORMATTING = (
    "str_ repr_ ascii_ format_ formatted_ modulo modulo_in_place print_ format_text format_map"
)
_NUMBERS = "numbered counted floated rounded complex_ bytes_".split()
_OPERATIONS = (
    *operators.OPERATIONS.values(),
    *operators.BUILTINS.values(),
    *operators.MATH.values(),
)
_ROOMS: dict[str, set[str]] = {
    SYNTAX: set(_SYNTAX.split()),
    ITERATING: {f"{name}_" for name in _GIVING_ITERATORS}
    | {found for name, (found, _) in STAND_INS.items() if name.startswith("itertools.")}
    - _PACKAGES,
    CONTAINERS: _CONTAINERS,
    FIBERS: {"gather_", "race_"},
    PACKAGES: _PACKAGES,
    GROUPS: {"split_", "subgroup_"},
    FORMATTING: set(_FORMATTING.split()),
    ATTRIBUTES: {"read_attribute", *PAST.values()} - {"unequal_past"}
    | {o.stand_in for o in _OPERATIONS if o.attribute},
    MATCHING: {"class_pattern_", "mapping_pattern_"},
    NUMBERS: {*_NUMBERS},
    OPERATORS: {o.stand_in for o in _OPERATIONS} - {"mapping_", *_NUMBERS}
    | {"unequal_past", *MISSING.values()},
}  # all others are in COLLECTING
# What has one of these is asked how long it is, before it is gone over.
LENGTHS = frozenset({"__len__", "__length_hint__"})
ASKING_LENGTH = frozenset({"list_", "tuple_", "sorted_", "extend_", "on_list_", "made_of_"})
ASKING_LENGTH |= {f"{name}_" for name in ("product", "permutations", "combinations")}
ASKING_LENGTH |= {"combinations_with_replacement_", "nsmallest_", "nlargest_"}
# Functions of perdure whose work in a run is Python of the library.
IN_A_RUN = {"perdure.gather": "gather_", "perdure.race": "race_"}
# Keywords by which builtins are given something to call.
CALLED_KEYWORDS = frozenset({"key", "func", "function", "repl"})
# Those that call special methods of the items of what they are given.
OF_ITEMS = dict.fromkeys(("sorted", "sort", "min", "max"), operators.ORDERING)
_BISECTING = "bisect bisect_left bisect_right insort insort_left insort_right".split()
OF_ITEMS |= dict.fromkeys(("nsmallest", "nlargest", *_BISECTING), operators.ORDERING)
OF_ITEMS |= dict.fromkeys(("any", "all"), operators.TRUTH)
# Those that ask what a function gives for each item, or the item itself, whether it is true.
DECIDING = frozenset("filter filterfalse takewhile dropwhile compress".split())
OF_ITEMS |= dict.fromkeys(DECIDING, operators.TRUTH)
OF_ITEMS |= {"accumulate": frozenset({"__add__", "__radd__"})}
OF_ITEMS |= {"sum": frozenset({"__add__", "__radd__"}), "prod": frozenset({"__mul__", "__rmul__"})}
# Those that ask a mapping for its keys, and for the value of each.
MAPPED = {"dict": "dict_", "update": "update_", "OrderedDict": "ordered_dict_"}


def stand_in_called(last: str) -> str:
    """The stand-in of a method, or of a function by the last part of its dotted name."""
    found = METHODS.get(last) or STAND_INS.get(f"operator.{last}")
    return found[0] if found is not None else f"{last}_"


# What the making of an object comes to where a method that it calls suspends; of `Box[int]`.
MAKING = ("construct", "fill")
OF_GENERICS = "call_alias"
_EQUAL = frozenset({"__eq__"})
OF_ITEMS |= dict.fromkeys(_HEAPS, operators.ORDERING) | {"merge": operators.ORDERING | _EQUAL}
OF_ITEMS |= dict.fromkeys((*_LOOKING, "groupby", "iter", "indexOf", "countOf"), _EQUAL)
# Those of them that go over nothing.
ONLY_OF_ITEMS = frozenset({*_HEAPS, *_LOOKING})
# Those that make texts of what they are given, and go over none of it.
SHOWING = dict.fromkeys(("print", "format", "format_map"), operators.SHOWING)
SHOWING |= {name: SHOWING[name] | {"__format__"} for name in ("format", "format_map")}
# A field of a template that says more than a position or a keyword: `{0.name}`, `{[0]}`.
FIELD_OF_SOMETHING = re.compile(r"\{[^{}:!]*[.\[]")
_BY_NUMBER = (
    f"{SYNTAX}:SequenceIterator.__next__",
    f"{SYNTAX}:SequenceIterator.__length_hint__",
)
# Methods of classes of the library that stand-ins make objects of.
METHODS_OF = {
    "iter_": (f"{SYNTAX}:CallIterator.__next__", *_BY_NUMBER),
    "step_of": _BY_NUMBER,
    "reversed_": (f"{OPERATORS}:Reversed.__next__", f"{OPERATORS}:Reversed.__length_hint__"),
    "tee_": (f"{ITERATING}:TeeIterator.__next__",),
    "groupby_": (f"{ITERATING}:Groups.__next__", f"{ITERATING}:Group.__next__"),
    "reader_": (f"{PACKAGES}:Reader.__next__",),
}
# What loops, unpacking, `in` and a generator's end come to where an iterator suspends.
GOING_OVER = ("step_of", "list_", "taken_", "extension_", "contains_", "delegate", "close_dropped")
# What `async for` comes to where a method suspends before it gives what is waited for.
NEXT_OF = frozenset({"next_of", "waited_for"})
