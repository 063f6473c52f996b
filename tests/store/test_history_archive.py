"""Tests of the register of archived histories, on both databases."""

import asyncio
from datetime import UTC, datetime

import pytest

from store.db.engine import Store
from store.tickets import history_archive
from store.tickets.history_archive import ArchiveEntry
from store.tickets.numbers import new_number

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)


def _entry(number: str, key: str, version: int = 1) -> ArchiveEntry:
    return ArchiveEntry(key, number, version, frozenset({"run"}), "agrees", "", 1)


async def test_of_exports_at_once_one_is_kept(store: Store) -> None:
    number = new_number(NOW.date())
    keys = [f"{number}/{n}" for n in range(8)]
    for key in keys:
        await history_archive.enter(store, key, number, NOW)
    stayed = await asyncio.gather(
        *(history_archive.keep(store, _entry(number, key), key, NOW, final=False) for key in keys)
    )
    held = await history_archive.held(store, number)
    assert held is not None, "each gave up the object of the other"
    assert [key for key, stays in zip(keys, stayed, strict=True) if stays] == [held.key]
    assert set(await history_archive.given_up(store, NOW)) == {*keys} - {held.key}


async def test_an_export_after_another_takes_its_place(store: Store) -> None:
    number = new_number(NOW.date())
    for version in (1, 2):
        key = f"{number}/{version}"
        await history_archive.enter(store, key, number, NOW)
        entry = _entry(number, key, version)
        assert await history_archive.keep(store, entry, key, NOW, final=False)
    held = await history_archive.held(store, number)
    assert held is not None and (held.key, held.version) == (f"{number}/2", 2)


@pytest.mark.parametrize("faster", [1, 2])
async def test_a_slower_export_never_takes_the_place_of_a_faster_one(
    store: Store, faster: int
) -> None:
    """It may have read less than what was kept meanwhile, and been called complete."""
    number = new_number(NOW.date())
    for version in (1, 2):
        await history_archive.enter(store, f"{number}/{version}", number, NOW)
    for version in (faster, 3 - faster):
        key = f"{number}/{version}"
        entry = _entry(number, key, version)
        stays = await history_archive.keep(store, entry, key, NOW, final=False)
        assert stays is (version == faster)
    held = await history_archive.held(store, number)
    assert held is not None and held.version == faster
