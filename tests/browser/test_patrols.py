"""Tests of a round on a small phone: its place is told, a finding filed, cheating seen.

And a whole round without a network, of which every answer is lost once.
"""

import re
import secrets

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Geolocation, Page, Route, expect

from domain.actors import Role
from tests.browser.conftest import Open
from tests.support.browser import PHONE, Site, phone_faults
from tests.support.media import saved

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


AT_POINT: dict[str, Geolocation] = {
    "A": {"latitude": 39.92004, "longitude": 116.65, "accuracy": 8},
    "B": {"latitude": 39.92024, "longitude": 116.65, "accuracy": 8},
}
OFFLINE = {
    "zh": ("R2", "已存在本手机", "已全部上报", "墙边有垃圾。", "结束巡查"),
    "en": ("R3", "Kept on this phone", "Everything has arrived", "Rubbish.", "Finish the round"),
}
_KEPT_OF_STAFF = """async () => {
    const names = await caches.keys();
    const kept = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
    return kept.flat().filter(({ url }) => new URL(url).pathname.startsWith("/staff/")).length;
}"""


def _new_photo() -> FilePayload:
    """Return a photo that nobody has handed in: the same one counts once in a city."""
    red, green, blue = secrets.token_bytes(3)
    picture = saved(Image.new("RGB", (64, 48), (red, green, blue)), "PNG")
    return {"name": "p.png", "mimeType": "image/png", "buffer": picture}


def _lose_each_answer_once(page: Page) -> list[str]:
    """Let each kind of request reach the server, and lose its first answer; return which."""
    lost: list[str] = []

    def lose(route: Route) -> None:
        path = route.request.url.rpartition("/")[2]
        if route.request.method != "POST" or path in lost:
            route.continue_()
            return
        route.fetch()
        lost.append(path)
        route.abort()

    page.context.route("**/api/v1/patrols/**", lose)
    return lost


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_round_without_a_network_arrives_once(desk: Open, town: Site, language: str) -> None:
    route, on_phone, arrived, text, finish = OFFLINE[language]
    page = desk(
        "/staff/rounds",
        Role.OFFICER,
        unit="market",
        language=language,
        viewport=PHONE,
        permissions=["geolocation"],
        geolocation=AT_POINT["A"],
        reduced_motion="reduce",
    )
    link = page.locator(f'main a[href*=".{route}."]')
    ready = link.locator("xpath=ancestor::section").locator("[data-ready]")
    expect(ready).to_be_visible(timeout=60_000)  # the list has the phone keep its rounds
    round_id = str(link.get_attribute("href")).rpartition("/")[2]
    faults = phone_faults(page, "the list", True)

    page.context.set_offline(True)
    link.click()
    waiting = page.locator("[data-waiting] li")
    taps = 0
    for point, place in AT_POINT.items():
        page.context.set_geolocation(place)
        panel = page.locator(f"#p-{point}")
        panel.locator("[name=photo]").set_input_files([_new_photo()])
        for _ in ("coming", "going on"):
            panel.locator("button").click()
            taps += 1
            expect(waiting).to_have_count(taps)
        expect(panel.locator("[data-kept]")).to_contain_text(on_phone)
    faults += phone_faults(page, "at the points", True)
    page.reload()  # the phone was switched off in between
    expect(waiting).to_have_count(4)
    page.locator("#f-text").fill(text)
    page.locator("form[data-finding] button").click()
    expect(waiting).to_have_count(5)
    page.get_by_role("button", name=finish).click()
    expect(waiting).to_have_count(6)
    expect(page.locator("form[data-stamp]").first).to_be_hidden()
    faults += phone_faults(page, "finished without a network", True)

    lost = _lose_each_answer_once(page)
    send = page.locator("[data-sync]")
    with page.expect_event("requestfailed", timeout=60_000):
        page.context.set_offline(False)
    for _ in range(2):
        with page.expect_event("requestfailed", timeout=60_000):
            send.click()
    send.click()
    expect(waiting).to_have_count(0, timeout=60_000)
    assert lost == ["stamps", "findings", "finish"]
    expect(page.locator("[data-state]")).to_contain_text(arrived)
    expect(page.locator("#findings .number")).to_have_count(1)
    faults += phone_faults(page, "arrived", True)

    of = town.get(f"/patrols/{round_id}", role=Role.SUPERVISOR)
    stamps = [(one["point"], one["attempt"], one["accuracy"]) for one in of["stamps"]]
    assert stamps == [("A", 1, 8), ("A", 1, 8), ("B", 1, 8), ("B", 1, 8)]
    assert (len(of["photos"]), len(of["findings"])) == (2, 1)
    # How fast this test taps is no matter of it: two gates in two seconds are not walked.
    assert {one["code"] for one in of["doubts"]} <= {"time_stands_still"}
    assert (of["state"], of["attempt"]) == (("unproved", 2) if of["doubts"] else ("proved", 1))
    filed = town.get(f"/tickets/{of['findings'][0]}", role=Role.ADMIN)
    assert filed["complaint"]["text"] == text

    page.locator(".staff-out").click()
    expect(page).to_have_url(re.compile("sign-in"))
    page.wait_for_function(f"async () => await ({_KEPT_OF_STAFF})() === 0")
    assert faults == []
