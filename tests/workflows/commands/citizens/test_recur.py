"""Tests of a problem that recurs after the end."""

from domain.commands.citizens.recur import Recur
from tests.support.desk import CITIZEN, officer
from tests.support.engine import Engine
from tests.support.prepared import closed


async def test_the_citizen_says_that_it_recurred(watching: Engine) -> None:
    ticket = await closed(watching)
    assert await ticket.refused(officer("health"), Recur(text="又臭了")) == "not_your_unit"
    await ticket.act(CITIZEN, Recur(text="上周又臭了"))
    await ticket.until_stage("handle")
    assert await ticket.refused(CITIZEN, Recur(text="又臭了")) == "not_now"
