"""Tests of the inbox: an officer by keyboard alone, a grid worker on a phone, accessibility."""

import re

import pytest
from playwright.sync_api import Page, expect

from domain.actors import Role
from tests.browser.conftest import Open
from tests.support.browser import Site, violations

pytestmark = pytest.mark.timeout(600)  # the first test waits for the installation
PHONE = {"width": 390, "height": 844}
NARROW = {"width": 320, "height": 640}


def _tickets(town: Site, *titles: str) -> list[str]:
    """File tickets for the water bureau, and wait until they reach it."""
    place = {"address": "玉带河大街 18 号", "lat": 39.9, "lon": 116.65}
    items = [town.file(title=title, place=place) for title in titles]
    for receipt in items:
        town.until(receipt, "handle")
    return [receipt["number"] for receipt in items]


def _line(number: str) -> str:
    return f'[data-ref="{number}-1"]'


def _walk(page: Page, number: str) -> None:
    """Press j until the line of this ticket has the focus."""
    for _ in range(60):
        page.keyboard.press("j")
        if page.locator(f"{_line(number)}:focus-within").count():
            return
    pytest.fail(f"{number} was not reached")


def test_an_officers_morning_with_the_keyboard_alone(desk: Open, town: Site) -> None:
    first, second, third = _tickets(town, "早上的第一件", "早上的第二件", "早上的第三件")
    page = desk("/staff/inbox", Role.OFFICER, unit="water")
    # Shortcut keys that are typed into a field are plain text.
    page.locator("#f-q").focus()
    page.keyboard.type("jxs早上")
    assert page.locator("#f-q").input_value() == "jxs早上"
    assert page.locator("[name=pick]:checked").count() == 0
    page.locator("#f-q").fill("早上的")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=*")
    expect(page.locator("[data-ref]")).to_have_count(3)
    # One is signed in place, and j continues after it.
    _walk(page, first)
    page.keyboard.press("s")
    expect(page.locator(".outcome")).to_contain_text(first)
    expect(page.locator(f"{_line(first)} [data-sign]")).to_have_count(0)
    # Two are chosen and signed together.
    for number in (second, third):
        _walk(page, number)
        page.keyboard.press("x")
        page.keyboard.press("Home")
        page.locator("h1").evaluate("(one) => document.activeElement.blur()")
    expect(page.locator("[data-count]")).to_contain_text("2")
    page.locator(".several > button").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".outcome")).to_contain_text("已签收 2 件")
    assert violations(page) == []
    # Arrows move between lines, Enter opens the ticket.
    _walk(page, second)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    here = page.evaluate("document.activeElement.closest('[data-ref]').dataset.ref")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(rf"/staff/tickets/{here.partition('-')[0]}$"))
    for number in (first, second, third):
        payload = town.post(f"/tickets/{number}/contact", {"reached": True, "note": ""}).json()
        assert payload["number"] == number


def test_the_keys_can_be_switched_off_and_stay_off(desk: Open, town: Site) -> None:
    _tickets(town, "不按键")
    page = desk("/staff/inbox", Role.OFFICER, unit="water")
    page.locator(".keys summary").click()
    page.locator("[data-keys-on]").uncheck()
    page.reload()
    page.keyboard.press("j")
    page.keyboard.press("x")
    assert page.locator(".job:focus-within, [name=pick]:checked").count() == 0
    page.locator(".keys summary").click()
    assert not page.locator("[data-keys-on]").is_checked()
    page.locator("[data-keys-on]").check()
    page.keyboard.press("j")
    expect(page.locator(".job:focus-within")).to_have_count(1)


@pytest.mark.parametrize("script", [True, False])
def test_a_grid_workers_morning_on_a_phone(desk: Open, town: Site, script: bool) -> None:
    [number] = _tickets(town, f"桥下漂浮垃圾 {script}")
    page = desk("/staff/inbox", Role.OFFICER, unit="water", viewport=PHONE, script=script)
    card = page.locator(_line(number))
    expect(card.get_by_role("link", name="地点")).to_have_attribute(
        "href", "geo:39.9,116.65?q=39.9,116.65"
    )
    expect(card.get_by_role("link", name="联系")).to_have_attribute(
        "href", f"/staff/tickets/{number}?do=contact"
    )
    for button in card.locator(".job-does .btn").all():
        box = button.bounding_box()
        assert box is not None
        assert min(box["height"], box["width"]) >= 44
    card.get_by_role("button", name="签收").click()
    expect(page.locator(".outcome")).to_contain_text("已签收 1 件")
    done = page.locator(_line(number)).get_by_role("link", name="办结")
    expect(done).to_have_attribute("href", f"/staff/tickets/{number}?do=complete")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_inbox_breaks_no_rule_in_any_size(desk: Open, town: Site, language: str) -> None:
    signed, requested, _ = _tickets(town, "已签收的", "等市民的", "一个很长很长的标题" * 5)
    town.post(f"/tickets/{signed}/sign")
    town.post(f"/tickets/{signed}/extend", {"by": "1d", "reason": "等配件。"})
    town.post(f"/tickets/{requested}/ask", {"question": "哪座桥？"})
    faults: list[str] = []

    def look(page: Page, name: str) -> None:
        faults.extend(f"{name}: {fault}" for fault in violations(page))
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if wide > 0:
            faults.append(f"{name}: {wide} pixels too wide")

    for viewport in ({"width": 1280, "height": 800}, NARROW):
        page = desk(
            "/staff/inbox", Role.OFFICER, unit="water", language=language, viewport=viewport
        )
        look(page, f"inbox {viewport['width']}")
        for part in ("paused", "asked", "done", "verify"):
            page.goto(f"/staff/inbox?which={part}")
            look(page, f"{part} {viewport['width']}")
        page.goto("/staff/inbox")
        page.locator(".several > button").first.click()
        page.wait_for_selector("#summary")
        look(page, f"nothing chosen {viewport['width']}")
        page.locator("[name=pick]").first.check()
        page.locator("[formaction*=print]").click()
        page.wait_for_selector(".sheet")
        look(page, f"sheets {viewport['width']}")
    page = desk("/staff/inbox?unit=water", Role.SUPERVISOR, language=language, viewport=NARROW)
    look(page, "supervisor")
    assert faults == []
