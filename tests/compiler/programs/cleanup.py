from perdure import activity, sleep, workflow


@activity
def take(name): ...


@activity
def give_back(name): ...


@workflow
def flow(names):
    for name in names:
        try:
            if take(name):
                return name
            sleep(1)
        except KeyError as error:
            give_back(error.args)
            continue
        finally:
            give_back(name)
    raise LookupError(names)
