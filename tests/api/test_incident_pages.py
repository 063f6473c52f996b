"""Tests of the pages of incidents: what a citizen reads, and what the desk does without scripts."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from temporalio.client import Client

from domain.actors import Role
from store.db.engine import Store
from tests.api.running_api import Api, serve_api
from tests.support.engine import platform
from tests.support.incidents import BEIYUAN, DRY, STATEMENT, outage, stormy
from tests.support.staff_pages import at_desk, says

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture
async def town(client: Client, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    packs = stormy(tmp_path / "cities")
    async with (
        platform(client, sqlite_store, packs),
        serve_api(tmp_path, sqlite_store, client, packs) as opened,
    ):
        yield opened


async def declared(town: Api) -> str:
    body = outage((datetime.now(UTC) - timedelta(minutes=30)).isoformat())
    made = await town.http.post(
        "/api/v1/cities/tongzhou/incidents", json=body, headers=await town.token(Role.DESK)
    )
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


async def test_a_citizen_reads_the_statement_on_the_receipt_and_says_it_is_another_matter(
    town: Api,
) -> None:
    await declared(town)
    form = await town.http.get("/report")
    hidden = dict(re.findall(r'name="(key|stamp)" value="([^"]*)"', form.text))
    sent = {"city": "tongzhou", "kind": "complaint", "area": BEIYUAN, "same": ""}
    sent |= {"text": DRY["text"], "address": "新华西街 12 号", **hidden}
    receipt = await town.http.post("/report", data=sent)
    assert receipt.status_code == 200, receipt.text
    assert STATEMENT in receipt.text, "told at once, without looking through a list of others"
    number, code = re.findall(r'<dd class="number">(\d+)</dd>', receipt.text)[:2]
    shown = await town.http.post("/follow", data={"number": number, "code": code})
    assert STATEMENT in shown.text
    assert "/follow/another" in shown.text
    left = await town.http.post("/follow/another", data={"number": number, "code": code})
    assert left.status_code == 200
    assert STATEMENT not in left.text


async def test_everybody_reads_what_is_said(town: Api) -> None:
    incident = await declared(town)
    for path in (f"/incidents/{incident}", "/city/tongzhou/incidents"):
        page = await town.http.get(path)
        assert (page.status_code, STATEMENT in page.text) == (200, True)
    assert (await town.http.get(f"/incidents/{'0' * 16}")).status_code == 404


async def test_the_desk_declares_tells_sorts_and_ends_by_forms(town: Api) -> None:
    desk = await at_desk(town, Role.DISPATCHER)
    began = (datetime.now(UTC) - timedelta(minutes=20)).astimezone(ZONE)
    wrong = await desk.post("/staff/incidents", {"title": "新华西街停水", "statement": ""})
    assert wrong.status_code == 422
    assert "新华西街停水" in wrong.text, "what was typed stays"
    made = await desk.post(
        "/staff/incidents",
        {
            "title": "新华西街停水",
            "category": "0401",
            "area": BEIYUAN,
            "places": "新华西街，西街小区",
            "words": "停水、没水",
            "began_at": f"{began:%Y-%m-%dT%H:%M}",
            "statement": STATEMENT,
        },
    )
    assert made.status_code == 303, made.text
    here = made.headers["location"]
    member = (await town.http.post("/api/v1/complaints", json=DRY)).json()
    unsure = await town.http.post(
        "/api/v1/complaints", json=DRY | {"text": "停水了", "place": {"area": BEIYUAN}}
    )
    page = says(await desk.get(here))
    for words in (STATEMENT, "共归入 1 件", unsure.json()["number"], "未写明地点", "北苑街道"):
        assert words in page
    assert '<svg class="chart"' in (await desk.get(here)).text
    assert "新华西街停水" in says(await desk.get("/staff/board"))

    number = unsure.json()["number"]
    assert (await desk.post(f"{here}/reports/in", {"number": number})).status_code == 303
    assert "共归入 2 件" in says(await desk.get(here))
    assert (await desk.post(f"{here}/reports/out", {"number": number})).status_code == 303
    again = await desk.post(f"{here}/reports/out", {"number": number})
    assert again.status_code == 409
    assert (await desk.post(f"{here}/tell", {"statement": "正在焊接管道。"})).status_code == 303
    assert (await desk.post(f"{here}/end", {"statement": "供水已恢复。"})).status_code == 303
    seen = await town.http.post(
        "/follow", data={"number": member["number"], "code": member["access_code"]}
    )
    assert "供水已恢复。" in seen.text
    page = says(await desk.get(here))
    assert "正在焊接管道。" in page
    assert "已结束" in page

    auditor = await at_desk(town, Role.AUDITOR)
    shown = await auditor.get(here)
    assert (shown.status_code, '<form method="post" action="/staff/incidents' in shown.text) == (
        200,
        False,
    )
