"""Classes over dates, decimals, partials and their like, made with what those do not take."""

import datetime
import decimal
import fractions
import functools
import ipaddress
import random
import types

from perdure import workflow
from tests.corpus.acts import echo


class Money(decimal.Decimal):
    def __new__(cls, amount, currency):
        made = super().__new__(cls, amount)
        made.currency = currency
        return made


class Day(datetime.date):
    note = None


class Moment(datetime.datetime):
    def __new__(cls, text, *rest, **more):
        return super().__new__(cls, int(text), 1, 2, *rest, **more)


class Pause(datetime.timedelta):
    __slots__ = ("why", "__own")

    def __new__(cls, why):
        return super().__new__(cls, minutes=len(why))

    def __init__(self, why):
        self.why = why
        self.__own = why

    def own(self):
        return self.__own


class Zone(datetime.tzinfo):
    def __init__(self, hours):
        self.hours = hours

    def utcoffset(self, moment):
        return datetime.timedelta(hours=self.hours)

    def dst(self, moment):
        return None


class Share(fractions.Fraction):
    def __new__(cls, value, owner):
        made = super().__new__(cls, value)
        made.owner = owner
        return made


class Settings(types.SimpleNamespace):
    def __init__(self, name):
        super().__init__(name=f"{name}!", calls=getattr(self, "calls", 0) + 1)


class Step(functools.partial):
    def __new__(cls, function, tag):
        made = super().__new__(cls, function)
        made.tag = tag
        return made


class Host(ipaddress.IPv4Address):
    def __init__(self, address, port):
        super().__init__(address)
        self.port = port


class Dice(random.Random):
    def __init__(self, name):
        super().__init__(len(name))
        self.name = name


@workflow
def kept():
    money, day, pause = Money("1.50", "EUR"), Day(2020, 1, 2), Pause("lunch")
    moment, share = Moment("2021", 3, tzinfo=Zone(2)), Share("3/2", "ann")
    day.note = [money]
    settings, step = Settings("s"), Step(echo, "tag")
    host, dice, same = Host("10.0.0.1", 80), Dice("abc"), Dice("abc")
    same.random()
    dice.random()
    zone = datetime.timezone(datetime.timedelta(hours=1), "CET")
    network = ipaddress.IPv4Interface("10.0.0.1/24")
    echo(1)
    echo(2)
    found = str(money), money.currency, day.isoformat(), day.note[0] is money, moment.isoformat()
    found += pause.total_seconds(), pause.why, pause.own(), share, share.owner, type(share).__name__
    found += vars(settings), step(1), step.tag, str(host), host.port, host in {host}
    found += str(zone), datetime.timezone.utc, network
    return found, dice.random() == same.random(), dice.name, type(moment) is Moment


def cases():
    return [("kept", ())]
