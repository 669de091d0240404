"""Builtins that call what they are given, or iterate over it, written in Python to be compiled.

`sorted(orders, key=price)` with `price` an activity, `any(check(x) for x in xs)`, `list(map(fetch,
urls))`: the real builtins are C and cannot stop inside. Where one of them is given something that
suspends, the compiled program calls its namesake here, which is compiled with the program like any
function of the user's own. They do in the same order what the builtins do.

Here stands which of them stands for what.
"""

from __future__ import annotations

import functools
import io
import itertools
import math
from array import array
from collections import Counter, OrderedDict, UserList, defaultdict, deque
from collections.abc import Callable
from typing import Any

from perdure.compiler.library import MEETING, OF_SETS
from perdure.library.collecting import (
    all_,
    any_,
    counter_,
    deque_,
    dict_,
    extend_,
    fromkeys_,
    frozenset_,
    fsum_,
    join_,
    max_,
    min_,
    ordered_dict_,
    prod_,
    reduce_,
    set_,
    sort_,
    sorted_,
    sum_,
    tuple_,
    update_,
)
from perdure.library.containers import (
    array_,
    count_,
    count_in,
    extendleft_,
    index_in,
    isdisjoint_,
    issuperset_,
    on_hashed_,
    on_met_,
    remove_from,
    subtract_,
    writelines_,
)
from perdure.library.formatting import format_map, format_text, print_
from perdure.library.iterating import (
    accumulate_,
    aiter_,
    anext_,
    chain_,
    chain_from_iterable_,
    combinations_,
    combinations_with_replacement_,
    compress_,
    cycle_,
    dropwhile_,
    enumerate_,
    filter_,
    filterfalse_,
    groupby_,
    islice_,
    map_,
    next_,
    pairwise_,
    permutations_,
    product_,
    starmap_,
    takewhile_,
    tee_,
    zip_,
    zip_longest_,
)
from perdure.library.numbers import numbered
from perdure.library.operators import item_in, missing_from
from perdure.library.syntax import extension_, iter_, list_, taken_
from perdure.runtime import ops

# By what they stand in for, and by its dotted name.
BY_NAME: dict[str, Callable[..., Any]] = {
    "itertools.zip_longest": zip_longest_,
    "itertools.compress": compress_,
    "itertools.cycle": cycle_,
    "itertools.product": product_,
    "itertools.combinations": combinations_,
    "itertools.combinations_with_replacement": combinations_with_replacement_,
    "itertools.permutations": permutations_,
    "math.prod": prod_,
    "math.fsum": fsum_,
    "collections.Counter": counter_,
    "collections.OrderedDict": ordered_dict_,
    "builtins.list": list_,
    "builtins.tuple": tuple_,
    "builtins.set": set_,
    "builtins.frozenset": frozenset_,
    "builtins.dict": dict_,
    "builtins.dict.fromkeys": fromkeys_,
    "collections.OrderedDict.fromkeys": fromkeys_,
    "builtins.sum": sum_,
    "builtins.any": any_,
    "builtins.all": all_,
    "builtins.sorted": sorted_,
    "builtins.min": min_,
    "builtins.max": max_,
    "builtins.next": next_,
    "builtins.iter": iter_,
    "builtins.aiter": aiter_,
    "builtins.anext": anext_,
    "builtins.map": map_,
    "builtins.filter": filter_,
    "builtins.enumerate": enumerate_,
    "builtins.zip": zip_,
    "builtins.print": print_,
    "collections.deque": deque_,
    "functools.reduce": reduce_,
    "itertools.chain": chain_,
    "itertools.chain.from_iterable": chain_from_iterable_,
    "itertools.islice": islice_,
    "itertools.starmap": starmap_,
    "itertools.takewhile": takewhile_,
    "itertools.dropwhile": dropwhile_,
    "itertools.filterfalse": filterfalse_,
    "itertools.accumulate": accumulate_,
    "itertools.pairwise": pairwise_,
    "itertools.groupby": groupby_,
    "itertools.tee": tee_,
}


_TEXTS = (str, bytes, bytearray)
# Methods of builtin types, by name, and the types that have them.
METHODS: dict[str, tuple[Callable[..., Any], tuple[type, ...]]] = {
    "sort": (sort_, (list,)),
    "join": (join_, (str, bytes, bytearray)),
    "extend": (extend_, (list, bytearray, deque, array)),
    "extendleft": (extendleft_, (deque,)),
    "writelines": (writelines_, (io.IOBase,)),
    "issuperset": (issuperset_, (set, frozenset)),
    "isdisjoint": (isdisjoint_, (set, frozenset)),
    "index": (index_in, (list, tuple, deque)),
    "count": (count_in, (list, tuple, deque)),
    "remove": (remove_from, (list, deque)),
    "update": (update_, (set, dict)),
    "__getitem__": (item_in, (dict,)),
    "__missing__": (missing_from, (defaultdict,)),
    "fromkeys": (fromkeys_, (type,)),
    "format": (format_text, (str,)),
    "format_map": (format_map, (str,)),
}


METHODS |= {
    name: (numbered, kinds)
    for names, kinds in {
        "pop": (list, bytearray, array),
        "insert": (list, deque, bytearray, array),
        "rotate": (deque,),
        "indices": (slice,),
        "to_bytes": (int,),
        "center ljust rjust zfill expandtabs split rsplit replace": _TEXTS,
        "find rfind rindex startswith endswith": _TEXTS,
    }.items()
    for name in names.split()
}
METHODS |= dict.fromkeys(OF_SETS, (on_hashed_, (set, frozenset)))
METHODS |= dict.fromkeys(MEETING, (on_met_, (set, frozenset)))


def stand_ins() -> dict[Any, Callable[..., Any]]:
    """Each builtin that has a stand-in here, and the stand-in."""
    import builtins

    modules = {"builtins": builtins, "functools": functools, "itertools": itertools, "math": math}
    found: dict[Any, Callable[..., Any]] = {
        deque: deque_,
        Counter: counter_,
        OrderedDict: ordered_dict_,
        array: array_,
        Counter.update: count_,
        UserList.extend: extend_,
        Counter.subtract: subtract_,
        ops.listed: list_,
        ops.taken: taken_,
        ops.extension: extension_,
    }
    for dotted, function in BY_NAME.items():
        module, _, name = dotted.partition(".")
        if module in modules and "." not in name:
            found[getattr(modules[module], name)] = function
    return found
