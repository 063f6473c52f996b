"""A grid worker's day on a small phone: written without a network, and taken once."""

import json

import pytest
from playwright.sync_api import FilePayload, Locator, Page, Route, expect

from domain.actors import Role
from tests.browser.conftest import Open
from tests.support.browser import PHONE, Site, phone_faults
from tests.support.grid_workers import CELL, HERE, STREET
from tests.support.media import a_photo

pytestmark = pytest.mark.timeout(900)  # the first test waits for the installation
WORDS = {
    "zh": ("已全部上报。", "处置前、后照片", "修改", "已上报。"),
    "en": ("Everything has arrived.", "a photo of before and of after", "Put it right", "arrived"),
}
_GOVERNED = """async () => {
    await navigator.serviceWorker.ready;
    while (!navigator.serviceWorker.controller) await new Promise((later) => setTimeout(later, 20));
}"""


def _photo(name: str) -> FilePayload:
    return {"name": f"{name}.jpg", "mimeType": "image/jpeg", "buffer": a_photo()}


def _appointed(town: Site) -> str:
    """Appoint the grid worker of these tests; return the id of the account."""
    name, _ = town.account(Role.GRID_WORKER, STREET)
    listed = town.post("/grid/workers", {"login": name, "cell": CELL}, unit=STREET).json()
    return str(next(one["id"] for one in listed["items"] if one["account"] == name))


def _a_place_to_look_at(town: Site, question: str) -> str:
    receipt = town.file(place=HERE, text=f"河水又黑又臭，请治理。{question}")
    town.until(receipt, "handle")
    number = receipt["number"]
    asked = {"moment": "closing", "question": question}
    town.post(f"/tickets/{number}/checks", asked, role=Role.DISPATCHER)
    return number


def _form(page: Page, kind: str) -> Locator:
    return page.locator(f"form[data-entry={kind}]").first


def _diary(page: Page, text: str) -> None:
    form = _form(page, "diary")
    form.locator("textarea").fill(text)
    form.locator("button.btn-primary").click()
    expect(form.locator("textarea")).to_have_value("")


