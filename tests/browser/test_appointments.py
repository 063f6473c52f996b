"""Tests of an appointment on a small phone: a resident books, moves and cancels it."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect

from domain.actors import Role
from tests.browser.conftest import Open
from tests.support.browser import PHONE, Site, phone_faults

pytestmark = pytest.mark.timeout(900)  # the first test waits for the installation
HEAD = "code,kind,name,area,lat,lon,hours,unit"
PLACE = "centre-papers,centre,证件窗口,,39.82,116.656,24/7,gov"
WORDS = {
    "zh": ("查看空闲时段", "确认预约", "预约成功", "改期", "已改期", "取消预约", "预约已取消"),
    "en": ("Show free times", "Book it", "Booked.", "Move it", "Moved.", "Cancel it", "cancelled"),
}


@pytest.fixture(scope="module")
def centre(town: Site, tmp_path_factory: pytest.TempPathFactory) -> Site:
    path: Path = tmp_path_factory.mktemp("centre") / "places.csv"
    path.write_text(f"{HEAD}\n{PLACE}\n", encoding="utf-8")
    done = town.jiesu("places", "import", "tongzhou", str(path), "--json")
    assert json.loads(done)["removed"] == []
    return town


@pytest.mark.parametrize(("language", "script"), [("zh", True), ("en", True), ("zh", False)])
def test_a_resident_books_moves_and_cancels(
    phone: Open, desk: Open, centre: Site, language: str, script: bool
) -> None:
    show, book, booked, move, moved, cancel, cancelled = WORDS[language]
    page = phone("/services", language=language, script=script, viewport=PHONE)
    faults = phone_faults(page, "the services", script)
    page.locator("#f-service").select_option("papers")
    page.get_by_role("button", name=show).click()
    faults += phone_faults(page, "the times", script)
    page.locator("#p-centre-papers button").nth(-1).click()
    page.get_by_role("button", name=book, exact=True).click()
    expect(page.locator("#summary")).to_be_visible()
    faults += phone_faults(page, "who comes, and nothing filled in", script)
    page.locator("#f-name").fill("陈女士")
    page.locator("#f-phone").fill(f"1380013{'zh en'.find(language)}{int(script)}00")
    page.get_by_role("button", name=book, exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text(booked)
    faults += phone_faults(page, "number and code", script)
    number, code = page.locator("#number").inner_text(), page.locator("#code").inner_text()
    page.goto("/appointment")
    faults += phone_faults(page, "the question for the code", script)
    page.locator("#f-number").fill(number)
    page.locator("#f-code").fill(code.lower())
    page.locator("main form button").click()
    page.get_by_role("button", name=move, exact=True).click()
    faults += phone_faults(page, "other times", script)
    page.locator("#s-times ~ form button").first.click()
    expect(page.get_by_role("status").first).to_contain_text(moved)
    staff = desk(
        "/staff/appointments?city=tongzhou",
        Role.SUPERVISOR,
        language=language,
        script=script,
        viewport=PHONE,
    )
    faults += phone_faults(staff, "the centre's day", script)
    page.get_by_role("button", name=cancel, exact=True).click()
    expect(page.locator("#s-when ~ p").first).to_contain_text(cancelled)
    faults += phone_faults(page, "the cancelled appointment", script)
    assert faults == []
