"""A resident's reward on a small phone: reported without a network, looked at, chosen, fetched."""

import time

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

from domain.actors import Role
from tests.browser.conftest import Open
from tests.support.browser import PHONE, Site, phone_faults
from tests.support.media import saved
from tests.support.seeds import dice

pytestmark = pytest.mark.timeout(900)  # the first test waits for the installation
WORDS = {
    "zh": ("查询", "积分审核中", "10", "兑换", "待领取", "核销", "发放积分"),
    "en": (
        "Look",
        "Somebody looks at it before its points are given.",
        "10",
        "Choose",
        "Waits to be fetched",
        "Confirm",
        "Give the points",
    ),
}
_GOVERNED = """async () => {
    await navigator.serviceWorker.ready;
    while (!navigator.serviceWorker.controller) await new Promise((later) => setTimeout(later, 20));
}"""


def _judged(town: Site, receipt: dict[str, str]) -> str:
    """Have the ended tickets judged, and return what became of this one's points."""
    ends = time.monotonic() + 120
    while time.monotonic() < ends:
        town.run_job("rewards")
        for _ in range(20):
            if state := town.reward(receipt)["state"]:
                return str(state)
            time.sleep(0.2)
    raise AssertionError("the report was not judged")


def _a_view(of: str) -> Image.Image:
    """Return a picture of 12 x 9 fields of random brightness, like no other."""
    chance = dice(f"a view of {of}")
    image = Image.new("L", (12, 9))
    image.putdata([chance.randint(0, 255) for _ in range(12 * 9)])
    return image.resize((1200, 900), Image.Resampling.NEAREST).convert("RGB")


def _fill(page: Page, picture: bytes, address: str) -> None:
    shot: FilePayload = {"name": "river.jpg", "mimeType": "image/jpeg", "buffer": picture}
    page.locator("#f-photos").set_input_files([shot])
    expect(page.locator("[data-taken] input")).to_have_count(1)
    page.locator("#f-text").fill("河边护栏断了一截，危险。")
    page.locator("#f-category").select_option("0301")
    page.locator("#f-address").fill(address)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_resident_is_rewarded_for_a_snapshot_that_was_right(
    phone: Open, desk: Open, town: Site, language: str
) -> None:
    look, held, points, choose, waits, confirm, release = WORDS[language]
    picture = _a_view(language)
    # Somebody else sent the same picture before: a person looks at the second one.
    earlier = phone("/report", language=language, viewport=PHONE)
    _fill(earlier, saved(picture.resize((400, 300)), "JPEG"), f"河西 {language}")
    earlier.locator("[data-send]").click()
    earlier.wait_for_selector("[data-sent]")
    page = phone("/report", language=language, viewport=PHONE)
    page.evaluate(_GOVERNED)
    _fill(page, saved(picture, "JPEG"), f"河东 {language}")
    page.context.set_offline(True)
    page.locator("[data-send]").click()
    expect(page.locator("[data-waiting-line]")).not_to_be_empty()
    faults = phone_faults(page, "it waits for the network")
    page.context.set_offline(False)
    page.wait_for_selector("[data-sent]")
    number, code = page.locator(".codes dd").all_inner_texts()[:2]
    receipt = {"number": number, "code": code}
    town.until(receipt, "handle")
    town.post(f"/assignments/{number}-1/complete", {"reply": "护栏已修好。"})
    town.until(receipt, "rate")
    town.rated(receipt, {"grade": 5, "resolved": True})
    assert _judged(town, receipt) == "held"

    page.goto("/rewards")
    faults += phone_faults(page, "the receipt is asked for")
    page.locator("#f-number").fill(number)
    page.locator("#f-code").fill(code)
    page.get_by_role("button", name=look, exact=True).click()
    expect(page.locator("[aria-labelledby=s-report]")).to_contain_text(held)
    staff = desk("/staff/rewards", Role.SUPERVISOR, language=language)
    panel = staff.locator("section.panel", has_text=number)
    panel.locator("input[name=reason]").fill("属实")
    panel.get_by_role("button", name=release).click()
    expect(staff.locator("[role=status]").first).to_be_visible()

    page.goto("/rewards")
    page.locator("#f-number").fill(number)
    page.locator("#f-code").fill(code)
    page.get_by_role("button", name=look, exact=True).click()
    expect(page.locator(".balance")).to_have_text(points)
    faults += phone_faults(page, "prizes")
    page.get_by_role("button", name=choose).first.click()
    prize_code = page.locator(".prize-code").inner_text()
    expect(page.locator(".balance")).to_have_text("0")
    expect(page.locator("[aria-labelledby=s-chosen]")).to_contain_text(waits)
    faults += phone_faults(page, "the prize's code")

    counter = desk("/staff/prizes", Role.OFFICER, unit="market", language=language, viewport=PHONE)
    counter.locator("#f-code").fill(prize_code.lower())
    counter.get_by_role("button", name=confirm).click()
    name = "A bag of salt" if language == "en" else "食盐一袋"
    expect(counter.locator(".alert-success")).to_contain_text(name)
    faults += phone_faults(counter, "the counter")
    counter.locator("#f-code").fill(prize_code)
    counter.get_by_role("button", name=confirm).click()
    expect(counter.locator("#summary")).to_be_visible()  # a code counts once
    assert faults == []
