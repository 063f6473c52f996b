"""Tests of the plain path: filed, signed, contacted, handled, rated, closed; and its records."""

import asyncio

from domain.commands.units.contact import Contact
from domain.commands.units.sign import Sign
from domain.ticket.state import Snapshot
from store.tickets import tickets
from tests.support.desk import complaint, file, officer
from tests.support.engine import Engine


async def _plain(engine: Engine) -> tuple[str, Snapshot]:
    ticket, receipt = await file(engine.client)
    unit = officer(receipt.unit or "")
    await ticket.act(unit, Sign())
    await ticket.act(unit, Contact())
    await ticket.complete()
    await ticket.until_stage("rate")
    await ticket.rate(5)
    return ticket.number, await ticket.handle.result()


async def test_a_complaint_becomes_a_rated_ticket(engine: Engine) -> None:
    number, end = await _plain(engine)
    assert (end.stage, end.outcome) == ("ended", "closed")
    kinds = [event.kind for event in await tickets.events(engine.store, number)]
    assert kinds == [
        "accepted",
        "classified",
        "assigned",
        "signed",
        "contacted",
        "handled",
        "replied",
        "rated",
        "closed",
    ]


async def test_the_plain_path_costs_at_most_sixty_history_events(engine: Engine) -> None:
    number, _ = await _plain(engine)
    history = await engine.client.get_workflow_handle(f"ticket/{number}").fetch_history()
    assert len(history.events) <= 60  # 38, and a few more when a query splits a task


async def test_the_receipt_tells_who_has_it_and_by_when(engine: Engine) -> None:
    _, receipt = await file(engine.client)
    assert receipt.stage == "handle"
    assert receipt.unit == "water"
    assert receipt.due_at is not None
    assert receipt.version == 3


async def test_filing_the_same_number_twice_gives_the_same_ticket(engine: Engine) -> None:
    new_complaint = complaint()
    (first, one), (second, two) = await asyncio.gather(
        file(engine.client, new_complaint), file(engine.client, new_complaint)
    )
    assert first.number == second.number
    assert one == two
    assert len(await tickets.events(engine.store, new_complaint.number)) == 3


async def test_an_unclear_complaint_waits_for_a_person(engine: Engine) -> None:
    new_complaint = complaint(title="", text="你们到底管不管？", category=None)
    _, receipt = await file(engine.client, new_complaint)
    assert receipt.stage == "triage"
    kinds = [event.kind for event in await tickets.events(engine.store, new_complaint.number)]
    assert kinds == ["accepted", "triage_unsure"]
