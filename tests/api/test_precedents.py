"""Tests of precedents: what became of earlier tickets of a subject that a unit returned."""

from datetime import UTC, datetime

from domain.actors import Role
from store.tickets.numbers import new_number
from tests.api.running_api import Api, Filed, problem
from tests.support.staff_pages import at_desk, says

RIVER = "0301"
RETURN = {"ground": "not_ours", "reason": "河段由镇里管理。"}


async def _returned(api: Api, **changes: str) -> Filed:
    """File a ticket that the unit returns, and that goes to a town instead."""
    ticket = await api.file(category=RIVER, text="河水发臭", **changes)
    assert (await ticket.by_unit("return", RETURN)).status_code == 200
    body = {"approve": True, "reason": "属于镇里。", "unit": "110112003"}
    assert (await ticket.by(Role.DISPATCHER, "decide", body)).status_code == 200
    return ticket


async def test_the_dispatcher_sees_who_returned_such_tickets_and_who_got_them(api: Api) -> None:
    past = await _returned(api)
    now = await api.unclear()
    path = f"{now.path}/precedents?category={RIVER}"
    shown = await api.http.get(path, headers=await api.token(Role.DISPATCHER))
    assert shown.status_code == 200, shown.text
    [item], [share] = shown.json()["items"], shown.json()["shares"]
    assert (item["number"], item["settled"], item["instead"]) == (
        past.number,
        "returned",
        "110112003",
    )
    assert (item["ground"], item["reason"]) == ("not_ours", "河段由镇里管理。")
    assert (share["unit"], share["times"]) == (item["unit"], 1)
    other = await api.http.get(
        f"{now.path}/precedents?category=0204", headers=await api.token(Role.DISPATCHER)
    )
    assert other.json()["items"] == []


async def test_units_and_citizens_are_not_told(api: Api) -> None:
    past = await _returned(api)
    path = f"{past.path}/precedents"
    unit = await api.http.get(path, headers=await api.token(Role.OFFICER, "110112003"))
    assert problem(unit) == (403, "forbidden")
    assert (await api.http.get(path, headers=past.citizen)).status_code in {401, 403}
    unknown = await api.http.get(
        f"/api/v1/tickets/{new_number(datetime.now(UTC).date())}/precedents",
        headers=await api.token(Role.DESK),
    )
    assert problem(unknown) == (404, "ticket_not_found")


async def test_a_ticket_is_no_precedent_of_its_own(api: Api) -> None:
    past = await _returned(api)
    own = await api.http.get(f"{past.path}/precedents", headers=await api.token(Role.DISPATCHER))
    assert own.json()["category"] == RIVER
    assert own.json()["items"] == []


async def test_the_page_of_triage_shows_them(api: Api) -> None:
    past = await _returned(api)
    waiting = await api.file(category=RIVER, text="河水发臭")
    assert (await waiting.by_unit("return", RETURN)).status_code == 200
    granted = {"approve": True, "reason": "同意。"}
    assert (await waiting.by(Role.DISPATCHER, "decide", granted)).status_code == 200
    await waiting.until_stage("dispatch")
    page = await at_desk(api, Role.DISPATCHER)
    shown = says(await page.get(f"/staff/triage?city=tongzhou&number={waiting.number}"))
    assert "先例" in shown
    assert past.number in shown
    assert "河段由镇里管理。" in shown
