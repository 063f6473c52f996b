"""Tests of the meeting after the last return, and of the final assignment."""

from domain.commands.intake.arbitrate import Arbitrate
from domain.commands.supervising.decide import Decide
from tests.support.desk import DISPATCHER, file, officer
from tests.support.engine import Engine
from tests.support.prepared import NOT_OURS, returned

WATER = officer("water")


async def test_the_last_return_calls_a_meeting_which_names_a_unit_for_good(strict: Engine) -> None:
    ticket = await returned(strict)
    await ticket.until_stage("arbitrate")
    meeting = Arbitrate(unit="environment", text="协调会：由生态环境局牵头。", units=["water"])
    assert await ticket.refused(WATER, meeting) == "forbidden"
    await ticket.act(DISPATCHER, meeting)
    at = await ticket.until_stage("handle")
    assert at.unit == "environment"
    environment = officer("environment")
    assert await ticket.refused(environment, NOT_OURS) == "arbitrated"
    assert (await ticket.kinds(strict))[-1] == "return_barred"


async def test_when_nobody_is_named_in_time_the_government_takes_it(strict: Engine) -> None:
    ticket = await returned(strict)
    at = await ticket.until(lambda at: at.unit == "gov" and at.stage == "handle")
    assert at.assignment == 2
    kinds = await ticket.kinds(strict)
    assert kinds.index("arbitration_called") < kinds.index("fell_back") < len(kinds)
    assert await ticket.refused(officer("gov"), NOT_OURS) == "arbitrated"


async def test_the_dispatcher_does_not_get_around_the_meeting(strict: Engine) -> None:
    ticket, _ = await file(strict.client)
    await ticket.act(WATER, NOT_OURS)
    around = Decide(approve=True, unit="environment", reason="直接改派")
    assert await ticket.refused(DISPATCHER, around) == "arbitration_due"


async def test_no_meeting_where_the_pack_has_none(engine: Engine) -> None:
    ticket, _ = await file(engine.client)
    await ticket.act(WATER, NOT_OURS)
    await ticket.act(DISPATCHER, Decide(approve=True, reason="同意"))
    assert (await ticket.now()).stage == "dispatch"
    assert await ticket.refused(DISPATCHER, Arbitrate(unit="water", text="纪要")) == "not_now"
