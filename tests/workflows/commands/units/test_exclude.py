"""Tests of excluding a contested rating from the figures."""

from domain.commands.intake.conclude import Conclude
from domain.commands.intake.reassign import Reassign
from domain.commands.supervising.decide import Decide
from domain.commands.units.exclude import Exclude
from tests.support.desk import DISPATCHER, SUPERVISOR, file, officer
from tests.support.engine import Engine
from tests.support.prepared import closed

WATER = officer("water")
CONTEST = Exclude(ground="mistaken", reason="市民误点不满意", evidence=["回访录音"])


async def test_an_exclusion_is_granted_by_a_supervisor_alone(watching: Engine) -> None:
    ticket = await closed(watching)
    assert await ticket.refused(officer("health"), CONTEST) == "not_your_unit"
    unknown = CONTEST.model_copy(update={"ground": "whim"})
    assert await ticket.refused(WATER, unknown) == "unknown_reason"
    await ticket.act(WATER, CONTEST)
    assert await ticket.refused(WATER, CONTEST) == "already_asked"
    decision = Decide(approve=True, reason="录音证实为误点")
    assert await ticket.refused(DISPATCHER, decision) == "forbidden"
    await ticket.act(SUPERVISOR, decision)
    assert (await ticket.state(watching)).excluded
    assert await ticket.refused(WATER, CONTEST) == "already_excluded"


async def test_a_bad_rating_given_by_mistake_is_contested_before_the_last_word(
    without_rework: Engine,
) -> None:
    ticket, _ = await file(without_rework.client)
    await ticket.complete()
    await ticket.until_stage("rate")
    await ticket.rate(1, resolved=False)
    await ticket.until_stage("supervise")
    await ticket.act(WATER, CONTEST)
    last_word = Conclude(outcome="final_reply", text="最终答复。")
    assert await ticket.refused(SUPERVISOR, last_word) == "already_asked"
    again = Reassign(unit="environment", reason="改派")
    assert await ticket.refused(SUPERVISOR, again) == "already_asked"
    await ticket.act(SUPERVISOR, Decide(approve=True, reason="录音证实为误点"))
    await ticket.act(SUPERVISOR, last_word)
    await ticket.until_stage("ended")
    await ticket.until_projected(without_rework, "ended")
    assert (await ticket.state(without_rework)).excluded


async def test_a_contested_ticket_does_not_end_before_it_is_decided(shortly: Engine) -> None:
    ticket = await closed(shortly)
    await ticket.act(WATER, CONTEST)
    await ticket.until_clock_due(shortly, "aftercare")
    assert (await ticket.now()).stage == "aftercare"
    await ticket.act(SUPERVISOR, Decide(approve=False, reason="评价属实"))
    await ticket.until_stage("ended")
    assert not (await ticket.state(shortly)).excluded
