"""The seed of every random test: `JIESU_SEED`, printed at the start of each run.

A number or a word; `fresh` draws one. Without it every day and machine uses the same seed.
"""

import os
import secrets
from random import Random

NAME = "JIESU_SEED"
USUAL, FRESH = "0", "fresh"


def settle() -> str:
    """Set the seed of this run, also for processes that it starts, and return it."""
    if os.environ.get(NAME, "") in ("", FRESH):
        wanted = os.environ.get(NAME)
        os.environ[NAME] = str(secrets.randbelow(10**9)) if wanted == FRESH else USUAL
    return os.environ[NAME]


def dice(*which: object) -> Random:
    """Return random choices of this seed; `which` separates them from others of the same run."""
    return Random("/".join(str(part) for part in (settle(), *which)))


def of(whole: int) -> int:
    """Return how many of `whole` cases this run takes: all with JIESU_LONG=1, else a quarter."""
    return whole if os.environ.get("JIESU_LONG") == "1" else whole // 4
