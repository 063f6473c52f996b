"""Tests that a unit has to contact only whom it may know, and from when it may."""

from typing import Any

import pytest

from domain.actors import Role
from tests.api.running_api import Api, Filed, problem

PHONE = {"name": "王芳", "phone": "010-00012345"}


async def _clocks(ticket: Filed) -> set[str]:
    state = await ticket.seen_by_staff()
    return {clock["name"] for clock in state["clocks"] if clock["stopped_at"] is None}


@pytest.mark.parametrize(
    ("fields", "runs"),
    [
        ({"contact": PHONE}, True),
        ({"contact": {"email": "wang@example.com"}}, True),
        ({}, False),
        ({"contact": {"name": "王芳"}}, False),
        ({"contact": {"device": "device-1"}}, False),
        ({"contact": PHONE, "anonymous": True}, False),
    ],
)
async def test_the_clock_of_the_first_contact_runs_only_where_there_can_be_one(
    api: Api, fields: dict[str, Any], runs: bool
) -> None:
    ticket = await api.file(**fields)
    await ticket.until_stage("handle")
    names = await _clocks(ticket)
    assert ("contact" in names) == runs
    assert {"sign", "handle", "promise"} <= names


async def test_who_opens_their_contact_is_called_and_named_to_the_unit(api: Api) -> None:
    ticket = await api.file(contact=PHONE, anonymous=True)
    await ticket.until_stage("handle")
    person = f"{ticket.path}/person"
    hidden = await api.http.get(person, headers=await api.officer())
    assert problem(hidden) == (403, "identity_protected")
    assert (await ticket.seen())["contact_hidden"]
    form = {"number": ticket.number, "code": ticket.receipt["access_code"]}
    assert "同意承办单位与我联系" in (await api.http.post("/follow", data=form)).text

    answer = await ticket.act("open-contact", ticket.citizen)
    assert answer.status_code == 200, answer.text
    assert "contact" in await _clocks(ticket)
    assert (await api.http.get(person, headers=await api.officer())).status_code == 200
    seen = await ticket.seen()
    assert not seen["contact_hidden"]
    assert [one["what"] for one in seen["timeline"]][-1] == "您已同意承办单位与您联系"
    assert "同意承办单位与我联系" not in (await api.http.post("/follow", data=form)).text


async def test_only_the_citizen_or_the_desk_opens_it(api: Api) -> None:
    ticket = await api.file(contact=PHONE, anonymous=True)
    await ticket.until_stage("handle")
    assert problem(await ticket.by_unit("open-contact")) == (403, "forbidden")
    assert problem(await ticket.by(Role.SUPERVISOR, "open-contact")) == (403, "forbidden")
    assert (await ticket.act("open-contact", ticket.stranger)).status_code in (403, 404)
    assert "contact" not in await _clocks(ticket)
    assert (await ticket.by(Role.DESK, "open-contact")).status_code == 200
    assert "contact" in await _clocks(ticket)


async def test_a_reports_contact_cannot_be_opened(api: Api) -> None:
    ticket = await api.unclear(kind="report", contact=PHONE)
    answer = await ticket.act("open-contact", ticket.citizen)
    assert problem(answer) == (403, "identity_protected")
    assert not (await ticket.seen())["contact_hidden"]
