"""Tests of reopening: a watched ticket continues, and an ended one gets a successor."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from domain.actors import Role
from store.db.engine import Store
from store.tickets import intake
from tests.api.running_api import GOOD, Api, Filed, problem, serve_api
from tests.support.cities import city_with
from tests.support.engine import platform

BACK = {"text": "才修好两周，河水又发黑了。"}
BAD = {"contacted": True, "resolved": False, "grade": 1}


@pytest.fixture
async def watching(client: Client, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    """Open a city that watches closed tickets for a month, and allows no rework."""
    packs = city_with(
        tmp_path / "cities",
        caps={"reworks": 0},
        limits={"revisit": "1d", "aftercare": "30d"},
        aftercare={"revisits": ["7d"]},
    )
    async with (
        platform(client, sqlite_store, packs) as running,
        serve_api(tmp_path, running.store, client, packs) as api,
    ):
        yield api


async def _rated(api: Api, stage: str, rating: dict[str, Any]) -> Filed:
    ticket = await api.handled()
    assert (await ticket.rate(rating)).status_code in (200, 202)
    await ticket.until_stage(stage)
    return ticket


async def _ended(api: Api, **values: Any) -> Filed:
    """Return a well-rated and ended ticket, in a city without aftercare."""
    ticket = await api.file(**values)
    assert (await ticket.complete()).status_code == 200
    await ticket.until_stage("rate")
    assert (await ticket.rate()).status_code in (200, 202)
    await ticket.until_stage("ended")
    return ticket


async def test_what_is_watched_goes_on_as_the_same_ticket(watching: Api) -> None:
    ticket = await _rated(watching, "aftercare", GOOD)
    response = await ticket.act("recur", ticket.citizen, BACK)
    assert response.status_code == 200, response.text
    assert response.json()["number"] == ticket.number
    shown = await ticket.until_stage("handle")
    assert shown["outcome"] is None
    assert (await ticket.kinds())[-2:] == ["reopened", "assigned"]
    assert problem(await ticket.act("recur", ticket.citizen, BACK)) == (409, "not_now")


async def test_what_has_ended_is_followed_by_another_ticket(each_api: Api) -> None:
    place = {"area": "110112003", "address": "北苑街道 1 号"}
    first = await _ended(each_api, place=place, contact={"phone": "13800001234"})
    response = await first.act("recur", first.citizen, BACK)
    assert response.status_code == 201, response.text
    second = Filed(each_api, response.json())
    assert second.number != first.number
    assert response.headers["Location"] == second.path
    shown = await second.until_stage("handle")
    assert (shown["text"], shown["category"]) == (BACK["text"], (await first.seen())["category"])
    before = await intake.get(each_api.store, first.number)
    after = await intake.get(each_api.store, second.number)
    assert before is not None
    assert after is not None
    assert after.complaint.follows == first.number
    assert after.complaint.place == before.complaint.place
    assert after.complaint.person == before.complaint.person is not None
    assert (await first.seen())["stage"] == "ended"


async def test_said_twice_it_is_still_one_ticket(api: Api) -> None:
    first = await _ended(api)
    response = await first.act("recur", first.citizen, BACK)
    again = await first.act("recur", first.citizen, BACK)
    assert again.status_code == 201
    assert again.json()["number"] == response.json()["number"]
    assert again.headers["Idempotent-Replayed"] == "true"
    key = {"Idempotency-Key": "back-again"}
    keyed = await first.act("recur", first.citizen, BACK, **key)
    assert keyed.json()["number"] == response.json()["number"]
    other = await first.act("recur", first.citizen, {"text": "换个说法。"}, **key)
    assert problem(other) == (422, "idempotency_key_reused")


async def test_one_open_ticket_follows_and_hears_what_is_said_again(api: Api) -> None:
    """At the page and in the API alike; and never the one that has ended."""
    first = await _ended(api)
    second = Filed(api, (await first.act("recur", first.citizen, BACK)).json())
    await second.until_stage("handle")
    again = await first.act("recur", first.citizen, {"text": "臭味更大了。"})
    assert (again.status_code, again.json()["number"]) == (201, second.number)
    assert again.json()["access_code"] == second.receipt["access_code"]
    form = {"number": first.number, "code": first.receipt["access_code"], "key": "k1"}
    for _ in range(2):
        page = await api.http.post("/follow/back", data=form | {"text": "鱼也死了。"})
        assert (page.status_code, second.number in page.text) == (200, True)
    auditor = await api.token(Role.AUDITOR)
    events = (await api.http.get(f"{second.path}/events", headers=auditor)).json()
    added = [event["fact"]["text"] for event in events if event["fact"]["kind"] == "facts_added"]
    assert added == ["臭味更大了。", "鱼也死了。"], "the unit reads it, once"
    at_once = await asyncio.gather(
        *(first.act("recur", first.citizen, {"text": f"又来了 {n}。"}) for n in range(4))
    )
    assert {answer.json().get("number") for answer in at_once} == {second.number}
    assert (await second.complete()).status_code == 200
    await second.until_stage("rate")
    assert (await second.rate()).status_code in (200, 202)
    await second.until_stage("ended")
    third = await first.act("recur", first.citizen, BACK)
    assert third.status_code == 201
    assert third.json()["number"] not in (first.number, second.number)


async def test_a_final_reply_seals_the_matter(watching: Api) -> None:
    ticket = await _rated(watching, "supervise", BAD)
    last = {"outcome": "final_reply", "text": "已按规定办结，依据如下。"}
    assert (await ticket.by(Role.SUPERVISOR, "conclude", last)).status_code == 200
    await ticket.until_stage("ended")
    refused = await ticket.act("recur", ticket.citizen, BACK)
    assert problem(refused) == (409, "final_reply_sealed")


async def test_a_wrong_code_finds_nothing(api: Api) -> None:
    ticket = await _ended(api)
    refused = await ticket.act("recur", ticket.stranger, BACK)
    assert problem(refused) == (404, "ticket_not_found")


async def test_a_wrong_code_wakes_nothing(watching: Api) -> None:
    ticket = await _rated(watching, "aftercare", GOOD)
    refused = await ticket.act("recur", ticket.stranger, BACK)
    assert problem(refused) == (404, "ticket_not_found")
    assert (await ticket.kinds())[-1] == "closed_on_watch"


async def test_who_handled_it_may_say_so_and_another_unit_finds_nothing(api: Api) -> None:
    ticket = await _ended(api)
    stranger = await ticket.act("recur", await api.officer("market"), BACK)
    assert problem(stranger) == (404, "ticket_not_found")
    assert problem(await ticket.by(Role.AUDITOR, "recur", BACK)) == (403, "forbidden")
    assert (await ticket.by_unit("recur", BACK)).status_code == 201


async def test_what_is_watched_is_not_every_units_to_wake(watching: Api) -> None:
    ticket = await _rated(watching, "aftercare", GOOD)
    stranger = await ticket.act("recur", await watching.officer("market"), BACK)
    assert problem(stranger) == (404, "ticket_not_found")
    assert problem(await ticket.by(Role.AUDITOR, "recur", BACK)) == (403, "forbidden")
    assert (await ticket.by_unit("recur", BACK)).status_code == 200


async def test_before_the_end_there_is_nothing_to_come_back(api: Api) -> None:
    ticket = await api.file()
    assert problem(await ticket.act("recur", ticket.citizen, BACK)) == (409, "not_now")
    response = await ticket.act("recur", ticket.citizen, {"text": "   "})
    assert problem(response) == (422, "invalid_request")
