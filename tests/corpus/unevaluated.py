"""Annotations that are never evaluated, because the module says so in its first line."""

from __future__ import annotations

import dataclasses

from perdure import workflow
from tests.corpus.acts import echo


@workflow
def left_as_text():
    """What annotations name need not exist, and a call in one is not made."""

    class Order:
        number: Undefined = 1  # noqa: F821
        parts: list[echo(1)]  # noqa: F821
        __hidden: Order | None = None

    echo(1)

    def ship(order: Order, *rest: *Undefined, to: "Place" = 2, **more: echo(2)) -> {echo: 3}:  # noqa: F821
        here: Undefined = echo(order)  # noqa: F821
        order.place: Undefined = here  # noqa: F821
        return here, to

    async def later(order: lambda x: x) -> f"{echo(3)}":
        return order

    found = [ship.__annotations__, later.__annotations__, Order.__annotations__]
    return found, echo(Order.number), ship(Order())[1]


@workflow
def of_dataclasses():
    """The class of a dataclass is looked up by its module, for its annotations."""

    @dataclasses.dataclass
    class Order:
        number: int
        parts: list[Order] = dataclasses.field(default_factory=list)
        kind: dataclasses.InitVar[str] = "plain"

        def add(self: Order, other: Order) -> Order:
            self.parts.append(echo(other.number))
            return self

    first = Order(echo(1)).add(Order(2, kind="other"))
    return dataclasses.astuple(first), [f.type for f in dataclasses.fields(Order)]


def cases():
    return [("left_as_text", ()), ("of_dataclasses", ())]
