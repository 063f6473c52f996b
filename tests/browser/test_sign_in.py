"""Tests of staff sign-in, and of typed text that survives an ended session."""

import pytest
from playwright.sync_api import expect

from domain.actors import Role
from tests.browser.conftest import Open
from tests.support.browser import Site, violations

pytestmark = pytest.mark.timeout(600)  # the first test waits for the installation


@pytest.mark.parametrize("language", ["zh", "en"])
def test_sign_in_and_the_account_are_for_everybody(
    phone: Open, desk: Open, town: Site, language: str
) -> None:
    page = phone("/staff", language=language, viewport={"width": 320, "height": 640})
    assert violations(page) == []
    name, password = town.account(Role.DISPATCHER)
    page.locator("#f-name").fill(name)
    page.locator("#f-password").fill(password)
    page.keyboard.press("Enter")
    page.wait_for_selector(".staff-out")
    page = desk("/staff/me", Role.DISPATCHER, language=language)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


@pytest.mark.parametrize("script", [True, False])
def test_a_form_of_an_ended_session_comes_back_after_signing_in(
    desk: Open, town: Site, script: bool
) -> None:
    receipt = town.file()
    path = f"/staff/tickets/{receipt['number']}"
    page = desk(f"{path}?do=facts", Role.DESK, script=script)
    page.context.clear_cookies()
    page.locator("#f-text").fill("一句还没有提交的话")
    page.locator(f"form[action^='{path}/facts'] button").first.click()
    expect(page.locator("[role=status]")).to_contain_text("已保留")
    name, password = town.account(Role.DESK)
    page.locator("#f-name").fill(name)
    page.locator("#f-password").fill(password)
    page.locator("form[action='/staff/sign-in'] button").click()
    expect(page.locator(".said").first).to_have_text("一句还没有提交的话")
    assert violations(page) == [] if script else True
    page.locator(f"form[action^='{path}/facts'] button").click()
    expect(page.locator(".timeline")).to_contain_text("一句还没有提交的话")
