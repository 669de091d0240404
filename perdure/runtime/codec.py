"""Values to bytes and back: checkpoints, arguments, results.

    frame    byte 0        kind: b"S" simple, b"P" plain, b"Z" zstd
             bytes 1..4    CRC-32 of the rest; unused in zstd frames, which carry a checksum
             the rest      a pickle, protocol 5; a simple one names no class or function

The C pickler does the work. Where it cannot, a reducer does, found by the object's type: `names`
leads to classes and functions that have one (in whichever namespace the program was loaded),
`functions` and `classes` write those that have none, `iterators`, `reducers` and `library` what
else pickle refuses, `failures` exceptions with all that belongs to them.

One pickle holds the whole continuation, so that two names for one list stay one list.
"""

from __future__ import annotations

import contextvars
import functools
import io
import pickle
import re
import struct
import sys
import threading
import zlib
from collections.abc import Callable
from enum import Enum
from typing import Any

import zstandard

from perdure.runtime import (
    activity_calls,
    classes,
    contexts,
    extended,
    functions,
    generators,
    instances,
    iterators,
    late,
    library,
    loop,
    packages,
    process,
    reducers,
    synchronizers,
    threads,
    unstarted,
)
from perdure.runtime.instances import Reducer
from perdure.runtime.names import Names
from perdure.runtime.program import Program

PROTOCOL = 5
# Below this many bytes zstd does not gain what its frame costs.
COMPRESS_FROM = 160

_HEAD = struct.Struct("<cI")


class CodecError(Exception):
    """Bytes that are damaged, or a value that cannot be written; the message says which."""


class Codec:
    """Encodes and decodes values of one program. Safe to use from several threads."""

    def __init__(
        self, program: Program | None = None, modules: dict[str, Any] | None = None
    ) -> None:
        self.program = program
        self.names = (
            Names(modules or {})
            if program is None
            else Names(program.modules, program.bring, program.leads)
        )
        self.places = functions.Places(program, self.names)
        self.reducers = dict(_REDUCERS)
        self._threads = threading.local()

    def encode(self, value: Any, *, subjects: bool = True) -> bytes:
        """Pickle, compress and checksum a value. Raises what the pickler raises.

        `subjects`: with the objects that AttributeErrors are about, if those can be kept.
        """
        if _is_simple(value):
            simple = pickle.dumps(value, PROTOCOL)
            if len(simple) < COMPRESS_FROM and not _may_hold_nan(simple):
                return _HEAD.pack(b"S", zlib.crc32(simple)) + simple
        if self.program is not None and self.program.absent:
            self.program.notice()
        data, subjects, late = self._pickle(value, subjects)
        if _may_hold_nan(data):
            data = self._pickle_nans(value, subjects, late) or data
        if len(data) >= COMPRESS_FROM:
            packed = _compressor().compress(data)
            return _HEAD.pack(b"Z", 0) + packed
        return _HEAD.pack(b"P", zlib.crc32(data)) + data

    def keep(self, state: Any) -> tuple[bytes, bool]:
        """Encode the state of a run; and whether it must go on from that, not from memory.

        That is so where an iterator that cannot be copied has given what it had.
        """
        with iterators.taking() as now:
            data = self.encode(state)
            if not now.met:
                return data, False
            now.rest = {}
            try:
                return self.encode(state), True
            except Exception as error:
                raise iterators.Spent(str(error)) from error

    def _pickle(self, value: Any, subjects: bool) -> tuple[bytes, bool, bool]:
        """Pickle with this thread's pickler: making one costs as much as a small checkpoint.

        Also says whether the objects that AttributeErrors are about are in it, and whether what is
        filled late was needed.
        """
        pickler: _Pickler | None = getattr(self._threads, "pickler", None)
        # While it is at work its pickler is put away: a __getstate__ may encode something itself.
        self._threads.pickler = None
        if pickler is None:
            pickler = _Pickler(io.BytesIO(), self)
        try:
            data = self._with_subjects(pickler, value) if subjects else None
            subjects = data is not None
            if data is None:
                data = pickler.written(value, subjects=False)
            if pickler.met_hashed and not self._is_read(data):
                data = _LatePickler(io.BytesIO(), self).written(value, subjects=subjects)
                return data, subjects, True
            return data, subjects, False
        finally:
            self._threads.pickler = pickler

    def _is_read(self, data: bytes) -> bool:
        """Whether a pickle can be read: sets that lead to themselves may be filled too early."""
        try:
            _Unpickler(io.BytesIO(data), self).load()
        except Exception:
            return False
        return True

    def _with_subjects(self, pickler: _Pickler, value: Any) -> bytes | None:
        """What a value is written as; None if that hinges on what an AttributeError is about.

        Such an object may be anything, and nobody may need it any more: it is kept when it can be
        written and read again, and else left out.
        """
        try:
            data = pickler.written(value, subjects=True)
            if pickler.met_subject:
                _Unpickler(io.BytesIO(data), self).load()
        except Exception:
            if not pickler.met_subject:
                raise
            return None
        return data

    def _pickle_nans(self, value: Any, subjects: bool, late: bool) -> bytes | None:
        """Pickle once more so that each NaN stays one object; None where there is no need to."""
        finder = _NanFinder(io.BytesIO(), self)
        finder.written(value, subjects=subjects)
        shared = finder.shared
        named = self.names.nans()
        for number, nan in finder.nans.items():
            name = named.get(number) or self.names.of_process(nan)
            if name is not None:
                shared[number] = reducers.Nan(nan, name)
        if not shared:
            return None
        pickler = (_LatePickler if late else _NanPickler)(io.BytesIO(), self)
        pickler.shared = shared
        return pickler.written(value, subjects=subjects)

    def decode(self, data: bytes) -> Any:
        """The value that `encode` was given; raises `CodecError` when the bytes are damaged."""
        payload = unwrap(data)
        if data[:1] == b"S":
            return pickle.loads(payload)
        return _Unpickler(io.BytesIO(payload), self).load()


