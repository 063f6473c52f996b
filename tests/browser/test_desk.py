"""Tests of the desk: a call by keyboard alone, a dispatcher's work, accessibility of its pages."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import FilePayload, Page, expect

from domain.actors import Role
from tests.browser.conftest import Open
from tests.support.browser import Site, violations
from tests.support.media import a_photo

pytestmark = pytest.mark.timeout(600)  # the first test waits for the installation

PLACE = {"address": "新华西街东门", "area": "110112003"}
PHONE = "13900001234"


def typed(page: Page, text: str) -> None:
    page.keyboard.type(text)


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.name || document.activeElement.id"))


def number_in(page: Page) -> str:
    return page.locator("[data-number]").get_attribute("data-number") or ""


def test_an_operator_takes_a_call_by_keyboard_alone(desk: Open, town: Site) -> None:
    earlier = town.file(place=PLACE, contact={"phone": PHONE, "name": "王小明"})
    town.until(earlier, "handle")
    page = desk("/staff/call", Role.DESK)
    assert focused(page) == "phone"
    typed(page, "139 0000 1234")
    page.keyboard.press("Enter")
    expect(page.locator("#caller")).to_contain_text("王**")
    expect(page.locator("#caller")).to_contain_text(earlier["number"])
    expect(page.locator("#f-text")).to_be_focused()
    typed(page, "新华西街东门的河水又黑又臭，味道很大")
    page.keyboard.press("Tab")
    assert focused(page) == "category"
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert focused(page) == "address"
    typed(page, "新华西街东门")
    suggestions = page.locator("#suggestions")
    expect(suggestions).to_contain_text("黑臭水体")
    expect(suggestions).to_contain_text("区水务局")
    expect(suggestions).to_contain_text("水是什么颜色")
    expect(suggestions).to_contain_text(earlier["number"])
    expect(page.locator("[data-suggestions-said]")).to_contain_text("区水务局")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-number]")).to_be_visible()
    number = number_in(page)
    page.reload()  # sends the form again: the same ticket
    assert number_in(page) == number
    expect(page.locator("[data-focus]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#f-phone")).to_be_focused()
    page.keyboard.press("Alt+a")
    expect(page.locator("#f-answer")).to_be_focused()


def test_a_call_is_answered_at_once_without_a_script(desk: Open) -> None:
    page = desk("/staff/call", Role.DESK, script=False)
    page.locator("#f-text").fill("路灯晚上几点开？")
    page.locator("#f-kind").select_option("consultation")
    page.locator("#f-category").fill("0204")
    page.locator("#f-category").press("Enter")  # Enter in a field does not file the complaint
    expect(page.locator("#suggestions")).to_contain_text("路灯开关时间")
    page.locator(".often summary", has_text="路灯开关时间").click()
    page.locator("button[value='use:lamp-hours']").click()
    expect(page.locator("#f-answer")).to_have_value(re.compile("日落日出"))
    page.locator("button[value='answer']").click()
    expect(page.locator(".read-out")).to_contain_text("当场答复")


def test_photos_go_with_a_call_and_do_not_disturb_what_the_machine_knows(desk: Open) -> None:
    page = desk("/staff/call", Role.DESK, language="en")
    photo: FilePayload = {
        "name": "river.png",
        "mimeType": "image/png",
        "buffer": a_photo(form="PNG", compress_level=0),
    }
    program: FilePayload = {
        "name": "bad.exe",
        "mimeType": "application/octet-stream",
        "buffer": b"MZ nothing to see",
    }
    page.locator("#f-files").set_input_files([photo, program])
    page.locator("#f-text").fill("新华西街东门的河水又黑又臭")
    expect(page.locator("#suggestions")).to_contain_text("Black and smelly water")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#summary")).to_contain_text("bad.exe")
    expect(page.locator("#f-text")).to_have_value("新华西街东门的河水又黑又臭")
    expect(page.locator("input[name=kept]")).to_be_checked()
    page.set_viewport_size({"width": 320, "height": 640})
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.locator("[data-primary]").click()
    number = number_in(page)
    page.goto(f"/staff/tickets/{number}")
    expect(page.locator(".shots img")).to_have_count(1)


@pytest.fixture
def morning(town: Site) -> Iterator[dict[str, str]]:
    """File a dispatcher's work: one unclear, one that a unit wants to return, two alike."""
    return_wanted, twin = town.file(place=PLACE), town.file(place=PLACE)
    for ticket in (return_wanted, twin):
        town.until(ticket, "handle")
    fields = {"ground": "not_ours", "reason": "该河段属镇里管理。"}
    town.post(f"/tickets/{return_wanted['number']}/return", fields)
    unclear = town.file(text="河面脏，路灯也暗。", category=None, place=PLACE)
    yield {"returned": return_wanted["number"], "twin": twin["number"], **unclear}


