"""Tests that a ticket keeps the rules it was accepted under when its pack's folder changes."""

import asyncio
from pathlib import Path

from temporalio.client import Client

from packs.registry import PackRegistry
from store.db.engine import Store
from store.packs.archive import ArchivedPacks
from tests.support.cities import city_with
from tests.support.desk import file
from tests.support.engine import platform
from workers.serve import keep_packs


async def test_an_open_ticket_goes_on_under_its_own_version(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    began = city_with(tmp_path / "before", tiers={"complex": {"handle": "30d"}})
    await keep_packs(ArchivedPacks(began, sqlite_store))
    async with platform(client, sqlite_store, began, units=False) as engine:
        old, _ = await file(client)
        version = (await old.state(engine)).rules
    changed: PackRegistry = city_with(
        tmp_path / "after",
        tiers={"complex": {"handle": "2d"}},
        severity={"urges": 1, "escalate_at": 1},
        limits={"rate": "9d"},
    )
    async with platform(client, sqlite_store, changed) as engine:
        await old.complete()
        await old.until_stage("rate")
        [rate] = [c for c in (await old.state(engine)).clocks if c.name == "rate"]
        assert rate.limit == "7d"
        new, _ = await file(client)
        await new.complete()
        await new.until_stage("rate")
        [rate] = [c for c in (await new.state(engine)).clocks if c.name == "rate"]
        assert rate.limit == "9d"
        assert (await old.state(engine)).rules == version
        assert (await new.state(engine)).rules != version


async def test_a_store_that_is_away_is_asked_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'nowhere' / 'jiesu.db'}"
    store = Store.open(url)
    keeping = asyncio.create_task(keep_packs(ArchivedPacks(city_with(tmp_path / "c"), store)))
    done, _ = await asyncio.wait({keeping}, timeout=1)
    assert not done
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    await store.close()
