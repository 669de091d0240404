"""Values through the codec: what they are, who they are, and what happens to damaged ones."""

from __future__ import annotations

import math
import mmap
import re
import struct
import threading
import traceback
from typing import Any

import pytest

from perdure.runtime.codec import Codec, CodecError
from perdure.runtime.compiling import image_of, program_of
from perdure.runtime.continuation import Continuation
from perdure.runtime.failures import UnpicklableError
from perdure.runtime.interpreter import Event, advance, begin
from perdure.runtime.iterators import Spent
from perdure.runtime.ops import UNBOUND
from tests.runtime import program_basic as basic

CODEC = Codec()


def again(value: Any) -> Any:
    return CODEC.decode(CODEC.encode(value))


@pytest.mark.parametrize(
    "value", [None, 7, "x" * 1000, b"\0" * 500, ((1, "a"), {}), {"k": [1, (2, {3})]}, 1.5, True]
)
def test_plain_values(value: object) -> None:
    assert again(value) == value
    assert type(again(value)) is type(value)


def test_large_values_are_compressed() -> None:
    assert len(CODEC.encode(["perdure"] * 5000 + list(range(1000)))) < 5000


@pytest.mark.parametrize("value", [1, ["x"] * 3, ["a long enough text to be compressed"] * 50])
def test_a_changed_byte_is_noticed(value: object) -> None:
    data = bytearray(CODEC.encode(value))
    data[-1] ^= 1
    with pytest.raises(CodecError, match="a stored value is damaged"):
        CODEC.decode(bytes(data))
    with pytest.raises(CodecError, match="a stored value is damaged"):
        CODEC.decode(b"")


def test_two_names_for_one_object_stay_one_object() -> None:
    shared: list[int] = []
    a, (b, c) = again((shared, (shared, [])))
    assert a is b
    assert a is not c


def nan_of(bits: int) -> float:
    made: float = struct.unpack(">d", struct.pack(">Q", bits))[0]
    return made


@pytest.mark.parametrize("bits", [0x7FF8 << 48, 0xFFF8 << 48, (0x7FF8 << 48) + 1])
def test_a_nan_stays_one_object(bits: int) -> None:
    nan = nan_of(bits)
    xs, key, other = again(([nan, math.inf], {nan: 1}, nan_of(bits)))
    assert xs[0] in key
    assert other not in xs
    assert struct.pack(">d", xs[0]) == struct.pack(">Q", bits)
    a, b = again(((nan, nan), {}))[0]
    assert a is b


def test_a_nan_of_a_module_is_found_by_its_name() -> None:
    assert again([math.nan])[0] is math.nan


def test_without_shared_nans_nothing_is_pickled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("perdure.runtime.codec._NanPickler")
    assert math.isnan(again([nan_of(0x7FF8 << 48), 1.0, b"\xf8"])[0])
    monkeypatch.delattr("perdure.runtime.codec._NanFinder")
    assert again([math.inf, -math.inf, 1.0, b"\x7f\xf8"])[0] == math.inf


def test_an_iterator_without_a_copy_gives_nothing_before_all_can_be_kept() -> None:
    letters = re.finditer("[a-z]", "a1b2c3")
    next(letters)
    with pytest.raises(UnpicklableError, match="cannot pickle 'callable_iterator' object"):
        CODEC.encode(letters)  # as an argument
    with pytest.raises(TypeError, match="_local"):
        CODEC.keep([letters, threading.local()])
    data, moved = CODEC.keep([letters, letters])
    assert moved
    assert next(letters, None) is None
    one, two = CODEC.decode(data)
    assert (one is two, [match[0] for match in one]) == (True, ["b", "c"])
    assert CODEC.keep(CODEC.decode(data))[1] is False


def test_an_iterator_that_was_lost_is_no_small_matter() -> None:
    with mmap.mmap(-1, 3) as memory:
        memory[:] = b"aba"
        found = re.finditer(b"a", memory)
        with pytest.raises(Spent, match=r"cannot pickle 'mmap\.mmap' object"):
            CODEC.keep(found)
        del found


def test_unbound_is_itself() -> None:
    assert again((UNBOUND, [UNBOUND]))[1][0] is UNBOUND


VIEWS = [
    iter,
    reversed,
    lambda d: iter(d.values()),
    lambda d: iter(d.items()),
    lambda d: reversed(d.items()),
    lambda d: reversed(d.values()),
]


