"""Tests that a simulated history is what the real recording would have written."""

import json
import shutil
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from demo.history.arrivals import groups
from demo.history.filling import HistoryFilling, NotSimulated, fill
from demo.history.making import DayMaker, DayNumbers, GroupMaking, MadeDay, lot_of
from domain.activity_io import Projection
from domain.events import Event
from domain.pack.periods import Period
from domain.policy.record import record
from domain.ticket.complaint import Complaint
from domain.ticket.ticket import Ticket
from packs.registry import PackRegistry, default_root
from store.db import tables
from store.db.engine import Store, default_url
from store.db.search_tables import document
from store.reporting.figures import figures
from store.secrets.key_ring import KeyRing
from store.secrets.vault import Vault
from store.tickets import simulated
from store.tickets.projector import Projector
from tests.store.stories import Story, complaint, project

CITIES = ("heping", "huangpu", "jinan", "langfang", "tongzhou")
TO_THE_MINUTE = ("heping", "jinan", "langfang")
"""Their clocks say in words when a revisit is due, so that every life writes something else."""
UNTIL = date(2026, 9, 1)
REGISTRY = PackRegistry(default_root())


def nothing(_: int) -> None:
    pass


async def filled(
    store: Store, city: str = "tongzhou", seed: int = 1, count: int = 60
) -> HistoryFilling:
    filling = HistoryFilling(city, count, 4, seed, UNTIL)
    await fill(store, Vault(KeyRing({1: bytes(32)})), REGISTRY, default_root(), filling, nothing)
    return filling


async def rows(store: Store, table: Any, *but: str) -> list[dict[str, Any]]:
    keys = list(table.primary_key)
    found = await store.rows(select(table).order_by(*keys))
    return [
        {str(name): value for name, value in row._mapping.items() if name not in but}
        for row in found
    ]


@pytest.fixture
async def empty_store(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Store]:
    """Provide another store, on SQLite."""
    (tmp_path / "other").mkdir()
    shutil.copy(sqlite_template, tmp_path / "other" / "jiesu.db")
    opened = Store.open(default_url(tmp_path / "other"))
    yield opened
    await opened.close()


async def recorded_again(store: Store, other: Store) -> None:
    """Write the events of every ticket in `store` into `other` by the projector, one by one."""
    projector = Projector(other)
    for number in await numbers(store):
        ticket, events = await begun(store, number)
        for event in events:
            record(ticket, event.fact, event.actor, event.at)
            told = simulated.projection_of(event.version)
            copy = ticket.model_copy(deep=True)
            await projector.project(Projection(ticket=copy, events=[event], told=told))
    await projector.close()


async def numbers(store: Store) -> list[str]:
    column = tables.ticket.c.number
    return [row.number for row in await store.rows(select(column).order_by(column))]


async def begun(store: Store, number: str) -> tuple[Ticket, list[Event]]:
    """Return a ticket as it begins, and its events as the store has them."""
    which = tables.intake.c.number == number
    filed = await store.first(select(tables.intake.c.complaint).where(which))
    assert filed is not None
    found = await store.rows(
        select(tables.event).where(tables.event.c.number == number).order_by(tables.event.c.version)
    )
    events = [
        Event.model_validate(
            {
                "number": one.number,
                "version": one.version,
                "at": one.at,
                "stage": one.stage,
                "actor": {"role": one.role, "id": one.actor, "unit": one.unit},
                "fact": json.loads(one.fact),
            }
        )
        for one in found
    ]
    return Ticket.of(Complaint.model_validate_json(filed.complaint)), events


async def stored(store: Store, number: str) -> Ticket:
    row = await store.first(select(tables.ticket.c.state).where(tables.ticket.c.number == number))
    assert row is not None
    return Ticket.model_validate_json(row.state)


async def test_the_projector_writes_the_same_rows(store: Store, empty_store: Store) -> None:
    await filled(store)
    await recorded_again(store, empty_store)
    for table in (tables.ticket, tables.assignment, tables.event):
        assert await rows(store, table) == await rows(empty_store, table)
    ours = sorted(await rows(store, document, "id"), key=lambda one: one["number"])
    theirs = sorted(await rows(empty_store, document, "id"), key=lambda one: one["number"])
    assert ours == theirs


