"""Tests of limits beyond any published calendar: they get a plan, or a refusal."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio.client import Client

from domain.commands.joint.delegate import Delegate
from domain.commands.joint.whistle import Call, Whistle
from domain.commands.supervising.appoint import Appoint
from domain.deadlines.registry import ClockName
from domain.messages import Command
from store.db.engine import Store
from tests.support.cities import city_with
from tests.support.desk import DESK, file, officer
from tests.support.engine import Engine, platform

WATER = officer("water")
YEARS = "900wd"
"""A limit in working days beyond every published calendar."""


@pytest.fixture
async def town(client: Client, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Engine]:
    packs = city_with(
        tmp_path / "cities",
        caps={"delegations": 1},
        features={"appoint": True},
        limits={"appointment": "1d"},
    )
    async with platform(client, sqlite_store, packs) as running:
        yield running


@pytest.mark.parametrize(
    ("command", "unit"),
    [
        (
            Whistle(
                ground="emergency",
                reason="请来",
                units=[Call(unit="health", task="消杀", limit=YEARS)],
            ),
            "health",
        ),
        (Delegate(unit="river-station", task="清淤", limit=YEARS), "river-station"),
    ],
)
async def test_a_limit_beyond_every_published_year_is_no_later_than_what_it_is_part_of(
    town: Engine, command: Command, unit: str
) -> None:
    ticket, _ = await file(town.client)
    async with asyncio.timeout(60):
        await ticket.act(WATER, command)
        state = await ticket.state(town)
    own = next(share for share in state.opened if share.unit == unit)
    lead = state.running(ClockName.HANDLE, 1)
    assert state.running(ClockName.HANDLE, own.n).due_at == lead.due_at


async def test_a_moment_beyond_the_last_year_there_is_is_refused(town: Engine) -> None:
    ticket, _ = await file(town.client)
    command = Appoint(starts_at=datetime.max.replace(tzinfo=UTC))
    async with asyncio.timeout(60):
        assert await ticket.refused(DESK, command) == "too_far"
