# ruff: noqa: PT027  (this file is what unittest.TestCase is here)
"""What generated test modules import: the tick, and `unittest` for code that is restarted.

This file is copied next to the generated modules, so that it is part of the program: `through_` and
`assertRaises(E, f)` are compiled like the test that calls them. What changes state of the whole
process (`warnings.catch_warnings`, a captured stdout) stays in this process and is kept in a
checkpoint by its number; everything else in a test is kept by value.
"""

import doctest
import io
import itertools
import re
import sys
import traceback
import unittest

from perdure import activity


@activity
def tick_():
    """Suspend."""


def through_(value):
    """Suspend, then give back the very object that was given."""
    tick_()
    return value


class TestCase(unittest.TestCase):
    """A test whose helpers that call functions can be cut like the test itself."""

    def assertRaises(self, expected_exception, *args, **kwargs):
        context = unittest.TestCase.assertRaises(self, expected_exception, **_message(args, kwargs))
        if not args:
            return context
        call, *rest = args
        with context:
            call(*rest, **kwargs)
        return None

    def assertRaisesRegex(self, expected_exception, expected_regex, *args, **kwargs):
        context = unittest.TestCase.assertRaisesRegex(
            self, expected_exception, expected_regex, **_message(args, kwargs)
        )
        if not args:
            return context
        call, *rest = args
        with context:
            call(*rest, **kwargs)
        return None

    def assertWarns(self, expected_warning, *args, **kwargs):
        context = held_(
            unittest.TestCase.assertWarns(self, expected_warning, **_message(args, kwargs))
        )
        if not args:
            return context
        call, *rest = args
        with context:
            call(*rest, **kwargs)
        return None

    def assertWarnsRegex(self, expected_warning, expected_regex, *args, **kwargs):
        context = held_(
            unittest.TestCase.assertWarnsRegex(
                self, expected_warning, expected_regex, **_message(args, kwargs)
            )
        )
        if not args:
            return context
        call, *rest = args
        with context:
            call(*rest, **kwargs)
        return None

    def subTest(self, msg=None, **params):
        return SubTest()


def clean_up_(case):
    while case._cleanups:
        function, args, kwargs = case._cleanups.pop()
        function(*args, **kwargs)


def _message(args, kwargs):
    """The keyword that `assertRaises` and its like take only as context managers."""
    return {} if args or "msg" not in kwargs else {"msg": kwargs["msg"]}


class SubTest:
    """`with self.subTest()`: a failure in it ends the test."""

    def __enter__(self):
        return None

    def __exit__(self, *error):
        return None


_held = {}
_numbers = itertools.count()


class held_:
    """A context manager over state of the process; in a checkpoint it is its number."""

    def __init__(self, inner):
        self._number = next(_numbers)
        _held[self._number] = [inner, None]

    def __enter__(self):
        entry = _held[self._number]
        entry[1] = value = entry[0].__enter__()
        for name in ("stdout", "stderr", "stdin"):
            if value is not None and getattr(sys, name) is value:
                setattr(sys, name, self)  # which is kept as itself
        return self if value is not None else None

    def __exit__(self, *error):
        return _held[self._number][0].__exit__(*error)

    def _value(self):
        entry = _held[self._number]
        return entry[0] if entry[1] is None else entry[1]

    def __getattr__(self, name):
        if name.startswith("__") or name == "_number":
            raise AttributeError(name)
        return getattr(self._value(), name)

    def __setattr__(self, name, value):
        if name == "_number":
            object.__setattr__(self, name, value)
        else:
            setattr(self._value(), name, value)

    def __len__(self):
        return len(self._value())

    def __getitem__(self, index):
        return self._value()[index]

    def __iter__(self):
        return iter(self._value())

    def __bool__(self):
        return bool(self._value())

    def __eq__(self, other):
        return self._value() == other

    __hash__ = object.__hash__


class Doctest(TestCase):
    """Doctest examples as statements of a method; `examples` has what each must print."""

    examples = ()  # (want, exc_msg, flags)
    module_name = ""

    def setUp(self):
        begin_()

    def check_(self, number):
        want, _message, flags = self.examples[number]
        got = self.plain_(printed_())
        if not doctest.OutputChecker().check_output(self.plain_(want), got, flags):
            self.fail(f"example {number}: expected {want!r}, got {got!r}")

    def raised_(self, number, error):
        _want, message, flags = self.examples[number]
        printed_()
        if message is None or isinstance(error, self.failureException):
            raise error
        message = self.plain_(message)
        got = self.plain_(traceback.format_exception_only(type(error), error)[-1])
        if flags & doctest.IGNORE_EXCEPTION_DETAIL:
            message, got = re.split(r"[:\n]", message)[0], re.split(r"[:\n]", got)[0]
            message, got = message.rpartition(".")[2], got.rpartition(".")[2]
        if not doctest.OutputChecker().check_output(message.rstrip(), got.rstrip(), flags):
            self.fail(f"example {number}: expected {message!r}, got {got!r}")

    def missing_(self, number):
        self.fail(f"example {number}: expected {self.examples[number][1]!r}, nothing was raised")

    def plain_(self, text):
        """Names as they are at the top of a module, which is where a doctest thinks it stands."""
        text = text.replace(type(self).__module__, self.module_name)
        text = re.sub(r"[\w.]*\.<locals>\.", "", text)
        return re.sub(rf"\b({re.escape(self.module_name)}|__main__)\.", "", text)


def begin_():
    sys.stdout = io.StringIO()


def printed_():
    text, sys.stdout = sys.stdout.getvalue(), io.StringIO()
    return text + "\n" if text and not text.endswith("\n") else text


def show_(value):
    """What an interactive session does with the value of an expression."""
    if value is not None:
        print(repr(value))


def source_(text):
    """Source that is not Python, or not at this place: compiled as it stands."""
    exec(compile(text, "<doctest>", "single"), {"__name__": "__main__"})
