"""Notices on a device: asked for on the page of a ticket, shown, and ended there.

A headless browser has no push service of its maker. What such a service answers to the page is
therefore put in its place; the page, the service worker and the installation are the real ones.
"""

import base64
import os
import sqlite3

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.support.browser import Site

pytestmark = pytest.mark.timeout(900)  # the first test waits for the installation
WORDS = {
    "zh": (
        "在本设备上通知我",
        "本设备已开启通知。",
        "本浏览器不支持通知",
        "停止所有设备的通知",
    ),
    "en": (
        "Notify me on this device",
        "This device is notified from now on.",
        "This browser cannot show notices",
        "Notify no device any more",
    ),
}
_SUBSCRIBED = """(subscription) => {
    window.PushManager.prototype.subscribe = async function (options) {
        const asked = options.userVisibleOnly && options.applicationServerKey;
        if (!asked) throw new Error("asked wrongly");
        return { toJSON: () => subscription };
    };
}"""


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _subscription() -> dict[str, object]:
    """Return what a push service gives a browser: an address, and keys of the lengths they have."""
    keys = {"p256dh": _text(b"\x04" + os.urandom(64)), "auth": _text(os.urandom(16))}
    return {
        "endpoint": f"https://127.0.0.1:9/{_text(os.urandom(9))}",
        "expirationTime": None,
        "keys": keys,
    }


def _follow(page: Page, receipt: dict[str, str]) -> None:
    page.goto("/follow")
    page.locator("#f-number").fill(receipt["number"])
    page.locator("#f-code").fill(receipt["code"])
    page.locator("form[action='/follow'] button.btn-primary").click()
    page.wait_for_selector(".steps")


def _kept(town: Site) -> list[bytes]:
    """Return the subscriptions as the database has them."""
    with sqlite3.connect(town.home / "jiesu.db") as database:
        rows = database.execute("SELECT * FROM push_subscription").fetchall()
    return [str(row).encode() for row in rows]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_device_is_notified_until_its_citizen_ends_that(
    phone: Open, town: Site, language: str
) -> None:
    ask, done, _, end = WORDS[language]
    receipt, before = town.file(), len(_kept(town))
    page = phone("/", language=language, permissions=["notifications"])
    _follow(page, receipt)
    subscription = _subscription()
    page.evaluate(_SUBSCRIBED, subscription)
    page.get_by_role("button", name=ask).click()
    expect(page.locator("main")).to_contain_text(done)
    kept = _kept(town)
    assert len(kept) == before + 1
    assert str(subscription["endpoint"]).encode() not in b"".join(kept), "it is encrypted"
    _follow(page, receipt)
    page.get_by_role("button", name=end).click()
    page.wait_for_load_state()
    assert len(_kept(town)) == before


def test_a_browser_without_a_push_service_says_that_nothing_is_lost(
    phone: Open, town: Site, page_errors: list[str]
) -> None:
    ask, _, none, _ = WORDS["zh"]
    page = phone("/", permissions=["notifications"])
    _follow(page, town.file())
    page.get_by_role("button", name=ask).click()
    expect(page.get_by_text(none)).to_be_visible()
    expect(page.get_by_role("button", name=ask)).to_be_hidden()
    page_errors.clear()  # Chromium tells developers why there is none


def test_without_scripts_nothing_is_offered_that_does_not_work(phone: Open, town: Site) -> None:
    ask, _, none, _ = WORDS["zh"]
    page = phone("/", script=False)
    _follow(page, town.file())
    expect(page.get_by_text(none)).to_be_visible()
    expect(page.get_by_role("button", name=ask)).to_be_hidden()


def test_a_notice_is_shown_with_its_sentence(phone: Open, town: Site) -> None:
    """The event is the one that a push service causes, with what the installation has sent."""
    page = phone("/", permissions=["notifications"])
    shown = page.evaluate(
        """async () => {
            const worker = await navigator.serviceWorker.ready;
            return [typeof worker.showNotification, worker.active.scriptURL];
        }"""
    )
    assert shown[0] == "function"
    assert shown[1].endswith("/sw.js")
    worker = page.context.service_workers[0]
    worker.evaluate(
        """() => self.dispatchEvent(new PushEvent("push", {
            data: JSON.stringify({ text: "工单 2612010000001 有新进展", url: "/follow" }),
        }))"""
    )
    titles = """async () => {
        for (let n = 0; n < 200; n++) {
            const worker = await navigator.serviceWorker.ready;
            const found = await worker.getNotifications();
            if (found.length) return found.map((one) => [one.title, one.body]);
            await new Promise((later) => setTimeout(later, 50));
        }
        return [];
    }"""
    assert page.evaluate(titles) == [["12345", "工单 2612010000001 有新进展"]]