def _found(town: Site, words: str) -> list[str]:
    answer = town.post("/grid/diary/search", {"words": words}, unit=STREET).json()
    return [one["text"] for one in answer["items"]]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_day_without_a_network_arrives_once(
    phone: Open, desk: Open, town: Site, language: str
) -> None:
    arrived, lacking, put_right, _ = WORDS[language]
    _appointed(town)
    number = _a_place_to_look_at(town, f"Look {language}")
    spot = {"latitude": HERE["lat"], "longitude": HERE["lon"]}
    page = desk(
        "/staff/grid",
        Role.GRID_WORKER,
        unit=STREET,
        language=language,
        viewport=PHONE,
        geolocation=spot,
        permissions=["geolocation"],
        reduced_motion="reduce",
    )
    page.evaluate(_GOVERNED)
    page.reload()  # from now on the page is kept
    expect(page.locator("[data-state]")).to_have_text(arrived)
    faults = phone_faults(page, "in the morning")

    page.context.set_offline(True)
    page.reload()
    waiting = page.locator("[data-waiting] li")
    for n in range(3):
        _diary(page, f"{language} 第{n}家说一切都好。")
    expect(waiting).to_have_count(3)
    report = _form(page, "report")
    report.locator("textarea").fill(f"路边有垃圾 {language}")
    report.locator("[name=done]").fill("已当场清走。")
    report.locator("[name=before]").set_input_files([_photo("before")])
    report.locator("[name=after]").set_input_files([_photo("after")])
    report.locator("button.btn-primary").click()
    expect(waiting).to_have_count(4)
    place = page.locator("details[data-check]", has_text=f"Look {language}")
    place.locator("summary").click()
    place.locator("input[value=done]").check(force=True)
    place.locator("[name=photos]").set_input_files([_photo("look")])
    place.locator("[data-here]").click()
    expect(place.locator("input[type=hidden][name=lat]")).to_have_value("40.018900")
    faults += phone_faults(page, "the forms, filled in")
    place.locator("button.btn-primary").click()
    expect(waiting).to_have_count(5)
    expect(place).to_be_hidden()
    page.reload()  # the phone was switched off in between
    expect(waiting).to_have_count(5)
    faults += phone_faults(page, "off line")

    page.context.set_offline(False)
    expect(waiting).to_have_count(0, timeout=60_000)
    expect(page.locator("[data-state]")).to_have_text(arrived)
    page.locator("[data-sync]").click()
    page.reload()
    expect(page.locator("[data-state]")).to_have_text(arrived)
    faults += phone_faults(page, "in the evening")
    assert sorted(_found(town, f"{language} 第")) == [
        f"{language} 第{n}家说一切都好。" for n in range(3)
    ]
    [check] = town.get(f"/tickets/{number}/checks", role=Role.DISPATCHER)["items"]
    assert (check["seen"], check["metres"], len(check["photos"])) == ("done", 0, 1)
    filed = page.locator("[data-sent] .number").first.inner_text()
    assert town.get(f"/tickets/{filed}", role=Role.ADMIN)["complaint"]["text"].endswith(language)

    report = _form(page, "report")
    report.locator("textarea").fill("已清理，照片没拍全。")
    report.locator("[name=done]").fill("已当场清走。")
    report.locator("[name=before]").set_input_files([_photo("before")])
    report.locator("button.btn-primary").click()
    expect(waiting).to_have_count(1)
    expect(waiting.locator("b")).to_contain_text(lacking)
    faults += phone_faults(page, "one was refused")
    page.reload()
    expect(waiting.locator("b")).to_contain_text(lacking)
    page.get_by_role("button", name=put_right).click()
    expect(_form(page, "report").locator("textarea")).to_have_value("已清理，照片没拍全。")
    _form(page, "report").locator("[name=after]").set_input_files([_photo("after")])
    _form(page, "report").locator("button.btn-primary").click()
    expect(page.locator("[data-state]")).to_have_text(arrived)
    expect(waiting).to_have_count(0)

    seen = {"language": language, "viewport": PHONE, "reduced_motion": "reduce"}
    street = desk("/staff/grid-workers", Role.OFFICER, unit=STREET, **seen)
    faults += phone_faults(street, "the street's grid workers")
    street.goto("/staff/diaries")
    street.locator("#f-words").fill(language)
    street.locator("form.panel button.btn-primary").click()
    expect(street.locator("input[name=entry]").first).to_be_visible()
    faults += phone_faults(street, "diaries")
    looked = desk(f"/staff/tickets/{number}/checks", Role.DISPATCHER, **seen)
    faults += phone_faults(looked, "what was found")
    join = phone("/grid/join", language=language, viewport=PHONE)
    faults += phone_faults(join, "signing up")
    assert "\n".join(faults) == ""


def test_without_a_script_each_entry_is_sent_by_itself(desk: Open, town: Site) -> None:
    _appointed(town)
    page = desk("/staff/grid", Role.GRID_WORKER, unit=STREET, script=False, viewport=PHONE)
    faults = phone_faults(page, "without a script", script=False)
    form = _form(page, "report")
    form.locator("textarea").fill("井盖松动，骑车经过会响。")
    form.locator("[name=before]").set_input_files([_photo("now")])
    form.locator("button.btn-primary").click()
    expect(page.locator(".alert-success .number")).to_be_visible()
    _form(page, "diary").locator("textarea").fill("无脚本时记下的民情。")
    _form(page, "diary").locator("button.btn-primary").click()
    expect(page.locator(".alert-success")).to_contain_text(WORDS["zh"][3])
    assert _found(town, "无脚本时") == ["无脚本时记下的民情。"]
    _form(page, "diary").locator("textarea").fill("")
    _form(page, "diary").locator("button.btn-primary").click()
    expect(page.locator("#summary")).to_be_visible()
    assert "\n".join(faults) == ""


