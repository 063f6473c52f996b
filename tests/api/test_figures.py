"""Tests of figures, scores, common problems and published answers over HTTP."""

import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from domain.activity_io import Projection
from domain.actors import Role
from domain.ticket.complaint import Kind, Place
from packs.registry import PackRegistry, default_root
from store.db import tables
from store.db.engine import Store
from store.packs import archive
from tests.api.running_api import Api, problem, serve_api
from tests.packs.pack_folders import append, replace
from tests.store.population import Busy, population
from tests.store.stories import START, complaint, project

CITY = "/api/v1/cities/tongzhou"
PAST: dict[str, Any] = {"month": "2024-11"}
STREETS = ("110112003", "110112004")
PUBLISHED = {
    "number", "kind", "title", "text", "category", "street", "unit", "filed_at", "reply",
    "outcome", "grade",
}  # fmt: skip
REGISTRY = PackRegistry(default_root())
PACK = REGISTRY.get("tongzhou")


@pytest.fixture
async def api(store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    """Open the application with a store alone, on SQLite and PostgreSQL: figures need no engine."""
    async with serve_api(tmp_path, store, None, REGISTRY, temporal_address="127.0.0.1:1") as opened:
        yield opened


def _led_by(unit: str, grade: int, **more: Any) -> tuple[Busy, list[Projection]]:
    """Return a ticket that a unit led, rated and watched, with its projections."""
    one = Busy(complaint(city="tongzhou", **more))
    return one, [*one.answered_by(unit, grade=grade), one.watched()]


async def _get(api: Api, what: str, role: Role | None = None, **params: Any) -> httpx.Response:
    headers = await api.token(role) if role else {}
    return await api.http.get(f"{CITY}/{what}", params=params, headers=headers)


async def _shown(api: Api, what: str, role: Role | None = None, **params: Any) -> dict[str, Any]:
    answer = await _get(api, what, role, **params)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


def _figure(page: dict[str, Any], code: str) -> dict[str, Any]:
    values: dict[str, Any] = next(one for one in page["figures"] if one["id"] == code)
    return values


# --- figures ------------------------------------------------------------------------------------


async def test_everybody_may_read_what_the_city_publishes(api: Api) -> None:
    excluded, contested = _led_by("water", 1)
    await project(api.store, _led_by("water", 5)[1], [*contested, *excluded.excluded()])
    answer = await _get(api, "figures", **PAST)
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    page = answer.json()
    assert [one["id"] for one in page["figures"]] == [one.id for one in PACK.indicators]
    assert page["pack_version"] == PACK.version
    assert (page["since"], page["until"]) == ("2024-10-31T16:00:00Z", "2024-11-30T16:00:00Z")
    assert (page["as_of"], page["broken"], page["units"]) == (page["until"], 0, None)
    satisfaction = _figure(page, "satisfaction")
    assert satisfaction["before"] == {"part": 1, "of": 2, "value": 0.5}
    assert satisfaction["after"] == {"part": 1, "of": 1, "value": 1.0}
    assert (satisfaction["tickets"], satisfaction["excluded"]) == (2, 1)
    assert (satisfaction["unrated"], satisfaction["not_reached"]) == (0, 0)
    rule = next(one for one in PACK.indicators if one.id == "satisfaction")
    assert (satisfaction["over"], satisfaction["counts"]) == (rule.over, rule.counts)
    assert excluded.number not in answer.text


async def test_where_there_is_nothing_there_is_no_value(api: Api) -> None:
    for figure in (await _shown(api, "figures"))["figures"]:
        assert figure["after"] == {"part": 0, "of": 0, "value": None}


async def test_only_months_as_they_ended_are_public(api: Api) -> None:
    span = {"since": "2024-11-20T00:00:00Z", "until": "2024-11-22T00:00:00Z"}
    for params in (
        span,
        {"until": span["until"]},
        PAST | {"as_of": "2025-01-01T00:00:00Z"},
        PAST | {"pack": PACK.version},
        PAST | {"indicator": "satisfaction", "tickets": True},
    ):
        assert problem(await _get(api, "figures", **params)) == (401, "unauthenticated")
        assert (await _get(api, "figures", Role.AUDITOR, **params)).status_code == 200
    wrong = await api.http.get(f"{CITY}/figures", headers={"Authorization": "Bearer jsu_no"})
    assert problem(wrong) == (401, "unauthenticated")


async def test_what_was_decided_later_is_seen_by_whoever_looks_later(api: Api) -> None:
    one, life = _led_by("water", 1)
    one.at += timedelta(days=30)
    await project(api.store, [*life, *one.excluded()])
    assert _figure(await _shown(api, "figures", **PAST), "satisfaction")["after"]["of"] == 1
    later = await _shown(api, "figures", Role.DESK, **PAST, as_of="2025-01-01T00:00:00Z")
    assert _figure(later, "satisfaction")["after"]["of"] == 0
    assert _figure(later, "satisfaction")["before"]["of"] == 1


async def test_another_version_of_the_pack_can_be_asked_for(api: Api, tmp_path: Path) -> None:
    folder = tmp_path / "older" / "tongzhou"
    shutil.copytree(default_root() / "tongzhou", folder)
    append(folder / "units.csv", "# older")
    replace(folder / "indicators.toml", 'id = "praise"', 'id = "praised"')
    version = await archive.keep(api.store, folder)
    page = await _shown(api, "figures", Role.AUDITOR, **PAST, pack=version)
    assert page["pack_version"] == version
    assert {"praised"} < {one["id"] for one in page["figures"]}
    await api.store.change(update(tables.pack).values(files=b"nothing"))
    broken = await _get(api, "scores", Role.AUDITOR, **PAST, pack=version)
    assert problem(broken) == (409, "pack_invalid")


async def test_units_stand_beside_each_other(api: Api) -> None:
    first, second = STREETS
    lives = [_led_by(first, 1), _led_by(second, 5), _led_by(second, 1), _led_by("water", 5)]
    await project(api.store, *(life for _, life in lives))
    page = await _shown(api, "figures", **PAST, by="unit", sort="satisfaction")
    assert [line["unit"] for line in page["units"]] == ["water", second, first]
    values = {line["unit"]: line["figures"]["satisfaction"]["after"] for line in page["units"]}
    assert values[second] == {"part": 1, "of": 2, "value": 0.5}
    streets = await _shown(api, "figures", **PAST, kind="street", sort="satisfaction")
    codes = [line["unit"] for line in streets["units"]]
    assert codes[:2] == [second, first]
    assert sorted(codes) == sorted(unit.code for unit in PACK.streets)
    assert {line["kind"] for line in streets["units"]} == {"street"}
    assert streets["units"][0]["name"] == PACK.unit(second).name
    assert streets["units"][-1]["figures"]["satisfaction"]["after"]["value"] is None
    one = await _shown(api, "figures", **PAST, by="unit", indicator="resolution")
    assert [list(line["figures"]) for line in one["units"]] == [["resolution"]] * 3


async def test_the_tickets_behind_a_figure_are_the_staffs_to_see(api: Api) -> None:
    lives = [_led_by(unit, grade) for unit, grade in (("water", 5), ("water", 1), ("market", 5))]
    await project(api.store, *(life for _, life in lives))
    fields = PAST | {"indicator": "satisfaction", "tickets": True}
    page = await _shown(api, "figures", Role.SUPERVISOR, **fields)
    numbers = sorted(one.number for one, _ in lives)
    assert [line["number"] for line in page["tickets"]] == numbers
    assert sum(line["counts"] for line in page["tickets"]) == 2
    assert [one["id"] for one in page["figures"]] == ["satisfaction"]

    part = await _shown(api, "figures", Role.SUPERVISOR, **fields, limit=2)
    more = {"cursor": part["next_cursor"], "limit": 2}
    rest = await _shown(api, "figures", Role.SUPERVISOR, **fields, **more)
    assert [line["number"] for line in part["tickets"] + rest["tickets"]] == numbers
    assert rest["next_cursor"] is None

    headers = await api.officer("market")
    own = (await api.http.get(f"{CITY}/figures", params=fields, headers=headers)).json()
    assert [line["number"] for line in own["tickets"]] == [lives[2][0].number]
    assert _figure(own, "satisfaction")["after"]["of"] == 3


async def test_who_is_accused_does_not_find_the_report_behind_a_figure(api: Api) -> None:
    one = Busy(complaint(city="tongzhou", kind=Kind.REPORT))
    life = [one.accepted(), one.classified()]
    life[-1].ticket.accused = one.ticket.accused = ["water"]
    life[-1].events[-1].fact.accused = "water"  # type: ignore[attr-defined]
    life += [one.led_by("water"), one.done(1), one.replied(), one.rated(5), one.watched()]
    await project(api.store, life)
    fields = PAST | {"indicator": "satisfaction", "tickets": True}
    officer = await api.officer()
    own = (await api.http.get(f"{CITY}/figures", params=fields, headers=officer)).json()
    assert own["tickets"] == []
    points = {**PAST, "unit": "water"}
    own = (await api.http.get(f"{CITY}/scores", params=points, headers=officer)).json()
    assert own["earned"] == []
    assert (await _shown(api, "figures", Role.SUPERVISOR, **fields))["tickets"]
    assert (await _shown(api, "scores", Role.SUPERVISOR, **points))["earned"]


NO_PERIODS = (
    {"month": "2024-13"},
    {"month": "1999-01"},
    {"month": "9999-12"},
    {"month": "2999-11"},
    {"month": "november"},
    {"month": "2024-11", "since": "2024-11-01T00:00:00Z"},
    {"since": "2024-11-02T00:00:00Z", "until": "2024-11-01T00:00:00Z"},
    {"since": "2024-11-02T00:00:00Z", "until": "2024-11-02T00:00:00Z"},
    {"since": "2020-01-01T00:00:00Z", "until": "2024-11-01T00:00:00Z"},
    {"since": "2990-01-01T00:00:00Z", "until": "2990-02-01T00:00:00Z"},
    {"since": "2024-11-01"},
    {"year": "2024"},
)


@pytest.mark.parametrize("what", ["figures", "scores", "topics"])
async def test_a_period_has_to_be_one(api: Api, what: str) -> None:
    for params in NO_PERIODS:
        answer = await _get(api, what, Role.AUDITOR, **params)
        assert problem(answer) == (422, "invalid_request"), params


REFUSED: tuple[tuple[dict[str, Any], str], ...] = (
    ({"as_of": "2024-11-01T00:00:00Z"}, "invalid_request"),
    ({"as_of": "2999-11-01T00:00:00Z"}, "invalid_request"),
    ({"tickets": True}, "invalid_request"),
    ({"indicator": "luck"}, "unknown_indicator"),
    ({"indicator": "luck", "tickets": True}, "unknown_indicator"),
    ({"by": "unit", "sort": "luck"}, "unknown_indicator"),
    ({"indicator": "resolution", "sort": "satisfaction"}, "unknown_indicator"),
    ({"pack": "0123456789ab"}, "unknown_pack_version"),
    ({"pack": "latest"}, "invalid_request"),
    ({"kind": "hospital"}, "invalid_request"),
)


async def test_what_there_is_not_is_refused(api: Api) -> None:
    for params, code in REFUSED:
        answer = await _get(api, "figures", Role.AUDITOR, **PAST, **params)
        assert problem(answer) == (422, code), params


async def test_a_cursor_of_another_list_is_refused(api: Api) -> None:
    fields = PAST | {"indicator": "satisfaction", "tickets": True, "cursor": "WzFd"}
    assert problem(await _get(api, "figures", Role.AUDITOR, **fields)) == (400, "bad_cursor")
    points = PAST | {"unit": "water", "cursor": "WyJhIl0"}
    assert problem(await _get(api, "scores", Role.AUDITOR, **points)) == (400, "bad_cursor")


async def test_a_city_that_is_not_served_is_refused(api: Api) -> None:
    headers = await api.token(Role.DESK)
    for what in ("figures", "scores", "topics", "answers"):
        answer = await api.http.get(f"/api/v1/cities/atlantis/{what}", headers=headers)
        assert problem(answer) == (422, "unknown_city")


# --- scores -------------------------------------------------------------------------------------


async def test_points_and_the_events_that_earned_them(api: Api) -> None:
    one, life = _led_by("water", 5)
    await project(api.store, life, _led_by("market", 1)[1])
    page = await _shown(api, "scores", Role.SUPERVISOR, **PAST)
    assert [line["unit"] for line in page["units"]] == ["water", "market"]
    assert page["units"][0]["points"] > page["units"][1]["points"]
    assert page["earned"] is None
    assert [rule["code"] for rule in page["rules"]] == [rule.code for rule in PACK.scoring]
    lowest = await _shown(api, "scores", Role.SUPERVISOR, **PAST, order="lowest")
    assert [line["unit"] for line in lowest["units"]] == ["market", "water"]

    water = await _shown(api, "scores", Role.SUPERVISOR, **PAST, unit="water")
    (line,) = water["units"]
    assert sum(rule["points"] for rule in line["rules"]) == line["points"]
    assert sum(point["points"] for point in water["earned"]) == line["points"]
    response = await api.http.get(
        f"/api/v1/tickets/{one.number}/events", headers=await api.token(Role.AUDITOR)
    )
    kinds = {event["version"]: event["fact"]["kind"] for event in response.json()}
    for point in water["earned"]:
        assert (point["number"], kinds[point["version"]]) == (one.number, point["event"])
    part = await _shown(api, "scores", Role.SUPERVISOR, **PAST, unit="water", limit=2)
    rest = await _shown(
        api, "scores", Role.SUPERVISOR, **PAST, unit="water", cursor=part["next_cursor"]
    )
    assert part["earned"] + rest["earned"] == water["earned"]
    assert rest["next_cursor"] is None


async def test_a_unit_without_points_is_told_so_and_one_that_is_none_refused(api: Api) -> None:
    page = await _shown(api, "scores", Role.DESK, **PAST, unit="water")
    assert [(line["unit"], line["points"]) for line in page["units"]] == [("water", 0)]
    assert page["earned"] == []
    unknown = await _get(api, "scores", Role.DESK, **PAST, unit="luck")
    assert problem(unknown) == (422, "unknown_unit")
    contractors = await _shown(api, "scores", Role.DESK, **PAST, kind="contractor")
    assert contractors["units"]
    assert {line["kind"] for line in contractors["units"]} == {"contractor"}


async def test_points_are_the_staffs_to_see_and_their_events_the_units(api: Api) -> None:
    assert problem(await _get(api, "scores", **PAST)) == (401, "unauthenticated")
    await project(api.store, _led_by("water", 5)[1])
    officer = await api.officer("market")
    answer = await api.http.get(f"{CITY}/scores", params=PAST, headers=officer)
    assert [line["unit"] for line in answer.json()["units"]] == ["water"]
    other = await api.http.get(f"{CITY}/scores", params=PAST | {"unit": "water"}, headers=officer)
    assert problem(other) == (403, "not_your_unit")


# --- topics and answers -------------------------------------------------------------------------


async def test_common_problems_are_the_staffs_to_see(api: Api) -> None:
    lives = [_led_by("water", 5, place=Place(area=STREETS[0]))[1] for _ in range(3)]
    await project(api.store, *lives)
    assert problem(await _get(api, "topics", **PAST)) == (401, "unauthenticated")
    page = await _shown(api, "topics", Role.DISPATCHER, **PAST, least=3)
    (topic,) = page["topics"]
    assert (topic["category"], topic["area"], topic["count"]) == ("lamp", STREETS[0], 3)
    assert topic["street"] == PACK.unit(STREETS[0]).name
    assert len(topic["numbers"]) == 3
    assert (await _shown(api, "topics", Role.DISPATCHER, **PAST, least=4))["topics"] == []
    headers = await api.officer()
    own = await api.http.get(f"{CITY}/topics", params=PAST | {"least": 3}, headers=headers)
    assert [(one["count"], one["numbers"]) for one in own.json()["topics"]] == [(3, [])]


async def test_everybody_may_read_what_citizens_let_be_published(api: Api) -> None:
    place = Place(area=STREETS[0], address="北苑街道一号楼三〇二室", lat=39.9, lon=116.6)
    fields = {"public": True, "title": "路灯", "place": place, "person": "whoever-asked"}
    shown, life = _led_by("water", 4, **fields)
    newer, later = _led_by("market", 5, public=True, filed_at=START + timedelta(days=1))
    await project(api.store, life, later, _led_by("water", 5)[1])
    answer = await _get(api, "answers")
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    first, second = answer.json()["items"]
    assert (first["number"], second["number"]) == (newer.number, shown.number)
    assert second["street"] == PACK.unit(STREETS[0]).name
    assert second["unit"] == PACK.unit("water").name
    assert (second["title"], second["reply"]) == ("路灯", "The lamp has been replaced.")
    assert (second["outcome"], second["grade"], second["category"]) == ("closed", 4, "lamp")
    assert set(second) == PUBLISHED  # no position, and no other field of a ticket
    for private in ("三〇二", "whoever-asked", "officer"):  # no digits, which numbers may contain
        assert private not in answer.text
    page = await _shown(api, "answers", limit=1)
    rest = await _shown(api, "answers", cursor=page["next_cursor"])
    assert page["items"] + rest["items"] == answer.json()["items"]
    assert problem(await _get(api, "answers", cursor="nonsense")) == (400, "bad_cursor")


async def test_a_population_of_everything_can_be_shown(api: Api) -> None:
    await project(api.store, *population("tongzhou"))
    assert (await _shown(api, "figures", **PAST, by="unit"))["broken"] == 0
    assert (await _shown(api, "scores", Role.AUDITOR, **PAST))["left_out"] == 1
