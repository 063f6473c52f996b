"""A share of the tests: `JIESU_SHARE=2/3` runs the second third of them."""

import os
from datetime import date
from zlib import crc32

SHARE = "JIESU_SHARE"


def share_of_this_run() -> str | None:
    return os.environ.get(SHARE)


def in_share(name: str, share: str) -> bool:
    """Return whether the test `name` is in the share, "2/3" for instance."""
    part, _, parts = share.partition("/")
    return crc32(name.encode()) % int(parts) == int(part) - 1


def shares(parts: int, today: date) -> list[str]:
    """Return all shares, beginning with another one every day."""
    return [f"{(n + today.toordinal()) % parts + 1}/{parts}" for n in range(parts)]
