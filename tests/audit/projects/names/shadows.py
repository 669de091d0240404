"""Names that look like hazards and are not, and the other way round."""
import functools
import time
import time as clock
from datetime import datetime
from random import *

from perdure import activity, now, random, sleep, uuid4, workflow

now_alias = datetime.now
secrets = {"a": 1}


class Requests:
    def get(self, url):
        return url


class Client:
    def __init__(self, make=None):
        self.requests = Requests()
        self.make = make


requests = Requests()


def open(name):
    return name


def timed(f):
    @functools.wraps(f)
    def wrapper(*args):
        started = time.perf_counter()  # expect: PD202
        return f(*args), started

    return wrapper


def retry(times):
    stamp = time.time()

    def deco(f):
        made = time.time()

        def inner(*args):
            return f(*args), time.time_ns()  # expect: PD201

        return inner

    return deco


@timed
@retry(3)
def helper(x):
    return x


@workflow
def shadowed(time, uuid, os, xs):
    a = time.time() + uuid.uuid4() + os.getenv("x")
    b = secrets["a"], open("x"), requests.get("x")
    c = Client().requests.get("x")
    datetime = xs
    d = datetime.now()
    return a, b, c, d, [random for random in xs], now(), uuid4(), random.choice(xs), sleep(3)


@workflow
def aliased():
    a = now_alias()  # expect: PD201
    b = clock.time()  # expect: PD201
    c = randint(1, 2)  # expect: PD204
    import time as inner
    d = inner.time()  # expect: PD201
    get = time.monotonic
    e = get()  # expect: PD202
    f = functools.partial(time.time)  # expect: PD201
    return a, b, c, d, e, f


@workflow
def nested(xs):
    def stamp(x):
        return time.time()  # expect: PD201

    def never(x):
        return time.time()

    g = lambda: time.time()  # expect: PD201
    return [stamp(x) for x in xs], g, helper(1), [x for x in xs if time.time()]  # expect: PD201


@activity
def act(f):
    return f()


def made_in_activity():
    return time.time()


@workflow
def sanctioned(xs):
    act(lambda: time.time())
    act(time.time)
    act(made_in_activity)
    act(functools.partial(made_in_activity))
    return act(f=made_in_activity)


def called_as_value(x):
    return time.time()  # expect: PD201


@workflow
def values(xs):
    table = {"a": called_as_value}
    return [table[x](x) for x in xs]


@workflow
def annotated(x: "time.struct_time", y: open = None) -> datetime:
    z: datetime.now = x
    return z
