"""The seed of every random test: `JIESU_SEED`, told at the start of each run.

A number or a word; `fresh` draws one. Without it the same is drawn on every day and machine.
"""

import os
import secrets
from random import Random

NAME = "JIESU_SEED"
USUAL, FRESH = "0", "fresh"


def settle() -> str:
    """The seed of this run, also for processes that it starts."""
    if os.environ.get(NAME, "") in ("", FRESH):
        wanted = os.environ.get(NAME)
        os.environ[NAME] = str(secrets.randbelow(10**9)) if wanted == FRESH else USUAL
    return os.environ[NAME]


def dice(*which: object) -> Random:
    """Random choices that this seed gives; `which` tells them from others of the same run."""
    return Random("/".join(str(part) for part in (settle(), *which)))


def of(whole: int) -> int:
    """Return how many of `whole` random cases this run takes: all with JIESU_LONG=1, else a quarter."""
    return whole if os.environ.get("JIESU_LONG") == "1" else whole // 4
