"""Turns of the processes that write to one SQLite file.

SQLite gives its lock to whoever asks just when it is free, and lets those who wait sleep ever
longer, up to a tenth of a second: beside a process that writes without a pause another one waits
for seconds. So those who wait say so, by a shared lock of a file beside the database, and ask every
millisecond; who has just written lets them go first. A lock of a file ends with its process.
"""

import fcntl
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from sqlalchemy import Connection

_PATIENCE = 5.0
"""The seconds after which a lock counts as lost, and the store as unavailable."""
_ASKED_EVERY = 0.001
_LET_GO_FIRST = 0.01
"""The most seconds for which a writer lets others go first: they may all have gone meanwhile."""


class WriteTurns:
    """The turns of one process at one database."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(f"{database.name}-turns")
        self._files: list[IO[bytes]] = []

    def begin(self, connection: Connection) -> None:
        """Begin a transaction that may write, as soon as nobody else does.

        A transaction that reads first and wants to write later fails at once when another process
        wrote in between, whatever the busy timeout. Taking the write lock first just waits.

        Raises:
            OperationalError: another process writes for longer than seconds.
        """
        database: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
        database.execute("PRAGMA busy_timeout=0")
        try:
            if _begun(database):
                return
            ends = time.monotonic() + _PATIENCE
            with self._waiting():
                while time.monotonic() < ends:
                    time.sleep(_ASKED_EVERY)
                    if _begun(database):
                        return
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        finally:
            database.execute("PRAGMA busy_timeout=5000")

    def give_way(self) -> None:
        """Let those go first who wait, for a moment; called after each transaction."""
        ends = time.monotonic() + _LET_GO_FIRST
        while self._somebody_waits() and time.monotonic() < ends:
            time.sleep(_ASKED_EVERY)

    def close(self) -> None:
        while self._files:
            self._files.pop().close()

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        mine, _ = self._opened()
        fcntl.flock(mine, fcntl.LOCK_SH)
        try:
            yield
        finally:
            fcntl.flock(mine, fcntl.LOCK_UN)

    def _somebody_waits(self) -> bool:
        _, asking = self._opened()
        try:
            fcntl.flock(asking, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        fcntl.flock(asking, fcntl.LOCK_UN)
        return False

    def _opened(self) -> tuple[IO[bytes], IO[bytes]]:
        if not self._files:
            self._files = [self._path.open("ab"), self._path.open("ab")]
        mine, asking = self._files
        return mine, asking


def _begun(database: sqlite3.Connection) -> bool:
    try:
        database.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True