def deeply(work: Callable[[], bytes]) -> bytes:
    """Do work that recurses deep: with a stack, and a limit, that have room for it.

    Values as deep as `_LEVELS` are written, such as the nodes of a linked list.
    """
    done: list[bytes | BaseException] = []
    context = contextvars.copy_context()

    def do() -> None:
        try:
            done.append(context.run(work))
        except BaseException as error:
            done.append(error)

    with _in_depth:
        limit, size = sys.getrecursionlimit(), threading.stack_size(_STACK)
        sys.setrecursionlimit(max(limit, _LEVELS))
        try:
            thread = threading.Thread(target=do)
            thread.start()
            thread.join()
        finally:
            threading.stack_size(size)
            sys.setrecursionlimit(limit)
    (found,) = done
    if isinstance(found, BaseException):
        raise found
    return found


_in_depth = threading.Lock()
_LEVELS = 200_000
_STACK = 1 << 29  # bytes; of these only what is used takes memory
_SCALARS = frozenset({int, float, str, bytes, bool, type(None)})
# What the C pickler writes by itself, however often the reducer is asked.
_PLAIN_KINDS: tuple[type, ...] = (
    type(iter([])),
    type(iter(())),
    type(iter(range(0))),
    range,
    slice,
    complex,
)
_REDUCERS: dict[type, Reducer | None] = {
    **dict.fromkeys(_PLAIN_KINDS),
    type: classes.reduce_class,
    classes.Shell: classes.reduce_shell,
    **functions.REDUCERS,
    **dict.fromkeys(generators.CLASSES.values(), generators.reduce_generator),
    **generators.REDUCERS,
    **iterators.REDUCERS,
    **reducers.REDUCERS,
    **contexts.REDUCERS,
    **library.REDUCERS,
    **loop.REDUCERS,
    **activity_calls.REDUCERS,
    **unstarted.REDUCERS,
    **threads.REDUCERS,
    **late.REDUCERS,
}


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


# The opcode of a float, and the first bytes of the NaNs that `float("nan")` and arithmetic make.
_NAN = re.compile(rb"\xf8(?<=G[\x7f\xff]\xf8)")


def _may_hold_nan(data: bytes) -> bool:
    """Whether a NaN seems to be in a pickle, at the cost of looking for a rare byte."""
    return 0xF8 in data and _NAN.search(data) is not None


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


_Base: Any = object  # one of pickle's picklers


