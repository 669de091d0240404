"""Activities of several of the programs here."""

from perdure import activity


@activity
async def later(x):
    return x


@activity
def double(x):
    return 2 * x
