"""Tests of a round on a small phone: its place is told, a finding filed, cheating seen."""

import re

import pytest
from playwright.sync_api import expect

from domain.actors import Role
from tests.browser.conftest import Open
from tests.support.browser import PHONE, Site, phone_faults

pytestmark = pytest.mark.timeout(900)  # the first test waits for the installation
HERE = {"latitude": 39.9001, "longitude": 116.65, "accuracy": 9}
WORDS = {
    "zh": ("结束巡查", "定位", "手机没有移动", "上报工单", "已上报"),
    "en": ("Finish the round", "position", "did not move", "File a ticket", "Filed as"),
}


@pytest.mark.parametrize(("language", "script"), [("zh", True), ("en", True), ("zh", False)])
def test_a_round_that_does_not_move_is_seen_and_a_finding_is_filed(
    desk: Open, town: Site, language: str, script: bool
) -> None:
    finish, position, still, file, filed = WORDS[language]
    page = desk(
        "/patrols",
        Role.OFFICER,
        unit="water",
        language=language,
        script=script,
        viewport=PHONE,
        permissions=["geolocation"],
        geolocation=HERE,
    )
    expect(page).to_have_url(re.compile("/staff/rounds$"))
    faults = phone_faults(page, "the list", script)
    page.locator("main h2 a").last.click()
    faults += phone_faults(page, "a round", script)
    for point in ("A", "B"):
        panel = page.locator(f"#p-{point}")
        button = panel.get_by_role("button")
        expect(button).to_be_visible()
        button.click()
        expect(panel.locator("p").first).to_contain_text(re.compile(r"\d\d:\d\d"))
    page.get_by_role("button", name=finish).click()
    said = still if script else position
    expect(page.locator("#s-now ~ ul").first).to_contain_text(said)
    faults += phone_faults(page, "not proved", script)
    page.locator("#f-text").fill("河面有漂浮物。")
    if not script:
        page.get_by_role("button", name=file).click()
        expect(page.locator("#summary")).to_be_visible()
        page.locator("#f-address").fill("运河东岸")
    page.get_by_role("button", name=file).click()
    expect(page.locator(".alert-success")).to_contain_text(filed)
    faults += phone_faults(page, "filed", script)
    watching = desk(
        "/staff/patrols", Role.SUPERVISOR, language=language, script=script, viewport=PHONE
    )
    expect(watching.locator("#s-reaches ~ div").first).to_be_visible()
    faults += phone_faults(watching, "what watches", script)
    watching.goto("/staff/patrols/draws")
    faults += phone_faults(watching, "draws", script)
    assert faults == []
