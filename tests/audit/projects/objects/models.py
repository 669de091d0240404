"""Objects whose making calls factories."""
import random
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timezone
from uuid import uuid4

import attr
from perdure import activity, now, workflow
from pydantic import BaseModel, Field


def stamp():
    return datetime.now()  # expect: PD201


@dataclass
class Order:
    customer: str
    id: uuid.UUID = field(default_factory=uuid4)  # expect: PD228
    lines: list = field(default_factory=list)
    at: datetime = field(default_factory=lambda: datetime.now(timezone.utc))  # expect: PD228
    by: datetime = field(default_factory=stamp)


@dataclass
class Given:
    id: uuid.UUID = field(default_factory=uuid4)
    luck: float = field(default_factory=random.random)


@dataclass
class Positional:
    id: uuid.UUID = field(default_factory=uuid4)


class Model(BaseModel):
    id: str = Field(default_factory=lambda: str(uuid4()))  # expect: PD228


class Child(Model):
    name: str = ""


@attr.s
class Old:
    id = attr.ib(factory=uuid4)  # expect: PD228


@dataclass
class InActivity:
    id: uuid.UUID = field(default_factory=uuid4)


@activity
def make():
    return InActivity()


@workflow
def objects(customer):
    order = Order(customer)
    given = Given(id=make(), luck=1.0)
    positional = Positional(make())
    return order, given, positional, Child(name="x"), Old(), make(), Given(**customer)
