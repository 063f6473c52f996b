"""What reaches too far is refused at once, rather than asked about for ever."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio.client import Client

from domain.actors import Actor
from domain.acts import Command
from domain.commands.joint import Call, Delegate, Whistle
from domain.commands.supervising import Appoint
from store.engine import Store
from tests.support.cities import city_with
from tests.support.desk import DESK, file, officer
from tests.support.engine import Engine, platform

WATER = officer("water")
YEARS = "900wd"
"""Working days beyond every calendar that is published."""


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
    ("actor", "command"),
    [
        (
            WATER,
            Whistle(
                ground="emergency",
                reason="请来",
                units=[Call(unit="health", task="消杀", limit=YEARS)],
            ),
        ),
        (WATER, Delegate(unit="river-station", task="清淤", limit=YEARS)),
        (DESK, Appoint(starts_at=datetime.max.replace(tzinfo=UTC))),
    ],
)
async def test_what_no_calendar_reaches_is_refused(
    town: Engine, actor: Actor, command: Command
) -> None:
    ticket, _ = await file(town.client)
    async with asyncio.timeout(20):
        assert await ticket.refused(actor, command) == "calendar_not_published"
