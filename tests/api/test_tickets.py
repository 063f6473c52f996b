"""Tests of reading tickets: each caller sees what is theirs."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.actors import Role
from store.tickets.outbox import MailboxNotifier
from tests.api.running_api import COMPLAINT, Api, Filed, problem

LIST = "/api/v1/tickets"
READERS = (Role.DESK, Role.DISPATCHER, Role.SUPERVISOR, Role.AUDITOR, Role.ADMIN)


async def test_staff_see_the_whole_ticket(api: Api) -> None:
    ticket = await api.file()
    for role in READERS:
        answer = await api.http.get(ticket.path, headers=await api.token(role))
        assert answer.json()["complaint"]["text"] == COMPLAINT["text"]
        assert answer.json()["assignments"][0]["unit"] == "water"


async def test_nothing_on_the_way_keeps_a_ticket(api: Api) -> None:
    ticket = await api.file()
    answer = await api.http.get(ticket.path, headers=ticket.citizen)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_an_officer_sees_tickets_the_unit_has_or_had(api: Api) -> None:
    ticket = await api.file()
    for path in (ticket.path, f"{ticket.path}/events"):
        assert (await api.http.get(path, headers=await api.officer())).status_code == 200
        stranger = await api.http.get(path, headers=await api.officer("market"))
        assert problem(stranger) == (404, "ticket_not_found")
    moved = {"unit": "market", "reason": "职责所在。"}
    assert (await ticket.by(Role.DISPATCHER, "reassign", moved)).status_code == 200
    for unit in ("water", "market"):
        answer = await api.http.get(ticket.path, headers=await api.officer(unit))
        assert answer.status_code == 200


async def test_a_citizen_sees_no_officers_and_no_notes(api: Api) -> None:
    ticket = await api.file()
    await ticket.by_unit("contact", {"reached": False, "note": "无人接听"})
    await ticket.by_unit("return", {"ground": "not_ours", "reason": "内部理由"})
    officer = await api.http.get(f"{ticket.path}/events", headers=await api.officer())
    assert "无人接听" in officer.text
    assert "内部理由" in officer.text
    actors = {event["actor"]["id"] for event in officer.json()} - {""}
    assert actors
    shown = json.dumps(await ticket.seen(), ensure_ascii=False)
    assert not any(word in shown for word in ("无人接听", "内部理由", *actors))


async def test_a_citizen_reads_the_messages_of_the_mailbox(each_api: Api) -> None:
    ticket = await each_api.file()
    assert await MailboxNotifier().deliver(each_api.store, 10, datetime.now(UTC)) > 0
    templates = [message["template"] for message in (await ticket.seen())["messages"]]
    assert templates == ["accepted", "assigned"]


async def test_a_citizen_has_no_way_to_the_story_of_staff(api: Api) -> None:
    ticket = await api.file()
    answer = await api.http.get(f"{ticket.path}/events", headers=ticket.citizen)
    assert problem(answer) == (401, "unauthenticated")


async def test_a_registered_complaint_is_seen_before_it_starts(engineless_api: Api) -> None:
    filed = await engineless_api.http.post("/api/v1/complaints", json=COMPLAINT)
    ticket = Filed(engineless_api, filed.json())
    assert (await ticket.seen())["stage"] == "accept"
    assert await ticket.kinds() == []
    desk = await engineless_api.token(Role.DESK)
    answer = await engineless_api.http.get(ticket.path, headers=desk)
    assert answer.json()["stage"] == "accept"
    officer = await engineless_api.http.get(ticket.path, headers=await engineless_api.officer())
    assert problem(officer) == (404, "ticket_not_found")


async def test_a_number_nobody_has(api: Api) -> None:
    for role in READERS:
        for path in ("2603021234560", "2603021234560/events"):
            answer = await api.http.get(f"{LIST}/{path}", headers=await api.token(role))
            assert problem(answer) == (404, "ticket_not_found")
    desk = await api.token(Role.DESK)
    nowhere = await api.http.post(f"{LIST}/2603021234560/urge", headers=desk)
    assert problem(nowhere) == (404, "ticket_not_found")


async def test_lists_are_read_page_by_page(each_api: Api) -> None:
    filed = [await each_api.file(title=f"第{n}件") for n in range(5)]
    desk = await each_api.token(Role.DESK)
    seen, cursor = [], None
    for _ in range(3):
        params = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await each_api.http.get(LIST, params=params, headers=desk)).json()
        seen += [item["number"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert cursor is None
    assert seen == [ticket.number for ticket in reversed(filed)]


async def test_lists_are_filtered(each_api: Api) -> None:
    handled, unclear = await each_api.file(), await each_api.unclear()
    desk = await each_api.token(Role.DESK)

    async def numbers(**params: str) -> set[str]:
        answer = await each_api.http.get(LIST, params=params, headers=desk)
        assert answer.status_code == 200, answer.text
        return {item["number"] for item in answer.json()["items"]}

    both = {handled.number, unclear.number}
    assert await numbers() == both
    assert await numbers(stage="triage") == {unclear.number}
    assert await numbers(unit="water") == {handled.number}
    assert await numbers(category="0301", open="true") == {handled.number}
    assert await numbers(overdue="true") == set()
    assert await numbers(text="发黑") == {handled.number}
    assert await numbers(text=unclear.number) == {unclear.number}
    assert await numbers(text="%_'\"\\") == set()
    assert await numbers(text="\x00") == both
    assert await numbers(city="tongzhou", filed_since="2020-01-01T00:00:00+08:00") == both
    assert await numbers(filed_until="2020-01-01T00:00:00Z") == set()


async def test_officers_list_their_own_unit(api: Api) -> None:
    ticket = await api.file()
    await api.unclear()
    officer = await api.officer()
    mine = await api.http.get(LIST, headers=officer)
    assert [item["number"] for item in mine.json()["items"]] == [ticket.number]
    other = await api.http.get(LIST, params={"unit": "market"}, headers=officer)
    assert problem(other) == (403, "not_your_unit")


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"cursor": "nonsense"}, (400, "bad_cursor")),
        ({"cursor": "WzFd"}, (400, "bad_cursor")),
        ({"cursor": "x" * 501}, (422, "invalid_request")),
        ({"limit": "0"}, (422, "invalid_request")),
        ({"limit": "9" * 5000}, (422, "invalid_request")),
        ({"stage": "limbo"}, (422, "invalid_request")),
        ({"unit": "a b"}, (422, "invalid_request")),
        ({"filed_since": "yesterday"}, (422, "invalid_request")),
        ({"filed_since": "2026-01-01T00:00:00"}, (422, "invalid_request")),
        ({"filed_since": "0001-01-01T00:00:00+14:00"}, (422, "invalid_request")),
        ({"due_before": "9999-12-31T23:59:59-12:00"}, (422, "invalid_request")),
        ({"order": "random"}, (422, "invalid_request")),
    ],
)
async def test_questions_that_make_no_sense(
    api: Api, params: dict[str, str], expected: tuple[int, str]
) -> None:
    desk = await api.token(Role.DESK)
    assert problem(await api.http.get(LIST, params=params, headers=desk)) == expected


@pytest.mark.parametrize(
    "key",
    [
        ["2026-01-01T00:00:00+00:00", "\x00"],
        ["2026-01-01T00:00:00+00:00", "\ud800"],
        ["0001-01-01T00:00:00+14:00", "1"],
        ["9999-12-31T23:59:59-14:00", "1"],
        ["2026-01-01T00:00:00", "1"],
        ["\ud800", "1"],
    ],
)
async def test_a_forged_cursor_is_refused_or_leads_nowhere(each_api: Api, key: Any) -> None:
    forged = base64.urlsafe_b64encode(json.dumps(key).encode()).decode()
    desk = await each_api.token(Role.DESK)
    answer = await each_api.http.get(LIST, params={"cursor": forged}, headers=desk)
    assert problem(answer) == (400, "bad_cursor")


async def test_a_forged_cursor_of_an_inbox(each_api: Api) -> None:
    for n in (10**30, -1, 2**40):
        key = json.dumps(["2026-01-01T00:00:00+00:00", "1", n]).encode()
        forged = base64.urlsafe_b64encode(key).decode()
        answer = await each_api.http.get(
            "/api/v1/assignments", params={"cursor": forged}, headers=await each_api.officer()
        )
        assert answer.status_code in (200, 400), answer.text
