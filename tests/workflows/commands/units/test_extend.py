"""Tests of extensions."""

from datetime import timedelta

from domain.commands.supervising.decide import Decide
from domain.commands.units.extend import Extend
from tests.support.desk import DISPATCHER, SUPERVISOR, file, officer
from tests.support.engine import Engine

WATER = officer("water")


async def test_an_extension_moves_the_due_time_and_is_capped(engine: Engine) -> None:
    ticket, receipt = await file(engine.client)
    await ticket.act(WATER, Extend(by="3d", reason="管网需要排查"))
    at = await ticket.act(DISPATCHER, Decide(approve=True, reason="同意"))
    assert at.due_at is not None
    assert receipt.due_at is not None
    assert (at.due_at - receipt.due_at).days == 3
    assert await ticket.refused(WATER, Extend(by="3d", reason="再给三天")) == "extension_cap"


async def test_a_refused_extension_changes_nothing_but_the_record(engine: Engine) -> None:
    ticket, receipt = await file(engine.client)
    await ticket.act(WATER, Extend(by="3d", reason="管网需要排查"))
    at = await ticket.act(SUPERVISOR, Decide(approve=False, reason="汛期不予延期"))
    assert at.due_at == receipt.due_at
    assert (await ticket.kinds(engine))[-2:] == ["extension_asked", "extension_refused"]


async def test_an_extension_is_no_longer_than_the_pack_says(patient: Engine) -> None:
    ticket, before = await file(patient.client)
    too_long = Extend(by="4d", reason="采购")
    assert await ticket.refused(WATER, too_long) == "extension_too_long"
    await ticket.act(WATER, Extend(by="3d", reason="采购"))
    await ticket.act(DISPATCHER, Decide(approve=True, reason="同意"))
    assert before.due_at is not None
    assert (await ticket.now()).due_at == before.due_at + timedelta(days=3)
