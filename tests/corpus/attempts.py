"""Calls that fail one after the other, for modules that ask for many errors. No cases of its own."""


def failing(attempts):
    found = []
    for attempt in attempts:
        try:
            found.append(attempt())
        except Exception as error:
            found.append(f"{type(error).__name__}: {error}")
    return found
