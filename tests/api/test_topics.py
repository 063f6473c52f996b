"""Tests of topics over HTTP: seen and acted on by supervisors, hidden from units."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from temporalio.client import Client

from activities.topics import TopicKeeping
from domain.actors import Role
from domain.ticket.complaint import Kind
from store.db.engine import Store
from tests.api.running_api import Api, problem, serve_api
from tests.store.stories import Story, complaint, project
from tests.support.cities import city_with
from tests.support.engine import platform
from tests.support.staff_pages import at_desk, says

CITY = "tongzhou"
HERE = f"/api/v1/cities/{CITY}/citizen-topics"
SMOKE = ("魅力之城油烟扰民", "魅力之城底层餐馆油烟直接排进楼里。")
PARKING = ("滨河苑捆绑销售车位", "开发商要求滨河苑购房者必须同时购买车位。")


@pytest.fixture
async def town(client: Client, store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    """Open a city with two topics, and a report of wrongdoing with the same words."""
    packs = city_with(tmp_path / "cities")
    said = [(SMOKE, 3, Kind.COMPLAINT), (PARKING, 2, Kind.COMPLAINT), (SMOKE, 1, Kind.REPORT)]
    lives = []
    for words, people, kind in said:
        for at in range(people):
            made = complaint(city=CITY, title=words[0], kind=kind)
            person = f"{words[0]}/{at}"
            lives.append(Story(made.model_copy(update={"text": words[1], "person": person})))
    await project(store, *(one.whole() for one in lives))
    job = TopicKeeping(packs, store)
    while await job.step(datetime.now(UTC)):
        pass
    async with (
        platform(client, store, packs) as running,
        serve_api(tmp_path, running.store, client, packs) as api,
    ):
        yield api


async def _get(
    api: Api, path: str, role: Role = Role.SUPERVISOR, unit: str | None = None
) -> httpx.Response:
    return await api.http.get(path, headers=await api.token(role, unit))


async def _post(api: Api, path: str, body: Any, role: Role = Role.SUPERVISOR) -> httpx.Response:
    return await api.http.post(path, json=body, headers=await api.token(role))


async def _numbers(api: Api) -> list[str]:
    found = await _get(api, HERE)
    assert found.status_code == 200, found.text
    return [one["number"] for one in found.json()["topics"]]


def _at(number: str, what: str = "") -> str:
    return f"/api/v1/citizen-topics/{number}{what}"


async def test_supervisors_see_topics_by_citizens_and_units_see_none(town: Api) -> None:
    found = await _get(town, HERE)
    assert [(one["people"], one["tickets"]) for one in found.json()["topics"]] == [(3, 3), (2, 2)]
    smoke, _ = await _numbers(town)
    page = (await _get(town, _at(smoke))).json()
    assert len(page["items"]) == 3, "the report of wrongdoing is not among them"
    assert "魅力之城" in page["name"]
    refused = await _get(town, HERE, Role.OFFICER, "water")
    assert problem(refused) == (403, "forbidden")
    assert problem(await _get(town, _at("tongzhou-g99"))) == (404, "topic_not_found")


async def test_the_desk_sees_what_is_most_alike_with_what_they_share(town: Api) -> None:
    smoke, _ = await _numbers(town)
    first = (await _get(town, _at(smoke))).json()["items"][0]["number"]
    found = await _get(town, f"/api/v1/tickets/{first}/alike", Role.DISPATCHER)
    assert found.status_code == 200, found.text
    items = found.json()["items"]
    assert len(items) == 2
    assert all(one["suggested"] and one["words"] for one in items)
    page = await at_desk(town, Role.DISPATCHER)
    assert "最相似的工单" in says(await page.get(f"/staff/merge?a={first}"))


async def test_a_person_merges_names_and_splits_topics_and_each_act_is_recorded(town: Api) -> None:
    smoke, parking = await _numbers(town)
    merged = await _post(town, _at(parking, "/merge"), {"into": smoke, "reason": "试一试"})
    assert (merged.status_code, merged.json()["people"]) == (200, 5), merged.text
    assert problem(await _post(town, _at(parking, "/name"), {"title": "车位"})) == (
        409,
        "topic_merged",
    )
    members = [one["number"] for one in merged.json()["items"]]
    whole = await _post(town, _at(smoke, "/split"), {"tickets": members, "reason": "都是"})
    assert problem(whole) == (409, "whole_topic")
    apart = {"tickets": members[:2], "reason": "另一个小区"}
    made = await _post(town, _at(smoke, "/split"), apart)
    assert (made.status_code, made.json()["tickets"]) == (200, 2), made.text
    again = await _post(town, _at(smoke, "/split"), apart)
    assert problem(again) == (409, "not_of_topic")
    named = await _post(town, _at(smoke, "/name"), {"title": "底商油烟"})
    assert named.json()["name"] == "底商油烟"
    kinds = [one["kind"] for one in named.json()["acts"]]
    assert kinds == ["merged", "split", "named"]
    forbidden = await _post(town, _at(smoke, "/name"), {"title": "别的"}, Role.DISPATCHER)
    assert problem(forbidden) == (403, "forbidden")


async def test_a_topic_opens_a_ticket_and_becomes_the_subject_of_a_month(town: Api) -> None:
    smoke, _ = await _numbers(town)
    early = await _post(town, _at(smoke, "/progress"), {"text": "已开始"})
    assert problem(early) == (409, "no_subject")
    opened = await _post(town, _at(smoke, "/tickets"), {"text": "请全面排查底商油烟。"})
    assert opened.status_code == 201, opened.text
    [act] = opened.json()["acts"]
    assert act["kind"] == "ticket_opened"
    ticket = await _get(town, f"/api/v1/tickets/{act['about']}")
    assert ticket.status_code == 200, ticket.text
    subject = {"month": "2026-03", "unit": "water", "text": "全部整改"}
    made = await _post(town, _at(smoke, "/month"), subject)
    assert (made.status_code, made.json()["month"]) == (200, "2026-03"), made.text
    done = await _post(town, _at(smoke, "/progress"), {"text": "十二家已整改"})
    assert [one["kind"] for one in done.json()["acts"]] == [
        "ticket_opened",
        "subject_made",
        "progress",
    ]
    subjects = (await _get(town, HERE)).json()["subjects"]
    assert [one["number"] for one in subjects] == [smoke]
    wrong = await _post(town, _at(smoke, "/month"), subject | {"unit": "nobody"})
    assert problem(wrong) == (422, "unknown_unit")


async def test_pages_show_topics_and_take_acts(town: Api) -> None:
    smoke, _ = await _numbers(town)
    desk = await at_desk(town, Role.SUPERVISOR)
    assert "魅力之城" in says(await desk.get("/staff/topics"))
    page = await desk.get(f"/staff/topics/{smoke}")
    assert "按周统计" in says(page)
