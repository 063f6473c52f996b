"""Tests of reports (举报): hidden from the accused unit; the handler does not learn from whom."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from temporalio.client import Client

from domain.actors import Role
from store.db.engine import Store
from store.tickets import intake
from tests.api.running_api import REPLY, Api, Filed, problem, serve_api
from tests.support.cities import city_with
from tests.support.engine import platform
from tests.support.media import a_photo
from tests.support.people import signed_in
from tests.support.walking import addresses

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
    ("accuse", {"nobody": True}),
]


@pytest.fixture
async def api(client: Client, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    """Open a city in which reports that name a unit go to the police."""
    packs = city_with(
        tmp_path / "cities",
        reports={"unit": HANDLER},
        features={"settle_all": True},
        caps={"reworks": 1},
    )
    async with (
        platform(client, sqlite_store, packs) as running,
        serve_api(tmp_path, running.store, client, packs) as opened,
    ):
        yield opened


async def _accusing(api: Api) -> Filed:
    """File a report about the water bureau, in a category of the water bureau."""
    ticket = await api.file(**REPORT)
    named = {"category": "0301", "accused": ACCUSED}
    assert (await ticket.by(Role.DISPATCHER, "triage", named)).status_code == 200
    await ticket.until_stage("handle")
    return ticket


async def _reading(api: Api, officer: str, path: str, **params: str) -> Any:
    headers = await api.officer(officer)
    return await api.http.get(f"/api/v1{path}", params=params, headers=headers)


@pytest.mark.parametrize("unit", [ACCUSED, BELOW])
async def test_the_accused_does_not_find_it_in_the_inbox(api: Api, unit: str) -> None:
    who, people = await signed_in(api, Role.OFFICER, unit), {"Accept": "text/html"}
    accusing = await _accusing(api)
    for part in ("all", "late", "done"):
        path = f"/staff/inbox?which={part}"
        assert accusing.number not in (await api.http.get(path, headers=people | who.cookie)).text
    fields = {"csrf": who.csrf, "pick": [f"{accusing.number}-1", f"{NOWHERE}-1"]}
    refused = await api.http.post("/staff/inbox/sign", data=fields, headers=people | who.cookie)
    text, nowhere = (
        refused.text.partition(f">{number}<")[2].partition("</li>")[0]
        for number in (accusing.number, NOWHERE)
    )
    assert text == nowhere != ""
    handler = await signed_in(api, Role.OFFICER, HANDLER)
    seen = await api.http.get("/staff/inbox", headers=people | handler.cookie)
    assert accusing.number in seen.text
    assert "李四" not in seen.text


async def test_it_goes_to_the_unit_for_reports(api: Api) -> None:
    ticket = await _accusing(api)
    shown = await ticket.by_unit("sign", unit=HANDLER)
    assert shown.json()["unit"] == HANDLER


@pytest.mark.parametrize("unit", [ACCUSED, BELOW])
async def test_the_accused_cannot_tell_it_from_a_ticket_that_is_not_there(
    api: Api, unit: str
) -> None:
    ticket = await _accusing(api)
    for path, code in (
        ("/tickets/{}", "ticket_not_found"),
        ("/tickets/{}/events", "ticket_not_found"),
        ("/assignments/{}-1", "assignment_not_found"),
    ):
        value = await _reading(api, unit, path.format(ticket.number))
        nowhere = await _reading(api, unit, path.format(NOWHERE))
        assert problem(value) == problem(nowhere) == (404, code)
        assert value.json() == nowhere.json()


@pytest.mark.parametrize("unit", [ACCUSED, BELOW])
async def test_the_accused_finds_it_in_no_list(api: Api, unit: str) -> None:
    ticket = await _accusing(api)
    for path, params in (
        ("/tickets", {}),
        ("/tickets", {"kind": "report"}),
        ("/tickets", {"text": ticket.number}),
        ("/assignments", {"open": "false"}),
    ):
        shown = await _reading(api, unit, path, **params)
        assert shown.json()["items"] == []
    other = await _reading(api, unit, "/tickets", unit=HANDLER)
    assert problem(other) == (403, "not_your_unit")


@pytest.mark.parametrize("unit", [ACCUSED, BELOW])
async def test_the_accused_can_do_nothing_and_learns_not_why(api: Api, unit: str) -> None:
    ticket = await _accusing(api)
    before = await ticket.kinds()
    for what, body in COMMANDS:
        refused = await ticket.by_unit(what, body, unit=unit)
        assert problem(refused) == (404, "ticket_not_found"), what
    refused = await ticket.complete(unit=unit)
    assert problem(refused) == (404, "assignment_not_found")
    assert await ticket.kinds() == before


@pytest.mark.parametrize("unit", [ACCUSED, BELOW])
async def test_after_the_end_the_accused_still_finds_nothing(api: Api, unit: str) -> None:
    ticket = await _accusing(api)
    assert (await ticket.complete(unit=HANDLER)).status_code == 200
    await ticket.until_stage("rate")
    await ticket.rate()
    await ticket.until_stage("ended")
    for what, body in COMMANDS:
        refused = await ticket.by_unit(what, body, unit=unit)
        assert problem(refused) == (404, "ticket_not_found"), what


async def test_nobody_can_give_it_to_the_accused(api: Api) -> None:
    ticket = await _accusing(api)
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


async def test_who_reported_is_not_for_the_unit_that_handles_it(api: Api) -> None:
    ticket = await _accusing(api)
    shown = (await _reading(api, HANDLER, f"/tickets/{ticket.number}")).json()
    values = {name: shown["complaint"][name] for name in ("channel", "anonymous", "person")}
    assert values == {"channel": "other", "anonymous": True, "person": None}
    (row,) = (await _reading(api, HANDLER, "/tickets")).json()["items"]
    assert row["number"] == ticket.number
    assert (row["channel"], row["anonymous"], row["person"]) == (None, None, None)
    registered = await intake.get(api.store, ticket.number)
    assert registered is not None
    assert registered.complaint.person
    for path in ("/tickets/{}", "/tickets/{}/events", "/tickets", "/assignments/{}-1"):
        answer = await _reading(api, HANDLER, path.format(ticket.number))
        assert registered.complaint.person not in answer.text
        assert "hotline" not in answer.text


async def test_the_hotline_knows_whom_to_call_back(api: Api) -> None:
    ticket = await _accusing(api)
    for role in (Role.DESK, Role.SUPERVISOR):
        shown = await api.http.get(ticket.path, headers=await api.token(role))
        complaint = shown.json()["complaint"]
        assert complaint["channel"] == "hotline"
        assert complaint["person"] is not None


async def test_the_citizen_follows_it_as_any_other(api: Api) -> None:
    ticket = await _accusing(api)
    answer = await ticket.complete(unit=HANDLER)
    assert answer.status_code == 200, answer.text
    shown = await ticket.until_stage("rate")
    assert shown["reply"] == REPLY["reply"]


async def test_a_report_that_the_desk_classifies_as_a_complaint_stays_protected(
    api: Api,
) -> None:
    """No unit learns how it was filed, or by whom, and nothing is published."""
    ticket = await api.file(**REPORT, public=True)
    classified = {"category": "0301", "kind": "complaint", "nobody": True}
    assert (await ticket.by(Role.DISPATCHER, "triage", classified)).status_code == 200
    await ticket.until_stage("handle")
    officer = await api.officer("water")
    hidden = {"channel": "other", "anonymous": True, "person": None}
    shown = (await api.http.get(ticket.path, headers=officer)).json()
    assert shown["kind"] == "complaint"
    assert {name: shown["complaint"][name] for name in hidden} == hidden
    [row] = (await api.http.get("/api/v1/tickets", headers=officer)).json()["items"]
    assert [row[name] for name in hidden] == [None, None, None]
    person = await api.http.get(f"{ticket.path}/person", headers=officer)
    assert problem(person) == (403, "identity_protected")
    assert (await ticket.complete()).status_code == 200
    await ticket.until_stage("rate")
    published = await api.http.get("/api/v1/cities/tongzhou/answers")
    assert published.json()["items"] == []
    desk = await api.http.get(ticket.path, headers=await api.token(Role.DISPATCHER))
    assert desk.json()["complaint"]["channel"] == "hotline"


# --- accused later, followed, inspected: no word of it at any address -----------------------------

WORD, SECOND = "青梅巷口", "白鹭桥下"
"""Words of the reports, which nothing else has."""


async def _accused_since(api: Api) -> Filed:
    """File a ticket of the water bureau; when that has signed, the citizen tells of its people."""
    photo = (await api.http.post("/api/v1/files", content=a_photo())).json()
    ticket = await api.file(
        title=WORD, text=f"{WORD}的河水发黑，已找过他们。", files=[photo["reference"]]
    )
    assert (await ticket.by_unit("sign")).status_code == 200
    called = {
        "ground": "emergency",
        "reason": f"{WORD}急。",
        "units": [{"unit": "planning", "task": f"{WORD}核实。"}],
    }
    assert (await ticket.by_unit("whistle", called)).status_code == 200
    assert (await ticket.by(Role.DESK, "accuse", {"units": [ACCUSED]})).status_code == 200
    given = {"unit": HANDLER, "reason": f"{WORD}另派。"}
    assert (await ticket.by(Role.DISPATCHER, "reassign", given)).status_code == 200
    await ticket.until_stage("handle")
    return ticket


async def _followed(api: Api) -> tuple[Filed, Filed]:
    """Return a report that has ended, and the one that follows it."""
    first = await api.file(**REPORT | {"title": SECOND, "text": f"{SECOND}的人收了好处。"})
    named = {"category": "0301", "accused": [ACCUSED]}
    assert (await first.by(Role.DISPATCHER, "triage", named)).status_code == 200
    await first.until_stage("handle")
    await first.complete(unit=HANDLER, body={"reply": f"{SECOND}已查处。"})
    await first.until_stage("rate")
    await first.rate()
    await first.until_stage("ended")
    again = await first.act("recur", first.citizen, {"text": f"{SECOND}的人又来了。"})
    assert again.status_code == 201, again.text
    return first, Filed(api, again.json())


async def test_the_follow_up_of_a_report_is_one_and_kept_from_the_same(api: Api) -> None:
    first, second = await _followed(api)
    await second.until_stage("triage")
    before, after = await first.seen_by_staff(), await second.seen_by_staff()
    assert (after["kind"], after["accused"]) == ("report", [ACCUSED])
    assert set(before["kept_from"]) <= set(after["kept_from"])
    assert (await second.by(Role.DISPATCHER, "triage", {"category": "0301"})).status_code == 200
    assert (await second.until_stage("handle"))["unit"] != (await api.file()).number
    assert (await second.seen_by_staff())["assignments"][0]["unit"] == HANDLER
    refused = await second.act("person", await api.officer(ACCUSED), {"purpose": "联系来电人"})
    assert problem(refused) == (404, "ticket_not_found")


async def test_inspections_after_a_report_tell_nothing_of_it(api: Api) -> None:
    ticket = await _accused_since(api)
    body = {"text": "请各单位自查。", "units": [ACCUSED]}
    refused = await ticket.by(Role.SUPERVISOR, "settle-all", body)
    assert problem(refused) == (422, "accused_unit")
    opened = await ticket.by(Role.SUPERVISOR, "settle-all", {"text": "请各单位自查。"})
    assert opened.status_code == 200, opened.text
    numbers = (await ticket.seen_by_staff())["inspections"]
    assert numbers
    for number in numbers:
        registered = await intake.get(api.store, number)
        assert registered is not None
        inspection = registered.complaint
        assert WORD not in inspection.model_dump_json()
        assert inspection.unit not in (ACCUSED, BELOW)
        assert {ACCUSED, BELOW} <= set(inspection.kept_from)


@pytest.mark.parametrize("unit", [ACCUSED, BELOW])
async def test_no_address_tells_an_accused_unit_a_word_of_it(api: Api, unit: str) -> None:
    """Every address that can be read, with each report's number, file and share in its place."""
    since = await _accused_since(api)
    reports = [since, *await _followed(api)]
    inspections = (await since.seen_by_staff())["inspections"]
    fileid = (await api.http.get(f"{since.path}/files", headers=await api.token(Role.DESK))).json()
    who = await signed_in(api, Role.OFFICER, unit)
    browser = who.cookie | {"Accept": "text/html", "Accept-Language": "zh"}
    desk = (await signed_in(api, Role.DESK)).cookie | {"Accept": "text/html"}
    shown, walked = 0, 0
    for address in addresses(api.app):
        if address.method != "GET" or "stream" in address.path or "feed" in address.path:
            continue
        for report in reports:
            things = {"number": report.number, "file": fileid[0]["id"], "city": "tongzhou"}
            path = re.sub(r"\{(\w+)[^}]*\}", partial(_filled, things), address.path)
            headers = browser if path.startswith("/staff") else who.headers
            asked = {"unit": unit, "city": "tongzhou", "month": _month()}
            answer = await api.http.get(path, headers=headers, params=asked)
            assert answer.status_code < 500, path
            for word in (WORD, SECOND, *inspections):
                assert word not in answer.text, (path, word)
            if report.number not in path:
                assert not [one for one in reports if one.number in answer.text], path
            walked += 1
            control = await api.http.get(path, headers=desk)
            shown += WORD in control.text or SECOND in control.text
            if "{" not in address.path:
                break
    assert walked > 50
    assert shown > 5, "the desk reads these words: the walk looks in the right places"


