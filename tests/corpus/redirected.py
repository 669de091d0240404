"""Standard streams that a workflow puts others in the place of, while it is stopped, too."""

import contextlib
import io
import sys

from perdure import workflow
from tests.corpus.acts import echo


@workflow
def into_texts():
    """By context managers, one in the other, and in a handler."""
    said, failed, inner = io.StringIO(), io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(failed):
        print("one")
        echo(1)
        print("two")
        print("to errors", file=sys.stderr)
        with contextlib.redirect_stdout(inner):
            print(echo("inside"))
        print(echo("outside"))
        try:
            with contextlib.redirect_stdout(inner):
                echo(2)
                raise ValueError(echo("failed"))
        except ValueError as error:
            print(error, sys.stdout is said)
    return said.getvalue(), failed.getvalue(), inner.getvalue()


@workflow
def by_assignment():
    before, sys.stdout = sys.stdout, io.StringIO()
    try:
        print("kept", echo(1))
        return sys.stdout.getvalue(), before is sys.stdout
    finally:
        echo(2)
        sys.stdout = before


def cases():
    return [
        ("into_texts", ()),
        ("by_assignment", ()),
    ]
