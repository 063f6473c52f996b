"""Tests of signing for a ticket."""

import asyncio

from temporalio.client import WorkflowUpdateFailedError

from domain.commands.units.sign import Sign
from tests.support.desk import CITIZEN, DISPATCHER, file, officer
from tests.support.engine import Engine

WATER = officer("water")


async def test_only_the_unit_that_has_it_signs_and_only_once(engine: Engine) -> None:
    ticket, _ = await file(engine.client)
    assert await ticket.refused(officer("housing"), Sign()) == "not_your_unit"
    assert await ticket.refused(DISPATCHER, Sign()) == "forbidden"
    assert await ticket.refused(CITIZEN, Sign()) == "forbidden"
    await ticket.act(WATER, Sign())
    assert await ticket.refused(WATER, Sign()) == "already_signed"


async def test_of_two_officers_at_once_one_signs_and_one_is_told(engine: Engine) -> None:
    ticket, _ = await file(engine.client)
    answers = await asyncio.gather(
        ticket.act(WATER, Sign()), ticket.act(WATER, Sign()), return_exceptions=True
    )
    refused = [answer for answer in answers if isinstance(answer, WorkflowUpdateFailedError)]
    assert len(refused) == 1
    assert (await ticket.kinds(engine)).count("signed") == 1
