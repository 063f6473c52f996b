"""Tests of the staff's navigation: a menu on a phone, open on a large screen, without a script."""

import pytest
from playwright.sync_api import expect

from domain.actors import Role
from tests.browser.conftest import Open
from tests.support.browser import violations

pytestmark = pytest.mark.timeout(900)  # the first test waits for the installation
PHONE = {"width": 360, "height": 740}
WORDS = {"zh": ("菜单", "运行看板", "督办"), "en": ("Menu", "Board", "Supervision")}


@pytest.mark.parametrize(("language", "script"), [("zh", True), ("en", True), ("zh", False)])
def test_on_a_phone_it_is_a_menu_that_opens(desk: Open, language: str, script: bool) -> None:
    menu, board, heading = WORDS[language]
    page = desk(
        "/staff/board",
        Role.SUPERVISOR,
        language=language,
        script=script,
        viewport=PHONE,
        reduced_motion="reduce",
    )
    bar = page.locator(".staff-nav")
    links, summary = bar.locator("a"), bar.locator("summary")
    expect(summary).to_have_text(f"{menu} · {board}")
    expect(links.first).to_be_hidden()
    faults = violations(page) if script else []
    summary.click()
    expect(links.last).to_be_visible()
    expect(bar.locator("[aria-current=page]")).to_have_text(board)
    expect(bar.get_by_role("list", name=heading).locator("a").first).to_have_text(board)
    faults += violations(page) if script else []
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert (faults, wide) == ([], PHONE["width"])
    bar.locator("a[href='/staff/tickets']").click()
    expect(page.locator(".staff-nav summary")).to_contain_text(menu)
    expect(page.locator(".staff-nav [aria-current=page]")).to_have_attribute(
        "href", "/staff/tickets"
    )


@pytest.mark.parametrize("language", ["zh", "en"])
def test_on_a_large_screen_every_page_is_one_click_away(desk: Open, language: str) -> None:
    page = desk("/staff/board", Role.SUPERVISOR, language=language)
    bar = page.locator(".staff-nav")
    expect(bar.locator("summary")).to_be_hidden()
    expect(bar.locator("a").last).to_be_visible()
    assert violations(page) == []
    bar.locator("a[href='/staff/tickets']").click()
    expect(page.locator(".staff-nav [aria-current=page]")).to_be_visible()
