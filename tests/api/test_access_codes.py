"""Tests that an access code is the citizen's: told to nobody who works on the ticket, and replaced
when somebody else has read it."""

import re
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from domain.actors import Role
from domain.facts.intake import Accepted
from domain.policy.permissions import COMMANDS
from domain.ticket.complaint import Filer
from store.db import tables
from store.identity import phone_codes, tokens
from store.tickets import intake, tickets
from tests.api.running_api import COMPLAINT, GOOD, Api, Filed, problem
from tests.support.people import signed_in
from tests.support.walking import addresses

PHONE = "13800138000"
BACK = {"text": "才修好两周，河水又发黑了。"}


async def _ended(api: Api) -> Filed:
    ticket = await api.handled()
    assert (await ticket.rate()).status_code in (200, 202)
    await ticket.until_stage("ended")
    return ticket


async def _codes(api: Api) -> dict[str, str]:
    """Return the access code of every ticket by its number."""
    rows = await api.store.rows(select(tables.intake.c.number))
    numbers = [row.number for row in rows]
    generations = await intake.code_generations(api.store, numbers)
    return {one: api.context.vault.access_code(one, generations[one]) for one in numbers}


async def _told(api: Api, answers: list[httpx.Response]) -> list[str]:
    """Return the access codes that stand in the answers, in any notation."""
    codes = await _codes(api)
    text = re.sub(r"[\s-]", "", " ".join(f"{one.text} {one.headers}" for one in answers))
    return [number for number, code in codes.items() if code in text]


async def test_a_unit_is_told_no_access_code_by_any_act_or_answer(api: Api) -> None:
    ended, open_ticket = await _ended(api), await api.file()
    program = await api.officer()
    person = await signed_in(api, Role.OFFICER, "water")
    answers = []
    for headers in (program, person.headers):
        fields = COMPLAINT | {"text": f"巡查发现河道有漂浮物。{headers.get('Cookie', '')[-9:]}"}
        answers.append(await api.http.post("/api/v1/complaints", json=fields, headers=headers))
        for ticket in (ended, open_ticket):
            for command in COMMANDS:
                path, example = command.spec.path, command.spec.example
                answers.append(await ticket.act(path, headers, example))
    form = {"text": "河面又有漂浮物。", "csrf": person.csrf}
    answers.append(
        await api.http.post(
            f"/staff/tickets/{ended.number}/recur", data=form, headers=person.cookie
        )
    )
    assert [one.status_code for one in answers].count(201) >= 4, "some of these have filed a ticket"
    for address in addresses(api.app):
        if address.method == "GET" and not address.path.startswith(
            ("/api/v1/board", "/staff/board")
        ):
            for number in (ended.number, open_ticket.number):
                path = re.sub(r"{(\w+)}", "1", address.path.replace("{number}", number))
                answers.append(await api.http.get(path, headers=person.cookie))
    assert await _told(api, answers) == []


async def test_what_a_unit_filed_tells_nobody_its_code_who_repeats_the_request(api: Api) -> None:
    once = {"Idempotency-Key": "patrol-1"}
    filed = await api.http.post(
        "/api/v1/complaints", json=COMPLAINT, headers=await api.officer() | once
    )
    assert filed.json()["access_code"] is None
    again = await api.http.post("/api/v1/complaints", json=COMPLAINT, headers=once)
    assert again.json()["number"] == filed.json()["number"]
    assert again.json()["access_code"] is None


async def test_citizens_and_the_desk_are_told_codes_and_a_repetition_tells_them_again(
    api: Api,
) -> None:
    for headers in ({}, await api.token(Role.DESK)):
        named = headers | {"Idempotency-Key": f"a{len(headers)}"}
        seen = [
            (await api.http.post("/api/v1/complaints", json=COMPLAINT, headers=named)).json()
            for _ in range(2)
        ]
        assert seen[0]["access_code"] == seen[1]["access_code"]
        assert len(seen[0]["access_code"]) == 8
    ended = await _ended(api)
    follower = (await ended.act("recur", ended.citizen, BACK)).json()
    assert len(follower["access_code"]) == 8