def test_whose_appointment_has_ended_reads_so_and_loses_nothing(desk: Open, town: Site) -> None:
    account = _appointed(town)
    page = desk("/staff/grid", Role.GRID_WORKER, unit=STREET, viewport=PHONE)
    state, waiting = page.locator("[data-state]"), page.locator("[data-waiting] li")
    expect(state).to_have_text(WORDS["zh"][0])
    town.post(f"/grid/workers/{account}/end", {}, unit=STREET)
    _diary(page, "任期结束后写下的一条。")
    expect(state).to_contain_text("街道尚未确认您的网格员身份")
    expect(waiting).to_have_count(1)
    faults = phone_faults(page, "the appointment has ended")
    _appointed(town)
    page.locator("[data-sync]").click()
    expect(state).to_have_text(WORDS["zh"][0])
    expect(waiting).to_have_count(0)
    assert _found(town, "任期结束后") == ["任期结束后写下的一条。"]
    assert "\n".join(faults) == ""


def test_what_is_not_finished_keeps_nothing_behind_it(desk: Open, town: Site) -> None:
    _appointed(town)
    # A service worker would answer in the place of the route.
    page = desk(
        "/staff/grid", Role.GRID_WORKER, unit=STREET, viewport=PHONE, service_workers="block"
    )
    state, waiting = page.locator("[data-state]"), page.locator("[data-waiting] li")
    expect(state).to_have_text(WORDS["zh"][0])
    first = "先写的一条还没办完。"

    def unfinished(route: Route) -> None:
        answer = route.fetch()
        body = answer.json()
        sent = json.loads(route.request.post_data or "")["entries"]
        for entry, one in zip(sent, body["items"], strict=True):
            one["settled"] = entry["text"] != first
        route.fulfill(response=answer, json=body)

    page.route("**/api/v1/grid/entries", unfinished)
    page.context.set_offline(True)
    later = [f"后写的第{n}条。" + "说明" * 1900 for n in range(4)]  # more than one batch holds
    for text in (first, *later):
        _diary(page, text)
    expect(waiting).to_have_count(5)
    page.context.set_offline(False)
    expect(waiting).to_have_count(1, timeout=60_000)
    expect(waiting).to_contain_text(first)
    assert sorted(_found(town, "后写的第")) == later
    page.unroute("**/api/v1/grid/entries")
    page.locator("[data-sync]").click()
    expect(state).to_have_text(WORDS["zh"][0])


def test_two_taps_make_one_entry(desk: Open, town: Site) -> None:
    _appointed(town)
    page = desk("/staff/grid", Role.GRID_WORKER, unit=STREET, viewport=PHONE)
    page.evaluate(_GOVERNED)
    page.context.set_offline(True)
    waiting = page.locator("[data-waiting] li")
    for n, kind in enumerate(("diary", "report", "diary"), 1):
        form = _form(page, kind)
        form.locator("textarea").fill(f"第{n}条，手抖点了两下。")
        if kind == "report":
            form.locator("[name=before]").set_input_files([_photo("now")])
        form.locator("button.btn-primary").dblclick()
        expect(form.locator("textarea")).to_have_value("")
        expect(waiting.last).to_contain_text(f"第{n}条")
        expect(waiting).to_have_count(n)
    page.context.set_offline(False)
    expect(waiting).to_have_count(0, timeout=60_000)
    assert sorted(_found(town, "手抖")) == ["第1条，手抖点了两下。", "第3条，手抖点了两下。"]


def test_a_photo_that_is_too_large_is_told_on_the_spot(desk: Open, town: Site) -> None:
    _appointed(town)
    page = desk("/staff/grid", Role.GRID_WORKER, unit=STREET, viewport=PHONE)
    page.evaluate(_GOVERNED)
    page.context.set_offline(True)
    form, waiting = _form(page, "report"), page.locator("[data-waiting] li")
    form.locator("textarea").fill("照片太大，现场就要知道。")
    photo = form.locator("[name=before]")
    large: FilePayload = {
        "name": "large.jpg",
        "mimeType": "image/jpeg",
        "buffer": bytes(21 * 1024 * 1024),
    }
    photo.set_input_files([large])
    form.locator("button.btn-primary").click()
    expect(waiting).to_have_count(0)
    assert "超过" in photo.evaluate("(field) => field.validationMessage")
    expect(form.locator("textarea")).to_have_value("照片太大，现场就要知道。")
    photo.set_input_files([_photo("small")])
    form.locator("button.btn-primary").click()
    expect(waiting).to_have_count(1)
    page.context.set_offline(False)
    expect(waiting).to_have_count(0, timeout=60_000)
