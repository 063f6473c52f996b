"""Tests of the directory of places over HTTP, and of its page without JavaScript."""

import html
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.directory.search import nearest_competent
from domain.deadlines.calendar import is_working_day
from domain.pack.directory import ListedPlace, metres_between
from packs.registry import PackRegistry, default_root
from store.db.engine import Store
from store.directory.listed_places import Directory
from tests.api.running_api import Api, problem, serve_api
from tests.support.cities import SHIPPED, city_with

PLACES = "/api/v1/cities/huangpu/directory"
HARBOUR: dict[str, Any] = {"lat": 23.1005, "lon": 113.4530}
"""The door of a service centre of Huangpu."""


async def found(api: Api, city: str = "huangpu", /, **params: Any) -> list[dict[str, Any]]:
    answer = await api.http.get(f"/api/v1/cities/{city}/directory", params=params)
    assert answer.status_code == 200, answer.text
    places: list[dict[str, Any]] = answer.json()["places"]
    return places


def codes(places: list[dict[str, Any]]) -> list[str]:
    return [place["code"] for place in places]


def own(code: str, **more: Any) -> ListedPlace:
    values = {"kind": "toilet", "name": f"公厕{code}", "area": "440112018906002"} | HARBOUR
    return ListedPlace.model_validate(values | {"code": code} | more)


async def imported(api: Api, *places: ListedPlace, replace: bool = True) -> None:
    directory = Directory(api.store, "huangpu", SHIPPED.places("huangpu"))
    await directory.change(places, replace, datetime.now(UTC))


@pytest.mark.must_work("huangpu", "places")
async def test_the_nearest_come_first_with_their_metres(api: Api) -> None:
    places = await found(api, **HARBOUR, within=1000)
    assert places[0]["code"] == "centre-harbour" and places[0]["distance"] == 0
    away = [place["distance"] for place in places]
    assert away == sorted(away) and away[-1] <= 1000
    here = (HARBOUR["lat"], HARBOUR["lon"])
    everything = SHIPPED.places("huangpu")
    near = {one.code for one in everything if (one.metres_to(*here) or 0) <= 1000}
    assert set(codes(places)) == near
    for place in places:
        assert place["distance"] == round(metres_between((place["lat"], place["lon"]), here))


async def test_a_search_is_narrowed(api: Api) -> None:
    far = {**HARBOUR, "within": 50_000, "limit": 50}
    assert len(await found(api, **far)) == len(SHIPPED.places("huangpu"))
    toilets = await found(api, **far, kind="toilet", features=["nursing", "step_free"])
    assert codes(toilets) == ["toilet-science-city-1", "toilet-knowledge-city-1"]
    assert {place["kind"] for place in await found(api, area="440112018")} >= {"toilet", "stop"}
    assert all(place["distance"] is None for place in await found(api, kind="stop"))
    assert codes(await found(api, kind="stop", limit=1)) != codes(await found(api, kind="clinic"))


async def test_there_is_a_limit_and_it_is_said(api: Api) -> None:
    await imported(api, *(own(f"t{n:02}") for n in range(60)))
    answer = (await api.http.get(PLACES, params=HARBOUR | {"limit": 50})).json()
    assert (len(answer["places"]), answer["more"]) == (50, True)
    answer = (await api.http.get(PLACES, params=HARBOUR | {"kind": "centre"})).json()
    assert (answer["places"], answer["more"]) == ([], False)


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"lat": 23.1}, "invalid_request"),
        ({"lon": 113.4}, "invalid_request"),
        ({"lat": 91, "lon": 0}, "invalid_request"),
        ({"lat": "nan", "lon": 0}, "invalid_request"),
        ({"lat": "inf", "lon": 0}, "invalid_request"),
        ({"lat": "here", "lon": 0}, "invalid_request"),
        ({**HARBOUR, "within": 0}, "invalid_request"),
        ({**HARBOUR, "within": 50_001}, "invalid_request"),
        ({"limit": 51}, "invalid_request"),
        ({"limit": 0}, "invalid_request"),
        ({"open_at": "soon"}, "invalid_request"),
        ({"open_at": "2026-03-02T10:00:00"}, "invalid_request"),
        ({"open_at": "9999-12-31T23:00:00Z"}, "invalid_request"),
        ({"open_at": "0001-01-01T00:00:00Z"}, "invalid_request"),
        ({"features": ["nursing"] * 21}, "invalid_request"),
        ({"colour": "red"}, "invalid_request"),
        ({"kind": "palace"}, "unknown_place_kind"),
        ({"features": "pool"}, "unknown_feature"),
        ({"category": "7777"}, "unknown_category"),
        ({"area": "110101001"}, "unknown_unit"),
        ({"kind": "\x00"}, "invalid_request"),
    ],
)
async def test_what_cannot_be_looked_for_is_refused(
    api: Api, params: dict[str, Any], code: str
) -> None:
    assert problem(await api.http.get(PLACES, params=params)) == (422, code)