class _Writer(_Base):  # type: ignore[misc]
    """What picklers know of a program; `reducer_override` is asked about what is not plain."""

    deep: type[_Writer]  # the same in Python, for what is too deep for C's stack

    def __init__(self, file: io.BytesIO, codec: Codec) -> None:
        super().__init__(file, PROTOCOL)
        self.codec = codec
        self.buffer = file
        self.reducers = codec.reducers
        # Of the value being written, by id: what stands for classes, for the globals of functions
        # that belong to no module, and the numbers of an enumeration's members.
        self.shells: dict[int, classes.Shell] = {}
        self.spaces: dict[int, dict[str, Any]] = {}
        self.members: dict[int, dict[int, int]] = {}
        # The keys of what is in tables of classes, by the id of the table.
        self.tables: dict[int, dict[int, Any]] = {}
        # Whether to write the object that an AttributeError is about, and whether there was one.
        self.subjects = True
        self.met_subject = False
        # Whether there was an object that is hashed by what leads to others.
        self.met_hashed = False
        # The same of all the globals of functions that belong to no module.
        self.whole_spaces = True
        self.met_space = False

    def written(self, value: Any, *, subjects: bool) -> bytes:
        """The pickle of a value."""
        try:
            return self.tried(value, subjects)
        except RecursionError:
            if isinstance(self, _Deep):
                raise
        made = self.deep(io.BytesIO(), self.codec)
        made.follow(self)
        data = deeply(lambda: made.tried(value, subjects))
        self.follow(made)
        return data

    def follow(self, other: _Writer) -> None:
        """Take over what another has found out of the same value."""
        self.met_subject, self.met_hashed = other.met_subject, other.met_hashed

    def tried(self, value: Any, subjects: bool) -> bytes:
        """The same, as deep as it goes."""
        self.subjects, self.met_subject, self.met_hashed = subjects, False, False
        self.whole_spaces, self.met_space = True, False
        try:
            return self._dumped(value)
        except Exception:
            if not self.met_space:
                raise
        # Globals that cannot be kept do no harm while nobody needs them.
        self.whole_spaces = False
        return self._dumped(value)

    def _dumped(self, value: Any) -> bytes:
        try:
            self.dump(value)
            return self.buffer.getvalue()
        finally:
            self._forget()

    def _forget(self) -> None:
        """Make ready for the next value."""
        self.buffer.seek(0)
        self.buffer.truncate()
        self.clear_memo()
        for known in (self.shells, self.spaces, self.members, self.tables):
            if known:
                known.clear()

    def reducer_override(self, obj: Any) -> Any:
        kind = type(obj)
        try:
            reducer = self.reducers[kind]
        except KeyError:
            reducer = self._choose(kind)
        return NotImplemented if reducer is None else reducer(obj, self)

    def _choose(self, kind: type) -> Reducer | None:
        """The reducer of a type that was not met before."""
        known = packages.reducer_of(kind) or process.reducer_of(kind)
        if known is not None:
            self.reducers[kind] = known
            return known
        if not self.codec.names.has(kind):
            return _by_value_reducer(kind) or _reducer_of(kind, by_value=True)
        chosen = _reducer_of(kind, by_value=False)
        if _may_be_sentinel(kind) and self.codec.names.beside(kind):
            chosen = reducers.stateless(chosen)
        leads = self.codec.names.leads
        if leads is not None and kind in leads.kinds_of_constants:
            chosen = reducers.constant(chosen)
        if issubclass(kind, synchronizers.KINDS):
            chosen = synchronizers.named(chosen)
        if process.stands_for_streams(kind):
            chosen = process.stream_or(chosen)
        # Classes that have a name stay; others may go, and are not remembered.
        self.reducers[kind] = chosen
        return chosen


class _Pickler(_Writer, pickle.Pickler):
    """The C pickler."""


class _NanFinding(_Writer):
    """Takes note of NaNs: floats are written again each time, and pickle alone would part them."""

    def __init__(self, file: io.BytesIO, codec: Codec) -> None:
        super().__init__(file, codec)
        self.nans: dict[int, float] = {}
        self.shared: dict[int, reducers.Nan] = {}

    def follow(self, other: Any) -> None:
        super().follow(other)
        self.nans, self.shared = other.nans, other.shared

    def persistent_id(self, obj: Any) -> None:
        if type(obj) is not float or obj == obj:
            return
        number = id(obj)
        if number in self.nans:
            self.shared[number] = reducers.Nan(obj)
        self.nans[number] = obj  # it stays alive: its id is its own


