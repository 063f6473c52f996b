"""The backends of the two databases, which run work on their connections."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Protocol, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from store.db.write_turns import WriteTurns

Result = TypeVar("Result")
Work = Callable[[Connection], Result]

# Seconds to wait for a free connection before the store counts as unavailable.
_PATIENCE = 10.0
_READERS = 4
_TOGETHER = 100
"""The most pieces of work in one transaction."""


class ReadingStopped(RuntimeError):
    """The reason of work that nobody waits for any more, and that therefore did not begin."""


class Backend(Protocol):
    """A runner of work on a connection that does not block the event loop.

    Whoever stops waiting for what is read stops the database from reading it. What is written is
    written to the end.
    """

    async def read(self, work: Work[Result]) -> Result: ...
    async def write(self, work: Work[Result]) -> Result: ...
    async def close(self) -> None: ...


class PostgresBackend:
    """One small pool; reads save the round trips of a transaction."""

    def __init__(self, url: URL) -> None:
        self._engine = create_async_engine(
            url,
            pool_size=5,
            max_overflow=5,
            pool_timeout=_PATIENCE,
            connect_args={"timeout": _PATIENCE, "server_settings": {"application_name": "jiesu"}},
        )
        self._reader = self._engine.execution_options(isolation_level="AUTOCOMMIT")

    async def read(self, work: Work[Result]) -> Result:
        async with self._reader.connect() as connection:
            return await connection.run_sync(work)

    async def write(self, work: Work[Result]) -> Result:
        async with self._engine.begin() as connection:
            return await connection.run_sync(work)

    async def close(self) -> None:
        await self._engine.dispose()


@dataclass(frozen=True)
class _Order:
    """Work that waits for the writer, and the future of its result."""

    work: Work[Any]
    done: Future[Any]


@dataclass(frozen=True)
class _Failed:
    """Work that was rolled back by itself."""

    error: Exception


class SqliteBackend:
    """One thread for writes and a few for reads; each piece of work runs in one go.

    What a write answers is on the disk: every commit is synced (`synchronous=FULL`). A sync costs
    milliseconds, so work that waits meanwhile shares the next one, each in a savepoint of its own.

    An asynchronous driver would go to its thread and back for every statement, begin and commit
    included, which costs four times the work itself. All writers of a process take turns in one
    thread, because the file has one writer anyway; readers never wait for them (WAL).
    """

    def __init__(self, url: URL) -> None:
        self._writer = create_engine(url, pool_size=1, max_overflow=0)
        event.listen(self._writer, "connect", _set_pragmas)
        event.listen(self._writer, "connect", _sync_commits)
        self._turns = WriteTurns(Path(url.database or ""))
        event.listen(self._writer, "begin", self._turns.begin)
        self._reader = create_engine(
            url,
            isolation_level="AUTOCOMMIT",
            skip_autocommit_rollback=True,
            pool_size=_READERS,
            max_overflow=0,
        )
        event.listen(self._reader, "connect", _set_pragmas)
        self._orders: deque[_Order] = deque()
        self._writing = ThreadPoolExecutor(1, "store-writer")
        self._reading = ThreadPoolExecutor(_READERS, "store-reader")

    async def read(self, work: Work[Result]) -> Result:
        loop, reading = asyncio.get_running_loop(), _Reading()
        try:
            return await loop.run_in_executor(self._reading, reading.run, self._reader, work)
        except asyncio.CancelledError:
            reading.stop()
            raise

    async def write(self, work: Work[Result]) -> Result:
        done: Future[Result] = Future()
        self._orders.append(_Order(work, done))
        # For each order one call, of which the first one may do the work of all.
        self._writing.submit(self._write_waiting)
        return await asyncio.wrap_future(done)

    def _write_waiting(self) -> None:
        """Do all work that waits in one transaction, and answer once it is on the disk."""
        orders = list[_Order]()
        while self._orders and len(orders) < _TOGETHER:
            order = self._orders.popleft()
            if order.done.set_running_or_notify_cancel():
                orders.append(order)
        if not orders:
            return
        try:
            results = _written(self._writer, [order.work for order in orders])
        except Exception as error:
            for order in orders:
                order.done.set_exception(error)
            return
        for order, result in zip(orders, results, strict=True):
            if isinstance(result, _Failed):
                order.done.set_exception(result.error)
            else:
                order.done.set_result(result)
        self._turns.give_way()

    async def close(self) -> None:
        for threads, engine in ((self._writing, self._writer), (self._reading, self._reader)):
            await asyncio.to_thread(threads.shutdown)
            engine.dispose()
        self._turns.close()


class _Reading:
    """A piece of work that reads in a thread, and can be stopped from another one."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._stopped = False
        self._connection: Any = None

    def run(self, engine: Engine, work: Work[Result]) -> Result:
        with engine.connect() as connection:
            self._begin(connection.connection.driver_connection)
            try:
                return work(connection)
            finally:
                # Before another piece of work gets the connection, which nobody may interrupt.
                self._end()

    def stop(self) -> None:
        """Interrupt the statement that runs, or keep the work from beginning."""
        with self._lock:
            self._stopped = True
            if self._connection is not None:
                self._connection.interrupt()

    def _begin(self, connection: Any) -> None:
        with self._lock:
            if self._stopped:
                raise ReadingStopped("nobody waits for it any more")
            self._connection = connection

    def _end(self) -> None:
        with self._lock:
            self._connection = None


def _written(engine: Engine, works: Sequence[Work[Any]]) -> list[Any]:
    """Commit the works together; of one that fails return the error, without what it did."""
    with engine.begin() as connection:
        if len(works) == 1:
            return [works[0](connection)]
        return [_attempt(connection, work) for work in works]


def _attempt(connection: Connection, work: Work[Any]) -> Any:
    savepoint = connection.begin_nested()
    try:
        result = work(connection)
        savepoint.commit()
    except Exception as error:
        try:
            savepoint.rollback()
        except DBAPIError:
            # After some errors (a full disk) SQLite rolls everything back by itself.
            raise error from None
        return _Failed(error)
    return result


def _set_pragmas(connection: Any, _record: Any) -> None:
    # None: the driver begins no transactions of its own; we do, see `_begin_immediate`.
    connection.isolation_level = None
    for pragma in (
        "busy_timeout=5000",
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "cache_size=-16384",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _sync_commits(connection: Any, _record: Any) -> None:
    # NORMAL syncs only when the log is folded into the database: a power cut takes back commits
    # that were answered before.
    connection.execute("PRAGMA synchronous=FULL")