async def test_a_place_by_its_code(api: Api) -> None:
    place = (await api.http.get(f"{PLACES}/centre-harbour")).json()
    assert (place["unit"], place["services"]) == ("services-harbour", ["09*"])
    assert problem(await api.http.get(f"{PLACES}/none")) == (404, "place_not_found")
    assert problem(await api.http.get(f"{PLACES}/%00")) == (422, "invalid_request")
    other = await api.http.get("/api/v1/cities/nowhere/directory")
    assert problem(other) == (422, "unknown_city")


async def test_a_city_says_which_kinds_it_lists(api: Api) -> None:
    places = (await api.http.get("/api/v1/cities/huangpu")).json()["places"]
    assert [kind["code"] for kind in places["kinds"]] == [
        "centre", "toilet", "clinic", "waste", "stop",
    ]  # fmt: skip
    assert "nursing" in {feature["code"] for feature in places["features"]}
    assert (await api.http.get("/api/v1/cities/langfang")).json()["places"]["kinds"] == []
    assert await found(api, "langfang") == []


def a_day(worked: bool) -> date:
    """Return a Wednesday of the coming weeks that is worked, or a day that is a Sunday off."""
    calendar = SHIPPED.get("huangpu").calendar
    today = datetime.now(calendar.tz).date()
    days = (today + timedelta(days=n) for n in range(60))
    wanted = 2 if worked else 6
    return next(
        day for day in days if day.weekday() == wanted and is_working_day(calendar, day) is worked
    )


def moment(day: date, clock: str) -> str:
    return f"{day}T{clock}:00+08:00"


async def test_open_is_told_by_the_citys_clock_and_calendar(api: Api) -> None:
    await imported(
        api,
        own("office", kind="centre", hours="Mo-Fr 08:30-12:00,14:00-17:30; PH off"),
        own("always", hours="24/7"),
        own("unknown"),
    )
    wednesday, sunday = a_day(True), a_day(False)
    at = {place["code"]: place for place in await found(api, open_at=moment(wednesday, "09:00"))}
    assert set(at) == {"office", "always"}
    closes = datetime.fromisoformat(at["office"]["closes_at"])
    assert closes == datetime.fromisoformat(moment(wednesday, "12:00"))
    assert (at["always"]["open"], at["always"]["closes_at"]) == (True, None)
    for closed in (moment(wednesday, "12:00"), moment(wednesday, "18:00"), moment(sunday, "10:00")):
        assert codes(await found(api, open_at=closed)) == ["always"]
    plain = {place["code"]: place for place in await found(api)}
    assert plain["unknown"]["open"] is None and plain["always"]["open"] is True
    assert len(plain) == 3
    now = await found(api, open_at="now")
    assert {"always"} <= set(codes(now)) <= {"always", "office"}


@pytest.mark.must_work("huangpu", "service-nearest")
async def test_the_nearest_that_takes_care_of_a_service(each_api: Api) -> None:
    """Changzhou's centre is near, and does not register marriages."""
    island: dict[str, Any] = {"lat": 23.0731, "lon": 113.4201}
    near = await found(each_api, **island, category="0901", limit=1, within=50_000)
    assert codes(near) == ["centre-changzhou"]
    marriages = await found(each_api, **island, category="0906", limit=1, within=50_000)
    assert codes(marriages) == ["centre-harbour"]
    sunday = datetime.fromisoformat(moment(a_day(False), "10:00"))
    place = await nearest_competent(each_api.context, "huangpu", "0906", **island, at=sunday)
    assert place is not None and place.code == "centre-harbour"
    assert place.open is False and place.opens_at is not None
    opens = place.opens_at.astimezone(SHIPPED.get("huangpu").calendar.tz)
    assert opens > sunday and (opens.hour, opens.minute) in {(8, 30), (9, 0)}
    none = await nearest_competent(each_api.context, "huangpu", "0101", **island, at=sunday)
    assert none is None


async def test_searches_from_one_address_are_counted(sqlite_store: Store, tmp_path: Path) -> None:
    away: dict[str, Any] = {"temporal_address": "127.0.0.1:1", "engine_timeout": 0.2}
    limits: dict[str, Any] = {"limits_exempt": [], "limit_directory": "3/hour"}
    async with serve_api(tmp_path, sqlite_store, None, **away, **limits) as api:
        for _ in range(3):
            assert (await api.http.get(PLACES)).status_code == 200
        assert problem(await api.http.get(PLACES)) == (429, "too_many_requests")
        page = await api.http.get("/places?city=huangpu", headers={"Accept": "text/html"})
        assert page.status_code == 429
        async with api.at("192.0.2.7") as other:
            assert (await other.get(PLACES)).status_code == 200


