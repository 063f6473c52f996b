"""The time of a write, which decides what is late: taken after the row is locked."""

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import Connection, func, select

Clock = Callable[[Connection], datetime]
"""The source of the time of a write."""


def written_at(connection: Connection) -> datetime:
    """Return the time now: of the database, if it is a server for several processes."""
    if connection.dialect.name == "sqlite":
        return datetime.now(UTC)
    at: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
    return at.astimezone(UTC)
