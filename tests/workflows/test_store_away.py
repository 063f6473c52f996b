"""The store goes away: tickets go on, and the record follows when it is back."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from temporalio.client import Client

from audit.verdicts import judge
from domain.commands.units import Contact, Sign
from domain.plans import Projection
from runtime.codec import TicketCodec
from runtime.engine import encrypting, with_converter
from runtime.names import UNITS
from store import tickets
from store.engine import Store
from store.errors import StoreUnavailable
from store.objects import Objects
from store.packs import PackShelf, default_root
from store.projector import Projector
from store.ticket_keys import TicketKeys
from tests.support.desk import Filed, file, officer
from tests.support.engine import (
    RING,
    Engine,
    LateKeys,
    end_leftovers,
    furnish,
    platform,
    working,
)
from workers.factory import Hands, ticket_worker, unit_worker


class Flaky(Projector):
    """The real projector, behind a switch: off is what a database that is away looks like."""

    away = False

    async def project(self, projection: Projection) -> None:
        if self.away:
            raise StoreUnavailable("switched off")
        await super().project(projection)


@pytest.fixture
async def flaky(client: Client, sqlite_store: Store) -> AsyncIterator[tuple[Engine, Flaky]]:
    projector = Flaky(sqlite_store)
    keys = furnish(client, sqlite_store)
    packs, objects = PackShelf(default_root()), Objects.open("memory:")
    hands = Hands(client, sqlite_store, packs, projector, keys, objects)
    async with working(ticket_worker(hands)), working(unit_worker(client, UNITS)):
        yield Engine(client, sqlite_store, hands.packs), projector
    await end_leftovers(client)
    await projector.close()


async def test_officers_work_on_while_the_store_is_away(
    flaky: tuple[Engine, Flaky],
) -> None:
    engine, projector = flaky
    ticket, _ = await file(engine.client)
    projector.away = True
    at = await ticket.by_unit(Sign())  # answered by the workflow, not by the record
    assert at.version == 4
    await ticket.by_unit(Contact())
    assert len(await tickets.events(engine.store, ticket.number)) == 3
    projector.away = False
    await ticket.complete()
    await ticket.until_stage("rate")
    await ticket.rate(5)
    assert (await asyncio.wait_for(ticket.handle.result(), 30)).outcome == "closed"
    verdict = await judge(engine.client, engine.store, ticket.number)
    assert verdict.agrees, verdict
    assert len(await tickets.events(engine.store, ticket.number)) == 9


async def test_a_ticket_whose_key_cannot_be_fetched_waits_for_it(
    client: Client, sqlite_store: Store
) -> None:
    """A worker that starts while the store is away has no keys, and loses nothing by it."""
    async with platform(client, sqlite_store) as engine:
        ticket, _ = await file(client)
        codec = client.data_converter.payload_codec
        assert isinstance(codec, TicketCodec)
        assert isinstance(codec.keys, LateKeys)
        fetched, codec.keys.keys = codec.keys.keys, None
        desk = with_converter(client, encrypting(TicketKeys(sqlite_store, RING)))
        signing = asyncio.create_task(Filed(desk, ticket.number).act(officer("water"), Sign()))
        await asyncio.sleep(0.5)
        assert not signing.done()
        codec.keys.keys = fetched
        assert (await asyncio.wait_for(signing, 30)).version == 4
        verdict = await judge(desk, engine.store, ticket.number)
        assert verdict.agrees, verdict


async def test_a_ticket_filed_while_the_store_is_away_is_recorded_later(
    flaky: tuple[Engine, Flaky],
) -> None:
    engine, projector = flaky
    projector.away = True
    ticket, receipt = await file(engine.client)
    assert receipt.stage == "handle"
    assert await tickets.get(engine.store, ticket.number) is None
    projector.away = False
    async with asyncio.timeout(30):
        while await tickets.get(engine.store, ticket.number) is None:
            await asyncio.sleep(0.1)