# --- the page ---------------------------------------------------------------------------------


def text_of(answer: httpx.Response) -> str:
    """Return the words of a page as one line."""
    plain = re.sub(r"<[^>]+>", " ", answer.text)
    return html.unescape(re.sub(r"\s+", " ", plain))


async def test_without_a_script_a_street_and_a_kind_are_chosen(api: Api) -> None:
    home = await api.http.get("/")
    assert 'href="/places"' in home.text
    cities = await api.http.get("/places")
    assert "/places?city=huangpu" in cities.text and "city=langfang" not in cities.text
    page = await api.http.get("/places?city=huangpu&area=440112018&kind=centre")
    shown = text_of(page)
    assert page.status_code == 200
    assert "老港片区服务中心（示例）" in shown and "科学城片区服务中心" not in shown
    assert "示例" in shown and "母婴室" in shown and "管理单位：老港片区服务中心" in shown
    assert 'href="tel:12345"' in page.text
    assert "周一至周五 08:30–12:00、14:00–17:30" in shown
    assert "周六 09:00–12:00" in shown
    assert "周日 不开放" in shown and "法定节假日 不开放" in shown
    english = text_of(await api.http.get("/places?city=huangpu&kind=toilet&lang=en"))
    assert "Old Harbour Toilet 1 (illustrative)" in english
    assert "Day and night, every day" in english and "It is open now" in english


async def test_a_position_is_sent_in_the_body_and_stays_out_of_addresses(api: Api) -> None:
    here = {"lat": "23.1012", "lon": "113.4541", "city": "huangpu", "kind": "toilet"}
    page = await api.http.post("/places", data=here)
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    shown = text_of(page)
    assert shown.index("老港片区一号公厕") < shown.index("老港片区二号公厕")
    assert "科学城" not in shown and "公里以内" in shown
    for address in re.findall(r'(?:href|action)="([^"]*)"', page.text):
        assert "23.1" not in address and "113.4" not in address
    # In an address it is not taken: that would stay in logs.
    asked = await api.http.get("/places", params=here)
    assert "公里以内" not in text_of(asked)


@pytest.mark.parametrize(
    ("sent", "status", "says"),
    [
        ({"lat": "95", "lon": "113"}, 422, "位置不正确"),
        ({"lat": "here", "lon": "113"}, 422, "请检查标出的内容"),
        ({"lat": "23.1"}, 422, "请检查标出的内容"),
        ({"kind": "palace"}, 422, "本市没有这类服务点"),
        ({"feature": "pool"}, 422, "本市的服务点没有这项设施"),
        ({"area": "110101001"}, 422, "本市没有这个单位或区域"),
        ({"kind": "centre", "lat": "0", "lon": "0"}, 200, "没有找到"),
    ],
)
async def test_what_is_wrong_is_said_on_the_page(
    api: Api, sent: dict[str, str], status: int, says: str
) -> None:
    page = await api.http.post("/places", data={"city": "huangpu"} | sent)
    assert page.status_code == status
    assert says in text_of(page)


async def test_texts_of_places_are_shown_and_not_run(api: Api) -> None:
    mark = "<script>alert(1)</script>"
    await imported(api, own("t1", name=mark, address=mark, name_en=mark, source=mark))
    page = (await api.http.get("/places?city=huangpu")).text
    assert mark not in page and html.escape(mark) in page


async def test_a_city_without_kinds_has_no_places_and_no_link(
    sqlite_store: Store, tmp_path: Path
) -> None:
    packs = city_with(tmp_path / "packs", "langfang")
    async with serve_api(
        tmp_path, sqlite_store, None, packs, temporal_address="127.0.0.1:1", engine_timeout=0.2
    ) as api:
        assert "/places" not in (await api.http.get("/")).text
        assert "本市尚未公布服务点" in text_of(await api.http.get("/places"))


async def test_a_store_that_is_away_is_said(tmp_path: Path) -> None:
    store = Store.open("postgresql://nobody@127.0.0.1:1/nothing")
    try:
        async with serve_api(
            tmp_path,
            store,
            None,
            PackRegistry(default_root()),
            temporal_address="127.0.0.1:1",
            engine_timeout=0.2,
        ) as api:
            page = await api.http.get("/places?city=huangpu")
            assert page.status_code == 503
            assert problem(await api.http.get(PLACES)) == (503, "store_unavailable")
    finally:
        await store.close()
