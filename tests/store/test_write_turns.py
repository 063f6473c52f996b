"""Tests of two processes that write to one SQLite file: none keeps the other waiting."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from store.db.engine import Store
from store.db.errors import StoreUnavailable

_WITHOUT_PAUSE = """
import asyncio, sys
from sqlalchemy import text
from store.db.engine import Store

async def main():
    store = Store.open(sys.argv[1])
    def work(connection):
        for _ in range(200):
            connection.execute(text("UPDATE written SET n = n + 1"))
    while True:
        await asyncio.gather(*(store.write(work) for _ in range(4)))

asyncio.run(main())
"""
_TRANSACTION = 200


@contextmanager
def _writing(url: str) -> Iterator[None]:
    """Let another process write without a pause."""
    with subprocess.Popen([sys.executable, "-c", _WITHOUT_PAUSE, url]) as other:
        try:
            yield
        finally:
            other.kill()


@pytest.fixture
async def counter(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/turns.db"
    store = Store.open(url)
    await store.write(lambda one: one.execute(text("CREATE TABLE written (n INTEGER)")))
    await store.change(text("INSERT INTO written VALUES (0)"))
    await store.close()
    return url


def _count(connection: Connection) -> int:
    return int(connection.execute(text("SELECT n FROM written")).scalar_one())


async def test_who_waits_is_next_beside_a_process_that_writes_without_a_pause(
    counter: str,
) -> None:
    store = Store.open(counter)
    passed = list[int]()
    with _writing(counter):
        while await store.read(_count) == 0:
            pass
        for _ in range(40):
            before = await store.read(_count)
            passed.append((await store.write(_count) - before) // _TRANSACTION)
    await store.close()
    # Each of its transactions is of up to four pieces of work; SQLite alone lets hundreds pass.
    assert max(passed) <= 40, passed


async def test_a_lock_that_nobody_gives_back_is_told(counter: str) -> None:
    first, second = Store.open(counter), Store.open(counter)

    async def hold() -> None:
        def work(connection: Connection) -> None:
            with pytest.raises(StoreUnavailable):
                asyncio.run(_write(second))

        await first.write(work)

    await hold()
    assert await second.write(_count) == 0
    await first.close()
    await second.close()


async def _write(store: Store) -> None:
    await store.write(_count)