class _NanWriting(_Writer):
    """Writes an object that the pickler remembers for each NaN that has more than one place."""

    shared: dict[int, reducers.Nan]

    def follow(self, other: Any) -> None:
        super().follow(other)
        self.shared = other.shared

    def persistent_id(self, obj: Any) -> reducers.Nan | late.Late | None:
        return self.shared.get(id(obj))


class _LateWriting(_NanWriting):
    """Writes sets and dicts that hash objects of the program so that they are filled at the end."""

    def __init__(self, file: io.BytesIO, codec: Codec) -> None:
        super().__init__(file, codec)
        self.shared = {}
        self.late: dict[int, late.Late] = {}

    def follow(self, other: Any) -> None:
        super().follow(other)
        self.late = other.late

    def persistent_id(self, obj: Any) -> reducers.Nan | late.Late | None:
        if type(obj) is not set and type(obj) is not dict:
            return super().persistent_id(obj)
        if id(obj) not in self.late:
            if not any(map(late.is_hashed_by_code, obj)):
                return None
            self.late[id(obj)] = late.Late(obj)
        return self.late[id(obj)]


class _LatePickler(_LateWriting, pickle.Pickler):
    pass


class _NanFinder(_NanFinding, pickle.Pickler):
    pass


class _NanPickler(_NanWriting, pickle.Pickler):
    pass


class _Deep(_Base):  # type: ignore[misc]
    """Python's own pickler asks about plain values, too."""

    def __init__(self, file: io.BytesIO, codec: Codec) -> None:
        super().__init__(file, codec)
        save_reduce = pickle._Pickler.save_reduce  # type: ignore[attr-defined]

        # A function: what calls it does not go through C's stack, as with a method.
        def save(func: Any, args: Any, *more: Any, obj: Any = None) -> None:
            save_reduce(self, func, args, *more, obj=obj)

        self.save_reduce = save

    def reducer_override(self, obj: Any) -> Any:
        return NotImplemented if type(obj) in _WRITTEN else super().reducer_override(obj)


_WRITTEN = frozenset({*_SCALARS, list, tuple, dict, set, frozenset, bytearray})


class _DeepPickler(_Deep, _Writer, pickle._Pickler):
    pass


class _DeepLatePickler(_Deep, _LateWriting, pickle._Pickler):
    pass


class _DeepNanFinder(_Deep, _NanFinding, pickle._Pickler):
    pass


class _DeepNanPickler(_Deep, _NanWriting, pickle._Pickler):
    pass


_Pickler.deep = _DeepPickler
_LatePickler.deep = _DeepLatePickler
_NanFinder.deep = _DeepNanFinder
_NanPickler.deep = _DeepNanPickler


def _reducer_of(kind: type, *, by_value: bool) -> Reducer | None:
    if issubclass(kind, type):
        return classes.reduce_class
    if issubclass(kind, BaseException):
        return reducers.reduce_exception
    if issubclass(kind, Enum) and not by_value:
        return classes.reduce_named_member if classes.are_kept_by_name(kind) else None
    if (container := instances.container_reducer(kind, by_value=by_value)) is not None:
        return container
    if (found := extended.reducer_of(kind)) is not None:
        return found
    if (found := library.weak_by_base(kind)) is not None:
        return found
    if not _pickled_as_usual(kind):
        return None
    if instances.has_written_state(kind):
        written: Reducer = instances.reduce_with_slots
        return instances.hashed(written) if instances.is_hashed_by_code(kind) else written
    if issubclass(kind, property):
        return reducers.reduce_property
    if issubclass(kind, staticmethod | classmethod):
        return reducers.reduce_wrapped
    if issubclass(kind, dict):
        return instances.reduce_dict
    if (found := library.by_base(kind)) is not None:
        return found
    masked, found = _looks_otherwise(kind) or instances.sets_otherwise(kind), None
    if masked:
        found = instances.reduce_masked
    elif instances.is_made_bare(kind) or instances.is_called_by_metaclass(kind):
        found = instances.reduce_bare
    if instances.has_usual_dict(kind):
        found = instances.sharing(found, masked=masked)
    return instances.hashed(found) if instances.is_hashed_by_code(kind) else found


def _pickled_as_usual(kind: Any) -> bool:
    usual: Any = object
    return kind.__reduce_ex__ is usual.__reduce_ex__ and kind.__reduce__ is usual.__reduce__


