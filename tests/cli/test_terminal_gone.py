"""Tests that a program ends as it should although nobody reads what it says any more."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_what_is_said_to_a_terminal_that_is_gone_stops_nothing() -> None:
    read, write = os.pipe()
    os.close(read)
    code = "from cli.terminal import err; err.print('one'); err.print('two'); print('done')"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, stderr=write, check=False
    )
    os.close(write)
    assert (done.returncode, done.stdout) == (0, b"done\n")
