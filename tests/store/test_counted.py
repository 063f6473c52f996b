"""Tests that tickets are found by the calendars that their due times were counted with."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from domain.deadlines.clocks import Clock
from packs.registry import PackRegistry
from store.db import schema
from store.db.engine import Store
from store.packs import calendars
from store.packs.archive import ArchivedPacks
from store.tickets import counted
from tests.packs.pack_folders import full_pack, replace
from tests.store.stories import START, Story, complaint, project
from tests.store.test_schema import downgrade


async def _planned(store: Store, *versions: str, city: str = "demo", paused: bool = False) -> str:
    """Write a ticket planned with these calendars; return its number."""
    story = Story(complaint(city=city))
    life = [story.accepted(), story.classified(), story.assigned()]
    running: list[Clock] = [clock for clock in life[-1].ticket.clocks if clock.running]
    for clock, version in zip(running, versions, strict=False):
        clock.calendar_version = version
        clock.paused_at = story.at if paused else None
    await project(store, life)
    return story.number


async def _numbers(store: Store, city: str, *versions: str) -> set[str]:
    found = [one for one in await counted.by_calendar(store, city) if one.versions == set(versions)]
    return {
        ticket.complaint.number
        for one in found
        async for ticket in counted.states(store, one, one.since, one.until)
    }


async def test_tickets_are_found_by_city_and_calendar(store: Store) -> None:
    one, two = await _planned(store, "2026a"), await _planned(store, "2026a")
    both = await _planned(store, "2026b", "2026a")
    elsewhere = await _planned(store, "2026a", city="elsewhere")
    await _planned(store)
    await _planned(store, "2026a", paused=True)  # planned again when it resumes
    names = [one.versions for one in await counted.by_calendar(store, "demo")]
    assert names == [{"2026a"}, {"2026a", "2026b"}]
    assert await _numbers(store, "demo", "2026a") == {one, two}
    assert await _numbers(store, "demo", "2026a", "2026b") == {both}
    assert await _numbers(store, "elsewhere", "2026a") == {elsewhere}
    assert await counted.by_calendar(store, "nowhere") == []


async def test_what_has_ended_is_not_planned_again(store: Store) -> None:
    story = Story()
    life = [story.accepted()]
    life[-1].ticket.clocks[0].calendar_version = "2026a"
    await project(store, life)
    assert len(await counted.by_calendar(store, "demo")) == 1
    await project(store, [story.answered()])
    assert await counted.by_calendar(store, "demo") == []


async def test_only_tickets_that_count_a_day_of_the_span_are_read(store: Store) -> None:
    number = await _planned(store, "2026a")
    [found] = await counted.by_calendar(store, "demo")
    for since, until, numbers in [
        (found.until, found.until + timedelta(days=1), [number]),
        (found.until + timedelta(seconds=1), found.until + timedelta(days=1), []),
        (found.since - timedelta(days=1), found.since, []),
    ]:
        read = [one async for one in counted.states(store, found, since, until)]
        assert [one.complaint.number for one in read] == numbers


async def test_a_calendar_is_kept_as_it_was(sqlite_store: Store, tmp_path: Path) -> None:
    folder = full_pack(tmp_path)
    before = PackRegistry(folder.parent)
    archived_packs = ArchivedPacks(before, sqlite_store)
    calendar = before.get("example").calendar
    assert await archived_packs.calendar(calendar.version) is None
    await archived_packs.keep_all()
    await archived_packs.keep_all()
    text_ = (folder / "city.toml").read_text(encoding="utf-8")
    hours = next(line for line in text_.splitlines() if line.startswith("hours = "))
    replace(folder / "city.toml", hours, 'hours = ["08:00-12:00"]')
    after = ArchivedPacks(PackRegistry(folder.parent), sqlite_store)
    assert await after.calendar(calendar.version) == calendar
    assert await calendars.recall(sqlite_store, "000000000000") is None
    # Also the calendar combined from an older version and today's.
    pack = await after.of("example", before.get("example").version)
    assert await after.calendar(pack.calendar.version) == pack.calendar


async def test_the_tables_can_be_undone_and_made_again(store_url: str) -> None:
    store = Store.open(store_url)
    await _planned(store, "2026a")
    found = await counted.by_calendar(store, "demo")
    assert len(found) == 1
    await store.write(downgrade("0012"))
    await store.close()
    await schema.upgrade(store_url)
    store = Store.open(store_url)
    # Those of open tickets are filled from their states: they may not be projected for months.
    assert await counted.by_calendar(store, "demo") == found
    later = START + timedelta(days=1)
    await store.change(
        text("INSERT INTO calendar (version, document, first_seen_at) VALUES ('x', '{}', :at)"),
        {"at": later},
    )
    await store.close()
