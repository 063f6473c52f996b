"""Tests of contractors' sheets over HTTP: closed, objected to, decided, and then published."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import update
from temporalio.client import Client

from domain.actors import Role
from domain.deadlines.registry import ClockName
from domain.facts.intake import Accepted
from domain.pack.periods import month_at
from domain.ticket.rules_snapshot import Rules
from store.db import assessment_tables, tables
from store.db.engine import Store
from store.packs import archive
from tests.api.running_api import Api, problem, serve_api
from tests.store.stories import Story, clock, complaint, project
from tests.support.assessed_city import a_line, assessing, closed_with, month_before

CITY = "/api/v1/cities/heping"


@pytest.fixture
async def assessed(client: Client, store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    """Open Heping, on each database. No ticket is handled, so no engine is needed."""
    packs = assessing(tmp_path / "cities")
    async with serve_api(tmp_path, store, client, packs) as api:
        yield api


async def company(api: Api, unit: str = "bike-1") -> dict[str, str]:
    return await api.token(Role.OFFICER, unit, "heping")


async def page(api: Api, month: str, who: dict[str, str], **query: Any) -> dict[str, Any]:
    answer = await api.http.get(f"{CITY}/assessments/{month}", params=query, headers=who)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def post(
    api: Api, month: str, what: str, body: Any = None, who: dict[str, str] | None = None
) -> httpx.Response:
    headers = who or await api.token(Role.SUPERVISOR)
    path = f"{CITY}/assessments/{month}/{what}"
    return await api.http.post(path, json=body or {}, headers=headers)


async def published(api: Api, month: str | None = None) -> httpx.Response:
    query = {} if month is None else {"month": month}
    return await api.http.get(f"{CITY}/contractors", params=query)


def running(api: Api) -> str:
    return month_at(api.context.packs.get("heping"), datetime.now(UTC))


async def test_a_month_that_is_not_over_cannot_be_closed(assessed: Api) -> None:
    month = running(assessed)
    assert problem(await post(assessed, month, "close")) == (409, "month_not_over")
    assert problem(await post(assessed, "2999-01", "close")) == (422, "invalid_request")
    assert problem(await post(assessed, "2026-13", "close")) == (422, "invalid_request")
    shown = await page(assessed, month, await assessed.token(Role.AUDITOR))
    assert (shown["state"], [one["total"] for one in shown["sheets"]]) == ("running", [100] * 3)


async def test_of_two_supervisors_who_close_a_month_one_does(assessed: Api) -> None:
    month = month_before(assessed.context.packs)
    tries = await asyncio.gather(*(post(assessed, month, "close") for _ in range(3)))
    assert sorted(one.status_code for one in tries) == [200, 409, 409]
    refused = [problem(one) for one in tries if one.status_code == 409]
    assert set(refused) == {(409, "month_closed")}
    shown = await page(assessed, month, await assessed.token(Role.SUPERVISOR))
    assert (shown["state"], len(shown["sheets"])) == ("closed", 3)


async def test_a_company_sees_its_own_sheet_and_no_other(assessed: Api) -> None:
    packs = assessed.context.packs
    month = month_before(packs)
    lines = (a_line("bike-1", "KH01", 1), a_line("bike-2", "KH03", -3, 2))
    await closed_with(assessed.store, packs, month, *lines)
    shown = await page(assessed, month, await company(assessed))
    [sheet] = shown["sheets"]
    assert (sheet["unit"], sheet["total"], len(sheet["lines"])) == ("bike-1", 101, 1)
    other = await assessed.http.get(
        f"{CITY}/assessments/{month}", params={"unit": "bike-2"}, headers=await company(assessed)
    )
    assert problem(other) == (403, "not_your_unit")
    everybody = await page(assessed, month, await assessed.token(Role.SUPERVISOR))
    ranked = [(one["unit"], one["total"], one["lines"]) for one in everybody["sheets"]]
    assert ranked == [("bike-1", 101, None), ("bike-3", 100, None), ("bike-2", 97, None)]


@pytest.mark.must_work("heping", "monthly-sheet")
async def test_an_objection_goes_its_way_before_the_month_is_published(assessed: Api) -> None:
    packs = assessed.context.packs
    month = month_before(packs)
    lines = (a_line("bike-1", "KH03", -3), a_line("bike-1", "KH01", 1, 2))
    await closed_with(assessed.store, packs, month, *lines)
    body = {"line": 1, "text": "该点位不属我司，联系人 13800138000。"}
    other = await post(assessed, month, "objections", body, await company(assessed, "bike-2"))
    assert problem(other) == (403, "not_your_unit")
    none = await post(assessed, month, "objections", body | {"line": 9}, await company(assessed))
    assert problem(none) == (404, "line_not_found")
    own = await post(assessed, month, "objections", body, await company(assessed))
    assert own.status_code == 200, own.text
    twice = await post(assessed, month, "objections", body, await company(assessed))
    assert problem(twice) == (409, "already_objected")
    await _time_is_over(assessed.store)
    assert problem(await published(assessed, month)) == (404, "not_found"), "it is not decided"
    decision = {"granted": True, "reason": "经核实，该点位属另一企业。"}
    decided = await post(assessed, month, "objections/1/decision", decision)
    assert decided.status_code == 200, decided.text
    again = await post(assessed, month, "objections/1/decision", decision)
    assert problem(again) == (409, "objection_decided")
    late = await post(assessed, month, "objections", body | {"line": 2}, await company(assessed))
    assert problem(late) == (409, "objection_over")
    shown = await published(assessed, month)
    best = shown.json()["sheets"][0]
    assert (best["unit"], best["total"], best["struck"]) == ("bike-1", 101, 1)
    assert "13800138000" not in shown.text
    assert "260302" not in shown.text, "no ticket is named"
    assert (await published(assessed)).json()["month"] == month
    [line, _] = (await page(assessed, month, await company(assessed)))["sheets"][0]["lines"]
    assert (line["struck"], line["objection"]["reason"]) == (True, decision["reason"])


async def test_a_closed_month_shows_differences_and_does_not_change(assessed: Api) -> None:
    packs = assessed.context.packs
    month = month_before(packs)
    await closed_with(assessed.store, packs, month, a_line("bike-1", "KH01", 1))
    supervisor = await assessed.token(Role.SUPERVISOR)
    shown = await page(assessed, month, supervisor, compare=True)
    gone = [(one["change"], one["unit"], one["rule"]) for one in shown["differences"]]
    assert gone == [("gone", "bike-1", "KH01")]
    assert shown["sheets"][0]["total"] == 101
    assert (await page(assessed, month, supervisor))["differences"] is None


async def test_a_company_does_not_read_of_a_line_whose_ticket_accuses_it_now(
    assessed: Api,
) -> None:
    packs, accusing = assessed.context.packs, Story(complaint(city="heping"))
    month = month_before(packs)
    await project(assessed.store, accusing.until_replied())
    line = a_line("bike-1", "KH03", -3).model_copy(update={"number": accusing.number})
    await closed_with(assessed.store, packs, month, line, a_line("bike-1", "KH01", 1, 2))
    turned = update(tables.ticket).where(tables.ticket.c.number == accusing.number)
    await assessed.store.change(turned.values(of_wrongdoing=True, accused="bike-1"))

    own = await page(assessed, month, await company(assessed), compare=True)
    assert accusing.number not in str(own), "neither as a line nor as one that is gone"
    [sheet] = own["sheets"]
    assert len(sheet["lines"]) == 1
    body = {"line": 1, "text": "不属我司。"}
    refused = await post(assessed, month, "objections", body, await company(assessed))
    assert problem(refused) == (404, "line_not_found")
    everybody = await page(assessed, month, await assessed.token(Role.SUPERVISOR), unit="bike-1")
    assert accusing.number in str(everybody)
    totals = {one["unit"]: one["total"] for one in everybody["sheets"]}
    assert totals["bike-1"] == sheet["total"] == 98, "the month stays as it was closed"


async def test_a_month_that_is_over_is_shown_as_it_would_be_closed(
    assessed: Api, tmp_path: Path
) -> None:
    then = assessing(tmp_path / "then", base=90).get("heping")
    await archive.keep(assessed.store, tmp_path / "then" / "heping")
    story = Story(complaint(city="heping"))
    rules = Rules.model_validate({"pack": "heping", "pack_version": then.version})
    accepted = Accepted(rules=rules, clocks=[clock(ClockName.TRIAGE, story.at, 1)])
    await project(assessed.store, [story.tell(accepted)])
    month, supervisor = month_before(assessed.context.packs), await assessed.token(Role.SUPERVISOR)
    before = await page(assessed, month, supervisor)
    assert (before["state"], before["base"]) == ("ended", 90)
    assert (await post(assessed, month, "close")).status_code == 200
    after = await page(assessed, month, supervisor)
    assert (after["state"], after["base"], after["sheets"]) == ("closed", 90, before["sheets"])


async def test_what_is_not_closed_cannot_be_objected_to(assessed: Api) -> None:
    month = month_before(assessed.context.packs)
    body = {"line": 1, "text": "不属我司。"}
    refused = await post(assessed, month, "objections", body, await company(assessed))
    assert problem(refused) == (409, "month_not_closed")
    decision = {"granted": False, "reason": "不属实。"}
    refused = await post(assessed, month, "objections/1/decision", decision)
    assert problem(refused) == (409, "month_not_closed")


async def test_a_city_that_assesses_nobody_has_no_sheets(api: Api) -> None:
    path = "/api/v1/cities/tongzhou"
    assert problem(await api.http.get(f"{path}/contractors")) == (409, "not_in_this_city")
    supervisor = await api.token(Role.SUPERVISOR)
    answer = await api.http.get(f"{path}/assessments/2026-01", headers=supervisor)
    assert problem(answer) == (409, "not_in_this_city")


async def _time_is_over(store: Store) -> None:
    await store.change(update(assessment_tables.month).values(objections_until=datetime.now(UTC)))
