"""Tests for auditors, who find manual changes, and administrators, who create officers."""

import re
import sqlite3
from contextlib import closing

import pytest
from playwright.sync_api import Page, Route, expect

from domain.actors import Role
from tests.browser.conftest import Open
from tests.support.browser import Site, violations

pytestmark = pytest.mark.timeout(900)  # the first test waits for the installation

ADMIN_PAGES = (
    "people", "tokens", "webhooks", "packs?check=yes", "messages", "calendar", "waiting", "engine",
)  # fmt: skip


def _fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


@pytest.mark.parametrize("script", [True, False])
def test_an_auditor_finds_what_somebody_wrote_into_the_record(
    desk: Open, town: Site, script: bool
) -> None:
    receipt = town.answered()
    number = receipt["number"]
    page = desk("/staff/audit", Role.AUDITOR, language="en", script=script)
    page.locator("#f-number").fill(number)
    page.keyboard.press("Enter")
    expect(page.locator("#verdict")).to_contain_text("agrees")
    expect(page.locator("#then .now-what")).to_contain_text("The citizen was answered")
    slider = page.locator("#f-version")
    if script:
        slider.focus()
        for _ in range(2):
            page.keyboard.press("ArrowLeft")
        expect(page.locator("[data-shown]")).to_have_text("3 / 5")
        expect(page.locator("#then .now-what")).to_contain_text("Dispatched")
        expect(page).to_have_url(re.compile(r"\?version=3$"))
    else:
        page.get_by_role("link", name="Event before").click()
        page.get_by_role("link", name="Event before").click()
    expect(page.locator("#changed").locator("xpath=..")).to_contain_text("assignments.0.unit")
    with closing(sqlite3.connect(town.home / "jiesu.db")) as database:
        database.execute(
            "UPDATE event SET actor = 'somebody-else' WHERE number = ? AND version = 2", (number,)
        )
        database.commit()
    page.reload()
    expect(page.locator("#verdict")).to_contain_text("differs")
    expect(page.locator("tr.is-different")).to_have_count(1)
    expect(page.locator("tr.is-different")).to_contain_text("somebody-else")
    page.goto("/staff/audit?open=any&limit=10")
    expect(page.locator("tr", has_text=number)).to_contain_text("differs")


def test_the_slider_may_be_moved_before_its_script_has_come(desk: Open, town: Site) -> None:
    number = town.answered()["number"]
    page = desk("/staff/audit", Role.AUDITOR, language="en")
    held: list[Route] = []
    page.route("**/audit.js*", lambda route: held.append(route))
    page.goto(f"/staff/audit/{number}", wait_until="commit")
    slider = page.locator("#f-version")
    slider.focus()
    for _ in range(2):
        page.keyboard.press("ArrowLeft")
    expect(page.locator("[data-shown]")).to_have_text("5 / 5")  # as it came from the server
    while not held:
        page.wait_for_timeout(50)
    held[0].continue_()
    expect(page.locator("[data-shown]")).to_have_text("3 / 5")
    expect(page.locator("#then .now-what")).to_contain_text("Dispatched")
    expect(page).to_have_url(re.compile(r"\?version=3$"))


def test_an_administrator_makes_an_officer_who_then_signs_in(
    desk: Open, phone: Open, town: Site
) -> None:
    page = desk("/staff/admin", Role.ADMIN, language="en", script=False)
    page.get_by_text("New account").click()
    page.locator("#f-name").fill("zhao.liu")
    page.locator("#f-display").fill("赵六")
    page.get_by_role("button", name="Make the account").click()
    expect(page.locator("#summary")).to_be_visible()  # an officer needs a unit
    expect(page.locator("#f-display")).to_have_value("赵六")
    page.locator("#f-unit").select_option("water")
    page.get_by_role("button", name="Make the account").click()
    password = page.locator("[data-secret]").inner_text()
    page.get_by_role("link", name="I have it").click()
    assert password not in page.content()
    theirs = phone("/staff/sign-in", language="en")
    theirs.locator("#f-name").fill("zhao.liu")
    theirs.locator("#f-password").fill(password)
    theirs.keyboard.press("Enter")
    theirs.wait_for_selector(".staff-out")
    expect(theirs.locator(".staff-who")).to_contain_text("赵六")
    expect(theirs.locator("[role=status]")).to_contain_text("Somebody else gave you this password")
    expect(theirs.locator(".staff-nav a")).to_have_count(0)
    assert violations(theirs) == []
    theirs.locator("#f-old").fill(password)
    theirs.locator("#f-new").fill("a quiet morning by the river")
    theirs.keyboard.press("Enter")
    expect(theirs.locator("[role=status]")).to_contain_text("Your password is changed")
    theirs.locator(".staff-nav summary").click()
    expect(theirs.locator(".staff-nav a").first).to_be_visible()
    page.get_by_role("button", name="Close the account").click()
    expect(page.locator("[role=status]")).to_contain_text("closed")
    theirs.goto("/staff/me")
    expect(theirs.locator("#f-password")).to_be_visible()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_auditors_and_administrators_pages_are_for_everybody(
    desk: Open, town: Site, language: str
) -> None:
    number = town.file()["number"]
    page = desk("/staff/audit?open=any&limit=10", Role.AUDITOR, language=language)
    for path in ("/staff/audit?open=any&limit=10", f"/staff/audit/{number}?version=2"):
        page.goto(path)
        assert violations(page) == [], path
        page.set_viewport_size({"width": 320, "height": 640})
        assert _fits(page), path
        page.set_viewport_size({"width": 1280, "height": 800})
    page = desk("/staff/admin/people", Role.ADMIN, language=language)
    person = page.locator(".office-table a").first.get_attribute("href") or ""
    for path in (*(f"/staff/admin/{one}" for one in ADMIN_PAGES), person):
        page.goto(path)
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        assert violations(page) == [], path
        page.set_viewport_size({"width": 320, "height": 640})
        assert _fits(page), path
        page.set_viewport_size({"width": 1280, "height": 800})
