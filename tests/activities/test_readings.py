"""Tests of the job that judges readings, where a city's pack cannot be read."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from sqlalchemy import select

from activities.readings import Readings
from packs.registry import PackError
from store.db.engine import Store
from store.db.sensor_tables import event
from store.sensors import book
from store.sensors.book import EventEntry, NewEvent

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


class Unreadable:
    """A registry with one city, whose pack has a fault."""

    def ids(self) -> list[str]:
        return ["huangpu"]

    def get(self, city: str) -> Any:
        raise PackError(Path(city), [])


async def test_events_wait_for_a_pack_that_cannot_be_read(store: Store) -> None:
    """They were set aside, one after another, and judged never."""
    new = NewEvent(
        key="ce-1", source="urn:gateway", id="1", device="d1", at=NOW, value=2.5, lat=None,
        lon=None, shape="", note="", digest="1",
    )  # fmt: skip
    await book.enter_all(store, [EventEntry("huangpu", "gateway", 1000, 1, [new], NOW)])
    nothing = cast(Any, None)
    job = Readings(cast(Any, Unreadable()), store, nothing, nothing, nothing, lambda: NOW)
    assert await job.judge_some() == 0
    [row] = await store.rows(select(event.c.judged_at, event.c.outcome))
    assert (row.judged_at, row.outcome) == (None, "")
