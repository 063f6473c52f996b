"""Tests of citizens' tasks in a real browser: with and without JavaScript, in both languages."""

import re

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.conftest import Open
from tests.support.browser import Site
from tests.support.media import a_photo

pytestmark = pytest.mark.timeout(600)  # the first test waits for the installation
EACH_WAY = pytest.mark.parametrize(
    ("language", "script"), [("zh", True), ("zh", False), ("en", True), ("en", False)]
)
TEXT = "桥下的河水发黑发臭，已经一个星期了。"


_GOVERNED = """async () => {
    await navigator.serviceWorker.ready;
    while (!navigator.serviceWorker.controller) await new Promise((later) => setTimeout(later, 20));
}"""


def _report(page: Page, text: str = TEXT, address: str = "") -> None:
    page.locator("#f-text").fill(text)
    page.locator("#f-category").select_option("0301")
    page.locator("#f-address").fill(address)
    page.locator("[data-send]").click()


def _receipt(page: Page) -> dict[str, str]:
    """Return the number and access code on the receipt."""
    page.wait_for_load_state()
    expect(page.locator(".codes dd").nth(1)).to_be_visible()
    number, code = page.locator(".codes dd").all_inner_texts()[:2]
    return {"number": number, "code": code}


def _follow(page: Page, values: dict[str, str]) -> None:
    page.goto("/follow")
    page.locator("#f-number").fill(values["number"])
    page.locator("#f-code").fill(values["code"])
    page.locator("main form button").click()
    page.wait_for_selector(".steps")


def _file(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "image/jpeg", "buffer": content}


def _unfold(page: Page, what: str) -> None:
    page.locator("summary", has_text=what).click()


@EACH_WAY
def test_from_report_to_rating(phone: Open, town: Site, language: str, script: bool) -> None:
    words = {
        "zh": ("正在办理", "请您评价", "解决了", "非常满意", "感谢您的评价"),
        "en": ("is working on it", "Please rate", "Solved", "Very satisfied", "rating counts"),
    }[language]
    page = phone("/", language=language, script=script)
    page.locator(".door-first").click()
    _report(page, address=f"{language} {script}")
    values = _receipt(page)
    assert values["code"] not in page.url
    page.locator("main form button", has_text=re.compile("查看进度|See where")).click()
    town.until(values, "handle")
    _follow(page, values)
    expect(page.locator(".now-what")).to_contain_text(words[0])
    town.post(f"/assignments/{values['number']}-1/complete", {"reply": "已清淤，请放心。"})
    town.until(values, "rate")
    _follow(page, values)
    expect(page.locator(".panel.answer")).to_contain_text("已清淤，请放心。")
    expect(page.locator("#s-rate")).to_have_text(words[1])
    page.get_by_label(words[2], exact=True).check()
    page.get_by_label(words[3], exact=True).check()
    page.locator(".rate button").click()
    expect(page.locator(".alert-success")).to_contain_text(words[4])
    assert town.seen(values)["rating"]["grade"] == 5


@pytest.mark.parametrize("script", [True, False])
def test_a_photo_goes_with_the_report_and_with_the_rating(
    phone: Open, town: Site, script: bool
) -> None:
    page = phone("/report", script=script)
    shot = _file("河.jpg", a_photo())
    page.locator("#f-photos").set_input_files([shot])
    _report(page, address=f"照片 {script}")
    values = _receipt(page)
    town.until(values, "handle")
    _follow(page, values)
    expect(page.locator(".shown img")).to_have_count(1)
    if script:
        drawn = "(one) => one.decode().then(() => one.naturalWidth)"
        assert page.locator(".shown img").evaluate(drawn) > 100
    town.post(f"/assignments/{values['number']}-1/complete", {"reply": "已清淤。"})
    town.until(values, "rate")
    _follow(page, values)
    page.get_by_label("没解决", exact=True).check()
    page.get_by_label("不满意", exact=True).check()
    bad, after = _file("坏.jpg", b"no photo"), _file("还是黑的.jpg", a_photo((320, 200)))
    page.locator(".rate [type=file]").set_input_files([after, bad])
    if not script:
        page.locator(".rate button").click()
    expect(page.locator(".rate")).to_contain_text("坏.jpg 不是可识别的照片")
    page.locator(".rate button").click()
    expect(page.locator(".alert-success")).to_be_visible()
    expect(page.locator(".shown img")).to_have_count(2)


