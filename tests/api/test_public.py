"""Tests of the public API: cities, figures, health."""

from pathlib import Path

import pytest

from store.db.engine import Store
from tests.api.running_api import COMPLAINT, Api, problem, serve_api


async def test_the_cities_and_their_catalogues(api: Api) -> None:
    cities = (await api.http.get("/api/v1/cities")).json()
    assert "tongzhou" in {city["id"] for city in cities}
    city = (await api.http.get("/api/v1/cities/tongzhou")).json()
    names = {category["code"]: category["name"] for category in city["categories"]}
    assert names["0204"] == "路灯"
    assert "110112003" in {street["area"] for street in city["streets"]}
    assert {"decline", "refer", "returns", "whistle", "hold", "exclude"} == set(city["reasons"])
    for unknown in ("atlantis", "..%2Ftongzhou", "%00"):
        answer = await api.http.get(f"/api/v1/cities/{unknown}")
        assert problem(answer) in ((422, "unknown_city"), (404, "not_found"))


@pytest.mark.must_work("tongzhou", "three-rates")
async def test_the_three_rates_count_what_ended(each_api: Api) -> None:
    ticket = await each_api.handled()
    await ticket.rate()
    await ticket.until_stage("ended")
    withdrawn = await each_api.file()
    await withdrawn.act("withdraw", withdrawn.citizen)
    answer = await each_api.http.get("/api/v1/cities/tongzhou/indicators")
    payload = answer.json()
    assert payload["satisfaction"] == {"part": 1, "of": 1, "value": 1.0}
    assert (payload["accepted"], payload["ended"], payload["unrated"]) == (2, 2, 1)
    assert payload["outcomes"]["withdrawn"] == 1


@pytest.mark.parametrize(
    "params",
    [
        {"since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"},
        {"since": "2020-01-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"},
        {"since": "soon"},
        {"until": "2026-01-01"},
        {"year": "2026"},
    ],
)
async def test_a_period_has_to_be_one(api: Api, params: dict[str, str]) -> None:
    answer = await api.http.get("/api/v1/cities/tongzhou/indicators", params=params)
    assert problem(answer) == (422, "invalid_request")


async def test_health_and_readiness(api: Api) -> None:
    assert (await api.http.get("/healthz")).json() == {"status": "ok"}
    ready = await api.http.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"ready": True, "missing": []})


async def test_readiness_names_what_is_missing(engineless_api: Api) -> None:
    answer = await engineless_api.http.get("/readyz")
    assert (answer.status_code, answer.json()["missing"]) == (503, ["engine"])


async def test_an_empty_database_is_not_ready(tmp_path: Path) -> None:
    empty = Store.open(f"sqlite:///{tmp_path / 'empty.db'}")
    async with serve_api(tmp_path, empty, None, temporal_address="127.0.0.1:1") as api:
        answer = await api.http.get("/readyz")
        assert answer.json()["missing"] == ["store", "engine"]
    await empty.close()


async def test_metrics_count_routes_and_no_numbers(api: Api) -> None:
    ticket = await api.file()
    await ticket.seen()
    text = (await api.http.get("/metrics")).text
    assert 'route="/api/v1/tickets/{number}"' in text
    assert 'jiesu_complaints_total{city="tongzhou",outcome="accepted"}' in text
    assert ticket.number not in text


async def test_addresses_and_methods_that_are_none(api: Api) -> None:
    assert problem(await api.http.get("/api/v1/nothing")) == (404, "not_found")
    assert problem(await api.http.get("/docs")) == (404, "not_found")
    answer = await api.http.delete("/api/v1/complaints")
    assert problem(answer) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == "POST"


async def test_where_one_city_is_served_it_need_not_be_named(api: Api) -> None:
    cities = (await api.http.get("/api/v1/cities")).json()
    unnamed = {name: value for name, value in COMPLAINT.items() if name != "city"}
    answer = await api.http.post("/api/v1/complaints", json=unnamed)
    if len(cities) == 1:
        assert answer.status_code == 201
    else:
        assert problem(answer) == (422, "invalid_request")
