"""Tests of public hearings: published tickets, answers, promises, questions and ratings by code."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import update
from temporalio.client import Client

from domain.actors import Role
from store.db import tables
from store.db.engine import Store
from tests.api.running_api import Api, Filed, problem, serve_api
from tests.support.cities import city_with
from tests.support.engine import platform
from tests.support.promises import RULES
from tests.support.staff_pages import at_desk, says

HEARINGS = "/api/v1/cities/tongzhou/hearings"
HEARING = "/api/v1/hearings/tongzhou-1"
CODE = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")


@pytest.fixture
async def reporting(client: Client, store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    """Open a city that reports to the people, on each database."""
    packs = city_with(tmp_path / "cities", promises=RULES, report_card={"public": True})
    async with (
        platform(client, store, packs) as running,
        serve_api(tmp_path, running.store, client, packs) as api,
    ):
        yield api


def draft(*tickets: Filed) -> dict[str, Any]:
    return {
        "title": "向群众汇报：河道",
        "place": "政务服务中心",
        "starts_at": (datetime.now(UTC) + timedelta(days=7)).isoformat(),
        "tickets": [ticket.number for ticket in tickets],
    }


async def act(api: Api, path: str, body: Any = None, who: Any = None) -> httpx.Response:
    headers = who or await api.token(Role.SUPERVISOR)
    return await api.http.post(path, json={} if body is None else body, headers=headers)


async def invited(api: Api, count: int = 2) -> list[str]:
    answer = await act(api, f"{HEARING}/invitations", {"count": count})
    assert answer.status_code == 201, answer.text
    return list(answer.json()["codes"])


async def seen(api: Api) -> dict[str, Any]:
    answer = await api.http.get(HEARING)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def as_guest(api: Api, what: str, code: str, body: Any) -> httpx.Response:
    headers = {"Invitation-Code": code}
    return await api.http.post(f"{HEARING}/{what}", json=body, headers=headers)


async def test_a_hearing_begins_within_a_year(reporting: Api) -> None:
    """One of the year 9999 could not be drawn by the city's clocks, nor the list with it."""
    shown = await reporting.handled(public=True)
    for year, code in (
        ("9999-12-31T23:00:00Z", "too_far"),
        ("2001-01-01T00:00:00Z", "in_the_past"),
    ):
        refused = await act(reporting, HEARINGS, draft(shown) | {"starts_at": year})
        assert problem(refused) == (422, code)
    supervisor = await at_desk(reporting, Role.SUPERVISOR)
    assert (await supervisor.get("/staff/hearings")).status_code == 200


async def answered(api: Api, ticket: Filed, text: str) -> httpx.Response:
    path = f"{HEARING}/tickets/{ticket.number}/answer"
    return await act(api, path, {"text": text}, await api.officer())


async def test_only_published_tickets_come_to_an_event(reporting: Api) -> None:
    shown, private = await reporting.handled(public=True), await reporting.handled()
    unanswered = await reporting.file(public=True)
    for hidden in (private, unanswered):
        refused = await act(reporting, HEARINGS, draft(shown, hidden))
        assert problem(refused) == (409, "case_not_published")
    officer = await reporting.officer()
    assert problem(await act(reporting, HEARINGS, draft(shown), officer)) == (403, "forbidden")
    made = await act(reporting, HEARINGS, draft(shown))
    assert (made.status_code, made.json()["number"]) == (201, "tongzhou-1")
    assert problem(await reporting.http.get(HEARING)) == (404, "hearing_not_found"), "not yet"
    assert (await act(reporting, f"{HEARING}/publish")).status_code == 200
    assert [one["number"] for one in (await seen(reporting))["tickets"]] == [shown.number]
    await reporting.store.change(
        update(tables.ticket).where(tables.ticket.c.number == shown.number).values(public=False)
    )
    assert (await seen(reporting))["tickets"] == [], "what is not public any more is gone"


