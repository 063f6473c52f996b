"""Tests of reports (举报): hidden from the accused unit; the handler does not learn from whom."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from domain.actors import Role
from store.db.engine import Store
from store.tickets import intake
from tests.api.house import REPLY, Filed, House, open_house, problem
from tests.support.cities import city_with
from tests.support.engine import platform
from tests.support.people import signed_in

ACCUSED, BELOW, HANDLER = "water", "river-station", "police"
REPORT: dict[str, Any] = {
    "kind": "report",
    "channel": "hotline",
    "title": "",
    "text": "他们的人收了施工队的好处。",
    "category": None,
    "contact": {"name": "李四", "phone": "13800004321"},
}
NOWHERE = "2603021234560"
"""A number that no ticket has."""

COMMANDS: list[tuple[str, Any]] = [
    ("sign", None),
    ("sign", {"assignment": 1}),
    ("contact", None),
    ("return", {"ground": "not_ours", "reason": "不是我们的。"}),
    ("extend", {"by": "3d", "reason": "再给几天。"}),
    ("answer-order", {"order": 1, "answer": "已办。"}),
    ("minutes", {"minutes": {"what": "on_site", "text": "到场。"}}),
    ("raise-level", {"reason": "提级。"}),
    ("revisit", {"holds": True, "note": "没有问题。"}),
    ("recur", {"text": "又来了。"}),
    ("urge", None),
    ("facts", {"text": "补充。"}),
    ("withdraw", None),
    ("decide", {"approve": True, "reason": "同意。"}),
    ("reassign", {"unit": "market", "reason": "给它。"}),
]


@pytest.fixture
async def house(client: Client, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[House]:
    """Open a city in which reports that name a unit go to the police."""
    packs = city_with(tmp_path / "cities", reports={"unit": HANDLER})
    async with (
        platform(client, sqlite_store, packs) as running,
        open_house(tmp_path, running.store, client, packs) as opened,
    ):
        yield opened


async def _accusing(house: House) -> Filed:
    """File a report about the water bureau, in a category of the water bureau."""
    ticket = await house.file(**REPORT)
    named = {"category": "0301", "accused": ACCUSED}
    assert (await ticket.by(Role.DISPATCHER, "triage", named)).status_code == 200
    await ticket.until_stage("handle")
    return ticket


async def _reading(house: House, officer: str, path: str, **params: str) -> Any:
    headers = await house.officer(officer)
    return await house.http.get(f"/api/v1{path}", params=params, headers=headers)


@pytest.mark.parametrize("unit", [ACCUSED, BELOW])
async def test_the_accused_does_not_find_it_in_the_inbox(house: House, unit: str) -> None:
    who, people = await signed_in(house, Role.OFFICER, unit), {"Accept": "text/html"}
    accusing = await _accusing(house)
    for part in ("all", "late", "done"):
        path = f"/staff/inbox?which={part}"
        assert accusing.number not in (await house.http.get(path, headers=people | who.cookie)).text
    fields = {"csrf": who.csrf, "pick": [f"{accusing.number}-1", f"{NOWHERE}-1"]}
    refused = await house.http.post("/staff/inbox/sign", data=fields, headers=people | who.cookie)
    text, nowhere = (
        refused.text.partition(f">{number}<")[2].partition("</li>")[0]
        for number in (accusing.number, NOWHERE)
    )
    assert text == nowhere != ""
    handler = await signed_in(house, Role.OFFICER, HANDLER)
    seen = await house.http.get("/staff/inbox", headers=people | handler.cookie)
    assert accusing.number in seen.text
    assert "李四" not in seen.text


async def test_it_goes_to_the_unit_for_reports(house: House) -> None:
    ticket = await _accusing(house)
    shown = await ticket.by_unit("sign", unit=HANDLER)
    assert shown.json()["unit"] == HANDLER


@pytest.mark.parametrize("unit", [ACCUSED, BELOW])
async def test_the_accused_cannot_tell_it_from_a_ticket_that_is_not_there(
    house: House, unit: str
) -> None:
    ticket = await _accusing(house)
    for path, code in (
        ("/tickets/{}", "ticket_not_found"),
        ("/tickets/{}/events", "ticket_not_found"),
        ("/assignments/{}-1", "assignment_not_found"),
    ):
        value = await _reading(house, unit, path.format(ticket.number))
        nowhere = await _reading(house, unit, path.format(NOWHERE))
        assert problem(value) == problem(nowhere) == (404, code)
        assert value.json() == nowhere.json()


@pytest.mark.parametrize("unit", [ACCUSED, BELOW])
async def test_the_accused_finds_it_in_no_list(house: House, unit: str) -> None:
    ticket = await _accusing(house)
    for path, params in (
        ("/tickets", {}),
        ("/tickets", {"kind": "report"}),
        ("/tickets", {"text": ticket.number}),
        ("/assignments", {"open": "false"}),
    ):
        shown = await _reading(house, unit, path, **params)
        assert shown.json()["items"] == []
    other = await _reading(house, unit, "/tickets", unit=HANDLER)
    assert problem(other) == (403, "not_your_unit")


@pytest.mark.parametrize("unit", [ACCUSED, BELOW])
async def test_the_accused_can_do_nothing_and_learns_not_why(house: House, unit: str) -> None:
    ticket = await _accusing(house)
    before = await ticket.kinds()
    for what, body in COMMANDS:
        refused = await ticket.by_unit(what, body, unit=unit)
        assert problem(refused) == (404, "ticket_not_found"), what
    refused = await ticket.complete(unit=unit)
    assert problem(refused) == (404, "assignment_not_found")
    assert await ticket.kinds() == before


@pytest.mark.parametrize("unit", [ACCUSED, BELOW])
async def test_after_the_end_the_accused_still_finds_nothing(house: House, unit: str) -> None:
    ticket = await _accusing(house)
    assert (await ticket.complete(unit=HANDLER)).status_code == 200
    await ticket.until_stage("rate")
    await ticket.rate()
    await ticket.until_stage("ended")
    for what, body in COMMANDS:
        refused = await ticket.by_unit(what, body, unit=unit)
        assert problem(refused) == (404, "ticket_not_found"), what


async def test_nobody_can_give_it_to_the_accused(house: House) -> None:
    ticket = await _accusing(house)
    for unit in (ACCUSED, BELOW):
        moved = {"unit": unit, "reason": "对口办理。"}
        refused = await ticket.by(Role.DISPATCHER, "reassign", moved)
        assert problem(refused) == (422, "accused_unit")
        called = {
            "ground": "emergency",
            "reason": "请其配合。",
            "units": [{"unit": unit, "task": "说明情况。"}],
        }
        refused = await ticket.by_unit("whistle", called, unit=HANDLER)
        assert problem(refused) == (422, "accused_unit")


async def test_who_reported_is_not_for_the_unit_that_handles_it(house: House) -> None:
    ticket = await _accusing(house)
    shown = (await _reading(house, HANDLER, f"/tickets/{ticket.number}")).json()
    values = {name: shown["complaint"][name] for name in ("channel", "anonymous", "person")}
    assert values == {"channel": "other", "anonymous": True, "person": None}
    (row,) = (await _reading(house, HANDLER, "/tickets")).json()["items"]
    assert row["number"] == ticket.number
    assert (row["channel"], row["anonymous"], row["person"]) == (None, None, None)
    registered = await intake.get(house.store, ticket.number)
    assert registered is not None
    assert registered.complaint.person
    for path in ("/tickets/{}", "/tickets/{}/events", "/tickets", "/assignments/{}-1"):
        answer = await _reading(house, HANDLER, path.format(ticket.number))
        assert registered.complaint.person not in answer.text
        assert "hotline" not in answer.text


async def test_the_hotline_knows_whom_to_call_back(house: House) -> None:
    ticket = await _accusing(house)
    for role in (Role.DESK, Role.SUPERVISOR):
        shown = await house.http.get(ticket.path, headers=await house.token(role))
        complaint = shown.json()["complaint"]
        assert complaint["channel"] == "hotline"
        assert complaint["person"] is not None


async def test_the_citizen_follows_it_as_any_other(house: House) -> None:
    ticket = await _accusing(house)
    answer = await ticket.complete(unit=HANDLER)
    assert answer.status_code == 200, answer.text
    shown = await ticket.until_stage("rate")
    assert shown["reply"] == REPLY["reply"]


async def test_a_report_that_the_desk_classifies_as_a_complaint_stays_protected(
    house: House,
) -> None:
    """No unit learns how it was filed, or by whom, and nothing is published."""
    ticket = await house.file(**REPORT, public=True)
    classified = {"category": "0301", "kind": "complaint"}
    assert (await ticket.by(Role.DISPATCHER, "triage", classified)).status_code == 200
    await ticket.until_stage("handle")
    officer = await house.officer("water")
    hidden = {"channel": "other", "anonymous": True, "person": None}
    shown = (await house.http.get(ticket.path, headers=officer)).json()
    assert shown["kind"] == "complaint"
    assert {name: shown["complaint"][name] for name in hidden} == hidden
    [row] = (await house.http.get("/api/v1/tickets", headers=officer)).json()["items"]
    assert [row[name] for name in hidden] == [None, None, None]
    person = await house.http.get(f"{ticket.path}/person", headers=officer)
    assert problem(person) == (403, "identity_protected")
    assert (await ticket.complete()).status_code == 200
    await ticket.until_stage("rate")
    published = await house.http.get("/api/v1/cities/tongzhou/answers")
    assert published.json()["items"] == []
    desk = await house.http.get(ticket.path, headers=await house.token(Role.DISPATCHER))
    assert desk.json()["complaint"]["channel"] == "hotline"