def test_a_dispatchers_morning(desk: Open, town: Site, morning: dict[str, str]) -> None:
    page = desk(f"/staff/triage?number={morning['number']}", Role.DISPATCHER)
    expect(page.locator(".queue-head h2")).to_have_text("河面脏，路灯也暗。")
    expect(page.locator(".sure-no")).to_be_visible()
    page.keyboard.press("Control+Enter")
    expect(page.locator("[role=status]").first).to_contain_text("已分类")
    expect(page.locator("main")).not_to_contain_text("河面脏")
    town.until(morning, "handle")
    page.goto(f"/staff/decisions?number={morning['returned']}")
    page.keyboard.press("Alt+c")
    expect(page.locator("#f-reason")).to_be_focused()
    typed(page, "属实，由街道牵头")
    page.locator("[data-put]").first.click()
    expect(page.locator("#f-unit")).to_have_value("110112003 北苑街道")
    page.keyboard.press("Alt+g")
    expect(page.locator("[role=status]").first).to_contain_text("已同意")
    page.goto(f"/staff/merge?a={morning['returned']}")
    page.locator("#s-others ~ ul a", has_text="").first.wait_for()
    page.goto(f"/staff/merge?a={morning['returned']}&b={morning['twin']}")
    expect(page.locator("td.differs").first).to_be_visible()
    page.locator(f"input[name=parent][value='{morning['returned']}']").check()
    page.locator("#f-reason").fill("同一河段")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[role=status]").first).to_contain_text("已并单")


def test_slips_are_registered_row_by_row(desk: Open) -> None:
    page = desk("/staff/register", Role.DESK)
    page.locator("#f-text-0").fill("公厕没有水")
    page.locator("#f-text-1").fill("路灯不亮")
    page.locator("#f-category-1").fill("不存在的事项")
    page.keyboard.press("Alt+n")
    expect(page.locator("#f-text-5")).to_be_focused()
    typed(page, "小广告乱贴")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-filed]")).to_have_count(2)
    expect(page.locator("#summary")).to_be_focused()
    expect(page.locator("#f-text-0")).to_have_value("路灯不亮")
    page.locator("#f-category-0").fill("路灯")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-filed]")).to_have_count(1)
    expect(page.locator("#summary")).to_have_count(0)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_everybody_can_use_the_desks_pages(
    desk: Open, morning: dict[str, str], language: str
) -> None:
    small = {"width": 320, "height": 640}
    page = desk("/staff/call", Role.DISPATCHER, language=language, viewport=small)
    page.locator("#f-phone").fill(PHONE)
    page.locator("#f-phone").press("Enter")
    expect(page.locator("#f-text")).to_be_focused()
    page.locator("#f-text").fill("新华西街东门的河水又黑又臭")
    page.locator("#f-address").fill("新华西街东门")
    expect(page.locator("#suggestions .near")).to_be_visible()
    assert violations(page) == []
    for path in (
        f"/staff/triage?number={morning['number']}",
        f"/staff/decisions?number={morning['returned']}",
        "/staff/call-backs",
        "/staff/register",
        f"/staff/merge?a={morning['returned']}&b={morning['twin']}",
        "/staff/merge",
    ):
        page.goto(path)
        assert violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
