"""Tests of the one budget of contacts: what units do together is seen before the next call."""

from typing import Any, cast

import pytest

from app.access.caller import Caller
from app.context import AppContext
from app.sending.contact_budget import budget_of, check_budget
from domain.actors import Actor, Role
from domain.commands.citizens.call_back import CallBack
from domain.commands.units.contact import Contact
from domain.refusals import Refused
from store.tickets import tickets
from tests.messaging.house import House, MailSink
from tests.store.stories import Story

CHIEF = Caller(Actor(role=Role.SUPERVISOR, id="chief"), "chief")


class _Here:
    """The parts of an installation that the budget needs."""

    def __init__(self, house: House) -> None:
        self.store, self.packs, self.vault = house.store, house.packs, house.vault
        self.now = house.now


def _context(house: House) -> AppContext:
    return cast(AppContext, cast(Any, _Here(house)))


async def _seen(house: House, story: Story) -> tuple[int, bool]:
    ticket = await tickets.state(house.store, story.number)
    assert ticket is not None
    budget = await budget_of(_context(house), CHIEF, ticket)
    assert budget is not None and budget.most == 5
    return budget.used, budget.needs_reason


async def test_contacts_of_several_units_and_messages_count_together(
    mailing: House, sink: MailSink
) -> None:
    first, second = [await mailing.story(await mailing.citizen()) for _ in range(2)]
    for story in (first, second):
        await mailing.happens(story.accepted(), story.classified(), story.assigned("U1"))
    await mailing.deliver()
    await mailing.happens(first.signed())
    assert await _seen(mailing, second) == (4, False)
    await mailing.happens(first.contacted())
    assert await _seen(mailing, second) == (5, True)
    for command in (Contact(reached=True), CallBack(reached=False)):
        with pytest.raises(Refused) as refused:
            await check_budget(_context(mailing), second.number, command)
        assert refused.value.code == "contact_budget_spent"
    because = Contact(reached=True, note="约定上门时间")
    await check_budget(_context(mailing), second.number, because)
    mailing.pass_(days=1)
    await check_budget(_context(mailing), second.number, Contact(reached=True))


async def test_of_who_left_no_contact_there_is_no_budget(mailing: House) -> None:
    story = await mailing.story(None)
    await mailing.happens(story.accepted())
    ticket = await tickets.state(mailing.store, story.number)
    assert ticket is not None
    assert await budget_of(_context(mailing), CHIEF, ticket) is None
    await check_budget(_context(mailing), story.number, Contact(reached=True))
