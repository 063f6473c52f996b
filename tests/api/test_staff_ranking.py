"""Tests of the ranking, places and spots: every number has a drill-down, and is in a sheet."""

import csv
import html
import io
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.http.i18n import translations
from api.pages.shared.labels import Labels
from api.pages.shared.page_words import PageWords
from api.pages.supervision.formulas import in_words
from domain.actors import Role
from domain.pack.condition_vocabulary import TicketFacts
from packs.conditions import OF_TICKETS, compile_condition
from packs.registry import PackRegistry
from store.db.engine import Store
from tests.api.running_api import Api, serve_api
from tests.api.test_places import STREET, busy, small_town
from tests.store.stories import project
from tests.support.cities import SHIPPED
from tests.support.people import signed_in

MONTH = "month=2024-11"


@pytest.fixture
async def api(sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    """Open the application with a store alone: figures need no engine."""
    async with serve_api(
        tmp_path, sqlite_store, None, SHIPPED, temporal_address="127.0.0.1:1"
    ) as opened:
        yield opened


async def _get(
    api: Api, path: str, role: Role = Role.SUPERVISOR, unit: str | None = None, **more: str
) -> httpx.Response:
    somebody = await signed_in(api, role, unit)
    fields = {"Accept": "text/html", "Accept-Language": "en"} | more
    fields["Cookie"] = f"{somebody.cookie['Cookie']}; city=tongzhou"
    return await api.http.get(path, headers=fields)


async def _page(api: Api, path: str, *who: Any) -> str:
    answer = await _get(api, path, *who)
    assert answer.status_code == 200, answer.text
    assert 'style="' not in answer.text
    return answer.text


async def _sheet(api: Api, path: str, *who: Any) -> list[list[str]]:
    answer = await _get(api, path, *who)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "2024-11" in answer.headers["content-disposition"]
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def _links(page: str, start: str) -> list[str]:
    items = re.findall(r'href="([^"]+)"', page)
    return [html.unescape(url) for url in items if url.startswith(start)]


def _numbers(page: str) -> set[str]:
    return set(re.findall(r'href="/staff/tickets/(\d{13})"', page))


async def test_from_a_figure_one_click_leads_to_its_tickets(api: Api) -> None:
    town = await small_town(api.store)
    page = await _page(api, f"/staff/league?{MONTH}")
    assert "Satisfaction rate" in page
    assert "50.0%" in page
    links = _links(page, "/staff/league/tickets?indicator=satisfaction")
    assert len(links) == 3, "the city, and each of the two units that led a rated ticket"
    whole = await _page(api, links[0])
    assert _numbers(whole) == {town["good"].number, town["bad"].number}
    market = next(link for link in links if "unit=market" in link)
    assert _numbers(await _page(api, market)) == {town["bad"].number}
    assert _numbers(await _page(api, f"{links[0]}&only=counts")) == {town["good"].number}
    assert _numbers(await _page(api, f"{links[0]}&only=others")) == {town["bad"].number}


async def test_exclusion_shows_before_and_after(api: Api) -> None:
    one = busy(STREET)
    life = [*one.answered_by("market", grade=1), one.watched(), *one.excluded()]
    await small_town(api.store)
    await project(api.store, life)
    page = await _page(api, f"/staff/league?{MONTH}")
    assert "before 33.3%" in page
    rows = await _sheet(api, f"/staff/league.csv?{MONTH}")
    at = rows[0].index("Satisfaction rate share")
    city = next(row for row in rows if row[1] == "Tongzhou, Beijing" or row[0] == "")
    assert city[at : at + 6] == ["0.5", "1", "2", "0.333333", "1", "3"]


async def test_units_are_sorted_and_chosen_by_kind(api: Api) -> None:
    await small_town(api.store)
    page = await _page(api, f"/staff/league?{MONTH}&sort=satisfaction&kind=bureau")
    assert 'aria-sort="descending"' in page
    assert page.index("Water Affairs Bureau") < page.index("Market")
    assert "Beiyuan" not in page.partition("<tbody>")[2].partition("</tbody>")[0]
    assert (await _get(api, "/staff/league?month=2024-13")).status_code == 404
    assert (await _get(api, "/staff/league?month=2999-01")).status_code == 404


async def test_points_lead_to_the_events_that_earned_them(api: Api) -> None:
    town = await small_town(api.store)
    page = await _page(api, f"/staff/league/points?{MONTH}")
    link = next(one for one in _links(page, "/staff/league/points/events") if "unit=water" in one)
    earned = await _page(api, link)
    assert town["good"].number in earned
    assert "Handled on time" in earned
    points = await _sheet(api, f"/staff/league/points.csv?{MONTH}")
    water = next(row for row in points if row[0] == "water")
    total = float(water[points[0].index("Points")])
    events = await _sheet(api, link.replace("/events?", "/events.csv?"))
    assert sum(float(row[events[0].index("Points")]) for row in events[1:]) == total


async def test_officers_see_the_table_and_their_own_units_tickets(api: Api) -> None:
    town = await small_town(api.store)
    officer = (Role.OFFICER, "water")
    page = await _page(api, f"/staff/league?{MONTH}", *officer)
    links = _links(page, "/staff/league/tickets?indicator=satisfaction")
    assert [link for link in links if "unit=water" not in link] == []
    assert _numbers(await _page(api, links[0], *officer)) == {town["good"].number}
    others = links[0].replace("unit=water", "unit=market")
    assert (await _get(api, others, *officer)).status_code == 403
    of_all = links[0].replace("unit=water", "unit=")
    assert _numbers(await _page(api, of_all, *officer)) == {town["good"].number}
    events = f"/staff/league/points/events?unit=market&{MONTH}"
    assert (await _get(api, events, *officer)).status_code == 403
    for path in ("/staff/places", "/staff/spots", "/staff/spots.json", "/staff/places/tickets"):
        assert (await _get(api, path, *officer)).status_code == 403


async def test_down_from_the_city_to_a_cell(api: Api) -> None:
    town = await small_town(api.store)
    city = await _page(api, f"/staff/places?{MONTH}")
    street = next(link for link in _links(city, "/staff/places?") if link.endswith(STREET))
    page = await _page(api, street)
    community = next(one for one in _links(page, "/staff/places?") if one.endswith("901"))
    page = await _page(api, community)
    cell = next(one for one in _links(page, "/staff/places?") if one.endswith("901001"))
    page = await _page(api, cell)
    assert "Beiyuan Subdistrict" in page, "the way back"
    filed = next(one for one in _links(page, "/staff/places/tickets") if "what=filed" in one)
    assert _numbers(await _page(api, filed)) == {town["good"].number}
    late = next(one for one in _links(city, "/staff/places/tickets") if "110112004" in one)
    assert _numbers(await _page(api, late)) == {town["late"].number}
    vague = next(one for one in _links(city, "/staff/places/tickets") if "exactly=8" in one)
    assert _numbers(await _page(api, vague)) == {town["nowhere"].number}
    assert (await _get(api, "/staff/places?area=999")).status_code == 404
    assert (await _get(api, "/staff/places/tickets?what=nothing")).status_code == 404
    assert (await _get(api, "/staff/places/tickets?square=a")).status_code == 404


async def test_places_and_their_tickets_are_sheets(api: Api) -> None:
    town = await small_town(api.store)
    rows = await _sheet(api, f"/staff/places.csv?{MONTH}")
    street = next(row for row in rows if row[0] == STREET)
    assert street[1:] == ["Beiyuan Subdistrict", "0", "0", "2", "2", "1.0", "0.5", "0.5"]
    assert rows[-1][1] == "No more exact place given"
    tickets = await _sheet(api, f"/staff/places/tickets.csv?{MONTH}&what=late")
    assert {row[0] for row in tickets[1:]} >= {town["late"].number}
    assert next(row for row in tickets if row[0] == town["late"].number)[1] == "'=1+1"


async def test_spots_are_on_the_map_and_in_tables(api: Api) -> None:
    town = await small_town(api.store)
    await project(api.store, *([busy(STREET).accepted()] for _ in range(4)))
    page = await _page(api, f"/staff/spots?{MONTH}")
    assert "Beiyuan Subdistrict" in page
    assert "No common problem" in page
    payload = (await _get(api, f"/staff/spots.json?{MONTH}", Accept="application/json")).json()
    assert [one["tickets"] for one in payload] == [2]
    both = await _page(api, payload[0]["url"])
    assert _numbers(both) == {town["good"].number, town["bad"].number}
    for what, first in (("street", STREET), ("category", "lamp")):
        rows = await _sheet(api, f"/staff/spots.csv?what={what}&{MONTH}")
        assert rows[1][0] == first
    assert len(await _sheet(api, f"/staff/spots.csv?what=map&{MONTH}")) == 2
    assert len(await _sheet(api, f"/staff/spots.csv?what=topics&{MONTH}")) == 1
    assert (await _get(api, "/staff/spots.csv?what=people")).status_code == 404


async def test_common_problems_are_named(api: Api) -> None:
    stories = [busy(STREET) for _ in range(5)]
    await project(api.store, *([one.accepted(), one.classified("0301")] for one in stories))
    page = await _page(api, f"/staff/spots?{MONTH}&category=0301")
    topic = next(one for one in _links(page, "/staff/places/tickets") if f"area={STREET}" in one)
    assert _numbers(await _page(api, topic)) == {one.number for one in stories}


class _Words(PageWords):
    """The words of a language, without a request."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._messages = translations(language)
        self._labels = Labels(language)


@pytest.mark.parametrize(
    ("condition", "english", "chinese"),
    [
        ("t.rated && !t.excluded", "rated and not excluded", "已评价且未剔除"),
        ("t.answered || !t.open", "answered or ended", "已答复或已办结"),
        (
            "t.channel in ['grid', 'sensor']",
            "channel is one of Grid worker or Sensor",
            "渠道属于网格员或卫星、传感",
        ),
        (
            "t.outcome != 'withdrawn' && (t.answered || t.due)",
            "outcome is not Withdrawn and (answered or due by now)",
            "办结方式不为已撤回且（已答复或已到期）",
        ),
        ("t.returns > 0", "returns more than 0", "退单次数多于0"),
        ("true", "all of them", "全部"),
        ("true && t.rated", "always true and rated", "恒成立且已评价"),
        ("t.number == 'A 1 ( b )'", "ticket number is “A 1 ( b )”", "工单号为“A 1 ( b )”"),
        ("t.number == 'it\\'s'", "ticket number is “it's”", "工单号为“it's”"),
        ("t.unit != ''", "unit is not empty", "承办单位不为空"),
        ("t.unit == 'water'", "unit is “Water Affairs Bureau”", "承办单位为“区水务局”"),
        ("t.level == 'cell'", "level is Cell level", "层级为网格级"),
        (
            "!(t.answered || t.due) && t.rated",
            "not (answered or due by now) and rated",
            "并非（已答复或已到期）且已评价",
        ),
        (
            "!(!(t.answered && t.due))",
            "not (not (answered and due by now))",
            "并非（并非（已答复且已到期））",
        ),
        ("!!t.open", "still open", "在办"),
        ("!!(t.open || t.due)", "(still open or due by now)", "（在办或已到期）"),
        ("t.open == false", "ended", "已办结"),
        ("!t.open != true", "still open", "在办"),
        (
            "t.category.startsWith('03')",
            "category begins with “03”",
            "事项分类开头为“03”",
        ),
        (
            "!t.category.startsWith('03') && t.due",
            "not (category begins with “03”) and due by now",
            "并非（事项分类开头为“03”）且已到期",
        ),
        (
            "size(t.area) > 6",
            "length of division code more than 6",
            "区划代码的字数多于6",
        ),
    ],
)
def test_a_formula_is_said_in_words(condition: str, english: str, chinese: str) -> None:
    compile_condition(condition, OF_TICKETS)  # a formula that a city may have
    pack = SHIPPED.get("tongzhou")
    assert in_words(condition, _Words("en"), pack) == english
    assert in_words(condition, _Words("zh"), pack) == chinese


def test_what_cannot_be_read_stays_as_it_is_written() -> None:
    for condition in ("t.open &&& ;", "!(t.open", "t.category.startsWith", "!"):
        assert in_words(condition, _Words("zh"), SHIPPED.get("tongzhou")) == condition


@pytest.mark.parametrize("field", TicketFacts.model_fields)
def test_every_field_of_a_formula_has_its_chinese(field: str) -> None:
    condition = f"!t.{field} || t.{field} == 1"  # a sentence is made of either sort
    assert not re.search("[a-z]", in_words(condition, _Words("zh"), SHIPPED.get("tongzhou")))


def test_every_formula_of_every_city_has_words() -> None:
    registry: PackRegistry = SHIPPED
    for city in registry.ids():
        pack = registry.get(city)
        for indicator in pack.indicators:
            for condition in (indicator.over, indicator.counts):
                text = in_words(condition, _Words("en"), pack)
                assert not re.search(r"\bt\.|&&|\|\||[!=]", text), (city, condition, text)
                text = in_words(condition, _Words("zh"), pack)
                assert not re.search(r"[a-zA-Z!&|=]", text), (city, condition, text)
