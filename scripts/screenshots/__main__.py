"""Take screenshots of the main pages, in both languages and two sizes: `make screenshots`.

A temporary installation is started and filled with some complaints. The few pictures that the
README shows are committed; git ignores the others.
"""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, ViewportSize

from scripts.screenshots.camera import FOLDER, Camera
from scripts.screenshots.citizens import Receipts, citizen
from scripts.screenshots.staff import administrator, auditor, dispatcher, officer, supervisor
from tests.support.browser import Site, chromium, site

SIZES: dict[str, ViewportSize] = {
    "phone": {"width": 390, "height": 844},
    "desk": {"width": 1280, "height": 800},
}
LANGUAGES = {"zh": "zh-CN", "en": "en-GB"}
PEOPLE = (citizen, officer, dispatcher, supervisor, auditor, administrator)


def _receipts(shown: Site) -> Receipts:
    place = {"address": "北苑街道河边", "area": "110112003", "lat": 39.902, "lon": 116.64}
    handled = shown.file(place=place)
    shown.until(handled, "handle")
    shown.post(f"/tickets/{handled['number']}/sign")
    for n in range(4):
        shown.answered(public=True, place=place | {"lat": 39.88 + n / 60, "lon": 116.62 + n / 40})
    return {"handled": handled, "answered": shown.answered(place=place)}


def _draw(browser: Browser, shown: Site, receipts: Receipts) -> None:
    for size, viewport in SIZES.items():
        for language, locale in LANGUAGES.items():
            for draw in PEOPLE:
                context = browser.new_context(base_url=shown.url, viewport=viewport, locale=locale)
                draw(Camera(context.new_page(), shown, f"{language}-{size}"), receipts)
                context.close()


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
