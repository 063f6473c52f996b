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
Found = Row[*tuple[Any, ...]]
"""A row of a query whose columns are known by name only."""

_DRIVERS = {
    "sqlite": "sqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
}


def default_url(home: Path) -> str:
    """The SQLite database of a machine's own store, in the folder `home`."""
    return f"sqlite:///{home.absolute() / 'jiesu.db'}"


def parse_url(url: str) -> URL:
    """`url` with the driver we use; ValueError when it is neither SQLite nor PostgreSQL."""
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


class Store:
    """One database. Everything that fails because it is away raises `StoreUnavailable`."""

    def __init__(self, url: URL, backend: Backend) -> None:
        self.url = url
        self.dialect = url.get_backend_name()
        self._backend = backend
        self._built: dict[Callable[[Store], Any], Any] = {}

    @classmethod
    def open(cls, url: str) -> Self:
        """A store at `url`; connects at the first use. ValueError on a URL we cannot serve."""
        parsed = parse_url(url)
        sqlite_file = parsed.get_backend_name() == "sqlite"
        return cls(parsed, SqliteBackend(parsed) if sqlite_file else PostgresBackend(parsed))

    async def close(self) -> None:
        """Close all connections, when what is under way is done."""
        await self._backend.close()

    async def read(self, work: Work[Result]) -> Result:
        """What `work` returns; each of its statements sees everything committed before it.

        `work` may run in another thread: it talks to the database and to nothing else.

        Raises:
            StoreUnavailable: the database is away, busy or full.
        """
        with translated():
            return await self._backend.read(work)

    async def write(self, work: Work[Result]) -> Result:
        """What `work` returns, in one transaction: committed at its end, undone on any error.

        `work` may run in another thread: it talks to the database and to nothing else. A caller
        who is cancelled does not stop it.

        Raises:
            StoreUnavailable: the database is away, busy or full.
        """
        with translated():
            return await self._backend.write(work)

    async def rows(self, query: Executable, values: Values | None = None) -> Sequence[Found]:
        """The rows of one query."""
        return await self.read(lambda connection: connection.execute(query, values or {}).all())

    async def first(self, query: Executable, values: Values | None = None) -> Found | None:
        """The first row of one query, if there is one."""
        return await self.read(lambda connection: connection.execute(query, values or {}).first())

    async def change(self, statement: Executable, values: Values | None = None) -> int:
        """Run one statement in a transaction of its own; how many rows it touched."""
        return await self.write(
            lambda connection: connection.execute(statement, values or {}).rowcount
        )

    def insert(self, table: Table) -> Insert:
        """An INSERT into `table` that knows ON CONFLICT in this database's dialect."""
        return sqlite.insert(table) if self.dialect == "sqlite" else postgresql.insert(table)

    def once(self, build: Callable[["Store"], Built]) -> Built:
        """What `build` makes for this store, made once: building costs more than executing."""
        if build not in self._built:
            self._built[build] = build(self)
        made: Built = self._built[build]
        return made
