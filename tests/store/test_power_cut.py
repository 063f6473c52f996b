"""Tests that what the store has answered is on the disk: a power cut takes none of it back."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import IntegrityError

from store.db import tables
from store.db.backends import Work
from store.db.engine import Store
from store.db.errors import StoreUnavailable
from store.tickets import intake
from store.tickets.projector import Projector
from tests.store.stories import Story, complaint
from tests.support.power import Disk, power
from tests.support.seeds import dice

CUTS = 200


class Answered:
    """The registrations and events that the store has confirmed so far."""

    def __init__(self) -> None:
        self.numbers: list[str] = []
        self.versions: list[tuple[str, int]] = []


async def _load(store: Store, projector: Projector, answered: Answered) -> None:
    """Register complaints and project their tickets, without end."""
    while True:
        new = complaint()
        await intake.register(store, new, None, None, None, "f", partial(str, new.number))
        answered.numbers.append(new.number)
        for projection in Story(new).whole():
            await projector.project(projection)
            answered.versions.append((new.number, projection.ticket.version))


def _lost(folder: Path, files: dict[str, bytes], answered: Answered) -> list[str]:
    """Return what was confirmed and is not in the database after the cut."""
    for path in folder.iterdir():
        path.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    with closing(sqlite3.connect(folder / "jiesu.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        numbers = {number for (number,) in database.execute("SELECT number FROM intake")}
        events = set(database.execute("SELECT number, version FROM event"))
    lost = [number for number in answered.numbers if number not in numbers]
    return lost + [str(one) for one in answered.versions if one not in events]


def _copied(answered: Answered) -> Answered:
    copy = Answered()
    copy.numbers, copy.versions = list(answered.numbers), list(answered.versions)
    return copy


@pytest.mark.parametrize("survive", ["nothing unsynced", "some sectors"])
async def test_a_power_cut_takes_back_nothing_that_was_answered(
    sqlite_url: str, tmp_path: Path, survive: str
) -> None:
    draw = dice("power cut")
    folder = tmp_path / "after"
    folder.mkdir()
    with power(tmp_path / "jiesu.db") as disk:
        store = Store.open(sqlite_url)
        projector, answered = Projector(store), Answered()
        people = [asyncio.create_task(_load(store, projector, answered)) for _ in range(8)]
        cuts: list[tuple[Answered, dict[str, bytes]]] = []
        for _ in range(CUTS):
            await asyncio.sleep(draw.random() * 0.02)
            before = _copied(answered)  # first, so that the disk has had the time to be later
            cuts.append((before, disk.cut(draw if survive == "some sectors" else None)))
        for one in people:
            one.cancel()
        await asyncio.gather(*people, return_exceptions=True)
        await projector.close()
        await store.close()
    assert len(answered.numbers) > 20
    assert disk.syncs > 20
    assert [_lost(folder, files, before) for before, files in cuts] == [[]] * CUTS


async def _slow(store: Store) -> asyncio.Task[None]:
    """Occupy the writer, so that work gathers behind it."""

    begun = threading.Event()

    def work(connection: Connection) -> None:
        begun.set()
        connection.execute(
            text(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
                "WHERE i < 300000) SELECT count(*) FROM n"
            )
        )

    task = asyncio.create_task(store.write(work))
    await asyncio.to_thread(begun.wait)
    return task


async def _disk(sqlite_url: str, path: Path) -> AsyncIterator[tuple[Store, Disk]]:
    with power(path) as disk:
        store = Store.open(sqlite_url)
        await store.change(text("UPDATE attempt SET count = 0"))  # the connection is open
        yield store, disk
        await store.close()


def _insert(store: Store, key: str) -> Work[None]:
    statement = store.insert(tables.attempt)

    def work(connection: Connection) -> None:
        row = {"key": key, "window_start": complaint().filed_at, "count": 1}
        connection.execute(statement, row)

    return work


async def test_work_that_waits_shares_a_sync(sqlite_url: str, tmp_path: Path) -> None:
    async for store, disk in _disk(sqlite_url, tmp_path / "jiesu.db"):
        busy = await _slow(store)
        before = disk.syncs
        await asyncio.gather(*(store.write(_insert(store, str(n))) for n in range(50)))
        await busy
        assert len(await store.rows(select(tables.attempt))) == 50
        assert disk.syncs - before < 10


async def test_of_work_done_together_only_what_fails_is_undone(sqlite_store: Store) -> None:
    store = sqlite_store

    def half(connection: Connection) -> None:
        _insert(store, "half")(connection)
        raise RuntimeError("no")

    works: list[Work[None]] = [
        *(_insert(store, str(n)) for n in range(5)),
        half,
        _insert(store, "3"),
        half,
    ]
    busy = await _slow(store)
    results = await asyncio.gather(*(store.write(one) for one in works), return_exceptions=True)
    await busy
    kinds = [type(one) for one in results]
    assert kinds == [type(None)] * 5 + [RuntimeError, IntegrityError, RuntimeError]
    keys = {row.key for row in await store.rows(select(tables.attempt.c.key))}
    assert keys == {"0", "1", "2", "3", "4"}


async def test_a_full_disk_is_said_to_all_whose_work_it_undid(sqlite_store: Store) -> None:
    store = sqlite_store

    def limited(connection: Connection, more: int = 20) -> None:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
        connection.execute(text(f"PRAGMA max_page_count={pages + more}"))

    def filling(connection: Connection) -> None:
        for n in range(100):
            _insert(store, f"{n:04d}" * 2000)(connection)

    await store.write(limited)
    busy = await _slow(store)
    works = {"a": _insert(store, "a"), "full": filling, "b": _insert(store, "b")}
    results = await asyncio.gather(*map(store.write, works.values()), return_exceptions=True)
    await busy
    done = {name for name, one in zip(works, results, strict=True) if one is None}
    assert isinstance(results[1], StoreUnavailable)
    assert all(one is None or isinstance(one, StoreUnavailable) for one in results)
    assert {row.key for row in await store.rows(select(tables.attempt.c.key))} == done
    await store.write(partial(limited, more=1000))  # there is room again
    await store.write(_insert(store, "c"))
