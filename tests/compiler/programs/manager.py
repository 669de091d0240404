from perdure import activity, workflow


@activity
def read(path): ...


class Lock:
    def __init__(self, name):
        self.name = name

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False


@workflow
def flow(paths):
    with Lock("a") as first, Lock("b"):
        text = read(paths[0])
        if not text:
            return first.name
    return inner(text)


def inner(text):
    match text:
        case ["x", *rest] if rest:
            return read(rest)
        case other:
            return other
