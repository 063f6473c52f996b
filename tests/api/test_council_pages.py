"""Tests of the pages of councils: of staff, of those invited, and what a timeline tells of them."""

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
from store.db import council_tables
from store.db.engine import Store
from tests.api.running_api import Api, Filed, serve_api
from tests.support.cities import city_with
from tests.support.councils import RULES, let_pass, prepared
from tests.support.engine import platform
from tests.support.staff_pages import at_desk, says

CODE = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")
PLANS = {
    "subject": "小区停车位怎么安排",
    "title_1": "沿路划线",
    "pros_1": "车位多\n清楚",
    "cons_1": "路面变窄",
    "title_2": "错时共享",
}


@pytest.fixture
async def holding(client: Client, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    packs = city_with(tmp_path / "cities", council=RULES)
    async with (
        platform(client, sqlite_store, packs) as running,
        serve_api(tmp_path, running.store, client, packs) as api,
    ):
        yield api


async def _handled(api: Api) -> Filed:
    ticket = await api.file()
    await ticket.until_stage("handle")
    return ticket


def _times() -> dict[str, str]:
    """Return times as the fields of a form write them: without a zone, by the city's clocks."""
    now = datetime.now(UTC) + timedelta(hours=8)
    names = ("statements_until", "vote_opens_at", "vote_closes_at")
    return {
        name: (now + timedelta(days=n)).strftime("%Y-%m-%dT%H:%M")
        for n, name in enumerate(names, 1)
    }


async def _council(api: Api, path: str = "", **fields: str) -> httpx.Response:
    return await api.http.post(f"/council{path}", data=fields)


async def test_staff_prepare_a_council_and_hand_out_its_codes(holding: Api) -> None:
    ticket = await _handled(holding)
    here = f"/staff/tickets/{ticket.number}/councils"
    officer = await at_desk(holding, Role.OFFICER, "water")
    assert "发起协商" in says(await officer.ticket(ticket))
    sent = PLANS | _times()
    refused = await officer.post(here, sent | {"statements_until": "gestern"})
    assert refused.status_code == 422
    assert "沿路划线" in refused.text, "nothing that was typed is lost"
    made = await officer.post(here, sent | {"key": "k" * 32})
    assert made.status_code == 303, says(made)
    again = await officer.post(here, sent | {"key": "k" * 32})
    assert again.status_code == 303
    page = await officer.get(here)
    assert page.text.count('id="s-council-') == 1, "two taps are one council"
    assert "筹备中" in says(page)
    issued = await officer.post(f"{here}/1/invitations", {"count": "3", "key": "i" * 32})
    codes = set(CODE.findall(issued.text))
    assert len(codes) == 3
    once_more = await officer.post(f"{here}/1/invitations", {"count": "3", "key": "i" * 32})
    assert set(CODE.findall(once_more.text)) == codes, "two taps are the same codes"
    assert not CODE.search((await officer.get(here)).text), "they are shown once"
    assert (await officer.post(f"{here}/1/open", {})).status_code == 303
    assert "发言中" in says(await officer.ticket(ticket))
    seen = await _council(holding, invitation=codes.pop())
    assert "沿路划线" in says(seen)
    assert "路面变窄" in says(seen)


async def test_who_is_invited_speaks_and_votes_once(holding: Api) -> None:
    ticket = await _handled(holding)
    codes = await prepared(ticket, invited=2)
    unknown = await _council(holding, invitation="AAAA-AAAA-AAAA")
    assert unknown.status_code == 401
    assert "邀请码不正确" in says(unknown)
    text = "晚上没有空位，电话 13800138000。"
    said = await _council(holding, "/say", invitation=codes[0], text=text)
    assert "晚上没有空位，电话 ▇▇▇。" in says(said)
    nothing = await _council(holding, "/say", invitation=codes[0], text=" ")
    assert nothing.status_code == 422
    await let_pass(holding.store, days=1)
    late = await _council(holding, "/say", invitation=codes[0], text="晚了一步。")
    assert late.status_code == 409
    assert "发言已截止" in says(late)
    chosen = await _council(holding, "/vote", invitation=codes[0])
    assert chosen.status_code == 422
    voted = await _council(holding, "/vote", invitation=codes[0], option="2")
    assert "您的投票已计入" in says(voted)
    assert 'action="/council/vote"' not in voted.text
    twice = await _council(holding, "/vote", invitation=codes[0], option="1")
    assert twice.status_code == 409
    assert "已投过票" in says(twice)
    await let_pass(holding.store, days=1)
    after = await _council(holding, invitation=codes[1])
    assert "已形成决定" in says(after)
    assert "2 人投票" not in says(after)
    english = await holding.http.post("/council?lang=en", data={"invitation": codes[1]})
    assert "Decision made" in english.text


async def _told(ticket: Filed) -> list[tuple[str, str]]:
    timeline = (await ticket.seen())["timeline"]
    councils = [one for one in timeline if one["kind"].startswith("council_")]
    return [(one["kind"], one["text"]) for one in councils]


async def test_the_timeline_tells_citizen_and_staff_of_it(holding: Api) -> None:
    ticket = await _handled(holding)
    before = await ticket.kinds()
    [code] = await prepared(ticket, invited=1)
    subject = "小区停车位怎么安排"
    assert await _told(ticket) == [("council_opened", subject)]
    await let_pass(holding.store, days=1)
    assert (await _council(holding, "/vote", invitation=code, option="1")).status_code == 200
    await let_pass(holding.store, days=1)
    officer = await at_desk(holding, Role.OFFICER, "water")
    here = f"/staff/tickets/{ticket.number}/councils/1"
    due = f"{datetime.now(UTC).date() + timedelta(days=9)}"
    follow = {"minutes": "同意沿路划线。", "task_1": "划线", "unit_1": "water", "due_1": due}
    wrong = await officer.post(f"{here}/follow-up", follow | {"unit_1": "nobody"})
    assert wrong.status_code == 422
    assert "同意沿路划线。" in wrong.text
    assert (await officer.post(f"{here}/follow-up", follow)).status_code == 303
    assert set(await _told(ticket)) == {
        ("council_opened", subject),
        ("council_decided", f"{subject}\n沿路划线"),
        ("council_followed_up", f"{subject}\n同意沿路划线。"),
    }
    page = says(await officer.ticket(ticket))
    assert "协商议事已作出决定" in page
    assert "协商结果已安排落实" in page
    keep = {"number": ticket.number, "code": ticket.receipt["access_code"]}
    assert "协商议事已开始" in says(await holding.http.post("/follow", data=keep))
    assert await ticket.kinds() == before, "the workflow knows nothing of it"
    assert (await officer.post(f"{here}/close", {})).status_code == 409
    assert (await officer.post(f"{here}/tasks/1/done", {})).status_code == 303
    assert (await officer.post(f"{here}/close", {})).status_code == 303
    assert "协商已结束" in says(await officer.ticket(ticket))


async def test_late_tasks_are_told_to_supervisors_with_unit_and_date(holding: Api) -> None:
    ticket = await _handled(holding)
    await prepared(ticket, invited=1)
    await let_pass(holding.store, days=2)
    today = datetime.now(UTC).date()
    task: dict[str, Any] = {"text": "签共享协议", "unit": "water", "due": f"{today}"}
    task["due"] = f"{today + timedelta(days=1)}"
    answer = await holding.http.post(
        f"{ticket.path}/councils/1/follow-up",
        json={"minutes": "纪要", "tasks": [task]},
        headers=await holding.token(Role.SUPERVISOR),
    )
    assert answer.status_code == 200, answer.text
    supervisor = await at_desk(holding, Role.SUPERVISOR)
    assert "没有超期的协商落实事项" in says(await supervisor.get("/staff/council-tasks"))
    due = today - timedelta(days=3)
    await holding.store.change(update(council_tables.task).values(due=due))
    page = says(await supervisor.get("/staff/council-tasks"))
    for words in (f"{due}", "签共享协议", "水务", ticket.number):
        assert words in page
    english = await at_desk(holding, Role.SUPERVISOR, language="en")
    for path in ("/staff/council-tasks", f"/staff/tickets/{ticket.number}/councils"):
        page = says(await english.get(path))
        assert "Water Affairs Bureau" in page
        assert "水务" not in page
    officer = await at_desk(holding, Role.OFFICER, "water")
    assert (await officer.get("/staff/council-tasks")).status_code == 403


async def test_who_may_not_hold_it_sees_its_course_and_no_forms(holding: Api) -> None:
    ticket = await _handled(holding)
    await prepared(ticket)
    desk = await at_desk(holding, Role.DESK)
    page = await desk.get(f"/staff/tickets/{ticket.number}/councils")
    assert page.status_code == 200
    assert "沿路划线" in says(page)
    assert "/councils/1/invitations" not in page.text
    stranger = await at_desk(holding, Role.OFFICER, "market")
    hidden = await stranger.get(f"/staff/tickets/{ticket.number}/councils")
    assert hidden.status_code == 404
    supervisor = await at_desk(holding, Role.SUPERVISOR)
    for n, status in (("2", 404), ("0", 422), ("9" * 30, 422)):
        none = await supervisor.post(f"/staff/tickets/{ticket.number}/councils/{n}/open", {})
        assert none.status_code == status, n
