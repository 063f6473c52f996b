"""Locks of transactions: whoever takes the next number, seat or place waits for the others."""

from sqlalchemy import Connection, func, select

from store.db.engine import Store


def lock(store: Store, connection: Connection, *keys: str) -> None:
    """Make transactions that lock one of these keys wait for each other, until they end.

    SQLite has one writer at a time anyway.
    """
    if store.dialect == "sqlite":
        return
    for key in sorted(set(keys)):  # in order: two transactions never wait for each other
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))
