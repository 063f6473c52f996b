"""Tests of settling all problems of a kind (举一反三)."""

from domain.commands.supervising.settle_all import SettleAll
from domain.ticket.complaint import Channel
from store.tickets import intake
from tests.support.desk import complaint, file, officer
from tests.support.engine import Engine

WATER = officer("water")


async def test_found_one_settle_all_of_the_kind(above_threshold: Engine) -> None:
    ticket, _ = await file(
        above_threshold.client, complaint(category="0101", place={"area": "110112003"})
    )
    street = officer((await ticket.until_stage("handle")).unit or "")
    await ticket.act(street, SettleAll(text="全区排查同类点位", units=["110112001", "110112002"]))
    opened = (await ticket.state(above_threshold)).inspections
    assert len(opened) == 2
    inspection = await intake.get(above_threshold.store, opened[0])
    assert inspection is not None
    assert inspection.complaint.channel is Channel.INSPECTION
    assert (inspection.complaint.unit, inspection.complaint.follows) == (
        "110112001",
        ticket.number,
    )
    started, at = await file(above_threshold.client, inspection.complaint)
    assert (at.unit, started.number) == ("110112001", opened[0])
    nobody = SettleAll(text="排查", units=["nobody"])
    assert await ticket.refused(street, nobody) == "unknown_unit"


async def test_a_city_without_it_refuses_to_settle_all(engine: Engine) -> None:
    ticket, _ = await file(engine.client)
    assert await ticket.refused(WATER, SettleAll(text="排查")) == "not_in_this_city"