def _month() -> str:
    return f"{datetime.now(ZoneInfo('Asia/Shanghai')):%Y-%m}"


async def test_points_and_figures_name_no_ticket_that_accuses_since(api: Api) -> None:
    ticket, other = await _accused_since(api), await api.file()
    assert (await other.by_unit("sign")).status_code == 200
    officer = (await signed_in(api, Role.OFFICER, ACCUSED)).cookie
    for path in ("/staff/league/points/events", "/staff/league/points/events.csv"):
        asked = {"unit": ACCUSED, "city": "tongzhou", "month": _month()}
        shown = await api.http.get(path, headers=officer, params=asked)
        assert shown.status_code == 200, shown.text
        assert other.number in shown.text
        assert ticket.number not in shown.text


async def _merged(api: Api) -> tuple[Filed, Filed]:
    """Return a ticket of the water bureau, and one merged into it whose citizen added something."""
    first = await api.file()
    photo = (await api.http.post("/api/v1/files", content=a_photo())).json()
    second = await api.file(title=WORD, text=f"{WORD}也是。", files=[photo["reference"]])
    into = {"into": first.number, "reason": "同一处"}
    assert (await second.by(Role.DISPATCHER, "merge", into)).status_code == 200
    assert (await second.act("facts", second.citizen, {"text": f"{SECOND}收了钱。"})).is_success
    assert (await second.act("urge", second.citizen, {"text": f"{SECOND}快。"})).is_success
    return first, second


