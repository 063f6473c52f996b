"""Tests of the messages to units: what a citizen says is told to the unit that has the ticket."""

import asyncio
from collections import Counter

import pytest
from sqlalchemy import select

from domain.actors import Role
from store.db import tables
from tests.api.running_api import Api, Filed

SAID = {"facts": ({"text": "家里有病人。"}, "facts_added"), "urge": ({}, "urged")}
"""Commands of citizens, each with its body and the template of the message to the unit."""


async def _told(api: Api, ticket: Filed, template: str) -> Counter[str]:
    """Return the units that are told, each with how often."""
    outbox = tables.outbox.c
    rows = await api.store.rows(
        select(outbox.unit).where(
            outbox.number == ticket.number,
            outbox.audience == Role.OFFICER,
            outbox.template == template,
        )
    )
    return Counter(unit for (unit,) in rows)


async def _say(ticket: Filed, what: str, recorded: Filed, kind: str) -> None:
    assert (await ticket.act(what, ticket.citizen, SAID[what][0])).status_code == 200
    async with asyncio.timeout(60):
        while kind not in await recorded.kinds():
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("what", SAID)
async def test_a_unit_that_returned_it_is_told_nothing_more(api: Api, what: str) -> None:
    template = SAID[what][1]
    ticket = await api.file()
    asked = {"ground": "not_ours", "reason": "不归我们管。"}
    assert (await ticket.by_unit("return", asked)).status_code == 200
    granted = {"approve": True, "reason": "同意。"}
    assert (await ticket.by(Role.DISPATCHER, "decide", granted)).status_code == 200
    await _say(ticket, what, ticket, template)
    assert await _told(api, ticket, template) == {}


@pytest.mark.parametrize("what", SAID)
async def test_the_unit_that_has_it_now_is_told(api: Api, what: str) -> None:
    template = SAID[what][1]
    ticket = await api.file()
    for unit in ("gas", "water"):
        body = {"unit": unit, "reason": "职责。"}
        assert (await ticket.by(Role.DISPATCHER, "reassign", body)).status_code == 200
    await _say(ticket, what, ticket, template)
    assert await _told(api, ticket, template) == {"water": 1}


@pytest.mark.parametrize("what", SAID)
async def test_of_a_merged_ticket_the_unit_of_the_other_is_told_once(api: Api, what: str) -> None:
    template = SAID[what][1]
    ticket, merged = await api.file(), await api.file()
    body = {"unit": "gas", "reason": "职责。"}
    assert (await merged.by(Role.DISPATCHER, "reassign", body)).status_code == 200
    into = {"into": ticket.number, "reason": "同一处"}
    assert (await merged.by(Role.DISPATCHER, "merge", into)).status_code == 200
    kind = {"facts": "complainant_added", "urge": "complainant_urged"}[what]
    await _say(merged, what, ticket, kind)
    assert await _told(api, merged, template) == {}
    assert await _told(api, ticket, template) == {"water": 1}
