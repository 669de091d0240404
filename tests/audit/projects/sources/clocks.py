"""Clocks, zones, randomness, identifiers: values that differ at every call."""
import datetime as dt
import email.utils
import hashlib
import os
import platform
import random
import secrets
import socket
import sys
import threading
import time
import timeit
import uuid
from datetime import date, datetime, timezone
from time import time as t
from uuid import uuid4

import arrow
import numpy as np
import pandas as pd
import pendulum
from django.utils import timezone as dj
from perdure import workflow


@workflow
def wall():
    a = datetime.now()  # expect: PD201
    b = datetime.now(timezone.utc)  # expect: PD201
    c = datetime.utcnow()  # expect: PD201
    d = dt.datetime.today()  # expect: PD201
    e = date.today()  # expect: PD201
    f = time.time()  # expect: PD201
    g = time.time_ns()  # expect: PD201
    h = t()  # expect: PD201
    i = time.gmtime()  # expect: PD201
    j = time.localtime()  # expect: PD201
    k = time.ctime()  # expect: PD201
    m = time.strftime("%Y")  # expect: PD201
    n = time.asctime()  # expect: PD201
    o = email.utils.formatdate()  # expect: PD201
    p = pd.Timestamp.now()  # expect: PD201
    q = arrow.utcnow()  # expect: PD201
    r = pendulum.now("UTC")  # expect: PD201
    s = dj.now()  # expect: PD201
    now = datetime.now
    u = now()  # expect: PD201
    return [a, b, c, d, e, f, g, h, i, j, k, m, n, o, p, q, r, s, u]


@workflow
def wall_quiet(stamp, when: datetime):
    a = datetime(2024, 1, 1)
    b = datetime.fromisoformat("2024-01-01")
    c = time.gmtime(stamp)
    d = time.strftime("%Y", c)
    e = dt.timedelta(days=1)
    f = datetime.fromtimestamp(stamp, timezone.utc)
    g = datetime.fromtimestamp(stamp, tz=timezone.utc)
    h = when.astimezone(timezone.utc)
    i = time.asctime(c)
    return [a, b, c, d, e, f, g, h, i, when.replace(hour=1)]


@workflow
def monotonic():
    a = time.monotonic()  # expect: PD202
    b = time.perf_counter()  # expect: PD202
    c = time.process_time()  # expect: PD202
    d = timeit.default_timer()  # expect: PD202
    return a + b + c + d


@workflow
def zone(stamp, when: datetime, other):
    a = datetime.fromtimestamp(stamp)  # expect: PD203
    b = when.astimezone()  # expect: PD203
    c = other.astimezone()  # expect: PD203
    d = time.localtime(stamp)  # expect: PD203
    e = time.tzname  # expect: PD203
    f = time.mktime(d)  # expect: PD203
    return [a, b, c, d, e, f]


@workflow
def chance(order_id, xs):
    a = random.random()  # expect: PD204
    b = random.choice(xs)  # expect: PD204
    random.shuffle(xs)  # expect: PD204
    c = random.Random()  # expect: PD204
    d = random.Random(order_id)
    e = d.random() + d.randint(1, 2)
    xs.sort(key=lambda x: random.random())  # expect: PD204
    f = secrets.token_hex(8)  # expect: PD205
    g = os.urandom(8)  # expect: PD205
    h = random.SystemRandom()  # expect: PD205
    i = secrets.compare_digest("a", "b")
    j = np.random.rand(3)  # expect: PD206
    k = np.random.default_rng()  # expect: PD206
    m = np.random.default_rng(7)
    n = np.zeros(3)
    return [a, b, c, e, f, g, h, i, j, k, m, n]


@workflow
def identifiers(order_id):
    a = uuid.uuid1()  # expect: PD207
    b = uuid4()  # expect: PD207
    c = uuid.uuid4().hex  # expect: PD207
    d = uuid.uuid5(uuid.NAMESPACE_URL, order_id)
    e = uuid.UUID(order_id)
    f = uuid.uuid3(uuid.NAMESPACE_URL, order_id)
    g = hashlib.sha256(order_id).hexdigest()
    return [a, b, c, d, e, f, g]


@workflow
def environment():
    a = os.environ["HOME"]  # expect: PD208
    b = os.environ.get("HOME")  # expect: PD208
    c = os.getenv("HOME")  # expect: PD208
    d = sys.argv[1]  # expect: PD208
    os.environ["X"] = "1"  # expect: PD208
    env = os.environ  # expect: PD208
    e = env["HOME"], env.get("PATH")
    return [a, b, c, d, e]


@workflow
def host():
    a = os.getpid()  # expect: PD209
    b = socket.gethostname()  # expect: PD209
    c = platform.node()  # expect: PD209
    d = threading.get_ident()  # expect: PD209
    e = os.cpu_count()  # expect: PD209
    f = os.getcwd()  # expect: PD209
    return [a, b, c, d, e, f, sys.version_info >= (3, 11)]


@workflow
def handed_over(xs, make):
    xs = sorted(xs, key=random.random)  # expect: PD204
    thing = make(clock=time.time)  # expect: PD201
    return xs, list(map(uuid.uuid4, xs)), thing  # expect: PD207
