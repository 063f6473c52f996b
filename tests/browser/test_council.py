"""Tests of a council on a small phone: who is invited speaks, votes once, and sees the result."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from domain.actors import Role
from tests.browser.conftest import Open
from tests.support.browser import PHONE, Site, phone_faults
from tests.support.councils import draft

pytestmark = pytest.mark.timeout(900)  # the first test waits for the installation
WORDS = {
    "zh": ("查询", "提交发言", "投票", "已形成决定", "您已用该邀请码投过票。"),
    "en": ("Look", "Say it", "Cast the vote", "Decision made", "You have voted"),
}


def _let_pass(town: Site, number: str, **times: float) -> None:
    """Set the times of a ticket's council to so many hours from now."""
    now = datetime.now(UTC)
    with closing(sqlite3.connect(town.home / "jiesu.db", timeout=30)) as database:
        for name, hours in times.items():
            at = (now + timedelta(hours=hours)).strftime("%Y-%m-%d %H:%M:%S.%f")
            database.execute(f"UPDATE council SET {name} = ? WHERE number = ?", (at, number))
        database.commit()


@pytest.mark.parametrize(("language", "script"), [("zh", True), ("en", True), ("zh", False)])
def test_who_is_invited_speaks_votes_and_sees_the_result(
    phone: Open, desk: Open, town: Site, language: str, script: bool
) -> None:
    look, say, cast, decided, voted = WORDS[language]
    receipt = town.file()
    town.until(receipt, "handle")
    number = receipt["number"]
    path, who = f"/tickets/{number}/councils", Role.SUPERVISOR
    town.post(path, draft(), role=who)
    codes = town.post(f"{path}/1/invitations", {"count": 1}, role=who).json()["codes"]
    town.post(f"{path}/1/open", role=who)
    page = phone("/council", language=language, script=script, viewport=PHONE)
    faults = phone_faults(page, "the code", script)
    page.locator("#f-invitation").fill(codes[0].lower())
    page.get_by_role("button", name=look, exact=True).click()
    page.locator("#f-text").fill("晚上没有空位。")
    faults += phone_faults(page, "statements", script)
    page.get_by_role("button", name=say).click()
    expect(page.locator("blockquote.said")).to_have_text("晚上没有空位。")
    _let_pass(town, number, statements_until=-1, vote_opens_at=-1)

    def again() -> None:
        page.goto("/council")
        page.locator("#f-invitation").fill(codes[0])
        page.get_by_role("button", name=look, exact=True).click()

    again()
    page.get_by_role("button", name=cast, exact=True).click()
    expect(page.locator("#summary")).to_be_visible()
    faults += phone_faults(page, "a vote without a choice", script)
    page.locator("label", has_text="错时共享").click()
    page.get_by_role("button", name=cast, exact=True).click()
    expect(page.locator("main")).to_contain_text(voted)
    expect(page.get_by_role("button", name=cast, exact=True)).to_have_count(0)
    _let_pass(town, number, vote_closes_at=-0.01)
    again()
    expect(page.locator("#s-now")).to_have_text(decided)
    faults += phone_faults(page, "the result", script)
    staff = desk(
        f"/staff/tickets/{number}/councils", who, language=language, script=script, viewport=PHONE
    )
    expect(staff.locator("#s-council-1")).to_be_visible()
    faults += phone_faults(staff, "the staff's page", script)
    staff.goto("/staff/council-tasks")
    faults += phone_faults(staff, "late tasks", script)
    assert faults == []


@pytest.mark.parametrize(("language", "script"), [("zh", True), ("en", True), ("zh", False)])
def test_a_topic_is_opened_by_staff_and_read_by_everybody(
    phone: Open, desk: Open, town: Site, language: str, script: bool
) -> None:
    here, who = "/staff/council-topics", Role.SUPERVISOR
    opening = {"zh": "设立专题", "en": "Open the topic"}[language]
    staff = desk(here, who, language=language, script=script, viewport=PHONE)
    faults = phone_faults(staff, "topics", script)
    staff.locator("#f-title").fill("河边怎么改造")
    staff.locator("#f-area").select_option("110112001")
    staff.locator("#f-category").select_option("0301")
    staff.get_by_role("button", name=opening, exact=True).click()
    staff.wait_for_url("**/councils")
    faults += phone_faults(staff, "a topic", script)
    topic = staff.url.rsplit("/", 2)[1]
    path = f"/council-topics/{topic}/councils"
    town.post(path, draft(), role=who)
    town.post(f"{path}/1/invitations", {"count": 1}, role=who)
    town.post(f"{path}/1/open", role=who)
    staff.reload()
    expect(staff.locator("#s-council-1")).to_be_visible()
    faults += phone_faults(staff, "its council", script)
    page = phone("/city/tongzhou/councils", language=language, script=script, viewport=PHONE)
    expect(page.locator("main")).to_contain_text("错时共享")
    faults += phone_faults(page, "what everybody reads", script)
    assert faults == []