@pytest.mark.parametrize("script", [True, False])
def test_a_low_rating_brings_somebody_back(phone: Open, town: Site, script: bool) -> None:
    values = town.answered()
    page = phone("/follow", script=script)
    _follow(page, values)
    page.get_by_label("没解决", exact=True).check()
    page.get_by_label("非常不满意", exact=True).check()
    page.locator(".rate textarea").fill("根本没有人来过。")
    page.locator(".rate button").click()
    expect(page.locator(".alert-success")).to_be_visible()
    town.until(values, "handle")
    _follow(page, values)
    expect(page.locator(".timeline")).to_contain_text("已退回重办")


@pytest.mark.parametrize("script", [True, False])
def test_adding_urging_and_taking_back(phone: Open, town: Site, script: bool) -> None:
    values = town.file()
    town.until(values, "handle")
    page = phone("/follow", script=script)
    _follow(page, values)
    _unfold(page, "补充情况")
    page.locator("details[open] textarea").fill("今天味道更大了。")
    page.locator("details[open] button").click()
    expect(page.locator(".alert-success")).to_contain_text("已转达")
    expect(page.locator(".timeline")).to_contain_text("今天味道更大了。")
    _unfold(page, "催办")
    page.locator("details[open] button").click()
    expect(page.locator(".alert-success")).to_contain_text("已催办")
    _unfold(page, "撤回")
    page.locator("details[open] button").click()
    expect(page.locator(".now-what")).to_contain_text("您已撤回")
    assert town.seen(values)["outcome"] == "withdrawn"


def test_the_units_question_is_answered_where_it_is_asked(phone: Open, town: Site) -> None:
    values = town.file()
    town.until(values, "handle")
    town.post(f"/tickets/{values['number']}/ask", {"question": "请问是哪座桥？"})
    page = phone("/follow")
    _follow(page, values)
    expect(page.locator(".asked")).to_contain_text("请问是哪座桥？")
    page.locator(".asked textarea").fill("玉带河桥。")
    page.locator(".asked button").click()
    expect(page.locator(".alert-success")).to_be_visible()
    expect(page.locator(".asked")).to_have_count(0)
    expect(page.locator(".timeline")).to_contain_text("玉带河桥。")


def test_what_is_back_gets_a_ticket_that_follows(phone: Open, town: Site) -> None:
    values = town.answered()
    page = phone("/follow")
    _follow(page, values)
    page.get_by_label("解决了", exact=True).check()
    page.get_by_label("满意", exact=True).check()
    page.locator(".rate button").click()
    expect(page.locator(".alert-success")).to_be_visible()
    town.until(values, "ended")
    _follow(page, values)
    _unfold(page, "问题又出现了")
    page.locator("details[open] textarea").fill("才一个星期，又臭了。")
    page.locator("details[open] button").click()
    again = _receipt(page)
    assert again["number"] != values["number"]
    assert town.seen(again)["text"] == "才一个星期，又臭了。"


@pytest.mark.parametrize("script", [True, False])
def test_somebody_elses_open_ticket_is_offered_first(phone: Open, town: Site, script: bool) -> None:
    address = f"玉带河大街 {script}"
    first = town.file(place={"address": address})
    town.until(first, "handle")
    page = phone("/report", script=script)
    _report(page, address=address)
    expect(page.locator(".similar li")).to_have_count(1)
    expect(page.locator(".similar")).to_contain_text(first["number"])
    expect(page.locator(".similar")).not_to_contain_text("又黑又臭")
    page.get_by_role("button", name="我的是同一件事").click()
    values = _receipt(page)
    assert first["number"] in town.seen(values)["text"]