async def _first_event(api: Api, number: str) -> Filer | None:
    event = (await tickets.events(api.store, number))[0]
    assert isinstance(event.fact, Accepted)
    return event.fact.filed_by


async def test_the_first_event_says_who_filed_it(api: Api) -> None:
    citizen = await api.file()
    assert await _first_event(api, citizen.number) == Filer(role=Role.CITIZEN)
    desk = await signed_in(api, Role.DESK)
    filed = await api.http.post("/api/v1/complaints", json=COMPLAINT, headers=desk.headers)
    by_desk = await _first_event(api, filed.json()["number"])
    assert by_desk is not None
    assert (by_desk.role, by_desk.program, len(by_desk.account) > 4) == (Role.DESK, False, True)
    program, secret = await tokens.issue(api.store, Role.DESK, None, "hotline")
    filed = await api.http.post(
        "/api/v1/complaints", json=COMPLAINT, headers={"Authorization": f"Bearer {secret}"}
    )
    by_program = await _first_event(api, filed.json()["number"])
    assert by_program == Filer(role=Role.DESK, account=program, program=True)


async def test_auditors_read_who_filed_a_follow_up_and_units_do_not(api: Api) -> None:
    ended = await _ended(api)
    officer = await signed_in(api, Role.OFFICER, "water")
    filed = await ended.act("recur", officer.headers, BACK)
    follower = Filed(api, filed.json())
    path = f"/api/v1/tickets/{follower.number}"
    auditor = await api.token(Role.AUDITOR)
    [first, *_] = (await api.http.get(f"{path}/events", headers=auditor)).json()
    assert first["fact"]["filed_by"]["role"] == "officer"
    assert first["fact"]["filed_by"]["unit"] == "water"
    page = await api.http.get(
        f"/staff/audit/{follower.number}", headers=(await signed_in(api, Role.AUDITOR)).cookie
    )
    assert first["fact"]["filed_by"]["account"] in page.text
    for answer in (
        await api.http.get(path, headers=officer.cookie),
        await api.http.get(f"{path}/events", headers=officer.cookie),
    ):
        assert answer.status_code == 200
        assert first["fact"]["filed_by"]["account"] not in answer.text


# --- renewal ------------------------------------------------------------------------------------


async def _renew(ticket: Filed, headers: dict[str, str], body: Any = None) -> httpx.Response:
    return await ticket.act("access-code", headers, body)


async def _one_time_code(api: Api, phone: str = PHONE) -> str:
    sent = await api.http.post("/api/v1/citizens/verify", json={"phone": phone})
    assert sent.status_code == 202
    which = select(tables.outbox.c.key).where(tables.outbox.c.template == "phone_code")
    keys = [row.key for row in await api.store.rows(which.order_by(tables.outbox.c.created_at))]
    return (await phone_codes.letter(api.store, api.context.cipher, keys[-1]))[1]


async def test_a_citizen_replaces_a_code_that_somebody_else_knows(api: Api) -> None:
    ticket = await api.file()
    renewed = await _renew(ticket, ticket.citizen)
    assert renewed.status_code == 200, renewed.text
    assert renewed.headers["cache-control"] == "no-store"
    old, new = ticket.citizen, {"Access-Code": renewed.json()["access_code"]}
    assert problem(await api.http.get(ticket.path, headers=old)) == (404, "ticket_not_found")
    assert (await api.http.get(ticket.path, headers=new)).status_code == 200
    assert problem(await _renew(ticket, old)) == (404, "ticket_not_found")
    log = (await api.http.get(f"{ticket.path}/views", headers=new)).json()["items"]
    assert [(one["role"], one["fields"]) for one in log] == [("citizen", ["access_code"])]


async def test_a_citizen_replaces_it_on_the_page(api: Api) -> None:
    ticket = await api.file()
    fields = {"number": ticket.number, "code": ticket.receipt["access_code"]}
    page = await api.http.post("/follow/renew", data=fields)
    code = (await _codes(api))[ticket.number]
    assert code != fields["code"]
    assert code in page.text
    assert (await api.http.post("/follow", data=fields)).status_code == 404
    assert (await api.http.post("/follow", data=fields | {"code": code})).status_code == 200


