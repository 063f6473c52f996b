"""The connection to the database: SQLite for one machine, PostgreSQL for many."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Self, TypeVar

from sqlalchemy import URL, Connection, Table, event, exc, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from store.errors import StoreUnavailable

Insert = sqlite.Insert | postgresql.Insert
Built = TypeVar("Built")

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
}
# Seconds to wait for a free connection before the store counts as unavailable.
_PATIENCE = 10.0
# SQLITE_ERROR is a mistake in the statement, not a database that is away.
_SQLITE_ERROR = 1
# Classes of SQLSTATE that another attempt may cure: connection, transaction rolled back,
# resources, operator's doing, system; and single states: read only, lock not available.
_PASSING_CLASSES = frozenset({"08", "40", "53", "57", "58"})
_PASSING_STATES = frozenset({"25006", "55P03", "3D000"})


def default_url(home: Path) -> str:
    """The SQLite database of a machine's own store, in the folder `home`."""
    return f"sqlite+aiosqlite:///{home.absolute() / 'jiesu.db'}"


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
    if driver.startswith("sqlite") and parsed.database in (None, "", ":memory:"):
        raise ValueError("an SQLite store needs a file")
    return parsed.set(drivername=driver)


class Store:
    """One database, with few connections: many callers share each transaction instead.

    On SQLite all writers of a process take turns on one connection, because the file has one
    writer anyway and waiting here costs nothing; readers never wait for them (WAL).
    """

    def __init__(self, url: URL, reader: AsyncEngine, writer: AsyncEngine) -> None:
        self.url = url
        self.dialect = url.get_backend_name()
        self._reader = reader
        self._writer = writer
        self._built: dict[Callable[[Store], Any], Any] = {}

    @classmethod
    def open(cls, url: str) -> Self:
        """A store at `url`; connects at the first use. ValueError on a URL we cannot serve."""
        parsed = parse_url(url)
        if parsed.get_backend_name() == "sqlite":
            return cls(parsed, _sqlite_reader(parsed), _sqlite_writer(parsed))
        engine = create_async_engine(
            parsed,
            pool_size=5,
            max_overflow=5,
            pool_timeout=_PATIENCE,
            connect_args={"timeout": _PATIENCE, "server_settings": {"application_name": "jiesu"}},
        )
        return cls(parsed, engine.execution_options(isolation_level="AUTOCOMMIT"), engine)

    async def close(self) -> None:
        """Close all connections; the store can be used again and will connect anew."""
        await self._reader.dispose()
        if self.dialect == "sqlite":
            await self._writer.dispose()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection to ask with: each statement sees everything committed before it.

        Raises:
            StoreUnavailable: the database is away, busy or full.
        """
        with _translated():
            async with self._reader.connect() as connection:
                yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """One transaction, committed at the end, rolled back on any error.

        Raises:
            StoreUnavailable: the database is away, busy or full.
        """
        with _translated():
            async with self._writer.begin() as connection:
                yield connection

    def insert(self, table: Table) -> Insert:
        """An INSERT into `table` that knows ON CONFLICT in this database's dialect."""
        return sqlite.insert(table) if self.dialect == "sqlite" else postgresql.insert(table)

    def once(self, build: Callable[["Store"], Built]) -> Built:
        """What `build` makes for this store, made once: building costs more than executing."""
        if build not in self._built:
            self._built[build] = build(self)
        made: Built = self._built[build]
        return made


def _sqlite_reader(url: URL) -> AsyncEngine:
    # Autocommit, and no rollback on return: each saves a trip to the connection's thread.
    engine = create_async_engine(
        url,
        isolation_level="AUTOCOMMIT",
        skip_autocommit_rollback=True,
        pool_size=4,
        max_overflow=0,
        pool_timeout=_PATIENCE,
    )
    event.listen(engine.sync_engine, "connect", _set_pragmas)
    return engine


def _sqlite_writer(url: URL) -> AsyncEngine:
    engine = create_async_engine(url, pool_size=1, max_overflow=0, pool_timeout=_PATIENCE)
    event.listen(engine.sync_engine, "connect", _set_pragmas)
    event.listen(engine.sync_engine, "begin", _begin_immediate)
    return engine


def _set_pragmas(connection: Any, _record: Any) -> None:
    # None: the driver begins no transactions of its own; we do, see `_begin_immediate`.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "busy_timeout=5000",
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "cache_size=-16384",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    # A transaction that reads first and wants to write later fails at once when another process
    # wrote in between, whatever the busy timeout. Taking the write lock first just waits.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (exc.SQLAlchemyError, OSError) as error:
        if _passing(error):
            raise StoreUnavailable("the store cannot be reached") from error
        raise


def _passing(error: Exception) -> bool:
    """Whether another attempt, later, may succeed."""
    if not isinstance(error, exc.SQLAlchemyError):
        return True
    if not isinstance(error, exc.DBAPIError):
        return isinstance(error, exc.TimeoutError | exc.DisconnectionError)
    if error.connection_invalidated:
        return True
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return state[:2] in _PASSING_CLASSES or state in _PASSING_STATES
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return isinstance(error, exc.OperationalError) and code & 0xFF != _SQLITE_ERROR
    return isinstance(error, exc.OperationalError | exc.InterfaceError)
