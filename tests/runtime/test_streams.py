"""What runs put in the place of standard streams, where several threads have runs."""

from __future__ import annotations

import io
import sys
import threading
from types import SimpleNamespace

import pytest

from perdure.runtime.process import streams_of


def test_a_stream_of_a_run_is_not_taken_for_the_process_s(monkeypatch: pytest.MonkeyPatch) -> None:
    """A transition that began while another run's stream was there put that back at its end."""
    own, text = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stdout", own)
    first, second = SimpleNamespace(redirected={}), SimpleNamespace(redirected={})
    inside, over = threading.Event(), threading.Event()

    def transition() -> None:
        inside.set()
        with streams_of(second):
            over.wait(60)

    other = threading.Thread(target=transition)
    with streams_of(first):
        sys.stdout = text
        other.start()
        inside.wait(60)
        # It gets no further; a tenth of a second is time enough to see that it would.
        other.join(0.1)
    over.set()
    other.join(60)
    assert sys.stdout is own
    assert (first.redirected, second.redirected) == ({"stdout": text}, {})
