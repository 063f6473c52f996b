"""The merging of SQLite's index, without which terms of erased tickets stay in its file.

FTS5 writes what is deleted beside what was there, and both go when their parts are merged.
"""

from collections.abc import AsyncIterator

from sqlalchemy import Connection, TextClause, select, text, update

from store.db.engine import Store
from store.db.search_tables import progress

_PAGES = 200
"""The pages that one transaction merges: some tens of milliseconds."""

_BEGIN = text("INSERT INTO search_index (search_index, rank) VALUES ('merge', :n)").bindparams(
    n=-_PAGES
)
_GO_ON = text("INSERT INTO search_index (search_index, rank) VALUES ('merge', :n)").bindparams(
    n=_PAGES
)
_CHANGES = text("SELECT total_changes()")
_NOTHING = 2
"""FTS5 counts fewer changes than this for a step that had nothing to merge."""


async def merge_all(store: Store) -> None:
    """Merge the index until no deleted term is left in it; nothing to do on PostgreSQL."""
    async for _ in merged(store):
        pass


async def merge_if_worn(store: Store) -> AsyncIterator[None]:
    """Merge the index, step by step, where tickets were erased since it was last merged."""
    row = await store.first(select(progress.c.worn))
    if row is not None and row.worn:
        async for _ in merged(store):
            yield


async def merged(store: Store) -> AsyncIterator[None]:
    """Merge the index step by step; others write between the steps."""
    if store.dialect != "sqlite":
        return
    done = await store.write(_begin)
    while not done:
        yield
        done = await store.write(_go_on)
    await store.change(update(progress).values(worn=False))


def _begin(connection: Connection) -> bool:
    _step(connection, _BEGIN)
    return False


def _go_on(connection: Connection) -> bool:
    return _step(connection, _GO_ON)


def _step(connection: Connection, statement: TextClause) -> bool:
    """Merge some pages; return whether nothing was left to merge."""
    connection.exec_driver_sql("PRAGMA secure_delete=ON")
    before = connection.execute(_CHANGES).scalar_one()
    connection.execute(statement)
    return bool(connection.execute(_CHANGES).scalar_one() - before < _NOTHING)