@pytest.mark.parametrize("unit", [ACCUSED, BELOW])
async def test_a_unit_reads_nothing_of_who_was_merged_and_accuses_it_since(
    api: Api, unit: str
) -> None:
    first, second = await _merged(api)
    called = {
        "ground": "emergency",
        "reason": "急。",
        "units": [{"unit": BELOW, "task": "核实。"}],
    }
    assert (await first.by_unit("whistle", called)).status_code == 200
    assert (await second.by(Role.DESK, "accuse", {"units": [ACCUSED]})).status_code == 200
    await second.until_stage("dispatch")
    await _until_kind(first, "complainant_left")
    told = (WORD, SECOND, second.number)
    assert await _words_at(api, first, unit, told) == set()
    assert len(await _files_of(api, first, Role.DESK)) == 1
    assert await _files_of(api, first, Role.OFFICER, unit) == []


async def test_a_ticket_that_went_apart_does_not_name_the_one_that_accuses(api: Api) -> None:
    first, second = await _merged(api)
    assert (await first.by(Role.DESK, "accuse", {"units": [ACCUSED]})).status_code == 200
    await _until_kind(second, "unmerged")
    assert (await second.until_stage("handle"))["unit"] == "区水务局"
    assert await _words_at(api, second, ACCUSED, (first.number,)) == set()


