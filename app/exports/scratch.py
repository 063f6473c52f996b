"""The place of exports that are made whole before they are sent: the installation's own folder.

What is in it may be personal data: only the installation's user reads it, it goes when the export
ends, and what a process that was killed has left goes with the next start or the next export.
"""

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from app.errors import Problem

LEAST_FREE = 256 * 2**20
"""Bytes that an export leaves free: the store and its log are on the same disk."""

_LOCK, _NOT_YET = ".in-use", ".not-yet"


def folder_of(home: Path) -> Path:
    """Return where the exports of an installation are made."""
    return home / "exports"


def check_room(folder: Path, more: int = 0) -> None:
    """Refuse to go on where the disk is nearly full. `more`: bytes about to be written.

    Raises:
        Problem: export_no_room
    """
    free = shutil.disk_usage(folder).free
    if free - more < LEAST_FREE:
        raise Problem(
            "export_no_room",
            f"Only {free >> 20} MB are free; ask for fewer days, or for CSV, which needs no room.",
        )


@contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """Make a place for one export, which is deleted after the block.

    Raises:
        Problem: export_no_room
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    sweep(folder)
    check_room(folder)
    own = folder / secrets.token_hex(8)
    own.mkdir(mode=0o700)
    # The lock ends with the process, however that ends: so what is left over can be told.
    lock = os.open(own / _NOT_YET, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        (own / _NOT_YET).rename(own / _LOCK)
        yield own
    finally:
        shutil.rmtree(own, ignore_errors=True)
        os.close(lock)


def sweep(folder: Path) -> int:
    """Delete what exports have left that nobody makes any more; return how many."""
    gone = 0
    for left in folder.iterdir() if folder.is_dir() else ():
        if left.is_dir() and _is_left(left):
            shutil.rmtree(left, ignore_errors=True)
            gone += 1
    return gone


def _is_left(own: Path) -> bool:
    """Return whether no process holds the lock; a place being made has none yet."""
    with suppress(FileNotFoundError):
        lock = os.open(own / _LOCK, os.O_RDWR)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(lock)
        return True
    return False
