"""Tests of a public hearing on a small phone: prepared, published, and promised at."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from domain.actors import Role
from tests.browser.conftest import Open
from tests.support.browser import PHONE, Site, phone_faults

pytestmark = pytest.mark.timeout(900)  # the first test waits for the installation
CODE = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")
WORDS = {
    "zh": ("确认发起", "公布汇报会", "生成邀请码", "登记答复",
           "登记承诺", "提交提问", "公开", "会上承诺"),
    "en": ("Prepare it", "Publish the hearing", "Issue the codes", "Record the answer",
           "Record a promise", "Ask it", "Show it", "Promised at the hearing"),
}  # fmt: skip


@pytest.mark.parametrize(("language", "script"), [("zh", True), ("en", True), ("zh", False)])
def test_what_is_promised_at_a_hearing_is_read_by_everybody(
    phone: Open, desk: Open, town: Site, language: str, script: bool
) -> None:
    prepare, publish, issue, answer, promise, ask, show, promised = WORDS[language]
    number = town.answered(public=True)["number"]
    begins = datetime.now(UTC) + timedelta(days=7)
    how = {"language": language, "script": script, "viewport": PHONE}
    staff = desk("/staff/hearings", Role.SUPERVISOR, **how)
    faults = phone_faults(staff, "the hearings", script)
    staff.locator("#f-title").fill("向群众汇报：河道")
    staff.locator("#f-place").fill("政务服务中心")
    staff.locator("#f-tickets").fill("2601010000001")
    staff.locator("#f-starts_at").fill(f"{begins:%Y-%m-%dT%H:%M}")
    staff.get_by_role("button", name=prepare, exact=True).click()
    expect(staff.locator("#summary")).to_be_visible()
    faults += phone_faults(staff, "a ticket that is not published", script)
    staff.locator("#f-tickets").fill(number)
    staff.get_by_role("button", name=prepare, exact=True).click()
    expect(staff.locator(f"#h-{number}")).to_be_visible()
    faults += phone_faults(staff, "a hearing that is prepared", script)
    here = urlsplit(staff.url).path
    everybody = f"/reports/{here.rsplit('/', 1)[1]}"
    page = phone(everybody, **how)
    expect(page.locator(f"#h-{number}")).to_have_count(0)
    staff.get_by_role("button", name=publish, exact=True).click()
    expect(staff.locator(f'a[href="{everybody}"]')).to_be_visible()
    staff.locator("#f-count").fill("1")
    staff.get_by_role("button", name=issue, exact=True).click()
    code = CODE.findall(staff.locator("ul.codes").inner_text())[0]
    faults += phone_faults(staff, "the codes", script)

    officer = desk(here, Role.OFFICER, unit="water", **how)
    officer.get_by_role("button", name=answer, exact=True).click()
    expect(officer.locator("#summary")).to_be_visible()
    officer.locator(f"#f-answer-{number}").fill("河道已清淤。")
    officer.get_by_role("button", name=answer, exact=True).click()
    expect(officer.locator("blockquote.said")).to_have_text("河道已清淤。")
    officer.locator(f"#f-text-{number}").fill("月底前再清淤三百米")
    officer.locator(f"#f-due-{number}").fill(f"{begins.date()}")
    officer.get_by_role("button", name=promise, exact=True).click()
    expect(officer.locator("main")).to_contain_text("月底前再清淤三百米")
    faults += phone_faults(officer, "what the unit says", script)

    page.goto(everybody)
    expect(page.locator(f"#t-{number}")).to_contain_text("河道已清淤。")
    expect(page.locator(f"#t-{number} h3")).to_have_text(promised)
    expect(page.locator(f"#t-{number}")).to_contain_text("月底前再清淤三百米")
    faults += phone_faults(page, "what everybody reads", script)
    page.locator("#f-invitation").fill(code.lower())
    page.locator("#f-text").fill("北段什么时候清淤？")
    page.get_by_role("button", name=ask, exact=True).click()
    expect(page.locator(".alert-success")).to_be_visible()
    expect(page.locator("blockquote.said")).to_have_count(0)
    faults += phone_faults(page, "a question that waits", script)
    staff.goto(here)
    staff.get_by_role("button", name=show, exact=True).click()
    page.goto(everybody)
    expect(page.locator("blockquote.said")).to_have_text("北段什么时候清淤？")
    assert faults == []
