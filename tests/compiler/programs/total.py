from perdure import activity, workflow


@activity
def rate(country): ...


@activity
def receipt(s): ...


@workflow
def flow(items):
    s = 0
    for item in items:
        if item.taxed:
            s += rate(item.country) * item.price
    return receipt(s)
