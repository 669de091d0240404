from perdure import activity, workflow


@activity
def ask(x): ...


@workflow
def flow(people, call):
    sizes = {p.name: ask(p) for p in people if p.name and ask(p.age) > 3}
    if 0 < ask("low") < len(sizes) and (call(sizes) or ask("sure")):
        while (left := ask(sizes)) > 0:
            sizes[ask("key")] += f"{left} of {ask('all')!r}"
    text = (lambda: sizes)()
    return text if text else ask(None)
