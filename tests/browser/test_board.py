"""Tests of the board: live updates, and a drill-down from every number, down to a cell."""

import re
import time
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, expect

from domain.actors import Role
from tests.browser.conftest import Open
from tests.support.browser import Site, violations

pytestmark = pytest.mark.timeout(600)  # the first test waits for the installation

PLACE = {"address": "北苑街道河边", "area": "110112003", "lat": 39.902, "lon": 116.64}
LARGE = {"width": 1920, "height": 1080}
PAGES = (
    "/staff/board",
    "/staff/league",
    "/staff/league/points",
    "/staff/spots",
    "/staff/places",
    "/staff/devices",
)


def _complaints(page: Any) -> list[str]:
    """Collect the errors in the browser's console."""
    texts: list[str] = []
    page.on("console", lambda one: texts.append(one.text) if one.type == "error" else None)
    page.on("pageerror", lambda error: texts.append(str(error)))
    return texts


def _today() -> date:
    return datetime.now(ZoneInfo("Asia/Shanghai")).date()


def _number(tile: Locator) -> int:
    return int(re.findall(r"\d+", tile.inner_text())[0])


def _tells_of_one_more(tile: Locator, before: int, day: date) -> None:
    """Wait until the tile counts one more by itself, or a new day begins."""
    ends = time.monotonic() + 20
    while (shown := _number(tile)) != before + 1 and _today() == day:
        assert time.monotonic() < ends, f"{shown}, not {before + 1}"
        time.sleep(0.1)


def test_a_supervisors_morning(desk: Open, town: Site) -> None:
    answered = town.answered(place=PLACE)
    grade = {"contacted": True, "resolved": True, "grade": 5}
    town.rated(answered, grade)
    page = desk("/staff/board", Role.SUPERVISOR, language="en")
    texts = _complaints(page)
    page.reload()
    expect(page.locator(".live-state")).to_have_text("Live")
    filed = page.locator(".tile").first.locator("dd")
    day, before = _today(), _number(filed)
    page.locator("main summary").first.click()
    page.locator('[data-part="stages"] a').first.focus()
    held = page.evaluate("document.activeElement.getAttribute('href')")
    town.file(place=PLACE)
    _tells_of_one_more(filed, before, day)
    assert page.evaluate("document.activeElement.getAttribute('href')") == held
    assert page.locator("main details").first.get_attribute("open") is not None
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".live-state")).to_have_text("Paused")
    page.get_by_role("button", name="Go on").click()
    expect(page.locator(".live-state")).to_have_text("Live")
    page.get_by_role("link", name="League table").click()
    page.locator("td a", has_text="100.0%").first.click()
    expect(page.locator("main")).to_contain_text(answered["number"])
    page.goto("/staff/places")
    page.get_by_role("link", name="Beiyuan Subdistrict").click()
    expect(page.locator(".crumbs [aria-current]")).to_have_text("Beiyuan Subdistrict")
    page.locator("tr.whole a").first.click()
    expect(page.locator("main .number").first).to_be_visible()
    page.goto("/staff/spots")
    page.locator("#map path[fill='#a8201a']").last.dispatch_event("click")
    with page.expect_navigation(timeout=30_000):  # a busy machine takes its time
        page.locator(".leaflet-popup-content a").press("Enter")  # the map may still be moving
    expect(page.locator("main")).to_contain_text(answered["number"])
    assert texts == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_everybody_can_read_it(desk: Open, town: Site, language: str) -> None:
    town.answered(place=PLACE)
    page = desk("/staff/board", Role.SUPERVISOR, language=language)
    texts = _complaints(page)
    for path in (*PAGES, "/staff/board?wall=1", "/staff/places?area=110112003"):
        for width in (1280, 320):
            page.set_viewport_size({"width": width, "height": 800})
            page.goto(path)
            assert violations(page) == [], (path, width)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    page.goto("/staff/league")
    page.locator("td a").first.click()
    assert violations(page) == []
    assert texts == []


def test_a_wall_shows_all_of_it_at_once_and_by_itself(desk: Open, town: Site) -> None:
    page = desk("/staff/board?wall=1", Role.AUDITOR, viewport=LARGE, reduced_motion="reduce")
    filed = page.locator(".tile dd").first
    day, before = _today(), _number(filed)
    town.file(place=PLACE)
    _tells_of_one_more(filed, before, day)
    height = page.evaluate("document.documentElement.scrollHeight")
    assert height <= LARGE["height"], "nobody is there to scroll"
    assert page.locator("nav").count() == 0
    smallest = page.evaluate(
        "Math.min(...[...document.querySelectorAll('dt, dd, th, td, h2, li')]"
        ".filter((one) => one.offsetParent)"
        ".map((one) => parseFloat(getComputedStyle(one).fontSize)))"
    )
    assert smallest >= 30, "too small for five metres"


def test_the_board_works_without_a_script(desk: Open, town: Site) -> None:
    day = _today()
    town.file(place=PLACE)
    page = desk("/staff/board", Role.DISPATCHER, script=False)
    expect(page.locator("noscript a")).to_be_visible()
    expect(page.locator("[data-pause]")).to_be_hidden()
    assert _number(page.locator(".tile dd").first) >= 1 or _today() != day