@pytest.mark.parametrize("city", CITIES)
def test_a_mould_gives_what_a_life_of_its_own_gives(city: str) -> None:
    """Of tickets filed within minutes of each other not all are lived."""
    pack = REGISTRY.get(city)
    history = HistoryFilling(city, 100_000, 1, 3, UNTIL).history(pack)
    maker = DayMaker(pack, REGISTRY, history)
    day = date(2026, 5, 12)
    compared = few = 0
    for group in list(groups(pack, "3", day, 4000, []))[:14]:
        if group.merged:
            continue
        made = MadeDay()
        one = GroupMaking(maker, group, made, DayNumbers(day, iter(range(500_000, 900_000))))
        one.make()
        of_mould = {row["number"]: row for row in made.rows.ticket}
        for n in (0, len(group.offsets) // 2, len(group.offsets) - 1):
            identity = one.identities[n]
            alone = maker.live(group, identity, group.offsets[n])[1].rows
            assert alone.ticket == [of_mould[identity.number]]
            for table in ("intake", "assignment", "event"):
                mine = [r for r in getattr(made.rows, table) if r["number"] == identity.number]
                assert getattr(alone, table) == mine
            said = [d for d in made.rows.documents if d[0]["number"] == identity.number]
            assert alone.documents == said
            compared += 1
        few += made.lived < len(group.offsets)
    assert compared > 20
    assert few or city in TO_THE_MINUTE


async def test_the_same_seed_gives_the_same_store(store: Store, empty_store: Store) -> None:
    await filled(store)
    await filled(empty_store)
    for table in (tables.intake, tables.ticket, tables.assignment, tables.event, document):
        assert await rows(store, table) == await rows(empty_store, table)
    ids = await rows(store, tables.person, "sealed", "phone_hash")
    assert ids == await rows(empty_store, tables.person, "sealed", "phone_hash")


@pytest.mark.parametrize("city", CITIES)
async def test_every_event_replays_to_the_state_that_is_stored(
    sqlite_store: Store, city: str
) -> None:
    await filled(sqlite_store, city, count=80)
    for number in await numbers(sqlite_store):
        ticket, events = await begun(sqlite_store, number)
        for event in events:
            assert record(ticket, event.fact, event.actor, event.at) == event
        assert ticket == await stored(sqlite_store, number)
    outcomes = Counter(r.outcome for r in await sqlite_store.rows(select(tables.ticket.c.outcome)))
    assert outcomes["closed"] > outcomes["unrated"] > 0


async def test_figures_count_it(sqlite_store: Store) -> None:
    filling = await filled(sqlite_store, count=200)
    pack = REGISTRY.get("tongzhou")
    end = datetime(2026, 9, 1, tzinfo=UTC)
    period = Period(end - timedelta(days=130), end)
    counted = await figures(sqlite_store, pack, period, as_of=end)
    assert counted is not None
    assert filling.first < UNTIL


async def test_real_tickets_keep_it_away(store: Store) -> None:
    await project(store, Story(complaint()).whole())
    with pytest.raises(NotSimulated) as refused:
        await filled(store)
    assert refused.value.code == "real_tickets"
    assert not await simulated.simulations(store)


async def test_a_history_is_written_once_and_another_beside_it(store: Store) -> None:
    await filled(store, count=10)
    with pytest.raises(NotSimulated) as refused:
        await filled(store, count=10)
    assert refused.value.code == "simulated_already"
    await filled(store, "huangpu", count=10)
    assert await simulated.simulated_cities(store) == {"tongzhou", "huangpu"}


async def test_nobody_is_told_anything(store: Store) -> None:
    await filled(store, count=30)
    assert not await store.rows(select(tables.outbox.c.key))


def test_a_busy_day_has_a_number_for_every_ticket() -> None:
    """Tickets of a group have lots of one class; there are enough numbers of the rarest."""
    numbers = DayNumbers(date(2026, 5, 12), iter(range(3 * 3000 + 1000)))
    drawn = []
    for _ in range(3000 // 25):
        first = numbers.next()
        drawn += [first, *(numbers.next(lot_of(first)) for _ in range(24))]
    assert len(set(drawn)) == 3000
