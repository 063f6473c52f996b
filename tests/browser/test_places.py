"""Tests of the page of places in a real browser: near one's position, and without one."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.conftest import Open
from tests.support.browser import Site, violations

pytestmark = pytest.mark.timeout(600)  # the first test waits for the installation

STREET = "110112003"
HERE = {"latitude": 39.90213, "longitude": 116.65614}
SMALL = {"width": 360, "height": 740}
CENTRE, TOILET, FAR = "政务服务中心甲", "一号公厕", "远处公厕"


@pytest.fixture(scope="module")
def places(town: Site, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Import a centre and a toilet nearby, and one that is far; all day open or with hours."""
    lat, lon = HERE["latitude"], HERE["longitude"]
    rows = [
        ("centre-a", "centre", CENTRE, lat + 0.002, "Mo-Fr 08:30-12:00,14:00-17:30; PH off",
         "step_free|nursing", "12345"),
        ("toilet-a", "toilet", TOILET, lat + 0.0005, "24/7", "step_free", ""),
        ("toilet-b", "toilet", FAR, lat - 0.09, "", "", ""),
    ]  # fmt: skip
    head = "code,kind,name,area,lat,lon,hours,features,phone"
    lines = [
        f'{code},{kind},{name},,{at},{lon},"{hours}",{features},{phone}'
        for code, kind, name, at, hours, features, phone in rows
    ]
    path: Path = tmp_path_factory.mktemp("places") / "places.csv"
    path.write_text("\n".join((head, *lines, "")), encoding="utf-8")
    done = town.jiesu("places", "import", "tongzhou", str(path), "--json")
    assert json.loads(done)["removed"] == []
    return town


def _names(page: Page) -> list[str]:
    return page.locator(".places h3").all_inner_texts()


def _fine(page: Page, width: int = 360) -> None:
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_is_near_me_is_found_and_nobody_keeps_where_i_was(
    phone: Open, places: Site, language: str
) -> None:
    page = phone(
        "/",
        language=language,
        viewport=SMALL,
        geolocation=HERE,
        permissions=["geolocation"],
    )
    addresses: list[str] = []
    page.on("request", lambda one: addresses.append(_addressed(one)))
    page.locator('.doors a[href="/places"]').click()
    expect(page.locator(".places > li").first).to_be_visible()
    page.locator("[data-near]").click()
    expect(page.locator("#h-near")).to_be_visible()
    assert _names(page) == [TOILET, CENTRE]
    expect(page.locator(".places .eyebrow b").first).to_have_text(
        {"zh": "60米", "en": "60 m"}[language]
    )
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    expect(page.locator(".places")).to_contain_text({"zh": "周一至周五", "en": "Mon–Fri"}[language])
    assert page.locator('a[href="tel:12345"]').count() == 1
    page.locator("[data-show-map]").click()
    expect(page.locator('#map path[fill="#a8201a"]')).to_have_count(2)
    _fine(page)
    page.locator("#f-kind").select_option("centre")
    page.locator("main form button.btn-primary").click()
    expect(page.locator(".places > li")).to_have_count(1)
    assert _names(page) == [CENTRE]
    assert not [one for one in addresses if "39.9" in one or "116.65" in one]


def _addressed(request: Request) -> str:
    return f"{request.url} {request.headers.get('referer', '')}"


def test_who_refuses_the_position_is_told_and_chooses_a_street(phone: Open, places: Site) -> None:
    page = phone("/places", viewport=SMALL, permissions=[])
    page.locator("[data-near]").click()
    expect(page.locator("[data-told]")).to_contain_text("请选择街道")
    _fine(page)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_without_a_script_a_kind_is_chosen(phone: Open, places: Site, language: str) -> None:
    page = phone("/places", language=language, script=False, viewport=SMALL)
    expect(page.locator("[data-near]")).to_be_hidden()
    page.locator("#f-kind").select_option("toilet")
    page.locator("#f-open").check()
    page.locator("main form button.btn-primary").click()
    expect(page.locator(".places > li")).to_have_count(1)
    assert _names(page) == [TOILET]  # of the other one nobody knows the hours
    expect(page.locator(".open-now")).to_have_count(1)
    page.goto("/places?city=tongzhou&kind=toilet&feature=nursing")
    expect(page.locator(".empty-state")).to_be_visible()
