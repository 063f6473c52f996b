"""Tests of corrected classifications."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.actors import Actor
from domain.commands.intake.reclassify import Reclassify
from domain.commands.supervising.decide import Decide
from domain.commands.units.hold import Hold
from domain.commands.units.return_ticket import Return
from domain.ticket.state import Snapshot
from tests.support.desk import CITIZEN, DESK, DISPATCHER, SUPERVISOR, Filed, file
from tests.support.engine import Engine

LAMP = Reclassify(category="0204", reason="实为路灯问题")


async def _handled(engine: Engine) -> tuple[Filed, Snapshot]:
    ticket, _ = await file(engine.client)
    return ticket, await ticket.until_stage("handle")


@pytest.mark.parametrize("actor", [DESK, DISPATCHER, SUPERVISOR])
async def test_the_unit_keeps_what_is_classified_anew_and_can_answer_it(
    engine: Engine, actor: Actor
) -> None:
    ticket, before = await _handled(engine)
    at = await ticket.act(actor, LAMP)
    assert (at.category, at.unit, at.stage) == ("0204", before.unit, "handle")
    assert at.due_at is not None
    assert before.due_at is not None
    assert at.due_at <= before.due_at
    await ticket.complete()
    await ticket.until_stage("rate")


async def test_with_a_unit_that_is_named_it_is_sent_there(engine: Engine) -> None:
    ticket, _ = await _handled(engine)
    await ticket.act(DISPATCHER, LAMP.model_copy(update={"unit": "city-management"}))
    at = await ticket.until(lambda at: at.unit == "city-management")
    assert (at.category, at.stage, at.assignment) == ("0204", "handle", 2)


async def test_after_a_granted_return_the_responsibilities_of_the_new_category_decide(
    engine: Engine,
) -> None:
    ticket, before = await _handled(engine)
    await ticket.by_unit(Return(ground="not_ours", reason="分类有误"))
    await ticket.act(DISPATCHER, Decide(approve=True, reason="属实"))
    await ticket.until_stage("dispatch")
    await ticket.act(DESK, LAMP)
    at = await ticket.until_stage("handle")
    assert at.category == "0204"
    assert at.unit not in (None, before.unit)


async def test_a_unit_on_hold_stays_on_hold(engine: Engine) -> None:
    ticket, _ = await _handled(engine)
    until = datetime.now(UTC) + timedelta(days=20)
    await ticket.by_unit(Hold(ground="works", until=until, reason="等待施工"))
    await ticket.act(DISPATCHER, Decide(approve=True, reason="同意"))
    at = await ticket.act(DESK, LAMP)
    assert at.category == "0204"
    clocks = (await ticket.state(engine)).clocks
    running = [clock for clock in clocks if clock.running and clock.name == "handle"]
    assert [clock.paused_at is not None for clock in running] == [True]


@pytest.mark.parametrize(
    ("actor", "command", "code"),
    [
        (CITIZEN, LAMP, "forbidden"),
        (DESK, LAMP.model_copy(update={"category": "0301"}), "same_category"),
        (DESK, LAMP.model_copy(update={"category": "9999"}), "unknown_category"),
        (DESK, LAMP.model_copy(update={"tier": "moon"}), "unknown_tier"),
        (DISPATCHER, LAMP.model_copy(update={"unit": "nobody"}), "unknown_unit"),
        (DISPATCHER, LAMP.model_copy(update={"unit": "water"}), "same_unit"),
        (DESK, LAMP.model_copy(update={"unit": "market"}), "forbidden"),
    ],
)
async def test_what_cannot_be_corrected_like_that_is_refused_and_changes_nothing(
    engine: Engine, actor: Actor, command: Reclassify, code: str
) -> None:
    ticket, before = await _handled(engine)
    assert await ticket.refused(actor, command) == code
    assert await ticket.now() == before


async def test_once_it_is_answered_it_is_too_late(engine: Engine) -> None:
    ticket, _ = await _handled(engine)
    await ticket.complete()
    await ticket.until_stage("rate")
    assert await ticket.refused(DESK, LAMP) == "not_now"
