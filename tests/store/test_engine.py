"""Tests of opening, reading and writing a database, and of the errors while it is unavailable."""

import asyncio
import sqlite3
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from domain.actors import Role
from store.db import tables
from store.db.backends import Work
from store.db.engine import Store, default_url, parse_url
from store.db.errors import StoreUnavailable
from store.identity import tokens
from tests.support.postgres import Cluster

_ANYTHING = text("SELECT 1")


async def count(store: Store) -> int:
    return len(await store.rows(select(tables.attempt)))


def insert(store: Store, key: str = "k") -> Work[None]:
    """Return work that reads first and writes then."""
    statement = store.insert(tables.attempt)
    row = {"key": key, "window_start": datetime(2024, 1, 1, tzinfo=UTC), "count": 1}

    def work(connection: Connection) -> None:
        connection.execute(select(tables.attempt)).all()
        connection.execute(statement, row)

    return work


async def test_a_transaction_is_all_or_nothing(store: Store) -> None:
    def half(connection: Connection) -> None:
        insert(store)(connection)
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        await store.write(half)
    assert await count(store) == 0
    await store.write(insert(store))
    assert await count(store) == 1


async def test_readers_do_not_wait_for_a_writer(sqlite_url: str) -> None:
    store = Store.open(sqlite_url)
    written, go_on = threading.Event(), threading.Event()

    def slow(connection: Connection) -> None:
        insert(store)(connection)
        written.set()
        go_on.wait(10)

    writer = asyncio.create_task(store.write(slow))
    await asyncio.to_thread(written.wait, 10)
    assert await asyncio.wait_for(count(store), 60) == 0
    go_on.set()
    await writer
    assert await count(store) == 1
    await store.close()


async def test_many_writers_at_once_all_get_their_turn(store: Store) -> None:
    await asyncio.gather(*(store.write(insert(store, str(n))) for n in range(40)))
    assert await count(store) == 40


async def test_two_processes_write_one_file(sqlite_url: str) -> None:
    """Both read first and write then: without an immediate lock one of them would fail."""
    stores = Store.open(sqlite_url), Store.open(sqlite_url)
    writers = (stores[n % 2].write(insert(stores[n % 2], str(n))) for n in range(40))
    await asyncio.gather(*writers)
    for store in stores:
        assert await count(store) == 40
        await store.close()


async def test_a_mistake_is_not_taken_for_an_absence(store: Store) -> None:
    with pytest.raises(DBAPIError):
        await store.rows(text("SELECT * FROM no_such_table"))
    await store.write(insert(store))
    with pytest.raises(IntegrityError):
        await store.write(insert(store))


async def test_a_change_says_how_many_rows_it_touched(store: Store) -> None:
    for n in range(3):
        await store.write(insert(store, str(n)))
    assert await store.change(delete(tables.attempt).where(tables.attempt.c.key > "0")) == 2
    assert await store.first(select(tables.attempt.c.key)) == ("0",)
    assert await store.first(select(tables.attempt).where(tables.attempt.c.key == "9")) is None


async def test_moments_come_back_aware_and_in_utc(store: Store) -> None:
    beijing = timezone(timedelta(hours=8))
    at = datetime(2024, 11, 20, 9, 0, tzinfo=beijing)
    _, issued = await tokens.issue(store, Role.DESK, None, "desk", now=at)
    token = await tokens.find(store, issued, at)
    assert token is not None
    assert token.created_at == at
    assert token.created_at.tzinfo is UTC or token.created_at.utcoffset() == timedelta(0)


async def test_a_moment_without_a_zone_is_refused(store: Store) -> None:
    naive = datetime(2024, 1, 1)  # noqa: DTZ001
    with pytest.raises(StatementError, match="without a zone"):
        await tokens.issue(store, Role.DESK, None, "desk", now=naive)


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    store = Store.open("postgresql://nobody@127.0.0.1:1/nothing")
    for way in (store.rows, store.change):
        with pytest.raises(StoreUnavailable):
            await way(_ANYTHING)
    await store.close()


@pytest.mark.postgres
async def test_a_database_that_is_not_there_is_unavailable(postgres: Cluster) -> None:
    store = Store.open(postgres.url("no_such_database"))
    with pytest.raises(StoreUnavailable):
        await store.rows(_ANYTHING)
    await store.close()


@pytest.mark.postgres
async def test_a_connection_that_was_cut_is_unavailable_and_then_replaced(
    postgres_url: str,
) -> None:
    store = Store.open(postgres_url)
    with pytest.raises(StoreUnavailable):
        await store.rows(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    assert await count(store) == 0
    await store.close()


async def test_a_file_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    store = Store.open(default_url(tmp_path / "missing"))
    with pytest.raises(StoreUnavailable):
        await store.rows(_ANYTHING)
    await store.close()


async def test_a_file_locked_for_too_long_is_unavailable(sqlite_url: str, tmp_path: Path) -> None:
    store = Store.open(sqlite_url)
    await store.change(text("PRAGMA busy_timeout=10"))
    other = sqlite3.connect(tmp_path / "jiesu.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable):
        await store.change(_ANYTHING)
    other.execute("ROLLBACK")
    other.close()
    await store.change(_ANYTHING)
    await store.close()


def test_urls_get_the_drivers_we_use() -> None:
    assert parse_url("sqlite:////a/b.db").drivername == "sqlite"
    assert parse_url("sqlite+aiosqlite:////a/b.db").drivername == "sqlite"
    for written in ("postgres", "postgresql", "postgresql+asyncpg", "postgresql+psycopg"):
        assert parse_url(f"{written}://u:p@h/d").drivername == "postgresql+asyncpg"


@pytest.mark.parametrize("url", ["", "nothing", "mysql://h/d", "sqlite://", "sqlite:///:memory:"])
def test_urls_we_cannot_serve_are_refused(url: str) -> None:
    with pytest.raises(ValueError):
        Store.open(url)


def test_the_default_is_a_file_in_the_home(tmp_path: Path) -> None:
    assert parse_url(default_url(tmp_path)).database == str(tmp_path / "jiesu.db")
