import os
import random
import time

REGION = os.environ["REGION"]
STARTED = time.time()  # expect: PD230
UNREAD = time.time()
SALT: str = random.random()  # expect: PD230
TABLE = {"a": 1}

if os.environ.get("FAST"):  # expect: PD230
    STEP = 1
else:
    STEP = 2
