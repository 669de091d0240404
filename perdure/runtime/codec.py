"""Values to bytes and back: checkpoints, arguments, results.

    frame    byte 0        kind: b"S" simple, b"P" plain, b"Z" zstd
             bytes 1..4    CRC-32 of the rest; unused in zstd frames, which carry a checksum
             the rest      a pickle, protocol 5; a simple one names no class or function

The C pickler does the work. Where it cannot, a reducer does: classes and functions of the program
by their name (whichever namespace the program was loaded into), functions made in a block by the
place of their code, cells, exceptions with all that belongs to them, dict iterators. dill is the
last resort, for code by value; it is fifty times slower and never on the common path.

One pickle holds the whole continuation, so that two names for one list stay one list.
"""

from __future__ import annotations

import builtins
import gc
import io
import pickle
import struct
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from types import CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import zstandard

from perdure.runtime import failures
from perdure.runtime.generators import Generator
from perdure.runtime.program import Program, main_name

PROTOCOL = 5
# Below this many bytes zstd does not gain what its frame costs.
COMPRESS_FROM = 160

_HEAD = struct.Struct("<cI")
_DICT_ITERATORS: dict[type, Callable[[dict[Any, Any]], Iterator[Any]]] = {
    type(iter({})): iter,
    type(iter({}.values())): lambda d: iter(d.values()),
    type(iter({}.items())): lambda d: iter(d.items()),
    type(reversed({})): reversed,
    type(reversed({}.values())): lambda d: reversed(d.values()),
    type(reversed({}.items())): lambda d: reversed(d.items()),
}
_SET_ITERATOR: type = type(iter(set()))
_DICT_VIEWS = {type({}.keys()): "keys", type({}.values()): "values", type({}.items()): "items"}
_KINDS = {kind: number for number, kind in enumerate(_DICT_ITERATORS)}


class CodecError(Exception):
    """Bytes that are damaged, or a value that cannot be written; the message says which."""


class Codec:
    """Encodes and decodes values of one program. Safe to use from several threads."""

    def __init__(
        self, program: Program | None = None, modules: dict[str, Any] | None = None
    ) -> None:
        self.program = program
        self._modules = program.modules if program is not None else modules or {}
        self._main = main_name()
        self._threads = threading.local()

    def encode(self, value: Any) -> bytes:
        """Pickle, compress and checksum a value. Raises what the pickler raises."""
        if _is_simple(value):
            simple = pickle.dumps(value, PROTOCOL)
            if len(simple) < COMPRESS_FROM:
                return _HEAD.pack(b"S", zlib.crc32(simple)) + simple
        data = self._pickle(value)
        if len(data) >= COMPRESS_FROM:
            packed = _compressor().compress(data)
            return _HEAD.pack(b"Z", 0) + packed
        return _HEAD.pack(b"P", zlib.crc32(data)) + data

    def _pickle(self, value: Any) -> bytes:
        """Pickle with this thread's pickler: making one costs as much as a small checkpoint."""
        pickler: _Pickler | None = getattr(self._threads, "pickler", None)
        # While it is at work its pickler is put away: a __getstate__ may encode something itself.
        self._threads.pickler = None
        if pickler is None:
            pickler = _Pickler(io.BytesIO(), self)
        buffer = pickler.buffer
        try:
            pickler.dump(value)
            data = buffer.getvalue()
        finally:
            pickler.clear_memo()
            buffer.seek(0)
            buffer.truncate()
            self._threads.pickler = pickler
        return data

    def decode(self, data: bytes) -> Any:
        """The value that `encode` was given; raises `CodecError` when the bytes are damaged."""
        payload = unwrap(data)
        if data[:1] == b"S":
            return pickle.loads(payload)
        return _Unpickler(io.BytesIO(payload), self).load()

    # By name ----------------------------------------------------------------------------------

    def logical_name(self, module: str) -> str:
        """The name other processes know a module by: the running script is not `__main__` there."""
        return self._main if module == "__main__" and self._main else module

    def find(self, module: str, qualname: str) -> Any:
        """A global of the program, or of this process."""
        holder: Any = self._modules.get(module)
        if holder is None and module == self._main and module not in sys.modules:
            holder = sys.modules["__main__"]
        if holder is None:
            __import__(module)
            holder = sys.modules[module]
        for part in qualname.split("."):
            holder = getattr(holder, part)
        return holder


_SCALARS = frozenset({int, float, str, bytes, bool, type(None)})
# What the C pickler writes by itself, however often the reducer is asked.
_PLAIN_KINDS = frozenset(
    {type(iter([])), type(iter(())), type(iter(range(0))), range, type(len), slice, complex}
)


def _is_simple(value: Any) -> bool:
    """Scalars, and the arguments of a call that has only scalars: they need no reducer."""
    if type(value) in _SCALARS:
        return True
    return (
        type(value) is tuple
        and len(value) == 2
        and type(value[0]) is tuple
        and not value[1]
        and type(value[1]) is dict
        and all(type(item) in _SCALARS for item in value[0])
    )


