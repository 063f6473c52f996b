"""A ticket named in a form field is asked about as one named in the address."""

from collections.abc import Awaitable, Callable

import httpx
import pytest

from domain.actors import Role
from tests.api.running_api import Api, Filed
from tests.support.people import SignedIn, signed_in

ELSEWHERE = "heping"
"""The city of the staff who try; the tickets are Tongzhou's."""

EXTENSION = {"by": "3d", "reason": "等配件"}

Prepared = Callable[[Api], Awaitable[Filed]]


async def _with_its_unit(api: Api) -> Filed:
    ticket = await api.file()
    await ticket.until_stage("handle")
    return ticket


async def _with_a_request(api: Api) -> Filed:
    ticket = await _with_its_unit(api)
    assert (await ticket.by_unit("extend", EXTENSION)).status_code == 200
    return ticket


async def _unclear(api: Api) -> Filed:
    return await api.unclear()


async def _answered(api: Api) -> Filed:
    return await api.handled()


FORMS = [
    (Role.DISPATCHER, "decisions/decide", {"approve": "true", "reason": "同意"}, _with_a_request),
    (Role.SUPERVISOR, "decisions/decide", {"approve": "false", "reason": "不"}, _with_a_request),
    (Role.DISPATCHER, "triage/reassign", {"unit": "environment", "reason": "河长"}, _with_its_unit),
    (Role.DESK, "triage/triage", {"category": "0301"}, _unclear),
    (Role.DESK, "call-backs/call-back", {"reached": "false"}, _answered),
    (Role.DESK, "call-backs/phone", {}, _answered),
    (Role.DESK, "merge/unmerge", {"reason": "不是一件事"}, _with_its_unit),
]


async def _press(api: Api, who: SignedIn, path: str, **typed: str) -> httpx.Response:
    fields = {"csrf": who.csrf, "key": "k1", "city": ELSEWHERE} | typed
    headers = who.cookie | {"Accept": "text/html"}
    return await api.http.post(f"/staff/{path}", data=fields, headers=headers)


@pytest.mark.parametrize(("role", "path", "typed", "prepared"), FORMS)
async def test_staff_of_another_city_do_nothing_to_a_ticket_that_a_form_names(
    api: Api, role: Role, path: str, typed: dict[str, str], prepared: Prepared
) -> None:
    ticket = await prepared(api)
    before = await ticket.kinds()
    who = await signed_in(api, role, city=ELSEWHERE)
    answer = await _press(api, who, path, number=ticket.number, **typed)
    assert answer.status_code == 404, answer.text
    assert await ticket.kinds() == before
    views = await api.http.get(
        f"/api/v1/tickets/{ticket.number}/views", headers=await api.token(Role.AUDITOR)
    )
    assert views.json()["items"] == []


async def test_staff_of_another_city_merge_nothing(api: Api) -> None:
    first, second = await _with_its_unit(api), await _with_its_unit(api)
    who = await signed_in(api, Role.DISPATCHER, city=ELSEWHERE)
    await _press(
        api, who, "merge", a=first.number, b=second.number, parent=first.number, reason="同一件事"
    )
    for ticket in (first, second):
        assert "merged" not in await ticket.kinds()
        assert "complainant_joined" not in await ticket.kinds()
