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


def _desk_ticket(page: Page, number: str, name: str) -> None:
    """A ticket as its unit works on it, with a form open, and the list; signed in already."""
    for what, path in (
        ("staff-ticket", f"/staff/tickets/{number}"),
        ("staff-ticket-form", f"/staff/tickets/{number}?do=complete"),
        ("staff-tickets", "/staff/tickets"),
    ):
        page.goto(path)
        height = min(page.evaluate("document.documentElement.scrollHeight"), _TALLEST)
        width = page.evaluate("innerWidth")
        clip: FloatRect = {"x": 0, "y": 0, "width": width, "height": height}
        page.screenshot(path=FOLDER / f"{what}-{name}.png", full_page=True, clip=clip)


def _desk_inbox(page: Page, shown: Site, name: str) -> None:
    """A unit's inbox; `page` belongs to an officer of the water bureau who is signed in."""
    page.goto("/staff/inbox")
    page.screenshot(path=FOLDER / f"inbox-{name}.png")
    page.locator("[name=pick]").first.check()
    page.locator("[formaction*=print]").click()
    page.wait_for_selector(".sheet")
    page.screenshot(path=FOLDER / f"inbox-sheets-{name}.png")


def _desk_desk(page: Page, shown: Site, name: str) -> None:
    """The pages of desk operators and dispatchers, each with something in it."""

    def shoot(what: str) -> None:
        page.screenshot(path=FOLDER / f"desk-{what}-{name}.png", full_page=True)

    place = {"address": "新华西街东门", "area": "110112003"}
    waits = shown.file(place=place, contact={"phone": "13800001234", "name": "王小明"})
    twin = shown.file(place=place, text="河又臭了，晚上更重，窗户都不敢开。")
    shown.file(place=place, text="河面脏，路灯也暗。", category=None)
    for receipt in (waits, twin):
        shown.until(receipt, "handle")
    wanted = {"ground": "not_ours", "reason": "该河段属镇里管理，去年已移交。"}
    shown.post(f"/tickets/{waits['number']}/return", wanted)
    account, password = shown.account(Role.DISPATCHER)
    page.request.post("/api/v1/session", data={"name": account, "password": password})
    page.goto("/staff/call")
    page.locator("#f-phone").fill("13800001234")
    page.locator("#f-phone").press("Enter")
    page.wait_for_selector(".earlier")
    page.locator("#f-text").fill("新华西街东门的河水又黑又臭，味道很大。")
    page.locator("#f-address").fill("新华西街东门")
    page.wait_for_selector("#hints .near")
    shoot("call")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".read-out")
    shoot("receipt")
    for what, path in (
        ("triage", "/staff/triage"),
        ("decisions", f"/staff/decisions?number={waits['number']}"),
        ("call-backs", "/staff/call-backs"),
        ("register", "/staff/register"),
        ("merge", f"/staff/merge?a={waits['number']}&b={twin['number']}"),
    ):
        page.goto(path)
        shoot(what)


def _desk_board(page: Page, name: str) -> None:
    """The pages of supervision, for a supervisor who is signed in."""
    for what, path in (
        ("board", "/staff/board"),
        ("board-wall", "/staff/board?wall=1"),
        ("league", "/staff/league"),
        ("points", "/staff/league/points"),
        ("spots", "/staff/spots"),
        ("places", "/staff/places"),
    ):
        page.goto(path)
        page.wait_for_timeout(800)  # the map, and the first words of the stream
        page.screenshot(path=FOLDER / f"{what}-{name}.png", full_page=True)


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
            name = f"{language}-{size}"
            _citizen(context.new_page(), shown, receipts, name)
            page = context.new_page()
            _sign_in(page, shown, Role.OFFICER, "water")
            _desk_ticket(page, receipts["handled"]["number"], name)
            _desk_desk(context.new_page(), shown, name)
            page = context.new_page()
            _sign_in(page, shown, Role.SUPERVISOR)
            _desk_board(page, name)
            context.close()
            _desk_office(browser, shown, receipts["answered"]["number"], size, language)


def _sign_in(page: Page, shown: Site, role: Role, unit: str | None = None) -> None:
    """From here on the pages of this context are somebody's in this role."""
    account, password = shown.account(role, unit)
    told = {"name": account, "password": password}
    if page.request.post("/api/v1/session", data=told).status != 200:
        raise RuntimeError(f"nobody could sign in as {account}")


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
