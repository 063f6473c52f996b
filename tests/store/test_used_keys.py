"""Tests of the keys that requests were sent with."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from store.db.engine import Store
from store.db.errors import KeyReused
from store.tickets import used_keys

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)


async def test_a_key_stands_for_one_content_until_it_is_free(store: Store) -> None:
    assert await used_keys.use(store, "k", "one", NOW)
    assert not await used_keys.use(store, "k", "one", NOW), "the same again is no other"
    with pytest.raises(KeyReused):
        await used_keys.use(store, "k", "other", NOW)
    assert await used_keys.use(store, "another", "other", NOW)
    await used_keys.free(store, "k")
    assert await used_keys.use(store, "k", "other", NOW)


async def test_of_many_at_once_one_content_wins(store: Store) -> None:
    tries = [used_keys.use(store, "k", f"content {n}", NOW) for n in range(8)]
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert [one for one in done if one is True] == [True]
    assert sum(isinstance(one, KeyReused) for one in done) == 7


async def test_an_old_key_is_forgotten(store: Store) -> None:
    await used_keys.use(store, "old", "one", NOW)
    later = NOW + used_keys.RETENTION + timedelta(seconds=1)
    await used_keys.use(store, "new", "one", later)
    assert await used_keys.use(store, "old", "other", later)