def unwrap(data: bytes) -> bytes:
    """Check a frame and give the pickle in it."""
    try:
        kind, crc = _HEAD.unpack_from(data)
        rest = data[_HEAD.size :]
        if kind == b"Z":
            return _decompressor().decompress(rest)
        if kind in (b"P", b"S") and zlib.crc32(rest) == crc:
            return rest
    except (struct.error, zstandard.ZstdError) as error:
        raise CodecError(f"a stored value is damaged: {error}") from error
    raise CodecError("a stored value is damaged: its checksum does not fit its content")


class _PerThread(threading.local):
    """zstd contexts are not safe to share between threads, and costly to make."""

    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor(level=1, write_checksum=True)
        self.decompressor = zstandard.ZstdDecompressor()


_contexts = _PerThread()


def _compressor() -> zstandard.ZstdCompressor:
    made: zstandard.ZstdCompressor = _contexts.compressor
    return made


def _decompressor() -> zstandard.ZstdDecompressor:
    made: zstandard.ZstdDecompressor = _contexts.decompressor
    return made


class _Pickler(pickle.Pickler):
    """The C pickler; `reducer_override` is asked about what is not a plain built-in value."""

    def __init__(self, file: io.BytesIO, codec: Codec) -> None:
        super().__init__(file, PROTOCOL)
        self.codec = codec
        self.buffer = file

    def reducer_override(self, obj: Any) -> Any:
        kind = type(obj)
        if kind in _PLAIN_KINDS:
            return NotImplemented
        if kind is FunctionType or isinstance(obj, type):
            return self._by_name(obj)
        if isinstance(obj, BaseException):
            return failures.reduce(obj)
        if kind is MethodType:
            return (_bound, (obj.__func__, obj.__self__)) if _by_code(obj) else NotImplemented
        if kind is CellType:
            return _reduce_cell(obj)
        if kind in _DICT_VIEWS:
            return _reduce_dict_view(obj)
        if kind in _DICT_ITERATORS:
            return _reduce_dict_iterator(obj)
        if kind is _SET_ITERATOR:
            return _reduce_set_iterator(obj)
        if isinstance(obj, Generator):
            name = obj.loaded.table.name
            return (_generator, (name,), obj.state(), None, None, _restore_generator)
        if kind is ModuleType:
            return (_module, (self.codec.logical_name(obj.__name__),))
        return NotImplemented

    def _by_name(self, obj: Any) -> Any:
        codec = self.codec
        module, qualname = getattr(obj, "__module__", None), obj.__qualname__
        if getattr(builtins, qualname, None) is obj:
            return NotImplemented
        if module is not None:
            name = codec.logical_name(module)
            if name == module and _importable(module, qualname, obj):
                return NotImplemented
            if _same(codec, name, qualname, obj):
                return (_global, (name, qualname))
        if type(obj) is FunctionType:
            return self._inner_function(obj)
        return self._by_value(obj)

    def _inner_function(self, function: FunctionType) -> Any:
        """A lambda or nested function that a block made: by the place of its code."""
        program = self.codec.program
        key = program.inner_codes.get(function.__code__) if program is not None else None
        if key is None:
            return self._by_value(function)
        state = {
            "__dict__": function.__dict__,
            "__kwdefaults__": function.__kwdefaults__,
            "__annotations__": function.__annotations__,
            "__doc__": function.__doc__,
            "__module__": function.__module__,
            "__qualname__": function.__qualname__,
        }
        args = (key, function.__name__, function.__defaults__, function.__closure__)
        return (_inner, args, state, None, None, _set_function_state)

    def _by_value(self, obj: Any) -> Any:
        """Code that no name leads to: dill writes it out."""
        import dill

        return (_undill, (dill.dumps(obj, protocol=PROTOCOL, recurse=True),))


class _Unpickler(pickle.Unpickler):
    """The C unpickler; globals are looked up in the program first."""

    def __init__(self, file: io.BytesIO, codec: Codec) -> None:
        super().__init__(file)
        self.codec = codec

    def find_class(self, module: str, name: str) -> Any:
        if module == __name__:
            if name == "_global":
                return self.codec.find
            if name == "_inner":
                return self._make_inner
            if name == "_generator":
                return self._make_generator
        if module in self.codec._modules or module == self.codec._main:
            return self.codec.find(module, name)
        return super().find_class(module, name)

    def _make_generator(self, name: str) -> Generator:
        program = self.codec.program
        if program is None:
            raise CodecError(f"a generator of {name} can only be read with its program")
        loaded = program.by_name[name]
        assert loaded.makes is not None
        return loaded.makes.__new__(loaded.makes).attach(loaded, program.step)

    def _make_inner(
        self,
        key: tuple[str, int, str, int],
        name: str,
        defaults: tuple[Any, ...] | None,
        closure: tuple[CellType, ...] | None,
    ) -> FunctionType:
        program = self.codec.program
        if program is None:
            raise CodecError(f"a function of {key[0]} can only be read with its program")
        code: CodeType = program.inner_by_key[key]
        scope = program.by_name[key[0]].scope
        return FunctionType(code, scope, name, defaults, closure)


