"""Tests of a phone or an e-mail address that is left after the filing."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import func, select

from app.sending.call_errors import EngineUnavailable
from app.sending.commands import execute
from app.tickets import leaving_contacts
from domain.actors import Role
from store.db import tables
from store.tickets import tickets
from tests.api.running_api import Api, Filed, problem
from tests.support.staff_pages import at_desk

PHONE, NAME = "010-00012345", "王小芳"
LEFT = {"phone": PHONE, "name": NAME}


async def _kept(api: Api) -> int:
    [row] = await api.store.rows(select(func.count().label("n")).select_from(tables.person))
    return int(row.n)


async def _page(ticket: Filed, what: str = "", **fields: str) -> Any:
    keep = {"number": ticket.number, "code": ticket.receipt["access_code"]}
    path = f"/follow/{what}" if what else "/follow"
    return await ticket.api.http.post(path, data=keep | fields)


async def test_the_citizen_leaves_a_phone_and_is_reached_by_it(api: Api) -> None:
    ticket = await api.file()
    await ticket.until_stage("handle")
    assert not (await ticket.seen())["contact_left"]
    assert "补留联系方式" in (await _page(ticket)).text
    done = await _page(ticket, "leave-contact", **LEFT)
    assert done.status_code == 200
    assert "我们可以与您联系了" in done.text
    assert PHONE not in done.text
    seen = await ticket.seen()
    assert seen["contact_left"]
    assert seen["timeline"][-1]["what"] == "您已补留联系方式"
    person = await api.http.get(f"{ticket.path}/person", headers=await api.officer())
    assert person.status_code == 200, person.text
    assert NAME not in person.text
    assert PHONE.replace("-", "") not in person.text
    full = await api.http.post(
        f"{ticket.path}/person",
        json={"purpose": "回访"},
        headers=await api.token(Role.DESK),
    )
    assert (full.json()["phone"], full.json()["name"]) == ("01000012345", NAME)
    found = await api.http.post(
        "/api/v1/people/search", json={"phone": PHONE}, headers=await api.token(Role.DESK)
    )
    assert found.json()["numbers"] == [ticket.number]


async def test_nothing_of_it_is_in_the_ticket_or_its_events(api: Api) -> None:
    ticket = await api.file()
    await ticket.until_stage("handle")
    answer = await ticket.act("leave-contact", ticket.citizen, LEFT)
    assert answer.status_code == 200, answer.text
    state = await tickets.state(api.store, ticket.number)
    assert state is not None
    events = await tickets.events(api.store, ticket.number)
    texts = [state.model_dump_json(), *(event.model_dump_json() for event in events)]
    for text in (*texts, answer.text):
        assert not any(secret in text for secret in (NAME, PHONE, "01000012345"))
    person = state.complaint.person
    assert person
    read = await api.http.get(f"{ticket.path}/events", headers=await api.officer())
    assert "contact_left" in read.text
    assert person not in read.text, "units do not learn by which id the vault has the citizen"


async def test_the_desk_writes_it_down_for_who_calls(api: Api) -> None:
    ticket = await api.file()
    await ticket.until_stage("handle")
    desk = await at_desk(api, Role.DESK)
    refused = await desk.do(ticket, "leave-contact", {"name": NAME})
    assert refused.status_code == 422
    done = await desk.done(ticket, "leave-contact", {"email": "wang@example.com"})
    assert "今后可以联系市民" in done
    assert "contact_left" in await ticket.kinds()
    for stranger in (Role.SUPERVISOR, Role.DISPATCHER):
        assert problem(await ticket.by(stranger, "leave-contact", LEFT)) == (403, "forbidden")
    assert problem(await ticket.by_unit("leave-contact", LEFT)) == (403, "forbidden")


@pytest.mark.parametrize("body", [{}, {"name": NAME}, {"phone": "none"}, {"email": "x"}])
async def test_what_reaches_nobody_is_refused_and_kept_nowhere(
    api: Api, body: dict[str, str]
) -> None:
    ticket = await api.file()
    await ticket.until_stage("handle")
    before = await _kept(api)
    answer = await ticket.act("leave-contact", ticket.citizen, body)
    assert problem(answer) == (422, "invalid_request")
    page = await _page(ticket, "leave-contact", **body)
    assert page.status_code == 422
    assert "is-invalid" in page.text
    assert await _kept(api) == before


async def test_one_that_was_left_is_not_replaced_and_the_other_kept_nowhere(api: Api) -> None:
    ticket = await api.file(contact={"phone": PHONE})
    await ticket.until_stage("handle")
    before = await _kept(api)
    other = {"phone": "010-00054321"}
    answer = await ticket.act("leave-contact", ticket.citizen, other)
    assert problem(answer) == (409, "contact_known")
    assert await _kept(api) == before
    assert "leave-contact" not in (await _page(ticket)).text


async def test_what_was_left_without_a_phone_stays_known(api: Api) -> None:
    ticket = await api.file(contact={"name": NAME})
    await ticket.until_stage("handle")
    assert (await ticket.act("leave-contact", ticket.citizen, {"phone": PHONE})).status_code == 200
    full = await api.http.post(
        f"{ticket.path}/person", json={"purpose": "回访"}, headers=await api.token(Role.DESK)
    )
    assert (full.json()["phone"], full.json()["name"]) == ("01000012345", NAME)


async def test_what_was_recorded_is_kept_though_its_answer_was_lost(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = await api.file()
    await ticket.until_stage("handle")

    async def unanswered(*args: Any, **more: Any) -> Any:
        await execute(*args, **more)
        raise EngineUnavailable("no answer in time")

    monkeypatch.setattr(leaving_contacts, "execute", unanswered)
    answer = await ticket.act("leave-contact", ticket.citizen, LEFT, **{"Idempotency-Key": "one"})
    assert problem(answer) == (503, "engine_unavailable")
    monkeypatch.undo()
    full = await api.http.post(
        f"{ticket.path}/person", json={"purpose": "回访"}, headers=await api.token(Role.DESK)
    )
    assert (full.json()["phone"], full.json()["name"]) == ("01000012345", NAME)


async def test_of_two_at_once_one_counts_and_one_is_kept(api: Api) -> None:
    ticket = await api.file()
    await ticket.until_stage("handle")
    before = await _kept(api)
    bodies = [{"phone": PHONE}, {"phone": "010-00054321"}]
    answers = await asyncio.gather(
        *(ticket.act("leave-contact", ticket.citizen, body) for body in bodies)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert await _kept(api) == before + 1


async def test_the_same_key_is_done_once_and_another_contact_by_it_refused(api: Api) -> None:
    ticket = await api.file()
    await ticket.until_stage("handle")
    before = await _kept(api)
    key = {"Idempotency-Key": "once"}
    for _ in range(2):
        answer = await ticket.act("leave-contact", ticket.citizen, LEFT, **key)
        assert answer.status_code == 200, answer.text
    other = await ticket.act("leave-contact", ticket.citizen, {"phone": "010-00054321"}, **key)
    assert problem(other) == (422, "idempotency_key_reused")
    assert await _kept(api) == before + 1
    person = await api.http.get(f"{ticket.path}/person", headers=await api.officer())
    assert person.status_code == 200, "what was refused has not deleted it"


async def test_of_a_report_no_unit_learns_it(api: Api) -> None:
    ticket = await api.unclear(kind="report")
    assert (await ticket.act("leave-contact", ticket.citizen, LEFT)).status_code == 200
    body = {"category": "0301", "unit": "water", "nobody": True}
    assert (await ticket.by(Role.DISPATCHER, "triage", body)).status_code == 200
    await ticket.until_stage("handle")
    person = await api.http.get(f"{ticket.path}/person", headers=await api.officer())
    assert problem(person) == (403, "identity_protected")
    state = await ticket.seen_by_staff()
    assert "contact" not in {clock["name"] for clock in state["clocks"]}
