"""What the audit knows of Python's own types, as data: results, containers, annotations."""

from __future__ import annotations

# How many names inference follows before it gives up; code that needs more is not worth the wait.
DEPTH = 60

# Annotations to the class that a value of them has, as far as methods and order go.
ANNOTATIONS = {
    "typing.Set": "builtins.set",
    "typing.MutableSet": "builtins.set",
    "typing.AbstractSet": "builtins.set",
    "typing.FrozenSet": "builtins.frozenset",
    "collections.abc.Set": "builtins.set",
    "collections.abc.MutableSet": "builtins.set",
    "typing.List": "builtins.list",
    "typing.Sequence": "builtins.list",
    "typing.MutableSequence": "builtins.list",
    "collections.abc.Sequence": "builtins.list",
    "collections.abc.MutableSequence": "builtins.list",
    "typing.Dict": "builtins.dict",
    "typing.Mapping": "builtins.dict",
    "typing.MutableMapping": "builtins.dict",
    "typing.DefaultDict": "builtins.dict",
    "typing.OrderedDict": "builtins.dict",
    "collections.abc.Mapping": "builtins.dict",
    "collections.abc.MutableMapping": "builtins.dict",
    "typing.Tuple": "builtins.tuple",
    "typing.Deque": "collections.deque",
    "typing.Counter": "collections.Counter",
    "typing.Text": "builtins.str",
    "typing.Type": "builtins.type",
    "typing.Iterable": "typing.Iterable",
    "typing.Iterator": "typing.Iterator",
    "typing.Generator": "typing.Generator",
    "typing.Collection": "typing.Collection",
    "typing.AsyncIterator": "typing.Iterator",
    "collections.abc.Iterable": "typing.Iterable",
    "collections.abc.Iterator": "typing.Iterator",
    "collections.abc.Generator": "typing.Generator",
    "collections.abc.Collection": "typing.Collection",
    "collections.abc.AsyncIterator": "typing.Iterator",
}

# Annotations that say something about the first of their arguments.
WRAPPERS = frozenset({
    "typing.Optional", "typing.Final", "typing.Annotated", "typing.ClassVar", "typing.Required",
    "typing.NotRequired", "typing.ReadOnly", "typing.Awaitable", "collections.abc.Awaitable",
    "dataclasses.InitVar",
})  # fmt: skip

MAPPINGS = frozenset({
    "builtins.dict", "collections.defaultdict", "collections.OrderedDict", "collections.Counter",
})  # fmt: skip

YIELDS = frozenset({"typing.Iterator", "typing.Generator", "typing.Iterable"})

ITERABLES = MAPPINGS | YIELDS | {
    "builtins.list", "builtins.set", "builtins.frozenset", "builtins.dict_keys",
    "collections.deque", "typing.Collection",
}  # fmt: skip

# Module globals of these types change when they are mutated; of others, nobody knows.
CONTAINERS = MAPPINGS | {
    "builtins.list", "builtins.set", "builtins.bytearray", "collections.deque",
    "collections.UserDict", "collections.UserList", "collections.ChainMap",
}  # fmt: skip

MUTATORS = frozenset({
    "append", "appendleft", "extend", "extendleft", "insert", "pop", "popleft", "popitem", "clear",
    "update", "setdefault", "add", "remove", "discard", "sort", "reverse", "rotate", "subtract",
    "difference_update", "intersection_update", "symmetric_difference_update", "move_to_end",
})  # fmt: skip

# Calls that give a container of what their first argument holds.
HOLDERS = {
    "builtins.list": "builtins.list",
    "builtins.set": "builtins.set",
    "builtins.frozenset": "builtins.frozenset",
    "builtins.sorted": "builtins.list",
    "builtins.reversed": "typing.Iterator",
    "builtins.iter": "typing.Iterator",
    "builtins.filter": "typing.Iterator",
    "collections.deque": "collections.deque",
}

RESULTS = {
    "builtins.dict": "builtins.dict",
    "builtins.str": "builtins.str",
    "builtins.repr": "builtins.str",
    "builtins.format": "builtins.str",
    "builtins.int": "builtins.int",
    "builtins.len": "builtins.int",
    "builtins.ord": "builtins.int",
    "builtins.hash": "builtins.int",
    "builtins.id": "builtins.int",
    "builtins.bool": "builtins.bool",
    "builtins.isinstance": "builtins.bool",
    "builtins.any": "builtins.bool",
    "builtins.all": "builtins.bool",
    "builtins.float": "builtins.float",
    "builtins.bytes": "builtins.bytes",
    "builtins.bytearray": "builtins.bytearray",
    "builtins.range": "builtins.range",
    "builtins.object": "builtins.object",
    "collections.defaultdict": "collections.defaultdict",
    "collections.OrderedDict": "collections.OrderedDict",
    "collections.Counter": "collections.Counter",
    "datetime.datetime": "datetime.datetime",
    "datetime.datetime.now": "datetime.datetime",
    "datetime.datetime.fromisoformat": "datetime.datetime",
    "datetime.datetime.strptime": "datetime.datetime",
    "datetime.datetime.combine": "datetime.datetime",
    "datetime.datetime.replace": "datetime.datetime",
    "datetime.datetime.astimezone": "datetime.datetime",
    "datetime.date": "datetime.date",
    "datetime.timedelta": "datetime.timedelta",
    "pathlib.Path.cwd": "pathlib.Path",
    "pathlib.Path.home": "pathlib.Path",
    "pathlib.Path.resolve": "pathlib.Path",
    "pathlib.Path.absolute": "pathlib.Path",
    "pathlib.Path.joinpath": "pathlib.Path",
    "pathlib.Path.with_suffix": "pathlib.Path",
    "pathlib.Path.with_name": "pathlib.Path",
    "pathlib.Path.with_stem": "pathlib.Path",
    "pathlib.Path.relative_to": "pathlib.Path",
    "pathlib.Path.expanduser": "pathlib.Path",
    "logging.getLogger": "logging.Logger",
    "sqlite3.connect": "sqlite3.Connection",
    "sqlite3.Connection.cursor": "sqlite3.Cursor",
    "requests.session": "requests.Session",
    "asyncio.get_event_loop": "asyncio.AbstractEventLoop",
    "asyncio.get_running_loop": "asyncio.AbstractEventLoop",
    "asyncio.new_event_loop": "asyncio.AbstractEventLoop",
}

ATTRIBUTES = {
    "pathlib.Path.parent": "pathlib.Path",
    "pathlib.Path.name": "builtins.str",
    "pathlib.Path.stem": "builtins.str",
    "pathlib.Path.suffix": "builtins.str",
}

PATHS = frozenset({
    "pathlib.Path", "pathlib.PosixPath", "pathlib.PurePath", "pathlib.PurePosixPath",
})  # fmt: skip

COMPREHENSIONS = {
    "ListComp": "builtins.list",
    "SetComp": "builtins.set",
    "GeneratorExp": "typing.Iterator",
}

# Methods that give another of the same.
SAME = frozenset({
    "copy", "union", "intersection", "difference", "symmetric_difference", "__or__", "__and__",
})  # fmt: skip
SPLITS = frozenset({"split", "rsplit", "splitlines", "partition", "rpartition"})
