"""Tests of lists and sheets on a small phone: in both languages, with a script and without."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from domain.actors import Role
from tests.browser.conftest import Open
from tests.support.browser import PHONE, Site, phone_faults
from tests.support.full_town import COMPANY

pytestmark = pytest.mark.timeout(900)  # the first test waits for the installation
WORDS = {
    "zh": ("列入清单", "已整改", "待整改", "待回访"),
    "en": ("Put it on the list", "It is rectified", "To be rectified", "to be revisited"),
}
MONTH = "2026-01"


def _published(town: Site) -> None:
    """Record a month that was closed, with one line, which can be objected to no more."""
    at = (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%d %H:%M:%S.%f")
    here = ("tongzhou", MONTH)
    with closing(sqlite3.connect(town.home / "jiesu.db", timeout=30)) as database:
        database.execute(
            "INSERT OR IGNORE INTO assessment_month VALUES (?, ?, ?, 'supervisor', '0', 100, 1, ?)",
            (*here, at, at),
        )
        database.execute(
            "INSERT OR IGNORE INTO assessment_sheet VALUES (?, ?, ?)", (*here, COMPANY)
        )
        database.execute(
            "INSERT OR IGNORE INTO assessment_line (city, month, n, unit, rule, name, name_en,"
            " points, number, version, at, event)"
            " VALUES (?, ?, 1, ?, 'K1', '按时清理', 'Cleared in time', 1, '2601010000001', 9, ?,"
            " 'share_handled')",
            (*here, COMPANY, at),
        )
        database.commit()


@pytest.mark.parametrize(("language", "script"), [("zh", True), ("en", True), ("zh", False)])
def test_a_problem_is_put_on_a_list_and_rectified(
    desk: Open, town: Site, language: str, script: bool
) -> None:
    put, done, to_do, waiting = WORDS[language]
    receipt = town.file()
    town.until(receipt, "handle")
    how = {"language": language, "script": script, "viewport": PHONE}
    page = desk("/staff/supervision", Role.SUPERVISOR, **how)
    faults = phone_faults(page, "the lists", script)
    page.locator("#f-number").fill(receipt["number"])
    page.locator("#f-leader").select_option("water")
    page.locator("#f-due").fill("2020-01-01")
    page.locator("#f-text").fill("清淤并公示。")
    page.get_by_role("button", name=put, exact=True).click()
    expect(page.locator("#summary")).to_be_visible()
    faults += phone_faults(page, "a deadline in the past", script)
    page.locator("#f-due").fill("")
    page.get_by_role("button", name=put, exact=True).click()
    row = page.locator("section.panel", has_text=receipt["number"])
    expect(row).to_contain_text(to_do)
    row.locator("input[name=text]").first.fill("已清淤。")
    row.get_by_role("button", name=done, exact=True).click()
    expect(page.locator("section.panel", has_text=receipt["number"])).to_contain_text(waiting)
    faults += phone_faults(page, "a row to be revisited", script)
    page.goto("/staff/supervision/print")
    expect(page.locator("main")).to_contain_text(receipt["number"])
    faults += phone_faults(page, "the printed list", script)
    assert faults == []


@pytest.mark.parametrize(("language", "script"), [("zh", True), ("en", True), ("zh", False)])
def test_everybody_reads_the_sheets_of_contractors(
    phone: Open, desk: Open, town: Site, language: str, script: bool
) -> None:
    _published(town)
    how = {"language": language, "script": script, "viewport": PHONE}
    page = phone(f"/contractors/tongzhou?month={MONTH}", **how)
    expect(page.locator("main")).to_contain_text("101")
    faults = phone_faults(page, "the published sheets", script)
    staff = desk(f"/staff/contractors?month={MONTH}&unit={COMPANY}", Role.SUPERVISOR, **how)
    expect(staff.locator("article.sheet-line")).to_have_count(1)
    faults += phone_faults(staff, "the supervisor's sheets", script)
    assert faults == []