def _global(module: str, qualname: str) -> Any:
    raise CodecError("read values with Codec.decode")


def _inner(*parts: Any) -> Any:
    raise CodecError("read values with Codec.decode")


def _generator(name: str) -> Any:
    raise CodecError("read values with Codec.decode")


def _restore_generator(generator: Generator, state: tuple[Any, ...]) -> None:
    generator.restore(state)


def _undill(data: bytes) -> Any:
    import dill

    return dill.loads(data)


def _module(name: str) -> ModuleType:
    __import__(name)
    return sys.modules[name]


def _same(codec: Codec, module: str, qualname: str, obj: Any) -> bool:
    """Whether the name leads back to this very object."""
    try:
        return codec.find(module, qualname) is obj
    except (ImportError, AttributeError):
        return False


def _importable(module: str, qualname: str, obj: Any) -> bool:
    holder: Any = sys.modules.get(module)
    for part in qualname.split("."):
        holder = getattr(holder, part, None)
    return holder is obj


def _set_function_state(function: FunctionType, state: dict[str, Any]) -> None:
    function.__dict__.update(state.pop("__dict__"))
    for name, value in state.items():
        setattr(function, name, value)


def _by_code(method: MethodType) -> bool:
    """A method that its object does not find by name (set on the instance, or renamed)."""
    found = getattr(method.__self__, method.__func__.__name__, None)
    return found != method


def _bound(function: Any, owner: Any) -> MethodType:
    return MethodType(function, owner)


def _reduce_cell(cell: CellType) -> Any:
    try:
        content = cell.cell_contents
    except ValueError:
        return (_new_cell, ())
    # The content comes after the cell itself, so that a cell may lead back to itself.
    return (_new_cell, (), content, None, None, _set_cell)


def _new_cell() -> CellType:
    return CellType()


def _set_cell(cell: CellType, content: Any) -> None:
    cell.cell_contents = content


def _reduce_dict_view(view: Any) -> Any:
    """`d.keys()` and its like stay views of the same dict."""
    source = next(d for d in gc.get_referents(view) if isinstance(d, dict))
    return (_dict_view, (source, _DICT_VIEWS[type(view)]))


def _dict_view(source: dict[Any, Any], kind: str) -> Any:
    return getattr(dict, kind)(source)


def _reduce_dict_iterator(iterator: Any) -> Any:
    """An iterator over a dict stays tied to the dict, which may be changed meanwhile."""
    dicts = [d for d in gc.get_referents(iterator) if type(d) is dict]
    if len(dicts) != 1:
        return NotImplemented  # exhausted, or over a subclass: pickle copies what remains
    kind = _KINDS[type(iterator)]
    if _has_changed(iterator):
        return (_broken_dict_iterator, (kind,))
    done = len(dicts[0]) - iterator.__length_hint__()
    return (_dict_iterator, (dicts[0], kind, done))


def _has_changed(iterator: Any) -> bool:
    """Whether the dict or set has changed its size, so that the next step will raise."""
    try:
        iterator.__reduce__()  # goes over a copy of the iterator
    except RuntimeError:
        return True
    return False


def _dict_iterator(source: dict[Any, Any], kind: int, done: int) -> Iterator[Any]:
    iterator = list(_DICT_ITERATORS.values())[kind](source)
    for _ in range(min(done, len(source))):
        next(iterator)
    return iterator


def _broken_dict_iterator(kind: int) -> Iterator[Any]:
    """An iterator whose dict has changed its size."""
    source: dict[Any, Any] = {0: 0}
    iterator = list(_DICT_ITERATORS.values())[kind](source)
    source[1] = 1
    return iterator


def _reduce_set_iterator(iterator: Any) -> Any:
    """What remains, in the order it had (another process orders sets differently), and the set."""
    sets = [s for s in gc.get_referents(iterator) if isinstance(s, set | frozenset)]
    if len(sets) != 1:
        return NotImplemented  # exhausted
    if _has_changed(iterator):
        return (SetIterator, ([], sets[0], -1))
    remaining = iterator.__reduce__()[1][0]
    return (SetIterator, (remaining, sets[0], len(sets[0])))


class SetIterator:
    """A set's iterator after a restart: the elements that remained, tied to the set."""

    def __init__(self, remaining: list[Any], source: Any, size: int) -> None:
        self.remaining = remaining
        self.source = source
        self.size = size

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if self.source is not None and len(self.source) != self.size:
            raise RuntimeError("Set changed size during iteration")
        if not self.remaining:
            self.source = None  # an exhausted iterator stays so, whatever becomes of the set
            raise StopIteration
        return self.remaining.pop(0)

    def __length_hint__(self) -> int:
        return len(self.remaining)


def describe(value: Any) -> str:
    """A value's type, as messages name it."""
    kind = type(value)
    module = "" if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}."
    return f"{module}{kind.__qualname__}"
