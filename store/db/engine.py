"""The connection to the database: SQLite for one machine, PostgreSQL for many."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

from sqlalchemy import URL, Executable, Row, Table, exc, make_url
from sqlalchemy.dialects import postgresql, sqlite

from store.db.backends import Backend, PostgresBackend, Result, SqliteBackend, Work
from store.db.failures import translated

Insert = sqlite.Insert | postgresql.Insert
Built = TypeVar("Built")
Values = Mapping[str, Any]
ResultRow = Row[*tuple[Any, ...]]
"""A row of a query whose columns are known by name only."""

_DRIVERS = {
    "sqlite": "sqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
}


def default_url(home: Path) -> str:
    """Return the URL of a machine's own SQLite database, in the folder `home`."""
    return f"sqlite:///{home.absolute() / 'jiesu.db'}"


def parse_url(url: str) -> URL:
    """Return `url` with our driver; ValueError if it is neither SQLite nor PostgreSQL."""
    try:
        parsed = make_url(url)
    except exc.ArgumentError as error:
        raise ValueError("not a database URL") from error
    driver = _DRIVERS.get(parsed.get_backend_name())
    if driver is None:
        raise ValueError(f"neither SQLite nor PostgreSQL: {parsed.get_backend_name()}")
    # Every connection has its own memory database: readers would not see what writers wrote.
    if driver == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise ValueError("an SQLite store needs a file")
    return parsed.set(drivername=driver)


_BUILT: dict[tuple[str, Callable[["Store"], Any]], Any] = {}
"""The statements of this process, by dialect and by what builds them."""


class Store:
    """One database. Its methods raise `StoreUnavailable` when it cannot be reached."""

    def __init__(self, url: URL, backend: Backend) -> None:
        self.url = url
        self.dialect = url.get_backend_name()
        self._backend = backend

    @classmethod
    def open(cls, url: str) -> Self:
        """Return a store at `url`, connected at first use. ValueError on an unsupported URL."""
        parsed = parse_url(url)
        sqlite_file = parsed.get_backend_name() == "sqlite"
        return cls(parsed, SqliteBackend(parsed) if sqlite_file else PostgresBackend(parsed))

    async def close(self) -> None:
        """Close all connections, after the work in progress."""
        await self._backend.close()

    async def read(self, work: Work[Result]) -> Result:
        """Run `work` and return its result; each statement sees all that was committed before.

        `work` may run in another thread: it uses the database and nothing else. Cancelling the
        caller stops it.

        Raises:
            StoreUnavailable: the database cannot be reached, is busy or full.
        """
        with translated():
            return await self._backend.read(work)

    async def write(self, work: Work[Result]) -> Result:
        """Run `work` in one transaction and return its result; roll back on any error.

        `work` may run in another thread: it uses the database and nothing else. Cancelling the
        caller does not stop it.

        Raises:
            StoreUnavailable: the database cannot be reached, is busy or full.
        """
        with translated():
            return await self._backend.write(work)

    async def rows(self, query: Executable, values: Values | None = None) -> Sequence[ResultRow]:
        """Return the rows of one query."""
        return await self.read(lambda connection: connection.execute(query, values or {}).all())

    async def first(self, query: Executable, values: Values | None = None) -> ResultRow | None:
        """Return the first row of one query, if there is one."""
        return await self.read(lambda connection: connection.execute(query, values or {}).first())

    async def change(self, statement: Executable, values: Values | None = None) -> int:
        """Run one statement in a transaction of its own; return how many rows it changed."""
        return await self.write(
            lambda connection: connection.execute(statement, values or {}).rowcount
        )

    def insert(self, table: Table) -> Insert:
        """Return an INSERT into `table` with ON CONFLICT in this database's dialect."""
        return sqlite.insert(table) if self.dialect == "sqlite" else postgresql.insert(table)

    def once(self, build: Callable[["Store"], Built]) -> Built:
        """Return the cached result of `build`: building a statement costs more than running it.

        All stores of a process share it, so `build` may depend on the dialect and nothing else.
        """
        which = (self.dialect, build)
        if which not in _BUILT:
            _BUILT[which] = build(self)
        made: Built = _BUILT[which]
        return made
