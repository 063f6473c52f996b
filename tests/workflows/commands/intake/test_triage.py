"""Tests of triage by people."""

import pytest

from domain.commands.intake.conclude import Conclude
from domain.commands.intake.reassign import Reassign
from domain.commands.intake.triage import Triage
from domain.commands.supervising.decide import Decide
from domain.commands.units.sign import Sign
from tests.support.desk import DISPATCHER, complaint, file, officer
from tests.support.engine import Engine

WATER = officer("water")


async def test_a_dispatcher_triages_what_the_machine_could_not(engine: Engine) -> None:
    ticket, _ = await file(engine.client, complaint(title="", text="管管吧", category=None))
    await ticket.act(DISPATCHER, Triage(category="0301", note="电话里说是河"))
    at = await ticket.until_stage("handle")
    assert (at.category, at.unit) == ("0301", "water")


async def test_a_dispatcher_may_name_the_unit_at_once(engine: Engine) -> None:
    ticket, _ = await file(engine.client, complaint(title="", text="管管吧", category=None))
    await ticket.act(DISPATCHER, Triage(category="0301", unit="environment"))
    assert (await ticket.until_stage("handle")).unit == "environment"


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (Triage(category="9999"), "unknown_category"),
        (Triage(category="0301", unit="nobody"), "unknown_unit"),
        (Conclude(outcome="declined", text="不属于受理范围"), "reason_missing"),
        (Conclude(outcome="declined", reason="no-such", text="不予受理"), "unknown_reason"),
        (Sign(), "not_now"),
        (Decide(approve=True, reason="准"), "not_now"),
    ],
)
async def test_what_cannot_be_done_at_triage_is_refused_with_its_reason(
    engine: Engine, command: Triage | Conclude | Sign | Decide, code: str
) -> None:
    ticket, before = await file(engine.client, complaint(title="", text="管管吧", category=None))
    actor = WATER if isinstance(command, Sign) else DISPATCHER
    assert await ticket.refused(actor, command) == code
    assert await ticket.now() == before


async def test_a_report_never_reaches_the_accused_unit(above_threshold: Engine) -> None:
    new_complaint = complaint(kind="report", title="", text="河道所吃拿卡要", category=None)
    ticket, _ = await file(above_threshold.client, new_complaint)
    await ticket.act(DISPATCHER, Triage(category="0301", accused=["water"]))
    at = await ticket.until_stage("handle")
    assert at.unit == "gov"
    moved = Reassign(unit="river-station", reason="转办")
    assert await ticket.refused(DISPATCHER, moved) == "accused_unit"
