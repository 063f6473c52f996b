"""Tests that data is erased automatically when its city's retention limits have passed."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError
from sqlalchemy import select
from temporalio.testing import ActivityEnvironment

from activities.retention import RetentionActivities, apply_retention
from domain.pack.policies import Retention as Rule
from domain.ticket.erasure import GONE
from packs.registry import PackRegistry
from store.db import tables
from store.db.engine import Store
from store.grid import diaries
from store.grid.diaries import DiaryRow
from store.patrols import walks
from store.secrets.key_ring import KeyRing
from store.secrets.ticket_keys import TicketKeys, erased_at
from store.secrets.vault import Person, Vault
from store.tickets import intake, tickets
from store.tickets.numbers import new_number
from store.tickets.projector import Projector
from tests.store.stories import START, Story, complaint
from tests.support.cities import SHIPPED, city_with
from tests.support.patrols import honest, open_round

RING = KeyRing.of(b"k" * 32)
DAY = timedelta(days=1)


def _packs(folder: Path, **retention: str) -> PackRegistry:
    return city_with(folder, retention=retention)


async def _ended(store: Store, person: str | None = None) -> str:
    """Return the number of a citizen's ticket that has ended."""
    new_complaint = complaint(city="tongzhou", person=person)
    registered = await intake.register(
        store,
        new_complaint,
        None if person else Person(name="王小明", phone="13812345678"),
        Vault(RING),
        None,
        "f",
        lambda: new_number(START.date()),
        TicketKeys(store, RING),
    )
    story, projector = Story(registered.complaint), Projector(store)
    for projection in story.whole():
        await projector.project(projection)
    await projector.close()
    return registered.number


async def _end(store: Store, number: str) -> datetime:
    row = await tickets.get(store, number)
    assert row is not None
    assert row.ended_at is not None
    return row.ended_at


async def _persons(store: Store) -> int:
    return len(await store.rows(select(tables.person)))


async def _apply(packs: PackRegistry, store: Store, now: datetime) -> int:
    return sum([count async for count in apply_retention(packs, store, now)])


async def test_citizens_go_first_and_words_later(store: Store, tmp_path: Path) -> None:
    packs = _packs(tmp_path, persons="10d", texts="30d")
    number = await _ended(store)
    end = await _end(store, number)
    assert await _apply(packs, store, end + 9 * DAY) == 0
    assert await _apply(packs, store, end + 11 * DAY) == 1
    assert await _persons(store) == 0
    assert await erased_at(store, number) is None
    assert await _apply(packs, store, end + 11 * DAY) == 0
    now = end + 31 * DAY
    assert await _apply(packs, store, now) == 1
    assert await erased_at(store, number) == now
    state = await tickets.state(store, number)
    assert state is not None
    assert state.complaint.text == GONE
    assert await _apply(packs, store, now) == 0


async def test_a_citizen_with_an_open_ticket_stays(store: Store, tmp_path: Path) -> None:
    packs = _packs(tmp_path, persons="10d")
    number = await _ended(store)
    entry = await intake.get(store, number)
    assert entry is not None
    follower = complaint(city="tongzhou", person=entry.complaint.person)
    projector = Projector(store)
    await projector.project(Story(follower).accepted())
    await projector.close()
    assert await _apply(packs, store, await _end(store, number) + 99 * DAY) == 0
    assert await _persons(store) == 1


async def test_a_city_that_says_nothing_keeps_everything(store: Store, tmp_path: Path) -> None:
    number = await _ended(store)
    packs = _packs(tmp_path)
    assert await _apply(packs, store, await _end(store, number) + 9999 * DAY) == 0
    assert await _persons(store) == 1


async def test_a_contact_that_no_ticket_has_goes_after_a_week(store: Store, tmp_path: Path) -> None:
    """It was left, and nobody knows whether the ticket took it."""
    packs, vault = _packs(tmp_path), Vault(RING)
    await _ended(store)
    waiting = complaint(city="tongzhou")
    known = Person(name="王小明", phone="13812345678")
    await intake.register(
        store, waiting, known, vault, None, "f", lambda: new_number(START.date()), None
    )
    now = datetime.now(UTC)
    await intake.keep_person(store, vault, "0" * 32, known, now)
    assert await _persons(store) == 3
    assert await _apply(packs, store, now + 6 * DAY) == 0
    assert await _apply(packs, store, now + 8 * DAY) == 1
    assert await intake.person_of(store, vault, "0" * 32) is None
    assert await _persons(store) == 2, "of the ended ticket, and of the one that waits"


async def test_the_job_erases_what_is_due(sqlite_store: Store, tmp_path: Path) -> None:
    await _ended(sqlite_store)
    packs = _packs(tmp_path, persons="1s", texts="1s")
    assert await ActivityEnvironment().run(RetentionActivities(packs, sqlite_store).apply) == 2
    assert datetime.now(UTC) > START


async def test_diaries_go_after_the_city_s_time_though_nobody_writes_another(
    sqlite_store: Store, tmp_path: Path
) -> None:
    packs, now = city_with(tmp_path, grid={"diary_days": 90}), datetime.now(UTC)
    for age in (1, 91):
        written = now - age * DAY
        row = DiaryRow(f"d{age}", "tongzhou", "110112001", "a1", written, "水压低。", False)
        await diaries.keep(sqlite_store, RING, row)
    await _apply(packs, sqlite_store, now)
    left = await diaries.within(sqlite_store, RING, "tongzhou", "110112", now - 365 * DAY, 9)
    assert [one.id for one in left] == ["d1"]


async def test_stamps_of_patrols_go_after_a_year_and_those_of_today_stay(
    sqlite_store: Store,
) -> None:
    now, routes = datetime.now(UTC), SHIPPED.get("jinan").patrols.routes
    made = [
        await open_round(sqlite_store, "jinan", routes[0], now, days_ago=days) for days in (370, 0)
    ]
    patrols = SHIPPED.get("jinan").patrols
    first = honest(routes[0], now)[0]
    for of in made:
        heard = await walks.stamp(sqlite_store, of.id, patrols, [first], "walker")
        assert [one.code for one in heard] == [None]
    await _apply(SHIPPED, sqlite_store, now)
    old, new = [await walks.walked(sqlite_store, of.id) for of in made]
    assert (len(old), len(new)) == (0, 1)


@pytest.mark.parametrize("limit", ["5wd", "4wh", "soon", ""])
def test_data_is_kept_for_a_time_of_the_calendar(limit: str) -> None:
    with pytest.raises(ValidationError):
        Rule.model_validate({"persons": limit})
