"""Tests of the access-code throttle: after ten wrong codes in ten minutes there is a pause."""

import asyncio
from datetime import timedelta

from sqlalchemy import select

from store.db import tables
from store.db.engine import Store
from store.identity.attempts import count_wrong, too_many
from tests.store.stories import START

MINUTE = timedelta(minutes=1)


async def test_ten_wrong_codes_are_too_many(store: Store) -> None:
    for second in range(10):
        assert not await too_many(store, "k", START)
        await count_wrong(store, "k", START + timedelta(seconds=second))
    assert await too_many(store, "k", START + MINUTE)
    assert not await too_many(store, "other", START + MINUTE)


async def test_the_pause_ends(store: Store) -> None:
    for _ in range(10):
        await count_wrong(store, "k", START)
    assert await too_many(store, "k", START + 9 * MINUTE)
    assert not await too_many(store, "k", START + 10 * MINUTE)


async def test_the_window_slides(store: Store) -> None:
    for minute in range(12):
        await count_wrong(store, "k", START + minute * MINUTE)
    assert await too_many(store, "k", START + 11 * MINUTE)
    assert not await too_many(store, "k", START + 13 * MINUTE)
    assert await too_many(store, "k", START + 13 * MINUTE, limit=3)
    assert await too_many(store, "k", START + 13 * MINUTE, window=timedelta(hours=1))


async def test_counting_at_the_same_time_loses_none(store: Store) -> None:
    await asyncio.gather(*(count_wrong(store, "k", START) for _ in range(10)))
    assert await too_many(store, "k", START)


async def test_old_counts_are_forgotten(store: Store) -> None:
    await count_wrong(store, "old", START)
    await count_wrong(store, "new", START + timedelta(days=2))
    assert len(await store.rows(select(tables.attempt))) == 1