@pytest.mark.parametrize("view", VIEWS)
def test_dict_iterators_stay_tied_to_their_dict(view: Any) -> None:
    source = {n: str(n) for n in range(5)}
    iterator = view(source)
    next(iterator), next(iterator)
    copied, iterator = again((source, iterator))
    copied[2] = "changed"
    assert list(iterator) == list(view({**source, 2: "changed"}))[2:]
    iterator = view(copied)
    next(iterator)
    copied, iterator = again((copied, iterator))
    copied["more"] = 1
    with pytest.raises(RuntimeError, match="dictionary changed size during iteration"):
        next(iterator)


@pytest.mark.parametrize("view", VIEWS)
def test_an_iterator_whose_dict_has_grown_still_says_so(view: Any) -> None:
    source = {n: n for n in range(3)}
    iterator = view(source)
    next(iterator)
    source["new"] = 1
    copied, iterator = again((source, iterator))
    for _ in range(2):
        with pytest.raises(RuntimeError, match="dictionary changed size during iteration"):
            next(iterator)
    rest = view(copied)
    list(rest)
    assert list(again(rest)) == []


def test_set_iterators_keep_their_order_and_their_set() -> None:
    source = {f"element {n}" for n in range(20)}
    whole = list(source)
    iterator = iter(source)
    next(iterator)
    copied, iterator = again((source, iterator))
    assert [next(iterator), *list(again(iterator))] == whole[1:]
    assert next(iterator) == whole[2]
    copied.add("more")
    with pytest.raises(RuntimeError, match="Set changed size during iteration"):
        next(iterator)
    changed = iter(source)
    next(changed)
    source.add("more")
    with pytest.raises(RuntimeError, match="Set changed size during iteration"):
        next(again((source, changed))[1])


def test_dict_views_stay_views() -> None:
    source = {1: 2}
    copied, keys = again((source, source.keys()))
    copied[5] = 6
    assert 5 in keys


def test_an_exception_keeps_everything_that_hangs_on_it() -> None:
    def inner() -> None:
        raise basic.Declined(7, hint="cash")

    try:
        try:
            {}["missing"]
        except KeyError as first:
            try:
                inner()
            except basic.Declined as second:
                second.add_note("noted")
                raise OSError(2, "gone", "/x") from first
    except OSError as error:
        whole = error
    copied = again(whole)
    assert (type(copied), copied.args, copied.filename) == (FileNotFoundError, (2, "gone"), "/x")
    assert (type(copied.__cause__), copied.__cause__.args) == (KeyError, ("missing",))
    assert copied.__suppress_context__
    declined = copied.__context__
    assert (declined.code, declined.hint, declined.__notes__) == (7, "cash", ["noted"])
    assert declined.__context__ is copied.__cause__
    frames = traceback.extract_tb(declined.__traceback__)
    expected = traceback.extract_tb(whole.__context__.__traceback__)  # type: ignore[union-attr]
    assert [(f.name, f.lineno, f.line) for f in frames] == [
        (f.name, f.lineno, f.line) for f in expected
    ]
    text = "".join(traceback.format_exception(declined))
    assert 'raise basic.Declined(7, hint="cash")' in text


def test_checkpoints_hold_only_what_is_live() -> None:
    """After ten steps and after a thousand the checkpoint is the same size."""
    program = program_of(image_of(basic.steps), basic.steps)
    codec = Codec(program)
    state = begin(program, (2000,), {})
    done = advance(program, state, [], now=0.0)
    sizes = {}
    for n in range(1, 1001):
        state = Continuation.unpack(codec.decode(codec.encode(state.pack())))
        done = advance(program, state, [Event(done.calls[0].seq, 1)], now=0.0)
        sizes[n] = len(codec.encode(state.pack()))
    assert abs(sizes[1000] - sizes[10]) <= 8


def test_advance_is_a_function_of_its_arguments() -> None:
    program = program_of(image_of(basic.the_usual_suspects), basic.the_usual_suspects)
    results = []
    for _ in range(2):
        state = begin(program, (), {})
        advance(program, state, [], now=12.5, seed="run:0")
        results.append(Codec(program).encode(state.pack()))
    assert results[0] == results[1]


def test_a_late_or_repeated_event_is_ignored() -> None:
    program = program_of(image_of(basic.doubled), basic.doubled)
    state = begin(program, (1,), {"times": 2})
    first = advance(program, state, [], now=0.0).calls[0].seq
    second = advance(program, state, [Event(first, 10), Event(first, 99)], now=0.0)
    assert [call.args for call in second.calls] == [(10,)]
    assert advance(program, state, [Event(first, 99), Event(77, 1)], now=0.0).calls == []


def test_functions_of_no_program() -> None:
    offset = 3
    add = again(lambda x: x + offset)
    assert add(4) == 7