async def test_units_answer_and_promise_in_front_of_everybody(reporting: Api) -> None:
    ticket = await reporting.handled(public=True, text="河水发臭，电话 13900139000。")
    assert (await act(reporting, HEARINGS, draft(ticket))).status_code == 201
    await act(reporting, f"{HEARING}/publish")
    officer, stranger = await reporting.officer(), await reporting.officer("market")
    here = f"{HEARING}/tickets/{ticket.number}"
    said = {"text": "已清淤三百米，王师傅 13800138000。"}
    assert problem(await act(reporting, f"{here}/answer", said, stranger))[0] == 404
    assert (await act(reporting, f"{here}/answer", said, officer)).status_code == 200
    other = f"{HEARING}/tickets/2611300000000/answer"
    assert problem(await act(reporting, other, said)) in {
        (404, "not_at_hearing"),
        (422, "bad_number"),
    }
    undated = await act(reporting, f"{here}/promises", {"text": "年底前全部清完"}, officer)
    assert problem(undated) == (422, "promise_undated")
    due = f"{(datetime.now(UTC) + timedelta(days=20)).date()}"
    given = await act(reporting, f"{here}/promises", {"text": "全部清完", "due": due}, officer)
    assert (given.status_code, given.json()["hearing"]) == (201, "tongzhou-1")
    [shown] = (await seen(reporting))["tickets"]
    assert (shown["text"], shown["answer"]) == (
        "河水发臭，电话 ▇▇▇。",
        "已清淤三百米，王师傅 ▇▇▇。",
    )
    assert [(one["text"], one["due"]) for one in shown["promises"]] == [("全部清完", due)]
    listed = await reporting.http.get(f"{ticket.path}/promises", headers=officer)
    assert [one["hearing"] for one in listed.json()["items"]] == ["tongzhou-1"]


async def test_who_is_invited_asks_and_rates_each_answer_once(reporting: Api) -> None:
    ticket, elsewhere = await reporting.handled(public=True), await reporting.handled(public=True)
    assert (await act(reporting, HEARINGS, draft(ticket))).status_code == 201
    await act(reporting, f"{HEARING}/publish")
    one, two = await invited(reporting)
    question = {"text": "什么时候清完？我的电话 13800138000", "label": "三号楼"}
    assert problem(await as_guest(reporting, "questions", "AAAA-AAAA-AAAA", question)) == (
        401,
        "invitation_unknown",
    )
    for code in (one, one.lower().replace("-", " ")):
        assert (await as_guest(reporting, "questions", code, question)).status_code == 200
    assert (await seen(reporting))["questions"] == [], "it waits for a decision"
    [asked] = (await act(reporting, f"{HEARING}/publish")).json()["questions"]
    path = f"{HEARING}/questions/{asked['id']}"
    assert (await act(reporting, path, {"shown": True})).status_code == 200
    assert [q["text"] for q in (await seen(reporting))["questions"]] == [
        "什么时候清完？我的电话 ▇▇▇"
    ]
    assert (await act(reporting, path, {"shown": False})).status_code == 200
    assert (await seen(reporting))["questions"] == []
    rating = {"number": ticket.number, "grade": 5}
    early = await as_guest(reporting, "ratings", one, rating)
    assert problem(early) == (409, "nothing_answered")
    assert (await answered(reporting, ticket, "已清淤。")).status_code == 200
    assert (await answered(reporting, ticket, "已清淤三百米。")).status_code == 200
    assert (await as_guest(reporting, "ratings", one, rating)).status_code == 200
    other = await answered(reporting, ticket, "没有做过的事。")
    assert problem(other) == (409, "answer_stands")
    assert (await answered(reporting, ticket, "已清淤三百米。")).status_code == 200, "as it was"
    again = await as_guest(reporting, "ratings", one, rating | {"grade": 1})
    assert problem(again) == (409, "answer_rated")
    assert (await as_guest(reporting, "ratings", two, rating | {"grade": 4})).status_code == 200
    not_there = await as_guest(reporting, "ratings", two, rating | {"number": elsewhere.number})
    assert problem(not_there) == (404, "not_at_hearing")
    [shown] = (await seen(reporting))["tickets"]
    assert (shown["ratings"], shown["grades"]) == (2, {"5": 1, "4": 1})
    for n in range(4):
        assert (
            await as_guest(reporting, "questions", one, {"text": f"问题 {n}"})
        ).status_code == 200
    last = await as_guest(reporting, "questions", one, {"text": "再问"})
    assert problem(last) == (409, "hearing_question_cap")


