from .clock import stamp


def price(order):
    return tax(order) + 1


def tax(order):
    if order:
        return price(order.parent)
    return stamp()
