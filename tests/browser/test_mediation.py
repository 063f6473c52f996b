"""Tests of a mediation on a small phone: written down by the unit, and signed by both sides."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from domain.actors import Role
from tests.browser.conftest import Open
from tests.support.browser import PHONE, Site, phone_faults

pytestmark = pytest.mark.timeout(900)  # the first test waits for the installation
CODE = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")
WORDS = {
    "zh": ("发起调解", "确认内容并生成签署码", "查询", "签署", "协议已签订",
           "第 1 条已履行", "已履行"),
    "en": ("Open a mediation", "Propose it and issue the codes", "Look", "Sign it",
           "Agreement signed", "Point 1 is kept", "Point kept"),
}  # fmt: skip


@pytest.mark.parametrize(("language", "script"), [("zh", True), ("en", True), ("zh", False)])
def test_an_agreement_is_signed_by_both_sides_on_its_page(
    phone: Open, desk: Open, town: Site, language: str, script: bool
) -> None:
    begin, propose, look, sign, agreed, keep, kept = WORDS[language]
    receipt = town.file()
    town.until(receipt, "handle")
    here = f"/staff/tickets/{receipt['number']}/mediations"
    how = {"language": language, "script": script, "viewport": PHONE}
    officer = desk(here, Role.OFFICER, unit="water", **how)
    faults = phone_faults(officer, "no mediation yet", script)
    for name, value in (("subject", "楼上漏水赔偿"), ("side_1", "陈女士"), ("side_2", "周先生"),
                        ("says_1", "天花板被泡坏。"), ("says_2", "水管已修好。")):  # fmt: skip
        officer.locator(f"#f-{name}").fill(value)
    officer.get_by_role("button", name=begin, exact=True).click()
    expect(officer.locator("#s-mediation-1")).to_contain_text("楼上漏水赔偿")
    officer.get_by_role("button", name=propose, exact=True).click()
    expect(officer.locator("#summary")).to_be_visible()
    faults += phone_faults(officer, "an empty proposal", script)
    day = (datetime.now(UTC) + timedelta(days=9)).date()
    officer.locator("#f-text-1").fill("周先生修复天花板。")
    officer.locator("#f-point_1-1").fill("修复天花板")
    officer.locator("#f-due_1-1").fill(f"{day}")
    officer.get_by_role("button", name=propose, exact=True).click()
    expect(officer.locator("ul.codes li")).to_have_count(2)
    codes = [CODE.findall(one)[0] for one in officer.locator("ul.codes li").all_inner_texts()]
    faults += phone_faults(officer, "the codes", script)
    for code, name in zip(codes, ("陈女士", "周先生"), strict=True):
        side = phone("/agreement", **how)
        faults += phone_faults(side, "the code", script)
        side.locator("#f-signature").fill(code.lower())
        side.get_by_role("button", name=look, exact=True).click()
        expect(side.locator("#s-sign")).to_have_text(name)
        expect(side.locator("main")).to_contain_text("修复天花板")
        expect(side.locator("main")).not_to_contain_text("天花板被泡坏")
        faults += phone_faults(side, "what is signed", script)
        side.get_by_role("button", name=sign, exact=True).click()
        expect(side.locator(".alert-success")).to_be_visible()
        expect(side.get_by_role("button", name=sign, exact=True)).to_have_count(0)
        faults += phone_faults(side, "what was signed", script)
    expect(side.locator("main")).to_contain_text(agreed)
    officer.goto(here)
    expect(officer.locator("main")).to_contain_text(agreed)
    faults += phone_faults(officer, "the agreement", script)
    officer.get_by_role("button", name=keep, exact=True).click()
    expect(officer.locator("li .badge-plain")).to_have_text(kept)
    assert faults == []
