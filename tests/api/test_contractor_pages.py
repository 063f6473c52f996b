"""Tests of the pages of contractors' sheets: of staff, of the company, and for everybody."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import update
from temporalio.client import Client

from domain.actors import Role
from store.db import assessment_tables
from store.db.engine import Store
from tests.api.running_api import Api, serve_api
from tests.support.assessed_city import a_line, assessing, closed_with, month_before
from tests.support.staff_pages import at_desk, says

HERE = "/staff/contractors"
HTML = {"Accept": "text/html", "Accept-Language": "zh"}


@pytest.fixture
async def assessed(client: Client, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    packs = assessing(tmp_path / "cities")
    async with serve_api(tmp_path, sqlite_store, client, packs) as api:
        yield api


async def test_a_month_is_closed_objected_to_decided_and_published(assessed: Api) -> None:
    packs = assessed.context.packs
    month = month_before(packs)
    lines = (a_line("bike-1", "KH03", -3), a_line("bike-1", "KH01", 1, 2))
    await closed_with(assessed.store, packs, month, *lines)
    officer = await at_desk(assessed, Role.OFFICER, "bike-1")
    seen = await officer.get(HERE, month=month)
    assert "未清理" in says(seen)
    assert "企业一" in says(seen)
    assert "企业二" not in says(seen), "only its own sheet"
    blank = await officer.post(f"{HERE}/{month}/1/object", {"text": " "})
    assert blank.status_code == 422
    sent = await officer.post(f"{HERE}/{month}/1/object", {"text": "该点位不属我司。"})
    assert sent.status_code == 303, says(sent)
    supervisor = await at_desk(assessed, Role.SUPERVISOR)
    assert "待处理申诉：1" in says(await supervisor.get(HERE, month=month))
    page = await supervisor.get(HERE, month=month, unit="bike-1")
    assert "该点位不属我司。" in says(page)
    everybody = await assessed.http.get("/contractors/heping", headers=HTML)
    assert "尚未公布任何月份" in says(everybody)
    decision = {"reason": "", "granted": "yes", "unit": "bike-1"}
    empty = await supervisor.post(f"{HERE}/{month}/1/decide", decision)
    assert empty.status_code == 422
    assert '<a href="#f-reason-1">' in empty.text, "the line is still there"
    decided = await supervisor.post(f"{HERE}/{month}/1/decide", decision | {"reason": "属实。"})
    assert decided.headers["Location"] == f"{HERE}?month={month}&unit=bike-1"
    over = update(assessment_tables.month).values(objections_until=datetime.now(UTC))
    await assessed.store.change(over)
    everybody = await assessed.http.get(f"/contractors/heping?month={month}", headers=HTML)
    assert everybody.status_code == 200
    assert re.search(r"企业一（示例） · 101", says(everybody)), says(everybody)
    assert "该点位不属我司" not in everybody.text
    assert "260302" not in everybody.text, "no ticket is named"
    english = await assessed.http.get(
        "/contractors/heping", headers=HTML | {"Accept-Language": "en"}
    )
    assert "How contractors do" in says(english)


async def test_a_supervisor_closes_a_month_and_compares_it(assessed: Api) -> None:
    month = month_before(assessed.context.packs)
    supervisor = await at_desk(assessed, Role.SUPERVISOR)
    assert "企业考核表" in says(await supervisor.get("/staff/board"))
    assert "本月定稿" in says(await supervisor.get(HERE, month=month))
    assert "本月定稿" not in says(await supervisor.get(HERE)), "this month is not over"
    assert (await supervisor.post(f"{HERE}/{month}/close")).status_code == 303
    again = await supervisor.post(f"{HERE}/{month}/close")
    assert again.status_code == 409
    assert "该月份已经定稿。" in says(again)
    compared = await supervisor.get(HERE, month=month, compare="yes")
    assert "没有变化。" in says(compared)
    sheet = await supervisor.get(f"{HERE}.csv", month=month, unit="bike-1")
    assert sheet.headers["content-type"].startswith("text/csv")


async def test_a_city_that_assesses_nobody_has_no_pages(api: Api) -> None:
    supervisor = await at_desk(api, Role.SUPERVISOR)
    assert (await supervisor.get(HERE, city="tongzhou")).status_code == 404
    board = await supervisor.get("/staff/board", city="tongzhou")
    assert "企业考核表" not in says(board)
    for path in ("/contractors/tongzhou", "/contractors/nowhere"):
        assert (await api.http.get(path, headers=HTML)).status_code == 404


async def test_other_units_have_no_sheets_to_see(assessed: Api) -> None:
    officer = await at_desk(assessed, Role.OFFICER, "parking-office")
    page = await officer.get("/staff/inbox")
    assert "企业考核表" not in says(page)
    month = month_before(assessed.context.packs)
    assert (await officer.get(HERE, month=month, unit="bike-1")).status_code == 403
