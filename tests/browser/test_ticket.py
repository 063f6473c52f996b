"""Tests of the ticket page: an officer's work by keyboard alone, accessible, in both languages."""

from typing import Any

import pytest
from playwright.sync_api import FilePayload, Page, expect

from domain.actors import Role
from tests.browser.conftest import Open
from tests.support.browser import Site, violations
from tests.support.media import a_photo

pytestmark = pytest.mark.timeout(600)  # the first test waits for the installation

CALLED = {
    "ground": "beyond_street",
    "reason": "涉及规划。",
    "units": [{"unit": "planning", "task": "核实河道红线。"}],
}


def _handled_by_several(town: Site) -> dict[str, str]:
    """File a ticket whose page shows something of everything."""
    fields = {"contact": {"name": "王小明", "phone": "13800001234"}, "place": {"address": "河边"}}
    receipt = town.file(**fields)
    town.until(receipt, "handle")
    path = f"/tickets/{receipt['number']}"
    town.post(f"{path}/contact", {"reached": False, "note": "无人接听。"})
    town.post(f"{path}/whistle", CALLED)
    town.post(f"{path}/supervise", {"text": "请三日内报结果。"}, role=Role.SUPERVISOR)
    met = {"what": "on_site", "text": "现场察看。", "units": ["water", "planning"], "residents": 3}
    town.post(f"{path}/minutes", {"minutes": met})
    return receipt


def test_an_officers_job_from_start_to_end_by_keyboard_alone(desk: Open, town: Site) -> None:
    receipt = town.file(title="暗渠冒黑水")
    town.until(receipt, "handle")
    page = desk("/staff/tickets", Role.OFFICER, unit="water")
    keys = page.keyboard
    keys.press("/")
    expect(page.locator("#f-text")).to_be_focused()
    keys.type(receipt["number"])
    keys.press("Enter")
    page.wait_for_url(f"**/staff/tickets/{receipt['number']}")

    keys.press("?")
    expect(page.locator("#keys")).to_be_visible()
    keys.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()

    keys.press("s")  # only moves the focus, so that a slip signs nothing
    expect(page.locator("[data-shortcut=s]")).to_be_focused()
    keys.press("Enter")
    expect(page.locator(".alert-success")).to_have_text("已签收。")
    expect(page.locator(".alert-success")).to_be_focused()

    keys.press("c")
    expect(page.locator("#action input[name=reached]").first).to_be_focused()
    keys.press("Tab")
    keys.type("约好下午查看, s c d ?")  # shortcut keys in a field are text
    keys.press("Tab")
    keys.press("Enter")
    expect(page.locator(".alert-success")).to_have_text("联系已记录。")
    expect(page.locator(".story")).to_contain_text("约好下午查看, s c d ?")

    keys.press("d")
    expect(page.locator("#f-reply")).to_be_focused()
    keys.press("Tab")
    keys.press("ArrowLeft")
    for _ in range(3):
        keys.press("Tab")
    keys.press("Enter")  # without an answer the form comes back with its fault
    expect(page.locator("#summary")).to_be_focused()
    keys.press("Tab")
    keys.press("Enter")
    expect(page.locator("#f-reply")).to_be_focused()
    keys.type("已组织清淤，河水恢复清澈。")
    page.locator("#f-evidence").set_input_files(
        {"name": "after.jpg", "mimeType": "image/jpeg", "buffer": a_photo()}
    )
    for _ in range(5):
        if page.evaluate("document.activeElement.matches('#action button')"):
            break
        keys.press("Tab")
    keys.press("Enter")
    expect(page.locator(".alert-success")).to_have_text("办理结果已提交。")
    assert town.until(receipt, "rate")["reply"] == "已组织清淤，河水恢复清澈。"
    expect(page.locator(".shots img")).to_have_count(1)


def test_single_keys_can_be_switched_off(desk: Open, town: Site) -> None:
    receipt = town.file()
    town.until(receipt, "handle")
    path = f"/staff/tickets/{receipt['number']}"
    page = desk(path, Role.OFFICER, unit="water")
    page.locator("[data-keys]").click()
    page.locator("[data-keys-on]").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    page.reload()
    page.keyboard.press("c")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_hidden()
    assert page.url.endswith(path)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_ticket_is_accessible_and_fits_a_narrow_screen(
    desk: Open, town: Site, language: str
) -> None:
    narrow: dict[str, Any] = {"viewport": {"width": 320, "height": 640}, "language": language}
    path = f"/staff/tickets/{_handled_by_several(town)['number']}"
    faults: list[str] = []

    def look(page: Page, name: str) -> None:
        faults.extend(f"{name}: {fault}" for fault in violations(page))
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > 320:
            faults.append(f"{name}: {wide} pixels wide")

    for role, unit in ((Role.OFFICER, "water"), (Role.DISPATCHER, None), (Role.SUPERVISOR, None)):
        page = desk(path, role, unit=unit, **narrow)
        look(page, f"{role}")
    page.keyboard.press("Escape")
    page.evaluate("document.querySelector('#keys').showModal()")
    look(page, "the keys")
    page.goto("/staff/tickets")
    look(page, "the list")
    page.goto("/staff/tickets?text=nothing-is-called-so")
    look(page, "an empty list")
    page.goto("/staff/tickets/2603021234560")
    look(page, "no such ticket")
    assert faults == []


def test_all_of_it_works_without_javascript(desk: Open, town: Site) -> None:
    receipt = town.file(contact={"name": "王小明", "phone": "13800001234"})
    town.until(receipt, "handle")
    page = desk(f"/staff/tickets/{receipt['number']}", Role.OFFICER, unit="water", script=False)
    page.locator("form[action$='/sign'] button").click()
    expect(page.locator(".alert-success")).to_have_text("已签收。")
    page.locator("#f-purpose").fill("首次联系")
    page.locator("form[action$='/person'] button").click()
    expect(page.locator(".unmasked")).to_contain_text("13800001234")
    page.locator(".actions a[href*='do=complete']").click()
    page.locator("#f-reply").fill("已清淤。")
    bad: FilePayload = {
        "name": "virus.exe",
        "mimeType": "application/octet-stream",
        "buffer": b"MZ no photo",
    }
    good: FilePayload = {"name": "after.jpg", "mimeType": "image/jpeg", "buffer": a_photo()}
    page.locator("#f-evidence").set_input_files([good, bad])
    page.locator("#action button").click()
    expect(page.locator("#summary")).to_contain_text("virus.exe")
    expect(page.locator("#f-reply")).to_have_value("已清淤。")
    expect(page.locator("input[name=kept]")).to_be_checked()
    page.locator("#action button").click()
    expect(page.locator(".alert-success")).to_have_text("办理结果已提交。")


def test_nothing_breaks_the_pages_own_policy_and_print_shows_what_matters(
    desk: Open, town: Site
) -> None:
    path = f"/staff/tickets/{_handled_by_several(town)['number']}"
    page = desk("about:blank", Role.OFFICER, unit="water")
    lines: list[str] = []
    page.on("console", lambda line: lines.append(line.text))
    page.on("pageerror", lambda error: lines.append(str(error)))
    for address in (path, f"{path}?do=complete", "/staff/tickets"):
        page.goto(f"{town.url}{address}", wait_until="networkidle")
    assert lines == []
    page.goto(f"{town.url}{path}?do=contact")
    page.emulate_media(media="print")
    expect(page.locator("#action")).to_be_hidden()
    expect(page.locator(".actions")).to_be_hidden()
    expect(page.locator(".story")).to_be_visible()
    expect(page.locator("#s-said")).to_be_visible()
