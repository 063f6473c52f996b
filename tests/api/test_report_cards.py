"""Tests of report cards: figures, topics, cases and promises, for whom the city says."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from temporalio.client import Client

from domain.actors import Role
from domain.refusals import Refused
from store.db.engine import Store
from store.reporting import report_cards
from store.reporting.report_cards import ChosenCase
from store.tickets import tickets
from tests.api.running_api import REPLY, Api, Filed, problem, serve_api
from tests.support.cities import city_with
from tests.support.engine import platform
from tests.support.promises import RULES
from tests.support.staff_pages import at_desk, says

PATH = "/api/v1/cities/tongzhou/report-card"
CARD = {"public": True, "topics": 2, "cases": 1}


@pytest.fixture
async def reporting(client: Client, store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    """Open a city that publishes its report card, on each database."""
    packs = city_with(tmp_path / "cities", promises=RULES, report_card=CARD)
    async with (
        platform(client, store, packs) as running,
        serve_api(tmp_path, running.store, client, packs) as api,
    ):
        yield api


@pytest.fixture
async def discreet(client: Client, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    """Open a city whose report card is for staff."""
    packs = city_with(tmp_path / "cities", report_card=CARD | {"public": False})
    async with (
        platform(client, sqlite_store, packs) as running,
        serve_api(tmp_path, running.store, client, packs) as api,
    ):
        yield api


def today() -> date:
    """Return the day of the city."""
    return (datetime.now(UTC) + timedelta(hours=8)).date()


async def card(api: Api, **query: Any) -> dict[str, Any]:
    answer = await api.http.get(PATH, params={"year": today().year} | query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def choose(api: Api, ticket: Filed, **more: Any) -> httpx.Response:
    body = {"year": today().year, "number": ticket.number} | more
    headers = await api.token(Role.SUPERVISOR)
    return await api.http.post(f"{PATH}/cases", json=body, headers=headers)


async def told(api: Api, **changes: Any) -> Filed:
    """Return an answered ticket with a promise for today."""
    ticket = await api.file(**changes)
    await ticket.until_stage("handle")
    body = REPLY | {"promise": "今天修好，电话 13800138000", "promise_due": f"{today()}"}
    assert (await ticket.complete(body=body)).status_code in (200, 202)
    await ticket.until_stage("rate")
    return ticket


@pytest.mark.must_work("heping", "report-card-promises")
async def test_a_card_tells_figures_topics_cases_and_promises(reporting: Api) -> None:
    shown = await told(reporting, public=True, text="河水发臭，我的电话 13900139000。")
    private = await told(reporting)
    refused = await choose(reporting, private)
    assert problem(refused) == (409, "case_not_published")
    assert (await choose(reporting, shown)).status_code == 200
    assert (await choose(reporting, shown)).status_code == 200, "twice is once"
    other = await reporting.handled(public=True)
    assert problem(await choose(reporting, other)) == (409, "case_cap")
    for period in ({}, {"month": today().month}, {"quarter": (today().month + 2) // 3}):
        seen = await card(reporting, **period)
        assert seen["running"] is True
        assert [(one["category"], one["count"]) for one in seen["topics"]] == [("0301", 3)]
        counts = {name: seen["promises"][name] for name in ("total", "kept", "broken", "open")}
        assert counts == {"total": 2, "kept": 0, "broken": 0, "open": 2}
        assert [one["number"] for one in seen["promises"]["items"]] == [shown.number]
        assert "13800138000" not in str(seen)
        figures = {one["id"]: one for one in seen["figures"]}
        assert figures, "the pack's own indicators"
        assert all(one["over"] and one["counts"] for one in figures.values())
    year = await card(reporting)
    [case] = year["cases"]
    assert (case["number"], case["text"]) == (shown.number, "河水发臭，我的电话 ▇▇▇。")
    assert (await card(reporting, month=today().month))["cases"] == [], "chosen for the year"
    gone = await choose(reporting, shown, chosen=False)
    assert gone.json()["cases"] == []


@pytest.mark.parametrize(
    "query", [{"month": 13}, {"quarter": 1, "month": 2}, {"year": 1999}, {"year": 2999}]
)
async def test_a_period_that_is_none_is_refused(discreet: Api, query: dict[str, int]) -> None:
    headers = await discreet.token(Role.AUDITOR)
    answer = await discreet.http.get(PATH, params=query, headers=headers)
    assert problem(answer) == (422, "invalid_request")


async def test_a_card_for_staff_is_nobody_elses(discreet: Api) -> None:
    assert problem(await discreet.http.get(PATH)) == (401, "unauthenticated")
    assert (await discreet.http.get("/report-card/tongzhou")).status_code == 404
    headers = await discreet.token(Role.AUDITOR)
    answer = await discreet.http.get(PATH, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.json()["promises"] is None
    auditor = await at_desk(discreet, Role.AUDITOR)
    page = await auditor.get("/staff/report-card")
    assert "成绩单" in says(page)
    assert 'id="s-choose"' not in page.text
    body = {"number": "2611300000000"}
    denied = await discreet.http.post(f"{PATH}/cases", json=body, headers=headers)
    assert problem(denied) == (403, "forbidden")


async def test_the_page_shows_it_and_a_supervisor_chooses_cases(reporting: Api) -> None:
    shown = await told(reporting, public=True, text="河水发臭，我的电话 13900139000。")
    supervisor = await at_desk(reporting, Role.SUPERVISOR)
    sent = {"year": f"{today().year}", "quarter": "", "month": "", "number": "2611300000000"}
    tampered = await supervisor.post("/staff/report-card", sent | {"year": "abc"})
    assert tampered.status_code == 422
    refused = await supervisor.post("/staff/report-card", sent)
    assert refused.status_code == 409
    assert "该工单的答复未公开" in says(refused)
    chosen = await supervisor.post("/staff/report-card", sent | {"number": shown.number})
    assert chosen.status_code == 303
    page = await reporting.http.get(f"/report-card/tongzhou?year={today().year}")
    assert page.status_code == 200
    text = says(page)
    assert "河水发臭，我的电话 ▇▇▇。" in text
    assert "今天修好，电话 ▇▇▇" in text
    assert "13800138000" not in page.text
    for anchor in {part.split('"')[0] for part in page.text.split('href="#how-')[1:]}:
        assert f'id="how-{anchor}"' in page.text, "each number leads to how it is computed"
    assert "/report-card/tongzhou" in (await reporting.http.get("/city/tongzhou")).text


async def test_a_city_without_report_card_has_none(api: Api) -> None:
    assert problem(await api.http.get(PATH)) == (409, "not_in_this_city")
    assert (await api.http.get("/report-card/tongzhou")).status_code == 404
    assert (await api.http.get("/report-card/heping")).status_code == 200, "its pack publishes it"
    supervisor = await at_desk(api, Role.SUPERVISOR)
    assert (await supervisor.get("/staff/report-card?city=tongzhou")).status_code == 404


async def test_reports_of_wrongdoing_are_in_no_number_of_a_card(reporting: Api) -> None:
    """Neither one that was filed as such, nor one that accuses a unit since."""
    ticket = await told(reporting, public=True)
    counts = (await card(reporting))["promises"]
    assert (counts["total"], counts["open"]) == (1, 1)
    accused = {"units": ["water"], "note": "来电人点名水务局工作人员。"}
    assert (await ticket.by(Role.DISPATCHER, "accuse", accused)).status_code == 200
    await gone_from(reporting, ticket)
    seen = await card(reporting)
    assert seen["topics"] == []
    assert [seen["promises"][name] for name in ("total", "open", "items")] == [0, 0, []]


async def gone_from(api: Api, ticket: Filed) -> None:
    """Wait until the record says that the ticket is a report of wrongdoing."""
    for _ in range(600):
        row = await tickets.get(api.store, ticket.number)
        if row is not None and row.of_wrongdoing:
            return
        await asyncio.sleep(0.1)
    raise AssertionError("it is no report")


async def test_of_those_chosen_at_once_no_more_than_the_cap_stay(store: Store) -> None:
    now = datetime.now(UTC)
    wants = [ChosenCase("tongzhou", "2026", f"26113000000{n:02}", "me", now) for n in range(8)]
    done = await asyncio.gather(
        *(report_cards.choose(store, one, 3) for one in wants), return_exceptions=True
    )
    refused = [one for one in done if isinstance(one, Refused)]
    assert (len(refused), {one.code for one in refused}) == (5, {"case_cap"})
    assert len(await report_cards.cases(store, "tongzhou", "2026")) == 3
