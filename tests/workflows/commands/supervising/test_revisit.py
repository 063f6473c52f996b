"""Tests of aftercare (回头看): the watch after the end, and revisits."""

import pytest

from domain.commands.citizens.urge import Urge
from domain.commands.supervising.revisit import Revisit
from domain.ticket.stages import Outcome
from tests.support.desk import CITIZEN, DESK, file
from tests.support.engine import Engine
from tests.support.prepared import closed


async def test_what_is_closed_counts_at_once_and_is_looked_at_again(watching: Engine) -> None:
    ticket = await closed(watching)
    at = await ticket.now()
    assert at.outcome is Outcome.CLOSED
    await ticket.until_kind(watching, "rung_climbed")  # a revisit is due
    await ticket.act(DESK, Revisit(holds=True, note="河水清澈"))
    state = await ticket.state(watching)
    assert sum(c.name == "revisit" and c.running for c in state.clocks) == 1
    assert (state.revisits, state.outcome) == (1, Outcome.CLOSED)
    assert await ticket.refused(CITIZEN, Urge()) == "not_now"


@pytest.mark.must_work("heping", "revisits")
async def test_what_does_not_hold_is_handled_again(watching: Engine) -> None:
    ticket = await closed(watching)
    await ticket.act(DESK, Revisit(holds=False, note="又有污水"))
    at = await ticket.until_stage("handle")
    assert (at.unit, at.assignment, at.outcome) == ("water", 2, None)
    assert (await ticket.state(watching)).recurred == 1


async def test_the_watch_ends_by_itself(shortly: Engine) -> None:
    ticket = await closed(shortly)
    assert (await ticket.until_stage("ended")).outcome is Outcome.CLOSED
    assert (await ticket.kinds(shortly))[-1] == "watch_ended"
    await ticket.handle.result()


async def test_without_aftercare_a_closed_ticket_ends(engine: Engine) -> None:
    ticket, _ = await file(engine.client)
    await ticket.complete()
    await ticket.until_stage("rate")
    await ticket.rate(5)
    await ticket.until_stage("ended")
    assert "closed_on_watch" not in await ticket.kinds(engine)
