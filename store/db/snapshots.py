"""Several queries that see one and the same state of the database."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from store.db.engine import Store


@contextmanager
def one_state(store: Store, connection: Connection) -> Iterator[None]:
    """Make the statements within see what was committed when the first of them ran.

    It is for work that `Store.read` runs, whose statements otherwise each see what is new.
    """
    if store.dialect != "sqlite":
        connection.execution_options(isolation_level="REPEATABLE READ")
        yield
        return
    connection.exec_driver_sql("BEGIN")
    try:
        yield
    finally:
        # An interrupted statement leaves the transaction open; nothing in it was written.
        connection.exec_driver_sql("ROLLBACK")