async def test_what_others_try_in_a_network_keeps_nobody_from_asking(reporting: Api) -> None:
    ticket = await reporting.handled(public=True)
    assert (await act(reporting, HEARINGS, draft(ticket))).status_code == 201
    assert (await act(reporting, f"{HEARING}/publish")).status_code == 200
    [code] = await invited(reporting, 1)
    for n in range(61):
        wrong = await as_guest(reporting, "questions", f"AAAA-AAAA-{n:04}", {"text": "何时？"})
    assert problem(wrong) == (429, "too_many_attempts")
    asked = await as_guest(reporting, "questions", code, {"text": "何时装灯？"})
    assert asked.status_code == 200, asked.text


async def test_the_pages_of_an_event(reporting: Api) -> None:
    ticket = await reporting.handled(public=True)
    supervisor = await at_desk(reporting, Role.SUPERVISOR)
    sent = {
        "title": "向群众汇报：河道",
        "place": "大厅",
        "starts_at": f"{datetime.now(UTC) + timedelta(days=7):%Y-%m-%dT09:00}",
        "open": "yes",
        "tickets": ticket.number,
        "key": "k" * 32,
    }
    wrong = await supervisor.post("/staff/hearings", sent | {"starts_at": "gestern"})
    assert wrong.status_code == 422
    assert "向群众汇报：河道" in wrong.text, "nothing that was typed is lost"
    for _ in range(2):
        assert (await supervisor.post("/staff/hearings", sent)).status_code == 303
    listed = await supervisor.get("/staff/hearings")
    assert listed.text.count("/staff/hearings/tongzhou-") == 1, "two taps are one hearing"
    here = "/staff/hearings/tongzhou-1"
    assert (await reporting.http.get("/reports/tongzhou-1")).status_code == 404
    assert (await supervisor.post(f"{here}/publish", {})).status_code == 303
    issued = await supervisor.post(f"{here}/invitations", {"count": "1", "key": "i" * 32})
    [code] = CODE.findall(issued.text)
    officer = await at_desk(reporting, Role.OFFICER, "water")
    assert "向群众汇报：河道" in says(await officer.get("/staff/hearings"))
    of_ticket = f"{here}/tickets/{ticket.number}"
    empty = await officer.post(f"{of_ticket}/answer", {"answer": " "})
    assert empty.status_code == 422
    assert (await officer.post(f"{of_ticket}/answer", {"answer": "已清淤。"})).status_code == 303
    due = f"{(datetime.now(UTC) + timedelta(days=20)).date()}"
    body = {"text": "全部清完", "due": due}
    assert (await officer.post(f"{of_ticket}/promise", body)).status_code == 303
    public = says(await reporting.http.get("/reports/tongzhou-1"))
    for words in ("已清淤。", "全部清完", due):
        assert words in public
    stranger = await at_desk(reporting, Role.OFFICER, "market")
    assert (await stranger.get(here)).status_code == 404
    asked = {"invitation": code, "text": "什么时候清完？", "label": ""}
    bad = await reporting.http.post("/reports/tongzhou-1/ask", data=asked | {"invitation": "X"})
    assert bad.status_code == 401
    assert "什么时候清完？" in bad.text
    thanks = await reporting.http.post("/reports/tongzhou-1/ask", data=asked)
    assert "审核后公开" in says(thanks)
    staff = await supervisor.get(here)
    question = re.search(r"questions/([0-9a-f]+)", staff.text)
    assert question is not None
    path = f"{here}/questions/{question[1]}"
    assert (await supervisor.post(path, {"shown": "yes"})).status_code == 303
    shown = await reporting.http.get("/reports/tongzhou-1")
    assert "<blockquote" in shown.text
    rate = {"invitation": code, "number": ticket.number, "grade": "5"}
    assert (await reporting.http.post("/reports/tongzhou-1/rate", data=rate)).status_code == 200
    twice = await reporting.http.post("/reports/tongzhou-1/rate", data=rate)
    assert twice.status_code == 409
    assert "已评价过" in says(twice)


async def test_a_city_that_does_not_report_has_no_events(api: Api) -> None:
    ticket = await api.handled(public=True)
    assert problem(await act(api, HEARINGS, draft(ticket))) == (409, "not_in_this_city")
    supervisor = await at_desk(api, Role.SUPERVISOR)
    assert (await supervisor.get("/staff/hearings?city=tongzhou")).status_code == 404
    assert (await api.http.get("/reports/tongzhou-1")).status_code == 404
