"""Draw the main pages, in both languages, on a phone and at a desk: `make screenshots`.

An installation of its own is started, given some complaints, looked at, and thrown away. The few
that the README shows are committed; git ignores the others.
"""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, FloatRect, Page, ViewportSize

from domain.actors import Role
from tests.support.browser import Site, chromium, site

FOLDER = Path(__file__).parent.parent / "docs" / "screenshots"
SIZES: dict[str, ViewportSize] = {
    "phone": {"width": 390, "height": 844},
    "desk": {"width": 1280, "height": 800},
}
_TALLEST = 1300
LANGUAGES = {"zh": "zh-CN", "en": "en-GB"}


def _citizen(page: Page, shown: Site, receipts: dict[str, dict[str, str]], name: str) -> None:
    """Every page of a citizen, one after the other."""

    def shoot(what: str) -> None:
        width, height = page.evaluate("[innerWidth, document.documentElement.scrollHeight]")
        clip: FloatRect = {"x": 0, "y": 0, "width": width, "height": min(height, _TALLEST)}
        page.screenshot(path=FOLDER / f"{what}-{name}.png", full_page=True, clip=clip)

    for what, path in (
        ("home", "/"),
        ("report", "/report"),
        ("follow", "/follow"),
        ("city", "/city"),
        ("answers", "/city/tongzhou/answers"),
        ("styleguide", "/styleguide"),
        ("styleguide-staff", "/styleguide?look=staff"),
    ):
        page.goto(path)
        shoot(what)
    page.goto("/report")
    page.get_by_role("button").filter(has_text=("地图" if name.startswith("zh") else "map")).click()
    page.wait_for_selector("#map .leaflet-interactive")
    page.wait_for_timeout(300)
    shoot("report-map")
    page.goto("/report")
    page.locator("[data-send]").click()
    page.wait_for_selector("#summary")
    shoot("report-wrong")
    page.locator("#f-text").fill("新华西街路口的路灯坏了三盏，晚上看不清路。")
    page.locator("#f-address").fill(f"新华西街 {name}")
    page.locator("[data-send]").click()
    page.wait_for_selector("[data-sent]")
    shoot("receipt")
    page.goto("/report")
    page.locator("#f-text").fill("河水发黑发臭，请治理。")
    page.locator("#f-category").select_option("0301")
    page.locator("#f-address").fill("北苑街道河边")
    page.locator("[data-send]").click()
    page.wait_for_selector(".similar")
    shoot("similar")
    for what, receipt in receipts.items():
        page.goto("/follow")
        page.locator("#f-number").fill(receipt["number"])
        page.locator("#f-code").fill(receipt["code"])
        page.locator("main form button").click()
        page.wait_for_selector(".steps")
        shoot(f"ticket-{what}")


_OFFICE = {
    "audit": (Role.AUDITOR, "/staff/audit?open=any&limit=10"),
    **{
        f"admin-{what}": (Role.ADMIN, f"/staff/admin/{what}")
        for what in ("people", "tokens", "packs", "messages", "calendar", "waiting", "engine")
    },
}


def _desk_office(browser: Browser, shown: Site, number: str, size: str, language: str) -> None:
    """The pages of auditors and administrators; `number`: the ticket that is audited."""
    pages = _OFFICE | {"audit-ticket": (Role.AUDITOR, f"/staff/audit/{number}?version=3")}
    for role in (Role.AUDITOR, Role.ADMIN):
        context = browser.new_context(
            base_url=shown.url, viewport=SIZES[size], locale=LANGUAGES[language]
        )
        page = context.new_page()
        name, password = shown.account(role)
        page.request.post("/api/v1/session", data={"name": name, "password": password})
        for what, (whose, path) in pages.items():
            if whose is role:
                page.goto(path)
                width, height = page.evaluate("[innerWidth, document.documentElement.scrollHeight]")
                clip: FloatRect = {"x": 0, "y": 0, "width": width, "height": min(height, _TALLEST)}
                drawn = FOLDER / f"{what}-{language}-{size}.png"
                page.screenshot(path=drawn, full_page=True, clip=clip)
        context.close()


def _receipts(shown: Site) -> dict[str, dict[str, str]]:
    place = {"address": "北苑街道河边", "area": "110112003", "lat": 39.902, "lon": 116.64}
    handled = shown.file(place=place)
    shown.until(handled, "handle")
    shown.post(f"/tickets/{handled['number']}/sign")
    for n in range(4):
        shown.answered(public=True, place=place | {"lat": 39.88 + n / 60, "lon": 116.62 + n / 40})
    return {"handled": handled, "answered": shown.answered(place=place)}


def _draw(browser: Browser, shown: Site, receipts: dict[str, dict[str, str]]) -> None:
    for size, viewport in SIZES.items():
        for language, locale in LANGUAGES.items():
            context = browser.new_context(
                base_url=shown.url,
                viewport=viewport,
                locale=locale,
            )
            _citizen(context.new_page(), shown, receipts, f"{language}-{size}")
            context.close()
            _desk_office(browser, shown, receipts["answered"]["number"], size, language)


def main() -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home, site(Path(home)) as shown:
        receipts = _receipts(shown)
        with chromium() as browser:
            _draw(browser, shown, receipts)
    print(f"{len(list(FOLDER.glob('*.png')))} pictures in {FOLDER}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