async def test_the_desk_replaces_it_for_the_citizen_who_has_proved_the_phone(api: Api) -> None:
    ticket = await api.file(contact={"phone": PHONE})
    desk = await signed_in(api, Role.DESK)
    for body in ({}, {"phone": PHONE}, {"phone": PHONE, "code": "000000"}):
        assert problem(await _renew(ticket, desk.headers, body))[1] == "wrong_code"
    proof = {"phone": PHONE, "code": await _one_time_code(api)}
    renewed = await _renew(ticket, desk.headers, proof)
    assert renewed.status_code == 200, renewed.text
    assert problem(await _renew(ticket, desk.headers, proof)) == (401, "wrong_code")
    new = {"Access-Code": renewed.json()["access_code"]}
    assert (await api.http.get(ticket.path, headers=new)).status_code == 200
    assert (await api.http.get(ticket.path, headers=ticket.citizen)).status_code == 404
    code = await _one_time_code(api)
    opened = await api.http.post("/api/v1/citizens/confirm", json={"phone": PHONE, "code": code})
    mine = await api.http.get(
        "/api/v1/citizens/tickets", headers={"Citizen-Pass": opened.json()["citizen_pass"]}
    )
    assert [one["access_code"] for one in mine.json()["items"]] == [new["Access-Code"]]


async def test_a_proved_phone_opens_no_ticket_of_another_phone(api: Api) -> None:
    await api.file(contact={"phone": PHONE})
    other = await api.file(contact={"phone": "13900139000"}, text="路灯不亮。")
    nobodys = await api.file(text="井盖松动。")
    desk = await api.token(Role.DESK)
    for ticket in (other, nobodys):
        proof = {"phone": PHONE, "code": await _one_time_code(api)}
        assert problem(await _renew(ticket, desk, proof)) == (401, "wrong_code")
        assert (await api.http.get(ticket.path, headers=ticket.citizen)).status_code == 200


async def test_the_desk_replaces_it_on_the_page(api: Api) -> None:
    ticket = await api.file(contact={"phone": PHONE})
    desk = await signed_in(api, Role.DESK)
    path = f"/staff/tickets/{ticket.number}/access-code"
    assert path in (await api.http.get(f"/staff/tickets/{ticket.number}", headers=desk.cookie)).text
    assert (await api.http.get(path, headers=desk.cookie)).status_code == 200
    fields = {"phone": PHONE, "csrf": desk.csrf, "do": "send"}
    assert (await api.http.post(path, data=fields, headers=desk.cookie)).status_code == 200
    code = await _one_time_code(api)
    page = await api.http.post(
        path, data=fields | {"do": "renew", "code": code}, headers=desk.cookie
    )
    new = (await _codes(api))[ticket.number]
    assert new != ticket.receipt["access_code"]
    assert f"{new[:4]} {new[4:]}" in page.text


@pytest.mark.parametrize("role", [Role.OFFICER, Role.AUDITOR, Role.ADMIN])
async def test_who_does_not_read_codes_out_gets_no_new_one(api: Api, role: Role) -> None:
    ticket = await api.file(contact={"phone": PHONE})
    headers = await api.token(role, "water" if role is Role.OFFICER else None)
    proof = {"phone": PHONE, "code": await _one_time_code(api)}
    assert problem(await _renew(ticket, headers, proof)) == (403, "forbidden")
    assert (await ticket.rate(GOOD)).status_code != 404


async def test_filing_again_with_its_key_tells_no_code_that_was_renewed_since(api: Api) -> None:
    async def file() -> dict[str, Any]:
        key = {"Idempotency-Key": "whoever-has-this-key"}
        answer = await api.http.post("/api/v1/complaints", json=COMPLAINT, headers=key)
        assert answer.is_success, answer.text
        return dict(answer.json())

    first, again = await file(), await file()
    assert again["access_code"] == first["access_code"]
    renewed = await Filed(api, first).act("access-code", {"Access-Code": first["access_code"]}, {})
    assert renewed.is_success, renewed.text
    assert (await file())["access_code"] is None
