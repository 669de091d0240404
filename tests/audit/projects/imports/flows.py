import time

import settings
from perdure import workflow
from settings import SALT, STEP, TABLE

BOOTED = time.monotonic()


def stamped(x, at=time.time()):  # expect: PD230
    return x, at


@workflow
def reading(x):
    return settings.STARTED, SALT, STEP, TABLE, settings.REGION, stamped(x)


@workflow
def not_reading(x):
    BOOTED = x
    return BOOTED
