"""Variables of modules: who writes them, who reads them."""
import decimal
import gc
import logging
import sys
import warnings
from collections import defaultdict
from typing import Final
from unittest import mock

import other
import thirdparty
from other import LIMITS, settings
from perdure import activity, workflow

COUNT = 0
CACHE = {}
SEEN: set[str] = set()
RATES = {"de": 0.19}
NAMES: Final = ["a"]
HANDLERS = {}
BY_KIND = defaultdict(list)
log = logging.getLogger(__name__)
OPTIONS = dict(a=1)
last_result = None


class Stats:
    total = 0


def register(name):
    def deco(f):
        HANDLERS[name] = f
        return f

    return deco


@register("x")
def handle_x(order):
    return order


HANDLERS["y"] = handle_x


@activity
def remember(value):
    global last_result
    last_result = value
    BY_KIND["x"].append(1)
    OPTIONS["a"] = value


@workflow
def writes(order):
    global COUNT
    COUNT += 1  # expect: PD222
    CACHE[order] = 1  # expect: PD222
    SEEN.add(order)  # expect: PD222
    BY_KIND["x"].append(order)
    del CACHE[order]
    Stats.total += 1  # expect: PD222
    other.MODE = "x"  # expect: PD222
    settings.debug = True  # expect: PD222
    thirdparty.DEBUG = True  # expect: PD222
    LIMITS.append(1)  # expect: PD222
    decimal.getcontext().prec = 5  # expect: PD222
    setattr(other, "LEVEL", 3)  # expect: PD222
    return COUNT, CACHE.get(order)


@workflow
def reads(order):
    a = last_result  # expect: PD223
    b = OPTIONS["a"]  # expect: PD223
    c = other.counter  # expect: PD223
    if order in SEEN:  # expect: PD223
        log.info("known")
    return a, b, c, RATES["de"], NAMES[0], HANDLERS["x"](order)


@workflow
def locals_only(order):
    CACHE = {}
    CACHE[order] = 1
    SEEN = set()
    SEEN.add(order)
    LIMITS = []
    LIMITS.append(1)
    COUNT = 1
    return CACHE, SEEN, LIMITS, COUNT


@workflow
def local_alias(order):
    cache = CACHE
    cache[order] = 1  # expect: PD222
    return order


def gather_lines(order, into=[], *, index={}, fine=[], copied=[]):
    into.append(order)  # expect: PD227
    index[order] = 1  # expect: PD227
    copied = list(copied)
    copied.append(1)
    return into, index, fine[0:1], copied


@workflow
def defaults(order):
    return gather_lines(order)


@workflow
def of_the_interpreter(order):
    with warnings.catch_warnings():  # expect: PD222
        warnings.simplefilter("ignore")  # expect: PD222
        with mock.patch.dict(RATES, {"de": 1}):  # expect: PD222
            with mock.patch("other.settings"):  # expect: PD222
                sys.setrecursionlimit(order)  # expect: PD222
    gc.disable()  # expect: PD222
    gc.collect()
    return sys.getrecursionlimit()
