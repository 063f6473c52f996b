"""Tests of places and spots over HTTP: the numbers of a small town."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from domain.actors import Role
from domain.ticket.complaint import Place
from store.db.engine import Store
from tests.api.running_api import Api, problem, serve_api
from tests.store.population import Busy
from tests.store.stories import complaint, project
from tests.support.cities import SHIPPED

CITY = "/api/v1/cities/tongzhou"
STREET = "110112003"
NOVEMBER = {"month": "2024-11"}


@pytest.fixture
async def api(sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    """Open the application with a store alone: places need no engine."""
    async with serve_api(
        tmp_path, sqlite_store, None, SHIPPED, temporal_address="127.0.0.1:1"
    ) as opened:
        yield opened


def busy(area: str | None, title: str = "", **place: Any) -> Busy:
    new_complaint = complaint(city="tongzhou", title=title, place=Place(area=area, **place))
    return Busy(new_complaint)


async def small_town(store: Store) -> dict[str, Busy]:
    """Record tickets of November 2024: two closed, one late for years, one without a place."""
    town = {
        "good": busy(f"{STREET}901001", lat=39.901, lon=116.641),
        "bad": busy(f"{STREET}901002", lat=39.9011, lon=116.6411),
        "late": busy("110112004", "=1+1"),
        "nowhere": busy(None),
    }
    await project(
        store,
        [*town["good"].answered_by("water"), town["good"].watched()],
        [*town["bad"].answered_by("market", grade=1), town["bad"].watched()],
        town["late"].begun("water", hours=8),
        [town["nowhere"].accepted()],
    )
    return town


async def _ask(api: Api, path: str, role: Role = Role.SUPERVISOR, **values: Any) -> Any:
    answer = await api.http.get(
        f"{CITY}/{path}", params=NOVEMBER | values, headers=await api.token(role)
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_streets_stand_beside_each_other_and_open_up(api: Api) -> None:
    await small_town(api.store)
    value = await _ask(api, "places")
    lines = {one["area"]: one for one in value["places"]}
    assert len(lines) == 23, "every street of the pack, and what has no place"
    street = lines[STREET]
    assert (street["name"], street["filed"], street["ended"], street["open"]) == (
        "北苑街道", 2, 2, 0,
    )  # fmt: skip
    assert street["satisfaction"] == {"part": 1, "of": 2, "value": 0.5}
    assert (lines["110112004"]["open"], lines["110112004"]["late"]) == (1, 1)
    assert (lines[None]["name"], lines[None]["open"]) == (None, 1)
    inside = await _ask(api, "places", area=STREET)
    assert sum(one["filed"] for one in inside["places"]) == 2
    cells = await _ask(api, "places", area=f"{STREET}901")
    assert {one["area"]: one["filed"] for one in cells["places"] if one["filed"]} == {
        f"{STREET}901001": 1,
        f"{STREET}901002": 1,
    }
    cell = await _ask(api, "places", area=f"{STREET}901001")
    assert [(one["area"], one["filed"]) for one in cell["places"]] == [(f"{STREET}901001", 1)]


@pytest.mark.parametrize("area", ["110113", "1", "110112999", "110112003901999"])
async def test_a_place_that_is_not_in_the_city_is_not_found(api: Api, area: str) -> None:
    headers = await api.token(Role.SUPERVISOR)
    answer = await api.http.get(f"{CITY}/places", params={"area": area}, headers=headers)
    assert problem(answer) == (404, "not_found")


async def test_spots_are_where_complaints_gather(api: Api) -> None:
    await small_town(api.store)
    value = await _ask(api, "spots")
    assert [(one["tickets"], one["category"]) for one in value["spots"]] == [(2, "lamp")]
    assert value["streets"][0] == {"code": STREET, "tickets": 2}
    assert {one["code"] for one in value["cells"]} == {f"{STREET}901001", f"{STREET}901002"}
    assert value["categories"] == [{"code": "lamp", "tickets": 3}]
    assert (await _ask(api, "spots", category="0301"))["spots"] == []


@pytest.mark.parametrize("path", ["places", "spots"])
async def test_they_are_for_those_who_oversee_in_their_own_city(api: Api, path: str) -> None:
    officer = await api.officer()
    assert problem(await api.http.get(f"{CITY}/{path}", headers=officer)) == (403, "forbidden")
    elsewhere = await api.token(Role.AUDITOR, city="heping")
    refused = await api.http.get(f"{CITY}/{path}", headers=elsewhere)
    assert problem(refused) == (403, "not_your_city")
    wrong = await api.http.get(f"{CITY}/{path}?month=2024-13", headers=await api.token(Role.ADMIN))
    assert problem(wrong) == (422, "invalid_request")
