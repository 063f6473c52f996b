"""Tests that open tickets are planned again, and notified, in a new year and by changed days."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.client import Client

from activities.replan import replanned
from audit.verdicts import judge
from domain.actors import SYSTEM, Actor, Role
from domain.commands.citizens.add_facts import AddFacts
from domain.commands.supervising.decide import Decide
from domain.commands.supervising.replan import Replan
from domain.commands.units.ask import Ask
from domain.commands.units.extend import Extend
from domain.deadlines.clocks import Clock
from domain.deadlines.registry import ClockName
from domain.facts.anytime import Replanned
from packs.registry import PackRegistry
from runtime.names import REPLAN_WORKFLOW, TICKETS
from store.db.engine import Store
from store.packs.archive import ArchivedPacks
from store.tickets import counted, outbox, tickets
from tests.support.cities import add_days, city_with
from tests.support.desk import CITIZEN, DISPATCHER, SUPERVISOR, Filed, file, officer
from tests.support.engine import Engine, platform

WATER = officer("water")
TODAY = date.today()  # noqa: DTZ011 - by whatever clock: the days around it are what matters
UNPUBLISHED = [2020]
PUBLISHED = list(range(2020, TODAY.year + 4))
FORTNIGHT = [TODAY + timedelta(days=n) for n in range(1, 15)]
"""Days that are off in one of the two calendars."""


def city(folder: Path, years: Sequence[int], off: Iterable[date] = ()) -> PackRegistry:
    """Return Tongzhou with five working days for everything, and only these holidays."""
    tiers = {tier: {"handle": "5wd"} for tier in ("general", "complex")}
    city_with(
        folder,
        calendar={"country": None, "years": list(years)},
        tiers=tiers,
        features={"ask_citizen": True},
        caps={"extensions": 2, "extension": "9wd"},
    )
    for day in off:
        add_days(folder / "tongzhou", [f"{day},no,放假,"])
    return PackRegistry(folder)


@asynccontextmanager
async def serving(client: Client, store: Store, packs: PackRegistry) -> AsyncIterator[Engine]:
    await ArchivedPacks(packs, store).keep_all()
    async with platform(client, store, packs, units=False) as engine:
        yield engine


def before(tmp_path: Path, off: Iterable[date] = ()) -> PackRegistry:
    """Return the pack before this year is published; `off`: the expected holidays."""
    near = [TODAY.year - 1] if off else UNPUBLISHED  # rows have to be near the published years
    return city(tmp_path / "before", near, off)


def after(tmp_path: Path, off: Iterable[date] = ()) -> PackRegistry:
    return city(tmp_path / "after", PUBLISHED, off)


async def replan(engine: Engine, by: Actor = SYSTEM) -> int:
    replans = replanned(engine.packs, engine.store, engine.client, "tongzhou", by)
    return sum([count async for count in replans])


async def handling(engine: Engine, ticket: Filed) -> Clock:
    return (await ticket.state(engine)).running(ClockName.HANDLE, 1)


async def notified(engine: Engine, ticket: Filed) -> list[tuple[str, str | None]]:
    """Return the audiences that are notified of the new plan."""
    await outbox.MailboxNotifier().deliver(engine.store, 100, datetime.now(UTC))
    messages = await outbox.messages(engine.store, ticket.number)
    return sorted((m.audience.value, m.unit) for m in messages if m.template == "replanned")


async def test_a_due_time_that_comes_later_is_told_to_the_unit_and_to_the_citizen(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    async with serving(client, sqlite_store, before(tmp_path)) as engine:
        ticket, _ = await file(client)
        was = await handling(engine, ticket)
        assert was.provisional
        [found] = await counted.by_calendar(engine.store, "tongzhou")
        assert found.versions == {was.calendar_version}
        assert await replan(engine) == 0  # nothing was published
    async with serving(client, sqlite_store, after(tmp_path, FORTNIGHT)) as engine:
        assert await replan(engine) == 1
        now = await handling(engine, ticket)
        assert now.due_at - was.due_at >= timedelta(days=10)
        assert (now.provisional, now.started_at, now.limit) == (False, was.started_at, "5wd")
        event = (await ticket.events(engine))[-1]
        assert isinstance(event.fact, Replanned)
        [moved] = [one for one in event.fact.moved if one.clock is ClockName.HANDLE]
        assert (moved.was, moved.due_at, moved.unit) == (was.due_at, now.due_at, "water")
        assert event.fact.calendar_version == now.calendar_version != was.calendar_version
        assert (event.fact.answer_later, event.actor) == (True, SYSTEM)
        assert await notified(engine, ticket) == [("citizen", None), ("officer", "water")]
        row = await tickets.get(engine.store, ticket.number)
        assert row is not None
        assert row.due_at == now.due_at

        # A second request is harmless: there is nothing left to plan.
        assert await replan(engine) == 0
        assert await ticket.refused(SYSTEM, Replan()) == "nothing_to_replan"
        assert (await ticket.kinds(engine)).count("replanned") == 1
        assert (await judge(client, engine.store, ticket.number)).agrees


async def test_one_that_comes_earlier_is_told_to_the_unit_alone(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    async with serving(client, sqlite_store, before(tmp_path, FORTNIGHT)) as engine:
        ticket, _ = await file(client)
        was = await handling(engine, ticket)
    async with serving(client, sqlite_store, after(tmp_path)) as engine:
        assert await replan(engine) == 1
        now = await handling(engine, ticket)
        assert datetime.now(UTC) < now.due_at < was.due_at
        assert await notified(engine, ticket) == [("officer", "water")]


async def test_what_stays_where_it_is_loses_its_mark_and_nobody_is_told(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    async with serving(client, sqlite_store, before(tmp_path)) as engine:
        ticket, _ = await file(client)
        was = await handling(engine, ticket)
    async with serving(client, sqlite_store, after(tmp_path)) as engine:
        worker = await client.execute_workflow(
            REPLAN_WORKFLOW, id=f"chore/replan-{ticket.number}", task_queue=TICKETS
        )
        assert worker == 1
        now = await handling(engine, ticket)
        assert (now.due_at, now.provisional) == (was.due_at, False)
        event = (await ticket.events(engine))[-1]
        assert isinstance(event.fact, Replanned)
        assert (event.fact.moved, event.fact.answer_later) == ([], False)
        assert await notified(engine, ticket) == []


async def test_a_clock_that_stands_still_is_planned_again_when_it_goes_on(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    async with serving(client, sqlite_store, before(tmp_path)) as engine:
        ticket, _ = await file(client)
        await ticket.act(WATER, Ask(question="请问在哪一段？"))
        was = await handling(engine, ticket)
    async with serving(client, sqlite_store, after(tmp_path, FORTNIGHT)) as engine:
        assert await replan(engine) == 0
        assert await ticket.refused(SUPERVISOR, Replan()) == "nothing_to_replan"
        await ticket.act(CITIZEN, AddFacts(text="桥东第二个排口"))
        now = await handling(engine, ticket)
        assert now.due_at - was.due_at >= timedelta(days=10)
        assert not now.provisional


async def test_an_extension_is_counted_from_the_due_time_as_it_is_by_now(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    async with serving(client, sqlite_store, before(tmp_path)) as engine:
        ticket, _ = await file(client)
        was = await handling(engine, ticket)
        await ticket.act(WATER, Extend(by="1wd", reason="等待材料"))
    async with serving(client, sqlite_store, after(tmp_path, FORTNIGHT)) as engine:
        await ticket.act(DISPATCHER, Decide(approve=True, reason="同意"))
        now = await handling(engine, ticket)
        assert now.limit == "5wd+1wd"
        assert now.due_at - was.due_at >= timedelta(days=11)
        assert not now.provisional


async def test_a_day_off_that_is_announced_late_reaches_open_tickets_and_can_be_taken_back(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    """The year was published long ago; then the Spring Festival is prolonged, by mistake."""
    published, prolonged = after(tmp_path), city(tmp_path / "late", PUBLISHED, FORTNIGHT)
    async with serving(client, sqlite_store, published) as engine:
        ticket, _ = await file(client)
        was = await handling(engine, ticket)
        assert not was.provisional
    async with serving(client, sqlite_store, prolonged) as engine:
        assert await replan(engine) == 1
        now = await handling(engine, ticket)
        assert now.due_at - was.due_at >= timedelta(days=10)
        event = (await ticket.events(engine))[-1]
        assert isinstance(event.fact, Replanned)
        assert event.fact.answer_later
        assert await notified(engine, ticket) == [("citizen", None), ("officer", "water")]
        row = await tickets.get(engine.store, ticket.number)
        assert row is not None
        assert row.due_at == now.due_at
        assert await replan(engine) == 0
        assert await ticket.refused(SUPERVISOR, Replan()) == "nothing_to_replan"
    async with serving(client, sqlite_store, published) as engine:
        assert await replan(engine) == 1
        again = await handling(engine, ticket)
        assert (again.due_at, again.rungs) == (was.due_at, was.rungs)
        assert (await ticket.kinds(engine)).count("replanned") == 2
        assert (await judge(client, engine.store, ticket.number)).agrees


async def test_a_ticket_whose_days_did_not_change_is_not_asked(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    later = [TODAY + timedelta(days=n) for n in range(90, 100)]
    async with serving(client, sqlite_store, after(tmp_path)) as engine:
        ticket, _ = await file(client)
        was = await ticket.state(engine)
        length = (await ticket.handle.describe()).history_length
    async with serving(client, sqlite_store, city(tmp_path / "l", PUBLISHED, later)) as engine:
        assert await replan(engine) == 0
        assert await ticket.state(engine) == was
        assert (await ticket.handle.describe()).history_length == length


async def test_a_pause_over_a_day_off_that_is_announced_late_ends_by_the_new_days(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    async with serving(client, sqlite_store, after(tmp_path)) as engine:
        ticket, _ = await file(client)
        await ticket.act(WATER, Ask(question="请问在哪一段？"))
        was = await handling(engine, ticket)
    async with serving(client, sqlite_store, after(tmp_path / "x", FORTNIGHT)) as engine:
        assert await replan(engine) == 0
        await ticket.act(CITIZEN, AddFacts(text="桥东第二个排口"))
        now = await handling(engine, ticket)
        assert now.due_at - was.due_at >= timedelta(days=10)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.DESK, Role.DISPATCHER, Role.AUDITOR])
async def test_only_the_system_and_supervisors_plan_again(
    client: Client, sqlite_store: Store, tmp_path: Path, role: Role
) -> None:
    async with serving(client, sqlite_store, before(tmp_path)):
        ticket, _ = await file(client)
        assert await ticket.refused(Actor(role=role, id="somebody"), Replan()) == "forbidden"


async def test_a_supervisor_may_have_one_ticket_planned_again(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    async with serving(client, sqlite_store, before(tmp_path)) as engine:
        ticket, _ = await file(client)
        assert await ticket.refused(SUPERVISOR, Replan()) == "nothing_to_replan"
    async with serving(client, sqlite_store, after(tmp_path, FORTNIGHT)) as engine:
        await ticket.act(SUPERVISOR, Replan())
        assert not (await handling(engine, ticket)).provisional
        assert (await ticket.events(engine))[-1].actor.role is Role.SUPERVISOR


async def test_a_ticket_of_a_year_that_was_taken_away_goes_on(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    """The pack it was accepted under published this year, and today's does not."""
    async with serving(client, sqlite_store, after(tmp_path)) as engine:
        ticket, _ = await file(client)
        assert not (await handling(engine, ticket)).provisional
    packs = before(tmp_path, FORTNIGHT)
    async with serving(client, sqlite_store, packs) as engine:
        await ticket.act(WATER, Extend(by="2wd", reason="等待材料"))
        await ticket.act(DISPATCHER, Decide(approve=True, reason="同意"))
        now = await handling(engine, ticket)
        assert now.limit == "5wd+2wd"
        assert not now.provisional  # its year stays published for earlier tickets
        assert await replan(engine) == 0
        new, _ = await file(client)
        assert (await handling(engine, new)).provisional
