import os
import random
import uuid


class Base:
    def check(self):
        return self.helper()

    def helper(self):
        return os.getenv("X")  # expect: PD208

    def unreached(self):
        return os.getenv("X")


class Order(Base):
    pass


class Plain:
    def __init__(self, name):
        self.id = uuid.uuid4()  # expect: PD207

    @property
    def label(self):
        return random.random()  # expect: PD204

    def lines(self):
        return sorted([1], key=self._key)

    def _key(self, x):
        return random.random()  # expect: PD204


class Checked(Base):
    def __init__(self, name):
        super().__init__()

    def __enter__(self):
        self.at = os.urandom(3)  # expect: PD205
        return self

    def __exit__(self, *exc):
        return None
