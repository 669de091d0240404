"""Iterators of C that have no copy: what they have still to give is kept, wherever they are."""

import collections.abc
import configparser
import email
import gc
import io
import json
import os
import pathlib
import re
import struct
import tempfile
import tokenize
import typing
import xml.etree.ElementTree as ET

from perdure import workflow
from tests.corpus.acts import echo

WORD = re.compile(r"(?P<key>\w+)=(\w*)")


def searched(text):
    return WORD.finditer(text)


@workflow
def left_and_taken_up():
    """Two loops over one iterator, and steps by hand between them."""
    found = []
    matches = re.finditer(r"\d+", "a1 b22 c333 d4444 e5")
    for match in matches:
        found.append(echo(match[0]))
        if len(found) == 2:
            break
    found.append(echo(next(matches).span()))
    other = matches
    found += [echo(match[0]) for match in matches]
    return found, next(other, None), other is matches


class Parser:
    def __init__(self, text):
        self.tokens = WORD.finditer(text)

    def __iter__(self):
        return self

    def __next__(self):
        match = next(self.tokens)
        return echo(match["key"]), match[2]


@workflow
def in_attributes():
    parser = Parser("a=1 b=2 c=")
    first = next(parser)
    return first, list(parser), list(parser)


@workflow
def given_by_functions():
    matches = searched("x=1 y=2")
    held = [matches, echo(0)]
    found = [match["key"] for match in held[0] if echo(match[2])]
    return found, [*matches]


@workflow
def within_bounds():
    """A search from one place to another, past matches of nothing."""
    matches = re.compile("x*").finditer("axxbxc", 1, 5)
    found = [(m.span(), echo(m[0])) for m in matches]
    return found


@workflow
def elements():
    root = ET.fromstring("<a><b>1</b><c><b>2</b>t</c><b>3</b></a>")
    found = root.iter("b")
    texts = [echo(next(found).text)]
    for element in found:
        texts.append(echo(element.text))
        break
    texts += [echo(element.text) for element in found]
    texts += [echo(element.text) for element in root.iterfind(".//b")]
    texts += [echo(text) for text in root.itertext()]
    return texts


@workflow
def unpacked():
    numbers = struct.iter_unpack(">H", b"\0\1\0\2\0\3")
    first = echo(next(numbers))
    return first, [echo(n) for n in numbers], [echo(part) for part in json.JSONEncoder().iterencode([1, "a"])]


@workflow
def types_made():
    Name = typing.NewType("Name", str)
    made = Name(echo("x"))
    return made, Name(echo("y")), Name.__name__, Name.__supertype__, Name.__module__


@workflow
def generators_that_only_look(folder):
    """Of modules of the standard library that read what they are given, and change nothing."""
    config = configparser.ConfigParser()
    config.read_string("[a]\nx=1\ny=2\n")
    found = [echo(pair) for pair in config["a"].items()]
    for name, value in os.environ.items():
        found.append(echo(isinstance(name + value, str)))
        break
    found += [echo(str(parent)) for parent in pathlib.PurePosixPath("/a/b/c").parents]
    found += [echo(e) for e in collections.abc.ItemsView({1: 2})]
    message = email.message_from_string("A: b\n\nx")
    found += [echo(part.get_content_type()) for part in message.walk()]
    for path in pathlib.Path(folder).glob("t*.py"):
        found.append(echo(path.name))
    names = []
    for path in pathlib.Path(folder).iterdir():
        names.append(echo(path.name))
    for token in tokenize.generate_tokens(io.StringIO("a = 1\n").readline):
        found.append(echo(token.string))
    return found, sorted(names)


@workflow
def folders_that_stay():
    """The folder of a TemporaryDirectory is there until it is removed, whatever object has gone."""
    with tempfile.TemporaryDirectory() as first:
        second = tempfile.TemporaryDirectory()
        echo(1)
        gc.collect()
        found = [os.path.exists(first), os.path.exists(second.name), echo(2)]
        gc.collect()
        found.append(os.path.exists(first))
    second.cleanup()
    return found, os.path.exists(first), os.path.exists(second.name)


def cases():
    folder = str(pathlib.Path(__file__).parent)
    return [
        ("generators_that_only_look", (folder,)),
        ("folders_that_stay", ()),
        ("left_and_taken_up", ()),
        ("in_attributes", ()),
        ("given_by_functions", ()),
        ("within_bounds", ()),
        ("elements", ()),
        ("unpacked", ()),
        ("types_made", ()),
    ]
