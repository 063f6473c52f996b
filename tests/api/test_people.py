"""Tests of who complained: masked at first, unmasked for a purpose, and logged."""

from typing import Any

import httpx
import pytest

from domain.actors import Role
from tests.api.running_api import COMPLAINT, Api, Filed, problem

CONTACT = {"name": "王小明", "phone": "138 1234 5678", "address": "新华西街3号院2单元301"}
WHY = {"purpose": "回访"}


async def _filed(api: Api, **more: Any) -> Filed:
    return await api.file(contact=CONTACT, **more)


async def _views(ticket: Filed, headers: dict[str, str]) -> Any:
    answer = await ticket.api.http.get(f"{ticket.path}/views", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def _masked(ticket: Filed, headers: dict[str, str]) -> httpx.Response:
    return await ticket.api.http.get(f"{ticket.path}/person", headers=headers)


async def test_a_citizen_is_masked_until_somebody_says_why(api: Api) -> None:
    ticket = await _filed(api)
    desk = await api.token(Role.DESK)
    shown = (await _masked(ticket, desk)).json()
    assert (shown["name"], shown["phone"]) == ("王**", "138****5678")
    assert "301" not in shown["address"]
    assert await _views(ticket, ticket.citizen) == []
    for nothing in ({}, {"purpose": ""}, {"purpose": " \t "}, {"purpose": "x" * 201}):
        refused = await ticket.api.http.post(f"{ticket.path}/person", json=nothing, headers=desk)
        assert problem(refused) == (422, "invalid_request")
    payload = (await ticket.act("person", desk, WHY)).json()
    assert (payload["name"], payload["phone"]) == ("王小明", "13812345678")
    (seen,) = await _views(ticket, ticket.citizen)
    assert (seen["role"], seen["purpose"]) == ("desk", "回访")
    assert seen["fields"] == ["name", "phone", "address"]
    assert seen["who"] is None
    (seen,) = await _views(ticket, await api.token(Role.AUDITOR))
    assert seen["who"]


@pytest.mark.parametrize("role", [Role.DESK, Role.DISPATCHER, Role.SUPERVISOR, Role.ADMIN])
async def test_who_works_with_citizens_may_know_them(api: Api, role: Role) -> None:
    ticket = await _filed(api, anonymous=True)
    assert (await ticket.by(role, "person", WHY)).status_code == 200


async def test_an_auditor_sees_masks_and_the_log(api: Api) -> None:
    ticket = await _filed(api)
    auditor = await api.token(Role.AUDITOR)
    assert (await _masked(ticket, auditor)).status_code == 200
    assert problem(await ticket.act("person", auditor, WHY)) == (403, "forbidden")


async def test_the_unit_that_leads_may_call_its_citizen(api: Api) -> None:
    ticket = await _filed(api)
    assert (await ticket.by_unit("person", WHY)).json()["phone"] == "13812345678"
    (seen,) = await _views(ticket, ticket.citizen)
    assert seen["unit"] not in (None, "water")  # the unit's name and not its code
    other = await ticket.by_unit("person", WHY, unit="housing")
    assert problem(other) == (404, "ticket_not_found")


@pytest.mark.parametrize("protected", [{"anonymous": True}, {"kind": "report"}])
async def test_who_wants_to_stay_unknown_stays_unknown_to_the_unit(
    api: Api, protected: dict[str, Any]
) -> None:
    ticket = await _filed(api, **protected)
    if "kind" in protected:  # a report waits for a person
        said = {"category": "0301", "nobody": True}
        assert (await ticket.by(Role.DISPATCHER, "triage", said)).status_code == 200
        await ticket.until_stage("handle")
    officer = await api.officer((await ticket.seen_by_staff())["assignments"][0]["unit"])
    assert problem(await _masked(ticket, officer)) == (403, "identity_protected")
    assert problem(await ticket.act("person", officer, WHY)) == (403, "identity_protected")
    assert await _views(ticket, ticket.citizen) == []


async def test_nobody_is_found_where_nobody_told(api: Api) -> None:
    ticket = await api.file()
    desk = await api.token(Role.DESK)
    assert problem(await _masked(ticket, desk)) == (404, "person_unknown")
    assert problem(await ticket.act("person", desk, WHY)) == (404, "person_unknown")


async def test_a_waiting_complaint_has_a_citizen_too(engineless_api: Api) -> None:
    answer = await engineless_api.http.post(
        "/api/v1/complaints", json=COMPLAINT | {"contact": CONTACT}
    )
    ticket = Filed(engineless_api, answer.json())
    assert (await ticket.by(Role.DESK, "person", WHY)).json()["name"] == "王小明"


async def test_the_desk_finds_a_callers_tickets_and_the_caller_sees_it(api: Api) -> None:
    ticket = await _filed(api)
    desk = await api.token(Role.DESK)
    fields = {"phone": "+86 138-1234-5678"}
    response = await api.http.post("/api/v1/people/search", json=fields, headers=desk)
    assert response.json() == {"numbers": [ticket.number]}
    (seen,) = await _views(ticket, ticket.citizen)
    assert (seen["fields"], seen["purpose"]) == (["search"], "来电查询")
    nobody = await api.http.post(
        "/api/v1/people/search", json={"phone": "13900000000"}, headers=desk
    )
    assert nobody.json() == {"numbers": []}


@pytest.mark.parametrize("role", [Role.OFFICER, Role.AUDITOR])
async def test_others_do_not_look_for_people(api: Api, role: Role) -> None:
    headers = await api.token(role, "water" if role is Role.OFFICER else None)
    response = await api.http.post(
        "/api/v1/people/search", json={"phone": "13812345678"}, headers=headers
    )
    assert problem(response) == (403, "forbidden")


async def test_the_log_is_for_the_citizen_and_for_auditors(api: Api) -> None:
    ticket = await _filed(api)
    path = f"{ticket.path}/views"
    desk = await api.http.get(path, headers=await api.token(Role.DESK))
    assert problem(desk) == (403, "forbidden")
    assert problem(await api.http.get(path)) == (401, "unauthenticated")
    stranger = await api.http.get(path, headers=ticket.stranger)
    assert problem(stranger) == (404, "ticket_not_found")
