"""Tests that a report is resent until this system has answered, whatever the network does."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from playwright.sync_api import FilePayload, Page, Route, expect

from domain.actors import Role
from tests.browser.conftest import Open
from tests.support.browser import Site
from tests.support.media import a_photo
from tests.support.network import FOREIGN, Mode, Network, network

pytestmark = pytest.mark.timeout(600)  # the first test waits for the installation
WAITS = "恢复联网后自动提交"
UNREACHABLE = [mode for mode in Mode if mode is not Mode.THROUGH]
_GOVERNED = """async () => {
    await navigator.serviceWorker.ready;
    while (!navigator.serviceWorker.controller) await new Promise((later) => setTimeout(later, 20));
}"""
_HOUR = 3_600_000


@pytest.fixture
def between(town: Site) -> Iterator[Network]:
    """Open a network between the phone and the site."""
    with network(town.url) as made:
        yield made


@pytest.fixture
def page(phone: Open, between: Network) -> Page:
    """Open the form over that network, cached by the service worker, with a movable clock."""
    opened = phone("about:blank")
    opened.clock.install()
    opened.goto(f"{between.url}/report")
    opened.evaluate(_GOVERNED)
    opened.reload()
    return opened


def _send(page: Page, text: str) -> None:
    page.locator("#f-text").fill(text)
    page.locator("[data-send]").click()


def _receipt(page: Page) -> dict[str, str]:
    page.wait_for_selector("[data-sent]")
    number, code = page.locator(".codes dd").all_inner_texts()[:2]
    return {"number": number, "code": code}


def _waits(page: Page, between: Network, words: str = WAITS) -> None:
    """Check that the page has tried, and says that it retries by itself."""
    line = page.locator("[data-waiting-line]")
    if between.mode is Mode.HANGS:
        expect(line).to_contain_text("正在提交")
        between.until_asked()
        page.clock.fast_forward(25_000)
    expect(line).to_contain_text(words)
    assert between.asked


def _filed(town: Site, since: datetime) -> list[dict[str, Any]]:
    """Return the tickets that were filed since then."""
    values = town.get(f"/tickets?filed_since={since:%Y-%m-%dT%H:%M:%S.%fZ}", role=Role.AUDITOR)
    items: list[dict[str, Any]] = values["items"]
    return items


@pytest.mark.parametrize("mode", UNREACHABLE, ids=lambda mode: mode.name.lower())
def test_whatever_becomes_of_it_on_the_way_it_is_sent_by_itself_and_once(
    page: Page, between: Network, town: Site, mode: Mode
) -> None:
    since = datetime.now(UTC)
    assert page.evaluate("navigator.onLine")  # the browser's flag stays true throughout
    between.mode = mode
    _send(page, f"电梯里没有信号：{mode.name}。")
    _waits(page, between)
    page.clock.fast_forward(_HOUR)  # a retry, which fails too
    _waits(page, between)
    between.mode = Mode.THROUGH
    page.clock.fast_forward(_HOUR)
    receipt = _receipt(page)
    town.until(receipt, "triage")
    assert town.seen(receipt)["text"] == f"电梯里没有信号：{mode.name}。"
    assert [one["number"] for one in _filed(town, since)] == [receipt["number"]]


@pytest.mark.parametrize("mode", UNREACHABLE, ids=lambda mode: mode.name.lower())
def test_the_network_comes_back_while_the_page_is_closed(
    page: Page, between: Network, town: Site, mode: Mode
) -> None:
    since = datetime.now(UTC)
    between.mode = mode
    _send(page, "关掉页面之后才有网络。")
    _waits(page, between)
    page.close()
    between.mode = Mode.THROUGH
    again = page.context.new_page()
    again.goto(f"{between.url}/")
    notice = again.locator("[data-unsent] a")
    expect(notice).to_contain_text("尚未提交成功")
    notice.click()
    receipt = _receipt(again)
    town.until(receipt, "triage")
    assert [one["number"] for one in _filed(town, since)] == [receipt["number"]]
    again.goto(f"{between.url}/")
    expect(again.locator("[data-unsent]")).to_be_hidden()


@pytest.mark.parametrize("mode", [Mode.HANGS, Mode.IS_ANOTHERS, Mode.RESETS])
def test_the_page_is_opened_again_before_there_is_a_network(
    page: Page, between: Network, mode: Mode
) -> None:
    between.mode = mode
    _send(page, "又打开了一次，还是没有网络。")
    _waits(page, between)
    page.close()
    again = page.context.new_page()
    again.clock.install()
    again.goto(f"{between.url}/report")
    expect(again.locator("#f-text")).to_have_value("又打开了一次，还是没有网络。")
    expect(again.locator("body")).not_to_contain_text(FOREIGN)
    _waits(again, between)
    between.mode = Mode.THROUGH
    again.locator("[data-now]").click()
    _receipt(again)


def test_the_page_of_another_is_never_kept_as_ours(page: Page, between: Network) -> None:
    between.mode = Mode.IS_ANOTHERS
    page.goto(f"{between.url}/follow")  # which is not cached yet
    expect(page.locator("h1")).to_have_text(FOREIGN)  # shown, as one may have to sign in there
    between.mode = Mode.RESETS
    page.goto(f"{between.url}/follow")
    expect(page.locator("h1")).to_have_text("没有网络")


def test_on_the_first_visit_without_a_service_worker_too(phone: Open, between: Network) -> None:
    page = phone("about:blank", service_workers="block")
    page.goto(f"{between.url}/report")
    between.mode = Mode.RESETS
    _send(page, "第一次打开就断网了。")
    _waits(page, between)
    between.mode = Mode.THROUGH
    page.evaluate("dispatchEvent(new Event('online'))")
    _receipt(page)


def test_a_system_that_is_busy_is_asked_again(page: Page) -> None:
    def busy(route: Route) -> None:
        answer = route.fetch()
        headers = answer.headers | {"retry-after": "600"}
        route.fulfill(status=503, headers=headers, body=answer.body())

    page.context.route("**/report", busy)
    _send(page, "系统正忙的时候提交的。")
    line = page.locator("[data-waiting-line]")
    expect(line).to_contain_text("系统暂时无法接收")
    page.context.unroute_all()
    page.clock.fast_forward(590_000)  # Retry-After asked for ten minutes
    expect(line).to_contain_text("系统暂时无法接收")
    page.clock.fast_forward(20_000)
    _receipt(page)


def test_what_is_said_to_similar_reports_waits_too(
    page: Page, between: Network, town: Site
) -> None:
    place = {"address": "没有信号的桥洞"}
    town.until(town.file(place=place), "handle")
    page.locator("#f-category").select_option("0301")
    page.locator("#f-address").fill(place["address"])
    _send(page, "桥洞里的河水也臭了。")
    page.wait_for_selector(".similar")
    between.mode = Mode.RESETS
    page.get_by_role("button", name="我的是另一件事").click()
    _waits(page, between)
    page.close()
    between.mode = Mode.THROUGH
    again = page.context.new_page()
    again.goto(f"{between.url}/report")
    assert town.seen(_receipt(again))["text"] == "桥洞里的河水也臭了。"  # without asking again


def test_what_others_reported_is_asked_once_and_can_be_gone_back_from(
    page: Page, between: Network, town: Site
) -> None:
    place = {"address": "另一个桥洞"}
    town.until(town.file(place=place), "handle")
    page.locator("#f-category").select_option("0301")
    page.locator("#f-address").fill(place["address"])
    complaints: list[str] = []
    page.on("console", lambda line: complaints.append(line.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    _send(page, "河水臭了。")
    page.locator("[data-back] a").click()
    expect(page.locator("#f-text")).to_have_value("河水臭了。")
    _send(page, "河水臭了三天。")
    page.get_by_role("button", name="我的是另一件事").click()
    assert town.seen(_receipt(page))["text"] == "河水臭了三天。"
    page.locator("[data-print]").wait_for()  # the scripts of each page ran, and broke no policy
    assert complaints == []


def test_what_waits_can_be_changed_or_given_up(page: Page, between: Network, town: Site) -> None:
    since = datetime.now(UTC)
    between.mode = Mode.RESETS
    _send(page, "写错了。")
    _waits(page, between)
    assert page.locator("#f-text").evaluate("(field) => field.closest('[inert]') !== null")
    page.locator("[data-change]").click()
    expect(page.locator("#f-text")).to_be_focused()
    _send(page, "改好了。")
    _waits(page, between)
    page.reload()
    page.locator("[data-discard]").click()
    expect(page.locator("[data-waiting-line]")).to_be_empty()
    between.mode = Mode.THROUGH
    page.clock.fast_forward(_HOUR)
    page.evaluate("dispatchEvent(new Event('online'))")
    _send(page, "换一件事说。")
    receipt = _receipt(page)
    assert town.seen(receipt)["text"] == "换一件事说。"
    town.until(receipt, "triage")
    assert [one["number"] for one in _filed(town, since)] == [receipt["number"]]


def test_photos_that_were_taken_wait_with_it(page: Page, between: Network, town: Site) -> None:
    photos: list[FilePayload] = [
        {"name": f"{size}.jpg", "mimeType": "image/jpeg", "buffer": a_photo(size)}
        for size in ((320, 200), (200, 320))
    ]
    page.locator("#f-photos").set_input_files(photos)
    expect(page.locator("[data-taken] input")).to_have_count(2)
    between.mode = Mode.RESETS
    _send(page, "带两张照片。")
    _waits(page, between)
    page.close()
    between.mode = Mode.THROUGH
    again = page.context.new_page()
    again.goto(f"{between.url}/report")
    town.until(_receipt(again), "triage")
    again.locator("main form button").click()
    expect(again.locator(".shown img")).to_have_count(2)


def test_a_receipt_is_there_again_when_it_is_loaded_anew(page: Page, between: Network) -> None:
    _send(page, "收据要记下来。")
    receipt = _receipt(page)
    page.reload()
    assert _receipt(page) == receipt
    page.locator("main form button").click()
    page.wait_for_selector(".steps")
    page.go_back()
    assert _receipt(page) == receipt
    page.goto(f"{between.url}/report")
    expect(page.locator("#f-text")).to_have_value("")


def test_what_waited_longer_than_its_form_is_good_for_is_sent_all_the_same(
    page: Page, between: Network
) -> None:
    between.mode = Mode.RESETS
    _send(page, "三天以后才有信号。")
    _waits(page, between)
    between.mode = Mode.THROUGH
    sent: list[str] = []
    handed_out: list[str] = []

    def refused_once(route: Route) -> None:
        fields = parse_qs(route.request.post_data or "", keep_blank_values=True)
        sent.extend(fields["stamp"])
        if not handed_out:  # stamps are not checked here; a filled honeypot is refused alike
            fields |= {"stamp": ["too old"], "website": ["x"]}
        answer = route.fetch(post_data=urlencode(fields, doseq=True))
        handed_out.extend(re.findall(r'name="stamp" value="([^"]+)"', answer.text()))
        route.fulfill(response=answer)

    page.context.route("**/report", refused_once)
    page.locator("[data-now]").click()
    expect(page.locator("[data-waiting-line]")).to_contain_text("稍后自动提交")
    page.clock.fast_forward(_HOUR)
    _receipt(page)
    assert sent[1:] == handed_out


def test_where_nothing_can_be_kept_the_page_says_to_stay_open(
    phone: Open, between: Network
) -> None:
    page = phone("about:blank")
    page.add_init_script("Storage.prototype.setItem = () => { throw new Error('full'); };")
    page.goto(f"{between.url}/report")
    between.mode = Mode.RESETS
    _send(page, "本机存满了。")
    _waits(page, between, "请不要关闭此页面")
    between.mode = Mode.THROUGH
    page.locator("[data-now]").click()
    _receipt(page)
