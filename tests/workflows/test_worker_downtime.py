"""Tests that clocks due while no worker ran are recorded afterwards, before any other event."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio.client import Client

from domain.commands.units.sign import Sign
from domain.deadlines.registry import ClockName
from domain.facts.anytime import LevelReached
from domain.ticket.assignment import HandlingResult
from packs.registry import PackRegistry
from runtime.engine import waiting_work
from store.db.engine import Store
from tests.support.cities import city_with
from tests.support.desk import Filed, complaint, file, officer
from tests.support.engine import Engine, platform

LAMP = "0302"


@pytest.fixture
def hasty(tmp_path: Path) -> PackRegistry:
    """Return packs with three seconds to sign and four to handle."""
    return city_with(
        tmp_path / "cities",
        tiers={"general": {"sign": "3s", "contact": "3s", "handle": "4s", "meet": "2s"}},
        joint={"sign": "1s", "contact": "1s", "meet": "1s"},
    )


async def _after_due(ticket: Filed, engine: Engine, name: ClockName) -> None:
    """Wait until the clock is due: without a worker the timers of a ticket do not fire."""
    due_at = next(c.due_at for c in (await ticket.state(engine)).clocks if c.name is name)
    await asyncio.sleep(max((due_at - datetime.now(UTC)).total_seconds(), 0) + 0.3)


async def _story(ticket: Filed, engine: Engine) -> list[str]:
    facts = [event.fact for event in await ticket.events(engine)]
    return [
        f"{fact.clock} {fact.rung}" if isinstance(fact, LevelReached) else fact.kind
        for fact in facts
    ]


async def test_a_late_result_does_not_hide_that_it_was_late(
    client: Client, sqlite_store: Store, hasty: PackRegistry
) -> None:
    async with platform(client, sqlite_store, hasty) as engine:
        ticket, _ = await file(client, complaint(category=LAMP))
        await ticket.until_stage("handle")
        await ticket.by_unit(Sign())
        lead = (await ticket.state(engine)).lead
        assert lead is not None
    await _after_due(ticket, engine, ClockName.HANDLE)
    result = HandlingResult(reply="已办理。", at=datetime.now(UTC))
    await waiting_work(client, ticket.number, lead.activity_id).complete(result)
    async with platform(client, sqlite_store, hasty) as engine:
        await ticket.until_projected(engine, "rate", within=60)
        story = await _story(ticket, engine)
        assert story.index("handle due") < story.index("handled")
        assert (await ticket.state(engine)).stage == "rate"


async def test_a_late_command_does_not_hide_that_it_was_late(
    client: Client, sqlite_store: Store, hasty: PackRegistry
) -> None:
    async with platform(client, sqlite_store, hasty) as engine:
        ticket, _ = await file(client, complaint(category=LAMP))
        unit = (await ticket.until_stage("handle")).unit or ""
    await _after_due(ticket, engine, ClockName.SIGN)
    signing = asyncio.create_task(ticket.act(officer(unit), Sign()))
    await asyncio.sleep(0.3)
    async with platform(client, sqlite_store, hasty) as engine:
        await signing
        await ticket.until_kind(engine, "signed", within=60)
        story = await _story(ticket, engine)
        assert story.index("sign due") < story.index("signed")
