"""Tests that tickets continue while the store is away, and that the record catches up."""

import asyncio

from temporalio.client import Client

from audit.verdicts import judge
from domain.commands.units.contact import Contact
from domain.commands.units.sign import Sign
from domain.facts.anytime import ResultOvertaken
from domain.facts.closing import RatingRefused
from runtime.codec import TicketCodec
from runtime.engine import encrypting, with_converter
from store.db.engine import Store
from store.secrets.ticket_keys import TicketKeys
from store.tickets import tickets
from tests.golden.scenarios import heard_at_the_end
from tests.support.desk import Filed, file, officer
from tests.support.engine import (
    RING,
    Engine,
    LateKeys,
    platform,
)


async def test_officers_work_on_while_the_store_is_away(engine: Engine) -> None:
    ticket, _ = await file(engine.client)
    engine.projector.away = True
    at = await ticket.by_unit(Sign())  # answered by the workflow, not by the record
    assert at.version == 4
    await ticket.by_unit(Contact())
    assert len(await tickets.events(engine.store, ticket.number)) == 3
    engine.projector.away = False
    await ticket.complete()
    await ticket.until_stage("rate")
    await ticket.rate(5)
    assert (await asyncio.wait_for(ticket.handle.result(), 60)).outcome == "closed"
    verdict = await judge(engine.client, engine.store, ticket.number)
    assert verdict.agrees, verdict
    assert len(await tickets.events(engine.store, ticket.number)) == 9


async def test_a_ticket_whose_key_cannot_be_fetched_waits_for_it(
    client: Client, sqlite_store: Store
) -> None:
    """A worker that starts while the store is away waits for keys, and loses nothing by it."""
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
        assert (await asyncio.wait_for(signing, 60)).version == 4
        verdict = await judge(desk, engine.store, ticket.number)
        assert verdict.agrees, verdict


async def test_a_ticket_filed_while_the_store_is_away_is_recorded_later(engine: Engine) -> None:
    engine.projector.away = True
    ticket, receipt = await file(engine.client)
    assert receipt.stage == "handle"
    assert await tickets.get(engine.store, ticket.number) is None
    engine.projector.away = False
    async with asyncio.timeout(30):
        while await tickets.get(engine.store, ticket.number) is None:
            await asyncio.sleep(0.1)


async def test_what_is_said_while_a_ticket_ends_is_kept(engine: Engine) -> None:
    """The record still shows it open, so the API accepts a rating and a result."""
    ticket = await heard_at_the_end(engine)
    assert (await asyncio.wait_for(ticket.handle.result(), 60)).outcome == "withdrawn"
    facts = [event.fact for event in await tickets.events(engine.store, ticket.number)]
    facts_by_key = {fact.kind: fact for fact in facts[-2:]}
    refused, overtaken = facts_by_key["rating_refused"], facts_by_key["result_overtaken"]
    assert isinstance(refused, RatingRefused) and isinstance(overtaken, ResultOvertaken)
    assert (refused.code, refused.rating.grade) == ("ticket_ended", 5)
    assert (overtaken.unit, overtaken.result.reply) == ("water", "已清理。")
    verdict = await judge(engine.client, engine.store, ticket.number)
    assert verdict.agrees, verdict
