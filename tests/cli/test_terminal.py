"""Tests that the output of commands arrives complete, also where nobody reads it any more."""

import json
import os
import subprocess
import sys
import time

LARGE = """
import signal
from cli.terminal import print_json
signal.signal(signal.SIGALRM, lambda *_: None)
signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
print_json(["街" * 70] * 4000)
signal.setitimer(signal.ITIMER_REAL, 0)
"""


def test_a_signal_that_comes_while_a_pipe_is_full_loses_nothing() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", LARGE],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    ) as running:
        assert running.stdout is not None
        first = running.stdout.read(1)  # it has started, and soon the pipe is full
        time.sleep(0.1)
        payload = json.loads(first + running.stdout.read())
    assert payload == ["街" * 70] * 4000
    assert running.returncode == 0


def test_what_is_said_to_a_terminal_that_is_gone_stops_nothing() -> None:
    read, write = os.pipe()
    os.close(read)
    code = "from cli.terminal import err; err.print('one'); err.print('two'); print('done')"
    done = subprocess.run(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=write, check=False
    )
    os.close(write)
    assert (done.returncode, done.stdout) == (0, b"done\n")