def _looks_otherwise(kind: type) -> bool:
    """Whether objects of a class answer for attributes that they do not have.

    Then what pickle asks them for, `__class__` and `__setstate__`, need not be what they are.
    """
    names = {"__class__", "__getattribute__", "__getattr__"}
    found = [base for base in kind.__mro__ if _is_python(base) and names & vars(base).keys()]
    return bool(found)


def _may_be_sentinel(kind: type) -> bool:
    """Whether attributes are all that objects of a class may hold."""
    plain = all(
        b is object or (_is_python(b) and not vars(b).get("__slots__")) for b in kind.__mro__
    )
    return plain and _pickled_as_usual(kind) and not _looks_otherwise(kind)


def _is_python(kind: type) -> bool:
    return bool(kind.__flags__ & (1 << 9))  # Py_TPFLAGS_HEAPTYPE


def _by_value_reducer(kind: type) -> Reducer | None:
    return classes.reduce_member if issubclass(kind, Enum) else None


class _Unpickler(pickle.Unpickler):
    """The C unpickler; globals are looked up in the program first."""

    def __init__(self, file: io.BytesIO, codec: Codec) -> None:
        super().__init__(file)
        self.codec = codec
        self.members: dict[type, list[Any]] = {}  # of enumerations that are kept by value
        self.firsts: contexts.Firsts = {}
        self.late: list[late.Late] = []

    def load(self) -> Any:
        value = super().load()
        if self.late:
            late.fill(self.late)
        return value

    def persistent_load(self, written: Any) -> Any:
        """A NaN, or what is filled at the end."""
        return written.container if type(written) is late.Late else written

    def find_class(self, module: str, name: str) -> Any:
        names = self.codec.names
        if module.startswith(_HERE):
            bound = _BOUND.get((module, name))
            if bound is not None:
                return bound(self)
        module = _MOVED.get(module, module)
        if module == names.main or names.bring(module) is not None:
            return names.find(module, name)
        return super().find_class(module, name)


# Where classes are in one Python, and where all have them.
_MOVED = {"pathlib._local": "pathlib"}
_HERE = __name__.rpartition(".")[0]
# What stands for a function that needs the program, or what was read before.
_BOUND: dict[tuple[str, str], Callable[[_Unpickler], Any]] = {
    (function.__module__, function.__name__): bound
    for function, bound in (
        (functions.by_name, lambda u: u.codec.names.find),
        (functions.code_at, lambda u: u.codec.places.code),
        (
            synchronizers.held_at,
            lambda u: functools.partial(synchronizers.held_in, u.codec.names),
        ),
        (
            functions.make_function,
            lambda u: functools.partial(functions.make_function_in, u.codec.places),
        ),
        (generators.make_generator, lambda u: functools.partial(_generator_in, u.codec.program)),
        (contexts.set_context, lambda u: functools.partial(contexts.set_context_in, u.firsts)),
        (contexts.token_of, lambda u: functools.partial(contexts.token_in, u.firsts)),
        (reducers.module_of, lambda u: u.codec.names.module),
        (
            reducers.method_of,
            lambda u: functools.partial(reducers.method_in, u.codec.names),
        ),
        (
            reducers.constant_of,
            lambda u: functools.partial(reducers.constant_in, u.codec.names),
        ),
        (late.late_of, lambda u: functools.partial(late.late_in, u.late)),
        (classes.make_shell, lambda u: functools.partial(classes.make_shell_in, u.members)),
        (classes.set_contents, lambda u: functools.partial(classes.set_contents_in, u.members)),
        (classes.member_of, lambda u: lambda cls, number: u.members[cls][number]),
    )
}


def _generator_in(program: Program | None, name: str) -> Any:
    if program is None:
        raise CodecError(f"a generator of {name} can only be read with its program")
    loaded = program.by_name.get(name)
    if loaded is None:  # of another Python's library
        loaded = next(f for f in program.functions.values() if f.table.name == name)
    program.bring(loaded.module)
    return generators.make_generator_in(loaded, program.step)


def describe(value: Any) -> str:
    """A value's type, as messages name it."""
    if type(value) in (generators.Items, generators.Stepper, generators.AsyncItems):
        value = value.source  # around which they are
    kind = type(value)
    module = "" if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}."
    return f"{module}{kind.__qualname__}"