def test_mine_is_another(phone: Open, town: Site) -> None:
    first = town.file(place={"address": "另一条河边"})
    town.until(first, "handle")
    page = phone("/report")
    _report(page, address="另一条河边")
    page.get_by_role("button", name="我的是另一件事").click()
    assert town.seen(_receipt(page))["text"] == TEXT


# --- mistakes ---------------------------------------------------------------------------------


@EACH_WAY
def test_a_mistake_is_said_beside_the_field_and_on_top(
    phone: Open, language: str, script: bool
) -> None:
    page = phone("/report", language=language, script=script)
    page.locator("#f-address").fill("新华西街")
    page.locator("#f-phone").fill("not a phone")
    page.locator("[data-send]").click()
    summary = page.locator("#summary")
    expect(summary.locator("li")).to_have_count(2)
    expect(page.locator("#e-text")).to_be_visible()
    expect(page.locator("#e-phone")).to_be_visible()
    expect(page.locator("#f-text")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#f-address")).to_have_value("新华西街")
    expect(page.locator("#f-phone")).to_have_value("not a phone")
    if script:
        expect(summary).to_be_focused()
    summary.locator("a").first.click()
    expect(page.locator("#f-text")).to_be_focused()


def test_a_wrong_code_loses_no_text(phone: Open, town: Site) -> None:
    values = town.file()
    town.until(values, "handle")
    page = phone("/follow")
    _follow(page, values)
    _unfold(page, "补充情况")
    form = page.locator("details[open] form")
    form.locator("input[name=code]").evaluate(
        "(field) => { field.value = field.value.replace(/.$/, (d) => (Number(d) + 1) % 10); }"
    )
    form.locator("textarea").fill("很长的一段话。")
    form.locator("button").click()
    expect(page.locator("#summary")).to_contain_text("查询码不对")
    expect(page.locator("main")).to_contain_text("很长的一段话。")
    page.locator("#f-code").fill(values["code"])
    page.locator("main form button").click()
    expect(page.locator(".timeline")).to_contain_text("很长的一段话。")


@pytest.mark.parametrize("script", [True, False])
def test_two_taps_make_one_ticket(phone: Open, script: bool) -> None:
    page = phone("/report", script=script)
    page.locator("#f-text").fill("路灯不亮，请派人来修。")
    page.locator("[data-send]").dblclick()
    first = _receipt(page)
    page.reload()  # sends the form again
    assert _receipt(page) == first


# --- additions by a script --------------------------------------------------------------------


def test_a_draft_survives_and_is_gone_once_it_is_sent(phone: Open) -> None:
    page = phone("/report")
    page.locator("#f-text").fill("写到一半")
    page.goto("/")
    page.goto("/report")
    expect(page.locator("#f-text")).to_have_value("写到一半")
    expect(page.locator("[data-draft]")).to_be_visible()
    page.locator("[data-send]").click()
    first = _receipt(page)
    page.goto("/report")
    expect(page.locator("#f-text")).to_have_value("")
    page.locator("#f-text").fill("另一件事")
    page.locator("[data-send]").click()
    assert _receipt(page)["number"] != first["number"]


def test_a_draft_keeps_no_name_and_phone_for_the_next_person(phone: Open) -> None:
    page = phone("/report")
    page.locator("#f-text").fill("写到一半")
    for name, typed in {"name": "王小明", "phone": "13800138000", "address": "某路1号"}.items():
        page.locator(f"#f-{name}").evaluate("(field, text) => { field.value = text; }", typed)
    page.locator("#f-text").fill("写到一半，")
    kept = page.evaluate("JSON.stringify(localStorage)")
    assert "写到一半，" in kept
    assert not any(typed in kept for typed in ("王小明", "13800138000", "某路1号"))
    page.reload()
    expect(page.locator("#f-phone")).to_have_value("13800138000")
    later = page.context.new_page()
    later.goto(page.url)
    expect(later.locator("#f-text")).to_have_value("写到一半，")
    expect(later.locator("#f-phone")).to_have_value("")
    aged = "for (const [k, v] of Object.entries(localStorage)) localStorage.setItem(k, v.replace("
    later.evaluate(aged + r"/\"at\":\d+/, '\"at\":1000'))")
    later.reload()
    expect(later.locator("#f-text")).to_have_value("")


def test_without_a_network_it_waits_and_is_sent_by_itself(phone: Open) -> None:
    page = phone("/report")
    page.evaluate(_GOVERNED)
    page.reload()  # cached now by the service worker
    page.context.set_offline(True)
    page.goto("/report")
    page.locator("#f-text").fill("地下室没有信号，回头再发。")
    page.locator("[data-send]").click()
    expect(page.locator("[data-waiting-line]")).to_contain_text("恢复联网后自动提交")
    page.context.set_offline(False)
    page.wait_for_selector("[data-sent]")
    assert len(_receipt(page)["number"]) == 13


def test_a_page_that_needs_a_network_says_so(phone: Open) -> None:
    page = phone("/")
    page.evaluate(_GOVERNED)
    page.context.set_offline(True)
    page.goto("/follow")
    expect(page.locator("h1")).to_have_text("没有网络")


def test_the_phone_says_where_it_is(phone: Open, town: Site) -> None:
    page = phone(
        "/report",
        geolocation={"latitude": 39.9021, "longitude": 116.6402},
        permissions=["geolocation"],
    )
    page.locator("[data-here]").click()
    expect(page.locator("[data-told]")).to_have_text("已记下您的位置。")
    _report(page)
    # A script sends the form, so either page may come a moment later.
    expect(page.locator(".codes dd, .similar").first).to_be_visible()
    if page.locator(".similar").count():
        page.get_by_role("button", name="我的是另一件事").click()
    payload = town.post(f"/tickets/{_receipt(page)['number']}/sign").json()
    assert payload["unit"] == "water"


def test_a_place_is_pointed_at_on_the_map_by_mouse_or_keyboard(phone: Open) -> None:
    page = phone("/report")
    page.locator("[data-map]").click()
    page.wait_for_selector("#map path.leaflet-interactive")
    page.locator("#map").click(position={"x": 150, "y": 150})
    expect(page.locator("[data-told]")).to_have_text("已记下地图上的位置。")
    first = page.locator("#f-lat").input_value()
    page.locator("#map").focus()
    page.keyboard.press("ArrowUp")
    page.locator("[data-pin]").press("Enter")
    expect(page.locator("#f-lat")).not_to_have_value(first)
    page.locator("[data-forget]").click()
    expect(page.locator("#f-lat")).to_have_value("")


def test_published_answers_are_on_a_map(phone: Open, town: Site) -> None:
    place = {"lat": 39.9, "lon": 116.65, "address": "公园"}
    text = "公园的水臭了，请打 13800138000 找我。"
    values = town.answered(text=text, public=True, place=place)
    page = phone("/city/tongzhou/answers")
    expect(page.locator(f"#a-{values['number']}")).to_contain_text("▇▇▇")
    expect(page.locator("main")).not_to_contain_text("13800138000")
    page.locator("[data-show-map]").click()
    # A pin, or a group of pins: the streets alone are interactive, too.
    page.wait_for_selector("#map path[fill='#a8201a'], #map .cluster")
    expect(page.locator("#map")).to_be_visible()


# --- the language -----------------------------------------------------------------------------


def test_the_language_is_changed_anywhere_and_kept(phone: Open, town: Site) -> None:
    page = phone("/city")
    page.get_by_role("link", name="English").click()
    expect(page.locator("h1")).to_have_text("What the city did")
    page.goto("/report")
    expect(page.locator("h1")).to_have_text("Report something")
    _follow(page, town.file())
    page.get_by_role("button", name="中文").click()
    expect(page.locator("#s-past")).to_have_text("办理过程")
