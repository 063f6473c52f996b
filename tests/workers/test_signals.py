"""Tests that a signal to stop is not lost while `jiesu up` becomes its supervisor."""

import os
import signal
import threading
from collections.abc import Iterator
from select import select

import pytest

from workers.supervisor import kept_signals, signalled


@pytest.fixture
def other_thread() -> Iterator[int]:
    """Yield the id of a thread that waits, and receives the signals that this one blocks."""
    over = threading.Event()
    waiting = threading.Thread(target=over.wait)
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    waiting.start()
    assert waiting.ident is not None
    yield waiting.ident
    over.set()
    waiting.join()
    signal.signal(signal.SIGTERM, before)


def test_a_signal_that_another_thread_receives_is_kept(other_thread: int) -> None:
    with kept_signals() as kept:
        signal.pthread_kill(other_thread, signal.SIGTERM)
        assert select([kept], [], [], 10)[0]
        assert signalled(os.dup(kept))


def test_without_a_signal_nothing_is_kept() -> None:
    with kept_signals() as kept:
        assert not signalled(os.dup(kept))
