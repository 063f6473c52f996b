"""The seed of every random test: `JIESU_SEED`, printed at the start of each run.

A number or a word; `fresh` draws one. Without it every day and machine uses the same seed.
"""

import os
import secrets
from random import Random

from hypothesis.internal.conjecture import providers

NAME = "JIESU_SEED"
USUAL, FRESH = "0", "fresh"


def settle() -> str:
    """Set the seed of this run, also for processes that it starts, and return it."""
    if os.environ.get(NAME, "") in ("", FRESH):
        wanted = os.environ.get(NAME)
        os.environ[NAME] = str(secrets.randbelow(10**9)) if wanted == FRESH else USUAL
    return os.environ[NAME]


def forget_constants() -> None:
    """Keep hypothesis from drawing constants of the modules that happen to be loaded.

    Which those are depends on the tests that the process ran before, and the same seed would draw
    something else. Hypothesis has no setting for it.
    """
    providers._get_local_constants = lambda: providers._local_constants


def dice(*which: object) -> Random:
    """Return random choices of this seed; `which` separates them from others of the same run."""
    return Random("/".join(str(part) for part in (settle(), *which)))


def of(whole: int) -> int:
    """Return how many of `whole` cases this run takes: all with JIESU_LONG=1, else a quarter."""
    return whole if os.environ.get("JIESU_LONG") == "1" else whole // 4