async def _until_kind(ticket: Filed, kind: str) -> None:
    async with asyncio.timeout(60):
        while kind not in await ticket.kinds():
            await asyncio.sleep(0.02)


async def _words_at(api: Api, ticket: Filed, unit: str, words: tuple[str, ...]) -> set[str]:
    """Return those of the words that the unit reads at any address of the ticket."""
    officer = await signed_in(api, Role.OFFICER, unit)
    desk = (await signed_in(api, Role.DESK)).cookie | {"Accept": "text/html"}
    read, control = set[str](), set[str]()
    for address in addresses(api.app):
        if address.method != "GET" or "{number}" not in address.path:
            continue
        things = {"number": ticket.number, "city": "tongzhou"}
        path = re.sub(r"\{(\w+)[^}]*\}", partial(_filled, things), address.path)
        headers = officer.cookie | {"Accept": "text/html", "Accept-Language": "zh"}
        answer = await api.http.get(path, headers=headers)
        assert answer.status_code < 500, path
        read |= {word for word in words if word in answer.text}
        shown = await api.http.get(path, headers=desk)
        control |= {word for word in words if word in shown.text}
    assert control == set(words), "the desk reads them: the walk looks in the right places"
    return read


async def _files_of(api: Api, ticket: Filed, role: Role, unit: str | None = None) -> list[Any]:
    headers = await api.token(role, unit)
    answer = await api.http.get(f"{ticket.path}/files", headers=headers)
    assert answer.status_code == 200, answer.text
    return list(answer.json())


def _filled(things: dict[str, str], part: re.Match[str]) -> str:
    return things.get(part[1], "1")


async def test_what_was_in_the_hands_of_the_accused_ends_there(api: Api) -> None:
    """Its share, its orders and its program: nothing is taken from it, and nothing is decoded."""
    ticket = await _accused_since(api)
    refused = await ticket.complete(unit=ACCUSED)
    assert problem(refused) == (404, "assignment_not_found")
    for what, body in COMMANDS:
        refused = await ticket.by_unit(what, body, unit=ACCUSED)
        assert problem(refused) in ((404, "ticket_not_found"), (403, "forbidden")), what
    share = await _reading(api, ACCUSED, f"/assignments/{ticket.number}-1")
    assert problem(share) == (404, "assignment_not_found")
    shown = await _reading(api, ACCUSED, "/assignments", open="false")
    assert shown.json()["items"] == []
