"""Tests of what a machine did, on a small phone: marked, contested, decided, and told."""

import httpx
import pytest
from playwright.sync_api import Page, expect

from domain.actors import Role
from tests.browser.conftest import Open
from tests.support.browser import PHONE, Site, phone_faults

pytestmark = pytest.mark.timeout(900)  # the first test waits for the installation


def _triaged(town: Site) -> dict[str, str]:
    """Return the receipt of a ticket that an agent has classified."""
    filed = httpx.post(
        f"{town.url}/api/v1/complaints",
        json={"city": "tongzhou", "text": "你们到底管不管？"},
        timeout=30,
    ).json()
    receipt = {"number": filed["number"], "code": filed["access_code"]}
    town.until(receipt, "triage")
    made = town.jiesu(
        "token", "create", "--agent", "--role", "dispatcher", "--city", "tongzhou"
    )  # fmt: skip
    answer = httpx.post(
        f"{town.url}/api/v1/tickets/{receipt['number']}/triage",
        json={"category": "0301"},
        headers={"Authorization": f"Bearer {made.strip()}"},
        timeout=60,
    )
    assert answer.status_code == 200, answer.text
    return receipt


def _follow(page: Page, receipt: dict[str, str]) -> None:
    page.goto("/follow")
    page.locator("#f-number").fill(receipt["number"])
    page.locator("#f-code").fill(receipt["code"])
    page.locator("form[action='/follow'] button.btn-primary").click()


@pytest.mark.parametrize(("language", "script"), [("zh", True), ("en", False)])
def test_a_machine_s_act_is_contested_and_decided_by_a_person(
    phone: Open, desk: Open, town: Site, language: str, script: bool
) -> None:
    receipt = _triaged(town)
    number = receipt["number"]
    page = phone("/follow", language=language, script=script, viewport=PHONE)
    _follow(page, receipt)
    marked = {"zh": "由系统程序办理", "en": "by a program"}[language]
    expect(page.locator(".timeline")).to_contain_text(marked)
    form = page.locator("form[action='/follow/contest']")
    page.locator("details", has=form).locator("summary").click()
    form.locator("textarea").fill("这里不是河道。")
    faults = phone_faults(page, "the citizen's page", script)
    form.locator("button.btn-primary").click()
    expect(page.locator("#s-machines")).to_be_visible()
    faults += phone_faults(page, "contested", script)
    look = {"language": language, "script": script, "viewport": PHONE}
    staff = desk("/staff/person-requests", Role.DISPATCHER, **look)
    expect(staff.locator("main")).to_contain_text("这里不是河道。")
    faults += phone_faults(staff, "the list", script)
    staff.goto(f"/staff/tickets/{number}/machines")
    faults += phone_faults(staff, "the ticket's page", script)
    staff.locator("#f-outcome-1").select_option("corrected")
    staff.locator("#f-answer-1").fill("已改派园林部门。")
    staff.locator(f"form[action='/staff/tickets/{number}/machines/1/decide'] button").click()
    expect(staff.locator("main")).to_contain_text("已改派园林部门。")
    expect(staff.locator("#f-outcome-1")).to_have_count(0)
    _follow(page, receipt)
    expect(page.locator(".timeline")).to_contain_text("已改派园林部门。")
    assert faults == []
