"""Tests of a promise on a small phone: made with the answer, due, kept, and seen by everybody."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from domain.actors import Role
from tests.browser.conftest import Open
from tests.support.browser import PHONE, Site, phone_faults

pytestmark = pytest.mark.timeout(900)  # the first test waits for the installation
WORDS = {"zh": ("已兑现", "已兑现"), "en": ("It is kept", "Kept")}


def _days_pass(town: Site, number: str, days: int) -> None:
    """Move the days of a ticket's promises back."""
    with closing(sqlite3.connect(town.home / "jiesu.db", timeout=30)) as database:
        for name in ("due", "asked_until"):
            database.execute(
                f"UPDATE promise SET {name} = date({name}, ?) WHERE number = ?",
                (f"-{days} days", number),
            )
        database.commit()


@pytest.mark.parametrize(("language", "script"), [("zh", True), ("en", True), ("zh", False)])
def test_a_promise_is_made_falls_due_is_kept_and_is_seen_by_everybody(
    phone: Open, desk: Open, town: Site, language: str, script: bool
) -> None:
    keep, kept = WORDS[language]
    receipt = town.file(public=True)
    town.until(receipt, "handle")
    number = receipt["number"]
    day = (datetime.now(UTC) + timedelta(hours=8, days=3)).date()
    look = {"language": language, "script": script, "viewport": PHONE}
    officer = desk(f"/staff/tickets/{number}?do=complete", Role.OFFICER, unit="water", **look)
    officer.locator("#f-reply").fill("已安排清淤。")
    officer.locator("#f-promise").fill("月底前清淤三百米")
    officer.locator("#f-promise_due").fill(f"{day}")
    faults = phone_faults(officer, "the answer", script)
    form = officer.locator(f'form[action="/staff/tickets/{number}/complete"]')
    form.locator("button.btn-primary").click()
    town.until(receipt, "rate")
    officer.goto(f"/staff/tickets/{number}/promises")
    expect(officer.locator("#s-promise-1")).to_be_visible()
    officer.goto("/staff/promises")
    expect(officer.locator("main")).not_to_contain_text(number)
    _days_pass(town, number, 3)
    officer.goto("/staff/promises")
    expect(officer.locator("main")).to_contain_text(number)
    faults += phone_faults(officer, "what waits for the unit", script)
    officer.get_by_role("link", name=number, exact=True).click()
    faults += phone_faults(officer, "the promise", script)
    officer.locator("#f-evidence-1").fill("三百米已清淤。")
    officer.get_by_role("button", name=keep, exact=True).click()
    expect(officer.locator("main")).to_contain_text("三百米已清淤。")
    expect(officer.get_by_role("button", name=keep, exact=True)).to_have_count(0)
    page = phone("/city/tongzhou/promises?which=kept", **look)
    expect(page.locator(f"#p-{number}-1")).to_contain_text("三百米已清淤。")
    expect(page.locator(f"#p-{number}-1")).to_contain_text(kept)
    faults += phone_faults(page, "what everybody reads", script)
    page.goto(f"/report-card/tongzhou?year={day.year}")
    expect(page.locator("#s-kept")).to_be_visible()
    faults += phone_faults(page, "the report card", script)
    supervisor = desk("/staff/report-card", Role.SUPERVISOR, **look)
    expect(supervisor.locator("#s-choose")).to_be_visible()
    faults += phone_faults(supervisor, "the staff's report card", script)
    assert faults == []
